/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net_build.c - see net_build.h.
 *
 * Tests      tests/unit/test_nb101_graph.c, tests/unit/test_nb201.c
 */
#include "space/net_build.h"

#include <stdio.h>

#include "base/text_util.h"

enum { NAME = 96 /* characters of a name with its suffix */, MAX_OPERANDS = 5 };

static dvt_value_id add(dvti_net *n, dvt_op op, const char *name, const dvt_value_id *x,
                        int32_t count, const dvt_attrs *attrs)
{
    dvt_value_id  out = DVT_NO_VALUE;
    dvt_node_spec spec = {.op = op,
                          .name = name,
                          .inputs = x,
                          .input_count = count,
                          .output_count = 1,
                          .output_names = &name,
                          .attrs = *attrs};

    if (n->st == DVT_OK) {
        n->st = dvt_graph_add_node(n->g, &spec, &out);
    }
    return n->st == DVT_OK ? out : DVT_NO_VALUE;
}

static dvt_value_id param(dvti_net *n, const char *name, const char *suffix, dvt_shape shape)
{
    char         full[NAME];
    dvt_value_id out = DVT_NO_VALUE;

    if (n->st == DVT_OK) {
        dvti_format(full, sizeof full, "%s.%s", name, suffix);
        n->st = dvt_graph_add_param(n->g, full, DVT_DTYPE_F32, &shape, &out);
    }
    return out;
}

static int64_t channels_of(const dvti_net *n, dvt_value_id x)
{
    return n->st == DVT_OK ? dvt_graph_value(n->g, x)->shape.dim[1] : 0;
}

static void set_window(dvt_window_attrs *out, dvti_window w)
{
    for (int i = 0; i < 2; i++) {
        out->kernel.v[i] = w.kernel;
        out->stride.v[i] = w.stride;
        out->pad_lo.v[i] = w.before;
        out->pad_hi.v[i] = w.behind;
    }
}

dvt_value_id dvti_net_input(dvti_net *n, int64_t channels, int64_t size)
{
    dvt_shape    shape = DVT_SHAPE(1, channels, size, size);
    dvt_value_id out = DVT_NO_VALUE;

    if (n->st == DVT_OK) {
        n->st = dvt_graph_add_input(n->g, "image", DVT_DTYPE_F32, &shape, &out);
    }
    return out;
}

dvt_value_id dvti_net_conv(dvti_net *n, const char *name, dvt_value_id x, int64_t channels,
                           dvti_window w, bool bias)
{
    dvt_attrs    a = dvt_op_default_attrs(DVT_OP_CONV, 2);
    dvt_value_id in[3] = {x};

    set_window(&a.conv.win, w);
    in[1] = param(n, name, "w", DVT_SHAPE(channels, channels_of(n, x), w.kernel, w.kernel));
    if (bias) {
        in[2] = param(n, name, "b", DVT_SHAPE(channels));
    }
    return add(n, DVT_OP_CONV, name, in, bias ? 3 : 2, &a);
}

dvt_value_id dvti_net_batch_norm(dvti_net *n, const char *name, dvt_value_id x)
{
    static const char *const part[] = {"scale", "bias", "mean", "var"};
    dvt_attrs                a = dvt_op_default_attrs(DVT_OP_BATCH_NORM, 2);
    dvt_value_id             in[5] = {x};

    for (int i = 0; i < 4; i++) {
        in[i + 1] = param(n, name, part[i], DVT_SHAPE(channels_of(n, x)));
    }
    return add(n, DVT_OP_BATCH_NORM, name, in, 5, &a);
}

dvt_value_id dvti_net_relu(dvti_net *n, const char *name, dvt_value_id x)
{
    dvt_attrs a = dvt_op_default_attrs(DVT_OP_UNARY, 2);

    a.unary.fn = DVT_UNARY_RELU;
    return add(n, DVT_OP_UNARY, name, &x, 1, &a);
}

dvt_value_id dvti_net_zero(dvti_net *n, const char *name, dvt_value_id x)
{
    dvt_attrs a = dvt_op_default_attrs(DVT_OP_UNARY, 2);

    a.unary.fn = DVT_UNARY_POWER; /* (beta + gamma x)^alpha with beta = gamma = 0 */
    a.unary.alpha = 1;
    return add(n, DVT_OP_UNARY, name, &x, 1, &a);
}

dvt_value_id dvti_net_pool(dvti_net *n, const char *name, dvt_value_id x, dvt_pool kind,
                           dvti_window w)
{
    dvt_attrs a = dvt_op_default_attrs(DVT_OP_POOL, 2);

    set_window(&a.pool.win, w);
    a.pool.kind = kind;
    a.pool.avg_count = DVT_AVG_COUNT_VALID;
    return add(n, DVT_OP_POOL, name, &x, 1, &a);
}

dvt_value_id dvti_net_sum(dvti_net *n, const char *name, const dvt_value_id *x, int32_t count)
{
    dvt_attrs a = dvt_op_default_attrs(DVT_OP_NARY, 2);

    a.nary.fnn = DVT_NARY_SUM;
    return count == 1 ? x[0] : add(n, DVT_OP_NARY, name, x, count, &a);
}

dvt_value_id dvti_net_concat(dvti_net *n, const char *name, const dvt_value_id *x, int32_t count)
{
    dvt_attrs a = dvt_op_default_attrs(DVT_OP_CONCAT, 2);

    a.axis.axis = 1;
    return count == 1 ? x[0] : add(n, DVT_OP_CONCAT, name, x, count, &a);
}

dvt_value_id dvti_net_truncate(dvti_net *n, const char *name, dvt_value_id x, int64_t channels)
{
    dvt_attrs a = dvt_op_default_attrs(DVT_OP_SLICE, 2);

    a.slice = (dvt_slice_attrs){
        .axes = {1, {1}}, .starts = {1, {0}}, .ends = {1, {channels}}, .steps = {1, {1}}};
    return channels_of(n, x) <= channels ? x : add(n, DVT_OP_SLICE, name, &x, 1, &a);
}

void dvti_net_head(dvti_net *n, dvt_value_id x, int64_t classes)
{
    dvt_attrs    pool = dvt_op_default_attrs(DVT_OP_GLOBAL_POOL, 2);
    dvt_attrs    dense = dvt_op_default_attrs(DVT_OP_DENSE, 2);
    dvt_value_id in[3];

    pool.pool.kind = DVT_POOL_AVG;
    dense.dense.axis = 1;
    in[0] = add(n, DVT_OP_GLOBAL_POOL, "pool", &x, 1, &pool);
    in[1] = param(n, "logits", "w", DVT_SHAPE(classes, channels_of(n, x)));
    in[2] = param(n, "logits", "b", DVT_SHAPE(classes));
    x = add(n, DVT_OP_DENSE, "logits", in, 3, &dense);
    if (n->st == DVT_OK) {
        n->st = dvt_graph_add_output(n->g, x);
    }
}
