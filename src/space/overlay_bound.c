/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overlay_bound.c - the least cycles that a network takes on an overlay.
 *
 * Idea      Words run one after the other (docs/timing.md section 4), and a trip completes at most
 *           one turn and drains at most one beat a cycle. So a network takes at least the sum, over
 *           the values that must be made by a trip each, of the larger of its turns and its beats.
 *           What must be made: every convolution; every pooling; a ReLU whose operand is read
 *           otherwise, too, so that it cannot be done on the way of the operand.
 * Merged    The compiler may make convolutions of one operand and one window in a single trip:
 *           their filters count together. Filters over few channels may be folded so that rows and
 *           columns of the window fill the vector: only the product counts then.
 * Beats     A result of the array leaves in ceil(k_vec / c_vec) blocks of all lanes, B lanes a
 *           beat, each taking as long as the kernel scale needs if a bias is added. The first beat
 *           waits for the first result's turns; the last beat comes behind the last turn; both for
 *           the pipeline, the route, and the launch.
 * Blocks    What a convolution of its own made is laid out by turns of k_vec
 *           (src/compile/README.md, map "array"), and so is what pooling, ReLU and sums make of
 *           such values. All else counts as dense, which is the least there can be.
 * Banks     A turn takes as many cycles as the busiest bank has lanes (section 5).
 * Left out  Dense layers, global pooling, sums, all that goes to the host: they bound nothing.
 * Tests     tests/unit/test_overlay_cost.c (bound <= cycles over random pairs)
 */
#include <string.h>

#include "space/overlay_cost_int.h"

/* ---- what must be done --------------------------------------------------------------------- */

/* Field by field, so that bytes between them stay 0. */
static void fill(dvti_trip *out, const dvti_trip *t)
{
    out->kind = t->kind;
    out->channels = t->channels;
    out->filters = t->filters;
    out->in_height = t->in_height;
    out->in_width = t->in_width;
    out->height = t->height;
    out->width = t->width;
    out->window = t->window;
    out->win = t->win;
    out->average = t->average;
    out->bias = t->bias;
    out->by_turns = t->by_turns;
}

/* Per-channel arithmetic, which becomes a convolution's weights and bias once they have data. */
static bool is_affine(const dvt_node *n)
{
    return n->op == DVT_OP_BATCH_NORM || n->op == DVT_OP_SCALE || n->op == DVT_OP_BIAS;
}

/* Marks values that change with the network's input: the others are computed while compiling. */
static void mark_live(const dvt_graph *g, bool *live)
{
    for (int32_t i = 0; i < dvt_graph_input_count(g); i++) {
        live[dvt_graph_input(g, i).i] = true;
    }
    for (int32_t i = 0; i < dvt_graph_node_count(g); i++) {
        const dvt_node *n = dvt_graph_node(g, (dvt_node_id){i});
        bool            any = false;
        for (int32_t k = 0; !n->dead && k < n->input_count; k++) {
            any = any || (n->inputs[k].i >= 0 && live[n->inputs[k].i]);
        }
        for (int32_t k = 0; !n->dead && k < n->output_count; k++) {
            live[n->outputs[k].i] = any;
        }
    }
}

/* Has the convolution a bias, of its own or from the arithmetic that alone reads it? */
static bool has_bias(const dvt_graph *g, const dvt_node *conv)
{
    if (conv->input_count > 2 && conv->inputs[2].i >= 0) {
        return true;
    }
    for (int32_t i = 0;
         dvt_graph_use_count(g, conv->outputs[0]) == 1 && i < dvt_graph_node_count(g); i++) {
        const dvt_node *n = dvt_graph_node(g, (dvt_node_id){i});
        if (!n->dead && n->input_count > 0 && n->inputs[0].i == conv->outputs[0].i) {
            return n->op == DVT_OP_BATCH_NORM || n->op == DVT_OP_BIAS;
        }
    }
    return false;
}

static bool is_image(const dvt_shape *s) { return s->rank == 4 && s->dim[0] == 1; }

