/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conv_slices.c - cuts a convolution into slices and makes oneDNN's primitives for them.
 *
 * Idea      How a convolution is cut depends on its dimensions alone: as many slices as give each
 *           enough work to wake a thread for, and enough outputs for each weight that reading the
 *           weights once a slice does not matter. ResNet-50 on one thread is 4 % slower in slices
 *           than whole (bench/bench_exec.py).
 * Invariants slices of equal dimensions share one primitive; all slices share the layout of the
 *           weights, which the first chooses.
 * Whole     Where oneDNN has no generated code for channels-last images, or a slice would see pads
 *           only, or the form is the transposed one, there is one slice and oneDNN chooses the
 *           layouts.
 * Tests     tests/unit/test_conv_slices.c, tests/unit/test_kernels_conv.c
 */
#include "tensor/conv_plan_int.h"

#include <string.h>

enum {
    SLICE_MACS = 4 << 20, /* less work than this is not worth waking a thread */
    SLICE_PLACES = 48     /* outputs that a weight should serve each time it is read */
};

dvt_status dvti_conv_checked(dvt_ctx *ctx, dnnl_status_t st, const char *what)
{
    if (st == dnnl_success)
        return DVT_OK;
    if (st == dnnl_out_of_memory)
        return dvt_fail(ctx, DVT_E_NOMEM, NULL, "oneDNN has no memory to %s", what);
    return dvt_fail(ctx, DVT_E_INTERNAL, NULL, "oneDNN refused to %s (status %d)", what, (int)st);
}

/* ---- descriptions -------------------------------------------------------------------------- */

static dnnl_status_t describe_image(const dvti_conv_layout *l, int64_t n, int64_t c,
                                    const int64_t size[DVT_SPATIAL], bool last,
                                    dnnl_memory_desc_t *md)
{
    dnnl_format_tag_t first_tag = l->spatial == 2 ? dnnl_abcd : dnnl_abcde;
    dnnl_format_tag_t last_tag = l->spatial == 2 ? dnnl_acdb : dnnl_acdeb;
    dnnl_dims_t       dims = {n, c};

    for (int i = 0; i < l->spatial; i++)
        dims[2 + i] = size[DVT_SPATIAL - l->spatial + i];
    return dnnl_memory_desc_init_by_tag(md, 2 + l->spatial, dims, dnnl_f32,
                                        last ? last_tag : first_tag);
}

/* Always with a group dimension: (g, out_c/g, in_c/g, ..). The transposed form stores the two
 * channel dimensions the other way round, which is a matter of strides. */
static dnnl_status_t describe_weights(const dvti_conv_layout *l, const dvt_conv_dims *d,
                                      bool transposed, dnnl_memory_desc_t *md)
{
    int64_t     g = d->groups, oc = d->out_c / g, ic = d->in_c / g, step = 1;
    dnnl_dims_t dims = {g, oc, ic}, strides;

    for (int i = l->spatial - 1; i >= 0; i--) {
        dims[3 + i] = d->kernel[DVT_SPATIAL - l->spatial + i];
        strides[3 + i] = step;
        step *= dims[3 + i];
    }
    strides[1] = transposed ? step : step * ic;
    strides[2] = transposed ? step * oc : step;
    strides[0] = step * ic * oc;
    return dnnl_memory_desc_init_by_strides(md, 3 + l->spatial, dims, dnnl_f32, strides);
}

