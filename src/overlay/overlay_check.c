/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overlay_check.c - is a description one that can be built?
 *
 * Idea      Ranges come from the table of keys (description.c); what follows here are combinations:
 *           formats and widths, memories and address fields, crossbar and kernels. An error names
 *           the key and says what would do.
 * Widths    The ranges alone keep a dot product within a signed 32-bit integer: 256 products of two
 *           11-bit magnitudes and a sign are 31 bits.
 * Status    DVT_E_PARSE: the description contradicts itself or leaves the ranges.
 * Tests     tests/unit/test_overlay.c (every error)
 */
#include "overlay/overlay_int.h"

#include <string.h>

enum {
    AXI_BOUNDARY = 4096,
    STREAM_WORDS_MAX = 1 << 24, /* 24-bit addresses in the long words */
    MULTIPLIERS_MAX = 1 << 20,
    INT8_BITS = 8,
    INT8_ACCUMULATOR_BITS = 32,
    BFP_ACCUMULATOR_BITS_MIN = 40
};

static dvt_status check_ranges(dvt_ctx *ctx, const dvt_overlay *o)
{
    size_t                  count;
    const dvti_overlay_key *keys = dvti_overlay_keys(&count);

    for (size_t i = 0; i < count; i++) {
        double v = dvti_overlay_key_value(&keys[i], o);
        if (!(v >= keys[i].min && v <= keys[i].max)) {
            return dvt_fail(ctx, DVT_E_PARSE, NULL, "%s%s%s: %.12g is outside of %.12g..%.12g %s",
                            keys[i].group, keys[i].group[0] ? "." : "", keys[i].key, v, keys[i].min,
                            keys[i].max, keys[i].unit);
        }
    }
    return DVT_OK;
}

static dvt_status check_text(dvt_ctx *ctx, const char *key, const char *text, bool may_be_empty)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

    if (text[0] == '\0' && !may_be_empty) {
        return dvt_fail(ctx, DVT_E_PARSE, NULL, "%s: is empty", key);
    }
    if (text[strspn(text, allowed)] != '\0') {
        return dvt_fail(ctx, DVT_E_PARSE, NULL,
                        "%s: '%s' has characters other than letters, digits, '.', '_' and '-'", key,
                        text);
    }
    return DVT_OK;
}

static dvt_status check_int8(dvt_ctx *ctx, const dvt_overlay *o)
{
    if (o->feature_mantissa_bits != INT8_BITS) {
        return dvt_fail(ctx, DVT_E_PARSE, NULL,
                        "format.feature_mantissa_bits: int8 has 8 bits, not %d",
                        o->feature_mantissa_bits);
    }
    if (o->filter_mantissa_bits != INT8_BITS) {
        return dvt_fail(ctx, DVT_E_PARSE, NULL,
                        "format.filter_mantissa_bits: int8 has 8 bits, not %d",
                        o->filter_mantissa_bits);
    }
    if (o->accumulator_bits != INT8_ACCUMULATOR_BITS) {
        return dvt_fail(ctx, DVT_E_PARSE, NULL,
                        "format.accumulator_bits: int8 accumulates in 32 bits, not %d",
                        o->accumulator_bits);
    }
    return DVT_OK;
}

static dvt_status check_format(dvt_ctx *ctx, const dvt_overlay *o)
{
    if (o->format != DVT_FORMAT_BFP && o->format != DVT_FORMAT_INT8) {
        return dvt_fail(ctx, DVT_E_PARSE, NULL, "format.kind: %d is neither bfp nor int8",
                        (int)o->format);
    }
    if (o->format == DVT_FORMAT_INT8) {
        return check_int8(ctx, o);
    }
    if (o->accumulator_bits < BFP_ACCUMULATOR_BITS_MIN) {
        return dvt_fail(ctx, DVT_E_PARSE, NULL,
                        "format.accumulator_bits: block floating point needs 40 to 64, not %d",
                        o->accumulator_bits);
    }
    return DVT_OK;
}

