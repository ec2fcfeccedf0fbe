/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shape.c - element types and shapes: names, counts, broadcasting.
 *
 * Idea      A shape is a plain value. Counts are computed with an upper limit (DVT_DIM_MAX), so
 *           that sizes from untrusted files never overflow what is computed from them.
 * Limits    rank up to DVT_MAX_RANK; an element count above DVT_DIM_MAX reads as -1.
 * Tests     tests/unit/test_shape.c
 */
#include "dovetail/tensor.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

typedef struct dtype_desc {
    const char *text;
    size_t      bytes;
} dtype_desc;

static const dtype_desc dtypes[] = {
#define DVT_X(name, text, bytes) {text, bytes},
    DVT_DTYPE_LIST(DVT_X)
#undef DVT_X
};
static_assert(sizeof dtypes / sizeof dtypes[0] == DVT_DTYPE_COUNT, "one line a type");

static bool dtype_valid(dvt_dtype dtype)
{
    return (int)dtype >= 0 && dtype < DVT_DTYPE_COUNT;
}

const char *dvt_dtype_name(dvt_dtype dtype)
{
    return dtype_valid(dtype) ? dtypes[dtype].text : "?";
}

size_t dvt_dtype_bytes(dvt_dtype dtype)
{
    return dtype_valid(dtype) ? dtypes[dtype].bytes : 0;
}

bool dvt_dtype_parse(const char *name, dvt_dtype *out)
{
    for (int i = DVT_DTYPE_NONE + 1; i < DVT_DTYPE_COUNT; i++) {
        if (strcmp(name, dtypes[i].text) == 0) {
            *out = (dvt_dtype)i;
            return true;
        }
    }
    return false;
}

dvt_shape dvt_shape_make(int32_t rank, const int64_t *dim)
{
    dvt_shape s = {.rank = rank};

    assert(rank >= 0 && rank <= DVT_MAX_RANK);
    for (int32_t i = 0; i < rank; i++)
        s.dim[i] = dim[i];
    return s;
}

int64_t dvt_shape_count_range(const dvt_shape *s, int32_t first, int32_t end)
{
    int64_t count = 1;
    bool    empty = false;

    for (int32_t i = first; i < end; i++) {
        if (s->dim[i] < 0 || s->dim[i] > DVT_DIM_MAX)
            return -1;
        if (s->dim[i] == 0)
            empty = true;
        else if (count > DVT_DIM_MAX / s->dim[i])
            return -1;
        else
            count *= s->dim[i];
    }
    return empty ? 0 : count;
}

int64_t dvt_shape_count(const dvt_shape *s)
{
    return dvt_shape_count_range(s, 0, s->rank);
}

bool dvt_shape_equal(const dvt_shape *a, const dvt_shape *b)
{
    if (a->rank != b->rank)
        return false;
    for (int32_t i = 0; i < a->rank; i++) {
        if (a->dim[i] != b->dim[i])
            return false;
    }
    return true;
}

bool dvt_shape_broadcast(const dvt_shape *a, const dvt_shape *b, dvt_shape *out)
{
    dvt_shape y = {.rank = a->rank > b->rank ? a->rank : b->rank};

    for (int32_t i = 0; i < y.rank; i++) {
        int32_t ia = i - (y.rank - a->rank), ib = i - (y.rank - b->rank);
        int64_t da = ia < 0 ? 1 : a->dim[ia], db = ib < 0 ? 1 : b->dim[ib];
        if (da != db && da != 1 && db != 1)
            return false;
        y.dim[i] = da == 1 ? db : da;
    }
    *out = y;
    return true;
}

const char *dvt_shape_text(const dvt_shape *s, char out[DVT_SHAPE_TEXT])
{
    size_t at = 1;

    out[0] = '[';
    out[1] = '\0';
    for (int32_t i = 0; i < s->rank; i++) {
        int n = snprintf(out + at, DVT_SHAPE_TEXT - at, i ? ",%lld" : "%lld", (long long)s->dim[i]);
        at += (size_t)n;
    }
    snprintf(out + at, DVT_SHAPE_TEXT - at, "]");
    return out;
}
