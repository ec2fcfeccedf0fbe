/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim.h - executes programs: the bit-accurate model, and the cycle model.
 *
 * The bit-accurate model executes the long words of a program and nothing else, by docs/isa.md and
 * docs/numerics-overlay.md. It has a naive form that follows the documents line by line, and a fast
 * form that is equal to it in every bit. The cycle model says when each word starts and ends and
 * why kernels wait; it looks at the words and the overlay, never at data.
 */
#ifndef DOVETAIL_SIM_H
#define DOVETAIL_SIM_H

#include "dovetail/program.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum dvt_sim_kind { DVT_SIM_NAIVE, DVT_SIM_FAST } dvt_sim_kind;

typedef struct dvt_sim dvt_sim;
typedef struct dvt_sim_opts {
    dvt_sim_kind kind;
} dvt_sim_opts;

/* What a run saw; added up over runs until dvt_sim_reset_counters. */
typedef struct dvt_sim_counters {
    uint64_t words;       /* long words executed */
    uint64_t array_turns; /* turns of the array's nest */
    uint64_t array_macs;  /* multiplications in it, padding included */
    /* feature values that hit the end of their format, accumulators included */
    uint64_t saturated;
    /* as the cycle model counts them: pages and parameters, lanes that the writer drops */
    uint64_t memory_read_bytes, memory_write_bytes;
} dvt_sim_counters;

/* The program is borrowed; NULL opts = fast. E_NOMEM; E_PARSE, E_CAPACITY, E_UNSUPPORTED where
 * dvt_isa_decode or dvt_word_check refuses a word. */
DVT_API DVT_MUST_CHECK dvt_status dvt_sim_create(const dvt_program *p, const dvt_sim_opts *opts,
                                                 dvt_sim **out);
DVT_API void                      dvt_sim_destroy(dvt_sim *s);
/* inputs: one tensor per network input, in order. Runs all steps. E_USAGE, E_SHAPE if they are not
 * what the network takes; E_NUMERIC if a value that goes to the overlay, or a parameter, is NaN or
 * infinite; E_PARSE if a step reads what no step made. The same bits on any number of threads. */
DVT_API DVT_MUST_CHECK dvt_status dvt_sim_run(dvt_sim *s, const dvt_tensor *inputs, int32_t count);
/* Network output i (kept values behind the network's own), borrowed until the next run. */
DVT_API DVT_MUST_CHECK dvt_status dvt_sim_output(const dvt_sim *s, int32_t i, dvt_tensor *out);
DVT_API void                      dvt_sim_counters_of(const dvt_sim *s, dvt_sim_counters *out);
DVT_API void                      dvt_sim_reset_counters(dvt_sim *s);
/* For differential tests: external memory as it stands, borrowed. */
DVT_API const uint8_t *dvt_sim_memory(const dvt_sim *s, size_t *bytes);

/* ---- cycle model (docs/timing.md) ---------------------------------------------------------- */

/* Why the array stood still in a cycle between a word's start and end. */
#define DVT_STALL_LIST(X)                                                     \
    X(FEATURES, "features", "waiting for features from external memory")      \
    X(FILTERS, "filters", "waiting for filters or parameters")                \
    X(INSTRUCTIONS, "instructions", "waiting for the long word")              \
    X(BANKS, "banks", "lanes that want the same bank of the stream buffer")   \
    X(CROSSBAR, "crossbar", "results leave slower than the array makes them") \
    X(MEMORY, "memory", "results wait for external memory")                   \
    X(DRAIN, "drain", "filling and emptying the pipeline")                    \
    X(AUXILIARY, "auxiliary", "array unused: the word runs on auxiliary kernels")

typedef enum dvt_stall {
#define DVT_X(name, text, help) DVT_STALL_##name,
    DVT_STALL_LIST(DVT_X)
#undef DVT_X
        DVT_STALL_COUNT
} dvt_stall;
DVT_API const char *dvt_stall_name(dvt_stall s);

