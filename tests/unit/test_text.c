/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_text.c - strict numbers, near words, numbers that read back, hashes.
 */
#include "base/base_int.h"
#include "base/text_util.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_text__integers_must_be_the_whole_text(void **state)
{
    (void)state;
    uint64_t u = 5;
    int64_t  i = 5;

    assert_true(dvt_parse_u64("18446744073709551615", &u) && u == UINT64_MAX);
    assert_true(dvt_parse_i64("-9223372036854775808", &i) && i == INT64_MIN);
    assert_true(dvt_parse_i64("9223372036854775807", &i) && i == INT64_MAX);
    assert_true(dvt_parse_i64("-0", &i) && i == 0);
    u = 5;
    i = 5;
    static const char *const BAD[] = {"",    " 1",  "1 ", "+1",  "0x10",
                                      "1.0", "1e3", "a",  "--1", "18446744073709551616"};
    for (size_t k = 0; k < sizeof BAD / sizeof BAD[0]; k++) {
        assert_false(dvt_parse_u64(BAD[k], &u));
        assert_false(dvt_parse_i64(BAD[k], &i));
    }
    assert_false(dvt_parse_u64("-1", &u));
    assert_false(dvt_parse_i64("9223372036854775808", &i));
    assert_false(dvt_parse_i64("-9223372036854775809", &i));
    assert_false(dvt_parse_i64("-", &i));
    assert_true(u == 5 && i == 5);
}

static void test_text__reals_and_fractions(void **state)
{
    (void)state;
    double d = 7;
    static const struct {
        const char *text;
        double      value;
    } GOOD[] = {{"1/256", 1.0 / 256}, {"-.5", -0.5},   {"3.", 3.0},     {"1e-3", 1e-3},
                {"+2", 2.0},          {"1e2/4", 25.0}, {"-1/-4", 0.25}, {"0", 0.0}};
    for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0]; i++) {
        assert_true(dvt_parse_f64(GOOD[i].text, &d));
        assert_true(d == GOOD[i].value);
    }
    d = 7;
    static const char *const BAD[] = {"",   ".",  "e5",    "1e", "nan", "inf", "0x1p3", "1/0",
                                      "1/", "/2", "1/2/3", "1 ", " 1",  "1,5", "1e999", "1.2.3"};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        assert_false(dvt_parse_f64(BAD[i], &d));
    }
    assert_true(d == 7);
}

static void test_text__reals_read_back_to_the_same_bits(void **state)
{
    (void)state;
    char    text[DVTI_F64_TEXT];
    dvt_rng rng = dvt_rng_make(17, 0);

    assert_string_equal(dvti_f64_text(1.0, text), "1.0");
    assert_string_equal(dvti_f64_text(0.1, text), "0.1");
    assert_string_equal(dvti_f64_text(-0.0, text), "-0.0");
    assert_string_equal(dvti_f64_text(1e30, text), "1e+30");
    assert_string_equal(dvti_f64_text(-INFINITY, text), "-inf");
    assert_string_equal(dvti_f32_text(0.1f, text), "0.1");
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = dvt_rng_u64(&rng);
        uint32_t half = (uint32_t)bits;
        double   d = 0;
        float    f = 0;
        memcpy(&d, &bits, sizeof d);
        memcpy(&f, &half, sizeof f);
        assert_true(!isfinite(d) || strtod(dvti_f64_text(d, text), NULL) == d);
        assert_true(!isfinite(f) || strtof(dvti_f32_text(f, text), NULL) == f);
    }
}

static void test_text__nearest_word_is_found_or_none(void **state)
{
    (void)state;
    static const char *const WORDS[] = {"weights", "width", "engine", "Conv"};

    assert_string_equal(dvt_nearest("wieghts", WORDS, 4), "weights");
    assert_string_equal(dvt_nearest("engin", WORDS, 4), "engine");
    assert_string_equal(dvt_nearest("conv", WORDS, 4), "Conv");
    assert_null(dvt_nearest("overlay", WORDS, 4));
    assert_null(dvt_nearest("", WORDS, 4));
    assert_null(dvt_nearest("x", WORDS, 4));
    assert_null(dvt_nearest("weights", NULL, 0));
}

static void test_text__edit_distance_counts_changes_and_swaps(void **state)
{
    (void)state;
    assert_int_equal(dvti_edit_distance("kernel", "kernel"), 0);
    assert_int_equal(dvti_edit_distance("kernel", "kerenl"), 1);
    assert_int_equal(dvti_edit_distance("kernel", "kernels"), 1);
    assert_int_equal(dvti_edit_distance("kernel_size", "kernelsiez"), 2);
    assert_int_equal(dvti_edit_distance("kernel", "stride"), -1);
    char longer[200];
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(dvti_edit_distance(longer, longer), -1);
}

static void test_text__joined_words_are_cut_with_dots(void **state)
{
    (void)state;
    static const char *const WORDS[] = {"alpha", "beta", "gamma"};
    char                     wide[64], narrow[10];

    dvti_join(wide, sizeof wide, WORDS, 3);
    assert_string_equal(wide, "alpha, beta, gamma");
    dvti_join(narrow, sizeof narrow, WORDS, 3);
    assert_int_equal(strlen(narrow), 9);
    assert_string_equal(narrow, "alpha,...");
}

/* FIPS 180-2 appendix B and RFC 1321 appendix A.5. */
static void test_hash__published_answers(void **state)
{
    (void)state;
    char sha[DVT_SHA256_HEX], md5[DVT_MD5_HEX];

    dvt_sha256_hex("abc", 3, sha);
    assert_string_equal(sha, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    dvt_sha256_hex("", 0, sha);
    assert_string_equal(sha, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    dvt_md5_hex("abc", 3, md5);
    assert_string_equal(md5, "900150983cd24fb0d6963f7d28e17f72");
    dvt_md5_hex("", 0, md5);
    assert_string_equal(md5, "d41d8cd98f00b204e9800998ecf8427e");
}

static int compare_u64(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void test_hash__table_hash_separates_near_keys_and_seeds(void **state)
{
    (void)state;
    enum { N = 4096 };
    static uint64_t h[N];

    for (uint32_t i = 0; i < N; i++) {
        h[i] = dvt_hash64(&i, sizeof i, 1);
    }
    qsort(h, N, sizeof h[0], compare_u64);
    for (size_t i = 1; i < N; i++) {
        assert_true(h[i] != h[i - 1]);
    }
    assert_true(dvt_hash64("abc", 3, 1) != dvt_hash64("abc", 3, 2));
    assert_true(dvt_hash64("abc\0", 4, 1) != dvt_hash64("abc", 3, 1));
    assert_true(dvt_hash64("abcdefgh\0\0", 9, 1) != dvt_hash64("abcdefgh\0\0", 10, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text__integers_must_be_the_whole_text),
        cmocka_unit_test(test_text__reals_and_fractions),
        cmocka_unit_test(test_text__reals_read_back_to_the_same_bits),
        cmocka_unit_test(test_text__nearest_word_is_found_or_none),
        cmocka_unit_test(test_text__edit_distance_counts_changes_and_swaps),
        cmocka_unit_test(test_text__joined_words_are_cut_with_dots),
        cmocka_unit_test(test_hash__published_answers),
        cmocka_unit_test(test_hash__table_hash_separates_near_keys_and_seeds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
