/* SPDX-License-Identifier: Apache-2.0 */
/*
 * move.c - kernels that only move elements: transpose, slice, expand, tile, concat, gather, ...
 *
 * Idea      Elements are 1, 2, 4 or 8 bytes and are never looked at. Transpose, slice, expand, tile
 *           and the block rearrangements are nests with strides (nest_int.h); concatenation, split
 *           and gather copy whole runs.
 * Tests     tests/unit/test_kernels_move.c, against index formulae on random shapes.
 */
#include "dovetail/kernels.h"
#include "tensor/nest_int.h"

#include <assert.h>
#include <string.h>

/* ---- nests --------------------------------------------------------------------------------- */

void dvt_move_transpose(const dvt_tensor *x, const int64_t *perm, const dvt_tensor *y)
{
    dvti_nest nest = dvti_nest_over(&y->shape);
    int64_t   stride[DVT_MAX_RANK];

    dvti_strides(&x->shape, stride);
    nest.operands = 1;
    for (int32_t i = 0; i < y->shape.rank; i++)
        nest.stride[0][i] = stride[perm[i]];
    dvti_nest_copy(&nest, dvt_dtype_bytes(x->dtype), x->data, y->data);
}

void dvt_move_slice(const dvt_tensor *x, const int64_t *start, const int64_t *step,
                    const dvt_tensor *y)
{
    dvti_nest nest = dvti_nest_over(&y->shape);
    int64_t   stride[DVT_MAX_RANK];

    dvti_strides(&x->shape, stride);
    nest.operands = 1;
    for (int32_t i = 0; i < y->shape.rank; i++) {
        nest.stride[0][i] = stride[i] * step[i];
        nest.base[0] += stride[i] * start[i];
    }
    dvti_nest_copy(&nest, dvt_dtype_bytes(x->dtype), x->data, y->data);
}

void dvt_move_expand(const dvt_tensor *x, const dvt_tensor *y)
{
    dvti_nest nest = dvti_nest_over(&y->shape);

    dvti_nest_add_broadcast(&nest, &x->shape);
    dvti_nest_copy(&nest, dvt_dtype_bytes(x->dtype), x->data, y->data);
}

/* y's dimension i is a loop over repeats (stride 0) around a loop over x's dimension. */
void dvt_move_tile(const dvt_tensor *x, const dvt_tensor *y)
{
    dvti_nest nest = {.rank = 2 * x->shape.rank, .operands = 1};
    int64_t   stride[DVT_MAX_RANK];

    dvti_strides(&x->shape, stride);
    for (int32_t i = 0; i < x->shape.rank; i++) {
        int64_t own = x->shape.dim[i];
        nest.dim[2 * i] = own ? y->shape.dim[i] / own : 0;
        nest.dim[2 * i + 1] = own;
        nest.stride[0][2 * i + 1] = stride[i];
    }
    if (nest.rank == 0)
        nest.dim[nest.rank++] = 1;
    dvti_nest_copy(&nest, dvt_dtype_bytes(x->dtype), x->data, y->data);
}

/* (n, c', h, by, w, bx) from (n, by, bx, c', h, w) or (n, c', by, bx, h, w). */
void dvt_move_depth_to_space(dvt_depth order, int64_t block, const dvt_tensor *x,
                             const dvt_tensor *y)
{
    const int64_t *d = x->shape.dim;
    int64_t        c = d[1] / (block * block), size = d[2] * d[3];
    int64_t        by = order == DVT_DEPTH_DCR ? block * c * size : block * size;
    int64_t        bx = order == DVT_DEPTH_DCR ? c * size : size;
    int64_t        channel = order == DVT_DEPTH_DCR ? size : block * block * size;
    dvti_nest      nest = {.rank = 6,
                           .operands = 1,
                           .dim = {d[0], c, d[2], block, d[3], block},
                           .stride = {{d[1] * size, channel, d[3], by, 1, bx}}};

    dvti_nest_copy(&nest, dvt_dtype_bytes(x->dtype), x->data, y->data);
}

/* (n, by, bx, c, h', w') from (n, c, h', by, w', bx). */
void dvt_move_space_to_depth(int64_t block, const dvt_tensor *x, const dvt_tensor *y)
{
    const int64_t *d = x->shape.dim;
    int64_t        h = d[2] / block, w = d[3] / block, size = d[2] * d[3];
    dvti_nest      nest = {.rank = 6,
                           .operands = 1,
                           .dim = {d[0], block, block, d[1], h, w},
                           .stride = {{d[1] * size, d[3], 1, size, block * d[3], block}}};

    dvti_nest_copy(&nest, dvt_dtype_bytes(x->dtype), x->data, y->data);
}

