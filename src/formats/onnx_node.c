/* SPDX-License-Identifier: Apache-2.0 */
/*
 * onnx_node.c - one ONNX node: reading its attributes and operands.
 *
 * Idea      See onnx_int.h: what is asked for is marked as understood, failures are sticky.
 *           Attribute types are checked against the `type` field where the file has one (it is
 *           missing in files of the first IR versions, where the filled field says it).
 * Limits    DVTI_ONNX_MAX_SLOTS attributes, inputs and outputs a node are tracked; lists of
 *           integers hold DVT_MAX_RANK entries. Both refuse beyond.
 * Tests     tests/unit/test_onnx_import.c
 */
#include "formats/onnx_int.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef enum attr_type {
    ATTR_UNDEFINED,
    ATTR_FLOAT,
    ATTR_INT,
    ATTR_STRING,
    ATTR_TENSOR,
    ATTR_GRAPH,
    ATTR_FLOATS,
    ATTR_INTS,
    ATTR_STRINGS
} attr_type;

bool dvti_onnx_refuse(dvti_onnx_node *n, dvt_status status, const char *fmt, ...)
{
    char    text[384];
    va_list args;

    if (n->st != DVT_OK) {
        return false;
    }
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    n->st = dvt_fail(n->o->ctx, status, &n->at, "node '%s' (%s, opset %lld): %s", n->name,
                     n->p->op_type, (long long)n->opset, text);
    return false;
}

/* ---- attributes ---------------------------------------------------------------------------- */

static const DvtOnnx__Attribute *find_attr(const dvti_onnx_node *n, const char *name, size_t *index)
{
    for (size_t i = 0; i < n->p->n_attribute; i++) {
        const DvtOnnx__Attribute *a = n->p->attribute[i];
        if (a->name && strcmp(a->name, name) == 0) {
            *index = i;
            return a;
        }
    }
    return NULL;
}

bool dvti_onnx_has_attr(const dvti_onnx_node *n, const char *name)
{
    size_t index;
    return find_attr(n, name, &index) != NULL;
}

const DvtOnnx__Attribute *dvti_onnx_attr(dvti_onnx_node *n, const char *name)
{
    size_t                    index = 0;
    const DvtOnnx__Attribute *a = find_attr(n, name, &index);

    if (a) {
        n->attr_read[index] = true;
    }
    if (a && a->ref_attr_name && *a->ref_attr_name) {
        dvti_onnx_refuse(n, DVT_E_UNSUPPORTED, "attribute '%s' refers to a function's attribute",
                         name);
        return NULL;
    }
    return n->st == DVT_OK ? a : NULL;
}

/* The attribute, if it is there and of the type; other types are refused. */
static const DvtOnnx__Attribute *typed_attr(dvti_onnx_node *n, const char *name, attr_type type,
                                            bool filled_if_untyped, const char *type_name)
{
    const DvtOnnx__Attribute *a = dvti_onnx_attr(n, name);

    if (!a) {
        return NULL;
    }
    bool untyped = !a->has_type || a->type == ATTR_UNDEFINED;
    if (untyped ? filled_if_untyped : a->type == (int32_t)type) {
        return a;
    }
    dvti_onnx_refuse(n, DVT_E_PARSE, "attribute '%s' is not %s", name, type_name);
    return NULL;
}

int64_t dvti_onnx_int(dvti_onnx_node *n, const char *name, int64_t def)
{
    size_t                    i = 0;
    const DvtOnnx__Attribute *raw = find_attr(n, name, &i);
    const DvtOnnx__Attribute *a = typed_attr(
        n, name, ATTR_INT, raw && (raw->has_i || (!raw->has_f && !raw->n_ints)), "an integer");
    return a ? a->i : def;
}

bool dvti_onnx_flag(dvti_onnx_node *n, const char *name, bool def)
{
    int64_t v = dvti_onnx_int(n, name, def ? 1 : 0);

    if (v != 0 && v != 1) {
        dvti_onnx_refuse(n, DVT_E_UNSUPPORTED, "attribute '%s' is %lld, 0 or 1 is meant", name,
                         (long long)v);
    }
    return v != 0;
}

