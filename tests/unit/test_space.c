/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_space.c - spaces: numbers, texts, samples and neighbours of points, products, networks.
 */
#include "support/fixture.h"

#include "dovetail/accelerator.h"

static const char *const accelerator =
    "filter_par=16,pixel_par=32,input_depth=4096,weight_depth=1024,output_depth=2048,"
    "memory_bits=512,pool_engine=1,share=8";

static dvt_space *make(dvt_ctx *ctx, const char *name)
{
    dvt_space *s = NULL;
    expect_ok(ctx, dvt_space_create(ctx, name, &s));
    return s;
}

static void expect_text(const dvt_space *s, dvt_ctx *ctx, const dvt_point *p, const char *want)
{
    dvt_buf text;

    dvt_buf_init(&text, ctx, 0);
    dvt_space_print(s, p, &text);
    assert_int_equal(dvt_buf_status(&text), DVT_OK);
    assert_string_equal(text.data, want);
    dvt_buf_deinit(&text);
}

/* Number, text and back; a neighbour is in the space and another point. */
static void expect_round_trip(const dvt_space *s, dvt_ctx *ctx, uint64_t index, dvt_rng *rng)
{
    dvt_point p = dvt_space_at(s, index), q;
    dvt_buf   text;

    assert_true(dvt_space_contains(s, &p));
    assert_int_equal(dvt_space_index(s, &p), index);
    dvt_buf_init(&text, ctx, 0);
    dvt_space_print(s, &p, &text);
    expect_ok(ctx, dvt_space_parse(s, text.data, &q));
    assert_memory_equal(&p, &q, sizeof p);
    dvt_buf_deinit(&text);
    q = dvt_space_mutate(s, &p, rng);
    assert_true(dvt_space_contains(s, &q));
    assert_memory_not_equal(&p, &q, sizeof p);
}

static void test_space__points_have_numbers_texts_and_neighbours(void **state)
{
    static const struct {
        const char *name;
        uint64_t    count;
        int32_t     choices;
    } spaces[] = {
        {"nasbench201", 15625, 6},
        {"chaidnn", 8640, 8},
        {"nasbench201@chaidnn", 135000000, 14},
        {"chaidnn@nasbench201", 135000000, 14},
        {"nasbench101@chaidnn", UINT64_C(3660111360), 9},
    };
    dvt_rng rng = dvt_rng_make(5, 0);

    for (size_t i = 0; i < sizeof spaces / sizeof spaces[0]; i++) {
        dvt_space *s = make(*state, spaces[i].name);
        uint64_t   product = 1;
        assert_string_equal(dvt_space_name(s), spaces[i].name);
        assert_int_equal(dvt_space_count(s), spaces[i].count);
        assert_int_equal(dvt_space_choices(s), spaces[i].choices);
        for (int32_t k = 0; k < dvt_space_choices(s); k++) {
            uint32_t values;
            assert_non_null(dvt_space_choice(s, k, &values));
            product *= values;
        }
        assert_int_equal(product, spaces[i].count);
        expect_round_trip(s, *state, 0, &rng);
        expect_round_trip(s, *state, spaces[i].count - 1, &rng);
        for (int k = 0; k < 100; k++) {
            dvt_point p = dvt_space_sample(s, &rng);
            expect_round_trip(s, *state, dvt_space_index(s, &p), &rng);
        }
        dvt_space_destroy(s);
    }
}

static void test_space__numbers_are_those_of_the_parts(void **state)
{
    dvt_space  *s = make(*state, "chaidnn");
    dvt_chaidnn a;
    dvt_point   p;

    for (int32_t i = 0; i < DVT_CHAIDNN_COUNT; i += 13) {
        dvt_fact facts[DVT_SPACE_MAX_FACTS];
        dvt_chaidnn_at(i, &a);
        p = dvt_space_at(s, (uint64_t)i);
        assert_int_equal(dvt_space_facts(s, &p, facts), 12);
        assert_string_equal(facts[1].key, "pixel_par");
        assert_int_equal(facts[1].value, a.pixel_par);
        assert_int_equal(facts[7].value, a.share);
    }
    expect_ok(*state, dvt_space_parse(s, accelerator, &p));
    expect_text(s, *state, &p, accelerator);
    dvt_space_destroy(s);
}

