/* SPDX-License-Identifier: Apache-2.0 */
/*
 * passes.c - the standing list of target-independent passes, and running a list of passes.
 *
 * Idea      A pass changes the graph in place through the edit functions; behind it the runner
 *           compacts, verifies and dumps, so that no pass does that itself and a broken graph is
 *           blamed on the pass that broke it.
 * Tests     tests/unit/test_graph_passes.c
 */
#include "graph/rewrite_int.h"

#include <stdio.h>
#include <string.h>

enum { PASSES_MAX = 64, DUMP_INLINE_MAX = 64 /* elements of a constant written out in a dump */ };

/* Each pass is one file pass_*.c; the order is the order they run in. Nodes that nobody reads go
 * first, so that they do not count as readers; identities go before patterns are sought, because
 * they stand between them, and once more, because canonicalising leaves some. */
static const dvt_pass *const standing_passes[] = {
    &dvti_pass_dead_code,
    &dvti_pass_remove_identity,
    &dvti_pass_fold_constants,
    &dvti_pass_canonicalise,
    &dvti_pass_merge_pad,
    &dvti_pass_fold_batch_norm,
    &dvti_pass_remove_identity,
    &dvti_pass_share_equal,
    &dvti_pass_dead_code,
    NULL,
};

const dvt_pass *const *dvt_graph_passes(void) { return standing_passes; }

static const dvt_pass *find_in(const dvt_pass *const *passes, const char *name)
{
    for (; *passes; passes++)
        if (strcmp((*passes)->name, name) == 0) return *passes;
    return NULL;
}

const dvt_pass *dvt_graph_find_pass(const char *name) { return find_in(standing_passes, name); }

/* ---- options ------------------------------------------------------------------------------- */

static dvt_status check_name(const dvt_graph *g, const dvt_pass *const *passes, const char *name)
{
    const char *names[PASSES_MAX];
    size_t      count = 0;

    if (find_in(passes, name)) return DVT_OK;
    for (; count < PASSES_MAX && passes[count]; count++) names[count] = passes[count]->name;
    dvt_status  st = dvt_fail(g->ctx, DVT_E_USAGE, NULL, "no pass '%s'", name);
    const char *near = dvt_nearest(name, names, count);
    if (near) dvt_fail_hint(g->ctx, "did you mean '%s'?", near);
    return st;
}

static dvt_status check_opts(const dvt_graph *g, const dvt_pass *const *passes,
                             const dvt_passes_opts *opts)
{
    dvt_status st = DVT_OK;

    for (int32_t i = 0; st == DVT_OK && i < opts->disable_count; i++)
        st = check_name(g, passes, opts->disable[i]);
    if (st == DVT_OK && opts->dump_after && strcmp(opts->dump_after, "all") != 0)
        st = check_name(g, passes, opts->dump_after);
    return st;
}

static bool is_disabled(const dvt_passes_opts *opts, const char *name)
{
    for (int32_t i = 0; i < opts->disable_count; i++)
        if (strcmp(opts->disable[i], name) == 0) return true;
    return false;
}

/* ---- dumps --------------------------------------------------------------------------------- */

static dvt_status write_dump(const dvt_graph *g, const char *dir, int32_t index, const char *pass,
                             const char *ending, dvt_buf *text)
{
    dvt_buf    path;
    dvt_status st;

    dvt_buf_init(&path, g->ctx, 0);
    dvt_buf_printf(&path, "%s/%02d_%s.%s", dir && *dir ? dir : ".", (int)index, pass, ending);
    st = dvt_buf_status(text);
    if (st == DVT_OK) st = dvt_buf_status(&path);
    if (st == DVT_OK) st = dvt_file_write(g->ctx, path.data, text->data, text->len);
    dvt_buf_deinit(&path);
    return st;
}

static dvt_status dump(const dvt_graph *g, const dvt_passes_opts *opts, int32_t index,
                       const char *pass)
{
    dvt_buf    text;
    dvt_status st;

    if (!opts->dump_after ||
        (strcmp(opts->dump_after, "all") != 0 && strcmp(opts->dump_after, pass) != 0))
        return DVT_OK;
    dvt_buf_init(&text, g->ctx, 0);
    dvt_graph_print(g, DUMP_INLINE_MAX, &text);
    st = write_dump(g, opts->dump_dir, index, pass, "dvg", &text);
    if (st == DVT_OK) {
        dvt_buf_reset(&text);
        dvt_graph_dot(g, NULL, NULL, &text);
        st = write_dump(g, opts->dump_dir, index, pass, "dot", &text);
    }
    dvt_buf_deinit(&text);
    return st;
}

/* ---- running ------------------------------------------------------------------------------- */

static dvt_status run_one(dvt_graph *g, const dvt_pass *pass, const dvt_passes_opts *opts,
                          int32_t index)
{
    int32_t    changes = 0;
    dvt_status st = pass->run(g, &changes);

    if (st == DVT_OK) st = dvt_graph_compact(g);
    if (st == DVT_OK && opts->verify_each) st = dvt_graph_verify(g);
    if (st == DVT_OK) {
        dvt_log(g->ctx, DVT_LOG_DEBUG, "graph", "pass %s: %d changes, %d nodes", pass->name,
                (int)changes, (int)g->node_count);
        st = dump(g, opts, index, pass->name);
    }
    if (st != DVT_OK) dvt_fail_note(g->ctx, "in pass '%s'", pass->name);
    return st;
}

dvt_status dvt_passes_run(dvt_graph *g, const dvt_pass *const *passes, const dvt_passes_opts *opts)
{
    static const dvt_passes_opts defaults = {.verify_each = false};
    dvt_status                   st;

    if (!opts) opts = &defaults;
    st = check_opts(g, passes, opts);
    for (int32_t i = 0; st == DVT_OK && passes[i]; i++)
        if (!is_disabled(opts, passes[i]->name)) st = run_one(g, passes[i], opts, i + 1);
    return st;
}
