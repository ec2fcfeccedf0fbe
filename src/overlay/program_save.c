/* SPDX-License-Identifier: Apache-2.0 */
/*
 * program_save.c - a program to bytes (docs/formats/program.md).
 *
 * Idea      Texts and small tables go into one JSON section that people can read with `strings`;
 *           bulk data goes into binary sections. Equal programs give equal bytes: nothing of the
 *           machine, the time or the order of allocation gets in.
 * Numbers   Host nodes and values are written by their number in the saved graph (inputs,
 *           constants, then node outputs), because saving compacts the graph.
 * Tests     tests/unit/test_program.c
 */
#include "overlay/program_int.h"

#include <string.h>

const char *const dvti_step_names[4] = {"host", "overlay", "upload", "download"};

/* ---- numbers of the saved graph ------------------------------------------------------------ */

typedef struct numbering {
    int32_t *value, *node; /* by id; -1 = not saved */
} numbering;

static void number_graph(const dvt_graph *g, numbering *n)
{
    int32_t values = 0, nodes = 0;

    for (int32_t i = 0; i < dvt_graph_value_count(g); i++) {
        n->value[i] = -1;
    }
    for (int32_t i = 0; i < dvt_graph_input_count(g); i++) {
        n->value[dvt_graph_input(g, i).i] = values++;
    }
    for (int32_t i = 0; i < dvt_graph_value_count(g); i++) {
        const dvt_value *v = dvt_graph_value(g, (dvt_value_id){i});
        if (v->kind == DVT_VALUE_CONST || v->kind == DVT_VALUE_PARAM) {
            n->value[i] = values++;
        }
    }
    for (int32_t i = 0; i < dvt_graph_node_count(g); i++) {
        const dvt_node *node = dvt_graph_node(g, (dvt_node_id){i});
        n->node[i] = node->dead ? -1 : nodes++;
        for (int32_t k = 0; !node->dead && k < node->output_count; k++) {
            n->value[node->outputs[k].i] = values++;
        }
    }
}

/* ---- sections ------------------------------------------------------------------------------ */

static void put_uint(dvt_buf *b, uint64_t x, size_t bytes)
{
    uint8_t le[8];

    for (size_t i = 0; i < bytes; i++) {
        le[i] = (uint8_t)(x >> 8 * i);
    }
    dvt_buf_append(b, le, bytes);
}

static void put_f32(dvt_buf *b, float x) { put_uint(b, (uint64_t)dvt_isa_bits(x), 4); }

static void put_tensors(dvti_json_writer *w, const dvt_program *p, const numbering *n)
{
    dvti_json_key(w, "tensors");
    dvti_json_open_array(w);
    for (int32_t i = 0; i < p->tensor_count; i++) {
        const dvt_program_tensor *t = &p->tensors[i];
        dvti_json_open_object(w);
        dvti_json_put_string(w, "name", t->name);
        dvti_json_put_i64(w, "value", n->value[t->host_value.i]);
        dvti_json_put_i64(w, "c", t->c);
        dvti_json_put_i64(w, "h", t->h);
        dvti_json_put_i64(w, "w", t->w);
        dvti_json_put_i64(w, "blocks", t->blocks);
        dvti_json_put_i64(w, "base", t->base);
        dvti_json_put_f64(w, "scale", (double)t->scale);
        dvti_json_put_bool(w, "to_overlay", t->to_overlay);
        dvti_json_close_object(w);
    }
    dvti_json_close_array(w);
}

static void put_steps(dvti_json_writer *w, const dvt_program *p, const numbering *n)
{
    dvti_json_key(w, "steps");
    dvti_json_open_array(w);
    for (int32_t i = 0; i < p->step_count; i++) {
        const dvt_program_step *s = &p->steps[i];
        dvti_json_open_object(w);
        dvti_json_put_string(w, "kind", dvti_step_names[s->kind]);
        dvti_json_put_i64(w, "first", s->kind == DVT_STEP_HOST ? n->node[s->first] : s->first);
        if (s->kind == DVT_STEP_OVERLAY) {
            dvti_json_put_i64(w, "count", s->count);
        } else if (s->kind == DVT_STEP_HOST) {
            dvti_json_put_string(w, "reason", s->reason ? s->reason : "");
        }
        dvti_json_close_object(w);
    }
    dvti_json_close_array(w);
}

static void put_notes(dvti_json_writer *w, const dvt_program *p)
{
    dvti_json_key(w, "words");
    dvti_json_open_array(w);
    for (int32_t i = 0; i < p->word_count; i++) {
        const dvt_program_note *n = &p->notes[i];
        dvti_json_open_object(w);
        dvti_json_put_string(w, "name", n->name ? n->name : "");
        dvti_json_put_string(w, "layer", n->layer ? n->layer : "");
        dvti_json_put_i64(w, "macs", n->macs);
        dvti_json_put_i64(w, "mapping_cycles", n->mapping_cycles);
        dvti_json_close_object(w);
    }
    dvti_json_close_array(w);
}