#define DEFINE_WHERE_ROW(name, type)                                                              \
    static void name(const dvti_nest *n, const uint8_t *cond, const type *a, const type *b,       \
                     type *y)                                                                     \
    {                                                                                             \
        int64_t rows = dvti_nest_rows(n), width = dvti_nest_width(n), at[DVTI_NEST_OPERANDS];     \
        int64_t sc = n->stride[0][n->rank - 1], sa = n->stride[1][n->rank - 1];                   \
        int64_t sb = n->stride[2][n->rank - 1];                                                   \
        for (int64_t r = 0; r < rows; r++) {                                                      \
            dvti_nest_row(n, r, at);                                                              \
            for (int64_t i = 0; i < width; i++)                                                   \
                *y++ = cond[at[0] + i * sc] ? a[at[1] + i * sa] : b[at[2] + i * sb];              \
        }                                                                                         \
    }
DEFINE_WHERE_ROW(where_1, uint8_t)
DEFINE_WHERE_ROW(where_2, uint16_t)
DEFINE_WHERE_ROW(where_4, uint32_t)
DEFINE_WHERE_ROW(where_8, uint64_t)

void dvt_move_where(const dvt_tensor *cond, const dvt_tensor *a, const dvt_tensor *b,
                    const dvt_tensor *y)
{
    dvti_nest nest = dvti_nest_over(&y->shape);

    dvti_nest_add_broadcast(&nest, &cond->shape);
    dvti_nest_add_broadcast(&nest, &a->shape);
    dvti_nest_add_broadcast(&nest, &b->shape);
    dvti_nest_collapse(&nest);
    switch (dvt_dtype_bytes(y->dtype)) {
    case 1: where_1(&nest, cond->data, a->data, b->data, y->data); break;
    case 2: where_2(&nest, cond->data, a->data, b->data, y->data); break;
    case 4: where_4(&nest, cond->data, a->data, b->data, y->data); break;
    default: where_8(&nest, cond->data, a->data, b->data, y->data); break;
    }
}

/* ---- runs ---------------------------------------------------------------------------------- */

/* Bytes of one step of the outer dimensions: the axis and all behind it. */
static size_t run_bytes(const dvt_tensor *t, int32_t axis)
{
    dvt_axis_dims d = dvt_axis_dims_of(&t->shape, axis);

    return (size_t)(d.axis * d.inner) * dvt_dtype_bytes(t->dtype);
}

void dvt_move_concat(const dvt_tensor *x, int32_t count, int32_t axis, const dvt_tensor *y)
{
    int64_t outer = dvt_axis_dims_of(&y->shape, axis).outer;
    size_t  pitch = run_bytes(y, axis), at = 0;

    for (int32_t i = 0; i < count; i++) {
        size_t run = run_bytes(&x[i], axis);
        for (int64_t o = 0; run && o < outer; o++)
            memcpy((uint8_t *)y->data + (size_t)o * pitch + at,
                   (const uint8_t *)x[i].data + (size_t)o * run, run);
        at += run;
    }
}

void dvt_move_split(const dvt_tensor *x, int32_t axis, const dvt_tensor *y, int32_t count)
{
    int64_t outer = dvt_axis_dims_of(&x->shape, axis).outer;
    size_t  pitch = run_bytes(x, axis), at = 0;

    for (int32_t i = 0; i < count; i++) {
        size_t run = run_bytes(&y[i], axis);
        for (int64_t o = 0; run && o < outer; o++)
            memcpy((uint8_t *)y[i].data + (size_t)o * run,
                   (const uint8_t *)x->data + (size_t)o * pitch + at, run);
        at += run;
    }
}

bool dvt_move_gather(const dvt_tensor *x, const dvt_tensor *indices, int32_t axis,
                     const dvt_tensor *y)
{
    dvt_axis_dims d = dvt_axis_dims_of(&x->shape, axis);
    size_t        run = (size_t)d.inner * dvt_dtype_bytes(x->dtype);
    int64_t       count = dvt_shape_count(&indices->shape);
    uint8_t      *out = y->data;

    for (int64_t o = 0; o < d.outer; o++) {
        for (int64_t i = 0; i < count; i++) {
            int64_t at = dvt_tensor_get_i64(indices, i);
            at += at < 0 ? d.axis : 0;
            if (at < 0 || at >= d.axis)
                return false;
            if (run) {
                memcpy(out, (const uint8_t *)x->data + (size_t)(o * d.axis + at) * run, run);
                out += run;
            }
        }
    }
    return true;
}
