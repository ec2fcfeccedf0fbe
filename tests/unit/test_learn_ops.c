/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_learn_ops.c - every operation's gradient against central differences, values by hand, and
 * what operations say to operands that do not fit.
 */
#include "dovetail/learn.h"
#include "support/fixture.h"
#include "support/grad_case.h"

#define SHAPES(...) (dvt_shape[]){__VA_ARGS__}

/* ---- products ------------------------------------------------------------------------------ */

static dvt_var linear_model(dvt_tape *t, const dvt_var *in, void *ud)
{
    return dvt_tape_linear(t, in[0], in[1], ud ? in[2] : DVT_NO_VAR);
}

static void test_learn_ops__linear_is_differentiated(void **state)
{
    dvt_shape s[] = {DVT_SHAPE(5, 3), DVT_SHAPE(4, 3), DVT_SHAPE(4)};
    grad_case(*state, linear_model, NULL, 2, s);
    grad_case(*state, linear_model, s, 3, s);
    grad_case(*state, linear_model, s, 3,
              SHAPES(DVT_SHAPE(2, 3, 7), DVT_SHAPE(9, 7), DVT_SHAPE(9)));
    grad_case(*state, linear_model, s, 3, SHAPES(DVT_SHAPE(70, 2), DVT_SHAPE(1, 2), DVT_SHAPE(1)));
}

static void test_learn_ops__linear_is_x_by_w_transposed_plus_bias(void **state)
{
    const float x[] = {1, 2}, w[] = {3, 4, 5, 6}, b[] = {10, 20};
    dvt_tape   *t;
    expect_ok(*state, dvt_tape_create(*state, 1, &t));
    dvt_var y = dvt_tape_linear(t, dvt_tape_input(t, DVT_SHAPE(1, 2), x),
                                dvt_tape_input(t, DVT_SHAPE(2, 2), w),
                                dvt_tape_input(t, DVT_SHAPE(2), b));
    expect_ok(*state, dvt_tape_status(t));
    assert_true(dvt_tape_value(t, y)[0] == 21 && dvt_tape_value(t, y)[1] == 37);
    dvt_tape_destroy(t);
}

typedef struct transposes {
    bool a, b;
} transposes;

static dvt_var matmul_model(dvt_tape *t, const dvt_var *in, void *ud)
{
    const transposes *p = ud;
    return dvt_tape_matmul(t, in[0], p->a, in[1], p->b);
}

static void test_learn_ops__matmul_is_differentiated_in_all_transpositions(void **state)
{
    for (int i = 0; i < 4; i++) {
        transposes p = {i & 1, i & 2};
        dvt_shape  a = p.a ? DVT_SHAPE(4, 3) : DVT_SHAPE(3, 4);
        dvt_shape  b = p.b ? DVT_SHAPE(5, 4) : DVT_SHAPE(4, 5);
        grad_case(*state, matmul_model, &p, 2, SHAPES(a, b));
        dvt_shape c = p.a ? DVT_SHAPE(2, 3, 4, 2) : DVT_SHAPE(2, 3, 2, 4);
        dvt_shape d = p.b ? DVT_SHAPE(2, 3, 3, 4) : DVT_SHAPE(2, 3, 4, 3);
        grad_case(*state, matmul_model, &p, 2, SHAPES(c, d));
    }
}

/* ---- element-wise -------------------------------------------------------------------------- */

static dvt_var binary_model(dvt_tape *t, const dvt_var *in, void *ud)
{
    return dvt_tape_binary(t, *(const dvt_binary *)ud, in[0], in[1]);
}

static void test_learn_ops__arithmetic_is_differentiated_with_broadcasting(void **state)
{
    dvt_binary fns[] = {DVT_BINARY_ADD, DVT_BINARY_SUB, DVT_BINARY_MUL,
                        DVT_BINARY_DIV, DVT_BINARY_MAX, DVT_BINARY_MIN};
    for (int i = 0; i < 6; i++) {
        grad_case_opts o = {.away = fns[i] == DVT_BINARY_DIV ? 0.7 : 0, .apart = i >= 4};
        grad_case_with(*state, binary_model, &fns[i], 2, SHAPES(DVT_SHAPE(3, 4), DVT_SHAPE(3, 4)),
                       o);
        grad_case_with(*state, binary_model, &fns[i], 2, SHAPES(DVT_SHAPE(3, 4), DVT_SHAPE(4)), o);
        grad_case_with(*state, binary_model, &fns[i], 2, SHAPES(DVT_SHAPE(4), DVT_SHAPE(3, 4)), o);
        grad_case_with(*state, binary_model, &fns[i], 2,
                       SHAPES(DVT_SHAPE(2, 1, 3), DVT_SHAPE(5, 1)), o);
    }
}

static dvt_var square_model(dvt_tape *t, const dvt_var *in, void *ud)
{
    (void)ud;
    return dvt_tape_mul(t, in[0], in[0]);
}

static void test_learn_ops__an_operand_used_twice_gets_both_gradients(void **state)
{
    grad_case(*state, square_model, NULL, 1, SHAPES(DVT_SHAPE(7)));
}

