/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_checkpoint.c - any bytes as the content of a checkpoint (without its digest): loaded or an
 * error, no crash, nothing left allocated; what was loaded is printed as the same bytes.
 */
#include "learn/checkpoint_int.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool good)
{
    if (!good)
        abort();
}

static void load(dvt_ctx *ctx, dvt_checkpoint *c, const uint8_t *data, size_t size)
{
    dvt_buf    printed;
    dvt_status st = dvti_checkpoint_parse(ctx, "input", data, size, c);

    require((st == DVT_OK) == (dvt_ctx_error(ctx)->status == DVT_OK) && st != DVT_E_INTERNAL);
    if (st != DVT_OK)
        return;
    dvt_buf_init(&printed, ctx, 0);
    dvti_checkpoint_print(c, &printed);
    require(dvt_buf_status(&printed) == DVT_OK && printed.len == size);
    dvt_buf_deinit(&printed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dvt_ctx       *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = 1});
    dvt_optim_opts adam = {.kind = DVT_OPTIM_ADAM};
    dvt_plateau    plateau = dvt_plateau_make(1, 0.5, 3);
    dvt_checkpoint c = {.plateau = &plateau};
    dvt_param      p;

    if (!ctx)
        return 0;
    require(dvt_params_create(ctx, 1, &c.params) == DVT_OK);
    require(dvt_params_add(c.params, "w", DVT_SHAPE(2, 3), (dvt_init){0}, &p) == DVT_OK);
    require(dvt_params_add_state(c.params, "s", DVT_SHAPE(2), (dvt_init){0}, &p) == DVT_OK);
    require(dvt_optim_create(ctx, c.params, &adam, &c.optim) == DVT_OK);
    require(dvt_stopper_create(ctx, c.params, 2, 0, &c.stopper) == DVT_OK);
    (void)dvt_stopper_update(c.stopper, c.params, 1);
    load(ctx, &c, data, size);
    dvt_stopper_destroy(c.stopper);
    dvt_optim_destroy(c.optim);
    dvt_params_destroy(c.params);
    require(dvt_ctx_bytes_in_use(ctx) == 0);
    dvt_ctx_destroy(ctx);
    return 0;
}
