/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_compile.c - what the compiler refuses and how it says so; kept values; the books of a
 * program: multiply-accumulates, memory, names; the same bytes from every run and thread count.
 */
#include "support/graph_tools.h"
#include "support/program_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SMALL "overlays/small-fp11.json"
#define NET                                                                      \
    "dvg 1 net input x: f32[1,8,6,6] param w: f32[16,8,3,3] param b: f32[16] "   \
    "c = conv(x, w, b, kernel=[3,3]) r = unary(c) param v: f32[16,1,3,3] "       \
    "d = conv(r, v, kernel=[3,3], groups=16) s = softmax(d) param u: f32[5,64] " \
    "f = reshape(s, dims=[1,64]) y = dense(f, u) output y"

/* ---- refusals ------------------------------------------------------------------------------ */

static void refused(program_case *t, dvt_compile_opts opts, dvt_status want, const char *message,
                    const char *hint)
{
    dvt_status       st = program_try(t, opts);
    const dvt_error *e = dvt_ctx_error(t->ctx);

    assert_int_equal(st, want);
    assert_string_equal(e->message, message);
    assert_string_equal(e->hint, hint);
    assert_null(t->p);
    program_close(t);
}

static void test_compile__batches_are_refused(void **state)
{
    (void)state;
    program_case t = program_open(SMALL, "dvg 1 t input x: f32[4,3,8,8] y = unary(x) output y");

    refused(&t, (dvt_compile_opts){0}, DVT_E_UNSUPPORTED,
            "input 'x' holds 4 images, the overlay takes one at a time",
            "read the model with batch 1 (--batch 1)");
}

static void test_compile__weights_have_to_be_there(void **state)
{
    (void)state;
    program_case      t = program_open(SMALL, "dvg 1 t input x: f32[1,2] y = unary(x) output y");
    static const char text[] =
        "dvg 1 t input x: f32[1,2] param w: f32[3,2] y = dense(x, w) output y";
    dvt_graph *seeded = t.g;

    tool_ok(t.ctx, dvt_graph_parse(t.ctx, "t", text, strlen(text), &t.g));
    dvt_graph_destroy(seeded);
    refused(&t, (dvt_compile_opts){0}, DVT_E_USAGE, "parameter 'w' has no data",
            "give trained weights with --weights FILE, or --seed-weights for random ones");
}

static void test_compile__int8_needs_samples(void **state)
{
    (void)state;
    program_case t = program_open("overlays/small-int8.json", NET);

    refused(&t, (dvt_compile_opts){0}, DVT_E_USAGE,
            "overlay 'small-int8' computes in int8, which needs sample inputs",
            "give typical inputs with --calibrate FILE.npy, or use a block floating point overlay");
}

static void test_compile__unknown_optimisations_are_named(void **state)
{
    (void)state;
    program_case t = program_open(SMALL, NET);
    const char  *ours = "fuse-scales", *pass = "fold-constant", *far = "zzz";

    assert_int_equal(program_try(&t, (dvt_compile_opts){.disable = &pass, .disable_count = 1}),
                     DVT_E_USAGE);
    assert_string_equal(dvt_ctx_error(t.ctx)->hint, "did you mean 'fold-constants'?");
    dvt_ctx_clear_error(t.ctx);
    assert_int_equal(program_try(&t, (dvt_compile_opts){.disable = &far, .disable_count = 1}),
                     DVT_E_USAGE);
    assert_string_equal(dvt_ctx_error(t.ctx)->hint, "");
    dvt_ctx_clear_error(t.ctx);
    refused(&t, (dvt_compile_opts){.disable = &ours, .disable_count = 1}, DVT_E_USAGE,
            "there is no optimisation 'fuse-scales'", "did you mean 'fuse-scale'?");
}

static void test_compile__unknown_values_cannot_be_kept(void **state)
{
    (void)state;
    program_case t =
        program_open(SMALL, "dvg 1 t input data: f32[1,2] fc1 = unary(data) output fc1");
    const char *near = "fc7", *far = "nothing like it";

    assert_int_equal(program_try(&t, (dvt_compile_opts){.keep = &far, .keep_count = 1}),
                     DVT_E_NOTFOUND);
    assert_string_equal(dvt_ctx_error(t.ctx)->hint,
                        "'dovetail info MODEL --values' lists the names");
    dvt_ctx_clear_error(t.ctx);
    refused(&t, (dvt_compile_opts){.keep = &near, .keep_count = 1}, DVT_E_NOTFOUND,
            "the network has no value 'fc7'", "did you mean 'fc1'?");
}

