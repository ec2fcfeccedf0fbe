/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nb201_program.c - the program of a NAS-Bench-201 cell, and the network around it as shapes.
 *
 * Cells     What lies on no path from input to output computes nothing that is read and is left
 *           out, as a compiler would; a skip is no operation: a node that is one skip of another
 *           node is that node. A node that sums n tensors takes n - 1 additions, behind the
 *           operations that it reads. A cell without a path has no operations: its network is
 *           timed as what remains.
 * Order     What is left is a graph of at most four nodes. A node's operands are sorted by
 *           operation and source; where both inner nodes could come first, the order is taken whose
 *           list of operands is least. So isomorphic cells have one program.
 * Shapes    id 4 s + k: stage s = 0..2; k = conv3x3, conv1x1, pooling 3x3, addition. From 12 on the
 *           rest: stem; two reduction blocks of (conv3x3 of stride 2, conv3x3, pooling 2x2,
 *           conv1x1, addition); global pooling; dense.
 * Kinds     a cell of each stage, five times; batch-norm and ReLU belong to convolutions.
 * Limits    average pooling is timed as max pooling: the engine moves the same windows.
 * Tests     tests/unit/test_pairs.c
 */
#include <string.h>

#include "space/cell_program.h"
#include "space/nb201_int.h"

enum {
    SHAPE_CONV3X3,
    SHAPE_CONV1X1,
    SHAPE_POOL,
    SHAPE_ADD,
    STAGE_SHAPES,
    STEM = DVTI_NB201_STAGES * STAGE_SHAPES,
    BLOCKS,
    BLOCK_SHAPES = 5,
    GLOBAL = BLOCKS + 2 * BLOCK_SHAPES,
    DENSE,
    SHAPES
};

/* ---- shapes -------------------------------------------------------------------------------- */

static dvt_work work_of(dvt_work_kind kind, int32_t in, int32_t out, int32_t size, int32_t kernel,
                        int32_t stride)
{
    return (dvt_work){.kind = kind,
                      .channels = in,
                      .filters = out,
                      .height = size,
                      .width = size,
                      .kernel = kernel,
                      .stride = stride};
}

static dvt_work stage_work(int32_t stage, int32_t shape)
{
    const int32_t c = dvti_nb201_channels(stage), size = DVTI_NB201_IMAGE_SIZE >> stage;

    switch (shape) {
    case SHAPE_CONV3X3: return work_of(DVT_WORK_CONV, c, c, size, 3, 1);
    case SHAPE_CONV1X1: return work_of(DVT_WORK_CONV, c, c, size, 1, 1);
    case SHAPE_POOL: return work_of(DVT_WORK_MAX_POOL, c, c, size, 3, 1);
    default: return work_of(DVT_WORK_ADD, c, c, size, 1, 1);
    }
}

/* The block in front of stage 1 or 2. */
static dvt_work block_work(int32_t stage, int32_t shape)
{
    const int32_t c = dvti_nb201_channels(stage), size = DVTI_NB201_IMAGE_SIZE >> stage;

    switch (shape) {
    case 0: return work_of(DVT_WORK_CONV, c / 2, c, 2 * size, 3, 2);
    case 1: return work_of(DVT_WORK_CONV, c, c, size, 3, 1);
    case 2: return work_of(DVT_WORK_MAX_POOL, c / 2, c / 2, 2 * size, 2, 2);
    case 3: return work_of(DVT_WORK_CONV, c / 2, c, size, 1, 1);
    default: return work_of(DVT_WORK_ADD, c, c, size, 1, 1);
    }
}

