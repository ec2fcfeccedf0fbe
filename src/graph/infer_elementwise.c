/* SPDX-License-Identifier: Apache-2.0 */
/*
 * infer_elementwise.c - shapes of element-wise operators, normalisations and softmax.
 *
 * Idea      Most of these keep the shape of their first input; what they check is that parameters
 *           fit and that NumPy broadcasting gives one shape. Operands of one node have one element
 *           type: importers insert casts where a format allows mixtures.
 * Tests     tests/unit/test_infer_elementwise.c
 */
#include "graph/graph_int.h"

#include "dovetail/kernels.h"

/* ---- shared -------------------------------------------------------------------------------- */

static dvt_status keep_type(const dvti_infer *n)
{
    n->out[0] = n->in[0];
    return DVT_OK;
}

/* The shape that all inputs from `first` on broadcast to. */
static dvt_status broadcast_all(const dvti_infer *n, int32_t first, dvt_shape *out)
{
    char at[DVT_SHAPE_TEXT], bt[DVT_SHAPE_TEXT];

    *out = n->in[first].shape;
    for (int32_t i = first + 1; i < n->in_count; i++) {
        dvt_shape sum;
        if (!dvt_shape_broadcast(out, &n->in[i].shape, &sum))
            return dvti_infer_fail(n, DVT_E_SHAPE, "shapes %s and %s do not broadcast",
                                   dvt_shape_text(out, at), dvt_shape_text(&n->in[i].shape, bt));
        *out = sum;
    }
    return DVT_OK;
}

/* Inputs from `first` on are vectors of x's channels. */
static dvt_status check_channel_vectors(const dvti_infer *n, int32_t first)
{
    const dvt_shape *x = &n->in[0].shape;
    char             text[DVT_SHAPE_TEXT];

    for (int32_t i = first; i < n->in_count; i++)
        if (n->in[i].shape.rank != 1 || n->in[i].shape.dim[0] != x->dim[1])
            return dvti_infer_fail(
                n, DVT_E_SHAPE, "input %d is %s, needs one entry for each of %lld channels", (int)i,
                dvt_shape_text(&n->in[i].shape, text), (long long)x->dim[1]);
    return DVT_OK;
}

static dvt_status check_min_rank(const dvti_infer *n, int32_t min)
{
    if (n->in[0].shape.rank >= min) return DVT_OK;
    return dvti_infer_fail(n, DVT_E_SHAPE, "input 0 has rank %d, at least %d is needed",
                           (int)n->in[0].shape.rank, (int)min);
}

static dvt_status check_float_inputs(const dvti_infer *n)
{
    dvt_status st = dvti_infer_float(n, 0);
    return st == DVT_OK ? dvti_infer_same_dtype(n) : st;
}

/* ---- normalisation ------------------------------------------------------------------------- */

dvt_status dvti_infer_lrn(const dvti_infer *n)
{
    const dvt_lrn_attrs *a = &n->attrs->lrn;
    dvt_status           st = dvti_infer_float(n, 0);

    if (st == DVT_OK) st = check_min_rank(n, 2);
    if (st != DVT_OK) return st;
    if (a->size < 1 || a->size > DVT_DIM_MAX)
        return dvti_infer_fail(n, DVT_E_SHAPE, "size is %lld, it must be at least 1",
                               (long long)a->size);
    if (a->within_channel && n->in[0].shape.rank != 4)
        return dvti_infer_fail(n, DVT_E_UNSUPPORTED, "within channels needs rank 4, got %d",
                               (int)n->in[0].shape.rank);
    return keep_type(n);
}

static dvt_status check_epsilon(const dvti_infer *n)
{
    if (n->attrs->norm.epsilon >= 0.0f) return DVT_OK;
    return dvti_infer_fail(n, DVT_E_SHAPE, "epsilon is %g, it must not be negative",
                           (double)n->attrs->norm.epsilon);
}

dvt_status dvti_infer_batch_norm(const dvti_infer *n)
{
    dvt_status st = check_float_inputs(n);

    if (st == DVT_OK) st = check_min_rank(n, 2);
    if (st == DVT_OK) st = check_epsilon(n);
    if (st == DVT_OK) st = check_channel_vectors(n, 1);
    return st == DVT_OK ? keep_type(n) : st;
}

