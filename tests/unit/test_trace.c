/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_trace.c - traces of the cycle model, read back: they say what the profile says.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/fixture.h"
#include "support/sim_words.h"

enum { SIGNALS_MAX = 94 };

/* Two words: an array word with a load, filters, parameters; a copy to external memory. */
static void open_words(sim_words *s, dvt_ctx *ctx)
{
    dvt_overlay o = sim_tiny_overlay(DVT_FORMAT_BFP, 12);
    dvt_word    w;

    sim_words_open(s, ctx, &o);
    w = sim_array_word(s, 3, 4);
    sim_route(&w, DVT_KERNEL_SCALE);
    w.write.space = 0;
    w.write.base = 200;
    sim_words_add(s, &w);
    w = sim_stream_word(s, 5);
    sim_words_add(s, &w);
}

static void profile_traced(sim_words *s, dvt_profile_opts opts, dvt_profile *out)
{
    expect_ok(s->ctx, dvt_profile_program_with(sim_words_program(s), &opts, out));
}

/* ---- value change dump --------------------------------------------------------------------- */

/* By code character: name, value, and for how many cycles the value was 1. */
typedef struct wave {
    char    name[SIGNALS_MAX][32];
    int64_t value[SIGNALS_MAX], ones[SIGNALS_MAX];
    int64_t now;
} wave;

static void pass_time(wave *w, int64_t to)
{
    assert_true(to >= w->now);
    for (int i = 0; i < SIGNALS_MAX; i++) {
        w->ones[i] += w->value[i] == 1 ? to - w->now : 0;
    }
    w->now = to;
}

static void read_line(wave *w, const char *line)
{
    char code, name[32];
    int  bits;

    if (sscanf(line, "$var wire %d %c %31s $end", &bits, &code, name) == 3) {
        memcpy(w->name[code - '!'], name, sizeof name);
    } else if (line[0] == '#') {
        pass_time(w, strtoll(line + 1, NULL, 10));
    } else if (line[0] == 'b') {
        char *end;
        long  value = strtol(line + 1, &end, 2);
        assert_int_equal(*end, ' ');
        w->value[end[1] - '!'] = value;
    } else if (line[0] == '0' || line[0] == '1') {
        w->value[line[1] - '!'] = line[0] - '0';
    } else {
        assert_int_equal(line[0], '$');
    }
}

static int64_t ones(const wave *w, const char *name)
{
    for (int i = 0; i < SIGNALS_MAX; i++) {
        if (strcmp(w->name[i], name) == 0) {
            return w->ones[i];
        }
    }
    fail_msg("there is no signal '%s'", name);
    return -1;
}

static void test_trace__waves_hold_every_cycle(void **state)
{
    sim_words   s;
    dvt_profile p;
    dvt_buf     vcd;
    wave        w = {.now = 0};

    open_words(&s, *state);
    dvt_buf_init(&vcd, *state, 0);
    profile_traced(&s, (dvt_profile_opts){.vcd = &vcd}, &p);
    for (const char *line = vcd.data; *line; line = strchr(line, '\n') + 1) {
        read_line(&w, line);
    }
    assert_int_equal(w.now, p.cycles);
    for (int i = 0; i < DVT_STALL_COUNT; i++) {
        assert_int_equal(ones(&w, dvt_stall_name((dvt_stall)i)), p.stall[i]);
    }
    assert_int_equal(ones(&w, "busy"), p.array_busy);
    assert_int_equal(ones(&w, "turn"), p.busy[DVT_BUSY_TURNS]);
    assert_int_equal(ones(&w, "flit"), p.busy[DVT_BUSY_READER]);
    assert_int_equal(ones(&w, "beat"), p.busy[DVT_BUSY_READ_BEATS]);
    assert_int_equal(ones(&w, "beat_written"), p.busy[DVT_BUSY_WRITE_BEATS]);
    assert_int_equal(ones(&w, "launch"), p.word_count);
    dvt_buf_deinit(&vcd);
    dvt_profile_deinit(&p);
    sim_words_close(&s);
}

/* ---- timeline ------------------------------------------------------------------------------ */

static json_int_t number(const json_t *event, const char *key)
{
    const json_t *v = json_object_get(event, key);

    assert_true(json_is_integer(v));
    return json_integer_value(v);
}

static bool is(const json_t *event, const char *key, const char *text)
{
    const char *got = json_string_value(json_object_get(event, key));

    return got && strcmp(got, text) == 0;
}

/* Lines of the timeline, by their place. */
enum { WORDS = 1, DELIVERY, FEATURES, FILTERS, PARAMETERS, READER, OPERANDS, DRAIN, WRITER, LINES };