static bool same_window(const dvt_node *a, const dvt_node *b)
{
    return a->inputs[0].i == b->inputs[0].i &&
           memcmp(&a->attrs.conv.win, &b->attrs.conv.win, sizeof a->attrs.conv.win) == 0;
}

/* The filters of all convolutions that could share a trip with n; 0 if one before n did so. */
static int64_t shared_filters(const dvt_graph *g, int32_t n)
{
    const dvt_node *node = dvt_graph_node(g, (dvt_node_id){n});
    int64_t         filters = 0;

    for (int32_t i = 0; i < dvt_graph_node_count(g); i++) {
        const dvt_node *other = dvt_graph_node(g, (dvt_node_id){i});
        if (other->dead || other->op != DVT_OP_CONV || !same_window(node, other)) {
            continue;
        }
        if (i < n) {
            return 0;
        }
        filters += dvt_graph_value(g, other->outputs[0])->shape.dim[1];
    }
    return filters;
}

/* Is v laid out by turns of k_vec? Producers stand before their readers: the chain ends. */
static bool laid_by_turns(const dvt_graph *g, dvt_value_id v)
{
    const dvt_value *value = dvt_graph_value(g, v);
    const dvt_node  *n = value->kind == DVT_VALUE_NODE ? dvt_graph_node(g, value->producer) : NULL;

    if (!n) {
        return false;
    }
    if (n->op == DVT_OP_CONV) {
        return n->attrs.conv.groups == 1 &&
               shared_filters(g, value->producer.i) == value->shape.dim[1];
    }
    if (n->op == DVT_OP_POOL || n->op == DVT_OP_UNARY || n->op == DVT_OP_NARY || is_affine(n) ||
        (n->op == DVT_OP_BINARY && n->attrs.binary.fn2 == DVT_BINARY_ADD)) {
        return laid_by_turns(g, n->inputs[0]);
    }
    return false;
}

static bool conv_trip(const dvt_graph *g, int32_t n, dvti_trip *out)
{
    const dvt_node  *node = dvt_graph_node(g, (dvt_node_id){n});
    const dvt_shape *x = &dvt_graph_value(g, node->inputs[0])->shape;
    const dvt_shape *y = &dvt_graph_value(g, node->outputs[0])->shape;

    if (!is_image(x) || !is_image(y) || node->attrs.conv.groups != 1) {
        return false;
    }
    fill(out,
         &(dvti_trip){.kind = DVTI_TRIP_CONV,
                      .channels = x->dim[1],
                      .filters = shared_filters(g, n),
                      .in_height = x->dim[2],
                      .in_width = x->dim[3],
                      .height = y->dim[2],
                      .width = y->dim[3],
                      .window = node->attrs.conv.win.kernel.v[0] * node->attrs.conv.win.kernel.v[1],
                      .win = node->attrs.conv.win,
                      .bias = has_bias(g, node),
                      .by_turns = laid_by_turns(g, node->inputs[0])});
    return out->filters > 0;
}

static bool pool_trip(const dvt_graph *g, const dvt_node *node, dvti_trip *out)
{
    const dvt_shape *x = &dvt_graph_value(g, node->inputs[0])->shape;
    const dvt_shape *y = &dvt_graph_value(g, node->outputs[0])->shape;

    if (!is_image(y)) {
        return false;
    }
    fill(out,
         &(dvti_trip){.kind = DVTI_TRIP_POOL,
                      .channels = y->dim[1],
                      .in_height = x->dim[2],
                      .in_width = x->dim[3],
                      .height = y->dim[2],
                      .width = y->dim[3],
                      .window = node->attrs.pool.win.kernel.v[0] * node->attrs.pool.win.kernel.v[1],
                      .win = node->attrs.pool.win,
                      .average = node->attrs.pool.kind == DVT_POOL_AVG,
                      .by_turns = laid_by_turns(g, node->inputs[0])});
    return true;
}

/* Does something besides ReLUs read v? */
static bool read_otherwise(const dvt_graph *g, dvt_value_id v)
{
    if (dvt_graph_is_output(g, v)) {
        return true;
    }
    for (int32_t i = 0; i < dvt_graph_node_count(g); i++) {
        const dvt_node *n = dvt_graph_node(g, (dvt_node_id){i});
        bool            relu = n->op == DVT_OP_UNARY && n->attrs.unary.fn == DVT_UNARY_RELU;
        for (int32_t k = 0; !n->dead && !relu && k < n->input_count; k++) {
            if (n->inputs[k].i == v.i) {
                return true;
            }
        }
    }
    return false;
}

