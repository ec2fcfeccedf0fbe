/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init.c - initial values of parameters.
 *
 * Idea       A kind is a distribution and a width that depends on the fans; number k of parameter i
 *            is draw k of the stream i under the set's seed, so adding a parameter at the end
 *            changes no other's values.
 * Sources    include/dovetail/learn.h, DVT_INIT_LIST.
 * Tests      tests/unit/test_learn_params.c
 */
#include "learn/params_int.h"

#include <math.h>

typedef struct fans {
    double in, out;
} fans;

static fans fans_of(const dvt_shape *s)
{
    fans   f = {1, 1};
    double all = (double)dvt_shape_count(s);

    if (s->rank == 1)
        return (fans){all, all};
    if (s->rank > 1) {
        f.in = all / (double)s->dim[0];
        f.out = all / (double)s->dim[1];
    }
    return f;
}

static void fill_uniform(dvt_rng *rng, double bound, int64_t count, float *y)
{
    for (int64_t i = 0; i < count; i++)
        y[i] = (float)((2 * (double)dvt_rng_f32(rng) - 1) * bound);
}

static void fill_normal(dvt_rng *rng, double deviation, int64_t count, float *y)
{
    for (int64_t i = 0; i < count; i++)
        y[i] = (float)(dvt_rng_normal(rng) * deviation);
}

static void fill_constant(double value, int64_t count, float *y)
{
    for (int64_t i = 0; i < count; i++)
        y[i] = (float)value;
}

void dvti_init_fill(const dvti_param *p, uint64_t seed, int32_t index, float *y)
{
    dvt_rng rng = dvt_rng_make(seed, (uint64_t)index);
    fans    f = fans_of(&p->shape);
    double  gain = p->init.a > 0 ? p->init.a : 1;

    switch (p->init.kind) {
    case DVT_INIT_CONSTANT: fill_constant(p->init.a, p->count, y); break;
    case DVT_INIT_UNIFORM: fill_uniform(&rng, p->init.a, p->count, y); break;
    case DVT_INIT_NORMAL: fill_normal(&rng, p->init.a, p->count, y); break;
    case DVT_INIT_XAVIER_UNIFORM:
        fill_uniform(&rng, gain * sqrt(6 / (f.in + f.out)), p->count, y);
        break;
    case DVT_INIT_XAVIER_NORMAL:
        fill_normal(&rng, gain * sqrt(2 / (f.in + f.out)), p->count, y);
        break;
    case DVT_INIT_HE_UNIFORM: fill_uniform(&rng, gain * sqrt(6 / f.in), p->count, y); break;
    case DVT_INIT_HE_NORMAL: fill_normal(&rng, gain * sqrt(2 / f.in), p->count, y); break;
    case DVT_INIT_TORCH: fill_uniform(&rng, gain / sqrt(f.in), p->count, y); break;
    case DVT_INIT_ZERO:
    default: fill_constant(0, p->count, y); break;
    }
}
