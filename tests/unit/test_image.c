/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_image.c - small JPEG and PNG files with the samples that Pillow 9.4 reads from them.
 */
#include "formats/arrays_int.h"
#include "support/fixture.h"
#include "support/test_data.h"

/* 8x8, chroma halved, quality 60. Pillow: first pixel (6,7,221), last (210,200,77). */
static const uint8_t RGB_JPEG[] = {
    0xff, 0xd8, 0xff, 0xe0, 0,    0x10, 0x4a, 0x46, 0x49, 0x46, 0,    1,    1,    0,    0,    1,
    0,    1,    0,    0,    0xff, 0xdb, 0,    0x43, 0,    0x0d, 9,    0x0a, 0x0b, 0x0a, 8,    0x0d,
    0x0b, 0x0a, 0x0b, 0x0e, 0x0e, 0x0d, 0x0f, 0x13, 0x20, 0x15, 0x13, 0x12, 0x12, 0x13, 0x27, 0x1c,
    0x1e, 0x17, 0x20, 0x2e, 0x29, 0x31, 0x30, 0x2e, 0x29, 0x2d, 0x2c, 0x33, 0x3a, 0x4a, 0x3e, 0x33,
    0x36, 0x46, 0x37, 0x2c, 0x2d, 0x40, 0x57, 0x41, 0x46, 0x4c, 0x4e, 0x52, 0x53, 0x52, 0x32, 0x3e,
    0x5a, 0x61, 0x5a, 0x50, 0x60, 0x4a, 0x51, 0x52, 0x4f, 0xff, 0xdb, 0,    0x43, 1,    0x0e, 0x0e,
    0x0e, 0x13, 0x11, 0x13, 0x26, 0x15, 0x15, 0x26, 0x4f, 0x35, 0x2d, 0x35, 0x4f, 0x4f, 0x4f, 0x4f,
    0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f,
    0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f,
    0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0xff, 0xc0,
    0,    0x11, 8,    0,    8,    0,    8,    3,    1,    0x22, 0,    2,    0x11, 1,    3,    0x11,
    1,    0xff, 0xc4, 0,    0x15, 0,    1,    1,    0,    0,    0,    0,    0,    0,    0,    0,
    0,    0,    0,    0,    0,    0,    0,    4,    0xff, 0xc4, 0,    0x18, 0x10, 1,    0,    3,
    1,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    4,    5,
    0x22, 0x31, 0xff, 0xc4, 0,    0x15, 1,    1,    1,    0,    0,    0,    0,    0,    0,    0,
    0,    0,    0,    0,    0,    0,    0,    3,    5,    0xff, 0xc4, 0,    0x1b, 0x11, 0,    1,
    4,    3,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    4,    0,
    1,    5,    0x21, 3,    0x13, 0x14, 0xff, 0xda, 0,    0x0c, 3,    1,    0,    2,    0x11, 3,
    0x11, 0,    0x3f, 0,    0x92, 0x0d, 0x17, 0x30, 2,    0x79, 0xf2, 0x44, 0x6e, 0x7b, 0x4b, 0x18,
    0x66, 0x5e, 0x76, 0xb5, 0xff, 0xd9};

/* 8x8 grey. Pillow: last line 70 87 110 131 149 169 193 209. */
static const uint8_t GREY_JPEG[] = {
    0xff, 0xd8, 0xff, 0xe0, 0,    0x10, 0x4a, 0x46, 0x49, 0x46, 0,    1,    1,    0,    0,    1,
    0,    1,    0,    0,    0xff, 0xdb, 0,    0x43, 0,    0x0d, 9,    0x0a, 0x0b, 0x0a, 8,    0x0d,
    0x0b, 0x0a, 0x0b, 0x0e, 0x0e, 0x0d, 0x0f, 0x13, 0x20, 0x15, 0x13, 0x12, 0x12, 0x13, 0x27, 0x1c,
    0x1e, 0x17, 0x20, 0x2e, 0x29, 0x31, 0x30, 0x2e, 0x29, 0x2d, 0x2c, 0x33, 0x3a, 0x4a, 0x3e, 0x33,
    0x36, 0x46, 0x37, 0x2c, 0x2d, 0x40, 0x57, 0x41, 0x46, 0x4c, 0x4e, 0x52, 0x53, 0x52, 0x32, 0x3e,
    0x5a, 0x61, 0x5a, 0x50, 0x60, 0x4a, 0x51, 0x52, 0x4f, 0xff, 0xc0, 0,    0x0b, 8,    0,    8,
    0,    8,    1,    1,    0x11, 0,    0xff, 0xc4, 0,    0x14, 0,    1,    0,    0,    0,    0,
    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    4,    0xff, 0xc4, 0,    0x18,
    0x10, 0,    2,    3,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,
    0,    0,    5,    6,    0x22, 0x32, 0xff, 0xda, 0,    8,    1,    1,    0,    0,    0x3f, 0,
    0x0c, 0x59, 0x6e, 0x2a, 0x7f, 0xff, 0xd9};

