/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export_dataset.c - writes a data set as an .npz file, for programs that read arrays.
 *
 * Usage     export_dataset KIND:PATH test|train OUT.npz
 * Output    images u8 (N,C,H,W) and labels i64 (N). All images must have one shape.
 */
#include "dovetail/data.h"

#include <stdio.h>
#include <string.h>

/* Makes room for `count` images of the shape of the first one. */
static dvt_status make_arrays(dvt_ctx *ctx, int64_t count, const dvt_tensor *first,
                              dvt_tensor out[2])
{
    const dvt_shape images = DVT_SHAPE(count, first->shape.dim[0], first->shape.dim[1],
                                       first->shape.dim[2]);
    const dvt_shape labels = DVT_SHAPE(count);
    dvt_status      st = dvt_tensor_init(ctx, DVT_DTYPE_U8, &images, &out[0]);

    return st == DVT_OK ? dvt_tensor_init(ctx, DVT_DTYPE_I64, &labels, &out[1]) : st;
}

static dvt_status collect(dvt_ctx *ctx, dvt_dataset *d, dvt_tensor out[2])
{
    const int64_t count = dvt_dataset_count(d);
    dvt_status    st = DVT_OK;

    for (int64_t i = 0; st == DVT_OK && i < count; i++) {
        dvt_tensor image;
        int64_t    label;
        if ((st = dvt_dataset_get(d, i, &image, &label)) != DVT_OK) {
            break;
        }
        if (i == 0) {
            st = make_arrays(ctx, count, &image, out);
        }
        if (st == DVT_OK && image.bytes * (size_t)count != out[0].bytes) {
            st = dvt_fail(ctx, DVT_E_SHAPE, NULL, "'%s' has another size", dvt_dataset_name(d, i));
        }
        if (st == DVT_OK) {
            memcpy((uint8_t *)out[0].data + (size_t)i * image.bytes, image.data, image.bytes);
            ((int64_t *)out[1].data)[i] = label;
        }
        dvt_tensor_deinit(ctx, &image);
    }
    return st;
}

int main(int argc, char **argv)
{
    static const char *const NAMES[] = {"images", "labels"};
    dvt_ctx                 *ctx = dvt_ctx_create(NULL);
    dvt_dataset             *d = NULL;
    dvt_tensor               out[2] = {{.dtype = DVT_DTYPE_NONE}, {.dtype = DVT_DTYPE_NONE}};
    dvt_status               st;

    if (argc != 4 || !ctx) {
        fprintf(stderr, "usage: export_dataset KIND:PATH test|train OUT.npz\n");
        dvt_ctx_destroy(ctx);
        return dvt_status_exit_code(DVT_E_USAGE);
    }
    const dvt_dataset_opts opts = {.split = argv[2]};
    if ((st = dvt_dataset_open(ctx, argv[1], &opts, &d)) == DVT_OK &&
        (st = collect(ctx, d, out)) == DVT_OK) {
        st = dvt_npz_write(ctx, argv[3], NAMES, out, 2);
    }
    if (st != DVT_OK) {
        fprintf(stderr, "export_dataset: %s\n", dvt_ctx_error(ctx)->message);
    }
    dvt_tensor_deinit(ctx, &out[0]);
    dvt_tensor_deinit(ctx, &out[1]);
    dvt_dataset_close(d);
    dvt_ctx_destroy(ctx);
    return dvt_status_exit_code(st);
}
