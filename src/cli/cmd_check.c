/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_check.c - `dovetail check FILE`: is this network, overlay or program sound, and what would an
 * overlay make of the network?
 */
#include <string.h>

#include "cli/engine.h"

typedef struct check_opts {
    CLI_COMMON_FIELDS;
    CLI_MODEL_FIELDS;
    const char *overlay;
} check_opts;

static const dvt_option check_options[] = {
    CLI_COMMON_OPTIONS(check_opts),
    CLI_MODEL_OPTIONS(check_opts),
    {DVT_OPTION_STRING(check_opts, overlay, NULL, "OVERLAY",
                       "also say which nodes this overlay runs, and why not the others")},
};
static const dvt_option_set check_set = {
    .name = "check",
    .options = check_options,
    .count = sizeof check_options / sizeof check_options[0],
    .positionals = "FILE",
    .positional_min = 1,
    .positional_max = 1,
};

static void say(const cli_run *r, const char *kind, const char *name)
{
    if (r->common->json) {
        dvti_json_writer w = cli_json_begin(r, "dovetail.check/1");
        dvti_json_put_string(&w, "kind", kind);
        dvti_json_put_string(&w, "name", name);
        dvti_json_put_bool(&w, "sound", true);
        cli_json_end(r, &w);
        return;
    }
    dvt_buf_printf(r->out, "%s '%s' is sound\n", kind, name);
}

/* Every node with its verdict; exit code 1 if some go to the host. */
static void say_nodes(cli_run *r, const dvt_graph *g, const dvt_overlay *o)
{
    bool             json = r->common->json;
    dvti_json_writer w = {0};
    int32_t          host = 0, nodes = 0;

    if (json) {
        w = cli_json_begin(r, "dovetail.check/1");
        dvti_json_put_string(&w, "kind", "network");
        dvti_json_put_string(&w, "name", dvt_graph_name(g));
        dvti_json_put_bool(&w, "sound", true);
        dvti_json_put_string(&w, "overlay", o->name);
        dvti_json_key(&w, "nodes");
        dvti_json_open_array(&w);
    }
    for (int32_t i = 0; i < dvt_graph_node_count(g); i++) {
        const dvt_node *n = dvt_graph_node(g, (dvt_node_id){i});
        char            reason[256];
        bool            fits = dvt_compile_supports(o, g, (dvt_node_id){i}, reason, sizeof reason);
        if (n->dead) {
            continue;
        }
        nodes++;
        host += !fits;
        if (json) {
            dvti_json_open_object(&w);
            dvti_json_put_string(&w, "node", n->name);
            dvti_json_put_string(&w, "operator", dvt_op_describe(n->op)->name);
            dvti_json_put_string(&w, "runs_on", fits ? "overlay" : "host");
            dvti_json_put_string(&w, "reason", fits ? "" : reason);
            dvti_json_close_object(&w);
        } else {
            dvt_buf_printf(r->out, "%-8s %-16s %s%s%s\n", fits ? "overlay" : "host",
                           dvt_op_describe(n->op)->name, n->name, fits ? "" : ": ",
                           fits ? "" : reason);
        }
    }
    if (json) {
        dvti_json_close_array(&w);
        dvti_json_put_i64(&w, "host_nodes", host);
        cli_json_end(r, &w);
    } else {
        dvt_buf_printf(r->out, "%d of %d nodes run on %s\n", nodes - host, nodes, o->name);
    }
    r->exit_code = host > 0;
}

static dvt_status check_network(cli_run *r)
{
    const check_opts *o = r->values;
    cli_model         m = CLI_MODEL_OF(o);
    dvt_graph        *g = NULL;
    dvt_overlay       overlay;
    dvt_status        st =
        o->overlay ? cli_load_one_image(r, &m, NULL, &g) : cli_load_model(r, &m, NULL, &g);

    if (st == DVT_OK) {
        st = dvt_graph_verify(g);
    }
    if (st == DVT_OK && o->overlay) {
        st = cli_load_overlay(r, o->overlay, &overlay);
        if (st == DVT_OK) {
            st = dvt_graph_seed_params(g, 1);
        }
        if (st == DVT_OK) {
            st = dvt_passes_run(g, dvt_graph_passes(), &(dvt_passes_opts){.verify_each = true});
        }
        if (st == DVT_OK) {
            say_nodes(r, g, &overlay);
        }
    } else if (st == DVT_OK) {
        say(r, "network", dvt_graph_name(g));
    }
    dvt_graph_destroy(g);
    return st;
}

static dvt_status run(cli_run *r)
{
    const char  *path = r->parsed->positionals.items[0];
    size_t       n = strlen(path);
    dvt_program *p = NULL;
    dvt_overlay  o;
    dvt_status   st = cli_load_program(r, &p);

    if (st != DVT_OK) {
        return st;
    }
    if (p) {
        st = cli_refuse_network_options(r, &check_set, "a program");
        if (st == DVT_OK) {
            say(r, "program", p->model_name);
        }
        dvt_program_destroy(p);
        return st;
    }
    if (n > 5 && strcmp(path + n - 5, ".json") == 0) {
        st = cli_refuse_network_options(r, &check_set, "an overlay");
        if (st == DVT_OK) {
            st = dvt_overlay_load(r->ctx, path, &o);
        }
        if (st == DVT_OK) {
            say(r, "overlay", o.name);
        }
        return st;
    }
    return check_network(r);
}

const cli_command cli_check = {
    .name = "check",
    .summary = "is a network, overlay or program sound; what would an overlay run of it",
    .description =
        "Reads a network, an overlay description (.json) or a program file, and says what is\n"
        "wrong with it, where, and what to do. With --overlay, lists the network's nodes with the\n"
        "reason for each that stays on the host (exit code 1 if there are any).",
    .examples = "dovetail check overlays/medium-fp11.json\n"
                "dovetail check examples/models/glyphs/glyphs.onnx --overlay small-fp11\n",
    .options = &check_set,
    .values_bytes = sizeof(check_opts),
    .run = run,
};
