/* SPDX-License-Identifier: Apache-2.0 */
/*
 * program_load.c - bytes to a program, trusting none of them (docs/formats/program.md).
 *
 * Idea      Digest first: an accident is found before anything is interpreted. But a digest proves
 *           no good will, so every count, offset and index is checked all the same, and what the
 *           whole must satisfy (program.c) comes last.
 * Status    DVT_E_PARSE with the byte offset; DVT_E_UNSUPPORTED for another version.
 * Tests     tests/unit/test_program.c (each section damaged, each length truncated),
 *           tests/fuzz/fuzz_program.c
 */
#include "overlay/program_int.h"

#include <math.h>
#include <string.h>

enum { COUNT_MAX = 1 << 20, WORDS_MAX = 1 << 16, MACS_BITS = 53 };

typedef struct section {
    const uint8_t *data;
    size_t         offset, bytes;
} section;

typedef struct loader {
    dvt_ctx       *ctx;
    const char    *file;
    const uint8_t *data;
    size_t         size; /* without the digest */
    section        sections[DVTI_SECTION_COUNT];
    dvt_program   *p;
} loader;

static const char *const section_names[DVTI_SECTION_COUNT] = {"meta",    "slots", "tables",
                                                              "control", "image", "host"};

static uint64_t get_uint(const uint8_t *p, size_t bytes)
{
    uint64_t x = 0;

    for (size_t i = 0; i < bytes; i++) {
        x |= (uint64_t)p[i] << 8 * i;
    }
    return x;
}

static dvt_pos place(const loader *l, size_t offset)
{
    return (dvt_pos){.file = l->file, .offset = offset};
}

/* ---- outer shape --------------------------------------------------------------------------- */

static dvt_status check_header(loader *l, size_t size)
{
    dvt_pos at = place(l, 0);
    size_t  least = DVTI_PROGRAM_HEADER_BYTES + DVTI_SECTION_COUNT * DVTI_PROGRAM_ENTRY_BYTES +
                   DVTI_PROGRAM_DIGEST_BYTES;

    if (size < DVTI_PROGRAM_MAGIC_BYTES ||
        memcmp(l->data, DVTI_PROGRAM_MAGIC, DVTI_PROGRAM_MAGIC_BYTES) != 0) {
        dvt_status st = dvt_fail(l->ctx, DVT_E_PARSE, &at, "not a dovetail program");
        dvt_fail_hint(l->ctx, "programs come from 'dovetail compile' and start with '%s'",
                      DVTI_PROGRAM_MAGIC);
        return st;
    }
    if (size < least) {
        return dvt_fail(l->ctx, DVT_E_PARSE, &at, "program ends inside its header: %zu bytes",
                        size);
    }
    if (get_uint(l->data + 8, 4) != DVT_PROGRAM_VERSION) {
        dvt_status st;
        at.offset = 8;
        st = dvt_fail(l->ctx, DVT_E_UNSUPPORTED, &at, "program of format version %u, this is %d",
                      (unsigned)get_uint(l->data + 8, 4), DVT_PROGRAM_VERSION);
        dvt_fail_hint(l->ctx, "compile the network again with this version");
        return st;
    }
    l->size = size - DVTI_PROGRAM_DIGEST_BYTES;
    return DVT_OK;
}

static dvt_status check_digest(loader *l)
{
    char    digest[DVT_SHA256_HEX];
    dvt_pos at = place(l, l->size);

    dvt_sha256_hex(l->data, l->size, digest);
    if (memcmp(digest, l->data + l->size, DVTI_PROGRAM_DIGEST_BYTES) != 0) {
        return dvt_fail(l->ctx, DVT_E_PARSE, &at,
                        "damaged program: its contents have SHA-256 %.16s..., not what it states",
                        digest);
    }
    return DVT_OK;
}

static size_t aligned(size_t x)
{
    return (x + DVTI_PROGRAM_ALIGN - 1) / DVTI_PROGRAM_ALIGN * DVTI_PROGRAM_ALIGN;
}

