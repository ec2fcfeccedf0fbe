/* SPDX-License-Identifier: Apache-2.0 */
/*
 * graph_binary.c - the self-contained binary form of a graph, used inside program files.
 *
 * Layout    All integers little-endian; a text is u32 length and bytes without NUL.
 *             "DVTGRAPH"  u32 version  text name
 *             u32 sources  { u8 kind  text name  text dtype  u8 rank  i64 dim[rank]
 *                            const: u64 bytes, data;  param: text digest or "" }
 *             u32 nodes    { text operator  text name  text source
 *                            u32 inputs { i32 value }  u32 attributes { text name, payload }
 *                            u32 outputs { text name, type as above } }
 *             u32 outputs  { i32 value }
 *           Values are numbered as they appear. Payloads: bool u8; i64; f32 and floats as bits;
 *           lists u8 count and entries; enumerations and types as text.
 * Idea      Loading goes through the builder: names must be new, shapes are inferred and must equal
 *           the recorded ones. Operators, attributes and choices are named, so that a table that
 *           grows does not change the meaning of old files; an unknown name is E_UNSUPPORTED.
 * Invariants
 *           (1) no size in the file is trusted before that many bytes are known to be there;
 *           (2) ids after loading are those of the compacted graph that was saved.
 * Tests     tests/unit/test_graph_binary.c, tests/fuzz/fuzz_graph_binary.c
 */
#include "graph/graph_int.h"

#include <string.h>

enum { BINARY_VERSION = 1, BINARY_MAGIC_BYTES = 8, BINARY_TEXT_MAX = 1 << 16 };
static const char magic[BINARY_MAGIC_BYTES + 1] = "DVTGRAPH";

/* ==== writing ================================================================================ */

static void put_uint(dvt_buf *b, uint64_t x, size_t bytes)
{
    unsigned char le[8];
    for (size_t i = 0; i < bytes; i++) le[i] = (unsigned char)(x >> 8 * i);
    dvt_buf_append(b, le, bytes);
}

static void put_u8(dvt_buf *b, uint64_t x) { put_uint(b, x, 1); }
static void put_u32(dvt_buf *b, int64_t x) { put_uint(b, (uint64_t)x, 4); }
static void put_i64(dvt_buf *b, int64_t x) { put_uint(b, (uint64_t)x, 8); }

static void put_f32(dvt_buf *b, float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    put_uint(b, bits, 4);
}

static void put_text(dvt_buf *b, const char *s)
{
    size_t n = strlen(s);
    put_u32(b, (int64_t)n);
    dvt_buf_append(b, s, n);
}

static void put_type(dvt_buf *b, const dvt_value *v)
{
    put_text(b, dvt_dtype_name(v->dtype));
    put_u8(b, (uint64_t)v->shape.rank);
    for (int32_t i = 0; i < v->shape.rank; i++) put_i64(b, v->shape.dim[i]);
}

static void put_attr(dvt_buf *b, const dvt_attr_desc *d, const dvt_attrs *a)
{
    const unsigned char *p = (const unsigned char *)a + d->offset;
    bool                 flag;
    int64_t              number;
    float                reals[DVT_MAX_RANK];
    dvt_ints             list;

    put_text(b, d->name);
    switch (d->kind) {
    case DVT_ATTR_BOOL:
        memcpy(&flag, p, sizeof flag);
        put_u8(b, flag ? 1 : 0);
        break;
    case DVT_ATTR_I64:
        memcpy(&number, p, sizeof number);
        put_i64(b, number);
        break;
    case DVT_ATTR_F32:
        memcpy(reals, p, sizeof reals[0]);
        put_f32(b, reals[0]);
        break;
    case DVT_ATTR_INTS:
        memcpy(&list, p, sizeof list);
        put_u8(b, (uint64_t)list.n);
        for (int32_t i = 0; i < list.n; i++) put_i64(b, list.v[i]);
        break;
    case DVT_ATTR_FLOATS:
        memcpy(reals, p, sizeof reals);
        for (int32_t i = 0; i < DVT_MAX_RANK; i++) put_f32(b, reals[i]);
        break;
    case DVT_ATTR_ENUM: put_text(b, d->choices[dvti_attr_enum(d, a)]); break;
    case DVT_ATTR_DTYPE: put_text(b, dvt_dtype_name((dvt_dtype)dvti_attr_enum(d, a))); break;
    }
}

