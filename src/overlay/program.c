/* SPDX-License-Identifier: Apache-2.0 */
/*
 * program.c - life of a program, checks over the whole of it, and its text for people.
 *
 * Idea      A program that passes dvti_program_check can be run without further looks: steps name
 *           words, nodes and tensors that exist, tensors lie in external memory and agree with
 *           their host values, and every long word keeps inside the overlay (word_check.c).
 * Tests     tests/unit/test_program.c
 */
#include "overlay/program_int.h"

#include <string.h>

void dvt_program_destroy(dvt_program *p)
{
    if (!p) {
        return;
    }
    dvt_graph_destroy(p->host);
    dvt_arena_destroy(p->arena);
    dvt_free(p->ctx, p);
}

/* ---- checks -------------------------------------------------------------------------------- */

static dvt_status check_memory(const dvt_program *p, const dvt_pos *at)
{
    if (p->memory_bytes > p->overlay.memory_bytes) {
        return dvt_fail(p->ctx, DVT_E_CAPACITY, at,
                        "program takes %lld bytes of external memory, the overlay has %lld",
                        (long long)p->memory_bytes, (long long)p->overlay.memory_bytes);
    }
    if (p->image_bytes > (uint64_t)p->memory_bytes) {
        return dvt_fail(p->ctx, DVT_E_PARSE, at,
                        "initial memory of %zu bytes is larger than memory_bytes %lld",
                        p->image_bytes, (long long)p->memory_bytes);
    }
    if (p->input_count > dvt_graph_input_count(p->host)) {
        return dvt_fail(p->ctx, DVT_E_PARSE, at, "%d network inputs, the host graph has %d",
                        p->input_count, dvt_graph_input_count(p->host));
    }
    return DVT_OK;
}

/* Every channel has one place. */
static dvt_status check_slots(const dvt_program *p, const dvt_program_tensor *t, const dvt_pos *at)
{
    int64_t    places = (int64_t)t->blocks * p->overlay.c_vec, found = 0;
    bool      *seen = NULL;
    dvt_status st = DVT_OK;

    if (t->c > places) {
        return dvt_fail(p->ctx, DVT_E_PARSE, at, "tensor '%s': %d channels in %lld slots", t->name,
                        t->c, (long long)places);
    }
    seen = dvt_calloc(p->ctx, (size_t)t->c, sizeof *seen);
    st = seen ? DVT_OK : DVT_E_NOMEM;
    for (int64_t i = 0; st == DVT_OK && i < places; i++) {
        int32_t c = t->slots[i];
        if (c < -1 || c >= t->c || (c >= 0 && seen[c])) {
            st = dvt_fail(p->ctx, DVT_E_PARSE, at,
                          "tensor '%s': slot %lld holds channel %d, which is %s", t->name,
                          (long long)i, c, c < -1 || c >= t->c ? "none of its" : "elsewhere too");
        } else if (c >= 0) {
            seen[c] = true;
            found++;
        }
    }
    if (st == DVT_OK && found != t->c) {
        st = dvt_fail(p->ctx, DVT_E_PARSE, at, "tensor '%s': %lld of %d channels have a slot",
                      t->name, (long long)found, t->c);
    }
    dvt_free(p->ctx, seen);
    return st;
}

static dvt_status check_tensor(const dvt_program *p, const dvt_program_tensor *t, const dvt_pos *at)
{
    dvt_overlay_derived d;
    int64_t             plane = (int64_t)t->h * t->w; /* 2^40 at most */
    const dvt_value    *v;

    dvt_overlay_derive(&p->overlay, &d);
    if (t->host_value.i < 0 || t->host_value.i >= dvt_graph_value_count(p->host)) {
        return dvt_fail(p->ctx, DVT_E_PARSE, at, "tensor '%s': host value %d does not exist",
                        t->name, t->host_value.i);
    }
    v = dvt_graph_value(p->host, t->host_value);
    if (v->dtype != DVT_DTYPE_F32 || v->kind == DVT_VALUE_PARAM ||
        dvt_shape_count(&v->shape) / t->c != plane || dvt_shape_count(&v->shape) % t->c != 0) {
        return dvt_fail(p->ctx, DVT_E_PARSE, at,
                        "tensor '%s': %d x %d x %d is not its host value's shape and type", t->name,
                        t->c, t->h, t->w);
    }
    if (!t->to_overlay && v->kind == DVT_VALUE_CONST) {
        return dvt_fail(p->ctx, DVT_E_PARSE, at, "tensor '%s': the host reads it into a constant",
                        t->name);
    }
    /* 2^40 words of blocks at most 2^20: compare without the product */
    if (plane > p->memory_bytes / d.feature_word_bytes / t->blocks ||
        (int64_t)t->base + plane * t->blocks > p->memory_bytes / d.feature_word_bytes) {
        return dvt_fail(p->ctx, DVT_E_PARSE, at, "tensor '%s' reaches beyond external memory",
                        t->name);
    }
    return check_slots(p, t, at);
}

static dvt_status check_step(const dvt_program *p, int32_t index, const dvt_pos *at)
{
    const dvt_program_step *s = &p->steps[index];
    int32_t                 limit = p->tensor_count;

    if (s->kind == DVT_STEP_OVERLAY) {
        limit = p->word_count;
    } else if (s->kind == DVT_STEP_HOST) {
        limit = dvt_graph_node_count(p->host);
    }
    if (s->first < 0 || s->first >= limit || s->count < 1 || s->count > limit - s->first) {
        return dvt_fail(p->ctx, DVT_E_PARSE, at, "step %d (%s): %d..%d, there are %d", index,
                        dvti_step_names[s->kind], s->first, s->first + s->count - 1, limit);
    }
    if ((s->kind == DVT_STEP_UPLOAD && !p->tensors[s->first].to_overlay) ||
        (s->kind == DVT_STEP_DOWNLOAD && p->tensors[s->first].to_overlay)) {
        return dvt_fail(p->ctx, DVT_E_PARSE, at, "step %d (%s): tensor '%s' goes the other way",
                        index, dvti_step_names[s->kind], p->tensors[s->first].name);
    }
    return DVT_OK;
}

