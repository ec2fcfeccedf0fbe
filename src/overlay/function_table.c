/* SPDX-License-Identifier: Apache-2.0 */
/*
 * function_table.c - the piecewise linear functions of the activation and normalisation kernels.
 *
 * Idea      Each of 256 segments is the chord between the function's values at the segment's ends,
 *           computed in double and rounded once. The tables travel in the program, so hardware and
 *           models never compute a function themselves (docs/numerics-overlay.md section 6).
 * Ranges    sigmoid [-16, 16), tanh [-8, 8), elu [-16, 0): beyond, the functions are flat to within
 *           2^-22, and so are the end segments. power: one octave of the argument.
 * Tests     tests/unit/test_function_table.c (largest error of each kind)
 */
#include "dovetail/overlay.h"

#include <math.h>

static double value_of(dvt_table_kind kind, double param, double x)
{
    switch (kind) {
    case DVT_TABLE_SIGMOID: return 1.0 / (1.0 + exp(-x));
    case DVT_TABLE_TANH: return tanh(x);
    case DVT_TABLE_ELU: return param * expm1(x);
    case DVT_TABLE_POWER: return pow(x, param);
    }
    return 0.0;
}

/* The overlay's operators take no subnormal numbers. */
static float plain(double x) { return dvt_isa_plain((float)x) ? (float)x : 0.0f; }

static void fill_segments(dvt_function_table *t, double x0, double step, bool flat_low,
                          bool flat_high)
{
    dvt_table_kind kind = (dvt_table_kind)t->kind;

    for (int i = 0; i < DVT_TABLE_SEGMENTS; i++) {
        double lo = x0 + i * step, hi = lo + step;
        double y_lo = value_of(kind, t->param, lo), y_hi = value_of(kind, t->param, hi);
        double slope = (y_hi - y_lo) / step;
        t->b[i] = plain(slope);
        t->a[i] = plain(y_lo - (double)t->b[i] * lo);
    }
    if (flat_low) {
        t->b[0] = 0.0f;
        t->a[0] = (float)value_of(kind, t->param, x0);
    }
    if (flat_high) {
        t->b[DVT_TABLE_SEGMENTS - 1] = 0.0f;
        t->a[DVT_TABLE_SEGMENTS - 1] =
            (float)value_of(kind, t->param, x0 + DVT_TABLE_SEGMENTS * step);
    }
}

static void fill_range(dvt_function_table *t, double x0, double x1, bool flat_high)
{
    double step = (x1 - x0) / DVT_TABLE_SEGMENTS;

    t->x0 = (float)x0;
    t->inv_step = (float)(1.0 / step);
    fill_segments(t, x0, step, true, flat_high);
}

void dvt_function_table_make(dvt_table_kind kind, float param, dvt_function_table *t)
{
    *t = (dvt_function_table){.kind = (int32_t)kind, .param = param};
    switch (kind) {
    case DVT_TABLE_SIGMOID: fill_range(t, -16.0, 16.0, true); break;
    case DVT_TABLE_TANH: fill_range(t, -8.0, 8.0, true); break;
    case DVT_TABLE_ELU: fill_range(t, -16.0, 0.0, false); break;
    case DVT_TABLE_POWER:
        fill_segments(t, 1.0, 1.0 / DVT_TABLE_SEGMENTS, false, false);
        for (int e = 0; e < DVT_TABLE_EXPONENTS; e++) {
            double f = pow(2.0, (double)param * (e - DVT_TABLE_EXP_BIAS));
            t->e2[e] = f > 3e38 ? 3e38f : f < 1.2e-38 ? 0.0f : (float)f;
        }
        break;
    }
}
