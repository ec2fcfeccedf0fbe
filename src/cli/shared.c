/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shared.c - what several commands do alike: load a network or an overlay, print JSON.
 *
 * Overlays  are found as a file, else by name ("large-fp11") in the folder `overlays` of DVT_HOME,
 *           of the current folder, of the source tree, or of the installation, whichever is there
 *           first. Only this file reads the environment.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

/* ---- models -------------------------------------------------------------------------------- */

const char *cli_after_equals(dvt_arena *arena, const char *item, const char **name)
{
    const char *eq = strchr(item, '=');

    *name = NULL;
    if (!eq) {
        return item;
    }
    *name = dvt_arena_strndup(arena, item, (size_t)(eq - item));
    return eq + 1;
}

static dvt_status parse_shape(const cli_run *r, const char *item, dvt_input_shape *out)
{
    const char *at = cli_after_equals(r->arena, item, &out->name);
    const char *digits = at;

    while (out->shape.rank < DVT_MAX_RANK) {
        char    number[24];
        size_t  n = strcspn(digits, ",");
        int64_t v;
        if (n == 0 || n >= sizeof number) {
            break;
        }
        memcpy(number, digits, n);
        number[n] = '\0';
        if (!dvt_parse_i64(number, &v) || v < 1 || v > DVT_DIM_MAX) {
            break;
        }
        out->shape.dim[out->shape.rank++] = v;
        if (digits[n] == '\0') {
            return DVT_OK;
        }
        digits += n + 1;
    }
    dvt_status st =
        dvt_fail(r->ctx, DVT_E_USAGE, NULL, "--shape '%s' is no list of dimensions", item);
    dvt_fail_hint(r->ctx, "write it as data=1,3,224,224");
    return st;
}

/* Is this one network of images with a batch of its own? */
static bool has_image_batch(const dvt_graph *g)
{
    const dvt_shape *s;

    if (dvt_graph_input_count(g) != 1) {
        return false;
    }
    s = &dvt_graph_value(g, dvt_graph_input(g, 0))->shape;
    return s->rank == 4 && s->dim[0] > 1;
}

/* The overlay computes one image at a time: a network that was deployed with a batch is read with
 * 1, unless it cannot be. */
static dvt_status read_one_image(const cli_run *r, dvt_import_opts *opts, dvt_graph **out)
{
    const char *path = r->parsed->positionals.items[0];
    dvt_graph  *single = NULL;
    dvt_status  st = dvt_model_load(r->ctx, path, opts, out);

    if (st != DVT_OK || opts->batch || opts->shape_count || !has_image_batch(*out)) {
        return st;
    }
    opts->batch = 1;
    if (dvt_model_load(r->ctx, path, opts, &single) != DVT_OK) {
        dvt_ctx_clear_error(r->ctx);
        return DVT_OK;
    }
    dvt_graph_destroy(*out);
    *out = single;
    return DVT_OK;
}

static const char program_magic[] = "DVTPROG";

/* A network is wanted, and the file begins as a program does: a word more than "no model". */
static dvt_status refuse_program(const cli_run *r)
{
    const char *path = r->parsed->positionals.items[0];
    char        start[sizeof program_magic - 1];
    FILE       *f = strcmp(path, "-") == 0 ? NULL : fopen(path, "rb");
    bool        program = f && fread(start, 1, sizeof start, f) == sizeof start &&
                   memcmp(start, program_magic, sizeof start) == 0;
    dvt_status  st = DVT_OK;

    if (f) {
        fclose(f);
    }
    if (program) {
        st = dvt_fail(r->ctx, DVT_E_USAGE, NULL, "'%s' is a compiled program, not a network", path);
        dvt_fail_hint(r->ctx, "'dovetail run', 'profile' and 'check' read programs");
    }
    return st;
}

