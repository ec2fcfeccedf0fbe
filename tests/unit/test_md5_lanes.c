/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_md5_lanes.c - MD5 of many messages equals MD5 of each, at every length around block ends.
 */
#include "support/fixture.h"

#include <stdio.h>

#include "base/md5_lanes.h"

enum { MAX_BYTES = 256, STRIDE = MAX_BYTES + 2 * DVTI_MD5_BLOCK };

static void test_md5_lanes__each_lane_equals_the_plain_hash(void **state)
{
    static uint8_t message[DVTI_MD5_LANES][STRIDE];
    dvt_rng        rng = dvt_rng_make(7, 0);

    (void)state;
    for (size_t size = 0; size <= MAX_BYTES; size++) {
        char    want[DVTI_MD5_LANES][DVT_MD5_HEX];
        uint8_t got[DVTI_MD5_LANES][DVTI_MD5_BYTES];
        int     blocks = 0;
        for (int l = 0; l < DVTI_MD5_LANES; l++) {
            for (size_t i = 0; i < size; i++) {
                message[l][i] = (uint8_t)dvt_rng_u32(&rng);
            }
            dvt_md5_hex(message[l], size, want[l]);
            blocks = dvti_md5_pad(message[l], size);
        }
        assert_int_equal(blocks, (size + 9 + 63) / 64);
        dvti_md5_lanes(message[0], STRIDE, blocks, got);
        for (int l = 0; l < DVTI_MD5_LANES; l++) {
            char hex[DVT_MD5_HEX];
            for (int i = 0; i < DVTI_MD5_BYTES; i++) {
                snprintf(hex + 2 * i, 3, "%02x", got[l][i]);
            }
            assert_string_equal(hex, want[l]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_md5_lanes__each_lane_equals_the_plain_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
