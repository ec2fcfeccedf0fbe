/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attrs.c - reading, comparing and checking attributes through their descriptions.
 *
 * Idea      An attribute is a kind and an offset into dvt_attrs. The functions here copy members in
 *           and out with memcpy, so that no pointer cast breaks the aliasing rules.
 * Tests     tests/unit/test_graph_ops.c
 */
#include "graph/graph_int.h"

#include <string.h>

static const unsigned char *member(const dvt_attr_desc *d, const dvt_attrs *a)
{
    return (const unsigned char *)a + d->offset;
}

int32_t dvti_attr_enum(const dvt_attr_desc *d, const dvt_attrs *a)
{
    int value;
    memcpy(&value, member(d, a), sizeof value);
    return value;
}

void dvti_attr_set_enum(const dvt_attr_desc *d, dvt_attrs *a, int32_t value)
{
    int v = value;
    memcpy((unsigned char *)a + d->offset, &v, sizeof v);
}

static bool ints_equal(const dvt_ints *a, const dvt_ints *b)
{
    return a->n == b->n && memcmp(a->v, b->v, (size_t)a->n * sizeof a->v[0]) == 0;
}

bool dvti_attr_equal(const dvt_attr_desc *d, const dvt_attrs *a, const dvt_attrs *b)
{
    const unsigned char *pa = member(d, a), *pb = member(d, b);

    switch (d->kind) {
    case DVT_ATTR_BOOL: return memcmp(pa, pb, sizeof(bool)) == 0;
    case DVT_ATTR_I64: return memcmp(pa, pb, sizeof(int64_t)) == 0;
    case DVT_ATTR_F32: return memcmp(pa, pb, sizeof(float)) == 0;
    case DVT_ATTR_FLOATS: return memcmp(pa, pb, DVT_MAX_RANK * sizeof(float)) == 0;
    case DVT_ATTR_ENUM:
    case DVT_ATTR_DTYPE: return memcmp(pa, pb, sizeof(int)) == 0;
    case DVT_ATTR_INTS: break;
    }
    dvt_ints x, y;
    memcpy(&x, pa, sizeof x);
    memcpy(&y, pb, sizeof y);
    return ints_equal(&x, &y);
}

bool dvti_attrs_equal(dvt_op op, const dvt_attrs *a, const dvt_attrs *b)
{
    const dvt_op_desc *desc = dvt_op_describe(op);

    for (int32_t i = 0; i < desc->attr_count; i++)
        if (!dvti_attr_equal(&desc->attrs[i], a, b)) return false;
    return true;
}

static bool attr_in_range(const dvt_attr_desc *d, const dvt_attrs *a)
{
    int32_t n;

    switch (d->kind) {
    case DVT_ATTR_ENUM: n = dvti_attr_enum(d, a); return n >= 0 && n < d->choice_count;
    case DVT_ATTR_DTYPE: n = dvti_attr_enum(d, a); return n > 0 && n < DVT_DTYPE_COUNT;
    case DVT_ATTR_INTS: {
        dvt_ints list;
        memcpy(&list, member(d, a), sizeof list);
        return list.n >= 0 && list.n <= DVT_MAX_RANK;
    }
    default: return true;
    }
}

dvt_status dvti_attrs_check(dvt_ctx *ctx, dvt_op op, const dvt_attrs *a, const char *node_name,
                            const dvt_pos *at)
{
    const dvt_op_desc *desc = dvt_op_describe(op);

    for (int32_t i = 0; i < desc->attr_count; i++)
        if (!attr_in_range(&desc->attrs[i], a))
            return dvt_fail(ctx, DVT_E_USAGE, at, "node '%s' (%s): attribute '%s' is out of range",
                            node_name, desc->name, desc->attrs[i].name);
    return DVT_OK;
}

dvt_attrs dvti_attrs_default_for(dvt_op op, const dvt_shape *first_input)
{
    return dvt_op_default_attrs(op, first_input ? first_input->rank - 2 : 0);
}