static void put_meta(dvt_buf *b, const dvt_program *p, const numbering *n)
{
    dvti_json_writer w = dvti_json_writer_make(b, 1);

    dvti_json_open_object(&w);
    dvti_json_put_string(&w, "schema", "dovetail.program/1");
    dvti_json_put_string(&w, "tool_version", p->tool_version ? p->tool_version : "");
    dvti_json_put_string(&w, "model_name", p->model_name ? p->model_name : "");
    dvti_json_put_string(&w, "model_sha256", p->model_sha256 ? p->model_sha256 : "");
    dvti_json_put_string(&w, "options", p->options_json ? p->options_json : "");
    dvti_json_put_i64(&w, "inputs", p->input_count);
    dvti_json_put_i64(&w, "memory_bytes", p->memory_bytes);
    dvti_json_put_i64(&w, "macs", p->macs);
    dvti_json_key(&w, "overlay");
    dvti_overlay_to_json(&w, &p->overlay);
    put_tensors(&w, p, n);
    put_steps(&w, p, n);
    put_notes(&w, p);
    dvti_json_close_object(&w);
    dvt_buf_puts(b, "\n");
}

static void put_slots(dvt_buf *b, const dvt_program *p)
{
    for (int32_t i = 0; i < p->tensor_count; i++) {
        for (int64_t k = 0; k < (int64_t)p->tensors[i].blocks * p->overlay.c_vec; k++) {
            put_uint(b, (uint64_t)p->tensors[i].slots[k], 4);
        }
    }
}

static void put_tables(dvt_buf *b, const dvt_program *p)
{
    for (int32_t i = 0; i < p->table_count; i++) {
        const dvt_function_table *t = &p->tables[i];
        put_uint(b, (uint64_t)t->kind, 4);
        put_f32(b, t->param);
        put_f32(b, t->x0);
        put_f32(b, t->inv_step);
        for (int k = 0; k < DVT_TABLE_SEGMENTS; k++) {
            put_f32(b, t->a[k]);
        }
        for (int k = 0; k < DVT_TABLE_SEGMENTS; k++) {
            put_f32(b, t->b[k]);
        }
        for (int k = 0; k < DVT_TABLE_EXPONENTS; k++) {
            put_f32(b, t->e2[k]);
        }
    }
}

static dvt_status put_section(dvti_section_kind kind, const dvt_program *p, const numbering *n,
                              dvt_buf *b)
{
    switch (kind) {
    case DVTI_SECTION_META: put_meta(b, p, n); break;
    case DVTI_SECTION_SLOTS: put_slots(b, p); break;
    case DVTI_SECTION_TABLES: put_tables(b, p); break;
    case DVTI_SECTION_CONTROL: dvt_buf_append(b, p->control, p->control_bytes); break;
    case DVTI_SECTION_IMAGE: dvt_buf_append(b, p->image, p->image_bytes); break;
    case DVTI_SECTION_HOST: return dvt_graph_save(p->host, b);
    case DVTI_SECTION_COUNT: break;
    }
    return dvt_buf_status(b);
}

/* ---- file ---------------------------------------------------------------------------------- */

static void pad(dvt_buf *b, size_t start)
{
    static const uint8_t zeros[DVTI_PROGRAM_ALIGN];
    size_t               over = (b->len - start) % DVTI_PROGRAM_ALIGN;

    if (over != 0) {
        dvt_buf_append(b, zeros, DVTI_PROGRAM_ALIGN - over);
    }
}

/* Sections are appended behind a table of zeros, which is filled in when all lengths are known. */
static dvt_status put_file(const dvt_program *p, const numbering *n, dvt_buf *out)
{
    uint8_t    table[DVTI_SECTION_COUNT * DVTI_PROGRAM_ENTRY_BYTES] = {0};
    uint64_t   offset[DVTI_SECTION_COUNT], bytes[DVTI_SECTION_COUNT];
    char       digest[DVT_SHA256_HEX];
    size_t     start = out->len;
    dvt_status st = DVT_OK;

    dvt_buf_puts(out, DVTI_PROGRAM_MAGIC);
    put_uint(out, DVT_PROGRAM_VERSION, 4);
    put_uint(out, DVTI_SECTION_COUNT, 4);
    dvt_buf_append(out, table, sizeof table);
    for (int k = 0; st == DVT_OK && k < DVTI_SECTION_COUNT; k++) {
        pad(out, start);
        offset[k] = out->len - start;
        st = put_section((dvti_section_kind)k, p, n, out);
        bytes[k] = out->len - start - offset[k];
    }
    pad(out, start);
    if (st != DVT_OK || dvt_buf_status(out) != DVT_OK) {
        return st != DVT_OK ? st : dvt_buf_status(out);
    }
    for (int k = 0; k < DVTI_SECTION_COUNT; k++) {
        char *at = out->data + start + DVTI_PROGRAM_HEADER_BYTES + k * DVTI_PROGRAM_ENTRY_BYTES;
        at[0] = (char)k;
        for (int i = 0; i < 8; i++) {
            at[8 + i] = (char)(uint8_t)(offset[k] >> 8 * i);
            at[16 + i] = (char)(uint8_t)(bytes[k] >> 8 * i);
        }
    }
    dvt_sha256_hex(out->data + start, out->len - start, digest);
    dvt_buf_append(out, digest, DVTI_PROGRAM_DIGEST_BYTES);
    return dvt_buf_status(out);
}

dvt_status dvt_program_save(const dvt_program *p, dvt_buf *out)
{
    size_t     values = (size_t)dvt_graph_value_count(p->host);
    size_t     nodes = (size_t)dvt_graph_node_count(p->host);
    numbering  n = {dvt_calloc(p->ctx, values + 1, sizeof(int32_t)),
                    dvt_calloc(p->ctx, nodes + 1, sizeof(int32_t))};
    dvt_status st = DVT_E_NOMEM;

    if (n.value && n.node) {
        number_graph(p->host, &n);
        st = put_file(p, &n, out);
    }
    dvt_free(p->ctx, n.value);
    dvt_free(p->ctx, n.node);
    return st;
}
