/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_lower.c - what shares a trip through the overlay and what does not: fused tails, residual
 * sums, several readers, optimisations switched off, concatenation, relayout, function tables, and
 * what goes to the host. Programs are compared as listings (support/program_case.h).
 */
#include "support/program_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SMALL "overlays/small-fp11.json"           /* 8 x 16: array layouts are dense */
#define ODD   "tests/support/overlays/odd-m9.json" /* 3 x 8: they are not */
#define HEAD  "dvg 1 t input x: f32[1,8,6,6] "
#define CONV(y, x) \
    "param " y ".w: f32[8,8,1,1] param " y ".b: f32[8] " y " = conv(" x ", " y ".w, " y ".b) "

/* Compiles and compares; returns nothing to look at further. */
static void gives_on(const char *overlay, const char *text, const char *disable, const char *want)
{
    program_case t = program_open(overlay, text);

    program_compile(&t, disable);
    program_expect(&t, want);
    program_close(&t);
}

static void gives(const char *text, const char *want) { gives_on(SMALL, text, NULL, want); }

static void gives_without(const char *text, const char *disable, const char *want)
{
    gives_on(SMALL, text, disable, want);
}

/* ---- tails --------------------------------------------------------------------------------- */

static void test_lower__bias_and_relu_go_with_the_convolution(void **state)
{
    (void)state;
    const char *text = HEAD CONV("c", "x") "y = unary(c) output y";

    gives(text, "upload x\nload x: load\nc: array scale act > memory\ndownload y\n");
    gives_without(text, "fuse-activation",
                  "upload x\nload x: load\nc: array scale > stream\ny: sread act > memory\n"
                  "download y\n");
}

static void test_lower__factors_go_with_the_trip_that_makes_their_operand(void **state)
{
    (void)state;
    const char *text = HEAD "param s: f32[8] param b: f32[8] p = pool(x, kernel=[2,2]) "
                            "n = scale(p, s, b) y = unary(n) output y";

    gives(text, "upload x\nload x: load\np: sread pool scale act > memory\ndownload y\n");
    gives_without(text, "fuse-scale",
                  "upload x\nload x: load\np: sread pool > stream\nn: sread scale act > memory\n"
                  "download y\n");
}

static void test_lower__a_residual_sum_goes_with_its_later_operand(void **state)
{
    (void)state;
    const char *text =
        HEAD CONV("a", "x") "r = unary(a) " CONV("b", "r") "s = binary(b, r) y = unary(s) output y";

    gives(text, "upload x\nload x: load\na: array scale act > stream\n"
                "b: array scale elt act > memory\ndownload y\n");
    gives_without(text, "fuse-eltwise",
                  "upload x\nload x: load\na: array scale act > stream\n"
                  "b: array scale > stream\ns: sread elt act > memory\ndownload y\n");
}

static void test_lower__a_value_with_two_readers_ends_the_trip(void **state)
{
    (void)state;
    gives(
        HEAD CONV("c", "x") "r = unary(c) t = unary(c, fn=tanh) y = binary(r, t, fn2=mul) output y",
        "upload x\nload x: load\nc: array scale > stream\nr: sread act > stream\n"
        "t: sread act elt > memory\ndownload y\n");
}

static void test_lower__an_output_ends_the_trip(void **state)
{
    (void)state;
    gives(HEAD CONV("c", "x") "y = unary(c) output c output y",
          "upload x\nload x: load\nc: array scale > stream\ny: sread act > memory\n"
          "store c: sread > memory\ndownload c\ndownload y\n");
}

static void test_lower__each_kernel_is_used_once_a_trip(void **state)
{
    (void)state;
    gives(HEAD CONV("c", "x") "a = unary(c, fn=tanh) y = unary(a, fn=sigmoid) output y",
          "upload x\nload x: load\nc: array scale act > stream\ny: sread act > memory\n"
          "download y\n");
}

static void test_lower__the_other_operand_of_a_sum_has_to_exist(void **state)
{
    (void)state;
    gives(HEAD CONV("a", "x") CONV("b", "x") "y = binary(a, b) output y",
          "upload x\nload x: load\na: array scale > stream\nb: array scale elt > memory\n"
          "download y\n");
}

static void test_lower__trips_follow_the_crossbar(void **state)
{
    (void)state;
    program_case t =
        program_open(SMALL, HEAD CONV("c", "x") "r = unary(c) param v: f32[8,1,3,3] "
                                                "y = conv(r, v, kernel=[3,3], groups=8) output y");

    t.o.connect[DVT_KERNEL_SCALE] = 1u << DVT_KERNEL_WRITE;
    t.o.connect[DVT_KERNEL_ARRAY] = 1u << DVT_KERNEL_SCALE | 1u << DVT_KERNEL_WRITE;
    program_compile(&t, NULL);
    program_expect(&t, "upload x\nload x: load\nc: array scale > stream\n"
                       "r: sread act > stream\ny: sread depthwise scale > memory\ndownload y\n");
    program_close(&t);
}

