/* SPDX-License-Identifier: Apache-2.0 */
/*
 * emit.c - operators to steps and long words, placing feature maps in the stream buffer on the way.
 *
 * Idea      Operators run in their order. A result stays in the stream buffer from its first writer
 *           to its last reader if there is room, else it goes to external memory. An operand that
 *           is only in memory is loaded whole if it fits (and stays for later readers), else row
 *           slice by row slice with the rows that each slice of the result reads. If not even one
 *           slice fits, maps that this operator does not touch are stored to memory and leave, the
 *           one whose last use is furthest first.
 * Invariants
 *           a map with words has a valid copy in the stream buffer or in memory; what is written to
 *           one copy makes the other stale.
 * Host      Uploads stand before the first trip that reads a host value, downloads before the first
 *           host step that reads an overlay value.
 * Tests     tests/diff/diff_compile.c (also with tiny stream buffers), tests/prop/prop_space.c
 */
#include "compile/compile_int.h"

static dvti_map *map_at(dvti_comp *c, int32_t i) { return &c->maps.data[i]; }

static int64_t map_words(const dvti_map *m) { return (int64_t)m->blocks * m->h * m->w; }

static dvti_map *root_at(dvti_comp *c, int32_t map, int64_t *offset)
{
    int32_t   block;
    dvti_map *r = map_at(c, dvti_map_root(c, map, &block));

    *offset = (int64_t)block * r->h * r->w;
    return r;
}

/* ---- liveness ------------------------------------------------------------------------------ */

static void touch(dvti_comp *c, int32_t map, int32_t op, bool reads)
{
    int64_t   offset;
    dvti_map *r;

    if (map < 0) {
        return;
    }
    r = root_at(c, map, &offset);
    r->first_op = op < r->first_op ? op : r->first_op;
    r->last_op = op > r->last_op ? op : r->last_op;
    r->overlay_reads = r->overlay_reads || reads;
}

static void find_lifetimes(dvti_comp *c)
{
    for (int32_t i = 0; i < (int32_t)c->maps.len; i++) {
        int64_t offset;
        if (map_at(c, i)->overlay_reads) {
            root_at(c, i, &offset)->overlay_reads = true;
        }
    }
    for (int32_t i = 0; i < (int32_t)c->ops.len; i++) {
        const dvti_op  *op = &c->ops.data[i];
        const dvt_node *n = dvt_graph_node(c->g, (dvt_node_id){op->node});
        touch(c, op->in, i, op->kind != DVTI_OP_HOST);
        touch(c, op->elt, i, true);
        touch(c, op->out, i, false);
        for (int32_t j = 0; op->kind == DVTI_OP_HOST && j < n->input_count; j++) {
            touch(c, n->inputs[j].i < 0 ? -1 : c->map_of[n->inputs[j].i], i, false);
        }
    }
    for (int32_t i = 0; i < dvt_graph_output_count(c->g); i++) {
        touch(c, c->map_of[dvt_graph_output(c->g, i).i], (int32_t)c->ops.len, false);
    }
}

/* ---- steps --------------------------------------------------------------------------------- */

/* Words emitted since the last step become one overlay step. */
static dvt_status close_step(dvti_comp *c)
{
    int32_t first = c->stepped;

    if (first == c->word_count) {
        return DVT_OK;
    }
    c->stepped = c->word_count;
    return dvti_steps_push(
        c->ctx, &c->steps,
        (dvt_program_step){DVT_STEP_OVERLAY, first, c->word_count - first, NULL});
}

static dvt_status add_step(dvti_comp *c, dvt_program_step step)
{
    dvt_status st = close_step(c);

    return st == DVT_OK ? dvti_steps_push(c->ctx, &c->steps, step) : st;
}

static dvt_status region(dvti_comp *c, int64_t words, int64_t *base)
{
    *base = c->memory_words;
    c->memory_words += words;
    if (c->memory_words > UINT32_MAX ||
        c->memory_words * c->d.feature_word_bytes > c->o.memory_bytes) {
        return dvt_fail(c->ctx, DVT_E_CAPACITY, NULL,
                        "features need more than the overlay's %lld bytes of external memory",
                        (long long)c->o.memory_bytes);
    }
    return DVT_OK;
}

