/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_preprocess.c - sizes and grey values against Pillow's bytes, the arithmetic against closed
 * forms, label ranks, and what is refused.
 */
#include "data/resample.h"
#include "dovetail/data.h"
#include "support/fixture.h"

#include <math.h>

enum { H = 23, W = 37 };

/* (3,23,37), a pattern with every value; Pillow was given the same. */
static dvt_tensor pattern(dvt_ctx *ctx)
{
    const dvt_shape shape = DVT_SHAPE(3, H, W);
    dvt_tensor      t;

    expect_ok(ctx, dvt_tensor_init(ctx, DVT_DTYPE_U8, &shape, &t));
    for (int c = 0; c < 3; c++) {
        for (int y = 0; y < H; y++) {
            for (int x = 0; x < W; x++) {
                ((uint8_t *)t.data)[(c * H + y) * W + x] =
                    (uint8_t)(x * 7 + y * 13 + c * 50 + x * y);
            }
        }
    }
    return t;
}

/* MD5 of Image.resize((w, h), Image.BILINEAR) by Pillow 9.4, planes one after the other. */
static void test_preprocess__resized_bytes_are_pillows(void **state)
{
    static const struct {
        int64_t     w, h;
        const char *md5;
    } CASES[] = {
        {16, 11, "e8b226f1c21dd168517503b813688ce5"}, {50, 60, "5b01e520b16f5d0dcf84e5d2b7214077"},
        {37, 5, "1234e6ccdf5cd8509d4af13fdcb076cd"},  {64, 23, "351ba096ad14cfc22d568e3ba1828e43"},
        {1, 1, "e9920fe4ff4e900c52710b5ccb2486ef"},
    };
    dvt_tensor image = pattern(*state), out;
    char       md5[DVT_MD5_HEX];

    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        expect_ok(*state, dvti_resample_u8(*state, &image, CASES[i].h, CASES[i].w, &out));
        dvt_md5_hex(out.data, out.bytes, md5);
        assert_string_equal(md5, CASES[i].md5);
        dvt_tensor_deinit(*state, &out);
    }
    dvt_tensor_deinit(*state, &image);
}

/* MD5 of Image.convert('L') by Pillow 9.4. */
static void test_preprocess__grey_bytes_are_pillows(void **state)
{
    const dvt_preprocess p = dvt_preprocess_default();
    const dvt_shape      shape = DVT_SHAPE(1, H, W);
    dvt_tensor           image = pattern(*state);
    float                out[H * W];
    uint8_t              bytes[H * W];
    char                 md5[DVT_MD5_HEX];

    expect_ok(*state, dvt_preprocess_apply(*state, &p, &image, &shape, out));
    for (int i = 0; i < H * W; i++) {
        bytes[i] = (uint8_t)out[i];
    }
    dvt_md5_hex(bytes, sizeof bytes, md5);
    assert_string_equal(md5, "e9cbb6df67a961535b567dc90ef192ff");
    dvt_tensor_deinit(*state, &image);
}

static void test_preprocess__scale_mean_and_std_come_in_the_order_asked_for(void **state)
{
    uint8_t         pixel[3] = {10, 20, 30};
    const dvt_shape shape = DVT_SHAPE(1, 3, 1, 1), chw = DVT_SHAPE(3, 1, 1);
    dvt_tensor      image = dvt_tensor_wrap(DVT_DTYPE_U8, &chw, pixel);
    dvt_preprocess  p = {
         .scale = 0.5, .mean = {1, 2, 3}, .mean_count = 3, .std = {4}, .std_count = 1};
    float out[3];

    expect_ok(*state, dvt_preprocess_apply(*state, &p, &image, &shape, out));
    assert_true(out[0] == (5.0f - 1) / 4 && out[1] == (10.0f - 2) / 4 && out[2] == (15.0f - 3) / 4);
    p.bgr = true;
    expect_ok(*state, dvt_preprocess_apply(*state, &p, &image, &shape, out));
    assert_true(out[0] == (15.0f - 1) / 4 && out[1] == (10.0f - 2) / 4 && out[2] == (5.0f - 3) / 4);
    p.mean_before_scale = true;
    expect_ok(*state, dvt_preprocess_apply(*state, &p, &image, &shape, out));
    assert_true(out[0] == (30 - 1) * 0.5f / 4 && out[2] == (10 - 3) * 0.5f / 4);
}

static void test_preprocess__a_larger_mean_image_counts_from_its_middle(void **state)
{
    uint8_t         pixels[2] = {100, 100};
    float           mean[3 * 4] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, out[2];
    const dvt_shape chw = DVT_SHAPE(1, 1, 2), mean_shape = DVT_SHAPE(1, 3, 4),
                    one = DVT_SHAPE(1, 1, 1);
    dvt_tensor     image = dvt_tensor_wrap(DVT_DTYPE_U8, &chw, pixels);
    dvt_preprocess p = dvt_preprocess_default();

    p.mean_image = dvt_tensor_wrap(DVT_DTYPE_F32, &mean_shape, mean);
    expect_ok(*state, dvt_preprocess_apply(*state, &p, &image, &chw, out));
    assert_true(out[0] == 95.0f && out[1] == 94.0f);
    p.mean_image = dvt_tensor_wrap(DVT_DTYPE_F32, &one, mean + 7);
    expect_ok(*state, dvt_preprocess_apply(*state, &p, &image, &chw, out));
    assert_true(out[0] == 93.0f && out[1] == 93.0f);
}

