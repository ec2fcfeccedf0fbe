/* SPDX-License-Identifier: Apache-2.0 */
/*
 * isa.c - encoder, decoder and disassembler of the long words, all from the table in isa.h.
 *
 * Idea      The table becomes an array of descriptors per part; encoding and decoding walk it.
 *           There is no code per instruction, so a new field is one line in isa.h and nothing here.
 * Layout    Fields follow one another from bit 0 of the part; `lsb` is filled when the table is
 *           built by the preprocessor as a running sum over an enum.
 * Tests     tests/unit/test_isa.c (round trips, limits, hostile words), tests/fuzz/fuzz_isa.c.
 */
#include "dovetail/isa.h"

#include <math.h>
#include <string.h>

/* ---- the table as data --------------------------------------------------------------------- */

/* Running bit positions: every field contributes an enumerator for its first bit and one that
 * continues behind its last. */
#define LSB_FIELD(part, field, bits, kind, unit, meaning) \
    part##_##field##_lsb, part##_##field##_end = part##_##field##_lsb + (bits)-1,
#define LSB_ARRAY(part, field, count, bits, kind, unit, meaning) \
    part##_##field##_lsb, part##_##field##_end = part##_##field##_lsb + (count) * (bits)-1,
#define LSB_PART(NAME, name) enum { DVT_ISA_##NAME(LSB_FIELD, LSB_ARRAY) name##_bits };
DVT_ISA_PARTS(LSB_PART)

