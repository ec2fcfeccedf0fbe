/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_onnx_tensor.c - any bytes as an ONNX tensor: an error, or a tensor as large as its shape
 * says.
 */
#include "formats/onnx_int.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static dvt_status parse(dvt_ctx *ctx, const uint8_t *data, size_t size, dvt_tensor *out)
{
    ProtobufCAllocator allocator;
    ProtobufCMessage  *m = NULL;
    dvt_status         st = dvti_onnx_unpack(ctx, "fuzz.pb", data, size,
                                             &dvt_onnx__tensor__descriptor, &allocator, &m);

    *out = (dvt_tensor){0};
    if (st == DVT_OK) {
        st = dvti_onnx_tensor(ctx, "fuzz.pb", "tensor", (const DvtOnnx__Tensor *)m, out);
        protobuf_c_message_free_unpacked(m, &allocator);
    }
    return st;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dvt_ctx   *ctx = dvt_ctx_create(&(dvt_ctx_opts){.memory_budget_bytes = (size_t)1 << 26});
    dvt_tensor t;

    if (parse(ctx, data, size, &t) == DVT_OK) {
        must(t.bytes == (size_t)dvt_shape_count(&t.shape) * dvt_dtype_bytes(t.dtype));
    } else {
        must(t.data == NULL && dvt_ctx_error(ctx)->status != DVT_E_INTERNAL);
    }
    dvt_tensor_deinit(ctx, &t);
    must(dvt_ctx_bytes_in_use(ctx) == 0);
    dvt_ctx_destroy(ctx);
    return 0;
}
