/* SPDX-License-Identifier: Apache-2.0 */
/*
 * graph_parse.c - reads the text form of a graph (docs/graph-text.md).
 *
 * Idea      One function per rule, one token of look-ahead. Nodes go through dvt_graph_add_node, so
 *           that shapes are inferred and every check of the builder holds; types written in the
 *           text are compared with the inferred ones. Text is untrusted: nothing is allocated for
 *           a size that the text merely claims.
 * Grammar   docs/graph-text.md
 * Tests     tests/unit/test_graph_text.c, tests/prop/prop_graph_text.c,
 *           tests/fuzz/fuzz_graph_text.c
 */
#include "graph/graph_text_int.h"

#include <float.h>
#include <math.h>
#include <string.h>

typedef struct node_text {
    dvt_op       op;
    dvt_pos      at; /* of the operator's name */
    dvti_id_list inputs;
    const char **names; /* (output_count) in the parser's arena */
    dvti_type   *types; /* (output_count) as written; dtype NONE = not written */
    dvt_pos     *type_at;
    int32_t      output_count, output_cap;
    const char  *node_name, *source; /* NULL = not written */
} node_text;

typedef struct parser {
    dvti_lexer lx;
    dvt_ctx   *ctx;
    dvt_graph *g;
    dvt_arena *arena; /* what one statement needs; reset behind it */
} parser;

/* ---- tokens -------------------------------------------------------------------------------- */

static bool at_mark(const parser *p, char mark)
{
    return p->lx.token.kind == DVTI_TOKEN_MARK && p->lx.token.mark == mark;
}

static bool at_word(const parser *p, const char *word)
{
    return p->lx.token.kind == DVTI_TOKEN_WORD && strcmp(p->lx.token.text, word) == 0;
}

static dvt_status expect_mark(parser *p, char mark)
{
    char what[4] = {'\'', mark, '\'', '\0'};
    return at_mark(p, mark) ? dvti_lexer_next(&p->lx) : dvti_lexer_expected(&p->lx, what);
}

/* A word or a string, kept for the statement. */
static dvt_status take_text(parser *p, const char *what, const char **out, dvt_pos *at)
{
    *out = NULL;
    if (at) *at = p->lx.token.at;
    if (p->lx.token.kind != DVTI_TOKEN_WORD && p->lx.token.kind != DVTI_TOKEN_STRING)
        return dvti_lexer_expected(&p->lx, what);
    *out = dvt_arena_strdup(p->arena, p->lx.token.text);
    return *out ? dvti_lexer_next(&p->lx) : DVT_E_NOMEM;
}

/* A name that is not yet taken. */
static dvt_status take_new_name(parser *p, const char **out)
{
    dvt_pos    at;
    bool       quoted = p->lx.token.kind == DVTI_TOKEN_STRING;
    dvt_status st = take_text(p, "a name", out, &at);

    if (st != DVT_OK || !*out) return st;
    if (**out == '\0') return dvt_fail(p->ctx, DVT_E_PARSE, &at, "a name cannot be empty");
    if (!quoted && dvti_text_is_keyword(*out)) {
        st = dvt_fail(p->ctx, DVT_E_PARSE, &at, "'%s' is a keyword, not a name", *out);
        dvt_fail_hint(p->ctx, "quote it: \"%s\"", *out);
        return st;
    }
    if (dvt_graph_find_value(p->g, *out).i >= 0)
        return dvt_fail(p->ctx, DVT_E_PARSE, &at, "the name '%.200s' is already taken", *out);
    return DVT_OK;
}

static dvt_status take_i64(parser *p, int64_t *out)
{
    *out = 0;
    if (p->lx.token.kind != DVTI_TOKEN_WORD || !dvt_parse_i64(p->lx.token.text, out))
        return dvti_lexer_expected(&p->lx, "an integer");
    return dvti_lexer_next(&p->lx);
}