float dvti_onnx_float(dvti_onnx_node *n, const char *name, float def)
{
    size_t                    i = 0;
    const DvtOnnx__Attribute *raw = find_attr(n, name, &i);
    const DvtOnnx__Attribute *a =
        typed_attr(n, name, ATTR_FLOAT, raw && (raw->has_f || !raw->has_i), "a float");
    return a ? a->f : def;
}

const char *dvti_onnx_string(dvti_onnx_node *n, const char *name, const char *def)
{
    size_t                    i = 0;
    const DvtOnnx__Attribute *raw = find_attr(n, name, &i);
    const DvtOnnx__Attribute *a =
        typed_attr(n, name, ATTR_STRING, raw && (raw->has_s || !raw->has_i), "a string");
    dvt_arena *arena = dvt_graph_arena(n->o->g);

    if (!a) {
        return def;
    }
    const char *text = a->s.len ? dvt_arena_strndup(arena, (const char *)a->s.data, a->s.len) : "";
    if (!text) {
        n->st = DVT_E_NOMEM;
        return def;
    }
    return text;
}

bool dvti_onnx_ints(dvti_onnx_node *n, const char *name, dvt_ints *out)
{
    size_t                    index = 0;
    const DvtOnnx__Attribute *raw = find_attr(n, name, &index);
    const DvtOnnx__Attribute *a =
        typed_attr(n, name, ATTR_INTS, raw && (raw->n_ints || (!raw->has_i && !raw->has_f)),
                   "a list of integers");

    *out = (dvt_ints){0};
    if (!a) {
        return false;
    }
    if (a->n_ints > DVT_MAX_RANK) {
        return dvti_onnx_refuse(n, DVT_E_UNSUPPORTED,
                                "attribute '%s' has %zu entries, the limit is %d", name, a->n_ints,
                                (int)DVT_MAX_RANK);
    }
    for (size_t i = 0; i < a->n_ints; i++) {
        out->v[out->n++] = a->ints[i];
    }
    return true;
}

int32_t dvti_onnx_choice(dvti_onnx_node *n, const char *name, const char *const *choices,
                         int32_t count, int32_t def)
{
    const char *text = dvti_onnx_string(n, name, choices[def]);

    for (int32_t i = 0; i < count; i++) {
        if (strcmp(text, choices[i]) == 0) {
            return i;
        }
    }
    dvti_onnx_refuse(n, DVT_E_UNSUPPORTED, "attribute '%s' is '%s', which is not handled", name,
                     text);
    return def;
}

void dvti_onnx_ignore_attr(dvti_onnx_node *n, const char *name) { (void)dvti_onnx_attr(n, name); }

void dvti_onnx_need_attr(dvti_onnx_node *n, const char *name)
{
    if (!dvti_onnx_has_attr(n, name)) {
        dvti_onnx_refuse(n, DVT_E_PARSE, "attribute '%s' is missing", name);
    }
}

/* ---- operands ------------------------------------------------------------------------------ */

int32_t dvti_onnx_in_count(const dvti_onnx_node *n) { return (int32_t)n->p->n_input; }

bool dvti_onnx_has_in(const dvti_onnx_node *n, int32_t i)
{
    return (size_t)i < n->p->n_input && *n->p->input[i];
}

bool dvti_onnx_has_out(const dvti_onnx_node *n, int32_t i)
{
    return (size_t)i < n->p->n_output && *n->p->output[i];
}

dvt_value_id dvti_onnx_opt(dvti_onnx_node *n, int32_t i)
{
    if (n->st != DVT_OK || !dvti_onnx_has_in(n, i)) {
        return DVT_NO_VALUE;
    }
    const dvti_onnx_value *v = dvti_onnx_find(n->o, n->p->input[i]);
    if (i < DVTI_ONNX_MAX_SLOTS) {
        n->in_read[i] = true;
    }
    if (!v) {
        dvti_onnx_refuse(n, DVT_E_PARSE, "input %d reads '%s', which nothing before it makes",
                         (int)i, n->p->input[i]);
        return DVT_NO_VALUE;
    }
    if (!n->half_known && dvt_graph_value(n->o->g, v->id)->dtype == DVT_DTYPE_F32) {
        n->half = v->half;
        n->half_known = true;
    }
    return v->id;
}

