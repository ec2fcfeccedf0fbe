/* SPDX-License-Identifier: Apache-2.0 */
/*
 * side_overlays.c - the overlays of a space as a side: area, resources, and the choices themselves.
 *
 * Choices   are metrics under their own names, so that limits can pick a part of the grid
 *           ("format=7,stream_buffer<=131072"): the larger counts as worse.
 * Tests     tests/unit/test_overlay_cost.c
 */
#include <string.h>

#include "dovetail/overlay_cost.h"

/* A metric of an overlay; the choices follow what the resource model says. */
typedef struct figures {
    const dvt_overlay         *o;
    const dvt_overlay_derived *d;
    const dvt_resources       *r;
} figures;

#define METRICS(X)                                                 \
    X("area", 1, dvt_overlay_area_ppm(f->r))                       \
    X("logic", 1, (int64_t)f->r->logic)                            \
    X("dsp", 1, (int64_t)f->r->dsp)                                \
    X("memory_blocks", 1, (int64_t)f->r->memory_blocks)            \
    X("macs_per_cycle", 1, f->d->macs_per_cycle)                   \
    X("c_vec", 1, f->o->c_vec)                                     \
    X("k_vec", 1, f->o->k_vec)                                     \
    X("q_vec", 1, f->o->q_vec)                                     \
    X("p_vec", 1, f->o->p_vec)                                     \
    X("format", 1, f->o->feature_mantissa_bits)                    \
    X("stream_buffer", 1, f->d->stream_buffer_words * f->o->c_vec) \
    X("filter_cache", 1, f->o->filter_cache_words)                 \
    X("aux_vec", 1, f->o->aux_vec[DVT_KERNEL_SCALE])               \
    X("pool_vec", 1, f->o->aux_vec[DVT_KERNEL_POOL])               \
    X("link_bits", 1, f->o->control_link_bits)

enum {
#define DVT_X(name, per, value) +1
    METRIC_COUNT = METRICS(DVT_X)
#undef DVT_X
};

static void figures_of(const figures *f, int64_t out[METRIC_COUNT])
{
    int32_t n = 0;
#define DVT_X(name, per, value) out[n++] = (value);
    METRICS(DVT_X)
#undef DVT_X
}

static void label(const dvt_side *side, int64_t i, dvt_buf *out)
{
    dvt_point p = dvt_space_at(((const dvt_space *const *)side->ud)[0], (uint64_t)i);

    dvt_space_print(((const dvt_space *const *)side->ud)[0], &p, out);
}

static int32_t facts(const dvt_side *side, int64_t i, dvt_fact out[DVT_SPACE_MAX_FACTS])
{
    for (int32_t m = 0; m < METRIC_COUNT; m++) {
        out[m] = (dvt_fact){side->metric[m].name, side->value[m][i]};
    }
    return METRIC_COUNT;
}

static void destroy(dvt_ctx *ctx, dvt_side *side)
{
    dvt_free(ctx, (void *)(uintptr_t)side->value[0]);
    dvt_free(ctx, side->ud);
}

static dvt_status fill_values(const dvt_space *space, int64_t count, int64_t *values)
{
    for (int64_t i = 0; i < count; i++) {
        dvt_point           p = dvt_space_at(space, (uint64_t)i);
        dvt_overlay         o;
        dvt_overlay_derived d;
        dvt_resources       r;
        int64_t             of[METRIC_COUNT];
        dvt_status          st = dvt_space_overlay(space, &p, &o);
        if (st == DVT_OK) {
            st = dvt_space_resources(space, &p, &r);
        }
        if (st != DVT_OK) {
            return st;
        }
        dvt_overlay_derive(&o, &d);
        figures_of(&(figures){&o, &d, &r}, of);
        for (int32_t m = 0; m < METRIC_COUNT; m++) {
            values[(int64_t)m * count + i] = of[m];
        }
    }
    return DVT_OK;
}

dvt_status dvt_side_of_overlays(dvt_ctx *ctx, const dvt_space *space, dvt_side *out)
{
    static const char *const names[METRIC_COUNT] = {
#define DVT_X(name, per, value) name,
        METRICS(DVT_X)
#undef DVT_X
    };
    int64_t           count = (int64_t)dvt_space_count(space);
    const dvt_space **own;
    int64_t          *values;
    dvt_status        st;

    *out = (dvt_side){0};
    if (strcmp(dvt_space_name(space), "overlays") != 0) {
        return dvt_fail(ctx, DVT_E_USAGE, NULL, "'%s' is not the space of overlays alone",
                        dvt_space_name(space));
    }
    own = dvt_calloc(ctx, 1, sizeof *own);
    values = dvt_calloc(ctx, (size_t)count * METRIC_COUNT, sizeof *values);
    st = own && values ? fill_values(space, count, values) : DVT_E_NOMEM;
    if (st != DVT_OK) {
        dvt_free(ctx, own);
        dvt_free(ctx, values);
        return st;
    }
    own[0] = space;
    *out = (dvt_side){.name = "overlays",
                      .count = count,
                      .metric_count = METRIC_COUNT,
                      .label = label,
                      .facts = facts,
                      .destroy = destroy,
                      .ud = own};
    for (int32_t m = 0; m < METRIC_COUNT; m++) {
        out->metric[m] = (dvt_metric){names[m], "", 1, false};
        out->value[m] = values + (int64_t)m * count;
    }
    return DVT_OK;
}
