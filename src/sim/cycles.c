/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cycles.c - one cycle of the overlay: all units, in an order in which none sees another's work of
 * the same cycle.
 *
 * Idea      The page (docs/timing.md) speaks of registers: what a rule does is seen in the next
 *           cycle. A step therefore first fixes what memory and handshakes do, then asks consumers
 *           before producers, and last lets arrive what is seen from the next cycle on.
 * Source    docs/timing.md sections 4 (end of words), 6 (enable) and 9 (counters).
 * Tests     tests/unit/test_cycles.c
 */
#include "sim/cycles_int.h"

/* ---- life ---------------------------------------------------------------------------------- */

dvt_status dvti_cycles_init(dvti_cycles *s, dvt_ctx *ctx, const dvt_overlay *o)
{
    size_t pixels, banks = (size_t)o->stream_buffer_banks;
    size_t shapes = (size_t)(o->p_vec + 1) * (size_t)(o->q_vec + 1);

    *s = (dvti_cycles){.ctx = ctx, .o = o};
    dvt_overlay_derive(o, &s->d);
    pixels = (size_t)s->d.pixels;
    s->lanes = dvt_calloc(ctx, 3 * pixels, sizeof *s->lanes);
    s->read_port = s->lanes ? dvt_calloc(ctx, 2 * banks, sizeof *s->read_port) : NULL;
    s->bank_lanes = s->read_port ? dvt_calloc(ctx, banks, sizeof *s->bank_lanes) : NULL;
    s->turn_costs = s->bank_lanes ? dvt_calloc(ctx, shapes, sizeof *s->turn_costs) : NULL;
    if (!s->turn_costs) {
        dvti_cycles_deinit(s);
        return DVT_E_NOMEM;
    }
    s->operand_blocks = s->lanes + pixels;
    s->write_blocks = s->operand_blocks + pixels;
    s->write_port = s->read_port + banks;
    return DVT_OK;
}

void dvti_cycles_deinit(dvti_cycles *s)
{
    if (s->ctx) {
        dvt_free(s->ctx, s->lanes);
        dvt_free(s->ctx, s->read_port);
        dvt_free(s->ctx, s->bank_lanes);
        dvt_free(s->ctx, s->turn_costs);
    }
    s->lanes = s->read_port = NULL;
    s->bank_lanes = NULL;
    s->turn_costs = NULL;
}

static void reset(dvti_cycles *s)
{
    s->current = 0;
    s->launched = s->fread_busy = s->trip_busy = s->resting = s->wake = false;
    s->now = 0;
    s->read = (dvti_read_side){.ar_valid = false};
    s->page = s->param = (dvti_halves){0, 0};
    s->param_freed_count = 0;
    s->wread_word = -1;
    for (int32_t i = 0; i < 2 * s->o->stream_buffer_banks; i++) {
        s->read_port[i] = -1;
    }
    for (int id = 0; id < DVTI_CLIENT_COUNT; id++) {
        s->read.client[id].capacity =
            id == DVTI_CLIENT_CONTROL ? s->d.control_fifo_beats : s->d.read_fifo_beats;
    }
    s->turns = (dvti_turns){.left = 0};
    s->drain = (dvti_drain){.full = false};
    s->operands = (dvti_operands){.fetched = 0};
    s->writer = (dvti_writer){.fifo = 0};
}

void dvti_cycles_start(dvti_cycles *s, const dvt_profile_opts *opts, const dvti_word_plan *plans,
                       int32_t count, int64_t address, dvt_word_timing *timing)
{
    int64_t                bytes = 0;
    const dvti_memory_opts memory = {.bus_bytes = s->d.memory_bus_bytes,
                                     .latency = s->o->memory_latency_cycles,
                                     .rate = s->d.memory_rate,
                                     .stall_permille = opts->stall_permille,
                                     .seed = opts->seed};

    s->plans = plans;
    s->count = count;
    s->timing = timing;
    s->control_address = address;
    s->stepwise = opts->stepwise || opts->stall_permille > 0 || s->trace;
    for (int32_t i = 0; i < count; i++) {
        bytes += plans[i].control_bytes;
        timing[i] = (dvt_word_timing){.start = 0};
    }
    reset(s);
    dvti_memory_init(&s->memory, &memory);
    dvti_control_start(s, bytes);
}

/* ---- memory -------------------------------------------------------------------------------- */

