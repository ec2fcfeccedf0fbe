/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tape_conv.c - convolution and its gradients, computed by oneDNN.
 *
 * Idea      The images are cut into groups whose size depends on the dimensions alone; each group
 *           is one single-threaded call of oneDNN, forwards, backwards to the images, or backwards
 *           to weights and bias. Weight gradients of the groups are added in their order. Threads
 *           share out the groups, so the bits do not depend on their number.
 * Layouts   oneDNN chooses its own for images and weights; what differs from ours is rearranged on
 *           the way in and out. Primitives come from oneDNN's cache from the second call on.
 * Memory    rearranged copies belong to oneDNN while a call runs; they do not count in the context.
 * Tests     tests/unit/test_learn_layers.c, tests/diff/learn_torch.py
 */
#include "learn/rows.h"

#include "dovetail/layers.h"
#include "tensor/omp_int.h"

#include <dnnl.h>
#include <string.h>

enum { GROUPS_MAX = 16, GROUP_MACS = 1 << 22 };

typedef enum conv_pass { FORWARD, BACK_IMAGES, BACK_WEIGHTS } conv_pass;

typedef struct conv_attr {
    dvt_conv_dims d;
    int64_t       each; /* images of a group, the last may have less */
    int64_t       x_image, y_image, w_count; /* elements */
} conv_attr;

typedef struct conv_job {
    const conv_attr *a;
    conv_pass        pass;
    dnnl_engine_t    engine;
    float           *x, *w, *bias, *y; /* in BACK_..: x or w is the gradient to write, y is dy */
    dnnl_status_t    status[GROUPS_MAX];
} conv_job;

/* ---- one call of oneDNN -------------------------------------------------------------------- */

typedef struct slot {
    dnnl_memory_t      plain, chosen; /* the same if the layouts agree */
    dnnl_memory_desc_t plain_md, chosen_md;
    bool               output;
} slot;

typedef struct call {
    dnnl_engine_t         engine;
    dnnl_stream_t         stream;
    dnnl_primitive_desc_t forward, pd; /* pd = forward in the pass FORWARD */
    dnnl_primitive_t      primitive;
    dnnl_memory_desc_t    x, w, y, bias; /* ours */
    slot                  slots[4];
    dnnl_exec_arg_t       args[4];
    int                   count;
} call;

static dnnl_status_t rearrange(const call *c, const slot *s, bool in)
{
    const dnnl_memory_desc_t *from = in ? &s->plain_md : &s->chosen_md;
    const dnnl_memory_desc_t *to = in ? &s->chosen_md : &s->plain_md;
    dnnl_exec_arg_t args[] = {{DNNL_ARG_FROM, in ? s->plain : s->chosen},
                              {DNNL_ARG_TO, in ? s->chosen : s->plain}};
    dnnl_primitive_desc_t pd = NULL;
    dnnl_primitive_t      p = NULL;
    dnnl_status_t         st =
        dnnl_reorder_primitive_desc_create(&pd, from, c->engine, to, c->engine, NULL);

    if (st == dnnl_success)
        st = dnnl_primitive_create(&p, pd);
    if (st == dnnl_success)
        st = dnnl_primitive_execute(p, c->stream, 2, args);
    if (p)
        dnnl_primitive_destroy(p);
    if (pd)
        dnnl_primitive_desc_destroy(pd);
    return st;
}

/* Binds one array of ours to an argument. */
static dnnl_status_t bind(call *c, int arg, const dnnl_memory_desc_t *plain, dnnl_query_t what,
                          int index, float *data, bool output)
{
    slot         *s = &c->slots[c->count];
    dnnl_status_t st = dnnl_memory_create(&s->plain, plain, c->engine, data);

    s->plain_md = *plain;
    s->chosen_md = *dnnl_primitive_desc_query_md(c->pd, what, index);
    s->output = output;
    s->chosen = s->plain;
    if (st == dnnl_success && !dnnl_memory_desc_equal(&s->plain_md, &s->chosen_md)) {
        st = dnnl_memory_create(&s->chosen, &s->chosen_md, c->engine, DNNL_MEMORY_ALLOCATE);
        if (st == dnnl_success && !output)
            st = rearrange(c, s, true);
    }
    c->args[c->count++] = (dnnl_exec_arg_t){arg, s->chosen};
    return st;
}

static void call_deinit(call *c)
{
    for (int i = 0; i < c->count; i++) {
        if (c->slots[i].chosen && c->slots[i].chosen != c->slots[i].plain)
            dnnl_memory_destroy(c->slots[i].chosen);
        if (c->slots[i].plain)
            dnnl_memory_destroy(c->slots[i].plain);
    }
    if (c->primitive)
        dnnl_primitive_destroy(c->primitive);
    if (c->pd && c->pd != c->forward)
        dnnl_primitive_desc_destroy(c->pd);
    if (c->forward)
        dnnl_primitive_desc_destroy(c->forward);
    if (c->stream)
        dnnl_stream_destroy(c->stream);
}

