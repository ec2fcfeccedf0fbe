/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_compile.c - `dovetail compile MODEL -o FILE`: a program file, and where every layer went.
 */
#include "cli/engine.h"
#include "cli/inputs.h"

typedef struct compile_opts {
    CLI_COMMON_FIELDS;
    CLI_MODEL_FIELDS;
    const char   *overlay;
    const char   *output;
    bool          naive;
    dvt_text_list disable, calibrate, keep;
    const char   *dump_after, *dump_dir, *dot;
    bool          words;
    bool          optimisations;
} compile_opts;

static const dvt_option compile_options[] = {
    CLI_COMMON_OPTIONS(compile_opts),
    CLI_MODEL_OPTIONS(compile_opts),
    {DVT_OPTION_STRING(compile_opts, overlay, "medium-fp11", "OVERLAY",
                       "overlay file, or the name of a ready one")},
    {DVT_OPTION_STRING(compile_opts, output, NULL, "FILE", "write the program here"),
     .short_name = 'o', .unrecorded = true},
    {DVT_OPTION_FLAG(compile_opts, naive, false, "every optimisation off")},
    {DVT_OPTION_LIST(compile_opts, disable, "NAME", "switch one optimisation off")},
    {DVT_OPTION_LIST(compile_opts, calibrate, "[NAME=]FILE.npy",
                     "sample input for int8 overlays; several make several samples")},
    {DVT_OPTION_LIST(compile_opts, keep, "VALUE", "make an inner value a readable output")},
    {DVT_OPTION_STRING(compile_opts, dump_after, NULL, "PASS",
                       "write the graph after a pass, or all"),
     .unrecorded = true},
    {DVT_OPTION_STRING(compile_opts, dump_dir, ".", "DIR", "where dumps go"), .unrecorded = true},
    {DVT_OPTION_STRING(compile_opts, dot, NULL, "FILE",
                       "write a Graphviz drawing with host nodes coloured"),
     .unrecorded = true},
    {DVT_OPTION_FLAG(compile_opts, words, false, "print the long words")},
    {DVT_OPTION_FLAG(compile_opts, optimisations, false, "list the names for --disable")},
};
static const dvt_option_set compile_set = {
    .name = "compile",
    .options = compile_options,
    .count = sizeof compile_options / sizeof compile_options[0],
    .positionals = "MODEL",
    .positional_min = 0,
    .positional_max = 1,
};

/* ---- results ------------------------------------------------------------------------------- */

typedef struct placement {
    int32_t host, overlay_steps;
} placement;

static placement count_steps(const dvt_program *p)
{
    placement n = {0, 0};

    for (int32_t i = 0; i < p->step_count; i++) {
        n.host += p->steps[i].kind == DVT_STEP_HOST;
        n.overlay_steps += p->steps[i].kind == DVT_STEP_OVERLAY;
    }
    return n;
}

static void print_json(const cli_run *r, const dvt_program *p)
{
    dvti_json_writer w = cli_json_begin(r, "dovetail.compile/1");

    dvti_json_put_string(&w, "model", p->model_name);
    dvti_json_put_string(&w, "model_sha256", p->model_sha256);
    dvti_json_put_string(&w, "overlay", p->overlay.name);
    dvti_json_put_i64(&w, "macs", p->macs);
    dvti_json_put_i64(&w, "words", p->word_count);
    dvti_json_put_u64(&w, "control_bytes", p->control_bytes);
    dvti_json_put_u64(&w, "image_bytes", p->image_bytes);
    dvti_json_put_i64(&w, "memory_bytes", p->memory_bytes);
    dvti_json_put_i64(&w, "overlay_steps", count_steps(p).overlay_steps);
    dvti_json_key(&w, "host_nodes");
    dvti_json_open_array(&w);
    for (int32_t i = 0; i < p->step_count; i++) {
        const dvt_program_step *s = &p->steps[i];
        if (s->kind == DVT_STEP_HOST) {
            const dvt_node *n = dvt_graph_node(p->host, (dvt_node_id){s->first});
            dvti_json_open_object(&w);
            dvti_json_put_string(&w, "node", n->name);
            dvti_json_put_string(&w, "operator", dvt_op_describe(n->op)->name);
            dvti_json_put_string(&w, "reason", s->reason);
            dvti_json_close_object(&w);
        }
    }
    dvti_json_close_array(&w);
    if (((const compile_opts *)r->values)->words) {
        dvt_buf text;
        dvt_buf_init(&text, r->ctx, 0);
        dvt_program_disassemble(p, &text);
        cli_json_put_text(&w, "listing", &text);
    }
    cli_json_end(r, &w);
}