/* Channels as they stand in this cycle: what the memory offers and what it is offered. */
static void meet_memory(dvti_cycles *s, dvti_memory_out *out, dvti_memory_in *in)
{
    const dvti_read_side *r = &s->read;
    const dvti_writer    *w = &s->writer;
    uint64_t              beat = (uint64_t)(w->fifo > 0 ? w->fifo_beat[w->fifo_head] : 0);

    dvti_memory_drive(&s->memory, out);
    *in = (dvti_memory_in){.arvalid = r->ar_valid,
                           .araddr = r->ar_address,
                           .arlen = (uint8_t)(r->ar_beats - 1),
                           .rready = true,
                           .awvalid = w->fifo > 0 && !w->aw_done,
                           .wvalid = w->fifo > 0 && !w->w_done,
                           .awaddr = beat * (uint64_t)s->d.memory_bus_bytes,
                           .bready = true};
    dvti_memory_clock(&s->memory, in);
}

/* A beat that came: of control words cycles_control.c counts it. */
static void arrive(dvti_cycles *s)
{
    dvti_client_id id = dvti_read_arrive(s);

    if (id != DVTI_CLIENT_CONTROL) {
        int32_t word = id == DVTI_CLIENT_FREAD ? s->current : s->wread_word;
        s->timing[word].busy[DVT_BUSY_READ_BEATS]++;
    }
}

/* ---- words --------------------------------------------------------------------------------- */

static void launch(dvti_cycles *s)
{
    const dvti_word_plan *p = &s->plans[s->current];

    s->launched = true;
    s->fread_busy = p->loads;
    s->trip_busy = p->trip;
    if (p->loads) {
        dvti_fread_start(s, p);
    }
    if (p->trip) {
        dvti_turns_start(s, p);
        dvti_drain_start(s);
        dvti_writer_start(s);
        dvti_skip_launch(s, p);
    }
    s->control.word++;
    s->control.state = DVTI_READER_HEADER;
    s->control.loaded_at = -1;
}

static bool wread_idle(const dvti_cycles *s)
{
    return dvti_client_idle(&s->read.client[DVTI_CLIENT_PARAMS]) &&
           dvti_client_idle(&s->read.client[DVTI_CLIENT_PAGES]);
}

static void take_wread(dvti_cycles *s)
{
    s->wread_word = s->control.word;
    s->control.wread_at = -1;
    dvti_wread_start(s, &s->plans[s->wread_word]);
}

/* The running word has ended: its span closes where the next one's begins. */
static void end_word(dvti_cycles *s)
{
    s->timing[s->current].end = s->now;
    s->launched = false;
    if (++s->current < s->count) {
        s->timing[s->current].start = s->now;
    }
}

/* ---- counters ------------------------------------------------------------------------------ */

/* What counts of the state at a cycle's start. */
typedef struct at_start {
    bool launched, fread_busy, turns_left, page_ready, all_taken;
} at_start;

static at_start look(const dvti_cycles *s)
{
    return (at_start){.launched = s->launched,
                      .fread_busy = s->fread_busy,
                      .turns_left = s->turns.left > 0,
                      .page_ready = s->page.ready > 0,
                      .all_taken = s->writer.walk.results == 0};
}

/* Section 9, in its order. */
static uint32_t cause(const dvti_cycles *s, const at_start *a)
{
    const dvti_word_plan *p = &s->plans[s->current];

    if (!a->launched) {
        return DVT_STALL_INSTRUCTIONS;
    }
    if (a->fread_busy) {
        return DVT_STALL_FEATURES;
    }
    if (!p->array) {
        return DVT_STALL_AUXILIARY;
    }
    if (s->e.completed) {
        return DVT_STALL_COUNT;
    }
    if (a->turns_left && !s->e.enable) {
        return s->e.waits_param              ? DVT_STALL_FILTERS
               : p->external && !s->e.credit ? DVT_STALL_MEMORY
                                             : DVT_STALL_CROSSBAR;
    }
    if (a->turns_left) {
        return a->page_ready ? DVT_STALL_BANKS : DVT_STALL_FILTERS;
    }
    return p->external && a->all_taken ? DVT_STALL_MEMORY : DVT_STALL_DRAIN;
}

uint32_t dvti_cycle_cause(const dvti_cycles *s)
{
    at_start a = look(s);

    return cause(s, &a);
}

