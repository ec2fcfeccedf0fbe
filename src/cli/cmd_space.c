/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_space.c - `dovetail space list|info|count|show|sample|enumerate`: what there is to choose.
 */
#include <string.h>

#include "base/text_util.h"
#include "cli/space_cli.h"

#define SKELETONS "accuracy|latbench"

static const dvt_option space_options[] = {
    CLI_COMMON_OPTIONS(cli_space_opts),
    {DVT_OPTION_U64(cli_space_opts, number, 10, 1, 1000000, "points",
                    "how many points to sample or enumerate")},
    {DVT_OPTION_U64(cli_space_opts, first, 0, 0, INT64_MAX, "",
                    "number of the first point of enumerate")},
    {DVT_OPTION_U64(cli_space_opts, seed, 1, 0, UINT64_MAX, "",
                    "random seed of sample, and of weights that --onnx fills in")},
    {DVT_OPTION_FLAG(cli_space_opts, text, false,
                     "show prints the network in text form (docs/graph-text.md)")},
    {DVT_OPTION_STRING(cli_space_opts, dot, NULL, "FILE", "show writes a Graphviz drawing"),
     .unrecorded = true},
    {DVT_OPTION_STRING(cli_space_opts, svg, NULL, "FILE", "show writes a drawing of the network"),
     .unrecorded = true},
    {DVT_OPTION_STRING(cli_space_opts, onnx, NULL, "FILE",
                       "show writes the network as an ONNX model; weights that are not trained "
                       "are seeded"),
     .unrecorded = true},
    {DVT_OPTION_STRING(cli_space_opts, overlay, NULL, "FILE",
                       "show writes the overlay's description"),
     .unrecorded = true},
    {DVT_OPTION_ENUM(cli_space_opts, skeleton, 0, SKELETONS,
                     "which network is built around a cell")},
    {DVT_OPTION_U32(cli_space_opts, classes, 0, 0, 65536, "", "outputs of the network; 0 = 10")},
    {DVT_OPTION_STRING(cli_space_opts, device, "arria10-gx1150", "DEVICE",
                       "device that overlays shall fit")},
    {DVT_OPTION_F64(cli_space_opts, clock_mhz, 0, 0, 2000, "MHz", "clock of overlays; 0 = 300")},
    {DVT_OPTION_F64(cli_space_opts, memory_gbps, 0, 0, 10000, "1e9 byte/s",
                    "sustained bandwidth of external memory; 0 = the device's")},
    {DVT_OPTION_STRING(cli_space_opts, network, NULL, "MODEL",
                       "network whose matrices 'ranks' factors")},
};
static const dvt_option_set space_set = {
    .name = "space",
    .options = space_options,
    .count = sizeof space_options / sizeof space_options[0],
    .positionals = "ACTION [SPACE [POINT]]",
    .positional_min = 1,
    .positional_max = 3,
};

/* ---- list ---------------------------------------------------------------------------------- */

static dvt_status list(cli_run *r)
{
    const dvt_space_about *a;
    dvti_json_writer       w = {0};

    if (r->common->json) {
        w = cli_json_begin(r, "dovetail.space-list/1");
        dvti_json_key(&w, "spaces");
        dvti_json_open_array(&w);
    }
    for (size_t i = 0; (a = dvt_space_about_of(i)) != NULL; i++) {
        if (r->common->json) {
            dvti_json_open_object(&w);
            dvti_json_put_string(&w, "name", a->name);
            dvti_json_put_string(&w, "summary", a->summary);
            dvti_json_put_string(&w, "point", a->form);
            dvti_json_close_object(&w);
        } else {
            dvt_buf_printf(r->out, "%-12s %s\n%-12s   %s\n", a->name, a->summary, "", a->form);
        }
    }
    if (r->common->json) {
        dvti_json_close_array(&w);
        cli_json_end(r, &w);
    } else {
        dvt_buf_puts(r->out, "A@B is the space of all pairs of a point of A and one of B\n");
    }
    return DVT_OK;
}

/* ---- info, count --------------------------------------------------------------------------- */

void cli_space_put_facts(dvti_json_writer *w, const char *key, const dvt_fact *facts, int32_t count)
{
    dvti_json_key(w, key);
    dvti_json_open_object(w);
    for (int32_t i = 0; i < count; i++) {
        dvti_json_put_i64(w, facts[i].key, facts[i].value);
    }
    dvti_json_close_object(w);
}

void cli_space_print_facts(const cli_run *r, const dvt_fact *facts, int32_t count)
{
    char number[32];

    for (int32_t i = 0; i < count; i++) {
        dvt_buf_printf(r->out, "%-28s %15s\n", facts[i].key, cli_grouped(facts[i].value, number));
    }
}

