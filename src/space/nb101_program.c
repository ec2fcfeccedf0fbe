/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nb101_program.c - the program of a NAS-Bench-101 cell, straight from its edges.
 *
 * Idea      dvt_nb101_operations() lists up to 192 operations of nine cells. Here one cell's are
 *           written down once, and the shapes of the five kinds of cells follow from the widths of
 *           the vertices: five times faster, for the 423,624 cells of a search.
 * Order     of dvt_nb101_operations(), which tests/unit/test_pairs.c compares with.
 */
#include <assert.h>

#include "space/cell_program.h"
#include "space/nb101_int.h"

/* Kinds: the cells of the first stack, and in the others the first one and the rest. */
static const struct kind {
    int32_t stack;
    bool    from_half; /* its input has half the channels */
} kinds[DVTI_PROGRAM_KINDS] = {{0, false}, {1, true}, {1, false}, {2, true}, {2, false}};

static int64_t fixed(const uint32_t *ticks, bool two)
{
    int64_t sum = 0;

    (void)two;
    for (int32_t s = DVTI_NB101_FIXED_AT; s < DVT_NB101_SHAPES; s++) {
        sum += ticks[s];
    }
    return sum;
}

const dvti_family dvti_family_nb101 = {.name = "nasbench101",
                                       .shapes = DVT_NB101_SHAPES,
                                       .kinds = DVTI_PROGRAM_KINDS,
                                       .times = {3, 1, 2, 1, 2},
                                       .work = dvt_chaidnn_nb101_work,
                                       .fixed = fixed};

typedef struct builder {
    const dvt_nb101_cell *cell;
    dvti_program         *p;
    int32_t               width[DVTI_NB101_STACKS][DVT_NB101_MAX_VERTICES];
    uint32_t              done[DVT_NB101_MAX_VERTICES]; /* operation of a vertex, as a bit */
} builder;

static uint32_t append(builder *b, dvt_unit unit, uint32_t reads)
{
    assert(b->p->count < DVTI_PROGRAM_OPS);
    b->p->unit[b->p->count] = (uint8_t)unit;
    b->p->reads[b->p->count] = reads;
    return 1u << b->p->count++;
}

static uint32_t project(builder *b, int v)
{
    uint8_t *shape = b->p->shape[b->p->count];

    for (int k = 0; k < DVTI_PROGRAM_KINDS; k++) {
        shape[k] = (uint8_t)dvti_nb101_projection(kinds[k].stack, kinds[k].from_half,
                                                  b->width[kinds[k].stack][v]);
    }
    return append(b, DVT_UNIT_CONV_POINT, 0);
}

/* An operation of the run of shapes that begins at `first`. */
static uint32_t operate(builder *b, int32_t first, dvt_unit unit, int v, uint32_t reads)
{
    uint8_t *shape = b->p->shape[b->p->count];

    for (int k = 0; k < DVTI_PROGRAM_KINDS; k++) {
        const int32_t s = kinds[k].stack;
        shape[k] = (uint8_t)(first + s * DVTI_NB101_WIDTHS + b->width[s][v]);
    }
    return append(b, unit, reads);
}

static void vertex(builder *b, int v)
{
    static const int32_t  first[DVT_NB101_LABELS] = {DVTI_NB101_CONV3X3_AT, DVTI_NB101_KEEP_1X1_AT,
                                                     DVTI_NB101_MAXPOOL_AT};
    static const dvt_unit unit[DVT_NB101_LABELS] = {DVT_UNIT_CONV_WIDE, DVT_UNIT_CONV_POINT,
                                                    DVT_UNIT_POOL};
    const int             label = b->cell->ops[v - 1];
    uint32_t              sources = dvti_nb101_sources(b->cell->adj_bits, v), sum = 0;

    if (sources & 1u) {
        sum = project(b, v);
    }
    for (int x = 1; x < v; x++) {
        if (sources >> x & 1u) {
            sum = sum ? operate(b, DVTI_NB101_ADD_AT, DVT_UNIT_CONV_POINT, v, sum | b->done[x])
                      : b->done[x];
        }
    }
    b->done[v] = operate(b, first[label], unit[label], v, sum);
}

static void set_widths(builder *b)
{
    for (int s = 0; s < DVTI_NB101_STACKS; s++) {
        const int32_t channels = dvti_nb101_channels(s);
        int32_t       part[DVT_NB101_MAX_VERTICES];
        dvti_nb101_vertex_channels(b->cell, channels, part);
        for (int v = 1; v < b->cell->vertices; v++) {
            b->width[s][v] = dvti_nb101_width_of(channels, part[v]);
        }
    }
}

void dvti_program_nb101(const dvt_nb101_cell *cell, dvti_program *out)
{
    builder        b = {.cell = cell, .p = out};
    const int      last = cell->vertices - 1;
    const uint32_t feeders = dvti_nb101_sources(cell->adj_bits, last);
    uint32_t       output = 0;

    out->count = 0;
    set_widths(&b);
    for (int v = 1; v < last; v++) {
        vertex(&b, v);
        output |= feeders >> v & 1u ? b.done[v] : 0;
    }
    if (feeders & 1u) {
        const uint32_t input = project(&b, last);
        if (output) {
            operate(&b, DVTI_NB101_ADD_AT, DVT_UNIT_CONV_POINT, last, output | input);
        }
    }
}
