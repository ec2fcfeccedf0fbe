/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_derive.c - what follows from a description, against numbers worked out by hand.
 */
#include "dovetail/overlay.h"
#include "support/fixture.h"

static dvt_overlay_derived derived(dvt_ctx *ctx, const char *path, dvt_overlay *o)
{
    dvt_overlay_derived d;

    expect_ok(ctx, dvt_overlay_load(ctx, path, o));
    dvt_overlay_derive(o, &d);
    return d;
}

static void test_derive__large_fp11(void **state)
{
    dvt_overlay         o;
    dvt_overlay_derived d = derived(*state, "overlays/large-fp11.json", &o);

    assert_int_equal(d.macs_per_cycle, 16 * 32 * 7);
    assert_int_equal(d.lanes, 224);
    assert_int_equal(d.feature_word_bits, 16 * 7 + 5);
    assert_int_equal(d.feature_word_bytes, 16);
    assert_int_equal(d.product_bits, 6 + 6 + 4 + 1);
    assert_int_equal(d.accumulator_lsb_exp, -30);
    assert_int_equal(d.stream_buffer_words, 131072);
    assert_int_equal(d.stream_buffer_bits, 131072 * 117);
    assert_int_equal(d.filter_cache_bits, 2 * 512 * 32 * 117);
    assert_int_equal(d.blocks_per_result, 2);
    assert_true(d.memory_bytes_per_cycle == 64.0);
    assert_true(d.peak_gmacs > 1075.19 && d.peak_gmacs < 1075.21);
}

static void test_derive__int8_and_widths_that_are_no_powers_of_two(void **state)
{
    dvt_overlay         o;
    dvt_overlay_derived d = derived(*state, "tests/support/overlays/odd-int8.json", &o);

    assert_int_equal(d.feature_word_bits, 48);
    assert_int_equal(d.feature_word_bytes, 8);
    assert_int_equal(d.product_bits, 14 + 3 + 1);
    assert_int_equal(d.accumulator_lsb_exp, 0);
    d = derived(*state, "tests/support/overlays/odd-m9.json", &o);
    assert_int_equal(d.feature_word_bits, 3 * 9 + 5);
    assert_int_equal(d.filter_word_bits, 3 * 6 + 5);
    assert_int_equal(d.filter_word_bytes, 4);
    assert_int_equal(d.accumulator_lsb_exp, 34 - 48);
    assert_int_equal(d.blocks_per_result, 3);
    d = derived(*state, "tests/support/overlays/odd-m5.json", &o);
    assert_int_equal(d.blocks_per_result, 2);
}

static void test_derive__mapping_cycles_round_each_dimension_up(void **state)
{
    dvt_overlay o;

    (void)derived(*state, "overlays/large-fp11.json", &o);
    assert_int_equal(dvt_overlay_conv_cycles(&o, 1, 64, 192, 56, 56, 3, 3), 4 * 6 * 8 * 56 * 9);
    assert_int_equal(dvt_overlay_conv_cycles(&o, 2, 17, 33, 8, 1, 1, 1), 2 * 2 * 2 * 2);
    assert_int_equal(dvt_overlay_conv_cycles(&o, 1, 1, 1, 1, 1, 1, 1), 1);
}

static void test_derive__kernels_are_those_of_the_mask(void **state)
{
    dvt_overlay o;

    (void)derived(*state, "overlays/small-int8.json", &o);
    o.aux_kernels &= ~(1u << DVT_KERNEL_LRN);
    assert_true(dvt_overlay_has(&o, DVT_KERNEL_SCALE));
    assert_false(dvt_overlay_has(&o, DVT_KERNEL_LRN));
    assert_false(dvt_overlay_has(&o, DVT_KERNEL_WRITE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_derive__large_fp11),
        FIXTURE_TEST(test_derive__int8_and_widths_that_are_no_powers_of_two),
        FIXTURE_TEST(test_derive__mapping_cycles_round_each_dimension_up),
        FIXTURE_TEST(test_derive__kernels_are_those_of_the_mask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