static bool copy_trip(const dvt_graph *g, const dvt_node *node, dvti_trip *out)
{
    const dvt_shape *y = &dvt_graph_value(g, node->outputs[0])->shape;

    if (node->attrs.unary.fn != DVT_UNARY_RELU || !is_image(y) ||
        dvt_graph_value(g, node->inputs[0])->kind != DVT_VALUE_NODE ||
        !read_otherwise(g, node->inputs[0])) {
        return false;
    }
    fill(out, &(dvti_trip){.kind = DVTI_TRIP_COPY,
                           .channels = y->dim[1],
                           .in_height = y->dim[2],
                           .in_width = y->dim[3],
                           .height = y->dim[2],
                           .width = y->dim[3],
                           .window = 1,
                           .win = dvt_op_default_attrs(DVT_OP_CONV, 2).conv.win,
                           .by_turns = laid_by_turns(g, node->inputs[0])});
    return true;
}

static bool trip_of(const dvt_graph *g, int32_t n, dvti_trip *out)
{
    const dvt_node *node = dvt_graph_node(g, (dvt_node_id){n});

    switch (node->dead ? DVT_OP_IDENTITY : node->op) {
    case DVT_OP_CONV: return conv_trip(g, n, out);
    case DVT_OP_POOL: return pool_trip(g, node, out);
    case DVT_OP_UNARY: return copy_trip(g, node, out);
    default: return false;
    }
}

static void add_trip(dvt_workload *w, dvti_trip t)
{
    for (int32_t i = 0; i < w->count; i++) {
        t.count = w->trips[i].count;
        if (memcmp(&w->trips[i], &t, sizeof t) == 0) {
            w->trips[i].count++;
            return;
        }
    }
    t.count = 1;
    w->trips[w->count++] = t;
}

/* Operators, attributes, types, shapes and who reads whom, in order: graphs of one form are
 * compiled to the same words. Values are numbered as they are met. */
static uint64_t form_of(const dvt_graph *g, int32_t *number)
{
    uint64_t form = 0;
    int32_t  met = 0;

    for (int32_t i = 0; i < dvt_graph_node_count(g); i++) {
        const dvt_node *n = dvt_graph_node(g, (dvt_node_id){i});
        for (int32_t k = 0; k < n->input_count + n->output_count; k++) {
            dvt_value_id     v = k < n->input_count ? n->inputs[k] : n->outputs[k - n->input_count];
            const dvt_value *value = v.i >= 0 ? dvt_graph_value(g, v) : NULL;
            int64_t          what[4] = {-1};
            if (value) {
                number[v.i] = number[v.i] ? number[v.i] : ++met;
                what[0] = number[v.i];
                what[1] = (int64_t)value->kind;
                what[2] = (int64_t)value->dtype;
                what[3] = dvt_graph_is_output(g, v);
                form = dvt_hash64(value->shape.dim,
                                  (size_t)value->shape.rank * sizeof *value->shape.dim, form);
            }
            form = dvt_hash64(what, sizeof what, form);
        }
        form = dvt_hash64(&n->attrs, sizeof n->attrs, form ^ (uint64_t)n->op);
    }
    return form;
}