static void print_text(const cli_run *r, const dvt_program *p)
{
    const compile_opts *o = r->values;
    char                number[32];

    dvt_buf_printf(r->out, "%-12s %s for %s\n", "program", p->model_name, p->overlay.name);
    dvt_buf_printf(r->out, "%-12s %s multiply-accumulates an image\n", "work",
                   cli_grouped(p->macs, number));
    dvt_buf_printf(r->out, "%-12s %d (%s bytes)\n", "long words", p->word_count,
                   cli_grouped((int64_t)p->control_bytes, number));
    dvt_buf_printf(r->out, "%-12s %s bytes\n", "filters",
                   cli_grouped((int64_t)p->image_bytes, number));
    dvt_buf_printf(r->out, "%-12s %s bytes\n", "memory", cli_grouped(p->memory_bytes, number));
    if (o->output) {
        dvt_buf_printf(r->out, "%-12s %s\n", "written to", o->output);
    }
    for (int32_t i = 0; i < p->step_count; i++) {
        const dvt_program_step *s = &p->steps[i];
        if (s->kind == DVT_STEP_HOST) {
            const dvt_node *n = dvt_graph_node(p->host, (dvt_node_id){s->first});
            dvt_buf_printf(r->out, "%-12s %s (%s): %s\n", "on the host", n->name,
                           dvt_op_describe(n->op)->name, s->reason);
        }
    }
}

/* ---- files --------------------------------------------------------------------------------- */

static dvt_status write_program(const cli_run *r, const dvt_program *p, const char *path)
{
    dvt_buf    file;
    dvt_status st;

    dvt_buf_init(&file, r->ctx, (size_t)8 << 30);
    st = dvt_program_save(p, &file);
    if (st == DVT_OK) {
        st = dvt_file_write(r->ctx, path, file.data, file.len);
    }
    dvt_buf_deinit(&file);
    return st;
}

static const char *host_colour(void *ud, const dvt_graph *g, dvt_node_id n)
{
    char reason[256];

    return dvt_compile_supports(ud, g, n, reason, sizeof reason) ? NULL : "#ffdddd";
}

static dvt_status write_dot(const cli_run *r, const dvt_graph *g, const char *overlay,
                            const char *path)
{
    dvt_overlay o;
    dvt_buf     dot;
    dvt_status  st = cli_load_overlay(r, overlay, &o);

    if (st != DVT_OK) {
        return st;
    }
    dvt_buf_init(&dot, r->ctx, 0);
    dvt_graph_dot(g, host_colour, &o, &dot);
    st = dvt_buf_status(&dot);
    if (st == DVT_OK) {
        st = dvt_file_write(r->ctx, path, dot.data, dot.len);
    }
    dvt_buf_deinit(&dot);
    return st;
}

static void put_optimisation(dvti_json_writer *w, const char *name, const char *summary)
{
    dvti_json_open_object(w);
    dvti_json_put_string(w, "name", name);
    dvti_json_put_string(w, "summary", summary);
    dvti_json_close_object(w);
}

static void list_optimisations_json(const cli_run *r)
{
    dvti_json_writer w = cli_json_begin(r, "dovetail.optimisations/1");

    dvti_json_key(&w, "optimisations");
    dvti_json_open_array(&w);
    for (const dvt_optimisation *o = dvt_compile_optimisations(); o->name; o++) {
        put_optimisation(&w, o->name, o->summary);
    }
    for (const dvt_pass *const *p = dvt_graph_passes(); *p; p++) {
        put_optimisation(&w, (*p)->name, (*p)->summary);
    }
    dvti_json_close_array(&w);
    cli_json_end(r, &w);
}

