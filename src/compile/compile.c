/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compile.c - the compiler's driver: stages in order, and the program put together at the end.
 *
 * Stages    copy and passes -> (int8: calibration) -> lowering -> host part -> emission -> program.
 *           Each stage is a file; README.md tells what each decides and what the next may rely on.
 * Memory    all of the program's data is in its own arena; the working graph and scratch are freed
 *           here on every path.
 * Tests     tests/diff/diff_compile.c, tests/unit/test_compile.c
 */
#include "base/json_util.h"
#include "compile/compile_int.h"

#include <string.h>

static const dvt_optimisation optimisations[DVTI_OPT_COUNT + 1] = {
    [DVTI_OPT_FUSE_SCALE] = {"fuse-scale",
                             "per-channel factors in the trip that makes their operand"},
    [DVTI_OPT_FUSE_ACTIVATION] = {"fuse-activation",
                                  "activations in the trip that makes their operand"},
    [DVTI_OPT_FUSE_ELTWISE] = {"fuse-eltwise",
                               "sums and products in the trip that makes an operand"},
    [DVTI_OPT_CONCAT_BY_ADDRESS] = {"concat-by-address",
                                    "operands are written where their concatenation stands"},
    [DVTI_OPT_KEEP_ON_CHIP] = {"keep-on-chip",
                               "results stay in the stream buffer for their readers"},
};

const dvt_optimisation *dvt_compile_optimisations(void) { return optimisations; }

/* ---- options ------------------------------------------------------------------------------- */

static bool is_ours(const char *name, int32_t *which)
{
    for (int32_t i = 0; i < DVTI_OPT_COUNT; i++) {
        if (strcmp(optimisations[i].name, name) == 0) {
            *which = i;
            return true;
        }
    }
    return false;
}

static dvt_status unknown_optimisation(dvt_ctx *ctx, const char *name)
{
    const char *names[64];
    size_t      count = 0, room = sizeof names / sizeof names[0];
    dvt_status  st = dvt_fail(ctx, DVT_E_USAGE, NULL, "there is no optimisation '%s'", name);

    for (int32_t i = 0; i < DVTI_OPT_COUNT; i++) {
        names[count++] = optimisations[i].name;
    }
    for (const dvt_pass *const *p = dvt_graph_passes(); *p && count < room; p++) {
        names[count++] = (*p)->name;
    }
    const char *near = dvt_nearest(name, names, count);
    if (near) {
        dvt_fail_hint(ctx, "did you mean '%s'?", near);
    }
    return st;
}

/* Splits opts->disable into this module's names and the passes'. */
static dvt_status read_disable(dvti_comp *c, const char ***passes, int32_t *pass_count)
{
    const dvt_compile_opts *o = c->opts;
    int32_t                 which;

    *pass_count = 0;
    *passes = dvt_arena_calloc(c->scratch, (size_t)o->disable_count + 1, sizeof **passes);
    if (!*passes) {
        return DVT_E_NOMEM;
    }
    for (int32_t i = 0; i < DVTI_OPT_COUNT; i++) {
        c->on[i] = !o->naive;
    }
    for (int32_t i = 0; i < o->disable_count; i++) {
        if (is_ours(o->disable[i], &which)) {
            c->on[which] = false;
        } else if (!dvt_graph_find_pass(o->disable[i])) {
            return unknown_optimisation(c->ctx, o->disable[i]);
        } else {
            (*passes)[(*pass_count)++] = o->disable[i];
        }
    }
    return DVT_OK;
}

/* The hint is the nearest name; the list of all names can be long, so it goes with the scratch. */
static dvt_status unknown_value(dvti_comp *c, const char *name)
{
    int32_t      count = dvt_graph_value_count(c->g);
    const char **names = dvt_arena_calloc(c->scratch, (size_t)count + 1, sizeof *names);
    dvt_status   st = dvt_fail(c->ctx, DVT_E_NOTFOUND, NULL, "the network has no value '%s'", name);

    for (int32_t i = 0; names && i < count; i++) {
        names[i] = dvt_graph_value(c->g, (dvt_value_id){i})->name;
    }
    const char *near = names ? dvt_nearest(name, names, (size_t)count) : NULL;
    if (near) {
        dvt_fail_hint(c->ctx, "did you mean '%s'?", near);
    } else {
        dvt_fail_hint(c->ctx, "'dovetail info MODEL --values' lists the names");
    }
    return st;
}

