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
    .positionals = "MODEL|PROGRAM",
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
        dvt_status st =
            dvt_fail(r->ctx, DVT_E_IO, NULL, "cannot make folder '%s': %s", dir, strerror(errno));
        dvt_fail_hint(r->ctx, "the folder above it must be there and writable");
        return st;
    }
    return DVT_OK;
}

/* ---- results ------------------------------------------------------------------------------- */

/* Outputs of the whole batch; the overlay runs it image by image. */
typedef struct results {
    dvt_tensor  *tensors; /* (count) */
    const char **names;
    int32_t      count;
} results;

static void results_deinit(const cli_run *r, results *o)
{
    for (int32_t i = 0; o->tensors && i < o->count; i++) {
        dvt_tensor_deinit(r->ctx, &o->tensors[i]);
    }
    dvt_free(r->ctx, o->tensors);
}

/* Copies image `i` of `batch` of every output to its place. */
static dvt_status collect(const cli_run *r, const cli_engine *e, int64_t i, int64_t batch,
                          results *o)
{
    dvt_status st = DVT_OK;

    for (int32_t k = 0; st == DVT_OK && k < o->count; k++) {
        dvt_tensor t;
        st = cli_engine_output(e, k, &t, &o->names[k]);
        if (st == DVT_OK && i == 0) {
            dvt_shape whole = t.shape;
            if (batch > 1 && whole.rank > 0) {
                whole.dim[0] *= batch;
            }
            st = dvt_tensor_init(r->ctx, t.dtype, &whole, &o->tensors[k]);
        }
        if (st == DVT_OK && t.bytes) {
            memcpy((char *)o->tensors[k].data + (size_t)i * t.bytes, t.data, t.bytes);
        }
    }
    return st;
}

static dvt_tensor image_of(const dvt_tensor *t, int64_t i, int64_t batch)
{
    dvt_shape one = t->shape;

    one.dim[0] /= batch;
    return dvt_tensor_wrap(t->dtype, &one,
                           (char *)t->data + (size_t)i * (t->bytes / (size_t)batch));
}

static dvt_status run_batch(const cli_run *r, cli_engine *e, const cli_inputs *in, int64_t batch,
                            results *o)
{
    dvt_tensor *image = dvt_arena_calloc(r->arena, (size_t)in->count + 1, sizeof *image);
    dvt_status  st = image ? DVT_OK : DVT_E_NOMEM;

    o->count = e->output_count;
    o->tensors = dvt_calloc(r->ctx, (size_t)o->count + 1, sizeof *o->tensors);
    o->names = dvt_arena_calloc(r->arena, (size_t)o->count + 1, sizeof *o->names);
    if (!o->tensors || !o->names) {
        return DVT_E_NOMEM;
    }
    for (int64_t i = 0; st == DVT_OK && i < batch; i++) {
        for (int32_t k = 0; k < in->count; k++) {
            image[k] = image_of(&in->tensors[k], i, batch);
        }
        st = cli_engine_run(e, batch > 1 ? image : in->tensors);
        if (st == DVT_OK) {
            st = collect(r, e, i, batch, o);
        }
    }
    return st;
}

static dvt_status write_outputs(const cli_run *r, const results *o, const char *dir,
                                dvti_json_writer *w)
{
    dvt_status st = make_dir(r, dir);

    for (int32_t i = 0; st == DVT_OK && i < o->count; i++) {
        const char *path = file_name(r, dir, o->names[i]);
        char        shape[DVT_SHAPE_TEXT];
        st = path ? dvt_npy_write(r->ctx, path, &o->tensors[i]) : DVT_E_NOMEM;
        dvt_shape_text(&o->tensors[i].shape, shape);
        if (st == DVT_OK && w) {
            dvti_json_open_object(w);
            dvti_json_put_string(w, "name", o->names[i]);
            dvti_json_put_string(w, "file", path);
            dvti_json_put_string(w, "type", dvt_dtype_name(o->tensors[i].dtype));
            dvti_json_put_string(w, "shape", shape);
            dvti_json_close_object(w);
        } else if (st == DVT_OK) {
            dvt_buf_printf(r->out, "%s %s %s -> %s\n", o->names[i],
                           dvt_dtype_name(o->tensors[i].dtype), shape, path);
        }
    }
    return st;
}

