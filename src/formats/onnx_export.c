/* SPDX-License-Identifier: Apache-2.0 */
/*
 * onnx_export.c - a graph as an ONNX model.
 *
 * Idea      The writer is the importer turned round: what it writes is read back as a graph that
 *           computes the same bits with the naive kernels, for every operator; what cannot be said
 *           so is refused (E_UNSUPPORTED with node and reason). Most nodes become one ONNX node;
 *           the others name the values between theirs "<node>/1", "/2", ...
 * Opset     13, or the lowest that has an operator which came later (HardSwish 14, Mish 18, pad by
 *           wrapping 19, Gelu 20); the IR version goes with it.
 * Order     Nodes, constants, inputs and outputs stand in the graph's order: the same graph gives
 *           the same bytes.
 * Limits    Models below 2 GiB (protobuf's own limit; no external data is written); all parameters
 *           have data; half precision only before and behind casts.
 * Tests     tests/unit/test_onnx_export.c,
 *           tests/diff/onnx_export_operators.py, tests/diff/onnx_export_peers.py
 */
#include "formats/onnx_export_int.h"

#include <limits.h>
#include <stdarg.h>
#include <string.h>

#include "base/text_util.h"

enum { OPSET_MIN = 13, NODE_TEXT = 192, ROOM_MIN = 64 };

/* ---- failing ------------------------------------------------------------------------------- */

void dvti_onnx_cannot(dvti_onnx_out *o, const char *fmt, ...)
{
    char    reason[NODE_TEXT];
    va_list args;

    if (o->st != DVT_OK) {
        return;
    }
    va_start(args, fmt);
    dvti_vformat(reason, sizeof reason, fmt, args);
    va_end(args);
    o->st = dvt_fail(o->ctx, DVT_E_UNSUPPORTED, NULL, "node '%s' (%s) has no form in ONNX: %s",
                     o->node->name, dvt_op_describe(o->node->op)->name, reason);
}

void dvti_onnx_need_opset(dvti_onnx_out *o, int64_t opset)
{
    o->opset = opset > o->opset ? opset : o->opset;
}

/* Memory of the arena; a refusal is the status. */
static void *take(dvti_onnx_out *o, size_t count, size_t size)
{
    void *p = o->st == DVT_OK ? dvt_arena_calloc(o->arena, count ? count : 1, size) : NULL;

    if (!p && o->st == DVT_OK) {
        o->st = DVT_E_NOMEM;
    }
    return p;
}

static char *copy_text(dvti_onnx_out *o, const char *text)
{
    char *copy = o->st == DVT_OK ? dvt_arena_strdup(o->arena, text) : NULL;

    if (!copy && o->st == DVT_OK) {
        o->st = DVT_E_NOMEM;
    }
    return copy;
}

/* Room for one more pointer; false after a failure. */
static bool grow(dvti_onnx_out *o, void ***list, size_t count, size_t *room)
{
    if (count == *room) {
        size_t more = *room ? *room * 2 : ROOM_MIN;
        void **larger = take(o, more, sizeof *larger);
        if (!larger) {
            return false;
        }
        if (count) {
            memcpy(larger, *list, count * sizeof *larger);
        }
        *list = larger;
        *room = more;
    }
    return o->st == DVT_OK;
}

/* ---- names --------------------------------------------------------------------------------- */

const char *dvti_onnx_name(dvti_onnx_out *o, dvt_value_id v)
{
    return v.i < 0 ? "" : dvt_graph_value(o->g, v)->name;
}

const char *dvti_onnx_operand(dvti_onnx_out *o, int32_t i)
{
    return i < o->node->input_count ? dvti_onnx_name(o, o->node->inputs[i]) : "";
}

const char *dvti_onnx_result(dvti_onnx_out *o, int32_t i)
{
    return dvti_onnx_name(o, o->node->outputs[i]);
}

const dvt_value *dvti_onnx_operand_value(const dvti_onnx_out *o, int32_t i)
{
    return dvt_graph_value(o->g, o->node->inputs[i]);
}

