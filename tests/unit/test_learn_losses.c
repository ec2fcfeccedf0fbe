/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_learn_losses.c - losses: known answers, gradients against central differences, CTC against
 * the enumeration of all paths.
 */
#include "dovetail/losses.h"
#include "support/arrays.h"
#include "support/fixture.h"
#include "support/grad_case.h"

#include <math.h>

#define SHAPES(...) (dvt_shape[]){__VA_ARGS__}

enum { L1, L2, HUBER, BCE, HINGE, LOGISTIC, CROSS, KL, CTC };

typedef struct loss_case {
    int            kind;
    dvt_loss_sum   sum;
    double         param;
    const float   *target;
    const int32_t *label;
} loss_case;

static dvt_var loss_model(dvt_tape *t, const dvt_var *in, void *ud)
{
    const loss_case *c = ud;
    switch (c->kind) {
    case L1: return dvt_tape_loss_l1(t, in[0], c->target, c->sum);
    case L2: return dvt_tape_loss_l2(t, in[0], c->target, c->sum);
    case HUBER: return dvt_tape_loss_huber(t, in[0], c->target, c->param, c->sum);
    case BCE: return dvt_tape_loss_bce(t, in[0], c->target, c->sum);
    case HINGE: return dvt_tape_loss_rank(t, in[0], c->target, DVT_RANK_HINGE, c->param, c->sum);
    case LOGISTIC:
        return dvt_tape_loss_rank(t, in[0], c->target, DVT_RANK_LOGISTIC, 0, c->sum);
    case CROSS: return dvt_tape_loss_cross_entropy(t, in[0], c->label, c->param, c->sum);
    default: return dvt_tape_loss_kl(t, dvt_tape_log_softmax(t, in[0]), c->target, c->sum);
    }
}

static double loss_of(dvt_ctx *ctx, const loss_case *c, dvt_shape shape, const float *y)
{
    dvt_tape *t;
    expect_ok(ctx, dvt_tape_create(ctx, 1, &t));
    dvt_var in = dvt_tape_input(t, shape, y);
    dvt_var loss = loss_model(t, &in, (void *)(uintptr_t)c);
    expect_ok(ctx, dvt_tape_status(t));
    double value = (double)dvt_tape_value(t, loss)[0];
    dvt_tape_destroy(t);
    return value;
}

