/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_onnx_export.c - graphs written as ONNX and read back compute the same bits, operator by
 * operator; what ONNX cannot say is refused by name.
 */
#include "support/fixture.h"

#include "dovetail/formats.h"
#include "dovetail/space.h"

#include <stdio.h>

enum { TEXT = 1024, MAX_VALUES = 4 };

static dvt_graph *read_text(dvt_ctx *ctx, const char *body)
{
    char       text[TEXT];
    dvt_graph *g = NULL;

    snprintf(text, sizeof text, "dvg 1 net\n%s\n", body);
    expect_ok(ctx, dvt_graph_parse(ctx, "net.dvg", text, strlen(text), &g));
    expect_ok(ctx, dvt_graph_seed_params(g, 7));
    return g;
}

static dvt_graph *there_and_back(dvt_ctx *ctx, const dvt_graph *g)
{
    dvt_graph *back = NULL;
    dvt_buf    bytes;

    dvt_buf_init(&bytes, ctx, 0);
    expect_ok(ctx, dvt_onnx_save(g, &bytes));
    expect_ok(ctx,
              dvt_onnx_parse(ctx, "net.onnx", (const uint8_t *)bytes.data, bytes.len, NULL, &back));
    dvt_buf_deinit(&bytes);
    return back;
}

/* Random inputs, 0 and -0 among them; whole numbers for integer types. */
static void fill(dvt_tensor *t, dvt_rng *rng)
{
    int64_t count = dvt_shape_count(&t->shape);

    for (int64_t i = 0; i < count; i++) {
        double  v = i % 7 == 3 ? 0.0 : i % 7 == 5 ? -0.0 : 2.0 * dvt_rng_normal(rng);
        int64_t whole = (int64_t)dvt_rng_below(rng, 3);
        switch (t->dtype) {
        case DVT_DTYPE_F32: ((float *)t->data)[i] = (float)v; break;
        case DVT_DTYPE_F64: ((double *)t->data)[i] = v; break;
        case DVT_DTYPE_I64: ((int64_t *)t->data)[i] = whole; break;
        case DVT_DTYPE_I32: ((int32_t *)t->data)[i] = (int32_t)whole; break;
        default: ((uint8_t *)t->data)[i] = (uint8_t)(whole & 1);
        }
    }
}

static dvt_exec *run(dvt_ctx *ctx, const dvt_graph *g)
{
    dvt_tensor    in[MAX_VALUES];
    dvt_exec_opts opts = {.kind = DVT_EXEC_NAIVE};
    dvt_exec     *x = NULL;
    dvt_rng       rng = dvt_rng_make(9, 0);
    int32_t       count = dvt_graph_input_count(g);

    for (int32_t i = 0; i < count; i++) {
        const dvt_value *v = dvt_graph_value(g, dvt_graph_input(g, i));
        expect_ok(ctx, dvt_tensor_init(ctx, v->dtype, &v->shape, &in[i]));
        fill(&in[i], &rng);
    }
    expect_ok(ctx, dvt_exec_create(g, &opts, &x));
    expect_ok(ctx, dvt_exec_run(x, in, count));
    for (int32_t i = 0; i < count; i++) {
        dvt_tensor_deinit(ctx, &in[i]);
    }
    return x;
}

static void expect_same(dvt_ctx *ctx, const dvt_graph *a, const dvt_graph *b, const char *what)
{
    dvt_exec *xa = run(ctx, a), *xb = run(ctx, b);

    assert_int_equal(dvt_graph_output_count(a), dvt_graph_output_count(b));
    for (int32_t i = 0; i < dvt_graph_output_count(a); i++) {
        dvt_tensor ta, tb;
        expect_ok(ctx, dvt_exec_tensor(xa, dvt_graph_output(a, i), &ta));
        expect_ok(ctx, dvt_exec_tensor(xb, dvt_graph_output(b, i), &tb));
        assert_int_equal(ta.dtype, tb.dtype);
        assert_true(dvt_shape_equal(&ta.shape, &tb.shape));
        if (memcmp(ta.data, tb.data, ta.bytes) != 0) {
            fail_msg("other bits after the way through ONNX:\n%s", what);
        }
        assert_string_equal(dvt_graph_value(a, dvt_graph_output(a, i))->name,
                            dvt_graph_value(b, dvt_graph_output(b, i))->name);
    }
    dvt_exec_destroy(xa);
    dvt_exec_destroy(xb);
}