const dvt_value *dvti_onnx_result_value(const dvti_onnx_out *o, int32_t i)
{
    return dvt_graph_value(o->g, o->node->outputs[i]);
}

const char *dvti_onnx_between(dvti_onnx_out *o)
{
    char *name = NULL;

    while (o->st == DVT_OK && !name) {
        o->serial++;
        name = dvt_arena_printf(o->arena, "%s/%lld", o->node->name, (long long)o->serial);
        if (!name) {
            o->st = DVT_E_NOMEM;
        } else if (dvt_graph_find_value(o->g, name).i >= 0 ||
                   dvt_graph_find_node(o->g, name).i >= 0) {
            name = NULL;
        }
    }
    return name ? name : "";
}

/* ---- nodes --------------------------------------------------------------------------------- */

DvtOnnx__Node *dvti_onnx_put(dvti_onnx_out *o, const char *type, const char *const *in,
                             size_t count, const char *out)
{
    DvtOnnx__Node *n = take(o, 1, sizeof *n);

    if (!grow(o, (void ***)&o->nodes, o->node_count, &o->node_room) || !n) {
        return NULL;
    }
    dvt_onnx__node__init(n);
    while (count > 0 && in[count - 1][0] == '\0') {
        count--;
    }
    n->input = take(o, count, sizeof *n->input);
    n->output = take(o, 1, sizeof *n->output);
    n->op_type = copy_text(o, type);
    /* the node that ends in the graph's value has the graph's name, the others that of theirs */
    n->name = copy_text(o, strcmp(out, dvti_onnx_result(o, 0)) == 0 ? o->node->name : out);
    for (size_t i = 0; o->st == DVT_OK && i < count; i++) {
        n->input[i] = copy_text(o, in[i]);
    }
    if (o->st == DVT_OK) {
        n->output[0] = copy_text(o, out);
    }
    if (o->st != DVT_OK) {
        return NULL;
    }
    n->n_input = count;
    n->n_output = 1;
    o->nodes[o->node_count++] = n;
    return n;
}

DvtOnnx__Node *dvti_onnx_put_plain(dvti_onnx_out *o, const char *type)
{
    int32_t      count = o->node->input_count;
    const char **in = take(o, (size_t)count, sizeof *in);

    for (int32_t i = 0; in && i < count; i++) {
        in[i] = dvti_onnx_operand(o, i);
    }
    return in ? dvti_onnx_put(o, type, in, (size_t)count, dvti_onnx_result(o, 0)) : NULL;
}

/* ---- attributes ---------------------------------------------------------------------------- */

enum { TYPE_FLOAT = 1, TYPE_INT = 2, TYPE_STRING = 3, TYPE_INTS = 7, ATTRIBUTES_MAX = 12 };

static DvtOnnx__Attribute *add_attribute(dvti_onnx_out *o, DvtOnnx__Node *n, const char *name,
                                         int32_t type)
{
    DvtOnnx__Attribute *a = n ? take(o, 1, sizeof *a) : NULL;

    if (a && !n->attribute) {
        n->attribute = take(o, ATTRIBUTES_MAX, sizeof *n->attribute);
    }
    if (!a || !n->attribute) {
        return NULL;
    }
    dvt_onnx__attribute__init(a);
    a->name = copy_text(o, name);
    a->has_type = true;
    a->type = type;
    n->attribute[n->n_attribute++] = a;
    return o->st == DVT_OK ? a : NULL;
}

void dvti_onnx_set_int(dvti_onnx_out *o, DvtOnnx__Node *n, const char *name, int64_t value)
{
    DvtOnnx__Attribute *a = add_attribute(o, n, name, TYPE_INT);

    if (a) {
        a->has_i = true;
        a->i = value;
    }
}

void dvti_onnx_set_float(dvti_onnx_out *o, DvtOnnx__Node *n, const char *name, float value)
{
    DvtOnnx__Attribute *a = add_attribute(o, n, name, TYPE_FLOAT);

    if (a) {
        a->has_f = true;
        a->f = value;
    }
}

