/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_place.c - which nodes the overlay takes, and the exact reason for every one it does not.
 *
 * Overlay   c_vec 4, k_vec 8, 2 rows at a time, a stream buffer of 600 words, a filter cache of 30,
 *           all kernels, LRN of up to 5 channels, averages by valid ones up to 16. Cases that need
 *           another one edit it.
 */
#include "dovetail/compile.h"
#include "support/fixture.h"
#include "support/graph_tools.h"

#include <stdio.h>

typedef void (*edit_fn)(dvt_overlay *o);

static dvt_overlay overlay(void)
{
    dvt_overlay o = {.name = "t",
                     .c_vec = 4,
                     .k_vec = 8,
                     .q_vec = 1,
                     .p_vec = 2,
                     .interleave = 1,
                     .feature_mantissa_bits = 7,
                     .filter_mantissa_bits = 7,
                     .accumulator_bits = 64,
                     .stream_buffer_banks = 1,
                     .stream_buffer_words_per_bank = 600,
                     .filter_cache_words = 30,
                     .function_tables = 2,
                     .aux_kernels = UINT32_MAX,
                     .lrn_size_max = 5,
                     .pool_window_max = 16,
                     .memory_bus_bits = 64,
                     .memory_clock_mhz = 100,
                     .memory_bandwidth_gbps = 0.8,
                     .memory_burst_beats = 4,
                     .clock_mhz = 100};

    memset(o.connect, 0xff, sizeof o.connect); /* everything leads everywhere */
    return o;
}

/* Judges the node called "y" of "dvg 1 t <body> output y". */
static bool judge(const char *body, edit_fn edit, char reason[256])
{
    char        text[1024];
    dvt_overlay o = overlay();
    dvt_graph  *g;
    bool        yes;

    snprintf(text, sizeof text, "dvg 1 t %s output y", body);
    g = tool_parse(text);
    if (edit) {
        edit(&o);
    }
    yes = dvt_compile_supports(&o, g, dvt_graph_find_node(g, "y"), reason, 256);
    tool_graph_free(g);
    return yes;
}

static void takes(const char *body)
{
    char reason[256];

    if (!judge(body, NULL, reason)) {
        fail_msg("'%s' is refused: %s", body, reason);
    }
    assert_string_equal(reason, "");
}

static void refuses_on(const char *body, edit_fn edit, const char *want)
{
    char reason[256];

    if (judge(body, edit, reason)) {
        fail_msg("'%s' is taken, wanted: %s", body, want);
    }
    assert_string_equal(reason, want);
}

static void refuses(const char *body, const char *want) { refuses_on(body, NULL, want); }

#define X "input x: f32[1,6,8,8] "
#define W "param w: f32[5,6,3,3] "

