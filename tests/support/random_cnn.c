/* SPDX-License-Identifier: Apache-2.0 */
/*
 * random_cnn.c - see random_cnn.h.
 *
 * Idea      A pool of recent values is kept; each layer reads one (or two of equal shape, or
 *           several of equal size for a concatenation) and adds what it makes. Weights are scaled
 *           by fan-in, so that values stay near one whatever the depth. Every value that nothing
 *           reads becomes an output.
 */
#include "support/random_cnn.h"

#include <math.h>

enum { POOL = 6 };

typedef struct cnn {
    dvt_graph   *g;
    dvt_rng      rng;
    dvt_value_id recent[POOL];
    int32_t      count;
} cnn;

static int32_t pick(cnn *c, int32_t n) { return (int32_t)dvt_rng_below(&c->rng, (uint64_t)n); }

static const dvt_shape *shape_of(const cnn *c, dvt_value_id v)
{
    return &dvt_graph_value(c->g, v)->shape;
}

static dvt_value_id any(cnn *c)
{
    int32_t newest = c->count < POOL ? c->count : POOL;

    return c->recent[(c->count - 1 - pick(c, newest)) % POOL];
}

static void add_value(cnn *c, dvt_value_id v)
{
    c->recent[c->count % POOL] = v;
    c->count++;
}

static dvt_status weights(cnn *c, dvt_shape shape, double scale, double offset, dvt_value_id *out)
{
    dvt_tensor t;
    dvt_ctx   *ctx = dvt_graph_ctx(c->g);
    dvt_status st = dvt_tensor_init(ctx, DVT_DTYPE_F32, &shape, &t);

    for (int64_t i = 0; st == DVT_OK && i < dvt_shape_count(&shape); i++) {
        ((float *)t.data)[i] = (float)(dvt_rng_normal(&c->rng) * scale + offset);
    }
    if (st == DVT_OK) {
        st = dvt_graph_add_const(c->g, NULL, &t, out);
    }
    dvt_tensor_deinit(ctx, &t);
    return st;
}

static dvt_status node(cnn *c, dvt_op op, const dvt_value_id *in, int32_t n, const dvt_attrs *a)
{
    dvt_value_id out;
    dvt_status   st = dvt_graph_add_node(
          c->g,
          &(dvt_node_spec){
              .op = op, .inputs = in, .input_count = n, .output_count = 1, .attrs = *a},
          &out);
    if (st == DVT_OK) {
        add_value(c, out);
    }
    return st;
}

static void window(cnn *c, const dvt_shape *s, dvt_window_attrs *w, bool pool)
{
    for (int i = 0; i < 2; i++) {
        int64_t size = s->dim[2 + i];
        int64_t k = 1 + pick(c, size < 5 ? (int32_t)size : 5);
        w->kernel.v[i] = k;
        w->stride.v[i] = 1 + pick(c, 3);
        w->dilation.v[i] = !pool && k > 1 && (k - 1) * 2 + 1 <= size ? 1 + pick(c, 2) : 1;
        w->pad_lo.v[i] = k > 1 ? pick(c, (int32_t)k) : 0;
        w->pad_hi.v[i] = k > 1 ? pick(c, (int32_t)k) : 0;
    }
}

static dvt_status add_conv(cnn *c)
{
    dvt_value_id     in[3] = {any(c)};
    const dvt_shape *s = shape_of(c, in[0]);
    dvt_attrs        a = dvt_op_default_attrs(DVT_OP_CONV, 2);
    int64_t          ch = s->dim[1], k = 1 + pick(c, 48), groups = 1;
    dvt_status       st;

    window(c, s, &a.conv.win, false);
    if (pick(c, 4) == 0) {
        groups = pick(c, 2) ? ch : ch % 3 == 0 ? 3 : ch % 2 == 0 ? 2 : 1;
        k = groups == ch ? ch : groups * (1 + pick(c, 12));
    }
    a.conv.groups = groups;
    int64_t fan = ch / groups * a.conv.win.kernel.v[0] * a.conv.win.kernel.v[1];
    st = weights(c, DVT_SHAPE(k, ch / groups, a.conv.win.kernel.v[0], a.conv.win.kernel.v[1]),
                 1.0 / sqrt((double)fan), 0.0, &in[1]);
    if (st == DVT_OK && pick(c, 2)) {
        st = weights(c, DVT_SHAPE(k), 0.1, 0.0, &in[2]);
        return st == DVT_OK ? node(c, DVT_OP_CONV, in, 3, &a) : st;
    }
    return st == DVT_OK ? node(c, DVT_OP_CONV, in, 2, &a) : st;
}