static void list_optimisations(const cli_run *r)
{
    if (r->common->json) {
        list_optimisations_json(r);
        return;
    }
    for (const dvt_optimisation *o = dvt_compile_optimisations(); o->name; o++) {
        dvt_buf_printf(r->out, "%-24s %s\n", o->name, o->summary);
    }
    for (const dvt_pass *const *p = dvt_graph_passes(); *p; p++) {
        dvt_buf_printf(r->out, "%-24s %s\n", (*p)->name, (*p)->summary);
    }
}

/* ---- command ------------------------------------------------------------------------------- */

static dvt_status compile_model(cli_run *r, const dvt_graph *g, dvt_program **out)
{
    const compile_opts *o = r->values;
    cli_inputs          in = {0};
    char                hash[DVT_SHA256_HEX];
    dvt_overlay         overlay;
    dvt_status          st = cli_load_overlay(r, o->overlay, &overlay);

    *out = NULL;
    if (st == DVT_OK) {
        st = cli_model_hash(r, hash);
    }
    if (st == DVT_OK) {
        st = cli_inputs_read(r, g, &o->calibrate, &in);
    }
    if (st == DVT_OK) {
        st = dvt_compile(g,
                         &(dvt_compile_opts){.overlay = &overlay,
                                             .naive = o->naive,
                                             .disable = o->disable.items,
                                             .disable_count = (int32_t)o->disable.count,
                                             .keep = o->keep.items,
                                             .keep_count = (int32_t)o->keep.count,
                                             .samples = in.tensors,
                                             .sample_count = in.sets,
                                             .model_sha256 = hash,
                                             .dump_after = o->dump_after,
                                             .dump_dir = o->dump_dir},
                         out);
    }
    if (st == DVT_E_USAGE) {
        dvt_fail_hint(r->ctx, "'dovetail compile --optimisations' lists the names");
    }
    cli_inputs_deinit(r, &in);
    return st;
}

static dvt_status run(cli_run *r)
{
    const compile_opts *o = r->values;
    cli_model           m = CLI_MODEL_OF(o);
    dvt_graph          *g = NULL;
    dvt_program        *p = NULL;
    dvt_status          st;

    if (o->optimisations) {
        list_optimisations(r);
        return DVT_OK;
    }
    if (r->parsed->positionals.count == 0) {
        st = dvt_fail(r->ctx, DVT_E_USAGE, NULL, "compile needs a MODEL");
        dvt_fail_hint(r->ctx, "'dovetail help compile' shows the options");
        return st;
    }
    st = cli_load_one_image(r, &m, NULL, &g);
    if (st == DVT_OK && o->dot) {
        st = write_dot(r, g, o->overlay, o->dot);
    }
    if (st == DVT_OK) {
        st = compile_model(r, g, &p);
    }
    if (st == DVT_OK && o->output) {
        st = write_program(r, p, o->output);
    }
    if (st == DVT_OK) {
        if (o->json) {
            print_json(r, p);
        } else if (o->words) {
            dvt_program_disassemble(p, r->out);
        } else {
            print_text(r, p);
        }
    }
    dvt_program_destroy(p);
    dvt_graph_destroy(g);
    return st;
}

const cli_command cli_compile = {
    .name = "compile",
    .summary = "a network to a program for an overlay",
    .description =
        "Compiles a network for an overlay: long words, packed filters, memory map and the nodes\n"
        "that stay on the host, with the reason for each. The program file is self-contained;\n"
        "'dovetail run', 'profile' and 'check' read it.",
    .examples = "dovetail compile examples/models/glyphs/glyphs.onnx --overlay small-fp11 -o "
                "/tmp/glyphs.dvp\n"
                "dovetail compile examples/models/glyphs/glyphs.onnx --words\n"
                "dovetail compile --optimisations\n",
    .options = &compile_set,
    .values_bytes = sizeof(compile_opts),
    .run = run,
};
