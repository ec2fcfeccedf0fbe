/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory_model.h - the external memory of docs/timing.md section 2, cycle by cycle.
 *
 * Idea      The memory is part of the timing contract, so that cycle model and RTL test bench see
 *           the same one. A cycle is two calls: drive decides from the state alone what the memory
 *           offers in this cycle; clock takes what the overlay offered in it.
 *
 *     dvti_memory_init(&m, &opts);
 *     for each cycle:
 *         dvti_memory_drive(&m, &out);      (arready, rvalid, awready, wready, bvalid ...)
 *         ... the overlay's own outputs of this cycle go into `in` ...
 *         dvti_memory_clock(&m, &in);
 *
 * Data      Optional: without bytes the handshakes are the same and no data moves.
 * Faults    A beat outside of the bytes reads as zero, is not written, and answers SLVERR.
 * Limits    Writes are bursts of one beat, as the overlay makes them; reads are INCR of full width.
 * Alone     Needs nothing but the C library: a test bench may compile it by itself.
 */
#ifndef DVTI_MEMORY_MODEL_H
#define DVTI_MEMORY_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    DVTI_MEMORY_QUEUE = 16,       /* read bursts, write addresses, write beats */
    DVTI_MEMORY_RESPONSES = 1024, /* writes carried out and not answered */
    DVTI_MEMORY_BUS_MAX = 1024,   /* bytes */
    DVTI_MEMORY_SLVERR = 2
};

typedef struct dvti_memory_opts {
    int32_t  bus_bytes; /* power of two, 4 to DVTI_MEMORY_BUS_MAX */
    int32_t  latency;   /* cycles */
    int64_t  rate;      /* sustained, 2^-16 bytes a cycle */
    int32_t  stall_permille;
    uint64_t seed;
    uint8_t *bytes; /* (size), borrowed; NULL: no data */
    int64_t  size;
} dvti_memory_opts;

/* What the memory offers in a cycle. rdata: bus_bytes, borrowed until the next drive; NULL without
 * bytes. */
typedef struct dvti_memory_out {
    bool           arready, rvalid, rlast, awready, wready, bvalid;
    uint8_t        rresp, bresp;
    const uint8_t *rdata;
} dvti_memory_out;

/* What the overlay offers in the same cycle. arlen, as on AXI: beats less one. */
typedef struct dvti_memory_in {
    bool           arvalid, rready, awvalid, wvalid, bready;
    uint8_t        arlen;
    uint64_t       araddr, awaddr;
    const uint8_t *wdata; /* bus_bytes; may be NULL without bytes */
    const uint8_t *wstrb; /* a bit for each byte, byte 0 lowest */
} dvti_memory_in;

typedef struct dvti_memory_burst {
    uint64_t address;
    int32_t  beats;
    int64_t  from; /* first cycle of its first beat */
} dvti_memory_burst;

typedef struct dvti_memory {
    dvti_memory_opts  o;
    int64_t           now, credit, cap, cost; /* credit, cap and cost of a beat in 2^-16 bytes */
    uint64_t          random;
    dvti_memory_out   out; /* of this cycle */
    dvti_memory_burst read[DVTI_MEMORY_QUEUE];
    int32_t           read_head, read_count, read_beat; /* beats of the head that were taken */
    uint64_t          aw[DVTI_MEMORY_QUEUE];
    int32_t           aw_head, aw_count, w_head, w_count;
    int64_t           due[DVTI_MEMORY_RESPONSES]; /* cycle, times 2, plus 1 for an error */
    int32_t           due_head, due_count;
    uint8_t           rdata[DVTI_MEMORY_BUS_MAX];
    uint8_t           wdata[DVTI_MEMORY_QUEUE][DVTI_MEMORY_BUS_MAX];
    uint8_t           wstrb[DVTI_MEMORY_QUEUE][DVTI_MEMORY_BUS_MAX / 8];
} dvti_memory;

/* Idle, in cycle 0, credit at its cap. */
void dvti_memory_init(dvti_memory *m, const dvti_memory_opts *o);
/* Once a cycle, before clock. */
void dvti_memory_drive(dvti_memory *m, dvti_memory_out *out);
void dvti_memory_clock(dvti_memory *m, const dvti_memory_in *in);
/* An idle memory that never holds back goes over cycles without requests. */
void dvti_memory_rest(dvti_memory *m, int64_t cycles);
bool dvti_memory_idle(const dvti_memory *m);
/* One draw of section 2.1: is the channel held back? Steps `state`. */
bool dvti_memory_held(uint64_t *state, int32_t stall_permille);

#ifdef __cplusplus
}
#endif
#endif
