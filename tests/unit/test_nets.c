/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_nets.c - cells and graphs as predictors see them, and the features of their graphs.
 */
#include "support/fixture.h"

#include "predict/features_int.h"
#include "predict/nonneg.h"
#include "predict/schedule.h"

#include <math.h>
#include <stdlib.h>

static dvt_nets *one_nb201(dvt_ctx *ctx, const char *ops)
{
    dvt_nets      *nets;
    dvt_nb201_cell c;

    for (int e = 0; e < DVT_NB201_EDGES; e++) {
        c.op[e] = (uint8_t)(ops[e] - '0');
    }
    expect_ok(ctx, dvt_nets_create(ctx, DVT_NETS_NB201, &nets));
    expect_ok(ctx, dvt_nets_add_nb201(nets, &c));
    return nets;
}

/* "2<01 3<2": label and what each node reads, in order. */
static void describe(const dvt_net *net, char *out)
{
    for (int32_t i = 0; i < net->nodes; i++) {
        *out++ = (char)('0' + net->label[i]);
        *out++ = '<';
        for (int32_t e = net->start[i]; e < net->start[i + 1]; e++) {
            *out++ = (char)('0' + net->read[e]);
        }
        *out++ = i + 1 < net->nodes ? ' ' : '\0';
    }
}

static void expect_nb201(dvt_ctx *ctx, const char *ops, const char *want)
{
    char      got[128];
    dvt_nets *nets = one_nb201(ctx, ops);
    dvt_net   net = dvt_nets_at(nets, 0);

    describe(&net, got);
    assert_string_equal(got, want);
    dvt_nets_destroy(nets);
}

/* Edges in the order 0->1, 0->2, 1->2, 0->3, 1->3, 2->3. */
static void test_nets__operations_of_nb201_become_nodes(void **state)
{
    expect_nb201(*state, "000300", "0< 3<0 1<1");      /* a convolution 3x3 alone */
    expect_nb201(*state, "300020", "0< 3<0 2<1 1<2");  /* two in a row over node 1 */
    expect_nb201(*state, "000100", "0< 1<0");          /* a skip alone: the input itself */
    expect_nb201(*state, "100324", "0< 3<0 2<0 1<12"); /* the skip is contracted */
    expect_nb201(*state, "000000", "0< 1<");           /* no path */
    expect_nb201(*state, "333000", "0< 1<");           /* operations that nobody reads */
}

static void test_nets__nb201_operations_off_the_path_are_none(void **state)
{
    dvt_nets     *nets = one_nb201(*state, "330300");
    const uint8_t want[] = {0, 0, 0, 3, 0, 0};

    assert_memory_equal(dvt_nets_at(nets, 0).op, want, sizeof want);
    dvt_nets_destroy(nets);
}

static void test_nets__nb101_vertices_keep_edges_and_widths(void **state)
{
    /* input -> a, b; a, b -> output: each has half of the channels */
    const dvt_nb101_cell c = {.vertices = 4,
                              .adj_bits = 1 | 1 << 1 | 1 << 4 | 1 << 5,
                              .ops = {DVT_NB101_CONV1X1, DVT_NB101_MAXPOOL3X3}};
    dvt_nets            *nets;
    char                 got[128];

    expect_ok(*state, dvt_nets_create(*state, DVT_NETS_NB101, &nets));
    expect_ok(*state, dvt_nets_add_nb101(nets, &c));
    const dvt_net net = dvt_nets_at(nets, 0);
    describe(&net, got);
    assert_string_equal(got, "0< 3<0 4<0 1<12");
    assert_true(net.width[1] == 0.5F && net.width[2] == 0.5F);
    assert_true(net.parameters == (double)dvt_nb101_parameters(&c));
    expect_failure(*state, dvt_nets_add_nb101(nets, &(dvt_nb101_cell){.vertices = 3}), DVT_E_USAGE,
                   "no valid NAS-Bench-101 cell");
    expect_failure(*state, dvt_nets_add_nb201(nets, &(dvt_nb201_cell){{0}}), DVT_E_USAGE,
                   "cannot add a network of nasbench201 to a set of nasbench101");
    dvt_nets_destroy(nets);
}

