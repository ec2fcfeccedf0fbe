/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace_chrome.c - the cycle model as a timeline in Chrome's trace event form (JSON), which
 * Perfetto and chrome://tracing open.
 *
 * Form      a line for the long words and one for each unit; complete events ("X") from a unit's
 *           first cycle for a word, page or group to its last, instants ("i") for launches,
 *           counters ("C") for the shares of causes and of the bus in windows. One microsecond of
 *           the viewer is one cycle.
 * Windows   at most DVTI_WINDOWS; when the time grows beyond them, pairs are joined.
 * Tests     tests/unit/test_trace.c
 */
#include <math.h>
#include <string.h>

#include "sim/cycles_int.h"
#include "sim/trace_int.h"

enum { PID = 1 };

/* ---- events -------------------------------------------------------------------------------- */

static void begin_event(dvti_trace *t, const char *name, const char *phase, int tid)
{
    dvti_json_open_object(&t->json);
    dvti_json_put_string(&t->json, "name", name);
    dvti_json_put_string(&t->json, "ph", phase);
    dvti_json_put_i64(&t->json, "pid", PID);
    dvti_json_put_i64(&t->json, "tid", tid);
}

static void begin_span(dvti_trace *t, const char *name, dvti_track track, int64_t from, int64_t to)
{
    begin_event(t, name, "X", (int)track + 1);
    dvti_json_put_i64(&t->json, "ts", from);
    dvti_json_put_i64(&t->json, "dur", to - from);
}

static void name_line(dvti_trace *t, const char *what, int tid, const char *text, int place)
{
    begin_event(t, what, "M", tid);
    dvti_json_key(&t->json, "args");
    dvti_json_open_object(&t->json);
    if (text) {
        dvti_json_put_string(&t->json, "name", text);
    } else {
        dvti_json_put_i64(&t->json, "sort_index", place);
    }
    dvti_json_close_object(&t->json);
    dvti_json_close_object(&t->json);
}

void dvti_chrome_begin(dvti_trace *t)
{
    static const char *const tracks[DVTI_TRACK_COUNT] = {
#define DVTI_X(name, text) text,
        DVTI_TRACKS(DVTI_X)
#undef DVTI_X
    };

    t->json = dvti_json_writer_make(t->chrome, 0);
    dvti_json_open_object(&t->json);
    dvti_json_key(&t->json, "otherData");
    dvti_json_open_object(&t->json);
    dvti_json_put_string(&t->json, "overlay", t->p->overlay.name);
    dvti_json_put_string(&t->json, "model", t->p->model_name);
    dvti_json_put_f64(&t->json, "clock_mhz", t->p->overlay.clock_mhz);
    dvti_json_put_string(&t->json, "time", "1 us is one cycle");
    dvti_json_close_object(&t->json);
    dvti_json_key(&t->json, "traceEvents");
    dvti_json_open_array(&t->json);
    name_line(t, "process_name", 0, t->p->overlay.name, 0);
    for (int i = 0; i < DVTI_TRACK_COUNT; i++) {
        name_line(t, "thread_name", i + 1, tracks[i], 0);
        name_line(t, "thread_sort_index", i + 1, NULL, i);
    }
}

/* ---- spans --------------------------------------------------------------------------------- */

static const char *name_of(const dvti_trace *t, int32_t word)
{
    return word < t->p->word_count ? t->p->notes[word].name : "";
}

/* A unit's work on a word: begins with the first cycle of `works`, ends with `ends`. */
static void follow(dvti_trace *t, dvti_track track, int64_t now, bool works, bool ends,
                   int32_t word)
{
    if (works && t->open[track] < 0) {
        t->open[track] = now;
    }
    if (ends && t->open[track] >= 0) {
        begin_span(t, name_of(t, t->first + word), track, t->base + t->open[track],
                   t->base + now + 1);
        dvti_json_close_object(&t->json);
        t->open[track] = -1;
    }
}

static void add_to_window(dvti_trace *t, const dvti_cycle_events *e, int64_t cycle)
{
    while (cycle / t->window_cycles >= DVTI_WINDOWS) {
        for (int32_t i = 0; i < DVTI_WINDOWS / 2; i++) {
            const dvti_window *a = &t->window[2 * i], *b = a + 1;
            dvti_window sum = {.read = a->read + b->read, .written = a->written + b->written};
            for (int k = 0; k <= DVT_STALL_COUNT; k++) {
                sum.cause[k] = a->cause[k] + b->cause[k];
            }
            t->window[i] = sum;
        }
        memset(t->window + DVTI_WINDOWS / 2, 0, DVTI_WINDOWS / 2 * sizeof *t->window);
        t->window_cycles *= 2;
    }
    dvti_window *w = &t->window[cycle / t->window_cycles];
    w->cause[e->stall]++;
    w->read += e->beat_read;
    w->written += e->beat_written;
}

