/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resources.c - first-order estimate of what an overlay takes of a device.
 *
 * Idea      Count what the structure needs: multipliers by the device's packing, memories by the
 *           real shapes of its blocks, adders and multiplexers by their bits. No place-and-route
 *           effects. To be calibrated by synthesis when the RTL is there; until then it is good for
 *           telling what cannot fit and for comparing overlays with one another.
 * Units     logic in the device's unit (ALM, LUT6 or LUT4).
 * Bits      an ALM adds 2 bits or selects 1 of 4 for a bit; a LUT6 adds 1 or selects 1 of 4;
 *           two LUT4 select 1 of 4.
 * Tests     tests/unit/test_resources.c
 */
#include "overlay/overlay_int.h"

#include <math.h>
#include <string.h>

enum {
    SMALL_DEPTH = 512, /* depth of a block at its full width: M20K 512x40, BRAM 512x72 */
    SMALL_SHAPES = 6,  /* each further shape is twice as deep and half as wide */
    LARGE_WIDTH = 72,  /* URAM: 4,096 x 72 only */
    FLOAT_BITS = 32,
    TABLE_WORD_BITS = 64, /* slope and offset of a segment */
    TABLE_PORTS = 2,      /* lookups a cycle of one copy */
    PARAM_BITS = 96,      /* scale, bias, slope */
    FIFO_WORDS = 512,     /* of external memory, in each direction */
    ADDRESS_BITS = 24,
    COORDINATE_BITS = 16,
    CONTROL_READER_LOGIC = 300, /* fetch, header, length: a small state machine and two FIFOs */
    CONTROL_NODE_LOGIC = 40     /* a transport node: compare, forward, count */
};

/* What one bit costs, by the device's logic unit. */
typedef struct bit_cost {
    double add, mux4;
} bit_cost;

typedef struct sum {
    const dvt_overlay  *o;
    const dvt_device   *d;
    dvt_overlay_derived v;
    bit_cost            bit;
    double              logic, dsp, blocks, large, registers, control;
} sum;

static bit_cost cost_of(const dvt_device *d)
{
    if (strcmp(d->logic_unit, "ALM") == 0) {
        return (bit_cost){0.5, 1.0};
    }
    return strcmp(d->logic_unit, "LUT4") == 0 ? (bit_cost){1.0, 2.0} : (bit_cost){1.0, 1.0};
}

/* Selecting one of n: a tree of 4-to-1 multiplexers. */
static double mux(const sum *s, double n, double bits)
{
    return n > 1.0 ? ceil((n - 1.0) / 3.0) * bits * s->bit.mux4 : 0.0;
}

/* Shifting by up to 2^stages - 1 places: two stages a 4-to-1 multiplexer. */
static double shifter(const sum *s, double places, double bits)
{
    return ceil(ceil(log2(places)) / 2.0) * bits * s->bit.mux4;
}

/* ---- memories ------------------------------------------------------------------------------ */

/* Fewest blocks that hold words x bits, over the shapes that a block can take. */
static double small_blocks(const dvt_device *d, double words, double bits)
{
    double best = INFINITY;

    for (int i = 0; i < SMALL_SHAPES; i++) {
        double depth = ldexp(SMALL_DEPTH, i);
        double width = floor((double)d->memory_block_bits / depth);
        double n = width < 1.0 ? INFINITY : ceil(words / depth) * ceil(bits / width);
        best = n < best ? n : best;
    }
    return best;
}

/* The stream buffer takes large blocks while there are some: it is deep, they are. */
static void add_stream_buffer(sum *s)
{
    double words = s->o->stream_buffer_words_per_bank, bits = s->v.feature_word_bits;
    double depth = (double)s->d->large_memory_block_bits / LARGE_WIDTH;
    double large = depth > 0.0 ? ceil(words / depth) * ceil(bits / LARGE_WIDTH) : INFINITY;

    for (int32_t i = 0; i < s->o->stream_buffer_banks; i++) {
        if (s->large + large <= (double)s->d->large_memory_blocks) {
            s->large += large;
        } else {
            s->blocks += small_blocks(s->d, words, bits);
        }
    }
}

