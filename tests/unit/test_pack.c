/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_pack.c - filters and parameters in the memory image, found through the long words that read
 * them: they decode to the weights within half a unit, channels are normalised, empty slots and
 * lanes are zero, rows hold what they should.
 */
#include "support/graph_tools.h"
#include "support/program_case.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SMALL "overlays/small-fp11.json"
#define ODD   "tests/support/overlays/odd-m9.json" /* 3 x 8, filter cache of 32 words */

typedef struct pages {
    const program_case *t;
    dvt_word            w;
    dvt_overlay_derived d;
} pages;

typedef struct row {
    float scale, bias, slope, zero;
} row;

static pages pages_of(const program_case *t, const char *word)
{
    pages p = {.t = t, .w = program_word(t, word)};

    dvt_overlay_derive(&t->o, &p.d);
    return p;
}

/* c_vec filter values, and the step of their block. */
static float filter(const pages *p, int64_t slice, int64_t group, int64_t word, int64_t lane,
                    float *values)
{
    const dvt_part_wread *r = &p->w.wread;
    int64_t               at = (r->src + slice * r->step[0] + group * r->step[2]) * 16 +
                 (word * r->lanes + lane) * p->d.filter_word_bytes;
    int16_t mant[64], one = 1;
    uint8_t exp = 0;
    float   step = 1.0f;

    assert_true(at >= 0 && at + p->d.filter_word_bytes <= (int64_t)p->t->p->image_bytes);
    dvt_block_unpack(&p->t->o, p->t->o.filter_mantissa_bits, p->t->p->image + at, mant, &exp);
    if (p->t->o.format == DVT_FORMAT_INT8) {
        for (int32_t i = 0; i < p->t->o.c_vec; i++) {
            values[i] = mant[i];
        }
        return step;
    }
    dvt_bfp_decode(mant, exp, p->t->o.c_vec, p->t->o.filter_mantissa_bits, values);
    dvt_bfp_decode(&one, exp, 1, p->t->o.filter_mantissa_bits, &step);
    return step;
}

static row param(const pages *p, int64_t k)
{
    row r;

    assert_true(k < p->w.wread.param_rows * p->w.wread.param_groups);
    memcpy(&r, p->t->p->image + p->w.wread.param_src * 16 + k * 16, sizeof r);
    assert_true(r.zero == 0.0f);
    return r;
}

static const float *constant(const program_case *t, const char *name)
{
    dvt_tensor v;

    assert_true(dvt_graph_const(t->g, tool_value(t->g, name), &v));
    return v.data;
}

static void expect_row(row got, float scale, float bias, float slope)
{
    if (got.scale != scale || got.bias != bias || got.slope != slope) {
        fail_msg("row is %g %g %g, wanted %g %g %g", (double)got.scale, (double)got.bias,
                 (double)got.slope, (double)scale, (double)bias, (double)slope);
    }
}

/* ---- convolution --------------------------------------------------------------------------- */

/* 20 channels are 7 blocks of 3; 9 words each, so that 3 blocks would be the most in the cache and
 * 7 slices of one are the fewest that divide 7. 12 outputs are two groups of 8 lanes. */
enum { IN = 20, OUT = 12, RS = 9, SLICES = 7, C = 3, LANES = 8 };

static program_case open_odd(void)
{
    program_case t = program_open(ODD, "dvg 1 t input x: f32[1,20,4,4] param w: f32[12,20,3,3] "
                                       "c = conv(x, w, kernel=[3,3]) output c");
    program_compile(&t, NULL);
    return t;
}

static void expect_slot(const pages *p, const float *w, int64_t k, int64_t ch, int64_t at,
                        float value, float step)
{
    if (k >= OUT || ch >= IN) {
        assert_true(value == 0.0f);
        return;
    }
    double scale = param(p, k).scale, want = w[(k * IN + ch) * RS + at];
    if (fabs(value * scale - want) > 0.5 * step * scale) {
        fail_msg("weight %lld,%lld,%lld is %g, wanted %g within %g", (long long)k, (long long)ch,
                 (long long)at, value * scale, want, 0.5 * step * scale);
    }
}

static void test_pack__filters_decode_to_the_weights_within_half_a_unit(void **state)
{
    (void)state;
    program_case t = open_odd();
    pages        p = pages_of(&t, "c");
    const float *w = constant(&t, "w");

    assert_int_equal(p.w.wread.words, RS);
    assert_int_equal(p.w.wread.lanes, LANES);
    assert_int_equal(p.w.wread.n[0], SLICES);
    assert_int_equal(p.w.wread.n[2], 2);
    for (int64_t i = 0; i < 2LL * SLICES * RS * LANES; i++) {
        int64_t lane = i % LANES, at = i / LANES % RS, s = i / LANES / RS % SLICES;
        int64_t g = i / LANES / RS / SLICES;
        float   v[C], step = filter(&p, s, g, at, lane, v);
        for (int64_t slot = 0; slot < C; slot++) {
            expect_slot(&p, w, g * LANES + lane, s * C + slot, at, v[slot], step);
        }
    }
    program_close(&t);
}