static dvt_status add_pool(cnn *c)
{
    dvt_value_id in = any(c);
    dvt_attrs    a = dvt_op_default_attrs(DVT_OP_POOL, 2);

    window(c, shape_of(c, in), &a.pool.win, true);
    a.pool.kind = pick(c, 2) ? DVT_POOL_MAX : DVT_POOL_AVG;
    a.pool.avg_count = (dvt_avg_count)pick(c, DVT_AVG_COUNT_COUNT);
    a.pool.ceil_mode = pick(c, 2);
    return node(c, DVT_OP_POOL, &in, 1, &a);
}

static dvt_status add_unary(cnn *c)
{
    static const dvt_unary fns[] = {DVT_UNARY_RELU,    DVT_UNARY_LEAKY_RELU, DVT_UNARY_CLIP,
                                    DVT_UNARY_SIGMOID, DVT_UNARY_TANH,       DVT_UNARY_ELU};
    dvt_value_id           in = any(c);
    dvt_attrs              a = dvt_op_default_attrs(DVT_OP_UNARY, 2);

    a.unary.fn = fns[pick(c, 6)];
    a.unary.alpha = a.unary.fn == DVT_UNARY_CLIP ? 0.0f : a.unary.fn == DVT_UNARY_ELU ? 1.0f : 0.1f;
    a.unary.beta = 6.0f;
    return node(c, DVT_OP_UNARY, &in, 1, &a);
}

static dvt_status add_prelu(cnn *c)
{
    dvt_value_id in[2] = {any(c)};
    dvt_attrs    a = dvt_op_default_attrs(DVT_OP_PRELU, 2);
    dvt_status   st = weights(c, DVT_SHAPE(shape_of(c, in[0])->dim[1], 1, 1), 0.2, 0.0, &in[1]);

    return st == DVT_OK ? node(c, DVT_OP_PRELU, in, 2, &a) : st;
}

static dvt_status add_scale(cnn *c)
{
    dvt_value_id in[3] = {any(c)};
    dvt_attrs    a = dvt_op_default_attrs(DVT_OP_SCALE, 2);
    int64_t      ch = shape_of(c, in[0])->dim[1];
    dvt_status   st = weights(c, DVT_SHAPE(ch), 0.3, 1.0, &in[1]);

    a.axis.axis = 1;
    if (st == DVT_OK) {
        st = weights(c, DVT_SHAPE(ch), 0.3, 0.0, &in[2]);
    }
    return st == DVT_OK ? node(c, DVT_OP_SCALE, in, 3, &a) : st;
}

static dvt_status add_lrn(cnn *c)
{
    dvt_value_id in = any(c);
    dvt_attrs    a = dvt_op_default_attrs(DVT_OP_LRN, 2);

    a.lrn.size = 3 + 2 * pick(c, 2);
    a.lrn.alpha = 0.5f;
    a.lrn.beta = 0.75f;
    a.lrn.k = 1.0f;
    return node(c, DVT_OP_LRN, &in, 1, &a);
}

