/* SPDX-License-Identifier: Apache-2.0 */
/*
 * random_graph.c - draws, operands and the loop of the random graph generator.
 *
 * Idea      random_graph.h. The makers of the operators are in random_graph_ops.c.
 */
#include "support/random_graph_int.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NODES_DEFAULT = 12, ELEMENTS_DEFAULT = 2048, INPUTS_MAX = 6, NAME_MAX_BYTES = 64 };
static const double bound_max = 64.0;

/* ---- draws --------------------------------------------------------------------------------- */

int64_t rg_int(rg *r, int64_t lo, int64_t hi)
{
    return lo + (int64_t)dvt_rng_below(&r->rng, (uint64_t)(hi - lo) + 1);
}

bool rg_chance(rg *r, int32_t percent) { return rg_int(r, 0, 99) < percent; }

float rg_real(rg *r, float lo, float hi) { return lo + (hi - lo) * dvt_rng_f32(&r->rng); }

/* A name to ask for, or NULL for the builder's own. */
static const char *draw_name(rg *r, char out[NAME_MAX_BYTES])
{
    static const char *const odd[] = {"input",   "none",      "a b",       "x:0",         "\"q\"",
                                      "back\\s", "tab\there", "line\nend", "n\xc3\xa4me", "\x01",
                                      "1e3",     "-",         "a=b",       "#x",          "node",
                                      "[1,2]",   "(f)",       "sha256",    "dvg",         "\x7f"};
    if (!r->opts->odd_names || rg_chance(r, 30)) return NULL;
    const char *word = odd[rg_int(r, 0, (int64_t)(sizeof odd / sizeof odd[0]) - 1)];
    if (rg_chance(r, 50))
        snprintf(out, NAME_MAX_BYTES, "%s", word);
    else
        snprintf(out, NAME_MAX_BYTES, "%s/%d", word, (int)rg_int(r, 0, 99));
    return out;
}

/* ---- the pool ------------------------------------------------------------------------------ */

const dvt_shape *rg_shape(const rg *r, rg_value v) { return &dvt_graph_value(r->g, v.id)->shape; }
dvt_dtype        rg_dtype(const rg *r, rg_value v) { return dvt_graph_value(r->g, v.id)->dtype; }

static void push(rg *r, rg_value v)
{
    if (r->st != DVT_OK || v.id.i < 0) return;
    int64_t count = dvt_shape_count(rg_shape(r, v));
    if (count > r->elements_max || count == 0) return;
    if (r->pool_count == r->pool_cap) {
        int32_t   cap = r->pool_cap ? 2 * r->pool_cap : 64;
        rg_value *grown = dvt_realloc(r->ctx, r->pool, (size_t)cap * sizeof *grown);
        if (!grown) {
            r->st = DVT_E_NOMEM;
            return;
        }
        r->pool = grown;
        r->pool_cap = cap;
    }
    r->pool[r->pool_count++] = v;
}

static rg_value make_input(rg *r, int32_t rank)
{
    static const int64_t channels[] = {1, 2, 3, 4, 6, 8};
    char                 name[NAME_MAX_BYTES];
    dvt_shape            s = {.rank = rank};
    rg_value             v = {.id = DVT_NO_VALUE, .bound = 1.0};

    for (int32_t i = 0; i < rank; i++) s.dim[i] = rg_int(r, rank > 4 ? 3 : 4, rank > 4 ? 5 : 9);
    if (rank > 0) s.dim[0] = rg_int(r, 1, 2);
    if (rank > 1) s.dim[1] = channels[rg_int(r, 0, 5)];
    r->st = dvt_graph_add_input(r->g, draw_name(r, name), DVT_DTYPE_F32, &s, &v.id);
    push(r, v);
    return v;
}

bool rg_pick(rg *r, dvt_dtype dtype, int32_t lo, int32_t hi, rg_value *out)
{
    int32_t start = r->pool_count ? (int32_t)rg_int(r, 0, r->pool_count - 1) : 0;
    bool    fresh = dtype == DVT_DTYPE_F32 && dvt_graph_input_count(r->g) < INPUTS_MAX;

    if (r->st != DVT_OK) return false;
    for (int32_t i = 0; i < r->pool_count; i++) {
        *out = r->pool[(start + i) % r->pool_count];
        int32_t rank = rg_shape(r, *out)->rank;
        if ((dtype == DVT_DTYPE_NONE || rg_dtype(r, *out) == dtype) && rank >= lo && rank <= hi)
            return true;
    }
    if (!fresh || lo > 5) return false;
    *out = make_input(r, (int32_t)rg_int(r, lo, hi > 5 ? 5 : hi));
    return r->st == DVT_OK;
}

