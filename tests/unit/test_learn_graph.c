/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_learn_graph.c - sets and batches of graphs, sums of neighbours, the fused block.
 */
#include "dovetail/learn.h"
#include "support/arrays.h"
#include "support/fixture.h"
#include "support/grad_case.h"

#include <math.h>

/* 0 reads 1 and 2, 1 reads 2; with self-loops. */
static const float   TRIANGLE[] = {1, 1, 1, 0, 1, 1, 0, 0, 1};
static const int32_t TRIANGLE_LABELS[] = {0, 1, 1};
/* 0 reads 1. */
static const float   PAIR[] = {1, 1, 0, 1};
static const int32_t PAIR_LABELS[] = {0, -1};

static dvt_graph_set *two_graphs(dvt_ctx *ctx, bool weights)
{
    dvt_graph_set *s;
    expect_ok(ctx, dvt_graph_set_create(ctx, 2, &s));
    expect_ok(ctx, dvt_graph_set_add(s, 3, TRIANGLE_LABELS, TRIANGLE, weights));
    expect_ok(ctx, dvt_graph_set_add(s, 2, PAIR_LABELS, PAIR, false));
    return s;
}

static void expect_rows(const dvt_csr *m, int64_t rows, int64_t cols, const int64_t *start,
                        const int32_t *col)
{
    assert_int_equal(m->rows, rows);
    assert_int_equal(m->cols, cols);
    for (int64_t r = 0; r <= rows; r++)
        assert_int_equal(m->start[r], start[r]);
    for (int64_t e = 0; e < start[rows]; e++)
        assert_int_equal(m->col[e], col[e]);
}

static void test_learn_graph__a_plain_batch_has_a_row_for_each_node(void **state)
{
    const int32_t    both[] = {0, 1};
    dvt_graph_set   *s = two_graphs(*state, false);
    dvt_graph_batch *b;
    expect_ok(*state, dvt_graph_batch_create(*state, s, 3, DVT_READOUT_FIRST, false, &b));
    expect_ok(*state, dvt_graph_batch_fill(b, both, 2));
    expect_rows(dvt_graph_batch_layer(b, 0), 5, 2, (int64_t[]){0, 3, 5, 6, 7, 7},
                (int32_t[]){0, 1, 1, 1, 1, 1, 0});
    expect_rows(dvt_graph_batch_layer(b, 1), 5, 5, (int64_t[]){0, 3, 5, 6, 8, 9},
                (int32_t[]){0, 1, 2, 1, 2, 2, 3, 4, 4});
    expect_rows(dvt_graph_batch_layer(b, 2), 2, 5, (int64_t[]){0, 3, 5},
                (int32_t[]){0, 1, 2, 3, 4});
    dvt_graph_batch_destroy(b);
    dvt_graph_set_destroy(s);
}

static void test_learn_graph__equal_contexts_share_a_row(void **state)
{
    const int32_t    twice[] = {0, 0, 1};
    dvt_graph_set   *s = two_graphs(*state, false);
    dvt_graph_batch *b;
    expect_ok(*state, dvt_graph_batch_create(*state, s, 3, DVT_READOUT_FIRST, true, &b));
    expect_ok(*state, dvt_graph_batch_fill(b, twice, 3));
    /* triangle: {0,1,1}, {1,1}, {1}; pair: {0}, {} */
    expect_rows(dvt_graph_batch_layer(b, 0), 5, 2, (int64_t[]){0, 3, 5, 6, 7, 7},
                (int32_t[]){0, 1, 1, 1, 1, 1, 0});
    expect_rows(dvt_graph_batch_layer(b, 1), 5, 5, (int64_t[]){0, 3, 5, 6, 8, 9},
                (int32_t[]){0, 1, 2, 1, 2, 2, 3, 4, 4});
    expect_rows(dvt_graph_batch_layer(b, 2), 3, 5, (int64_t[]){0, 3, 6, 8},
                (int32_t[]){0, 1, 2, 0, 1, 2, 3, 4});
    dvt_graph_batch_destroy(b);
    dvt_graph_set_destroy(s);
}