static void test_lower__factors_compose_in_order(void **state)
{
    (void)state;
    program_case t = program_open(SMALL, HEAD "param s: f32[8] param b: f32[8] param d: f32[8] "
                                              "a = scale(x, s, b) y = bias(a, d) output y");
    float        got[2], s, b, d;
    dvt_tensor   k;

    program_compile(&t, "canonicalise");
    program_expect(&t, "upload x\nload x: load\na: sread scale > memory\ndownload y\n");
    memcpy(got, t.p->image + program_word(&t, "a").wread.param_src * 16, sizeof got);
    dvt_graph_const(t.g, dvt_graph_find_value(t.g, "s"), &k);
    s = ((float *)k.data)[0];
    dvt_graph_const(t.g, dvt_graph_find_value(t.g, "b"), &k);
    b = ((float *)k.data)[0];
    dvt_graph_const(t.g, dvt_graph_find_value(t.g, "d"), &k);
    d = ((float *)k.data)[0];
    assert_true(got[0] == s);
    assert_true(got[1] == b + d);
    program_close(&t);
}

/* ---- sums of many, and of one --------------------------------------------------------------- */

static void test_lower__sums_of_three_take_two_trips(void **state)
{
    (void)state;
    gives(HEAD "a = unary(x) b = unary(x, fn=tanh) n = nary(a, b, x) y = unary(n) output y",
          "upload x\nload x: load\na: sread act > stream\nb: sread act > stream\n"
          "n: sread elt > stream\nn: sread elt act > memory\ndownload y\n");
}

static void test_lower__a_sum_of_one_is_a_copy(void **state)
{
    (void)state;
    gives_without(HEAD "y = nary(x) output y", "remove-identity",
                  "upload x\nload x: load\ny: sread > memory\ndownload y\n");
    gives_without(HEAD "n = nary(x, fnn=max) y = unary(n) output y", "remove-identity",
                  "upload x\nload x: load\nn: sread act > memory\ndownload y\n");
}

/* ---- concatenation ------------------------------------------------------------------------- */

static void test_lower__operands_are_written_where_their_concatenation_stands(void **state)
{
    (void)state;
    const char *text =
        HEAD    CONV("a", "x") CONV("b", "x") "k = concat(a, b) "
                                              "param w: f32[4,16,1,1] y = conv(k, w) output y";

    gives(text, "upload x\nload x: load\na: array scale > stream\nb: array scale > stream\n"
                "y: array scale > memory\ndownload y\n");
    gives_without(text, "concat-by-address",
                  "upload x\nload x: load\na: array scale > stream\nb: array scale > stream\n"
                  "k part 0: sread > stream\nk part 1: sread > stream\n"
                  "y: array scale > memory\ndownload y\n");
}

static void test_lower__what_the_host_gives_is_copied_into_a_concatenation(void **state)
{
    (void)state;
    gives(HEAD CONV("a", "x") "y = concat(x, a, a) output y",
          "upload x\nload x: load\na: array scale > stream\ny part 0: sread > stream\n"
          "y part 2: sread > stream\nstore y: sread > memory\ndownload y\n");
}

/* ---- layouts ------------------------------------------------------------------------------- */

static void test_lower__unequal_layouts_are_made_equal_by_the_array(void **state)
{
    (void)state;
    /* 20 channels: 7 blocks of 3 as they are uploaded, 3 + 3 + 2 as the array makes 8 at a time */
    gives_on(ODD,
             "dvg 1 t input x: f32[1,20,2,2] param w: f32[20,20,1,1] c = conv(x, w) "
             "y = binary(x, c) output y",
             NULL,
             "upload x\nload x: load\nc: array scale > stream\nrelayout x: array scale > stream\n"
             "y: sread elt > memory\ndownload y\n");
}

static void test_lower__normalisation_reads_dense_layouts(void **state)
{
    (void)state;
    /* 4 + 8 channels: the second operand starts a block, so that neighbours are apart */
    gives("dvg 1 t input x: f32[1,4,2,2] param w: f32[4,4,1,1] a = conv(x, w) "
          "param v: f32[8,4,1,1] b = conv(x, v) k = concat(a, b) "
          "y = lrn(k, size=3, alpha=1, beta=0.75, k=1) output y",
          "upload x\nload x: load\na: array scale > stream\nb: array scale > stream\n"
          "relayout k: array scale > stream\ny: sread lrn > memory\ndownload y\n");
}

/* ---- dense layers and views ---------------------------------------------------------------- */

static void test_lower__a_flattening_before_a_dense_layer_is_no_work(void **state)
{
    (void)state;
    gives_without("dvg 1 t input x: f32[1,8,2,2] param w: f32[3,32] "
                  "f = reshape(x, dims=[1,32]) y = dense(f, w) output y",
                  "canonicalise", "upload x\nload x: load\ny: array scale > memory\ndownload y\n");
}

