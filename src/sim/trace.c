/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace.c - looks at the cycle model and hands what it sees to the two writers.
 *
 * Tests     tests/unit/test_trace.c (both forms read back)
 */
#include "sim/cycles_int.h"
#include "sim/trace_int.h"

void dvti_trace_begin(dvti_trace *t, const dvt_program *p, dvt_buf *vcd, dvt_buf *chrome)
{
    *t = (dvti_trace){.p = p, .vcd = vcd, .chrome = chrome, .window_cycles = 1};
    for (int i = 0; i < DVTI_SIGNAL_COUNT; i++) {
        t->shown[i] = -1;
    }
    if (vcd) {
        dvti_vcd_begin(vcd, p);
    }
    if (chrome) {
        dvti_chrome_begin(t);
    }
}

void dvti_trace_run(dvti_trace *t, int64_t base, int32_t first)
{
    t->base = base;
    t->first = first;
    for (int i = 0; i < DVTI_TRACK_COUNT; i++) {
        t->open[i] = -1;
    }
}

void dvti_trace_state(dvti_trace *t, const dvti_cycles *s)
{
    int32_t *v = t->value;

    t->reader_was = (int32_t)s->control.state;
    t->fread_was = s->fread_busy;
    t->trip_was = s->trip_busy;
    v[DVTI_SIGNAL_word] = t->first + s->current;
    v[DVTI_SIGNAL_running] = s->launched;
    v[DVTI_SIGNAL_delivering] = t->first + s->control.word;
    v[DVTI_SIGNAL_ar_valid] = s->read.ar_valid;
    v[DVTI_SIGNAL_bursts] = s->read.burst_count;
    v[DVTI_SIGNAL_fread_busy] = s->fread_busy;
    v[DVTI_SIGNAL_page_used] = s->page.used;
    v[DVTI_SIGNAL_page_ready] = s->page.ready;
    v[DVTI_SIGNAL_param_used] = s->param.used;
    v[DVTI_SIGNAL_param_ready] = s->param.ready;
    v[DVTI_SIGNAL_trip_busy] = s->trip_busy;
    v[DVTI_SIGNAL_result_full] = s->drain.full;
    v[DVTI_SIGNAL_beats_waiting] = (int32_t)(s->drain.drained - s->drain.taken);
    v[DVTI_SIGNAL_fifo] = s->writer.fifo;
}

void dvti_trace_events(dvti_trace *t, const dvti_cycles *s)
{
    const dvti_cycle_events *e = &s->e;
    int32_t                 *v = t->value;

    v[DVTI_SIGNAL_flit] = e->flit;
    v[DVTI_SIGNAL_launch] = e->launch;
    v[DVTI_SIGNAL_beat] = e->beat_read;
    v[DVTI_SIGNAL_fread_step] = e->fread_step;
    v[DVTI_SIGNAL_page_step] = e->page_step;
    v[DVTI_SIGNAL_param_step] = e->param_step;
    v[DVTI_SIGNAL_enable] = e->enable;
    v[DVTI_SIGNAL_stream_reader] = e->sread_works;
    v[DVTI_SIGNAL_turn] = e->completed;
    v[DVTI_SIGNAL_drained] = e->drained;
    v[DVTI_SIGNAL_operand] = e->elt_works;
    v[DVTI_SIGNAL_writer] = e->write_works;
    v[DVTI_SIGNAL_beat_written] = e->beat_written;
    for (int i = 0; i <= DVT_STALL_COUNT; i++) {
        v[DVTI_SIGNAL_features + i] = e->stall == (uint32_t)i;
    }
    if (t->vcd) {
        dvti_vcd_cycle(t, t->base + s->now);
    }
    if (t->chrome) {
        dvti_chrome_cycle(t, s);
    }
}

void dvti_trace_words(dvti_trace *t, const dvt_word_timing *w, int32_t count)
{
    for (int32_t i = 0; t->chrome && i < count; i++) {
        dvti_chrome_word(t, t->first + i, &w[i]);
    }
}

void dvti_trace_end(dvti_trace *t, int64_t cycles)
{
    if (t->vcd) {
        dvt_buf_printf(t->vcd, "#%lld\n", (long long)cycles);
    }
    if (t->chrome) {
        dvti_chrome_end(t, cycles);
    }
}