static dvt_status root_region(dvti_comp *c, dvti_map *r)
{
    if (r->has_region) {
        return DVT_OK;
    }
    r->has_region = true;
    return region(c, map_words(r), &r->memory_base);
}

static dvt_status add_tensor(dvti_comp *c, const dvti_map *m, int64_t base, bool to_overlay)
{
    dvt_program_tensor t = {.name = m->name,
                            .c = m->c,
                            .h = m->h,
                            .w = m->w,
                            .blocks = m->blocks,
                            .slots = m->slots,
                            .base = (uint32_t)base,
                            .scale = m->scale,
                            .to_overlay = to_overlay};
    dvt_status         st;

    t.host_value = c->host_value[m->value];
    st = add_step(c, (dvt_program_step){to_overlay ? DVT_STEP_UPLOAD : DVT_STEP_DOWNLOAD,
                                        (int32_t)c->tensors.len, 1, NULL});
    return st == DVT_OK ? dvti_tensors_push(c->ctx, &c->tensors, t) : st;
}

static dvt_status upload(dvti_comp *c, int32_t map)
{
    dvti_map  *m = map_at(c, map);
    dvt_status st;

    if (!m->host_makes || m->uploaded) {
        return DVT_OK;
    }
    m->uploaded = m->in_memory = true;
    st = root_region(c, m);
    return st == DVT_OK ? add_tensor(c, m, m->memory_base, true) : st;
}

static dvt_status download(dvti_comp *c, int32_t map)
{
    int64_t    offset, base;
    dvti_map  *m = map_at(c, map), *r = root_at(c, map, &offset);
    dvt_status st = DVT_OK;

    if (m->host_makes || m->downloaded) {
        return DVT_OK;
    }
    m->downloaded = true;
    if (r->in_memory) {
        return add_tensor(c, m, r->memory_base + offset, false);
    }
    st = region(c, map_words(m), &base);
    if (st == DVT_OK) {
        st = dvti_words_copy_out(c, m, r->stream_base + offset, base);
    }
    return st == DVT_OK ? add_tensor(c, m, base, false) : st;
}

/* ---- stream buffer ------------------------------------------------------------------------- */

static dvt_part_fread load_part(const dvti_map *m, int64_t memory, int32_t lo, int32_t rows,
                                int64_t stream)
{
    int64_t        run = (int64_t)rows * m->w, plane = (int64_t)m->h * m->w;
    dvt_part_fread f = {.src = memory + (int64_t)lo * m->w, .dst = stream};

    if (run <= UINT16_MAX) {
        f.n[0] = run;
        f.n[1] = m->blocks;
        f.n[2] = 1;
        f.src_step[0] = plane;
        f.dst_step[0] = run;
        return f;
    }
    f.n[0] = m->w;
    f.n[1] = rows;
    f.n[2] = m->blocks;
    f.src_step[0] = f.dst_step[0] = m->w;
    f.src_step[1] = plane;
    f.dst_step[1] = run;
    return f;
}

static dvt_status drop(dvti_comp *c, dvti_map *r)
{
    if (!r->in_stream) {
        return DVT_OK;
    }
    r->in_stream = false;
    return dvti_space_give(c->ctx, &c->space, r->stream_base, map_words(r));
}

static dvt_status evict(dvti_comp *c, const dvti_op *op, dvti_map *r)
{
    bool       empty = r->first_op == (int32_t)(op - c->ops.data); /* nothing was written yet */
    dvt_status st = DVT_OK;

    if (empty) {
        r->in_memory = true;
        st = root_region(c, r);
    } else if (!r->in_memory) {
        st = root_region(c, r);
        if (st == DVT_OK) {
            st = dvti_words_copy_out(c, r, r->stream_base, r->memory_base);
        }
        r->in_memory = true;
    }
    return st == DVT_OK ? drop(c, r) : st;
}

