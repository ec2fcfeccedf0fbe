/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ops.c - the operator and attribute tables as data.
 *
 * Idea      DVT_OP_LIST gives each operator a line; here each operator gets its list of attributes.
 *           Everything that handles attributes (text, binary form, checks, documents) walks these
 *           tables and knows no operator by name.
 * Invariants
 *           (1) each list ends with a nameless entry, which attr_count does not count;
 *           (2) an enumeration attribute is stored as an enum of the size of int.
 * Tests     tests/unit/test_graph_ops.c
 */
#include "graph/graph_int.h"

#include <assert.h>
#include <string.h>

/* ---- texts of the enumerations ------------------------------------------------------------- */

#define TEXT_ITEM(name, text) text,
static const char *const unary_text[] = {DVT_UNARY_LIST(TEXT_ITEM)};
static const char *const binary_text[] = {DVT_BINARY_LIST(TEXT_ITEM)};
static const char *const nary_text[] = {DVT_NARY_LIST(TEXT_ITEM)};
static const char *const reduce_text[] = {DVT_REDUCE_LIST(TEXT_ITEM)};
static const char *const pool_text[] = {DVT_POOL_LIST(TEXT_ITEM)};
static const char *const avg_count_text[] = {DVT_AVG_COUNT_LIST(TEXT_ITEM)};
static const char *const softmax_text[] = {DVT_SOFTMAX_LIST(TEXT_ITEM)};
static const char *const pad_text[] = {DVT_PAD_LIST(TEXT_ITEM)};
static const char *const resize_text[] = {DVT_RESIZE_LIST(TEXT_ITEM)};
static const char *const coord_text[] = {DVT_COORD_LIST(TEXT_ITEM)};
static const char *const nearest_text[] = {DVT_NEAREST_LIST(TEXT_ITEM)};
static const char *const depth_text[] = {DVT_DEPTH_LIST(TEXT_ITEM)};
#undef TEXT_ITEM

static_assert(sizeof(dvt_unary) == sizeof(int) && sizeof(dvt_dtype) == sizeof(int) &&
                  sizeof(dvt_pool) == sizeof(int) && sizeof(dvt_coord) == sizeof(int),
              "enumeration attributes are read and written as int");

/* ---- attributes of each operator ----------------------------------------------------------- */

#define BOOL(member, text) {text, DVT_ATTR_BOOL, offsetof(dvt_attrs, member), NULL, 0},
#define I64(member, text) {text, DVT_ATTR_I64, offsetof(dvt_attrs, member), NULL, 0},
#define F32(member, text) {text, DVT_ATTR_F32, offsetof(dvt_attrs, member), NULL, 0},
#define INTS(member, text) {text, DVT_ATTR_INTS, offsetof(dvt_attrs, member), NULL, 0},
#define FLOATS(member, text) {text, DVT_ATTR_FLOATS, offsetof(dvt_attrs, member), NULL, 0},
#define DTYPE(member, text) {text, DVT_ATTR_DTYPE, offsetof(dvt_attrs, member), NULL, 0},
#define ENUM(member, text, texts)                               \
    {text, DVT_ATTR_ENUM, offsetof(dvt_attrs, member), (texts), \
     (int32_t)(sizeof(texts) / sizeof((texts)[0]))},
#define END {NULL, DVT_ATTR_BOOL, 0, NULL, 0}
#define WINDOW(owner)                                                              \
    INTS(owner.win.kernel, "kernel") INTS(owner.win.stride, "stride")              \
    INTS(owner.win.dilation, "dilation") INTS(owner.win.pad_lo, "pad_lo")          \
    INTS(owner.win.pad_hi, "pad_hi")

static const dvt_attr_desc attrs_CONV[] = {WINDOW(conv) I64(conv.groups, "groups") END};
static const dvt_attr_desc attrs_CONV_TRANSPOSE[] = {
    WINDOW(conv) I64(conv.groups, "groups") INTS(conv.output_pad, "output_pad") END};
static const dvt_attr_desc attrs_DENSE[] = {I64(dense.axis, "axis") END};
static const dvt_attr_desc attrs_MATMUL[] = {END};
static const dvt_attr_desc attrs_GEMM[] = {
    BOOL(gemm.trans_a, "trans_a") BOOL(gemm.trans_b, "trans_b") F32(gemm.alpha, "alpha")
    F32(gemm.beta, "beta") END};