static dvt_status keep_values(dvti_comp *c)
{
    dvt_status st = DVT_OK;

    for (int32_t i = 0; st == DVT_OK && i < c->opts->keep_count; i++) {
        dvt_value_id v = dvt_graph_find_value(c->g, c->opts->keep[i]);
        if (v.i < 0) {
            st = unknown_value(c, c->opts->keep[i]);
        } else if (!dvt_graph_is_output(c->g, v)) {
            st = dvt_graph_add_output(c->g, v);
        }
    }
    return st;
}

/* ---- stages -------------------------------------------------------------------------------- */

/* Images go through the overlay one after the other; a batch would be a second meaning of every
 * address, for no gain in speed. */
static dvt_status check_batch(dvti_comp *c)
{
    for (int32_t i = 0; i < dvt_graph_input_count(c->g); i++) {
        const dvt_value *v = dvt_graph_value(c->g, dvt_graph_input(c->g, i));
        if (v->dtype == DVT_DTYPE_F32 && v->shape.rank == 4 && v->shape.dim[0] > 1) {
            dvt_status st =
                dvt_fail(c->ctx, DVT_E_UNSUPPORTED, NULL,
                         "input '%s' holds %lld images, the overlay takes one at a time", v->name,
                         (long long)v->shape.dim[0]);
            dvt_fail_hint(c->ctx, "read the model with batch 1 (--batch 1)");
            return st;
        }
    }
    return DVT_OK;
}

static dvt_status check_params(dvti_comp *c)
{
    for (int32_t i = 0; i < dvt_graph_value_count(c->g); i++) {
        const dvt_value *v = dvt_graph_value(c->g, (dvt_value_id){i});
        if (v->kind == DVT_VALUE_PARAM) {
            dvt_status st =
                dvt_fail(c->ctx, DVT_E_USAGE, NULL, "parameter '%s' has no data", v->name);
            dvt_fail_hint(
                c->ctx,
                "give trained weights with --weights FILE, or --seed-weights for random ones");
            return st;
        }
    }
    return DVT_OK;
}

/* What would turn the standing passes off in --naive stays on: they only make the graph simpler to
 * read for this compiler, and folding batch-norm is part of what any implementation does. */
static dvt_status prepare(dvti_comp *c, const dvt_graph *g)
{
    const char **disable;
    int32_t      disable_count;
    dvt_status   st = read_disable(c, &disable, &disable_count);

    if (st == DVT_OK) {
        st = dvt_graph_clone(g, &c->g);
    }
    if (st == DVT_OK) {
        st = keep_values(c);
    }
    if (st == DVT_OK) {
        st = check_batch(c);
    }
    if (st == DVT_OK) {
        st = check_params(c);
    }
    if (st == DVT_OK) {
        st = dvt_passes_run(c->g, dvt_graph_passes(),
                            &(dvt_passes_opts){.disable = disable,
                                               .disable_count = disable_count,
                                               .dump_after = c->opts->dump_after,
                                               .dump_dir = c->opts->dump_dir,
                                               .verify_each = true});
    }
    return st;
}

static dvt_status tables_new(dvti_comp *c)
{
    int32_t values = dvt_graph_value_count(c->g), nodes = dvt_graph_node_count(c->g);

    c->map_of = dvt_arena_calloc(c->scratch, (size_t)values + 1, sizeof *c->map_of);
    c->host_value = dvt_arena_calloc(c->scratch, (size_t)values + 1, sizeof *c->host_value);
    c->consumed = dvt_arena_calloc(c->scratch, (size_t)nodes + 1, sizeof *c->consumed);
    if (!c->map_of || !c->host_value || !c->consumed) {
        return DVT_E_NOMEM;
    }
    for (int32_t i = 0; i < values; i++) {
        c->map_of[i] = -1;
        c->host_value[i] = DVT_NO_VALUE;
    }
    return DVT_OK;
}

/* Feature regions stand behind the filters. They are laid out from word 0 while emitting, when the
 * size of the filters is not known yet; here every feature address moves up by that size. */
