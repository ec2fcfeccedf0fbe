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

#include "base/text_util.h"
#include "dovetail/accelerator.h"
#include "space/choice_text.h"

enum { CHOICES = 8 };

static const struct choice {
    const char *name;
    uint32_t    values;
} choices[CHOICES] = {{"filter_par", 2},   {"pixel_par", 5},    {"input_depth", 4},
                      {"weight_depth", 3}, {"output_depth", 3}, {"memory_bits", 2},
                      {"pool_engine", 2},  {"share", 6}};
static_assert(2 * 5 * 4 * 3 * 3 * 2 * 2 * 6 == DVT_CHAIDNN_COUNT, "the numbers of values above");

static dvt_status open_part(dvti_space_part *p, const dvt_space_opts *opts)
{
    (void)opts;
    p->choice_count = CHOICES;
    for (int i = 0; i < CHOICES; i++) {
        p->values[i] = choices[i].values;
    }
    return DVT_OK;
}

static const char *name_of(int32_t i) { return choices[i].name; }

static const char *choice(const dvti_space_part *p, int32_t i)
{
    (void)p;
    return name_of(i);
}

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

/* ---- texts --------------------------------------------------------------------------------- */

/* The value at place `digit` of choice i. */
static void value_at(int32_t i, uint32_t digit, char out[DVTI_CHOICE_VALUE])
{
    uint32_t    v[CHOICES] = {0};
    dvt_chaidnn a;

    v[i] = digit;
    a = accelerator(v);
    dvti_format(out, DVTI_CHOICE_VALUE, "%d", (int)field(&a, i));
}

static uint32_t values_of(int32_t i) { return choices[i].values; }

#define FORM                                                                          \
    "filter_par=8,pixel_par=32,input_depth=2048,weight_depth=1024,output_depth=1024," \
    "memory_bits=256,pool_engine=0,share=12"

static const dvti_choice_text texts = {"accelerator", FORM, CHOICES, name_of, values_of, value_at};

static void print(const dvti_space_part *p, const uint32_t *v, dvt_buf *out)
{
    (void)p;
    dvti_choice_print(&texts, v, out);
}

static dvt_status parse(const dvti_space_part *p, const char *text, uint32_t *out)
{
    return dvti_choice_parse(&texts, p->ctx, text, out);
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
    .about = {"chaidnn", "CHaiDNN: accelerators for FPGAs, eight parameters", FORM},
    .open = open_part,
    .choice = choice,
    .print = print,
    .parse = parse,
    .facts = facts,
};
