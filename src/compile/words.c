/* SPDX-License-Identifier: Apache-2.0 */
/*
 * words.c - the long words of one operator for the rows p0..p1 of its output.
 *
 * Idea      All bounds, strides and addresses are worked out here, so that kernels only count. A
 *           trip on the array runs the nest (s, r, block, slice, q, p, k); a trip past it (s, r, q,
 *           p, block); local response normalisation (block, q, p), since it needs all channels of a
 *           pixel at once. The writer and the element-wise operand follow the order in which
 *           results leave.
 * Rows      Operands may be present only in part: coordinates count from the first row present, and
 *           rows outside of the image are told from rows outside of the slice by construction: a
 *           slice holds every row inside the image that its results read.
 * Units     addresses in words, filter and parameter addresses in 16 bytes (isa.h).
 * Tests     tests/diff/diff_compile.c
 */
#include "compile/compile_int.h"

#include <assert.h>

static int32_t ceil_div(int32_t a, int32_t b) { return (a + b - 1) / b; }

void dvti_input_rows(const dvti_op *op, const dvti_map *in, int32_t p0, int32_t p1, int32_t *lo,
                     int32_t *hi)
{
    int32_t first = p0 * op->win.stride_h - op->win.pad_h;
    int32_t last = (p1 - 1) * op->win.stride_h - op->win.pad_h + (op->win.r - 1) * op->win.dil_h;

    *lo = first < 0 ? 0 : first > in->h - 1 ? in->h - 1 : first;
    *hi = last < 0 ? 1 : last > in->h - 1 ? in->h : last + 1;
}

/* ---- parts --------------------------------------------------------------------------------- */

/* Level numbers of a trip's nest. */
typedef struct levels {
    int s, r, c, slice, q, p, k;
} levels;
static const levels array_nest = {0, 1, 2, 3, 4, 5, 6};
static const levels stream_nest = {.s = 0, .r = 1, .q = 2, .p = 3, .c = 4, .slice = 5, .k = 6};
static const levels lrn_nest = {.c = 0, .q = 1, .p = 2, .s = 3, .r = 4, .slice = 5, .k = 6};

typedef struct trip {
    const dvti_op    *op;
    const dvti_slice *slice;
    const dvti_map   *in, *out, *elt;
    levels            lv;
    int32_t           tiles_q, tiles_p, blocks, slices;
    int32_t           in_block, out_block; /* first block of a group */
    int32_t results_k, lanes; /* turns of the channel level; channels in the last of them */
} trip;

static void fill_sread(const dvti_comp *c, const trip *t, dvt_part_sread *s)
{
    const dvti_window *w = &t->op->win;
    int32_t            pitch = t->in->w, rows = t->slice->in.rows;
    int64_t            plane = (int64_t)rows * pitch;
    int32_t            h0 = t->slice->p0 * w->stride_h - w->pad_h - t->slice->in.first_row;

    for (int l = 0; l < DVT_LOOPS; l++) {
        s->n[l] = 1;
    }
    s->n[t->lv.s] = w->s;
    s->n[t->lv.r] = w->r;
    s->n[t->lv.c] = t->blocks / t->slices;
    s->n[t->lv.slice] = t->slices;
    s->n[t->lv.q] = t->tiles_q;
    s->n[t->lv.p] = t->tiles_p;
    s->n[t->lv.k] = t->op->kind == DVTI_OP_CONV ? t->results_k : 1;
    s->a[t->lv.s] = s->w[t->lv.s] = w->dil_w;
    s->h[t->lv.r] = w->dil_h;
    s->a[t->lv.r] = (int64_t)w->dil_h * pitch;
    s->a[t->lv.c] = plane;
    s->a[t->lv.slice] = plane * (t->blocks / t->slices);
    s->w[t->lv.q] = s->a[t->lv.q] = (int64_t)c->o.q_vec * w->stride_w;
    s->h[t->lv.p] = (int64_t)c->o.p_vec * w->stride_h;
    s->a[t->lv.p] = s->h[t->lv.p] * pitch;
    s->h0 = h0;
    s->w0 = -w->pad_w;
    s->base = t->slice->in.base + t->in_block * plane + (int64_t)h0 * pitch + s->w0;
    s->h_max = rows;
    s->w_max = t->in->w;
    s->ph = w->stride_h;
    s->pa = (int64_t)w->stride_h * pitch;
    s->qw = s->qa = w->stride_w;
    s->scale = dvt_isa_bits(t->in->scale);
}

