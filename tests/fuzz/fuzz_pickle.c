/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_pickle.c - any bytes as pickles: values that can all be walked, or an error.
 */
#include "formats/pickle.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Visits at most `left` values: shared ones would otherwise be walked exponentially often. */
static void walk(const dvti_pickle *p, const dvti_pickle_value *v, int depth, int *left)
{
    double d;

    if (depth > 1000) {
        abort(); /* containers do not contain themselves */
    }
    if (--*left < 0) {
        return;
    }
    (void)dvti_pickle_number(v, &d);
    if (v->kind == DVTI_PICKLE_TEXT || v->kind == DVTI_PICKLE_BYTES) {
        unsigned sum = 0;
        for (uint32_t i = 0; i < v->count; i++) {
            sum += v->data[i];
        }
        *left -= sum == 1;
    } else if (v->kind == DVTI_PICKLE_ARRAY) {
        for (uint64_t i = 0; i < dvti_pickle_array_count(p, v) && i < 1000; i++) {
            if (!dvti_pickle_array_at(p, v, i, &d)) {
                *left -= 1;
            }
        }
    } else if (v->kind >= DVTI_PICKLE_TUPLE && v->kind <= DVTI_PICKLE_DICT) {
        for (uint32_t i = 0; i < v->count; i++) {
            walk(p, dvti_pickle_item(p, v, i), depth + 1, left);
        }
    }
    (void)dvti_pickle_find(p, v, "a");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dvt_ctx_opts opts = {.memory_budget_bytes = (size_t)1 << 28, .jobs = 1};
    dvt_ctx     *ctx = dvt_ctx_create(&opts);
    dvti_pickle *p;
    int          left = 100000;

    if (!ctx) {
        return 0;
    }
    const dvt_status st = dvti_pickle_parse(ctx, "input", data, size, &p);
    if ((st == DVT_OK) != (dvt_ctx_error(ctx)->status == DVT_OK) || st == DVT_E_INTERNAL ||
        (st == DVT_OK) != (p != NULL)) {
        abort();
    }
    if (p) {
        walk(p, dvti_pickle_get(p, dvti_pickle_root(p)), 0, &left);
    }
    dvti_pickle_destroy(p);
    if (dvt_ctx_bytes_in_use(ctx) != 0) {
        abort();
    }
    dvt_ctx_destroy(ctx);
    return 0;
}
