/* SPDX-License-Identifier: Apache-2.0 */
/*
 * move_pad.c - padding and cropping in every mode, as a map from output to source index.
 *
 * Idea      Each dimension maps an output index to a source index or to "outside". In the constant
 *           mode outside takes the value; the other modes map every index inside:
 *             reflect  mirrored at the edges without repeating them, period 2 (n - 1)
 *             edge     the nearest element;  wrap  period n
 * Tests     tests/unit/test_kernels_move.c
 */
#include "dovetail/kernels.h"
#include "tensor/nest_int.h"

#include <assert.h>
#include <string.h>

static int64_t positive_mod(int64_t a, int64_t n)
{
    int64_t r = a % n;

    return r < 0 ? r + n : r;
}

/* Source index of position `at` (0: the first element) among n; -1: outside. */
static int64_t source_index(dvt_pad mode, int64_t at, int64_t n)
{
    if (at >= 0 && at < n)
        return at;
    switch (mode) {
    case DVT_PAD_REFLECT:
        if (n == 1)
            return 0;
        at = positive_mod(at, 2 * (n - 1));
        return at < n ? at : 2 * (n - 1) - at;
    case DVT_PAD_EDGE: return at < 0 ? 0 : n - 1;
    case DVT_PAD_WRAP: return positive_mod(at, n);
    case DVT_PAD_CONSTANT:
    case DVT_PAD_COUNT: break;
    }
    return -1;
}

void dvt_move_pad(dvt_pad mode, const dvt_tensor *x, const int64_t *pad_lo, const void *value,
                  const dvt_tensor *y)
{
    size_t         size = dvt_dtype_bytes(x->dtype);
    int32_t        rank = y->shape.rank;
    int64_t        count = dvt_shape_count(&y->shape), stride[DVT_MAX_RANK];
    const uint8_t *in = x->data;
    uint8_t       *out = y->data;

    dvti_strides(&x->shape, stride);
    for (int64_t i = 0; i < count; i++) {
        int64_t rest = i, from = 0;
        for (int32_t d = rank - 1; d >= 0 && from >= 0; d--) {
            int64_t at = source_index(mode, rest % y->shape.dim[d] - pad_lo[d], x->shape.dim[d]);
            rest /= y->shape.dim[d];
            from = at < 0 ? -1 : from + at * stride[d];
        }
        assert(from >= 0 || mode == DVT_PAD_CONSTANT);
        memcpy(out + (size_t)i * size, from < 0 ? value : in + (size_t)from * size, size);
    }
}