static void test_nets__any_graph_is_its_operations_on_the_way(void **state)
{
    static const dvt_nb201_cell c = {{3, 0, 0, 0, 3, 0}};
    dvt_graph                  *g;
    dvt_nets                   *nets;

    expect_ok(*state, dvt_nb201_graph(*state, &c, DVT_NB201_LATBENCH, 10, &g));
    expect_ok(*state, dvt_nets_create(*state, DVT_NETS_GRAPH, &nets));
    expect_ok(*state, dvt_nets_add_graph(nets, g));
    const dvt_net   net = dvt_nets_at(nets, 0);
    dvt_graph_stats stats;
    dvt_graph_stats_of(g, &stats);
    assert_true(net.macs == (double)stats.macs);
    int convolutions = 0;
    for (int32_t i = 0; i < net.nodes; i++) {
        convolutions += dvti_label_heavy(DVT_NETS_GRAPH, net.label[i]);
        assert_true(i == 0 || net.start[i + 1] > net.start[i]);
    }
    /* stem, 2 in each of 15 cells, 3 in each of 2 blocks, the dense layer */
    assert_int_equal(convolutions, 1 + 30 + 6 + 1);
    dvt_nets_destroy(nets);
    dvt_graph_destroy(g);
}

/* ---- features ------------------------------------------------------------------------------ */

static void row_of(dvt_ctx *ctx, const dvt_nets *nets, int64_t i, float *out)
{
    const dvti_features f = dvti_features_of(dvt_nets_kind_of(nets));
    const dvt_net       net = dvt_nets_at(nets, i);
    void               *scratch = dvt_alloc(ctx, dvti_features_scratch(net.nodes));

    dvti_features_row(&f, &net, scratch, out);
    dvt_free(ctx, scratch);
}

enum { COLUMNS_MAX = 512 };

static void test_features__a_small_cell_has_the_counts_worked_by_hand(void **state)
{
    dvt_nets           *nets = one_nb201(*state, "300024"); /* conv3x3, then conv1x1 over node 1 */
    const dvti_features f = dvti_features_of(DVT_NETS_NB201);
    float               row[COLUMNS_MAX];

    assert_true(f.columns <= COLUMNS_MAX);
    row_of(*state, nets, 0, row);
    const float *count = row + f.first[DVTI_GROUP_COUNT], *path = row + f.first[DVTI_GROUP_PATH];
    const float *ends = row + f.first[DVTI_GROUP_ENDS], *walk = row + f.first[DVTI_GROUP_WALK];
    assert_true(count[0] == 1 && count[1] == 1 && count[2] == 0);
    assert_true(path[0] == 2 && path[1] == 2); /* longest and shortest: both operations */
    assert_true(ends[0] == 0);                 /* one path, its logarithm */
    assert_true(walk[0] == 1 && walk[1] == 1); /* every walk passes both */
    dvt_nets_destroy(nets);
}

static void test_features__equal_pools_are_found_through_skips(void **state)
{
    static const struct {
        uint8_t op[DVT_NB201_EDGES];
        int32_t equal;
    } cases[] = {
        {{1, 0, 0, 4, 4, 0}, 1}, /* pool(x) and pool(skip x) */
        {{4, 0, 0, 0, 4, 0}, 0}, /* pool(pool(x)) */
        {{4, 4, 1, 0, 0, 3}, 1}, /* node 2 = pool(x) + pool(x) */
        {{3, 0, 0, 4, 4, 0}, 0}, /* pool(x), pool(conv x) */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(dvti_nb201_equal_pools(cases[i].op), cases[i].equal);
    }
}

/* Swapping two vertices that the order allows gives an isomorphic cell, equal in every column. */
static void test_features__isomorphic_cells_have_equal_rows(void **state)
{
    dvt_nets           *nets;
    float               row[2][COLUMNS_MAX];
    const dvti_features f = dvti_features_of(DVT_NETS_NB101);

    /* 0->1, 0->2, 2->3, 1->4, 3->4; then 1 and 2 change places. Bit x + y (y - 1) / 2. */
    const dvt_nb101_cell first = {
        .vertices = 5, .adj_bits = 1 | 1 << 1 | 1 << 5 | 1 << 7 | 1 << 9, .ops = {0, 1, 2}};
    const dvt_nb101_cell second = {
        .vertices = 5, .adj_bits = 1 | 1 << 1 | 1 << 4 | 1 << 8 | 1 << 9, .ops = {1, 0, 2}};
    expect_ok(*state, dvt_nets_create(*state, DVT_NETS_NB101, &nets));
    expect_ok(*state, dvt_nets_add_nb101(nets, &first));
    expect_ok(*state, dvt_nets_add_nb101(nets, &second));
    row_of(*state, nets, 0, row[0]);
    row_of(*state, nets, 1, row[1]);
    for (int32_t c = 0; c < f.columns; c++) {
        assert_true(fabsf(row[0][c] - row[1][c]) < 1e-6F);
    }
    dvt_nets_destroy(nets);
}

/* ---- costs --------------------------------------------------------------------------------- */

