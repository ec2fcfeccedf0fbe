/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vec.c - the growth rule of the typed arrays in vec.h: double, or what is asked for if more.
 *
 * Tests      tests/unit/test_alloc.c
 */
#include "base/vec.h"

void *dvti_vec_grow(dvt_ctx *ctx, void *data, size_t elem_bytes, size_t want, size_t *cap)
{
    size_t next = *cap > SIZE_MAX / 2 ? want : *cap * 2;
    size_t bytes = 0;

    if (next < DVTI_VEC_FIRST_CAP) {
        next = DVTI_VEC_FIRST_CAP;
    }
    if (next < want) {
        next = want;
    }
    if (!dvt_mul_size(next, elem_bytes, &bytes)) {
        dvt_fail(ctx, DVT_E_NOMEM, NULL, "out of memory: %zu items of %zu bytes overflow a size",
                 next, elem_bytes);
        return NULL;
    }
    void *grown = dvt_realloc(ctx, data, bytes);
    if (grown) {
        *cap = next;
    }
    return grown;
}
