/* SPDX-License-Identifier: Apache-2.0 */
/*
 * space_overlays.c - overlays that fit a device: a declared grid over the description's parameters.
 *
 * Idea      The table below is the grid. A combination is a point if dvt_overlay_check accepts it
 *           and dvt_overlay_resources says that it fits the device; the numbers of those that are
 *           make up the part's list. All else follows from the choices or the device: the rest of
 *           the auxiliary kernels, accumulators, the memory bus.
 * Nearby    One choice takes another value so that the overlay still fits.
 * Left out  The kernel lrn (networks with LRN give it to the host), int8 and bfp mixed, features
 *           and filters of different widths, interleave other than 1.
 * Tests     tests/unit/test_space_overlays.c
 */
#include <math.h>
#include <string.h>

#include "base/text_util.h"
#include "space/choice_text.h"

/* Bits of a mantissa with its sign; int8 stands for itself. */
enum { FP9 = 5, FP11 = 7, FP16 = 12, INT8 = 8 };

typedef enum choice_id {
    C_VEC,
    K_VEC,
    Q_VEC,
    P_VEC,
    FORMAT,
    STREAM_BUFFER, /* features */
    FILTER_CACHE,  /* words a lane and half */
    AUX_VEC,       /* values a cycle: scale, act, elt, depthwise */
    POOL_VEC,
    LINK_BITS,
    CHOICES
} choice_id;

enum { VALUES = 8 };

static const struct choice {
    const char *name;
    uint32_t    count;
    int32_t     value[VALUES];
} choices[CHOICES] = {
    {"c_vec", 5, {4, 8, 12, 16, 32}},
    {"k_vec", 6, {8, 16, 24, 32, 48, 64}},
    {"q_vec", 7, {1, 2, 3, 4, 5, 7, 8}},
    {"p_vec", 2, {1, 2}},
    {"format", 4, {FP9, FP11, FP16, INT8}},
    {"stream_buffer", 3, {1 << 17, 1 << 19, 1 << 21}},
    {"filter_cache", 2, {512, 1024}},
    {"aux_vec", 4, {4, 8, 16, 32}},
    {"pool_vec", 2, {16, 64}},
    {"link_bits", 2, {16, 32}},
};

/* What does not vary. */
enum {
    BANKS = 8,
    FIFO_DEPTH = 64,
    FUNCTION_TABLES = 8,
    LRN_SIZE_MAX = 15,
    POOL_WINDOW_MAX = 256,
    MEMORY_LATENCY_CYCLES = 64,
    MEMORY_BURST_BEATS = 16,
    MEMORY_BUS_BITS_MIN = 64,
    MEMORY_BUS_BITS_MAX = 8192
};
static const int64_t MEMORY_BYTES = INT64_C(1) << 31;
static const double  CLOCK_MHZ = 300.0;

struct dvti_overlay_grid {
    dvt_device  device;
    dvt_overlay base; /* what all points share */
};

static int32_t value_of(const uint32_t *v, choice_id i) { return choices[i].value[v[i]]; }

/* ---- a point's overlay --------------------------------------------------------------------- */

static void set_format(dvt_overlay *o, int32_t format)
{
    o->format = format == INT8 ? DVT_FORMAT_INT8 : DVT_FORMAT_BFP;
    o->feature_mantissa_bits = o->filter_mantissa_bits = format;
    o->accumulator_bits = format == INT8 ? 32 : 64;
}

static const char *format_name(int32_t format)
{
    return format == FP9 ? "fp9" : format == FP11 ? "fp11" : format == FP16 ? "fp16" : "int8";
}

static void set_name(const uint32_t *v, dvt_overlay *o)
{
    dvti_format(o->name, sizeof o->name, "%s-%dx%dx%dx%d-s%dk-f%d-a%d-p%d-l%d",
                format_name(value_of(v, FORMAT)), (int)o->c_vec, (int)o->k_vec, (int)o->q_vec,
                (int)o->p_vec, (int)(value_of(v, STREAM_BUFFER) >> 10), (int)o->filter_cache_words,
                (int)value_of(v, AUX_VEC), (int)value_of(v, POOL_VEC), (int)o->control_link_bits);
}

