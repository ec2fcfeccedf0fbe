/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_sim.c - whole runs: steps, transfers, what is refused, counters, and the same bits always.
 *
 * Program   host graph z = relu(y) with the network's input x and the overlay's y, 3 x 2 x 2 each;
 *           x goes up in two blocks of two slots, one word copies all eight blocks, y comes down.
 */
#include "dovetail/compile.h"
#include "support/arrays.h"
#include "support/fixture.h"
#include "support/graph_tools.h"
#include "support/random_cnn.h"
#include "support/sim_words.h"

#include <math.h>

enum { CHANNELS = 3, PLANE = 4, BLOCKS = 8 };

/* Channels 2 and 0, then nothing and 1. */
static const int32_t slots[] = {2, 0, -1, 1};

typedef struct net_case {
    sim_words          s;
    dvt_graph         *host;
    dvt_program_tensor tensors[2];
    dvt_program_step   steps[4];
    float              x[CHANNELS * PLANE];
    dvt_tensor         input;
    dvt_sim           *sim;
} net_case;

static const dvt_program_step four_steps[] = {{DVT_STEP_UPLOAD, 0, 1, NULL},
                                              {DVT_STEP_OVERLAY, 0, 1, NULL},
                                              {DVT_STEP_DOWNLOAD, 1, 1, NULL},
                                              {DVT_STEP_HOST, 0, 1, "test"}};

static dvt_tensor wrap(dvt_dtype dtype, dvt_shape shape, void *data)
{
    return dvt_tensor_wrap(dtype, &shape, data);
}

static void add_copy(net_case *c)
{
    dvt_word w = sim_stream_word(&c->s, BLOCKS / 2);

    sim_words_add(&c->s, &w);
    c->s.p.control = (const uint8_t *)c->s.control.data;
    c->s.p.control_bytes = c->s.control.len;
}

static void open_net(net_case *c, dvt_format_kind format)
{
    dvt_overlay  o = sim_tiny_overlay(format, format == DVT_FORMAT_INT8 ? 8 : 12);
    dvt_program *p = &c->s.p;

    memset(c, 0, sizeof *c);
    c->host = tool_parse("dvg 1 net input x: f32[1,3,2,2] input y: f32[1,3,2,2] "
                         "z = unary(y, fn=relu) output z");
    sim_words_open(&c->s, dvt_graph_ctx(c->host), &o);
    dvt_graph_destroy(p->host);
    p->host = c->host;
    add_copy(c);
    for (int i = 0; i < 2; i++) {
        c->tensors[i] = (dvt_program_tensor){.name = i ? "y" : "x",
                                             .host_value = dvt_graph_input(c->host, i),
                                             .c = CHANNELS,
                                             .h = 2,
                                             .w = 2,
                                             .blocks = 2,
                                             .slots = slots,
                                             .base = i ? c->s.out : 0,
                                             .scale = format == DVT_FORMAT_INT8 ? 0.5f : 1.0f,
                                             .to_overlay = i == 0};
    }
    memcpy(c->steps, four_steps, sizeof four_steps);
    p->steps = c->steps;
    p->step_count = 4;
    p->tensors = c->tensors;
    p->tensor_count = 2;
    p->input_count = 1;
    p->notes = c->s.notes;
    p->image = c->s.image;
    for (int i = 0; i < CHANNELS * PLANE; i++) {
        c->x[i] = (float)(i - 5);
    }
    c->input = wrap(DVT_DTYPE_F32, DVT_SHAPE(1, 3, 2, 2), c->x);
}

static void close_net(net_case *c)
{
    dvt_sim_destroy(c->sim);
    c->s.p.host = NULL;
    sim_words_close(&c->s);
    tool_graph_free(c->host);
}

static dvt_status run_net(net_case *c, const dvt_tensor *inputs, int32_t count)
{
    dvt_sim_destroy(c->sim);
    expect_ok(c->s.ctx, dvt_sim_create(&c->s.p, NULL, &c->sim));
    return dvt_sim_run(c->sim, inputs, count);
}

