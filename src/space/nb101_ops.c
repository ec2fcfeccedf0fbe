/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nb101_ops.c - the network of a NAS-Bench-101 cell as a list of operations of 85 shapes.
 *
 * Idea      With at most 9 edges no more than 4 vertices feed the output, so a vertex has one of 5
 *           widths: 1, 1/2, 1/3 rounded up or down, 1/4 of the cell's channels C. That makes for
 *           each of 3 stacks 5 convolutions 3x3, 5 pools, 5 additions and 5 convolutions 1x1 that
 *           keep the width; projections of the cell's input add 1x1 convolutions from C to the 4
 *           other widths, and in the first cells of stacks 1 and 2, whose input has C/2 channels,
 *           from C/2 to the 4 widths that are not C/2. With stem, two poolings between stacks,
 *           global pooling and the dense layer: 60 + 12 + 8 + 5 = 85.
 * Ids       0 conv3x3, 15 maxpool3x3, 30 add, 45 conv1x1 that keeps the width, each + 5 stack +
 *           width; 60 projections from C, 72 from C/2 (4 a stack each); 80 the fixed ones.
 * Order     Per cell by vertex: projection of the input, additions, the vertex's operation; then
 *           projection and addition of the output. As the reference implementation builds it.
 * Tests     tests/unit/test_nb101_cell.c; parameters against the published table in
 *           tests/unit/test_nb101_table.c
 */
#include <assert.h>

#include "space/nb101_int.h"

/* ---- shapes -------------------------------------------------------------------------------- */

static int32_t width_channels(int32_t channels, int32_t width)
{
    switch (width) {
    case 0: return channels;
    case 1: return channels / 2;
    case 2: return (channels + 2) / 3;
    case 3: return channels / 3;
    default: return channels / 4;
    }
}

int32_t dvti_nb101_width_of(int32_t channels, int32_t part)
{
    for (int32_t width = 0; width < DVTI_NB101_WIDTHS; width++) {
        if (width_channels(channels, width) == part) {
            return width;
        }
    }
    assert(false && "a valid cell has no other widths");
    return 0;
}

static dvt_nb101_shape fixed_shape(int32_t id)
{
    int32_t last = dvti_nb101_channels(DVTI_NB101_STACKS - 1);
    int32_t size = dvti_nb101_size(DVTI_NB101_STACKS - 1);

    switch (id) {
    case DVTI_NB101_STEM:
        return (dvt_nb101_shape){DVT_NB101_OP_CONV3X3, DVTI_NB101_IMAGE_CHANNELS,
                                 DVTI_NB101_STEM_CHANNELS, DVTI_NB101_IMAGE_SIZE,
                                 DVTI_NB101_IMAGE_SIZE};
    case DVTI_NB101_GLOBAL: return (dvt_nb101_shape){DVT_NB101_OP_AVGPOOL, last, last, size, 1};
    case DVTI_NB101_HEAD:
        return (dvt_nb101_shape){DVT_NB101_OP_DENSE, last, DVTI_NB101_CLASSES, 1, 1};
    default: {
        int32_t from = id - DVTI_NB101_DOWN;
        return (dvt_nb101_shape){DVT_NB101_OP_MAXPOOL2X2, dvti_nb101_channels(from),
                                 dvti_nb101_channels(from), dvti_nb101_size(from),
                                 dvti_nb101_size(from + 1)};
    }
    }
}

