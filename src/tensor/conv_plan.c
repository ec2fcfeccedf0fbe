/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conv_plan.c - the fast convolution: oneDNN with weights packed once and the activation fused.
 *
 * Idea      Making a plan lets oneDNN choose the layouts it computes fastest in, generates its code
 *           and packs the weights into the chosen layout. A run reorders the input into scratch,
 *           computes, and reorders the output back, each only where the layouts differ.
 * Invariants (1) a run allocates nothing: oneDNN's own scratch is in the caller's block too;
 *           (2) oneDNN uses the number of threads that the context had when the plan was made. Its
 *           generated convolutions share out outputs, never a sum. Its fallback through matrix
 *           products cuts sums by threads, so it gets one thread: the bits do not depend on the
 *           number (tests/unit/test_kernels_conv.c compares several). Work that one core does in a
 *           fraction of a millisecond gets one thread, too: waiting for others would take longer.
 * Memory    scratch = [input in the chosen layout | output in it | oneDNN's scratchpad]
 * Limits    float32. The transposed form computes its activation in a pass of its own.
 * Tests     tests/unit/test_kernels_conv.c, against conv_ref.c on random dimensions.
 */
#include "dovetail/kernels.h"
#include "tensor/omp_int.h"

#include <dnnl.h>
#include <string.h>

struct dvt_conv_plan {
    dvt_ctx         *ctx;
    uint32_t         jobs;
    dnnl_engine_t    engine;
    dnnl_stream_t    stream;
    dnnl_primitive_t conv, pack_x, unpack_y; /* the last two NULL if the layouts agree */
    dnnl_memory_t    plain_x, plain_y;       /* the caller's arrays */
    dnnl_memory_t    x, y, w, bias, pad;     /* what `conv` works on; bias may be NULL */
    float           *w_data, *bias_data;     /* owned */
    size_t           x_bytes, y_bytes, pad_bytes; /* parts of the scratch, whole DVT_ALIGN units */
    dvt_act          late_act; /* the activation that is not fused */
    int64_t          y_count;
};

/* oneDNN's view of the dimensions while a plan is made. */
typedef struct layout {
    int                spatial; /* 2 or 3 */
    dnnl_dims_t        stride, dilation, pad_lo, pad_hi;
    dnnl_memory_desc_t x, w, y, bias; /* as the caller has them */
} layout;

static dvt_status checked(dvt_ctx *ctx, dnnl_status_t st, const char *what)
{
    if (st == dnnl_success)
        return DVT_OK;
    if (st == dnnl_out_of_memory)
        return dvt_fail(ctx, DVT_E_NOMEM, NULL, "oneDNN has no memory to %s", what);
    return dvt_fail(ctx, DVT_E_INTERNAL, NULL, "oneDNN refused to %s (status %d)", what, (int)st);
}

/* ---- descriptions -------------------------------------------------------------------------- */

static dnnl_status_t describe_image(const layout *l, int64_t n, int64_t c,
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
static dnnl_status_t describe_weights(const layout *l, const dvt_conv_dims *d, bool transposed,
                                      dnnl_memory_desc_t *md)
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

static dvt_status describe(dvt_ctx *ctx, const dvt_conv_dims *d, const dvt_conv_plan_opts *opts,
                           layout *l)
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
    return checked(ctx, st, "describe a convolution");
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

static dnnl_status_t make_desc(const dvt_conv_plan *p, const layout *l, bool with_bias,
                               bool transposed, const dvt_act *fused, dnnl_primitive_desc_t *pd)
{
    dnnl_memory_desc_t        x = any_layout(&l->x), w = any_layout(&l->w), y = any_layout(&l->y);
    const dnnl_memory_desc_t *bias = with_bias ? &l->bias : NULL;
    dnnl_convolution_desc_t   desc; /* the transposed form has the same type */
    dnnl_primitive_attr_t     attr = NULL;
    dnnl_status_t             st;

    if (transposed)
        st = dnnl_dilated_deconvolution_forward_desc_init(
            &desc, dnnl_forward_inference, dnnl_deconvolution_direct, &x, &w, bias, &y, l->stride,
            l->dilation, l->pad_lo, l->pad_hi);
    else
        st = dnnl_dilated_convolution_forward_desc_init(
            &desc, dnnl_forward_inference, dnnl_convolution_direct, &x, &w, bias, &y, l->stride,
            l->dilation, l->pad_lo, l->pad_hi);
    if (st == dnnl_success)
        st = make_attr(fused, &attr);
    if (st == dnnl_success)
        st = dnnl_primitive_desc_create(pd, &desc, attr, p->engine, NULL);
    if (attr)
        dnnl_primitive_attr_destroy(attr);
    return st;
}

/* True for the fallback that lowers to matrix products, whose sums depend on the threads. */
static bool cuts_sums(const_dnnl_primitive_desc_t pd)
{
    const char *name = "";

    return dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, (void *)&name) ==
               dnnl_success &&
           strstr(name, "gemm:") != NULL;
}

/* The primitive and its description, on one thread if more would change the bits. */
static dnnl_status_t make_conv(dvt_conv_plan *p, const layout *l, bool with_bias, bool transposed,
                               const dvt_act *fused, dnnl_primitive_desc_t *pd)
{
    dnnl_status_t st = make_desc(p, l, with_bias, transposed, fused, pd);

    if (st == dnnl_success && p->jobs > 1 && cuts_sums(*pd)) {
        dnnl_primitive_desc_destroy(*pd);
        *pd = NULL;
        p->jobs = 1;
        omp_set_num_threads(1); /* inside the caller's scope */
        st = make_desc(p, l, with_bias, transposed, fused, pd);
    }
    return st == dnnl_success ? dnnl_primitive_create(&p->conv, *pd) : st;
}

static dnnl_status_t make_reorder(const dvt_conv_plan *p, const dnnl_memory_desc_t *from,
                                  const dnnl_memory_desc_t *to, dnnl_primitive_t *out)
{
    dnnl_primitive_desc_t pd = NULL;
    dnnl_status_t         st =
        dnnl_reorder_primitive_desc_create(&pd, from, p->engine, to, p->engine, NULL);

    if (st == dnnl_success)
        st = dnnl_primitive_create(out, pd);
    if (pd)
        dnnl_primitive_desc_destroy(pd);
    return st;
}

static dnnl_status_t run_reorder(const dvt_conv_plan *p, dnnl_primitive_t reorder,
                                 dnnl_memory_t from, dnnl_memory_t to)
{
    dnnl_exec_arg_t args[] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};

    return dnnl_primitive_execute(reorder, p->stream, 2, args);
}