static void put_source(dvt_buf *b, const dvt_graph *g, int32_t i)
{
    const dvt_value *v = &g->values[i];
    size_t           bytes = (size_t)dvt_shape_count(&v->shape) * dvt_dtype_bytes(v->dtype);

    put_u8(b, (uint64_t)v->kind);
    put_text(b, v->name);
    put_type(b, v);
    if (v->kind == DVT_VALUE_CONST) {
        put_i64(b, (int64_t)bytes);
        dvt_buf_append(b, v->data, bytes);
    } else if (v->kind == DVT_VALUE_PARAM) {
        put_text(b, g->meta[i].sha256 ? g->meta[i].sha256 : "");
    }
}

static void put_node(dvt_buf *b, const dvt_graph *g, const dvt_node *node, const int32_t *number)
{
    const dvt_op_desc *d = dvt_op_describe(node->op);

    put_text(b, d->name);
    put_text(b, node->name);
    put_text(b, node->source);
    put_u32(b, node->input_count);
    for (int32_t i = 0; i < node->input_count; i++)
        put_u32(b, node->inputs[i].i < 0 ? -1 : number[node->inputs[i].i]);
    put_u32(b, d->attr_count);
    for (int32_t i = 0; i < d->attr_count; i++) put_attr(b, &d->attrs[i], &node->attrs);
    put_u32(b, node->output_count);
    for (int32_t i = 0; i < node->output_count; i++) {
        put_text(b, g->values[node->outputs[i].i].name);
        put_type(b, &g->values[node->outputs[i].i]);
    }
}

static bool is_fixed(const dvt_value *v)
{
    return v->kind == DVT_VALUE_CONST || v->kind == DVT_VALUE_PARAM;
}

/* The values in the order of the file: order[k] is an id, number[id] is k or -1. */
static int32_t number_values(const dvt_graph *g, int32_t *order, int32_t *number)
{
    int32_t n = 0;

    for (int32_t i = 0; i < g->inputs.count; i++) order[n++] = g->inputs.v[i].i;
    for (int32_t i = 0; i < g->value_count; i++)
        if (is_fixed(&g->values[i])) order[n++] = i;
    int32_t sources = n;
    for (int32_t i = 0; i < g->node_count; i++)
        for (int32_t k = 0; !g->nodes[i].dead && k < g->nodes[i].output_count; k++)
            order[n++] = g->nodes[i].outputs[k].i;
    for (int32_t i = 0; i < g->value_count; i++) number[i] = -1;
    for (int32_t k = 0; k < n; k++) number[order[k]] = k;
    return sources;
}

dvt_status dvt_graph_save(const dvt_graph *g, dvt_buf *out)
{
    int32_t    nodes = 0, sources;
    dvt_status st = dvt_graph_verify(g); /* order and attributes must be sound to be read back */
    int32_t   *order = dvt_calloc(g->ctx, (size_t)g->value_count + 1, sizeof *order);
    int32_t   *number = dvt_calloc(g->ctx, (size_t)g->value_count + 1, sizeof *number);

    if (st == DVT_OK && (!order || !number)) st = DVT_E_NOMEM;
    if (st != DVT_OK) goto done;
    sources = number_values(g, order, number);
    dvt_buf_append(out, magic, BINARY_MAGIC_BYTES);
    put_u32(out, BINARY_VERSION);
    put_text(out, g->name);
    put_u32(out, sources);
    for (int32_t k = 0; k < sources; k++) put_source(out, g, order[k]);
    for (int32_t i = 0; i < g->node_count; i++) nodes += !g->nodes[i].dead;
    put_u32(out, nodes);
    for (int32_t i = 0; i < g->node_count; i++)
        if (!g->nodes[i].dead) put_node(out, g, &g->nodes[i], number);
    put_u32(out, g->outputs.count);
    for (int32_t i = 0; i < g->outputs.count; i++) put_u32(out, number[g->outputs.v[i].i]);
    st = dvt_buf_status(out);
done:
    dvt_free(g->ctx, order);
    dvt_free(g->ctx, number);
    return st;
}