static void expect_same_bits(dvt_ctx *ctx, const char *body)
{
    dvt_graph *g = read_text(ctx, body), *back = there_and_back(ctx, g);

    expect_same(ctx, g, back, body);
    dvt_graph_destroy(g);
    dvt_graph_destroy(back);
}

static void expect_all(dvt_ctx *ctx, const char *head, const char *const *lines, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char body[TEXT];
        snprintf(body, sizeof body, "%s\n%s\noutput y", head, lines[i]);
        expect_same_bits(ctx, body);
    }
}

#define EXPECT_ALL(ctx, head, lines) expect_all(ctx, head, lines, sizeof(lines) / sizeof *(lines))

/* ---- operators ----------------------------------------------------------------------------- */

static void test_onnx_export__windows_keep_their_bits(void **state)
{
    static const char        head[] = "input x: f32[2,6,9,7]\n"
                                      "param w: f32[4,3,3,2]\nparam b: f32[4]\n"
                                      "param t: f32[6,4,3,2]\nparam c: f32[6]\nparam d: f32[6]\n"
                                      "const m: f32[6] = [0.0,1.0,-1.0,0.5,2.0,-0.25]\n"
                                      "const v: f32[6] = [1.0,0.5,2.0,0.25,1.5,3.0]";
    static const char *const lines[] = {
        "y = conv(x, w, b, kernel=[3,2], stride=[2,1], dilation=[1,2], pad_lo=[1,0], "
        "pad_hi=[0,1], groups=2)",
        "y = conv(x, w, kernel=[3,2], groups=2)",
        "y = conv_transpose(x, t, kernel=[3,2], stride=[2,3], pad_lo=[1,0], pad_hi=[0,1], "
        "output_pad=[1,2])",
        "y = pool(x, kind=max, kernel=[3,3], stride=[2,2], pad_lo=[1,1], pad_hi=[1,1])",
        "y = pool(x, kind=max, kernel=[3,2], stride=[2,2], ceil_mode=true)",
        "y = pool(x, kind=max, kernel=[2,2], dilation=[2,3])",
        "y = pool(x, kind=avg, kernel=[3,3], pad_lo=[1,1], pad_hi=[1,1], avg_count=valid)",
        "y = pool(x, kind=avg, kernel=[3,3], pad_lo=[1,1], pad_hi=[1,1], avg_count=kernel)",
        "y = pool(x, kind=avg, kernel=[2,2], stride=[2,2], pad_hi=[1,1], ceil_mode=true, "
        "avg_count=padded)",
        "y = pool(x, kind=avg, kernel=[2,2], dilation=[2,2], avg_count=valid)",
        "y = pool(x, kind=lp, kernel=[2,3], p=3)",
        "y = global_pool(x, kind=avg)",
        "y = global_pool(x, kind=max)",
        "y = global_pool(x, kind=lp, p=3)",
        "y = lrn(x, size=5, alpha=0.01, beta=0.6, k=2.0)",
        "y = batch_norm(x, c, d, m, v, epsilon=0.001)",
        "y = instance_norm(x, c, d, epsilon=0.01)",
        "y = scale(x, c, d, axis=1)",
        "y = scale(x, c, axis=1)",
        "y = bias(x, d, axis=1)",
        "y = prelu(x, c2)",
    };

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char body[TEXT];
        bool slope = strstr(lines[i], "c2") != NULL;
        snprintf(body, sizeof body, "%s\n%s%s\noutput y", head,
                 slope ? "param c2: f32[6,1,1]\n" : "", lines[i]);
        expect_same_bits(*state, body);
    }
}

static void test_onnx_export__products_keep_their_bits(void **state)
{
    static const char        head[] = "input x: f32[3,4,5]\ninput r: f32[3,20]\n"
                                      "param w: f32[7,20]\nparam v: f32[7,5]\nparam b: f32[7]\n"
                                      "param u: f32[7,60]\nparam n: f32[20,6]\nparam c: f32[6]\n"
                                      "param k: f32[5,6]\n"
                                      "param s: f32[4,5]\nparam z: f32[4,5]";
    static const char *const lines[] = {
        "y = dense(x, w, b, axis=1)",
        "y = dense(x, v, axis=2)",
        "y = dense(x, u, b, axis=0)",
        "y = dense(r, w, axis=1)",
        "y = matmul(x, k)",
        "y = gemm(r, n, c, alpha=0.5, beta=2.0)",
        "y = gemm(r, w, trans_b=true)",
        "y = scale(x, s, z, axis=1)",
        "y = scale(x, s, axis=1)",
        "y = bias(x, z, axis=1)",
    };

    EXPECT_ALL(*state, head, lines);
}

