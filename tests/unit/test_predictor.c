/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_predictor.c - every model learns a made-up latency and accuracy, gives the same bits on one
 * and two threads and from its file, and sees nothing but its parts.
 */
#include "support/fixture.h"
#include "support/test_data.h"

#include "predict/compare.h"
#include "predict/predictor_file.h"

#include <math.h>

enum { COUNT = 600, TRAIN = 150, VALID = 50 };

/* Cells with a cost that follows operations and the longest path, without noise. */
static dvt_nets *made_up(dvt_ctx *ctx, double *cost)
{
    dvt_nets *nets;
    dvt_rng   rng = dvt_rng_make(11, 0);

    expect_ok(ctx, dvt_nets_create(ctx, DVT_NETS_NB201, &nets));
    for (int i = 0; i < COUNT; i++) {
        dvt_nb201_cell c = dvt_nb201_at((int32_t)dvt_rng_below(&rng, DVT_NB201_COUNT));
        expect_ok(ctx, dvt_nets_add_nb201(nets, &c));
        const dvt_net net = dvt_nets_at(nets, i);
        double        longest[8] = {0}, sum = 10;
        for (int32_t v = 1; v < net.nodes; v++) {
            for (int32_t e = net.start[v]; e < net.start[v + 1]; e++) {
                longest[v] = fmax(longest[v], longest[net.read[e]]);
            }
            const double own = net.label[v] > 1 ? 1.0 + net.label[v] % 3 : 0;
            longest[v] += own;
            sum += 0.3 * own;
        }
        cost[i] = sum + longest[net.nodes - 1];
    }
    return nets;
}

typedef struct outcome {
    dvt_figures figures;
    double      value[COUNT];
    char        hash[DVT_SHA256_HEX];
} outcome;

static dvt_predict_opts small(dvt_predict_model model, dvt_predict_goal goal, uint32_t epochs)
{
    const bool neural = model == DVT_PREDICT_BRP_GCN || model == DVT_PREDICT_BRP_BINARY ||
                        model == DVT_PREDICT_BRP_SCORE || model == DVT_PREDICT_MLP;

    return (dvt_predict_opts){.model = model,
                              .goal = goal,
                              .seed = 7,
                              .epochs = neural ? epochs : 0,
                              .batch = neural ? 10 : 0,
                              .width = neural ? 32 : 0};
}

/* Trains on `jobs` threads; `path`: by way of a file. */
static void learn(const dvt_predict_opts *o, uint32_t jobs, const char *path, double spoil,
                  outcome *out)
{
    dvt_ctx       *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = jobs});
    double         cost[COUNT], tested[COUNT];
    dvt_nets      *nets = made_up(ctx, cost);
    dvt_split      split;
    dvt_predictor *p;

    expect_ok(ctx, dvt_split_make(ctx, COUNT, TRAIN, VALID, 2, &split));
    for (int i = 0; i < COUNT; i++) {
        tested[i] = cost[i];
    }
    for (int i = TRAIN + VALID; i < COUNT && spoil != 0; i++) {
        cost[split.order[i]] = spoil; /* what no training may look at */
    }
    expect_ok(ctx, dvt_predictor_train(ctx, nets, cost, &split, o, &p));
    if (path) {
        expect_ok(ctx, dvt_predictor_save(ctx, p, path));
        dvt_predictor_destroy(p);
        expect_ok(ctx, dvt_predictor_load(ctx, path, &p));
    }
    memcpy(out->hash, dvt_predictor_about_of(p)->training_hash, sizeof out->hash);
    expect_ok(ctx, dvt_predictor_run(ctx, p, nets, NULL, COUNT, out->value));
    expect_ok(ctx, dvt_figures_of(ctx, out->value, tested, COUNT, &out->figures));
    dvt_predictor_destroy(p);
    dvt_split_deinit(ctx, &split);
    dvt_nets_destroy(nets);
    assert_int_equal(dvt_ctx_bytes_in_use(ctx), 0);
    dvt_ctx_destroy(ctx);
}

static void test_predictor__each_model_orders_made_up_costs(void **state)
{
    static const double least[DVT_PREDICT_MODELS] = {0.92, 0.7, 0.8,  0.8, 0.7,
                                                     0.8,  0.7, 0.05, 0.05};
    static outcome      one;

    (void)state;
    for (int m = 0; m < DVT_PREDICT_MODELS; m++) {
        for (int goal = 0; goal < DVT_GOALS; goal++) {
            const dvt_predict_opts o = small((dvt_predict_model)m, (dvt_predict_goal)goal, 60);
            learn(&o, 1, NULL, 0, &one);
            if (one.figures.kendall < least[m]) {
                fail_msg("%s, %s: tau %g", dvt_predict_model_name(o.model),
                         dvt_predict_goal_name(o.goal), one.figures.kendall);
            }
        }
    }
}

static void test_predictor__threads_and_files_change_no_bit(void **state)
{
    static outcome one, two, file;
    char           path[TEST_PATH_MAX];

    (void)state;
    test_temp_path("predictor.npz", path);
    for (int m = 0; m < DVT_PREDICT_MODELS; m++) {
        const dvt_predict_opts o = small((dvt_predict_model)m, (dvt_predict_goal)(m % 2), 2);
        learn(&o, 1, NULL, 0, &one);
        learn(&o, 2, NULL, 0, &two);
        learn(&o, 2, path, 0, &file);
        assert_memory_equal(one.value, two.value, sizeof one.value);
        assert_memory_equal(one.value, file.value, sizeof one.value);
        assert_string_equal(one.hash, file.hash);
    }
}

