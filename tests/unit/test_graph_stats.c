/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_graph_stats.c - multiply-accumulates and parameters, on AlexNet and on single operators.
 */
#include "support/graph_case.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Krizhevsky, Sutskever and Hinton (2012) in its grouped form at 227 x 227: 724,406,816
 * multiply-accumulates and 60,965,224 parameters are the well-known figures. */
static const char alexnet[] =
    "dvg 1 alexnet\n"
    "input data: f32[1,3,227,227]\n"
    "param w1: f32[96,3,11,11] param b1: f32[96]\n"
    "param w2: f32[256,48,5,5] param b2: f32[256]\n"
    "param w3: f32[384,256,3,3] param b3: f32[384]\n"
    "param w4: f32[384,192,3,3] param b4: f32[384]\n"
    "param w5: f32[256,192,3,3] param b5: f32[256]\n"
    "param w6: f32[4096,9216] param b6: f32[4096]\n"
    "param w7: f32[4096,4096] param b7: f32[4096]\n"
    "param w8: f32[1000,4096] param b8: f32[1000]\n"
    "conv1 = conv(data, w1, b1, kernel=[11,11], stride=[4,4])\n"
    "relu1 = unary(conv1) norm1 = lrn(relu1)\n"
    "pool1 = pool(norm1, kernel=[3,3], stride=[2,2], ceil_mode=true)\n"
    "conv2 = conv(pool1, w2, b2, kernel=[5,5], pad_lo=[2,2], pad_hi=[2,2], groups=2)\n"
    "relu2 = unary(conv2) norm2 = lrn(relu2)\n"
    "pool2 = pool(norm2, kernel=[3,3], stride=[2,2], ceil_mode=true)\n"
    "conv3 = conv(pool2, w3, b3, kernel=[3,3], pad_lo=[1,1], pad_hi=[1,1])\n"
    "conv4 = conv(conv3, w4, b4, kernel=[3,3], pad_lo=[1,1], pad_hi=[1,1], groups=2)\n"
    "conv5 = conv(conv4, w5, b5, kernel=[3,3], pad_lo=[1,1], pad_hi=[1,1], groups=2)\n"
    "pool5: f32[1,256,6,6] = pool(conv5, kernel=[3,3], stride=[2,2], ceil_mode=true)\n"
    "fc6 = dense(pool5, w6, b6) fc7 = dense(fc6, w7, b7) fc8 = dense(fc7, w8, b8)\n"
    "prob: f32[1,1000] = softmax(fc8)\n"
    "output prob\n";

static void test_graph_stats__alexnet_has_the_published_counts(void **state)
{
    (void)state;
    graph_case      c = graph_case_open(alexnet);
    dvt_graph_stats s;

    dvt_graph_stats_of(c.g, &s);
    assert_int_equal(s.macs, 724406816);
    assert_int_equal(s.parameters, 60965224);
    assert_int_equal(s.nodes, 16);
    assert_int_equal(s.op_count[DVT_OP_CONV], 5);
    assert_int_equal(s.op_count[DVT_OP_DENSE], 3);
    graph_case_close(&c);
}

static void expect_macs(const char *text, int64_t want)
{
    graph_case c = graph_case_open(text);
    assert_int_equal(dvt_graph_node_macs(c.g, (dvt_node_id){0}), want);
    graph_case_close(&c);
}

static void test_graph_stats__each_product_counts_its_batch(void **state)
{
    (void)state;
    expect_macs("dvg 1 g input x: f32[2,4,5,5] input w: f32[6,2,3,3] "
                "y = conv(x, w, kernel=[3,3], groups=2)",
                2 * 6 * 3 * 3 * (2 * 3 * 3));
    expect_macs("dvg 1 g input x: f32[2,4,5,5] input w: f32[4,3,2,2] "
                "y = conv_transpose(x, w, kernel=[2,2], stride=[2,2])",
                2 * 4 * 5 * 5 * (3 * 2 * 2));
    expect_macs("dvg 1 g input x: f32[2,3,4] input w: f32[5,4] y = dense(x, w, axis=2)",
                2 * 3 * 5 * 4);
    expect_macs("dvg 1 g input x: f32[7,1,2,3] input w: f32[5,3,4] y = matmul(x, w)",
                7 * 5 * 2 * 4 * 3);
    expect_macs(
        "dvg 1 g input x: f32[3,2] input w: f32[4,3] y = gemm(x, w, trans_a=true, trans_b=true)",
        2 * 4 * 3);
    expect_macs("dvg 1 g input x: f32[3,2] y = unary(x)", 0);
}

static void test_graph_stats__counts_saturate(void **state)
{
    (void)state;
    expect_macs(
        "dvg 1 g input x: f32[1048576,1048576] input w: f32[1048576,1048576] y = matmul(x, w)",
        (int64_t)1 << 60);
    /* all of the output is padding: 2^40 elements of 2^40 products each */
    expect_macs("dvg 1 g input x: f32[1,1,1,1] input w: f32[1,1,1048576,1048576] "
                "y = conv(x, w, kernel=[1048576,1048576], pad_lo=[1048575,1048575], "
                "pad_hi=[1048575,1048575])",
                INT64_MAX);
}

static void test_graph_stats__unread_and_integer_constants_are_no_parameters(void **state)
{
    (void)state;
    graph_case      c = graph_case_open("dvg 1 g input x: f32[4] param unread: f32[9] "
                                             "const i: i64[2] = [0, 1] param w: f32[4] "
                                             "y = gather(x, i) z = binary(x, w) output z output y");
    dvt_graph_stats s;

    dvt_graph_stats_of(c.g, &s);
    assert_int_equal(s.parameters, 4);
    graph_case_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_graph_stats__alexnet_has_the_published_counts),
        cmocka_unit_test(test_graph_stats__each_product_counts_its_batch),
        cmocka_unit_test(test_graph_stats__counts_saturate),
        cmocka_unit_test(test_graph_stats__unread_and_integer_constants_are_no_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
