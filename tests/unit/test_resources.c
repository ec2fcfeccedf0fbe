/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_resources.c - device files, and the resource model where it can be checked by hand.
 */
#include "dovetail/overlay.h"
#include "support/fixture.h"
#include "support/test_data.h"

#include <math.h>
#include <stdio.h>

static const char *const devices[] = {"arria10-gx1150", "stratix10-gx2800", "zu9eg",
                                      "zu7ev",          "zynq-7020",        "ecp5-85"};
static const char *const overlays[] = {"small-fp11",  "small-fp16",  "small-int8",
                                       "medium-fp11", "medium-fp16", "medium-int8",
                                       "large-fp11",  "large-fp16",  "large-int8"};

static dvt_device device(dvt_ctx *ctx, const char *name)
{
    char       path[128];
    dvt_device d;

    snprintf(path, sizeof path, "devices/%s.json", name);
    expect_ok(ctx, dvt_device_load(ctx, path, &d));
    return d;
}

static dvt_overlay overlay(dvt_ctx *ctx, const char *name)
{
    char        path[128];
    dvt_overlay o;

    snprintf(path, sizeof path, "overlays/%s.json", name);
    expect_ok(ctx, dvt_overlay_load(ctx, path, &o));
    return o;
}

static void test_resources__devices_have_the_figures_of_their_data_sheets(void **state)
{
    static const int64_t want[6][4] = {/* logic, dsp, memory blocks, bits of one */
                                       {427200, 1518, 2713, 20480}, {933120, 5760, 11721, 20480},
                                       {274080, 2520, 912, 36864},  {230400, 1728, 312, 36864},
                                       {53200, 220, 140, 36864},    {83640, 156, 208, 18432}};

    for (int i = 0; i < 6; i++) {
        dvt_device d = device(*state, devices[i]);
        assert_string_equal(d.name, devices[i]);
        assert_int_equal(d.logic, want[i][0]);
        assert_int_equal(d.dsp, want[i][1]);
        assert_int_equal(d.memory_blocks, want[i][2]);
        assert_int_equal(d.memory_block_bits, want[i][3]);
        assert_true(strlen(d.source) > 20);
    }
}

static void test_resources__ready_overlays_fit_their_devices(void **state)
{
    for (int i = 0; i < 9; i++) {
        dvt_overlay   o = overlay(*state, overlays[i]);
        dvt_device    d = device(*state, o.device);
        dvt_resources r;
        dvt_overlay_resources(&o, &d, &r);
        if (!r.fits) {
            fail_msg("%s does not fit %s: %s", o.name, d.name, r.limit);
        }
    }
}

/* Everything but the array is taken away, so that DSPs are products over packing. */
static void test_resources__dsp_packing_follows_the_format(void **state)
{
    static const struct {
        const char *name;
        double      dsp;
    } cases[] = {{"large-fp11", 3584 / 4}, {"large-fp16", 2688 / 2}, {"large-int8", 2688 / 2}};

    for (int i = 0; i < 3; i++) {
        dvt_overlay   o = overlay(*state, cases[i].name);
        dvt_device    d = device(*state, "arria10-gx1150");
        dvt_resources r;
        o.aux_kernels = 0;
        memset(o.connect, 0, sizeof o.connect);
        dvt_overlay_resources(&o, &d, &r);
        assert_true(r.dsp == cases[i].dsp);
    }
}

/* 117 bits in blocks of 512 x 40: three side by side. */
static void test_resources__memories_use_the_shapes_of_the_blocks(void **state)
{
    dvt_overlay   o = overlay(*state, "large-fp11");
    dvt_device    d = device(*state, "arria10-gx1150");
    dvt_resources small, large;

    dvt_overlay_resources(&o, &d, &small);
    o.stream_buffer_words_per_bank += 1024;
    dvt_overlay_resources(&o, &d, &large);
    assert_true(large.memory_blocks - small.memory_blocks == o.stream_buffer_banks * 2 * 3);
    o.stream_buffer_words_per_bank -= 1024;
    o.filter_cache_words *= 2;
    dvt_overlay_resources(&o, &d, &large);
    assert_true(large.memory_blocks - small.memory_blocks == o.k_vec * 2 * 3);
}

static void test_resources__large_blocks_take_the_stream_buffer(void **state)
{
    dvt_overlay   o = overlay(*state, "small-fp11");
    dvt_device    d = device(*state, "zu7ev");
    dvt_resources with, without;

    dvt_overlay_resources(&o, &d, &with);
    d.large_memory_blocks = 0;
    dvt_overlay_resources(&o, &d, &without);
    assert_true(without.memory_blocks > with.memory_blocks);
}

static void test_resources__what_does_not_fit_is_named(void **state)
{
    dvt_overlay   o = overlay(*state, "large-fp11");
    dvt_device    d = device(*state, "arria10-gx1150");
    dvt_resources r;

    o.c_vec = 32;
    dvt_overlay_resources(&o, &d, &r);
    assert_false(r.fits);
    assert_string_equal(r.limit, "dsp");
    o = overlay(*state, "large-fp11");
    o.stream_buffer_words_per_bank *= 8;
    dvt_overlay_resources(&o, &d, &r);
    assert_string_equal(r.limit, "memory_blocks");
}

static void test_resources__more_of_anything_never_takes_less(void **state)
{
    dvt_overlay   o = overlay(*state, "medium-fp11");
    dvt_device    d = device(*state, "zu9eg");
    dvt_resources before, after;
    int32_t      *grown[] = {&o.c_vec,
                             &o.k_vec,
                             &o.q_vec,
                             &o.p_vec,
                             &o.stream_buffer_banks,
                             &o.filter_cache_words,
                             &o.lrn_size_max,
                             &o.aux_vec[DVT_KERNEL_SCALE],
                             &o.aux_vec[DVT_KERNEL_LRN],
                             &o.aux_vec[DVT_KERNEL_POOL]};

    dvt_overlay_resources(&o, &d, &before);
    for (size_t i = 0; i < sizeof grown / sizeof *grown; i++) {
        *grown[i] *= 3;
        dvt_overlay_resources(&o, &d, &after);
        assert_true(after.logic >= before.logic && after.dsp >= before.dsp &&
                    after.memory_blocks >= before.memory_blocks);
        before = after;
    }
}

static void test_resources__broken_device_files_are_refused(void **state)
{
    static const char *const cases[][2] = {
        {"{\"name\": \"x\"}", "title"},
        {"{\"nam\": \"x\"}", "nam"},
        {"[]", ""},
        {"{\"name\": \"\", \"title\": \"t\", \"vendor\": \"v\", \"source\": \"s\"}",
         "'name' has 0"},
    };
    char path[TEST_PATH_MAX];

    test_temp_path("device.json", path);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dvt_device d;
        expect_ok(*state, dvt_file_write(*state, path, cases[i][0], strlen(cases[i][0])));
        expect_failure(*state, dvt_device_load(*state, path, &d), DVT_E_PARSE, cases[i][1]);
    }
    assert_int_equal(remove(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_resources__devices_have_the_figures_of_their_data_sheets),
        FIXTURE_TEST(test_resources__ready_overlays_fit_their_devices),
        FIXTURE_TEST(test_resources__dsp_packing_follows_the_format),
        FIXTURE_TEST(test_resources__memories_use_the_shapes_of_the_blocks),
        FIXTURE_TEST(test_resources__large_blocks_take_the_stream_buffer),
        FIXTURE_TEST(test_resources__what_does_not_fit_is_named),
        FIXTURE_TEST(test_resources__more_of_anything_never_takes_less),
        FIXTURE_TEST(test_resources__broken_device_files_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