/* The resident map that should leave first. Maps that operator `op` does not touch, the one needed
 * last; then, when only it is in the way, the result's fresh place; then an operand, which comes
 * back in slices. NULL = nothing is left to move. */
static dvti_map *eviction_candidate(dvti_comp *c, const dvti_op *op)
{
    int64_t   offset;
    dvti_map *in = root_at(c, op->in, &offset), *out = root_at(c, op->out, &offset), *best = NULL;
    dvti_map *elt = op->elt >= 0 ? root_at(c, op->elt, &offset) : NULL;

    for (int32_t i = 0; i < (int32_t)c->maps.len; i++) {
        dvti_map *m = map_at(c, i);
        if (m->in_stream && m != in && m != out && m != elt &&
            (!best || m->last_op > best->last_op)) {
            best = m;
        }
    }
    if (best) {
        return best;
    }
    if (out->in_stream && out->first_op == (int32_t)(op - c->ops.data)) {
        return out;
    }
    return in->in_stream ? in : elt && elt->in_stream ? elt : NULL;
}

/* Loads a map that is only in memory, whole, for this reader and the later ones. */
static dvt_status bring_in(dvti_comp *c, int32_t map)
{
    int64_t        offset;
    dvti_map      *r = root_at(c, map, &offset);
    dvt_part_fread load;

    if (r->in_stream || !c->on[DVTI_OPT_KEEP_ON_CHIP] ||
        !dvti_space_take(&c->space, map_words(r), &r->stream_base)) {
        return DVT_OK;
    }
    r->in_stream = true;
    load = load_part(r, r->memory_base, 0, r->h, r->stream_base);
    return dvti_words_load(c, dvt_arena_printf(c->arena, "load %s", r->name), &load);
}

/* ---- slices -------------------------------------------------------------------------------- */

/* How an operator's operands get into the stream buffer: rows of the result at a time, and room for
 * the operands that are not resident. */
typedef struct slicing {
    int32_t rows;
    bool    load_in, load_elt;
    int64_t in_base, elt_base, in_words, elt_words;
} slicing;

static int32_t rows_read(const dvti_op *op, const dvti_map *in, int32_t rows)
{
    int64_t n =
        (int64_t)(rows - 1) * op->win.stride_h + (int64_t)(op->win.r - 1) * op->win.dil_h + 1;
    return n < in->h ? (int32_t)n : in->h;
}

static bool take_slices(dvti_comp *c, const dvti_op *op, slicing *s)
{
    const dvti_map *in = map_at(c, op->in), *elt = op->elt >= 0 ? map_at(c, op->elt) : NULL;

    s->in_words = s->load_in ? (int64_t)in->blocks * rows_read(op, in, s->rows) * in->w : 0;
    s->elt_words = s->load_elt && elt ? (int64_t)elt->blocks * s->rows * elt->w : 0;
    if (s->load_in && !dvti_space_take(&c->space, s->in_words, &s->in_base)) {
        return false;
    }
    if (s->load_elt && !dvti_space_take(&c->space, s->elt_words, &s->elt_base)) {
        if (s->load_in) {
            (void)dvti_space_give(c->ctx, &c->space, s->in_base, s->in_words);
        }
        return false;
    }
    return true;
}

static dvt_status plan_slices(dvti_comp *c, const dvti_op *op, slicing *s)
{
    const dvti_map *out = map_at(c, op->out);
    int64_t         offset;
    dvt_status      st = DVT_OK;

    while (st == DVT_OK) {
        dvti_map *leaving;
        s->load_in = !root_at(c, op->in, &offset)->in_stream;
        s->load_elt = op->elt >= 0 && !root_at(c, op->elt, &offset)->in_stream;
        for (int32_t pieces = 1; pieces <= out->h; pieces++) {
            int32_t rows = (out->h + pieces - 1) / pieces;
            s->rows = (rows + c->o.p_vec - 1) / c->o.p_vec * c->o.p_vec;
            s->rows = s->rows < out->h ? s->rows : out->h;
            if (take_slices(c, op, s)) {
                return DVT_OK;
            }
        }
        leaving = eviction_candidate(c, op);
        if (!leaving) {
            st = dvt_fail(c->ctx, DVT_E_CAPACITY, NULL,
                          "'%s': one slice does not fit into the stream buffer of %lld words",
                          op->name, (long long)c->d.stream_buffer_words);
            dvt_fail_hint(c->ctx, "use an overlay with a larger stream_buffer");
            return st;
        }
        st = evict(c, op, leaving);
    }
    return st;
}