dvt_status dvti_conv_describe(dvt_ctx *ctx, const dvt_conv_dims *d, const dvt_conv_plan_opts *opts,
                           dvti_conv_layout *l)
{
    dnnl_dims_t   bias_dims = {d->out_c};
    dnnl_status_t st;

    l->spatial = d->in[0] == 1 && d->out[0] == 1 && d->kernel[0] == 1 ? 2 : 3;
    for (int i = 0; i < l->spatial; i++) {
        int from = DVT_SPATIAL - l->spatial + i;
        l->stride[i] = d->stride[from];
        l->dilation[i] = d->dilation[from] - 1;
        l->pad_lo[i] = d->pad_lo[from];
        l->pad_hi[i] = d->pad_hi[from];
    }
    st = describe_image(l, d->n, d->in_c, d->in, opts->x_last, &l->x);
    if (st == dnnl_success)
        st = describe_image(l, d->n, d->out_c, d->out, opts->y_last, &l->y);
    if (st == dnnl_success)
        st = describe_weights(l, d, opts->transposed, &l->w);
    if (st == dnnl_success)
        st = dnnl_memory_desc_init_by_tag(&l->bias, 1, bias_dims, dnnl_f32, dnnl_a);
    return dvti_conv_checked(ctx, st, "describe a convolution");
}

static dnnl_memory_desc_t any_layout(const dnnl_memory_desc_t *md)
{
    dnnl_memory_desc_t any;

    dnnl_memory_desc_init_by_tag(&any, md->ndims, md->dims, md->data_type, dnnl_format_tag_any);
    return any;
}

/* ---- the convolution itself ---------------------------------------------------------------- */

static dnnl_status_t make_attr(const dvt_act *fused, dnnl_primitive_attr_t *attr)
{
    dnnl_post_ops_t ops = NULL;
    dnnl_status_t   st = dnnl_primitive_attr_create(attr);

    if (st == dnnl_success)
        st = dnnl_primitive_attr_set_scratchpad_mode(*attr, dnnl_scratchpad_mode_user);
    if (st == dnnl_success)
        st = dnnl_post_ops_create(&ops);
    if (st == dnnl_success && fused->kind == DVT_ACT_RELU)
        st = dnnl_post_ops_append_eltwise(ops, 1.0f, dnnl_eltwise_relu, 0.0f, 0.0f);
    if (st == dnnl_success && fused->kind == DVT_ACT_CLIP)
        st = dnnl_post_ops_append_eltwise(ops, 1.0f, dnnl_eltwise_clip, fused->min, fused->max);
    if (st == dnnl_success)
        st = dnnl_primitive_attr_set_post_ops(*attr, ops);
    if (ops)
        dnnl_post_ops_destroy(ops);
    return st;
}

/* `last`: channels-last images, else oneDNN chooses. `w`: the layout of the weights. */
static dnnl_status_t make_desc(const dvt_conv_plan *p, const dvti_conv_layout *l, bool with_bias,
                               bool transposed, bool last, const dnnl_memory_desc_t *w,
                               const dvt_act *fused, dnnl_primitive_desc_t *pd)
{
    dnnl_memory_desc_t        x = last ? l->x : any_layout(&l->x);
    dnnl_memory_desc_t        y = last ? l->y : any_layout(&l->y);
    const dnnl_memory_desc_t *bias = with_bias ? &l->bias : NULL;
    dnnl_convolution_desc_t   desc; /* the transposed form has the same type */
    dnnl_primitive_attr_t     attr = NULL;
    dnnl_status_t             st;

    if (transposed)
        st = dnnl_dilated_deconvolution_forward_desc_init(
            &desc, dnnl_forward_inference, dnnl_deconvolution_direct, &x, w, bias, &y, l->stride,
            l->dilation, l->pad_lo, l->pad_hi);
    else
        st = dnnl_dilated_convolution_forward_desc_init(
            &desc, dnnl_forward_inference, dnnl_convolution_direct, &x, w, bias, &y, l->stride,
            l->dilation, l->pad_lo, l->pad_hi);
    if (st == dnnl_success)
        st = make_attr(fused, &attr);
    if (st == dnnl_success)
        st = dnnl_primitive_desc_create(pd, &desc, attr, p->engine, NULL);
    if (attr)
        dnnl_primitive_attr_destroy(attr);
    return st;
}

/* Generated for channels-last images; oneDNN's fallbacks are slower than other layouts would be. */
static bool is_generated(const_dnnl_primitive_desc_t pd)
{
    const char *name = "";

    return dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, (void *)&name) ==
               dnnl_success &&
           !strstr(name, "gemm:") && !strstr(name, "ref");
}