typedef struct timeline {
    int        spans[LINES], launches, counters;
    json_int_t begin[LINES], end[LINES]; /* of the last span */
} timeline;

static void read_event(timeline *t, const json_t *event, int64_t cycles)
{
    json_int_t line = number(event, "tid");

    if (is(event, "ph", "X")) {
        assert_true(line > 0 && line < LINES);
        t->spans[line]++;
        t->begin[line] = number(event, "ts");
        t->end[line] = t->begin[line] + number(event, "dur");
        assert_true(t->begin[line] >= 0 && t->end[line] <= cycles);
        assert_true(t->end[line] > t->begin[line]);
    } else if (is(event, "ph", "i")) {
        t->launches++;
    } else if (is(event, "ph", "C")) {
        t->counters++;
    } else {
        assert_true(is(event, "ph", "M"));
    }
}

static void test_trace__the_timeline_has_a_span_for_every_piece_of_work(void **state)
{
    sim_words   s;
    dvt_profile p;
    dvt_buf     chrome;
    timeline    t = {.launches = 0};
    json_t     *root, *events;

    open_words(&s, *state);
    dvt_buf_init(&chrome, *state, 0);
    profile_traced(&s, (dvt_profile_opts){.chrome = &chrome}, &p);
    root = json_loadb(chrome.data, chrome.len, 0, NULL);
    events = json_object_get(root, "traceEvents");
    assert_true(json_is_array(events));
    for (size_t i = 0; i < json_array_size(events); i++) {
        read_event(&t, json_array_get(events, i), p.cycles);
    }
    assert_int_equal(t.spans[WORDS], 2);
    assert_int_equal(t.begin[WORDS], p.words[1].start);
    assert_int_equal(t.end[WORDS], p.words[1].end);
    assert_int_equal(t.spans[DELIVERY], 2);
    assert_int_equal(t.spans[FEATURES], 2);
    assert_int_equal(t.spans[FILTERS], 1);
    assert_int_equal(t.spans[PARAMETERS], 1);
    assert_int_equal(t.spans[READER], 2);
    assert_int_equal(t.spans[OPERANDS], 0);
    assert_int_equal(t.spans[DRAIN], 2);
    assert_int_equal(t.spans[WRITER], 2);
    assert_int_equal(t.end[WRITER], p.cycles);
    assert_int_equal(t.launches, 2);
    assert_int_equal(t.counters, 2 * p.cycles); /* windows of one cycle up to 2048 */
    json_decref(root);
    dvt_buf_deinit(&chrome);
    dvt_profile_deinit(&p);
    sim_words_close(&s);
}

/* Tracing changes no figure, nor do the bytes change from one time to the next. */
static void test_trace__looking_changes_nothing(void **state)
{
    sim_words   s;
    dvt_profile plain, traced;
    dvt_buf     a, b;

    open_words(&s, *state);
    dvt_buf_init(&a, *state, 0);
    dvt_buf_init(&b, *state, 0);
    profile_traced(&s, (dvt_profile_opts){.seed = 3, .stall_permille = 300}, &plain);
    profile_traced(
        &s, (dvt_profile_opts){.seed = 3, .stall_permille = 300, .vcd = &a, .chrome = &b}, &traced);
    assert_memory_equal(plain.words, traced.words, 2 * sizeof *plain.words);
    dvt_profile_deinit(&traced);
    dvt_buf_reset(&b);
    profile_traced(&s, (dvt_profile_opts){.seed = 3, .stall_permille = 300, .vcd = &b}, &traced);
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.data, b.data, a.len);
    dvt_buf_deinit(&a);
    dvt_buf_deinit(&b);
    dvt_profile_deinit(&plain);
    dvt_profile_deinit(&traced);
    sim_words_close(&s);
}

/* A trace that does not fit its buffer is an error, not a piece of a trace. */
static void test_trace__a_full_buffer_is_an_error(void **state)
{
    sim_words   s;
    dvt_profile p;
    dvt_buf     vcd;

    open_words(&s, *state);
    dvt_buf_init(&vcd, *state, 2000);
    assert_int_equal(
        dvt_profile_program_with(sim_words_program(&s), &(dvt_profile_opts){.vcd = &vcd}, &p),
        DVT_E_CAPACITY);
    assert_null(p.words);
    dvt_buf_deinit(&vcd);
    sim_words_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_trace__waves_hold_every_cycle),
        FIXTURE_TEST(test_trace__the_timeline_has_a_span_for_every_piece_of_work),
        FIXTURE_TEST(test_trace__looking_changes_nothing),
        FIXTURE_TEST(test_trace__a_full_buffer_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
