/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cycles_int.h - state of the cycle model, one struct for each unit of docs/timing.md.
 *
 * Idea      One call of dvti_cycles_step is one cycle. Rules look at the state of the cycle's
 *           start, so a step asks the units in an order in which nobody sees what another did in
 *           the same cycle; where that cannot be had, the start's value is kept in `at_start`.
 * Files     cycles_plan.c: what a word asks for; cycles_read.c: arbiter, FIFOs, halves;
 *           cycles_control.c: reader, chain, launch; cycles_turns.c: stream reader, pipeline;
 *           cycles_drain.c: drain, route, operands; cycles_write.c: writer; cycles.c: the step;
 *           cycles_skip.c: the quick form.
 * Units     cycles; addresses of external memory in bytes, of the stream buffer in words.
 */
#ifndef DVTI_CYCLES_INT_H
#define DVTI_CYCLES_INT_H

#include "overlay/memory_model.h"
#include "sim/sim_int.h"
#include "sim/trace_int.h"

enum { DVTI_HALVES = 2, DVTI_PIPE = 64 };

typedef enum dvti_client_id {
    DVTI_CLIENT_CONTROL,
    DVTI_CLIENT_PARAMS,
    DVTI_CLIENT_PAGES,
    DVTI_CLIENT_FREAD,
    DVTI_CLIENT_COUNT
} dvti_client_id;

/* ---- words --------------------------------------------------------------------------------- */

/* A long word and what follows from it once. */
typedef struct dvti_word_plan {
    dvt_word word;
    bool     loads, reads_filters, trip, array, lrn, elt, params, external;
    int64_t  turns;          /* of the trip, virtual ones of lrn included */
    int64_t  per_result;     /* turns; not lrn */
    int64_t  per_page;       /* turns of a page; 0 = no pages */
    int64_t  results, outer; /* outer: results of a parameter group */
    int32_t  virtual_turns;  /* of a group of lrn */
    int32_t  interval, depth, blocks, beats_per_block, beats, pace, route;
    int64_t  control_bytes;
} dvti_word_plan;

/* Everything that the page derives from a word. */
void dvti_word_plan_make(const dvt_overlay *o, const dvt_overlay_derived *d, const dvt_word *w,
                         dvti_word_plan *out);

/* ---- read side ----------------------------------------------------------------------------- */

/* Contiguous runs of bytes in the order of three loops. */
typedef struct dvti_runs {
    int64_t n[DVT_DMA_LOOPS], step[DVT_DMA_LOOPS]; /* steps in bytes */
    int64_t bytes;
} dvti_runs;

typedef struct dvti_run_at {
    int64_t i[DVT_DMA_LOOPS];
    int64_t address; /* of the run's first byte */
    int64_t left;    /* runs, this one included */
    int64_t done;    /* bytes of this run that were requested (whole beats), or used */
} dvti_run_at;

typedef struct dvti_client {
    dvti_runs   runs;
    dvti_run_at ask, use;
    int64_t     next_address; /* of the burst that is asked for next */
    int32_t     next_beats;
    int32_t     capacity, beats, outstanding; /* of the FIFO; outstanding: granted, not arrived */
} dvti_client;

typedef struct dvti_read_side {
    dvti_client client[DVTI_CLIENT_COUNT];
    bool        ar_valid;
    uint64_t    ar_address;
    int32_t     ar_beats;
    struct {
        dvti_client_id client;
        int32_t        beats;
    } burst[DVT_TIMING_RO]; /* granted and not answered to the last beat, oldest first */
    int32_t burst_head, burst_count;
} dvti_read_side;

/* Two halves of page cache and parameter buffer. */
typedef struct dvti_halves {
    int32_t used, ready;
} dvti_halves;

/* ---- control ------------------------------------------------------------------------------- */

typedef enum dvti_reader_state {
    DVTI_READER_HEADER,
    DVTI_READER_START,
    DVTI_READER_DATA,
    DVTI_READER_END,
    DVTI_READER_LOADED /* until the launch */
} dvti_reader_state;

typedef struct dvti_control {
    dvti_reader_state state;
    int32_t           word;       /* that is being delivered */
    int32_t           part;       /* kernel whose part is being sent */
    int32_t           flits;      /* data flits of the part still to be sent */
    int32_t           unit_flits; /* of the unit at the head, already sent */
    int64_t           loaded_at;  /* cycle in which `loaded` is seen; -1 = not on its way */
    int64_t           wread_at;   /* cycle in which wread's shadow part is seen; -1 = empty */
} dvti_control;

