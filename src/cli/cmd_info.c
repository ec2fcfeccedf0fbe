/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_info.c - `dovetail info MODEL`: what a network is made of.
 *
 * Work is counted for one image: published prototxts say batch 10 or 1 by habit, and a number that
 * changes with it could not be compared with anything.
 */
#include <string.h>

#include "cli/cli.h"

typedef struct info_opts {
    CLI_COMMON_FIELDS;
    CLI_MODEL_FIELDS;
    bool        values;
    bool        text;
    const char *dot;
} info_opts;

static const dvt_option info_options[] = {
    CLI_COMMON_OPTIONS(info_opts),
    CLI_MODEL_OPTIONS(info_opts),
    {DVT_OPTION_FLAG(info_opts, values, false, "list every value with its type and shape")},
    {DVT_OPTION_FLAG(info_opts, text, false,
                     "print the network in text form (docs/graph-text.md)")},
    {DVT_OPTION_STRING(info_opts, dot, NULL, "FILE", "write a Graphviz drawing"),
     .unrecorded = true},
};
static const dvt_option_set info_set = {
    .name = "info",
    .options = info_options,
    .count = sizeof info_options / sizeof info_options[0],
    .positionals = "MODEL",
    .positional_min = 1,
    .positional_max = 1,
};

enum { TEXT_ELEMENTS = 16 }; /* of a parameter that stand in the text form */

static void json_value(dvti_json_writer *w, const dvt_value *v)
{
    dvti_json_open_object(w);
    dvti_json_put_string(w, "name", v->name);
    dvti_json_put_string(w, "type", dvt_dtype_name(v->dtype));
    dvti_json_key(w, "shape");
    dvti_json_open_array(w);
    for (int32_t i = 0; i < v->shape.rank; i++) {
        dvti_json_i64(w, v->shape.dim[i]);
    }
    dvti_json_close_array(w);
    dvti_json_close_object(w);
}

static void json_ends(dvti_json_writer *w, const dvt_graph *g, bool outputs)
{
    int32_t n = outputs ? dvt_graph_output_count(g) : dvt_graph_input_count(g);

    dvti_json_key(w, outputs ? "outputs" : "inputs");
    dvti_json_open_array(w);
    for (int32_t i = 0; i < n; i++) {
        json_value(w, dvt_graph_value(g, outputs ? dvt_graph_output(g, i) : dvt_graph_input(g, i)));
    }
    dvti_json_close_array(w);
}

/* Of one image. The work that is counted is proportional to the batch. */
static int64_t macs_of(const dvt_graph *g, const dvt_graph_stats *s)
{
    int64_t batch = cli_batch_of(g);

    return s->macs % batch == 0 ? s->macs / batch : s->macs;
}

static bool listed(const dvt_value *v)
{
    return v->kind == DVT_VALUE_NODE || v->kind == DVT_VALUE_INPUT;
}

static void print_json(const cli_run *r, const dvt_graph *g, const dvt_graph_stats *s)
{
    const info_opts *o = r->values;
    dvti_json_writer w = cli_json_begin(r, "dovetail.info/1");

    dvti_json_put_string(&w, "name", dvt_graph_name(g));
    dvti_json_put_i64(&w, "macs", macs_of(g, s));
    dvti_json_put_i64(&w, "batch", cli_batch_of(g));
    dvti_json_put_i64(&w, "parameters", s->parameters);
    dvti_json_put_i64(&w, "nodes", s->nodes);
    json_ends(&w, g, false);
    json_ends(&w, g, true);
    dvti_json_key(&w, "operators");
    dvti_json_open_object(&w);
    for (int i = 0; i < DVT_OP_COUNT; i++) {
        if (s->op_count[i]) {
            dvti_json_put_i64(&w, dvt_op_describe((dvt_op)i)->name, s->op_count[i]);
        }
    }
    dvti_json_close_object(&w);
    if (o->values) {
        dvti_json_key(&w, "values");
        dvti_json_open_array(&w);
        for (int32_t i = 0; i < dvt_graph_value_count(g); i++) {
            const dvt_value *v = dvt_graph_value(g, (dvt_value_id){i});
            if (listed(v)) {
                json_value(&w, v);
            }
        }
        dvti_json_close_array(&w);
    }
    if (o->text) {
        dvt_buf text;
        dvt_buf_init(&text, r->ctx, 0);
        dvt_graph_print(g, TEXT_ELEMENTS, &text);
        cli_json_put_text(&w, "text", &text);
    }
    cli_json_end(r, &w);
}

