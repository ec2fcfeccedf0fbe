/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tape_move.c - operations that move elements: reshape, transpose, concat, slice, gather.
 *
 * Gradients  move back; gather adds the rows of equal index in the order of the index list.
 * Tests      tests/unit/test_learn_ops.c
 */
#include "learn/rows.h"

#include "dovetail/kernels.h"

#include <string.h>

/* ---- reshape ------------------------------------------------------------------------------- */

static void reshape_backward(dvt_tape *t, const dvti_node *n)
{
    bool   add;
    float *dx = dvti_grad_of(t, n->in[0], &add);

    if (dx)
        dvti_put(dx, n->grad, n->count, add);
}

/* Fills the one dimension that is -1; false: the counts do not agree. */
static bool fill_shape(int64_t count, dvt_shape *s)
{
    int64_t known = 1;
    int32_t open = -1;

    for (int32_t i = 0; i < s->rank; i++) {
        if (s->dim[i] == -1 && open < 0)
            open = i;
        else if (s->dim[i] < 0 || (s->dim[i] > 0 && known > DVT_DIM_MAX / s->dim[i]))
            return false;
        else
            known *= s->dim[i];
    }
    if (open >= 0) {
        if (known == 0 || count % known)
            return false;
        s->dim[open] = count / known;
    }
    return dvt_shape_count(s) == count;
}

dvt_var dvt_tape_reshape(dvt_tape *t, dvt_var x, dvt_shape shape)
{
    char      a[DVT_SHAPE_TEXT], b[DVT_SHAPE_TEXT];
    dvt_shape s = shape;

    if (!dvti_tape_ok(t, "reshape", x))
        return DVT_NO_VAR;
    const dvti_node *from = dvti_tape_node(t, x);
    if (!fill_shape(from->count, &s))
        return dvti_tape_fail(t, DVT_E_SHAPE, "reshape: %s does not become %s",
                              dvt_shape_text(&from->shape, a), dvt_shape_text(&shape, b));
    return dvti_tape_push(t, &s, from->value, &x, 1, reshape_backward) ? dvti_tape_last(t)
                                                                       : DVT_NO_VAR;
}

/* ---- transpose ----------------------------------------------------------------------------- */

static void transpose_backward(dvt_tape *t, const dvti_node *n)
{
    const int64_t *perm = n->attr;
    int64_t        back[DVT_MAX_RANK];
    float         *dx = dvti_grad_scratch(t, n->count);

    if (!dx)
        return;
    for (int32_t i = 0; i < n->shape.rank; i++)
        back[perm[i]] = i;
    dvt_tensor from = dvt_tensor_wrap(DVT_DTYPE_F32, &n->shape, n->grad);
    dvt_tensor to = dvt_tensor_wrap(DVT_DTYPE_F32, &t->nodes[n->in[0]].shape, dx);
    dvt_move_transpose(&from, back, &to);
    dvti_grad_give(t, n->in[0], dx);
}

static bool permutes(const int32_t *perm, int32_t rank)
{
    bool seen[DVT_MAX_RANK] = {false};

    for (int32_t i = 0; i < rank; i++) {
        if (perm[i] < 0 || perm[i] >= rank || seen[perm[i]])
            return false;
        seen[perm[i]] = true;
    }
    return true;
}

dvt_var dvt_tape_transpose(dvt_tape *t, dvt_var x, const int32_t *perm)
{
    char text[DVT_SHAPE_TEXT];

    if (!dvti_tape_ok(t, "transpose", x))
        return DVT_NO_VAR;
    dvt_shape s = t->nodes[x.id].shape, y = s;
    if (!permutes(perm, s.rank))
        return dvti_tape_fail(t, DVT_E_SHAPE, "transpose: no permutation of the dimensions of %s",
                              dvt_shape_text(&s, text));
    int64_t *attr = dvti_tape_attr(t, DVT_MAX_RANK * sizeof *attr);
    for (int32_t i = 0; attr && i < s.rank; i++) {
        attr[i] = perm[i];
        y.dim[i] = s.dim[perm[i]];
    }
    dvti_node *n = attr ? dvti_tape_push(t, &y, NULL, &x, 1, transpose_backward) : NULL;
    if (!n)
        return DVT_NO_VAR;
    n->attr = attr;
    dvt_tensor from = dvt_tensor_wrap(DVT_DTYPE_F32, &s, t->nodes[x.id].value);
    dvt_tensor to = dvt_tensor_wrap(DVT_DTYPE_F32, &y, n->value);
    dvt_move_transpose(&from, attr, &to);
    return dvti_tape_last(t);
}

