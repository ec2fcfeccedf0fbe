/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_hypervolume.c - volumes of one to eight objectives: counting, inclusion-exclusion, laws.
 */
#include "support/fixture.h"

#include "dovetail/indicators.h"

#include <math.h>

enum { MOST = 8, POINTS = 12 };

static double volume(dvt_ctx *ctx, const double *points, int64_t n, int32_t m, const double *ref)
{
    double v;
    expect_ok(ctx, dvt_pareto_hypervolume(ctx, points, n, m, ref, &v));
    return v;
}

/* All whole points of `m` values that add up to `sum`, written behind one another. */
static int64_t lattice(int32_t m, int sum, double *out)
{
    int     digits[MOST] = {0};
    int64_t count = 0;

    for (;;) {
        int total = 0, at = 0;
        for (int32_t i = 0; i < m - 1; i++) {
            total += digits[i];
        }
        if (total <= sum) {
            for (int32_t i = 0; i < m - 1; i++) {
                out[count * m + i] = digits[i];
            }
            out[count++ * m + m - 1] = sum - total;
        }
        while (at < m - 1 && ++digits[at] > sum) {
            digits[at++] = 0;
        }
        if (at == m - 1) {
            return count;
        }
    }
}

/* Below ref = (R, ..), R >= sum, a unit cell is dominated if its indices add up to at least `sum`:
 * R^m cells less the C(sum - 1 + m, m) that add up to less. */
static void test_hypervolume__lattices_of_any_dimension_have_the_volume_counted(void **state)
{
    static const struct shape {
        int32_t m;
        int     sum;
    } shapes[] = {{1, 4}, {2, 9}, {3, 8}, {4, 6}, {5, 4}, {6, 3}, {7, 2}, {8, 2}};

    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        static double points[100000];
        const int32_t m = shapes[i].m;
        const int     sum = shapes[i].sum, side = sum + 1;
        double        ref[MOST], cells = 1, below = 1;
        for (int32_t k = 0; k < m; k++) {
            ref[k] = side;
            cells *= side;
            below *= (double)(sum + k) / (k + 1);
        }
        const int64_t count = lattice(m, sum, points);
        assert_true(fabs(volume(*state, points, count, m, ref) - (cells - below)) < 1e-6);
    }
}

/* Volume of the union of boxes by inclusion and exclusion. */
static double inclusion_exclusion(const double *points, int n, int32_t m, const double *ref)
{
    double sum = 0;

    for (unsigned set = 1; set < 1u << n; set++) {
        double box = 1;
        int    size = 0;
        for (int i = 0; i < n; i++) {
            size += (int)(set >> i & 1u);
        }
        for (int32_t k = 0; k < m; k++) {
            double corner = -INFINITY;
            for (int i = 0; i < n; i++) {
                corner = set >> i & 1u ? fmax(corner, points[i * m + k]) : corner;
            }
            box *= fmax(ref[k] - corner, 0);
        }
        sum += size % 2 ? box : -box;
    }
    return sum;
}

static void test_hypervolume__random_sets_have_the_volume_of_the_union_of_their_boxes(void **state)
{
    dvt_rng rng = dvt_rng_make(11, 0);

    for (int round = 0; round < 120; round++) {
        const int32_t m = 1 + (int32_t)dvt_rng_below(&rng, 6);
        const int     n = 1 + (int)dvt_rng_below(&rng, POINTS - 3);
        double        points[POINTS * MOST], ref[MOST];
        for (int32_t k = 0; k < m; k++) {
            ref[k] = 6;
        }
        for (int i = 0; i < n * m; i++) { /* whole numbers: many ties, and points beyond ref */
            points[i] = (double)dvt_rng_below(&rng, 8);
        }
        assert_true(volume(*state, points, n, m, ref) == inclusion_exclusion(points, n, m, ref));
    }
}

/* Order of points and of objectives does not matter; a dominated point adds nothing, another one
 * does not take away; shifting all by one vector changes nothing. */
static void test_hypervolume__obeys_its_laws(void **state)
{
    dvt_rng rng = dvt_rng_make(12, 0);

    for (int round = 0; round < 60; round++) {
        const int32_t m = 2 + (int32_t)dvt_rng_below(&rng, 4);
        double        a[POINTS * MOST], b[POINTS * MOST], ref[MOST], shifted[MOST];
        for (int32_t k = 0; k < m; k++) {
            ref[k] = 16;
            shifted[k] = ref[k] + 4 * (m - 1 - k); /* of the turned objective */
        }
        for (int i = 0; i < POINTS * m; i++) {
            a[i] = (double)dvt_rng_below(&rng, 16);
        }
        for (int i = 0; i < POINTS; i++) { /* points and objectives turned around, shifted */
            for (int32_t k = 0; k < m; k++) {
                b[(POINTS - 1 - i) * m + k] = a[i * m + m - 1 - k] + 4 * (m - 1 - k);
            }
        }
        const double all = volume(*state, a, POINTS, m, ref);
        assert_true(fabs(all - volume(*state, b, POINTS, m, shifted)) < 1e-6);
        const double fewer = volume(*state, a, POINTS - 1, m, ref);
        assert_true(fewer <= all);
        memcpy(a + (POINTS - 1) * m, a, (size_t)m * sizeof *a); /* the first one again, and worse */
        a[(POINTS - 1) * m] += 0.5;
        assert_true(fabs(volume(*state, a, POINTS, m, ref) - fewer) < 1e-9);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_hypervolume__lattices_of_any_dimension_have_the_volume_counted),
        FIXTURE_TEST(test_hypervolume__random_sets_have_the_volume_of_the_union_of_their_boxes),
        FIXTURE_TEST(test_hypervolume__obeys_its_laws),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