static dvt_status load_model(const cli_run *r, const cli_model *m, const dvt_shape *image,
                             bool one_image, dvt_graph **out)
{
    size_t           room = m->shape.count + (size_t)m->array_shape_count + 1;
    dvt_input_shape *shapes = dvt_arena_calloc(r->arena, room, sizeof *shapes);
    dvt_import_opts  opts = {.weights = m->weights, .batch = (int64_t)m->batch};
    dvt_status       st = shapes ? DVT_OK : DVT_E_NOMEM;

    *out = NULL;
    if (st == DVT_OK) {
        st = refuse_program(r);
    }
    for (size_t i = 0; st == DVT_OK && i < m->shape.count; i++) {
        st = parse_shape(r, m->shape.items[i], &shapes[i]);
    }
    if (image) {
        opts.image_shape = *image;
    }
    opts.shapes = shapes;
    opts.shape_count = (int32_t)m->shape.count;
    if (m->shape.count == 0) {
        for (int32_t i = 0; st == DVT_OK && i < m->array_shape_count; i++) {
            shapes[opts.shape_count++] = m->array_shapes[i];
        }
    }
    opts.values = m->arrays;
    opts.value_count = m->array_count;
    if (st == DVT_OK) {
        st = one_image ? read_one_image(r, &opts, out)
                       : dvt_model_load(r->ctx, r->parsed->positionals.items[0], &opts, out);
    }
    if (st == DVT_E_USAGE && opts.shape_count) {
        dvt_fail_hint(r->ctx, "'dovetail info MODEL' lists the inputs and their shapes");
    }
    if (st == DVT_OK && m->seed_weights) {
        st = dvt_graph_seed_params(*out, m->seed);
    }
    return st;
}

int64_t cli_batch_of(const dvt_graph *g)
{
    int64_t batch = 1;

    for (int32_t i = 0; i < dvt_graph_input_count(g); i++) {
        const dvt_shape *s = &dvt_graph_value(g, dvt_graph_input(g, i))->shape;
        if ((s->rank != 2 && s->rank != 4) || (i > 0 && s->dim[0] != batch)) {
            return 1;
        }
        batch = s->dim[0];
    }
    return batch > 0 ? batch : 1;
}

dvt_status cli_load_model(const cli_run *r, const cli_model *m, const dvt_shape *image,
                          dvt_graph **out)
{
    return load_model(r, m, image, false, out);
}

dvt_status cli_load_one_image(const cli_run *r, const cli_model *m, const dvt_shape *image,
                              dvt_graph **out)
{
    return load_model(r, m, image, true, out);
}

dvt_status cli_model_hash(const cli_run *r, char out[DVT_SHA256_HEX])
{
    const char *path = r->parsed->positionals.items[0];
    dvt_blob    file;
    dvt_status  st;

    out[0] = '\0';
    if (strcmp(path, "-") == 0) {
        return DVT_OK;
    }
    st = dvt_file_read(r->ctx, path, 0, &file);
    if (st == DVT_OK) {
        dvt_sha256_hex(file.data, file.size, out);
        dvt_blob_deinit(r->ctx, &file);
    }
    return st;
}

/* ---- overlays ------------------------------------------------------------------------------ */

const char *cli_data_folder(const cli_run *r, const char *kind)
{
    const char *roots[] = {getenv("DVT_HOME"), ".", DVT_SOURCE_DIR, DVT_INSTALL_DATA};

    for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++) {
        const char *path = roots[i] ? dvt_arena_printf(r->arena, "%s/%s", roots[i], kind) : NULL;
        if (path && dvt_file_exists(path)) {
            return path;
        }
    }
    return NULL;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

size_t cli_ready_names(const cli_run *r, const char *kind, const char *out[CLI_READY_MAX])
{
    const char *folder = cli_data_folder(r, kind);
    DIR        *dir = folder ? opendir(folder) : NULL;
    size_t      count = 0;

    for (struct dirent *d = dir ? readdir(dir) : NULL; d && count < CLI_READY_MAX;
         d = readdir(dir)) {
        size_t n = strlen(d->d_name);
        if (n > 5 && strcmp(d->d_name + n - 5, ".json") == 0) {
            const char *name = dvt_arena_strndup(r->arena, d->d_name, n - 5);
            if (name) {
                out[count++] = name;
            }
        }
    }
    if (dir) {
        closedir(dir);
    }
    qsort(out, count, sizeof out[0], by_name);
    return count;
}

dvt_status cli_fail_not_ready(const cli_run *r, const char *kind, const char *what,
                              const char *name)
{
    const char *names[CLI_READY_MAX];
    size_t      count = cli_ready_names(r, kind, names);
    const char *near = dvt_nearest(name, names, count);
    dvt_buf     list;
    dvt_status  st = dvt_fail(r->ctx, DVT_E_IO, NULL,
                              "there is no %s '%s', neither a file nor a ready one", what, name);

    dvt_buf_init(&list, r->ctx, 0);
    for (size_t i = 0; i < count; i++) {
        dvt_buf_printf(&list, "%s%s", i ? ", " : "", names[i]);
    }
    if (near) {
        dvt_fail_hint(r->ctx, "did you mean '%s'? ready are %s", near, list.data);
    } else {
        dvt_fail_hint(r->ctx, "ready are %s", list.data ? list.data : "none");
    }
    dvt_buf_deinit(&list);
    return st;
}

