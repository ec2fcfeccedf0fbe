/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tape_binary.c - arithmetic of two operands with NumPy broadcasting.
 *
 * Idea       The value is the kernel's. The gradient of an operand is computed in the result's
 *            shape (dy times the slope) and then summed over the dimensions in which the operand
 *            was broadcast, by the walk below.
 * Sums       over broadcast dimensions run in the order of the result's elements when the operand
 *            is scattered element by element; a bias (the operand is the trailing dimensions) is
 *            a sum of columns in chunks.
 * Tests      tests/unit/test_learn_ops.c (finite differences, broadcast both ways)
 */
#include "learn/rows.h"

#include "dovetail/kernels.h"

#include <string.h>

/* ---- slopes -------------------------------------------------------------------------------- */

/* d f(a, b) / d operand `which`, operands broadcast already. */
static float slope(dvt_binary fn, int which, float a, float b)
{
    switch ((int)fn) {
    case DVT_BINARY_ADD: return 1;
    case DVT_BINARY_SUB: return which == 0 ? 1 : -1;
    case DVT_BINARY_MUL: return which == 0 ? b : a;
    case DVT_BINARY_DIV: return which == 0 ? 1 / b : -a / (b * b);
    case DVT_BINARY_MAX: return a == b ? 0.5f : (which == 0) == (a > b);
    default: return a == b ? 0.5f : (which == 0) == (a < b); /* min */
    }
}

static bool supported(dvt_binary fn)
{
    return fn == DVT_BINARY_ADD || fn == DVT_BINARY_SUB || fn == DVT_BINARY_MUL ||
           fn == DVT_BINARY_DIV || fn == DVT_BINARY_MAX || fn == DVT_BINARY_MIN;
}

/* ---- walk over broadcast operands ---------------------------------------------------------- */

/* Steps in elements of an operand for each dimension of the result; 0 where it is broadcast. */
static void steps_of(const dvt_shape *x, const dvt_shape *y, int64_t step[DVT_MAX_RANK])
{
    int64_t size = 1;

    memset(step, 0, DVT_MAX_RANK * sizeof *step);
    for (int32_t i = x->rank - 1; i >= 0; i--) {
        step[i + y->rank - x->rank] = x->dim[i] == 1 ? 0 : size;
        size *= x->dim[i];
    }
}

typedef struct walk {
    const dvt_shape *y;
    int64_t          a[DVT_MAX_RANK], b[DVT_MAX_RANK], at[DVT_MAX_RANK];
    int64_t          ia, ib; /* elements */
} walk;

/* One element on: the last dimension first, carrying. */
static void advance(walk *w)
{
    for (int32_t d = w->y->rank - 1; d >= 0; d--) {
        w->ia += w->a[d];
        w->ib += w->b[d];
        if (++w->at[d] < w->y->dim[d])
            return;
        w->ia -= w->a[d] * w->y->dim[d];
        w->ib -= w->b[d] * w->y->dim[d];
        w->at[d] = 0;
    }
}

/* dx (+)= the sum of dy * slope over what was broadcast; dx was zeroed. */
static void scatter(dvt_tape *t, const dvti_node *n, int which, float *dx)
{
    const dvt_binary fn = *(const dvt_binary *)n->attr;
    const dvti_node *a = &t->nodes[n->in[0]], *b = &t->nodes[n->in[1]];
    walk             w = {.y = &n->shape};

    steps_of(&a->shape, &n->shape, w.a);
    steps_of(&b->shape, &n->shape, w.b);
    for (int64_t i = 0; i < n->count; i++) {
        float d = slope(fn, which, a->value[w.ia], b->value[w.ib]);
        dx[which == 0 ? w.ia : w.ib] += n->grad[i] * d;
        advance(&w);
    }
}

/* ---- operands of the result's shape -------------------------------------------------------- */

DVTI_SIMD static void same_shape(dvt_binary fn, int which, const float *restrict a,
                                 const float *restrict b, const float *restrict dy,
                                 float *restrict dx, int64_t n)
{
    if (fn == DVT_BINARY_MUL) {
        const float *other = which == 0 ? b : a;
        for (int64_t i = 0; i < n; i++)
            dx[i] = dy[i] * other[i];
    } else {
        for (int64_t i = 0; i < n; i++)
            dx[i] = dy[i] * slope(fn, which, a[i], b[i]);
    }
}