static dvt_status take_f64(parser *p, double *out)
{
    *out = 0.0;
    if (at_word(p, "nan"))
        *out = (double)NAN;
    else if (at_word(p, "inf"))
        *out = (double)INFINITY;
    else if (at_word(p, "-inf"))
        *out = -(double)INFINITY;
    else if (p->lx.token.kind != DVTI_TOKEN_WORD || !dvt_parse_f64(p->lx.token.text, out))
        return dvti_lexer_expected(&p->lx, "a number");
    return dvti_lexer_next(&p->lx);
}

static dvt_status take_f32(parser *p, float *out)
{
    double     x;
    dvt_pos    at = p->lx.token.at;
    dvt_status st = take_f64(p, &x);

    *out = 0.0f;
    if (st != DVT_OK) return st;
    if (isfinite(x) && fabs(x) > (double)FLT_MAX)
        return dvt_fail(p->ctx, DVT_E_PARSE, &at, "the number does not fit f32");
    *out = (float)x;
    return DVT_OK;
}

static dvt_status take_bool(parser *p, bool *out)
{
    *out = at_word(p, "true");
    if (!*out && !at_word(p, "false")) return dvti_lexer_expected(&p->lx, "true or false");
    return dvti_lexer_next(&p->lx);
}

/* Reads "[a, b, ...]" of at most DVT_MAX_RANK integers. */
static dvt_status take_ints(parser *p, dvt_ints *out)
{
    dvt_status st = expect_mark(p, '[');

    memset(out, 0, sizeof *out);
    while (st == DVT_OK && !at_mark(p, ']')) {
        if (out->n == DVT_MAX_RANK)
            return dvt_fail(p->ctx, DVT_E_PARSE, &p->lx.token.at, "a list has at most %d entries",
                            (int)DVT_MAX_RANK);
        st = take_i64(p, &out->v[out->n++]);
        if (st == DVT_OK && !at_mark(p, ']')) st = expect_mark(p, ',');
    }
    return st == DVT_OK ? expect_mark(p, ']') : st;
}

/* ---- types --------------------------------------------------------------------------------- */

static dvt_status take_dtype(parser *p, dvt_dtype *out)
{
    const char *names[DVT_DTYPE_COUNT];
    size_t      count = 0;

    *out = DVT_DTYPE_NONE;
    for (int i = 1; i < DVT_DTYPE_COUNT; i++) names[count++] = dvt_dtype_name((dvt_dtype)i);
    if (p->lx.token.kind == DVTI_TOKEN_WORD && dvt_dtype_parse(p->lx.token.text, out) &&
        *out != DVT_DTYPE_NONE)
        return dvti_lexer_next(&p->lx);
    dvt_status  st = dvti_lexer_expected(&p->lx, "an element type");
    const char *near = dvt_nearest(p->lx.token.text, names, count);
    if (near) dvt_fail_hint(p->ctx, "did you mean '%s'?", near);
    return st;
}

static dvt_status take_type(parser *p, dvti_type *out)
{
    dvt_ints   dims;
    dvt_pos    at;
    dvt_status st = take_dtype(p, &out->dtype);

    at = p->lx.token.at;
    if (st == DVT_OK) st = take_ints(p, &dims);
    if (st != DVT_OK) return st;
    out->shape = dvt_shape_make(dims.n, dims.v);
    for (int32_t i = 0; i < dims.n; i++)
        if (dims.v[i] < 0)
            return dvt_fail(p->ctx, DVT_E_PARSE, &at, "a dimension is negative: %lld",
                            (long long)dims.v[i]);
    if (dvt_shape_count(&out->shape) < 0)
        return dvt_fail(p->ctx, DVT_E_SHAPE, &at, "the shape has more than 2^40 elements");
    return DVT_OK;
}

/* ---- constants ----------------------------------------------------------------------------- */

static dvt_status out_of_range(parser *p, const dvt_pos *at, dvt_dtype dtype)
{
    return dvt_fail(p->ctx, DVT_E_PARSE, at, "the number does not fit %s", dvt_dtype_name(dtype));
}

