/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault_data.c - arrays, archives, images, data sets and preprocessing survive every refused
 * allocation. (libjpeg's and libpng's own memory is not made to fail.)
 */
#include "fault/fault.h"

#include "dovetail/data.h"
#include "support/test_data.h"

#include <stdio.h>
#include <string.h>

static dvt_status write_and_read_npz(dvt_ctx *ctx, void *path)
{
    static const char *const NAMES[] = {"a", "b"};
    const dvt_shape          shape = DVT_SHAPE(4, 500);
    dvt_tensor               t[2] = {{.dtype = DVT_DTYPE_NONE}, {.dtype = DVT_DTYPE_NONE}};
    dvt_npz                  npz = {0};
    dvt_status               st = dvt_tensor_init(ctx, DVT_DTYPE_F32, &shape, &t[0]);

    if (st == DVT_OK && (st = dvt_tensor_init(ctx, DVT_DTYPE_U8, &shape, &t[1])) == DVT_OK &&
        (st = dvt_npz_write(ctx, path, NAMES, t, 2)) == DVT_OK) {
        st = dvt_npz_read(ctx, path, &npz);
    }
    dvt_npz_deinit(ctx, &npz);
    dvt_tensor_deinit(ctx, &t[0]);
    dvt_tensor_deinit(ctx, &t[1]);
    return st;
}

static void fault_data__npz(void **state)
{
    char path[TEST_PATH_MAX];

    (void)state;
    test_temp_path("fault.npz", path);
    assert_true(fault_sweep(write_and_read_npz, path) > 10);
}

static dvt_status read_corpus(dvt_ctx *ctx, void *path)
{
    const char *name = path;
    dvt_tensor  t = {.dtype = DVT_DTYPE_NONE};
    dvt_status  st = strstr(name, "/npy/")   ? dvt_npy_read(ctx, name, &t)
                     : strstr(name, "/idx/") ? dvt_idx_read(ctx, name, &t)
                                             : dvt_image_read(ctx, name, &t);

    dvt_tensor_deinit(ctx, &t);
    return st;
}

static void fault_data__single_files(void **state)
{
    static const char *const FILES[] = {"npy/fortran",     "idx/gzip",       "image/rgb_jpeg",
                                        "image/cmyk_jpeg", "image/rgba_png", "image/palette_png"};
    char                     relative[TEST_PATH_MAX], path[TEST_PATH_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof FILES / sizeof FILES[0]; i++) {
        snprintf(relative, sizeof relative, "tests/fuzz/corpus/%s", FILES[i]);
        test_repo_path(relative, path);
        assert_true(fault_sweep(read_corpus, path) > 2);
    }
}

/* Opens the data set and prepares its first image. */
static dvt_status prepare_first(dvt_ctx *ctx, void *spec)
{
    static float         out[3 * 20 * 20];
    const dvt_shape      shape = DVT_SHAPE(3, 20, 20);
    const dvt_preprocess p = {.scale = 1, .resize = 24, .center_crop = true};
    dvt_dataset         *d = NULL;
    dvt_tensor           image = {.dtype = DVT_DTYPE_NONE};
    int64_t              label;
    dvt_status           st = dvt_dataset_open(ctx, spec, NULL, &d);

    if (st == DVT_OK && (st = dvt_dataset_get(d, 0, &image, &label)) == DVT_OK) {
        st = dvt_preprocess_apply(ctx, &p, &image, &shape, out);
    }
    dvt_tensor_deinit(ctx, &image);
    dvt_dataset_close(d);
    return st;
}

static void fault_data__glyphs(void **state)
{
    char spec[] = "glyphs:5@3";

    (void)state;
    assert_true(fault_sweep(prepare_first, spec) > 10);
}

static void write_file(const char *name, const void *data, size_t size)
{
    char     path[TEST_PATH_MAX];
    dvt_ctx *ctx = dvt_ctx_create(NULL);

    assert_non_null(ctx);
    test_temp_path(name, path);
    assert_int_equal(dvt_file_write(ctx, path, data, size), DVT_OK);
    dvt_ctx_destroy(ctx);
}

static void fault_data__folder_of_images_with_a_list(void **state)
{
    static const uint8_t RAW[3072] = {0};
    char                 path[TEST_PATH_MAX], spec[TEST_PATH_MAX + 16];

    (void)state;
    write_file("a.bin", RAW, sizeof RAW);
    write_file("b.bin", RAW, sizeof RAW);
    write_file("labels.csv", "file,label\na.bin,1\nb.bin,0\n", 27);
    test_temp_path("x", path);
    *strrchr(path, '/') = '\0';
    snprintf(spec, sizeof spec, "images:%s", path);
    assert_true(fault_sweep(prepare_first, spec) > 10);
}

static void fault_data__mnist(void **state)
{
    static const uint8_t IMAGES[] = {0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4};
    static const uint8_t LABELS[] = {0, 0, 8, 1, 0, 0, 0, 1, 9};
    char                 path[TEST_PATH_MAX], spec[TEST_PATH_MAX + 16];

    (void)state;
    write_file("t10k-images-idx3-ubyte", IMAGES, sizeof IMAGES);
    write_file("t10k-labels-idx1-ubyte", LABELS, sizeof LABELS);
    test_temp_path("x", path);
    *strrchr(path, '/') = '\0';
    snprintf(spec, sizeof spec, "mnist:%s", path);
    assert_true(fault_sweep(prepare_first, spec) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fault_data__npz),
        cmocka_unit_test(fault_data__single_files),
        cmocka_unit_test(fault_data__glyphs),
        cmocka_unit_test(fault_data__folder_of_images_with_a_list),
        cmocka_unit_test(fault_data__mnist),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
