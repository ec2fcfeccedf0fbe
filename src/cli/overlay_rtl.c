/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overlay_rtl.c - `dovetail overlay rtl` and `dovetail overlay synth`.
 */
#include "cli/overlay_rtl.h"

#include <string.h>

#include "cli/engine.h"

dvt_status cli_overlay_rtl(cli_run *r, const dvt_overlay *o, const char *dir)
{
    dvt_status st;

    if (!dir) {
        st = dvt_fail(r->ctx, DVT_E_USAGE, NULL, "overlay rtl needs a folder for the package");
        dvt_fail_hint(r->ctx, "give it with -o DIR");
        return st;
    }
    st = dvt_rtl_package(r->ctx, o, dir);
    if (st != DVT_OK) {
        return st;
    }
    if (r->common->json) {
        dvti_json_writer w = cli_json_begin(r, "dovetail.overlay-rtl/1");
        dvti_json_put_string(&w, "name", o->name);
        dvti_json_put_string(&w, "folder", dir);
        cli_json_end(r, &w);
        return DVT_OK;
    }
    dvt_buf_printf(r->out,
                   "package of '%s' in %s: 'make lint', 'make smoke' and 'make lib' there\n",
                   o->name, dir);
    return DVT_OK;
}

/* ---- synthesis ----------------------------------------------------------------------------- */

static void json_cells(dvti_json_writer *w, const dvt_rtl_cells *c)
{
    dvti_json_put_i64(w, "logic", c->logic);
    dvti_json_put_i64(w, "registers", c->registers);
    dvti_json_put_i64(w, "dsp", c->dsp);
    dvti_json_put_i64(w, "memory", c->memory);
    dvti_json_put_i64(w, "lut_memory", c->lut_memory);
    dvti_json_put_i64(w, "cells", c->cells);
}

static void print_json(const cli_run *r, const dvt_overlay *o, const char *target,
                       const dvt_rtl_synthesis *s)
{
    dvti_json_writer w = cli_json_begin(r, "dovetail.overlay-synth/1");

    dvti_json_put_string(&w, "overlay", o->name);
    dvti_json_put_string(&w, "target", target);
    json_cells(&w, &s->total);
    dvti_json_put_f64(&w, "control_share", s->control_share);
    dvti_json_put_f64(&w, "seconds", s->seconds);
    dvti_json_key(&w, "modules");
    dvti_json_open_array(&w);
    for (int32_t i = 0; i < s->module_count; i++) {
        dvti_json_open_object(&w);
        dvti_json_put_string(&w, "name", s->modules[i].name);
        dvti_json_put_i64(&w, "instances", s->modules[i].instances);
        dvti_json_put_bool(&w, "control", s->modules[i].control);
        json_cells(&w, &s->modules[i].own);
        dvti_json_close_object(&w);
    }
    dvti_json_close_array(&w);
    cli_json_end(r, &w);
}

static void row(const cli_run *r, const char *name, int64_t instances, const dvt_rtl_cells *c)
{
    const int64_t values[] = {instances, c->logic,      c->registers, c->dsp,
                              c->memory, c->lut_memory, c->cells};
    char          text[32];

    dvt_buf_printf(r->out, "%-24s", name);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        dvt_buf_printf(r->out, " %11s", cli_grouped(values[i], text));
    }
    dvt_buf_puts(r->out, "\n");
}

static void print_table(const cli_run *r, const dvt_overlay *o, const char *target,
                        const dvt_rtl_synthesis *s)
{
    static const char *const heads[] = {"instances", "logic",      "registers", "DSP",
                                        "memories",  "LUT memory", "cells"};

    dvt_buf_printf(r->out, "%s for %s\n\n%-24s", o->name, target, "module");
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        dvt_buf_printf(r->out, " %11s", heads[i]);
    }
    dvt_buf_puts(r->out, "\n");
    for (int32_t i = 0; i < s->module_count; i++) {
        row(r, s->modules[i].name, s->modules[i].instances, &s->modules[i].own);
    }
    row(r, "all", 1, &s->total);
    dvt_buf_printf(r->out, "\ncontrol share    %.2f %% of all cells\n", 100.0 * s->control_share);
}

dvt_status cli_overlay_synth(cli_run *r, const dvt_overlay *o, const char *target, const char *dir)
{
    const char       *cache = cli_rtl_cache(r, NULL);
    dvt_rtl_synthesis s;
    dvt_status        st;

    if (!dir && cache) {
        dir = dvt_arena_printf(r->arena, "%s/synth-%s-%s", cache, o->name, target);
    }
    st = dir ? dvt_rtl_synthesise(r->ctx, o, target, dir, &s) : DVT_E_NOMEM;
    if (st != DVT_OK) {
        return st;
    }
    if (r->common->json) {
        print_json(r, o, target, &s);
    } else {
        print_table(r, o, target, &s);
    }
    dvt_rtl_synthesis_deinit(&s);
    return DVT_OK;
}
