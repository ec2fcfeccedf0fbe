/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_pareto.c - `dovetail pareto`: the exact frontier of networks x accelerators.
 */
#include <math.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"
#include "dovetail/pareto.h"
#include "dovetail/table.h"

typedef struct pareto_opts {
    CLI_COMMON_FIELDS;
    const char   *networks, *objectives;
    int           accelerators;
    dvt_text_list where;
    bool          csv;
} pareto_opts;

static const dvt_option pareto_options[] = {
    CLI_COMMON_OPTIONS(pareto_opts),
    {DVT_OPTION_STRING(pareto_opts, networks, NULL, "nasbench101:FILE",
                       "networks and their table: a cache (dovetail data import) or a CSV file"),
     .required = true},
    {DVT_OPTION_ENUM(pareto_opts, accelerators, 0, "chaidnn", "accelerators")},
    {DVT_OPTION_STRING(pareto_opts, objectives, "accuracy,latency,area", "LIST",
                       "the three of them, in any order")},
    {DVT_OPTION_LIST(pareto_opts, where, "LIMIT",
                     "for example latency<100ms, area<=80mm2, accuracy>0.92")},
    {DVT_OPTION_FLAG(pareto_opts, csv, false, "print a table with a line for each point"),
     .unrecorded = true},
};
static const dvt_option_set pareto_set = {
    .name = "pareto",
    .options = pareto_options,
    .count = sizeof pareto_options / sizeof pareto_options[0],
};

/* ---- options ------------------------------------------------------------------------------- */

static dvt_status check_objectives(cli_run *r, const char *list)
{
    static const char *const names[] = {"accuracy", "latency", "area"};
    int                      times[3] = {0}, words = 0;

    for (const char *p = list; p; words++) {
        const size_t n = strcspn(p, ",");
        for (int i = 0; i < 3; i++) {
            times[i] += strlen(names[i]) == n && strncmp(p, names[i], n) == 0;
        }
        p = p[n] == ',' ? p + n + 1 : NULL;
    }
    if (words == 3 && times[0] == 1 && times[1] == 1 && times[2] == 1) {
        return DVT_OK;
    }
    dvt_fail(r->ctx, DVT_E_UNSUPPORTED, NULL, "cannot take '%s' as objectives", list);
    dvt_fail_hint(r->ctx, "the frontier is in accuracy,latency,area: each of them once");
    return DVT_E_UNSUPPORTED;
}

typedef struct unit {
    const char *metric, *name;
    double      scale; /* integers of the search in one */
    bool        above; /* the good side of a bound */
} unit;

static const unit units[] = {
    {"latency", "ns", 3, false},  {"latency", "us", 3e3, false}, {"latency", "ms", 3e6, false},
    {"latency", "s", 3e9, false}, {"area", "mm2", 1e6, false},   {"area", "um2", 1, false},
    {"accuracy", "", 1e12, true}, {"accuracy", "%", 1e10, true},
};

static dvt_status fail_limit(cli_run *r, const char *text)
{
    dvt_fail(r->ctx, DVT_E_USAGE, NULL, "cannot read the limit '%s'", text);
    dvt_fail_hint(r->ctx, "limits are latency<N with ns, us, ms or s, area<N with mm2 or um2, "
                          "accuracy>N (of 1, or with %%); '<=' and '>=' too");
    return DVT_E_USAGE;
}

/* The last integer on the good side of `bound`; the bound itself only where it is `inclusive`. */
static int64_t last_good(double bound, bool above, bool inclusive)
{
    const double nearest = round(bound);

    if (fabs(bound - nearest) < 1e-3) { /* a whole number but for the rounding of decimals */
        return (int64_t)nearest + (inclusive ? 0 : above ? 1 : -1);
    }
    return (int64_t)(above ? ceil(bound) : floor(bound));
}

static dvt_status add_limit(cli_run *r, const char *text, dvt_pareto_opts *out)
{
    const size_t name = strcspn(text, "<>");
    const bool   above = text[name] == '>', inclusive = text[name] && text[name + 1] == '=';
    const char  *value = text + name + (text[name] != '\0') + inclusive;
    const size_t digits = strspn(value, "0123456789.");
    const char  *number = dvt_arena_strndup(r->arena, value, digits);
    double       v;

    if (!number || !dvt_parse_f64(number, &v)) {
        return number ? fail_limit(r, text) : DVT_E_NOMEM;
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        const unit *u = &units[i];
        if (strlen(u->metric) != name || strncmp(text, u->metric, name) != 0 || u->above != above ||
            strcmp(value + digits, u->name) != 0 || v * u->scale > 1e18) {
            continue;
        }
        const int64_t limit = last_good(v * u->scale, above, inclusive);
        if (limit <= 0) {
            return fail_limit(r, text);
        }
        if (above) {
            out->accuracy_min =
                (uint64_t)limit > out->accuracy_min ? (uint64_t)limit : out->accuracy_min;
        } else {
            int64_t *most = u->metric[0] == 'l' ? &out->latency_max : &out->area_max_um2;
            *most = *most == 0 || limit < *most ? limit : *most;
        }
        return DVT_OK;
    }
    return fail_limit(r, text);
}