dvt_status dvti_infer_instance_norm(const dvti_infer *n)
{
    dvt_status st = check_float_inputs(n);

    if (st == DVT_OK) st = check_min_rank(n, 3);
    if (st == DVT_OK) st = check_epsilon(n);
    if (st == DVT_OK) st = check_channel_vectors(n, 1);
    return st == DVT_OK ? keep_type(n) : st;
}

/* Also bias: input 1 (and 2) shaped like a run of x's dimensions from axis on. */
dvt_status dvti_infer_scale(const dvti_infer *n)
{
    const dvt_shape *x = &n->in[0].shape;
    int64_t          axis = n->attrs->axis.axis;
    char             xt[DVT_SHAPE_TEXT], st_text[DVT_SHAPE_TEXT];
    dvt_status       st = check_float_inputs(n);

    if (st == DVT_OK) st = dvti_infer_axis(n, axis, x->rank + 1);
    for (int32_t i = 1; st == DVT_OK && i < n->in_count; i++) {
        const dvti_type *s = dvti_infer_in(n, i);
        if (!s) continue;
        bool fits = axis + s->shape.rank <= x->rank;
        for (int32_t k = 0; fits && k < s->shape.rank; k++)
            fits = s->shape.dim[k] == x->dim[axis + k];
        if (!fits)
            st = dvti_infer_fail(
                n, DVT_E_SHAPE, "input %d is %s, which is not %s from axis %lld on", (int)i,
                dvt_shape_text(&s->shape, st_text), dvt_shape_text(x, xt), (long long)axis);
    }
    const dvti_type *b = dvti_infer_in(n, 2);
    if (st == DVT_OK && b && !dvt_shape_equal(&b->shape, &n->in[1].shape))
        st = dvti_infer_fail(n, DVT_E_SHAPE, "bias is %s, the scale %s",
                             dvt_shape_text(&b->shape, xt),
                             dvt_shape_text(&n->in[1].shape, st_text));
    return st == DVT_OK ? keep_type(n) : st;
}

dvt_status dvti_infer_softmax(const dvti_infer *n)
{
    int32_t    rank = n->in[0].shape.rank;
    dvt_status st = dvti_infer_float(n, 0);

    /* flattened, axis may be the rank: every element is a row of its own */
    if (st == DVT_OK)
        st =
            dvti_infer_axis(n, n->attrs->softmax.axis, n->attrs->softmax.flatten ? rank + 1 : rank);
    return st == DVT_OK ? keep_type(n) : st;
}

/* ---- element-wise -------------------------------------------------------------------------- */

dvt_status dvti_infer_unary(const dvti_infer *n)
{
    dvt_dtype  t = n->in[0].dtype;
    dvt_status st = DVT_OK;

    switch (n->attrs->unary.fn) {
    case DVT_UNARY_NOT:
        if (t != DVT_DTYPE_BOOL)
            st = dvti_infer_fail(n, DVT_E_SHAPE, "not of %s, bool is needed", dvt_dtype_name(t));
        break;
    case DVT_UNARY_RELU:
    case DVT_UNARY_CLIP:
    case DVT_UNARY_ABS:
    case DVT_UNARY_NEG:
    case DVT_UNARY_SIGN: st = dvti_infer_number(n, 0); break;
    default: st = dvti_infer_float(n, 0); break;
    }
    return st == DVT_OK ? keep_type(n) : st;
}

dvt_status dvti_infer_prelu(const dvti_infer *n)
{
    dvt_shape  both;
    char       xt[DVT_SHAPE_TEXT], slope_text[DVT_SHAPE_TEXT];
    dvt_status st = check_float_inputs(n);

    if (st != DVT_OK) return st;
    if (!dvt_shape_broadcast(&n->in[0].shape, &n->in[1].shape, &both) ||
        !dvt_shape_equal(&both, &n->in[0].shape))
        return dvti_infer_fail(n, DVT_E_SHAPE, "slope %s does not broadcast to %s",
                               dvt_shape_text(&n->in[1].shape, slope_text),
                               dvt_shape_text(&n->in[0].shape, xt));
    return keep_type(n);
}