/* ---- runs ---------------------------------------------------------------------------------- */

static void test_sim__steps_take_an_input_up_down_and_through_the_host(void **state)
{
    static const dvt_format_kind formats[] = {DVT_FORMAT_BFP, DVT_FORMAT_INT8};

    (void)state;
    for (size_t f = 0; f < 2; f++) {
        net_case   c;
        dvt_tensor y;
        open_net(&c, formats[f]);
        expect_ok(c.s.ctx, run_net(&c, &c.input, 1));
        expect_ok(c.s.ctx, dvt_sim_output(c.sim, 0, &y));
        for (int i = 0; i < CHANNELS * PLANE; i++) {
            assert_float_equal(((const float *)y.data)[i], i > 5 ? (float)(i - 5) : 0.0f, 0);
        }
        close_net(&c);
    }
}

/* Word (b,h,w) is at base + (b*2 + h)*2 + w; slot 0 of block 0 is channel 2, slot 0 of block 1 is
 * nothing. */
static void test_sim__slots_say_where_channels_stand(void **state)
{
    net_case       c;
    const uint8_t *memory;
    size_t         bytes;
    int16_t        mant[2];
    uint8_t        exp;

    (void)state;
    open_net(&c, DVT_FORMAT_INT8);
    expect_ok(c.s.ctx, run_net(&c, &c.input, 1));
    memory = dvt_sim_memory(c.sim, &bytes);
    assert_int_equal(bytes, SIM_MEMORY);
    dvt_block_unpack(&c.s.o, 8, memory + 3 * c.s.d.feature_word_bytes, mant, &exp);
    assert_int_equal(mant[0], 2 * (11 - 5)); /* steps of 0.5 */
    assert_int_equal(mant[1], 2 * (3 - 5));
    dvt_block_unpack(&c.s.o, 8, memory + 4 * c.s.d.feature_word_bytes, mant, &exp);
    assert_int_equal(mant[0], 0);
    assert_int_equal(mant[1], 2 * (4 - 5));
    close_net(&c);
}

static void test_sim__a_second_run_gives_the_same_bits(void **state)
{
    net_case   c;
    dvt_tensor y;
    float      first[CHANNELS * PLANE];

    (void)state;
    open_net(&c, DVT_FORMAT_BFP);
    expect_ok(c.s.ctx, run_net(&c, &c.input, 1));
    expect_ok(c.s.ctx, dvt_sim_output(c.sim, 0, &y));
    memcpy(first, y.data, sizeof first);
    expect_ok(c.s.ctx, dvt_sim_run(c.sim, &c.input, 1));
    expect_ok(c.s.ctx, dvt_sim_output(c.sim, 0, &y));
    test_same_f32(y.data, first, CHANNELS * PLANE);
    close_net(&c);
}

static void expect_counters(dvt_format_kind format)
{
    net_case         c;
    dvt_sim_counters n;

    open_net(&c, format);
    c.x[0] = 1e9f; /* saturates on its way up */
    expect_ok(c.s.ctx, run_net(&c, &c.input, 1));
    expect_ok(c.s.ctx, dvt_sim_run(c.sim, &c.input, 1));
    dvt_sim_counters_of(c.sim, &n);
    assert_int_equal(n.words, 2);
    assert_int_equal(n.saturated, 2);
    assert_int_equal(n.memory_read_bytes, 2 * BLOCKS * c.s.d.feature_word_bytes);
    assert_int_equal(n.memory_write_bytes, 2 * BLOCKS * c.s.d.feature_word_bytes);
    assert_int_equal(n.array_turns, 0);
    dvt_sim_reset_counters(c.sim);
    dvt_sim_counters_of(c.sim, &n);
    assert_int_equal(n.words + n.saturated + n.memory_read_bytes, 0);
    close_net(&c);
}

static void test_sim__counters_add_up_until_they_are_reset(void **state)
{
    (void)state;
    expect_counters(DVT_FORMAT_BFP);
    expect_counters(DVT_FORMAT_INT8);
}