static void test_pack__the_largest_weight_of_a_channel_is_between_a_half_and_one(void **state)
{
    (void)state;
    program_case t = open_odd();
    pages        p = pages_of(&t, "c");

    for (int64_t k = 0; k < OUT; k++) {
        float most = 0.0f, v[C];
        int   e;
        for (int64_t i = 0; i < SLICES * RS; i++) {
            filter(&p, i / RS, k / LANES, i % RS, k % LANES, v);
            for (int s = 0; s < C; s++) {
                most = fmaxf(most, fabsf(v[s]));
            }
        }
        assert_true(most >= 0.5f && most <= 1.0f);
        assert_true(frexpf(param(&p, k).scale, &e) == 0.5f); /* a power of two */
    }
    for (int64_t k = OUT; k < 2 * LANES; k++) {
        expect_row(param(&p, k), 0.0f, 0.0f, 0.0f);
    }
    program_close(&t);
}

static void test_pack__rows_hold_scale_bias_and_slope(void **state)
{
    (void)state;
    /* channel 0: all weights zero; channel 1: 3 = 0.75 * 4 */
    program_case t =
        program_open(SMALL, "dvg 1 t input x: f32[1,1,2,2] const w: f32[2,1,1,1] = [0, 3] "
                            "const b: f32[2] = [7, -1] const s: f32[2,1,1] = [0.25, 0.5] "
                            "c = conv(x, w, b) y = prelu(c, s) output y");
    pages p;
    float v[8];

    program_compile(&t, NULL);
    p = pages_of(&t, "c");
    expect_row(param(&p, 0), 1.0f, 7.0f, 0.25f);
    expect_row(param(&p, 1), 4.0f, -1.0f, 0.5f);
    expect_row(param(&p, 2), 0.0f, 0.0f, 0.0f);
    assert_int_equal(p.w.wread.param_rows, 16);
    filter(&p, 0, 0, 0, 0, v);
    assert_true(v[0] == 0.0f);
    filter(&p, 0, 0, 0, 1, v);
    assert_true(v[0] == 0.75f && v[1] == 0.0f);
    program_close(&t);
}

static void test_pack__groups_see_zeros_for_their_neighbours_channels(void **state)
{
    (void)state;
    /* two groups of 2 channels in one block of 8 */
    program_case t = program_open(
        SMALL, "dvg 1 t input x: f32[1,4,1,1] const w: f32[2,2,1,1] = [0.5, -0.5, 0.25, 0.75] "
               "c = conv(x, w, groups=2) output c");
    float v[8];

    program_compile(&t, NULL);
    pages a = pages_of(&t, "c group 0 rows 0..0"), b = pages_of(&t, "c group 1 rows 0..0");
    filter(&a, 0, 0, 0, 0, v);
    assert_memory_equal(v, ((float[]){0.5f, -0.5f, 0, 0, 0, 0, 0, 0}), sizeof v);
    filter(&b, 0, 0, 0, 0, v);
    assert_memory_equal(v, ((float[]){0, 0, 0.25f, 0.75f, 0, 0, 0, 0}), sizeof v);
    program_close(&t);
}

static void test_pack__a_relayout_multiplies_by_one(void **state)
{
    (void)state;
    program_case t = program_open(ODD, "dvg 1 t input x: f32[1,20,2,2] param w: f32[20,20,1,1] "
                                       "c = conv(x, w) y = binary(x, c) output y");
    program_compile(&t, NULL);
    pages p = pages_of(&t, "relayout x");

    for (int64_t k = 0; k < 20; k++) {
        for (int64_t b = 0; b < 7; b++) {
            float v[C];
            filter(&p, 0, k / LANES, b, k % LANES, v);
            for (int64_t s = 0; s < C; s++) {
                assert_true(v[s] == (b * C + s == k ? 1.0f : 0.0f));
            }
        }
        expect_row(param(&p, k), 1.0f, 0.0f, 0.0f);
    }
    program_close(&t);
}

/* ---- without the array --------------------------------------------------------------------- */