dvt_nb101_shape dvt_nb101_shape_of(int32_t id)
{
    static const dvt_nb101_kind kinds[] = {DVT_NB101_OP_CONV3X3, DVT_NB101_OP_MAXPOOL3X3,
                                           DVT_NB101_OP_ADD, DVT_NB101_OP_CONV1X1};
    dvt_nb101_kind              kind = DVT_NB101_OP_CONV1X1;
    int32_t                     stack, width, in;

    if (id >= DVTI_NB101_FIXED_AT) {
        return fixed_shape(id);
    }
    if (id < DVTI_NB101_FROM_C_AT) {
        kind = kinds[id / (3 * DVTI_NB101_WIDTHS)];
        stack = id % (3 * DVTI_NB101_WIDTHS) / DVTI_NB101_WIDTHS;
        width = id % DVTI_NB101_WIDTHS;
        in = width_channels(dvti_nb101_channels(stack), width);
    } else if (id < DVTI_NB101_FROM_HALF_AT) {
        stack = (id - DVTI_NB101_FROM_C_AT) / (DVTI_NB101_WIDTHS - 1);
        width = (id - DVTI_NB101_FROM_C_AT) % (DVTI_NB101_WIDTHS - 1) + 1;
        in = dvti_nb101_channels(stack);
    } else {
        stack = (id - DVTI_NB101_FROM_HALF_AT) / (DVTI_NB101_WIDTHS - 1) + 1;
        width = (id - DVTI_NB101_FROM_HALF_AT) % (DVTI_NB101_WIDTHS - 1);
        width += width >= 1;
        in = dvti_nb101_channels(stack) / 2;
    }
    return (dvt_nb101_shape){kind, in, width_channels(dvti_nb101_channels(stack), width),
                             dvti_nb101_size(stack), dvti_nb101_size(stack)};
}

int64_t dvt_nb101_shape_macs(int32_t id)
{
    dvt_nb101_shape s = dvt_nb101_shape_of(id);
    int64_t         channels = (int64_t)s.in_channels * s.out_channels;

    switch (s.kind) {
    case DVT_NB101_OP_CONV3X3: return 9 * channels * s.out_size * s.out_size;
    case DVT_NB101_OP_CONV1X1: return channels * s.out_size * s.out_size;
    case DVT_NB101_OP_DENSE: return channels;
    default: return 0;
    }
}

int64_t dvt_nb101_shape_parameters(int32_t id)
{
    dvt_nb101_shape s = dvt_nb101_shape_of(id);
    int64_t         channels = (int64_t)s.in_channels * s.out_channels;

    switch (s.kind) {
    case DVT_NB101_OP_CONV3X3: return 9 * channels + 2 * s.out_channels;
    case DVT_NB101_OP_CONV1X1: return channels + 2 * s.out_channels;
    case DVT_NB101_OP_DENSE: return channels + s.out_channels;
    default: return 0;
    }
}

/* ---- one cell ------------------------------------------------------------------------------ */

/* A tensor by the operations that must have run: one, or several whose results are concatenated. */
typedef struct source {
    uint8_t count, op[DVT_NB101_MAX_DEPS];
} source;

typedef struct builder {
    const dvt_nb101_cell *cell;
    dvt_nb101_ops        *ops;
    int32_t               stack, index; /* of the cell in its stack */
    int32_t               in_channels, channels;
    source                input; /* of the cell */
} builder;

static source append(builder *b, int32_t shape, const source *x, const source *y)
{
    uint8_t       place = (uint8_t)b->ops->count;
    dvt_nb101_op *op = &b->ops->op[b->ops->count++];

    assert(b->ops->count <= DVT_NB101_MAX_OPS);
    *op = (dvt_nb101_op){
        .shape = (uint8_t)shape, .stack = (uint8_t)b->stack, .cell = (uint8_t)b->index};
    for (const source *s = x; s; s = s == x ? y : NULL) {
        for (uint8_t i = 0; i < s->count; i++) {
            assert(op->dep_count < DVT_NB101_MAX_DEPS);
            op->deps[op->dep_count++] = s->op[i];
        }
    }
    return (source){1, {place}};
}

int32_t dvti_nb101_projection(int32_t stack, bool from_half, int32_t width)
{
    if (width == (from_half ? 1 : 0)) {
        return DVTI_NB101_KEEP_1X1_AT + stack * DVTI_NB101_WIDTHS + width;
    }
    return from_half ? DVTI_NB101_FROM_HALF_AT + (stack - 1) * (DVTI_NB101_WIDTHS - 1) + width -
                           (width > 1)
                     : DVTI_NB101_FROM_C_AT + stack * (DVTI_NB101_WIDTHS - 1) + width - 1;
}