typedef struct unary_case {
    dvt_unary fn;
    float     alpha, beta;
    double    away;
    bool      positive;
} unary_case;

static dvt_var unary_model(dvt_tape *t, const dvt_var *in, void *ud)
{
    const unary_case *c = ud;
    return dvt_tape_unary(t, c->fn, in[0], c->alpha, c->beta);
}

static void test_learn_ops__functions_are_differentiated(void **state)
{
    unary_case cases[] = {
        {DVT_UNARY_RELU, 0, 0, 0.05, false},     {DVT_UNARY_LEAKY_RELU, 0.1f, 0, 0.05, false},
        {DVT_UNARY_ELU, 0.7f, 0, 0.05, false},   {DVT_UNARY_SIGMOID, 0, 0, 0, false},
        {DVT_UNARY_TANH, 0, 0, 0, false},        {DVT_UNARY_SOFTPLUS, 0, 0, 0, false},
        {DVT_UNARY_GELU, 0, 0, 0, false},        {DVT_UNARY_GELU, 1, 0, 0, false},
        {DVT_UNARY_HARD_SWISH, 0, 0, 0, false},  {DVT_UNARY_MISH, 0, 0, 0, false},
        {DVT_UNARY_EXP, 0, 0, 0, false},         {DVT_UNARY_LOG, 0, 0, 0.7, true},
        {DVT_UNARY_SQRT, 0, 0, 0.7, true},       {DVT_UNARY_ABS, 0, 0, 0.05, false},
        {DVT_UNARY_NEG, 0, 0, 0, false},         {DVT_UNARY_RECIPROCAL, 0, 0, 0.8, false},
        {DVT_UNARY_CLIP, -0.02f, 0.02f, 0.05, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        grad_case_with(*state, unary_model, &cases[i], 1, SHAPES(DVT_SHAPE(5, 7)),
                       (grad_case_opts){.away = cases[i].away, .positive = cases[i].positive});
}

static dvt_var affine_model(dvt_tape *t, const dvt_var *in, void *ud)
{
    (void)ud;
    return dvt_tape_affine(t, in[0], -2.5, 3);
}

static void test_learn_ops__affine_is_differentiated(void **state)
{
    grad_case(*state, affine_model, NULL, 1, SHAPES(DVT_SHAPE(11)));
}

/* ---- sums and moves ------------------------------------------------------------------------ */

typedef struct range {
    int32_t first, count;
    bool    mean;
} range;

static dvt_var sum_model(dvt_tape *t, const dvt_var *in, void *ud)
{
    const range *r = ud;
    return r->mean ? dvt_tape_mean(t, in[0], r->first, r->count)
                   : dvt_tape_sum(t, in[0], r->first, r->count);
}

static void test_learn_ops__sums_and_means_are_differentiated(void **state)
{
    for (int mean = 0; mean < 2; mean++)
        for (int32_t first = -3; first < 3; first++)
            for (int32_t count = 0; count <= 3 - (first < 0 ? first + 3 : first); count++) {
                range r = {first, count, mean};
                grad_case(*state, sum_model, &r, 1, SHAPES(DVT_SHAPE(3, 4, 19)));
            }
}

static dvt_var softmax_model(dvt_tape *t, const dvt_var *in, void *ud)
{
    return ud ? dvt_tape_log_softmax(t, in[0]) : dvt_tape_softmax(t, in[0]);
}

static void test_learn_ops__softmax_is_differentiated(void **state)
{
    grad_case(*state, softmax_model, NULL, 1, SHAPES(DVT_SHAPE(3, 5)));
    grad_case(*state, softmax_model, NULL, 1, SHAPES(DVT_SHAPE(2, 2, 37)));
    grad_case(*state, softmax_model, *state, 1, SHAPES(DVT_SHAPE(3, 5)));
    grad_case(*state, softmax_model, *state, 1, SHAPES(DVT_SHAPE(1, 1)));
}

static dvt_var move_model(dvt_tape *t, const dvt_var *in, void *ud)
{
    const int32_t perm[] = {2, 0, 1};
    dvt_var       a = dvt_tape_reshape(t, in[0], DVT_SHAPE(2, -1, 3));
    dvt_var       b = dvt_tape_transpose(t, a, perm); /* (3, 2, 4) */
    dvt_var       parts[] = {b, in[1], b};
    dvt_var       c = dvt_tape_concat(t, parts, 3, 1); /* (3, 5, 4) */

    (void)ud;
    return dvt_tape_add(t, dvt_tape_slice(t, c, 1, 1, 4), dvt_tape_slice(t, c, -2, 2, 5));
}

static void test_learn_ops__moves_are_differentiated(void **state)
{
    grad_case(*state, move_model, NULL, 2, SHAPES(DVT_SHAPE(4, 6), DVT_SHAPE(3, 1, 4)));
}

static dvt_var gather_model(dvt_tape *t, const dvt_var *in, void *ud)
{
    return dvt_tape_gather(t, in[0], ud, 5);
}

static void test_learn_ops__gather_adds_the_gradients_of_equal_rows(void **state)
{
    int32_t index[] = {2, 0, 2, 2, 1};
    grad_case(*state, gather_model, index, 1, SHAPES(DVT_SHAPE(4, 3)));
    grad_case(*state, gather_model, index, 1, SHAPES(DVT_SHAPE(3, 2, 2)));
}

/* ---- dropout ------------------------------------------------------------------------------- */

static dvt_var dropout_model(dvt_tape *t, const dvt_var *in, void *ud)
{
    return dvt_tape_dropout(t, in[0], *(const double *)ud);
}

static void test_learn_ops__dropout_drops_the_same_backwards(void **state)
{
    double p[] = {0.01, 0.3};
    for (int i = 0; i < 2; i++)
        grad_case_with(*state, dropout_model, &p[i], 1, SHAPES(DVT_SHAPE(500)),
                       (grad_case_opts){.training = true});
}

/* ---- complaints ---------------------------------------------------------------------------- */

static void complain(dvt_ctx *ctx, dvt_tape *t, dvt_status want, const char *text)
{
    expect_failure(ctx, dvt_tape_status(t), want, text);
    dvt_tape_begin(t, DVT_TAPE_TRAIN, 0);
}

static void test_learn_ops__shapes_that_do_not_fit_are_named(void **state)
{
    const float   data[24] = {0};
    const int32_t twice[] = {0, 0}, far_index[] = {2};
    dvt_tape     *t;
    expect_ok(*state, dvt_tape_create(*state, 1, &t));
#define IN(...) dvt_tape_input(t, DVT_SHAPE(__VA_ARGS__), data)
    dvt_tape_linear(t, IN(2, 3), IN(4, 2), DVT_NO_VAR);
    complain(*state, t, DVT_E_SHAPE, "linear of [2,3] and [4,2]");
    dvt_tape_linear(t, IN(2, 3), IN(4, 3), IN(3));
    complain(*state, t, DVT_E_SHAPE, "linear of [4,3] and [3]: the bias");
    dvt_tape_matmul(t, IN(2, 3), false, IN(2, 3), false);
    complain(*state, t, DVT_E_SHAPE, "matmul of [2,3] and [2,3]");
    dvt_tape_add(t, IN(2, 3), IN(2));
    complain(*state, t, DVT_E_SHAPE, "binary of [2,3] and [2]");
    dvt_tape_binary(t, DVT_BINARY_MOD, IN(2), IN(2));
    complain(*state, t, DVT_E_UNSUPPORTED, "has no gradient");
    dvt_tape_unary(t, DVT_UNARY_FLOOR, IN(2), 0, 0);
    complain(*state, t, DVT_E_UNSUPPORTED, "has no gradient");
    dvt_tape_sum(t, IN(2, 3), 1, 2);
    complain(*state, t, DVT_E_SHAPE, "sum: [2,3] has no 2 dimensions from 1 on");
    dvt_tape_softmax(t, IN(2, 0));
    complain(*state, t, DVT_E_SHAPE, "softmax: [2,0]");
    dvt_tape_reshape(t, IN(2, 3), DVT_SHAPE(4, -1));
    complain(*state, t, DVT_E_SHAPE, "reshape: [2,3] does not become [4,-1]");
    dvt_tape_transpose(t, IN(2, 3), twice);
    complain(*state, t, DVT_E_SHAPE, "no permutation");
    dvt_var parts[] = {IN(2, 3), IN(3, 3)};
    dvt_tape_concat(t, parts, 2, 1);
    complain(*state, t, DVT_E_SHAPE, "concat of [2,3] and [3,3]");
    dvt_tape_slice(t, IN(2, 3), 0, 1, 3);
    complain(*state, t, DVT_E_SHAPE, "slice: [2,3] has no elements 1 to 3");
    dvt_tape_gather(t, IN(2, 3), far_index, 1);
    complain(*state, t, DVT_E_USAGE, "gather: index 2 (number 0) is not below 2");
    dvt_tape_dropout(t, IN(2), 1);
    complain(*state, t, DVT_E_USAGE, "dropout: probability 1");
#undef IN
    dvt_tape_destroy(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_learn_ops__linear_is_differentiated),
        FIXTURE_TEST(test_learn_ops__linear_is_x_by_w_transposed_plus_bias),
        FIXTURE_TEST(test_learn_ops__matmul_is_differentiated_in_all_transpositions),
        FIXTURE_TEST(test_learn_ops__arithmetic_is_differentiated_with_broadcasting),
        FIXTURE_TEST(test_learn_ops__an_operand_used_twice_gets_both_gradients),
        FIXTURE_TEST(test_learn_ops__functions_are_differentiated),
        FIXTURE_TEST(test_learn_ops__affine_is_differentiated),
        FIXTURE_TEST(test_learn_ops__sums_and_means_are_differentiated),
        FIXTURE_TEST(test_learn_ops__softmax_is_differentiated),
        FIXTURE_TEST(test_learn_ops__moves_are_differentiated),
        FIXTURE_TEST(test_learn_ops__gather_adds_the_gradients_of_equal_rows),
        FIXTURE_TEST(test_learn_ops__dropout_drops_the_same_backwards),
        FIXTURE_TEST(test_learn_ops__shapes_that_do_not_fit_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
