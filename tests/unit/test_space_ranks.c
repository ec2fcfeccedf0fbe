/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_space_ranks.c - low-rank choices: the space of ranks, and the networks they stand for.
 */
#include "support/fixture.h"

#include <math.h>

#include "dovetail/space.h"
#include "space/low_rank.h"

static const char network_text[] = "dvg 1 net\n"
                                   "input x: f32[1,6,10,10]\n"
                                   "param c.w: f32[24,6,3,3]\n"
                                   "param c.b: f32[24]\n"
                                   "y = conv(x, c.w, c.b, kernel=[3,3], pad_lo=[1,1], "
                                   "pad_hi=[1,1], stride=[2,2])\n"
                                   "p = global_pool(y, kind=avg)\n"
                                   "param d.w: f32[32,24]\n"
                                   "d = dense(p, d.w)\n"
                                   "param m.w: f32[32,20]\n"
                                   "m = matmul(d, m.w)\n"
                                   "param g.w: f32[8,20]\n"
                                   "param g.b: f32[8]\n"
                                   "g = gemm(m, g.w, g.b, trans_b=true)\n"
                                   "output g\n";

static dvt_graph *network(dvt_ctx *ctx)
{
    dvt_graph *g = NULL;

    expect_ok(ctx, dvt_graph_parse(ctx, "net.dvg", network_text, sizeof network_text - 1, &g));
    return g;
}

static void run_net(dvt_ctx *ctx, const dvt_graph *g, float out[8])
{
    static float  image[600];
    dvt_shape     shape = DVT_SHAPE(1, 6, 10, 10);
    dvt_tensor    x = dvt_tensor_wrap(DVT_DTYPE_F32, &shape, image), y;
    dvt_exec_opts opts = {.kind = DVT_EXEC_NAIVE};
    dvt_exec     *e = NULL;
    dvt_rng       rng = dvt_rng_make(3, 0);

    for (int i = 0; i < 600; i++) {
        image[i] = (float)dvt_rng_normal(&rng);
    }
    expect_ok(ctx, dvt_exec_create(g, &opts, &e));
    expect_ok(ctx, dvt_exec_run(e, &x, 1));
    expect_ok(ctx, dvt_exec_tensor(e, dvt_graph_output(g, 0), &y));
    memcpy(out, y.data, 8 * sizeof *out);
    dvt_exec_destroy(e);
}

static dvt_space *ranks_of(dvt_ctx *ctx, const dvt_graph *g)
{
    dvt_space *s = NULL;

    expect_ok(ctx, dvt_space_create_with(ctx, "ranks", &(dvt_space_opts){.network = g}, &s));
    return s;
}

static void test_space_ranks__choices_are_the_matrices_of_the_network(void **state)
{
    dvt_graph             *g = network(*state);
    dvt_space             *s = ranks_of(*state, g);
    int32_t                count;
    const dvt_rank_matrix *m = dvt_space_matrices(s, &count);
    uint64_t               product = 1;

    assert_int_equal(count, 4);
    assert_int_equal(dvt_space_choices(s), 4);
    assert_string_equal(m[0].name, "c.w");
    assert_int_equal(m[0].rows, 24);
    assert_int_equal(m[0].columns, 54);
    assert_int_equal(m[2].rows, 20); /* matmul: results x sums */
    assert_int_equal(m[2].columns, 32);
    for (int32_t i = 0; i < 4; i++) {
        uint32_t values;
        assert_string_equal(dvt_space_choice(s, i, &values), m[i].name);
        product *= values;
    }
    assert_int_equal(dvt_space_count(s), product);
    dvt_space_destroy(s);
    dvt_graph_destroy(g);
}