static dvt_status move_features(dvti_comp *c, int64_t by)
{
    dvt_buf    moved;
    size_t     pos = 0, used = 0;
    dvt_status st = DVT_OK;

    dvt_buf_init(&moved, c->ctx, 0);
    while (st == DVT_OK && pos < c->control.len) {
        dvt_word w;
        st = dvt_isa_decode(c->ctx, (const uint8_t *)c->control.data + pos, c->control.len - pos,
                            &used, &w);
        pos += used;
        w.fread.src += dvt_word_has(&w, DVT_KERNEL_FREAD) ? by : 0;
        w.write.base += dvt_word_has(&w, DVT_KERNEL_WRITE) && w.write.space ? by : 0;
        if (st == DVT_OK) {
            st = dvt_isa_encode(c->ctx, &w, &moved);
        }
    }
    for (size_t i = 0; i < c->tensors.len; i++) {
        c->tensors.data[i].base += (uint32_t)by;
    }
    dvt_buf_deinit(&c->control);
    c->control = moved;
    return st;
}

/* A copy in the program's arena; NULL = no memory. */
static void *keep_copy(dvti_comp *c, const void *data, size_t count, size_t size)
{
    void *copy = dvt_arena_aligned(c->arena, count * size + 1, DVT_ALIGN);

    if (copy && count) {
        memcpy(copy, data, count * size);
    }
    return copy;
}

/* Names are borrowed from the working graph, which goes when the compilation ends. */
static bool keep_names(dvti_comp *c, dvt_program *p)
{
    bool kept = true;

    for (size_t i = 0; i < c->tensors.len; i++) {
        p->tensors[i].name = dvt_arena_strdup(c->arena, p->tensors[i].name);
        kept = kept && p->tensors[i].name;
    }
    for (size_t i = 0; i < c->notes.len; i++) {
        p->notes[i].name = dvt_arena_strdup(c->arena, p->notes[i].name);
        p->notes[i].layer = dvt_arena_strdup(c->arena, p->notes[i].layer);
        kept = kept && p->notes[i].name && p->notes[i].layer;
    }
    return kept;
}

static bool copy_tables(dvti_comp *c, dvt_program *p)
{
    p->tensors = keep_copy(c, c->tensors.data, c->tensors.len, sizeof *p->tensors);
    p->steps = keep_copy(c, c->steps.data, c->steps.len, sizeof *p->steps);
    p->notes = keep_copy(c, c->notes.data, c->notes.len, sizeof *p->notes);
    p->tables = keep_copy(c, c->tables.data, c->tables.len, sizeof *p->tables);
    p->control = keep_copy(c, c->control.data, c->control.len, 1);
    p->image = keep_copy(c, c->image.data, c->image.len, 1);
    return p->tensors && p->steps && p->notes && p->tables && p->control && p->image &&
           keep_names(c, p);
}

static dvt_status check_memory(dvti_comp *c, int64_t bytes)
{
    if (bytes <= c->o.memory_bytes) {
        return DVT_OK;
    }
    return dvt_fail(c->ctx, DVT_E_CAPACITY, NULL,
                    "filters and features need %lld bytes, the overlay's external memory has %lld",
                    (long long)bytes, (long long)c->o.memory_bytes);
}

static void put_names(dvti_json_writer *w, const char *key, const char *const *names, int32_t count)
{
    dvti_json_key(w, key);
    dvti_json_open_array(w);
    for (int32_t i = 0; i < count; i++) {
        dvti_json_string(w, names[i]);
    }
    dvti_json_close_array(w);
}

/* What the program was made with, in the program's arena; NULL = no memory. */
static const char *record_options(dvti_comp *c)
{
    dvt_buf          b;
    dvti_json_writer w;
    const char      *record = NULL;

    dvt_buf_init(&b, c->ctx, 0);
    w = dvti_json_writer_make(&b, 0);
    dvti_json_open_object(&w);
    dvti_json_put_bool(&w, "naive", c->opts->naive);
    put_names(&w, "disable", c->opts->disable, c->opts->disable_count);
    put_names(&w, "keep", c->opts->keep, c->opts->keep_count);
    dvti_json_close_object(&w);
    if (dvt_buf_status(&b) == DVT_OK) {
        record = dvt_arena_strdup(c->arena, b.data);
    }
    dvt_buf_deinit(&b);
    return record;
}

