/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chaidnn_time.c - how long an accelerator takes for one operation, in whole cycles.
 *
 * Convolution
 *            The engine computes `ker` filters at `pix` pixels of two images in a cycle, four input
 *            channels at a time. C4 and Ka are channels and filters in whole groups. A filter that
 *            is longer than 511 words is cut into `straddle` parts of P channels, each `cl` words.
 *            The weight buffer takes n groups of filters at once; a result phase R computes them,
 *            a load phase L fetches the next ones meanwhile. The plane is cut into tiles of as many
 *            rows as input and output buffers hold; a tile computes while the next one is read and
 *            the one before is written.
 * Constants  a (start of a filter group), b (start of a memory burst) in cycles, d (cycles a memory
 *            word): 60, 34 and 8/5. They were chosen on convolutions alone, before additions were
 *            counted: with both the mean |log error| over the 24 published frame rates is 7 %.
 *            Refitting them on a part of the rates makes the rest worse (docs/pareto.md), so they
 *            stand.
 * Shares     With two engines each has its part of the pixels, in twelfths, so that `pix` may be a
 *            fraction: pixels are counted in 24ths (a half is left at 8 bits).
 * Pooling    The engine takes one word of 16 channels of both images in a cycle and window place,
 *            or waits for memory. Without it, and for dense layers, the host takes half a
 *            nanosecond an element compared or multiplied: between the 0.3 and 1.6 ns that the
 *            published frame rates with and without fully connected layers differ by. An addition
 *            waits for memory alone: two words read and one written. These rules are ours.
 * Rounding   up, to whole cycles, at each product with a constant.
 * Limits     channels, filters, sizes up to 2^16, kernels up to 22: no product overflows 64 bits.
 * Tests      tests/unit/test_chaidnn.c (worked by hand), tests/diff/diff_chaidnn.c
 */
#include "space/chaidnn_int.h"

enum {
    FULL_WIDTH = 512, /* bits: the interface at which weights load at d */
    LINE_WORDS = 511, /* longest part of a filter */
    GROUPS_MAX = 15,
    HOST_TICKS = 3, /* an element of both images: 2 x 0.5 ns */
    SIZE_MAX_ = 1 << 16,
    KERNEL_MAX = 22 /* 22 * 22 words still fit a part */
};

static int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

static int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }

static int64_t max64(int64_t a, int64_t b) { return a > b ? a : b; }

const dvti_chaidnn_constants dvti_chaidnn_standing = {60, 34, 8, 5};

static int64_t memory_cycles(const dvti_chaidnn_constants *k, int64_t words)
{
    return ceil_div(words * k->memory_num, k->memory_den);
}

dvt_unit dvt_chaidnn_unit(const dvt_chaidnn *a, const dvt_work *w)
{
    if (w->kind == DVT_WORK_CONV || w->kind == DVT_WORK_ADD) {
        bool point = w->kind == DVT_WORK_ADD || w->kernel == 1;
        return point && a->share < DVT_CHAIDNN_SHARES ? DVT_UNIT_CONV_POINT : DVT_UNIT_CONV_WIDE;
    }
    return DVT_UNIT_POOL;
}

/* ---- convolution --------------------------------------------------------------------------- */

typedef struct conv_plan {
    const dvti_chaidnn_constants *k;
    int64_t                       ker, pix24; /* filters; pixels in 24ths */
    int64_t                       out_h, out_w;
    int64_t                       straddle, part, line; /* s, P, cl */
    int64_t                       groups, rounds;       /* n, nk */
    int64_t                       rows_out;             /* of a full tile */
    int64_t                       feed, group;          /* cycles */
} conv_plan;

/* Output rows of a full tile; 0 if not even one fits. */
static int64_t tile_rows(const dvt_chaidnn *a, const dvt_work *w, const conv_plan *p)
{
    int64_t out = min64(a->output_depth / (ceil_div(w->filters, 32) * p->out_w), p->out_h);
    int64_t in_max = a->input_depth / (ceil_div(w->channels, 32) * w->width);

    if (out < 1 || in_max < w->kernel) {
        return 0;
    }
    return min64(out, (in_max - w->kernel) / w->stride + 1);
}

/* Groups of filters that the weight buffer takes at once: they must divide all groups. */
static int64_t groups_at_once(int64_t all, int64_t line, int64_t depth)
{
    int64_t best = 0;

    for (int64_t n = 1; n <= GROUPS_MAX && n * line <= depth - 1; n++) {
        best = all % n == 0 ? n : best;
    }
    return best;
}

