/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_tfrecord.c - record files: what is written is read, record by record, of any size.
 */
#include "support/fixture.h"
#include "support/nb101_records.h"
#include "support/test_data.h"

#include "formats/tfrecord.h"

static void open_bytes(dvt_ctx *ctx, const dvt_buf *bytes, dvti_tfrecord_file **out)
{
    static char path[TEST_PATH_MAX]; /* borrowed by the file */

    test_temp_path("records", path);
    expect_ok(ctx, dvt_file_write(ctx, path, bytes->data, bytes->len));
    expect_ok(ctx, dvti_tfrecord_open(ctx, path, out));
}

static void test_tfrecord__records_come_back_with_their_places(void **state)
{
    dvti_tfrecord_file *f;
    dvti_tfrecord       r;
    dvt_buf             bytes;

    dvt_buf_init(&bytes, *state, 0);
    dvti_tfrecord_append(&bytes, "abc", 3);
    dvti_tfrecord_append(&bytes, "", 0);
    dvti_tfrecord_append(&bytes, "de", 2);
    open_bytes(*state, &bytes, &f);
    expect_ok(*state, dvti_tfrecord_next(f, &r));
    assert_int_equal(r.size, 3);
    assert_memory_equal(r.data, "abc", 3);
    expect_ok(*state, dvti_tfrecord_next(f, &r));
    assert_int_equal(r.size, 0);
    assert_non_null(r.data);
    expect_ok(*state, dvti_tfrecord_next(f, &r));
    assert_memory_equal(r.data, "de", 2);
    assert_int_equal(r.number, 3);
    assert_int_equal(r.frame_at, 19 + 16);
    assert_int_equal(r.data_at, 19 + 16 + 12);
    expect_ok(*state, dvti_tfrecord_next(f, &r));
    assert_null(r.data);
    dvti_tfrecord_close(f);
    dvt_buf_deinit(&bytes);
}

static void test_tfrecord__the_writer_is_that_of_the_description(void **state)
{
    dvt_buf ours, theirs;

    dvt_buf_init(&ours, *state, 0);
    dvt_buf_init(&theirs, *state, 0);
    for (size_t n = 0; n < 40; n++) {
        dvti_tfrecord_append(&ours, "the quick brown fox jumps over the lazy dog", n);
        record_frame("the quick brown fox jumps over the lazy dog", n, &theirs);
    }
    assert_int_equal(ours.len, theirs.len);
    assert_memory_equal(ours.data, theirs.data, ours.len);
    dvt_buf_deinit(&ours);
    dvt_buf_deinit(&theirs);
}

static void test_tfrecord__records_larger_than_the_buffer(void **state)
{
    enum { LARGE = 5 << 20 };
    dvti_tfrecord_file *f;
    dvti_tfrecord       r;
    dvt_buf             bytes;
    uint8_t            *data = dvt_alloc(*state, LARGE);

    for (size_t i = 0; i < LARGE; i++) {
        data[i] = (uint8_t)(i * 7 + i / 1000);
    }
    dvt_buf_init(&bytes, *state, 0);
    for (int i = 0; i < 3; i++) {
        dvti_tfrecord_append(&bytes, data, LARGE >> i);
    }
    open_bytes(*state, &bytes, &f);
    for (int i = 0; i < 3; i++) {
        expect_ok(*state, dvti_tfrecord_next(f, &r));
        assert_int_equal(r.size, LARGE >> i);
        assert_memory_equal(r.data, data, r.size);
    }
    dvti_tfrecord_close(f);
    dvt_buf_deinit(&bytes);
    dvt_free(*state, data);
}

static void test_tfrecord__a_huge_length_with_a_right_checksum_is_refused(void **state)
{
    /* 2^40 bytes, and the checksum of that */
    uint8_t             head[12] = {0, 0, 0, 0, 0, 1, 0, 0};
    dvti_tfrecord_file *f;
    dvti_tfrecord       r;
    dvt_buf             bytes, frame;

    dvt_buf_init(&bytes, *state, 0);
    dvt_buf_init(&frame, *state, 0);
    record_frame(head, 8, &frame); /* its data's checksum is that of our length */
    memcpy(head + 8, frame.data + 20, 4);
    dvt_buf_append(&bytes, head, sizeof head);
    dvt_buf_append(&bytes, "some more bytes", 15);
    open_bytes(*state, &bytes, &f);
    expect_failure(*state, dvti_tfrecord_next(f, &r), DVT_E_PARSE, "record 1 is longer than");
    dvti_tfrecord_close(f);
    dvt_buf_deinit(&frame);
    dvt_buf_deinit(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_tfrecord__records_come_back_with_their_places),
        FIXTURE_TEST(test_tfrecord__the_writer_is_that_of_the_description),
        FIXTURE_TEST(test_tfrecord__records_larger_than_the_buffer),
        FIXTURE_TEST(test_tfrecord__a_huge_length_with_a_right_checksum_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