/* "8,640", or "2^69.3" above 2^63. */
static const char *count_text(const dvt_space *s, char out[32])
{
    if (dvt_space_count(s)) {
        return cli_grouped((int64_t)dvt_space_count(s), out);
    }
    dvti_format(out, 32, "2^%.1f", dvt_space_log2_count(s));
    return out;
}

static dvt_status info(cli_run *r, const dvt_space *s)
{
    dvt_fact   facts[DVT_SPACE_MAX_FACTS];
    int32_t    count;
    char       number[32];
    dvt_status st = dvt_space_counts(s, facts, &count);

    if (st != DVT_OK) {
        return st;
    }
    if (!r->common->json) {
        dvt_buf_printf(r->out, "%s: %s points\n", dvt_space_name(s), count_text(s, number));
        for (int32_t i = 0; i < dvt_space_choices(s); i++) {
            uint32_t    values;
            const char *name = dvt_space_choice(s, i, &values);
            dvt_buf_printf(r->out, "  %-26s %15s values\n", name, cli_grouped(values, number));
        }
        cli_space_print_facts(r, facts, count);
        return DVT_OK;
    }
    dvti_json_writer w = cli_json_begin(r, "dovetail.space-info/1");
    dvti_json_put_string(&w, "space", dvt_space_name(s));
    dvti_json_put_u64(&w, "points", dvt_space_count(s));
    dvti_json_put_f64(&w, "points_log2", dvt_space_log2_count(s));
    dvti_json_key(&w, "choices");
    dvti_json_open_array(&w);
    for (int32_t i = 0; i < dvt_space_choices(s); i++) {
        uint32_t values;
        dvti_json_open_object(&w);
        dvti_json_put_string(&w, "name", dvt_space_choice(s, i, &values));
        dvti_json_put_u64(&w, "values", values);
        dvti_json_close_object(&w);
    }
    dvti_json_close_array(&w);
    cli_space_put_facts(&w, "counts", facts, count);
    cli_json_end(r, &w);
    return DVT_OK;
}

static dvt_status count_points(cli_run *r, const dvt_space *s)
{
    if (r->common->json) {
        dvti_json_writer w = cli_json_begin(r, "dovetail.space-count/1");
        dvti_json_put_string(&w, "space", dvt_space_name(s));
        dvti_json_put_u64(&w, "points", dvt_space_count(s));
        dvti_json_put_f64(&w, "points_log2", dvt_space_log2_count(s));
        cli_json_end(r, &w);
    } else if (dvt_space_count(s)) {
        dvt_buf_printf(r->out, "%llu\n", (unsigned long long)dvt_space_count(s));
    } else {
        dvt_buf_printf(r->out, "2^%.1f\n", dvt_space_log2_count(s));
    }
    return DVT_OK;
}

/* ---- points -------------------------------------------------------------------------------- */

void cli_space_put_point(const cli_run *r, dvti_json_writer *w, const dvt_space *s,
                         const dvt_point *p)
{
    dvt_buf text;

    dvt_buf_init(&text, r->ctx, 0);
    dvt_space_print(s, p, &text);
    cli_json_put_text(w, "point", &text);
    if (dvt_space_count(s)) {
        dvti_json_put_u64(w, "index", dvt_space_index(s, p));
    }
}

/* Points `first`.. in order, or samples. */
static dvt_status points(cli_run *r, const dvt_space *s, bool sample)
{
    const cli_space_opts *o = r->values;
    dvt_rng               rng = dvt_rng_make(o->seed, 0);
    dvti_json_writer      w = {0};
    uint64_t              left = dvt_space_count(s);

    if (!sample && left == 0) {
        return dvt_fail(r->ctx, DVT_E_UNSUPPORTED, NULL,
                        "'%s' has 2^%.1f points, too many to number them", dvt_space_name(s),
                        dvt_space_log2_count(s));
    }
    if (!sample && o->first >= left) {
        dvt_fail(r->ctx, DVT_E_USAGE, NULL, "there is no point %llu in '%s'",
                 (unsigned long long)o->first, dvt_space_name(s));
        dvt_fail_hint(r->ctx, "its points are 0 to %llu", (unsigned long long)left - 1);
        return DVT_E_USAGE;
    }
    left = sample ? o->number : left - o->first;
    if (r->common->json) {
        w = cli_json_begin(r, "dovetail.space-points/1");
        dvti_json_put_string(&w, "space", dvt_space_name(s));
        dvti_json_key(&w, "points");
        dvti_json_open_array(&w);
    }
    for (uint64_t i = 0; i < o->number && i < left; i++) {
        dvt_point p = sample ? dvt_space_sample(s, &rng) : dvt_space_at(s, o->first + i);
        if (r->common->json) {
            dvti_json_open_object(&w);
            cli_space_put_point(r, &w, s, &p);
            dvti_json_close_object(&w);
        } else {
            dvt_space_print(s, &p, r->out);
            dvt_buf_puts(r->out, "\n");
        }
    }
    if (r->common->json) {
        dvti_json_close_array(&w);
        cli_json_end(r, &w);
    }
    return DVT_OK;
}