static dnnl_memory_desc_t described(int rank, const dnnl_dims_t dims, dnnl_format_tag_t tag)
{
    dnnl_memory_desc_t md;

    dnnl_memory_desc_init_by_tag(&md, rank, dims, dnnl_f32, tag); /* fails on bad ranks only */
    return md;
}

static void describe(call *c, const dvt_conv_dims *d, int64_t images)
{
    dnnl_dims_t x = {images, d->in_c, d->in[1], d->in[2]};
    dnnl_dims_t y = {images, d->out_c, d->out[1], d->out[2]}, bias = {d->out_c};
    dnnl_dims_t w = {d->groups, d->out_c / d->groups, d->in_c / d->groups, d->kernel[1],
                     d->kernel[2]};

    c->x = described(4, x, dnnl_abcd);
    c->y = described(4, y, dnnl_abcd);
    c->w = described(5, w, dnnl_abcde);
    c->bias = described(1, bias, dnnl_a);
}

static dnnl_memory_desc_t any_layout(const dnnl_memory_desc_t *md)
{
    return described(md->ndims, md->dims, dnnl_format_tag_any);
}

static dnnl_status_t make_primitive(call *c, const dvt_conv_dims *d, conv_pass pass, bool bias)
{
    dnnl_memory_desc_t x = any_layout(&c->x), w = any_layout(&c->w), y = any_layout(&c->y);
    dnnl_dims_t stride = {d->stride[1], d->stride[2]}, pad = {d->pad_lo[1], d->pad_lo[2]};
    dnnl_dims_t dilation = {d->dilation[1] - 1, d->dilation[2] - 1};
    dnnl_convolution_desc_t desc;
    dnnl_memory_desc_t     *b = bias ? &c->bias : NULL;

    dnnl_status_t st = dnnl_dilated_convolution_forward_desc_init(
        &desc, dnnl_forward_training, dnnl_convolution_direct, &x, &w, b, &y, stride, dilation, pad,
        pad);
    if (st == dnnl_success)
        st = dnnl_primitive_desc_create(&c->forward, &desc, NULL, c->engine, NULL);
    c->pd = c->forward;
    if (st == dnnl_success && pass == BACK_IMAGES)
        st = dnnl_dilated_convolution_backward_data_desc_init(
            &desc, dnnl_convolution_direct, &x, &w, &y, stride, dilation, pad, pad);
    if (st == dnnl_success && pass == BACK_WEIGHTS)
        st = dnnl_dilated_convolution_backward_weights_desc_init(
            &desc, dnnl_convolution_direct, &x, &w, b, &y, stride, dilation, pad, pad);
    if (st == dnnl_success && pass != FORWARD) {
        c->pd = NULL;
        st = dnnl_primitive_desc_create(&c->pd, &desc, NULL, c->engine, c->forward);
    }
    return st == dnnl_success ? dnnl_primitive_create(&c->primitive, c->pd) : st;
}

static dnnl_status_t bind_all(call *c, conv_pass pass, float *x, float *w, float *bias, float *y)
{
    const dnnl_query_t src = dnnl_query_src_md, dst = dnnl_query_dst_md;
    const dnnl_query_t weights = dnnl_query_weights_md, d_dst = dnnl_query_diff_dst_md;
    dnnl_status_t      st;

    if (pass == FORWARD) {
        st = bind(c, DNNL_ARG_SRC, &c->x, src, 0, x, false);
        if (st == dnnl_success)
            st = bind(c, DNNL_ARG_WEIGHTS, &c->w, weights, 0, w, false);
        if (st == dnnl_success && bias)
            st = bind(c, DNNL_ARG_BIAS, &c->bias, weights, 1, bias, false);
        return st == dnnl_success ? bind(c, DNNL_ARG_DST, &c->y, dst, 0, y, true) : st;
    }
    st = bind(c, DNNL_ARG_DIFF_DST, &c->y, d_dst, 0, y, false);
    if (st == dnnl_success && pass == BACK_IMAGES) {
        st = bind(c, DNNL_ARG_WEIGHTS, &c->w, weights, 0, w, false);
        if (st == dnnl_success)
            st = bind(c, DNNL_ARG_DIFF_SRC, &c->x, dnnl_query_diff_src_md, 0, x, true);
    } else if (st == dnnl_success) {
        st = bind(c, DNNL_ARG_SRC, &c->x, src, 0, x, false);
        if (st == dnnl_success)
            st = bind(c, DNNL_ARG_DIFF_WEIGHTS, &c->w, dnnl_query_diff_weights_md, 0, w, true);
        if (st == dnnl_success && bias)
            st = bind(c, DNNL_ARG_DIFF_BIAS, &c->bias, dnnl_query_diff_weights_md, 1, bias, true);
    }
    return st;
}