static dvt_status check_memories(dvt_ctx *ctx, const dvt_overlay *o)
{
    double  peak = o->memory_bus_bits / 8.0 * o->memory_clock_mhz * 1e-3;
    int64_t words = (int64_t)o->stream_buffer_banks * o->stream_buffer_words_per_bank;
    int64_t multipliers = (int64_t)o->c_vec * o->k_vec * o->q_vec * o->p_vec;

    if (multipliers > MULTIPLIERS_MAX) {
        return dvt_fail(ctx, DVT_E_PARSE, NULL, "array: %lld multipliers, at most %d are built",
                        (long long)multipliers, MULTIPLIERS_MAX);
    }
    if (words > STREAM_WORDS_MAX) {
        return dvt_fail(ctx, DVT_E_PARSE, NULL,
                        "stream_buffer: %lld words, addresses reach %d of them", (long long)words,
                        STREAM_WORDS_MAX);
    }
    if ((o->memory_bus_bits & (o->memory_bus_bits - 1)) != 0) {
        return dvt_fail(ctx, DVT_E_PARSE, NULL, "memory.bus_bits: %d is not a power of two",
                        o->memory_bus_bits);
    }
    if (o->memory_bandwidth_gbps > peak * (1.0 + 1e-9)) {
        return dvt_fail(ctx, DVT_E_PARSE, NULL,
                        "memory.bandwidth_gbps: %g is more than %g, which %d bits at %g MHz carry",
                        o->memory_bandwidth_gbps, peak, o->memory_bus_bits, o->memory_clock_mhz);
    }
    if ((o->memory_burst_beats & (o->memory_burst_beats - 1)) != 0 ||
        (int64_t)o->memory_burst_beats * o->memory_bus_bits / 8 > AXI_BOUNDARY) {
        return dvt_fail(ctx, DVT_E_PARSE, NULL,
                        "memory.burst_beats: %d beats of %d bits are no power of two of beats "
                        "within the %d bytes that an AXI burst may not cross",
                        o->memory_burst_beats, o->memory_bus_bits, AXI_BOUNDARY);
    }
    if (o->control_link_bits != 8 && o->control_link_bits != 16 && o->control_link_bits != 32 &&
        o->control_link_bits != 64) {
        return dvt_fail(ctx, DVT_E_PARSE, NULL, "control.link_bits: %d is not 8, 16, 32 or 64",
                        o->control_link_bits);
    }
    return DVT_OK;
}

/* ---- crossbar ------------------------------------------------------------------------------ */

static dvt_status check_kernels(dvt_ctx *ctx, const dvt_overlay *o)
{
    for (int k = 0; k < DVT_KERNEL_COUNT; k++) {
        bool has = dvt_overlay_has(o, (dvt_kernel)k);
        if (has && !dvti_kernel_is_aux((dvt_kernel)k)) {
            return dvt_fail(ctx, DVT_E_PARSE, NULL,
                            "crossbar.kernels: '%s' is part of every overlay",
                            dvt_kernel_name((dvt_kernel)k));
        }
        if (has != (o->aux_vec[k] > 0)) {
            return dvt_fail(ctx, DVT_E_PARSE, NULL,
                            "crossbar.kernels.%s: %d values a cycle, but the kernel is %s",
                            dvt_kernel_name((dvt_kernel)k), o->aux_vec[k],
                            has ? "there" : "absent");
        }
    }
    if (o->aux_kernels >> DVT_KERNEL_COUNT != 0) {
        return dvt_fail(ctx, DVT_E_PARSE, NULL, "crossbar.kernels: mask 0x%x names no kernels",
                        o->aux_kernels);
    }
    if (dvt_overlay_has(o, DVT_KERNEL_LRN) && o->function_tables < 1) {
        return dvt_fail(ctx, DVT_E_PARSE, NULL,
                        "crossbar.function_tables: the kernel lrn needs at least 1");
    }
    if (o->lrn_size_max % 2 == 0) {
        return dvt_fail(ctx, DVT_E_PARSE, NULL, "crossbar.lrn_size_max: %d is not odd",
                        o->lrn_size_max);
    }
    return DVT_OK;
}