/* ---- trip ---------------------------------------------------------------------------------- */

typedef struct dvti_turns {
    int64_t left, group_turn, result_turn, page_turn; /* group_turn: k of lrn */
    int64_t i[DVT_LOOPS], address, h, w;
    bool    begun; /* pending lanes are listed */
    int32_t pending;
    int64_t enabled;         /* cycles with enable = 1 since the launch */
    int64_t next_enabled;    /* of the first of them in which the next turn may be worked on */
    int64_t pipe[DVTI_PIPE]; /* results on their way: count of enabled cycles at completion */
    int32_t pipe_head, pipe_count;
} dvti_turns;

/* Beats in the order of the writer, for the writer and for the operand fetch. */
typedef struct dvti_walk {
    int64_t i[DVT_OUT_LOOPS], address, h, w;
    int64_t results;     /* left, this one included */
    int32_t block, lane; /* of the beat's first block */
    int32_t count, next; /* pending blocks that are listed; first one not served */
    bool    begun;
} dvti_walk;

typedef struct dvti_drain {
    bool    full;              /* result register */
    int32_t beats;             /* of it, still to be drained */
    int64_t next;              /* cycle from which the next beat may leave */
    int64_t results;           /* drained, of the word */
    int64_t drained, taken;    /* beats of the word */
    int64_t at[DVT_TIMING_FW]; /* ring by beat: cycle from which the writer may take it */
} dvti_drain;

typedef struct dvti_operands {
    dvti_walk walk;
    int64_t   fetched, drained;      /* beats of the word */
    int64_t   at[DVT_TIMING_FE + 1]; /* ring by beat: cycle from which the operand is ready */
} dvti_operands;

typedef struct dvti_writer {
    dvti_walk walk;
    int64_t   sub_beat; /* of a word larger than the bus */
    bool      open;
    int64_t   open_beat;                /* address / bus */
    int32_t   fifo;                     /* memory-write FIFO */
    int64_t   fifo_beat[DVT_TIMING_FM]; /* ring */
    int32_t   fifo_head;
    bool      aw_done, w_done; /* of the head */
    int64_t   unanswered;      /* beats pushed, not answered */
} dvti_writer;

/* What happened in a cycle, for counters and traces. */
typedef struct dvti_cycle_events {
    bool     launch, enable, completed, drained, waits_param, credit, beat_read, beat_written;
    bool     control, fread_step, page_step, param_step, flit, sread_works, elt_works, write_works;
    bool     page_ends, param_ends, operand_fetched, beat_taken;
    uint32_t stall; /* dvt_stall, or DVT_STALL_COUNT: busy */
} dvti_cycle_events;

typedef struct dvti_cycles {
    dvti_trace           *trace; /* borrowed; NULL = none */
    dvt_ctx              *ctx;
    const dvt_overlay    *o;
    dvt_overlay_derived   d;
    dvti_memory           memory;
    const dvti_word_plan *plans;          /* of the run */
    int32_t               count, current; /* words; the one launched next or running */
    bool                  launched;       /* `current` is running */
    bool                  fread_busy, trip_busy;
    int64_t               now, control_address;
    dvti_control          control;
    dvti_read_side        read;
    int32_t               wread_word; /* whose part wread works on; -1 = idle */
    dvti_halves           page, param;
    int64_t               param_freed[DVTI_HALVES]; /* cycles from which freed groups are seen */
    int32_t               param_freed_count;
    dvti_turns            turns;
    dvti_drain            drain;
    dvti_operands         operands;
    dvti_writer           writer;
    dvti_cycle_events     e;
    dvt_word_timing      *timing; /* (count) of the run's words */
    /* pending lanes and blocks: stream buffer words, or addresses of external memory in words */
    int64_t *lanes, *operand_blocks, *write_blocks; /* (pixels) each */
    int64_t *read_port, *write_port; /* (banks) last cycle in which the bank served */
    /* cycles_skip.c */
    bool     stepwise;   /* the plain form: none of the following */
    bool     resting;    /* nothing moves on the read side until something wakes it */
    bool     unit_turns; /* every turn of the word takes one cycle, wherever its lanes lie */
    bool     wake;       /* what a cycle did wakes the read side in the next one */
    int32_t *bank_lanes; /* (banks) scratch */
    uint16_t
        *turn_costs; /* (p_vec + 1, q_vec + 1) cycles by rows and columns inside; 0 = unknown */
} dvti_cycles;

