/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sv_package.c - the constants that RTL shares with compiler and models, as SystemVerilog.
 *
 * Idea      RTL computes no width and no field position of its own: it imports dvt_pkg, which is
 *           printed from dvt_overlay_derive and from the instruction table. Names are those of the
 *           description and of isa.h in camel case: array.c_vec is CVec, field n of part sread is
 *           SreadNLsb, SreadNBits, SreadNCount.
 * Style     plain localparams of type int (32 bits) and longint: Verilator, Icarus and Yosys take
 *           them alike.
 * Tests     tests/unit/test_sv_package.c (linted with Verilator and Icarus where installed)
 */
#include "dovetail/csr.h"
#include "overlay/overlay_int.h"

#include <string.h>

enum { NAME_MAX_BYTES = 64 };

/* "stream_buffer", "words" -> "StreamBufferWords" */
static void camel(const char *const *words, size_t count, char out[NAME_MAX_BYTES])
{
    size_t n = 0;

    for (size_t i = 0; i < count; i++) {
        bool upper = true;
        for (const char *c = words[i]; *c != '\0' && n + 1 < NAME_MAX_BYTES; c++) {
            if (*c == '_') {
                upper = true;
                continue;
            }
            out[n++] = (char)(upper && *c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
            upper = false;
        }
    }
    out[n] = '\0';
}

static void put(dvt_buf *b, const char *group, const char *key, const char *suffix, int64_t value)
{
    const char *const words[] = {group, key, suffix};
    char              name[NAME_MAX_BYTES];

    camel(words, 3, name);
    dvt_buf_printf(b, "  localparam %s %s = %s%lld;\n", value > INT32_MAX ? "longint" : "int", name,
                   value > INT32_MAX ? "64'd" : "", (long long)value);
}

static void put_description(const dvt_overlay *o, dvt_buf *b)
{
    size_t                  count;
    const dvti_overlay_key *keys = dvti_overlay_keys(&count);

    dvt_buf_puts(b, "\n  // description\n");
    for (size_t i = 0; i < count; i++) {
        bool array = strcmp(keys[i].group, "array") == 0;
        if (keys[i].type != DVTI_KEY_F64) { /* clocks and bandwidths are no constants of the RTL */
            put(b, array ? "" : keys[i].group, keys[i].key, "",
                (int64_t)dvti_overlay_key_value(&keys[i], o));
        }
    }
    put(b, "format", "is_int8", "", o->format == DVT_FORMAT_INT8);
}

static void put_derived(const dvt_overlay *o, dvt_buf *b)
{
    dvt_overlay_derived d;

    dvt_overlay_derive(o, &d);
    dvt_buf_puts(b, "\n  // what follows from it\n");
    put(b, "lanes", "", "", d.lanes);
    put(b, "feature_word_bits", "", "", d.feature_word_bits);
    put(b, "filter_word_bits", "", "", d.filter_word_bits);
    put(b, "feature_word_bytes", "", "", d.feature_word_bytes);
    put(b, "filter_word_bytes", "", "", d.filter_word_bytes);
    put(b, "product_bits", "", "", d.product_bits);
    put(b, "accumulator_lsb_exp", "", "", d.accumulator_lsb_exp);
    put(b, "stream_buffer_words", "", "", d.stream_buffer_words);
    put(b, "blocks_per_result", "", "", d.blocks_per_result);
    put(b, "memory_bus_bytes", "", "", d.memory_bus_bytes);
    put(b, "pixels", "", "", d.pixels);
    put(b, "beat_blocks", "", "", d.beat_blocks);
    put(b, "read_fifo_beats", "", "", d.read_fifo_beats);
    put(b, "control_fifo_beats", "", "", d.control_fifo_beats);
}

typedef struct constant {
    const char *name;
    int64_t     value;
} constant;

/* Names of C's lists, in capitals: TimingLsArray, CsrStatus, CsrErrorMask, ... */
static void put_list(const char *group, const constant *list, size_t count, dvt_buf *b)
{
    for (size_t i = 0; i < count; i++) {
        char   low[NAME_MAX_BYTES];
        size_t n = 0;
        for (; list[i].name[n] != '\0' && n + 1 < sizeof low; n++) {
            low[n] = (char)(list[i].name[n] | (list[i].name[n] == '_' ? 0 : 0x20));
        }
        low[n] = '\0';
        put(b, group, low, "", list[i].value);
    }
}

static void put_timing(dvt_buf *b)
{
    static const constant list[] = {
#define DVT_X(name, value, help) {#name, value},
        DVT_TIMING_LIST(DVT_X)
#undef DVT_X
    };

    dvt_buf_puts(b, "\n  // stages and depths of docs/timing.md\n");
    put_list("timing", list, sizeof list / sizeof *list, b);
}

static void put_registers(const dvt_overlay *o, dvt_buf *b)
{
    static const constant list[] = {
#define DVT_X(name, offset, access, meaning) {#name, offset},
        DVT_CSR_LIST(DVT_X)
#undef DVT_X
    };
    static const constant errors[] = {
#define DVT_X(name, code, meaning) {#name, code},
        DVT_CSR_ERROR_LIST(DVT_X)
#undef DVT_X
    };

    uint32_t   signature;
    dvt_status st;

    dvt_buf_puts(b, "\n  // registers, error codes\n");
    put_list("csr", list, sizeof list / sizeof *list, b);
    put_list("csr_error", errors, sizeof errors / sizeof *errors, b);
    put(b, "csr", "id_value", "", DVT_CSR_ID_VALUE);
    st = dvt_overlay_signature(b->ctx, o, &signature);
    if (st != DVT_OK && dvt_buf_status(b) == DVT_OK) {
        b->status = st;
    }
    put(b, "csr", "description_value", "", signature);
}

/* fl(1/v) of v = 0..pool_window_max as binary32, v = 0 taken as 1: averages by valid blocks. */
static void put_reciprocals(const dvt_overlay *o, dvt_buf *b)
{
    int32_t most = dvt_overlay_has(o, DVT_KERNEL_POOL) ? o->pool_window_max : 1;

    dvt_buf_printf(b, "\n  localparam logic [%d:0] Reciprocals = {", (most + 1) * 32 - 1);
    for (int32_t v = most; v >= 0; v--) {
        float x = 1.0f / (float)(v ? v : 1);
        dvt_buf_printf(b, "%s32'h%08llx%s", v % 8 == 7 || v == most ? "\n    " : "",
                       (unsigned long long)dvt_isa_bits(x), v ? ", " : "\n  };\n");
    }
}

static void put_kernels(const dvt_overlay *o, dvt_buf *b)
{
    dvt_buf_puts(b, "\n  // kernels: number, presence, values a cycle, kernels they may feed\n");
    for (int k = 0; k < DVT_KERNEL_COUNT; k++) {
        const char *name = dvt_kernel_name((dvt_kernel)k);
        bool        aux = dvti_kernel_is_aux((dvt_kernel)k);
        put(b, "kernel", name, "", k);
        put(b, "has", name, "", !aux || dvt_overlay_has(o, (dvt_kernel)k));
        if (aux) {
            put(b, name, "vec", "", o->aux_vec[k]);
        }
        put(b, "connect", name, "", o->connect[k]);
    }
}

static void put_part(dvt_kernel k, dvt_buf *b)
{
    const dvt_isa_part *p = dvt_isa_describe(k);

    dvt_buf_printf(b, "\n  // part %s: %s\n", p->name, dvt_kernel_help(k));
    put(b, p->name, "part_bits", "", p->bits);
    put(b, p->name, "part_bytes", "", p->bytes);
    for (int32_t i = 0; i < p->field_count; i++) {
        put(b, p->name, p->fields[i].name, "_lsb", p->fields[i].lsb);
        put(b, p->name, p->fields[i].name, "_bits", p->fields[i].bits);
        put(b, p->name, p->fields[i].name, "_count", p->fields[i].count);
    }
}

void dvt_overlay_sv_package(const dvt_overlay *o, dvt_buf *out)
{
    dvt_buf_printf(out,
                   "// SPDX-License-Identifier: Apache-2.0\n"
                   "// dvt_pkg -- constants of overlay '%s'; printed by dovetail, do not edit.\n"
                   "// verilator lint_off UNUSEDPARAM\n" /* no module uses all of them */
                   "package dvt_pkg;\n",
                   o->name);
    put_description(o, out);
    put_derived(o, out);
    put_timing(out);
    put_reciprocals(o, out);
    put_registers(o, out);
    put_kernels(o, out);
    dvt_buf_puts(out, "\n  // long words\n");
    put(out, "isa_version", "", "", DVT_ISA_VERSION);
    put(out, "isa_header_bytes", "", "", DVT_ISA_HEADER_BYTES);
    put(out, "kernel_count", "", "", DVT_KERNEL_COUNT);
    for (int k = 0; k < DVT_KERNEL_COUNT; k++) {
        put_part((dvt_kernel)k, out);
    }
    dvt_buf_puts(out, "endpackage\n// verilator lint_on UNUSEDPARAM\n");
}
