/* SPDX-License-Identifier: Apache-2.0 */
/*
 * program_case.c - see program_case.h.
 */
#include "support/program_case.h"

#include "support/graph_tools.h"
#include "support/test_data.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

program_case program_open(const char *overlay, const char *text)
{
    program_case t = {.g = tool_parse(text)};
    char         path[TEST_PATH_MAX];

    t.ctx = dvt_graph_ctx(t.g);
    test_repo_path(overlay, path);
    tool_ok(t.ctx, dvt_overlay_load(t.ctx, path, &t.o));
    return t;
}

void program_close(program_case *t)
{
    dvt_program_destroy(t->p);
    tool_graph_free(t->g);
}

dvt_status program_try(program_case *t, dvt_compile_opts opts)
{
    opts.overlay = &t->o;
    dvt_program_destroy(t->p);
    t->p = NULL;
    return dvt_compile(t->g, &opts, &t->p);
}

void program_compile(program_case *t, const char *disable)
{
    tool_ok(t->ctx, program_try(t, (dvt_compile_opts){.disable = &disable,
                                                      .disable_count = disable ? 1 : 0}));
}

static dvt_word word_at(const program_case *t, int32_t i)
{
    const dvt_program_note *n = &t->p->notes[i];
    dvt_word                w;
    size_t                  used;

    tool_ok(t->ctx, dvt_isa_decode(t->ctx, t->p->control + n->offset, n->bytes, &used, &w));
    assert_int_equal(used, n->bytes);
    assert_int_equal(w.tag, i);
    tool_ok(t->ctx, dvt_word_check(t->ctx, &t->p->overlay, &w, t->p->memory_bytes));
    return w;
}

dvt_word program_word(const program_case *t, const char *name)
{
    for (int32_t i = 0; i < t->p->word_count; i++)
        if (strcmp(t->p->notes[i].name, name) == 0) return word_at(t, i);
    fail_msg("no word '%s'", name);
    return (dvt_word){0};
}

static void list_word(const program_case *t, int32_t i, dvt_buf *out)
{
    dvt_word w = word_at(t, i);

    dvt_buf_printf(out, "%s:%s", t->p->notes[i].name,
                   dvt_word_has(&w, DVT_KERNEL_FREAD) ? " load" : "");
    if (!dvt_word_has(&w, DVT_KERNEL_SREAD)) {
        dvt_buf_printf(out, "\n");
        return;
    }
    dvt_buf_printf(out, "%s %s", dvt_word_has(&w, DVT_KERNEL_FREAD) ? "," : "",
                   w.xbar.source == 0 ? "array" : "sread");
    for (int k = 0; k < DVT_ROUTE_MAX && w.xbar.route[k] != 0; k++)
        dvt_buf_printf(out, " %s", dvt_kernel_name((dvt_kernel)w.xbar.route[k]));
    dvt_buf_printf(out, " > %s\n", w.write.space ? "memory" : "stream");
}

static void list_step(const program_case *t, const dvt_program_step *s, dvt_buf *out)
{
    switch (s->kind) {
    case DVT_STEP_HOST:
        dvt_buf_printf(out, "host %s: %s\n",
                       dvt_graph_node(t->p->host, (dvt_node_id){s->first})->name, s->reason);
        break;
    case DVT_STEP_OVERLAY:
        for (int32_t i = s->first; i < s->first + s->count; i++) list_word(t, i, out);
        break;
    case DVT_STEP_UPLOAD: dvt_buf_printf(out, "upload %s\n", t->p->tensors[s->first].name); break;
    case DVT_STEP_DOWNLOAD:
        dvt_buf_printf(out, "download %s\n", t->p->tensors[s->first].name);
        break;
    }
}

void program_expect(const program_case *t, const char *want)
{
    dvt_buf got;
    bool    same;

    dvt_buf_init(&got, t->ctx, 0);
    for (int32_t i = 0; i < t->p->step_count; i++) list_step(t, &t->p->steps[i], &got);
    tool_ok(t->ctx, dvt_buf_status(&got));
    same = got.len == strlen(want) && memcmp(got.data, want, got.len) == 0;
    if (!same) {
        print_error("wanted\n%sgot\n%.*s", want, (int)got.len, got.data);
    }
    dvt_buf_deinit(&got);
    assert_true(same);
}
