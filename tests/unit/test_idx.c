/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_idx.c - idx files, plain and gzip, and the ways they can be wrong.
 */
#include "formats/arrays_int.h"
#include "support/fixture.h"
#include "support/test_data.h"

static const uint8_t SHORTS[] = {0, 0, 0x0b, 2, 0, 0, 0, 2, 0, 0, 0, 1, 0, 5, 0xff, 0xfe};

/* SHORTS through gzip, with two members: Python's gzip.compress(a) + gzip.compress(b). */
static const uint8_t ZIPPED[] = {
    0x1f, 0x8b, 8,    0,    0,    0, 0,    0,    2,    3,    'c', 0x60, 0xe0, 'f',
    'b',  0x60, 0x60, 0x60, 2,    0, 0xe6, 0x1d, 0x2b, 0x9b, 8,   0,    0,    0,
    0x1f, 0x8b, 8,    0,    0,    0, 0,    0,    2,    3,    'c', 0x60, 0x60, 0x60,
    'd',  0x60, 0xfd, 0xff, 0x0f, 0, 0x5b, 0x16, 0xa8, 0x97, 8,   0,    0,    0};

static void expect_shorts(const dvt_tensor *t)
{
    assert_int_equal(t->dtype, DVT_DTYPE_I16);
    assert_int_equal(t->shape.rank, 2);
    assert_int_equal(t->shape.dim[0], 2);
    assert_int_equal(((int16_t *)t->data)[0], 5);
    assert_int_equal(((int16_t *)t->data)[1], -2);
}

static void test_idx__big_endian_elements_are_read(void **state)
{
    dvt_tensor t;

    expect_ok(*state, dvti_idx_parse(*state, "x", SHORTS, sizeof SHORTS, &t));
    expect_shorts(&t);
    dvt_tensor_deinit(*state, &t);
}

static void test_idx__gzip_of_several_members_is_unpacked(void **state)
{
    dvt_tensor t;

    expect_ok(*state, dvti_idx_parse(*state, "x", ZIPPED, sizeof ZIPPED, &t));
    expect_shorts(&t);
    dvt_tensor_deinit(*state, &t);
}

static void test_idx__every_truncation_is_refused(void **state)
{
    dvt_tensor t;

    for (size_t n = 0; n < sizeof SHORTS; n++) {
        assert_int_equal(dvti_idx_parse(*state, "x", SHORTS, n, &t), DVT_E_PARSE);
        dvt_ctx_clear_error(*state);
    }
    for (size_t n = 2; n < sizeof ZIPPED; n++) {
        assert_int_equal(dvti_idx_parse(*state, "x", ZIPPED, n, &t), DVT_E_PARSE);
        assert_true(dvt_ctx_error(*state)->has_pos);
        dvt_ctx_clear_error(*state);
    }
}

static void test_idx__bad_headers_are_refused(void **state)
{
    uint8_t    bad[sizeof SHORTS + 1];
    dvt_tensor t;

    memcpy(bad, SHORTS, sizeof SHORTS);
    bad[2] = 0x0a;
    expect_failure(*state, dvti_idx_parse(*state, "x", bad, sizeof SHORTS, &t), DVT_E_PARSE,
                   "0x0a");
    bad[2] = 0x0b;
    bad[3] = 9;
    expect_failure(*state, dvti_idx_parse(*state, "x", bad, sizeof SHORTS, &t), DVT_E_UNSUPPORTED,
                   "rank 9");
    bad[3] = 2;
    bad[sizeof SHORTS] = 0;
    expect_failure(*state, dvti_idx_parse(*state, "x", bad, sizeof bad, &t), DVT_E_PARSE, "[2,1]");
    memset(bad + 4, 0xff, 8);
    expect_failure(*state, dvti_idx_parse(*state, "x", bad, sizeof SHORTS, &t), DVT_E_PARSE,
                   "no i16");
    bad[0] = 'P';
    expect_failure(*state, dvti_idx_parse(*state, "x", bad, sizeof SHORTS, &t), DVT_E_PARSE,
                   "no idx file");
}

static void test_idx__mnist_has_its_first_digits(void **state)
{
    static const uint8_t FIRST[] = {7, 2, 1, 0, 4};
    char                 path[TEST_PATH_MAX];
    dvt_tensor           t;

    test_data_require("datasets/mnist/t5k-labels-idx1-ubyte.gz", path);
    expect_ok(*state, dvt_idx_read(*state, path, &t));
    assert_int_equal(t.shape.dim[0], 5000);
    assert_memory_equal(t.data, FIRST, sizeof FIRST);
    dvt_tensor_deinit(*state, &t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_idx__big_endian_elements_are_read),
        FIXTURE_TEST(test_idx__gzip_of_several_members_is_unpacked),
        FIXTURE_TEST(test_idx__every_truncation_is_refused),
        FIXTURE_TEST(test_idx__bad_headers_are_refused),
        FIXTURE_TEST(test_idx__mnist_has_its_first_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
