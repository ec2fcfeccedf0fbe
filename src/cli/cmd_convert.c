/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_convert.c - `dovetail convert MODEL -o FILE`: a network in another form.
 */
#include <string.h>

#include "cli/cli.h"

typedef struct convert_opts {
    CLI_COMMON_FIELDS;
    CLI_MODEL_FIELDS;
    const char *output;
    bool        passes;
} convert_opts;

static const dvt_option convert_options[] = {
    CLI_COMMON_OPTIONS(convert_opts),
    CLI_MODEL_OPTIONS(convert_opts),
    {DVT_OPTION_STRING(convert_opts, output, NULL, "FILE",
                       "write the network here: .onnx, .dvg, .dot or .svg"),
     .short_name = 'o', .unrecorded = true},
    {DVT_OPTION_FLAG(convert_opts, passes, false,
                     "run the target-independent passes first (batch normalisation is folded, "
                     "constants are, ...)")},
};
static const dvt_option_set convert_set = {
    .name = "convert",
    .options = convert_options,
    .count = sizeof convert_options / sizeof convert_options[0],
    .positionals = "MODEL",
    .positional_min = 1,
    .positional_max = 1,
};

typedef enum form { ONNX, TEXT, DOT, SVG, FORMS } form;

static const char *const suffixes[FORMS] = {".onnx", ".dvg", ".dot", ".svg"};

static dvt_status find_form(const cli_run *r, const char *path, form *out)
{
    size_t size = path ? strlen(path) : 0;

    for (*out = ONNX; path && *out < FORMS; ++*out) {
        size_t n = strlen(suffixes[*out]);
        if (size > n && strcmp(path + size - n, suffixes[*out]) == 0) {
            return DVT_OK;
        }
    }
    if (path) {
        dvt_fail(r->ctx, DVT_E_USAGE, NULL, "'%s' does not say which form is wanted", path);
    } else {
        dvt_fail(r->ctx, DVT_E_USAGE, NULL, "convert needs a file to write");
    }
    dvt_fail_hint(r->ctx, "give -o a name that ends in .onnx, .dvg, .dot or .svg");
    return DVT_E_USAGE;
}

/* All data stand in the text form: it is read back as the same network. */
static dvt_status make(const dvt_graph *g, form f, dvt_buf *out)
{
    switch (f) {
    case ONNX: return dvt_onnx_save(g, out);
    case SVG: return dvt_graph_svg(g, NULL, NULL, out);
    case DOT: dvt_graph_dot(g, NULL, NULL, out); break;
    default: dvt_graph_print(g, INT64_MAX, out);
    }
    return dvt_buf_status(out);
}

static void report(const cli_run *r, const dvt_graph *g, const char *path, size_t bytes)
{
    dvt_graph_stats stats;
    char            number[32];

    dvt_graph_stats_of(g, &stats);
    if (!r->common->json) {
        dvt_buf_printf(r->out, "%s: %s as %s, %s bytes\n", path, dvt_graph_name(g),
                       strrchr(path, '.') + 1, cli_grouped((int64_t)bytes, number));
        return;
    }
    dvti_json_writer w = cli_json_begin(r, "dovetail.convert/1");
    dvti_json_put_string(&w, "network", dvt_graph_name(g));
    dvti_json_put_string(&w, "file", path);
    dvti_json_put_u64(&w, "bytes", bytes);
    dvti_json_put_i64(&w, "nodes", stats.nodes);
    dvti_json_put_i64(&w, "parameters", stats.parameters);
    cli_json_end(r, &w);
}

static dvt_status run(cli_run *r)
{
    const convert_opts *o = r->values;
    cli_model           m = CLI_MODEL_OF(o);
    dvt_passes_opts     all = {0};
    dvt_graph          *g = NULL;
    dvt_buf             bytes;
    form                f;
    dvt_status          st = find_form(r, o->output, &f);

    dvt_buf_init(&bytes, r->ctx, (size_t)1 << 32);
    if (st == DVT_OK) {
        st = cli_load_model(r, &m, NULL, &g);
    }
    if (st == DVT_OK && o->passes) {
        st = dvt_passes_run(g, dvt_graph_passes(), &all);
    }
    if (st == DVT_OK) {
        st = make(g, f, &bytes);
    }
    if (st == DVT_OK) {
        st = dvt_file_write(r->ctx, o->output, bytes.data, bytes.len);
    }
    if (st == DVT_OK) {
        report(r, g, o->output, bytes.len);
    }
    dvt_buf_deinit(&bytes);
    dvt_graph_destroy(g);
    return st;
}

const cli_command cli_convert = {
    .name = "convert",
    .summary = "writes a network as ONNX, text, or drawing",
    .description =
        "Reads a network in any form that 'info' reads and writes it in another, by the ending\n"
        "of the file: an ONNX model (.onnx), the text form with all data (.dvg), a Graphviz\n"
        "(.dot) or SVG drawing. An ONNX model computes the same bits when it is read back; what\n"
        "ONNX cannot say is refused with the node and the reason.",
    .examples = "dovetail convert examples/models/glyphs/glyphs.onnx --passes -o /tmp/glyphs.onnx\n"
                "dovetail convert examples/models/glyphs/glyphs.onnx -o /tmp/glyphs.svg\n",
    .options = &convert_set,
    .values_bytes = sizeof(convert_opts),
    .run = run,
};
