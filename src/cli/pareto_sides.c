/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pareto_sides.c - networks and accelerators of `dovetail pareto` by their names.
 */
#include <string.h>

#include "cli/pareto_cli.h"

static dvt_status fail_networks(cli_run *r, const char *text)
{
    if (!text) {
        dvt_fail(r->ctx, DVT_E_USAGE, NULL, "option '--networks' is required");
    } else {
        dvt_fail(r->ctx, DVT_E_USAGE, NULL, "cannot take '%s' as networks", text);
    }
    dvt_fail_hint(r->ctx, "nasbench101:FILE or nasbench201:FILE, a published file or a cache that "
                          "'dovetail data import' made");
    return DVT_E_USAGE;
}

static dvt_status open_table(cli_run *r, const char *text, dvt_table **out)
{
    *out = NULL;
    for (int kind = 0; text && kind < DVT_BENCHMARKS; kind++) {
        const char  *name = dvt_benchmark_name((dvt_benchmark)kind);
        const size_t n = strlen(name);
        if (strncmp(text, name, n) == 0 && text[n] == ':') {
            return dvt_table_load(r->ctx, (dvt_benchmark)kind, text + n + 1, out);
        }
    }
    return fail_networks(r, text);
}

/* Overlays are a space of their own: --device is what they must fit. */
static dvt_status open_overlays(cli_run *r, pareto_sides *out)
{
    const pareto_opts *o = r->values;
    dvt_device         device;
    dvt_status         st = cli_load_device(r, o->device, &device);

    if (st == DVT_OK) {
        const dvt_space_opts opts = {.device = &device};
        st = dvt_space_create_with(r->ctx, "overlays", &opts, &out->space);
    }
    return st == DVT_OK ? dvt_side_of_overlays(r->ctx, out->space, &out->accelerators) : st;
}

dvt_status pareto_sides_open(cli_run *r, pareto_sides *out)
{
    const pareto_opts *o = r->values;
    dvt_status         st = open_table(r, o->networks, &out->table);

    if (st == DVT_OK) {
        st = dvt_side_of_table(r->ctx, out->table, o->data_set, &out->networks);
    }
    if (st == DVT_OK) {
        st = o->accelerators == PARETO_CHAIDNN ? dvt_side_of_chaidnn(r->ctx, &out->accelerators)
                                               : open_overlays(r, out);
    }
    return st;
}

dvt_status pareto_sides_problem(cli_run *r, pareto_sides *s)
{
    const pareto_opts *o = r->values;
    dvt_status         st = o->accelerators == PARETO_CHAIDNN
                                ? dvt_pair_cost_chaidnn(r->ctx, s->table, &s->cost)
                                : dvt_pair_cost_overlays(r->ctx, s->table, s->space, &s->cost);

    s->problem = (dvt_pareto_problem){
        .networks = &s->networks, .accelerators = &s->accelerators, .cost = &s->cost};
    st = st == DVT_OK ? dvt_pareto_objectives(r->ctx, &s->problem, o->objectives) : st;
    for (size_t i = 0; st == DVT_OK && i < o->where.count; i++) {
        st = dvt_pareto_where(r->ctx, &s->problem, o->where.items[i]);
    }
    return st;
}

void pareto_sides_close(cli_run *r, pareto_sides *s)
{
    dvt_pair_cost_deinit(r->ctx, &s->cost);
    dvt_side_deinit(r->ctx, &s->networks);
    dvt_side_deinit(r->ctx, &s->accelerators);
    dvt_space_destroy(s->space);
    dvt_table_close(s->table);
}
