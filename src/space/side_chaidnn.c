/* SPDX-License-Identifier: Apache-2.0 */
/*
 * side_chaidnn.c - the 8,640 CHaiDNN accelerators as a side: area and resources as metrics.
 *
 * Units      bram36 is counted in halves, lut in tenths, so that both are whole numbers.
 * Tests      tests/unit/test_pairs.c
 */
#include <math.h>

#include "dovetail/pairs.h"

enum { AREA, CLB, LUT, DSP, BRAM36, METRICS };

static const dvt_metric metrics[METRICS] = {[AREA] = {"area", "mm2", 1000000, false},
                                            [CLB] = {"clb", "", 1, false},
                                            [LUT] = {"lut", "", 10, false},
                                            [DSP] = {"dsp", "", 1, false},
                                            [BRAM36] = {"bram36", "", 2, false}};

static int32_t facts(const dvt_side *side, int64_t i, dvt_fact out[DVT_SPACE_MAX_FACTS])
{
    dvt_chaidnn a;

    (void)side;
    dvt_chaidnn_at((int32_t)i, &a);
    const dvt_fact list[] = {
        {"filter_par", a.filter_par},     {"pixel_par", a.pixel_par},
        {"input_depth", a.input_depth},   {"weight_depth", a.weight_depth},
        {"output_depth", a.output_depth}, {"memory_bits", a.memory_bits},
        {"pool_engine", a.pool_engine},   {"share_twelfths", a.share},
    };
    for (size_t k = 0; k < sizeof list / sizeof list[0]; k++) {
        out[k] = list[k];
    }
    return (int32_t)(sizeof list / sizeof list[0]);
}

static void destroy(dvt_ctx *ctx, dvt_side *side) { dvt_free(ctx, side->ud); }

dvt_status dvt_side_of_chaidnn(dvt_ctx *ctx, dvt_side *out)
{
    int64_t *values = dvt_alloc(ctx, (size_t)METRICS * DVT_CHAIDNN_COUNT * sizeof *values);

    *out = (dvt_side){0};
    if (!values) {
        return DVT_E_NOMEM;
    }
    *out = (dvt_side){.name = "chaidnn",
                      .count = DVT_CHAIDNN_COUNT,
                      .metric_count = METRICS,
                      .facts = facts,
                      .destroy = destroy,
                      .ud = values};
    for (int32_t m = 0; m < METRICS; m++) {
        out->metric[m] = metrics[m];
        out->value[m] = values + (size_t)m * DVT_CHAIDNN_COUNT;
    }
    for (int32_t a = 0; a < DVT_CHAIDNN_COUNT; a++) {
        dvt_chaidnn      h;
        dvt_chaidnn_cost cost;
        dvt_chaidnn_at(a, &h);
        dvt_chaidnn_cost_of(&h, &cost);
        const int64_t of[METRICS] = {[AREA] = cost.area_um2,
                                     [CLB] = cost.clb,
                                     [LUT] = (int64_t)llround(cost.lut * 10),
                                     [DSP] = cost.dsp,
                                     [BRAM36] = (int64_t)llround(cost.bram36 * 2)};
        for (int32_t m = 0; m < METRICS; m++) {
            values[(size_t)m * DVT_CHAIDNN_COUNT + (size_t)a] = of[m];
        }
    }
    return DVT_OK;
}
