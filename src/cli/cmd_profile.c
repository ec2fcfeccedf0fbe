/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_profile.c - `dovetail profile MODEL --overlay O`: cycles, and what the array waits for.
 */
#include <string.h>

#include "cli/engine.h"
#include "cli/inputs.h"

typedef struct profile_opts {
    CLI_COMMON_FIELDS;
    CLI_MODEL_FIELDS;
    const char   *overlay;
    bool          naive;
    dvt_text_list disable, calibrate;
    bool          trained;
} profile_opts;

static const dvt_option profile_options[] = {
    CLI_COMMON_OPTIONS(profile_opts),
    CLI_MODEL_OPTIONS(profile_opts),
    {DVT_OPTION_STRING(profile_opts, overlay, "medium-fp11", "OVERLAY",
                       "overlay file, or the name of a ready one")},
    {DVT_OPTION_FLAG(profile_opts, naive, false, "every optimisation off")},
    {DVT_OPTION_LIST(profile_opts, disable, "NAME", "switch one optimisation off")},
    {DVT_OPTION_LIST(profile_opts, calibrate, "[NAME=]FILE.npy", "sample input for int8 overlays")},
    {DVT_OPTION_FLAG(profile_opts, trained, false,
                     "refuse a network without weights instead of filling in seeded ones")},
};
static const dvt_option_set profile_set = {
    .name = "profile",
    .options = profile_options,
    .count = sizeof profile_options / sizeof profile_options[0],
    .positionals = "MODEL",
    .positional_min = 1,
    .positional_max = 1,
};

/* ---- results ------------------------------------------------------------------------------- */

static void json_stalls(dvti_json_writer *w, const int64_t *stall)
{
    dvti_json_key(w, "stalls");
    dvti_json_open_object(w);
    for (int i = 0; i < DVT_STALL_COUNT; i++) {
        dvti_json_put_i64(w, dvt_stall_name((dvt_stall)i), stall[i]);
    }
    dvti_json_close_object(w);
}

static void print_json(const cli_run *r, const dvt_program *p, const dvt_profile *f)
{
    dvti_json_writer w = cli_json_begin(r, "dovetail.profile/1");

    dvti_json_put_string(&w, "model", p->model_name);
    dvti_json_put_string(&w, "overlay", p->overlay.name);
    dvti_json_put_f64(&w, "clock_mhz", p->overlay.clock_mhz);
    dvti_json_put_i64(&w, "cycles", f->cycles);
    dvti_json_put_f64(&w, "fps", f->fps);
    dvti_json_put_i64(&w, "macs", f->macs);
    dvti_json_put_f64(&w, "macs_per_cycle", f->macs_per_cycle);
    dvti_json_put_f64(&w, "array_efficiency", f->array_efficiency);
    dvti_json_put_f64(&w, "mapping_limit", f->mapping_limit);
    dvti_json_put_i64(&w, "array_busy", f->array_busy);
    dvti_json_put_i64(&w, "memory_bytes", f->memory_bytes);
    dvti_json_put_i64(&w, "host_steps", f->host_steps);
    dvti_json_put_i64(&w, "host_macs", f->host_macs);
    json_stalls(&w, f->stall);
    dvti_json_key(&w, "subgraphs");
    dvti_json_open_array(&w);
    for (int32_t i = 0; i < f->word_count; i++) {
        const dvt_word_timing *t = &f->words[i];
        dvti_json_open_object(&w);
        dvti_json_put_string(&w, "name", p->notes[i].name);
        dvti_json_put_string(&w, "layer", p->notes[i].layer);
        dvti_json_put_i64(&w, "start", t->start);
        dvti_json_put_i64(&w, "end", t->end);
        dvti_json_put_i64(&w, "array_busy", t->array_busy);
        dvti_json_put_i64(&w, "macs", p->notes[i].macs);
        dvti_json_put_i64(&w, "memory_bytes", t->memory_bytes);
        json_stalls(&w, t->stall);
        dvti_json_close_object(&w);
    }
    dvti_json_close_array(&w);
    cli_json_end(r, &w);
}