static void test_onnx_export__functions_keep_their_bits(void **state)
{
    static const char *const one[] = {
        "relu",
        "leaky_relu, alpha=0.1",
        "clip, alpha=-1.0, beta=0.5",
        "elu, alpha=0.7",
        "selu, alpha=1.5, gamma=1.1",
        "celu, alpha=1.2",
        "thresholded_relu, alpha=0.4",
        "sigmoid",
        "hard_sigmoid, alpha=0.3, beta=0.4",
        "hard_swish, alpha=0.16666667, beta=0.5",
        "tanh",
        "softplus",
        "softsign",
        "mish",
        "gelu",
        "gelu, alpha=1.0",
        "exp",
        "log",
        "sqrt",
        "abs",
        "neg",
        "reciprocal",
        "floor",
        "ceil",
        "round",
        "sign",
        "erf",
        "sin",
        "cos",
        "tan",
        "asin",
        "acos",
        "atan",
        "sinh",
        "cosh",
        "asinh",
        "acosh",
        "atanh",
        "power, alpha=1.0",
        "power, alpha=1.0, beta=0.3, gamma=1.0",
        "power, alpha=1.0, gamma=-0.7",
        "power, alpha=2.0, beta=0.3, gamma=0.5",
        "power, alpha=-0.5, beta=9.0, gamma=0.1",
    };
    static const char        head[] = "input x: f32[2,3,4]\ninput a: f32[3,1]\n"
                                      "input p: bool[2,3,4]\ninput q: bool[4]";
    static const char *const two[] = {
        "y = binary(x, a, fn2=add)",
        "y = binary(x, a, fn2=sub)",
        "y = binary(x, a, fn2=mul)",
        "y = binary(x, a, fn2=div)",
        "y = binary(x, a, fn2=pow)",
        "y = binary(x, a, fn2=max)",
        "y = binary(x, a, fn2=min)",
        "y = binary(x, a, fn2=mod, fmod=true)",
        "y = binary(x, a, fn2=equal)",
        "y = binary(x, a, fn2=less)",
        "y = binary(x, a, fn2=greater)",
        "y = binary(x, a, fn2=less_equal)",
        "y = binary(a, x, fn2=greater_equal)",
        "y = binary(p, q, fn2=and)",
        "y = binary(p, q, fn2=or)",
        "y = binary(p, q, fn2=xor)",
        "y = unary(p, fn=not)",
        "y = nary(x, a, x, fnn=sum)",
        "y = nary(x, a, x, fnn=mean)",
        "y = nary(x, a, x, fnn=max)",
        "y = nary(x, a, x, fnn=min)",
        "y = nary(x, a, x, a, fnn=prod)",
        "y = nary(x, fnn=prod)",
        "y = where(p, x, a)",
        "y = identity(x)",
        "y = softmax(x, kind=softmax, axis=1)",
        "y = softmax(x, kind=log_softmax, axis=2)",
        "y = softmax(x, kind=hardmax, axis=0)",
        "y = softmax(x, kind=softmax, axis=1, flatten=true)",
        "y = softmax(x, kind=log_softmax, axis=2, flatten=true)",
    };

    for (size_t i = 0; i < sizeof one / sizeof one[0]; i++) {
        char body[TEXT];
        snprintf(body, sizeof body, "input x: f32[5,9]\ny = unary(x, fn=%s)\noutput y", one[i]);
        expect_same_bits(*state, body);
    }
    EXPECT_ALL(*state, head, two);
    expect_same_bits(*state, "input x: f64[5,9]\n"
                             "y = unary(x, fn=power, alpha=2.0, beta=0.5, gamma=0.3)\noutput y");
}