static bool trailing(const dvt_shape *x, const dvt_shape *y)
{
    for (int32_t i = 1; i <= x->rank; i++)
        if (x->dim[x->rank - i] != y->dim[y->rank - i])
            return false;
    return true;
}

static void operand_gradient(dvt_tape *t, const dvti_node *n, int which)
{
    const dvt_binary fn = *(const dvt_binary *)n->attr;
    const dvti_node *a = &t->nodes[n->in[0]], *b = &t->nodes[n->in[1]];
    const dvti_node *x = which == 0 ? a : b;
    bool             plain = fn == DVT_BINARY_ADD || (fn == DVT_BINARY_SUB && which == 0), add;

    if (!x->wants_grad)
        return;
    if (plain && trailing(&x->shape, &n->shape) && x->count > 0) {
        float *dx = dvti_grad_of(t, n->in[which], &add);
        if (dx && x->count == n->count)
            dvti_put(dx, n->grad, n->count, add);
        else if (dx)
            dvti_column_sums(t, n->count / x->count, x->count, n->grad, dx, add);
    } else if (dvt_shape_equal(&a->shape, &n->shape) && dvt_shape_equal(&b->shape, &n->shape)) {
        float *dx = dvti_grad_scratch(t, n->count);
        if (!dx)
            return;
        same_shape(fn, which, a->value, b->value, n->grad, dx, n->count);
        dvti_grad_give(t, n->in[which], dx);
    } else {
        float *dx = dvti_grad_to_add(t, n->in[which]);
        if (dx)
            scatter(t, n, which, dx);
    }
}

static void binary_backward(dvt_tape *t, const dvti_node *n)
{
    operand_gradient(t, n, 0);
    operand_gradient(t, n, 1);
}

/* ---- the operations ------------------------------------------------------------------------ */

dvt_var dvt_tape_binary(dvt_tape *t, dvt_binary fn, dvt_var a, dvt_var b)
{
    dvt_shape s;

    if (!dvti_tape_ok(t, "binary", a) || !dvti_tape_ok(t, "binary", b))
        return DVT_NO_VAR;
    if (!supported(fn))
        return dvti_tape_fail(t, DVT_E_UNSUPPORTED, "binary: function %d has no gradient here",
                              (int)fn);
    if (!dvt_shape_broadcast(&t->nodes[a.id].shape, &t->nodes[b.id].shape, &s))
        return dvti_tape_fail_shapes(t, "binary", a, b, "they do not broadcast to one shape");
    dvt_binary *attr = dvti_tape_attr(t, sizeof *attr);
    dvti_node  *n = NULL;
    if (attr)
        n = dvti_tape_push(t, &s, NULL, (dvt_var[]){a, b}, 2, binary_backward);
    if (!n)
        return DVT_NO_VAR;
    *attr = fn;
    n->attr = attr;
    const dvti_node *na = &t->nodes[a.id], *nb = &t->nodes[b.id];
    dvt_tensor       x = dvt_tensor_wrap(DVT_DTYPE_F32, &na->shape, na->value);
    dvt_tensor       y = dvt_tensor_wrap(DVT_DTYPE_F32, &nb->shape, nb->value);
    dvt_tensor       z = dvt_tensor_wrap(DVT_DTYPE_F32, &s, n->value);
    dvt_binary_f32_fast(t->ctx, fn, &x, &y, &z);
    return dvti_tape_last(t);
}

dvt_var dvt_tape_add(dvt_tape *t, dvt_var a, dvt_var b)
{
    return dvt_tape_binary(t, DVT_BINARY_ADD, a, b);
}

dvt_var dvt_tape_sub(dvt_tape *t, dvt_var a, dvt_var b)
{
    return dvt_tape_binary(t, DVT_BINARY_SUB, a, b);
}

dvt_var dvt_tape_mul(dvt_tape *t, dvt_var a, dvt_var b)
{
    return dvt_tape_binary(t, DVT_BINARY_MUL, a, b);
}

dvt_var dvt_tape_div(dvt_tape *t, dvt_var a, dvt_var b)
{
    return dvt_tape_binary(t, DVT_BINARY_DIV, a, b);
}