/* Integers of 1 to 4 bytes and signed ones of 8 are checked through int64_t. */
static dvt_status take_integer_element(parser *p, dvt_dtype dtype, dvt_buf *data)
{
    static const struct {
        int64_t min, max;
    } range[DVT_DTYPE_COUNT] = {
        [DVT_DTYPE_I8] = {INT8_MIN, INT8_MAX},    [DVT_DTYPE_U8] = {0, UINT8_MAX},
        [DVT_DTYPE_I16] = {INT16_MIN, INT16_MAX}, [DVT_DTYPE_U16] = {0, UINT16_MAX},
        [DVT_DTYPE_I32] = {INT32_MIN, INT32_MAX}, [DVT_DTYPE_U32] = {0, UINT32_MAX},
        [DVT_DTYPE_I64] = {INT64_MIN, INT64_MAX},
    };
    dvt_pos    at = p->lx.token.at;
    int64_t    x;
    dvt_status st = take_i64(p, &x);

    if (st != DVT_OK) return st;
    if (x < range[dtype].min || x > range[dtype].max) return out_of_range(p, &at, dtype);
    uint64_t      bits = (uint64_t)x;
    unsigned char bytes[8];
    for (size_t i = 0; i < dvt_dtype_bytes(dtype); i++) bytes[i] = (unsigned char)(bits >> 8 * i);
    dvt_buf_append(data, bytes, dvt_dtype_bytes(dtype));
    return dvt_buf_status(data);
}

static dvt_status take_u64_element(parser *p, dvt_buf *data)
{
    uint64_t x;

    if (p->lx.token.kind != DVTI_TOKEN_WORD || !dvt_parse_u64(p->lx.token.text, &x))
        return dvti_lexer_expected(&p->lx, "an integer");
    dvt_buf_append(data, &x, sizeof x);
    return dvt_buf_status(data) == DVT_OK ? dvti_lexer_next(&p->lx) : dvt_buf_status(data);
}

static dvt_status take_float_element(parser *p, dvt_dtype dtype, dvt_buf *data)
{
    double     x = 0.0;
    float      f = 0.0f;
    dvt_status st = dtype == DVT_DTYPE_F64 ? take_f64(p, &x) : take_f32(p, &f);
    uint16_t   h = dvt_f16_from_f32(f);

    if (st != DVT_OK) return st;
    if (dtype == DVT_DTYPE_F64)
        dvt_buf_append(data, &x, sizeof x);
    else if (dtype == DVT_DTYPE_F32)
        dvt_buf_append(data, &f, sizeof f);
    else
        dvt_buf_append(data, &h, sizeof h);
    return dvt_buf_status(data);
}

static dvt_status take_element(parser *p, dvt_dtype dtype, dvt_buf *data)
{
    bool       flag;
    dvt_status st;

    if (dvti_dtype_is_float(dtype)) return take_float_element(p, dtype, data);
    if (dtype == DVT_DTYPE_U64) return take_u64_element(p, data);
    if (dtype != DVT_DTYPE_BOOL) return take_integer_element(p, dtype, data);
    st = take_bool(p, &flag);
    if (st != DVT_OK) return st;
    dvt_buf_append(data, flag ? "\1" : "\0", 1);
    return dvt_buf_status(data);
}

static dvt_status take_data(parser *p, const dvti_type *type, dvt_buf *data)
{
    int64_t    count = 0, want = dvt_shape_count(&type->shape);
    dvt_pos    at = p->lx.token.at;
    dvt_status st = expect_mark(p, '[');

    while (st == DVT_OK && !at_mark(p, ']')) {
        if (count++ == want)
            return dvt_fail(p->ctx, DVT_E_PARSE, &p->lx.token.at,
                            "more than the %lld elements of the type", (long long)want);
        st = take_element(p, type->dtype, data);
        if (st == DVT_OK && !at_mark(p, ']')) st = expect_mark(p, ',');
    }
    if (st == DVT_OK && count != want)
        return dvt_fail(p->ctx, DVT_E_PARSE, &at, "%lld elements, the type has %lld",
                        (long long)count, (long long)want);
    return st == DVT_OK ? expect_mark(p, ']') : st;
}