dvt_status dvt_workload_of(const dvt_graph *g, dvt_workload **out)
{
    dvt_ctx        *ctx = dvt_graph_ctx(g);
    dvt_passes_opts all = {0};
    dvt_workload   *w = dvt_calloc(ctx, 1, sizeof *w);
    dvt_graph      *copy = NULL;
    bool           *live = NULL;
    int32_t        *number = NULL;
    dvt_status      st = DVT_E_NOMEM;

    *out = NULL;
    if (w) {
        w->ctx = ctx;
        st = dvt_graph_clone(g, &copy);
    }
    if (st == DVT_OK) {
        st = dvt_passes_run(copy, dvt_graph_passes(), &all);
    }
    if (st == DVT_OK) {
        w->trips = dvt_calloc(ctx, (size_t)dvt_graph_node_count(copy) + 1, sizeof *w->trips);
        live = dvt_calloc(ctx, (size_t)dvt_graph_value_count(copy) + 1, sizeof *live);
        number = dvt_calloc(ctx, (size_t)dvt_graph_value_count(copy) + 1, sizeof *number);
        st = w->trips && live && number ? DVT_OK : DVT_E_NOMEM;
    }
    if (st == DVT_OK) {
        w->form = form_of(copy, number);
        mark_live(copy, live);
    }
    for (int32_t i = 0; st == DVT_OK && i < dvt_graph_node_count(copy); i++) {
        dvti_trip t;
        memset(&t, 0, sizeof t); /* trips are compared as bytes */
        if (trip_of(copy, i, &t) && live[dvt_graph_node(copy, (dvt_node_id){i})->inputs[0].i]) {
            add_trip(w, t);
        }
    }
    if (st == DVT_OK) {
        *out = w;
        w = NULL;
    }
    dvt_free(ctx, live);
    dvt_free(ctx, number);
    dvt_graph_destroy(copy);
    dvt_workload_destroy(w);
    return st;
}

void dvt_workload_destroy(dvt_workload *w)
{
    if (w) {
        dvt_free(w->ctx, w->trips);
        dvt_free(w->ctx, w);
    }
}

/* ---- how long it takes at least ------------------------------------------------------------ */

static int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

static int64_t max64(int64_t a, int64_t b) { return a > b ? a : b; }

/* Cycles that the banks need for one turn: lane (p, q) reads row h + p stride, column w + q stride
 * of a plane whose rows follow one another. */
static int32_t turn_load(const dvti_trip *t, const dvt_overlay *o, int64_t h, int64_t w)
{
    int32_t load[DVTI_BANKS_MAX] = {0}, most = 1;

    for (int32_t p = 0; p < o->p_vec; p++) {
        int64_t row = h + p * t->win.stride.v[0];
        for (int32_t q = 0; row >= 0 && row < t->in_height && q < o->q_vec; q++) {
            int64_t column = w + q * t->win.stride.v[1];
            if (column >= 0 && column < t->in_width) {
                int32_t *bank = &load[(row * t->in_width + column) % o->stream_buffer_banks];
                most = ++*bank > most ? *bank : most;
            }
        }
    }
    return most;
}

/* All turns of one channel block by the cycles that the banks need for each. */
void dvti_trip_loads(const dvti_trip *t, const dvt_overlay *o, int64_t out[DVTI_LOADS])
{
    memset(out, 0, DVTI_LOADS * sizeof *out);
    if (o->stream_buffer_banks > DVTI_BANKS_MAX) {
        out[1] = ceil_div(t->height, o->p_vec) * ceil_div(t->width, o->q_vec) * t->window;
        return;
    }
    for (int64_t y = 0; y < t->height; y += o->p_vec) {
        for (int64_t x = 0; x < t->width; x += o->q_vec) {
            for (int64_t k = 0; k < t->window; k++) {
                int64_t r = k / t->win.kernel.v[1], s = k % t->win.kernel.v[1];
                int64_t h = y * t->win.stride.v[0] - t->win.pad_lo.v[0] + r * t->win.dilation.v[0];
                int64_t w = x * t->win.stride.v[1] - t->win.pad_lo.v[1] + s * t->win.dilation.v[1];
                int32_t load = turn_load(t, o, h, w);
                out[load < DVTI_LOADS ? load : DVTI_LOADS - 1]++;
            }
        }
    }
}

/* Cycles of those turns if one begins at least `interval` cycles behind another. */
static int64_t load_cycles(const int64_t loads[DVTI_LOADS], int64_t interval)
{
    int64_t cycles = 0;

    for (int32_t l = 1; l < DVTI_LOADS; l++) {
        cycles += loads[l] * max64(l, interval);
    }
    return cycles;
}