/* ---- weights, input and output ------------------------------------------------------------- */

static size_t aligned_size(const dnnl_memory_desc_t *md)
{
    return (dnnl_memory_desc_get_size(md) + DVT_ALIGN - 1) / DVT_ALIGN * DVT_ALIGN;
}

static dvt_status pack_weights(dvt_conv_plan *p, const layout *l, const dnnl_memory_desc_t *chosen,
                               const float *w)
{
    dnnl_memory_t    plain = NULL;
    dnnl_primitive_t reorder = NULL;
    dnnl_status_t    st;

    p->w_data = dvt_alloc(p->ctx, aligned_size(chosen));
    if (!p->w_data)
        return DVT_E_NOMEM;
    st = dnnl_memory_create(&p->w, chosen, p->engine, p->w_data);
    if (st == dnnl_success) /* oneDNN only reads it */
        st = dnnl_memory_create(&plain, &l->w, p->engine, (void *)(uintptr_t)w);
    if (st == dnnl_success)
        st = make_reorder(p, &l->w, chosen, &reorder);
    if (st == dnnl_success)
        st = run_reorder(p, reorder, plain, p->w);
    if (reorder)
        dnnl_primitive_destroy(reorder);
    if (plain)
        dnnl_memory_destroy(plain);
    return checked(p->ctx, st, "pack the weights of a convolution");
}

static dvt_status copy_bias(dvt_conv_plan *p, const layout *l, const float *bias)
{
    size_t bytes = dnnl_memory_desc_get_size(&l->bias);

    if (!bias)
        return DVT_OK;
    p->bias_data = dvt_alloc(p->ctx, bytes);
    if (!p->bias_data)
        return DVT_E_NOMEM;
    memcpy(p->bias_data, bias, bytes);
    return checked(p->ctx, dnnl_memory_create(&p->bias, &l->bias, p->engine, p->bias_data),
                   "hold the bias of a convolution");
}