/* ==== reading ================================================================================ */

/* After the first failure every get_* gives 0 or "" and `st` keeps it: callers check at the points
 * where a value decides about memory or control. */
typedef struct reader {
    dvt_ctx       *ctx;
    const char    *file;
    const uint8_t *data;
    size_t         size, pos;
    dvt_arena     *arena; /* of one source or node; reset behind it */
    dvt_graph     *g;
    dvt_status     st;
} reader;

static dvt_pos place(const reader *r) { return (dvt_pos){.file = r->file, .offset = r->pos}; }

static void damaged(reader *r, const char *what)
{
    dvt_pos at = place(r);
    if (r->st == DVT_OK) r->st = dvt_fail(r->ctx, DVT_E_PARSE, &at, "damaged graph: %s", what);
}

static const uint8_t *take_bytes(reader *r, uint64_t n)
{
    if (r->st == DVT_OK && n > r->size - r->pos) damaged(r, "it ends too early");
    if (r->st != DVT_OK) return NULL;
    const uint8_t *p = r->data + r->pos;
    r->pos += (size_t)n;
    return p;
}

static uint64_t get_uint(reader *r, size_t bytes)
{
    const uint8_t *p = take_bytes(r, bytes);
    uint64_t       x = 0;

    for (size_t i = 0; p && i < bytes; i++) x |= (uint64_t)p[i] << 8 * i;
    return x;
}