static dvti_place_in resident(dvti_comp *c, int32_t map)
{
    int64_t         offset;
    const dvti_map *r = root_at(c, map, &offset);

    return (dvti_place_in){r->stream_base + offset, 0, r->h};
}

static dvt_status emit_slice(dvti_comp *c, const dvti_op *op, const slicing *p, int32_t p0,
                             int32_t p1)
{
    const dvti_map *in = map_at(c, op->in), *out;
    int64_t         offset;
    const dvti_map *r;
    dvt_part_fread  load;
    dvti_slice      s = {.p0 = p0, .p1 = p1};
    dvt_status      st = DVT_OK;

    if (p->load_in) {
        int32_t lo, hi;
        dvti_input_rows(op, in, p0, p1, &lo, &hi);
        r = root_at(c, op->in, &offset);
        load = load_part(in, r->memory_base + offset, lo, hi - lo, p->in_base);
        s.in = (dvti_place_in){p->in_base, lo, hi - lo};
        s.load = &load;
    } else {
        s.in = resident(c, op->in);
    }
    if (p->load_elt) {
        const dvti_map *elt = map_at(c, op->elt);
        dvt_part_fread  elt_load;
        r = root_at(c, op->elt, &offset);
        elt_load = load_part(elt, r->memory_base + offset, p0, p1 - p0, p->elt_base);
        s.elt = (dvti_place_in){p->elt_base, p0, p1 - p0};
        st = dvti_words_load(c, dvt_arena_printf(c->arena, "load %s", elt->name), &elt_load);
    } else if (op->elt >= 0) {
        s.elt = resident(c, op->elt);
    }
    out = root_at(c, op->out, &offset);
    s.out = (dvti_place_out){!out->in_stream,
                             (out->in_stream ? out->stream_base : out->memory_base) + offset};
    return st == DVT_OK ? dvti_words_emit(c, op, &s) : st;
}

/* ---- operators ----------------------------------------------------------------------------- */

/* Where the result goes, decided when its first part is written. */
static dvt_status place_result(dvti_comp *c, const dvti_op *op)
{
    int64_t   offset;
    dvti_map *r = root_at(c, op->out, &offset);

    if (!r->in_stream && !r->in_memory) {
        if (c->on[DVTI_OPT_KEEP_ON_CHIP] && r->overlay_reads &&
            dvti_space_take(&c->space, map_words(r), &r->stream_base)) {
            r->in_stream = true;
        } else {
            r->in_memory = true;
        }
    }
    if (r->in_stream) {
        r->in_memory = false;
        return DVT_OK;
    }
    return root_region(c, r);
}

static dvt_status bring_operands(dvti_comp *c, const dvti_op *op)
{
    int32_t    maps[2] = {op->in, op->elt};
    dvt_status st = DVT_OK;

    for (int i = 0; st == DVT_OK && i < 2; i++) {
        st = maps[i] >= 0 ? upload(c, maps[i]) : DVT_OK;
    }
    for (int i = 0; st == DVT_OK && i < 2; i++) {
        st = maps[i] >= 0 ? bring_in(c, maps[i]) : DVT_OK;
    }
    return st;
}

static dvt_status give_slices_back(dvti_comp *c, const slicing *p)
{
    dvt_status st = DVT_OK;

    if (p->load_in) {
        st = dvti_space_give(c->ctx, &c->space, p->in_base, p->in_words);
    }
    if (st == DVT_OK && p->load_elt) {
        st = dvti_space_give(c->ctx, &c->space, p->elt_base, p->elt_words);
    }
    return st;
}