/* cycles_read.c */
void dvti_client_start(dvti_cycles *s, dvti_client_id id, const dvti_runs *runs, int64_t address);
/* Everything asked for and taken apart? */
bool dvti_client_idle(const dvti_client *c);
void dvti_wread_start(dvti_cycles *s, const dvti_word_plan *p);
void dvti_fread_start(dvti_cycles *s, const dvti_word_plan *p);
/* Fills the AR register, if it is empty or was accepted in this cycle. */
void           dvti_read_arbitrate(dvti_cycles *s, bool accepted);
dvti_client_id dvti_read_arrive(dvti_cycles *s); /* a beat, at the end of the cycle; whose */
void           dvti_fread_step(dvti_cycles *s);
void           dvti_page_step(dvti_cycles *s);
void           dvti_param_step(dvti_cycles *s);

/* cycles_control.c */
void dvti_control_start(dvti_cycles *s, int64_t bytes);
void dvti_control_step(dvti_cycles *s);
bool dvti_launch_now(const dvti_cycles *s);

/* cycles_turns.c */
void dvti_turns_start(dvti_cycles *s, const dvti_word_plan *p);
bool dvti_turns_step(dvti_cycles *s);     /* true: the turn that was completed releases its page */
bool dvti_pipe_out(const dvti_cycles *s); /* a result that wants to enter the result register */
/* One cycle of the banks for the listed blocks; `port` marks banks that served in this cycle. */
void dvti_banks_serve(const dvti_cycles *s, int64_t *blocks, int32_t *count, int64_t *port);

/* cycles_drain.c */
void dvti_drain_start(dvti_cycles *s);
void dvti_drain_step(dvti_cycles *s);
void dvti_params_free(dvti_cycles *s);
bool dvti_operand_may_begin(const dvti_cycles *s); /* by the state of the cycle's start */
void dvti_operand_step(dvti_cycles *s, bool may_begin);

/* cycles_write.c */
typedef struct dvti_lane_steps {
    int64_t p, q, j;
} dvti_lane_steps;
void dvti_walk_start(dvti_walk *w, int64_t results, int64_t base);
/* Addresses of the beat's blocks that the writer does not drop. */
void dvti_walk_list(const dvti_cycles *s, dvti_walk *w, const dvti_lane_steps *step,
                    int64_t *blocks);
void dvti_walk_next(const dvti_cycles *s, dvti_walk *w, const int64_t *d);
void dvti_writer_start(dvti_cycles *s);
void dvti_writer_step(dvti_cycles *s);
void dvti_writer_sent(dvti_cycles *s, bool aw, bool w); /* accepted in this cycle */

/* cycles_skip.c: the quick form */
void dvti_skip_launch(dvti_cycles *s, const dvti_word_plan *p); /* turns of this word from now on */
int32_t dvti_turn_cost(dvti_cycles *s, const dvt_part_sread *r); /* of the next turn */
/* Before and after a cycle's work on the read side. */
void dvti_read_wake(dvti_cycles *s);
void dvti_read_rest(dvti_cycles *s, bool woken);
/* Goes over cycles in which nothing but turns happens, as many as there are. */
void dvti_cycles_jump(dvti_cycles *s);

/* ---- whole --------------------------------------------------------------------------------- */

/* cycles.c: arrays for the overlay's banks and lanes; E_NOMEM. */
dvt_status dvti_cycles_init(dvti_cycles *s, dvt_ctx *ctx, const dvt_overlay *o);
void       dvti_cycles_deinit(dvti_cycles *s);
/* A run begins: cycle 0 of `count` words whose control bytes lie at `address`. */
void dvti_cycles_start(dvti_cycles *s, const dvt_profile_opts *opts, const dvti_word_plan *plans,
                       int32_t count, int64_t address, dvt_word_timing *timing);
/* Section 9: the cause that the cycle counts for, by the state of its start and s->e;
 * DVT_STALL_COUNT = busy. */
uint32_t dvti_cycle_cause(const dvti_cycles *s);
/* One cycle; false (and nothing done) if the run has ended. */
bool dvti_cycles_step(dvti_cycles *s);

#endif