/* ---- slices -------------------------------------------------------------------------------- */

enum { AXIS_N = -1 };

/* The outermost dimension with an extent: AXIS_N or a spatial one. */
static int slice_axis(const dvt_conv_dims *d)
{
    int axis = AXIS_N;

    while (axis + 1 < DVT_SPATIAL && (axis == AXIS_N ? d->n : d->out[axis]) == 1)
        axis++;
    return axis;
}

static int64_t slices_wanted(const dvt_conv_dims *d, bool transposed)
{
    int     axis = slice_axis(d);
    int64_t extent = axis == AXIS_N ? d->n : d->out[axis], count = dvt_conv_macs(d) / SLICE_MACS;
    int64_t places = d->n * d->out[0] * d->out[1] * d->out[2];

    count = count > places / SLICE_PLACES ? places / SLICE_PLACES : count;
    count = count > DVTI_CONV_SLICES ? DVTI_CONV_SLICES : count;
    count = count > extent ? extent : count;
    return transposed || count < 1 ? 1 : count;
}

/* Outputs [lo, hi) along the axis; *x_first: where their input starts. False: they see nothing but
 * pads. */
static bool slice_dims(const dvt_conv_dims *d, int axis, int64_t lo, int64_t hi, dvt_conv_dims *out,
                       int64_t *x_first)
{
    int64_t begin, end;

    *out = *d;
    *x_first = lo;
    if (axis == AXIS_N) {
        out->n = hi - lo;
        return true;
    }
    begin = lo * d->stride[axis] - d->pad_lo[axis];
    end = (hi - 1) * d->stride[axis] - d->pad_lo[axis] + (d->kernel[axis] - 1) * d->dilation[axis] +
          1;
    *x_first = begin < 0 ? 0 : begin;
    out->pad_lo[axis] = *x_first - begin;
    out->pad_hi[axis] = end > d->in[axis] ? end - d->in[axis] : 0;
    out->in[axis] = end - out->pad_hi[axis] - *x_first;
    out->out[axis] = hi - lo;
    return out->in[axis] > 0;
}

/* Floats of one step along the axis of channels-last images. */
static int64_t slice_pitch(int axis, const int64_t size[DVT_SPATIAL], int64_t channels)
{
    for (int i = axis + 1; i < DVT_SPATIAL; i++)
        channels *= size[i];
    return channels;
}

/* Makes the primitive of new dimensions. The first chooses the layout of the weights. E_UNSUPPORTED
 * (not raised) if it is not worth slicing. */
static dvt_status add_variant(dvt_conv_plan *p, const dvt_conv_dims *d, bool with_bias,
                              const dvt_conv_plan_opts *opts, bool last)
{
    const dvt_act         none = {.kind = DVT_ACT_NONE};
    dvt_conv_plan_opts    own = *opts;
    dvti_conv_variant              *v = &p->variants[p->variant_count];
    dvti_conv_layout                l;
    dnnl_primitive_desc_t pd = NULL;
    dvt_status            st;

    own.x_last |= last;
    own.y_last |= last;
    st = dvti_conv_describe(p->ctx, d, &own, &l);
    if (st != DVT_OK)
        return st;
    dnnl_memory_desc_t w = p->variant_count ? p->variants[0].w : any_layout(&l.w);
    dnnl_status_t      made = make_desc(p, &l, with_bias, opts->transposed, last, &w,
                                   opts->transposed ? &none : &opts->act, &pd);
    if (last && (made == dnnl_unimplemented || (made == dnnl_success && !is_generated(pd)))) {
        st = DVT_E_UNSUPPORTED;
        goto done;
    }
    v->d = *d;
    if (made == dnnl_success) {
        v->x = *dnnl_primitive_desc_query_md(pd, dnnl_query_src_md, 0);
        v->w = *dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0);
        v->y = *dnnl_primitive_desc_query_md(pd, dnnl_query_dst_md, 0);
        v->pad = *dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0);
        made = dnnl_primitive_create(&v->conv, pd);
    }
    st = dvti_conv_checked(p->ctx, made, "make a convolution");
    p->variant_count += st == DVT_OK;
