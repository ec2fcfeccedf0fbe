/* SPDX-License-Identifier: Apache-2.0 */
/*
 * onnx_io.c - what enters and leaves an ONNX graph: constants, inputs with their sizes, outputs.
 *
 * Idea      A graph has static shapes. What the model leaves open is settled here: an unknown first
 *           dimension is the batch (1 unless the options say more), unknown image sizes come from
 *           the options, and the rest must be given by name. Inputs may also be given as values;
 *           they are constants then, which is how a shape that a caller knows becomes static.
 * Halves    float16 inputs and outputs keep their type: a cast stands behind the one and before the
 *           other, and everything between is f32. bfloat16 has no type here and may not be an input
 *           or output.
 * Tests     tests/unit/test_onnx_import.c
 */
#include "formats/onnx_import_int.h"

#include <stdio.h>
#include <string.h>

/* ---- constants ----------------------------------------------------------------------------- */

/* A half tensor becomes f32 in place. */
static dvt_status widen(dvt_ctx *ctx, dvt_tensor *t)
{
    dvt_tensor wide;
    dvt_status st;

    if (t->dtype != DVT_DTYPE_F16) {
        return DVT_OK;
    }
    st = dvt_tensor_cast(ctx, t, DVT_DTYPE_F32, &wide);
    if (st == DVT_OK) {
        dvt_tensor_deinit(ctx, t);
        *t = wide;
    }
    return st;
}

/* Takes the tensor over. */
static dvt_status bind_const(dvti_onnx *o, const char *name, dvt_tensor *t, bool half)
{
    dvt_value_id v;
    dvt_status   st = widen(o->ctx, t);

    if (st == DVT_OK) {
        st = dvt_graph_add_const(o->g, name, t, &v);
    }
    dvt_tensor_deinit(o->ctx, t);
    return st == DVT_OK ? dvti_onnx_bind(o, name, v, half) : st;
}

dvt_status dvti_onnx_read_constants(dvti_onnx *o)
{
    const DvtOnnx__Graph *g = o->model->graph;
    dvt_pos               at = {.file = o->file};
    dvt_status            st = DVT_OK;

    for (size_t i = 0; st == DVT_OK && i < g->n_initializer; i++) {
        const DvtOnnx__Tensor *p = g->initializer[i];
        char                   what[192];
        dvt_tensor             t;
        if (!p->name || !*p->name) {
            return dvt_fail(o->ctx, DVT_E_PARSE, &at, "initializer %zu has no name", i);
        }
        (void)snprintf(what, sizeof what, "initializer '%.150s'", p->name);
        st = dvti_onnx_tensor(o->ctx, o->file, what, p, &t);
        if (st == DVT_OK) {
            st = bind_const(o, p->name, &t, dvti_onnx_dtype(p->data_type) == DVT_DTYPE_F16);
        }
    }
    return st;
}

/* ---- shapes of inputs ---------------------------------------------------------------------- */

static bool names_input(const char *wanted, const char *name, int32_t free_inputs)
{
    return wanted && *wanted ? strcmp(wanted, name) == 0 : free_inputs == 1;
}

static const dvt_shape *given_shape(const dvti_onnx *o, const char *name, int32_t free_inputs)
{
    for (int32_t i = 0; i < o->opts->shape_count; i++) {
        if (names_input(o->opts->shapes[i].name, name, free_inputs)) {
            return &o->opts->shapes[i].shape;
        }
    }
    return NULL;
}