void dvti_onnx_set_string(dvti_onnx_out *o, DvtOnnx__Node *n, const char *name, const char *value)
{
    DvtOnnx__Attribute *a = add_attribute(o, n, name, TYPE_STRING);

    if (a) {
        a->has_s = true;
        a->s.len = strlen(value);
        a->s.data = (uint8_t *)copy_text(o, value);
    }
}

void dvti_onnx_set_ints(dvti_onnx_out *o, DvtOnnx__Node *n, const char *name, const dvt_ints *value)
{
    DvtOnnx__Attribute *a = add_attribute(o, n, name, TYPE_INTS);

    if (a && (a->ints = take(o, (size_t)value->n, sizeof *a->ints)) != NULL) {
        a->n_ints = (size_t)value->n;
        memcpy(a->ints, value->v, (size_t)value->n * sizeof *a->ints);
    }
}

/* ---- constants ----------------------------------------------------------------------------- */

int32_t dvti_onnx_elem(dvt_dtype dtype)
{
    static const int32_t elem[DVT_DTYPE_COUNT] = {
        [DVT_DTYPE_F32] = 1,  [DVT_DTYPE_U8] = 2,   [DVT_DTYPE_I8] = 3,   [DVT_DTYPE_U16] = 4,
        [DVT_DTYPE_I16] = 5,  [DVT_DTYPE_I32] = 6,  [DVT_DTYPE_I64] = 7,  [DVT_DTYPE_BOOL] = 9,
        [DVT_DTYPE_F16] = 10, [DVT_DTYPE_F64] = 11, [DVT_DTYPE_U32] = 12, [DVT_DTYPE_U64] = 13};

    return elem[dtype];
}

void dvti_onnx_put_tensor(dvti_onnx_out *o, const char *name, const dvt_tensor *t)
{
    DvtOnnx__Tensor *p = take(o, 1, sizeof *p);

    if (!grow(o, (void ***)&o->tensors, o->tensor_count, &o->tensor_room) || !p) {
        return;
    }
    dvt_onnx__tensor__init(p);
    p->dims = take(o, (size_t)t->shape.rank, sizeof *p->dims);
    p->name = copy_text(o, name);
    if (o->st != DVT_OK) {
        return;
    }
    p->n_dims = (size_t)t->shape.rank;
    memcpy(p->dims, t->shape.dim, p->n_dims * sizeof *p->dims);
    p->has_data_type = true;
    p->data_type = dvti_onnx_elem(t->dtype);
    p->has_raw_data = true;
    p->raw_data = (ProtobufCBinaryData){t->bytes, t->data};
    o->tensors[o->tensor_count++] = p;
}

/* A new constant with a copy of the data. */
static const char *put_copy(dvti_onnx_out *o, dvt_dtype dtype, const dvt_shape *shape,
                            const void *data)
{
    const char *name = dvti_onnx_between(o);
    size_t      bytes = (size_t)dvt_shape_count(shape) * dvt_dtype_bytes(dtype);
    void       *copy = take(o, bytes, 1);

    if (copy) {
        dvt_tensor t = dvt_tensor_wrap(dtype, shape, copy);
        memcpy(copy, data, bytes);
        dvti_onnx_put_tensor(o, name, &t);
    }
    return name;
}

const char *dvti_onnx_put_ints(dvti_onnx_out *o, const dvt_ints *values)
{
    dvt_shape shape = DVT_SHAPE(values->n);

    return put_copy(o, DVT_DTYPE_I64, &shape, values->v);
}

const char *dvti_onnx_put_scalar(dvti_onnx_out *o, dvt_dtype dtype, double value)
{
    float     single = (float)value;
    dvt_shape scalar = {.rank = 0};

    return put_copy(o, dtype, &scalar, dtype == DVT_DTYPE_F32 ? (void *)&single : &value);
}

const char *dvti_onnx_put_floats(dvti_onnx_out *o, const float *values, int64_t count)
{
    dvt_shape shape = DVT_SHAPE(count);

    return put_copy(o, DVT_DTYPE_F32, &shape, values);
}

/* ---- the graph ----------------------------------------------------------------------------- */

