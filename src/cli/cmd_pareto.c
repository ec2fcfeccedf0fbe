/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_pareto.c - `dovetail pareto`: exact frontiers of networks x accelerators, questions to them.
 */
#include <string.h>
#include <time.h>

#include "cli/pareto_cli.h"

static const dvt_option pareto_options[] = {
    CLI_COMMON_OPTIONS(pareto_opts),
    {DVT_OPTION_STRING(pareto_opts, networks, NULL, "TABLE:FILE",
                       "networks: nasbench101:FILE or nasbench201:FILE, a cache (dovetail data "
                       "import) or a published file")},
    {DVT_OPTION_STRING(pareto_opts, data_set, NULL, "SET",
                       "whose accuracy is meant: cifar10 (default), cifar100, imagenet16-120, or a "
                       "column of the table")},
    {DVT_OPTION_ENUM(pareto_opts, accelerators, PARETO_CHAIDNN, "chaidnn|overlays",
                     "accelerators; overlays are for NAS-Bench-201 cells")},
    {DVT_OPTION_STRING(pareto_opts, device, "arria10-gx1150", "DEVICE",
                       "device that overlays shall fit")},
    {DVT_OPTION_STRING(pareto_opts, objectives, "accuracy,latency,area", "LIST",
                       "2 to 4 metrics of networks, accelerators or pairs (docs/pareto.md)")},
    {DVT_OPTION_LIST(pareto_opts, where, "LIMITS",
                     "for example latency<100ms,area<=80mm2,accuracy>0.92")},
    {DVT_OPTION_FLAG(pareto_opts, csv, false, "print a table with a line for each point"),
     .unrecorded = true},
    {DVT_OPTION_FLAG(pareto_opts, html, false, "print a page to explore, with all it needs"),
     .unrecorded = true},
    {DVT_OPTION_STRING(pareto_opts, output, NULL, "FRONTIER",
                       "also write the frontier to a file for 'query'"),
     .short_name = 'o', .unrecorded = true},
    {DVT_OPTION_STRING(pareto_opts, checkpoint, NULL, "FILE",
                       "write the state of the search there now and then, and go on from it"),
     .unrecorded = true},
    {DVT_OPTION_STRING(pareto_opts, best, NULL, "OBJECTIVE",
                       "query: what the point must be best in; default: the first objective")},
    {DVT_OPTION_FLAG(pareto_opts, batch, false,
                     "query: answer each line of standard input, a JSON object with 'where' and "
                     "'best'"),
     .unrecorded = true},
};
const dvt_option_set pareto_set = {
    .name = "pareto",
    .options = pareto_options,
    .count = sizeof pareto_options / sizeof pareto_options[0],
    .positionals = "[query FRONTIER]",
    .positional_max = 2,
};

/* ---- options ------------------------------------------------------------------------------- */

/* Options that the other form of the command has. */
static dvt_status refuse(cli_run *r, const char *const *keys, size_t count, const char *why)
{
    for (size_t i = 0; i < count; i++) {
        if (dvt_options_source(&pareto_set, r->parsed, keys[i]) == DVT_OPTION_COMMAND_LINE) {
            char name[32] = {0};
            for (size_t k = 0; keys[i][k] && k + 1 < sizeof name; k++) {
                name[k] = keys[i][k] == '_' ? '-' : keys[i][k];
            }
            dvt_fail(r->ctx, DVT_E_USAGE, NULL, "--%s %s", name, why);
            dvt_fail_hint(r->ctx, "see 'dovetail help pareto'");
            return DVT_E_USAGE;
        }
    }
    return DVT_OK;
}

static dvt_status check_find(cli_run *r)
{
    static const char *const only_query[] = {"best", "batch"};
    const pareto_opts       *o = r->values;

    if (o->csv + o->html + (r->common->json ? 1 : 0) > 1) {
        dvt_fail(r->ctx, DVT_E_USAGE, NULL, "--json, --csv and --html exclude one another");
        dvt_fail_hint(r->ctx, "give one of them");
        return DVT_E_USAGE;
    }
    return refuse(r, only_query, sizeof only_query / sizeof only_query[0],
                  "belongs to 'dovetail pareto query FRONTIER'");
}

