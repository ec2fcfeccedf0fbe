/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conv_plan.c - the fast convolution: oneDNN with weights packed once and the activation fused.
 *
 * Idea      Making a plan lets oneDNN choose the layout of the weights, generates its code and
 *           packs the weights. A large convolution is cut into slices along the outermost dimension
 *           that has an extent (images, or rows of one image); slices read and write channels-last
 *           images, in which they are one stretch of memory. A run rearranges the input into
 *           scratch and the output back, each only where the layouts differ, and shares the slices
 *           out to the context's threads. Small convolutions are one slice, for which oneDNN
 *           chooses the layouts.
 * Threads   Ours, not those of oneDNN, which computes every slice on one thread: how a convolution
 *           is cut depends on its dimensions alone, so the bits do not depend on their number.
 *           OpenMP's threads also wait for one another by spinning, which on a machine with other
 *           work costs 10 to 100 times the run.
 * Invariants (1) a run allocates nothing: oneDNN's own scratch is in the caller's block too;
 *           (2) slices of equal dimensions share one primitive, all slices the weights.
 * Memory    scratch = [input in the chosen layout | output in it | a scratchpad for each thread]
 * Limits    float32. The transposed form is one slice and computes its activation in a pass of its
 *           own.
 * Tests     tests/unit/test_kernels_conv.c, against conv_ref.c on random dimensions;
 *           tests/unit/test_channels_last.c: layouts change no bit; tests/unit/test_conv_slices.c:
 *           nor do slices and threads.
 */
#include "tensor/conv_plan_int.h"
#include "tensor/omp_int.h"

#include <string.h>

/* ---- rearranging --------------------------------------------------------------------------- */

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

static dvt_status pack_weights(dvt_conv_plan *p, const dvti_conv_layout *l,
                               const dnnl_memory_desc_t *chosen, const float *w)
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
    return dvti_conv_checked(p->ctx, st, "pack the weights of a convolution");
}

static dvt_status copy_bias(dvt_conv_plan *p, const dvti_conv_layout *l, const float *bias)
{
    size_t bytes = dnnl_memory_desc_get_size(&l->bias);

    if (!bias)
        return DVT_OK;
    p->bias_data = dvt_alloc(p->ctx, bytes);
    if (!p->bias_data)
        return DVT_E_NOMEM;
    memcpy(p->bias_data, bias, bytes);
    return dvti_conv_checked(p->ctx,
                             dnnl_memory_create(&p->bias, &l->bias, p->engine, p->bias_data),
                             "hold the bias of a convolution");
}

static dvt_status make_ends(dvt_conv_plan *p, const dvti_conv_layout *l,
                            const dnnl_memory_desc_t *x, const dnnl_memory_desc_t *y)
{
    bool pack = !dnnl_memory_desc_equal(x, &l->x), unpack = !dnnl_memory_desc_equal(y, &l->y);
    dnnl_status_t st = dnnl_memory_create(&p->plain_x, &l->x, p->engine, DNNL_MEMORY_NONE);

    p->x_bytes = pack ? aligned_size(x) : 0;
    p->y_bytes = unpack ? aligned_size(y) : 0;
    for (int32_t i = 0; i < p->variant_count; i++)
        if (p->pad_bytes < aligned_size(&p->variants[i].pad))
            p->pad_bytes = aligned_size(&p->variants[i].pad);
    if (st == dnnl_success)
        st = dnnl_memory_create(&p->plain_y, &l->y, p->engine, DNNL_MEMORY_NONE);
    if (st == dnnl_success)
        st = dnnl_memory_create(&p->x, x, p->engine, DNNL_MEMORY_NONE);
    if (st == dnnl_success)
        st = dnnl_memory_create(&p->y, y, p->engine, DNNL_MEMORY_NONE);
    if (st == dnnl_success && pack)
        st = make_reorder(p, &l->x, x, &p->pack_x);
    if (st == dnnl_success && unpack)
        st = make_reorder(p, y, &l->y, &p->unpack_y);
    return dvti_conv_checked(p->ctx, st, "prepare input and output of a convolution");
}

/* ---- plan ---------------------------------------------------------------------------------- */

/* The layouts of the whole images that the slices are parts of. */
static dvt_status whole_layouts(const dvt_conv_plan *p, const dvt_conv_dims *d,
                                const dvt_conv_plan_opts *opts, dnnl_memory_desc_t *x,
                                dnnl_memory_desc_t *y)
{
    dvt_conv_plan_opts last = {.transposed = opts->transposed, .x_last = true, .y_last = true};
    dvti_conv_layout             l;
    dvt_status         st = dvti_conv_describe(p->ctx, d, &last, &l);

    if (st != DVT_OK)
        return st;
    *x = p->slice_count > 1 ? l.x : p->variants[0].x;
    *y = p->slice_count > 1 ? l.y : p->variants[0].y;
    return DVT_OK;
}