static void overlay_at(const dvti_overlay_grid *g, const uint32_t *v, dvt_overlay *o)
{
    static const dvt_kernel plain[] = {DVT_KERNEL_SCALE, DVT_KERNEL_ACT, DVT_KERNEL_ELT,
                                       DVT_KERNEL_DEPTHWISE};

    *o = g->base;
    o->c_vec = value_of(v, C_VEC);
    o->k_vec = value_of(v, K_VEC);
    o->q_vec = value_of(v, Q_VEC);
    o->p_vec = value_of(v, P_VEC);
    set_format(o, value_of(v, FORMAT));
    o->stream_buffer_words_per_bank = value_of(v, STREAM_BUFFER) / BANKS / o->c_vec;
    o->filter_cache_words = value_of(v, FILTER_CACHE);
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        o->aux_vec[plain[i]] = value_of(v, AUX_VEC);
    }
    o->aux_vec[DVT_KERNEL_POOL] = value_of(v, POOL_VEC);
    o->control_link_bits = value_of(v, LINK_BITS);
    set_name(v, o);
}

/* Every result may take scale, activation, a second operand in any order, then leaves; windows come
 * from the stream reader. */
static void set_crossbar(dvt_overlay *o)
{
    uint32_t scale = 1u << DVT_KERNEL_SCALE, act = 1u << DVT_KERNEL_ACT, elt = 1u << DVT_KERNEL_ELT,
             write = 1u << DVT_KERNEL_WRITE;
    uint32_t windows = 1u << DVT_KERNEL_POOL | 1u << DVT_KERNEL_DEPTHWISE;
    uint32_t plain = scale | act | elt;

    o->aux_kernels = plain | windows;
    o->connect[DVT_KERNEL_ARRAY] = plain | write;
    o->connect[DVT_KERNEL_SREAD] = plain | windows | write;
    o->connect[DVT_KERNEL_SCALE] = act | elt | write;
    o->connect[DVT_KERNEL_ACT] = scale | elt | write;
    o->connect[DVT_KERNEL_ELT] = scale | act | write;
    o->connect[DVT_KERNEL_POOL] = o->connect[DVT_KERNEL_DEPTHWISE] = plain | write;
}

/* The narrowest bus that carries the bandwidth at the overlay's clock. */
static int32_t bus_bits(double gbps, double clock_mhz)
{
    int32_t bits = MEMORY_BUS_BITS_MIN;

    while (bits < MEMORY_BUS_BITS_MAX && bits / 8.0 * clock_mhz * 1e-3 < gbps) {
        bits *= 2;
    }
    return bits;
}

static void set_base(const dvt_space_opts *opts, dvt_overlay *o)
{
    double gbps = opts->memory_gbps > 0.0 ? opts->memory_gbps : opts->device->memory_bandwidth_gbps;

    *o = (dvt_overlay){.interleave = 1,
                       .stream_buffer_banks = BANKS,
                       .function_tables = FUNCTION_TABLES,
                       .lrn_size_max = LRN_SIZE_MAX,
                       .pool_window_max = POOL_WINDOW_MAX,
                       .clock_mhz = opts->clock_mhz > 0.0 ? opts->clock_mhz : CLOCK_MHZ,
                       .memory_bandwidth_gbps = gbps,
                       .memory_latency_cycles = MEMORY_LATENCY_CYCLES,
                       .memory_burst_beats = MEMORY_BURST_BEATS,
                       .memory_bytes = MEMORY_BYTES,
                       .control_fifo_depth = FIFO_DEPTH};
    o->memory_clock_mhz = o->clock_mhz;
    o->memory_bus_bits = bus_bits(gbps, o->clock_mhz);
    set_crossbar(o);
    memcpy(o->device, opts->device->name, sizeof o->device);
}

/* ---- the list of points -------------------------------------------------------------------- */

static uint32_t grid_size(void)
{
    uint32_t n = 1;

    for (int i = 0; i < CHOICES; i++) {
        n *= choices[i].count;
    }
    return n;
}

typedef struct survey {
    const dvti_space_part *p;
    uint8_t               *fits; /* (grid_size) */
} survey;

static void look(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    survey         *s = ud;
    dvti_space_part plain = *s->p; /* all combinations */

    (void)worker;
    plain.points = NULL;
    for (int64_t i = begin; i < end; i++) {
        uint32_t      v[CHOICES];
        dvt_overlay   o;
        dvt_resources r;
        dvti_part_at(&plain, (uint64_t)i, v);
        overlay_at(s->p->grid, v, &o);
        dvt_overlay_resources(&o, &s->p->grid->device, &r);
        s->fits[i] = r.fits;
    }
}