static dvt_status check_query(cli_run *r)
{
    static const char *const only_find[] = {"networks",   "data_set", "accelerators", "objectives",
                                            "checkpoint", "output",   "csv",          "html"};

    if (strcmp(r->parsed->positionals.items[0], "query") != 0 ||
        r->parsed->positionals.count != 2) {
        dvt_fail(r->ctx, DVT_E_USAGE, NULL, "'%s' is no form of this command",
                 r->parsed->positionals.items[0]);
        dvt_fail_hint(r->ctx, "'dovetail pareto --networks ...' finds a frontier, "
                              "'dovetail pareto query FRONTIER' asks one");
        return DVT_E_USAGE;
    }
    return refuse(r, only_find, sizeof only_find / sizeof only_find[0],
                  "is for finding a frontier, not for a query");
}

/* ---- work ---------------------------------------------------------------------------------- */

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void print(cli_run *r, const dvt_frontier *f, double seconds)
{
    const pareto_opts *o = r->values;

    if (r->common->json) {
        pareto_print_json(r, f, seconds);
    } else if (o->csv) {
        pareto_print_csv(r, f);
    } else if (o->html) {
        pareto_print_html(r, f);
    } else {
        pareto_print_text(r, f);
    }
}

static dvt_status find(cli_run *r)
{
    const pareto_opts    *o = r->values;
    const dvt_pareto_opts opts = {.checkpoint = o->checkpoint};
    pareto_sides          s = {0};
    dvt_pareto_front      front = {0};
    dvt_frontier         *f = NULL;
    double                seconds;
    dvt_status            st = check_find(r);

    st = st == DVT_OK ? pareto_sides_open(r, &s) : st;
    seconds = now_s();
    st = st == DVT_OK ? pareto_sides_problem(r, &s) : st;
    st = st == DVT_OK ? dvt_pareto_find(r->ctx, &s.problem, &opts, &front) : st;
    seconds = now_s() - seconds;
    st = st == DVT_OK ? dvt_frontier_create(r->ctx, &s.problem, &front, &f) : st;
    if (st == DVT_OK && o->output) {
        st = dvt_frontier_save(r->ctx, f, o->output);
    }
    if (st == DVT_OK) {
        print(r, f, seconds);
        r->exit_code = front.count > 0 ? 0 : 1;
    }
    dvt_frontier_destroy(f);
    dvt_pareto_front_deinit(r->ctx, &front);
    pareto_sides_close(r, &s);
    return st;
}

static dvt_status run(cli_run *r)
{
    dvt_status st;

    if (r->parsed->positionals.count == 0) {
        return find(r);
    }
    st = check_query(r);
    return st == DVT_OK ? pareto_query(r, r->parsed->positionals.items[1]) : st;
}

const cli_command cli_pareto = {
    .name = "pareto",
    .summary = "exact frontiers of networks x accelerators, and questions to them",
    .description =
        "Finds which of all pairs of a network of a benchmark table and an accelerator are not\n"
        "dominated in 2 to 4 objectives, within limits. Nothing is sampled or rounded:\n"
        "docs/pareto.md has metrics, units, model and proof. 'networks' and 'accelerators' in the\n"
        "result count different ones on the frontier. The text shows about twenty points, --csv,\n"
        "--json and --html all. 'query FRONTIER' answers from a file that -o wrote: the point "
        "that\n"
        "is best in one objective within limits. Exit status 1: no point is within the limits.",
    .examples =
        "dovetail pareto --networks nasbench101:examples/tables/made_up.csv\n"
        "dovetail pareto --networks nasbench101:examples/tables/made_up.csv "
        "--objectives accuracy,parameters,latency,dsp --where 'latency<100ms,area<=120mm2' --csv\n"
        "dovetail pareto --networks nasbench101:examples/tables/made_up.csv -o /tmp/made_up.front\n"
        "dovetail pareto query /tmp/made_up.front --where 'latency<50ms' --best accuracy\n",
    .options = &pareto_set,
    .values_bytes = sizeof(pareto_opts),
    .run = run,
};