/* Is v a half that only casts make and read? */
static bool half_between_casts(const dvt_graph *g, dvt_value_id id)
{
    const dvt_value *v = dvt_graph_value(g, id);

    if (v->kind == DVT_VALUE_NODE && dvt_graph_node(g, v->producer)->op != DVT_OP_CAST) {
        return false;
    }
    for (int32_t i = 0; i < dvt_graph_node_count(g); i++) {
        const dvt_node *n = dvt_graph_node(g, (dvt_node_id){i});
        for (int32_t k = 0; !n->dead && k < n->input_count; k++) {
            if (n->inputs[k].i == id.i && n->op != DVT_OP_CAST) {
                return false;
            }
        }
    }
    return true;
}

static void check_value(dvti_onnx_out *o, dvt_value_id id)
{
    const dvt_value *v = dvt_graph_value(o->g, id);

    if (o->st != DVT_OK || dvt_graph_use_count(o->g, id) == 0) {
        return;
    }
    if (v->kind == DVT_VALUE_PARAM) {
        o->st = dvt_fail(o->ctx, DVT_E_USAGE, NULL, "parameter '%s' has no data to write", v->name);
        dvt_fail_hint(o->ctx, "load trained weights, or fill them in with --seed-weights");
    } else if (v->dtype == DVT_DTYPE_F16 && !half_between_casts(o->g, id)) {
        o->st = dvt_fail(o->ctx, DVT_E_UNSUPPORTED, NULL,
                         "value '%s' is f16, which is not written to ONNX", v->name);
    }
}

static void put_constants(dvti_onnx_out *o)
{
    for (int32_t i = 0; o->st == DVT_OK && i < dvt_graph_value_count(o->g); i++) {
        dvt_value_id id = {i};
        dvt_tensor   t;
        check_value(o, id);
        if (o->st == DVT_OK && dvt_graph_use_count(o->g, id) > 0 && dvt_graph_const(o->g, id, &t)) {
            dvti_onnx_put_tensor(o, dvt_graph_value(o->g, id)->name, &t);
        }
    }
}

static void put_nodes(dvti_onnx_out *o)
{
    for (int32_t i = 0; o->st == DVT_OK && i < dvt_graph_node_count(o->g); i++) {
        o->node = dvt_graph_node(o->g, (dvt_node_id){i});
        o->serial = 0;
        if (!o->node->dead) {
            dvti_onnx_put_operator(o);
        }
    }
}

static DvtOnnx__Dimension *make_dimension(dvti_onnx_out *o, int64_t size)
{
    DvtOnnx__Dimension *d = take(o, 1, sizeof *d);

    if (d) {
        dvt_onnx__dimension__init(d);
        d->has_dim_value = true;
        d->dim_value = size;
    }
    return d;
}

static DvtOnnx__ValueInfo *make_info(dvti_onnx_out *o, dvt_value_id id)
{
    const dvt_value     *v = dvt_graph_value(o->g, id);
    DvtOnnx__ValueInfo  *info = take(o, 1, sizeof *info);
    DvtOnnx__Type       *type = take(o, 1, sizeof *type);
    DvtOnnx__TensorType *tensor = take(o, 1, sizeof *tensor);
    DvtOnnx__Shape      *shape = take(o, 1, sizeof *shape);
    DvtOnnx__Dimension **dim = take(o, (size_t)v->shape.rank, sizeof *dim);

    if (!dim) {
        return NULL;
    }
    dvt_onnx__value_info__init(info);
    dvt_onnx__type__init(type);
    dvt_onnx__tensor_type__init(tensor);
    dvt_onnx__shape__init(shape);
    info->name = copy_text(o, v->name);
    info->type = type;
    type->tensor_type = tensor;
    tensor->has_elem_type = true;
    tensor->elem_type = dvti_onnx_elem(v->dtype);
    tensor->shape = shape;
    shape->dim = dim;
    for (int32_t i = 0; i < v->shape.rank; i++) {
        dim[i] = make_dimension(o, v->shape.dim[i]);
    }
    shape->n_dim = (size_t)v->shape.rank;
    return info;
}

