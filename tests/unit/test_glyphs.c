/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_glyphs.c - the drawn digits: the same bytes everywhere, different splits, ten even classes.
 */
#include "dovetail/data.h"
#include "support/fixture.h"

enum { ITEMS = 300, PIXELS = 28 * 28 };

/* All images and labels of a set, one after the other, as one hash. */
static void hash_set(dvt_ctx *ctx, const char *spec, const char *split, char out[DVT_MD5_HEX],
                     int64_t seen[10])
{
    static uint8_t         bytes[ITEMS * (PIXELS + 1)];
    dvt_dataset           *d;
    dvt_tensor             image;
    int64_t                label;
    const dvt_dataset_opts opts = {.split = split};

    expect_ok(ctx, dvt_dataset_open(ctx, spec, &opts, &d));
    assert_int_equal(dvt_dataset_count(d), ITEMS);
    assert_int_equal(dvt_dataset_class_count(d), 10);
    for (int64_t i = 0; i < ITEMS; i++) {
        expect_ok(ctx, dvt_dataset_get(d, i, &image, &label));
        assert_int_equal(image.bytes, PIXELS);
        memcpy(bytes + i * (PIXELS + 1), image.data, PIXELS);
        bytes[i * (PIXELS + 1) + PIXELS] = (uint8_t)label;
        seen[label]++;
        dvt_tensor_deinit(ctx, &image);
    }
    dvt_dataset_close(d);
    dvt_md5_hex(bytes, sizeof bytes, out);
}

static void test_glyphs__bytes_are_the_same_everywhere(void **state)
{
    int64_t seen[10] = {0};
    char    md5[DVT_MD5_HEX];

    hash_set(*state, "glyphs:300", NULL, md5, seen);
    assert_string_equal(md5, "7e18bf2fb870eca3ed44cf18c8e2ebeb");
}

static void test_glyphs__seeds_and_splits_differ_and_classes_are_even(void **state)
{
    int64_t seen[10] = {0};
    char    a[DVT_MD5_HEX], b[DVT_MD5_HEX], c[DVT_MD5_HEX], d[DVT_MD5_HEX];

    hash_set(*state, "glyphs:300", NULL, a, seen);
    hash_set(*state, "glyphs:300@1", "test", b, seen);
    hash_set(*state, "glyphs:300@2", "test", c, seen);
    hash_set(*state, "glyphs:300", "train", d, seen);
    assert_string_equal(a, b);
    assert_string_not_equal(a, c);
    assert_string_not_equal(a, d);
    for (int i = 0; i < 10; i++) { /* of 1,200: expectation 120, deviation 10 */
        assert_in_range(seen[i], 60, 180);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_glyphs__bytes_are_the_same_everywhere),
        FIXTURE_TEST(test_glyphs__seeds_and_splits_differ_and_classes_are_even),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