static void test_learn_losses__have_the_values_of_their_formulas(void **state)
{
    const float   y[] = {1, -2, 0.5f}, target[] = {0, 0, 1}, q[] = {0.25f, 0.75f, 0};
    const int32_t label[] = {1};
    struct {
        loss_case c;
        double    want;
    } cases[] = {
        {{L1, DVT_LOSS_SUM, 0, target, NULL}, 3.5},
        {{L1, DVT_LOSS_MEAN, 0, target, NULL}, 3.5 / 3},
        {{L2, DVT_LOSS_SUM, 0, target, NULL}, 5.25},
        {{HUBER, DVT_LOSS_SUM, 1, target, NULL}, 0.5 + 1.5 + 0.125},
        {{BCE, DVT_LOSS_SUM, 0, target, NULL},
         log1p(exp(1)) + log1p(exp(-2)) + log1p(exp(-0.5))},
        /* target 2 above 0 and 1: leads -0.5 and 2.5 */
        {{HINGE, DVT_LOSS_SUM, 1, target, NULL}, 1.5},
        {{HINGE, DVT_LOSS_MEAN, 1, target, NULL}, 0.75},
        {{LOGISTIC, DVT_LOSS_SUM, 0, target, NULL}, log1p(exp(0.5)) + log1p(exp(-2.5))},
        {{CROSS, DVT_LOSS_SUM, 0, NULL, label}, log(exp(1) + exp(-2) + exp(0.5)) + 2},
        {{CROSS, DVT_LOSS_SUM, 0.3, NULL, label},
         log(exp(1) + exp(-2) + exp(0.5)) + 0.7 * 2 - 0.1 * (1 - 2 + 0.5)},
        {{KL, DVT_LOSS_SUM, 0, q, NULL},
         0.25 * log(0.25) + 0.75 * log(0.75) + log(exp(1) + exp(-2) + exp(0.5)) -
             0.25 * 1 - 0.75 * -2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double got = loss_of(*state, &cases[i].c, DVT_SHAPE(1, 3), y);
        if (!(fabs(got - cases[i].want) <= 1e-6))
            fail_msg("case %zu: wanted %.9g, got %.9g", i, cases[i].want, got);
    }
}

static void test_learn_losses__are_differentiated(void **state)
{
    float   target[12], q[12];
    int32_t label[] = {2, -1, 0, 2};
    dvt_rng rng = dvt_rng_make(5, 0);
    for (int i = 0; i < 12; i++) {
        target[i] = dvt_rng_f32(&rng) < 0.5f ? 2.0f : -2.0f; /* far from y: no kink of L1 */
        q[i] = (float)(1 + i % 3) / 6;
    }
    for (int mean = 0; mean < 2; mean++) {
        dvt_loss_sum sum = mean ? DVT_LOSS_MEAN : DVT_LOSS_SUM;
        loss_case    cases[] = {
            {L1, sum, 0, target, NULL},      {L2, sum, 0, target, NULL},
            {HUBER, sum, 1, target, NULL},   {HUBER, sum, 5, target, NULL},
            {BCE, sum, 0, q, NULL},          {HINGE, sum, 3, target, NULL},
            {LOGISTIC, sum, 0, q, NULL},     {CROSS, sum, 0, NULL, label},
            {CROSS, sum, 0.2, NULL, label},  {KL, sum, 0, q, NULL},
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
            grad_case(*state, loss_model, &cases[i], 1, SHAPES(DVT_SHAPE(4, 3)));
    }
}

static void test_learn_losses__without_pairs_ranking_is_zero(void **state)
{
    const float y[] = {1, 2}, same[] = {3, 3};
    loss_case   c = {HINGE, DVT_LOSS_MEAN, 1, same, NULL};
    assert_true(loss_of(*state, &c, DVT_SHAPE(2), y) == 0);
}

/* ---- CTC ----------------------------------------------------------------------------------- */

/* Sum of the probabilities of all classes^steps paths that collapse to the labels. */
static double enumerate(const float *log_p, int64_t steps, int32_t classes, const int32_t *label,
                        int32_t n)
{
    double total = 0;
    int64_t paths = 1;
    for (int64_t t = 0; t < steps; t++)
        paths *= classes;
    for (int64_t path = 0; path < paths; path++) {
        double  p = 0;
        int64_t rest = path;
        int32_t last = 0, found = 0;
        bool    good = true;
        for (int64_t t = 0; t < steps; t++, rest /= classes) {
            int32_t k = (int32_t)(rest % classes);
            p += (double)log_p[t * classes + k];
            if (k != 0 && k != last) {
                good = good && found < n && label[found] == k;
                found++;
            }
            last = k;
        }
        if (good && found == n)
            total += exp(p);
    }
    return total;
}

static dvt_var ctc_model(dvt_tape *t, const dvt_var *in, void *ud)
{
    return dvt_tape_loss_ctc(t, dvt_tape_log_softmax(t, in[0]), ud, DVT_LOSS_SUM);
}

static dvt_var ctc_plain_model(dvt_tape *t, const dvt_var *in, void *ud)
{
    return dvt_tape_loss_ctc(t, in[0], ud, DVT_LOSS_MEAN);
}

static void test_learn_losses__ctc_equals_the_sum_over_all_paths(void **state)
{
    const int32_t labels[][3] = {{1, 2, 1}, {1, 1, 0}, {2, 0, 0}, {0, 0, 0}, {2, 2, 2}};
    const int32_t lengths[] = {3, 2, 1, 0, 3};
    dvt_rng       rng = dvt_rng_make(9, 0);
    float        *z = test_random_f32(*state, &rng, 5 * 3);
    dvt_tape     *t;
    expect_ok(*state, dvt_tape_create(*state, 1, &t));
    for (int i = 0; i < 5; i++) {
        dvt_ctc c = {.label = labels[i], .label_length = &lengths[i], .width = 3};
        dvt_tape_begin(t, DVT_TAPE_INFER, 0);
        dvt_var p = dvt_tape_log_softmax(t, dvt_tape_input(t, DVT_SHAPE(5, 1, 3), z));
        dvt_var loss = dvt_tape_loss_ctc(t, p, &c, DVT_LOSS_SUM);
        expect_ok(*state, dvt_tape_status(t));
        double want = -log(enumerate(dvt_tape_value(t, p), 5, 3, labels[i], lengths[i]));
        assert_float_equal(dvt_tape_value(t, loss)[0], want, 1e-5);
    }
    dvt_tape_destroy(t);
    dvt_free(*state, z);
}

static void test_learn_losses__ctc_is_differentiated(void **state)
{
    const int32_t label[] = {1, 1, 3, 2, 0, 0}, length[] = {3, 1}, steps[] = {6, 4};
    dvt_ctc       c = {.label = label, .label_length = length, .steps = steps, .width = 3};
    grad_case(*state, ctc_model, &c, 1, SHAPES(DVT_SHAPE(6, 2, 4)));
    grad_case(*state, ctc_plain_model, &c, 1, SHAPES(DVT_SHAPE(6, 2, 4)));
}

static void test_learn_losses__ctc_of_too_few_steps_is_infinite_or_zero(void **state)
{
    const int32_t label[] = {1, 1}, length[] = {2};
    const float   even[4] = {-0.7f, -0.7f, -0.7f, -0.7f};
    dvt_ctc       c = {.label = label, .label_length = length, .width = 2};
    dvt_tape     *t;
    expect_ok(*state, dvt_tape_create(*state, 1, &t));
    dvt_var p = dvt_tape_input(t, DVT_SHAPE(2, 1, 2), even); /* equal labels need a blank between */
    dvt_var infinite = dvt_tape_loss_ctc(t, p, &c, DVT_LOSS_SUM);
    c.zero_infinite = true;
    dvt_var zero = dvt_tape_loss_ctc(t, p, &c, DVT_LOSS_SUM);
    expect_ok(*state, dvt_tape_status(t));
    assert_true(isinf(dvt_tape_value(t, infinite)[0]) && dvt_tape_value(t, zero)[0] == 0);
    dvt_tape_destroy(t);
}

static void test_learn_losses__wrong_targets_are_named(void **state)
{
    const float   data[6] = {0};
    const int32_t far_label[] = {0, 3}, blank[] = {0}, one[] = {1};
    dvt_tape     *t;
    expect_ok(*state, dvt_tape_create(*state, 1, &t));
    dvt_tape_loss_cross_entropy(t, dvt_tape_input(t, DVT_SHAPE(2, 3), data), far_label, 0,
                                DVT_LOSS_SUM);
    expect_failure(*state, dvt_tape_status(t), DVT_E_USAGE, "label 3 of row 1 is not below 3");
    dvt_tape_begin(t, 0, 0);
    dvt_tape_loss_kl(t, dvt_tape_input(t, DVT_SHAPE(6), data), data, DVT_LOSS_SUM);
    expect_failure(*state, dvt_tape_status(t), DVT_E_SHAPE, "kl loss: [6] is not (rows, classes)");
    dvt_tape_begin(t, 0, 0);
    dvt_tape_loss_huber(t, dvt_tape_input(t, DVT_SHAPE(6), data), data, 0, DVT_LOSS_SUM);
    expect_failure(*state, dvt_tape_status(t), DVT_E_USAGE, "delta is 0");
    dvt_tape_begin(t, 0, 0);
    dvt_tape_loss_ctc(t, dvt_tape_input(t, DVT_SHAPE(2, 1, 3), data),
                      &(dvt_ctc){.label = blank, .label_length = one, .width = 1}, DVT_LOSS_SUM);
    expect_failure(*state, dvt_tape_status(t), DVT_E_USAGE, "ctc loss: label 0 (number 0");
    dvt_tape_destroy(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_learn_losses__have_the_values_of_their_formulas),
        FIXTURE_TEST(test_learn_losses__are_differentiated),
        FIXTURE_TEST(test_learn_losses__without_pairs_ranking_is_zero),
        FIXTURE_TEST(test_learn_losses__ctc_equals_the_sum_over_all_paths),
        FIXTURE_TEST(test_learn_losses__ctc_is_differentiated),
        FIXTURE_TEST(test_learn_losses__ctc_of_too_few_steps_is_infinite_or_zero),
        FIXTURE_TEST(test_learn_losses__wrong_targets_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