static dvt_status parse_const(parser *p, const char *name, const dvti_type *type)
{
    dvt_buf      data;
    dvt_value_id v;
    dvt_status   st = expect_mark(p, '=');

    dvt_buf_init(&data, p->ctx, 0);
    if (st == DVT_OK) st = take_data(p, type, &data);
    if (st == DVT_OK) {
        dvt_tensor t = dvt_tensor_wrap(type->dtype, &type->shape, data.data);
        st = dvt_graph_add_const(p->g, name, &t, &v);
    }
    dvt_buf_deinit(&data);
    return st;
}

static dvt_status parse_param(parser *p, const char *name, const dvti_type *type)
{
    dvt_value_id v;
    dvt_status   st = dvt_graph_add_param(p->g, name, type->dtype, &type->shape, &v);

    if (st != DVT_OK || !at_word(p, "sha256")) return st;
    st = dvti_lexer_next(&p->lx);
    if (st != DVT_OK) return st;
    const char *hex = p->lx.token.text;
    if (p->lx.token.kind != DVTI_TOKEN_WORD || strlen(hex) != DVT_SHA256_HEX - 1 ||
        strspn(hex, "0123456789abcdef") != DVT_SHA256_HEX - 1)
        return dvti_lexer_expected(&p->lx, "64 hexadecimal digits");
    p->g->meta[v.i].sha256 = dvt_arena_strdup(p->g->arena, hex);
    return p->g->meta[v.i].sha256 ? dvti_lexer_next(&p->lx) : DVT_E_NOMEM;
}

typedef enum source_kind { SOURCE_INPUT, SOURCE_PARAM, SOURCE_CONST } source_kind;

static dvt_status parse_source(parser *p, source_kind kind)
{
    const char  *name;
    dvti_type    type;
    dvt_value_id v;
    dvt_status   st = dvti_lexer_next(&p->lx);

    if (st == DVT_OK) st = take_new_name(p, &name);
    if (st == DVT_OK) st = expect_mark(p, ':');
    if (st == DVT_OK) st = take_type(p, &type);
    if (st != DVT_OK) return st;
    if (kind == SOURCE_INPUT) return dvt_graph_add_input(p->g, name, type.dtype, &type.shape, &v);
    return kind == SOURCE_PARAM ? parse_param(p, name, &type) : parse_const(p, name, &type);
}

/* ---- values that are read ------------------------------------------------------------------ */

static void hint_nearest_value(parser *p, const char *name)
{
    int32_t      count = dvt_graph_value_count(p->g);
    const char **names = dvt_arena_calloc(p->arena, (size_t)count + 1, sizeof *names);

    if (!names) return;
    for (int32_t i = 0; i < count; i++) names[i] = p->g->values[i].name;
    const char *near = dvt_nearest(name, names, (size_t)count);
    if (near)
        dvt_fail_hint(p->ctx, "did you mean '%s'? Values are defined before they are read", near);
    else
        dvt_fail_hint(p->ctx, "values are defined before they are read");
}

static dvt_status find_value(parser *p, const char *name, const dvt_pos *at, dvt_value_id *out)
{
    *out = dvt_graph_find_value(p->g, name);
    if (out->i >= 0) return DVT_OK;
    dvt_status st = dvt_fail(p->ctx, DVT_E_PARSE, at, "no value '%.200s' above this line", name);
    hint_nearest_value(p, name);
    return st;
}

static dvt_status parse_output(parser *p)
{
    const char  *name;
    dvt_pos      at;
    dvt_value_id v;
    dvt_status   st = dvti_lexer_next(&p->lx);

    if (st == DVT_OK) st = take_text(p, "the name of a value", &name, &at);
    if (st == DVT_OK) st = find_value(p, name, &at, &v);
    return st == DVT_OK ? dvt_graph_add_output(p->g, v) : st;
}