static void test_preprocess__shorter_side_then_middle(void **state)
{
    const dvt_shape shape = DVT_SHAPE(3, 8, 8);
    dvt_preprocess  p = dvt_preprocess_default();
    dvt_tensor      image = pattern(*state), small, middle;
    float           out[3 * 8 * 8];

    p.resize = 11;
    p.center_crop = true;
    expect_ok(*state, dvt_preprocess_apply(*state, &p, &image, &shape, out));
    expect_ok(*state, dvti_resample_u8(*state, &image, 11, 11 * W / H, &small));
    expect_ok(*state, dvti_center_crop_u8(*state, &small, 8, 8, &middle));
    for (int i = 0; i < 3 * 8 * 8; i++) {
        assert_true(out[i] == ((uint8_t *)middle.data)[i]);
    }
    dvt_tensor_deinit(*state, &middle);
    dvt_tensor_deinit(*state, &small);
    p.resize = 0;
    const dvt_shape large = DVT_SHAPE(3, 24, 8);
    expect_failure(*state, dvt_preprocess_apply(*state, &p, &image, &large, out), DVT_E_SHAPE,
                   "cannot cut 8 x 24 pixels out of 37 x 23");
    dvt_tensor_deinit(*state, &image);
}

static void test_preprocess__a_vector_takes_the_image_as_it_is(void **state)
{
    uint8_t         pixels[6] = {1, 2, 3, 4, 5, 6};
    const dvt_shape chw = DVT_SHAPE(1, 2, 3), flat = DVT_SHAPE(1, 6), short_one = DVT_SHAPE(1, 5);
    dvt_tensor      image = dvt_tensor_wrap(DVT_DTYPE_U8, &chw, pixels);
    dvt_preprocess  p = dvt_preprocess_default();
    float           out[6];

    expect_ok(*state, dvt_preprocess_apply(*state, &p, &image, &flat, out));
    assert_true(out[0] == 1 && out[5] == 6);
    expect_failure(*state, dvt_preprocess_apply(*state, &p, &image, &short_one, out), DVT_E_SHAPE,
                   "[1,5]");
}

static void test_preprocess__bad_settings_are_refused(void **state)
{
    uint8_t         pixels[3] = {0};
    float           mean[3] = {0}, out[3];
    const dvt_shape chw = DVT_SHAPE(3, 1, 1);
    dvt_tensor      image = dvt_tensor_wrap(DVT_DTYPE_U8, &chw, pixels);
    dvt_preprocess  p = {.scale = 1, .mean_count = 2};

    expect_failure(*state, dvt_preprocess_apply(*state, &p, &image, &chw, out), DVT_E_SHAPE,
                   "2 values of mean");
    p = (dvt_preprocess){.scale = 1, .std = {1, 0, 1}, .std_count = 3};
    expect_failure(*state, dvt_preprocess_apply(*state, &p, &image, &chw, out), DVT_E_NUMERIC,
                   "std");
    p = (dvt_preprocess){.scale = (double)INFINITY};
    expect_failure(*state, dvt_preprocess_apply(*state, &p, &image, &chw, out), DVT_E_NUMERIC,
                   "finite");
    p = (dvt_preprocess){.scale = 1, .mean_count = 1};
    p.mean_image = dvt_tensor_wrap(DVT_DTYPE_F32, &chw, mean);
    expect_failure(*state, dvt_preprocess_apply(*state, &p, &image, &chw, out), DVT_E_USAGE,
                   "exclude");
    p.mean_count = 0;
    p.mean_image.shape = DVT_SHAPE(1, 3, 1);
    expect_failure(*state, dvt_preprocess_apply(*state, &p, &image, &chw, out), DVT_E_SHAPE,
                   "[1,3,1]");
}

static void test_preprocess__the_record_is_complete(void **state)
{
    dvt_preprocess p = {
        .scale = 1.0 / 256, .mean = {0.5}, .mean_count = 1, .bgr = true, .resize = 256};
    dvt_buf b;

    dvt_buf_init(&b, *state, 0);
    dvt_preprocess_print(&p, &b);
    assert_string_equal(b.data, "{\"scale\":0.00390625,\"mean\":[0.5],\"std\":[],"
                                "\"mean_before_scale\":false,\"channel_order\":\"bgr\","
                                "\"resize\":256,\"crop\":\"none\"}");
    dvt_buf_deinit(&b);
}

static void test_preprocess__ties_and_nan_count_against_the_label(void **state)
{
    const float scores[] = {1, 3, 3, (float)NAN, 2};

    (void)state;
    assert_int_equal(dvt_label_rank(scores, 5, 1), 1);
    assert_int_equal(dvt_label_rank(scores, 5, 4), 2);
    assert_int_equal(dvt_label_rank(scores, 5, 0), 3);
    assert_int_equal(dvt_label_rank(scores, 5, 3), 4);
    assert_int_equal(dvt_label_rank(scores, 5, 5), 5);
    assert_int_equal(dvt_label_rank((const float[]){7}, 1, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_preprocess__resized_bytes_are_pillows),
        FIXTURE_TEST(test_preprocess__grey_bytes_are_pillows),
        FIXTURE_TEST(test_preprocess__scale_mean_and_std_come_in_the_order_asked_for),
        FIXTURE_TEST(test_preprocess__a_larger_mean_image_counts_from_its_middle),
        FIXTURE_TEST(test_preprocess__shorter_side_then_middle),
        FIXTURE_TEST(test_preprocess__a_vector_takes_the_image_as_it_is),
        FIXTURE_TEST(test_preprocess__bad_settings_are_refused),
        FIXTURE_TEST(test_preprocess__the_record_is_complete),
        FIXTURE_TEST(test_preprocess__ties_and_nan_count_against_the_label),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
