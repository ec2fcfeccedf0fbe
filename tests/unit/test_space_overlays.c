/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_space_overlays.c - the overlays of a device as a space: each point can be built.
 */
#include "support/fixture.h"

#include "dovetail/space.h"

static dvt_device device_a(void)
{
    return (dvt_device){.name = "a",
                        .logic_unit = "ALM",
                        .logic = 427200,
                        .registers = 1708800,
                        .dsp = 1518,
                        .memory_blocks = 2713,
                        .memory_block_bits = 20480,
                        .dsp_macs_int8 = 2,
                        .dsp_macs_m7 = 4,
                        .dsp_macs_m12 = 2,
                        .float_mac_dsp = 1,
                        .float_mac_logic = 20,
                        .float_add_logic = 350,
                        .memory_bandwidth_gbps = 19.2};
}

static dvt_space *make(dvt_ctx *ctx, const char *name, const dvt_device *d)
{
    dvt_space     *s = NULL;
    dvt_space_opts opts = {.device = d};

    expect_ok(ctx, dvt_space_create_with(ctx, name, &opts, &s));
    return s;
}

static void expect_valid(dvt_ctx *ctx, const dvt_space *s, const dvt_point *p)
{
    dvt_overlay   o;
    dvt_resources r;

    assert_true(dvt_space_contains(s, p));
    expect_ok(ctx, dvt_space_overlay(s, p, &o));
    expect_ok(ctx, dvt_overlay_check(ctx, &o));
    expect_ok(ctx, dvt_space_resources(s, p, &r));
    assert_true(r.fits);
}

static void test_space_overlays__a_device_has_more_than_8000_valid_points(void **state)
{
    dvt_device d = device_a();
    dvt_space *s = make(*state, "overlays", &d);

    assert_true(dvt_space_count(s) >= 8000);
    for (uint64_t i = 0; i < dvt_space_count(s); i += 97) {
        dvt_point p = dvt_space_at(s, i);
        expect_valid(*state, s, &p);
        assert_int_equal(dvt_space_index(s, &p), i);
    }
    dvt_space_destroy(s);
}

/* The points are all combinations that fit, and no others: the list against the definition. */
static void test_space_overlays__the_count_is_that_of_all_combinations_that_fit(void **state)
{
    dvt_device d = device_a();
    dvt_space *big, *small;
    dvt_fact   facts[DVT_SPACE_MAX_FACTS];
    uint64_t   fit = 0;
    int32_t    n;

    big = make(*state, "overlays", &d);
    d.dsp = 400;
    d.memory_blocks = 700;
    small = make(*state, "overlays", &d);
    for (uint64_t i = 0; i < dvt_space_count(big); i++) {
        dvt_point     p = dvt_space_at(big, i);
        dvt_overlay   o;
        dvt_resources r;
        expect_ok(*state, dvt_space_overlay(big, &p, &o));
        dvt_overlay_resources(&o, &d, &r);
        fit += r.fits;
        assert_int_equal(r.fits, dvt_space_contains(small, &p));
    }
    assert_int_equal(dvt_space_count(small), fit);
    assert_true(fit < dvt_space_count(big));
    expect_ok(*state, dvt_space_counts(big, facts, &n));
    assert_string_equal(facts[0].key, "overlays_of_the_grid");
    assert_true((uint64_t)facts[0].value >= dvt_space_count(big));
    dvt_space_destroy(small);
    dvt_space_destroy(big);
}