/* ---- attributes ---------------------------------------------------------------------------- */

static dvt_status take_enum(parser *p, const dvt_attr_desc *d, dvt_attrs *a)
{
    for (int32_t i = 0; p->lx.token.kind == DVTI_TOKEN_WORD && i < d->choice_count; i++) {
        if (strcmp(d->choices[i], p->lx.token.text) != 0) continue;
        dvti_attr_set_enum(d, a, i);
        return dvti_lexer_next(&p->lx);
    }
    dvt_status  st = dvti_lexer_expected(&p->lx, d->name);
    const char *near = dvt_nearest(p->lx.token.text, d->choices, (size_t)d->choice_count);
    dvt_fail_hint(p->ctx, "did you mean '%s'?", near ? near : d->choices[0]);
    return st;
}

static dvt_status take_floats(parser *p, float out[DVT_MAX_RANK])
{
    int32_t    n = 0;
    dvt_status st = expect_mark(p, '[');

    for (int32_t i = 0; i < DVT_MAX_RANK; i++) out[i] = 0.0f;
    while (st == DVT_OK && !at_mark(p, ']')) {
        if (n == DVT_MAX_RANK)
            return dvt_fail(p->ctx, DVT_E_PARSE, &p->lx.token.at, "a list has at most %d entries",
                            (int)DVT_MAX_RANK);
        st = take_f32(p, &out[n++]);
        if (st == DVT_OK && !at_mark(p, ']')) st = expect_mark(p, ',');
    }
    return st == DVT_OK ? expect_mark(p, ']') : st;
}

static dvt_status take_attr(parser *p, const dvt_attr_desc *d, dvt_attrs *a)
{
    unsigned char *to = (unsigned char *)a + d->offset;
    bool           flag;
    int64_t        number;
    float          single, reals[DVT_MAX_RANK];
    dvt_ints       list;
    dvt_dtype      dtype;
    dvt_status     st = DVT_OK;

    switch (d->kind) {
    case DVT_ATTR_BOOL:
        st = take_bool(p, &flag);
        memcpy(to, &flag, sizeof flag);
        break;
    case DVT_ATTR_I64:
        st = take_i64(p, &number);
        memcpy(to, &number, sizeof number);
        break;
    case DVT_ATTR_F32:
        st = take_f32(p, &single);
        memcpy(to, &single, sizeof single);
        break;
    case DVT_ATTR_INTS:
        st = take_ints(p, &list);
        memcpy(to, &list, sizeof list);
        break;
    case DVT_ATTR_FLOATS:
        st = take_floats(p, reals);
        memcpy(to, reals, sizeof reals);
        break;
    case DVT_ATTR_ENUM: st = take_enum(p, d, a); break;
    case DVT_ATTR_DTYPE:
        st = take_dtype(p, &dtype);
        dvti_attr_set_enum(d, a, (int32_t)dtype);
        break;
    }
    return st;
}

static dvt_status fail_attr_name(parser *p, const dvt_op_desc *op, const char *name,
                                 const dvt_pos *at)
{
    const char *names[32];
    size_t      count = 0;
    dvt_status  st =
        dvt_fail(p->ctx, DVT_E_PARSE, at, "operator '%s' has no attribute '%.80s'", op->name, name);

    for (int32_t i = 0; i < op->attr_count && count < 32; i++) names[count++] = op->attrs[i].name;
    const char *near = dvt_nearest(name, names, count);
    if (near) dvt_fail_hint(p->ctx, "did you mean '%s'?", near);
    return st;
}

/* The value of attribute `name`, whose "=" is behind us. `seen` has a bit for each attribute. */
static dvt_status parse_attr(parser *p, dvt_op op, const char *name, const dvt_pos *at,
                             uint32_t *seen, dvt_attrs *a)
{
    const dvt_op_desc *d = dvt_op_describe(op);

    for (int32_t i = 0; i < d->attr_count; i++) {
        if (strcmp(d->attrs[i].name, name) != 0) continue;
        if (*seen & 1u << i)
            return dvt_fail(p->ctx, DVT_E_PARSE, at, "attribute '%s' is given twice", name);
        *seen |= 1u << i;
        return take_attr(p, &d->attrs[i], a);
    }
    return fail_attr_name(p, d, name, at);
}