static void put_interface(dvti_onnx_out *o, DvtOnnx__Graph *graph)
{
    int32_t inputs = dvt_graph_input_count(o->g), outputs = dvt_graph_output_count(o->g);

    graph->input = take(o, (size_t)inputs, sizeof *graph->input);
    graph->output = take(o, (size_t)outputs, sizeof *graph->output);
    for (int32_t i = 0; o->st == DVT_OK && i < inputs; i++) {
        graph->input[graph->n_input++] = make_info(o, dvt_graph_input(o->g, i));
    }
    for (int32_t i = 0; o->st == DVT_OK && i < outputs; i++) {
        graph->output[graph->n_output++] = make_info(o, dvt_graph_output(o->g, i));
    }
}

/* ---- the model ----------------------------------------------------------------------------- */

/* The IR version that came with an opset. */
static int64_t ir_version(int64_t opset) { return opset >= 19 ? 9 : opset >= 15 ? 8 : 7; }

typedef struct sink {
    ProtobufCBuffer base;
    dvt_buf        *out;
} sink;

static void append(ProtobufCBuffer *base, size_t size, const uint8_t *data)
{
    dvt_buf_append(((sink *)base)->out, data, size);
}

static void pack(dvti_onnx_out *o, DvtOnnx__Graph *graph, dvt_buf *out)
{
    char                 producer[] = "dovetail", domain[] = "";
    DvtOnnx__OperatorSet set = DVT_ONNX__OPERATOR_SET__INIT, *sets[] = {&set};
    DvtOnnx__Model       model = DVT_ONNX__MODEL__INIT;
    sink                 s = {{append}, out};

    set.domain = domain;
    set.has_version = true;
    set.version = o->opset;
    model.has_ir_version = true;
    model.ir_version = ir_version(o->opset);
    model.producer_name = producer;
    model.graph = graph;
    model.n_opset_import = 1;
    model.opset_import = sets;
    if (protobuf_c_message_get_packed_size(&model.base) > (size_t)INT32_MAX) {
        o->st = dvt_fail(o->ctx, DVT_E_CAPACITY, NULL,
                         "the model takes more than 2 GiB, which ONNX files cannot hold");
        return;
    }
    protobuf_c_message_pack_to_buffer(&model.base, &s.base);
    o->st = dvt_buf_status(out);
}

/* Everything but the packing. */
static void put_all(dvti_onnx_out *o, DvtOnnx__Graph *graph)
{
    put_constants(o);
    put_nodes(o);
    put_interface(o, graph);
    graph->name = copy_text(o, dvt_graph_name(o->g));
    graph->n_node = o->node_count;
    graph->node = o->nodes;
    graph->n_initializer = o->tensor_count;
    graph->initializer = o->tensors;
}

/* How some operators are written depends on the opset, which the last node may have raised: then
 * all is written again. */
dvt_status dvt_onnx_save(const dvt_graph *g, dvt_buf *out)
{
    dvt_arena *arena = dvt_arena_create(dvt_graph_ctx(g));
    int64_t    opset = 0, wanted = OPSET_MIN;
    dvt_status st = arena ? DVT_OK : DVT_E_NOMEM;

    while (st == DVT_OK && opset < wanted) {
        DvtOnnx__Graph graph = DVT_ONNX__GRAPH__INIT;
        dvti_onnx_out  o = {.ctx = dvt_graph_ctx(g), .g = g, .opset = wanted, .arena = arena};
        opset = wanted;
        dvt_arena_reset(arena);
        put_all(&o, &graph);
        if (o.st == DVT_OK && o.opset == opset) {
            pack(&o, &graph, out);
        }
        wanted = o.opset;
        st = o.st;
    }
    dvt_arena_destroy(arena);
    return st;
}

dvt_status dvt_onnx_write(const dvt_graph *g, const char *path)
{
    dvt_buf    bytes;
    dvt_status st;

    dvt_buf_init(&bytes, dvt_graph_ctx(g), (size_t)INT32_MAX + 1);
    st = dvt_onnx_save(g, &bytes);
    if (st == DVT_OK) {
        st = dvt_file_write(dvt_graph_ctx(g), path, bytes.data, bytes.len);
    }
    dvt_buf_deinit(&bytes);
    return st;
}