/* Sections lie in order, each where the one before ends, gaps zero: one file for one program. */
static dvt_status find_sections(loader *l)
{
    size_t  end = DVTI_PROGRAM_HEADER_BYTES + DVTI_SECTION_COUNT * DVTI_PROGRAM_ENTRY_BYTES;
    dvt_pos at = place(l, 12);

    if (get_uint(l->data + 12, 4) != DVTI_SECTION_COUNT) {
        return dvt_fail(l->ctx, DVT_E_PARSE, &at, "program has %u sections, version %d has %d",
                        (unsigned)get_uint(l->data + 12, 4), DVT_PROGRAM_VERSION,
                        DVTI_SECTION_COUNT);
    }
    for (size_t k = 0; k < DVTI_SECTION_COUNT; k++) {
        const uint8_t *entry = l->data + DVTI_PROGRAM_HEADER_BYTES + k * DVTI_PROGRAM_ENTRY_BYTES;
        uint64_t       offset = get_uint(entry + 8, 8), bytes = get_uint(entry + 16, 8);
        at.offset = (uint64_t)(entry - l->data);
        if (get_uint(entry, 8) != k || offset != aligned(end) || offset > l->size ||
            bytes > l->size - offset) {
            return dvt_fail(l->ctx, DVT_E_PARSE, &at, "section '%s' is not where it should be",
                            section_names[k]);
        }
        for (; end < offset; end++) {
            at.offset = end;
            if (l->data[end] != 0) {
                return dvt_fail(l->ctx, DVT_E_PARSE, &at, "a byte between sections is not zero");
            }
        }
        l->sections[k] = (section){l->data + offset, (size_t)offset, (size_t)bytes};
        end = (size_t)(offset + bytes);
    }
    at.offset = end;
    return aligned(end) == l->size
               ? DVT_OK
               : dvt_fail(l->ctx, DVT_E_PARSE, &at, "bytes behind the last section");
}

/* ---- meta ---------------------------------------------------------------------------------- */

static dvt_status keep_string(loader *l, const dvti_json *o, const char *key, const char **out)
{
    const char *text = NULL;
    dvt_status  st = dvti_json_get_string(o, key, DVTI_JSON_REQUIRED, &text);

    if (st != DVT_OK) {
        return st;
    }
    *out = dvt_arena_strdup(l->p->arena, text);
    return *out ? DVT_OK : DVT_E_NOMEM;
}

static dvt_status get_i32(const dvti_json *o, const char *key, int32_t min, int32_t max,
                          int32_t *out)
{
    int64_t    v = 0;
    dvt_status st = dvti_json_get_i64(o, key, DVTI_JSON_REQUIRED, min, max, &v);

    *out = (int32_t)v;
    return st;
}

static dvt_status read_heads(loader *l, const dvti_json *root)
{
    static const char *const keys[] = {"schema",  "tool_version", "model_name",   "model_sha256",
                                       "options", "inputs",       "memory_bytes", "macs",
                                       "overlay", "tensors",      "steps",        "words"};
    const char *const        schemas[] = {"dovetail.program/1"};
    size_t                   which;
    dvt_program             *p = l->p;
    dvti_json                overlay;
    dvt_status               st = dvti_json_check_keys(root, keys, sizeof keys / sizeof *keys);

    if (st != DVT_OK ||
        (st = dvti_json_get_enum(root, "schema", DVTI_JSON_REQUIRED, schemas, 1, &which)) !=
            DVT_OK ||
        (st = keep_string(l, root, "tool_version", &p->tool_version)) != DVT_OK ||
        (st = keep_string(l, root, "model_name", &p->model_name)) != DVT_OK ||
        (st = keep_string(l, root, "model_sha256", &p->model_sha256)) != DVT_OK ||
        (st = keep_string(l, root, "options", &p->options_json)) != DVT_OK ||
        (st = get_i32(root, "inputs", 0, COUNT_MAX, &p->input_count)) != DVT_OK ||
        (st = dvti_json_get_i64(root, "memory_bytes", DVTI_JSON_REQUIRED, 0, INT64_MAX,
                                &p->memory_bytes)) != DVT_OK ||
        (st = dvti_json_get_i64(root, "macs", DVTI_JSON_REQUIRED, 0, (int64_t)1 << MACS_BITS,
                                &p->macs)) != DVT_OK ||
        (st = dvti_json_get_object(root, "overlay", DVTI_JSON_REQUIRED, &overlay)) != DVT_OK) {
        return st;
    }
    return dvti_overlay_from_json(&overlay, &p->overlay);
}