dvt_status cli_load_overlay(const cli_run *r, const char *name, dvt_overlay *out)
{
    const char *folder = cli_data_folder(r, "overlays");
    const char *path = dvt_file_exists(name) ? name : NULL;

    if (!path && folder && !strchr(name, '/')) {
        path = dvt_arena_printf(r->arena, "%s/%s.json", folder, name);
    }
    if (path && dvt_file_exists(path)) {
        return dvt_overlay_load(r->ctx, path, out);
    }
    return cli_fail_not_ready(r, "overlays", "overlay", name);
}

dvt_status cli_load_device(const cli_run *r, const char *name, dvt_device *out)
{
    const char *folder = cli_data_folder(r, "devices");
    const char *path = dvt_file_exists(name) ? name
                       : folder ? dvt_arena_printf(r->arena, "%s/%s.json", folder, name)
                                : NULL;

    if (!path || !dvt_file_exists(path)) {
        return cli_fail_not_ready(r, "devices", "device", name);
    }
    return dvt_device_load(r->ctx, path, out);
}

/* ---- programs ------------------------------------------------------------------------------ */

dvt_status cli_load_program(const cli_run *r, dvt_program **out)
{
    const char       *path = r->parsed->positionals.items[0];
    dvt_blob          file;
    dvt_status        st;

    *out = NULL;
    if (strcmp(path, "-") == 0) {
        return DVT_OK;
    }
    st = dvt_file_read(r->ctx, path, 0, &file);
    if (st != DVT_OK) {
        return st;
    }
    if (file.size >= sizeof program_magic - 1 &&
        memcmp(file.data, program_magic, sizeof program_magic - 1) == 0) {
        st = dvt_program_load(r->ctx, path, file.data, file.size, out);
    }
    dvt_blob_deinit(r->ctx, &file);
    return st;
}

/* Where memory can hold back, the seed is its, too. */
static bool seeds_memory(const dvt_option_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->options[i].key, "stall_permille") == 0) {
            return true;
        }
    }
    return false;
}

dvt_status cli_refuse_network_options(const cli_run *r, const dvt_option_set *set,
                                      const char *what)
{
    static const char *const keys[] = {"weights", "shape",   "batch",     "seed_weights",
                                       "seed",    "overlay", "naive",     "disable",
                                       "keep",    "trained", "calibrate", NULL};

    for (size_t i = 0; i < set->count; i++) {
        const char *key = set->options[i].key;
        for (const char *const *k = keys; *k; k++) {
            if (strcmp(*k, key) == 0 && !(strcmp(key, "seed") == 0 && seeds_memory(set)) &&
                dvt_options_source(set, r->parsed, key) != DVT_OPTION_DEFAULT) {
                dvt_status st = dvt_fail(r->ctx, DVT_E_USAGE, NULL,
                                         "option '%s' is for networks, and '%s' is %s", key,
                                         r->parsed->positionals.items[0], what);
                dvt_fail_hint(r->ctx, "leave it out, or give the network");
                return st;
            }
        }
    }
    return DVT_OK;
}

/* ---- results ------------------------------------------------------------------------------- */

dvti_json_writer cli_json_begin(const cli_run *r, const char *schema)
{
    dvti_json_writer w = dvti_json_writer_make(r->out, 2);

    dvti_json_open_object(&w);
    dvti_json_put_string(&w, "schema", schema);
    return w;
}

void cli_json_end(const cli_run *r, dvti_json_writer *w)
{
    dvti_json_close_object(w);
    dvt_buf_puts(r->out, "\n");
}

void cli_json_put_text(dvti_json_writer *w, const char *key, dvt_buf *text)
{
    if (dvt_buf_status(text) == DVT_OK) {
        dvti_json_put_string(w, key, text->data ? text->data : "");
    } else {
        w->buf->status = text->status;
    }
    dvt_buf_deinit(text);
}

const char *cli_grouped(int64_t n, char out[32])
{
    char   digits[24];
    int    len = snprintf(digits, sizeof digits, "%lld", (long long)n);
    size_t at = 0;

    for (int i = 0; i < len; i++) {
        if (i > 0 && digits[i - 1] != '-' && (len - i) % 3 == 0) {
            out[at++] = ',';
        }
        out[at++] = digits[i];
    }
    out[at] = '\0';
    return out;
}