static int64_t pace_of(const dvt_overlay *o, int64_t beat_blocks, dvt_kernel k)
{
    return dvt_overlay_has(o, k) ? ceil_div(beat_blocks * o->c_vec, o->aux_vec[k]) : 1;
}

/* Blocks of c_vec that hold so many channels. */
static int64_t blocks_of(const dvt_overlay *o, int64_t channels, bool by_turns)
{
    int64_t rest = channels % o->k_vec;

    return by_turns ? channels / o->k_vec * ceil_div(o->k_vec, o->c_vec) + ceil_div(rest, o->c_vec)
                    : ceil_div(channels, o->c_vec);
}

/* The turns of the first result end after `first` cycles, those of all after `all`; results have
 * `beats` beats, each `pace` cycles; behind the last turn of a result are `depth` stages. */
static int64_t trip_cycles(int64_t first, int64_t all, int64_t results, int64_t beats, int64_t pace,
                           int64_t depth)
{
    int64_t drained = first + (results * beats - 1) * pace, turned = all + (beats - 1) * pace;

    return max64(drained, turned) + depth;
}

static int64_t conv_bound(const dvt_overlay *o, const dvt_overlay_derived *d, const dvti_trip *t,
                          const int64_t loads[DVTI_LOADS])
{
    int64_t tiles = ceil_div(t->width, o->q_vec) * ceil_div(t->height, o->p_vec);
    int64_t passes = ceil_div(t->filters, o->k_vec), results = passes * tiles;
    int64_t blocks = blocks_of(o, t->channels, t->by_turns);
    bool    thin = t->channels < o->c_vec; /* may be folded */
    int64_t first = thin ? ceil_div(t->channels * t->window, o->c_vec) : blocks * t->window;
    int64_t all = thin ? results * first : passes * blocks * load_cycles(loads, 1);
    int64_t beats = d->blocks_per_result * ceil_div(d->pixels, d->beat_blocks);
    int64_t pace = t->bias ? pace_of(o, d->beat_blocks, DVT_KERNEL_SCALE) : 1;

    return trip_cycles(first, all, results, beats, pace,
                       DVT_TIMING_DA + DVT_TIMING_LS_ARRAY + DVT_TIMING_LP);
}

static int64_t stream_bound(const dvt_overlay *o, const dvt_overlay_derived *d, const dvti_trip *t,
                            const int64_t loads[DVTI_LOADS])
{
    int64_t tiles = ceil_div(t->width, o->q_vec) * ceil_div(t->height, o->p_vec);
    int64_t blocks = blocks_of(o, t->channels, t->by_turns), interval = 1, pace = 1;
    int64_t beats = ceil_div(d->pixels, d->beat_blocks);

    if (t->kind == DVTI_TRIP_POOL && dvt_overlay_has(o, DVT_KERNEL_POOL)) {
        interval = ceil_div((int64_t)d->pixels * o->c_vec, o->aux_vec[DVT_KERNEL_POOL]);
        interval = t->average ? max64(interval, DVT_TIMING_LA) : interval;
    } else if (t->kind == DVTI_TRIP_COPY) {
        pace = pace_of(o, d->beat_blocks, DVT_KERNEL_ACT);
    }
    return trip_cycles((t->window - 1) * interval + 1,
                       blocks * load_cycles(loads, interval) - interval + 1, blocks * tiles, beats,
                       pace, DVT_TIMING_READ + DVT_TIMING_LS_STREAM + DVT_TIMING_LP);
}

int64_t dvti_trip_bound(const dvti_trip *t, const dvt_overlay *o, const int64_t loads[DVTI_LOADS])
{
    dvt_overlay_derived d;

    dvt_overlay_derive(o, &d);
    return t->kind == DVTI_TRIP_CONV ? conv_bound(o, &d, t, loads) : stream_bound(o, &d, t, loads);
}

int64_t dvt_overlay_bound(const dvt_workload *w, const dvt_overlay *o)
{
    int64_t loads[DVTI_LOADS], cycles = 0;

    for (int32_t i = 0; i < w->count; i++) {
        dvti_trip_loads(&w->trips[i], o, loads);
        cycles += w->trips[i].count * dvti_trip_bound(&w->trips[i], o, loads);
    }
    return cycles;
}