static void test_learn_graph__the_transpose_is_the_transpose(void **state)
{
    const int32_t    both[] = {1, 0};
    dvt_graph_set   *s = two_graphs(*state, true);
    dvt_graph_batch *b;
    expect_ok(*state, dvt_graph_batch_create(*state, s, 2, DVT_READOUT_ALL, false, &b));
    expect_ok(*state, dvt_graph_batch_fill(b, both, 2));
    const dvt_csr *m = dvt_graph_batch_layer(b, 1);
    float          dense[25] = {0}, back[25] = {0};
    for (int64_t r = 0; r < m->rows; r++)
        for (int64_t e = m->start[r]; e < m->start[r + 1]; e++)
            dense[r * 5 + m->col[e]] += m->weight[e];
    for (int64_t c = 0; c < m->cols; c++)
        for (int64_t e = m->t_start[c]; e < m->t_start[c + 1]; e++)
            back[m->t_row[e] * 5 + c] += m->t_weight[e];
    test_same_f32(back, dense, 25);
    const dvt_csr *mean = dvt_graph_batch_mean(b);
    assert_int_equal(mean->rows, 2);
    assert_true(mean->weight[0] == 0.5f && mean->weight[2] == 1.0f / 3);
    dvt_graph_batch_destroy(b);
    dvt_graph_set_destroy(s);
}

static void test_learn_graph__wrong_graphs_are_refused(void **state)
{
    const int32_t    far_label[] = {2, 0};
    const float      nan_matrix[] = {1, NAN, 0, 1};
    const int32_t    far_graph[] = {2};
    dvt_graph_set   *s = two_graphs(*state, false);
    dvt_graph_batch *b;
    expect_failure(*state, dvt_graph_set_add(s, 2, far_label, PAIR, false), DVT_E_USAGE,
                   "graph 2, node 0: label 2");
    expect_failure(*state, dvt_graph_set_add(s, 2, PAIR_LABELS, nan_matrix, false), DVT_E_NUMERIC,
                   "graph 2: entry 1");
    expect_failure(*state, dvt_graph_set_add(s, 0, PAIR_LABELS, PAIR, false), DVT_E_SHAPE,
                   "has 0 nodes");
    expect_failure(*state, dvt_graph_batch_create(*state, s, 0, DVT_READOUT_ALL, false, &b),
                   DVT_E_USAGE, "1 to 64 layers");
    expect_ok(*state, dvt_graph_batch_create(*state, s, 1, DVT_READOUT_ALL, false, &b));
    expect_failure(*state, dvt_graph_batch_fill(b, far_graph, 1), DVT_E_USAGE, "graph 2 is not");
    dvt_graph_batch_destroy(b);
    dvt_graph_set_destroy(s);
}

/* ---- operations ---------------------------------------------------------------------------- */

typedef struct block_case {
    const dvt_csr *m;
    bool           norm, relu, bias, affine;
    double         dropout;
    float          far_off[21]; /* +-6: which columns relu cuts does not depend on the inputs */
} block_case;

static dvt_var block_model(dvt_tape *t, const dvt_var *in, void *ud)
{
    const block_case *c = ud;
    dvt_block         b = {.m = c->m, .norm = c->norm, .relu = c->relu, .dropout = c->dropout};
    dvt_var           far_off = dvt_tape_input(t, DVT_SHAPE(21), c->far_off);
    if (c->bias)
        b.bias = c->norm ? in[1] : dvt_tape_add(t, in[1], far_off);
    if (c->affine) {
        b.gain = in[2];
        b.shift = c->norm ? dvt_tape_add(t, in[3], far_off) : in[3];
    }
    return dvt_tape_block(t, in[0], &b);
}

static dvt_var aggregate_model(dvt_tape *t, const dvt_var *in, void *ud)
{
    return dvt_tape_aggregate(t, ud, in[0]);
}

