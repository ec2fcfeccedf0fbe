/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace_int.h - what the cycle model shows of itself: signals for wave viewers, spans for
 * timelines.
 *
 * Idea      A step looks twice: at its start for the state, at its end for what happened. The wave
 *           form (trace_vcd.c) writes every signal that changed; the timeline (trace_chrome.c)
 *           writes a span when a unit's work on a word ends, and shares of time in windows.
 * Units     one unit of time is one cycle; runs follow one another as in the profile.
 */
#ifndef DVTI_TRACE_INT_H
#define DVTI_TRACE_INT_H

#include "base/json_util.h"
#include "dovetail/sim.h"

/* X(scope, name, bits); signals of one scope stand together */
#define DVTI_SIGNALS(X)                                                                         \
    X(control, word, 16)                                                                        \
    X(control, running, 1) X(control, delivering, 16) X(control, flit, 1) X(control, launch, 1) \
        X(read, ar_valid, 1) X(read, bursts, 6) X(read, beat, 1) X(read, fread_busy, 1)         \
            X(read, fread_step, 1) X(read, page_step, 1) X(read, page_used, 2)                  \
                X(read, page_ready, 2) X(read, param_step, 1) X(read, param_used, 2)            \
                    X(read, param_ready, 2) X(trip, trip_busy, 1) X(trip, enable, 1)            \
                        X(trip, stream_reader, 1) X(trip, turn, 1) X(trip, result_full, 1)      \
                            X(trip, drained, 1) X(trip, operand, 1) X(trip, beats_waiting, 7)   \
                                X(write, writer, 1) X(write, fifo, 5) X(write, beat_written, 1) \
                                    X(time, features, 1) X(time, filters, 1)                    \
                                        X(time, instructions, 1) X(time, banks, 1)              \
                                            X(time, crossbar, 1) X(time, memory, 1)             \
                                                X(time, drain, 1) X(time, auxiliary, 1)         \
                                                    X(time, busy, 1)

typedef enum dvti_signal {
#define DVTI_X(scope, name, bits) DVTI_SIGNAL_##name,
    DVTI_SIGNALS(DVTI_X)
#undef DVTI_X
        DVTI_SIGNAL_COUNT
} dvti_signal;

/* Lines of the timeline. X(NAME, text) */
#define DVTI_TRACKS(X)                                                                      \
    X(WORDS, "long words")                                                                  \
    X(CONTROL, "delivery") X(FREAD, "features") X(PAGES, "filters") X(PARAMS, "parameters") \
        X(TURNS, "stream reader") X(OPERANDS, "operands") X(DRAIN, "drain") X(WRITE, "writer")

typedef enum dvti_track {
#define DVTI_X(name, text) DVTI_TRACK_##name,
    DVTI_TRACKS(DVTI_X)
#undef DVTI_X
        DVTI_TRACK_COUNT
} dvti_track;

enum { DVTI_WINDOWS = 2048 };

typedef struct dvti_window {
    int64_t cause[DVT_STALL_COUNT + 1]; /* cycles; the last: busy */
    int64_t read, written;              /* beats */
} dvti_window;

typedef struct dvti_trace {
    const dvt_program *p;
    dvt_buf           *vcd, *chrome; /* borrowed; NULL = not wanted */
    int64_t            base;         /* cycles of the runs before */
    int32_t            first;        /* word of the program that is the run's word 0 */
    int32_t            value[DVTI_SIGNAL_COUNT], shown[DVTI_SIGNAL_COUNT];
    dvti_json_writer   json;
    int64_t            open[DVTI_TRACK_COUNT]; /* cycle in which the span began; -1 = none */
    dvti_window        window[DVTI_WINDOWS];
    int64_t            window_cycles;
    int32_t            reader_was; /* dvti_reader_state at the cycle's start */
    bool               fread_was, trip_was;
} dvti_trace;

struct dvti_cycles;

/* Head of both files. */
void dvti_trace_begin(dvti_trace *t, const dvt_program *p, dvt_buf *vcd, dvt_buf *chrome);
void dvti_trace_run(dvti_trace *t, int64_t base, int32_t first);
void dvti_trace_state(dvti_trace *t, const struct dvti_cycles *s);  /* at a cycle's start */
void dvti_trace_events(dvti_trace *t, const struct dvti_cycles *s); /* at its end */
/* Words of a run that has ended; then the tail of both files. */
void dvti_trace_words(dvti_trace *t, const dvt_word_timing *w, int32_t count);
void dvti_trace_end(dvti_trace *t, int64_t cycles);

/* trace_vcd.c */
void dvti_vcd_begin(dvt_buf *out, const dvt_program *p);
void dvti_vcd_cycle(dvti_trace *t, int64_t cycle);
/* trace_chrome.c */
void dvti_chrome_begin(dvti_trace *t);
void dvti_chrome_cycle(dvti_trace *t, const struct dvti_cycles *s);
void dvti_chrome_word(dvti_trace *t, int32_t word, const dvt_word_timing *w);
void dvti_chrome_end(dvti_trace *t, int64_t cycles);

#endif