/* The stall that took most of a word's time. */
static const char *main_stall(const dvt_word_timing *t)
{
    int most = 0;

    for (int i = 1; i < DVT_STALL_COUNT; i++) {
        most = t->stall[i] > t->stall[most] ? i : most;
    }
    return t->stall[most] > t->array_busy / 20 ? dvt_stall_name((dvt_stall)most) : "";
}

static void print_text(const cli_run *r, const dvt_program *p, const dvt_profile *f)
{
    char number[32];

    dvt_buf_printf(r->out, "%s on %s\n\n%12s %12s %6s %-13s %s\n", p->model_name, p->overlay.name,
                   "start", "cycles", "array", "waits mostly", "subgraph");
    for (int32_t i = 0; i < f->word_count; i++) {
        const dvt_word_timing *t = &f->words[i];
        int64_t                n = t->end - t->start;
        dvt_buf_printf(r->out, "%12lld %12lld %5.1f%% %-13s %s\n", (long long)t->start,
                       (long long)n, n ? 100.0 * (double)t->array_busy / (double)n : 0.0,
                       main_stall(t), p->notes[i].name);
    }
    dvt_buf_printf(r->out, "\n%-18s %s cycles, %.1f images/s at %.0f MHz\n", "one image",
                   cli_grouped(f->cycles, number), f->fps, p->overlay.clock_mhz);
    dvt_buf_printf(r->out, "%-18s %.1f %% of the array's peak; its widths allow %.1f %%\n",
                   "efficiency", 100.0 * f->array_efficiency, 100.0 * f->mapping_limit);
    dvt_buf_printf(r->out, "%-18s %s bytes\n", "external memory",
                   cli_grouped(f->memory_bytes, number));
    if (f->host_steps) {
        dvt_buf_printf(r->out, "%-18s %lld nodes (%s multiply-accumulates), not in these figures\n",
                       "on the host", (long long)f->host_steps, cli_grouped(f->host_macs, number));
    }
}

/* ---- command ------------------------------------------------------------------------------- */

static dvt_status compile_it(const cli_run *r, dvt_program **out)
{
    const profile_opts *o = r->values;
    cli_model           m = CLI_MODEL_OF(o);
    dvt_graph          *g = NULL;
    cli_inputs          in = {0};
    dvt_status          st = cli_load_one_image(r, &m, NULL, &g);

    if (st == DVT_OK && !o->trained) {
        st = dvt_graph_seed_params(g, o->seed);
    }
    if (st == DVT_OK) {
        st = cli_inputs_read(r, g, &o->calibrate, &in);
    }
    if (st == DVT_OK) {
        st = cli_compile_graph(r, g,
                               &(cli_engine_opts){.overlay = o->overlay,
                                                  .naive = o->naive,
                                                  .disable = o->disable,
                                                  .samples = in.tensors,
                                                  .sample_count = in.sets},
                               out);
    }
    cli_inputs_deinit(r, &in);
    dvt_graph_destroy(g);
    return st;
}

static dvt_status run(cli_run *r)
{
    dvt_program *p = NULL;
    dvt_profile  f = {0};
    dvt_status   st = cli_load_program(r, &p);

    if (st == DVT_OK && !p) {
        st = compile_it(r, &p);
    }
    if (st == DVT_OK) {
        st = dvt_profile_program(p, &f);
    }
    if (st == DVT_OK) {
        if (r->common->json) {
            print_json(r, p, &f);
        } else {
            print_text(r, p, &f);
        }
    }
    dvt_profile_deinit(&f);
    dvt_program_destroy(p);
    return st;
}

const cli_command cli_profile = {
    .name = "profile",
    .summary = "cycles, frames a second, and what the array waits for",
    .description =
        "Compiles a network (or reads a program file) and prints the cycle model's account: for\n"
        "each subgraph its start, its cycles, the array's share, and the main cause of waiting.\n"
        "Times do not depend on weights, so missing ones are filled in with seeded values.",
    .examples =
        "dovetail profile examples/models/glyphs/glyphs.onnx --overlay small-fp11\n"
        "dovetail profile examples/models/glyphs/glyphs.onnx --overlay small-fp11 --naive --json\n",
    .options = &profile_set,
    .values_bytes = sizeof(profile_opts),
    .run = run,
};