static dvt_status build(dvt_conv_plan *p, const dvt_conv_dims *d, const float *w, const float *bias,
                        const dvt_conv_plan_opts *opts)
{
    dnnl_memory_desc_t x, y;
    dvti_conv_layout             l;
    dnnl_status_t      made = dnnl_engine_create(&p->engine, dnnl_cpu, 0);
    dvt_status         st;

    if (made == dnnl_success)
        made = dnnl_stream_create(&p->stream, p->engine, dnnl_stream_default_flags);
    st = dvti_conv_checked(p->ctx, made, "start");
    if (st == DVT_OK)
        st = dvti_conv_describe(p->ctx, d, opts, &l);
    if (st == DVT_OK)
        st = dvti_conv_make_slices(p, d, bias != NULL, opts);
    if (st == DVT_OK)
        st = pack_weights(p, &l, &p->variants[0].w, w);
    if (st == DVT_OK)
        st = copy_bias(p, &l, bias);
    if (st == DVT_OK)
        st = whole_layouts(p, d, opts, &x, &y);
    if (st == DVT_OK)
        st = make_ends(p, &l, &x, &y);
    return st;
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
    p->slices = dvt_calloc(ctx, DVTI_CONV_SLICES, sizeof *p->slices);
    if (!p->slices) {
        dvt_free(ctx, p);
        return DVT_E_NOMEM;
    }
    if (opts->transposed)
        p->late_act = opts->act;
    p->y_count = d->n * d->out_c * d->out[0] * d->out[1] * d->out[2];
    before = dvti_omp_enter(1);
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
    dnnl_memory_t    memories[] = {p->plain_x, p->plain_y, p->x, p->y, p->w, p->bias};
    dnnl_primitive_t primitives[] = {p->pack_x, p->unpack_y};

    dvti_conv_drop_slices(p);
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
    dvt_free(p->ctx, p->slices);
    dvt_free(p->ctx, p->w_data);
    dvt_free(p->ctx, p->bias_data);
    dvt_free(p->ctx, p);
}

size_t dvt_conv_plan_scratch_bytes(const dvt_conv_plan *p)
{
    return p->x_bytes + p->y_bytes + dvt_ctx_jobs(p->ctx) * p->pad_bytes;
}

/* ---- run ----------------------------------------------------------------------------------- */

typedef struct conv_job {
    const dvt_conv_plan *p;
    float               *x, *y; /* whole images as the slices see them */
    uint8_t             *pads;
} conv_job;

static dnnl_status_t run_slice(const conv_job *job, dvti_conv_slice *s, uint32_t worker)
{
    const dvt_conv_plan *p = job->p;
    dnnl_exec_arg_t      args[] = {{DNNL_ARG_SRC, s->x},
                                   {DNNL_ARG_WEIGHTS, p->w},
                                   {DNNL_ARG_DST, s->y},
                                   {DNNL_ARG_SCRATCHPAD, s->pad},
                                   {DNNL_ARG_BIAS, p->bias}};
    dnnl_status_t        st = dnnl_memory_set_data_handle(s->x, job->x + s->x_at);

    if (st == dnnl_success)
        st = dnnl_memory_set_data_handle(s->y, job->y + s->y_at);
    if (st == dnnl_success && p->pad_bytes)
        st = dnnl_memory_set_data_handle(s->pad, job->pads + worker * p->pad_bytes);
    if (st == dnnl_success)
        st = dnnl_primitive_execute(s->v->conv, s->stream, p->bias ? 5 : 4, args);
    if (st == dnnl_success)
        st = dnnl_stream_wait(s->stream);
    return st;
}

static void run_slices(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    const conv_job *job = ud;
    int             before = dvti_omp_enter(1);

    for (int64_t i = begin; i < end; i++)
        job->p->slices[i].status = run_slice(job, &job->p->slices[i], worker);
    dvti_omp_leave(before);
}

static dnnl_status_t execute(const dvt_conv_plan *p, conv_job *job)
{
    dnnl_status_t st = p->pack_x ? run_reorder(p, p->pack_x, p->plain_x, p->x) : dnnl_success;

    if (st == dnnl_success)
        dvt_parallel_for(p->ctx, p->slice_count, 1, run_slices, job);
    for (int32_t i = 0; st == dnnl_success && i < p->slice_count; i++)
        st = p->slices[i].status;
    if (st == dnnl_success && p->unpack_y)
        st = run_reorder(p, p->unpack_y, p->y, p->plain_y);
    return st == dnnl_success ? dnnl_stream_wait(p->stream) : st;
}

/* Sets the addresses of a run. */
static dnnl_status_t place_arrays(const dvt_conv_plan *p, const float *x, float *y,
                                  uint8_t *scratch, conv_job *job)
{
    float        *own_x = (float *)(uintptr_t)x; /* oneDNN only reads it */
    dnnl_status_t st = dnnl_memory_set_data_handle(p->plain_x, own_x);

    job->x = p->pack_x ? (float *)(void *)scratch : own_x;
    job->y = p->unpack_y ? (float *)(void *)(scratch + p->x_bytes) : y;
    /* no scratch: no pads either, and nothing may be added to NULL */
    job->pads = scratch ? scratch + p->x_bytes + p->y_bytes : NULL;
    if (st == dnnl_success)
        st = dnnl_memory_set_data_handle(p->plain_y, y);
    if (st == dnnl_success)
        st = dnnl_memory_set_data_handle(p->x, job->x);
    if (st == dnnl_success)
        st = dnnl_memory_set_data_handle(p->y, job->y);
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
    conv_job      job = {.p = p};
    int           before = dvti_omp_enter(1);
    dnnl_status_t st = place_arrays(p, x, y, scratch, &job);

    if (st == dnnl_success)
        st = execute(p, &job);
    dvti_omp_leave(before);
    if (st == dnnl_success)
        run_late_act(p, y);
    return dvti_conv_checked(p->ctx, st, "run a convolution");
}
