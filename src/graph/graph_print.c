/* SPDX-License-Identifier: Apache-2.0 */
/*
 * graph_print.c - the text form of a graph (docs/graph-text.md).
 *
 * Idea      Sources first, then the nodes in order, then the outputs. Attributes that have their
 *           default value for the operator and the rank of its first input are left out; the parser
 *           starts from the same defaults. Numbers are written with as many digits as they need to
 *           come back to the same bits.
 * Invariants
 *           (1) print, parse, print gives the same text;
 *           (2) the text depends on the graph alone, not on ids or the history of edits.
 * Tests     tests/unit/test_graph_text.c, tests/prop/prop_graph_text.c
 */
#include "base/text_util.h"
#include "graph/graph_text_int.h"

#include <inttypes.h>
#include <string.h>

/* ---- names and types ----------------------------------------------------------------------- */

static void print_string(dvt_buf *b, const char *s)
{
    dvt_buf_puts(b, "\"");
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            dvt_buf_printf(b, "\\%c", *s);
        else if (*s == '\n')
            dvt_buf_puts(b, "\\n");
        else if (*s == '\t')
            dvt_buf_puts(b, "\\t");
        else if (*s == '\r')
            dvt_buf_puts(b, "\\r");
        else if ((unsigned char)*s < 0x20 || *s == 0x7f)
            dvt_buf_printf(b, "\\x%02x", (unsigned)(unsigned char)*s);
        else
            dvt_buf_append(b, s, 1);
    }
    dvt_buf_puts(b, "\"");
}

static void print_name(dvt_buf *b, const char *name)
{
    const char *s = name;

    while (dvti_text_is_word_char(*s)) s++;
    if (*s == '\0' && s > name && !dvti_text_is_keyword(name))
        dvt_buf_puts(b, name);
    else
        print_string(b, name);
}

static void print_type(dvt_buf *b, dvt_dtype dtype, const dvt_shape *shape)
{
    char text[DVT_SHAPE_TEXT];
    dvt_buf_printf(b, "%s%s", dvt_dtype_name(dtype), dvt_shape_text(shape, text));
}

static void print_value(dvt_buf *b, const dvt_graph *g, dvt_value_id v)
{
    if (v.i < 0)
        dvt_buf_puts(b, "none");
    else
        print_name(b, g->values[v.i].name);
}

/* ---- attributes ---------------------------------------------------------------------------- */

static void print_f32(dvt_buf *b, float x)
{
    char text[DVTI_F64_TEXT];
    dvt_buf_puts(b, dvti_f32_text(x, text));
}

static void print_ints(dvt_buf *b, const dvt_ints *list)
{
    dvt_buf_puts(b, "[");
    for (int32_t i = 0; i < list->n; i++) dvt_buf_printf(b, "%s%" PRId64, i ? "," : "", list->v[i]);
    dvt_buf_puts(b, "]");
}

static void print_floats(dvt_buf *b, const float list[DVT_MAX_RANK])
{
    static const float zero = 0.0f;
    int32_t            n = DVT_MAX_RANK;

    while (n > 0 && memcmp(&list[n - 1], &zero, sizeof zero) == 0) n--;
    dvt_buf_puts(b, "[");
    for (int32_t i = 0; i < n; i++) {
        if (i) dvt_buf_puts(b, ",");
        print_f32(b, list[i]);
    }
    dvt_buf_puts(b, "]");
}

static void print_attr(dvt_buf *b, const dvt_attr_desc *d, const dvt_attrs *a)
{
    const unsigned char *p = (const unsigned char *)a + d->offset;
    bool                 flag;
    int64_t              number;
    float                real, reals[DVT_MAX_RANK];
    dvt_ints             list;

    dvt_buf_printf(b, ", %s=", d->name);
    switch (d->kind) {
    case DVT_ATTR_BOOL:
        memcpy(&flag, p, sizeof flag);
        dvt_buf_puts(b, flag ? "true" : "false");
        break;
    case DVT_ATTR_I64:
        memcpy(&number, p, sizeof number);
        dvt_buf_printf(b, "%" PRId64, number);
        break;
    case DVT_ATTR_F32:
        memcpy(&real, p, sizeof real);
        print_f32(b, real);
        break;
    case DVT_ATTR_INTS:
        memcpy(&list, p, sizeof list);
        print_ints(b, &list);
        break;
    case DVT_ATTR_FLOATS:
        memcpy(reals, p, sizeof reals);
        print_floats(b, reals);
        break;
    case DVT_ATTR_ENUM: dvt_buf_puts(b, d->choices[dvti_attr_enum(d, a)]); break;
    case DVT_ATTR_DTYPE: dvt_buf_puts(b, dvt_dtype_name((dvt_dtype)dvti_attr_enum(d, a))); break;
    }
}

/* ---- statements ---------------------------------------------------------------------------- */