static void add_memories(sum *s)
{
    const dvt_overlay *o = s->o;

    add_stream_buffer(s);
    /* each of k_vec lanes has both halves in one memory: one port reads, the other fills */
    s->blocks += o->k_vec * small_blocks(s->d, 2.0 * o->filter_cache_words, s->v.filter_word_bits);
    s->blocks += 2.0 * small_blocks(s->d, FIFO_WORDS, o->memory_bus_bits);
    s->blocks += small_blocks(s->d, FIFO_WORDS, o->control_link_bits);
    if (dvt_overlay_has(o, DVT_KERNEL_SCALE)) { /* two groups, as wide as a cycle's values */
        double vec = o->aux_vec[DVT_KERNEL_SCALE];
        s->blocks += small_blocks(s->d, 2.0 * ceil(o->k_vec / vec), vec * PARAM_BITS);
    }
}

/* ---- array --------------------------------------------------------------------------------- */

static double macs_per_dsp(const dvt_overlay *o, const dvt_device *d)
{
    if (o->format == DVT_FORMAT_INT8) {
        return d->dsp_macs_int8;
    }
    return o->feature_mantissa_bits <= 7 && o->filter_mantissa_bits <= 7 ? d->dsp_macs_m7
                                                                         : d->dsp_macs_m12;
}

/* A lane: an adder tree over c_vec products, their signs, the shift to the accumulator's scale,
 * and the accumulator. DSP chains could take part of the tree; that is left to calibration. */
static void add_array(sum *s)
{
    const dvt_overlay *o = s->o;
    bool               bfp = o->format == DVT_FORMAT_BFP;
    double             product = s->v.product_bits, acc = o->accumulator_bits;
    double             lane = (o->c_vec - 1) * product * s->bit.add + acc * s->bit.add;

    if (bfp) {
        lane += o->c_vec * product * s->bit.add; /* sign-magnitude product to two's complement */
        lane += shifter(s, acc, acc) + 8 * s->bit.add;
    }
    s->logic += s->v.lanes * lane;
    s->dsp += ceil((double)s->v.macs_per_cycle / macs_per_dsp(o, s->d));
    /* results leave through converters to binary32: count leading zeros, shift, round */
    if (o->aux_kernels != 0) {
        double vec = 1.0;
        for (int k = 0; k < DVT_KERNEL_COUNT; k++) {
            vec = (o->connect[DVT_KERNEL_ARRAY] >> k & 1u) && o->aux_vec[k] > vec ? o->aux_vec[k]
                                                                                  : vec;
        }
        s->logic += vec * (shifter(s, acc, acc) + 2.0 * acc * s->bit.add);
    }
}

/* ---- crossbar and auxiliary kernels -------------------------------------------------------- */

/* Multiply-add units and additions in logic that one value of a kernel needs. */
static void kernel_units(const dvt_overlay *o, dvt_kernel k, double *macs, double *adds)
{
    *macs = *adds = 0.0;
    switch ((int)k) {
    case DVT_KERNEL_SCALE:
    case DVT_KERNEL_ELT:
    case DVT_KERNEL_DEPTHWISE: *macs = 1.0; break;
    /* (x - x0) * inv_step, then b * x + a; slopes use the second */
    case DVT_KERNEL_ACT: *macs = o->function_tables > 0 ? 2.0 : 1.0; break;
    /* sums in logic; the reciprocal multiplies once a window, which has 4 turns or more */
    case DVT_KERNEL_POOL:
        *macs = 0.25;
        *adds = 1.0;
        break;
    /* x * x, alpha * s + k, b * f + a, * e2, * x; the window's sum in its order */
    case DVT_KERNEL_LRN:
        *macs = 5.0;
        *adds = o->lrn_size_max - 1;
        break;
    default: break;
    }
}

static void add_kernel(sum *s, dvt_kernel k)
{
    double vec = s->o->aux_vec[k], macs, adds, feeds = 0.0;

    kernel_units(s->o, k, &macs, &adds);
    s->dsp += vec * macs * s->d->float_mac_dsp;
    s->logic += vec * (macs * s->d->float_mac_logic + adds * s->d->float_add_logic);
    s->logic += vec * FLOAT_BITS * s->bit.add; /* comparison, clipping, flush to zero */
    if ((k == DVT_KERNEL_ACT && s->o->function_tables > 0) || k == DVT_KERNEL_LRN) {
        s->blocks +=
            ceil(vec / TABLE_PORTS) *
            small_blocks(s->d, (double)s->o->function_tables * DVT_TABLE_SEGMENTS, TABLE_WORD_BITS);
    }
    for (int from = 0; from < DVT_KERNEL_COUNT; from++) {
        feeds += s->o->connect[from] >> k & 1u;
    }
    s->logic += mux(s, feeds, vec * FLOAT_BITS);
}

