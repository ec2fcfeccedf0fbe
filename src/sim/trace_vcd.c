/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace_vcd.c - the cycle model's signals as a value change dump (IEEE 1364, section 18).
 *
 * Form      one scope a unit, one code character a signal; a time stamp for every cycle in which
 *           something changed, and one at the end. One nanosecond of the file is one cycle. No
 *           date: the same program gives the same bytes.
 * Tests     tests/unit/test_trace.c
 */
#include <assert.h>
#include <string.h>

#include "sim/trace_int.h"

typedef struct signal_row {
    const char *scope, *name;
    int32_t     bits;
} signal_row;

static const signal_row rows[DVTI_SIGNAL_COUNT] = {
#define DVTI_X(scope, name, bits) {#scope, #name, bits},
    DVTI_SIGNALS(DVTI_X)
#undef DVTI_X
};

static char code_of(int signal) { return (char)('!' + signal); }

void dvti_vcd_begin(dvt_buf *out, const dvt_program *p)
{
    const char *scope = "";

    static_assert(DVTI_SIGNAL_COUNT < '~' - '!', "one character names a signal");
    dvt_buf_printf(out, "$version dovetail %s $end\n", DVT_VERSION_STRING);
    dvt_buf_printf(out, "$comment overlay %s; 1 ns is one cycle $end\n", p->overlay.name);
    dvt_buf_puts(out, "$timescale 1 ns $end\n$scope module overlay $end\n");
    for (int i = 0; i < DVTI_SIGNAL_COUNT; i++) {
        if (strcmp(scope, rows[i].scope) != 0) {
            dvt_buf_puts(out, scope[0] ? "$upscope $end\n" : "");
            dvt_buf_printf(out, "$scope module %s $end\n", rows[i].scope);
            scope = rows[i].scope;
        }
        dvt_buf_printf(out, "$var wire %d %c %s $end\n", rows[i].bits, code_of(i), rows[i].name);
    }
    dvt_buf_puts(out, "$upscope $end\n$upscope $end\n$enddefinitions $end\n");
}

static void put_value(dvt_buf *out, int signal, int32_t value)
{
    char    text[40];
    int32_t bits = rows[signal].bits, at = 0;

    if (bits == 1) {
        text[at++] = value ? '1' : '0';
    } else {
        text[at++] = 'b';
        for (int32_t b = bits - 1; b >= 0; b--) {
            text[at++] = (value >> b & 1) != 0 ? '1' : '0';
        }
        text[at++] = ' ';
    }
    text[at++] = code_of(signal);
    text[at++] = '\n';
    dvt_buf_append(out, text, (size_t)at);
}

void dvti_vcd_cycle(dvti_trace *t, int64_t cycle)
{
    bool stamped = false;

    for (int i = 0; i < DVTI_SIGNAL_COUNT; i++) {
        if (t->value[i] == t->shown[i]) {
            continue;
        }
        if (!stamped) {
            dvt_buf_printf(t->vcd, "#%lld\n", (long long)cycle);
            stamped = true;
        }
        put_value(t->vcd, i, t->value[i]);
        t->shown[i] = t->value[i];
    }
}
