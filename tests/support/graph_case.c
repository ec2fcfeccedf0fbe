/* SPDX-License-Identifier: Apache-2.0 */
/*
 * graph_case.c - graphs as text in tests.
 */
#include "support/graph_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

graph_case graph_case_open(const char *text)
{
    graph_case c = {.ctx = dvt_ctx_create(NULL)};

    if (dvt_graph_parse(c.ctx, "case.dvg", text, strlen(text), &c.g) != DVT_OK) {
        const dvt_error *e = dvt_ctx_error(c.ctx);
        fail_msg("case.dvg:%u:%u: %s", (unsigned)e->line, (unsigned)e->column, e->message);
    }
    return c;
}

void graph_case_close(graph_case *c)
{
    dvt_graph_destroy(c->g);
    assert_int_equal(dvt_ctx_bytes_in_use(c->ctx), 0);
    dvt_ctx_destroy(c->ctx);
    *c = (graph_case){0};
}

void graph_case_ok(const graph_case *c, dvt_status st)
{
    if (st != DVT_OK) fail_msg("%s: %s", dvt_status_name(st), dvt_ctx_error(c->ctx)->message);
}

void graph_case_prints(const graph_case *c, const char *text)
{
    dvt_buf b;

    graph_case_ok(c, dvt_graph_verify(c->g));
    dvt_buf_init(&b, c->ctx, 0);
    dvt_graph_print(c->g, INT64_MAX, &b);
    assert_string_equal(b.data, text);
    dvt_buf_deinit(&b);
}
