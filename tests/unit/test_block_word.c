/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_block_word.c - blocks and their words: the layout bit by bit, and there and back.
 */
#include "dovetail/overlay.h"
#include "support/fixture.h"

static void test_block_word__layout_of_a_small_block(void **state)
{
    (void)state;
    dvt_overlay   o = {.c_vec = 3, .format = DVT_FORMAT_BFP};
    const int16_t mant[] = {5, -3, 15};
    uint8_t       bytes[4];

    /* m = 5: 00101, 10011, 01111, then exponent 10110, from bit 0 upwards */
    dvt_block_pack(&o, 5, mant, 22, bytes);
    assert_int_equal(bytes[0] | bytes[1] << 8 | bytes[2] << 16 | bytes[3] << 24,
                     5 | 19 << 5 | 15 << 10 | 22 << 15);
}

static void test_block_word__int8_is_bytes_and_padding(void **state)
{
    (void)state;
    dvt_overlay   o = {.c_vec = 5, .format = DVT_FORMAT_INT8};
    const int16_t mant[] = {-127, 127, 0, -1, 3};
    int16_t       back[5];
    uint8_t       bytes[8], exp = 9;
    const uint8_t want[8] = {0x81, 0x7f, 0, 0xff, 3};

    memset(bytes, 0xaa, sizeof bytes);
    dvt_block_pack(&o, 8, mant, 0, bytes);
    assert_memory_equal(bytes, want, 8);
    dvt_block_unpack(&o, 8, bytes, back, &exp);
    assert_memory_equal(back, mant, sizeof mant);
    assert_int_equal(exp, 0);
}

static void test_block_word__every_width_comes_back(void **state)
{
    (void)state;
    dvt_rng rng = dvt_rng_make(5, 0);

    for (int32_t m = 3; m <= 12; m++) {
        for (int32_t c = 1; c <= 256; c += c < 20 ? 1 : 59) {
            dvt_overlay o = {.c_vec = c, .format = DVT_FORMAT_BFP};
            int16_t     mant[256], back[256];
            uint8_t     bytes[512], exp = (uint8_t)dvt_rng_below(&rng, 32), got;
            int64_t     most = (1 << (m - 1)) - 1;
            for (int32_t i = 0; i < c; i++) {
                mant[i] = (int16_t)((int64_t)dvt_rng_below(&rng, (uint64_t)(2 * most + 1)) - most);
            }
            dvt_block_pack(&o, m, mant, exp, bytes);
            dvt_block_unpack(&o, m, bytes, back, &got);
            assert_memory_equal(mant, back, (size_t)c * sizeof *mant);
            assert_int_equal(exp, got);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_block_word__layout_of_a_small_block),
        cmocka_unit_test(test_block_word__int8_is_bytes_and_padding),
        cmocka_unit_test(test_block_word__every_width_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