/* What the options give could make every combination impossible: then the reason is told. */
static dvt_status list_points(dvti_space_part *p, const uint8_t *fits)
{
    uint32_t    size = grid_size();
    dvt_overlay o;
    dvt_status  st = DVT_OK, last = DVT_OK;

    for (uint32_t i = 0; i < size; i++) {
        uint32_t        v[CHOICES];
        dvti_space_part plain = *p;
        if (!fits[i]) {
            continue;
        }
        plain.points = NULL;
        dvti_part_at(&plain, i, v);
        overlay_at(p->grid, v, &o);
        dvt_ctx_clear_error(p->ctx);
        st = dvt_overlay_check(p->ctx, &o);
        if (st == DVT_OK) {
            p->points[p->count++] = i;
        } else {
            last = st;
        }
    }
    if (p->count > 0) {
        dvt_ctx_clear_error(p->ctx);
        return DVT_OK;
    }
    return last != DVT_OK
               ? last
               : dvt_fail(p->ctx, DVT_E_NOTFOUND, NULL,
                          "no overlay of the grid fits the device '%s'", p->grid->device.name);
}

static dvt_status check_opts(dvt_ctx *ctx, const dvt_space_opts *opts)
{
    if (!opts->device) {
        dvt_fail(ctx, DVT_E_USAGE, NULL, "overlays need a device that they shall fit");
        dvt_fail_hint(ctx, "name one with --device");
        return DVT_E_USAGE;
    }
    if (!(opts->memory_gbps > 0.0) && !(opts->device->memory_bandwidth_gbps > 0.0)) {
        dvt_fail(ctx, DVT_E_USAGE, NULL, "nothing says how fast the memory of '%s' is",
                 opts->device->name);
        dvt_fail_hint(ctx, "give its sustained bandwidth with --memory-gbps");
        return DVT_E_USAGE;
    }
    return DVT_OK;
}

static void close_part(dvti_space_part *p)
{
    dvt_free(p->ctx, p->points);
    dvt_free(p->ctx, p->grid);
    p->points = NULL;
    p->grid = NULL;
}

static dvt_status open_part(dvti_space_part *p, const dvt_space_opts *opts)
{
    survey     s = {.p = p};
    dvt_status st = check_opts(p->ctx, opts);

    if (st != DVT_OK) {
        return st;
    }
    p->choice_count = CHOICES;
    for (int i = 0; i < CHOICES; i++) {
        p->values[i] = choices[i].count;
    }
    p->grid = dvt_calloc(p->ctx, 1, sizeof *p->grid);
    p->points = dvt_calloc(p->ctx, grid_size(), sizeof *p->points);
    s.fits = dvt_calloc(p->ctx, grid_size(), 1);
    if (!p->grid || !p->points || !s.fits) {
        st = DVT_E_NOMEM;
        goto done;
    }
    p->grid->device = *opts->device;
    set_base(opts, &p->grid->base);
    dvt_parallel_for(p->ctx, grid_size(), 0, look, &s);
    st = list_points(p, s.fits);
done:
    dvt_free(p->ctx, s.fits);
    if (st != DVT_OK) {
        close_part(p);
    }
    return st;
}

static dvt_status counts(const dvti_space_part *p, dvt_fact *out, int32_t *n)
{
    (void)p;
    out[(*n)++] = (dvt_fact){"overlays_of_the_grid", grid_size()};
    return DVT_OK;
}

/* Choices in a random turn until one has a value that fits. Every point has such a neighbour in
 * practice (the link's width takes next to nothing); one that has not becomes any other. */
static void mutate(const dvti_space_part *p, const uint32_t *v, dvt_rng *rng, uint32_t *out)
{
    enum { TRIES = 64 };

    for (int i = 0; i < TRIES; i++) {
        uint32_t k = (uint32_t)dvt_rng_below(rng, CHOICES);
        memcpy(out, v, CHOICES * sizeof *out);
        out[k] = (uint32_t)dvt_rng_below(rng, choices[k].count - 1);
        out[k] += out[k] >= v[k];
        if (dvti_part_contains(p, out)) {
            return;
        }
    }
    uint64_t at = dvti_part_index(p, v);
    dvti_part_at(p, (at + 1) % p->count, out);
}

/* ---- texts --------------------------------------------------------------------------------- */