/* All points: number, text, neighbour; no rank keeps as many values as the matrix has. */
static void test_space_ranks__every_point_reads_back_and_saves(void **state)
{
    dvt_graph             *g = network(*state);
    dvt_space             *s = ranks_of(*state, g);
    dvt_rng                rng = dvt_rng_make(1, 0);
    int32_t                count;
    const dvt_rank_matrix *m = dvt_space_matrices(s, &count);

    for (uint64_t i = 0; i < dvt_space_count(s); i += 3) {
        dvt_point p = dvt_space_at(s, i), q;
        int64_t   rank[4];
        dvt_buf   text;
        dvt_buf_init(&text, *state, 0);
        dvt_space_print(s, &p, &text);
        expect_ok(*state, dvt_space_parse(s, text.data, &q));
        assert_memory_equal(&p, &q, sizeof p);
        dvt_buf_deinit(&text);
        q = dvt_space_mutate(s, &p, &rng);
        assert_true(dvt_space_contains(s, &q));
        assert_memory_not_equal(&p, &q, sizeof p);
        expect_ok(*state, dvt_space_ranks(s, &p, rank));
        for (int32_t k = 0; k < count; k++) {
            assert_true(rank[k] * (m[k].rows + m[k].columns) < m[k].rows * m[k].columns);
        }
    }
    dvt_space_destroy(s);
    dvt_graph_destroy(g);
}

static void test_space_ranks__errors_name_matrix_and_place(void **state)
{
    dvt_graph *g = network(*state);
    dvt_space *s = ranks_of(*state, g), *none = NULL;
    dvt_point  p;

    expect_failure(*state, dvt_space_parse(s, "full,full,full", &p), DVT_E_PARSE,
                   "4 ranks, not fewer");
    expect_failure(*state, dvt_space_parse(s, "full,full,full,full,", &p), DVT_E_PARSE,
                   "4 ranks, not more");
    expect_failure(*state, dvt_space_parse(s, "full,0,full,full", &p), DVT_E_NOTFOUND,
                   "rank of 'd.w' is one of 1,");
    expect_failure(*state, dvt_space_parse(s, "", &p), DVT_E_NOTFOUND, "rank of 'c.w'");
    expect_failure(*state, dvt_space_create(*state, "ranks", &none), DVT_E_USAGE, "need a network");
    dvt_space_destroy(s);
    dvt_graph_destroy(g);
}

static void test_space_ranks__spaces_too_large_to_number_still_sample(void **state)
{
    enum { MATRICES = 31 };
    dvt_rank_matrix m[MATRICES];
    dvt_space_opts  opts = {.matrices = m, .matrix_count = MATRICES};
    dvt_space      *s = NULL;
    dvt_rng         rng = dvt_rng_make(2, 0);

    for (int i = 0; i < MATRICES; i++) {
        m[i] = (dvt_rank_matrix){"w", 4096, 1024};
    }
    expect_ok(*state, dvt_space_create_with(*state, "nasbench201@ranks", &opts, &s));
    assert_int_equal(dvt_space_count(s), 0);
    assert_true(fabs(dvt_space_log2_count(s) - (31 * log2(15) + 6 * log2(5))) < 1e-9);
    for (int i = 0; i < 50; i++) {
        dvt_point p = dvt_space_sample(s, &rng), q = dvt_space_mutate(s, &p, &rng);
        dvt_buf   text;
        assert_true(dvt_space_contains(s, &p));
        assert_true(dvt_space_contains(s, &q));
        dvt_buf_init(&text, *state, 0);
        dvt_space_print(s, &p, &text);
        expect_ok(*state, dvt_space_parse(s, text.data, &q));
        assert_memory_equal(&p, &q, sizeof p);
        dvt_buf_deinit(&text);
    }
    dvt_space_destroy(s);
}

/* ---- factors ------------------------------------------------------------------------------- */

/* A matrix that is a product of rank 5 is found again; the error of a lower rank is what is left of
 * the singular values. */
static void test_space_ranks__factors_are_the_best_of_their_rank(void **state)
{
    enum { M = 12, N = 30, R = 5 };
    float   a[M * N], u[M * R], v[R * N];
    dvt_rng rng = dvt_rng_make(4, 0);

    for (int side = 0; side < 2; side++) { /* wide, then tall */
        int64_t rows = side ? N : M, columns = side ? M : N;
        float   left[N * R], right[R * N], *fu = side ? v : u, *fv = side ? u : v;
        double  worst = 0.0;
        for (int64_t i = 0; i < rows * R; i++) left[i] = (float)dvt_rng_normal(&rng);
        for (int64_t i = 0; i < R * columns; i++) right[i] = (float)dvt_rng_normal(&rng);
        for (int64_t i = 0; i < rows; i++) {
            for (int64_t j = 0; j < columns; j++) {
                float x = 0.0f;
                for (int t = 0; t < R; t++) x += left[i * R + t] * right[t * columns + j];
                a[i * columns + j] = x;
            }
        }
        expect_ok(*state, dvti_factor(*state, a, rows, columns, R, fu, fv));
        for (int64_t i = 0; i < rows; i++) {
            for (int64_t j = 0; j < columns; j++) {
                double x = -(double)a[i * columns + j];
                for (int t = 0; t < R; t++) {
                    x += (double)fu[i * R + t] * (double)fv[t * columns + j];
                }
                worst = fmax(worst, fabs(x));
            }
        }
        assert_true(worst < 1e-5);
    }
}

