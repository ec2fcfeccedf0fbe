/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_limits.c - limits and objectives as text: exact integers, units, and what is refused.
 */
#include "support/fixture.h"

#include "search/limits.h"

#include "dovetail/pareto.h"

static const dvt_metric accuracy = {"accuracy", "", INT64_C(1000000000000), true};
static const dvt_metric latency = {"latency", "ms", 3000000, false};
static const dvt_metric area = {"area", "mm2", 1000000, false};
static const dvt_metric bram = {"bram36", "", 2, false};
static const dvt_metric odd = {"fuel", "barrel", 1, false};

static const dvt_metric *const metrics[] = {&accuracy, &latency, &area, &bram, &odd};
enum { COUNT = sizeof metrics / sizeof metrics[0] };

static dvt_status parse(dvt_ctx *ctx, const char *text, int64_t *least, int64_t *most)
{
    for (int i = 0; i < COUNT; i++) {
        least[i] = INT64_MIN;
        most[i] = INT64_MAX;
    }
    return dvti_limits_parse(ctx, text, metrics, COUNT, least, most);
}

/* One limit on one metric. */
static void check(dvt_ctx *ctx, const char *text, int metric, int64_t low, int64_t high)
{
    int64_t least[COUNT], most[COUNT];

    expect_ok(ctx, parse(ctx, text, least, most));
    if (least[metric] != low || most[metric] != high) {
        fail_msg("'%s': %lld..%lld, not %lld..%lld", text, (long long)least[metric],
                 (long long)most[metric], (long long)low, (long long)high);
    }
}

static void test_limits__become_exact_integers(void **state)
{
    check(*state, "latency<100ms", 1, INT64_MIN, 299999999);
    check(*state, "latency<=100ms", 1, INT64_MIN, 300000000);
    check(*state, "latency>0.1s", 1, 300000001, INT64_MAX);
    check(*state, "latency>=100000us", 1, 300000000, INT64_MAX);
    check(*state, "latency<=1ns", 1, INT64_MIN, 3);
    check(*state, "latency<0.5ns", 1, INT64_MIN, 1); /* 1.5: no integer */
    check(*state, "latency>0.5ns", 1, 2, INT64_MAX);
    check(*state, "latency>=0.5ns", 1, 2, INT64_MAX);
    check(*state, "area<=1.5cm2", 2, INT64_MIN, 150000000);
    check(*state, "area<80.000001mm2", 2, INT64_MIN, 80000000);
    check(*state, "accuracy>=92.5%", 0, INT64_C(925000000000), INT64_MAX);
    check(*state, "accuracy>0.943175753", 0, INT64_C(943175753001), INT64_MAX);
    check(*state, "accuracy>=0.123456789012", 0, INT64_C(123456789012), INT64_MAX);
    check(*state, "bram36<1k", 3, INT64_MIN, 1999);
    check(*state, "bram36=0.5", 3, 1, 1);
    check(*state, "bram36 = 12", 3, 24, 24);
    check(*state, "fuel<=7barrel", 4, INT64_MIN, 7);
}

static void test_limits__several_hold_together(void **state)
{
    int64_t least[COUNT], most[COUNT];

    expect_ok(*state,
              parse(*state, " latency > 1ms , latency<=2ms,latency<5ms,area<=7mm2 ", least, most));
    assert_int_equal(least[1], 3000001);
    assert_int_equal(most[1], 6000000);
    assert_int_equal(most[2], 7000000);
    assert_int_equal(least[0], INT64_MIN);
    expect_ok(*state, dvti_limits_parse(*state, "latency<2ms", metrics, COUNT, least, most));
    assert_int_equal(least[1], 3000001);
    assert_int_equal(most[1], 5999999);
}

