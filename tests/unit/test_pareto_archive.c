/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_pareto_archive.c - forests and archives answer as a list of all vectors does.
 */
#include "support/fixture.h"

#include "search/pareto_int.h"

enum { VECTORS = 3000 };

static bool any_no_larger(const int64_t *all, int64_t count, const int64_t *v, int32_t k)
{
    for (int64_t i = 0; i < count; i++) {
        int32_t same = 0;
        while (same < k && all[i * k + same] <= v[same]) {
            same++;
        }
        if (same == k) return true;
    }
    return false;
}

/* Asks after each addition near and far away. sorted: vectors come in runs, as from a search. */
static void check_forest(dvt_ctx *ctx, int32_t k, uint64_t range, bool sorted)
{
    static int64_t all[VECTORS * DVTI_FOREST_VALUES];
    dvti_forest    f = {.ctx = ctx, .k = k};
    dvt_rng        rng = dvt_rng_make((uint64_t)k * 100 + range, sorted);
    int            yes = 0;

    for (int64_t n = 0; n < VECTORS; n++) {
        int64_t *v = all + n * k, asked[DVTI_FOREST_VALUES];
        for (int32_t i = 0; i < k; i++) {
            v[i] = (int64_t)dvt_rng_below(&rng, range) - (int64_t)range / 2;
            asked[i] = (int64_t)dvt_rng_below(&rng, range) / (1 + n % 7) - (int64_t)range / 2;
        }
        v[0] = sorted ? n % 500 : v[0];
        v[k - 1] = sorted ? -(n % 500) : v[k - 1];
        expect_ok(ctx, dvti_forest_add(&f, v));
        assert_true(dvti_forest_has(&f, v));
        const bool want = any_no_larger(all, n + 1, asked, k);
        assert_int_equal(dvti_forest_has(&f, asked), want);
        yes += want;
    }
    assert_true(yes > 0 && yes < VECTORS);
    dvti_forest_reset(&f);
    assert_false(dvti_forest_has(&f, all));
    dvti_forest_reset(&f);
}

static void test_pareto_archive__forests_answer_as_lists_do(void **state)
{
    for (int32_t k = 2; k <= 4; k++) {
        check_forest(*state, k, 1000, false);
        check_forest(*state, k, 12, false); /* many equal ones */
        check_forest(*state, k, 1000, true);
    }
}

/* Random vectors of accelerators' classes and values behind them. */
static void check_archive(dvt_ctx *ctx, int32_t ka, int32_t rest)
{
    enum { CLASSES = 40, ADDED = 300 };
    static int64_t all[ADDED * 8];
    int64_t        classes[CLASSES * 4] = {0};
    const int32_t  count = ka > 0 ? CLASSES : 1, k = ka + rest;
    dvt_rng        rng = dvt_rng_make((uint64_t)(ka * 10 + rest), 0);
    dvti_archive   a;

    for (int32_t c = 0; c < count; c++) { /* rising in the first value, so in order */
        for (int32_t i = 0; i < ka; i++) {
            classes[c * ka + i] = i == 0 ? c : (int64_t)dvt_rng_below(&rng, 20);
        }
    }
    expect_ok(ctx, dvti_archive_init(&a, ctx, ka, rest, count, classes));
    for (int64_t n = 0; n < ADDED; n++) {
        int64_t       v[8] = {0}, values[DVTI_MAX] = {0};
        const int32_t cls = (int32_t)dvt_rng_below(&rng, (uint64_t)count);
        for (int32_t i = 0; i < rest; i++) {
            values[i] = (int64_t)dvt_rng_below(&rng, 1000) + (ADDED - n);
        }
        memcpy(v, classes + cls * ka, (size_t)ka * sizeof *v);
        memcpy(v + ka, values, (size_t)rest * sizeof *v);
        assert_int_equal(dvti_archive_has(&a, cls, values), any_no_larger(all, n, v, k));
        memcpy(all + n * k, v, (size_t)k * sizeof *v);
        expect_ok(ctx, dvti_archive_add(&a, cls, values));
    }
    dvti_archive_deinit(&a);
}

static void test_pareto_archive__answers_as_a_list_does(void **state)
{
    for (int32_t ka = 0; ka <= 3; ka++) {
        for (int32_t rest = ka ? 0 : 1; ka + rest <= 4; rest++) {
            check_archive(*state, ka, rest);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_pareto_archive__forests_answer_as_lists_do),
        FIXTURE_TEST(test_pareto_archive__answers_as_a_list_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