static void count(dvti_cycles *s, const at_start *a)
{
    dvt_word_timing         *t = &s->timing[s->current];
    const dvti_cycle_events *e = &s->e;

    s->e.stall = cause(s, a);
    if (s->e.stall == DVT_STALL_COUNT) {
        t->array_busy++;
    } else {
        t->stall[s->e.stall]++;
    }
    t->busy[DVT_BUSY_FREAD] += e->fread_step;
    t->busy[DVT_BUSY_SREAD] += e->sread_works;
    t->busy[DVT_BUSY_TURNS] += e->completed;
    t->busy[DVT_BUSY_BEATS] += e->drained;
    t->busy[DVT_BUSY_OPERANDS] += e->operand_fetched;
    t->busy[DVT_BUSY_TAKEN] += e->beat_taken;
    t->busy[DVT_BUSY_ELT] += e->elt_works;
    t->busy[DVT_BUSY_WRITE] += e->write_works;
    t->busy[DVT_BUSY_WRITE_BEATS] += e->beat_written;
    if (e->flit) {
        s->timing[s->control.word].busy[DVT_BUSY_READER]++;
    }
    if (s->wread_word >= 0) {
        s->timing[s->wread_word].busy[DVT_BUSY_PAGES] += e->page_step;
        s->timing[s->wread_word].busy[DVT_BUSY_PARAMS] += e->param_step;
    }
}

/* ---- a cycle ------------------------------------------------------------------------------- */

/* Result register, pipeline, stream reader, operands, writer; true if a page was released. */
static bool step_trip(dvti_cycles *s)
{
    dvti_turns *t = &s->turns;
    dvti_drain *d = &s->drain;
    bool        may_begin = dvti_operand_may_begin(s), released = false, out;

    dvti_drain_step(s);
    out = dvti_pipe_out(s);
    s->e.enable = !(out && d->full);
    if (s->e.enable) {
        released = dvti_turns_step(s);
        t->enabled++;
    }
    dvti_operand_step(s, may_begin);
    dvti_writer_step(s);
    if (out && s->e.enable) {
        t->pipe_head = (t->pipe_head + 1) % DVTI_PIPE;
        t->pipe_count--;
        d->full = true;
        d->beats = s->plans[s->current].beats;
    }
    return released;
}

static void step_read_side(dvti_cycles *s, bool accepted)
{
    dvti_read_arbitrate(s, accepted);
    dvti_control_step(s);
    dvti_param_step(s);
    dvti_page_step(s);
    dvti_fread_step(s);
}

/* What a cycle leaves for the next one. True: the read side may have something to do. */
static bool commit(dvti_cycles *s, bool released, bool takes, bool launches)
{
    bool pushed = s->writer.fifo > 0;

    s->page.ready -= released;
    s->page.used -= released;
    if (takes) {
        take_wread(s);
    }
    if (launches) {
        launch(s);
    }
    return released || takes || launches || pushed;
}

bool dvti_cycles_step(dvti_cycles *s)
{
    dvti_memory_out out = {0};
    dvti_memory_in  in = {0};
    at_start        start;
    bool            launches, takes, released = false;

    if (s->launched && !s->fread_busy && !s->trip_busy) {
        end_word(s);
    }
    if (s->current == s->count) {
        return false;
    }
    s->e = (dvti_cycle_events){.enable = true};
    if (s->trace) {
        dvti_trace_state(s->trace, s);
    }
    if (s->wake) {
        dvti_read_wake(s);
    }
    dvti_params_free(s);
    if (!s->resting) {
        meet_memory(s, &out, &in);
    }
    start = look(s);
    launches = dvti_launch_now(s);
    takes = s->control.wread_at >= 0 && s->now >= s->control.wread_at && wread_idle(s);
    if (s->trip_busy) {
        released = step_trip(s);
    }
    s->e.launch = launches;
    s->e.beat_read = out.rvalid;
    s->e.beat_written = in.wvalid && out.wready;
    if (!s->resting) {
        step_read_side(s, in.arvalid && out.arready);
    }
    count(s, &start);
    if (s->trace) {
        dvti_trace_events(s->trace, s);
    }
    if (out.rvalid) {
        arrive(s);
    }
    dvti_writer_sent(s, in.awvalid && out.awready, in.wvalid && out.wready);
    s->writer.unanswered -= out.bvalid;
    dvti_read_rest(s, commit(s, released, takes, launches));
    s->now++;
    return true;
}