static void test_onnx_export__reductions_keep_their_bits(void **state)
{
    static const char *const fns[] = {"sum", "mean", "max",        "min",     "prod",
                                      "l1",  "l2",   "sum_square", "log_sum", "log_sum_exp"};
    static const char        head[] = "input x: f32[2,3,4]\ninput i: i64[2,3]";
    static const char *const lines[] = {
        "y = reduce(x, rfn=argmax, axes=[1], keep_dims=false)",
        "y = reduce(x, rfn=argmin, axes=[2], keep_dims=true, select_last=true)",
        "y = cumsum(x, axis=1)",
        "y = cumsum(x, axis=2, exclusive=true, reverse=true)",
        "y = cast(x, dtype=i32)",
        "y = cast(i, dtype=f32)",
        "h = cast(x, dtype=f16)\ny = cast(h, dtype=f32)",
    };

    for (size_t i = 0; i < sizeof fns / sizeof fns[0]; i++) {
        char body[TEXT];
        snprintf(body, sizeof body,
                 "input x: f32[2,3,4]\na = reduce(x, rfn=%s, axes=[0,2], keep_dims=false)\n"
                 "b = reduce(x, rfn=%s, axes=[1], keep_dims=true)\noutput a\noutput b",
                 fns[i], fns[i]);
        expect_same_bits(*state, body);
        /* an operator of opset 20 behind it: axes become inputs */
        snprintf(body, sizeof body,
                 "input x: f32[2,3,4]\na = reduce(x, rfn=%s, axes=[1], keep_dims=true)\n"
                 "b = unary(a, fn=gelu)\noutput b",
                 fns[i]);
        expect_same_bits(*state, body);
    }
    EXPECT_ALL(*state, head, lines);
    expect_same_bits(*state, "input x: f32[7]\nh = cast(x, dtype=f16)\noutput h");
}

static void test_onnx_export__moves_keep_their_bits(void **state)
{
    static const char        head[] = "input x: f32[2,8,4,6]\ninput z: f32[2,3,4,6]\n"
                                      "input i: i32[5]";
    static const char *const lines[] = {
        "y = concat(x, z, x, axis=1)",
        "y = slice(x, axes=[1,3], starts=[6,-5], ends=[0,5], steps=[-2,1])",
        "a, b = split(x, axis=1, sizes=[3,5])\ny = concat(b, a, axis=1)",
        "a, b = split(x, axis=3)\ny = concat(b, a, axis=3)",
        "y = reshape(x, dims=[2,32,6])",
        "y = transpose(x, perm=[3,1,0,2])",
        "y = pad(x, mode=constant, pad_lo=[0,1,2,0], pad_hi=[0,0,1,3], value=1.5)",
        "y = pad(x, mode=constant, pad_lo=[0,0,-1,0], pad_hi=[0,0,1,-2])",
        "y = pad(x, mode=reflect, pad_lo=[0,0,2,1], pad_hi=[0,0,1,3])",
        "y = pad(x, mode=edge, pad_lo=[0,0,2,1], pad_hi=[0,0,1,3])",
        "y = pad(x, mode=wrap, pad_lo=[0,0,2,1], pad_hi=[0,0,1,3])",
        "y = depth_to_space(x, block=2, order=dcr)",
        "y = depth_to_space(x, block=2, order=crd)",
        "y = space_to_depth(x, block=2)",
        "a = slice(x, axes=[1], starts=[0], ends=[1], steps=[1])\ny = expand(a, dims=[2,5,4,6])",
        "y = tile(x, dims=[1,2,1,3])",
        "y = gather(x, i, axis=1)",
        "y = resize(x, mode=nearest, dims=[2,8,8,12], coord=asymmetric, nearest=floor)",
        "y = resize(x, mode=linear, dims=[2,8,7,11], coord=half_pixel)",
        "y = resize(x, mode=linear, dims=[2,8,7,11], coord=align_corners)",
        "y = resize(x, mode=cubic, dims=[2,8,9,13], coord=half_pixel, cubic_a=-0.5, "
        "exclude_outside=true)",
        "y = resize(x, mode=linear, dims=[2,8,6,9], scale=[0.0,0.0,1.6,1.6], coord=half_pixel)",
        "y = resize(x, mode=nearest, dims=[2,8,3,4], coord=half_pixel_symmetric, "
        "nearest=round_prefer_ceil)",
    };

    EXPECT_ALL(*state, head, lines);
}

/* ---- whole networks ------------------------------------------------------------------------ */

