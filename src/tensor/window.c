/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window.c - sizes of sliding windows: outputs of convolutions and pools, and their checks.
 *
 * Idea      Everything that kernels rely on is checked here once, on numbers that may come from an
 *           untrusted file: no intermediate result overflows, whatever the sizes are.
 * Tests     tests/unit/test_kernels_conv.c, tests/unit/test_kernels_pool.c
 */
#include "dovetail/kernels.h"

static const char axis_name[DVT_SPATIAL] = {'D', 'H', 'W'};

/* in + pads - (dilation * (kernel - 1) + 1), or -1 if negative or any number is out of bounds. */
static int64_t window_room(int64_t in, int64_t kernel, int64_t dilation, int64_t pad_lo,
                           int64_t pad_hi)
{
    const int64_t most = DVT_DIM_MAX;
    int64_t       room;

    if (in < 1 || in > most || kernel < 1 || kernel > most || dilation < 1 || dilation > most ||
        pad_lo < 0 || pad_lo > most || pad_hi < 0 || pad_hi > most)
        return -1;
    if (kernel > 1 && dilation > 4 * most / (kernel - 1))
        return -1;
    room = in + pad_lo + pad_hi - dilation * (kernel - 1) - 1;
    return room < 0 ? -1 : room;
}

int64_t dvt_window_out(int64_t in, int64_t kernel, int64_t stride, int64_t dilation, int64_t pad_lo,
                       int64_t pad_hi)
{
    int64_t room = window_room(in, kernel, dilation, pad_lo, pad_hi);

    return room < 0 || stride < 1 ? 0 : room / stride + 1;
}

int64_t dvt_window_out_ceil(int64_t in, int64_t kernel, int64_t stride, int64_t dilation,
                            int64_t pad_lo, int64_t pad_hi)
{
    int64_t room = window_room(in, kernel, dilation, pad_lo, pad_hi), out;

    if (room < 0 || stride < 1)
        return 0;
    out = room / stride + (room % stride != 0) + 1;
    if (out > 1 && (out - 1) * stride >= in + pad_lo)
        out--;
    return out;
}

/* n * c * product of sizes stays countable. */
static bool countable(int64_t n, int64_t c, const int64_t size[DVT_SPATIAL])
{
    dvt_shape s = {.rank = 5, .dim = {n, c, size[0], size[1], size[2]}};

    return n > 0 && c > 0 && size[0] > 0 && size[1] > 0 && size[2] > 0 && dvt_shape_count(&s) > 0;
}

static dvt_status check_channels(dvt_ctx *ctx, const dvt_conv_dims *d)
{
    if (d->groups < 1 || d->in_c < 1 || d->out_c < 1 || d->in_c % d->groups ||
        d->out_c % d->groups)
        return dvt_fail(ctx, DVT_E_SHAPE, NULL,
                        "%lld groups do not divide %lld input and %lld output channels",
                        (long long)d->groups, (long long)d->in_c, (long long)d->out_c);
    if (!countable(d->n, d->in_c, d->in) || !countable(d->n, d->out_c, d->out) ||
        !countable(d->out_c, d->in_c / d->groups, d->kernel))
        return dvt_fail(ctx, DVT_E_SHAPE, NULL, "a convolution has an empty or oversized operand");
    return DVT_OK;
}

dvt_status dvt_conv_dims_check(dvt_ctx *ctx, const dvt_conv_dims *d)
{
    dvt_status st = check_channels(ctx, d);

    for (int i = 0; i < DVT_SPATIAL && st == DVT_OK; i++) {
        int64_t out = dvt_window_out(d->in[i], d->kernel[i], d->stride[i], d->dilation[i],
                                     d->pad_lo[i], d->pad_hi[i]);
        if (out == 0 || out != d->out[i])
            st = dvt_fail(ctx, DVT_E_SHAPE, NULL,
                          "convolution along %c: input %lld, kernel %lld, stride %lld, dilation "
                          "%lld, pads %lld and %lld give %lld, not %lld",
                          axis_name[i], (long long)d->in[i], (long long)d->kernel[i],
                          (long long)d->stride[i], (long long)d->dilation[i],
                          (long long)d->pad_lo[i], (long long)d->pad_hi[i], (long long)out,
                          (long long)d->out[i]);
    }
    return st;
}

/* The transposed form is the convolution from its output to its input: that one must fit. */
dvt_status dvt_conv_transpose_dims_check(dvt_ctx *ctx, const dvt_conv_dims *d)
{
    dvt_status st = check_channels(ctx, d);

    for (int i = 0; i < DVT_SPATIAL && st == DVT_OK; i++) {
        int64_t in = dvt_window_out(d->out[i], d->kernel[i], d->stride[i], d->dilation[i],
                                    d->pad_lo[i], d->pad_hi[i]);
        if (in == 0 || in != d->in[i])
            st = dvt_fail(ctx, DVT_E_SHAPE, NULL,
                          "transposed convolution along %c: output %lld, kernel %lld, stride %lld, "
                          "dilation %lld, pads %lld and %lld belong to input %lld, not %lld",
                          axis_name[i], (long long)d->out[i], (long long)d->kernel[i],
                          (long long)d->stride[i], (long long)d->dilation[i],
                          (long long)d->pad_lo[i], (long long)d->pad_hi[i], (long long)in,
                          (long long)d->in[i]);
    }
    return st;
}

dvt_status dvt_pool_dims_check(dvt_ctx *ctx, const dvt_pool_dims *d)
{
    if (!countable(d->n, d->c, d->in) || !countable(d->n, d->c, d->out))
        return dvt_fail(ctx, DVT_E_SHAPE, NULL, "a pool has an empty or oversized operand");
    if (d->kind == DVT_POOL_LP && d->p < 1)
        return dvt_fail(ctx, DVT_E_SHAPE, NULL, "lp pool of order %lld: the least is 1",
                        (long long)d->p);
    for (int i = 0; i < DVT_SPATIAL; i++) {
        int64_t most = dvt_window_out(d->in[i], 1, d->stride[i], 1, d->pad_lo[i], d->pad_hi[i]);
        if (d->kernel[i] < 1 || d->kernel[i] > DVT_DIM_MAX || d->dilation[i] < 1 ||
            d->dilation[i] > DVT_DIM_MAX || most == 0 || d->out[i] > most)
            return dvt_fail(ctx, DVT_E_SHAPE, NULL,
                            "pool along %c: input %lld, kernel %lld, stride %lld, pads %lld and "
                            "%lld have no output %lld",
                            axis_name[i], (long long)d->in[i], (long long)d->kernel[i],
                            (long long)d->stride[i], (long long)d->pad_lo[i],
                            (long long)d->pad_hi[i], (long long)d->out[i]);
    }
    return DVT_OK;
}

static int64_t taps(const dvt_conv_dims *d)
{
    return d->kernel[0] * d->kernel[1] * d->kernel[2];
}

int64_t dvt_conv_macs(const dvt_conv_dims *d)
{
    return d->n * d->out_c * d->out[0] * d->out[1] * d->out[2] * (d->in_c / d->groups) * taps(d);
}

int64_t dvt_conv_transpose_macs(const dvt_conv_dims *d)
{
    return d->n * d->in_c * d->in[0] * d->in[1] * d->in[2] * (d->out_c / d->groups) * taps(d);
}
