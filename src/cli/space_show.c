/* SPDX-License-Identifier: Apache-2.0 */
/*
 * space_show.c - `dovetail space show`: a point, and the files that can be made of it.
 */
#include "cli/space_cli.h"

enum { TEXT_ELEMENTS = 16 }; /* of a constant that stand in the text form */

/* ---- files --------------------------------------------------------------------------------- */

/* Writes a text that a function made; `st` is how that went. Releases the text. */
static dvt_status write_text(const cli_run *r, dvt_status st, dvt_buf *text, const char *path)
{
    if (st == DVT_OK) {
        st = dvt_buf_status(text);
    }
    if (st == DVT_OK) {
        st = dvt_file_write(r->ctx, path, text->data, text->len);
    }
    dvt_buf_deinit(text);
    return st;
}

static dvt_status write_drawings(const cli_run *r, const dvt_graph *g)
{
    const cli_space_opts *o = r->values;
    dvt_status            st = DVT_OK;
    dvt_buf               text;

    if (o->dot) {
        dvt_buf_init(&text, r->ctx, 0);
        dvt_graph_dot(g, NULL, NULL, &text);
        st = write_text(r, DVT_OK, &text, o->dot);
    }
    if (st == DVT_OK && o->svg) {
        dvt_buf_init(&text, r->ctx, 0);
        st = write_text(r, dvt_graph_svg(g, NULL, NULL, &text), &text, o->svg);
    }
    return st;
}

/* Weights that are not there are seeded when all else was made of the network without them. */
static dvt_status write_network(const cli_run *r, dvt_graph *g, dvt_buf *text)
{
    const cli_space_opts *o = r->values;
    dvt_status            st = write_drawings(r, g);

    if (st == DVT_OK && o->text) {
        dvt_graph_print(g, TEXT_ELEMENTS, text);
        st = dvt_buf_status(text);
    }
    if (st == DVT_OK && o->onnx) {
        st = dvt_graph_seed_params(g, o->seed);
    }
    if (st == DVT_OK && o->onnx) {
        st = dvt_onnx_write(g, o->onnx);
    }
    return st;
}

static dvt_status network(const cli_run *r, const dvt_space *s, const dvt_point *p, dvt_buf *text)
{
    static const char *const skeletons[] = {"accuracy", "latbench"};
    const cli_space_opts    *o = r->values;
    dvt_space_graph_opts     opts = {skeletons[o->skeleton], (int32_t)o->classes};
    dvt_graph               *g = NULL;
    dvt_status               st = dvt_space_graph(s, p, &opts, &g);

    if (st == DVT_OK) {
        st = write_network(r, g, text);
    }
    dvt_graph_destroy(g);
    return st;
}

static dvt_status write_overlay(const cli_run *r, const dvt_space *s, const dvt_point *p,
                                const char *path)
{
    dvt_overlay o;
    dvt_buf     text;
    dvt_status  st = dvt_space_overlay(s, p, &o);

    if (st != DVT_OK) {
        return st;
    }
    dvt_buf_init(&text, r->ctx, 0);
    dvt_overlay_print(&o, &text);
    dvt_buf_puts(&text, "\n");
    return write_text(r, DVT_OK, &text, path);
}

/* ---- the point itself ---------------------------------------------------------------------- */

/* net: the network's text, empty if it was not asked for. */
static void print_point(const cli_run *r, const dvt_space *s, const dvt_point *p, dvt_buf *net)
{
    dvt_fact facts[DVT_SPACE_MAX_FACTS];
    int32_t  count = dvt_space_facts(s, p, facts);

    if (r->common->json) {
        dvti_json_writer w = cli_json_begin(r, "dovetail.space-point/1");
        dvti_json_put_string(&w, "space", dvt_space_name(s));
        cli_space_put_point(r, &w, s, p);
        cli_space_put_facts(&w, "facts", facts, count);
        if (net->len) {
            cli_json_put_text(&w, "text", net);
        }
        cli_json_end(r, &w);
    } else if (net->len) {
        dvt_buf_puts(r->out, net->data);
    } else {
        dvt_space_print(s, p, r->out);
        dvt_buf_puts(r->out, "\n");
        cli_space_print_facts(r, facts, count);
    }
}

dvt_status cli_space_show(cli_run *r, const dvt_space *s, const char *point)
{
    const cli_space_opts *o = r->values;
    dvt_point             p;
    dvt_buf               net;
    dvt_status            st = dvt_space_parse(s, point, &p);

    dvt_buf_init(&net, r->ctx, 0);
    if (st == DVT_OK && (o->text || o->dot || o->svg || o->onnx)) {
        st = network(r, s, &p, &net);
    }
    if (st == DVT_OK && o->overlay) {
        st = write_overlay(r, s, &p, o->overlay);
    }
    if (st == DVT_OK) {
        print_point(r, s, &p, &net);
    }
    dvt_buf_deinit(&net);
    return st;
}
