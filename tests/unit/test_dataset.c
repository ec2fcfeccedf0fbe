/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_dataset.c - data sets made here and real ones: counts, labels, samples, and clear refusals.
 */
#include "dovetail/data.h"
#include "support/fixture.h"
#include "support/test_data.h"

#include <stdio.h>

static dvt_dataset *open_set(dvt_ctx *ctx, const char *kind, const char *path,
                             const dvt_dataset_opts *opts)
{
    char         spec[TEST_PATH_MAX + 16];
    dvt_dataset *d;

    snprintf(spec, sizeof spec, "%s:%s", kind, path);
    expect_ok(ctx, dvt_dataset_open(ctx, spec, opts, &d));
    return d;
}

/* Opens $DATA/relative, or skips the test. */
static dvt_dataset *open_real(dvt_ctx *ctx, const char *kind, const char *relative,
                              const dvt_dataset_opts *opts)
{
    char path[TEST_PATH_MAX];

    test_data_require(relative, path);
    return open_set(ctx, kind, path, opts);
}

static void expect_item(dvt_ctx *ctx, dvt_dataset *d, int64_t i, const char *name, int64_t label,
                        const dvt_shape *shape)
{
    dvt_tensor image;
    int64_t    got;

    assert_string_equal(dvt_dataset_name(d, i), name);
    expect_ok(ctx, dvt_dataset_get(d, i, &image, &got));
    assert_int_equal(got, label);
    assert_int_equal(image.dtype, DVT_DTYPE_U8);
    assert_true(dvt_shape_equal(&image.shape, shape));
    dvt_tensor_deinit(ctx, &image);
}

/* The folder that test_temp_path writes to. */
static void temp_folder(char out[TEST_PATH_MAX])
{
    test_temp_path("x", out);
    *strrchr(out, '/') = '\0';
}

static void write_temp(dvt_ctx *ctx, const char *name, const void *data, size_t size)
{
    char path[TEST_PATH_MAX];

    test_temp_path(name, path);
    expect_ok(ctx, dvt_file_write(ctx, path, data, size));
}

static void remove_temp(const char *name)
{
    char path[TEST_PATH_MAX];

    test_temp_path(name, path);
    assert_int_equal(remove(path), 0);
}

static void test_dataset__idx_pairs_are_an_mnist_set(void **state)
{
    static const uint8_t IMAGES[] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4};
    static const uint8_t LABELS[] = {0, 0, 8, 1, 0, 0, 0, 2, 9, 11};
    const dvt_shape      shape = DVT_SHAPE(1, 1, 2);
    char                 dir[TEST_PATH_MAX];
    dvt_tensor           image;
    int64_t              label;

    temp_folder(dir);
    write_temp(*state, "t10k-images.idx3-ubyte", IMAGES, sizeof IMAGES);
    write_temp(*state, "t10k-labels.idx1-ubyte", LABELS, sizeof LABELS);
    dvt_dataset *d = open_set(*state, "mnist", dir, NULL);
    assert_int_equal(dvt_dataset_count(d), 2);
    assert_int_equal(dvt_dataset_class_count(d), 12);
    expect_item(*state, d, 1, "1", 11, &shape);
    expect_ok(*state, dvt_dataset_get(d, 1, &image, &label));
    assert_memory_equal(image.data, "\3\4", 2);
    dvt_tensor_deinit(*state, &image);
    expect_failure(*state, dvt_dataset_get(d, 2, &image, &label), DVT_E_USAGE, "2 items");
    dvt_dataset_close(d);
    write_temp(*state, "t10k-labels.idx1-ubyte", LABELS, sizeof LABELS - 1);
    char spec[TEST_PATH_MAX + 16];
    snprintf(spec, sizeof spec, "mnist:%s", dir);
    expect_failure(*state, dvt_dataset_open(*state, spec, NULL, &d), DVT_E_PARSE, "1 bytes");
    assert_null(d);
}