static source project(builder *b, int32_t channels)
{
    const int32_t width = dvti_nb101_width_of(b->channels, channels);

    return append(b, dvti_nb101_projection(b->stack, b->in_channels != b->channels, width),
                  &b->input, NULL);
}

/* x + y, or y where x is still empty. */
static source add(builder *b, int32_t channels, const source *x, const source *y)
{
    if (!x->count) {
        return *y;
    }
    return append(b,
                  DVTI_NB101_ADD_AT + b->stack * DVTI_NB101_WIDTHS +
                      dvti_nb101_width_of(b->channels, channels),
                  x, y);
}

static source vertex(builder *b, int v, int32_t channels, const source *done)
{
    static const int32_t first[DVT_NB101_LABELS] = {[DVT_NB101_CONV3X3] = DVTI_NB101_CONV3X3_AT,
                                                    [DVT_NB101_CONV1X1] = DVTI_NB101_KEEP_1X1_AT,
                                                    [DVT_NB101_MAXPOOL3X3] = DVTI_NB101_MAXPOOL_AT};
    source               sum = {0};

    if (dvt_nb101_edge(b->cell, 0, v)) {
        sum = project(b, channels);
    }
    for (int x = 1; x < v; x++) {
        if (dvt_nb101_edge(b->cell, x, v)) {
            sum = add(b, channels, &sum, &done[x]);
        }
    }
    return append(b,
                  first[b->cell->ops[v - 1]] + b->stack * DVTI_NB101_WIDTHS +
                      dvti_nb101_width_of(b->channels, channels),
                  &sum, NULL);
}

/* Appends the cell; b->input becomes its output. */
static void append_cell(builder *b)
{
    int     last = b->cell->vertices - 1;
    int32_t channels[DVT_NB101_MAX_VERTICES];
    source  done[DVT_NB101_MAX_VERTICES], output = {0};

    dvti_nb101_vertex_channels(b->cell, b->channels, channels);
    for (int v = 1; v < last; v++) {
        done[v] = vertex(b, v, channels[v], done);
        if (dvt_nb101_edge(b->cell, v, last)) {
            output.op[output.count++] = done[v].op[0];
        }
    }
    if (dvt_nb101_edge(b->cell, 0, last)) {
        source input = project(b, b->channels);
        output = add(b, b->channels, &output, &input);
    }
    b->input = output;
    b->in_channels = b->channels;
}

/* ---- network ------------------------------------------------------------------------------- */

void dvt_nb101_operations(const dvt_nb101_cell *c, dvt_nb101_ops *out)
{
    builder b = {.cell = c, .ops = out, .in_channels = DVTI_NB101_STEM_CHANNELS};

    out->count = 0;
    b.input = append(&b, DVTI_NB101_STEM, NULL, NULL);
    for (b.stack = 0; b.stack < DVTI_NB101_STACKS; b.stack++) {
        b.channels = dvti_nb101_channels(b.stack);
        b.index = 0;
        if (b.stack > 0) {
            b.input = append(&b, DVTI_NB101_DOWN + b.stack - 1, &b.input, NULL);
        }
        for (b.index = 0; b.index < DVTI_NB101_CELLS; b.index++) {
            append_cell(&b);
        }
    }
    b.stack = DVTI_NB101_STACKS - 1;
    b.index = DVTI_NB101_CELLS - 1;
    b.input = append(&b, DVTI_NB101_GLOBAL, &b.input, NULL);
    append(&b, DVTI_NB101_HEAD, &b.input, NULL);
}

int64_t dvt_nb101_parameters(const dvt_nb101_cell *c)
{
    dvt_nb101_ops ops;
    int64_t       sum = 0;

    dvt_nb101_operations(c, &ops);
    for (int32_t i = 0; i < ops.count; i++) {
        sum += dvt_nb101_shape_parameters(ops.op[i].shape);
    }
    return sum;
}

int64_t dvt_nb101_macs(const dvt_nb101_cell *c)
{
    dvt_nb101_ops ops;
    int64_t       sum = 0;

    dvt_nb101_operations(c, &ops);
    for (int32_t i = 0; i < ops.count; i++) {
        sum += dvt_nb101_shape_macs(ops.op[i].shape);
    }
    return sum;
}
