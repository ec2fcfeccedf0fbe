/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_run.c - `dovetail run MODEL --input X.npy --output-dir DIR`: outputs as .npy files.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/engine.h"
#include "cli/inputs.h"

typedef struct run_opts {
    CLI_COMMON_FIELDS;
    CLI_MODEL_FIELDS;
    CLI_ENGINE_FIELDS;
    dvt_text_list input, keep, calibrate;
    const char   *output_dir;
} run_opts;

static const dvt_option run_options[] = {
    CLI_COMMON_OPTIONS(run_opts),
    CLI_MODEL_OPTIONS(run_opts),
    CLI_ENGINE_OPTIONS(run_opts),
    {DVT_OPTION_LIST(run_opts, input, "[NAME=]FILE.npy", "value of an input")},
    {DVT_OPTION_LIST(run_opts, keep, "VALUE", "write this inner value, too")},
    {DVT_OPTION_LIST(run_opts, calibrate, "[NAME=]FILE.npy",
                     "sample input for int8 overlays; default: the inputs themselves")},
    {DVT_OPTION_STRING(run_opts, output_dir, ".", "DIR", "where the outputs go, made if missing"),
     .unrecorded = true},
};
static const dvt_option_set run_set = {
    .name = "run",
    .options = run_options,
    .count = sizeof run_options / sizeof run_options[0],
    .positionals = "MODEL",
    .positional_min = 1,
    .positional_max = 1,
};

/* Characters that a file name cannot hold, or that shells take apart, become '_'. */
static const char *file_name(const cli_run *r, const char *dir, const char *value)
{
    char *name = dvt_arena_strdup(r->arena, value);

    for (char *c = name; c && *c; c++) {
        bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                     (*c >= '0' && *c <= '9') || *c == '.' || *c == '-' || *c == '_';
        if (!plain || (c == name && *c == '.')) {
            *c = '_';
        }
    }
    return name ? dvt_arena_printf(r->arena, "%s/%s.npy", dir, name) : NULL;
}

static dvt_status make_dir(const cli_run *r, const char *dir)
{
    if (mkdir(dir, 0777) != 0 && errno != EEXIST) {
        return dvt_fail(r->ctx, DVT_E_IO, NULL, "cannot make folder '%s': %s", dir,
                        strerror(errno));
    }
    return DVT_OK;
}

static dvt_status write_outputs(const cli_run *r, const cli_engine *e, const char *dir,
                                dvti_json_writer *w)
{
    dvt_status st = make_dir(r, dir);

    for (int32_t i = 0; st == DVT_OK && i < e->output_count; i++) {
        const char *name, *path;
        char        shape[DVT_SHAPE_TEXT];
        dvt_tensor  t;
        st = cli_engine_output(e, i, &t, &name);
        path = st == DVT_OK ? file_name(r, dir, name) : NULL;
        if (path) {
            st = dvt_npy_write(r->ctx, path, &t);
        }
        if (st == DVT_OK && w) {
            dvti_json_open_object(w);
            dvti_json_put_string(w, "name", name);
            dvti_json_put_string(w, "file", path);
            dvti_json_put_string(w, "type", dvt_dtype_name(t.dtype));
            dvti_json_put_string(w, "shape", dvt_shape_text(&t.shape, shape));
            dvti_json_close_object(w);
        } else if (st == DVT_OK) {
            dvt_buf_printf(r->out, "%s %s %s -> %s\n", name, dvt_dtype_name(t.dtype),
                           dvt_shape_text(&t.shape, shape), path);
        }
    }
    return st;
}

static dvt_status write_result(const cli_run *r, const cli_engine *e)
{
    const run_opts  *o = r->values;
    dvti_json_writer w;
    dvt_status       st;

    if (!o->json) {
        return write_outputs(r, e, o->output_dir, NULL);
    }
    w = cli_json_begin(r, "dovetail.run/1");
    dvti_json_put_string(&w, "engine",
                         o->engine == CLI_OVERLAY     ? "overlay"
                         : o->engine == CLI_REFERENCE ? "reference"
                                                      : "naive");
    dvti_json_key(&w, "outputs");
    dvti_json_open_array(&w);
    st = write_outputs(r, e, o->output_dir, &w);
    dvti_json_close_array(&w);
    if (e->sim) {
        dvt_sim_counters c;
        dvt_sim_counters_of(e->sim, &c);
        dvti_json_put_u64(&w, "words", c.words);
        dvti_json_put_u64(&w, "array_macs", c.array_macs);
        dvti_json_put_u64(&w, "saturated", c.saturated);
    }
    cli_json_end(r, &w);
    return st;
}

static dvt_status run(cli_run *r)
{
    const run_opts *o = r->values;
    cli_model       m = CLI_MODEL_OF(o);
    dvt_graph      *g = NULL;
    cli_inputs      in = {0}, samples = {0};
    cli_engine      e = {0};
    dvt_status      st = cli_load_model(r, &m, NULL, &g);

    if (st == DVT_OK) {
        st = cli_inputs_read(r, g, &o->input, &in);
    }
    if (st == DVT_OK && in.sets != 1 && dvt_graph_input_count(g) > 0) {
        st = dvt_fail(r->ctx, DVT_E_USAGE, NULL, "run takes one set of inputs, %d were given",
                      in.sets);
        dvt_fail_hint(r->ctx, "give each input once: --input [NAME=]FILE.npy");
    }
    if (st == DVT_OK) {
        st = cli_inputs_read(r, g, &o->calibrate, &samples);
    }
    if (st == DVT_OK) {
        const cli_inputs *s = samples.sets ? &samples : &in;
        st = cli_engine_open(r, g,
                             &(cli_engine_opts){.kind = (cli_engine_kind)o->engine,
                                                .overlay = o->overlay,
                                                .naive = o->naive,
                                                .disable = o->disable,
                                                .keep = o->keep,
                                                .samples = s->tensors,
                                                .sample_count = s->sets},
                             &e);
    }
    if (st == DVT_OK) {
        st = cli_engine_run(&e, in.tensors);
    }
    if (st == DVT_OK) {
        st = write_result(r, &e);
    }
    cli_engine_close(&e);
    cli_inputs_deinit(r, &in);
    cli_inputs_deinit(r, &samples);
    dvt_graph_destroy(g);
    return st;
}

const cli_command cli_run_model = {
    .name = "run",
    .summary = "run a network on arrays; outputs as .npy",
    .description =
        "Runs a network on .npy inputs and writes every output (and the inner values named with\n"
        "--keep) as NAME.npy, with shapes and types as the model has them.",
    .examples =
        "dovetail run examples/models/glyphs/glyphs.onnx --input examples/models/glyphs/one.npy "
        "--output-dir /tmp/out\n"
        "dovetail run examples/models/glyphs/glyphs.onnx --input examples/models/glyphs/one.npy "
        "--engine overlay --overlay small-fp16 --output-dir /tmp/out --json\n",
    .options = &run_set,
    .values_bytes = sizeof(run_opts),
    .run = run,
};
