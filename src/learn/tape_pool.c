/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tape_pool.c - maximum and average over windows of images, and their gradients.
 *
 * Idea       A plane (one channel of one image) is worked on by one thread, forwards and backwards.
 *            The maximum remembers where it was; its gradient goes there. Written as loops rather
 *            than through oneDNN: nothing to rearrange, and pooling is a percent of a training.
 * Tests      tests/unit/test_learn_layers.c, tests/diff/learn_torch.py
 */
#include "learn/rows.h"

#include "dovetail/layers.h"

#include <math.h>
#include <string.h>

typedef struct pool_job {
    bool          max;
    dvt_pool_opts o;
    int64_t       h, w, out_h, out_w, planes;
    const float  *x, *dy;
    float        *y, *dx;
    int32_t      *where; /* (planes, out_h, out_w) of max: element of the plane */
} pool_job;

/* A window clipped to the image. */
typedef struct window {
    int64_t top, bottom, left, right;
    float   share; /* 1 / divisor of an average */
} window;

static window window_at(const pool_job *j, int64_t r, int64_t c)
{
    int64_t top = r * j->o.stride[0] - j->o.pad[0], left = c * j->o.stride[1] - j->o.pad[1];
    window  w = {top < 0 ? 0 : top, top + j->o.kernel[0], left < 0 ? 0 : left,
                 left + j->o.kernel[1], 0};

    w.bottom = w.bottom > j->h ? j->h : w.bottom;
    w.right = w.right > j->w ? j->w : w.right;
    int64_t inside = (w.bottom - w.top) * (w.right - w.left);
    w.share = 1.0f / (float)(j->o.count_pad ? j->o.kernel[0] * j->o.kernel[1] : inside);
    return w;
}

static float window_max(const pool_job *j, const float *x, window w, int32_t *where)
{
    float best = -INFINITY;

    *where = (int32_t)(w.top * j->w + w.left);
    for (int64_t r = w.top; r < w.bottom; r++)
        for (int64_t c = w.left; c < w.right; c++)
            if (x[r * j->w + c] > best || isnan(x[r * j->w + c])) {
                best = x[r * j->w + c];
                *where = (int32_t)(r * j->w + c);
            }
    return best;
}

static float window_average(const pool_job *j, const float *x, window w)
{
    float sum = 0;

    for (int64_t r = w.top; r < w.bottom; r++)
        for (int64_t c = w.left; c < w.right; c++)
            sum += x[r * j->w + c];
    return sum * w.share;
}

static void pool_range(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    const pool_job *j = ud;
    const int64_t   out = j->out_h * j->out_w;

    (void)worker;
    for (int64_t p = begin; p < end; p++) {
        const float *x = j->x + p * j->h * j->w;
        for (int64_t i = 0; i < out; i++) {
            window w = window_at(j, i / j->out_w, i % j->out_w);
            j->y[p * out + i] = j->max ? window_max(j, x, w, &j->where[p * out + i])
                                       : window_average(j, x, w);
        }
    }
}

static void back_range(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    const pool_job *j = ud;
    const int64_t   out = j->out_h * j->out_w;

    (void)worker;
    for (int64_t p = begin; p < end; p++) {
        float *dx = j->dx + p * j->h * j->w;
        memset(dx, 0, (size_t)(j->h * j->w) * sizeof *dx);
        for (int64_t i = 0; i < out; i++) {
            window w = window_at(j, i / j->out_w, i % j->out_w);
            float  d = j->dy[p * out + i];
            if (j->max) {
                dx[j->where[p * out + i]] += d;
                continue;
            }
            for (int64_t r = w.top; r < w.bottom; r++)
                for (int64_t c = w.left; c < w.right; c++)
                    dx[r * j->w + c] += d * w.share;
        }
    }
}

static void pool_backward(dvt_tape *t, const dvti_node *n)
{
    pool_job j = *(const pool_job *)n->attr;

    j.dy = n->grad;
    j.dx = dvti_grad_scratch(t, t->nodes[n->in[0]].count);
    if (!j.dx)
        return;
    dvt_parallel_for(t->ctx, j.planes, dvti_row_grain(j.h * j.w * 4), back_range, &j);
    dvti_grad_give(t, n->in[0], j.dx);
}

static bool pool_fits(dvt_tape *t, const char *op, dvt_var x, const dvt_pool_opts *o, pool_job *j)
{
    char text[DVT_SHAPE_TEXT];

    if (!dvti_tape_ok(t, op, x))
        return false;
    const dvt_shape *s = &t->nodes[x.id].shape;
    *j = (pool_job){.o = *o};
    bool good = s->rank == 4;
    for (int i = 0; good && i < 2; i++) {
        int64_t k = o->kernel[i], size = s->dim[2 + i];
        j->o.stride[i] = o->stride[i] ? o->stride[i] : k;
        good = k > 0 && j->o.stride[i] > 0 && o->pad[i] >= 0 && o->pad[i] <= k / 2 &&
               k <= size + 2 * o->pad[i] && size <= INT32_MAX;
    }
    good = good && s->dim[2] * s->dim[3] <= INT32_MAX;
    if (!good) {
        dvti_tape_fail(t, DVT_E_SHAPE,
                       "%s: a kernel of %lld x %lld with pads %lld, %lld does not fit %s (pads are "
                       "at most half the kernel)",
                       op, (long long)o->kernel[0], (long long)o->kernel[1], (long long)o->pad[0],
                       (long long)o->pad[1], dvt_shape_text(s, text));
        return false;
    }
    j->h = s->dim[2];
    j->w = s->dim[3];
    j->planes = s->dim[0] * s->dim[1];
    j->out_h = (j->h + 2 * o->pad[0] - o->kernel[0]) / j->o.stride[0] + 1;
    j->out_w = (j->w + 2 * o->pad[1] - o->kernel[1]) / j->o.stride[1] + 1;
    return true;
}

static dvt_var pool(dvt_tape *t, const char *op, dvt_var x, const dvt_pool_opts *o, bool max)
{
    pool_job j;

    if (!pool_fits(t, op, x, o, &j))
        return DVT_NO_VAR;
    dvt_shape  s = t->nodes[x.id].shape;
    s.dim[2] = j.out_h;
    s.dim[3] = j.out_w;
    j.max = max;
    j.x = dvti_value(t, x.id);
    pool_job  *attr = dvti_tape_attr(t, sizeof *attr);
    dvti_node *n = attr ? dvti_tape_push(t, &s, NULL, &x, 1, pool_backward) : NULL;
    if (!n)
        return DVT_NO_VAR;
    j.y = n->value;
    j.where = max ? dvti_tape_alloc(t, (size_t)n->count * sizeof *j.where) : NULL;
    if (t->status != DVT_OK)
        return DVT_NO_VAR;
    *attr = j;
    n->attr = attr;
    dvt_parallel_for(t->ctx, j.planes, dvti_row_grain(j.h * j.w * 4), pool_range, attr);
    return dvti_tape_last(t);
}

dvt_var dvt_tape_max_pool2d(dvt_tape *t, dvt_var x, const dvt_pool_opts *opts)
{
    return pool(t, "max_pool2d", x, opts, true);
}

dvt_var dvt_tape_avg_pool2d(dvt_tape *t, dvt_var x, const dvt_pool_opts *opts)
{
    return pool(t, "avg_pool2d", x, opts, false);
}