/* 2x1 with alpha and a gamma of 1: (10,20,30 at 0) (200,100,50 at 128). */
static const uint8_t RGBA_PNG[] = {
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0,    0,    0,    0x0d, 0x49, 0x48, 0x44,
    0x52, 0,    0,    0,    2,    0,    0,    0,    1,    8,    6,    0,    0,    0,    0xf4,
    0x22, 0x7f, 0x8a, 0,    0,    0,    4,    0x67, 0x41, 0x4d, 0x41, 0,    1,    0x86, 0xa0,
    0x31, 0xe8, 0x96, 0x5f, 0,    0,    0,    0x11, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63,
    0xe0, 0x12, 0x91, 0x63, 0x38, 0x91, 0x62, 0xd4, 0,    0,    6,    0xc9, 2,    0x1b, 0x30,
    0xdc, 0x70, 0x4a, 0,    0,    0,    0,    0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82};

/* 2x1, 16 bits: 0x1200 0xabcd. */
static const uint8_t GREY16_PNG[] = {
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0,    0,    0,    0x0d, 0x49, 0x48,
    0x44, 0x52, 0,    0,    0,    2,    0,    0,    0,    1,    0x10, 0,    0,    0,
    0,    0x81, 0xd9, 0xfc, 0x15, 0,    0,    0,    0x0d, 0x49, 0x44, 0x41, 0x54, 0x78,
    0x9c, 0x63, 0x10, 0x62, 0x58, 0x7d, 0x16, 0,    2,    0x70, 1,    0x8b, 0x14, 0xa2,
    0x85, 0x51, 0,    0,    0,    0,    0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82};

/* 8x1, 1 bit: entry 0 (1,2,3, transparent), entry 1 (250,251,252); bits 10100000. */
static const uint8_t PALETTE_PNG[] = {
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0,    0,    0,    0x0d, 0x49, 0x48,
    0x44, 0x52, 0,    0,    0,    8,    0,    0,    0,    1,    1,    3,    0,    0,
    0,    0xd9, 0xce, 0x7d, 0,    0,    0,    0,    6,    0x50, 0x4c, 0x54, 0x45, 1,
    2,    3,    0xfa, 0xfb, 0xfc, 0xfd, 0x5e, 0xe6, 0xa3, 0,    0,    0,    1,    0x74,
    0x52, 0x4e, 0x53, 0,    0x40, 0xe6, 0xd8, 0x66, 0,    0,    0,    0x0a, 0x49, 0x44,
    0x41, 0x54, 0x78, 0x9c, 0x63, 0x58, 0,    0,    0,    0xa2, 0,    0xa1, 0xdc, 0x8d,
    0xb1, 0xcc, 0,    0,    0,    0,    0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82};

static void expect_shape(const dvt_tensor *t, int64_t h, int64_t w, int64_t c)
{
    assert_int_equal(t->dtype, DVT_DTYPE_U8);
    assert_int_equal(t->shape.rank, 3);
    assert_int_equal(t->shape.dim[0], h);
    assert_int_equal(t->shape.dim[1], w);
    assert_int_equal(t->shape.dim[2], c);
}

static void test_image__jpeg_samples_are_those_of_other_readers(void **state)
{
    static const uint8_t FIRST[] = {6, 7, 221}, LAST[] = {210, 200, 77};
    static const uint8_t LINE[] = {70, 87, 110, 131, 149, 169, 193, 209};
    dvt_tensor           t;

    expect_ok(*state, dvt_image_parse(*state, "x", RGB_JPEG, sizeof RGB_JPEG, &t));
    expect_shape(&t, 8, 8, 3);
    assert_memory_equal(t.data, FIRST, 3);
    assert_memory_equal((uint8_t *)t.data + 63 * 3, LAST, 3);
    dvt_tensor_deinit(*state, &t);
    expect_ok(*state, dvt_image_parse(*state, "x", GREY_JPEG, sizeof GREY_JPEG, &t));
    expect_shape(&t, 8, 8, 1);
    assert_memory_equal((uint8_t *)t.data + 56, LINE, 8);
    dvt_tensor_deinit(*state, &t);
}

static void test_image__png_alpha_is_dropped_and_gamma_is_not_applied(void **state)
{
    static const uint8_t WANT[] = {10, 20, 30, 200, 100, 50};
    dvt_tensor           t;

    expect_ok(*state, dvt_image_parse(*state, "x", RGBA_PNG, sizeof RGBA_PNG, &t));
    expect_shape(&t, 1, 2, 3);
    assert_memory_equal(t.data, WANT, sizeof WANT);
    dvt_tensor_deinit(*state, &t);
}

static void test_image__png_of_16_bits_keeps_the_high_ones(void **state)
{
    static const uint8_t WANT[] = {0x12, 0xab};
    dvt_tensor           t;

    expect_ok(*state, dvt_image_parse(*state, "x", GREY16_PNG, sizeof GREY16_PNG, &t));
    expect_shape(&t, 1, 2, 1);
    assert_in_range(((uint8_t *)t.data)[0], WANT[0], WANT[0]);
    assert_in_range(((uint8_t *)t.data)[1], WANT[1], WANT[1] + 1); /* 0xabcd / 257 rounds up */
    dvt_tensor_deinit(*state, &t);
}