dvt_value_id dvti_onnx_in(dvti_onnx_node *n, int32_t i)
{
    if (n->st == DVT_OK && !dvti_onnx_has_in(n, i)) {
        dvti_onnx_refuse(n, DVT_E_PARSE, "input %d is missing", (int)i);
    }
    return dvti_onnx_opt(n, i);
}

dvt_dtype dvti_onnx_dtype_of(const dvti_onnx_node *n, dvt_value_id v)
{
    return n->st == DVT_OK && v.i >= 0 ? dvt_graph_value(n->o->g, v)->dtype : DVT_DTYPE_F32;
}

dvt_shape dvti_onnx_shape_of(const dvti_onnx_node *n, dvt_value_id v)
{
    return n->st == DVT_OK && v.i >= 0 ? dvt_graph_value(n->o->g, v)->shape : (dvt_shape){0};
}

bool dvti_onnx_const(dvti_onnx_node *n, int32_t i, const char *what, dvt_tensor *out)
{
    dvt_value_id v = dvti_onnx_opt(n, i);

    *out = (dvt_tensor){0};
    if (v.i < 0) {
        return false;
    }
    if (!dvt_graph_const(n->o->g, v, out) && dvti_onnx_bind_known(n->o, v)) {
        n->st = DVT_E_UNSUPPORTED; /* of this attempt: no error is raised */
        return false;
    }
    if (!dvt_graph_const(n->o->g, v, out)) {
        dvti_onnx_refuse(n, DVT_E_UNSUPPORTED,
                         "input %d (%s) is '%s', which is known only when the network runs", (int)i,
                         what, n->p->input[i]);
        dvt_fail_hint(n->o->ctx, "give '%s' as a constant, or export with constant folding",
                      n->p->input[i]);
        return false;
    }
    return true;
}

static bool is_integer(dvt_dtype t)
{
    return t != DVT_DTYPE_F32 && t != DVT_DTYPE_F16 && t != DVT_DTYPE_F64 && t != DVT_DTYPE_BOOL;
}

bool dvti_onnx_const_ints(dvti_onnx_node *n, int32_t i, const char *what, dvt_ints *out)
{
    dvt_tensor t;

    *out = (dvt_ints){0};
    if (!dvti_onnx_const(n, i, what, &t)) {
        return false;
    }
    int64_t count = dvt_shape_count(&t.shape);
    if (!is_integer(t.dtype) || t.shape.rank > 1) {
        return dvti_onnx_refuse(n, DVT_E_SHAPE, "input %d (%s) is not a list of integers", (int)i,
                                what);
    }
    if (count > DVT_MAX_RANK) {
        return dvti_onnx_refuse(n, DVT_E_UNSUPPORTED,
                                "input %d (%s) has %lld entries, the limit is %d", (int)i, what,
                                (long long)count, (int)DVT_MAX_RANK);
    }
    for (int64_t k = 0; k < count; k++) {
        out->v[out->n++] = dvt_tensor_get_i64(&t, k);
    }
    return true;
}

bool dvti_onnx_ints_since(dvti_onnx_node *n, int64_t since, const char *name, int32_t i,
                          dvt_ints *out)
{
    return n->opset < since ? dvti_onnx_ints(n, name, out) : dvti_onnx_const_ints(n, i, name, out);
}

int64_t dvti_onnx_axis(dvti_onnx_node *n, int64_t axis, int32_t rank)
{
    if (axis < -rank || axis >= rank) {
        dvti_onnx_refuse(n, DVT_E_SHAPE, "axis %lld is outside of -%d..%d", (long long)axis,
                         (int)rank, (int)rank - 1);
        return 0;
    }
    return axis < 0 ? axis + rank : axis;
}

void dvti_onnx_axes(dvti_onnx_node *n, dvt_ints *axes, int32_t rank)
{
    bool seen[DVT_MAX_RANK] = {false};

    for (int32_t i = 0; i < axes->n; i++) {
        axes->v[i] = dvti_onnx_axis(n, axes->v[i], rank);
        if (n->st != DVT_OK) {
            return;
        }
        if (seen[axes->v[i]]) {
            dvti_onnx_refuse(n, DVT_E_SHAPE, "axis %lld is named twice", (long long)axes->v[i]);
        }
        seen[axes->v[i]] = true;
    }
}