/* ---- nodes --------------------------------------------------------------------------------- */

static dvt_status push_input(parser *p, dvti_id_list *list, dvt_value_id v, const dvt_pos *at)
{
    if (list->count == DVT_GRAPH_MAX_ARITY)
        return dvt_fail(p->ctx, DVT_E_UNSUPPORTED, at, "more than %d inputs",
                        (int)DVT_GRAPH_MAX_ARITY);
    if (list->count == list->cap) {
        int32_t       cap = list->cap ? 2 * list->cap : 8;
        dvt_value_id *grown = dvt_arena_calloc(p->arena, (size_t)cap, sizeof *grown);
        if (!grown) return DVT_E_NOMEM;
        if (list->count) memcpy(grown, list->v, (size_t)list->count * sizeof *grown);
        list->v = grown;
        list->cap = cap;
    }
    list->v[list->count++] = v;
    return DVT_OK;
}

static void set_defaults(const parser *p, const node_text *n, dvt_attrs *attrs)
{
    bool             has_first = n->inputs.count > 0 && n->inputs.v[0].i >= 0;
    const dvt_shape *first = has_first ? &p->g->values[n->inputs.v[0].i].shape : NULL;

    *attrs = dvti_attrs_default_for(n->op, first);
}

/* One input or one attribute; `seen` has a bit for each attribute that came. */
static dvt_status parse_argument(parser *p, node_text *n, dvt_attrs *attrs, bool *in_attrs,
                                 uint32_t *seen)
{
    const char  *text;
    dvt_pos      at;
    dvt_value_id v = DVT_NO_VALUE;
    bool         none = at_word(p, "none");
    dvt_status   st = take_text(p, "an input or an attribute", &text, &at);

    if (st != DVT_OK) return st;
    if (at_mark(p, '=')) {
        if (!*in_attrs) set_defaults(p, n, attrs);
        *in_attrs = true;
        st = dvti_lexer_next(&p->lx);
        return st == DVT_OK ? parse_attr(p, n->op, text, &at, seen, attrs) : st;
    }
    if (*in_attrs)
        return dvt_fail(p->ctx, DVT_E_PARSE, &at, "input '%.200s' behind attributes", text);
    if (!none) st = find_value(p, text, &at, &v);
    return st == DVT_OK ? push_input(p, &n->inputs, v, &at) : st;
}

/* Inputs, then attributes, up to and with the closing bracket. The defaults of the attributes
 * depend on the first input, therefore they are set when the first attribute or the bracket
 * comes. */
static dvt_status parse_arguments(parser *p, node_text *n, dvt_attrs *attrs)
{
    uint32_t   seen = 0;
    bool       in_attrs = false;
    dvt_status st = expect_mark(p, '(');

    while (st == DVT_OK && !at_mark(p, ')')) {
        st = parse_argument(p, n, attrs, &in_attrs, &seen);
        if (st == DVT_OK && !at_mark(p, ')')) st = expect_mark(p, ',');
    }
    if (st == DVT_OK && !in_attrs) set_defaults(p, n, attrs);
    return st == DVT_OK ? expect_mark(p, ')') : st;
}

static dvt_status grow_outputs(parser *p, node_text *n)
{
    int32_t      cap = n->output_cap ? 2 * n->output_cap : 4;
    const char **names = dvt_arena_calloc(p->arena, (size_t)cap, sizeof *names);
    dvti_type   *types = dvt_arena_calloc(p->arena, (size_t)cap, sizeof *types);
    dvt_pos     *at = dvt_arena_calloc(p->arena, (size_t)cap, sizeof *at);

    if (!names || !types || !at) return DVT_E_NOMEM;
    if (n->output_count) {
        memcpy(names, n->names, (size_t)n->output_count * sizeof *names);
        memcpy(types, n->types, (size_t)n->output_count * sizeof *types);
        memcpy(at, n->type_at, (size_t)n->output_count * sizeof *at);
    }
    n->names = names;
    n->types = types;
    n->type_at = at;
    n->output_cap = cap;
    return DVT_OK;
}