done:
    if (pd)
        dnnl_primitive_desc_destroy(pd);
    return st;
}

static dvt_status add_slice(dvt_conv_plan *p, const dvt_conv_dims *d, bool with_bias,
                            const dvt_conv_plan_opts *opts, bool last)
{
    dvti_conv_slice     *s = &p->slices[p->slice_count];
    int32_t    i = 0;
    dvt_status st = DVT_OK;

    while (i < p->variant_count && memcmp(&p->variants[i].d, d, sizeof *d) != 0)
        i++;
    if (i == p->variant_count)
        st = add_variant(p, d, with_bias, opts, last);
    if (st != DVT_OK)
        return st;
    s->v = &p->variants[i];
    p->slice_count++;
    dnnl_status_t made = dnnl_stream_create(&s->stream, p->engine, dnnl_stream_default_flags);
    if (made == dnnl_success)
        made = dnnl_memory_create(&s->x, &s->v->x, p->engine, DNNL_MEMORY_NONE);
    if (made == dnnl_success)
        made = dnnl_memory_create(&s->y, &s->v->y, p->engine, DNNL_MEMORY_NONE);
    if (made == dnnl_success)
        made = dnnl_memory_create(&s->pad, &s->v->pad, p->engine, DNNL_MEMORY_NONE);
    return dvti_conv_checked(p->ctx, made, "prepare a part of a convolution");
}

void dvti_conv_drop_slices(dvt_conv_plan *p)
{
    for (int32_t i = 0; i < p->slice_count; i++) {
        dnnl_memory_t memories[] = {p->slices[i].x, p->slices[i].y, p->slices[i].pad};
        for (int k = 0; k < 3; k++)
            if (memories[k])
                dnnl_memory_destroy(memories[k]);
        if (p->slices[i].stream)
            dnnl_stream_destroy(p->slices[i].stream);
        p->slices[i] = (dvti_conv_slice){0};
    }
    for (int32_t i = 0; i < p->variant_count; i++)
        dnnl_primitive_destroy(p->variants[i].conv);
    p->slice_count = p->variant_count = 0;
}

/* Several slices, or E_UNSUPPORTED (not raised). */
static dvt_status cut(dvt_conv_plan *p, const dvt_conv_dims *d, bool with_bias,
                      const dvt_conv_plan_opts *opts, int64_t count)
{
    int        axis = slice_axis(d);
    int64_t    extent = axis == AXIS_N ? d->n : d->out[axis];
    dvt_status st = DVT_OK;

    for (int64_t i = 0; st == DVT_OK && i < count; i++) {
        dvt_conv_dims part;
        int64_t       lo = extent * i / count, x_first;
        if (!slice_dims(d, axis, lo, extent * (i + 1) / count, &part, &x_first))
            return DVT_E_UNSUPPORTED;
        p->slices[p->slice_count].x_at = x_first * slice_pitch(axis, d->in, d->in_c);
        p->slices[p->slice_count].y_at = lo * slice_pitch(axis, d->out, d->out_c);
        st = add_slice(p, &part, with_bias, opts, true);
    }
    return st;
}

dvt_status dvti_conv_make_slices(dvt_conv_plan *p, const dvt_conv_dims *d, bool with_bias,
                              const dvt_conv_plan_opts *opts)
{
    int64_t    count = slices_wanted(d, opts->transposed);
    dvt_status st = count > 1 ? cut(p, d, with_bias, opts, count) : DVT_E_UNSUPPORTED;

    if (st != DVT_E_UNSUPPORTED)
        return st;
    dvti_conv_drop_slices(p);
    return add_slice(p, d, with_bias, opts, false);
}