static void test_limits__what_is_wrong_is_said_with_its_column(void **state)
{
    static const struct bad {
        const char *text;
        dvt_status  status;
        const char *said;
    } bad[] = {
        {"", DVT_E_USAGE, "column 1: the name of a metric is missing"},
        {"latency<9ms,", DVT_E_USAGE, "column 13: the name of a metric is missing"},
        {"latency", DVT_E_USAGE, "column 8: one of < <= > >= = is missing"},
        {"latency<", DVT_E_USAGE, "column 9: a number is missing"},
        {"latency<ms", DVT_E_USAGE, "column 9: a number is missing"},
        {"latency<-3ms", DVT_E_USAGE, "column 9: a number is missing"},
        {"latency<nan", DVT_E_USAGE, "column 9: a number is missing"},
        {"latency<.5ms", DVT_E_USAGE, "column 9: a number is missing"},
        {"latency<5.ms", DVT_E_USAGE, "column 11: a digit is missing"},
        {"latency<5", DVT_E_USAGE, "column 10: 'latency' needs a unit"},
        {"latency<5mm2", DVT_E_USAGE, "column 10: 'mm2' is no unit of 'latency'"},
        {"latency<5e3ms", DVT_E_USAGE, "column 10: 'e3ms' is no unit"},
        {"accuracy>5ms", DVT_E_USAGE, "'ms' is no unit of 'accuracy'"},
        {"fuel<7l", DVT_E_USAGE, "'l' is no unit of 'fuel'"},
        {"latency<5ms area<3mm2", DVT_E_USAGE, "column 13: a comma or the end is missing"},
        {"latency<1234567890123456789ms", DVT_E_USAGE, "at most 18 digits"},
        {"latency<123456789012345678s", DVT_E_USAGE, "too large"},
        {"latncy<5ms", DVT_E_NOTFOUND, "no metric 'latncy'"},
        {"latency<5ms,latency>6ms", DVT_E_USAGE, "no value of 'latency' satisfies all limits"},
        {"latency<5ms,latency>=5ms", DVT_E_USAGE, "no value of 'latency' satisfies all limits"},
        {"bram36=0.3", DVT_E_USAGE, "no value of 'bram36' satisfies all limits"},
        {"latency==5ms", DVT_E_USAGE, "a number is missing"},
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t    least[COUNT], most[COUNT];
        dvt_status st = parse(*state, bad[i].text, least, most);
        if (bad[i].status == DVT_E_NOTFOUND) {
            assert_non_null(strstr(dvt_ctx_error(*state)->hint, "'latency'"));
        }
        expect_failure(*state, st, bad[i].status, bad[i].said);
        for (int k = 0; k < COUNT; k++) { /* as they were */
            assert_true(least[k] == INT64_MIN && most[k] == INT64_MAX);
        }
    }
}

static void test_limits__lists_of_objectives_are_checked(void **state)
{
    dvt_side           networks = {.metric_count = 2, .metric = {accuracy, bram}};
    dvt_side           accelerators = {.metric_count = 1, .metric = {area}};
    dvt_pair_cost      cost = {.metric_count = 1, .metric = {latency}};
    dvt_pareto_problem p = {.networks = &networks, .accelerators = &accelerators, .cost = &cost};

    expect_ok(*state, dvt_pareto_objectives(*state, &p, "area,latency,accuracy"));
    assert_int_equal(p.objective_count, 3);
    assert_int_equal(p.objective[0].part, DVT_PARETO_ACCELERATOR);
    assert_int_equal(p.objective[1].part, DVT_PARETO_PAIR);
    assert_string_equal(dvt_pareto_metric_of(&p, p.objective[2])->name, "accuracy");
    expect_failure(*state, dvt_pareto_objectives(*state, &p, "accuracy"), DVT_E_USAGE,
                   "at least 2");
    expect_failure(*state, dvt_pareto_objectives(*state, &p, "area,area"), DVT_E_USAGE,
                   "'area' is an objective twice");
    expect_failure(*state, dvt_pareto_objectives(*state, &p, "accuracy,,area"), DVT_E_NOTFOUND,
                   "no metric ''");
    expect_failure(*state, dvt_pareto_objectives(*state, &p, "acuracy,area"), DVT_E_NOTFOUND,
                   "no metric 'acuracy'");
    assert_int_equal(p.objective_count, 0);
    expect_ok(*state, dvt_pareto_where(*state, &p, "latency<9ms,bram36>3"));
    expect_ok(*state, dvt_pareto_where(*state, &p, "bram36<8"));
    assert_int_equal(p.limit_count, 2);
    assert_int_equal(p.limit[0].least, 7);
    assert_int_equal(p.limit[0].most, 15);
    assert_int_equal(p.limit[1].metric.part, DVT_PARETO_PAIR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_limits__become_exact_integers),
        FIXTURE_TEST(test_limits__several_hold_together),
        FIXTURE_TEST(test_limits__what_is_wrong_is_said_with_its_column),
        FIXTURE_TEST(test_limits__lists_of_objectives_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