static void text_value(dvt_buf *out, const char *what, const dvt_value *v)
{
    char shape[DVT_SHAPE_TEXT];

    dvt_buf_printf(out, "%-10s %s %s %s\n", what, v->name, dvt_dtype_name(v->dtype),
                   dvt_shape_text(&v->shape, shape));
}

static void print_text(const cli_run *r, const dvt_graph *g, const dvt_graph_stats *s)
{
    const info_opts *o = r->values;
    char             number[32];

    dvt_buf_printf(r->out, "%-10s %s\n", "network", dvt_graph_name(g));
    dvt_buf_printf(r->out, "%-10s %s multiply-accumulates an image\n", "work",
                   cli_grouped(macs_of(g, s), number));
    dvt_buf_printf(r->out, "%-10s %s\n", "parameters", cli_grouped(s->parameters, number));
    for (int32_t i = 0; i < dvt_graph_input_count(g); i++) {
        text_value(r->out, "input", dvt_graph_value(g, dvt_graph_input(g, i)));
    }
    for (int32_t i = 0; i < dvt_graph_output_count(g); i++) {
        text_value(r->out, "output", dvt_graph_value(g, dvt_graph_output(g, i)));
    }
    for (int i = 0; i < DVT_OP_COUNT; i++) {
        if (s->op_count[i]) {
            dvt_buf_printf(r->out, "%10lld %s\n", (long long)s->op_count[i],
                           dvt_op_describe((dvt_op)i)->name);
        }
    }
    for (int32_t i = 0; o->values && i < dvt_graph_value_count(g); i++) {
        const dvt_value *v = dvt_graph_value(g, (dvt_value_id){i});
        if (listed(v)) {
            text_value(r->out, "value", v);
        }
    }
}

static dvt_status write_dot(const cli_run *r, const dvt_graph *g, const char *path)
{
    dvt_buf    dot;
    dvt_status st;

    dvt_buf_init(&dot, r->ctx, 0);
    dvt_graph_dot(g, NULL, NULL, &dot);
    st = dvt_buf_status(&dot);
    if (st == DVT_OK) {
        st = dvt_file_write(r->ctx, path, dot.data, dot.len);
    }
    dvt_buf_deinit(&dot);
    return st;
}

static dvt_status run(cli_run *r)
{
    const info_opts *o = r->values;
    cli_model        m = CLI_MODEL_OF(o);
    dvt_graph       *g = NULL;
    dvt_graph_stats  stats;
    dvt_status       st = cli_load_model(r, &m, NULL, &g);

    if (st == DVT_OK && o->dot) {
        st = write_dot(r, g, o->dot);
    }
    if (st == DVT_OK) {
        dvt_graph_stats_of(g, &stats);
        if (o->json) {
            print_json(r, g, &stats);
        } else if (o->text) {
            dvt_graph_print(g, TEXT_ELEMENTS, r->out);
        } else {
            print_text(r, g, &stats);
        }
    }
    dvt_graph_destroy(g);
    return st;
}

const cli_command cli_info = {
    .name = "info",
    .summary = "what a network is made of: work, parameters, operators, shapes",
    .description =
        "Reads a network (Caffe prototxt or caffemodel, ONNX, text form) and prints its inputs,\n"
        "outputs, multiply-accumulates (of convolution, dense and matmul, for one image),\n"
        "parameters and operators. Weights are not needed.",
    .examples = "dovetail info examples/models/glyphs/glyphs.onnx\n"
                "dovetail info examples/models/glyphs/glyphs.onnx --json\n"
                "dovetail info examples/models/glyphs/glyphs.onnx --values\n",
    .options = &info_set,
    .values_bytes = sizeof(info_opts),
    .run = run,
};