/* Another recent value of the same size (and, for sums, of the same channels); else the same. */
static dvt_value_id companion(cnn *c, dvt_value_id v, bool channels)
{
    const dvt_shape *s = shape_of(c, v);

    for (int32_t i = 0; i < POOL && i < c->count; i++) {
        const dvt_shape *t = shape_of(c, c->recent[i]);
        if (c->recent[i].i != v.i && t->dim[2] == s->dim[2] && t->dim[3] == s->dim[3] &&
            (!channels || t->dim[1] == s->dim[1])) {
            return c->recent[i];
        }
    }
    return v;
}

static dvt_status add_sum(cnn *c)
{
    dvt_value_id in[2] = {any(c)};
    dvt_attrs    a = dvt_op_default_attrs(DVT_OP_BINARY, 2);

    in[1] = companion(c, in[0], true);
    a.binary.fn2 = pick(c, 3) ? DVT_BINARY_ADD : DVT_BINARY_MAX;
    return node(c, DVT_OP_BINARY, in, 2, &a);
}

static dvt_status add_concat(cnn *c)
{
    dvt_value_id in[2] = {any(c)};
    dvt_attrs    a = dvt_op_default_attrs(DVT_OP_CONCAT, 2);

    in[1] = companion(c, in[0], false);
    a.axis.axis = 1;
    if (shape_of(c, in[0])->dim[1] + shape_of(c, in[1])->dim[1] > 128) {
        return DVT_OK;
    }
    return node(c, DVT_OP_CONCAT, in, 2, &a);
}

static dvt_status add_head(cnn *c)
{
    dvt_value_id     x = c->recent[(c->count - 1) % POOL], in[2];
    const dvt_shape *s = shape_of(c, x);
    int64_t          n = dvt_shape_count(s);
    dvt_attrs        a = dvt_op_default_attrs(DVT_OP_DENSE, 2);
    dvt_status       st;

    in[0] = x;
    a.dense.axis = 1;
    st = weights(c, DVT_SHAPE(10, n), 1.0 / sqrt((double)n), 0.0, &in[1]);
    return st == DVT_OK ? node(c, DVT_OP_DENSE, in, 2, &a) : st;
}

static dvt_status outputs(cnn *c)
{
    dvt_status st = DVT_OK;

    for (int32_t i = 0; st == DVT_OK && i < dvt_graph_value_count(c->g); i++) {
        dvt_value_id v = {i};
        if (dvt_graph_value(c->g, v)->kind == DVT_VALUE_NODE && dvt_graph_use_count(c->g, v) == 0) {
            st = dvt_graph_add_output(c->g, v);
        }
    }
    return st;
}

dvt_status random_cnn_make(dvt_ctx *ctx, uint64_t seed, int32_t layers, dvt_graph **out)
{
    static dvt_status (*const kinds[])(cnn *) = {
        add_conv,  add_conv,  add_conv, add_conv, add_pool, add_unary,  add_unary,
        add_prelu, add_scale, add_lrn,  add_sum,  add_sum,  add_concat, add_concat};
    cnn          c = {.rng = dvt_rng_make(seed, 77)};
    dvt_shape    image;
    dvt_value_id x;
    dvt_status   st;

    *out = NULL;
    c.g = dvt_graph_create(ctx, "random_cnn");
    if (!c.g) {
        return DVT_E_NOMEM;
    }
    image = DVT_SHAPE(1, 1 + pick(&c, 40), 5 + pick(&c, 16), 5 + pick(&c, 16));
    st = dvt_graph_add_input(c.g, "x", DVT_DTYPE_F32, &image, &x);
    add_value(&c, x);
    for (int32_t i = 0; st == DVT_OK && i < layers; i++) {
        st = kinds[pick(&c, (int32_t)(sizeof kinds / sizeof kinds[0]))](&c);
    }
    if (st == DVT_OK && pick(&c, 2)) {
        st = add_head(&c);
    }
    if (st == DVT_OK) {
        st = outputs(&c);
    }
    if (st != DVT_OK) {
        dvt_graph_destroy(c.g);
        return st;
    }
    *out = c.g;
    return DVT_OK;
}
