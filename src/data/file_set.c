/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file_set.c - the files of a folder or of an archive behind one interface, sorted by name.
 *
 * Idea       A folder is walked once and read file by file when asked; an archive is unpacked into
 *            memory as a whole (50,000 small JPEGs are 80 MB) and its files are views into it.
 * Limits     DVTI_FILE_SET_MAX_DEPTH folders deep, which also ends loops of symbolic links;
 *            DVTI_FILE_SET_MAX_FILES. Files and folders whose name starts with a dot are left out.
 * Tests      tests/unit/test_dataset.c
 */
#include "data/file_set.h"
#include "base/vec.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

bool dvti_name_ends(const char *name, const char *ending)
{
    const size_t n = strlen(name), m = strlen(ending);
    return n >= m && strcasecmp(name + n - m, ending) == 0;
}

const char *dvti_base_name(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash ? slash + 1 : name;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const dvti_file *)a)->name, ((const dvti_file *)b)->name);
}

static dvt_status add_file(dvti_file_set *set, dvti_file file)
{
    if (set->count == DVTI_FILE_SET_MAX_FILES) {
        return dvt_fail(set->ctx, DVT_E_CAPACITY, NULL, "'%s' holds more than %d files", set->path,
                        DVTI_FILE_SET_MAX_FILES);
    }
    if (set->count == set->cap) {
        void *grown =
            dvti_vec_grow(set->ctx, set->files, sizeof *set->files, set->count + 1, &set->cap);
        if (!grown) {
            return DVT_E_NOMEM;
        }
        set->files = grown;
    }
    set->files[set->count++] = file;
    return DVT_OK;
}

/* ---- folders ------------------------------------------------------------------------------- */

static dvt_status fail_system(dvti_file_set *set, const char *what, const char *path)
{
    char reason[128] = "";

    if (strerror_r(errno, reason, sizeof reason) != 0) {
        reason[0] = '\0';
    }
    return dvt_fail(set->ctx, DVT_E_IO, NULL, "cannot %s '%s': %s", what, path, reason);
}

static dvt_status walk(dvti_file_set *set, const char *folder, int depth);

static dvt_status visit(dvti_file_set *set, const char *name, int depth)
{
    struct stat info;
    const char *path = dvt_arena_printf(set->names, "%s/%s", set->path, name);

    if (!path) {
        return DVT_E_NOMEM;
    }
    if (stat(path, &info) != 0) {
        return fail_system(set, "look at", path);
    }
    if (S_ISDIR(info.st_mode)) {
        return walk(set, name, depth + 1);
    }
    return S_ISREG(info.st_mode) ? add_file(set, (dvti_file){.name = name}) : DVT_OK;
}

/* `folder` is relative to the set's path; "" = the path itself. */
static dvt_status walk(dvti_file_set *set, const char *folder, int depth)
{
    const char    *path = dvt_arena_printf(set->names, "%s/%s", set->path, folder);
    dvt_status     st = DVT_OK;
    struct dirent *entry;
    DIR           *dir = path ? opendir(path) : NULL;

    if (!dir) {
        return path ? fail_system(set, "list", path) : DVT_E_NOMEM;
    }
    if (depth > DVTI_FILE_SET_MAX_DEPTH) {
        st = dvt_fail(set->ctx, DVT_E_CAPACITY, NULL, "'%s' is more than %d folders deep", path,
                      DVTI_FILE_SET_MAX_DEPTH);
    }
    while (st == DVT_OK && (entry = readdir(dir))) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        const char *name = *folder ? dvt_arena_printf(set->names, "%s/%s", folder, entry->d_name)
                                   : dvt_arena_strdup(set->names, entry->d_name);
        st = name ? visit(set, name, depth) : DVT_E_NOMEM;
    }
    closedir(dir);
    return st;
}

/* ---- both ---------------------------------------------------------------------------------- */

static dvt_status list_archive(dvti_file_set *set)
{
    dvt_status st = dvti_tar_open(set->ctx, set->path, &set->tar);

    for (size_t i = 0; st == DVT_OK && i < set->tar.count; i++) {
        const dvti_tar_entry *e = &set->tar.entries[i];
        st = add_file(set, (dvti_file){.name = e->name, .data = e->data, .size = e->size});
    }
    return st;
}

dvt_status dvti_file_set_open(dvt_ctx *ctx, const char *path, dvti_file_set *out)
{
    dvti_file_set set = {.ctx = ctx, .path = path};
    struct stat   info;
    dvt_status    st;

    *out = (dvti_file_set){0};
    if (!(set.names = dvt_arena_create(ctx))) {
        return DVT_E_NOMEM;
    }
    const bool is_folder = stat(path, &info) == 0 && S_ISDIR(info.st_mode);
    st = is_folder ? walk(&set, "", 0) : list_archive(&set);
    if (st != DVT_OK) {
        dvti_file_set_close(&set);
        return st;
    }
    if (set.count > 0) {
        qsort(set.files, set.count, sizeof *set.files, by_name);
    }
    *out = set;
    return DVT_OK;
}

void dvti_file_set_close(dvti_file_set *set)
{
    if (set->ctx) {
        dvt_free(set->ctx, set->files);
        dvti_tar_deinit(&set->tar);
        dvt_arena_destroy(set->names);
    }
    *set = (dvti_file_set){0};
}

dvt_status dvti_file_set_read(const dvti_file_set *set, const dvti_file *file, dvt_blob *blob,
                              const uint8_t **data, size_t *size)
{
    dvt_buf    path;
    dvt_status st;

    *blob = (dvt_blob){NULL, 0};
    *data = file->data;
    *size = file->size;
    if (file->data) {
        return DVT_OK;
    }
    dvt_buf_init(&path, set->ctx, 0);
    dvt_buf_printf(&path, "%s/%s", set->path, file->name);
    if ((st = dvt_buf_status(&path)) == DVT_OK &&
        (st = dvt_file_read(set->ctx, path.data, 0, blob)) == DVT_OK) {
        *data = blob->data;
        *size = blob->size;
    }
    dvt_buf_deinit(&path);
    return st;
}
