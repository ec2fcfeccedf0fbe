/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pickle_print.c - prints values of a pickle for comparison with Python.
 */
#include "support/pickle_print.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void hex(const dvti_pickle_value *v, char letter, dvt_buf *out)
{
    dvt_buf_printf(out, "%c", letter);
    for (uint32_t i = 0; i < v->count; i++) {
        dvt_buf_printf(out, "%02x", v->data[i]);
    }
}

static void number(double d, dvt_buf *out)
{
    uint64_t bits;

    memcpy(&bits, &d, sizeof bits);
    dvt_buf_printf(out, "f%016" PRIx64, bits);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The items' texts in order, joined by commas. */
static void sorted_items(const dvti_pickle *p, const dvti_pickle_value *v, dvt_buf *out)
{
    char **texts = calloc(v->count + 1, sizeof *texts);

    for (uint32_t i = 0; texts && i < v->count; i++) {
        dvt_buf b;
        dvt_buf_init(&b, out->ctx, 0);
        pickle_print(p, dvti_pickle_item(p, v, i), &b);
        texts[i] = strdup(b.data ? b.data : "");
        dvt_buf_deinit(&b);
    }
    if (texts) {
        qsort(texts, v->count, sizeof *texts, by_text);
    }
    for (uint32_t i = 0; texts && i < v->count; i++) {
        dvt_buf_printf(out, "%s%s", i ? "," : "", texts[i]);
        free(texts[i]);
    }
    free(texts);
}

static void items(const dvti_pickle *p, const dvti_pickle_value *v, dvt_buf *out)
{
    for (uint32_t i = 0; i < v->count; i++) {
        const char *between = v->kind == DVTI_PICKLE_DICT && i % 2 ? ":" : ",";
        dvt_buf_puts(out, i ? between : "");
        pickle_print(p, dvti_pickle_item(p, v, i), out);
    }
}

static void array(const dvti_pickle *p, const dvti_pickle_value *v, dvt_buf *out)
{
    dvt_buf_puts(out, "a");
    if (v->count == 3) {
        pickle_print(p, dvti_pickle_item(p, v, 1), out);
    }
    dvt_buf_puts(out, "[");
    for (uint64_t i = 0; i < dvti_pickle_array_count(p, v); i++) {
        double d;
        dvt_buf_puts(out, i ? "," : "");
        (void)dvti_pickle_array_at(p, v, i, &d);
        number(d, out);
    }
    dvt_buf_puts(out, "]");
}

void pickle_print(const dvti_pickle *p, const dvti_pickle_value *v, dvt_buf *out)
{
    static const char *const open[] = {
        [DVTI_PICKLE_TUPLE] = "(", [DVTI_PICKLE_LIST] = "[", [DVTI_PICKLE_DICT] = "<"};
    static const char *const close[] = {
        [DVTI_PICKLE_TUPLE] = ")", [DVTI_PICKLE_LIST] = "]", [DVTI_PICKLE_DICT] = ">"};

    switch ((dvti_pickle_kind)v->kind) {
    case DVTI_PICKLE_NONE: dvt_buf_puts(out, "n"); break;
    case DVTI_PICKLE_BOOL: dvt_buf_printf(out, "b%" PRId64, v->i); break;
    case DVTI_PICKLE_INT: dvt_buf_printf(out, "i%" PRId64, v->i); break;
    case DVTI_PICKLE_FLOAT: number(v->f, out); break;
    case DVTI_PICKLE_TEXT: hex(v, 't', out); break;
    case DVTI_PICKLE_BYTES: hex(v, 'y', out); break;
    case DVTI_PICKLE_TUPLE:
    case DVTI_PICKLE_LIST:
    case DVTI_PICKLE_DICT:
        dvt_buf_puts(out, open[v->kind]);
        items(p, v, out);
        dvt_buf_puts(out, close[v->kind]);
        break;
    case DVTI_PICKLE_SET:
        dvt_buf_puts(out, "{");
        sorted_items(p, v, out);
        dvt_buf_puts(out, "}");
        break;
    case DVTI_PICKLE_ARRAY: array(p, v, out); break;
    case DVTI_PICKLE_DTYPE: dvt_buf_puts(out, "d"); break;
    case DVTI_PICKLE_NAME: dvt_buf_puts(out, "c"); break;
    }
}