/* "a: f32[1], b = " */
static dvt_status parse_results(parser *p, node_text *n)
{
    dvt_status st = DVT_OK;

    do {
        if (n->output_count > 0) st = expect_mark(p, ',');
        if (st == DVT_OK && n->output_count == DVT_GRAPH_MAX_ARITY)
            st = dvt_fail(p->ctx, DVT_E_UNSUPPORTED, &p->lx.token.at, "more than %d outputs",
                          (int)DVT_GRAPH_MAX_ARITY);
        if (st == DVT_OK && n->output_count == n->output_cap) st = grow_outputs(p, n);
        if (st == DVT_OK) st = take_new_name(p, &n->names[n->output_count]);
        if (st == DVT_OK && at_mark(p, ':')) {
            st = dvti_lexer_next(&p->lx);
            n->type_at[n->output_count] = p->lx.token.at;
            if (st == DVT_OK) st = take_type(p, &n->types[n->output_count]);
        }
        n->output_count++;
    } while (st == DVT_OK && at_mark(p, ','));
    return st == DVT_OK ? expect_mark(p, '=') : st;
}

static dvt_status parse_operator(parser *p, node_text *n)
{
    const char *names[DVT_OP_COUNT];

    n->at = p->lx.token.at;
    if (p->lx.token.kind == DVTI_TOKEN_WORD && dvt_op_parse(p->lx.token.text, &n->op))
        return dvti_lexer_next(&p->lx);
    for (int i = 0; i < DVT_OP_COUNT; i++) names[i] = dvt_op_describe((dvt_op)i)->name;
    dvt_status  st = dvti_lexer_expected(&p->lx, "an operator");
    const char *near = dvt_nearest(p->lx.token.text, names, DVT_OP_COUNT);
    if (near) dvt_fail_hint(p->ctx, "did you mean '%s'?", near);
    return st;
}

/* "node NAME" and "from SOURCE" behind the bracket. */
static dvt_status parse_tail(parser *p, node_text *n)
{
    dvt_status st = DVT_OK;
    dvt_pos    at = n->at;

    if (at_word(p, "node")) {
        st = dvti_lexer_next(&p->lx);
        if (st == DVT_OK) st = take_text(p, "the name of the node", &n->node_name, &at);
    }
    if (st == DVT_OK && at_word(p, "from")) {
        st = dvti_lexer_next(&p->lx);
        if (st == DVT_OK) st = take_text(p, "where the node comes from", &n->source, NULL);
    }
    const char *name = n->node_name ? n->node_name : n->names[0];
    if (st == DVT_OK && (*name == '\0' || dvt_graph_find_node(p->g, name).i >= 0))
        st = dvt_fail(p->ctx, DVT_E_PARSE, &at, "the node name '%.200s' is empty or already taken",
                      name);
    return st;
}

static dvt_status check_written_types(parser *p, const node_text *n, const dvt_value_id *ids)
{
    char want[DVT_SHAPE_TEXT], got[DVT_SHAPE_TEXT];

    for (int32_t i = 0; i < n->output_count; i++) {
        const dvt_value *v = &p->g->values[ids[i].i];
        const dvti_type *t = &n->types[i];
        if (strcmp(v->name, n->names[i]) != 0)
            return dvt_fail(p->ctx, DVT_E_PARSE, &n->at, "two outputs are called '%.200s'",
                            n->names[i]);
        if (t->dtype == DVT_DTYPE_NONE) continue;
        if (t->dtype != v->dtype || !dvt_shape_equal(&t->shape, &v->shape))
            return dvt_fail(p->ctx, DVT_E_SHAPE, &n->type_at[i],
                            "'%.200s' is %s%s, the text says %s%s", v->name,
                            dvt_dtype_name(v->dtype), dvt_shape_text(&v->shape, got),
                            dvt_dtype_name(t->dtype), dvt_shape_text(&t->shape, want));
    }
    return DVT_OK;
}

