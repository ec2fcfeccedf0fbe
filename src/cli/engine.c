/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine.c - opens, runs and closes what computes a network (engine.h).
 */
#include "cli/engine.h"

dvt_status cli_compile_graph(const cli_run *r, const dvt_graph *g, const cli_engine_opts *opts,
                             dvt_program **out)
{
    char        hash[DVT_SHA256_HEX];
    dvt_overlay overlay;
    dvt_status  st = cli_load_overlay(r, opts->overlay, &overlay);

    *out = NULL;
    if (st == DVT_OK) {
        st = cli_model_hash(r, hash);
    }
    if (st != DVT_OK) {
        return st;
    }
    return dvt_compile(g,
                       &(dvt_compile_opts){.overlay = &overlay,
                                           .naive = opts->naive,
                                           .disable = opts->disable.items,
                                           .disable_count = (int32_t)opts->disable.count,
                                           .samples = opts->samples,
                                           .sample_count = opts->sample_count,
                                           .model_sha256 = hash},
                       out);
}

const char *cli_engine_name(cli_engine_kind kind)
{
    static const char *const names[] = {"reference", "naive", "overlay", "rtl"};

    return names[kind];
}

/* What a layer makes, by the layer's name; else a value by its own. The layer comes first because
 * a Caffe blob that is changed in place has one name and several contents, and people mean the
 * layer's own output. */
static dvt_status find_kept(const cli_engine *e, const char *name, dvt_value_id *out)
{
    dvt_node_id n = dvt_graph_find_node(e->g, name);
    dvt_status  st;

    *out = n.i >= 0 ? dvt_graph_node(e->g, n)->outputs[0] : dvt_graph_find_value(e->g, name);
    if (out->i >= 0) {
        return DVT_OK;
    }
    st = dvt_fail(e->ctx, DVT_E_NOTFOUND, NULL, "the network has no value and no layer '%s'", name);
    dvt_fail_hint(e->ctx, "'dovetail info MODEL --values' lists the names");
    return st;
}

static dvt_status keep_values(const cli_run *r, cli_engine *e, const dvt_text_list *keep)
{
    int32_t    own = dvt_graph_output_count(e->g);
    dvt_status st = DVT_OK;

    e->names = dvt_arena_calloc(r->arena, (size_t)own + keep->count + 1, sizeof *e->names);
    if (!e->names) {
        return DVT_E_NOMEM;
    }
    for (int32_t i = 0; i < own; i++) {
        e->names[i] = dvt_graph_value(e->g, dvt_graph_output(e->g, i))->name;
    }
    for (size_t i = 0; st == DVT_OK && i < keep->count; i++) {
        dvt_value_id v;
        st = find_kept(e, keep->items[i], &v);
        if (st == DVT_OK && !dvt_graph_is_output(e->g, v)) {
            e->names[dvt_graph_output_count(e->g)] = keep->items[i];
            st = dvt_graph_add_output(e->g, v);
        }
    }
    return st;
}

static dvt_status open_exec(cli_engine *e, cli_engine_kind kind)
{
    dvt_exec_opts opts = {.kind = kind == CLI_NAIVE ? DVT_EXEC_NAIVE : DVT_EXEC_FAST};
    dvt_status    st = DVT_OK;

    if (kind == CLI_REFERENCE) {
        st = dvt_passes_run(e->g, dvt_graph_passes(), &(dvt_passes_opts){.verify_each = false});
    }
    return st == DVT_OK ? dvt_exec_create(e->g, &opts, &e->exec) : st;
}

/* The program is there. */
static dvt_status open_models(const cli_run *r, cli_engine *e, const cli_engine_opts *opts)
{
    dvt_status st = dvt_sim_create(e->program, &(dvt_sim_opts){.kind = DVT_SIM_FAST}, &e->sim);

    return st == DVT_OK && opts->kind == CLI_RTL ? cli_engine_open_rtl(r, opts, e) : st;
}

static dvt_status open_overlay(const cli_run *r, cli_engine *e, const cli_engine_opts *opts)
{
    dvt_status st = cli_compile_graph(r, e->g, opts, &e->program);

    return st == DVT_OK ? open_models(r, e, opts) : st;
}

dvt_status cli_engine_open(const cli_run *r, dvt_graph *g, const cli_engine_opts *opts,
                           cli_engine *out)
{
    dvt_status st;

    *out = (cli_engine){.ctx = r->ctx, .g = g};
    st = keep_values(r, out, &opts->keep);
    if (st == DVT_OK) {
        st = cli_engine_is_overlay(opts->kind) ? open_overlay(r, out, opts)
                                               : open_exec(out, opts->kind);
    }
    out->input_count = dvt_graph_input_count(g);
    out->output_count = dvt_graph_output_count(g);
    if (st != DVT_OK) {
        cli_engine_close(out);
    }
    return st;
}

dvt_status cli_engine_open_program(const cli_run *r, dvt_program *p, const cli_engine_opts *opts,
                                   cli_engine *out)
{
    dvt_status st;

    *out = (cli_engine){.ctx = r->ctx, .g = p->host, .program = p, .input_count = p->input_count};
    st = keep_values(r, out, &(dvt_text_list){NULL, 0});
    if (st == DVT_OK) {
        st = open_models(r, out, opts);
    }
    out->output_count = dvt_graph_output_count(p->host);
    if (st != DVT_OK) {
        cli_engine_close(out);
    }
    return st;
}

void cli_engine_close(cli_engine *e)
{
    dvt_rtl_destroy(e->rtl);
    dvt_profile_deinit(&e->profile);
    dvt_sim_destroy(e->sim);
    dvt_program_destroy(e->program);
    dvt_exec_destroy(e->exec);
    e->rtl = NULL;
    e->sim = NULL;
    e->program = NULL;
    e->exec = NULL;
}

dvt_status cli_engine_run(cli_engine *e, const dvt_tensor *inputs)
{
    if (e->rtl) {
        return cli_engine_run_rtl(e, inputs);
    }
    return e->sim ? dvt_sim_run(e->sim, inputs, e->input_count)
                  : dvt_exec_run(e->exec, inputs, e->input_count);
}

dvt_status cli_engine_output(const cli_engine *e, int32_t i, dvt_tensor *out, const char **name)
{
    dvt_value_id v = dvt_graph_output(e->g, i);

    *name = e->names[i];
    if (e->rtl) {
        return dvt_rtl_output(e->rtl, i, out);
    }
    return e->sim ? dvt_sim_output(e->sim, i, out) : dvt_exec_tensor(e->exec, v, out);
}