static dvt_status read_tensor(loader *l, const dvti_json *o, dvt_program_tensor *t)
{
    static const char *const keys[] = {"name",   "value", "c",     "h",         "w",
                                       "blocks", "base",  "scale", "to_overlay"};
    double                   scale = 0.0;
    dvt_status               st = dvti_json_check_keys(o, keys, sizeof keys / sizeof *keys);

    if (st != DVT_OK || (st = keep_string(l, o, "name", &t->name)) != DVT_OK ||
        (st = get_i32(o, "value", 0, INT32_MAX, &t->host_value.i)) != DVT_OK ||
        (st = get_i32(o, "c", 1, COUNT_MAX, &t->c)) != DVT_OK ||
        (st = get_i32(o, "h", 1, COUNT_MAX, &t->h)) != DVT_OK ||
        (st = get_i32(o, "w", 1, COUNT_MAX, &t->w)) != DVT_OK ||
        (st = get_i32(o, "blocks", 1, COUNT_MAX, &t->blocks)) != DVT_OK ||
        (st = dvti_json_get_u32(o, "base", DVTI_JSON_REQUIRED, 0, UINT32_MAX, &t->base)) !=
            DVT_OK ||
        (st = dvti_json_get_f64(o, "scale", DVTI_JSON_REQUIRED, 1e-30, 1e30, &scale)) != DVT_OK ||
        (st = dvti_json_get_bool(o, "to_overlay", DVTI_JSON_REQUIRED, &t->to_overlay)) != DVT_OK) {
        return st;
    }
    t->scale = (float)scale;
    return DVT_OK;
}

static dvt_status read_step(loader *l, const dvti_json *o, dvt_program_step *s)
{
    static const char *const host[] = {"kind", "first", "reason"};
    static const char *const overlay[] = {"kind", "first", "count"};
    size_t                   kind = 0;
    dvt_status st = dvti_json_get_enum(o, "kind", DVTI_JSON_REQUIRED, dvti_step_names, 4, &kind);

    s->kind = (dvt_step_kind)kind;
    s->count = 1;
    if (st == DVT_OK) {
        st = dvti_json_check_keys(o, s->kind == DVT_STEP_OVERLAY ? overlay : host,
                                  s->kind == DVT_STEP_HOST || s->kind == DVT_STEP_OVERLAY ? 3 : 2);
    }
    if (st == DVT_OK) {
        st = get_i32(o, "first", 0, INT32_MAX, &s->first);
    }
    if (st == DVT_OK && s->kind == DVT_STEP_OVERLAY) {
        st = get_i32(o, "count", 1, WORDS_MAX, &s->count);
    }
    if (st == DVT_OK && s->kind == DVT_STEP_HOST) {
        st = keep_string(l, o, "reason", &s->reason);
    }
    return st;
}

static dvt_status read_note(loader *l, const dvti_json *o, dvt_program_note *n)
{
    static const char *const keys[] = {"name", "layer", "macs", "mapping_cycles"};
    dvt_status               st = dvti_json_check_keys(o, keys, sizeof keys / sizeof *keys);

    if (st != DVT_OK || (st = keep_string(l, o, "name", &n->name)) != DVT_OK ||
        (st = keep_string(l, o, "layer", &n->layer)) != DVT_OK ||
        (st = dvti_json_get_i64(o, "macs", DVTI_JSON_REQUIRED, 0, (int64_t)1 << MACS_BITS,
                                &n->macs)) != DVT_OK) {
        return st;
    }
    return dvti_json_get_i64(o, "mapping_cycles", DVTI_JSON_REQUIRED, 0, (int64_t)1 << MACS_BITS,
                             &n->mapping_cycles);
}

/* A list and room for its entries in the arena. */
static dvt_status open_list(loader *l, const dvti_json *root, const char *key, size_t max,
                            size_t item, dvti_json *list, int32_t *count, void *out)
{
    void      *items;
    dvt_status st = dvti_json_get_array(root, key, DVTI_JSON_REQUIRED, list);

    if (st != DVT_OK) {
        return st;
    }
    if (dvti_json_count(list) > max) {
        return dvti_json_fail(list, DVT_E_PARSE, "%zu entries, at most %zu are possible",
                              dvti_json_count(list), max);
    }
    *count = (int32_t)dvti_json_count(list);
    items = dvt_arena_calloc(l->p->arena, (size_t)*count + 1, item);
    memcpy(out, &items, sizeof items);
    return items ? DVT_OK : DVT_E_NOMEM;
}