static void print_element(dvt_buf *b, const dvt_tensor *t, int64_t i)
{
    char     text[DVTI_F64_TEXT];
    uint64_t big;

    switch (t->dtype) {
    case DVT_DTYPE_F32:
    case DVT_DTYPE_F16:
        dvt_buf_puts(b, dvti_f32_text((float)dvt_tensor_get_f64(t, i), text));
        break;
    case DVT_DTYPE_F64: dvt_buf_puts(b, dvti_f64_text(dvt_tensor_get_f64(t, i), text)); break;
    case DVT_DTYPE_BOOL: dvt_buf_puts(b, dvt_tensor_get_i64(t, i) ? "true" : "false"); break;
    case DVT_DTYPE_U64:
        memcpy(&big, (const unsigned char *)t->data + (size_t)i * sizeof big, sizeof big);
        dvt_buf_printf(b, "%" PRIu64, big);
        break;
    default: dvt_buf_printf(b, "%" PRId64, dvt_tensor_get_i64(t, i)); break;
    }
}

static void print_data(dvt_buf *b, const dvt_tensor *t)
{
    int64_t count = dvt_shape_count(&t->shape);

    dvt_buf_puts(b, " = [");
    for (int64_t i = 0; i < count && dvt_buf_status(b) == DVT_OK; i++) {
        if (i) dvt_buf_puts(b, i % 16 ? ", " : ",\n    ");
        print_element(b, t, i);
    }
    dvt_buf_puts(b, "]");
}

static void print_fixed(dvt_buf *b, const dvt_graph *g, int32_t i, int64_t inline_max)
{
    const dvt_value *v = &g->values[i];
    char             hex[DVT_SHA256_HEX];
    const char      *digest = g->meta[i].sha256;
    dvt_tensor       t;
    bool             data = dvt_graph_const(g, (dvt_value_id){i}, &t);
    bool             written = data && dvt_shape_count(&v->shape) <= inline_max;

    dvt_buf_puts(b, written ? "const " : "param ");
    print_name(b, v->name);
    dvt_buf_puts(b, ": ");
    print_type(b, v->dtype, &v->shape);
    if (written) {
        print_data(b, &t);
    } else if (data) {
        dvt_sha256_hex(t.data, t.bytes, hex);
        digest = hex;
    }
    if (!written && digest) dvt_buf_printf(b, " sha256 %s", digest);
    dvt_buf_puts(b, "\n");
}

static void print_node(dvt_buf *b, const dvt_graph *g, const dvt_node *node)
{
    const dvt_op_desc *d = dvt_op_describe(node->op);
    const dvt_value_id first = node->input_count ? node->inputs[0] : DVT_NO_VALUE;
    dvt_attrs          defaults =
        dvti_attrs_default_for(node->op, first.i >= 0 ? &g->values[first.i].shape : NULL);

    for (int32_t i = 0; i < node->output_count; i++) {
        const dvt_value *v = &g->values[node->outputs[i].i];
        if (i) dvt_buf_puts(b, ", ");
        print_name(b, v->name);
        dvt_buf_puts(b, ": ");
        print_type(b, v->dtype, &v->shape);
    }
    dvt_buf_printf(b, " = %s(", d->name);
    for (int32_t i = 0; i < node->input_count; i++) {
        if (i) dvt_buf_puts(b, ", ");
        print_value(b, g, node->inputs[i]);
    }
    for (int32_t i = 0; i < d->attr_count; i++)
        if (!dvti_attr_equal(&d->attrs[i], &node->attrs, &defaults))
            print_attr(b, &d->attrs[i], &node->attrs);
    dvt_buf_puts(b, ")");
    if (strcmp(node->name, g->values[node->outputs[0].i].name) != 0) {
        dvt_buf_puts(b, " node ");
        print_name(b, node->name);
    }
    if (*node->source) {
        dvt_buf_puts(b, " from ");
        print_string(b, node->source);
    }
    dvt_buf_puts(b, "\n");
}

void dvt_graph_print(const dvt_graph *g, int64_t inline_max, dvt_buf *out)
{
    dvt_buf_printf(out, "dvg %d ", (int)DVTI_TEXT_VERSION);
    print_name(out, g->name);
    dvt_buf_puts(out, "\n");
    for (int32_t i = 0; i < g->inputs.count; i++) {
        const dvt_value *v = &g->values[g->inputs.v[i].i];
        dvt_buf_puts(out, "input ");
        print_name(out, v->name);
        dvt_buf_puts(out, ": ");
        print_type(out, v->dtype, &v->shape);
        dvt_buf_puts(out, "\n");
    }
    for (int32_t i = 0; i < g->value_count; i++)
        if (g->values[i].kind == DVT_VALUE_CONST || g->values[i].kind == DVT_VALUE_PARAM)
            print_fixed(out, g, i, inline_max);
    for (int32_t i = 0; i < g->node_count; i++)
        if (!g->nodes[i].dead) print_node(out, g, &g->nodes[i]);
    for (int32_t i = 0; i < g->outputs.count; i++) {
        dvt_buf_puts(out, "output ");
        print_value(out, g, g->outputs.v[i]);
        dvt_buf_puts(out, "\n");
    }
}
