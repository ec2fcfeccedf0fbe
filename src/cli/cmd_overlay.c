/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_overlay.c - `dovetail overlay list|show|fit|package|rtl|synth`: descriptions, what follows.
 */
#include <string.h>

#include "cli/overlay_rtl.h"

typedef struct overlay_opts {
    CLI_COMMON_FIELDS;
    const char *device, *output, *target;
} overlay_opts;

static const dvt_option overlay_options[] = {
    CLI_COMMON_OPTIONS(overlay_opts),
    {DVT_OPTION_STRING(overlay_opts, device, NULL, "DEVICE",
                       "device for 'fit'; default: the one the overlay names")},
    {DVT_OPTION_STRING(overlay_opts, output, NULL, "DIR",
                       "where 'rtl' writes the package, and 'synth' its files"),
     .short_name = 'o', .unrecorded = true},
    {DVT_OPTION_STRING(overlay_opts, target, "xilinx-us+", "TARGET",
                       "of 'synth': xilinx-us+, intel-alm or ecp5")},
};
static const dvt_option_set overlay_set = {
    .name = "overlay",
    .options = overlay_options,
    .count = sizeof overlay_options / sizeof overlay_options[0],
    .positionals = "ACTION [OVERLAY]",
    .positional_min = 1,
    .positional_max = 2,
};

/* ---- list ---------------------------------------------------------------------------------- */

static dvt_status list(cli_run *r)
{
    const char *names[CLI_READY_MAX];
    size_t      count = cli_ready_names(r, "overlays", names);
    dvt_status  st = DVT_OK;

    if (count == 0) {
        st = dvt_fail(r->ctx, DVT_E_IO, NULL, "the folder of ready overlays is not there");
        dvt_fail_hint(r->ctx, "set DVT_HOME to the folder that holds overlays/ and devices/");
        return st;
    }
    dvti_json_writer w = {0};
    if (r->common->json) {
        w = cli_json_begin(r, "dovetail.overlay-list/1");
        dvti_json_key(&w, "overlays");
        dvti_json_open_array(&w);
    }
    for (size_t i = 0; st == DVT_OK && i < count; i++) {
        dvt_overlay         o;
        dvt_overlay_derived d;
        char                macs[32], peak[32];
        st = cli_load_overlay(r, names[i], &o);
        if (st != DVT_OK) {
            break;
        }
        dvt_overlay_derive(&o, &d);
        if (r->common->json) {
            dvti_json_open_object(&w);
            dvti_json_put_string(&w, "name", names[i]);
            dvti_json_put_i64(&w, "macs_per_cycle", d.macs_per_cycle);
            dvti_json_put_f64(&w, "peak_gmacs", d.peak_gmacs);
            dvti_json_put_string(&w, "device", o.device);
            dvti_json_close_object(&w);
        } else {
            dvt_buf_printf(r->out, "%-14s %5s multiply-accumulates a cycle, %5s G/s, for %s\n",
                           names[i], cli_grouped(d.macs_per_cycle, macs),
                           cli_grouped((int64_t)(d.peak_gmacs + 0.5), peak), o.device);
        }
    }
    if (r->common->json) {
        dvti_json_close_array(&w);
        cli_json_end(r, &w);
    }
    return st;
}

/* ---- show, fit ----------------------------------------------------------------------------- */

static dvt_status show(cli_run *r, const dvt_overlay *o)
{
    dvt_overlay_derived d;

    dvt_overlay_derive(o, &d);
    if (r->common->json) {
        dvti_json_writer w = cli_json_begin(r, "dovetail.overlay/1");
        dvti_json_put_string(&w, "name", o->name);
        dvti_json_put_i64(&w, "macs_per_cycle", d.macs_per_cycle);
        dvti_json_put_f64(&w, "peak_gmacs", d.peak_gmacs);
        dvti_json_put_i64(&w, "feature_word_bits", d.feature_word_bits);
        dvti_json_put_i64(&w, "filter_word_bits", d.filter_word_bits);
        dvti_json_put_i64(&w, "feature_word_bytes", d.feature_word_bytes);
        dvti_json_put_i64(&w, "stream_buffer_words", d.stream_buffer_words);
        dvti_json_put_i64(&w, "stream_buffer_bits", d.stream_buffer_bits);
        dvti_json_put_i64(&w, "filter_cache_bits", d.filter_cache_bits);
        dvti_json_put_f64(&w, "memory_bytes_per_cycle", d.memory_bytes_per_cycle);
        cli_json_end(r, &w);
        return DVT_OK;
    }
    dvt_overlay_print(o, r->out);
    dvt_buf_puts(r->out, "\n");
    return DVT_OK;
}

static void fit_row(const cli_run *r, const char *what, double used, int64_t all, double share)
{
    char a[32], b[32];

    dvt_buf_printf(r->out, "  %-16s %10s of %10s %7.1f %%\n", what,
                   cli_grouped((int64_t)(used + 0.5), a), cli_grouped(all, b), 100.0 * share);
}

