/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pairs.c - what all sides and costs have in common.
 *
 * Tests      tests/unit/test_pairs.c
 */
#include <string.h>

#include "dovetail/pairs.h"

const int64_t *dvt_side_values(dvt_ctx *ctx, dvt_side *side, int32_t metric)
{
    if (!side->value[metric] && side->fill && side->fill(ctx, side, metric) != DVT_OK) {
        return NULL;
    }
    return side->value[metric];
}

int32_t dvt_side_find(const dvt_side *side, const char *name)
{
    for (int32_t i = 0; i < side->metric_count; i++) {
        if (strcmp(side->metric[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

void dvt_side_label(const dvt_side *side, int64_t i, dvt_buf *out)
{
    if (side->label) {
        side->label(side, i, out);
    } else {
        dvt_buf_printf(out, "%lld", (long long)i);
    }
}

void dvt_side_deinit(dvt_ctx *ctx, dvt_side *side)
{
    if (side->destroy) {
        side->destroy(ctx, side);
    }
    *side = (dvt_side){0};
}

void dvt_pair_cost_deinit(dvt_ctx *ctx, dvt_pair_cost *c)
{
    if (c->destroy) {
        c->destroy(ctx, c);
    }
    *c = (dvt_pair_cost){0};
}