static void plan_filters(const dvt_chaidnn *a, const dvt_work *w, conv_plan *p)
{
    const int64_t area = (int64_t)w->kernel * w->kernel;
    const int64_t quads = ceil_div(w->channels, 4);             /* C4 / 4 */
    const int64_t filter_groups = ceil_div(w->filters, p->ker); /* Ka / KER */
    int64_t       part_quads = quads;

    for (p->straddle = 1; part_quads * area > LINE_WORDS; p->straddle *= 2) {
        part_quads = ceil_div(quads, 2 * p->straddle);
    }
    p->part = 4 * part_quads;
    p->line = area * part_quads;
    p->groups = groups_at_once(filter_groups, p->line, a->weight_depth);
    if (p->groups == 0) {
        return;
    }
    p->rounds = filter_groups / p->groups;
    const bool resident = filter_groups * area * quads < 2 * ((int64_t)a->weight_depth - 1) &&
                          p->straddle == 1 && 2 * p->groups >= filter_groups;
    const int64_t pix = ceil_div(p->pix24, 24);
    const int64_t result = p->groups * max64(p->line + p->k->filter_start, pix) + pix;
    const int64_t load =
        ceil_div((p->groups * p->line + p->k->burst_start) * p->k->memory_num * FULL_WIDTH,
                 (int64_t)p->k->memory_den * a->memory_bits);
    p->group = (resident ? 0 : load) + (p->rounds - 1) * max64(result, load) + result;
    p->feed = ceil_div(p->part, 64) * ceil_div(p->pix24, 16 * 24) * 16 * area;
}

static void make_plan(const dvti_chaidnn_constants *k, const dvt_chaidnn *a, const dvt_work *w,
                      conv_plan *p)
{
    const int64_t share =
        w->kernel > 1 || a->share == DVT_CHAIDNN_SHARES ? a->share : DVT_CHAIDNN_SHARES - a->share;

    *p = (conv_plan){
        .k = k,
        .ker = a->filter_par,
        .pix24 = a->pixel_par * share * (a->feature_bits == 6 ? 2 : 1),
        .out_h = ceil_div(w->height, w->stride),
        .out_w = ceil_div(w->width, w->stride),
    };
    plan_filters(a, w, p);
    p->rows_out = tile_rows(a, w, p);
}

/* The tile that starts at output row `y`: its computation, reading and writing in cycles. */
static void tile_cost(const dvt_work *w, const conv_plan *p, int64_t y, int64_t *run, int64_t *in,
                      int64_t *out)
{
    const int64_t rows = min64(p->rows_out, p->out_h - y);
    const int64_t rows_in = min64((rows - 1) * w->stride + w->kernel, w->height);

    *run =
        p->feed + ceil_div(rows * p->out_w * 24, p->pix24) * p->straddle * max64(p->feed, p->group);
    *in = memory_cycles(p->k, rows_in * w->width * ceil_div(w->channels, 16) + p->k->burst_start);
    *out = memory_cycles(p->k, rows * p->out_w * ceil_div(w->filters, 16) + p->k->burst_start);
}

static bool work_is_valid(const dvt_work *w)
{
    return w->channels > 0 && w->channels <= SIZE_MAX_ && w->filters > 0 &&
           w->filters <= SIZE_MAX_ && w->height > 0 && w->height <= SIZE_MAX_ && w->width > 0 &&
           w->width <= SIZE_MAX_ && w->kernel > 0 && w->kernel <= KERNEL_MAX && w->stride > 0 &&
           w->stride <= KERNEL_MAX;
}

static dvt_status fail_work(dvt_ctx *ctx, const dvt_work *w)
{
    return dvt_fail(ctx, DVT_E_USAGE, NULL,
                    "an operation of %d to %d channels on %d x %d, kernel %d, stride %d is outside "
                    "the limits of the cost model",
                    (int)w->channels, (int)w->filters, (int)w->height, (int)w->width,
                    (int)w->kernel, (int)w->stride);
}

