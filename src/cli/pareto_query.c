/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pareto_query.c - `dovetail pareto query`: the best point within limits, once or line by line.
 *
 * Batch      Each line of standard input is a JSON object {"where": "latency<9ms", "best": "area"},
 *            both may be left out; each gets one line of JSON in the same order, written at once:
 *            another program may ask and wait. A line that is wrong gets its error as the answer,
 *            and the command ends with that error's exit status.
 */
#include <stdio.h>
#include <string.h>

#include "cli/pareto_cli.h"

enum { LINE_MAX_BYTES = 1 << 16 };

static dvt_status find_best(dvt_ctx *ctx, const dvt_frontier *f, const char *name, int32_t *out)
{
    const char   *names[DVT_PARETO_MAX_OBJECTIVES], *near;
    const int32_t count = dvt_frontier_about_of(f).objectives;

    *out = name ? dvt_frontier_find(f, name) : 0;
    if (*out >= 0) {
        return DVT_OK;
    }
    for (int32_t k = 0; k < count; k++) {
        names[k] = dvt_frontier_objective(f, k)->name;
    }
    near = dvt_nearest(name, names, (size_t)count);
    dvt_fail(ctx, DVT_E_NOTFOUND, NULL, "'%.60s' is no objective of this frontier", name);
    dvt_fail_hint(ctx, near ? "did you mean '%s'?" : "its first one is '%s'",
                  near ? near : names[0]);
    return DVT_E_NOTFOUND;
}

/* ---- one question -------------------------------------------------------------------------- */

static void print_answer_json(cli_run *r, const dvt_frontier *f, const dvt_frontier_query *q,
                              int64_t point)
{
    dvti_json_writer w = cli_json_begin(r, "dovetail.pareto-query/1");

    dvti_json_put_string(&w, "best", dvt_frontier_objective(f, q->best)->name);
    dvti_json_key(&w, "point");
    if (point >= 0) {
        pareto_print_point_json(&w, f, point);
    } else {
        dvti_json_null(&w);
    }
    cli_json_end(r, &w);
}

static dvt_status ask_once(cli_run *r, const dvt_frontier *f)
{
    const pareto_opts *o = r->values;
    int32_t            best;
    dvt_frontier_query q;
    dvt_status         st = find_best(r->ctx, f, o->best, &best);

    if (st != DVT_OK) {
        return st;
    }
    q = dvt_frontier_query_make(f, best);
    for (size_t i = 0; st == DVT_OK && i < o->where.count; i++) {
        st = dvt_frontier_where(r->ctx, f, o->where.items[i], &q);
    }
    if (st != DVT_OK) {
        return st;
    }
    const int64_t point = dvt_frontier_best(f, &q);
    if (r->common->json) {
        print_answer_json(r, f, &q, point);
    } else if (point >= 0) {
        pareto_print_point_text(r, f, point);
    } else {
        dvt_buf_puts(r->out, "no point is within the limits\n");
    }
    r->exit_code = point >= 0 ? 0 : 1;
    return DVT_OK;
}

/* ---- batch --------------------------------------------------------------------------------- */

static dvt_status read_question(cli_run *r, const dvt_frontier *f, const char *line,
                                dvt_frontier_query *q)
{
    static const char *const keys[] = {"where", "best"};
    const pareto_opts       *o = r->values;
    dvti_json_doc            doc = {0};
    dvti_json                root;
    const char              *where = NULL, *best = o->best;
    int32_t                  objective = 0;
    dvt_status               st = dvti_json_parse(r->ctx, "line", line, strlen(line), &doc);

    if (st != DVT_OK) {
        return st;
    }
    root = dvti_json_root(&doc);
    st = dvti_json_as_object(&root);
    st = st == DVT_OK ? dvti_json_check_keys(&root, keys, 2) : st;
    st = st == DVT_OK ? dvti_json_get_string(&root, "where", DVTI_JSON_OPTIONAL, &where) : st;
    st = st == DVT_OK ? dvti_json_get_string(&root, "best", DVTI_JSON_OPTIONAL, &best) : st;
    st = st == DVT_OK ? find_best(r->ctx, f, best, &objective) : st;
    *q = dvt_frontier_query_make(f, objective);
    for (size_t i = 0; st == DVT_OK && i < o->where.count; i++) {
        st = dvt_frontier_where(r->ctx, f, o->where.items[i], q);
    }
    st = st == DVT_OK && where ? dvt_frontier_where(r->ctx, f, where, q) : st;
    dvti_json_doc_deinit(&doc);
    return st;
}

static void answer(cli_run *r, const dvt_frontier *f, const char *line)
{
    dvt_frontier_query q;
    dvti_json_writer   w = dvti_json_writer_make(r->out, 0);
    const dvt_status   st = read_question(r, f, line, &q);

    dvti_json_open_object(&w);
    if (st == DVT_OK) {
        const int64_t point = dvt_frontier_best(f, &q);
        dvti_json_key(&w, "point");
        if (point >= 0) {
            pareto_print_point_json(&w, f, point);
        } else {
            dvti_json_null(&w);
        }
    } else {
        const dvt_error *e = dvt_ctx_error(r->ctx);
        dvti_json_put_string(&w, "status", dvt_status_name(e->status));
        dvti_json_put_string(&w, "error", e->message);
        dvti_json_put_string(&w, "hint", e->hint);
        r->exit_code = dvt_status_exit_code(e->status);
        dvt_ctx_clear_error(r->ctx);
    }
    dvti_json_close_object(&w);
    dvt_buf_puts(r->out, "\n");
}

static dvt_status ask_lines(cli_run *r, const dvt_frontier *f)
{
    char      *line = dvt_arena_calloc(r->arena, LINE_MAX_BYTES, 1);
    dvt_status st = line ? DVT_OK : DVT_E_NOMEM;

    for (int64_t number = 1; st == DVT_OK && fgets(line, LINE_MAX_BYTES, stdin); number++) {
        const dvt_pos at = {.file = "standard input", .line = (uint32_t)number};
        if (!strchr(line, '\n') && !feof(stdin)) {
            return dvt_fail(r->ctx, DVT_E_PARSE, &at, "a line has at most %d bytes",
                            LINE_MAX_BYTES - 2);
        }
        if (line[strspn(line, " \t\r\n")] == '\0') {
            continue;
        }
        answer(r, f, line);
        st = dvt_buf_status(r->out);
        if (st == DVT_OK &&
            (fwrite(r->out->data, 1, r->out->len, stdout) != r->out->len || fflush(stdout) != 0)) {
            st = dvt_fail(r->ctx, DVT_E_IO, NULL, "cannot write to standard output");
        }
        dvt_buf_reset(r->out);
    }
    return st;
}

dvt_status pareto_query(cli_run *r, const char *path)
{
    const pareto_opts *o = r->values;
    dvt_frontier      *f = NULL;
    dvt_status         st = dvt_frontier_load(r->ctx, path, &f);

    if (st == DVT_OK) {
        st = o->batch ? ask_lines(r, f) : ask_once(r, f);
    }
    dvt_frontier_destroy(f);
    return st;
}