static dvt_status check_tables(const dvt_program *p, const dvt_word *w)
{
    bool act =
        dvt_word_has(w, DVT_KERNEL_ACT) && (w->act.fn == DVT_ACT_TABLE || w->act.fn == DVT_ACT_ELU);
    int64_t most = -1;

    if (act) {
        most = w->act.table;
    }
    if (dvt_word_has(w, DVT_KERNEL_LRN) && w->lrn.table > most) {
        most = w->lrn.table;
    }
    if (most >= p->table_count) {
        return dvt_fail(p->ctx, DVT_E_PARSE, NULL,
                        "word %u uses function table %lld, the program has %d", w->tag,
                        (long long)most, p->table_count);
    }
    return DVT_OK;
}

static dvt_status check_words(dvt_program *p, const dvt_pos *at)
{
    size_t     pos = 0, used = 0;
    dvt_status st = DVT_OK;

    for (int32_t i = 0; st == DVT_OK && i < p->word_count; i++) {
        dvt_word w;
        st = dvt_isa_decode(p->ctx, p->control + pos, p->control_bytes - pos, &used, &w);
        if (st == DVT_OK) {
            st = dvt_word_check(p->ctx, &p->overlay, &w, p->memory_bytes);
        }
        if (st == DVT_OK) {
            st = check_tables(p, &w);
        }
        if (st != DVT_OK) {
            dvt_fail_note(p->ctx, "in long word %d, '%s', of %s", i, p->notes[i].name,
                          at->file ? at->file : "the program");
        }
        p->notes[i].offset = pos;
        p->notes[i].bytes = used;
        pos += used;
    }
    if (st == DVT_OK && pos != p->control_bytes) {
        st = dvt_fail(p->ctx, DVT_E_PARSE, at, "%d long words take %zu of %zu control bytes",
                      p->word_count, pos, p->control_bytes);
    }
    return st;
}

dvt_status dvti_program_check(dvt_program *p, const char *file)
{
    dvt_pos    at = {.file = file};
    dvt_status st = check_memory(p, &at);

    for (int32_t i = 0; st == DVT_OK && i < p->tensor_count; i++) {
        st = check_tensor(p, &p->tensors[i], &at);
    }
    for (int32_t i = 0; st == DVT_OK && i < p->step_count; i++) {
        st = check_step(p, i, &at);
    }
    return st == DVT_OK ? check_words(p, &at) : st;
}

/* ---- text ---------------------------------------------------------------------------------- */

static void print_words(const dvt_program *p, int32_t first, int32_t count, dvt_buf *out)
{
    for (int32_t i = first; i < first + count; i++) {
        const dvt_program_note *n = &p->notes[i];
        dvt_word                w;
        size_t                  used;
        dvt_buf_printf(out, "; %s (layer %s)", n->name, n->layer);
        if (n->macs > 0) {
            dvt_buf_printf(out, ", %lld macs, %lld mapping cycles", (long long)n->macs,
                           (long long)n->mapping_cycles);
        }
        dvt_buf_puts(out, "\n");
        if (n->offset > p->control_bytes ||
            dvt_isa_decode(p->ctx, p->control + n->offset, p->control_bytes - n->offset, &used,
                           &w) != DVT_OK) {
            dvt_buf_puts(out, "  (does not decode)\n");
            dvt_ctx_clear_error(p->ctx);
            continue;
        }
        dvt_isa_disassemble(&w, out);
    }
}

static void print_transfer(const dvt_program *p, const dvt_program_step *s, dvt_buf *out)
{
    const dvt_program_tensor *t = &p->tensors[s->first];

    dvt_buf_printf(out, "%s %s: %d x %d x %d in %d blocks at word %u", dvti_step_names[s->kind],
                   t->name, t->c, t->h, t->w, t->blocks, t->base);
    if (p->overlay.format == DVT_FORMAT_INT8) {
        dvt_buf_printf(out, ", step %.9g", (double)t->scale);
    }
    dvt_buf_puts(out, "\n");
}

static void print_host(const dvt_program *p, const dvt_program_step *s, dvt_buf *out)
{
    const dvt_node *n = dvt_graph_node(p->host, (dvt_node_id){s->first});

    dvt_buf_printf(out, "host %s %s", dvt_op_describe(n->op)->name, n->name);
    if (s->reason && s->reason[0]) {
        dvt_buf_printf(out, ": %s", s->reason);
    }
    dvt_buf_puts(out, "\n");
}

void dvt_program_disassemble(const dvt_program *p, dvt_buf *out)
{
    dvt_buf_printf(out, "; %s for overlay %s: %d words of %zu bytes, %lld bytes of memory\n",
                   p->model_name, p->overlay.name, p->word_count, p->control_bytes,
                   (long long)p->memory_bytes);
    for (int32_t i = 0; i < p->step_count; i++) {
        const dvt_program_step *s = &p->steps[i];
        switch (s->kind) {
        case DVT_STEP_HOST: print_host(p, s, out); break;
        case DVT_STEP_OVERLAY: print_words(p, s->first, s->count, out); break;
        case DVT_STEP_UPLOAD:
        case DVT_STEP_DOWNLOAD: print_transfer(p, s, out); break;
        }
    }
}