static void test_nonneg__recovers_costs_and_keeps_to_the_bound(void **state)
{
    enum { ROWS = 60 };
    double  a[ROWS * 3], b[ROWS], w[3];
    dvt_rng rng = dvt_rng_make(5, 0);

    for (int i = 0; i < ROWS; i++) {
        for (int c = 0; c < 3; c++) {
            a[3 * i + c] = dvt_rng_f64(&rng);
        }
        b[i] = 2 * a[3 * i] + 0.5 * a[3 * i + 1];
    }
    expect_ok(*state, dvti_nonneg(*state, a, b, NULL, ROWS, 3, w));
    assert_true(fabs(w[0] - 2) < 1e-9 && fabs(w[1] - 0.5) < 1e-9 && w[2] < 1e-9);
    for (int i = 0; i < ROWS; i++) {
        b[i] -= a[3 * i + 2]; /* would need a negative cost */
    }
    expect_ok(*state, dvti_nonneg(*state, a, b, NULL, ROWS, 3, w));
    assert_true(w[2] == 0 && w[0] >= 0 && w[1] >= 0);
}

static void test_nonneg__robust_fit_ignores_a_few_outliers(void **state)
{
    enum { ROWS = 100 };
    double a[ROWS], b[ROWS], w;

    for (int i = 0; i < ROWS; i++) {
        a[i] = 1 + i;
        b[i] = 3 * a[i] + (i % 2 ? 0.01 : -0.01) + (i % 10 == 0 ? 500 : 0);
    }
    expect_ok(*state, dvti_nonneg_robust(*state, a, b, ROWS, 1, &w));
    assert_true(fabs(w - 3) < 0.01);
}

/* A device that runs operations side by side: latency is the longest path. */
static void test_schedule__learns_that_only_the_longest_path_counts(void **state)
{
    enum { COUNT = 400 };
    const dvti_features f = dvti_features_of(DVT_NETS_NB201);
    const int32_t       stride = f.columns + dvti_schedule_columns(&f);
    dvt_nets           *nets;
    int64_t             index[COUNT];
    double              y[COUNT];
    float              *rows = dvt_calloc(*state, (size_t)(COUNT * stride), sizeof *rows);
    dvti_schedule       s;
    dvt_rng             rng = dvt_rng_make(9, 0);

    expect_ok(*state, dvt_nets_create(*state, DVT_NETS_NB201, &nets));
    for (int i = 0; i < COUNT; i++) {
        dvt_nb201_cell c = dvt_nb201_at((int32_t)dvt_rng_below(&rng, DVT_NB201_COUNT));
        expect_ok(*state, dvt_nets_add_nb201(nets, &c));
        row_of(*state, nets, i, rows + i * stride);
        index[i] = i;
    }
    for (int i = 0; i < COUNT; i++) {
        const double  cost[] = {1, 4, 2};
        const dvt_net net = dvt_nets_at(nets, i);
        double        longest[8] = {0};
        for (int32_t v = 1; v < net.nodes; v++) {
            for (int32_t e = net.start[v]; e < net.start[v + 1]; e++) {
                longest[v] = fmax(longest[v], longest[net.read[e]]);
            }
            longest[v] += net.label[v] > 1 ? cost[net.label[v] - 2] : 0;
        }
        y[i] = 5 + longest[net.nodes - 1];
    }
    expect_ok(*state, dvti_schedule_fit(*state, &f, nets, index, COUNT, rows, stride, y, &s));
    assert_true(fabs(s.path[0] - 1) < 0.05 && fabs(s.path[1] - 4) < 0.05);
    assert_true(fabs(s.path[2] - 2) < 0.05 && fabs(s.fixed - 5) < 0.1);
    assert_true(s.beside[0] < 0.05 && s.beside[1] < 0.05 && s.beside[2] < 0.05);
    dvt_nets_destroy(nets);
    dvt_free(*state, rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_nets__operations_of_nb201_become_nodes),
        FIXTURE_TEST(test_nets__nb201_operations_off_the_path_are_none),
        FIXTURE_TEST(test_nets__nb101_vertices_keep_edges_and_widths),
        FIXTURE_TEST(test_nets__any_graph_is_its_operations_on_the_way),
        FIXTURE_TEST(test_features__a_small_cell_has_the_counts_worked_by_hand),
        FIXTURE_TEST(test_features__equal_pools_are_found_through_skips),
        FIXTURE_TEST(test_features__isomorphic_cells_have_equal_rows),
        FIXTURE_TEST(test_nonneg__recovers_costs_and_keeps_to_the_bound),
        FIXTURE_TEST(test_nonneg__robust_fit_ignores_a_few_outliers),
        FIXTURE_TEST(test_schedule__learns_that_only_the_longest_path_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