static dnnl_status_t run_call(dnnl_engine_t engine, const dvt_conv_dims *d, conv_pass pass,
                              int64_t images, float *x, float *w, float *bias, float *y)
{
    call          c = {.engine = engine};
    dnnl_status_t st = dnnl_stream_create(&c.stream, engine, dnnl_stream_default_flags);

    describe(&c, d, images);
    if (st == dnnl_success)
        st = make_primitive(&c, d, pass, bias != NULL);
    if (st == dnnl_success)
        st = bind_all(&c, pass, x, w, bias, y);
    if (st == dnnl_success)
        st = dnnl_primitive_execute(c.primitive, c.stream, c.count, c.args);
    for (int i = 0; st == dnnl_success && i < c.count; i++)
        if (c.slots[i].output && c.slots[i].chosen != c.slots[i].plain)
            st = rearrange(&c, &c.slots[i], false);
    if (st == dnnl_success)
        st = dnnl_stream_wait(c.stream);
    call_deinit(&c);
    return st;
}

/* ---- groups of images ---------------------------------------------------------------------- */

static int64_t group_count(const conv_attr *a) { return (a->d.n + a->each - 1) / a->each; }

static void conv_range(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    conv_job        *j = ud;
    const conv_attr *a = j->a;
    int              before = dvti_omp_enter(1);

    (void)worker;
    for (int64_t g = begin; g < end; g++) {
        int64_t first = g * a->each, images = a->d.n - first < a->each ? a->d.n - first : a->each;
        bool    partial = j->pass == BACK_WEIGHTS;
        float  *w = j->w + (partial ? g * a->w_count : 0);
        float  *bias = j->bias ? j->bias + (partial ? g * a->d.out_c : 0) : NULL;
        j->status[g] = run_call(j->engine, &a->d, j->pass, images, j->x + first * a->x_image, w,
                                bias, j->y + first * a->y_image);
    }
    dvti_omp_leave(before);
}

static void run_groups(dvt_tape *t, conv_job *j)
{
    dnnl_status_t st = dnnl_engine_create(&j->engine, dnnl_cpu, 0);

    if (st == dnnl_success)
        dvt_parallel_for(t->ctx, group_count(j->a), 1, conv_range, j);
    for (int64_t g = 0; st == dnnl_success && g < group_count(j->a); g++)
        st = j->status[g];
    if (j->engine)
        dnnl_engine_destroy(j->engine);
    if (st == dnnl_out_of_memory)
        dvti_tape_fail(t, DVT_E_NOMEM, "conv2d: oneDNN has no memory");
    else if (st != dnnl_success)
        dvti_tape_fail(t, DVT_E_INTERNAL, "conv2d: oneDNN refused (status %d)", (int)st);
}

/* ---- gradients ----------------------------------------------------------------------------- */

static float *unconst(const float *p) /* oneDNN takes one pointer type for what it reads */
{
    return (float *)(uintptr_t)p;
}

static void image_gradient(dvt_tape *t, const dvti_node *n)
{
    const conv_attr *a = n->attr;
    int64_t          count = t->nodes[n->in[0]].count;
    conv_job         j = {.a = a, .pass = BACK_IMAGES, .y = n->grad};

    if (!dvti_wants(t, n->in[0]))
        return;
    j.x = dvti_grad_scratch(t, count);
    j.w = unconst(dvti_value(t, n->in[1]));
    if (!j.x)
        return;
    run_groups(t, &j);
    dvti_grad_give(t, n->in[0], j.x);
}

static void add_groups(dvt_tape *t, int32_t to, const float *partial, int64_t groups, int64_t count)
{
    bool   add;
    float *g = dvti_grad_of(t, to, &add);

    for (int64_t i = 0; g && i < groups; i++)
        dvti_put(g, partial + i * count, count, add || i > 0);
}

static void weight_gradients(dvt_tape *t, const dvti_node *n)
{
    const conv_attr *a = n->attr;
    int64_t          groups = group_count(a);
    bool             bias = dvti_wants(t, n->in[2]);
    conv_job         j = {.a = a, .pass = BACK_WEIGHTS, .y = n->grad};

    if (!bias && !dvti_wants(t, n->in[1]))
        return;
    j.x = unconst(dvti_value(t, n->in[0]));
    j.w = dvti_grad_scratch(t, groups * a->w_count);
    j.bias = bias ? dvti_grad_scratch(t, groups * a->d.out_c) : NULL;
    if (t->status != DVT_OK)
        return;
    run_groups(t, &j);
    add_groups(t, n->in[1], j.w, groups, a->w_count);
    add_groups(t, n->in[2], j.bias, groups, a->d.out_c);
    dvti_grad_release(t, j.w, groups * a->w_count);
    dvti_grad_release(t, j.bias, groups * a->d.out_c);
}