static void fill_array(const trip *t, const dvt_part_sread *s, dvt_part_array *a)
{
    for (int l = 0; l < DVT_LOOPS; l++) {
        a->n[l] = s->n[l];
    }
    a->f[t->lv.s] = 1;
    a->f[t->lv.r] = t->op->win.s;
    a->f[t->lv.c] = (int64_t)t->op->win.r * t->op->win.s;
    a->acc = t->lv.q;
    a->page = t->slices > 1 ? t->lv.slice : t->lv.k;
}

/* Order of results: q, p, channel group; or channel block, q, p for normalisation. */
static void fill_write(const dvti_comp *c, const trip *t, dvt_part_write *w)
{
    int lq = t->op->kind == DVTI_OP_LRN ? 1 : 0, lp = lq + 1,
        lk = t->op->kind == DVTI_OP_LRN ? 0 : 2;
    int64_t plane = (int64_t)t->out->h * t->out->w;
    int64_t per_group = t->op->kind == DVTI_OP_CONV ? c->d.blocks_per_result : 1;

    w->n[0] = w->n[1] = w->n[2] = w->n[3] = 1;
    w->space = t->slice->out.memory;
    w->base = t->slice->out.base + t->out_block * plane + (int64_t)t->slice->p0 * t->out->w;
    w->n[lq] = t->tiles_q;
    w->d[lq] = w->w[lq] = c->o.q_vec;
    w->n[lp] = t->tiles_p;
    w->h[lp] = c->o.p_vec;
    w->d[lp] = (int64_t)c->o.p_vec * t->out->w;
    w->n[lk] = t->results_k;
    w->d[lk] = per_group * plane;
    w->h_max = t->slice->p1 - t->slice->p0;
    w->w_max = t->out->w;
    w->pd = t->out->w;
    w->qd = 1;
    w->jd = plane;
    w->k_level = lk;
    w->k_last = t->lanes;
    w->inv_scale = dvt_isa_bits(1.0f / t->out->scale);
}

static void fill_elt(const trip *t, const dvt_part_write *w, dvt_part_elt *e)
{
    const dvti_place_in *at = &t->slice->elt;
    int64_t              plane, out_plane = (int64_t)t->out->h * t->out->w;

    assert(t->elt);
    plane = (int64_t)at->rows * t->elt->w;
    e->fn = t->op->elt_fn;
    e->base = at->base + t->out_block * plane + (int64_t)(t->slice->p0 - at->first_row) * t->elt->w;
    for (int l = 0; l < DVT_OUT_LOOPS; l++) {
        e->n[l] = w->n[l];
        e->a[l] = w->h[l] || w->w[l] ? w->d[l] : w->d[l] / out_plane * plane;
    }
    e->pa = t->elt->w;
    e->qa = 1;
    e->ja = plane;
    e->scale = dvt_isa_bits(t->elt->scale);
}

static void fill_wread(const dvti_comp *c, const trip *t, const dvti_pages *p, dvt_part_wread *w)
{
    int64_t tiles = (int64_t)t->tiles_q * t->tiles_p;

    w->n[0] = w->n[1] = w->n[2] = 1;
    w->param_src = p->param_src;
    w->param_rows = p->param_rows;
    w->param_groups = p->param_groups;
    if (t->op->kind != DVTI_OP_CONV && t->op->kind != DVTI_OP_DEPTHWISE) {
        return;
    }
    w->src = p->src;
    w->words = p->words;
    w->lanes = t->op->kind == DVTI_OP_CONV ? c->o.k_vec : 1;
    w->n[0] = p->slices;
    w->step[0] = p->page_units;
    w->n[1] = p->slices > 1 ? tiles : 1;
    w->n[2] = p->groups_k;
    w->step[2] = p->page_units * p->slices;
}

