/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_caffemodel.c - any bytes as weights for a net and as a net of their own.
 *
 * Checks    (1) a refusal has a message; damage has a place; (2) what is accepted verifies, and its
 *           parameters keep their shapes; (3) no memory stays in use.
 */
#include "dovetail/formats.h"
#include "formats/caffe_int.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) abort();
}

static void check_error(const dvt_ctx *ctx, dvt_status st)
{
    require(st != DVT_E_INTERNAL && st != DVT_E_IO);
    require(st == DVT_OK || dvt_ctx_error(ctx)->message[0] != '\0');
    require(st != DVT_E_PARSE || dvt_ctx_error(ctx)->has_pos);
}

static void as_net(dvt_ctx *ctx, const uint8_t *data, size_t size)
{
    dvt_import_opts opts = {.batch = 1, .image_shape = DVT_SHAPE(1, 8, 8)};
    dvt_graph      *g = NULL;
    dvt_status      st = dvt_caffe_parse(ctx, "fuzz", data, size, &opts, &g);

    check_error(ctx, st);
    require(st != DVT_OK || dvt_graph_verify(g) == DVT_OK);
    dvt_graph_destroy(g);
    dvt_ctx_clear_error(ctx);
}

static void as_weights(dvt_ctx *ctx, const uint8_t *data, size_t size)
{
    static const char net[] =
        "input: 'x' input_dim: [1,2,3,3]"
        "layer { name: 'c' type: 'Convolution' bottom: 'x' top: 'c' "
        "  convolution_param { num_output: 2 kernel_size: 2 } }"
        "layer { name: 'b' type: 'BatchNorm' bottom: 'c' top: 'b' }"
        "layer { name: 's' type: 'Scale' bottom: 'b' top: 's' scale_param { bias_term: true } }"
        "layer { name: 'p' type: 'PReLU' bottom: 's' top: 'p' }";
    dvt_graph *g = NULL;

    require(dvt_caffe_parse(ctx, "net", (const uint8_t *)net, strlen(net), NULL, &g) == DVT_OK);
    check_error(ctx, dvti_caffe_apply_weights(g, "fuzz", data, size));
    require(dvt_graph_verify(g) == DVT_OK);
    dvt_graph_destroy(g);
    dvt_ctx_clear_error(ctx);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dvt_ctx *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = 1, .memory_budget_bytes = 1u << 28});

    if (size <= 1 << 16) {
        as_net(ctx, data, size);
        as_weights(ctx, data, size);
    }
    require(dvt_ctx_bytes_in_use(ctx) == 0);
    dvt_ctx_destroy(ctx);
    return 0;
}
