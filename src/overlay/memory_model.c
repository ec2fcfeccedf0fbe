/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory_model.c - external memory with bandwidth, latency, bursts and seeded back-pressure.
 *
 * Idea      Bandwidth is credit: every cycle adds the sustained rate, every beat costs the bus'
 *           width, and no more than two beats' worth is saved up. Latency is a due time. Nothing
 *           else is modelled, for nothing else is in the contract (docs/timing.md section 2).
 * Order     of a cycle: draws, credit, write, read; the counts that decide about ready are those of
 *           the cycle's start. What is offered and not taken stays offered.
 * Units     cycles; credit in 2^-16 bytes.
 * Tests     tests/unit/test_memory_model.c
 */
#include "overlay/memory_model.h"

#include <string.h>

static const uint64_t SEED_OF_ZERO = 0x9e3779b97f4a7c15u;

void dvti_memory_init(dvti_memory *m, const dvti_memory_opts *o)
{
    *m = (dvti_memory){.o = *o};
    m->cost = (int64_t)o->bus_bytes * 65536;
    m->cap = 2 * m->cost;
    m->credit = m->cap;
    m->random = o->seed ? o->seed : SEED_OF_ZERO;
}

bool dvti_memory_held(uint64_t *state, int32_t stall_permille)
{
    uint64_t x = *state;

    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    *state = x;
    return (x >> 32) % 1000 < (uint64_t)stall_permille;
}

/* Bytes from `address` on that exist; NULL outside. */
static uint8_t *place(const dvti_memory *m, uint64_t address)
{
    uint64_t last = (uint64_t)m->o.size - (uint64_t)m->o.bus_bytes;

    return m->o.bytes && m->o.size >= m->o.bus_bytes && address <= last ? m->o.bytes + address
                                                                        : NULL;
}

/* ---- writes -------------------------------------------------------------------------------- */

static bool store(dvti_memory *m)
{
    uint8_t       *to = place(m, m->aw[m->aw_head]);
    const uint8_t *data = m->wdata[m->w_head], *strobe = m->wstrb[m->w_head];

    for (int32_t i = 0; to && i < m->o.bus_bytes; i++) {
        if ((strobe[i / 8] >> i % 8 & 1) != 0) {
            to[i] = data[i];
        }
    }
    return to || !m->o.bytes;
}

static void carry_out_write(dvti_memory *m)
{
    int64_t due = m->now + (m->o.latency > 1 ? m->o.latency : 1);
    int32_t tail = (m->due_head + m->due_count) % DVTI_MEMORY_RESPONSES;

    if (m->aw_count == 0 || m->w_count == 0 || m->credit < m->cost ||
        m->due_count == DVTI_MEMORY_RESPONSES) {
        return;
    }
    m->credit -= m->cost;
    m->due[tail] = 2 * due + (store(m) ? 0 : 1);
    m->due_count++;
    m->aw_head = (m->aw_head + 1) % DVTI_MEMORY_QUEUE;
    m->w_head = (m->w_head + 1) % DVTI_MEMORY_QUEUE;
    m->aw_count--;
    m->w_count--;
}

/* ---- a cycle ------------------------------------------------------------------------------- */

/* The beat that begins to be offered in this cycle. */
static void fetch(dvti_memory *m, dvti_memory_out *out)
{
    const dvti_memory_burst *b = &m->read[m->read_head];
    const uint8_t *from = place(m, b->address + (uint64_t)m->read_beat * (uint64_t)m->o.bus_bytes);

    out->rlast = m->read_beat + 1 == b->beats;
    out->rresp = from || !m->o.bytes ? 0 : DVTI_MEMORY_SLVERR;
    out->rdata = m->o.bytes ? m->rdata : NULL;
    if (from) {
        memcpy(m->rdata, from, (size_t)m->o.bus_bytes);
    } else if (m->o.bytes) {
        memset(m->rdata, 0, (size_t)m->o.bus_bytes);
    }
}

void dvti_memory_drive(dvti_memory *m, dvti_memory_out *out)
{
    bool held[5] = {false};
    bool read_kept = m->out.rvalid, response_kept = m->out.bvalid; /* clock clears what was taken */

    for (int i = 0; i < 5 && m->o.stall_permille > 0; i++) {
        held[i] = dvti_memory_held(&m->random, m->o.stall_permille);
    }
    m->out.arready = m->read_count < DVTI_MEMORY_QUEUE && !held[0];
    m->out.awready = m->aw_count < DVTI_MEMORY_QUEUE && !held[2];
    m->out.wready = m->w_count < DVTI_MEMORY_QUEUE && !held[3];
    m->credit = m->credit + m->o.rate < m->cap ? m->credit + m->o.rate : m->cap;
    if (!response_kept && m->due_count > 0 && m->due[m->due_head] / 2 <= m->now && !held[4]) {
        m->out.bvalid = true;
        m->out.bresp = m->due[m->due_head] % 2 != 0 ? DVTI_MEMORY_SLVERR : 0;
    }
    carry_out_write(m);
    if (!read_kept && m->read_count > 0 && m->now >= m->read[m->read_head].from &&
        m->credit >= m->cost && !held[1]) {
        m->out.rvalid = true;
        fetch(m, &m->out);
    }
    *out = m->out;
}

static void take_requests(dvti_memory *m, const dvti_memory_in *in)
{
    int64_t from = m->now + (m->o.latency > 1 ? m->o.latency : 1);

    if (in->arvalid && m->out.arready) {
        m->read[(m->read_head + m->read_count++) % DVTI_MEMORY_QUEUE] =
            (dvti_memory_burst){in->araddr, in->arlen + 1, from};
    }
    if (in->awvalid && m->out.awready) {
        m->aw[(m->aw_head + m->aw_count++) % DVTI_MEMORY_QUEUE] = in->awaddr;
    }
    if (in->wvalid && m->out.wready) {
        int32_t tail = (m->w_head + m->w_count++) % DVTI_MEMORY_QUEUE;
        if (m->o.bytes) {
            memcpy(m->wdata[tail], in->wdata, (size_t)m->o.bus_bytes);
            memcpy(m->wstrb[tail], in->wstrb, (size_t)(m->o.bus_bytes + 7) / 8);
        }
    }
}

void dvti_memory_clock(dvti_memory *m, const dvti_memory_in *in)
{
    if (m->out.rvalid && in->rready) {
        m->credit -= m->cost;
        m->out.rvalid = false;
        if (++m->read_beat == m->read[m->read_head].beats) {
            m->read_beat = 0;
            m->read_head = (m->read_head + 1) % DVTI_MEMORY_QUEUE;
            m->read_count--;
        }
    }
    if (m->out.bvalid && in->bready) {
        m->out.bvalid = false;
        m->due_head = (m->due_head + 1) % DVTI_MEMORY_RESPONSES;
        m->due_count--;
    }
    take_requests(m, in);
    m->now++;
}

bool dvti_memory_idle(const dvti_memory *m)
{
    return m->read_count == 0 && m->aw_count == 0 && m->w_count == 0 && m->due_count == 0;
}

void dvti_memory_rest(dvti_memory *m, int64_t cycles)
{
    int64_t missing = m->cap - m->credit;

    m->credit = m->o.rate * (cycles < m->cap ? cycles : m->cap) >= missing
                    ? m->cap
                    : m->credit + m->o.rate * cycles;
    m->now += cycles;
}