/* ---- command ------------------------------------------------------------------------------- */

enum { LIST, INFO, COUNT, SHOW, SAMPLE, ENUMERATE, ACTIONS };

static dvt_status find_action(const cli_run *r, int *out)
{
    static const char *const actions[ACTIONS] = {"list", "info",   "count",
                                                 "show", "sample", "enumerate"};
    /* arguments behind the action */
    static const uint32_t wanted[ACTIONS] = {0, 1, 1, 2, 1, 1};
    const char           *action = r->parsed->positionals.items[0];
    size_t                given = r->parsed->positionals.count - 1;

    for (*out = 0; *out < ACTIONS; ++*out) {
        if (strcmp(action, actions[*out]) == 0) {
            if (given == wanted[*out]) {
                return DVT_OK;
            }
            dvt_fail(r->ctx, DVT_E_USAGE, NULL, "space %s needs %s", action,
                     *out == LIST   ? "nothing more"
                     : *out == SHOW ? "a SPACE and a POINT"
                                    : "a SPACE and nothing more");
            dvt_fail_hint(r->ctx, "'dovetail space list' lists the spaces");
            return DVT_E_USAGE;
        }
    }
    const char *near = dvt_nearest(action, actions, ACTIONS);
    dvt_fail(r->ctx, DVT_E_USAGE, NULL, "space has no action '%s'", action);
    dvt_fail_hint(r->ctx, "%s%s%sthe actions are list, info, count, show, sample and enumerate",
                  near ? "did you mean '" : "", near ? near : "", near ? "'? " : "");
    return DVT_E_USAGE;
}

/* Is `part` one of the names that '@' joins? */
static bool names_part(const char *name, const char *part)
{
    size_t n = strlen(part);

    for (const char *at = name; at; at = strchr(at, '@') ? strchr(at, '@') + 1 : NULL) {
        if (strncmp(at, part, n) == 0 && (at[n] == '\0' || at[n] == '@')) {
            return true;
        }
    }
    return false;
}

/* Reads what the parts need; *network outlives the space. */
static dvt_status make_space(const cli_run *r, const char *name, dvt_graph **network,
                             dvt_space **out)
{
    const cli_space_opts *o = r->values;
    dvt_device            device;
    dvt_space_opts        opts = {.clock_mhz = o->clock_mhz, .memory_gbps = o->memory_gbps};
    dvt_status            st = DVT_OK;

    if (names_part(name, "overlays")) {
        st = cli_load_device(r, o->device, &device);
        opts.device = &device;
    }
    if (st == DVT_OK && o->network && names_part(name, "ranks")) {
        st = dvt_model_load(r->ctx, o->network, NULL, network);
        opts.network = *network;
    }
    return st == DVT_OK ? dvt_space_create_with(r->ctx, name, &opts, out) : st;
}

static dvt_status run(cli_run *r)
{
    const char *const *words = r->parsed->positionals.items;
    dvt_space         *s = NULL;
    dvt_graph         *network = NULL;
    int                action;
    dvt_status         st = find_action(r, &action);

    if (st == DVT_OK && action == LIST) {
        return list(r);
    }
    if (st == DVT_OK) {
        st = make_space(r, words[1], &network, &s);
    }
    if (st != DVT_OK) {
        goto done;
    }
    switch (action) {
    case INFO: st = info(r, s); break;
    case COUNT: st = count_points(r, s); break;
    case SHOW: st = cli_space_show(r, s, words[2]); break;
    default: st = points(r, s, action == SAMPLE); break;
    }
done:
    dvt_space_destroy(s);
    dvt_graph_destroy(network);
    return st;
}

const cli_command cli_space = {
    .name = "space",
    .summary = "search spaces: their points, numbers and networks",
    .description =
        "list        the spaces, and how a point of each is written\n"
        "info        choices of a space, and how many points and different forms it has\n"
        "count       the number of points alone\n"
        "show        what is known of a point; its network as text, drawing or ONNX model, its\n"
        "            overlay as a description (exit code 4 where there is none)\n"
        "sample      points at random, uniformly\n"
        "enumerate   points in the order of their numbers",
    .examples = "dovetail space info nasbench201@chaidnn\n"
                "dovetail space show nasbench201 "
                "'|nor_conv_3x3~0|+|none~0|skip_connect~1|+|skip_connect~0|none~1|nor_conv_1x1~2|'"
                "\n"
                "dovetail space sample chaidnn --number 3 --seed 7 --json\n",
    .options = &space_set,
    .values_bytes = sizeof(cli_space_opts),
    .run = run,
};
