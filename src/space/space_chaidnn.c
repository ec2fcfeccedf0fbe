/* SPDX-License-Identifier: Apache-2.0 */
/*
 * space_chaidnn.c - the CHaiDNN accelerators as a space: eight parameters.
 *
 * Idea      Which values there are is known to chaidnn.c alone. The value of a parameter is read
 *           off the accelerator that has this value's place and 0 at all others.
 * Texts     "filter_par=8,pixel_par=32,...": all eight, in this order.
 * Tests     tests/unit/test_space.c
 */
#include <assert.h>
#include <string.h>

#include "dovetail/accelerator.h"
#include "space/space_int.h"

enum { CHOICES = 8 };

static const struct choice {
    const char *name;
    uint32_t    values;
} choices[CHOICES] = {{"filter_par", 2},   {"pixel_par", 5},    {"input_depth", 4},
                      {"weight_depth", 3}, {"output_depth", 3}, {"memory_bits", 2},
                      {"pool_engine", 2},  {"share", 6}};
static_assert(2 * 5 * 4 * 3 * 3 * 2 * 2 * 6 == DVT_CHAIDNN_COUNT, "the numbers of values above");

static dvt_status open_part(dvti_space_part *p)
{
    p->choice_count = CHOICES;
    for (int i = 0; i < CHOICES; i++) {
        p->values[i] = choices[i].values;
    }
    return DVT_OK;
}

static const char *choice(int32_t i) { return choices[i].name; }

static dvt_chaidnn accelerator(const uint32_t *v)
{
    dvt_chaidnn a;
    uint32_t    index = 0;

    for (int i = 0; i < CHOICES; i++) {
        index = index * choices[i].values + v[i];
    }
    dvt_chaidnn_at((int32_t)index, &a);
    return a;
}

static int32_t field(const dvt_chaidnn *a, int i)
{
    const int32_t fields[CHOICES] = {a->filter_par,   a->pixel_par,    a->input_depth,
                                     a->weight_depth, a->output_depth, a->memory_bits,
                                     a->pool_engine,  a->share};
    return fields[i];
}

/* The value at place `digit` of choice i. */
static int32_t value_at(int i, uint32_t digit)
{
    uint32_t    v[CHOICES] = {0};
    dvt_chaidnn a;

    v[i] = digit;
    a = accelerator(v);
    return field(&a, i);
}

/* ---- texts --------------------------------------------------------------------------------- */

static void print(const dvti_space_part *p, const uint32_t *v, dvt_buf *out)
{
    dvt_chaidnn a = accelerator(v);

    (void)p;
    for (int i = 0; i < CHOICES; i++) {
        dvt_buf_printf(out, "%s%s=%d", i ? "," : "", choices[i].name, (int)field(&a, i));
    }
}

static dvt_status fail_value(const dvti_space_part *p, int i, const char *value, size_t size)
{
    char all[96] = "", word[32] = "";

    for (uint32_t d = 0; d < choices[i].values; d++) {
        size_t  n = strlen(all);
        dvt_buf text;
        dvt_buf_init(&text, p->ctx, 0);
        dvt_buf_printf(&text, "%s%d", d ? ", " : "", (int)value_at(i, d));
        if (dvt_buf_status(&text) == DVT_OK && n + text.len < sizeof all) {
            memcpy(all + n, text.data, text.len + 1);
        }
        dvt_buf_deinit(&text);
    }
    memcpy(word, value, size < sizeof word ? size : sizeof word - 1);
    dvt_fail(p->ctx, DVT_E_NOTFOUND, NULL, "%s is one of %s, not '%s'", choices[i].name, all, word);
    return DVT_E_NOTFOUND;
}

static dvt_status parse_value(const dvti_space_part *p, int i, const char *text, size_t size,
                              uint32_t *out)
{
    char    number[16] = "";
    int64_t value;

    if (size > 0 && size < sizeof number) {
        memcpy(number, text, size);
        for (*out = 0; dvt_parse_i64(number, &value) && *out < choices[i].values; ++*out) {
            if (value_at(i, *out) == value) {
                return DVT_OK;
            }
        }
    }
    return fail_value(p, i, text, size);
}

static dvt_status parse(const dvti_space_part *p, const char *text, uint32_t *out)
{
    const char *at = text;

    for (int i = 0; i < CHOICES; i++) {
        size_t     name = strlen(choices[i].name), size;
        dvt_status st;
        at += i > 0 && *at == ',';
        if (strncmp(at, choices[i].name, name) != 0 || at[name] != '=') {
            dvt_pos pos = {.file = "accelerator", .line = 1, .column = (uint32_t)(at - text) + 1};
            dvt_fail(p->ctx, DVT_E_PARSE, &pos, "expected '%s=' at column %u of the accelerator",
                     choices[i].name, (unsigned)pos.column);
            dvt_fail_hint(p->ctx, "the form is filter_par=8,pixel_par=32,input_depth=2048,"
                                  "weight_depth=1024,output_depth=1024,memory_bits=256,"
                                  "pool_engine=0,share=12");
            return DVT_E_PARSE;
        }
        at += name + 1;
        size = strcspn(at, ",");
        st = parse_value(p, i, at, size, &out[i]);
        if (st != DVT_OK) {
            return st;
        }
        at += size;
    }
    if (*at) {
        dvt_pos pos = {.file = "accelerator", .line = 1, .column = (uint32_t)(at - text) + 1};
        return dvt_fail(p->ctx, DVT_E_PARSE, &pos,
                        "expected the end at column %u of the accelerator", (unsigned)pos.column);
    }
    return DVT_OK;
}

/* ---- facts --------------------------------------------------------------------------------- */

static int32_t facts(const dvti_space_part *p, const uint32_t *v, dvt_fact *out)
{
    dvt_chaidnn      a = accelerator(v);
    dvt_chaidnn_cost cost;
    int32_t          n = 0;

    (void)p;
    dvt_chaidnn_cost_of(&a, &cost);
    for (int i = 0; i < CHOICES; i++) {
        out[n++] = (dvt_fact){choices[i].name, field(&a, i)};
    }
    out[n++] = (dvt_fact){"dsp", cost.dsp};
    out[n++] = (dvt_fact){"clb", cost.clb};
    out[n++] = (dvt_fact){"area_um2", cost.area_um2};
    out[n++] = (dvt_fact){"clock_mhz", cost.clock_mhz};
    return n;
}

const dvti_space_kind dvti_space_chaidnn = {
    .about = {"chaidnn", "CHaiDNN: accelerators for FPGAs, eight parameters",
              "filter_par=8,pixel_par=32,input_depth=2048,weight_depth=1024,output_depth=1024,"
              "memory_bits=256,pool_engine=0,share=12"},
    .open = open_part,
    .choice = choice,
    .print = print,
    .parse = parse,
    .facts = facts,
};