static dvt_status assemble(dvti_comp *c, const dvt_graph *g, dvt_program **out)
{
    int64_t         word = c->d.feature_word_bytes;
    int64_t         image_words = ((int64_t)c->image.len + word - 1) / word;
    dvt_graph_stats stats;
    dvt_program    *p = NULL;
    dvt_status      st = check_memory(c, (image_words + c->memory_words) * word);

    if (st == DVT_OK) {
        st = move_features(c, image_words);
    }
    p = st == DVT_OK ? dvt_calloc(c->ctx, 1, sizeof *p) : NULL;
    if (!p) {
        return st == DVT_OK ? DVT_E_NOMEM : st;
    }
    dvt_graph_stats_of(g, &stats);
    p->ctx = c->ctx;
    p->overlay = c->o;
    p->model_name = dvt_arena_strdup(c->arena, dvt_graph_name(g));
    p->model_sha256 =
        dvt_arena_strdup(c->arena, c->opts->model_sha256 ? c->opts->model_sha256 : "");
    p->options_json = record_options(c);
    p->tool_version = DVT_VERSION_STRING;
    p->input_count = dvt_graph_input_count(g);
    p->tensor_count = (int32_t)c->tensors.len;
    p->step_count = (int32_t)c->steps.len;
    p->word_count = c->word_count;
    p->table_count = (int32_t)c->tables.len;
    p->control_bytes = c->control.len;
    p->image_bytes = c->image.len;
    p->memory_bytes = (image_words + c->memory_words) * word;
    p->macs = stats.macs;
    if (!p->model_name || !p->model_sha256 || !p->options_json || !copy_tables(c, p)) {
        dvt_free(c->ctx, p);
        return DVT_E_NOMEM;
    }
    p->host = c->host;
    p->arena = c->arena;
    c->host = NULL; /* now the program's */
    c->arena = NULL;
    *out = p;
    return DVT_OK;
}

static void comp_deinit(dvti_comp *c)
{
    dvti_maps_deinit(c->ctx, &c->maps);
    dvti_ops_deinit(c->ctx, &c->ops);
    dvti_tables_deinit(c->ctx, &c->tables);
    dvti_steps_deinit(c->ctx, &c->steps);
    dvti_notes_deinit(c->ctx, &c->notes);
    dvti_tensors_deinit(c->ctx, &c->tensors);
    dvti_space_deinit(c->ctx, &c->space);
    dvt_buf_deinit(&c->control);
    dvt_buf_deinit(&c->image);
    dvt_graph_destroy(c->host);
    dvt_graph_destroy(c->g);
    dvt_arena_destroy(c->arena);
    dvt_arena_destroy(c->scratch);
}

dvt_status dvt_compile(const dvt_graph *g, const dvt_compile_opts *opts, dvt_program **out)
{
    dvti_comp  c = {.ctx = dvt_graph_ctx(g), .opts = opts, .o = *opts->overlay};
    dvt_status st;

    *out = NULL;
    dvt_overlay_derive(&c.o, &c.d);
    dvt_buf_init(&c.control, c.ctx, 0);
    dvt_buf_init(&c.image, c.ctx, (size_t)4 << 30);
    c.arena = dvt_arena_create(c.ctx);
    c.scratch = c.arena ? dvt_arena_create(c.ctx) : NULL;
    st = c.scratch ? dvt_overlay_check(c.ctx, &c.o) : DVT_E_NOMEM;
    if (st == DVT_OK) {
        st = prepare(&c, g);
    }
    if (st == DVT_OK && c.o.format == DVT_FORMAT_INT8) {
        st = dvti_calibrate(&c);
    }
    if (st == DVT_OK) {
        st = tables_new(&c);
    }
    if (st == DVT_OK) {
        st = dvti_lower(&c);
    }
    if (st == DVT_OK) {
        st = dvti_host_build(&c);
    }
    if (st == DVT_OK) {
        st = dvti_emit(&c);
    }
    if (st == DVT_OK) {
        st = assemble(&c, g, out);
    }
    if (st != DVT_OK) {
        dvt_fail_note(c.ctx, "while compiling '%s' for overlay '%s'", dvt_graph_name(g), c.o.name);
    }
    comp_deinit(&c);
    return st;
}
