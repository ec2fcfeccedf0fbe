/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_profile.c - `dovetail profile MODEL --overlay O`: cycles, and what the array waits for.
 */
#include <string.h>

#include "cli/engine.h"
#include "cli/inputs.h"

static const size_t TRACE_MAX = (size_t)4 << 30;

typedef struct profile_opts {
    CLI_COMMON_FIELDS;
    CLI_MODEL_FIELDS;
    const char   *overlay;
    bool          naive;
    dvt_text_list disable, calibrate, trace;
    bool          trained;
    uint32_t      stall_permille;
} profile_opts;

static const dvt_option profile_options[] = {
    CLI_COMMON_OPTIONS(profile_opts),
    CLI_MODEL_OPTIONS(profile_opts),
    {DVT_OPTION_STRING(profile_opts, overlay, "medium-fp11", "OVERLAY",
                       "overlay file, or the name of a ready one")},
    {DVT_OPTION_FLAG(profile_opts, naive, false, "every optimisation off")},
    {DVT_OPTION_LIST(profile_opts, disable, "NAME", "switch one optimisation off")},
    {DVT_OPTION_LIST(profile_opts, calibrate, "[NAME=]FILE.npy",
                     "sample input for int8 overlays; default: seeded values")},
    {DVT_OPTION_FLAG(profile_opts, trained, false,
                     "refuse a network without weights instead of filling in seeded ones")},
    {DVT_OPTION_U32(profile_opts, stall_permille, 0, 0, 999, "1/1000",
                    "how often the memory holds a channel back in a cycle, drawn by --seed")},
    {DVT_OPTION_LIST(profile_opts, trace, "FILE",
                     "what happens in which cycle: .json for Perfetto, .vcd for wave viewers"),
     .unrecorded = true},
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

/* The stall that took most of a word's time; "" if the array was hardly kept waiting. */
static const char *main_stall(const dvt_word_timing *t)
{
    int most = 0;

    for (int i = 1; i < DVT_STALL_COUNT; i++) {
        most = t->stall[i] > t->stall[most] ? i : most;
    }
    return t->stall[most] > t->array_busy / 20 ? dvt_stall_name((dvt_stall)most) : "";
}

static double percent(int64_t part, int64_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0.0;
}

static void print_subgraphs(const cli_run *r, const dvt_program *p, const dvt_profile *f)
{
    char start[32], cycles[32];

    dvt_buf_printf(r->out, "%14s %12s %7s  %-12s %s\n", "starts at", "cycles", "array",
                   "waits for", "subgraph");
    for (int32_t i = 0; i < f->word_count; i++) {
        const dvt_word_timing *t = &f->words[i];
        dvt_buf_printf(r->out, "%14s %12s %5.1f %%  %-12s %s\n", cli_grouped(t->start, start),
                       cli_grouped(t->end - t->start, cycles),
                       percent(t->array_busy, t->end - t->start), main_stall(t), p->notes[i].name);
    }
}

/* Where the cycles went, causes below half a percent left out. */
static void print_shares(const cli_run *r, const dvt_profile *f)
{
    dvt_buf_printf(r->out, "%-16s array %.1f %%", "time", percent(f->array_busy, f->cycles));
    for (int i = 0; i < DVT_STALL_COUNT; i++) {
        double share = percent(f->stall[i], f->cycles);
        if (share >= 0.5) {
            dvt_buf_printf(r->out, ", %s %.1f %%", dvt_stall_name((dvt_stall)i), share);
        }
    }
    dvt_buf_puts(r->out, "\n");
}

static void print_host(const cli_run *r, const dvt_program *p, const dvt_profile *f)
{
    char        number[32];
    const char *before = "";

    dvt_buf_printf(r->out, "%-16s ", "on the host");
    for (int32_t i = 0, listed = 0; i < p->step_count; i++) {
        if (p->steps[i].kind != DVT_STEP_HOST) {
            continue;
        }
        if (listed++ == 4) {
            dvt_buf_printf(r->out, " and %lld more", (long long)f->host_steps - 4);
            break;
        }
        dvt_buf_printf(r->out, "%s%s", before,
                       dvt_graph_node(p->host, (dvt_node_id){p->steps[i].first})->name);
        before = ", ";
    }
    dvt_buf_printf(r->out, " (%s multiply-accumulates), not in these figures\n",
                   cli_grouped(f->host_macs, number));
}

static void print_text(const cli_run *r, const dvt_program *p, const dvt_profile *f)
{
    char number[32], fps[32];

    dvt_buf_printf(r->out, "%s on %s\n\n", p->model_name, p->overlay.name);
    print_subgraphs(r, p, f);
    dvt_buf_printf(r->out, "\n%-16s %s cycles at %.0f MHz: %s images/s\n", "one image",
                   cli_grouped(f->cycles, number), p->overlay.clock_mhz,
                   cli_grouped((int64_t)(f->fps + 0.5), fps));
    print_shares(r, f);
    dvt_buf_printf(r->out, "%-16s %.1f %% of the array's peak; its widths allow %.1f %% here\n",
                   "efficiency", 100.0 * f->array_efficiency, 100.0 * f->mapping_limit);
    dvt_buf_printf(r->out, "%-16s %s bytes read and written\n", "external memory",
                   cli_grouped(f->memory_bytes, number));
    if (f->host_steps) {
        print_host(r, p, f);
    }
}

/* ---- command ------------------------------------------------------------------------------- */

/* One set of seeded values in [0, 1): cycles depend on no value, but int8 wants scales. */
static dvt_status seeded_inputs(const cli_run *r, const dvt_graph *g, uint64_t seed,
                                cli_inputs *out)
{
    dvt_rng    rng = dvt_rng_make(seed, 0);
    dvt_status st = DVT_OK;

    *out = (cli_inputs){.count = dvt_graph_input_count(g), .sets = 1};
    out->tensors = dvt_calloc(r->ctx, (size_t)out->count + 1, sizeof *out->tensors);
    if (!out->tensors) {
        return DVT_E_NOMEM;
    }
    for (int32_t i = 0; st == DVT_OK && i < out->count; i++) {
        const dvt_value *v = dvt_graph_value(g, dvt_graph_input(g, i));
        dvt_tensor       t;
        st = dvt_tensor_init(r->ctx, DVT_DTYPE_F32, &v->shape, &t);
        if (st != DVT_OK) {
            break;
        }
        for (int64_t k = 0; k < dvt_shape_count(&t.shape); k++) {
            ((float *)t.data)[k] = dvt_rng_f32(&rng);
        }
        st = dvt_tensor_cast(r->ctx, &t, v->dtype, &out->tensors[i]);
        dvt_tensor_deinit(r->ctx, &t);
    }
    return st;
}

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
        st = o->calibrate.count ? cli_inputs_read(r, g, &o->calibrate, &in)
                                : seeded_inputs(r, g, o->seed, &in);
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

/* ---- traces -------------------------------------------------------------------------------- */

typedef struct trace_files {
    dvt_buf     vcd, chrome;
    const char *vcd_path, *chrome_path; /* NULL = not wanted */
} trace_files;

static bool ends_in(const char *path, const char *suffix)
{
    size_t n = strlen(path), m = strlen(suffix);

    return n > m && strcmp(path + n - m, suffix) == 0;
}

static dvt_status trace_files_open(const cli_run *r, trace_files *t)
{
    const profile_opts *o = r->values;

    dvt_buf_init(&t->vcd, r->ctx, TRACE_MAX);
    dvt_buf_init(&t->chrome, r->ctx, TRACE_MAX);
    for (size_t i = 0; i < o->trace.count; i++) {
        const char  *path = o->trace.items[i];
        const char **slot = ends_in(path, ".vcd")    ? &t->vcd_path
                            : ends_in(path, ".json") ? &t->chrome_path
                                                     : NULL;
        if (!slot || *slot) {
            dvt_fail(r->ctx, DVT_E_USAGE, NULL,
                     slot ? "--trace: '%s' is a second trace of its kind"
                          : "--trace: '%s' ends neither in .json nor in .vcd",
                     path);
            return DVT_E_USAGE;
        }
        *slot = path;
    }
    return DVT_OK;
}

static dvt_status trace_files_write(const cli_run *r, const trace_files *t)
{
    dvt_status st = DVT_OK;

    if (t->vcd_path) {
        st = dvt_file_write(r->ctx, t->vcd_path, t->vcd.data, t->vcd.len);
    }
    if (st == DVT_OK && t->chrome_path) {
        st = dvt_file_write(r->ctx, t->chrome_path, t->chrome.data, t->chrome.len);
    }
    return st;
}

static dvt_status profile_it(const cli_run *r, const dvt_program *p, trace_files *t,
                             dvt_profile *out)
{
    const profile_opts *o = r->values;

    return dvt_profile_program_with(p,
                                    &(dvt_profile_opts){
                                        .seed = o->seed,
                                        .stall_permille = (int32_t)o->stall_permille,
                                        .vcd = t->vcd_path ? &t->vcd : NULL,
                                        .chrome = t->chrome_path ? &t->chrome : NULL,
                                    },
                                    out);
}

static dvt_status run(cli_run *r)
{
    trace_files  t = {0};
    dvt_program *p = NULL;
    dvt_profile  f = {0};
    dvt_status   st = trace_files_open(r, &t);

    if (st == DVT_OK) {
        st = cli_load_program(r, &p);
    }
    if (st == DVT_OK) {
        st = p ? cli_refuse_network_options(r, &profile_set, "a program") : compile_it(r, &p);
    }
    if (st == DVT_OK) {
        st = profile_it(r, p, &t, &f);
    }
    if (st == DVT_OK) {
        st = trace_files_write(r, &t);
    }
    if (st == DVT_OK) {
        if (r->common->json) {
            print_json(r, p, &f);
        } else {
            print_text(r, p, &f);
        }
    }
    dvt_buf_deinit(&t.vcd);
    dvt_buf_deinit(&t.chrome);
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
        "Times depend on no weight, so missing ones are filled in with seeded values. Waits are\n"
        "explained in docs/how-to-read-a-profile.md. A trace shows cycles: long words, kernels,\n"
        "pages, memory, causes of waiting.",
    .examples =
        "dovetail profile examples/models/glyphs/glyphs.onnx --overlay small-fp11\n"
        "dovetail profile examples/models/glyphs/glyphs.onnx --overlay small-fp11 --naive --json\n"
        "dovetail profile examples/models/glyphs/glyphs.onnx --overlay small-fp11 --trace "
        "/tmp/glyphs.json --trace /tmp/glyphs.vcd\n",
    .options = &profile_set,
    .values_bytes = sizeof(profile_opts),
    .run = run,
};