static dvt_status write_result(const cli_run *r, const cli_engine *e, const results *res)
{
    const run_opts  *o = r->values;
    dvti_json_writer w;
    dvt_status       st;

    if (!o->json) {
        st = write_outputs(r, res, o->output_dir, NULL);
        cli_engine_print_rtl(r, e, NULL);
        return st;
    }
    w = cli_json_begin(r, "dovetail.run/1");
    dvti_json_put_string(&w, "engine",
                         cli_engine_name(e->rtl   ? CLI_RTL
                                         : e->sim ? CLI_OVERLAY
                                                  : (cli_engine_kind)o->engine));
    dvti_json_key(&w, "outputs");
    dvti_json_open_array(&w);
    st = write_outputs(r, res, o->output_dir, &w);
    dvti_json_close_array(&w);
    if (e->sim) {
        dvt_sim_counters c;
        dvt_sim_counters_of(e->sim, &c);
        dvti_json_put_u64(&w, "words", c.words);
        dvti_json_put_u64(&w, "array_macs", c.array_macs);
        dvti_json_put_u64(&w, "saturated", c.saturated);
    }
    cli_engine_print_rtl(r, e, &w);
    cli_json_end(r, &w);
    return st;
}

/* ---- command ------------------------------------------------------------------------------- */

/* Loads the network; where the arrays have another batch, loads it again with theirs. The overlay
 * computes one image at a time: its network has batch 1 and *batch runs follow one another. */
static dvt_status load(const cli_run *r, dvt_graph **g, dvt_text_list *inputs, int64_t *batch)
{
    const run_opts *o = r->values;
    cli_model       m = CLI_MODEL_OF(o);
    int64_t         given = 0;
    dvt_status      st = cli_inputs_load_model(r, &m, &o->input, g, inputs);

    *batch = 1;
    if (st == DVT_OK && m.batch == 0) {
        st = cli_inputs_batch(r, *g, inputs, &given);
    }
    if (st == DVT_OK && given > 0) {
        dvt_graph_destroy(*g);
        *g = NULL;
        m.batch = (uint64_t)given;
        st = cli_load_one_image(r, &m, NULL, g);
    }
    return st;
}

static dvt_status one_image(const cli_run *r, const cli_inputs *in, dvt_graph **g, int64_t *batch)
{
    const run_opts  *o = r->values;
    cli_model        m = CLI_MODEL_OF(o);
    const dvt_shape *s;

    if (!cli_engine_is_overlay((cli_engine_kind)o->engine) || dvt_graph_input_count(*g) == 0) {
        return DVT_OK;
    }
    s = &dvt_graph_value(*g, dvt_graph_input(*g, 0))->shape;
    if (s->rank < 2 || s->dim[0] <= 1) {
        return DVT_OK;
    }
    *batch = s->dim[0];
    for (int32_t k = 0; k < in->count; k++) {
        if (in->tensors[k].shape.rank < 1 || in->tensors[k].shape.dim[0] != *batch) {
            return dvt_fail(
                r->ctx, DVT_E_UNSUPPORTED, NULL,
                "the overlay runs one image at a time, and not all inputs have batch %lld",
                (long long)*batch);
        }
    }
    dvt_graph_destroy(*g);
    *g = NULL;
    m.batch = 1;
    return cli_load_one_image(r, &m, NULL, g);
}

/* int8 scales come from --calibrate, else from the inputs themselves. */
static dvt_status open_engine(const cli_run *r, dvt_graph *g, const cli_inputs *in, int64_t batch,
                              cli_engine *e)
{
    const run_opts *o = r->values;
    cli_engine_opts opts = {.kind = (cli_engine_kind)o->engine,
                            .overlay = o->overlay,
                            .naive = o->naive,
                            .disable = o->disable,
                            .keep = o->keep,
                            .rtl_cache = o->rtl_cache,
                            .stall_permille = (int32_t)o->stall_permille,
                            .seed = o->seed};
    cli_inputs      given = {0};
    dvt_tensor     *own;
    dvt_status      st = cli_inputs_read(r, g, &o->calibrate, &given);

    own = dvt_arena_calloc(r->arena, (size_t)(batch * in->count) + 1, sizeof *own);
    if (st == DVT_OK && !own) {
        st = DVT_E_NOMEM;
    }
    for (int64_t i = 0; st == DVT_OK && i < batch * in->count; i++) {
        own[i] = image_of(&in->tensors[i % in->count], i / in->count, batch);
    }
    opts.samples = given.sets ? given.tensors : own;
    opts.sample_count = given.sets ? given.sets : (int32_t)batch;
    if (st == DVT_OK) {
        st = cli_engine_open(r, g, &opts, e);
    }
    cli_inputs_deinit(r, &given);
    return st;
}