/* ---- constants ----------------------------------------------------------------------------- */

static rg_value add_const(rg *r, dvt_tensor *t, double bound)
{
    char     name[NAME_MAX_BYTES];
    rg_value v = {.id = DVT_NO_VALUE, .bound = bound};

    if (r->st == DVT_OK) r->st = dvt_graph_add_const(r->g, draw_name(r, name), t, &v.id);
    dvt_tensor_deinit(r->ctx, t);
    return v;
}

rg_value rg_weights(rg *r, const dvt_shape *shape, float lo, float hi)
{
    char       name[NAME_MAX_BYTES];
    rg_value   v = {.id = DVT_NO_VALUE, .bound = fmax(fabs((double)lo), fabs((double)hi))};
    dvt_tensor t;

    if (r->st != DVT_OK) return v;
    if (r->opts->params) {
        r->st = dvt_graph_add_param(r->g, draw_name(r, name), DVT_DTYPE_F32, shape, &v.id);
        return v;
    }
    r->st = dvt_tensor_init(r->ctx, DVT_DTYPE_F32, shape, &t);
    if (r->st != DVT_OK) return v;
    int64_t count = dvt_shape_count(shape);
    for (int64_t i = 0; i < count; i++) ((float *)t.data)[i] = rg_real(r, lo, hi);
    return add_const(r, &t, v.bound);
}

rg_value rg_integers(rg *r, dvt_dtype dtype, const dvt_shape *shape, int64_t lo, int64_t hi)
{
    dvt_tensor t;

    if (r->st == DVT_OK) r->st = dvt_tensor_init(r->ctx, dtype, shape, &t);
    if (r->st != DVT_OK) return (rg_value){.id = DVT_NO_VALUE};
    int64_t count = dvt_shape_count(shape);
    for (int64_t i = 0; i < count; i++) {
        int64_t x = rg_int(r, lo, hi);
        switch (dtype) {
        case DVT_DTYPE_I32: ((int32_t *)t.data)[i] = (int32_t)x; break;
        case DVT_DTYPE_I64: ((int64_t *)t.data)[i] = x; break;
        case DVT_DTYPE_F64: ((double *)t.data)[i] = (double)x; break;
        default: ((uint8_t *)t.data)[i] = (uint8_t)x; break;
        }
    }
    return add_const(r, &t, fmax(fabs((double)lo), fabs((double)hi)));
}

dvt_shape rg_broadcastable(rg *r, const dvt_shape *to)
{
    dvt_shape s = {.rank = rg_chance(r, 60) ? to->rank : (int32_t)rg_int(r, 0, to->rank)};

    for (int32_t i = 0; i < s.rank; i++)
        s.dim[i] = rg_chance(r, 60) ? to->dim[to->rank - s.rank + i] : 1;
    return s;
}

/* ---- nodes --------------------------------------------------------------------------------- */

static rg_value emit_raw(rg *r, dvt_op op, const dvt_attrs *a, const rg_value *inputs,
                         int32_t count, double bound)
{
    char          name[NAME_MAX_BYTES], result[NAME_MAX_BYTES];
    dvt_value_id  ids[8];
    const char   *names[1] = {draw_name(r, result)};
    rg_value      out = {.id = DVT_NO_VALUE, .bound = bound};
    dvt_node_spec spec = {.op = op,
                          .name = draw_name(r, name),
                          .source =
                              r->opts->odd_names && rg_chance(r, 30) ? "here, \"line\" 3" : "",
                          .inputs = ids,
                          .input_count = count,
                          .output_count = 1,
                          .output_names = names,
                          .attrs = *a};

    if (r->st != DVT_OK) return out;
    for (int32_t i = 0; i < count; i++) ids[i] = inputs[i].id;
    r->st = dvt_graph_add_node(r->g, &spec, &out.id);
    return out;
}

rg_value rg_emit(rg *r, dvt_op op, const dvt_attrs *a, const rg_value *inputs, int32_t count,
                 double bound)
{
    rg_value v = emit_raw(r, op, a, inputs, count, bound);

    if (r->st == DVT_OK && !(bound <= bound_max) && rg_dtype(r, v) == DVT_DTYPE_F32) {
        dvt_attrs clip = dvt_op_default_attrs(DVT_OP_UNARY, 0);
        clip.unary = (dvt_unary_attrs){.fn = DVT_UNARY_CLIP, .alpha = -4.0f, .beta = 4.0f};
        v = emit_raw(r, DVT_OP_UNARY, &clip, &v, 1, 4.0);
    }
    push(r, v);
    return v;
}