/* ---- work ---------------------------------------------------------------------------------- */

static dvt_status open_networks(cli_run *r, const char *text, dvt_table **out)
{
    static const char prefix[] = "nasbench101:";

    *out = NULL;
    if (strncmp(text, prefix, sizeof prefix - 1) != 0) {
        dvt_fail(r->ctx, DVT_E_USAGE, NULL, "cannot take '%s' as networks", text);
        dvt_fail_hint(r->ctx,
                      "nasbench101:FILE, a CSV file or a cache that 'dovetail data import' made");
        return DVT_E_USAGE;
    }
    return dvt_table_load(r->ctx, DVT_BENCHMARK_NASBENCH101, text + sizeof prefix - 1, out);
}

static dvt_status find(cli_run *r, const dvt_table *t, const dvt_pareto_opts *opts,
                       dvt_pareto_front *out)
{
    const int64_t   rows = dvt_table_rows(t);
    dvt_nb101_cell *cells = dvt_alloc(r->ctx, (size_t)rows * sizeof *cells);
    uint64_t       *accuracy = cells ? dvt_alloc(r->ctx, (size_t)rows * sizeof *accuracy) : NULL;
    dvt_status      st = DVT_E_NOMEM;

    *out = (dvt_pareto_front){0};
    for (int64_t i = 0; accuracy && i < rows; i++) {
        dvt_table_nb101_cell(t, i, &cells[i]);
    }
    if (accuracy) {
        st = dvt_table_values(r->ctx, t, "mean_test_acc_108", accuracy);
    }
    if (st == DVT_OK) {
        st = dvt_pareto_nb101(r->ctx, cells, accuracy, rows, opts, out);
    }
    dvt_free(r->ctx, accuracy);
    dvt_free(r->ctx, cells);
    return st;
}

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- results ------------------------------------------------------------------------------- */

static void json_point(dvti_json_writer *w, const dvt_table *t, const dvt_pareto_point *p)
{
    dvt_chaidnn a;
    char        hash[DVT_MD5_HEX];

    dvt_chaidnn_at(p->accelerator, &a);
    dvt_table_nb101_hash(t, p->network, hash);
    dvti_json_open_object(w);
    dvti_json_put_f64(w, "accuracy", (double)p->accuracy / (double)DVT_BENCHMARK_ONE);
    dvti_json_put_f64(w, "latency_ms", (double)p->latency / 3e6);
    dvti_json_put_f64(w, "area_mm2", (double)p->area_um2 / 1e6);
    dvti_json_put_string(w, "network", hash);
    dvti_json_put_i64(w, "accelerator", p->accelerator);
    dvti_json_put_i64(w, "pairs", p->pairs);
    dvti_json_put_i64(w, "filter_par", a.filter_par);
    dvti_json_put_i64(w, "pixel_par", a.pixel_par);
    dvti_json_put_i64(w, "input_depth", a.input_depth);
    dvti_json_put_i64(w, "weight_depth", a.weight_depth);
    dvti_json_put_i64(w, "output_depth", a.output_depth);
    dvti_json_put_i64(w, "memory_bits", a.memory_bits);
    dvti_json_put_bool(w, "pool_engine", a.pool_engine);
    dvti_json_put_i64(w, "share_twelfths", a.share);
    dvti_json_close_object(w);
}

static void print_json(cli_run *r, const dvt_table *t, const dvt_pareto_front *f, double seconds)
{
    dvti_json_writer w = cli_json_begin(r, "dovetail.pareto/1");

    dvti_json_put_i64(&w, "pairs", f->pairs);
    dvti_json_put_i64(&w, "points", f->count);
    dvti_json_put_i64(&w, "accelerators", f->accelerators);
    dvti_json_put_i64(&w, "networks", f->networks);
    dvti_json_put_f64(&w, "seconds", seconds);
    dvti_json_put_i64(&w, "accelerators_kept", f->accelerators_kept);
    dvti_json_put_i64(&w, "computed", f->evaluated);
    dvti_json_key(&w, "frontier");
    dvti_json_open_array(&w);
    for (int64_t i = 0; i < f->count; i++) {
        json_point(&w, t, &f->points[i]);
    }
    dvti_json_close_array(&w);
    cli_json_end(r, &w);
}