static void test_image__png_palettes_are_expanded(void **state)
{
    static const uint8_t WANT[] = {250, 251, 252, 1, 2, 3, 250, 251, 252, 1, 2, 3};
    dvt_tensor           t;

    expect_ok(*state, dvt_image_parse(*state, "x", PALETTE_PNG, sizeof PALETTE_PNG, &t));
    expect_shape(&t, 1, 8, 3);
    assert_memory_equal(t.data, WANT, sizeof WANT);
    dvt_tensor_deinit(*state, &t);
}

static void test_image__a_written_png_is_read_back(void **state)
{
    uint8_t         pixels[5 * 3 * 3];
    const dvt_shape shape = DVT_SHAPE(5, 3, 3), flat = DVT_SHAPE(5, 9);
    dvt_tensor      t = dvt_tensor_wrap(DVT_DTYPE_U8, &shape, pixels), back;
    char            path[TEST_PATH_MAX];

    for (int i = 0; i < 45; i++) {
        pixels[i] = (uint8_t)(i * 5);
    }
    test_temp_path("x.png", path);
    expect_ok(*state, dvt_png_write(*state, path, &t));
    expect_ok(*state, dvt_image_read(*state, path, &back));
    expect_shape(&back, 5, 3, 3);
    assert_memory_equal(back.data, pixels, sizeof pixels);
    dvt_tensor_deinit(*state, &back);
    t.shape = flat;
    expect_failure(*state, dvt_png_write(*state, path, &t), DVT_E_SHAPE, "u8 [5,9]");
}

static void refuse_truncations(dvt_ctx *ctx, const uint8_t *data, size_t size)
{
    dvt_tensor t;

    for (size_t n = 8; n < size; n++) {
        assert_int_equal(dvt_image_parse(ctx, "x", data, n, &t), DVT_E_PARSE);
        assert_true(dvt_ctx_error(ctx)->has_pos);
        assert_null(t.data);
        dvt_ctx_clear_error(ctx);
    }
}

static void test_image__every_truncation_is_refused(void **state)
{
    refuse_truncations(*state, RGB_JPEG,
                       sizeof RGB_JPEG - 2); /* libjpeg lives without the end mark */
    refuse_truncations(*state, GREY_JPEG, sizeof GREY_JPEG - 2);
    refuse_truncations(*state, RGBA_PNG, sizeof RGBA_PNG);
    refuse_truncations(*state, PALETTE_PNG, sizeof PALETTE_PNG);
}

static void test_image__damage_and_other_formats_are_refused(void **state)
{
    uint8_t    bad[sizeof RGBA_PNG];
    dvt_tensor t;

    memcpy(bad, RGBA_PNG, sizeof bad);
    bad[sizeof bad - 20] ^= 1; /* in the image data: the chunk's check sum is wrong */
    expect_failure(*state, dvt_image_parse(*state, "x", bad, sizeof bad, &t), DVT_E_PARSE,
                   "damaged");
    expect_failure(*state, dvt_image_parse(*state, "x", (const uint8_t *)"GIF89a..", 8, &t),
                   DVT_E_UNSUPPORTED, "neither");
    expect_failure(*state, dvt_image_parse(*state, "x", bad, 0, &t), DVT_E_UNSUPPORTED, "neither");
}

/* The frame header of the JPEG file announces 60,000 x 4,000 pixels. */
static void test_image__a_small_file_cannot_ask_for_a_large_image(void **state)
{
    uint8_t    bad[sizeof RGB_JPEG];
    dvt_tensor t;

    memcpy(bad, RGB_JPEG, sizeof bad);
    for (size_t i = 0; i + 9 < sizeof bad; i++) {
        if (bad[i] == 0xff && bad[i + 1] == 0xc0) {
            memcpy(bad + i + 5, "\x0f\xa0\xea\x60", 4);
            break;
        }
    }
    expect_failure(*state, dvt_image_parse(*state, "x", bad, sizeof bad, &t), DVT_E_PARSE,
                   "cannot hold an image of 60000 x 4000 pixels");
    assert_true(dvt_ctx_bytes_peak(*state) < 1 << 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_image__jpeg_samples_are_those_of_other_readers),
        FIXTURE_TEST(test_image__png_alpha_is_dropped_and_gamma_is_not_applied),
        FIXTURE_TEST(test_image__png_of_16_bits_keeps_the_high_ones),
        FIXTURE_TEST(test_image__png_palettes_are_expanded),
        FIXTURE_TEST(test_image__a_written_png_is_read_back),
        FIXTURE_TEST(test_image__every_truncation_is_refused),
        FIXTURE_TEST(test_image__damage_and_other_formats_are_refused),
        FIXTURE_TEST(test_image__a_small_file_cannot_ask_for_a_large_image),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
