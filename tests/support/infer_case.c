/* SPDX-License-Identifier: Apache-2.0 */
/*
 * infer_case.c - runs a literal case of shape inference through the text form.
 */
#include "support/infer_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* "input x: f32[1]\ninput w: ...\ny0, y1 = call\n" */
static dvt_status parse_case(dvt_ctx *ctx, const char *sources, const char *call, int results,
                             dvt_graph **out)
{
    dvt_buf    b;
    dvt_status st;

    dvt_buf_init(&b, ctx, 0);
    dvt_buf_puts(&b, "dvg 1 case\n");
    while (*sources) {
        size_t n = strcspn(sources, ";");
        dvt_buf_puts(&b, "input ");
        dvt_buf_append(&b, sources, n);
        dvt_buf_puts(&b, "\n");
        sources += n + (sources[n] == ';');
    }
    for (int i = 0; i < results; i++) dvt_buf_printf(&b, "%sresult%d", i ? ", " : "", i);
    dvt_buf_printf(&b, " = %s\n", call);
    assert_int_equal(dvt_buf_status(&b), DVT_OK);
    st = dvt_graph_parse(ctx, "case.dvg", b.data, b.len, out);
    dvt_buf_deinit(&b);
    return st;
}

static void print_results(const dvt_graph *g, dvt_buf *out)
{
    const dvt_node *node = dvt_graph_node(g, (dvt_node_id){0});
    char            text[DVT_SHAPE_TEXT];

    for (int32_t i = 0; i < node->output_count; i++) {
        const dvt_value *v = dvt_graph_value(g, node->outputs[i]);
        dvt_buf_printf(out, "%s%s%s", i ? ", " : "", dvt_dtype_name(v->dtype),
                       dvt_shape_text(&v->shape, text));
    }
}

void infer_gives(const char *sources, const char *call, const char *types)
{
    dvt_ctx   *ctx = dvt_ctx_create(NULL);
    dvt_graph *g;
    dvt_buf    got;
    int        results = 1;

    for (const char *s = types; (s = strstr(s, ", ")) != NULL; s++) results++;
    if (parse_case(ctx, sources, call, results, &g) != DVT_OK)
        fail_msg("%s: %s", call, dvt_ctx_error(ctx)->message);
    dvt_buf_init(&got, ctx, 0);
    print_results(g, &got);
    if (strcmp(got.data, types) != 0) fail_msg("%s gives %s, not %s", call, got.data, types);
    dvt_buf_deinit(&got);
    dvt_graph_destroy(g);
    dvt_ctx_destroy(ctx);
}

void infer_fails(const char *sources, const char *call, dvt_status status, const char *part)
{
    dvt_ctx         *ctx = dvt_ctx_create(NULL);
    dvt_graph       *g;
    dvt_status       st = parse_case(ctx, sources, call, 1, &g);
    const dvt_error *e = dvt_ctx_error(ctx);

    if (st != status || !strstr(e->message, part))
        fail_msg("%s: got %s '%s', not %s '%s'", call, dvt_status_name(st), e->message,
                 dvt_status_name(status), part);
    assert_null(g);
    dvt_ctx_destroy(ctx);
}
