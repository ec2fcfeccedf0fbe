/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault_compile.c - compiling survives every refused allocation: a network with residual sum,
 * concatenation, normalisation, groups, slopes and a host step, whole and sliced, and in int8.
 */
#include "dovetail/compile.h"
#include "fault/fault.h"

#include <string.h>

static const char net[] =
    "dvg 1 t input x: f32[1,20,6,6] param w: f32[20,20,3,3] param b: f32[20] "
    "c = conv(x, w, b, kernel=[3,3], pad_lo=[1,1], pad_hi=[1,1]) s = binary(c, x) "
    "r = unary(s) param g: f32[8,5,1,1] h = conv(r, g, groups=4) k = concat(h, r) "
    "l = lrn(k, size=3, alpha=1, beta=0.75, k=1) p = pool(l, kernel=[2,2], stride=[2,2]) "
    "m = softmax(p) t = unary(m, fn=tanh) param v: f32[5,252] f = reshape(t, dims=[1,252]) "
    "y = dense(f, v) param a: f32[5] z = prelu(y, a) output z";

typedef struct compile_case {
    const char *overlay;
    int32_t     words; /* of the stream buffer; 0 = as the overlay says */
    bool        samples;
} compile_case;

static dvt_status compile(dvt_graph *g, const compile_case *c, const dvt_tensor *sample)
{
    dvt_program *p = NULL;
    dvt_overlay  o;
    const char  *keep = "s";
    dvt_status   st = dvt_overlay_load(dvt_graph_ctx(g), c->overlay, &o);

    if (c->words) {
        o.stream_buffer_banks = 1;
        o.stream_buffer_words_per_bank = c->words;
    }
    if (st == DVT_OK) {
        st = dvt_compile(g,
                         &(dvt_compile_opts){.overlay = &o,
                                             .keep = &keep,
                                             .keep_count = 1,
                                             .samples = sample,
                                             .sample_count = c->samples},
                         &p);
    }
    dvt_program_destroy(p);
    return st;
}

static dvt_status parse_and_compile(dvt_ctx *ctx, void *ud)
{
    const compile_case *c = ud;
    dvt_graph          *g = NULL;
    dvt_tensor          x = {0};
    dvt_status          st = dvt_graph_parse(ctx, "net", net, strlen(net), &g);

    if (st == DVT_OK) {
        st = dvt_graph_seed_params(g, 1);
    }
    if (st == DVT_OK && c->samples) {
        const dvt_shape shape = DVT_SHAPE(1, 20, 6, 6);
        st = dvt_tensor_init(ctx, DVT_DTYPE_F32, &shape, &x);
    }
    if (st == DVT_OK) {
        st = compile(g, c, &x);
    }
    dvt_tensor_deinit(ctx, &x);
    dvt_graph_destroy(g);
    return st;
}

static void fault_compile__whole_maps(void **state)
{
    (void)state;
    assert_true(fault_sweep(parse_and_compile,
                            &(compile_case){.overlay = "overlays/small-fp11.json"}) > 50);
}

static void fault_compile__slices(void **state)
{
    (void)state;
    assert_true(
        fault_sweep(parse_and_compile, &(compile_case){.overlay = "overlays/small-fp11.json",
                                                       .words = 120}) > 50);
}

static void fault_compile__int8(void **state)
{
    (void)state;
    assert_true(
        fault_sweep(parse_and_compile, &(compile_case){.overlay = "overlays/small-int8.json",
                                                       .samples = true}) > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fault_compile__whole_maps),
        cmocka_unit_test(fault_compile__slices),
        cmocka_unit_test(fault_compile__int8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