static void test_space__cells_of_nasbench101_are_found_by_graph_too(void **state)
{
    dvt_space *s = make(*state, "nasbench101");
    dvt_fact   facts[DVT_SPACE_MAX_FACTS];
    dvt_graph *g = NULL;
    dvt_point  p;
    int32_t    count;

    expect_ok(*state, dvt_space_parse(s, "7-1205349-02001", &p));
    assert_int_equal(p.v[0], 0);
    expect_text(s, *state, &p, "00005c142e6f48ac74fdcf73e3439874");
    assert_int_equal(dvt_space_facts(s, &p, facts), 5);
    assert_string_equal(facts[3].key, "parameters");
    assert_int_equal(facts[3].value, 8555530);
    expect_ok(*state, dvt_space_counts(s, facts, &count));
    assert_int_equal(count, 7);
    assert_int_equal(facts[0].value, 1293208);
    assert_int_equal(facts[6].value, 423624 - 64542);
    /* input -> conv1x1 -> conv3x3 -> output, from the hint of errors */
    expect_ok(*state, dvt_space_parse(s, "4-37-10", &p));
    /* vertex 1 leads nowhere: the cell is input -> output */
    expect_ok(*state, dvt_space_parse(s, "3-3-0", &p));
    expect_text(s, *state, &p, "043721b9c7fe8c5fad811d47d83132ec");
    expect_ok(*state, dvt_space_graph(s, &p, NULL, &g));
    dvt_graph_destroy(g);
    expect_failure(*state, dvt_space_graph(s, &p, &(dvt_space_graph_opts){"latbench", 0}, &g),
                   DVT_E_UNSUPPORTED, "'accuracy' only");
    expect_failure(*state, dvt_space_graph(s, &p, &(dvt_space_graph_opts){NULL, 100}, &g),
                   DVT_E_UNSUPPORTED, "10 classes, not 100");
    expect_failure(*state, dvt_space_parse(s, "3-4-0", &p), DVT_E_NOTFOUND, "no cell '3-4-0'");
    expect_failure(*state, dvt_space_parse(s, "00005c142e6f48ac74fdcf73e3439875", &p),
                   DVT_E_NOTFOUND, "no cell");
    expect_failure(*state, dvt_space_parse(s, "3-8-0", &p), DVT_E_PARSE, "is no cell");
    expect_failure(*state, dvt_space_parse(s, "3-3-3", &p), DVT_E_PARSE, "is no cell");
    expect_failure(*state, dvt_space_parse(s, "3-3-00", &p), DVT_E_PARSE, "is no cell");
    expect_failure(*state, dvt_space_parse(s, "9-3-0", &p), DVT_E_PARSE, "is no cell");
    expect_failure(*state, dvt_space_parse(s, "3-99999999999999999999999999-0", &p), DVT_E_PARSE,
                   "is no cell");
    expect_failure(*state, dvt_space_parse(s, "", &p), DVT_E_PARSE, "is no cell");
    dvt_space_destroy(s);
}

static void test_space__nasbench201_counts_its_forms(void **state)
{
    dvt_space *s = make(*state, "nasbench201");
    dvt_fact   facts[DVT_SPACE_MAX_FACTS];
    int32_t    count;

    expect_ok(*state, dvt_space_counts(s, facts, &count));
    assert_int_equal(count, 3);
    assert_int_equal(facts[0].value, 15625 - 341);
    assert_int_equal(facts[1].value, 12751);
    assert_int_equal(facts[2].value, 6466);
    dvt_space_destroy(s);
}

static void test_space__samples_depend_on_the_seed_alone(void **state)
{
    dvt_space *s = make(*state, "nasbench201@chaidnn");
    dvt_rng    a = dvt_rng_make(9, 1), b = dvt_rng_make(9, 1), c = dvt_rng_make(10, 1);
    dvt_point  p = dvt_space_sample(s, &a), q = dvt_space_sample(s, &b);
    dvt_point  r = dvt_space_sample(s, &c);

    assert_memory_equal(&p, &q, sizeof p);
    assert_memory_not_equal(&p, &r, sizeof p);
    dvt_space_destroy(s);
}

static void test_space__bad_names_and_points_are_refused(void **state)
{
    static const struct {
        const char *text;
        dvt_status  status;
        const char *message;
    } cases[] = {
        {"", DVT_E_PARSE, "expected 'filter_par=' at column 1"},
        {"filter_par=8", DVT_E_PARSE, "expected 'pixel_par=' at column 13"},
        {"filter_par=9,pixel_par=4", DVT_E_NOTFOUND, "filter_par is one of 8, 16, not '9'"},
        {"filter_par=,pixel_par=4", DVT_E_NOTFOUND, "not ''"},
        {"filter_par=8,pixel_par=88888888888888888888", DVT_E_NOTFOUND, "4, 8, 16, 32, 64, not"},
        {"filter_par=8@", DVT_E_PARSE, "1 parts"},
    };
    dvt_space *s;
    dvt_point  p;

    expect_failure(*state, dvt_space_create(*state, "nasbench20", &s), DVT_E_NOTFOUND,
                   "no space 'nasbench20'");
    assert_null(s);
    expect_failure(*state, dvt_space_create(*state, "", &s), DVT_E_NOTFOUND, "no space ''");
    expect_failure(*state, dvt_space_create(*state, "chaidnn@", &s), DVT_E_NOTFOUND, "no space ''");
    expect_failure(*state, dvt_space_create(*state, "chaidnn@chaidnn", &s), DVT_E_USAGE, "twice");
    s = make(*state, "chaidnn");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        expect_failure(*state, dvt_space_parse(s, cases[i].text, &p), cases[i].status,
                       cases[i].message);
        assert_int_equal(p.count, 0);
    }
    dvt_graph *g;
    p = dvt_space_at(s, 0);
    expect_failure(*state, dvt_space_graph(s, &p, NULL, &g), DVT_E_UNSUPPORTED, "no networks");
    dvt_space_destroy(s);
    s = make(*state, "nasbench201@chaidnn");
    expect_failure(*state, dvt_space_parse(s, accelerator, &p), DVT_E_PARSE, "2 parts");
    dvt_space_destroy(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_space__points_have_numbers_texts_and_neighbours),
        FIXTURE_TEST(test_space__numbers_are_those_of_the_parts),
        FIXTURE_TEST(test_space__cells_of_nasbench101_are_found_by_graph_too),
        FIXTURE_TEST(test_space__nasbench201_counts_its_forms),
        FIXTURE_TEST(test_space__samples_depend_on_the_seed_alone),
        FIXTURE_TEST(test_space__bad_names_and_points_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