/* What units did, and for how many cycles (docs/timing.md section 9). */
#define DVT_BUSY_LIST(X)                                               \
    X(READER, "reader", "flits sent over the chain")                   \
    X(FREAD, "fread", "steps that wrote features")                     \
    X(PAGES, "pages", "steps that wrote filters")                      \
    X(PARAMS, "params", "steps that wrote parameters")                 \
    X(TURNS, "turns", "turns completed, virtual ones included")        \
    X(BEATS, "beats", "beats drained")                                 \
    X(OPERANDS, "operands", "operand beats fetched")                   \
    X(TAKEN, "taken", "beats taken by the writer")                     \
    X(SREAD, "sread", "cycles in which a turn was worked on")          \
    X(ELT, "elt", "cycles in which an operand beat was worked on")     \
    X(WRITE, "write", "cycles in which the writer worked on a beat")   \
    X(READ_BEATS, "read_beats", "beats read on the bus")               \
    X(WRITE_BEATS, "write_beats", "beats written on the bus")

typedef enum dvt_busy {
#define DVT_X(name, text, help) DVT_BUSY_##name,
    DVT_BUSY_LIST(DVT_X)
#undef DVT_X
        DVT_BUSY_COUNT
} dvt_busy;
DVT_API const char *dvt_busy_name(dvt_busy b);

typedef struct dvt_word_timing {
    int64_t start, end;             /* cycles of clock_mhz; end is exclusive */
    int64_t array_busy;             /* cycles in which the array did a turn */
    int64_t stall[DVT_STALL_COUNT]; /* the rest of end - start, by cause */
    /* by unit, also where it works ahead for this word while the one before runs */
    int64_t busy[DVT_BUSY_COUNT];
    int64_t memory_bytes; /* on the bus, read and written */
} dvt_word_timing;

typedef struct dvt_profile {
    dvt_ctx         *ctx;
    int32_t          word_count;
    dvt_word_timing *words;          /* (word_count) */
    int64_t          cycles;         /* of all overlay steps, one image */
    int64_t          macs;           /* of the network on the overlay */
    int64_t          mapping_cycles; /* least cycles the vector widths allow */
    int64_t          array_busy, memory_bytes;
    int64_t          stall[DVT_STALL_COUNT];
    int64_t          busy[DVT_BUSY_COUNT];
    int64_t          host_steps, host_macs; /* work the figures do not contain */
    double           fps;                   /* clock / cycles; the host's share is not in it */
    double           macs_per_cycle;
    double           array_efficiency; /* macs / (cycles * macs per cycle of the array) */
    double           mapping_limit;    /* the same with mapping_cycles for cycles */
} dvt_profile;

typedef struct dvt_profile_opts {
    uint64_t seed;           /* of the memory's back-pressure */
    int32_t  stall_permille; /* how often a channel is held back, 0 to 999 */
    int64_t  cycles_max;     /* refuses to go on for longer; 0 = 2^36 */
    bool     stepwise;       /* cycle by cycle: the same figures, slower */
    /* Appended to, borrowed; NULL = none. Cycle by cycle, then: a value change dump for viewers,
     * and Chrome's trace events (JSON) for Perfetto. One unit of time is one cycle. */
    dvt_buf *vcd, *chrome;
} dvt_profile_opts;

/* Every overlay step is one run of docs/timing.md; its control words lie in external memory behind
 * the program's own, from the first multiple of 64 bytes on. NULL opts = no back-pressure. E_NOMEM;
 * E_USAGE: stall_permille out of range; E_CAPACITY: more than cycles_max; E_CANCELLED; and what
 * dvt_isa_decode and dvt_word_check say of a word. */
DVT_API DVT_MUST_CHECK dvt_status dvt_profile_program_with(const dvt_program      *p,
                                                           const dvt_profile_opts *opts,
                                                           dvt_profile            *out);
DVT_API DVT_MUST_CHECK dvt_status dvt_profile_program(const dvt_program *p, dvt_profile *out);
DVT_API void                      dvt_profile_deinit(dvt_profile *p);

#ifdef __cplusplus
}
#endif
#endif