static const char *name_of(int32_t i) { return choices[i].name; }

static const char *choice(const dvti_space_part *p, int32_t i)
{
    (void)p;
    return name_of(i);
}

static uint32_t values_of(int32_t i) { return choices[i].count; }

static void value_at(int32_t i, uint32_t digit, char out[DVTI_CHOICE_VALUE])
{
    int32_t value = choices[i].value[digit];

    if (i == FORMAT) {
        dvti_format(out, DVTI_CHOICE_VALUE, "%s", format_name(value));
    } else {
        dvti_format(out, DVTI_CHOICE_VALUE, "%d", (int)value);
    }
}

#define FORM                                                                               \
    "c_vec=16,k_vec=32,q_vec=7,p_vec=1,format=fp11,stream_buffer=524288,filter_cache=512," \
    "aux_vec=32,pool_vec=64,link_bits=32"

static const dvti_choice_text texts = {"overlay", FORM, CHOICES, name_of, values_of, value_at};

static void print(const dvti_space_part *p, const uint32_t *v, dvt_buf *out)
{
    (void)p;
    dvti_choice_print(&texts, v, out);
}

static dvt_status parse(const dvti_space_part *p, const char *text, uint32_t *out)
{
    dvt_status    st = dvti_choice_parse(&texts, p->ctx, text, out);
    dvt_overlay   o;
    dvt_resources r;

    if (st != DVT_OK || dvti_part_contains(p, out)) {
        return st;
    }
    overlay_at(p->grid, out, &o);
    dvt_overlay_resources(&o, &p->grid->device, &r);
    if (r.fits) {
        return dvt_overlay_check(p->ctx, &o);
    }
    return dvt_fail(p->ctx, DVT_E_NOTFOUND, NULL, "the overlay does not fit '%s': too much %s",
                    p->grid->device.name, r.limit);
}

/* ---- what a point is ----------------------------------------------------------------------- */

void dvti_overlays_plain(const dvti_space_part *p, const uint32_t *v, dvt_overlay *out)
{
    overlay_at(p->grid, v, out);
}

dvt_status dvti_overlays_overlay(const dvti_space_part *p, const uint32_t *v, dvt_overlay *out)
{
    overlay_at(p->grid, v, out);
    return dvt_overlay_check(p->ctx, out);
}

const dvt_device *dvti_overlays_device(const dvti_space_part *p) { return &p->grid->device; }

/* mm2 of all CLBs, DSPs and block memories of a ZU9EG, by the areas of docs/pareto.md. */
int64_t dvt_overlay_area_ppm(const dvt_resources *r)
{
    const double logic = 34260 * 0.0044, dsp = 2520 * 0.044, blocks = 912 * 0.026;

    return (int64_t)ceil(
        1e6 * (logic * r->share_logic + dsp * r->share_dsp + blocks * r->share_memory_blocks) /
        (logic + dsp + blocks));
}

static int32_t facts(const dvti_space_part *p, const uint32_t *v, dvt_fact *out)
{
    dvt_overlay         o;
    dvt_overlay_derived d;
    dvt_resources       r;
    int32_t             n = 0;

    overlay_at(p->grid, v, &o);
    dvt_overlay_derive(&o, &d);
    dvt_overlay_resources(&o, &p->grid->device, &r);
    out[n++] = (dvt_fact){"macs_per_cycle", d.macs_per_cycle};
    out[n++] = (dvt_fact){"stream_buffer_bits", d.stream_buffer_bits};
    out[n++] = (dvt_fact){"filter_cache_bits", d.filter_cache_bits};
    out[n++] = (dvt_fact){"clock_khz", (int64_t)(o.clock_mhz * 1e3)};
    out[n++] = (dvt_fact){"logic", (int64_t)r.logic};
    out[n++] = (dvt_fact){"dsp", (int64_t)r.dsp};
    out[n++] = (dvt_fact){"memory_blocks", (int64_t)r.memory_blocks};
    out[n++] = (dvt_fact){"area_ppm", dvt_overlay_area_ppm(&r)};
    return n;
}

const dvti_space_kind dvti_space_overlays = {
    .about = {"overlays", "this system's overlays that fit a device, ten parameters", FORM},
    .open = open_part,
    .close = close_part,
    .choice = choice,
    .counts = counts,
    .mutate = mutate,
    .print = print,
    .parse = parse,
    .facts = facts,
};