static dvt_status make_ends(dvt_conv_plan *p, const layout *l, const dnnl_memory_desc_t *x,
                            const dnnl_memory_desc_t *y, const dnnl_memory_desc_t *pad)
{
    bool pack = !dnnl_memory_desc_equal(x, &l->x), unpack = !dnnl_memory_desc_equal(y, &l->y);
    dnnl_status_t st = dnnl_memory_create(&p->plain_x, &l->x, p->engine, DNNL_MEMORY_NONE);

    p->x_bytes = pack ? aligned_size(x) : 0;
    p->y_bytes = unpack ? aligned_size(y) : 0;
    p->pad_bytes = aligned_size(pad);
    if (st == dnnl_success)
        st = dnnl_memory_create(&p->plain_y, &l->y, p->engine, DNNL_MEMORY_NONE);
    if (st == dnnl_success)
        st = dnnl_memory_create(&p->x, x, p->engine, DNNL_MEMORY_NONE);
    if (st == dnnl_success)
        st = dnnl_memory_create(&p->y, y, p->engine, DNNL_MEMORY_NONE);
    if (st == dnnl_success)
        st = dnnl_memory_create(&p->pad, pad, p->engine, DNNL_MEMORY_NONE);
    if (st == dnnl_success && pack)
        st = make_reorder(p, &l->x, x, &p->pack_x);
    if (st == dnnl_success && unpack)
        st = make_reorder(p, y, &l->y, &p->unpack_y);
    return checked(p->ctx, st, "prepare input and output of a convolution");
}

/* ---- plan ---------------------------------------------------------------------------------- */

static dvt_status build(dvt_conv_plan *p, const dvt_conv_dims *d, const float *w, const float *bias,
                        const dvt_conv_plan_opts *opts)
{
    dvt_act               none = {.kind = DVT_ACT_NONE};
    layout                l;
    dnnl_primitive_desc_t pd = NULL;
    dnnl_status_t         made;
    dvt_status            st;

    made = dnnl_engine_create(&p->engine, dnnl_cpu, 0);
    if (made == dnnl_success)
        made = dnnl_stream_create(&p->stream, p->engine, dnnl_stream_default_flags);
    st = checked(p->ctx, made, "start");
    if (st == DVT_OK)
        st = describe(p->ctx, d, opts, &l);
    if (st != DVT_OK)
        goto done;
    p->late_act = opts->transposed ? opts->act : none;
    made = make_conv(p, &l, bias != NULL, opts->transposed, opts->transposed ? &none : &opts->act,
                     &pd);
    st = checked(p->ctx, made, "make a convolution");
    if (st == DVT_OK)
        st = pack_weights(p, &l, dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0), w);
    if (st == DVT_OK)
        st = copy_bias(p, &l, bias);
    if (st == DVT_OK)
        st = make_ends(p, &l, dnnl_primitive_desc_query_md(pd, dnnl_query_src_md, 0),
                       dnnl_primitive_desc_query_md(pd, dnnl_query_dst_md, 0),
                       dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0));
done:
    if (pd)
        dnnl_primitive_desc_destroy(pd);
    return st;
}

/* Below this, a second thread costs more than it saves: on two cores that others use as well, a
 * network of small convolutions took ten times as long with two. */
static const double MACS_WORTH_THREADS = 4e6;

static uint32_t threads_for(const dvt_ctx *ctx, const dvt_conv_dims *d, bool transposed)
{
    const int64_t *places = transposed ? d->in : d->out;
    double         macs = (double)d->n * (double)d->out_c * (double)(d->in_c / d->groups);

    for (int i = 0; i < DVT_SPATIAL; i++) {
        macs *= (double)places[i] * (double)d->kernel[i];
    }
    return macs < MACS_WORTH_THREADS ? 1 : dvt_ctx_jobs(ctx);
}

dvt_status dvt_conv_plan_create(dvt_ctx *ctx, const dvt_conv_dims *d, const float *w,
                                const float *bias, const dvt_conv_plan_opts *opts,
                                dvt_conv_plan **out)
{
    const dvt_conv_plan_opts defaults = {.transposed = false};
    dvt_conv_plan           *p = NULL;
    dvt_status               st;
    int                      before;

    *out = NULL;
    opts = opts ? opts : &defaults;
    st = opts->transposed ? dvt_conv_transpose_dims_check(ctx, d) : dvt_conv_dims_check(ctx, d);
    if (st != DVT_OK)
        return st;
    p = dvt_calloc(ctx, 1, sizeof *p);
    if (!p)
        return DVT_E_NOMEM;
    p->ctx = ctx;
    p->jobs = threads_for(ctx, d, opts->transposed);
    p->y_count = d->n * d->out_c * d->out[0] * d->out[1] * d->out[2];
    before = dvti_omp_enter(p->jobs);
    st = build(p, d, w, bias, opts);
    dvti_omp_leave(before);
    if (st == DVT_OK) {
        *out = p;
        p = NULL;
    }
    dvt_conv_plan_destroy(p);
    return st;
}