/* small-fp11: words of 8 features and of 8 weights are 8 bytes. */
static void test_compile__features_have_to_fit_into_external_memory(void **state)
{
    (void)state;
    program_case t = program_open(SMALL, "dvg 1 t input x: f32[1,8,128,64] y = unary(x) output y");

    t.o.memory_bytes = 2 * 128 * 64 * 8; /* exactly */
    program_compile(&t, NULL);
    assert_int_equal(t.p->memory_bytes, t.o.memory_bytes);
    t.o.memory_bytes--;
    refused(&t, (dvt_compile_opts){0}, DVT_E_CAPACITY,
            "features need more than the overlay's 131071 bytes of external memory", "");
}

static void test_compile__filters_count_as_external_memory_too(void **state)
{
    (void)state;
    program_case t = program_open(
        SMALL, "dvg 1 t input x: f32[1,8,64,64] param w: f32[16,8,1,1] y = conv(x, w) output y");

    program_compile(&t, NULL);
    /* 1 block in, 2 out; 16 words of filters, 16 rows of parameters */
    assert_int_equal(t.p->image_bytes, 16 * 8 + 16 * 16);
    assert_int_equal(t.p->memory_bytes, 3 * 64 * 64 * 8 + 384);
    t.o.memory_bytes = t.p->memory_bytes - 1;
    refused(&t, (dvt_compile_opts){0}, DVT_E_CAPACITY,
            "filters and features need 98688 bytes, the overlay's external memory has 98687", "");
}

/* ---- books --------------------------------------------------------------------------------- */

static int64_t overlay_macs(const dvt_program *p)
{
    int64_t sum = 0;

    for (int32_t i = 0; i < p->word_count; i++) {
        sum += p->notes[i].macs;
    }
    return sum;
}

static void test_compile__macs_of_notes_and_host_are_the_network_s(void **state)
{
    (void)state;
    program_case    t = program_open(SMALL, NET);
    dvt_graph_stats whole, host;

    program_compile(&t, NULL);
    dvt_graph_stats_of(t.g, &whole);
    dvt_graph_stats_of(t.p->host, &host);
    assert_int_equal(whole.macs, 16 * 8 * 9 * 16 + 16 * 9 * 4 + 320);
    assert_int_equal(t.p->macs, whole.macs);
    assert_int_equal(overlay_macs(t.p) + host.macs, whole.macs);
    program_close(&t);
}

/* A layer may be called whatever it likes. */
static void test_compile__layers_called_like_loads_keep_their_macs(void **state)
{
    (void)state;
    program_case t = program_open(SMALL, "dvg 1 t input x: f32[1,8,2,2] param w: f32[4,8,1,1] "
                                         "\"load it\" = conv(x, w) output \"load it\"");

    program_compile(&t, NULL);
    assert_int_equal(overlay_macs(t.p), 8 * 4 * 4);
    program_close(&t);
}

static void test_compile__sliced_work_is_counted_once(void **state)
{
    (void)state;
    program_case t = program_open(SMALL, "dvg 1 t input x: f32[1,8,32,32] param w: f32[16,8,3,3] "
                                         "y = conv(x, w, kernel=[3,3]) output y");

    t.o.stream_buffer_banks = 1;
    t.o.stream_buffer_words_per_bank = 200; /* 6 rows of 32 columns */
    program_compile(&t, NULL);
    assert_true(t.p->word_count > 4);
    assert_int_equal(overlay_macs(t.p), 30 * 30 * 16 * 8 * 9);
    program_close(&t);
}