static const dvt_attr_desc attrs_POOL[] = {
    ENUM(pool.kind, "kind", pool_text) WINDOW(pool) BOOL(pool.ceil_mode, "ceil_mode")
    ENUM(pool.avg_count, "avg_count", avg_count_text) I64(pool.p, "p") END};
static const dvt_attr_desc attrs_GLOBAL_POOL[] = {
    ENUM(pool.kind, "kind", pool_text) I64(pool.p, "p") END};
static const dvt_attr_desc attrs_LRN[] = {
    BOOL(lrn.within_channel, "within_channel") I64(lrn.size, "size") F32(lrn.alpha, "alpha")
    F32(lrn.beta, "beta") F32(lrn.k, "k") END};
static const dvt_attr_desc attrs_BATCH_NORM[] = {F32(norm.epsilon, "epsilon") END};
static const dvt_attr_desc attrs_INSTANCE_NORM[] = {F32(norm.epsilon, "epsilon") END};
static const dvt_attr_desc attrs_SCALE[] = {I64(axis.axis, "axis") END};
static const dvt_attr_desc attrs_BIAS[] = {I64(axis.axis, "axis") END};
static const dvt_attr_desc attrs_UNARY[] = {
    ENUM(unary.fn, "fn", unary_text) F32(unary.alpha, "alpha") F32(unary.beta, "beta")
    F32(unary.gamma, "gamma") END};
static const dvt_attr_desc attrs_PRELU[] = {END};
static const dvt_attr_desc attrs_SOFTMAX[] = {
    ENUM(softmax.kind, "kind", softmax_text) I64(softmax.axis, "axis")
    BOOL(softmax.flatten, "flatten") END};
static const dvt_attr_desc attrs_BINARY[] = {
    ENUM(binary.fn2, "fn2", binary_text) BOOL(binary.fmod, "fmod") END};
static const dvt_attr_desc attrs_NARY[] = {ENUM(nary.fnn, "fnn", nary_text) END};
static const dvt_attr_desc attrs_WHERE[] = {END};
static const dvt_attr_desc attrs_REDUCE[] = {
    ENUM(reduce.rfn, "rfn", reduce_text) INTS(reduce.axes, "axes")
    BOOL(reduce.keep_dims, "keep_dims") BOOL(reduce.select_last, "select_last") END};
static const dvt_attr_desc attrs_CONCAT[] = {I64(axis.axis, "axis") END};
static const dvt_attr_desc attrs_SLICE[] = {
    INTS(slice.axes, "axes") INTS(slice.starts, "starts") INTS(slice.ends, "ends")
    INTS(slice.steps, "steps") END};
static const dvt_attr_desc attrs_SPLIT[] = {I64(split.axis, "axis") INTS(split.sizes, "sizes") END};
static const dvt_attr_desc attrs_RESHAPE[] = {INTS(dims.dims, "dims") END};
static const dvt_attr_desc attrs_TRANSPOSE[] = {INTS(transpose.perm, "perm") END};
static const dvt_attr_desc attrs_PAD[] = {
    ENUM(pad.mode, "mode", pad_text) INTS(pad.pad_lo, "pad_lo") INTS(pad.pad_hi, "pad_hi")
    F32(pad.value, "value") END};
static const dvt_attr_desc attrs_RESIZE[] = {
    ENUM(resize.mode, "mode", resize_text) INTS(resize.dims, "dims") FLOATS(resize.scale, "scale")
    ENUM(resize.coord, "coord", coord_text) ENUM(resize.nearest, "nearest", nearest_text)
    F32(resize.cubic_a, "cubic_a") BOOL(resize.exclude_outside, "exclude_outside") END};
static const dvt_attr_desc attrs_DEPTH_TO_SPACE[] = {
    I64(depth.block, "block") ENUM(depth.order, "order", depth_text) END};
static const dvt_attr_desc attrs_SPACE_TO_DEPTH[] = {I64(depth.block, "block") END};
static const dvt_attr_desc attrs_EXPAND[] = {INTS(dims.dims, "dims") END};
static const dvt_attr_desc attrs_TILE[] = {INTS(dims.dims, "dims") END};
static const dvt_attr_desc attrs_GATHER[] = {I64(axis.axis, "axis") END};
static const dvt_attr_desc attrs_CAST[] = {DTYPE(cast.dtype, "dtype") END};
static const dvt_attr_desc attrs_CUMSUM[] = {
    I64(cumsum.axis, "axis") BOOL(cumsum.exclusive, "exclusive") BOOL(cumsum.reverse, "reverse")
    END};