static void test_pack__depthwise_filters_stand_slot_by_slot(void **state)
{
    (void)state;
    program_case t =
        program_open(ODD, "dvg 1 t input x: f32[1,4,1,2] const b: f32[4] = [1, 2, 3, 4] "
                          "const w: f32[4,1,1,2] = [0.5, 0.25, 1, 2, -0.5, 0, 0.125, 0.25] "
                          "c = conv(x, w, b, kernel=[1,2], groups=4) output c");
    float v[C];

    program_compile(&t, NULL);
    pages p = pages_of(&t, "c");
    assert_int_equal(p.w.wread.lanes, 1);
    assert_int_equal(p.w.wread.words, 2);
    filter(&p, 0, 0, 0, 0, v); /* channels 0, 1, 2 of the left column, normalised by 1, 1/4, 1 */
    assert_memory_equal(v, ((float[]){0.5f, 0.25f, -0.5f}), sizeof v);
    filter(&p, 0, 0, 1, 0, v);
    assert_memory_equal(v, ((float[]){0.25f, 0.5f, 0.0f}), sizeof v);
    filter(&p, 0, 1, 1, 0, v); /* channel 3, and nothing */
    assert_memory_equal(v, ((float[]){0.5f, 0.0f, 0.0f}), sizeof v);
    expect_row(param(&p, 1), 4.0f, 2.0f, 0.0f);
    expect_row(param(&p, 3), 0.5f, 4.0f, 0.0f);
    expect_row(param(&p, 4), 0.0f, 0.0f, 0.0f);
    program_close(&t);
}

static void test_pack__factors_stand_slot_by_slot(void **state)
{
    (void)state;
    program_case t = program_open(ODD, "dvg 1 t input x: f32[1,4,1,1] "
                                       "const s: f32[4] = [1, 2, 3, 4] "
                                       "const b: f32[4] = [5, 6, 7, 8] "
                                       "y = scale(x, s, b) output y");
    program_compile(&t, NULL);
    pages p = pages_of(&t, "y");

    assert_int_equal(p.w.wread.words, 0);
    assert_int_equal(p.w.wread.param_rows, C);
    assert_int_equal(p.w.wread.param_groups, 2);
    expect_row(param(&p, 2), 3.0f, 7.0f, 0.0f);
    expect_row(param(&p, 3), 4.0f, 8.0f, 0.0f);
    expect_row(param(&p, 5), 0.0f, 0.0f, 0.0f);
    program_close(&t);
}

/* ---- int8 ---------------------------------------------------------------------------------- */

static void test_pack__int8_scales_each_channel_to_127(void **state)
{
    (void)state;
    program_case t =
        program_open("overlays/small-int8.json",
                     "dvg 1 t input x: f32[1,2,1,1] const w: f32[2,2,1,1] = [0.5, -0.25, 4, 1] "
                     "const b: f32[2] = [1, 2] c = conv(x, w, b) output c");
    float      v[64], x[2] = {127.0f, -254.0f}; /* a step of the input is 2 */
    dvt_shape  shape = DVT_SHAPE(1, 2, 1, 1);
    dvt_tensor sample = dvt_tensor_wrap(DVT_DTYPE_F32, &shape, x);

    assert_true(t.o.c_vec <= 64);
    tool_ok(t.ctx, program_try(&t, (dvt_compile_opts){.samples = &sample, .sample_count = 1}));
    pages p = pages_of(&t, "c");
    filter(&p, 0, 0, 0, 0, v);
    assert_true(v[0] == 127.0f && v[1] == -64.0f && v[2] == 0.0f); /* -63.5 to even */
    filter(&p, 0, 0, 0, 1, v);
    assert_true(v[0] == 127.0f && v[1] == 32.0f);
    assert_true(fabsf(param(&p, 0).scale - 2.0f * 0.5f / 127.0f) < 1e-8f);
    assert_true(fabsf(param(&p, 1).scale - 2.0f * 4.0f / 127.0f) < 1e-7f);
    assert_true(param(&p, 1).bias == 2.0f);
    program_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pack__filters_decode_to_the_weights_within_half_a_unit),
        cmocka_unit_test(test_pack__the_largest_weight_of_a_channel_is_between_a_half_and_one),
        cmocka_unit_test(test_pack__rows_hold_scale_bias_and_slope),
        cmocka_unit_test(test_pack__groups_see_zeros_for_their_neighbours_channels),
        cmocka_unit_test(test_pack__a_relayout_multiplies_by_one),
        cmocka_unit_test(test_pack__depthwise_filters_stand_slot_by_slot),
        cmocka_unit_test(test_pack__factors_stand_slot_by_slot),
        cmocka_unit_test(test_pack__int8_scales_each_channel_to_127),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
