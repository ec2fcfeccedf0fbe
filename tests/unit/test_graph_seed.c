/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_graph_seed.c - seeded parameters: reproducible, independent of their neighbours, and of the
 * scale their role asks for.
 */
#include "support/graph_case.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char net[] = "dvg 1 g\n"
                          "input x: f32[1,64,8,8]\n"
                          "param w: f32[128,64,3,3]\n"
                          "param b: f32[128]\n"
                          "param s: f32[128] param m: f32[128] param v: f32[128]\n"
                          "param i: i64[2]\n"
                          "param h: f16[128]\n"
                          "const k: f32[1] = [7]\n"
                          "c = conv(x, w, b, kernel=[3,3])\n"
                          "n = batch_norm(c, s, m, m, v)\n"
                          "g = gather(n, i)\n"
                          "q = binary(g, k)\n"
                          "t = unary(h)\n"
                          "output q\noutput t\n";

static dvt_tensor data_of(const graph_case *c, const char *name)
{
    dvt_tensor t;
    assert_true(dvt_graph_const(c->g, dvt_graph_find_value(c->g, name), &t));
    return t;
}

static void moments(const dvt_tensor *t, double *mean, double *deviation)
{
    int64_t n = dvt_shape_count(&t->shape);
    double  sum = 0.0, squares = 0.0;

    for (int64_t i = 0; i < n; i++) sum += dvt_tensor_get_f64(t, i);
    *mean = sum / (double)n;
    for (int64_t i = 0; i < n; i++) squares += pow(dvt_tensor_get_f64(t, i) - *mean, 2.0);
    *deviation = sqrt(squares / (double)n);
}

static void test_graph_seed__weights_are_he_normal(void **state)
{
    (void)state;
    graph_case c = graph_case_open(net);
    double     mean, deviation;

    graph_case_ok(&c, dvt_graph_seed_params(c.g, 1));
    dvt_tensor w = data_of(&c, "w");
    moments(&w, &mean, &deviation);
    /* 73,728 draws of deviation sqrt(2 / 576) = 0.05893: 5 standard errors are 1.4 % */
    assert_true(fabs(deviation / sqrt(2.0 / 576.0) - 1.0) < 0.014);
    assert_true(fabs(mean) < 5.0 * 0.05893 / sqrt(73728.0));
    graph_case_close(&c);
}

static void test_graph_seed__roles_have_their_ranges(void **state)
{
    (void)state;
    graph_case c = graph_case_open(net);

    graph_case_ok(&c, dvt_graph_seed_params(c.g, 1));
    dvt_tensor v = data_of(&c, "v"), b = data_of(&c, "b"), i = data_of(&c, "i"),
               k = data_of(&c, "k");
    for (int64_t n = 0; n < 128; n++) {
        assert_true(dvt_tensor_get_f64(&v, n) >= 0.5 && dvt_tensor_get_f64(&v, n) < 1.5);
        assert_true(fabs(dvt_tensor_get_f64(&b, n)) < 0.1);
    }
    assert_int_equal(dvt_tensor_get_i64(&i, 1), 0);
    assert_true(dvt_tensor_get_f64(&k, 0) == 7.0); /* what has data keeps it */
    graph_case_ok(&c, dvt_graph_verify(c.g));
    graph_case_close(&c);
}

static void test_graph_seed__draws_depend_on_seed_and_name_alone(void **state)
{
    (void)state;
    graph_case a = graph_case_open(net), b = graph_case_open(net),
               other = graph_case_open("dvg 1 g\n"
                                       "input x: f32[1,64,8,8]\n"
                                       "param w: f32[128,64,3,3]\n"
                                       "c = conv(x, w, kernel=[3,3])\n"
                                       "output c\n");

    graph_case_ok(&a, dvt_graph_seed_params(a.g, 1));
    graph_case_ok(&b, dvt_graph_seed_params(b.g, 2));
    graph_case_ok(&other, dvt_graph_seed_params(other.g, 1));
    dvt_tensor ta = data_of(&a, "w"), tb = data_of(&b, "w"), to = data_of(&other, "w");
    assert_memory_equal(ta.data, to.data, ta.bytes);
    assert_memory_not_equal(ta.data, tb.data, ta.bytes);
    graph_case_close(&a);
    graph_case_close(&b);
    graph_case_close(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_graph_seed__weights_are_he_normal),
        cmocka_unit_test(test_graph_seed__roles_have_their_ranges),
        cmocka_unit_test(test_graph_seed__draws_depend_on_seed_and_name_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