static void test_lower__a_flattening_stays_where_its_dense_layer_does_not_fit(void **state)
{
    (void)state;
    program_case t = program_open(ODD, "dvg 1 t input x: f32[1,3,5,4] param w: f32[8,3,1,1] "
                                       "c = conv(x, w) param v: f32[2,160] "
                                       "f = reshape(c, dims=[1,160]) y = dense(f, v) output y");

    t.o.stream_buffer_words_per_bank = 59; /* 3 blocks of 20 words are 60 */
    program_compile(&t, "canonicalise");
    program_expect(&t, "upload x\nload x: load\nc: array scale > memory\ndownload c\n"
                       "host f: operator 'reshape' has no kernel on the overlay\n"
                       "host y: 5 input rows need 60 words, the stream buffer has 59\n");
    program_close(&t);
}

static void test_lower__gaps_in_a_layout_count_as_room(void **state)
{
    (void)state;
    /* 20 channels are 7 dense blocks of 20 words, but the array writes 8 */
    program_case t = program_open(ODD, "dvg 1 t input x: f32[1,3,5,4] param w: f32[20,3,1,1] "
                                       "c = conv(x, w) param v: f32[2,400] "
                                       "f = reshape(c, dims=[1,400]) y = dense(f, v) output y");

    t.o.stream_buffer_words_per_bank = 159;
    program_compile(&t, "canonicalise");
    program_expect(&t, "upload x\nload x: load\nc: array scale > memory\ndownload c\n"
                       "host f: operator 'reshape' has no kernel on the overlay\n"
                       "host y: its smallest slice needs 160 words, the stream buffer has 159\n");
    program_close(&t);
}

static void test_lower__every_operand_of_a_concatenation_has_to_fit(void **state)
{
    (void)state;
    program_case t = program_open(SMALL, "dvg 1 t input x: f32[1,8,2,100] "
                                         "input z: f32[1,16,2,100] y = concat(x, z) output y");

    t.o.stream_buffer_banks = 1;
    t.o.stream_buffer_words_per_bank = 199; /* a row of z is 2 blocks of 100 */
    program_compile(&t, NULL);
    program_expect(&t, "host y: its smallest slice needs 200 words, the stream buffer has 199\n");
    t.o.stream_buffer_words_per_bank = 200;
    program_compile(&t, NULL);
    assert_true(t.p->word_count > 0);
    program_close(&t);
}

/* ---- host ---------------------------------------------------------------------------------- */

static void test_lower__what_has_no_kernel_runs_on_the_host_between_transfers(void **state)
{
    (void)state;
    gives(HEAD CONV("c", "x") "s = softmax(c) y = unary(s) output y",
          "upload x\nload x: load\nc: array scale > memory\ndownload c\n"
          "host s: operator 'softmax' has no kernel on the overlay\n"
          "upload s\nload s: load\ny: sread act > memory\ndownload y\n");
}

static void test_lower__functions_beyond_the_tables_run_on_the_host(void **state)
{
    (void)state;
    /* two tables: sigmoid twice, tanh, and no room for elu */
    gives_on(ODD,
             "dvg 1 t input x: f32[1,3,2,2] a = unary(x, fn=sigmoid) b = unary(a, fn=tanh) "
             "c = unary(b, fn=sigmoid) y = unary(c, fn=elu, alpha=1) output y",
             NULL,
             "upload x\nload x: load\na: sread act > stream\nb: sread act > stream\n"
             "c: sread act > memory\ndownload c\n"
             "host y: the overlay's 2 function tables are taken\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lower__bias_and_relu_go_with_the_convolution),
        cmocka_unit_test(test_lower__factors_go_with_the_trip_that_makes_their_operand),
        cmocka_unit_test(test_lower__a_residual_sum_goes_with_its_later_operand),
        cmocka_unit_test(test_lower__a_value_with_two_readers_ends_the_trip),
        cmocka_unit_test(test_lower__an_output_ends_the_trip),
        cmocka_unit_test(test_lower__each_kernel_is_used_once_a_trip),
        cmocka_unit_test(test_lower__the_other_operand_of_a_sum_has_to_exist),
        cmocka_unit_test(test_lower__trips_follow_the_crossbar),
        cmocka_unit_test(test_lower__factors_compose_in_order),
        cmocka_unit_test(test_lower__sums_of_three_take_two_trips),
        cmocka_unit_test(test_lower__a_sum_of_one_is_a_copy),
        cmocka_unit_test(test_lower__operands_are_written_where_their_concatenation_stands),
        cmocka_unit_test(test_lower__what_the_host_gives_is_copied_into_a_concatenation),
        cmocka_unit_test(test_lower__unequal_layouts_are_made_equal_by_the_array),
        cmocka_unit_test(test_lower__normalisation_reads_dense_layouts),
        cmocka_unit_test(test_lower__a_flattening_before_a_dense_layer_is_no_work),
        cmocka_unit_test(test_lower__a_flattening_stays_where_its_dense_layer_does_not_fit),
        cmocka_unit_test(test_lower__gaps_in_a_layout_count_as_room),
        cmocka_unit_test(test_lower__every_operand_of_a_concatenation_has_to_fit),
        cmocka_unit_test(test_lower__what_has_no_kernel_runs_on_the_host_between_transfers),
        cmocka_unit_test(test_lower__functions_beyond_the_tables_run_on_the_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