static dvt_work work(int32_t shape)
{
    const int32_t last = dvti_nb201_channels(DVTI_NB201_STAGES - 1);
    const int32_t size = DVTI_NB201_IMAGE_SIZE >> (DVTI_NB201_STAGES - 1);

    if (shape < STEM) {
        return stage_work(shape / STAGE_SHAPES, shape % STAGE_SHAPES);
    }
    if (shape >= BLOCKS && shape < GLOBAL) {
        return block_work(1 + (shape - BLOCKS) / BLOCK_SHAPES, (shape - BLOCKS) % BLOCK_SHAPES);
    }
    switch (shape) {
    case STEM:
        return work_of(DVT_WORK_CONV, DVTI_NB201_IMAGE_CHANNELS, dvti_nb201_channels(0),
                       DVTI_NB201_IMAGE_SIZE, 3, 1);
    case GLOBAL: return work_of(DVT_WORK_MEAN_POOL, last, last, size, 1, 1);
    default: return work_of(DVT_WORK_DENSE, last, DVTI_NB201_CLASSES, 1, 1, 1);
    }
}

static int64_t fixed(const uint32_t *ticks, bool two)
{
    const dvti_program block = {
        .count = BLOCK_SHAPES,
        .unit = {DVT_UNIT_CONV_WIDE, DVT_UNIT_CONV_WIDE, DVT_UNIT_POOL, DVT_UNIT_CONV_POINT,
                 DVT_UNIT_CONV_POINT},
        .reads = {0, 1u << 0, 0, 1u << 2, 1u << 1 | 1u << 3},
        .shape = {{0}, {1}, {2}, {3}, {4}},
    };
    int64_t sum = (int64_t)ticks[STEM] + ticks[GLOBAL] + ticks[DENSE];

    for (int32_t s = 0; s < 2; s++) {
        sum += dvti_program_cell(&block, ticks + BLOCKS + s * BLOCK_SHAPES, two, 0);
    }
    return sum;
}

const dvti_family dvti_family_nb201 = {
    .name = "nasbench201",
    .shapes = SHAPES,
    .kinds = DVTI_NB201_STAGES,
    .times = {DVTI_NB201_CELLS, DVTI_NB201_CELLS, DVTI_NB201_CELLS},
    .work = work,
    .fixed = fixed};

/* ---- a cell without skips ------------------------------------------------------------------ */

/* Operands by rising key: 8 x operation + source's place, from input 0; skips come last. */
typedef struct net {
    int32_t nodes; /* behind the input; the last one is the output */
    int32_t count[DVTI_NB201_NODES];
    uint8_t operand[DVTI_NB201_NODES][DVTI_NB201_NODES];
} net;

enum { KEY_OP = 8, KEY_SKIP = STAGE_SHAPES };

static uint8_t key_of(int op, int source)
{
    static const uint8_t shape[DVT_NB201_OPS] = {[DVT_NB201_SKIP] = KEY_SKIP,
                                                 [DVT_NB201_CONV1X1] = SHAPE_CONV1X1,
                                                 [DVT_NB201_CONV3X3] = SHAPE_CONV3X3,
                                                 [DVT_NB201_AVGPOOL3X3] = SHAPE_POOL};
    return (uint8_t)(KEY_OP * shape[op] + source);
}

/* What node `y` reads: operations and the nodes (after contraction) they are of. */
static int32_t operands_of(const dvt_nb201_cell *c, uint32_t live, const int *same, int y, int *op,
                           int *source)
{
    int32_t count = 0;

    for (int x = 0; x < y; x++) {
        if ((live >> x & 1u) && dvti_nb201_op(c, x, y) != DVT_NB201_NONE) {
            op[count] = dvti_nb201_op(c, x, y);
            source[count++] = same[x];
        }
    }
    return count;
}

static void add_operand(net *n, int32_t node, uint8_t key)
{
    int32_t at = n->count[node]++;

    for (; at > 0 && n->operand[node][at - 1] > key; at--) {
        n->operand[node][at] = n->operand[node][at - 1];
    }
    n->operand[node][at] = key;
}

/* The graph with the inner nodes in the given order. same: the node that a node is (itself, or the
 * one it skips to); place[node] is set. */