static void test_dataset__binary_batches_are_a_cifar10_set(void **state)
{
    static uint8_t  batch[2 * 3073];
    const dvt_shape shape = DVT_SHAPE(3, 32, 32);
    char            dir[TEST_PATH_MAX], spec[TEST_PATH_MAX + 16];
    dvt_dataset    *d;

    temp_folder(dir);
    batch[0] = 4;
    batch[3073] = 9;
    write_temp(*state, "data_batch_1.bin", batch, sizeof batch);
    write_temp(*state, "data_batch_2.bin", batch, 3073);
    d = open_set(*state, "cifar10", dir, &(dvt_dataset_opts){.split = "train"});
    assert_int_equal(dvt_dataset_count(d), 3);
    expect_item(*state, d, 1, "1", 9, &shape);
    expect_item(*state, d, 2, "2", 4, &shape);
    dvt_dataset_close(d);
    snprintf(spec, sizeof spec, "cifar10:%s", dir);
    expect_failure(*state, dvt_dataset_open(*state, spec, NULL, &d), DVT_E_IO, "no test_batch.bin");
    batch[0] = 10;
    write_temp(*state, "test_batch.bin", batch, sizeof batch);
    expect_failure(*state, dvt_dataset_open(*state, spec, NULL, &d), DVT_E_PARSE, "above 9");
    write_temp(*state, "test_batch.bin", batch, 3072);
    expect_failure(*state, dvt_dataset_open(*state, spec, NULL, &d), DVT_E_PARSE,
                   "3072 of its 3073");
    remove_temp("data_batch_1.bin");
    remove_temp("data_batch_2.bin");
    remove_temp("test_batch.bin");
}

static void test_dataset__a_folder_of_images_is_sorted_and_labelled(void **state)
{
    uint8_t         raw[3072] = {0}, pixels[2 * 3] = {1, 2, 3, 4, 5, 6};
    const dvt_shape hwc = DVT_SHAPE(1, 2, 3), chw = DVT_SHAPE(3, 1, 2),
                    square = DVT_SHAPE(3, 32, 32);
    const dvt_tensor t = dvt_tensor_wrap(DVT_DTYPE_U8, &hwc, pixels);
    char             dir[TEST_PATH_MAX], png[TEST_PATH_MAX];
    dvt_tensor       image;
    int64_t          label;

    temp_folder(dir);
    test_temp_path("first_4.png", png);
    expect_ok(*state, dvt_png_write(*state, png, &t));
    raw[3 * 32 + 1] = 77; /* second line, first pixel, green */
    write_temp(*state, "second_2.BIN", raw, sizeof raw);
    write_temp(*state, "third_1.jpg", "no image", 8);
    dvt_dataset *d = open_set(*state, "images", dir, NULL);
    assert_int_equal(dvt_dataset_count(d), 3);
    assert_int_equal(dvt_dataset_class_count(d), 5);
    assert_int_equal(dvt_dataset_shape(d).rank, 0);
    expect_item(*state, d, 1, "second_2.BIN", 2, &square);
    expect_ok(*state, dvt_dataset_get(d, 1, &image, &label));
    assert_int_equal(((uint8_t *)image.data)[1024 + 32], 77);
    dvt_tensor_deinit(*state, &image);
    expect_item(*state, d, 0, "first_4.png", 4, &chw);
    expect_ok(*state, dvt_dataset_get(d, 0, &image, &label));
    assert_memory_equal(image.data, "\1\4\2\5\3\6", 6); /* planes */
    dvt_tensor_deinit(*state, &image);
    expect_failure(*state, dvt_dataset_get(d, 2, &image, &label), DVT_E_UNSUPPORTED, "neither");
    dvt_dataset_close(d);
}

static void test_dataset__bad_specs_say_what_is_known(void **state)
{
    static const struct {
        const char *spec;
        dvt_status  status;
        const char *text;
    } CASES[] = {
        {"mnits:x", DVT_E_USAGE, "'mnits:x'"},  {"images", DVT_E_USAGE, "'images'"},
        {"images:", DVT_E_USAGE, "'images:'"},  {"images:no/such/path", DVT_E_IO, "no/such/path"},
        {"mnist:no/such", DVT_E_IO, "no/such"}, {"glyphs:0", DVT_E_USAGE, "'0'"},
        {"glyphs:5@x", DVT_E_USAGE, "'5@x'"},
    };
    dvt_dataset *d;

    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        dvt_status st = dvt_dataset_open(*state, CASES[i].spec, NULL, &d);
        assert_null(d);
        if (i == 0) {
            assert_non_null(strstr(dvt_ctx_error(*state)->hint, "did you mean 'mnist'"));
        }
        expect_failure(*state, st, CASES[i].status, CASES[i].text);
    }
    expect_failure(*state,
                   dvt_dataset_open(*state, "glyphs:5", &(dvt_dataset_opts){.split = "x"}, &d),
                   DVT_E_USAGE, "no split");
    expect_failure(*state,
                   dvt_dataset_open(*state, "glyphs:5", &(dvt_dataset_opts){.limit = -1}, &d),
                   DVT_E_USAGE, "-1");
}