void rg_emit_many(rg *r, dvt_op op, const dvt_attrs *a, rg_value input, int32_t outputs)
{
    dvt_value_id  ids[16];
    dvt_node_spec spec = {
        .op = op, .inputs = &input.id, .input_count = 1, .output_count = outputs, .attrs = *a};

    if (r->st == DVT_OK) r->st = dvt_graph_add_node(r->g, &spec, ids);
    for (int32_t i = 0; r->st == DVT_OK && i < outputs; i++)
        push(r, (rg_value){ids[i], input.bound});
}

rg_value rg_unary(rg *r, dvt_unary fn, rg_value x, float alpha, float beta, double bound)
{
    dvt_attrs a = dvt_op_default_attrs(DVT_OP_UNARY, 0);

    a.unary = (dvt_unary_attrs){.fn = fn, .alpha = alpha, .beta = beta};
    return rg_emit(r, DVT_OP_UNARY, &a, &x, 1, bound);
}

rg_value rg_clip(rg *r, rg_value x, float lo, float hi)
{
    double bound = fmax(fabs((double)lo), fabs((double)hi));

    if (lo <= -(float)x.bound && (float)x.bound <= hi) return x;
    return rg_unary(r, DVT_UNARY_CLIP, x, lo, hi, bound);
}

rg_value rg_away_from_zero(rg *r, rg_value x)
{
    dvt_attrs a = dvt_op_default_attrs(DVT_OP_BINARY, 0);
    dvt_shape scalar = {.rank = 0};
    rg_value  in[2] = {rg_unary(r, DVT_UNARY_ABS, x, 0.0f, 0.0f, x.bound),
                       rg_weights(r, &scalar, 0.5f, 0.75f)};

    a.binary.fn2 = DVT_BINARY_ADD;
    return rg_emit(r, DVT_OP_BINARY, &a, in, 2, x.bound + 0.75);
}

/* ---- the graph ----------------------------------------------------------------------------- */

static bool makes_jumps(dvt_op op)
{
    return op == DVT_OP_CAST || op == DVT_OP_WHERE || op == DVT_OP_GATHER;
}

static dvt_op draw_op(rg *r)
{
    const random_graph_opts *o = r->opts;
    dvt_op                   op;

    if (o->only) return o->only[rg_int(r, 0, o->only_count - 1)];
    do op = (dvt_op)rg_int(r, 0, DVT_OP_COUNT - 1);
    while (o->smooth && makes_jumps(op));
    return op;
}

/* Every result that nothing reads is an output, and now and then one that is read. */
static void add_outputs(rg *r)
{
    int32_t count = dvt_graph_value_count(r->g);

    for (int32_t i = 0; r->st == DVT_OK && i < count; i++) {
        dvt_value_id v = {i};
        if (dvt_graph_value(r->g, v)->kind != DVT_VALUE_NODE) continue;
        if (dvt_graph_use_count(r->g, v) == 0 || rg_chance(r, 3))
            r->st = dvt_graph_add_output(r->g, v);
    }
}

dvt_status random_graph_make(dvt_ctx *ctx, const random_graph_opts *opts, dvt_graph **out)
{
    rg      r = {.ctx = ctx,
                 .opts = opts,
                 .rng = dvt_rng_make(opts->seed, 0x6772617068),
                 .elements_max = opts->elements_max ? opts->elements_max : ELEMENTS_DEFAULT};
    int32_t want = opts->nodes ? opts->nodes : NODES_DEFAULT, made = 0;

    *out = NULL;
    r.g = dvt_graph_create(ctx, opts->odd_names ? "random \"graph\"" : "random");
    if (!r.g) return DVT_E_NOMEM;
    make_input(&r, 4);
    for (int32_t tries = 0; r.st == DVT_OK && made < want && tries < 50 * want; tries++)
        made += rg_maker_of(draw_op(&r))(&r);
    add_outputs(&r);
    if (r.st == DVT_OK)
        *out = r.g;
    else
        dvt_graph_destroy(r.g);
    dvt_free(ctx, r.pool);
    return r.st;
}

dvt_status random_graph_input(const dvt_graph *g, int32_t index, uint64_t seed, dvt_tensor *out)
{
    const dvt_value *v = dvt_graph_value(g, dvt_graph_input(g, index));
    dvt_rng          rng = dvt_rng_make(seed, (uint64_t)index);
    dvt_status       st = dvt_tensor_init(dvt_graph_ctx(g), v->dtype, &v->shape, out);

    for (int64_t i = 0; st == DVT_OK && i < dvt_shape_count(&v->shape); i++)
        ((float *)out->data)[i] = 2.0f * dvt_rng_f32(&rng) - 1.0f;
    return st;
}