static dvt_status parse_node(parser *p)
{
    node_text     n = {0};
    dvt_attrs     attrs;
    dvt_value_id *ids;
    dvt_status    st = parse_results(p, &n);

    if (st == DVT_OK) st = parse_operator(p, &n);
    if (st == DVT_OK) st = parse_arguments(p, &n, &attrs);
    if (st == DVT_OK) st = parse_tail(p, &n);
    if (st != DVT_OK) return st;
    ids = dvt_arena_calloc(p->arena, (size_t)n.output_count, sizeof *ids);
    if (!ids) return DVT_E_NOMEM;
    st = dvt_graph_add_node(p->g,
                            &(dvt_node_spec){.op = n.op,
                                             .name = n.node_name,
                                             .source = n.source,
                                             .inputs = n.inputs.v,
                                             .input_count = n.inputs.count,
                                             .output_count = n.output_count,
                                             .output_names = n.names,
                                             .attrs = attrs,
                                             .at = n.at},
                            ids);
    return st == DVT_OK ? check_written_types(p, &n, ids) : st;
}

/* ---- the whole text ------------------------------------------------------------------------ */

static dvt_status parse_header(parser *p)
{
    const char *name;
    int64_t     version;
    dvt_pos     at;
    dvt_status  st = dvti_lexer_next(&p->lx);

    if (st != DVT_OK) return st;
    if (!at_word(p, "dvg")) {
        st = dvti_lexer_expected(&p->lx, "'dvg'");
        dvt_fail_hint(p->ctx, "a graph in text form begins with: dvg %d NAME",
                      (int)DVTI_TEXT_VERSION);
        return st;
    }
    st = dvti_lexer_next(&p->lx);
    at = p->lx.token.at;
    if (st == DVT_OK) st = take_i64(p, &version);
    if (st == DVT_OK && version != DVTI_TEXT_VERSION)
        st = dvt_fail(p->ctx, DVT_E_UNSUPPORTED, &at,
                      "version %lld of the text form, this tool reads %d", (long long)version,
                      (int)DVTI_TEXT_VERSION);
    if (st == DVT_OK) st = take_text(p, "the name of the graph", &name, NULL);
    if (st != DVT_OK) return st;
    p->g = dvt_graph_create(p->ctx, name);
    return p->g ? DVT_OK : DVT_E_NOMEM;
}

static dvt_status parse_statement(parser *p)
{
    if (at_word(p, "input")) return parse_source(p, SOURCE_INPUT);
    if (at_word(p, "param")) return parse_source(p, SOURCE_PARAM);
    if (at_word(p, "const")) return parse_source(p, SOURCE_CONST);
    if (at_word(p, "output")) return parse_output(p);
    return parse_node(p);
}

dvt_status dvt_graph_parse(dvt_ctx *ctx, const char *file, const char *text, size_t size,
                           dvt_graph **out)
{
    parser     p = {.ctx = ctx};
    dvt_status st = DVT_E_NOMEM;

    *out = NULL;
    dvti_lexer_init(&p.lx, ctx, file, text, size);
    p.arena = dvt_arena_create(ctx);
    if (!p.arena) goto done;
    st = parse_header(&p);
    while (st == DVT_OK && p.lx.token.kind != DVTI_TOKEN_END) {
        dvt_arena_reset(p.arena);
        st = parse_statement(&p);
    }
    if (st != DVT_OK) goto done;
    *out = p.g;
    p.g = NULL;
done:
    dvt_graph_destroy(p.g);
    dvt_arena_destroy(p.arena);
    dvti_lexer_deinit(&p.lx);
    return st;
}