static void fill_aux(const trip *t, dvt_word *w)
{
    const dvti_op *op = t->op;
    int64_t        tiles = (int64_t)t->tiles_q * t->tiles_p;

    w->xbar.source = op->kind == DVTI_OP_CONV ? 0 : 1;
    for (int32_t i = 0; i < op->route_len; i++) {
        w->xbar.route[i] = op->route[i];
        w->kernels |= 1u << op->route[i];
    }
    w->scale.outer = tiles;
    w->act = (dvt_part_act){.fn = op->act,
                            .table = op->act_table,
                            .p0 = dvt_isa_bits(op->act_p0),
                            .p1 = dvt_isa_bits(op->act_p1),
                            .outer = op->act == DVT_ACT_PRELU ? tiles : 0};
    w->pool = (dvt_part_pool){.kind = op->pool_kind == DVT_POOL_AVG,
                              .count = (int64_t)op->win.r * op->win.s,
                              .by_valid = op->pool_by_valid,
                              .recip = dvt_isa_bits(op->pool_recip)};
    w->depthwise = (dvt_part_depthwise){.count = (int64_t)op->win.r * op->win.s, .outer = tiles};
    w->lrn = (dvt_part_lrn){.blocks = t->blocks,
                            .size = op->lrn_size,
                            .table = op->lrn_table,
                            .alpha_n = dvt_isa_bits(op->lrn_alpha_n),
                            .k = dvt_isa_bits(op->lrn_k)};
}

/* ---- words --------------------------------------------------------------------------------- */

static dvt_status append_word(dvti_comp *c, const dvti_op *op, const char *name, dvt_word *w)
{
    dvt_program_note note = {.name = name, .layer = op ? op->name : name, .offset = c->control.len};
    dvt_status       st;

    if (!name) {
        return DVT_E_NOMEM; /* a name that the arena could not hold */
    }
    w->tag = (uint32_t)c->word_count;
    st = dvt_isa_encode(c->ctx, w, &c->control);
    if (st != DVT_OK) {
        dvt_fail_note(c->ctx, "while emitting '%s'", name);
        return st;
    }
    note.bytes = c->control.len - note.offset;
    c->word_count++;
    return dvti_notes_push(c->ctx, &c->notes, note);
}

static bool needs_params(const dvti_op *op)
{
    return op->has_scale || (op->has_act && op->act == DVT_ACT_PRELU);
}

static dvt_status emit_trip(dvti_comp *c, trip *t, const dvti_pages *pages, const char *name)
{
    dvt_word w = {.kernels =
                      1u << DVT_KERNEL_SREAD | 1u << DVT_KERNEL_XBAR | 1u << DVT_KERNEL_WRITE};

    fill_sread(c, t, &w.sread);
    fill_write(c, t, &w.write);
    fill_aux(t, &w);
    if (t->op->kind == DVTI_OP_CONV) {
        w.kernels |= 1u << DVT_KERNEL_ARRAY;
        fill_array(t, &w.sread, &w.array);
    }
    if (pages) {
        w.kernels |= 1u << DVT_KERNEL_WREAD;
        fill_wread(c, t, pages, &w.wread);
    }
    if (t->op->has_elt) {
        fill_elt(t, &w.write, &w.elt);
    }
    if (t->slice->load) {
        w.kernels |= 1u << DVT_KERNEL_FREAD;
        w.fread = *t->slice->load;
    }
    return append_word(c, t->op, name, &w);
}

static const char *slice_name(dvti_comp *c, const trip *t, int32_t group)
{
    const dvti_slice *s = t->slice;
    bool              part = s->p0 != 0 || s->p1 != t->out->h;

    if (t->op->groups > 1 && t->op->kind == DVTI_OP_CONV) {
        return dvt_arena_printf(c->arena, "%s group %d rows %d..%d", t->op->name, group, s->p0,
                                s->p1 - 1);
    }
    return part ? dvt_arena_printf(c->arena, "%s rows %d..%d", t->op->name, s->p0, s->p1 - 1)
                : t->op->name;
}

/* Fewest slices of equal size whose page fits into the filter cache. */
static int32_t filter_slices(const dvti_comp *c, const dvti_op *op, int32_t blocks)
{
    for (int32_t n = 1; n < blocks; n++) {
        if (blocks % n == 0 &&
            (int64_t)(blocks / n) * op->win.r * op->win.s <= c->o.filter_cache_words) {
            return n;
        }
    }
    return blocks;
}

/* The blocks of the input that hold a group's channels. */
static void group_blocks(const dvti_comp *c, const trip *t, int32_t group, int32_t *first,
                         int32_t *count)
{
    int32_t per = t->in->c / t->op->groups, lo = t->in->blocks, hi = -1;

    for (int32_t i = 0; i < t->in->blocks * c->o.c_vec; i++) {
        int32_t ch = t->in->slots[i];
        if (ch >= group * per && ch < (group + 1) * per) {
            lo = i / c->o.c_vec < lo ? i / c->o.c_vec : lo;
            hi = i / c->o.c_vec > hi ? i / c->o.c_vec : hi;
        }
    }
    *first = lo;
    *count = hi - lo + 1;
}