static dvt_status fit(cli_run *r, const dvt_overlay *o)
{
    const overlay_opts *opts = r->values;
    const char         *name = opts->device ? opts->device : o->device;
    dvt_device          d;
    dvt_resources       u;
    dvt_status          st = cli_load_device(r, name, &d);

    if (st != DVT_OK) {
        return st;
    }
    dvt_overlay_resources(o, &d, &u);
    r->exit_code = !u.fits;
    if (r->common->json) {
        dvti_json_writer w = cli_json_begin(r, "dovetail.overlay-fit/1");
        dvti_json_put_string(&w, "overlay", o->name);
        dvti_json_put_string(&w, "device", d.name);
        dvti_json_put_bool(&w, "fits", u.fits);
        dvti_json_put_string(&w, "limit", u.limit);
        dvti_json_put_f64(&w, "logic", u.logic);
        dvti_json_put_f64(&w, "control_logic", u.control_logic);
        dvti_json_put_f64(&w, "registers", u.registers);
        dvti_json_put_f64(&w, "dsp", u.dsp);
        dvti_json_put_f64(&w, "memory_blocks", u.memory_blocks);
        dvti_json_put_f64(&w, "share_logic", u.share_logic);
        dvti_json_put_f64(&w, "share_dsp", u.share_dsp);
        dvti_json_put_f64(&w, "share_memory_blocks", u.share_memory_blocks);
        cli_json_end(r, &w);
        return DVT_OK;
    }
    dvt_buf_printf(r->out, "%s on %s: %s%s\n", o->name, d.title,
                   u.fits ? "fits" : "does not fit, too much ", u.limit);
    fit_row(r, d.logic_unit, u.logic, d.logic, u.share_logic);
    fit_row(r, "DSP", u.dsp, d.dsp, u.share_dsp);
    fit_row(r, "memory blocks", u.memory_blocks, d.memory_blocks, u.share_memory_blocks);
    return DVT_OK;
}

/* ---- package ------------------------------------------------------------------------------- */

static void print_package(cli_run *r, const dvt_overlay *o)
{
    dvt_buf text;

    if (!r->common->json) {
        dvt_overlay_sv_package(o, r->out);
        return;
    }
    dvti_json_writer w = cli_json_begin(r, "dovetail.overlay-package/1");
    dvti_json_put_string(&w, "name", o->name);
    dvt_buf_init(&text, r->ctx, 0);
    dvt_overlay_sv_package(o, &text);
    cli_json_put_text(&w, "package", &text);
    cli_json_end(r, &w);
}

/* ---- command ------------------------------------------------------------------------------- */

static bool is_action(const char *name, const char *const *actions, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(name, actions[i]) == 0) {
            return true;
        }
    }
    return false;
}

static dvt_status run(cli_run *r)
{
    static const char *const actions[] = {"list", "show", "fit", "package", "rtl", "synth"};
    enum { ACTIONS = sizeof actions / sizeof *actions };
    const overlay_opts      *opts = r->values;
    const char              *action = r->parsed->positionals.items[0];
    const char *name = r->parsed->positionals.count > 1 ? r->parsed->positionals.items[1] : NULL;
    dvt_overlay o;
    dvt_status  st;

    if (strcmp(action, "list") == 0) {
        return list(r);
    }
    if (!is_action(action, actions, ACTIONS)) {
        const char *near = dvt_nearest(action, actions, ACTIONS);
        st = dvt_fail(r->ctx, DVT_E_USAGE, NULL, "overlay has no action '%s'", action);
        dvt_fail_hint(r->ctx, "%s%s%sthe actions are list, show, fit, package, rtl and synth",
                      near ? "did you mean '" : "", near ? near : "", near ? "'? " : "");
        return st;
    }
    if (!name) {
        st = dvt_fail(r->ctx, DVT_E_USAGE, NULL, "overlay %s needs an OVERLAY", action);
        dvt_fail_hint(r->ctx, "give a file or a name of 'dovetail overlay list'");
        return st;
    }
    st = cli_load_overlay(r, name, &o);
    if (st != DVT_OK) {
        return st;
    }
    if (strcmp(action, "show") == 0) {
        return show(r, &o);
    }
    if (strcmp(action, "fit") == 0) {
        return fit(r, &o);
    }
    if (strcmp(action, "rtl") == 0) {
        return cli_overlay_rtl(r, &o, opts->output);
    }
    if (strcmp(action, "synth") == 0) {
        return cli_overlay_synth(r, &o, opts->target, opts->output);
    }
    print_package(r, &o);
    return DVT_OK;
}

const cli_command cli_overlay = {
    .name = "overlay",
    .summary = "ready overlays; a description, its resources, its hardware",
    .description =
        "list      the ready overlays\n"
        "show      a description in full; with --json what derives from it\n"
        "fit       resources on a device, by the first-order model (exit code 1: does not fit)\n"
        "package   the SystemVerilog package of its parameters and long-word fields\n"
        "rtl       the hardware package in a folder: RTL, file list, test bench, constraints\n"
        "synth     what Yosys makes of it for a target, module by module",
    .examples = "dovetail overlay list\n"
                "dovetail overlay show medium-fp11\n"
                "dovetail overlay fit large-fp11 --device arria10-gx1150\n"
                "dovetail overlay package small-fp11 > /tmp/dvt_overlay_pkg.sv\n"
                "dovetail overlay rtl small-fp11 -o /tmp/small-fp11-rtl\n",
    .options = &overlay_set,
    .values_bytes = sizeof(overlay_opts),
    .run = run,
};