dvt_status dvti_infer_binary(const dvti_infer *n)
{
    dvt_binary fn = n->attrs->binary.fn2;
    dvt_dtype  t = n->in[0].dtype;
    bool       logic = fn == DVT_BINARY_AND || fn == DVT_BINARY_OR || fn == DVT_BINARY_XOR;
    dvt_status st = dvti_infer_same_dtype(n);

    if (st != DVT_OK) return st;
    if (logic && t != DVT_DTYPE_BOOL)
        return dvti_infer_fail(n, DVT_E_SHAPE, "%s of %s, bool is needed", dvt_binary_name(fn),
                               dvt_dtype_name(t));
    if (!logic && fn != DVT_BINARY_EQUAL) st = dvti_infer_number(n, 0);
    if (st != DVT_OK) return st;
    n->out[0].dtype = dvt_binary_result(fn, t);
    return broadcast_all(n, 0, &n->out[0].shape);
}

dvt_status dvti_infer_nary(const dvti_infer *n)
{
    dvt_status st = dvti_infer_same_dtype(n);

    if (st == DVT_OK) st = dvti_infer_number(n, 0);
    if (st != DVT_OK) return st;
    n->out[0].dtype = n->in[0].dtype;
    return broadcast_all(n, 0, &n->out[0].shape);
}

dvt_status dvti_infer_where(const dvti_infer *n)
{
    if (n->in[0].dtype != DVT_DTYPE_BOOL)
        return dvti_infer_fail(n, DVT_E_SHAPE, "the condition is %s, bool is needed",
                               dvt_dtype_name(n->in[0].dtype));
    if (n->in[1].dtype != n->in[2].dtype)
        return dvti_infer_fail(n, DVT_E_SHAPE, "the choices are %s and %s",
                               dvt_dtype_name(n->in[1].dtype), dvt_dtype_name(n->in[2].dtype));
    n->out[0].dtype = n->in[1].dtype;
    return broadcast_all(n, 0, &n->out[0].shape);
}

dvt_status dvti_infer_cast(const dvti_infer *n)
{
    n->out[0] = n->in[0];
    n->out[0].dtype = n->attrs->cast.dtype;
    return DVT_OK;
}

dvt_status dvti_infer_identity(const dvti_infer *n) { return keep_type(n); }

/* ---- reductions ---------------------------------------------------------------------------- */

static dvt_status check_reduce_axes(const dvti_infer *n, bool reduced[DVT_MAX_RANK])
{
    const dvt_reduce_attrs *a = &n->attrs->reduce;

    for (int32_t i = 0; i < DVT_MAX_RANK; i++) reduced[i] = false;
    for (int32_t i = 0; i < a->axes.n; i++) {
        dvt_status st = dvti_infer_axis(n, a->axes.v[i], n->in[0].shape.rank);
        if (st != DVT_OK) return st;
        if (reduced[a->axes.v[i]])
            return dvti_infer_fail(n, DVT_E_SHAPE, "axis %lld is named twice",
                                   (long long)a->axes.v[i]);
        reduced[a->axes.v[i]] = true;
    }
    return DVT_OK;
}

dvt_status dvti_infer_reduce(const dvti_infer *n)
{
    const dvt_reduce_attrs *a = &n->attrs->reduce;
    const dvt_shape        *x = &n->in[0].shape;
    dvti_type              *y = &n->out[0];
    bool                    arg = a->rfn == DVT_REDUCE_ARGMAX || a->rfn == DVT_REDUCE_ARGMIN;
    bool                    reduced[DVT_MAX_RANK];
    dvt_status              st = dvti_infer_number(n, 0);

    if (st == DVT_OK) st = check_reduce_axes(n, reduced);
    if (st != DVT_OK) return st;
    if (arg && a->axes.n != 1)
        return dvti_infer_fail(n, DVT_E_SHAPE, "%s needs one axis, got %d", dvt_reduce_name(a->rfn),
                               (int)a->axes.n);
    if (arg && x->dim[a->axes.v[0]] == 0)
        return dvti_infer_fail(n, DVT_E_SHAPE, "%s over nothing", dvt_reduce_name(a->rfn));
    y->dtype = arg ? DVT_DTYPE_I64 : n->in[0].dtype;
    y->shape.rank = 0;
    for (int32_t i = 0; i < x->rank; i++)
        if (!reduced[i] || a->keep_dims) y->shape.dim[y->shape.rank++] = reduced[i] ? 1 : x->dim[i];
    return DVT_OK;
}

dvt_status dvti_infer_cumsum(const dvti_infer *n)
{
    dvt_status st = dvti_infer_number(n, 0);

    if (st == DVT_OK) st = dvti_infer_axis(n, n->attrs->cumsum.axis, n->in[0].shape.rank);
    return st == DVT_OK ? keep_type(n) : st;
}