/* ---- real sets ----------------------------------------------------------------------------- */

static void test_dataset__mnist_opens(void **state)
{
    const dvt_shape shape = DVT_SHAPE(1, 28, 28);
    dvt_dataset    *d = open_real(*state, "mnist", "datasets/mnist", NULL);

    assert_int_equal(dvt_dataset_count(d), 5000);
    assert_int_equal(dvt_dataset_class_count(d), 10);
    expect_item(*state, d, 0, "0", 7, &shape);
    dvt_dataset_close(d);
}

static void test_dataset__an_archive_of_jpegs_is_labelled_by_folders(void **state)
{
    const dvt_shape shape = DVT_SHAPE(3, 32, 32);
    dvt_dataset    *d = open_real(*state, "images", "datasets/cifar10-jpeg/test-even.tar.gz", NULL);

    assert_int_equal(dvt_dataset_count(d), 5000);
    assert_int_equal(dvt_dataset_class_count(d), 10);
    expect_item(*state, d, 0, "test/airplane/0000.jpg", 0, &shape);
    expect_item(*state, d, 4999, "test/truck/0998.jpg", 9, &shape);
    dvt_dataset_close(d);
}

static void test_dataset__a_folder_with_one_archive_and_a_list_opens(void **state)
{
    const dvt_shape shape = DVT_SHAPE(3, 32, 32), got_shape = {.rank = 0};
    dvt_dataset    *d = open_real(*state, "images", "datasets/cifar10-raw", NULL);
    dvt_shape       common = dvt_dataset_shape(d);

    assert_false(dvt_shape_equal(&common, &got_shape));
    assert_true(dvt_shape_equal(&common, &shape));
    assert_int_equal(dvt_dataset_count(d), 100);
    assert_int_equal(dvt_dataset_class_count(d), 10);
    for (int64_t i = 0; i < 100; i++) {
        if (strcmp(dvt_dataset_name(d, i), "lippizaner_s_000613.bin") == 0) {
            expect_item(*state, d, i, "lippizaner_s_000613.bin", 7, &shape);
        }
    }
    dvt_dataset_close(d);
}

static void test_dataset__imagenet_samples_find_their_synsets(void **state)
{
    dvt_dataset *d = open_real(*state, "images", "datasets/imagenet-sample", NULL);
    dvt_tensor   image;
    int64_t      label;

    assert_int_equal(dvt_dataset_class_count(d), 1000);
    expect_ok(*state, dvt_dataset_get(d, 0, &image, &label));
    assert_string_equal(dvt_dataset_name(d, 0), "n01440764_tench.JPEG");
    assert_int_equal(label, 0);
    dvt_tensor_deinit(*state, &image);
    for (int64_t i = 1; i < dvt_dataset_count(d); i++) {
        expect_ok(*state, dvt_dataset_get(d, i, &image, &label));
        assert_true(label > 0 && label < 1000);
        dvt_tensor_deinit(*state, &image);
    }
    dvt_dataset_close(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_dataset__idx_pairs_are_an_mnist_set),
        FIXTURE_TEST(test_dataset__binary_batches_are_a_cifar10_set),
        FIXTURE_TEST(test_dataset__a_folder_of_images_is_sorted_and_labelled),
        FIXTURE_TEST(test_dataset__bad_specs_say_what_is_known),
        FIXTURE_TEST(test_dataset__mnist_opens),
        FIXTURE_TEST(test_dataset__an_archive_of_jpegs_is_labelled_by_folders),
        FIXTURE_TEST(test_dataset__a_folder_with_one_archive_and_a_list_opens),
        FIXTURE_TEST(test_dataset__imagenet_samples_find_their_synsets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