static dvt_status read_lists(loader *l, const dvti_json *root)
{
    dvt_program *p = l->p;
    dvti_json    list;
    dvt_status   st = open_list(l, root, "tensors", COUNT_MAX, sizeof *p->tensors, &list,
                                &p->tensor_count, &p->tensors);

    for (int32_t i = 0; st == DVT_OK && i < p->tensor_count; i++) {
        dvti_json item = dvti_json_at(&list, (size_t)i);
        st = read_tensor(l, &item, &p->tensors[i]);
    }
    if (st == DVT_OK) {
        st = open_list(l, root, "steps", COUNT_MAX, sizeof *p->steps, &list, &p->step_count,
                       &p->steps);
    }
    for (int32_t i = 0; st == DVT_OK && i < p->step_count; i++) {
        dvti_json item = dvti_json_at(&list, (size_t)i);
        st = read_step(l, &item, &p->steps[i]);
    }
    if (st == DVT_OK) {
        st = open_list(l, root, "words", WORDS_MAX, sizeof *p->notes, &list, &p->word_count,
                       &p->notes);
    }
    for (int32_t i = 0; st == DVT_OK && i < p->word_count; i++) {
        dvti_json item = dvti_json_at(&list, (size_t)i);
        st = read_note(l, &item, &p->notes[i]);
    }
    return st;
}

static dvt_status read_meta(loader *l)
{
    const section *s = &l->sections[DVTI_SECTION_META];
    dvti_json_doc  doc;
    dvt_status     st = dvti_json_parse(l->ctx, l->file, (const char *)s->data, s->bytes, &doc);

    if (st == DVT_OK) {
        dvti_json root = dvti_json_root(&doc);
        st = dvti_json_as_object(&root);
        if (st == DVT_OK) {
            st = read_heads(l, &root);
        }
        if (st == DVT_OK) {
            st = read_lists(l, &root);
        }
    }
    dvti_json_doc_deinit(&doc);
    if (st != DVT_OK) {
        dvt_fail_note(l->ctx, "in section 'meta' (%zu bytes from byte %zu; lines count from there)",
                      s->bytes, s->offset);
    }
    return st;
}

/* ---- binary sections ----------------------------------------------------------------------- */

static dvt_status wrong_size(loader *l, dvti_section_kind kind, const char *unit)
{
    dvt_pos at = place(l, l->sections[kind].offset);

    return dvt_fail(l->ctx, DVT_E_PARSE, &at, "section '%s' has %zu bytes, not what its %s take",
                    section_names[kind], l->sections[kind].bytes, unit);
}

static dvt_status read_slots(loader *l)
{
    const section *s = &l->sections[DVTI_SECTION_SLOTS];
    size_t         total = 0, pos = 0;
    int32_t       *slots;

    for (int32_t i = 0; i < l->p->tensor_count; i++) { /* 2^20 * 2^20 * 2^8 at most: no overflow */
        total += (size_t)l->p->tensors[i].blocks * (size_t)l->p->overlay.c_vec;
    }
    if (s->bytes != total * 4) {
        return wrong_size(l, DVTI_SECTION_SLOTS, "tensors");
    }
    slots = dvt_arena_calloc(l->p->arena, total + 1, sizeof *slots);
    if (!slots) {
        return DVT_E_NOMEM;
    }
    for (size_t i = 0; i < total; i++) {
        slots[i] = (int32_t)(uint32_t)get_uint(s->data + i * 4, 4);
    }
    for (int32_t i = 0; i < l->p->tensor_count; i++) {
        l->p->tensors[i].slots = slots + pos;
        pos += (size_t)l->p->tensors[i].blocks * (size_t)l->p->overlay.c_vec;
    }
    return DVT_OK;
}

static bool get_floats(const uint8_t **from, float *out, size_t count)
{
    bool finite = true;

    for (size_t i = 0; i < count; i++, *from += 4) {
        out[i] = dvt_isa_float((int64_t)get_uint(*from, 4));
        finite = finite && dvt_isa_plain(out[i]);
    }
    return finite;
}