void dvti_chrome_cycle(dvti_trace *t, const dvti_cycles *s)
{
    const dvti_cycle_events *e = &s->e;
    const dvti_word_plan    *p = &s->plans[s->current];
    int32_t                  word = s->current;
    bool                     header = t->reader_was == DVTI_READER_HEADER && e->control;
    bool                     sent = t->reader_was == DVTI_READER_END && e->control;

    add_to_window(t, e, t->base + s->now);
    follow(t, DVTI_TRACK_CONTROL, s->now, header, sent, s->control.word);
    follow(t, DVTI_TRACK_FREAD, s->now, t->fread_was, t->fread_was && !s->fread_busy, word);
    follow(t, DVTI_TRACK_PAGES, s->now, e->page_step, e->page_ends, s->wread_word);
    follow(t, DVTI_TRACK_PARAMS, s->now, e->param_step, e->param_ends, s->wread_word);
    follow(t, DVTI_TRACK_TURNS, s->now, e->sread_works, s->turns.left == 0, word);
    follow(t, DVTI_TRACK_OPERANDS, s->now, e->elt_works, s->operands.walk.results == 0, word);
    follow(t, DVTI_TRACK_DRAIN, s->now, e->drained, s->drain.results == p->results, word);
    follow(t, DVTI_TRACK_WRITE, s->now, e->write_works, t->trip_was && !s->trip_busy, word);
    if (e->launch) {
        begin_event(t, "launch", "i", DVTI_TRACK_WORDS + 1);
        dvti_json_put_i64(&t->json, "ts", t->base + s->now);
        dvti_json_put_string(&t->json, "s", "t");
        dvti_json_close_object(&t->json);
    }
}

void dvti_chrome_word(dvti_trace *t, int32_t word, const dvt_word_timing *w)
{
    begin_span(t, name_of(t, word), DVTI_TRACK_WORDS, w->start, w->end);
    dvti_json_key(&t->json, "args");
    dvti_json_open_object(&t->json);
    dvti_json_put_i64(&t->json, "word", word);
    dvti_json_put_string(&t->json, "layer", t->p->notes[word].layer);
    dvti_json_put_i64(&t->json, "busy", w->array_busy);
    for (int i = 0; i < DVT_STALL_COUNT; i++) {
        if (w->stall[i] > 0) {
            dvti_json_put_i64(&t->json, dvt_stall_name((dvt_stall)i), w->stall[i]);
        }
    }
    dvti_json_put_i64(&t->json, "memory_bytes", w->memory_bytes);
    dvti_json_close_object(&t->json);
    dvti_json_close_object(&t->json);
}

/* ---- counters ------------------------------------------------------------------------------ */

/* To a hundredth. */
static double percent(int64_t part, int64_t whole)
{
    return floor(10000.0 * (double)part / (double)whole + 0.5) / 100.0;
}

static void begin_counter(dvti_trace *t, const char *name, int64_t at)
{
    begin_event(t, name, "C", 0);
    dvti_json_put_i64(&t->json, "ts", at);
    dvti_json_key(&t->json, "args");
    dvti_json_open_object(&t->json);
}

static void end_counter(dvti_trace *t)
{
    dvti_json_close_object(&t->json);
    dvti_json_close_object(&t->json);
}

static void put_window(dvti_trace *t, const dvti_window *w, int64_t at, int64_t cycles)
{
    begin_counter(t, "time, % of cycles", at);
    dvti_json_put_f64(&t->json, "busy", percent(w->cause[DVT_STALL_COUNT], cycles));
    for (int i = 0; i < DVT_STALL_COUNT; i++) {
        dvti_json_put_f64(&t->json, dvt_stall_name((dvt_stall)i), percent(w->cause[i], cycles));
    }
    end_counter(t);
    begin_counter(t, "bus, % of cycles", at);
    dvti_json_put_f64(&t->json, "read", percent(w->read, cycles));
    dvti_json_put_f64(&t->json, "written", percent(w->written, cycles));
    end_counter(t);
}

void dvti_chrome_end(dvti_trace *t, int64_t cycles)
{
    for (int64_t at = 0, i = 0; at < cycles; at += t->window_cycles, i++) {
        int64_t left = cycles - at;
        put_window(t, &t->window[i], at, left < t->window_cycles ? left : t->window_cycles);
    }
    dvti_json_close_array(&t->json);
    dvti_json_close_object(&t->json);
    dvt_buf_puts(t->chrome, "\n");
}