static void make_net(const dvt_nb201_cell *c, uint32_t live, const int *same, const int order[3],
                     net *out)
{
    int place[DVTI_NB201_NODES] = {0};

    memset(out, 0, sizeof *out);
    for (int i = 0; i < DVTI_NB201_NODES - 1; i++) {
        const int y = order[i];
        int       op[DVTI_NB201_NODES], source[DVTI_NB201_NODES];
        if (!(live >> y & 1u) || same[y] != y) {
            continue;
        }
        const int32_t count = operands_of(c, live, same, y, op, source);
        place[y] = 1 + out->nodes;
        for (int32_t k = 0; k < count; k++) {
            add_operand(out, out->nodes, key_of(op[k], place[source[k]]));
        }
        out->nodes++;
    }
}

/* Does inner node 2 read node 1? */
static bool in_order(const dvt_nb201_cell *c, uint32_t live, const int *same)
{
    return !(live >> 1 & 1u) || !(live >> 2 & 1u) || same[1] != 1 || same[2] != 2 ||
           dvti_nb201_op(c, 1, 2) != DVT_NB201_NONE;
}

static void least_net(const dvt_nb201_cell *c, uint32_t live, net *out)
{
    static const int forward[3] = {1, 2, 3}, swapped[3] = {2, 1, 3};
    int              same[DVTI_NB201_NODES] = {0, 1, 2, 3};
    net              other;

    for (int y = 1; y < DVTI_NB201_NODES; y++) {
        int op[DVTI_NB201_NODES], source[DVTI_NB201_NODES];
        if ((live >> y & 1u) && operands_of(c, live, same, y, op, source) == 1 &&
            op[0] == DVT_NB201_SKIP) {
            same[y] = source[0];
        }
    }
    make_net(c, live, same, forward, out);
    if (!in_order(c, live, same)) {
        make_net(c, live, same, swapped, &other);
        if (memcmp(&other, out, sizeof other) < 0) {
            *out = other;
        }
    }
}

/* ---- program ------------------------------------------------------------------------------- */

static uint32_t append(dvti_program *p, int32_t shape, dvt_unit unit, uint32_t reads)
{
    for (int s = 0; s < DVTI_NB201_STAGES; s++) {
        p->shape[p->count][s] = (uint8_t)(s * STAGE_SHAPES + shape);
    }
    p->unit[p->count] = (uint8_t)unit;
    p->reads[p->count] = reads;
    return 1u << p->count++;
}

static uint32_t append_node(dvti_program *p, const net *n, int32_t node, const uint32_t *done)
{
    static const dvt_unit unit[STAGE_SHAPES] = {DVT_UNIT_CONV_WIDE, DVT_UNIT_CONV_POINT,
                                                DVT_UNIT_POOL, DVT_UNIT_CONV_POINT};
    uint32_t              term[DVTI_NB201_NODES] = {0};

    for (int32_t i = 0; i < n->count[node]; i++) {
        const int32_t  shape = n->operand[node][i] / KEY_OP;
        const uint32_t read = done[n->operand[node][i] % KEY_OP];
        term[i] = shape == KEY_SKIP ? read : append(p, shape, unit[shape], read);
    }
    for (int32_t i = 1; i < n->count[node]; i++) {
        term[0] = append(p, SHAPE_ADD, unit[SHAPE_ADD], term[0] | term[i]);
    }
    return term[0];
}

void dvti_program_nb201(const dvt_nb201_cell *cell, dvti_program *out)
{
    const uint32_t live = dvti_nb201_live(cell);
    uint32_t       done[DVTI_NB201_NODES] = {0}; /* by place; the input is there from the start */
    net            n;

    memset(out, 0, sizeof *out);
    if (!(live & 1u)) {
        return;
    }
    least_net(cell, live, &n);
    for (int32_t i = 0; i < n.nodes; i++) {
        done[1 + i] = append_node(out, &n, i, done);
    }
}