static void print_csv(cli_run *r, const dvt_table *t, const dvt_pareto_front *f)
{
    char hash[DVT_MD5_HEX];

    dvt_buf_puts(r->out, "accuracy,latency_ms,area_mm2,network,accelerator,pairs,filter_par,"
                         "pixel_par,input_depth,weight_depth,output_depth,memory_bits,pool_engine,"
                         "share_twelfths\n");
    for (int64_t i = 0; i < f->count; i++) {
        const dvt_pareto_point *p = &f->points[i];
        dvt_chaidnn             a;
        dvt_chaidnn_at(p->accelerator, &a);
        dvt_table_nb101_hash(t, p->network, hash);
        dvt_buf_printf(r->out, "%.15g,%.15g,%.15g,%s,%d,%lld,%d,%d,%d,%d,%d,%d,%d,%d\n",
                       (double)p->accuracy / (double)DVT_BENCHMARK_ONE, (double)p->latency / 3e6,
                       (double)p->area_um2 / 1e6, hash, (int)p->accelerator, (long long)p->pairs,
                       (int)a.filter_par, (int)a.pixel_par, (int)a.input_depth, (int)a.weight_depth,
                       (int)a.output_depth, (int)a.memory_bits, (int)a.pool_engine, (int)a.share);
    }
}

static void print_text(cli_run *r, const dvt_table *t, const dvt_pareto_front *f)
{
    char    pairs[32], points[32], networks[32], accelerators[32], hash[DVT_MD5_HEX];
    int64_t shown = 20, step = f->count > shown ? f->count / shown : 1;

    dvt_buf_printf(r->out,
                   "%s pairs: %s points on the frontier, of %s networks and %s accelerators\n",
                   cli_grouped(f->pairs, pairs), cli_grouped(f->count, points),
                   cli_grouped(f->networks, networks), cli_grouped(f->accelerators, accelerators));
    if (f->count) {
        dvt_buf_printf(r->out, "%9s %12s %10s %11s  %s\n", "accuracy", "latency", "area",
                       "accelerator", "network");
    }
    for (int64_t i = 0; i < f->count; i += step) {
        const dvt_pareto_point *p = &f->points[i];
        dvt_table_nb101_hash(t, p->network, hash);
        dvt_buf_printf(r->out, "%9.6f %9.3f ms %6.2f mm2 %11d  %s\n",
                       (double)p->accuracy / (double)DVT_BENCHMARK_ONE, (double)p->latency / 3e6,
                       (double)p->area_um2 / 1e6, (int)p->accelerator, hash);
    }
    if (step > 1) {
        dvt_buf_printf(r->out, "every %lldth point; --csv and --json print all\n", (long long)step);
    }
}

/* ---- command ------------------------------------------------------------------------------- */

static dvt_status run(cli_run *r)
{
    const pareto_opts *o = r->values;
    dvt_pareto_opts    opts = {0};
    dvt_pareto_front   front = {0};
    dvt_table         *t = NULL;
    double             seconds;
    dvt_status         st = check_objectives(r, o->objectives);

    for (size_t i = 0; st == DVT_OK && i < o->where.count; i++) {
        st = add_limit(r, o->where.items[i], &opts);
    }
    if (st == DVT_OK && o->csv && r->common->json) {
        st = dvt_fail(r->ctx, DVT_E_USAGE, NULL, "--csv and --json exclude each other");
        dvt_fail_hint(r->ctx, "give one of them");
    }
    if (st == DVT_OK) {
        st = open_networks(r, o->networks, &t);
    }
    seconds = now_s();
    if (st == DVT_OK) {
        st = find(r, t, &opts, &front);
    }
    seconds = now_s() - seconds;
    if (st == DVT_OK && r->common->json) {
        print_json(r, t, &front, seconds);
    } else if (st == DVT_OK && o->csv) {
        print_csv(r, t, &front);
    } else if (st == DVT_OK) {
        print_text(r, t, &front);
    }
    dvt_pareto_front_deinit(r->ctx, &front);
    dvt_table_close(t);
    return st;
}

const cli_command cli_pareto = {
    .name = "pareto",
    .summary = "the exact frontier of networks x accelerators in accuracy, latency, area",
    .description =
        "Finds which of all pairs of a network of a benchmark table and a CHaiDNN accelerator are\n"
        "not dominated. Nothing is sampled or rounded: docs/pareto.md has the model and the "
        "proof.\n"
        "'networks' and 'accelerators' in the result count different ones on the frontier. The\n"
        "text shows about twenty points, --csv and --json all. Limits leave the part within them.",
    .examples = "dovetail pareto --networks nasbench101:examples/tables/made_up.csv\n"
                "dovetail pareto --networks nasbench101:examples/tables/made_up.csv --where "
                "'latency<100ms' "
                "--csv\n",
    .options = &pareto_set,
    .values_bytes = sizeof(pareto_opts),
    .run = run,
};