static dvt_status conv_cycles(dvt_ctx *ctx, const dvti_chaidnn_constants *k, const dvt_chaidnn *a,
                              const dvt_work *w, int64_t *out)
{
    conv_plan p;
    int64_t   run, in, store, next_run = 0, next_in = 0, next_store = 0, before = 0, total;

    *out = 0;
    if (!work_is_valid(w)) {
        return fail_work(ctx, w);
    }
    make_plan(k, a, w, &p);
    if (p.groups == 0 || p.rows_out == 0) {
        dvt_fail(ctx, DVT_E_CAPACITY, NULL,
                 "a convolution of %d to %d channels on %d x %d, kernel %d, does not fit the %s",
                 (int)w->channels, (int)w->filters, (int)w->height, (int)w->width, (int)w->kernel,
                 p.groups == 0 ? "weight buffer" : "input or output buffer");
        dvt_fail_hint(ctx, "one row of the output must fit: deeper buffers, or a smaller plane");
        return DVT_E_CAPACITY;
    }
    tile_cost(w, &p, 0, &run, &in, &store);
    total = in;
    for (int64_t y = 0; y < p.out_h; y += p.rows_out) {
        const bool last = y + p.rows_out >= p.out_h;
        if (!last) {
            tile_cost(w, &p, y + p.rows_out, &next_run, &next_in, &next_store);
        }
        total += max64(run, max64(last ? 0 : next_in, before));
        before = store;
        run = next_run;
        store = next_store;
    }
    *out = total + before;
    return DVT_OK;
}

dvt_status dvt_chaidnn_conv_cycles(dvt_ctx *ctx, const dvt_chaidnn *a, const dvt_work *w,
                                   int64_t *out)
{
    return conv_cycles(ctx, &dvti_chaidnn_standing, a, w, out);
}

/* ---- everything else ----------------------------------------------------------------------- */

/* Cycles of pooling on its engine: the slower of windows and memory. */
static int64_t pool_cycles(const dvt_work *w, int64_t out_h, int64_t out_w, int64_t area)
{
    const int64_t lanes = ceil_div(w->channels, 16);
    const int64_t windows = out_h * out_w * area * lanes;
    const int64_t words = (int64_t)w->height * w->width * lanes + out_h * out_w * lanes;
    const dvti_chaidnn_constants *k = &dvti_chaidnn_standing;

    return max64(windows, memory_cycles(k, words + k->burst_start)) +
           memory_cycles(k, k->burst_start);
}

static int64_t add_cycles(const dvti_chaidnn_constants *k, const dvt_work *w)
{
    const int64_t words = (int64_t)w->height * w->width * ceil_div(w->channels, 16);

    return memory_cycles(k, 3 * (words + k->burst_start));
}

static int64_t pool_ticks(const dvt_chaidnn *a, const dvt_work *w, int64_t cycle)
{
    const bool    whole = w->kind == DVT_WORK_MEAN_POOL;
    const int64_t out_h = whole ? 1 : ceil_div(w->height, w->stride);
    const int64_t out_w = whole ? 1 : ceil_div(w->width, w->stride);
    const int64_t area = whole ? (int64_t)w->height * w->width : (int64_t)w->kernel * w->kernel;

    return a->pool_engine ? cycle * pool_cycles(w, out_h, out_w, area)
                          : out_h * out_w * area * w->channels * HOST_TICKS;
}

dvt_status dvt_chaidnn_ticks(dvt_ctx *ctx, const dvt_chaidnn *a, const dvt_work *w, int64_t *out)
{
    dvt_chaidnn_cost cost;
    dvt_status       st = DVT_OK;
    int64_t          cycles = 0, ticks = 0;

    *out = 0;
    if (!work_is_valid(w)) {
        return fail_work(ctx, w);
    }
    dvt_chaidnn_cost_of(a, &cost);
    const int64_t cycle = cost.clock_mhz == 300 ? 10 : 12;
    switch (w->kind) {
    case DVT_WORK_CONV:
        st = dvt_chaidnn_conv_cycles(ctx, a, w, &cycles);
        ticks = cycle * cycles;
        break;
    case DVT_WORK_ADD: ticks = cycle * add_cycles(&dvti_chaidnn_standing, w); break;
    case DVT_WORK_MAX_POOL:
    case DVT_WORK_MEAN_POOL: ticks = pool_ticks(a, w, cycle); break;
    case DVT_WORK_DENSE: ticks = (int64_t)w->channels * w->filters * HOST_TICKS; break;
    }
    if (st == DVT_OK && ticks > INT32_MAX) {
        return dvt_fail(ctx, DVT_E_CAPACITY, NULL, "an operation of %lld ticks is above the limit",
                        (long long)ticks);
    }
    *out = ticks;
    return st;
}

/* ---- networks ------------------------------------------------------------------------------ */