void dvt_conv_plan_destroy(dvt_conv_plan *p)
{
    if (!p)
        return;
    dnnl_memory_t    memories[] = {p->plain_x, p->plain_y, p->x, p->y, p->w, p->bias, p->pad};
    dnnl_primitive_t primitives[] = {p->conv, p->pack_x, p->unpack_y};

    for (size_t i = 0; i < sizeof primitives / sizeof primitives[0]; i++)
        if (primitives[i])
            dnnl_primitive_destroy(primitives[i]);
    for (size_t i = 0; i < sizeof memories / sizeof memories[0]; i++)
        if (memories[i])
            dnnl_memory_destroy(memories[i]);
    if (p->stream)
        dnnl_stream_destroy(p->stream);
    if (p->engine)
        dnnl_engine_destroy(p->engine);
    dvt_free(p->ctx, p->w_data);
    dvt_free(p->ctx, p->bias_data);
    dvt_free(p->ctx, p);
}

size_t dvt_conv_plan_scratch_bytes(const dvt_conv_plan *p)
{
    return p->x_bytes + p->y_bytes + p->pad_bytes;
}

/* ---- run ----------------------------------------------------------------------------------- */

static dnnl_status_t place_arrays(const dvt_conv_plan *p, const float *x, float *y,
                                  uint8_t *scratch)
{
    float        *own_x = (float *)(uintptr_t)x; /* oneDNN only reads it */
    dnnl_status_t st = dnnl_memory_set_data_handle(p->plain_x, own_x);

    if (st == dnnl_success)
        st = dnnl_memory_set_data_handle(p->plain_y, y);
    if (st == dnnl_success)
        st = dnnl_memory_set_data_handle(p->x, p->pack_x ? (void *)scratch : own_x);
    if (st == dnnl_success)
        st = dnnl_memory_set_data_handle(p->y, p->unpack_y ? (void *)(scratch + p->x_bytes) : y);
    if (st == dnnl_success && p->pad_bytes)
        st = dnnl_memory_set_data_handle(p->pad, scratch + p->x_bytes + p->y_bytes);
    return st;
}

static dnnl_status_t execute(const dvt_conv_plan *p)
{
    dnnl_exec_arg_t args[] = {{DNNL_ARG_SRC, p->x},
                              {DNNL_ARG_WEIGHTS, p->w},
                              {DNNL_ARG_DST, p->y},
                              {DNNL_ARG_SCRATCHPAD, p->pad},
                              {DNNL_ARG_BIAS, p->bias}};
    dnnl_status_t   st = dnnl_success;

    if (p->pack_x)
        st = run_reorder(p, p->pack_x, p->plain_x, p->x);
    if (st == dnnl_success)
        st = dnnl_primitive_execute(p->conv, p->stream, p->bias ? 5 : 4, args);
    if (st == dnnl_success && p->unpack_y)
        st = run_reorder(p, p->unpack_y, p->y, p->plain_y);
    if (st == dnnl_success)
        st = dnnl_stream_wait(p->stream);
    return st;
}

static void run_late_act(const dvt_conv_plan *p, float *y)
{
    dvt_unary_params fn = {.fn = p->late_act.kind == DVT_ACT_RELU ? DVT_UNARY_RELU : DVT_UNARY_CLIP,
                           .alpha = p->late_act.min,
                           .beta = p->late_act.max};

    if (p->late_act.kind != DVT_ACT_NONE)
        dvt_unary_f32_fast(p->ctx, &fn, p->y_count, y, y);
}

dvt_status dvt_conv_plan_run(const dvt_conv_plan *p, const float *x, float *y, void *scratch)
{
    int           before = dvti_omp_enter(p->jobs);
    dnnl_status_t st = place_arrays(p, x, y, scratch);

    if (st == dnnl_success)
        st = execute(p);
    dvti_omp_leave(before);
    if (st == dnnl_success)
        run_late_act(p, y);
    return checked(p->ctx, st, "run a convolution");
}