#define WITHOUT(name, kernel) \
    static void name(dvt_overlay *o) { o->aux_kernels &= ~(1u << DVT_KERNEL_##kernel); }
WITHOUT(no_scale, SCALE)
WITHOUT(no_act, ACT)
WITHOUT(no_pool, POOL)
WITHOUT(no_elt, ELT)
WITHOUT(no_lrn, LRN)
static void no_tables(dvt_overlay *o) { o->function_tables = 0; }
static void large_buffer(dvt_overlay *o) { o->stream_buffer_words_per_bank = 1 << 20; }
static void k_vec_6(dvt_overlay *o) { o->k_vec = 6; }
static void roomy(dvt_overlay *o)
{
    large_buffer(o);
    o->filter_cache_words = 65535;
}

/* ---- values -------------------------------------------------------------------------------- */

static void test_place__feature_maps_are_one_float_image(void **state)
{
    (void)state;
    const char *no = "operand or result is not one float32 image of up to 3 dimensions";

    takes(X "y = unary(x)");
    takes("input x: f32[1,6,8] y = unary(x)");
    takes("input x: f32[1,6] y = unary(x)");
    refuses("input x: f32[2,6,8,8] y = unary(x)", no);
    refuses("input x: f32[6] y = unary(x)", no);
    refuses("input x: f32[1,2,2,2,2] y = unary(x)", no);
    refuses("input x: f16[1,6,8,8] y = unary(x)", no);
    refuses("input x: f32[1,65536] y = unary(x)", no);
    refuses("input x: f32[1,1,1,32768] y = unary(x)", no);
    refuses("const x: f32[1,2] = [1, 2] y = unary(x)", no);
    refuses(X "a, y = split(x, sizes=[2,4]) node \"y\"", no); /* two results */
}

static void test_place__operators_without_a_kernel_are_named(void **state)
{
    (void)state;
    refuses(X "y = softmax(x)", "operator 'softmax' has no kernel on the overlay");
    refuses(X "y = transpose(x, perm=[0,1,3,2])",
            "operator 'transpose' has no kernel on the overlay");
}

static void no_act_in(dvt_overlay *o) { o->connect[DVT_KERNEL_SREAD] = 1u << DVT_KERNEL_WRITE; }
static void no_act_out(dvt_overlay *o) { o->connect[DVT_KERNEL_ACT] = 1u << DVT_KERNEL_SCALE; }
static void no_copies(dvt_overlay *o) { o->connect[DVT_KERNEL_SREAD] = 1u << DVT_KERNEL_ACT; }
static void no_results(dvt_overlay *o) { o->connect[DVT_KERNEL_ARRAY] = 1u << DVT_KERNEL_WRITE; }

static void test_place__the_crossbar_has_to_lead_there(void **state)
{
    (void)state;
    const char *act = "the crossbar does not lead from sread over act to write";

    refuses_on(X "y = unary(x)", no_act_in, act);
    refuses_on(X "y = unary(x)", no_act_out, act);
    refuses_on(X "y = unary(x)", no_copies, "the crossbar does not lead from sread to write");
    refuses_on(X W "y = conv(x, w, kernel=[3,3])", no_results,
               "the crossbar does not lead from array over scale to write");
}

static void test_place__a_row_has_to_fit(void **state)
{
    (void)state;
    takes("input x: f32[1,12,2,200] y = unary(x)"); /* 3 blocks of 200 columns: 600 words */
    refuses("input x: f32[1,12,2,201] y = unary(x)",
            "1 input rows need 603 words, the stream buffer has 600");
}

/* ---- convolution and dense ----------------------------------------------------------------- */

static void test_place__convolutions(void **state)
{
    (void)state;
    takes(X W "y = conv(x, w, kernel=[3,3])");
    takes("input x: f32[1,6,8] param w: f32[5,6,3] y = conv(x, w, kernel=[3], pad_lo=[1])");
    takes(X "param w: f32[6,1,3,3] y = conv(x, w, kernel=[3,3], groups=6)");
    refuses(X "input w: f32[5,6,3,3] y = conv(x, w, kernel=[3,3])",
            "weights are computed at run time");
    refuses(X W "input b: f32[5] y = conv(x, w, b, kernel=[3,3])",
            "weights are computed at run time");
    refuses(X "param w: f32[5,6,6,6] y = conv(x, w, kernel=[6,6])",
            "a 6x6 filter exceeds the filter cache of 30 words");
    refuses("input x: f32[1,12,8,60] param w: f32[5,12,3,3] y = conv(x, w, kernel=[3,3])",
            "4 input rows need 720 words, the stream buffer has 600");
    refuses_on("input x: f32[1,8192,3,3] param w: f32[1,8192,3,3] y = conv(x, w, kernel=[3,3])",
               roomy, "73728 products per result, the accumulator is proved for 65535");
}

static void test_place__windows_stay_within_coordinates(void **state)
{
    (void)state;
    const char *no = "window, stride or padding beyond 16-bit coordinates";

    refuses(X W "y = conv(x, w, kernel=[3,3], pad_lo=[8192,0])", no);
    refuses(X W "y = conv(x, w, kernel=[3,3], stride=[512,1])", no);
    refuses(X W "y = conv(x, w, kernel=[3,3], dilation=[2731,1], pad_lo=[8000,0])", no);
    refuses(X "y = pool(x, kernel=[2,2], stride=[1,512])", no);
}

static void test_place__dense_layers(void **state)
{
    (void)state;
    takes(X "param w: f32[3,6] g = global_pool(x) y = dense(g, w)");
    takes("input x: f32[1,6,2,2] param w: f32[3,24] r = reshape(x, dims=[1,24]) y = dense(r, w)");
    refuses("input x: f32[1,6] input w: f32[3,6] y = dense(x, w)",
            "weights are computed at run time");
    refuses("input x: f32[4,6] param w: f32[3,6] y = dense(x, w)", "more than one row of features");
    refuses("input x: f32[1,1,2,1,3] param w: f32[3,6] y = dense(x, w)",
            "input is not one float32 image");
    refuses(X "param w: f32[3,384] y = dense(x, w)",
            "a 8x8 filter exceeds the filter cache of 30 words");
    refuses_on("input x: f32[1,65535,1,2] param w: f32[1,131070] y = dense(x, w)", roomy,
               "131070 products per result, the accumulator is proved for 65535");
    refuses("input x: f32[1,2404] param w: f32[1,2404] y = dense(x, w)",
            "1 input rows need 601 words, the stream buffer has 600");
}

/* ---- auxiliary kernels --------------------------------------------------------------------- */

static void test_place__pooling(void **state)
{
    (void)state;
    takes(X "y = pool(x, kernel=[3,3], stride=[2,2], ceil_mode=true)");
    takes(X "y = pool(x, kind=avg, kernel=[3,3], pad_lo=[1,1], pad_hi=[1,1], avg_count=padded)");
    takes(X "y = pool(x, kind=avg, kernel=[3,3], stride=[2,2], ceil_mode=true, "
            "avg_count=padded)"); /* without padding: what is inside */
    takes(X "y = pool(x, kind=avg, kernel=[5,5], avg_count=valid)"); /* all of them are */
    takes(X "y = global_pool(x, kind=avg)");
    refuses_on(X "y = global_pool(x)", no_pool, "this overlay has no kernel 'pool'");
    refuses(X "y = pool(x, kind=lp, kernel=[2,2], p=2)",
            "the pooling kernel does maximum and average");
    refuses(X "y = pool(x, kind=avg, kernel=[3,3], stride=[2,2], pad_lo=[1,1], pad_hi=[1,1], "
              "ceil_mode=true, avg_count=padded)",
            "average over windows that reach past the padding has a divisor for each border");
    refuses(X "y = pool(x, kind=avg, kernel=[5,5], pad_lo=[1,1], avg_count=valid)",
            "an average over the valid ones of 25, the kernel knows reciprocals up to 16");
    refuses_on("input x: f32[1,1,300,300] y = global_pool(x)", large_buffer,
               "a window of 90000 exceeds the pooling kernel's 65535");
    refuses("input x: f32[1,12,30,30] y = global_pool(x)",
            "30 input rows need 2700 words, the stream buffer has 600");
}

static void test_place__local_response_normalisation(void **state)
{
    (void)state;
    const char *no = "this overlay has no kernel 'lrn'";

    takes(X "y = lrn(x, size=5, alpha=1, beta=0.75, k=1)");
    refuses_on(X "y = lrn(x, size=5, alpha=1, beta=0.75, k=1)", no_lrn, no);
    refuses_on(X "y = lrn(x, size=5, alpha=1, beta=0.75, k=1)", no_tables,
               "this overlay has no function tables");
    refuses(X "y = lrn(x, size=5, alpha=1, beta=0.75, k=1, within_channel=true)",
            "normalisation within channels");
    refuses(X "y = lrn(x, size=4, alpha=1, beta=0.75, k=1)",
            "a window of 4 channels, the kernel has odd ones up to 5");
    refuses(X "y = lrn(x, size=7, alpha=1, beta=0.75, k=1)",
            "a window of 7 channels, the kernel has odd ones up to 5");
    refuses(X "y = lrn(x, size=5, alpha=1, beta=0.75, k=0)", "k and alpha must be positive");
    refuses_on(X "y = lrn(x, size=5, alpha=1, beta=0.75, k=1)", k_vec_6,
               "channel neighbours need k_vec to be a multiple of c_vec");
}

static void test_place__activations(void **state)
{
    (void)state;
    takes(X "y = unary(x, fn=leaky_relu, alpha=0.1)");
    takes(X "y = unary(x, fn=clip, alpha=0, beta=6)");
    takes(X "y = unary(x, fn=tanh)");
    refuses(X "y = unary(x, fn=exp)", "function 'exp' is not in the activation kernel");
    refuses_on(X "y = unary(x, fn=sigmoid)", no_tables, "this overlay has no function tables");
    refuses_on(X "y = unary(x)", no_act, "this overlay has no kernel 'act'");
}

static void test_place__slopes(void **state)
{
    (void)state;
    takes(X "param s: f32[6,1,1] y = prelu(x, s)");
    takes(X "param s: f32[1] y = prelu(x, s)");
    refuses(X "param s: f32[8] y = prelu(x, s)", "slopes are not one per channel");
    refuses("input x: f32[1,6,8,6] param s: f32[6] y = prelu(x, s)",
            "slopes are not one per channel"); /* along the columns */
    refuses(X "input s: f32[6,1,1] y = prelu(x, s)", "slopes are computed at run time");
    refuses_on(X "param s: f32[1] y = prelu(x, s)", no_act, "this overlay has no kernel 'act'");
}

static void test_place__factors(void **state)
{
    (void)state;
    takes(X "param s: f32[6] param b: f32[6] y = scale(x, s, b)");
    takes(X "param b: f32[6] y = bias(x, b)");
    refuses_on(X "param b: f32[6] y = bias(x, b)", no_scale, "this overlay has no kernel 'scale'");
    refuses(X "param b: f32[8] y = bias(x, b, axis=3)",
            "factors along axis 3, the kernel has one per channel");
    refuses(X "param b: f32[6,8] y = bias(x, b)", "factors are not one constant per channel");
    refuses(X "input b: f32[6] y = bias(x, b)", "factors are not one constant per channel");
}

static void test_place__element_wise(void **state)
{
    (void)state;
    takes(X "z = unary(x) y = binary(x, z, fn2=mul)");
    takes(X "z = unary(x) y = nary(x, z, x, fnn=max)");
    refuses_on(X "y = binary(x, x)", no_elt, "this overlay has no kernel 'elt'");
    refuses(X "y = binary(x, x, fn2=div)", "function 'div' is not in the element-wise kernel");
    refuses(X "y = nary(x, x, fnn=mean)", "function 'mean' is not in the element-wise kernel");
    refuses(X "y = nary(x, x, fnn=min)", "function 'min' is not in the element-wise kernel");
    refuses(X "input z: f32[1,6,1,1] y = binary(x, z)", "operands of different shapes");
    refuses("input x: f32[1,2] const z: f32[1,2] = [1, 2] y = binary(x, z)",
            "an operand is a constant of its own shape");
}

static void test_place__concatenation(void **state)
{
    (void)state;
    takes(X "z = unary(x) y = concat(x, z)");
    refuses(X "y = concat(x, x, axis=2)",
            "concatenation along axis 2, only channels join by address");
    refuses("input x: f32[1,2] const z: f32[1,2] = [1, 2] y = concat(x, z)",
            "an operand is a constant");
    refuses("input x: f32[1,2] input z: f32[1,0] y = concat(x, z)",
            "an operand is not one float32 image");
    refuses("input x: f32[1,2] input z: f32[1,70000] y = concat(x, z)",
            "operand or result is not one float32 image of up to 3 dimensions");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_place__feature_maps_are_one_float_image),
        cmocka_unit_test(test_place__operators_without_a_kernel_are_named),
        cmocka_unit_test(test_place__the_crossbar_has_to_lead_there),
        cmocka_unit_test(test_place__a_row_has_to_fit),
        cmocka_unit_test(test_place__convolutions),
        cmocka_unit_test(test_place__windows_stay_within_coordinates),
        cmocka_unit_test(test_place__dense_layers),
        cmocka_unit_test(test_place__pooling),
        cmocka_unit_test(test_place__local_response_normalisation),
        cmocka_unit_test(test_place__activations),
        cmocka_unit_test(test_place__slopes),
        cmocka_unit_test(test_place__factors),
        cmocka_unit_test(test_place__element_wise),
        cmocka_unit_test(test_place__concatenation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