static void test_predictor__values_of_the_test_part_are_never_read(void **state)
{
    static outcome plain, spoiled;

    (void)state;
    for (int m = 0; m < DVT_PREDICT_MODELS; m++) {
        const dvt_predict_opts o = small((dvt_predict_model)m, (dvt_predict_goal)(m % 2), 2);
        learn(&o, 1, NULL, 0, &plain);
        learn(&o, 1, NULL, -1e9, &spoiled); /* would be refused as a cost, had it been looked at */
        assert_memory_equal(plain.value, spoiled.value, sizeof plain.value);
        assert_string_equal(plain.hash, spoiled.hash);
    }
}

/* A relation that is not transitive still gives an order, always the same. */
static void test_compare__relations_need_not_be_transitive(void **state)
{
    enum { N = 50 };
    float   head[4 * N];
    double  first[N], second[N];
    int     seen[N] = {0};
    dvt_rng rng = dvt_rng_make(1, 0);

    for (int i = 0; i < 4 * N; i++) {
        head[i] = (float)dvt_rng_normal(&rng);
    }
    expect_ok(*state, dvti_compare_order(*state, DVTI_HEAD_RELATION, head, N, first));
    expect_ok(*state, dvti_compare_order(*state, DVTI_HEAD_RELATION, head, N, second));
    assert_memory_equal(first, second, sizeof first);
    for (int i = 0; i < N; i++) {
        seen[(int)(first[i] * N)]++;
    }
    for (int i = 0; i < N; i++) {
        assert_int_equal(seen[i], 1);
    }
}

static void test_compare__scores_sort_by_their_number(void **state)
{
    const float head[] = {3, 1, 2};
    double      place[3];

    expect_ok(*state, dvti_compare_order(*state, DVTI_HEAD_SCORE, head, 3, place));
    assert_true(place[1] < place[2] && place[2] < place[0]);
}

/* ---- refusals ------------------------------------------------------------------------------ */

static void test_predictor__what_cannot_be_is_refused(void **state)
{
    double           cost[COUNT];
    dvt_nets        *nets = made_up(*state, cost), *other;
    dvt_split        split;
    dvt_predictor   *p;
    dvt_predict_opts o = {.model = DVT_PREDICT_RIDGE, .epochs = 3};

    expect_ok(*state, dvt_split_make(*state, COUNT, TRAIN, 0, 1, &split));
    expect_failure(*state, dvt_predictor_train(*state, nets, cost, &split, &o, &p),
                   DVT_E_UNSUPPORTED, "model 'ridge' is no neural network");
    o = (dvt_predict_opts){.model = DVT_PREDICT_FLOPS};
    cost[split.order[3]] = 0;
    expect_failure(*state, dvt_predictor_train(*state, nets, cost, &split, &o, &p), DVT_E_NUMERIC,
                   "training value 3 is 0");
    cost[split.order[3]] = 1;
    expect_ok(*state, dvt_predictor_train(*state, nets, cost, &split, &o, &p));
    expect_ok(*state, dvt_nets_create(*state, DVT_NETS_NB101, &other));
    expect_failure(*state, dvt_predictor_run(*state, p, other, NULL, 0, cost), DVT_E_USAGE,
                   "the predictor is for nasbench201");
    dvt_nets_destroy(other);
    dvt_predictor_destroy(p);
    dvt_split_deinit(*state, &split);
    dvt_nets_destroy(nets);
}

/* Every byte of a small file, changed: refused, or (in what nothing reads) the same predictor. */
static void test_predictor__damaged_files_are_refused(void **state)
{
    double                 cost[COUNT];
    dvt_nets              *nets = made_up(*state, cost);
    dvt_split              split;
    dvt_predictor         *p;
    char                   path[TEST_PATH_MAX];
    dvt_blob               file;
    const dvt_predict_opts o = {.model = DVT_PREDICT_FLOPS};
    int                    refused = 0;

    test_temp_path("small.npz", path);
    expect_ok(*state, dvt_split_make(*state, COUNT, TRAIN, 0, 1, &split));
    expect_ok(*state, dvt_predictor_train(*state, nets, cost, &split, &o, &p));
    expect_ok(*state, dvt_predictor_save(*state, p, path));
    dvt_predictor_destroy(p);
    expect_ok(*state, dvt_file_read(*state, path, 0, &file));
    for (size_t i = 0; i < file.size; i++) {
        file.data[i] ^= 0x41;
        if (dvti_predictor_parse(*state, "damaged", file.data, file.size, &p) != DVT_OK) {
            assert_true(p == NULL && dvt_ctx_error(*state)->message[0] != '\0');
            refused++;
            dvt_ctx_clear_error(*state);
        }
        dvt_predictor_destroy(p);
        file.data[i] ^= 0x41;
    }
    assert_true(refused > (int)file.size * 8 / 10); /* the rest: times and attributes in the zip */
    for (size_t n = 0; n < file.size; n += 7) {
        assert_true(dvti_predictor_parse(*state, "cut", file.data, n, &p) != DVT_OK);
        dvt_ctx_clear_error(*state);
    }
    dvt_blob_deinit(*state, &file);
    dvt_split_deinit(*state, &split);
    dvt_nets_destroy(nets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_predictor__each_model_orders_made_up_costs),
        FIXTURE_TEST(test_predictor__threads_and_files_change_no_bit),
        FIXTURE_TEST(test_predictor__values_of_the_test_part_are_never_read),
        FIXTURE_TEST(test_compare__relations_need_not_be_transitive),
        FIXTURE_TEST(test_compare__scores_sort_by_their_number),
        FIXTURE_TEST(test_predictor__what_cannot_be_is_refused),
        FIXTURE_TEST(test_predictor__damaged_files_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