static void test_learn_graph__sums_of_neighbours_are_differentiated(void **state)
{
    const int32_t some[] = {0, 1, 1, 0};
    for (int weights = 0; weights < 2; weights++) {
        dvt_graph_set   *s = two_graphs(*state, weights);
        dvt_graph_batch *b;
        expect_ok(*state, dvt_graph_batch_create(*state, s, 2, DVT_READOUT_FIRST, false, &b));
        expect_ok(*state, dvt_graph_batch_fill(b, some, 4));
        const dvt_csr *first = dvt_graph_batch_layer(b, 0), *last = dvt_graph_batch_layer(b, 1);
        dvt_shape      table = DVT_SHAPE(2, 3), nodes = DVT_SHAPE(10, 3);
        grad_case(*state, aggregate_model, (void *)(uintptr_t)first, 1, &table);
        grad_case(*state, aggregate_model, (void *)(uintptr_t)last, 1, &nodes);
        dvt_graph_batch_destroy(b);
        dvt_graph_set_destroy(s);
    }
}

static void test_learn_graph__the_block_is_differentiated_in_all_parts(void **state)
{
    const int32_t    some[] = {0, 1, 1, 0};
    dvt_graph_set   *s = two_graphs(*state, true);
    dvt_graph_batch *b;
    expect_ok(*state, dvt_graph_batch_create(*state, s, 2, DVT_READOUT_ALL, false, &b));
    expect_ok(*state, dvt_graph_batch_fill(b, some, 4));
    dvt_shape shapes[] = {DVT_SHAPE(10, 21), DVT_SHAPE(21), DVT_SHAPE(21), DVT_SHAPE(21)};
    for (int i = 0; i < 64; i++) {
        block_case c = {.m = i & 1 ? dvt_graph_batch_layer(b, 1) : NULL,
                        .norm = i & 2,
                        .relu = i & 4,
                        .bias = i & 8,
                        .affine = i & 16,
                        .dropout = i & 32 ? 0.2 : 0};
        if (c.relu && (c.norm ? !c.affine : !c.bias || c.affine))
            continue; /* the kink would be among the values: a step across it has no slope */
        for (int j = 0; j < 21; j++)
            c.far_off[j] = j % 3 ? 6 : -6;
        grad_case_with(*state, block_model, &c, 4, shapes,
                       (grad_case_opts){.training = true, .tolerance = 0.006});
    }
    dvt_graph_batch_destroy(b);
    dvt_graph_set_destroy(s);
}

/* ---- sharing ------------------------------------------------------------------------------- */

enum { GRAPHS = 60, NODES = 7, WIDTH = 24 };

static dvt_graph_set *random_cells(dvt_ctx *ctx)
{
    dvt_rng        rng = dvt_rng_make(12, 0);
    dvt_graph_set *s;
    expect_ok(ctx, dvt_graph_set_create(ctx, 3, &s));
    for (int g = 0; g < GRAPHS; g++) {
        int32_t label[NODES];
        float   a[NODES * NODES];
        for (int i = 0; i < NODES; i++) {
            label[i] = (int32_t)dvt_rng_below(&rng, 4) - 1;
            for (int j = 0; j < NODES; j++)
                a[i * NODES + j] = i == 0 || i == j || (j > i && dvt_rng_below(&rng, 3) == 0);
        }
        expect_ok(ctx, dvt_graph_set_add(s, NODES, label, a, false));
    }
    return s;
}