/* ---- concat -------------------------------------------------------------------------------- */

typedef struct concat_attr {
    int32_t count, axis;
    int32_t in[];
} concat_attr;

/* Copies between rows of `part` floats and places in rows of `whole` floats. */
static void copy_rows(float *to, int64_t to_row, const float *from, int64_t from_row, int64_t n,
                      int64_t rows, bool add)
{
    for (int64_t r = 0; r < rows; r++)
        dvti_put(to + r * to_row, from + r * from_row, n, add);
}

static void concat_backward(dvt_tape *t, const dvti_node *n)
{
    const concat_attr *a = n->attr;
    dvt_axis_dims      d = dvt_axis_dims_of(&n->shape, a->axis);
    int64_t            at = 0;

    for (int32_t i = 0; i < a->count; i++) {
        int64_t part = t->nodes[a->in[i]].shape.dim[a->axis] * d.inner;
        bool    add;
        float  *dx = dvti_grad_of(t, a->in[i], &add);
        if (dx)
            copy_rows(dx, part, n->grad + at, d.axis * d.inner, part, d.outer, add);
        at += part;
    }
}

static bool concat_shape(dvt_tape *t, const dvt_var *x, int32_t count, int32_t axis, dvt_shape *y)
{
    *y = t->nodes[x[0].id].shape;
    if (axis < 0 || axis >= y->rank) {
        dvti_tape_fail_shapes(t, "concat", x[0], x[0], "no such axis");
        return false;
    }
    for (int32_t i = 1; i < count; i++) {
        dvt_shape s = t->nodes[x[i].id].shape;
        int64_t   size = s.rank == y->rank ? s.dim[axis] : 0, sum = y->dim[axis] + size;
        if (s.rank == y->rank)
            s.dim[axis] = y->dim[axis];
        if (!dvt_shape_equal(&s, y)) {
            dvti_tape_fail_shapes(t, "concat", x[0], x[i], "they may differ along the axis only");
            return false;
        }
        y->dim[axis] = sum;
    }
    return true;
}

dvt_var dvt_tape_concat(dvt_tape *t, const dvt_var *x, int32_t count, int32_t axis)
{
    dvt_shape s;
    bool      wants = false;

    for (int32_t i = 0; i < count; i++)
        if (!dvti_tape_ok(t, "concat", x[i]))
            return DVT_NO_VAR;
    if (count < 1)
        return dvti_tape_fail(t, DVT_E_USAGE, "concat of nothing");
    axis = axis < 0 ? axis + t->nodes[x[0].id].shape.rank : axis;
    if (t->status != DVT_OK || !concat_shape(t, x, count, axis, &s))
        return DVT_NO_VAR;
    concat_attr *a = dvti_tape_attr(t, sizeof *a + (size_t)count * sizeof a->in[0]);
    dvti_node   *n = a ? dvti_tape_push(t, &s, NULL, NULL, 0, concat_backward) : NULL;
    if (!n)
        return DVT_NO_VAR;
    dvt_axis_dims d = dvt_axis_dims_of(&s, axis);
    int64_t       at = 0;
    a->count = count;
    a->axis = axis;
    for (int32_t i = 0; i < count; i++) {
        int64_t part = t->nodes[x[i].id].shape.dim[axis] * d.inner;
        a->in[i] = x[i].id;
        wants |= t->nodes[x[i].id].wants_grad;
        copy_rows(n->value + at, d.axis * d.inner, dvti_value(t, x[i].id), part, part, d.outer,
                  false);
        at += part;
    }
    n->attr = a;
    n->wants_grad = wants;
    return dvti_tape_last(t);
}