/* The whole operator's work stands at its first word, of those from `first` on. */
static void note_work(dvti_comp *c, const dvti_op *op, size_t first)
{
    for (size_t i = first; i < c->notes.len; i++) {
        if (c->notes.data[i].layer == op->name) {
            c->notes.data[i].macs = op->macs;
            c->notes.data[i].mapping_cycles = op->mapping_cycles;
            return;
        }
    }
}

static dvt_status emit_overlay(dvti_comp *c, const dvti_op *op)
{
    slicing    p = {0};
    size_t     first = c->notes.len;
    int32_t    rows = map_at(c, op->out)->h;
    dvt_status st = bring_operands(c, op);

    c->pages = dvt_arena_calloc(c->scratch, (size_t)op->groups, sizeof *c->pages);
    if (!c->pages) {
        return DVT_E_NOMEM;
    }
    if (st == DVT_OK) {
        st = place_result(c, op);
    }
    if (st == DVT_OK) {
        st = plan_slices(c, op, &p);
    }
    for (int32_t p0 = 0; st == DVT_OK && p0 < rows; p0 += p.rows) {
        st = emit_slice(c, op, &p, p0, p0 + p.rows < rows ? p0 + p.rows : rows);
    }
    if (st == DVT_OK) {
        st = give_slices_back(c, &p);
        note_work(c, op, first);
    }
    return st;
}

static dvt_status emit_host(dvti_comp *c, const dvti_op *op)
{
    const dvt_node *n = dvt_graph_node(c->g, (dvt_node_id){op->node});
    dvt_node_id     host = dvt_graph_find_node(c->host, n->name);
    dvt_status      st = DVT_OK;

    for (int32_t j = 0; st == DVT_OK && j < n->input_count; j++) {
        if (n->inputs[j].i >= 0 && c->map_of[n->inputs[j].i] >= 0) {
            st = download(c, c->map_of[n->inputs[j].i]);
        }
    }
    return st == DVT_OK ? add_step(c, (dvt_program_step){DVT_STEP_HOST, host.i, 1, op->reason})
                        : st;
}

/* Gives back the words of `map` if operator `op` was the last to touch them. */
static dvt_status release_map(dvti_comp *c, int32_t map, int32_t op)
{
    int64_t   offset;
    dvti_map *r = map < 0 ? NULL : root_at(c, map, &offset);

    return r && r->last_op == op ? drop(c, r) : DVT_OK;
}

static dvt_status release(dvti_comp *c, int32_t index)
{
    const dvti_op  *op = &c->ops.data[index];
    const dvt_node *n = dvt_graph_node(c->g, (dvt_node_id){op->node});
    dvt_status      st = release_map(c, op->in, index);

    if (st == DVT_OK) {
        st = release_map(c, op->elt, index);
    }
    if (st == DVT_OK) {
        st = release_map(c, op->out, index);
    }
    for (int32_t j = 0; st == DVT_OK && op->kind == DVTI_OP_HOST && j < n->input_count; j++) {
        st = release_map(c, n->inputs[j].i < 0 ? -1 : c->map_of[n->inputs[j].i], index);
    }
    return st;
}

dvt_status dvti_emit(dvti_comp *c)
{
    dvt_status st;

    find_lifetimes(c);
    st = dvti_space_init(c->ctx, &c->space, c->d.stream_buffer_words);
    for (int32_t i = 0; st == DVT_OK && i < (int32_t)c->ops.len; i++) {
        const dvti_op *op = &c->ops.data[i];
        st = op->kind == DVTI_OP_HOST ? emit_host(c, op) : emit_overlay(c, op);
        if (st == DVT_OK) {
            st = release(c, i);
        }
        if (st == DVT_OK) {
            st = dvt_progress(c->ctx, "compile", (uint64_t)i + 1, c->ops.len, "operators");
        }
    }
    for (int32_t i = 0; st == DVT_OK && i < dvt_graph_output_count(c->g); i++) {
        int32_t m = c->map_of[dvt_graph_output(c->g, i).i];
        if (m >= 0) {
            st = download(c, m);
        }
    }
    return st == DVT_OK ? close_step(c) : st;
}