#define DESC_FIELD(part, field, bits, kind, unit, meaning) \
    {#field,   unit,  meaning,                             \
     1,        bits,  part##_##field##_lsb,                \
     #kind[0], false, offsetof(dvt_part_##part, field)},
#define DESC_ARRAY(part, field, count, bits, kind, unit, meaning) \
    {#field,   unit, meaning,                                     \
     count,    bits, part##_##field##_lsb,                        \
     #kind[0], true, offsetof(dvt_part_##part, field)},
#define DESC_PART(NAME, name) \
    static const dvt_isa_field name##_fields[] = {DVT_ISA_##NAME(DESC_FIELD, DESC_ARRAY)};
DVT_ISA_PARTS(DESC_PART)

static const char *const kernel_help[DVT_KERNEL_COUNT] = {
#define DVT_X(NAME, text, help) help,
    DVT_KERNEL_LIST(DVT_X)
#undef DVT_X
};

static const dvt_isa_part parts[] = {
#define PART(NAME, name)                                                                         \
    {#name,                                                                                      \
     name##_fields,                                                                              \
     (int32_t)(sizeof(name##_fields) / sizeof(name##_fields[0])),                                \
     name##_bits,                                                                                \
     (name##_bits + 8 * DVT_ISA_UNIT_BYTES - 1) / (8 * DVT_ISA_UNIT_BYTES) * DVT_ISA_UNIT_BYTES, \
     offsetof(dvt_word, name)},
    DVT_ISA_PARTS(PART)
#undef PART
};
_Static_assert(sizeof(parts) / sizeof(parts[0]) == DVT_KERNEL_COUNT, "one part per kernel");

const dvt_isa_part *dvt_isa_describe(dvt_kernel kernel) { return &parts[kernel]; }

const char *dvt_kernel_name(dvt_kernel kernel) { return parts[kernel].name; }

const char *dvt_kernel_help(dvt_kernel kernel) { return kernel_help[kernel]; }

size_t dvt_isa_word_bytes(uint32_t kernels)
{
    size_t bytes = DVT_ISA_HEADER_BYTES;
    for (int k = 0; k < DVT_KERNEL_COUNT; k++)
        if (kernels >> k & 1u) bytes += (size_t)parts[k].bytes;
    return bytes;
}

float dvt_isa_float(int64_t field)
{
    uint32_t bits = (uint32_t)field;
    float    x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

int64_t dvt_isa_bits(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return (int64_t)bits;
}

bool dvt_isa_plain(float x) { return x == 0.0f || isnormal(x); }

/* ---- bits ---------------------------------------------------------------------------------- */

static void put_bits(uint8_t *bytes, int32_t lsb, int32_t count, uint64_t value)
{
    for (int32_t i = 0; i < count; i++)
        if (value >> i & 1u) bytes[(lsb + i) / 8] |= (uint8_t)(1u << ((lsb + i) % 8));
}

static uint64_t get_bits(const uint8_t *bytes, int32_t lsb, int32_t count)
{
    uint64_t value = 0;
    for (int32_t i = 0; i < count; i++)
        value |= (uint64_t)(bytes[(lsb + i) / 8] >> ((lsb + i) % 8) & 1u) << i;
    return value;
}

static bool field_holds(const dvt_isa_field *f, int64_t value)
{
    if (f->kind == 'S')
        return value >= -((int64_t)1 << (f->bits - 1)) && value < (int64_t)1 << (f->bits - 1);
    return value >= 0 && value < (int64_t)1 << f->bits;
}

static int64_t sign_extend(uint64_t value, int32_t bits)
{
    uint64_t sign = (uint64_t)1 << (bits - 1);
    return (int64_t)((value ^ sign) - sign);
}

static const int64_t *field_values(const dvt_word *w, const dvt_isa_part *p, const dvt_isa_field *f)
{
    return (const int64_t *)(const void *)((const char *)w + p->offset + f->offset);
}

/* ---- check --------------------------------------------------------------------------------- */

enum { CHECK_AT = 6 };

/* CRC-16 (polynomial 0x1021, from 0xffff, highest bit first) of a word, its check bytes as 0. */
static uint32_t word_check_bytes(const uint8_t *word, size_t size)
{
    uint32_t crc = 0xffff;

    for (size_t i = 0; i < size; i++) {
        crc ^= (i == CHECK_AT || i == CHECK_AT + 1 ? 0u : (uint32_t)word[i]) << 8;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc << 1 ^ (crc & 0x8000 ? 0x1021u : 0u)) & 0xffffu;
    }
    return crc;
}

/* ---- encode -------------------------------------------------------------------------------- */

static dvt_status encode_part(dvt_ctx *ctx, const dvt_word *w, const dvt_isa_part *p,
                              uint8_t *bytes)
{
    for (int32_t i = 0; i < p->field_count; i++) {
        const dvt_isa_field *f = &p->fields[i];
        const int64_t       *v = field_values(w, p, f);
        for (int32_t j = 0; j < f->count; j++) {
            if (!field_holds(f, v[j]))
                return dvt_fail(ctx, DVT_E_CAPACITY, NULL,
                                "word %u: %s.%s[%d] = %lld does not fit in %d bits (%s)", w->tag,
                                p->name, f->name, j, (long long)v[j], f->bits,
                                f->kind == 'S' ? "signed" : "unsigned");
            put_bits(bytes, f->lsb + j * f->bits, f->bits, (uint64_t)v[j]);
        }
    }
    return DVT_OK;
}

dvt_status dvt_isa_encode(dvt_ctx *ctx, const dvt_word *w, dvt_buf *out)
{
    uint8_t header[DVT_ISA_HEADER_BYTES] = {DVT_ISA_VERSION, (uint8_t)w->tag,
                                            (uint8_t)(w->tag >> 8), (uint8_t)w->kernels,
                                            (uint8_t)(w->kernels >> 8)};

    size_t  start = out->len;

    if (w->tag > UINT16_MAX)
        return dvt_fail(ctx, DVT_E_CAPACITY, NULL, "word %u: a program has at most 65,536 words",
                        w->tag);
    dvt_buf_append(out, header, sizeof header);
    for (int k = 0; k < DVT_KERNEL_COUNT; k++) {
        uint8_t    bytes[256] = {0};
        dvt_status st;
        if (!dvt_word_has(w, (dvt_kernel)k)) continue;
        st = encode_part(ctx, w, &parts[k], bytes);
        if (st != DVT_OK) return st;
        dvt_buf_append(out, bytes, (size_t)parts[k].bytes);
    }
    if (dvt_buf_status(out) == DVT_OK) {
        uint8_t *word = (uint8_t *)out->data + start;
        uint32_t crc = word_check_bytes(word, out->len - start);
        word[CHECK_AT] = (uint8_t)crc;
        word[CHECK_AT + 1] = (uint8_t)(crc >> 8);
    }
    return dvt_buf_status(out);
}

/* ---- decode -------------------------------------------------------------------------------- */

/* Up to a unit less one bit. */
static bool padding_set(const dvt_isa_part *p, const uint8_t *bytes)
{
    return get_bits(bytes, p->bits, p->bytes * 8 - p->bits) != 0;
}

static void decode_part(const dvt_isa_part *p, const uint8_t *bytes, dvt_word *w)
{
    for (int32_t i = 0; i < p->field_count; i++) {
        const dvt_isa_field *f = &p->fields[i];
        int64_t             *v = (int64_t *)(void *)((char *)w + p->offset + f->offset);
        for (int32_t j = 0; j < f->count; j++) {
            uint64_t raw = get_bits(bytes, f->lsb + j * f->bits, f->bits);
            v[j] = f->kind == 'S' ? sign_extend(raw, f->bits) : (int64_t)raw;
        }
    }
}

dvt_status dvt_isa_decode(dvt_ctx *ctx, const uint8_t *data, size_t size, size_t *used,
                          dvt_word *out)
{
    dvt_pos at = {.offset = 0};
    size_t  pos = DVT_ISA_HEADER_BYTES;

    memset(out, 0, sizeof *out);
    *used = 0;
    if (size < DVT_ISA_HEADER_BYTES)
        return dvt_fail(ctx, DVT_E_PARSE, &at, "long word ends inside its header: %zu of %d bytes",
                        size, DVT_ISA_HEADER_BYTES);
    if (data[0] != DVT_ISA_VERSION)
        return dvt_fail(ctx, DVT_E_PARSE, &at,
                        "long word of instruction set version %u, this is %d", data[0],
                        DVT_ISA_VERSION);
    out->tag = (uint32_t)data[1] | (uint32_t)data[2] << 8;
    out->kernels = (uint32_t)data[3] | (uint32_t)data[4] << 8;
    at.offset = 3;
    if (out->kernels >> DVT_KERNEL_COUNT || data[5] != 0)
        return dvt_fail(ctx, DVT_E_PARSE, &at,
                        "word %u names kernels that do not exist: mask 0x%04x", out->tag,
                        out->kernels);
    for (int k = 0; k < DVT_KERNEL_COUNT; k++) {
        const dvt_isa_part *p = &parts[k];
        if (!dvt_word_has(out, (dvt_kernel)k)) continue;
        at.offset = pos;
        if (size - pos < (size_t)p->bytes)
            return dvt_fail(ctx, DVT_E_PARSE, &at, "word %u ends inside part '%s'", out->tag,
                            p->name);
        if (padding_set(p, data + pos))
            return dvt_fail(ctx, DVT_E_PARSE, &at, "word %u: padding bits of part '%s' are set",
                            out->tag, p->name);
        decode_part(p, data + pos, out);
        pos += (size_t)p->bytes;
    }
    at.offset = CHECK_AT;
    if (word_check_bytes(data, pos) != (data[CHECK_AT] | (uint32_t)data[CHECK_AT + 1] << 8))
        return dvt_fail(ctx, DVT_E_PARSE, &at, "word %u: its check bytes do not belong to it",
                        out->tag);
    *used = pos;
    return DVT_OK;
}

/* ---- text ---------------------------------------------------------------------------------- */

static void print_field(const dvt_isa_field *f, const int64_t *v, dvt_buf *out)
{
    bool any = false;
    for (int32_t j = 0; j < f->count; j++) any = any || v[j] != 0;
    if (!any) return;
    dvt_buf_printf(out, " %s=", f->name);
    if (f->is_array) dvt_buf_puts(out, "[");
    for (int32_t j = 0; j < f->count; j++) {
        if (j) dvt_buf_puts(out, ",");
        if (f->kind == 'R')
            dvt_buf_printf(out, "%.9g", (double)dvt_isa_float(v[j]));
        else
            dvt_buf_printf(out, "%lld", (long long)v[j]);
    }
    if (f->is_array) dvt_buf_puts(out, "]");
}

void dvt_isa_disassemble(const dvt_word *w, dvt_buf *out)
{
    dvt_buf_printf(out, "word %u\n", w->tag);
    for (int k = 0; k < DVT_KERNEL_COUNT; k++) {
        const dvt_isa_part *p = &parts[k];
        if (!dvt_word_has(w, (dvt_kernel)k)) continue;
        dvt_buf_printf(out, "  %-9s", p->name);
        for (int32_t i = 0; i < p->field_count; i++)
            print_field(&p->fields[i], field_values(w, p, &p->fields[i]), out);
        dvt_buf_puts(out, "\n");
    }
}