static dvt_status check_connection(dvt_ctx *ctx, const dvt_overlay *o, dvt_kernel from,
                                   dvt_kernel to)
{
    const char *f = dvt_kernel_name(from), *t = dvt_kernel_name(to);
    bool        source = from == DVT_KERNEL_ARRAY || from == DVT_KERNEL_SREAD;

    if (!source && !dvt_overlay_has(o, from)) {
        return dvt_fail(ctx, DVT_E_PARSE, NULL,
                        "crossbar.connect.%s: the kernel is not among crossbar.kernels", f);
    }
    if (to != DVT_KERNEL_WRITE && !dvt_overlay_has(o, to)) {
        return dvt_fail(ctx, DVT_E_PARSE, NULL,
                        "crossbar.connect.%s: '%s' is neither write nor among crossbar.kernels", f,
                        t);
    }
    if (dvti_kernel_takes_windows(to) && from != DVT_KERNEL_SREAD) {
        return dvt_fail(ctx, DVT_E_PARSE, NULL,
                        "crossbar.connect.%s: '%s' takes windows, which only sread delivers", f, t);
    }
    if (from == to) {
        return dvt_fail(ctx, DVT_E_PARSE, NULL, "crossbar.connect.%s: leads to itself", f);
    }
    return DVT_OK;
}

static uint32_t reached_from(const dvt_overlay *o, uint32_t set)
{
    for (int round = 0; round < DVT_KERNEL_COUNT; round++) {
        for (int k = 0; k < DVT_KERNEL_COUNT; k++) {
            set |= (set >> k & 1u) != 0 ? o->connect[k] : 0u;
        }
    }
    return set;
}

static dvt_status check_paths(dvt_ctx *ctx, const dvt_overlay *o)
{
    uint32_t sources = 1u << DVT_KERNEL_ARRAY | 1u << DVT_KERNEL_SREAD;
    uint32_t reached = reached_from(o, sources);

    for (int k = 0; k < DVT_KERNEL_COUNT; k++) {
        const char *name = dvt_kernel_name((dvt_kernel)k);
        bool        aux = dvt_overlay_has(o, (dvt_kernel)k);
        if (aux && (reached >> k & 1u) == 0) {
            return dvt_fail(ctx, DVT_E_PARSE, NULL,
                            "crossbar.connect: nothing leads to '%s'; connect it or leave it out",
                            name);
        }
        if ((aux || (sources >> k & 1u) != 0) &&
            (reached_from(o, 1u << k) >> DVT_KERNEL_WRITE & 1u) == 0) {
            return dvt_fail(ctx, DVT_E_PARSE, NULL,
                            "crossbar.connect.%s: no way from here to write", name);
        }
    }
    return DVT_OK;
}

static dvt_status check_crossbar(dvt_ctx *ctx, const dvt_overlay *o)
{
    dvt_status st = check_kernels(ctx, o);

    for (int from = 0; st == DVT_OK && from < DVT_KERNEL_COUNT; from++) {
        if (o->connect[from] >> DVT_KERNEL_COUNT != 0) {
            st = dvt_fail(ctx, DVT_E_PARSE, NULL, "crossbar.connect.%s: mask 0x%x names no kernels",
                          dvt_kernel_name((dvt_kernel)from), o->connect[from]);
        }
        for (int to = 0; st == DVT_OK && to < DVT_KERNEL_COUNT; to++) {
            if ((o->connect[from] >> to & 1u) != 0) {
                st = check_connection(ctx, o, (dvt_kernel)from, (dvt_kernel)to);
            }
        }
    }
    return st == DVT_OK ? check_paths(ctx, o) : st;
}

dvt_status dvt_overlay_check(dvt_ctx *ctx, const dvt_overlay *o)
{
    dvt_status st = check_text(ctx, "name", o->name, false);

    if (st == DVT_OK) {
        st = check_text(ctx, "device", o->device, true);
    }
    if (st == DVT_OK) {
        st = check_ranges(ctx, o);
    }
    if (st == DVT_OK) {
        st = check_format(ctx, o);
    }
    if (st == DVT_OK) {
        st = check_memories(ctx, o);
    }
    return st == DVT_OK ? check_crossbar(ctx, o) : st;
}