static const dvt_attr_desc attrs_IDENTITY[] = {END};

#define OP_ITEM(op, text, imin, imax, omin, omax, help) \
    {text, help, imin, imax, omin, omax, attrs_##op,    \
     (int32_t)(sizeof(attrs_##op) / sizeof(attrs_##op[0])) - 1},
static const dvt_op_desc op_table[] = {DVT_OP_LIST(OP_ITEM)};
#undef OP_ITEM
static_assert(sizeof(op_table) / sizeof(op_table[0]) == DVT_OP_COUNT, "one line an operator");

const dvt_op_desc *dvt_op_describe(dvt_op op)
{
    return (unsigned)op < DVT_OP_COUNT ? &op_table[op] : NULL;
}

bool dvt_op_parse(const char *name, dvt_op *out)
{
    for (int i = 0; i < DVT_OP_COUNT; i++) {
        if (strcmp(op_table[i].name, name) == 0) {
            *out = (dvt_op)i;
            return true;
        }
    }
    return false;
}

/* ---- defaults ------------------------------------------------------------------------------ */

static dvt_ints filled(int32_t n, int64_t value)
{
    dvt_ints list = {.n = n};
    for (int32_t i = 0; i < n; i++) list.v[i] = value;
    return list;
}

static dvt_window_attrs neutral_window(int32_t n)
{
    return (dvt_window_attrs){.kernel = filled(n, 1),
                              .stride = filled(n, 1),
                              .dilation = filled(n, 1),
                              .pad_lo = filled(n, 0),
                              .pad_hi = filled(n, 0)};
}

dvt_attrs dvt_op_default_attrs(dvt_op op, int32_t spatial)
{
    int32_t   n = spatial < 0 ? 0 : spatial > DVT_MAX_RANK ? DVT_MAX_RANK : spatial;
    dvt_attrs a;

    memset(&a, 0, sizeof a);
    switch (op) {
    case DVT_OP_CONV:
        a.conv.win = neutral_window(n);
        a.conv.groups = 1;
        break;
    case DVT_OP_CONV_TRANSPOSE:
        a.conv.win = neutral_window(n);
        a.conv.groups = 1;
        a.conv.output_pad = filled(n, 0);
        break;
    case DVT_OP_POOL:
        a.pool.win = neutral_window(n);
        a.pool.p = 2;
        break;
    case DVT_OP_GLOBAL_POOL: a.pool.p = 2; break;
    case DVT_OP_DENSE: a.dense.axis = 1; break;
    case DVT_OP_GEMM: a.gemm = (dvt_gemm_attrs){.alpha = 1.0f, .beta = 1.0f}; break;
    case DVT_OP_LRN:
        a.lrn = (dvt_lrn_attrs){.size = 5, .alpha = 1e-4f, .beta = 0.75f, .k = 1.0f};
        break;
    case DVT_OP_BATCH_NORM:
    case DVT_OP_INSTANCE_NORM: a.norm.epsilon = 1e-5f; break;
    case DVT_OP_SCALE:
    case DVT_OP_BIAS:
    case DVT_OP_CONCAT: a.axis.axis = 1; break;
    case DVT_OP_SOFTMAX: a.softmax.axis = 1; break;
    case DVT_OP_REDUCE: a.reduce.keep_dims = true; break;
    case DVT_OP_SPLIT: a.split.axis = 1; break;
    case DVT_OP_RESIZE: a.resize.cubic_a = -0.75f; break;
    case DVT_OP_DEPTH_TO_SPACE:
    case DVT_OP_SPACE_TO_DEPTH: a.depth.block = 1; break;
    case DVT_OP_CAST: a.cast.dtype = DVT_DTYPE_F32; break;
    default: break; /* all zero: unary, gather, cumsum, pad, lists that must be given */
    }
    return a;
}

/* ---- names --------------------------------------------------------------------------------- */

#define NAME_OF(texts, index) \
    ((size_t)(index) < sizeof(texts) / sizeof((texts)[0]) ? (texts)[index] : "?")

const char *dvt_unary_name(dvt_unary fn) { return NAME_OF(unary_text, fn); }
const char *dvt_binary_name(dvt_binary fn) { return NAME_OF(binary_text, fn); }
const char *dvt_nary_name(dvt_nary fn) { return NAME_OF(nary_text, fn); }
const char *dvt_reduce_name(dvt_reduce fn) { return NAME_OF(reduce_text, fn); }