static void add_crossbar(sum *s)
{
    const dvt_overlay *o = s->o;
    double             pixels = (double)o->q_vec * o->p_vec, feeds = 0.0;

    for (int k = 0; k < DVT_KERNEL_COUNT; k++) {
        if (dvt_overlay_has(o, (dvt_kernel)k)) {
            add_kernel(s, (dvt_kernel)k);
        }
        feeds += o->connect[k] >> DVT_KERNEL_WRITE & 1u;
    }
    s->logic += mux(s, feeds, (double)o->c_vec * FLOAT_BITS);
    /* writer: largest exponent of a block, every mantissa shifted to it and rounded */
    s->logic += o->c_vec * (shifter(s, FLOAT_BITS, FLOAT_BITS) + 2.0 * FLOAT_BITS * s->bit.add);
    /* any bank to any of the reader's lanes */
    s->logic += pixels * mux(s, o->stream_buffer_banks, s->v.feature_word_bits);
}

/* ---- counters and control ------------------------------------------------------------------ */

static void add_counters(sum *s)
{
    double pixels = (double)s->o->q_vec * s->o->p_vec;
    double level = ADDRESS_BITS + 3.0 * COORDINATE_BITS; /* count, address, row, column */
    double lane = ADDRESS_BITS + 2.0 * COORDINATE_BITS;
    double readers = DVT_LOOPS * level + pixels * lane;
    double result = DVT_OUT_LOOPS * level + pixels * lane;

    s->logic += s->bit.add * (readers + result * (dvt_overlay_has(s->o, DVT_KERNEL_ELT) ? 2 : 1) +
                              (DVT_LOOPS + DVT_DMA_LOOPS + DVT_PAGE_LOOPS) * level);
}

/* Instruction registers are double, so that a word arrives while one runs; a byte of them costs an
 * enable. */
static void add_control(sum *s)
{
    double bits = 0.0;

    s->control = CONTROL_READER_LOGIC;
    for (int k = 0; k < DVT_KERNEL_COUNT; k++) {
        const dvt_isa_part *part = dvt_isa_describe((dvt_kernel)k);
        if (dvti_kernel_is_aux((dvt_kernel)k) && !dvt_overlay_has(s->o, (dvt_kernel)k)) {
            continue;
        }
        bits += part->bits;
        s->control += CONTROL_NODE_LOGIC + part->bytes;
    }
    s->logic += s->control;
    s->registers += 2.0 * bits;
}

/* ---- whole --------------------------------------------------------------------------------- */

static void judge(const sum *s, dvt_resources *out)
{
    const struct {
        const char *name;
        double      share;
    } shares[] = {{"logic", out->share_logic},
                  {"dsp", out->share_dsp},
                  {"memory_blocks", out->share_memory_blocks},
                  {"registers", out->registers / (double)s->d->registers}};
    double most = 1.0;

    out->fits = true;
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        if (shares[i].share > most) {
            most = shares[i].share;
            out->fits = false;
            memcpy(out->limit, shares[i].name, strlen(shares[i].name) + 1);
        }
    }
}

void dvt_overlay_resources(const dvt_overlay *o, const dvt_device *d, dvt_resources *out)
{
    sum s = {.o = o, .d = d, .bit = cost_of(d)};

    dvt_overlay_derive(o, &s.v);
    add_memories(&s);
    add_array(&s);
    add_crossbar(&s);
    add_counters(&s);
    add_control(&s);
    *out = (dvt_resources){.logic = ceil(s.logic),
                           /* each adder bit is registered, and once more to travel */
                           .registers = ceil(s.registers + s.logic / s.bit.add),
                           .dsp = ceil(s.dsp),
                           .memory_blocks = s.blocks,
                           .control_logic = s.control};
    out->share_logic = out->logic / (double)d->logic;
    out->share_dsp = d->dsp > 0 ? out->dsp / (double)d->dsp : out->dsp > 0.0 ? INFINITY : 0.0;
    out->share_memory_blocks = out->memory_blocks / (double)d->memory_blocks;
    judge(&s, out);
}
