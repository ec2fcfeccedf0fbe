/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_predictor.c - predictor files: refused with an error, or run on cells without a fault.
 */
#include "predict/predictor_file.h"

#include <stdlib.h>

enum { CELLS = 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static dvt_nets *cells(dvt_ctx *ctx, dvt_nets_kind kind)
{
    const dvt_nb101_cell small = {.vertices = 3, .adj_bits = 1 | 1 << 2 | 1 << 1, .ops = {1}};
    dvt_nets            *nets;

    require(dvt_nets_create(ctx, kind, &nets) == DVT_OK);
    for (int i = 0; i < CELLS; i++) {
        const dvt_nb201_cell c = dvt_nb201_at(i * 700);
        if (kind == DVT_NETS_NB101) {
            require(dvt_nets_add_nb101(nets, &small) == DVT_OK);
        } else if (kind == DVT_NETS_NB201) {
            require(dvt_nets_add_nb201(nets, &c) == DVT_OK);
        }
    }
    return nets;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dvt_ctx *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = 1, .memory_budget_bytes = 64 << 20});
    dvt_predictor *p = NULL;

    if (ctx && size <= 1 << 20) {
        if (dvti_predictor_parse(ctx, "input", data, size, &p) == DVT_OK) {
            dvt_nets *nets = cells(ctx, dvt_predictor_about_of(p)->kind);
            double    out[CELLS];
            if (dvt_predictor_run(ctx, p, nets, NULL, dvt_nets_count(nets), out) != DVT_OK) {
                require(dvt_ctx_error(ctx)->message[0] != '\0');
            }
            dvt_nets_destroy(nets);
        } else {
            require(p == NULL && dvt_ctx_error(ctx)->message[0] != '\0');
        }
        dvt_predictor_destroy(p);
        require(dvt_ctx_bytes_in_use(ctx) == 0);
    }
    dvt_ctx_destroy(ctx);
    return 0;
}