static void test_sim__counters_know_the_turns_of_the_array(void **state)
{
    dvt_overlay      o = sim_tiny_overlay(DVT_FORMAT_BFP, 12);
    sim_words        s;
    dvt_word         w;
    dvt_sim_counters n;

    sim_words_open(&s, *state, &o);
    w = sim_array_word(&s, 3, 5);
    sim_words_add(&s, &w);
    sim_words_run(&s, DVT_SIM_FAST);
    dvt_sim_counters_of(s.sim, &n);
    assert_int_equal(n.array_turns, 15);
    assert_int_equal(n.array_macs, 15 * 2 * 2 * 2);
    sim_words_close(&s);
}

/* ---- refusals ------------------------------------------------------------------------------ */

static void test_sim__values_that_are_no_numbers_are_refused_by_element(void **state)
{
    static const struct {
        float       x;
        const char *text;
    } cases[] = {{NAN, "value 'x' has nan at element 7"},
                 {-INFINITY, "value 'x' has -inf at element 7"}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        net_case c;
        open_net(&c, DVT_FORMAT_BFP);
        c.x[7] = cases[i].x;
        expect_failure(c.s.ctx, run_net(&c, &c.input, 1), DVT_E_NUMERIC, cases[i].text);
        close_net(&c);
    }
}

static void test_sim__inputs_must_be_what_the_network_takes(void **state)
{
    net_case   c;
    dvt_tensor flat, whole;

    (void)state;
    open_net(&c, DVT_FORMAT_BFP);
    flat = wrap(DVT_DTYPE_F32, DVT_SHAPE(1, 12), c.x);
    whole = wrap(DVT_DTYPE_I32, DVT_SHAPE(1, 3, 2, 2), c.x);
    expect_failure(c.s.ctx, run_net(&c, &c.input, 0), DVT_E_USAGE,
                   "the network has 1 inputs, 0 were given");
    expect_failure(c.s.ctx, run_net(&c, &flat, 1), DVT_E_SHAPE,
                   "input 'x' is f32 [1,3,2,2], given is f32 [1,12]");
    expect_failure(c.s.ctx, run_net(&c, &whole, 1), DVT_E_SHAPE, "given is i32 [1,3,2,2]");
    close_net(&c);
}

static void test_sim__a_value_cannot_be_read_before_it_is_made(void **state)
{
    net_case   c;
    dvt_tensor y;

    (void)state;
    open_net(&c, DVT_FORMAT_BFP);
    c.steps[0] = four_steps[3];
    expect_failure(c.s.ctx, run_net(&c, &c.input, 1), DVT_E_PARSE,
                   "a step reads host value 'y' before it is made");
    expect_failure(c.s.ctx, dvt_sim_output(c.sim, 0, &y), DVT_E_PARSE, "'z' before it is made");
    expect_failure(c.s.ctx, dvt_sim_output(c.sim, 1, &y), DVT_E_USAGE,
                   "the network has no output 1");
    expect_failure(c.s.ctx, dvt_sim_output(c.sim, -1, &y), DVT_E_USAGE, "has no output -1");
    assert_null(y.data);
    close_net(&c);
}

static void test_sim__illegal_words_are_refused_when_the_model_is_made(void **state)
{
    dvt_overlay o = sim_tiny_overlay(DVT_FORMAT_BFP, 12);
    sim_words   s;
    dvt_word    w;

    sim_words_open(&s, *state, &o);
    w = sim_stream_word(&s, 1);
    w.sread.base = 256;
    sim_words_add(&s, &w);
    expect_failure(*state, sim_words_try(&s, DVT_SIM_FAST), DVT_E_CAPACITY,
                   "sread reaches words 256..257 of the stream buffer, which has 256");
    assert_null(s.sim);
    s.control.data[0] = 99;
    expect_failure(*state, sim_words_try(&s, DVT_SIM_FAST), DVT_E_PARSE, "version");
    assert_null(s.sim);
    sim_words_close(&s);
}