static void conv_backward(dvt_tape *t, const dvti_node *n)
{
    image_gradient(t, n);
    weight_gradients(t, n);
}

/* ---- the operation ------------------------------------------------------------------------- */

static bool conv_dims(dvt_tape *t, dvt_var x, dvt_var w, dvt_var bias, const dvt_conv_opts *o,
                      dvt_conv_dims *d)
{
    const dvt_shape *xs = &t->nodes[x.id].shape, *ws = &t->nodes[w.id].shape;

    *d = (dvt_conv_dims){.groups = o && o->groups ? o->groups : 1};
    if (xs->rank != 4 || ws->rank != 4) {
        dvti_tape_fail_shapes(t, "conv2d", x, w, "images (n, c, h, w), weights (out, in, kh, kw)");
        return false;
    }
    d->n = xs->dim[0];
    d->in_c = xs->dim[1];
    d->out_c = ws->dim[0];
    d->in[0] = d->out[0] = d->kernel[0] = d->stride[0] = d->dilation[0] = 1;
    for (int i = 0; i < 2; i++) {
        d->in[1 + i] = xs->dim[2 + i];
        d->kernel[1 + i] = ws->dim[2 + i];
        d->stride[1 + i] = o && o->stride[i] ? o->stride[i] : 1;
        d->dilation[1 + i] = o && o->dilation[i] ? o->dilation[i] : 1;
        d->pad_lo[1 + i] = d->pad_hi[1 + i] = o ? o->pad[i] : 0;
        if (d->stride[1 + i] > 0 && d->dilation[1 + i] > 0 && d->pad_lo[1 + i] >= 0)
            d->out[1 + i] = dvt_window_out(d->in[1 + i], d->kernel[1 + i], d->stride[1 + i],
                                           d->dilation[1 + i], d->pad_lo[1 + i], d->pad_hi[1 + i]);
    }
    if (d->groups < 1 || ws->dim[1] * d->groups != d->in_c ||
        (bias.id && t->nodes[bias.id].count != d->out_c)) {
        dvti_tape_fail_shapes(t, "conv2d", x, w,
                              "channels are groups times the weight's second, biases its first");
        return false;
    }
    dvt_status st = dvt_conv_dims_check(t->ctx, d);
    if (st != DVT_OK)
        t->status = st;
    return st == DVT_OK;
}

static conv_attr plan(const dvt_conv_dims *d)
{
    conv_attr a = {.d = *d};
    int64_t   one = dvt_conv_macs(d) / d->n, least = (d->n + GROUPS_MAX - 1) / GROUPS_MAX;

    a.each = one > 0 ? GROUP_MACS / one : d->n;
    a.each = a.each < 1 ? 1 : a.each;
    a.each = a.each < least ? least : a.each;
    a.x_image = d->in_c * d->in[1] * d->in[2];
    a.y_image = d->out_c * d->out[1] * d->out[2];
    a.w_count = d->out_c * (d->in_c / d->groups) * d->kernel[1] * d->kernel[2];
    return a;
}

dvt_var dvt_tape_conv2d(dvt_tape *t, dvt_var x, dvt_var w, dvt_var bias, const dvt_conv_opts *opts)
{
    dvt_conv_dims d;

    if (!dvti_tape_ok(t, "conv2d", x) || !dvti_tape_ok(t, "conv2d", w) ||
        !dvti_tape_ok_or_none(t, "conv2d", bias) || !conv_dims(t, x, w, bias, opts, &d))
        return DVT_NO_VAR;
    dvt_shape  s = DVT_SHAPE(d.n, d.out_c, d.out[1], d.out[2]);
    conv_attr *a = dvti_tape_attr(t, sizeof *a);
    dvti_node *n = NULL;
    if (a)
        n = dvti_tape_push(t, &s, NULL, (dvt_var[]){x, w, bias}, 3, conv_backward);
    if (!n)
        return DVT_NO_VAR;
    *a = plan(&d);
    n->attr = a;
    conv_job j = {.a = a,
                  .pass = FORWARD,
                  .x = unconst(dvti_value(t, x.id)),
                  .w = unconst(dvti_value(t, w.id)),
                  .bias = unconst(dvti_value(t, bias.id)),
                  .y = n->value};
    run_groups(t, &j);
    return t->status == DVT_OK ? dvti_tape_last(t) : DVT_NO_VAR;
}