static void test_compile__kept_values_are_further_outputs(void **state)
{
    (void)state;
    program_case t = program_open(SMALL, NET);
    const char  *keep[] = {"d", "y", "c"};

    tool_ok(t.ctx, program_try(&t, (dvt_compile_opts){.keep = keep, .keep_count = 3}));
    assert_int_equal(dvt_graph_output_count(t.p->host), 3); /* y is one already */
    for (int32_t i = 0; i < 3; i++) {
        dvt_value_id v = dvt_graph_output(t.p->host, i);
        assert_string_equal(dvt_graph_value(t.p->host, v)->name,
                            ((const char *[]){"y", "d", "c"})[i]);
    }
    program_close(&t);
}

static void test_compile__naive_switches_every_optimisation_off(void **state)
{
    (void)state;
    program_case t = program_open(SMALL, "dvg 1 t input x: f32[1,8,2,2] param w: f32[4,8,1,1] "
                                         "c = conv(x, w) y = unary(c) output y");

    tool_ok(t.ctx, program_try(&t, (dvt_compile_opts){.naive = true}));
    program_expect(&t, "upload x\nc: load, array scale > memory\ny: load, sread act > memory\n"
                       "download y\n");
    assert_string_equal(t.p->options_json, "{\"naive\":true,\"disable\":[],\"keep\":[]}");
    program_close(&t);
}

static void test_compile__options_are_recorded(void **state)
{
    (void)state;
    program_case t = program_open(SMALL, NET);
    const char  *disable[] = {"fuse-scale", "fold-constants"}, *keep = "d";

    tool_ok(t.ctx, program_try(&t, (dvt_compile_opts){.disable = disable,
                                                      .disable_count = 2,
                                                      .keep = &keep,
                                                      .keep_count = 1}));
    assert_string_equal(t.p->options_json, "{\"naive\":false,\"disable\":[\"fuse-scale\","
                                           "\"fold-constants\"],\"keep\":[\"d\"]}");
    program_close(&t);
}

/* ---- determinism --------------------------------------------------------------------------- */

static void saved(uint32_t jobs, dvt_buf *out)
{
    dvt_ctx     *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = jobs});
    dvt_graph   *g;
    dvt_overlay  o;
    dvt_program *p;

    tool_ok(ctx, dvt_graph_parse(ctx, "net", NET, strlen(NET), &g));
    tool_ok(ctx, dvt_graph_seed_params(g, 5));
    tool_ok(ctx, dvt_overlay_load(ctx, SMALL, &o));
    tool_ok(ctx, dvt_compile(g, &(dvt_compile_opts){.overlay = &o}, &p));
    tool_ok(ctx, dvt_program_save(p, out));
    dvt_program_destroy(p);
    dvt_graph_destroy(g);
    dvt_ctx_destroy(ctx);
}

static void test_compile__programs_are_the_same_bytes_on_any_number_of_threads(void **state)
{
    (void)state;
    dvt_ctx *ctx = dvt_ctx_create(NULL);
    dvt_buf  first, other;

    dvt_buf_init(&first, ctx, 0);
    dvt_buf_init(&other, ctx, 0);
    saved(1, &first);
    for (uint32_t jobs = 1; jobs <= 4; jobs += 3) {
        dvt_buf_reset(&other);
        saved(jobs, &other);
        assert_int_equal(other.len, first.len);
        assert_memory_equal(other.data, first.data, first.len);
    }
    dvt_buf_deinit(&first);
    dvt_buf_deinit(&other);
    dvt_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compile__batches_are_refused),
        cmocka_unit_test(test_compile__weights_have_to_be_there),
        cmocka_unit_test(test_compile__int8_needs_samples),
        cmocka_unit_test(test_compile__unknown_optimisations_are_named),
        cmocka_unit_test(test_compile__unknown_values_cannot_be_kept),
        cmocka_unit_test(test_compile__features_have_to_fit_into_external_memory),
        cmocka_unit_test(test_compile__filters_count_as_external_memory_too),
        cmocka_unit_test(test_compile__macs_of_notes_and_host_are_the_network_s),
        cmocka_unit_test(test_compile__layers_called_like_loads_keep_their_macs),
        cmocka_unit_test(test_compile__sliced_work_is_counted_once),
        cmocka_unit_test(test_compile__kept_values_are_further_outputs),
        cmocka_unit_test(test_compile__naive_switches_every_optimisation_off),
        cmocka_unit_test(test_compile__options_are_recorded),
        cmocka_unit_test(test_compile__programs_are_the_same_bytes_on_any_number_of_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