/* ---- threads ------------------------------------------------------------------------------- */

/* 100 results to one place: the last one stays, whoever computed it. */
static void test_sim__the_last_of_results_at_one_place_stays(void **state)
{
    dvt_ctx    *ctx = test_ctx(5);
    dvt_overlay o = sim_tiny_overlay(DVT_FORMAT_BFP, 12);
    sim_words   s;

    (void)state;
    sim_words_open(&s, ctx, &o);
    for (int32_t i = 0; i < 200; i++) {
        sim_put_values(&s, i, (const float[]){(float)i, (float)-i});
    }
    dvt_word w = sim_stream_word(&s, 100);
    w.write.d[0] = 0;
    sim_words_add(&s, &w);
    for (int kind = DVT_SIM_NAIVE; kind <= DVT_SIM_FAST; kind++) {
        float got[2];
        sim_words_run(&s, (dvt_sim_kind)kind);
        sim_get_values(&s, 1, got);
        assert_true(got[0] == 199.0f && got[1] == -199.0f);
    }
    sim_words_close(&s);
    assert_int_equal(dvt_ctx_bytes_in_use(ctx), 0);
    dvt_ctx_destroy(ctx);
}

static uint64_t memory_after_run(uint32_t jobs, uint64_t seed, dvt_sim_kind kind)
{
    dvt_ctx       *ctx = test_ctx(jobs);
    dvt_graph     *g;
    dvt_program   *p;
    dvt_sim       *s;
    dvt_overlay    o;
    dvt_tensor    *x;
    const uint8_t *memory;
    size_t         bytes;
    uint64_t       hash;

    expect_ok(ctx, dvt_overlay_load(ctx, "tests/support/overlays/odd-m9.json", &o));
    expect_ok(ctx, random_cnn_make(ctx, seed, 6, &g));
    x = tool_inputs(g, seed);
    expect_ok(ctx, dvt_compile(g, &(dvt_compile_opts){.overlay = &o, .naive = true}, &p));
    expect_ok(ctx, dvt_sim_create(p, &(dvt_sim_opts){kind}, &s));
    expect_ok(ctx, dvt_sim_run(s, x, 1));
    memory = dvt_sim_memory(s, &bytes);
    hash = dvt_hash64(memory, bytes, 0);
    dvt_sim_destroy(s);
    dvt_program_destroy(p);
    tool_inputs_free(g, x);
    dvt_graph_destroy(g);
    assert_int_equal(dvt_ctx_bytes_in_use(ctx), 0);
    dvt_ctx_destroy(ctx);
    return hash;
}

static void test_sim__any_number_of_threads_gives_the_same_bits(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        uint64_t want = memory_after_run(1, seed, DVT_SIM_NAIVE);
        assert_int_equal(memory_after_run(2, seed, DVT_SIM_NAIVE), want);
        assert_int_equal(memory_after_run(1, seed, DVT_SIM_FAST), want);
        assert_int_equal(memory_after_run(2, seed, DVT_SIM_FAST), want);
        assert_int_equal(memory_after_run(5, seed, DVT_SIM_FAST), want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sim__steps_take_an_input_up_down_and_through_the_host),
        cmocka_unit_test(test_sim__slots_say_where_channels_stand),
        cmocka_unit_test(test_sim__a_second_run_gives_the_same_bits),
        cmocka_unit_test(test_sim__counters_add_up_until_they_are_reset),
        FIXTURE_TEST(test_sim__counters_know_the_turns_of_the_array),
        cmocka_unit_test(test_sim__values_that_are_no_numbers_are_refused_by_element),
        cmocka_unit_test(test_sim__inputs_must_be_what_the_network_takes),
        cmocka_unit_test(test_sim__a_value_cannot_be_read_before_it_is_made),
        FIXTURE_TEST(test_sim__illegal_words_are_refused_when_the_model_is_made),
        cmocka_unit_test(test_sim__the_last_of_results_at_one_place_stays),
        cmocka_unit_test(test_sim__any_number_of_threads_gives_the_same_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