static void test_space_overlays__texts_and_descriptions_read_back(void **state)
{
    dvt_device d = device_a();
    dvt_space *s = make(*state, "nasbench201@overlays", &d);
    dvt_rng    rng = dvt_rng_make(11, 0);

    for (int i = 0; i < 200; i++) {
        dvt_point   p = dvt_space_sample(s, &rng), q;
        dvt_overlay o, back;
        dvt_buf     text;
        dvt_buf_init(&text, *state, 0);
        dvt_space_print(s, &p, &text);
        expect_ok(*state, dvt_space_parse(s, text.data, &q));
        assert_memory_equal(&p, &q, sizeof p);
        assert_true(dvt_space_index(s, &p) < dvt_space_count(s));
        q = dvt_space_at(s, dvt_space_index(s, &p));
        assert_memory_equal(&p, &q, sizeof p);
        dvt_buf_reset(&text);
        expect_ok(*state, dvt_space_overlay(s, &p, &o));
        dvt_overlay_print(&o, &text);
        expect_ok(*state, dvt_overlay_parse(*state, "o.json", text.data, text.len, &back));
        dvt_buf_deinit(&text);
        dvt_buf_init(&text, *state, 0);
        dvt_overlay_print(&back, &text);
        assert_string_equal(back.name, o.name);
        dvt_buf_deinit(&text);
    }
    dvt_space_destroy(s);
}

static void test_space_overlays__neighbours_are_valid_and_differ_in_one_choice(void **state)
{
    dvt_device d = device_a();
    dvt_space *s;
    dvt_rng    rng = dvt_rng_make(12, 0);
    dvt_point  p;

    d.dsp = 200; /* many combinations do not fit */
    s = make(*state, "overlays", &d);
    p = dvt_space_sample(s, &rng);
    for (int i = 0; i < 2000; i++) {
        dvt_point q = dvt_space_mutate(s, &p, &rng);
        int       changed = 0;
        expect_valid(*state, s, &q);
        for (int32_t k = 0; k < q.count; k++) {
            changed += q.v[k] != p.v[k];
        }
        assert_int_equal(changed, 1);
        p = q;
    }
    dvt_space_destroy(s);
}

static void test_space_overlays__what_does_not_fit_is_told_apart(void **state)
{
    static const char huge[] =
        "c_vec=32,k_vec=64,q_vec=8,p_vec=2,format=fp16,stream_buffer=2097152,filter_cache=1024,"
        "aux_vec=32,pool_vec=64,link_bits=32";
    dvt_device d = device_a();
    dvt_space *s = make(*state, "overlays", &d), *none = NULL;
    dvt_point  p;

    expect_failure(*state, dvt_space_parse(s, huge, &p), DVT_E_NOTFOUND, "too much dsp");
    expect_failure(*state, dvt_space_parse(s, "c_vec=16,k_vec=7", &p), DVT_E_NOTFOUND,
                   "k_vec is one of 8, 16, 24, 32, 48, 64, not '7'");
    expect_failure(*state, dvt_space_parse(s, "c_vec=16,q_vec=7", &p), DVT_E_PARSE,
                   "expected 'k_vec=' at column 10 of the overlay");
    dvt_space_destroy(s);
    expect_failure(*state, dvt_space_create(*state, "overlays", &none), DVT_E_USAGE,
                   "need a device");
    d.memory_bandwidth_gbps = 0.0;
    expect_failure(
        *state, dvt_space_create_with(*state, "overlays", &(dvt_space_opts){.device = &d}, &none),
        DVT_E_USAGE, "how fast the memory");
    d.memory_bandwidth_gbps = 19.2;
    d.dsp = 1;
    expect_failure(
        *state, dvt_space_create_with(*state, "overlays", &(dvt_space_opts){.device = &d}, &none),
        DVT_E_NOTFOUND, "no overlay of the grid fits");
    assert_null(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_space_overlays__a_device_has_more_than_8000_valid_points),
        FIXTURE_TEST(test_space_overlays__the_count_is_that_of_all_combinations_that_fit),
        FIXTURE_TEST(test_space_overlays__texts_and_descriptions_read_back),
        FIXTURE_TEST(test_space_overlays__neighbours_are_valid_and_differ_in_one_choice),
        FIXTURE_TEST(test_space_overlays__what_does_not_fit_is_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