static dvt_status read_tables(loader *l)
{
    const section *s = &l->sections[DVTI_SECTION_TABLES];
    const uint8_t *from = s->data;
    int32_t        count = (int32_t)(s->bytes / DVTI_TABLE_BYTES);

    if (s->bytes % DVTI_TABLE_BYTES != 0 ||
        s->bytes / DVTI_TABLE_BYTES > (size_t)l->p->overlay.function_tables) {
        return wrong_size(l, DVTI_SECTION_TABLES, "function tables");
    }
    l->p->table_count = count;
    l->p->tables = dvt_arena_calloc(l->p->arena, (size_t)count + 1, sizeof *l->p->tables);
    if (!l->p->tables) {
        return DVT_E_NOMEM;
    }
    for (int32_t i = 0; i < count; i++) {
        dvt_function_table *t = &l->p->tables[i];
        dvt_pos             at = place(l, (size_t)(from - l->data));
        uint64_t            kind = get_uint(from, 4);
        from += 4;
        if (kind > DVT_TABLE_POWER) {
            return dvt_fail(l->ctx, DVT_E_PARSE, &at, "function table %d is of kind %u", i,
                            (unsigned)kind);
        }
        t->kind = (int32_t)kind;
        if (!get_floats(&from, &t->param, 1) || !get_floats(&from, &t->x0, 1) ||
            !get_floats(&from, &t->inv_step, 1) || !get_floats(&from, t->a, DVT_TABLE_SEGMENTS) ||
            !get_floats(&from, t->b, DVT_TABLE_SEGMENTS) ||
            !get_floats(&from, t->e2, DVT_TABLE_EXPONENTS)) {
            return dvt_fail(l->ctx, DVT_E_PARSE, &at, "function table %d has values not finite", i);
        }
    }
    return DVT_OK;
}

static dvt_status keep_bytes(loader *l, dvti_section_kind kind, const uint8_t **out, size_t *bytes)
{
    const section *s = &l->sections[kind];
    uint8_t       *copy = dvt_arena_aligned(l->p->arena, s->bytes + 1, DVT_ALIGN);

    if (!copy) {
        return DVT_E_NOMEM;
    }
    memcpy(copy, s->data, s->bytes);
    *out = copy;
    *bytes = s->bytes;
    return DVT_OK;
}

static dvt_status read_sections(loader *l)
{
    const section *host = &l->sections[DVTI_SECTION_HOST];
    dvt_program   *p = l->p;
    dvt_status     st = read_meta(l);

    if (st == DVT_OK) {
        st = read_slots(l);
    }
    if (st == DVT_OK) {
        st = read_tables(l);
    }
    if (st == DVT_OK) {
        st = keep_bytes(l, DVTI_SECTION_CONTROL, &p->control, &p->control_bytes);
    }
    if (st == DVT_OK) {
        st = keep_bytes(l, DVTI_SECTION_IMAGE, &p->image, &p->image_bytes);
    }
    if (st == DVT_OK) {
        st = dvt_graph_load(l->ctx, l->file, host->data, host->bytes, &p->host);
        if (st != DVT_OK) {
            dvt_fail_note(l->ctx, "in section 'host' (from byte %zu; offsets count from there)",
                          host->offset);
        }
    }
    return st == DVT_OK ? dvti_program_check(p, l->file) : st;
}

dvt_status dvt_program_load(dvt_ctx *ctx, const char *file, const uint8_t *data, size_t size,
                            dvt_program **out)
{
    loader     l = {.ctx = ctx, .file = file, .data = data};
    dvt_status st = check_header(&l, size);

    *out = NULL;
    if (st == DVT_OK) {
        st = check_digest(&l);
    }
    if (st == DVT_OK) {
        st = find_sections(&l);
    }
    if (st != DVT_OK) {
        return st;
    }
    l.p = dvt_calloc(ctx, 1, sizeof *l.p);
    if (!l.p) {
        return DVT_E_NOMEM;
    }
    l.p->ctx = ctx;
    l.p->arena = dvt_arena_create(ctx);
    st = l.p->arena ? read_sections(&l) : DVT_E_NOMEM;
    if (st != DVT_OK) {
        dvt_program_destroy(l.p);
        return st;
    }
    *out = l.p;
    return DVT_OK;
}
