/* SPDX-License-Identifier: Apache-2.0 */
/*
 * derive.c - the one place where quantities follow from an overlay's description.
 *
 * Idea      Compiler, models, generator and cost models call this and compute none of it
 *           themselves, so that they cannot disagree.
 * Units     in the names; words are c_vec features or filters.
 * Tests     tests/unit/test_derive.c
 */
#include "dovetail/overlay.h"

#include <math.h>

enum {
    BFP_EXPONENT_BITS = 5,
    WORD_BYTES_MIN = 4,
    BFP_TOP_EXP = 34,
    READ_FIFO_MIN = 16,
    READ_FIFO_MAX = 1024
};

static int32_t ceil_log2(int32_t x)
{
    int32_t bits = 0;

    while (((int64_t)1 << bits) < x) {
        bits++;
    }
    return bits;
}

static int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

/* Words in external memory never straddle a beat: their size is a power of two. */
static int32_t word_bytes(int32_t bits)
{
    int32_t bytes = WORD_BYTES_MIN;

    while (bytes * 8 < bits) {
        bytes *= 2;
    }
    return bytes;
}

static int32_t word_bits(const dvt_overlay *o, int32_t mantissa_bits)
{
    return o->format == DVT_FORMAT_INT8 ? o->c_vec * 8
                                        : o->c_vec * mantissa_bits + BFP_EXPONENT_BITS;
}

/* Blocks that the widest element-by-element kernel takes a cycle. */
static int32_t beat_blocks(const dvt_overlay *o)
{
    static const dvt_kernel kernels[] = {DVT_KERNEL_SCALE, DVT_KERNEL_ACT, DVT_KERNEL_ELT};
    int32_t                 most = 1, pixels = o->p_vec * o->q_vec;

    for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++) {
        int32_t blocks = dvt_overlay_has(o, kernels[i]) ? o->aux_vec[kernels[i]] / o->c_vec : 0;
        most = blocks > most ? blocks : most;
    }
    return most < pixels ? most : pixels;
}

/* What hides the memory's latency, with a burst on either side. */
static int32_t read_fifo_beats(const dvt_overlay *o)
{
    int64_t want = (int64_t)o->memory_latency_cycles + 2 * o->memory_burst_beats;
    int32_t beats = READ_FIFO_MIN;

    while (beats < want && beats < READ_FIFO_MAX) {
        beats *= 2;
    }
    return beats;
}

static void derive_timing(const dvt_overlay *o, dvt_overlay_derived *d)
{
    int64_t control =
        ceil_div((int64_t)o->control_fifo_depth * DVT_ISA_UNIT_BYTES, o->memory_bus_bits / 8);

    d->pixels = o->p_vec * o->q_vec;
    d->beat_blocks = beat_blocks(o);
    d->memory_bus_bytes = o->memory_bus_bits / 8;
    d->memory_rate = (int64_t)floor(d->memory_bytes_per_cycle * 65536.0 + 0.5);
    d->read_fifo_beats = read_fifo_beats(o);
    d->control_fifo_beats = control < 2 ? 2 : (int32_t)control;
}

void dvt_overlay_derive(const dvt_overlay *o, dvt_overlay_derived *d)
{
    bool int8 = o->format == DVT_FORMAT_INT8;

    d->lanes = o->k_vec * o->q_vec * o->p_vec;
    d->macs_per_cycle = (int64_t)o->c_vec * d->lanes;
    d->feature_word_bits = word_bits(o, o->feature_mantissa_bits);
    d->filter_word_bits = word_bits(o, o->filter_mantissa_bits);
    d->feature_word_bytes = word_bytes(d->feature_word_bits);
    d->filter_word_bytes = word_bytes(d->filter_word_bits);
    d->product_bits = (int8 ? 14 : o->feature_mantissa_bits - 1 + o->filter_mantissa_bits - 1) +
                      ceil_log2(o->c_vec) + 1;
    d->accumulator_lsb_exp = int8 ? 0 : BFP_TOP_EXP - o->accumulator_bits;
    d->stream_buffer_words = (int64_t)o->stream_buffer_banks * o->stream_buffer_words_per_bank;
    d->stream_buffer_bits = d->stream_buffer_words * d->feature_word_bits;
    d->filter_cache_bits = (int64_t)2 * o->filter_cache_words * o->k_vec * d->filter_word_bits;
    d->blocks_per_result = (int32_t)ceil_div(o->k_vec, o->c_vec);
    d->memory_bytes_per_cycle = o->memory_bandwidth_gbps * 1e3 / o->clock_mhz;
    d->peak_gmacs = (double)d->macs_per_cycle * o->clock_mhz * 1e-3;
    derive_timing(o, d);
}

bool dvt_overlay_has(const dvt_overlay *o, dvt_kernel kernel)
{
    return (o->aux_kernels >> kernel & 1u) != 0;
}

int64_t dvt_overlay_conv_cycles(const dvt_overlay *o, int64_t groups, int64_t c_per_group,
                                int64_t k_per_group, int64_t q, int64_t p, int64_t r, int64_t s)
{
    return groups * ceil_div(c_per_group, o->c_vec) * ceil_div(k_per_group, o->k_vec) *
           ceil_div(q, o->q_vec) * ceil_div(p, o->p_vec) * r * s;
}

dvt_status dvt_overlay_signature(dvt_ctx *ctx, const dvt_overlay *o, uint32_t *out)
{
    dvt_buf    text;
    char       hex[DVT_SHA256_HEX];
    dvt_status st;

    *out = 0;
    dvt_buf_init(&text, ctx, 0);
    dvt_overlay_print(o, &text);
    st = dvt_buf_status(&text);
    if (st == DVT_OK) {
        dvt_sha256_hex(text.data, text.len, hex);
        for (int i = 0; i < 8; i++) {
            *out = *out << 4 | (uint32_t)(hex[i] <= '9' ? hex[i] - '0' : hex[i] - 'a' + 10);
        }
    }
    dvt_buf_deinit(&text);
    return st;
}