/* Index of the value that the options have for an input, -1 if none. */
static int32_t find_known(const dvti_onnx *o, const char *name)
{
    for (int32_t i = 0; i < o->opts->value_count; i++) {
        if (strcmp(o->opts->values[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

static dvt_status need_shape(const dvti_onnx *o, const char *name, int32_t dim)
{
    dvt_pos    at = {.file = o->file};
    dvt_status st;

    if (dim < 0) {
        st = dvt_fail(o->ctx, DVT_E_USAGE, &at, "the model does not say the shape of input '%s'",
                      name);
    } else {
        st = dvt_fail(o->ctx, DVT_E_USAGE, &at, "the model does not say dimension %d of input '%s'",
                      (int)dim, name);
    }
    dvt_fail_hint(o->ctx, "give the shape: --shape %s=N,C,H,W", name);
    return st;
}

/* A dimension that the file leaves open, or -1. */
static int64_t open_dim(const dvti_onnx *o, int32_t rank, int32_t dim)
{
    if (dim == 0) {
        return 1;
    }
    return rank == 4 && o->opts->image_shape.rank == 3 ? o->opts->image_shape.dim[dim - 1] : -1;
}

static dvt_status declared_shape(const dvti_onnx *o, const char *name, const DvtOnnx__Shape *p,
                                 dvt_shape *out)
{
    dvt_pos at = {.file = o->file};

    if (!p) {
        return need_shape(o, name, -1);
    }
    if (p->n_dim > DVT_MAX_RANK) {
        return dvt_fail(o->ctx, DVT_E_UNSUPPORTED, &at,
                        "input '%s' has %zu dimensions, the limit is %d", name, p->n_dim,
                        (int)DVT_MAX_RANK);
    }
    *out = (dvt_shape){.rank = (int32_t)p->n_dim};
    for (int32_t i = 0; i < out->rank; i++) {
        bool known = p->dim[i]->has_dim_value && p->dim[i]->dim_value >= 0;
        out->dim[i] = known ? p->dim[i]->dim_value : open_dim(o, out->rank, i);
        if (out->dim[i] < 0) {
            return need_shape(o, name, i);
        }
    }
    return DVT_OK;
}

static dvt_status input_shape(const dvti_onnx *o, const char *name, const DvtOnnx__Shape *p,
                              int32_t free_inputs, dvt_shape *out)
{
    const dvt_shape *given = given_shape(o, name, free_inputs);
    dvt_pos          at = {.file = o->file};
    dvt_status       st = DVT_OK;

    *out = (dvt_shape){0};
    if (given && p && (size_t)given->rank != p->n_dim) {
        return dvt_fail(o->ctx, DVT_E_USAGE, &at,
                        "the shape given for input '%s' has %d dimensions, the model says %zu",
                        name, (int)given->rank, p->n_dim);
    }
    if (given) {
        *out = *given;
    } else {
        st = declared_shape(o, name, p, out);
    }
    if (st == DVT_OK && o->opts->batch > 0 && out->rank > 0) {
        out->dim[0] = o->opts->batch;
    }
    return st;
}

/* ---- inputs -------------------------------------------------------------------------------- */

static dvt_status tensor_type(const dvti_onnx *o, const DvtOnnx__ValueInfo *p, const char *role,
                              int32_t *elem_type)
{
    dvt_pos at = {.file = o->file};

    *elem_type = 0;
    if (!p->name || !*p->name) {
        return dvt_fail(o->ctx, DVT_E_PARSE, &at, "an %s of the graph has no name", role);
    }
    if (!p->type) {
        return dvt_fail(o->ctx, DVT_E_PARSE, &at, "%s '%s' has no type", role, p->name);
    }
    if (!p->type->tensor_type) {
        return dvt_fail(o->ctx, DVT_E_UNSUPPORTED, &at, "%s '%s' is not a dense tensor", role,
                        p->name);
    }
    *elem_type = p->type->tensor_type->elem_type;
    if (dvti_onnx_value_dtype(*elem_type) == DVT_DTYPE_NONE) {
        return dvt_fail(o->ctx, DVT_E_UNSUPPORTED, &at, "%s '%s' has elements of %s (%d)", role,
                        p->name, dvti_onnx_type_name(*elem_type), (int)*elem_type);
    }
    return DVT_OK;
}

static dvt_status cast_value(dvti_onnx *o, dvt_value_id v, dvt_dtype dtype, const char *name,
                             dvt_value_id *out)
{
    char          source[256], node_name[192];
    dvt_node_spec spec = {.op = DVT_OP_CAST,
                          .name = node_name,
                          .source = source,
                          .inputs = &v,
                          .input_count = 1,
                          .output_count = 1,
                          .output_names = &name,
                          .attrs = {.cast = {dtype}}};

    (void)snprintf(node_name, sizeof node_name, "%.170s.cast", name);
    (void)snprintf(source, sizeof source, "type of '%.100s', %.100s", name, o->file);
    return dvt_graph_add_node(o->g, &spec, out);
}

static dvt_status bind_given(dvti_onnx *o, const char *name, dvt_dtype dtype,
                             const dvt_tensor *value)
{
    dvt_pos    at = {.file = o->file};
    dvt_tensor t;
    dvt_status st;

    if (value->dtype != dtype) {
        return dvt_fail(o->ctx, DVT_E_SHAPE, &at,
                        "the value given for input '%s' is %s, the model says %s", name,
                        dvt_dtype_name(value->dtype), dvt_dtype_name(dtype));
    }
    st = dvt_tensor_copy(o->ctx, value, &t);
    return st == DVT_OK ? bind_const(o, name, &t, dtype == DVT_DTYPE_F16) : st;
}

static dvt_status read_input(dvti_onnx *o, const DvtOnnx__ValueInfo *p, int32_t free_inputs)
{
    dvt_value_id v;
    dvt_shape    shape;
    int32_t      elem, known;
    char         name[192];
    dvt_status   st = tensor_type(o, p, "input", &elem);

    if (st != DVT_OK) {
        return st;
    }
    known = find_known(o, p->name);
    if (known >= 0 && o->is_bound[known]) {
        return bind_given(o, p->name, dvti_onnx_dtype(elem), &o->opts->values[known].value);
    }
    st = input_shape(o, p->name, p->type->tensor_type->shape, free_inputs, &shape);
    if (st == DVT_OK) {
        st = dvt_graph_add_input(o->g, p->name, dvti_onnx_dtype(elem), &shape, &v);
    }
    bool half = dvti_onnx_value_dtype(elem) == DVT_DTYPE_F16;
    if (st == DVT_OK && half) {
        (void)snprintf(name, sizeof name, "%.180s.f32", p->name);
        st = cast_value(o, v, DVT_DTYPE_F32, name, &v);
    }
    return st == DVT_OK ? dvti_onnx_bind(o, p->name, v, half) : st;
}

/* Options must name inputs that exist. */
static dvt_status check_given(const dvti_onnx *o, const char *wanted, int32_t free_inputs)
{
    const DvtOnnx__Graph *g = o->model->graph;
    dvt_pos               at = {.file = o->file};

    for (size_t i = 0; i < g->n_input; i++) {
        if (names_input(wanted, g->input[i]->name, free_inputs)) {
            return DVT_OK;
        }
    }
    if (!wanted || !*wanted) {
        return dvt_fail(o->ctx, DVT_E_USAGE, &at,
                        "a shape without a name needs one input, the model has %d",
                        (int)free_inputs);
    }
    return dvt_fail(o->ctx, DVT_E_USAGE, &at, "the model has no input '%s'", wanted);
}

static dvt_status check_opts(const dvti_onnx *o, int32_t free_inputs)
{
    dvt_status st = DVT_OK;

    for (int32_t i = 0; st == DVT_OK && i < o->opts->shape_count; i++) {
        st = check_given(o, o->opts->shapes[i].name, free_inputs);
    }
    for (int32_t i = 0; st == DVT_OK && i < o->opts->value_count; i++) {
        st = check_given(o, o->opts->values[i].name, free_inputs);
    }
    return st;
}

dvt_status dvti_onnx_read_inputs(dvti_onnx *o)
{
    const DvtOnnx__Graph *g = o->model->graph;
    dvt_pos               at = {.file = o->file};
    int32_t               free_inputs = 0;
    dvt_status            st = DVT_OK;

    for (size_t i = 0; i < g->n_input; i++) {
        if (!g->input[i]->name || !*g->input[i]->name) {
            return dvt_fail(o->ctx, DVT_E_PARSE, &at, "input %zu of the graph has no name", i);
        }
    }
    /* before any is bound: inputs that are initializers as well are constants */
    bool *is_free = dvt_calloc(o->ctx, g->n_input + 1, sizeof *is_free);
    if (!is_free) {
        return DVT_E_NOMEM;
    }
    for (size_t i = 0; i < g->n_input; i++) {
        is_free[i] = dvti_onnx_find(o, g->input[i]->name) == NULL;
        free_inputs += is_free[i];
    }
    st = check_opts(o, free_inputs);
    for (size_t i = 0; st == DVT_OK && i < g->n_input; i++) {
        if (is_free[i]) {
            st = read_input(o, g->input[i], free_inputs);
        }
    }
    dvt_free(o->ctx, is_free);
    return st;
}

/* ---- values that must be known ------------------------------------------------------------- */

/* Marks what `v` is computed from; nodes stand in topological order, so one walk backwards does. */
static void mark_sources(const dvt_graph *g, dvt_value_id v, bool *used)
{
    used[v.i] = true;
    for (int32_t i = dvt_graph_node_count(g) - 1; i >= 0; i--) {
        const dvt_node *node = dvt_graph_node(g, (dvt_node_id){i});
        bool            reached = false;
        for (int32_t k = 0; !node->dead && k < node->output_count; k++) {
            reached = reached || used[node->outputs[k].i];
        }
        for (int32_t k = 0; reached && k < node->input_count; k++) {
            if (node->inputs[k].i >= 0) {
                used[node->inputs[k].i] = true;
            }
        }
    }
}

bool dvti_onnx_bind_known(dvti_onnx *o, dvt_value_id v)
{
    int32_t count = dvt_graph_value_count(o->g);
    bool   *used = o->opts->value_count ? dvt_calloc(o->ctx, (size_t)count, sizeof *used) : NULL;
    bool    all = used != NULL;

    if (!used) {
        return false;
    }
    mark_sources(o->g, v, used);
    for (int32_t i = 0; i < dvt_graph_input_count(o->g); i++) {
        dvt_value_id in = dvt_graph_input(o->g, i);
        all = all && (!used[in.i] || find_known(o, dvt_graph_value(o->g, in)->name) >= 0);
    }
    for (int32_t i = 0; all && i < dvt_graph_input_count(o->g); i++) {
        dvt_value_id in = dvt_graph_input(o->g, i);
        if (used[in.i]) {
            o->is_bound[find_known(o, dvt_graph_value(o->g, in)->name)] = true;
            o->again = true;
        }
    }
    dvt_free(o->ctx, used);
    return all && o->again;
}

/* ---- outputs ------------------------------------------------------------------------------- */

bool dvti_onnx_is_half_output(const dvti_onnx *o, const char *name)
{
    const DvtOnnx__Graph *g = o->model->graph;

    for (size_t i = 0; i < g->n_output; i++) {
        const DvtOnnx__ValueInfo *p = g->output[i];
        if (p->name && strcmp(p->name, name) == 0) {
            return p->type && p->type->tensor_type &&
                   dvti_onnx_dtype(p->type->tensor_type->elem_type) == DVT_DTYPE_F16;
        }
    }
    return false;
}

static dvt_status read_output(dvti_onnx *o, const DvtOnnx__ValueInfo *p)
{
    const dvti_onnx_value *v;
    dvt_value_id           id;
    dvt_pos                at = {.file = o->file};
    int32_t                elem;
    dvt_status             st = tensor_type(o, p, "output", &elem);

    if (st != DVT_OK) {
        return st;
    }
    v = dvti_onnx_find(o, p->name);
    if (!v) {
        return dvt_fail(o->ctx, DVT_E_PARSE, &at, "output '%s' is made by no node", p->name);
    }
    id = v->id;
    dvt_dtype have = dvt_graph_value(o->g, id)->dtype, want = dvti_onnx_dtype(elem);
    if (have == DVT_DTYPE_F32 && want == DVT_DTYPE_F16 && v->half) {
        st = cast_value(o, id, DVT_DTYPE_F16, p->name, &id);
    } else if (have != want || v->half) {
        return dvt_fail(o->ctx, DVT_E_SHAPE, &at, "output '%s' is declared as %s but is %s",
                        p->name, dvti_onnx_type_name(elem),
                        v->half ? "FLOAT16" : dvt_dtype_name(have));
    }
    return st == DVT_OK ? dvt_graph_add_output(o->g, id) : st;
}

dvt_status dvti_onnx_read_outputs(dvti_onnx *o)
{
    const DvtOnnx__Graph *g = o->model->graph;
    dvt_pos               at = {.file = o->file};
    dvt_status            st = DVT_OK;

    if (g->n_output == 0) {
        return dvt_fail(o->ctx, DVT_E_PARSE, &at, "the graph has no output");
    }
    for (size_t i = 0; st == DVT_OK && i < g->n_output; i++) {
        st = read_output(o, g->output[i]);
    }
    return st;
}