/* diag(3, 2, 1): the best of rank 2 leaves exactly the 1. */
static void test_space_ranks__the_smallest_singular_value_is_dropped(void **state)
{
    const float a[9] = {0, 2, 0, 0, 0, -1, 3, 0, 0};
    float       u[6], v[6];
    double      error = 0.0;

    expect_ok(*state, dvti_factor(*state, a, 3, 3, 2, u, v));
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++) {
            double x = (double)(u[i * 2] * v[j] + u[i * 2 + 1] * v[3 + j]) - (double)a[i * 3 + j];
            error += x * x;
        }
    }
    assert_true(fabs(error - 1.0) < 1e-6);
}

/* ---- networks ------------------------------------------------------------------------------ */

static void test_space_ranks__factored_networks_have_the_values_that_facts_say(void **state)
{
    dvt_graph      *g = network(*state), *low = NULL;
    dvt_space      *s = ranks_of(*state, g);
    dvt_graph_stats dense, stats;
    dvt_rng         rng = dvt_rng_make(8, 0);

    dvt_graph_stats_of(g, &dense);
    for (int i = 0; i < 20; i++) {
        dvt_point p = dvt_space_sample(s, &rng);
        dvt_fact  f[DVT_SPACE_MAX_FACTS];
        dvt_space_facts(s, &p, f);
        expect_ok(*state, dvt_space_graph(s, &p, NULL, &low));
        expect_ok(*state, dvt_graph_verify(low));
        dvt_graph_stats_of(low, &stats);
        assert_int_equal(dense.parameters - stats.parameters, f[3].value - f[2].value);
        assert_int_equal(stats.nodes - dense.nodes, f[1].value);
        dvt_graph_destroy(low);
    }
    dvt_space_destroy(s);
    dvt_graph_destroy(g);
}

/* The space's ranks are all below the matrices' own, so the network changes; with the full rank of
 * each matrix (which the space does not offer) it would not. */
static void test_space_ranks__factors_of_full_rank_compute_the_same(void **state)
{
    dvt_graph  *g = network(*state), *low = NULL;
    dvt_node_id nodes[4];
    int64_t     ranks[4];
    int32_t     n = 0;
    float       want[8], got[8];

    expect_ok(*state, dvt_graph_seed_params(g, 5));
    for (int32_t i = 0; i < dvt_graph_node_count(g); i++) {
        dvt_rank_matrix m;
        if (dvti_low_rank_matrix(g, (dvt_node_id){i}, &m)) {
            nodes[n] = (dvt_node_id){i};
            ranks[n++] = m.rows < m.columns ? m.rows : m.columns;
        }
    }
    assert_int_equal(n, 4);
    expect_ok(*state, dvti_low_rank_graph(g, nodes, ranks, n, &low));
    run_net(*state, g, want);
    run_net(*state, low, got);
    for (int i = 0; i < 8; i++) {
        assert_true(fabsf(want[i] - got[i]) < 1e-4f);
    }
    dvt_graph_destroy(low);
    dvt_graph_destroy(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_space_ranks__choices_are_the_matrices_of_the_network),
        FIXTURE_TEST(test_space_ranks__every_point_reads_back_and_saves),
        FIXTURE_TEST(test_space_ranks__errors_name_matrix_and_place),
        FIXTURE_TEST(test_space_ranks__spaces_too_large_to_number_still_sample),
        FIXTURE_TEST(test_space_ranks__factors_are_the_best_of_their_rank),
        FIXTURE_TEST(test_space_ranks__the_smallest_singular_value_is_dropped),
        FIXTURE_TEST(test_space_ranks__factored_networks_have_the_values_that_facts_say),
        FIXTURE_TEST(test_space_ranks__factors_of_full_rank_compute_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
