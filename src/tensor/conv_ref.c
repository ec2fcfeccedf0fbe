/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conv_ref.c - convolution and transposed convolution as their definitions, in double.
 *
 * Idea      One output element at a time: the sum over input channels and taps, each product and
 *           sum in double (the product of two float32 is exact there), the bias last, one rounding
 *           to float32, then the activation. This is the yardstick for every other convolution.
 * Shapes    x (n, in_c, D, H, W), y (n, out_c, D, H, W); w (out_c, in_c/groups, kd, kh, kw), or
 *           (in_c, out_c/groups, kd, kh, kw) for the transposed form.
 * Tests     tests/unit/test_kernels_conv.c, by literals worked out by hand.
 */
#include "dovetail/kernels.h"

/* One output element: where it is and the channels that reach it. */
typedef struct place {
    int64_t n, k, at[DVT_SPATIAL];
} place;

static float activate(const dvt_act *act, double sum)
{
    float y = (float)sum;

    if (!act || act->kind == DVT_ACT_NONE)
        return y;
    if (act->kind == DVT_ACT_RELU)
        return y < 0 ? 0 : y;
    y = y < act->min ? act->min : y;
    return y > act->max ? act->max : y;
}

/* Where the window of output `o` reads with tap `tap` along spatial axis i; -1: outside. */
static int64_t conv_source(const dvt_conv_dims *d, int i, int64_t o, int64_t tap)
{
    int64_t at = o * d->stride[i] - d->pad_lo[i] + tap * d->dilation[i];

    return at >= 0 && at < d->in[i] ? at : -1;
}

/* Which input reaches output `o` through tap `tap` when the window is spread out; -1: none. */
static int64_t transpose_source(const dvt_conv_dims *d, int i, int64_t o, int64_t tap)
{
    int64_t at = o + d->pad_lo[i] - tap * d->dilation[i];

    if (at < 0 || at % d->stride[i])
        return -1;
    at /= d->stride[i];
    return at < d->in[i] ? at : -1;
}

typedef int64_t (*source_fn)(const dvt_conv_dims *d, int i, int64_t o, int64_t tap);

/* Sum of x * w over the taps of one pair of channels. */
static double channel_sum(const dvt_conv_dims *d, const int64_t o[DVT_SPATIAL], source_fn source,
                          const float *x /* (D, H, W) */, const float *w /* (kd, kh, kw) */)
{
    double sum = 0;

    for (int64_t kd = 0; kd < d->kernel[0]; kd++) {
        int64_t z = source(d, 0, o[0], kd);
        for (int64_t kh = 0; z >= 0 && kh < d->kernel[1]; kh++) {
            int64_t      y = source(d, 1, o[1], kh);
            const float *row = x + (z * d->in[1] + y) * d->in[2];
            const float *taps = w + (kd * d->kernel[1] + kh) * d->kernel[2];
            for (int64_t kw = 0; y >= 0 && kw < d->kernel[2]; kw++) {
                int64_t at = source(d, 2, o[2], kw);
                if (at >= 0)
                    sum += (double)row[at] * (double)taps[kw];
            }
        }
    }
    return sum;
}

static double conv_sum(const dvt_conv_dims *d, const place *p, const float *x, const float *w)
{
    int64_t group_in = d->in_c / d->groups, group = p->k / (d->out_c / d->groups);
    int64_t size = d->in[0] * d->in[1] * d->in[2];
    int64_t taps = d->kernel[0] * d->kernel[1] * d->kernel[2];
    double  sum = 0;

    for (int64_t c = 0; c < group_in; c++)
        sum += channel_sum(d, p->at, conv_source,
                           x + (p->n * d->in_c + group * group_in + c) * size,
                           w + (p->k * group_in + c) * taps);
    return sum;
}

static double transpose_sum(const dvt_conv_dims *d, const place *p, const float *x, const float *w)
{
    int64_t group_in = d->in_c / d->groups, group_out = d->out_c / d->groups;
    int64_t first = p->k / group_out * group_in;
    int64_t size = d->in[0] * d->in[1] * d->in[2];
    int64_t taps = d->kernel[0] * d->kernel[1] * d->kernel[2];
    double  sum = 0;

    for (int64_t c = first; c < first + group_in; c++)
        sum += channel_sum(d, p->at, transpose_source, x + (p->n * d->in_c + c) * size,
                           w + (c * group_out + p->k % group_out) * taps);
    return sum;
}

typedef double (*sum_fn)(const dvt_conv_dims *, const place *, const float *, const float *);

static void each_output(const dvt_conv_dims *d, sum_fn sum, const float *x, const float *w,
                        const float *bias, const dvt_act *act, float *y)
{
    place p;

    for (p.n = 0; p.n < d->n; p.n++)
        for (p.k = 0; p.k < d->out_c; p.k++)
            for (p.at[0] = 0; p.at[0] < d->out[0]; p.at[0]++)
                for (p.at[1] = 0; p.at[1] < d->out[1]; p.at[1]++)
                    for (p.at[2] = 0; p.at[2] < d->out[2]; p.at[2]++)
                        *y++ = activate(act, sum(d, &p, x, w) + (bias ? (double)bias[p.k] : 0));
}

void dvt_conv_f32_nchw_ref(const dvt_conv_dims *d, const float *x, const float *w,
                           const float *bias, const dvt_act *act, float *y)
{
    each_output(d, conv_sum, x, w, bias, act, y);
}

void dvt_conv_transpose_f32_nchw_ref(const dvt_conv_dims *d, const float *x, const float *w,
                                     const float *bias, const dvt_act *act, float *y)
{
    each_output(d, transpose_sum, x, w, bias, act, y);
}