static dvt_status work_of_conv(const dvt_graph *g, const dvt_node *n, dvt_work *out)
{
    const dvt_value        *x = dvt_graph_value(g, n->inputs[0]);
    const dvt_value        *w = dvt_graph_value(g, n->inputs[1]);
    const dvt_value        *y = dvt_graph_value(g, n->outputs[0]);
    const dvt_window_attrs *win = &n->attrs.conv.win;
    bool                    square =
        n->attrs.conv.groups == 1 && x->shape.rank == 4 && w->shape.dim[2] == w->shape.dim[3];

    for (int32_t i = 0; square && i < win->stride.n; i++) {
        square = win->stride.v[i] == win->stride.v[0] &&
                 (i >= win->dilation.n || win->dilation.v[i] == 1);
    }
    for (int32_t i = 0; square && i < 4; i++) {
        square = x->shape.dim[i] <= SIZE_MAX_ && w->shape.dim[i] <= SIZE_MAX_;
    }
    const int64_t stride = win->stride.n ? win->stride.v[0] : 1;
    for (int32_t i = 2; square && i < 4; i++) {
        square = y->shape.dim[i] == ceil_div(x->shape.dim[i], stride);
    }
    if (!square) {
        return dvt_fail(
            dvt_graph_ctx(g), DVT_E_UNSUPPORTED, NULL,
            "convolution '%s' has groups, dilation, unequal sides, not two dimensions, "
            "or not the padding that keeps size / stride: the model of CHaiDNN has none "
            "of these",
            n->name);
    }
    *out = (dvt_work){.kind = DVT_WORK_CONV,
                      .channels = (int32_t)x->shape.dim[1],
                      .filters = (int32_t)w->shape.dim[0],
                      .height = (int32_t)x->shape.dim[2],
                      .width = (int32_t)x->shape.dim[3],
                      .kernel = (int32_t)w->shape.dim[2],
                      .stride = (int32_t)min64(stride, INT32_MAX)};
    return DVT_OK;
}

/* Additions of images of one size; *count: how many operands are added to the first. */
static bool work_of_sum(const dvt_graph *g, const dvt_node *n, dvt_work *out, int64_t *count)
{
    const dvt_shape *y = &dvt_graph_value(g, n->outputs[0])->shape;
    bool             sum = (n->op == DVT_OP_NARY && n->attrs.nary.fnn == DVT_NARY_SUM) ||
               (n->op == DVT_OP_BINARY && n->attrs.binary.fn2 == DVT_BINARY_ADD);

    for (int32_t i = 0; sum && i < n->input_count; i++) {
        sum = dvt_shape_equal(y, &dvt_graph_value(g, n->inputs[i])->shape);
    }
    for (int32_t i = 1; sum && i < 4; i++) {
        sum = y->rank == 4 && y->dim[i] <= SIZE_MAX_;
    }
    if (sum) {
        *out = (dvt_work){.kind = DVT_WORK_ADD,
                          .channels = (int32_t)y->dim[1],
                          .filters = (int32_t)y->dim[1],
                          .height = (int32_t)y->dim[2],
                          .width = (int32_t)y->dim[3],
                          .kernel = 1,
                          .stride = 1};
        *count = n->input_count - 1;
    }
    return sum;
}

static dvt_status node_cycles(const dvt_graph *g, const dvt_node *n,
                              const dvti_chaidnn_constants *k, const dvt_chaidnn *a, int64_t *out)
{
    dvt_work   w;
    int64_t    count;
    dvt_status st = DVT_OK;

    *out = 0;
    if (n->op == DVT_OP_CONV) {
        st = work_of_conv(g, n, &w);
        if (st == DVT_OK) {
            st = conv_cycles(dvt_graph_ctx(g), k, a, &w, out);
        }
    } else if (work_of_sum(g, n, &w, &count)) {
        *out = count * add_cycles(k, &w);
    }
    return st;
}

dvt_status dvti_chaidnn_graph_cycles(const dvt_graph *g, const dvti_chaidnn_constants *k,
                                     const dvt_chaidnn *a, int64_t *out)
{
    int64_t total = 0;

    *out = 0;
    for (int32_t i = 0; i < dvt_graph_node_count(g); i++) {
        const dvt_node *n = dvt_graph_node(g, (dvt_node_id){i});
        int64_t         cycles = 0;
        dvt_status      st = n->dead ? DVT_OK : node_cycles(g, n, k, a, &cycles);
        if (st != DVT_OK) {
            dvt_fail_note(dvt_graph_ctx(g), "while timing node '%s'", n->name);
            return st;
        }
        total += cycles;
    }
    *out = total;
    return DVT_OK;
}

dvt_status dvt_chaidnn_graph_cycles(const dvt_graph *g, const dvt_chaidnn *a, int64_t *out)
{
    return dvti_chaidnn_graph_cycles(g, &dvti_chaidnn_standing, a, out);
}
