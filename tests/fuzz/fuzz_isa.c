/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_isa.c - bytes as a long word: refused, or the same bytes again; and if an overlay accepts
 * the word, counting through it stays inside the memories.
 *
 * Checks    (1) encode(decode(x)) = x; (2) the disassembly is text; (3) where dvt_word_check passes
 *           and the nests are short, every address, found by counting, lies in its memory.
 */
#include "dovetail/program.h"

#include <stdlib.h>
#include <string.h>

enum { MEMORY = 1 << 16, TURNS_MAX = 1 << 12, WORD_MAX = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

/* odd widths, everything connected, small memories; the corpus holds words that it accepts */
static dvt_overlay small_overlay(void)
{
    dvt_overlay o = {.name = "fuzz",
                     .c_vec = 5,
                     .k_vec = 7,
                     .q_vec = 3,
                     .p_vec = 2,
                     .feature_mantissa_bits = 5,
                     .filter_mantissa_bits = 5,
                     .accumulator_bits = 40,
                     .stream_buffer_banks = 1,
                     .stream_buffer_words_per_bank = 4096,
                     .filter_cache_words = 64,
                     .function_tables = 8,
                     .lrn_size_max = 15,
                     .pool_window_max = 256,
                     .memory_bus_bits = 64,
                     .memory_burst_beats = 4,
                     .clock_mhz = 1};

    for (int k = 0; k < DVT_KERNEL_COUNT; k++) {
        o.connect[k] = (1u << DVT_KERNEL_COUNT) - 1;
        if (k >= DVT_KERNEL_SCALE && k <= DVT_KERNEL_LRN) {
            o.aux_kernels |= 1u << k;
            o.aux_vec[k] = 1;
        }
    }
    return o;
}

static int64_t dot(int64_t index, const int64_t *n, const int64_t *step, int levels)
{
    int64_t sum = 0;

    for (int l = 0; l < levels; l++) {
        sum += index % n[l] * step[l];
        index /= n[l];
    }
    return sum;
}

static int64_t turns(const int64_t *n, int levels)
{
    int64_t count = 1;

    for (int l = 0; l < levels && count <= TURNS_MAX; l++) {
        count *= n[l];
    }
    return count;
}

static void count_reads(const dvt_overlay *o, const dvt_part_sread *s)
{
    for (int64_t t = 0; t < turns(s->n, DVT_LOOPS); t++) {
        for (int64_t p = 0; p < o->p_vec; p++) {
            for (int64_t q = 0; q < o->q_vec; q++) {
                int64_t h = s->h0 + dot(t, s->n, s->h, DVT_LOOPS) + p * s->ph;
                int64_t w = s->w0 + dot(t, s->n, s->w, DVT_LOOPS) + q * s->qw;
                int64_t a = s->base + dot(t, s->n, s->a, DVT_LOOPS) + p * s->pa + q * s->qa;
                if (h >= 0 && h < s->h_max && w >= 0 && w < s->w_max) {
                    require(a >= 0 && a < o->stream_buffer_words_per_bank);
                }
            }
        }
    }
}

static void count_writes(const dvt_overlay *o, const dvt_part_write *s, int64_t memory_words)
{
    int64_t words = s->space ? memory_words : o->stream_buffer_words_per_bank;

    for (int64_t t = 0; t < turns(s->n, DVT_OUT_LOOPS); t++) {
        for (int64_t p = 0; p < o->p_vec; p++) {
            for (int64_t q = 0; q < o->q_vec; q++) {
                int64_t h = dot(t, s->n, s->h, DVT_OUT_LOOPS) + p;
                int64_t w = dot(t, s->n, s->w, DVT_OUT_LOOPS) + q;
                int64_t a = s->base + dot(t, s->n, s->d, DVT_OUT_LOOPS) + p * s->pd + q * s->qd;
                if (h < s->h_max && w < s->w_max) { /* block 0 is written in any case */
                    require(a >= 0 && a < words);
                }
            }
        }
    }
}

static void check_accepted(const dvt_overlay *o, const dvt_word *w)
{
    dvt_overlay_derived d;

    dvt_overlay_derive(o, &d);
    if (dvt_word_has(w, DVT_KERNEL_SREAD) && turns(w->sread.n, DVT_LOOPS) <= TURNS_MAX) {
        count_reads(o, &w->sread);
        count_writes(o, &w->write, MEMORY / d.feature_word_bytes);
    }
}

/* The check bytes made to fit the word that the mask tells of, so that mutations get past them. */
static void fit_check_bytes(uint8_t *word, size_t size)
{
    size_t   bytes = dvt_isa_word_bytes((uint32_t)word[3] | (uint32_t)word[4] << 8);
    uint32_t crc = 0xffff;

    if (bytes > size) {
        return;
    }
    word[6] = word[7] = 0;
    for (size_t i = 0; i < 8 * bytes; i++) {
        uint32_t top = (crc >> 15 & 1u) ^ (word[i / 8] >> (7 - i % 8) & 1u);
        crc = (crc << 1 & 0xffffu) ^ (top ? 0x1021u : 0u);
    }
    word[6] = (uint8_t)crc;
    word[7] = (uint8_t)(crc >> 8);
}

static void decode_one(const uint8_t *data, size_t size)
{
    dvt_ctx    *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = 1});
    dvt_overlay o = small_overlay();
    dvt_word    w;
    size_t      used;
    dvt_buf     b;

    if (!ctx) {
        return;
    }
    dvt_buf_init(&b, ctx, 0);
    if (dvt_isa_decode(ctx, data, size, &used, &w) == DVT_OK) {
        require(used <= size && dvt_isa_encode(ctx, &w, &b) == DVT_OK);
        require(b.len == used && memcmp(b.data, data, used) == 0);
        dvt_buf_reset(&b);
        dvt_isa_disassemble(&w, &b);
        require(dvt_buf_status(&b) == DVT_OK && strlen(b.data) == b.len);
        if (dvt_word_check(ctx, &o, &w, MEMORY) == DVT_OK) {
            check_accepted(&o, &w);
        }
    }
    dvt_buf_deinit(&b);
    require(dvt_ctx_bytes_in_use(ctx) == 0);
    dvt_ctx_destroy(ctx);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t fitted[WORD_MAX];

    decode_one(data, size);
    if (size >= DVT_ISA_HEADER_BYTES && size <= sizeof fitted) {
        memcpy(fitted, data, size);
        fit_check_bytes(fitted, size);
        decode_one(fitted, size);
    }
    return 0;
}