static dvt_status run_network(cli_run *r)
{
    dvt_graph    *g = NULL;
    cli_inputs    in = {0};
    cli_engine    e = {0};
    results       res = {0};
    dvt_text_list inputs;
    int64_t       batch = 1;
    dvt_status    st = load(r, &g, &inputs, &batch);

    if (st == DVT_OK) {
        st = cli_inputs_read(r, g, &inputs, &in);
    }
    if (st == DVT_OK && in.sets != 1 && dvt_graph_input_count(g) > 0) {
        st = dvt_fail(r->ctx, DVT_E_USAGE, NULL, "run takes one set of inputs, %d were given",
                      in.sets);
        dvt_fail_hint(r->ctx, "give each input once: --input [NAME=]FILE.npy");
    }
    if (st == DVT_OK) {
        st = one_image(r, &in, &g, &batch);
    }
    if (st == DVT_OK) {
        st = open_engine(r, g, &in, batch, &e);
    }
    if (st == DVT_OK) {
        st = run_batch(r, &e, &in, batch, &res);
    }
    if (st == DVT_OK) {
        st = write_result(r, &e, &res);
    }
    results_deinit(r, &res);
    cli_engine_close(&e);
    cli_inputs_deinit(r, &in);
    dvt_graph_destroy(g);
    return st;
}

/* A compiled program: its overlay, filters and host part are in the file. */
static dvt_status run_program(const cli_run *r, dvt_program *p)
{
    const run_opts *o = r->values;
    cli_inputs      in = {0};
    cli_engine      e = {0};
    results         res = {0};
    cli_engine_opts opts = {.kind = o->engine == CLI_RTL ? CLI_RTL : CLI_OVERLAY,
                            .rtl_cache = o->rtl_cache,
                            .stall_permille = (int32_t)o->stall_permille,
                            .seed = o->seed};
    dvt_status      st = cli_engine_open_program(r, p, &opts, &e);

    if (st == DVT_OK) {
        st = cli_refuse_network_options(r, &run_set, "a program");
    }
    if (st == DVT_OK && !cli_engine_is_overlay((cli_engine_kind)o->engine) &&
        dvt_options_source(&run_set, r->parsed, "engine") != DVT_OPTION_DEFAULT) {
        st = dvt_fail(r->ctx, DVT_E_USAGE, NULL, "a program runs on the overlay only");
        dvt_fail_hint(r->ctx, "leave --engine out, or give the network");
    }
    if (st == DVT_OK) {
        st = cli_inputs_read_first(r, e.g, e.input_count, &o->input, &in);
    }
    if (st == DVT_OK && in.sets != 1) {
        st = dvt_fail(r->ctx, DVT_E_USAGE, NULL, "run takes one set of inputs, %d were given",
                      in.sets);
        dvt_fail_hint(r->ctx, "give each input once: --input [NAME=]FILE.npy");
    }
    if (st == DVT_OK) {
        st = run_batch(r, &e, &in, 1, &res);
    }
    if (st == DVT_OK) {
        st = write_result(r, &e, &res);
    }
    results_deinit(r, &res);
    cli_inputs_deinit(r, &in);
    cli_engine_close(&e);
    return st;
}

static dvt_status run(cli_run *r)
{
    dvt_program *p = NULL;
    dvt_status   st = cli_load_program(r, &p);

    if (st != DVT_OK) {
        return st;
    }
    return p ? run_program(r, p) : run_network(r);
}

const cli_command cli_run_model = {
    .name = "run",
    .summary = "run a network on arrays; outputs as .npy",
    .description =
        "Runs a network on .npy inputs and writes every output (and the inner values named with\n"
        "--keep) as NAME.npy, with shapes and types as the model has them. A program file of\n"
        "'dovetail compile' runs on the overlay's model as it is.",
    .examples =
        "dovetail run examples/models/glyphs/glyphs.onnx --input examples/models/glyphs/one.npy "
        "--output-dir /tmp/out\n"
        "dovetail run examples/models/glyphs/glyphs.onnx --input examples/models/glyphs/one.npy "
        "--engine overlay --overlay small-fp16 --output-dir /tmp/out --json\n",
    .options = &run_set,
    .values_bytes = sizeof(run_opts),
    .run = run,
};
