/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chaidnn.c - the space of CHaiDNN accelerators and what each costs on the chip.
 *
 * Idea       An index is a number in mixed radix; a digit picks one value of one parameter. Area is
 *            a weighted sum of blocks (CLB .0044, BRAM36 .026, DSP .044 mm2), the blocks are linear
 *            in the parameters. The coefficients of LUTs are a fit to the four published
 *            configurations, the others follow from the structure; all four areas come out within
 *            0.9 %.
 * Two engines The multipliers are shared out, so DSPs and LUTs stay the same; each engine has its
 *            own input, output and weight buffers of the full depth. Nothing is published about
 *            this case: the rule is ours.
 * Clock      300 MHz below 1,024 multipliers and 250 MHz from there on, as published.
 * Units      whole square micrometres; every coefficient is a whole number of them once multiplied
 *            out (LUT .00055 mm2 = 550 um2, in tenths of a LUT 55).
 * Tests      tests/unit/test_chaidnn.c, tests/diff/diff_chaidnn.c
 */
#include "dovetail/accelerator.h"

enum { CLB_LUTS = 8, LUT_TENTH_UM2 = 55, BRAM36_HALF_UM2 = 13000, DSP_UM2 = 44000 };

/* Slowest first. Shares in twelfths: 1, .75, .67, .5, .33, .25 of the multipliers. */
static const struct axis {
    int32_t count, values[6];
} axes[] = {
    {2, {8, 16}},                  /* filter_par */
    {5, {4, 8, 16, 32, 64}},       /* pixel_par */
    {4, {1024, 2048, 4096, 8192}}, /* input_depth */
    {3, {1024, 2048, 4096}},       /* weight_depth */
    {3, {1024, 2048, 4096}},       /* output_depth */
    {2, {256, 512}},               /* memory_bits */
    {2, {0, 1}},                   /* pool_engine */
    {6, {12, 9, 8, 6, 4, 3}},      /* share */
};
enum { AXES = sizeof axes / sizeof axes[0], FEATURE_BITS = 8 };

void dvt_chaidnn_at(int32_t index, dvt_chaidnn *out)
{
    int32_t v[AXES];

    for (int i = AXES - 1; i >= 0; i--) {
        v[i] = axes[i].values[index % axes[i].count];
        index /= axes[i].count;
    }
    *out = (dvt_chaidnn){.filter_par = v[0],
                         .pixel_par = v[1],
                         .input_depth = v[2],
                         .weight_depth = v[3],
                         .output_depth = v[4],
                         .memory_bits = v[5],
                         .pool_engine = v[6] != 0,
                         .share = v[7],
                         .feature_bits = FEATURE_BITS};
}

int32_t dvt_chaidnn_index(const dvt_chaidnn *a)
{
    const int32_t v[AXES] = {a->filter_par,   a->pixel_par,   a->input_depth, a->weight_depth,
                             a->output_depth, a->memory_bits, a->pool_engine, a->share};
    int32_t       index = 0;

    for (int i = 0; i < AXES; i++) {
        int32_t digit = 0;
        while (digit < axes[i].count && axes[i].values[digit] != v[i]) {
            digit++;
        }
        if (digit == axes[i].count) {
            return -1;
        }
        index = index * axes[i].count + digit;
    }
    return a->feature_bits == FEATURE_BITS ? index : -1;
}

static int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

void dvt_chaidnn_cost_of(const dvt_chaidnn *a, dvt_chaidnn_cost *out)
{
    const int64_t multipliers = 2 * (int64_t)a->filter_par * a->pixel_par; /* two images */
    const int64_t engines = a->share == DVT_CHAIDNN_SHARES ? 1 : 2;
    const int64_t dsp = 165 + (a->pool_engine ? 145 : 0) + multipliers + ceil_div(multipliers, 32);
    const int64_t buffers = 32 * ceil_div(a->input_depth, 1024) +
                            32 * ceil_div(a->output_depth, 512) +
                            4 * a->filter_par * ceil_div(a->weight_depth, 2048);
    const int64_t bram_halves = 2 * (engines * buffers + 2 * a->pixel_par + 2 * a->filter_par) +
                                113 + (a->pool_engine ? 147 : 0);
    const int64_t lut_tenths = 601000 + 627 * multipliers + (a->pool_engine ? 377000 : 0);

    *out = (dvt_chaidnn_cost){
        .dsp = dsp,
        .clb = ceil_div(lut_tenths, 10 * CLB_LUTS),
        .bram36 = (double)bram_halves / 2,
        .lut = (double)lut_tenths / 10,
        .area_um2 = lut_tenths * LUT_TENTH_UM2 + bram_halves * BRAM36_HALF_UM2 + dsp * DSP_UM2,
        .clock_mhz = multipliers >= 1024 ? 250 : 300,
    };
}