/* ---- slice --------------------------------------------------------------------------------- */

typedef struct slice_attr {
    int64_t outer, whole, at, part; /* floats of a row, where it begins and how many */
} slice_attr;

static void slice_backward(dvt_tape *t, const dvti_node *n)
{
    const slice_attr *a = n->attr;
    float            *dx = dvti_grad_to_add(t, n->in[0]);

    if (dx)
        copy_rows(dx + a->at, a->whole, n->grad, a->part, a->part, a->outer, true);
}

dvt_var dvt_tape_slice(dvt_tape *t, dvt_var x, int32_t axis, int64_t begin, int64_t end)
{
    char text[DVT_SHAPE_TEXT];

    if (!dvti_tape_ok(t, "slice", x))
        return DVT_NO_VAR;
    dvt_shape s = t->nodes[x.id].shape;
    axis = axis < 0 ? axis + s.rank : axis;
    if (axis < 0 || axis >= s.rank || begin < 0 || end < begin || end > s.dim[axis])
        return dvti_tape_fail(t, DVT_E_SHAPE,
                              "slice: %s has no elements %lld to %lld along dimension %d",
                              dvt_shape_text(&s, text), (long long)begin, (long long)end, axis);
    dvt_axis_dims d = dvt_axis_dims_of(&s, axis);
    s.dim[axis] = end - begin;
    slice_attr *a = dvti_tape_attr(t, sizeof *a);
    dvti_node  *n = a ? dvti_tape_push(t, &s, NULL, &x, 1, slice_backward) : NULL;
    if (!n)
        return DVT_NO_VAR;
    *a = (slice_attr){d.outer, d.axis * d.inner, begin * d.inner, (end - begin) * d.inner};
    n->attr = a;
    copy_rows(n->value, a->part, dvti_value(t, x.id) + a->at, a->whole, a->part, a->outer, false);
    return dvti_tape_last(t);
}

/* ---- gather -------------------------------------------------------------------------------- */

typedef struct gather_attr {
    const int32_t *index;
    int64_t        count, row;
} gather_attr;

static void gather_backward(dvt_tape *t, const dvti_node *n)
{
    const gather_attr *a = n->attr;
    float             *dx = dvti_grad_to_add(t, n->in[0]);

    for (int64_t i = 0; dx && i < a->count; i++)
        dvti_put(dx + a->index[i] * a->row, n->grad + i * a->row, a->row, true);
}

dvt_var dvt_tape_gather(dvt_tape *t, dvt_var x, const int32_t *index, int64_t count)
{
    char text[DVT_SHAPE_TEXT];

    if (!dvti_tape_ok(t, "gather", x))
        return DVT_NO_VAR;
    dvt_shape s = t->nodes[x.id].shape;
    if (s.rank < 1 || count < 0)
        return dvti_tape_fail(t, DVT_E_SHAPE, "gather: %s has no rows", dvt_shape_text(&s, text));
    for (int64_t i = 0; i < count; i++)
        if (index[i] < 0 || index[i] >= s.dim[0])
            return dvti_tape_fail(t, DVT_E_USAGE,
                                  "gather: index %d (number %lld) is not below %lld", index[i],
                                  (long long)i, (long long)s.dim[0]);
    gather_attr *a = dvti_tape_attr(t, sizeof *a);
    if (a)
        *a = (gather_attr){index, count, dvt_shape_count_range(&s, 1, s.rank)};
    s.dim[0] = count;
    dvti_node *n = a ? dvti_tape_push(t, &s, NULL, &x, 1, gather_backward) : NULL;
    if (!n)
        return DVT_NO_VAR;
    n->attr = a;
    for (int64_t i = 0; i < count; i++)
        dvti_put(n->value + i * a->row, dvti_value(t, x.id) + index[i] * a->row, a->row, false);
    return dvti_tape_last(t);
}