static int64_t get_i64(reader *r)
{
    uint64_t bits = get_uint(r, 8);
    int64_t  x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static float get_f32(reader *r)
{
    uint32_t bits = (uint32_t)get_uint(r, 4);
    float    x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* A count of things of which each takes at least `item_bytes` in the file. */
static int32_t get_count(reader *r, size_t item_bytes, int32_t max)
{
    uint64_t n = get_uint(r, 4);

    if (r->st == DVT_OK && (n > (uint64_t)max || n > (r->size - r->pos) / item_bytes))
        damaged(r, "a count is larger than the file");
    return r->st == DVT_OK ? (int32_t)n : 0;
}

static const char *get_text(reader *r)
{
    uint64_t       n = get_uint(r, 4);
    const uint8_t *p;

    if (r->st == DVT_OK && n > BINARY_TEXT_MAX) damaged(r, "a text is too long");
    p = take_bytes(r, n);
    if (!p) return "";
    if (memchr(p, 0, (size_t)n)) damaged(r, "a text holds a zero byte");
    char *s = dvt_arena_strndup(r->arena, (const char *)p, (size_t)n);
    if (!s && r->st == DVT_OK) r->st = DVT_E_NOMEM;
    return r->st == DVT_OK ? s : "";
}

static dvt_dtype get_dtype(reader *r)
{
    const char *name = get_text(r);
    dvt_dtype   t = DVT_DTYPE_NONE;

    if (r->st == DVT_OK && (!dvt_dtype_parse(name, &t) || t == DVT_DTYPE_NONE))
        damaged(r, "unknown element type");
    return t;
}

static dvti_type get_type(reader *r)
{
    dvti_type t = {.dtype = get_dtype(r)};
    uint64_t  rank = get_uint(r, 1);

    if (r->st == DVT_OK && rank > DVT_MAX_RANK) damaged(r, "a rank is too large");
    t.shape.rank = r->st == DVT_OK ? (int32_t)rank : 0;
    for (int32_t i = 0; i < t.shape.rank; i++) {
        t.shape.dim[i] = get_i64(r);
        if (r->st == DVT_OK && t.shape.dim[i] < 0) damaged(r, "a dimension is negative");
    }
    if (r->st == DVT_OK && dvt_shape_count(&t.shape) < 0) damaged(r, "a shape is too large");
    return t;
}

/* ---- values -------------------------------------------------------------------------------- */

static const char *get_new_value_name(reader *r)
{
    const char *name = get_text(r);

    if (r->st == DVT_OK && (*name == '\0' || dvt_graph_find_value(r->g, name).i >= 0))
        damaged(r, "a value has no name of its own");
    return name;
}

static void read_const(reader *r, const char *name, const dvti_type *t)
{
    uint64_t     bytes = get_uint(r, 8);
    dvt_value_id v;

    /* the count is at most 2^40 and an element at most 8 bytes: no overflow */
    if (r->st == DVT_OK &&
        bytes != (uint64_t)dvt_shape_count(&t->shape) * dvt_dtype_bytes(t->dtype))
        damaged(r, "a constant's data does not have the size of its type");
    const uint8_t *data = take_bytes(r, bytes);
    if (r->st != DVT_OK) return;
    if (t->dtype == DVT_DTYPE_BOOL)
        for (uint64_t i = 0; i < bytes; i++)
            if (data[i] > 1) {
                damaged(r, "a truth value is neither 0 nor 1");
                return;
            }
    dvt_tensor tensor =
        dvt_tensor_wrap(t->dtype, &t->shape, (void *)data); /* copied, not written */
    r->st = dvt_graph_add_const(r->g, name, &tensor, &v);
}

static void read_param(reader *r, const char *name, const dvti_type *t)
{
    const char  *digest = get_text(r);
    dvt_value_id v;

    if (r->st == DVT_OK && *digest &&
        (strlen(digest) != DVT_SHA256_HEX - 1 ||
         strspn(digest, "0123456789abcdef") != DVT_SHA256_HEX - 1))
        damaged(r, "a digest is not one");
    if (r->st == DVT_OK) r->st = dvt_graph_add_param(r->g, name, t->dtype, &t->shape, &v);
    if (r->st != DVT_OK || !*digest) return;
    r->g->meta[v.i].sha256 = dvt_arena_strdup(r->g->arena, digest);
    if (!r->g->meta[v.i].sha256) r->st = DVT_E_NOMEM;
}

static void read_source(reader *r)
{
    uint64_t     kind = get_uint(r, 1);
    const char  *name = get_new_value_name(r);
    dvti_type    t = get_type(r);
    dvt_value_id v;

    if (r->st != DVT_OK) return;
    switch (kind) {
    case DVT_VALUE_INPUT: r->st = dvt_graph_add_input(r->g, name, t.dtype, &t.shape, &v); break;
    case DVT_VALUE_CONST: read_const(r, name, &t); break;
    case DVT_VALUE_PARAM: read_param(r, name, &t); break;
    default: damaged(r, "unknown kind of value"); break;
    }
}

static dvt_value_id get_value(reader *r, bool optional)
{
    int64_t x = (int32_t)(uint32_t)get_uint(r, 4);

    if (r->st == DVT_OK && !(x >= 0 && x < r->g->value_count) && !(optional && x == -1))
        damaged(r, "a value is read before it is there");
    return r->st == DVT_OK ? (dvt_value_id){(int32_t)x} : DVT_NO_VALUE;
}

/* ---- nodes --------------------------------------------------------------------------------- */

static void unknown_name(reader *r, const char *what, const char *name)
{
    dvt_pos at = place(r);
    if (r->st != DVT_OK) return;
    r->st =
        dvt_fail(r->ctx, DVT_E_UNSUPPORTED, &at, "unknown %s '%.80s' in a saved graph", what, name);
    dvt_fail_hint(r->ctx, "the file may have been written by a newer version");
}

static void get_choice(reader *r, const dvt_attr_desc *d, dvt_attrs *a)
{
    const char *name = get_text(r);

    for (int32_t i = 0; r->st == DVT_OK && i < d->choice_count; i++) {
        if (strcmp(d->choices[i], name) != 0) continue;
        dvti_attr_set_enum(d, a, i);
        return;
    }
    unknown_name(r, d->name, name);
}

static void get_attr(reader *r, const dvt_attr_desc *d, dvt_attrs *a)
{
    unsigned char *to = (unsigned char *)a + d->offset;
    uint64_t       small;
    bool           flag;
    int64_t        number;
    float          reals[DVT_MAX_RANK] = {0};
    dvt_ints       list = {0};

    switch (d->kind) {
    case DVT_ATTR_BOOL:
        small = get_uint(r, 1);
        if (small > 1) damaged(r, "a truth value is neither 0 nor 1");
        flag = small == 1;
        memcpy(to, &flag, sizeof flag);
        break;
    case DVT_ATTR_I64:
        number = get_i64(r);
        memcpy(to, &number, sizeof number);
        break;
    case DVT_ATTR_F32:
        reals[0] = get_f32(r);
        memcpy(to, reals, sizeof reals[0]);
        break;
    case DVT_ATTR_INTS:
        small = get_uint(r, 1);
        if (small > DVT_MAX_RANK) damaged(r, "a list is too long");
        list.n = r->st == DVT_OK ? (int32_t)small : 0;
        for (int32_t i = 0; i < list.n; i++) list.v[i] = get_i64(r);
        memcpy(to, &list, sizeof list);
        break;
    case DVT_ATTR_FLOATS:
        for (int32_t i = 0; i < DVT_MAX_RANK; i++) reals[i] = get_f32(r);
        memcpy(to, reals, sizeof reals);
        break;
    case DVT_ATTR_ENUM: get_choice(r, d, a); break;
    case DVT_ATTR_DTYPE: dvti_attr_set_enum(d, a, (int32_t)get_dtype(r)); break;
    }
}

static void read_attrs(reader *r, dvt_op op, dvt_attrs *a)
{
    const dvt_op_desc *d = dvt_op_describe(op);
    int32_t            count = get_count(r, 4, 64);

    for (int32_t i = 0; r->st == DVT_OK && i < count; i++) {
        const char *name = get_text(r);
        int32_t     k = 0;
        while (k < d->attr_count && strcmp(d->attrs[k].name, name) != 0) k++;
        if (k == d->attr_count)
            unknown_name(r, "attribute", name);
        else
            get_attr(r, &d->attrs[k], a);
    }
}

/* Name and recorded type of each output; allocates for a count that the file can hold. */
static void read_outputs(reader *r, dvt_node_spec *spec, const char ***names, dvti_type **types)
{
    spec->output_count = get_count(r, 9, DVT_GRAPH_MAX_ARITY);
    *names = dvt_arena_calloc(r->arena, (size_t)spec->output_count + 1, sizeof **names);
    *types = dvt_arena_calloc(r->arena, (size_t)spec->output_count + 1, sizeof **types);
    if (r->st == DVT_OK && (!*names || !*types)) r->st = DVT_E_NOMEM;
    for (int32_t i = 0; r->st == DVT_OK && i < spec->output_count; i++) {
        (*names)[i] = get_new_value_name(r);
        (*types)[i] = get_type(r);
    }
    spec->output_names = *names;
}

static void read_inputs(reader *r, dvt_node_spec *spec)
{
    spec->input_count = get_count(r, 4, DVT_GRAPH_MAX_ARITY);
    dvt_value_id *ids = dvt_arena_calloc(r->arena, (size_t)spec->input_count + 1, sizeof *ids);
    if (!ids && r->st == DVT_OK) r->st = DVT_E_NOMEM;
    for (int32_t i = 0; r->st == DVT_OK && i < spec->input_count; i++) ids[i] = get_value(r, true);
    spec->inputs = ids;
}

static void check_outputs(reader *r, const dvt_node_spec *spec, const dvti_type *types,
                          int32_t first)
{
    for (int32_t i = 0; r->st == DVT_OK && i < spec->output_count; i++) {
        const dvt_value *v = &r->g->values[first + i];
        if (strcmp(v->name, spec->output_names[i]) != 0)
            damaged(r, "a value has no name of its own");
        else if (v->dtype != types[i].dtype || !dvt_shape_equal(&v->shape, &types[i].shape))
            damaged(r, "a recorded shape is not the inferred one");
    }
}

static void read_node(reader *r)
{
    dvt_node_spec spec = {.op = DVT_OP_COUNT};
    const char   *op = get_text(r), **names = NULL;
    dvti_type    *types = NULL;
    int32_t       first = r->g->value_count;

    if (r->st == DVT_OK && !dvt_op_parse(op, &spec.op)) unknown_name(r, "operator", op);
    if (r->st != DVT_OK) return;
    spec.name = get_text(r);
    spec.source = get_text(r);
    read_inputs(r, &spec);
    spec.attrs = dvt_op_default_attrs(spec.op, 0);
    read_attrs(r, spec.op, &spec.attrs);
    read_outputs(r, &spec, &names, &types);
    if (r->st == DVT_OK && (*spec.name == '\0' || dvt_graph_find_node(r->g, spec.name).i >= 0))
        damaged(r, "a node has no name of its own");
    if (r->st == DVT_OK) r->st = dvt_graph_add_node(r->g, &spec, NULL);
    check_outputs(r, &spec, types, first);
}

/* ---- the whole file ------------------------------------------------------------------------ */

static void read_header(reader *r)
{
    const uint8_t *p = take_bytes(r, BINARY_MAGIC_BYTES);

    if (p && memcmp(p, magic, BINARY_MAGIC_BYTES) != 0) {
        r->pos = 0;
        damaged(r, "it does not begin like a saved graph");
    }
    uint64_t version = get_uint(r, 4);
    if (r->st == DVT_OK && version != BINARY_VERSION) {
        dvt_pos at = place(r);
        r->st = dvt_fail(r->ctx, DVT_E_UNSUPPORTED, &at,
                         "saved graph of version %llu, this tool reads %d",
                         (unsigned long long)version, (int)BINARY_VERSION);
    }
    const char *name = get_text(r);
    if (r->st != DVT_OK) return;
    r->g = dvt_graph_create(r->ctx, name);
    if (!r->g) r->st = DVT_E_NOMEM;
}

static void read_body(reader *r)
{
    int32_t count = get_count(r, 10, INT32_MAX);

    for (int32_t i = 0; r->st == DVT_OK && i < count; i++) {
        dvt_arena_reset(r->arena);
        read_source(r);
    }
    count = get_count(r, 16, DVT_GRAPH_MAX_NODES);
    for (int32_t i = 0; r->st == DVT_OK && i < count; i++) {
        dvt_arena_reset(r->arena);
        read_node(r);
    }
    count = get_count(r, 4, INT32_MAX);
    for (int32_t i = 0; r->st == DVT_OK && i < count; i++) {
        dvt_value_id v = get_value(r, false);
        if (r->st == DVT_OK) r->st = dvt_graph_add_output(r->g, v);
    }
    if (r->st == DVT_OK && r->pos != r->size) damaged(r, "there is something behind its end");
}

dvt_status dvt_graph_load(dvt_ctx *ctx, const char *file, const uint8_t *data, size_t size,
                          dvt_graph **out)
{
    reader r = {.ctx = ctx, .file = file, .data = data, .size = size};

    *out = NULL;
    r.arena = dvt_arena_create(ctx);
    if (!r.arena) return DVT_E_NOMEM;
    read_header(&r);
    if (r.st == DVT_OK) read_body(&r);
    if (r.st == DVT_OK) {
        *out = r.g;
        r.g = NULL;
    }
    dvt_graph_destroy(r.g);
    dvt_arena_destroy(r.arena);
    return r.st;
}