/* Three layers of the same width; values, and the gradients of the weights. Returns the rows. */
static int64_t run_stack(dvt_ctx *ctx, dvt_graph_set *s, dvt_params *ps, dvt_readout readout,
                         bool share, float *y, float *dw)
{
    int32_t          all[GRAPHS];
    dvt_graph_batch *b;
    dvt_tape        *t;
    for (int32_t i = 0; i < GRAPHS; i++)
        all[i] = i;
    expect_ok(ctx, dvt_graph_batch_create(ctx, s, 3, readout, share, &b));
    expect_ok(ctx, dvt_graph_batch_fill(b, all, GRAPHS));
    expect_ok(ctx, dvt_tape_create(ctx, 1, &t));
    dvt_tape_begin(t, DVT_TAPE_RECORD, 0);
    dvt_block block = {.m = dvt_graph_batch_layer(b, 0), .norm = true, .relu = true};
    dvt_var   h = dvt_tape_block(t, dvt_tape_param(t, ps, (dvt_param){0}), &block);
    int64_t   rows = dvt_graph_batch_layer(b, 0)->rows;
    for (int i = 1; i < 3; i++) {
        block.m = dvt_graph_batch_layer(b, i);
        h = dvt_tape_linear(t, h, dvt_tape_param(t, ps, (dvt_param){i}), DVT_NO_VAR);
        h = dvt_tape_block(t, h, &block);
    }
    if (readout == DVT_READOUT_ALL)
        h = dvt_tape_aggregate(t, dvt_graph_batch_mean(b), h);
    expect_ok(ctx, dvt_tape_backward(t, dvt_tape_sum(t, h, 0, 2)));
    assert_int_equal(dvt_tape_shape(t, h)->dim[0], GRAPHS);
    memcpy(y, dvt_tape_value(t, h), GRAPHS * WIDTH * sizeof *y);
    memcpy(dw, dvt_params_grad(ps, (dvt_param){1}), WIDTH * WIDTH * sizeof *dw);
    dvt_params_zero_grad(ps);
    dvt_tape_destroy(t);
    dvt_graph_batch_destroy(b);
    return rows;
}

static void test_learn_graph__sharing_changes_rounding_only(void **state)
{
    float          plain[GRAPHS * WIDTH], shared[GRAPHS * WIDTH];
    float          dw[WIDTH * WIDTH], dw_shared[WIDTH * WIDTH];
    dvt_graph_set *s = random_cells(*state);
    dvt_params    *ps;
    dvt_param      p;
    dvt_init       init = {DVT_INIT_NORMAL, 0.5};
    expect_ok(*state, dvt_params_create(*state, 1, &ps));
    expect_ok(*state, dvt_params_add(ps, "0", DVT_SHAPE(3, WIDTH), init, &p));
    expect_ok(*state, dvt_params_add(ps, "1", DVT_SHAPE(WIDTH, WIDTH), init, &p));
    expect_ok(*state, dvt_params_add(ps, "2", DVT_SHAPE(WIDTH, WIDTH), init, &p));
    for (int all = 0; all < 2; all++) {
        dvt_readout r = all ? DVT_READOUT_ALL : DVT_READOUT_FIRST;
        int64_t     rows = run_stack(*state, s, ps, r, false, plain, dw);
        int64_t     fewer = run_stack(*state, s, ps, r, true, shared, dw_shared);
        test_near_f32(shared, plain, GRAPHS * WIDTH, 1e-4, 1e-4);
        test_near_f32(dw_shared, dw, WIDTH * WIDTH, 1e-3, 1e-3);
        assert_int_equal(rows, GRAPHS * NODES);
        assert_true(fewer < rows / 2);
    }
    dvt_params_destroy(ps);
    dvt_graph_set_destroy(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_learn_graph__a_plain_batch_has_a_row_for_each_node),
        FIXTURE_TEST(test_learn_graph__equal_contexts_share_a_row),
        FIXTURE_TEST(test_learn_graph__the_transpose_is_the_transpose),
        FIXTURE_TEST(test_learn_graph__wrong_graphs_are_refused),
        FIXTURE_TEST(test_learn_graph__sums_of_neighbours_are_differentiated),
        FIXTURE_TEST(test_learn_graph__the_block_is_differentiated_in_all_parts),
        FIXTURE_TEST(test_learn_graph__sharing_changes_rounding_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