static void test_onnx_export__networks_of_the_spaces_keep_their_bits(void **state)
{
    static const char *const spaces[] = {"nasbench201", "nasbench101"};
    dvt_rng                  rng = dvt_rng_make(21, 0);

    for (int i = 0; i < 2; i++) {
        dvt_space *s = NULL;
        expect_ok(*state, dvt_space_create(*state, spaces[i], &s));
        for (int k = 0; k < (i ? 3 : 20); k++) {
            dvt_point       p = dvt_space_sample(s, &rng);
            dvt_graph      *g = NULL, *back = NULL;
            dvt_graph_stats a, b;
            expect_ok(*state, dvt_space_graph(s, &p, NULL, &g));
            expect_ok(*state, dvt_graph_seed_params(g, 1));
            back = there_and_back(*state, g);
            dvt_graph_stats_of(g, &a);
            dvt_graph_stats_of(back, &b);
            assert_int_equal(a.macs, b.macs);
            if (k < 2 && i == 0) { /* naive kernels take their time */
                expect_same(*state, g, back, spaces[i]);
            }
            dvt_graph_destroy(g);
            dvt_graph_destroy(back);
        }
        dvt_space_destroy(s);
    }
}

static void test_onnx_export__the_same_graph_gives_the_same_bytes(void **state)
{
    dvt_graph *g = read_text(*state, "input x: f32[1,3,8,8]\nparam w: f32[4,3,3,3]\n"
                                     "y = conv(x, w, kernel=[3,3])\noutput y");
    dvt_buf    a, b;

    dvt_buf_init(&a, *state, 0);
    dvt_buf_init(&b, *state, 0);
    expect_ok(*state, dvt_onnx_save(g, &a));
    expect_ok(*state, dvt_onnx_save(g, &b));
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.data, b.data, a.len);
    dvt_buf_deinit(&a);
    dvt_buf_deinit(&b);
    dvt_graph_destroy(g);
}

/* Names of values between nodes keep clear of the graph's own. */
static void test_onnx_export__names_that_look_like_ours_do_not_collide(void **state)
{
    expect_same_bits(*state, "input \"y/1\": f32[2,3,4]\ninput \"y/2\": f32[3,4]\n"
                             "y = bias(\"y/1\", \"y/2\", axis=1)\n"
                             "z: f32[2,3,4] = softmax(y, kind=softmax, axis=1, flatten=true)\n"
                             "output y\noutput z");
}

/* ---- refusals ------------------------------------------------------------------------------ */

static void expect_refusal(dvt_ctx *ctx, const char *body, dvt_status want, const char *text)
{
    char       full[TEXT];
    dvt_graph *g = NULL;
    dvt_buf    bytes;

    snprintf(full, sizeof full, "dvg 1 net\n%s\noutput y\n", body);
    expect_ok(ctx, dvt_graph_parse(ctx, "net.dvg", full, strlen(full), &g));
    dvt_buf_init(&bytes, ctx, 0);
    expect_failure(ctx, dvt_onnx_save(g, &bytes), want, text);
    dvt_buf_deinit(&bytes);
    dvt_graph_destroy(g);
}

static void test_onnx_export__what_onnx_cannot_say_is_refused_by_name(void **state)
{
    expect_refusal(*state, "input x: f32[1,2,5,5]\ny = lrn(x, within_channel=true)",
                   DVT_E_UNSUPPORTED, "node 'y' (lrn) has no form in ONNX: ONNX normalises across");
    expect_refusal(*state,
                   "input x: f32[1,2,5,5]\ny = pool(x, kind=avg, kernel=[2,2], stride=[2,2], "
                   "ceil_mode=true, avg_count=kernel)",
                   DVT_E_UNSUPPORTED, "hangs over the pads");
    expect_refusal(*state, "input x: f32[2,2]\nparam w: f32[2,2]\ny = matmul(x, w)", DVT_E_USAGE,
                   "parameter 'w' has no data");
    expect_refusal(*state, "input x: f16[2,2]\ny = unary(x, fn=relu)", DVT_E_UNSUPPORTED,
                   "value 'x' is f16");
    expect_refusal(*state, "input x: f32[2,2]\ny = reduce(x, rfn=sum, axes=[], keep_dims=true)",
                   DVT_E_UNSUPPORTED, "over no axis");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_onnx_export__windows_keep_their_bits),
        FIXTURE_TEST(test_onnx_export__products_keep_their_bits),
        FIXTURE_TEST(test_onnx_export__functions_keep_their_bits),
        FIXTURE_TEST(test_onnx_export__reductions_keep_their_bits),
        FIXTURE_TEST(test_onnx_export__moves_keep_their_bits),
        FIXTURE_TEST(test_onnx_export__networks_of_the_spaces_keep_their_bits),
        FIXTURE_TEST(test_onnx_export__the_same_graph_gives_the_same_bytes),
        FIXTURE_TEST(test_onnx_export__names_that_look_like_ours_do_not_collide),
        FIXTURE_TEST(test_onnx_export__what_onnx_cannot_say_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
