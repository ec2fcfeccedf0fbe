/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_crc32c.c - CRC-32C: the known answers of RFC 3720, and both ways of computing it agree.
 */
#include "support/fixture.h"

#include "base/crc32c.h"

static void test_crc32c__known_answers(void **state)
{
    uint8_t bytes[32];

    (void)state;
    assert_int_equal(dvti_crc32c(0, "", 0), 0);
    assert_int_equal(dvti_crc32c(0, "123456789", 9), 0xe3069283u);
    memset(bytes, 0, sizeof bytes);
    assert_int_equal(dvti_crc32c(0, bytes, 32), 0x8a9136aau);
    memset(bytes, 0xff, sizeof bytes);
    assert_int_equal(dvti_crc32c(0, bytes, 32), 0x62a8ab43u);
    for (int i = 0; i < 32; i++) {
        bytes[i] = (uint8_t)i;
    }
    assert_int_equal(dvti_crc32c(0, bytes, 32), 0x46dd794eu);
    for (int i = 0; i < 32; i++) {
        bytes[i] = (uint8_t)(31 - i);
    }
    assert_int_equal(dvti_crc32c(0, bytes, 32), 0x113fdb5cu);
}

static void test_crc32c__pieces_and_ways_agree(void **state)
{
    uint8_t bytes[300];
    dvt_rng rng = dvt_rng_make(1, 0);

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)dvt_rng_u32(&rng);
    }
    for (size_t size = 0; size <= sizeof bytes; size++) {
        const uint32_t whole = dvti_crc32c_portable(0, bytes, size);
        assert_int_equal(dvti_crc32c(0, bytes, size), whole);
        assert_int_equal(
            dvti_crc32c(dvti_crc32c(0, bytes, size / 3), bytes + size / 3, size - size / 3), whole);
    }
}

static void test_crc32c__tensorflows_mask(void **state)
{
    (void)state;
    /* rotate right by 15, add a constant */
    assert_int_equal(dvti_crc32c_mask(0), 0xa282ead8u);
    assert_int_equal(dvti_crc32c_mask(0x8000u), 0xa282ead9u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_crc32c__known_answers),
        FIXTURE_TEST(test_crc32c__pieces_and_ways_agree),
        FIXTURE_TEST(test_crc32c__tensorflows_mask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
