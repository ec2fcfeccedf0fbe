/* SPDX-License-Identifier: Apache-2.0 */
/*
 * canon_affine.c - rules that turn arithmetic with constants into scale and bias.
 *
 * Idea      A constant that varies along one dimension of the other operand is a scale or bias with
 *           that axis; one that does not vary at all is one along the channels (dimension 1).
 *             x + c, c + x   bias c          x * c, c * x   scale c
 *             x - c          bias -c         x / c          scale 1 / c
 *             c - x          scale -1, bias c
 *           c / x and powers stay. A reciprocal that is not finite stays as well.
 * Table and legality: pass_canonicalise.c. Tests: tests/unit/test_pass_canonicalise.c
 */
#include "graph/canon_int.h"

#include <math.h>

/* Where constant c of shape `s` varies, seen in x's dimensions: axis, or 1 if nowhere. False if it
 * varies in more than one place or makes the result larger than x. */
static bool varying_axis(const dvt_shape *s, const dvt_shape *x, int32_t *axis)
{
    int32_t shift = x->rank - s->rank, found = -1;

    if (shift < 0 || x->rank < 2) return false;
    for (int32_t i = 0; i < s->rank; i++) {
        if (s->dim[i] == 1) continue;
        if (found >= 0 || s->dim[i] != x->dim[i + shift]) return false;
        found = i + shift;
    }
    *axis = found >= 0 ? found : 1;
    return true;
}

/* The vector of (c) elements that each channel of the axis sees: negated or inverted. */
typedef enum vector_form { PLAIN, NEGATED, INVERTED } vector_form;

static float formed(float v, vector_form form)
{
    return form == NEGATED ? -v : form == INVERTED ? (float)(1.0 / (double)v) : v;
}

static bool forms_are_finite(const dvt_tensor *t, vector_form form)
{
    int64_t count = dvt_shape_count(&t->shape);
    for (int64_t i = 0; i < count; i++)
        if (!isfinite(formed(((const float *)t->data)[i], form))) return false;
    return true;
}

static dvt_status add_formed(dvt_graph *g, const char *name, const dvt_tensor *t, int64_t channels,
                             vector_form form, dvt_value_id *out)
{
    bool       one = dvt_shape_count(&t->shape) == 1;
    dvt_shape  shape = DVT_SHAPE(channels);
    float     *data = dvt_alloc(g->ctx, ((size_t)channels + 1) * sizeof *data);
    dvt_status st = data ? DVT_OK : DVT_E_NOMEM;

    *out = DVT_NO_VALUE;
    for (int64_t i = 0; !st && i < channels; i++)
        data[i] = formed(((const float *)t->data)[one ? 0 : i], form);
    if (!st) st = dvti_graph_add_f32(g, name, &shape, data, out);
    dvt_free(g->ctx, data);
    return st;
}

static dvt_status rewrite_affine(dvt_graph *g, dvt_node_id id, int32_t axis, dvt_value_id x,
                                 dvt_value_id scale, dvt_value_id bias)
{
    dvt_op       op = scale.i >= 0 ? DVT_OP_SCALE : DVT_OP_BIAS;
    dvt_attrs    attrs = dvt_op_default_attrs(op, 0);
    dvt_value_id inputs[3] = {x};
    int32_t      count = 1;

    if (scale.i >= 0) inputs[count++] = scale;
    if (bias.i >= 0) inputs[count++] = bias;
    attrs.axis.axis = axis;
    return dvti_graph_rewrite_node(g, id, op, &attrs, inputs, count);
}

/* ---- binary -------------------------------------------------------------------------------- */

typedef struct affine_form {
    bool        adds, negates_x; /* c is a bias (else a scale); x is multiplied by -1 */
    vector_form form;
} affine_form;

static bool form_of(dvt_binary fn, bool const_left, affine_form *out)
{
    *out = (affine_form){.form = PLAIN};
    switch (fn) {
    case DVT_BINARY_ADD: out->adds = true; return true;
    case DVT_BINARY_SUB:
        *out = (affine_form){true, const_left, const_left ? PLAIN : NEGATED};
        return true;
    case DVT_BINARY_MUL: return true;
    case DVT_BINARY_DIV: out->form = INVERTED; return !const_left;
    default: return false;
    }
}

dvt_status dvti_canon_binary_to_affine(dvt_graph *g, dvt_node_id id, bool *changed)
{
    dvt_node     n = *dvt_graph_node(g, id);
    dvt_tensor   t;
    bool         left = dvti_const_f32(g, n.inputs[0], &t);
    dvt_value_id x = n.inputs[left ? 1 : 0], scale = DVT_NO_VALUE, bias = DVT_NO_VALUE;
    affine_form  f;
    int32_t      axis;

    if (!left && !dvti_const_f32(g, n.inputs[1], &t)) return DVT_OK;
    if (!form_of(n.attrs.binary.fn2, left, &f) || !varying_axis(&t.shape, dvti_shape(g, x), &axis))
        return DVT_OK;
    if (!forms_are_finite(&t, f.form)) return DVT_OK;
    int64_t    channels = dvti_shape(g, x)->dim[axis];
    dvt_status st = add_formed(g, n.name, &t, channels, f.form, f.adds ? &bias : &scale);
    if (!st && f.negates_x) st = dvti_graph_add_fill(g, n.name, channels, -1.0f, &scale);
    if (!st) st = rewrite_affine(g, id, axis, x, scale, bias);
    *changed = st == DVT_OK;
    return st;
}

/* ---- power --------------------------------------------------------------------------------- */

/* (beta + gamma x)^1 */
dvt_status dvti_canon_power_to_scale(dvt_graph *g, dvt_node_id id, bool *changed)
{
    dvt_node               n = *dvt_graph_node(g, id);
    const dvt_unary_attrs *a = &n.attrs.unary;
    const dvt_value       *y = dvt_graph_value(g, n.outputs[0]);
    dvt_value_id           scale = DVT_NO_VALUE, bias = DVT_NO_VALUE;
    dvt_status             st = DVT_OK;

    if (a->fn != DVT_UNARY_POWER || a->alpha != 1.0f) return DVT_OK;
    if (y->dtype != DVT_DTYPE_F32 || y->shape.rank < 2) return DVT_OK;
    int64_t channels = y->shape.dim[1];
    if (a->gamma != 1.0f || a->beta == 0.0f)
        st = dvti_graph_add_fill(g, n.name, channels, a->gamma, &scale);
    if (!st && a->beta != 0.0f) st = dvti_graph_add_fill(g, n.name, channels, a->beta, &bias);
    if (!st) st = rewrite_affine(g, id, 1, n.inputs[0], scale, bias);
    *changed = st == DVT_OK;
    return st;
}
