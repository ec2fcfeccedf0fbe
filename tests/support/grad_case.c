/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grad_case.c - one gradient check in one line of a test.
 */
#include "support/grad_case.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { INPUTS = 8 };

static void fill(dvt_rng *rng, dvt_tensor *x, int32_t input, grad_case_opts opts)
{
    float *v = x->data;

    for (int64_t i = 0; i < dvt_shape_count(&x->shape); i++) {
        v[i] = 2 * dvt_rng_f32(rng) - 1;
        if (opts.apart)
            v[i] = roundf(v[i] * 10) / 10 + 0.05f * (float)input;
        if (opts.positive && v[i] < 0)
            v[i] = -v[i];
        v[i] += (float)(v[i] < 0 ? -opts.away : opts.away);
    }
}

void grad_case_with(dvt_ctx *ctx, dvt_model_fn fn, void *ud, int32_t inputs, const dvt_shape *shape,
                    grad_case_opts opts)
{
    dvt_tensor      x[INPUTS];
    dvt_grad_report r;
    dvt_rng         rng = dvt_rng_make(7, 0);

    assert_true(inputs <= INPUTS);
    for (int32_t i = 0; i < inputs; i++) {
        assert_int_equal(dvt_tensor_init(ctx, DVT_DTYPE_F32, &shape[i], &x[i]), DVT_OK);
        fill(&rng, &x[i], i, opts);
    }
    dvt_status st = dvt_grad_check(ctx, fn, ud, x, inputs, 1e-2, opts.training, &r);
    for (int32_t i = 0; i < inputs; i++)
        dvt_tensor_deinit(ctx, &x[i]);
    if (st != DVT_OK)
        fail_msg("%s: %s", dvt_status_name(st), dvt_ctx_error(ctx)->message);
    if (!(r.worst <= (opts.tolerance > 0 ? opts.tolerance : 2e-3)))
        fail_msg("input %d element %lld: tape %.7g, difference %.7g", r.input,
                 (long long)r.element, r.tape, r.difference);
}

void grad_case(dvt_ctx *ctx, dvt_model_fn fn, void *ud, int32_t inputs, const dvt_shape *shape)
{
    grad_case_with(ctx, fn, ud, inputs, shape, (grad_case_opts){0});
}
