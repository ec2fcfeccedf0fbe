/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nest.c - loop nests over dense outputs with strided operands (nest_int.h says what they are).
 *
 * Tests     tests/unit/test_kernels_move.c, tests/unit/test_kernels_binary.c
 */
#include "tensor/nest_int.h"

#include <assert.h>
#include <string.h>

void dvti_strides(const dvt_shape *s, int64_t stride[DVT_MAX_RANK])
{
    int64_t step = 1;

    for (int32_t i = s->rank - 1; i >= 0; i--) {
        stride[i] = step;
        step *= s->dim[i];
    }
}

dvti_nest dvti_nest_over(const dvt_shape *y)
{
    dvti_nest nest = {.rank = y->rank};

    for (int32_t i = 0; i < y->rank; i++)
        nest.dim[i] = y->dim[i];
    return nest;
}

void dvti_nest_add_broadcast(dvti_nest *nest, const dvt_shape *x)
{
    int64_t  own[DVT_MAX_RANK] = {0};
    int32_t  lead = nest->rank - x->rank;
    int64_t *stride = nest->stride[nest->operands];

    assert(lead >= 0 && nest->operands < DVTI_NEST_OPERANDS);
    dvti_strides(x, own);
    for (int32_t i = 0; i < nest->rank; i++) {
        assert(i < lead || x->dim[i - lead] == 1 || x->dim[i - lead] == nest->dim[i]);
        stride[i] = i < lead || x->dim[i - lead] == 1 ? 0 : own[i - lead];
    }
    nest->base[nest->operands++] = 0;
}

/* Loop i (outer) and j (inner) are one loop if each operand goes on without a jump. */
static bool joined(const dvti_nest *n, int32_t i, int32_t j)
{
    for (int32_t o = 0; o < n->operands; o++) {
        if (n->stride[o][i] != n->stride[o][j] * n->dim[j])
            return false;
    }
    return true;
}

static void set_loop(dvti_nest *n, int32_t to, int32_t from)
{
    n->dim[to] = n->dim[from];
    for (int32_t o = 0; o < n->operands; o++)
        n->stride[o][to] = n->stride[o][from];
}

void dvti_nest_collapse(dvti_nest *n)
{
    int32_t kept = 0;

    for (int32_t i = 0; i < n->rank; i++) {
        if (n->dim[i] == 1)
            continue;
        if (kept > 0 && joined(n, kept - 1, i)) {
            int64_t passes = n->dim[kept - 1];
            set_loop(n, kept - 1, i);
            n->dim[kept - 1] *= passes;
        } else {
            set_loop(n, kept++, i);
        }
    }
    if (kept == 0) {
        n->dim[0] = 1;
        for (int32_t o = 0; o < n->operands; o++)
            n->stride[o][0] = 1;
        kept = 1;
    }
    n->rank = kept;
}

int64_t dvti_nest_rows(const dvti_nest *n)
{
    int64_t rows = n->dim[n->rank - 1] > 0;

    for (int32_t i = 0; i < n->rank - 1; i++)
        rows *= n->dim[i];
    return rows;
}

int64_t dvti_nest_width(const dvti_nest *n)
{
    return n->dim[n->rank - 1];
}

void dvti_nest_row(const dvti_nest *n, int64_t row, int64_t at[DVTI_NEST_OPERANDS])
{
    for (int32_t o = 0; o < n->operands; o++)
        at[o] = n->base[o];
    for (int32_t i = n->rank - 2; i >= 0; i--) {
        int64_t index = row % n->dim[i];
        row /= n->dim[i];
        for (int32_t o = 0; o < n->operands; o++)
            at[o] += index * n->stride[o][i];
    }
}

/* ---- copying ------------------------------------------------------------------------------- */

#define DEFINE_COPY_ROW(name, type)                                                           \
    static void name(const void *x, int64_t from, int64_t step, void *y, int64_t to, int64_t n) \
    {                                                                                         \
        const type *in = (const type *)x + from;                                              \
        type       *out = (type *)y + to;                                                     \
        for (int64_t i = 0; i < n; i++)                                                       \
            out[i] = in[i * step];                                                            \
    }
DEFINE_COPY_ROW(copy_row_1, uint8_t)
DEFINE_COPY_ROW(copy_row_2, uint16_t)
DEFINE_COPY_ROW(copy_row_4, uint32_t)
DEFINE_COPY_ROW(copy_row_8, uint64_t)

typedef void (*copy_row_fn)(const void *, int64_t, int64_t, void *, int64_t, int64_t);

void dvti_nest_copy(const dvti_nest *nest, size_t element_bytes, const void *x, void *y)
{
    dvti_nest   n = *nest;
    copy_row_fn copy;
    int64_t     rows, width, step, at[DVTI_NEST_OPERANDS] = {0};

    dvti_nest_collapse(&n);
    rows = dvti_nest_rows(&n);
    width = dvti_nest_width(&n);
    step = n.stride[0][n.rank - 1];
    copy = element_bytes == 8   ? copy_row_8
           : element_bytes == 4 ? copy_row_4
           : element_bytes == 2 ? copy_row_2
                                : copy_row_1;
    for (int64_t r = 0; r < rows; r++) {
        dvti_nest_row(&n, r, at);
        if (step == 1)
            memcpy((uint8_t *)y + (size_t)(r * width) * element_bytes,
                   (const uint8_t *)x + (size_t)at[0] * element_bytes,
                   (size_t)width * element_bytes);
        else
            copy(x, at[0], step, y, r * width, width);
    }
}