static dvt_status emit_conv_group(dvti_comp *c, trip *t, int32_t group)
{
    int32_t     per_group = t->out->c / t->op->groups, blocks;
    dvti_pages *pages = &c->pages[group];
    dvt_status  st = DVT_OK;

    group_blocks(c, t, group, &t->in_block, &blocks);
    t->blocks = blocks;
    t->slices = filter_slices(c, t->op, blocks);
    t->results_k = ceil_div(per_group, c->o.k_vec);
    t->lanes = per_group - (t->results_k - 1) * c->o.k_vec;
    t->out_block = t->out->blocks / t->op->groups * group;
    if (pages->words == 0) {
        st = dvti_pack_conv(c, t->op, group, t->in_block, blocks, t->slices, pages);
    }
    return st == DVT_OK ? emit_trip(c, t, pages, slice_name(c, t, group)) : st;
}

static dvt_status emit_stream(dvti_comp *c, trip *t)
{
    dvti_pages *pages = &c->pages[0];
    bool        params = t->op->kind == DVTI_OP_DEPTHWISE || needs_params(t->op);
    dvt_status  st = DVT_OK;

    t->blocks = t->results_k = t->in->blocks;
    t->slices = 1;
    t->lanes = c->o.c_vec;
    if (params && pages->param_rows == 0) {
        st = t->op->kind == DVTI_OP_DEPTHWISE ? dvti_pack_depthwise(c, t->op, pages)
                                              : dvti_pack_slot_params(c, t->op, NULL, pages);
    }
    return st == DVT_OK ? emit_trip(c, t, params ? pages : NULL, slice_name(c, t, 0)) : st;
}

dvt_status dvti_words_emit(dvti_comp *c, const dvti_op *op, const dvti_slice *s)
{
    trip t = {.op = op, .slice = s, .in = &c->maps.data[op->in], .out = &c->maps.data[op->out]};
    dvti_slice later = *s;
    dvt_status st = DVT_OK;

    t.elt = op->elt >= 0 ? &c->maps.data[op->elt] : NULL;
    t.tiles_q = ceil_div(t.out->w, c->o.q_vec);
    t.tiles_p = ceil_div(s->p1 - s->p0, c->o.p_vec);
    t.lv = op->kind == DVTI_OP_CONV ? array_nest : op->kind == DVTI_OP_LRN ? lrn_nest : stream_nest;
    if (op->kind != DVTI_OP_CONV) {
        return emit_stream(c, &t);
    }
    for (int32_t g = 0; st == DVT_OK && g < op->groups; g++) {
        st = emit_conv_group(c, &t, g);
        later.load = NULL; /* loaded by the first group's word */
        t.slice = &later;
    }
    return st;
}

dvt_status dvti_words_load(dvti_comp *c, const char *name, const dvt_part_fread *load)
{
    dvt_word w = {.kernels = 1u << DVT_KERNEL_FREAD, .fread = *load};

    return append_word(c, NULL, name, &w);
}

dvt_status dvti_words_copy_out(dvti_comp *c, const dvti_map *m, int64_t stream_base,
                               int64_t memory_base)
{
    dvti_op op = {
        .kind = DVTI_OP_COPY, .name = m->name, .elt = -1, .groups = 1, .win = DVTI_WINDOW_ONE};
    dvti_slice  s = {.p0 = 0,
                     .p1 = m->h,
                     .in = {stream_base, 0, m->h},
                     .out = {true, memory_base},
                     .load = NULL};
    trip        t = {.op = &op, .slice = &s, .in = m, .out = m, .lv = stream_nest};
    const char *name = dvt_arena_printf(c->arena, "store %s", m->name);

    if (!name) {
        return DVT_E_NOMEM;
    }
    op.name = name;
    t.tiles_q = ceil_div(m->w, c->o.q_vec);
    t.tiles_p = ceil_div(m->h, c->o.p_vec);
    t.blocks = t.results_k = m->blocks;
    t.slices = 1;
    t.lanes = c->o.c_vec;
    return emit_trip(c, &t, NULL, name);
}
