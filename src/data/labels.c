/* SPDX-License-Identifier: Apache-2.0 */
/*
 * labels.c - which class an image file belongs to, by a list, by its folder or by its name.
 *
 * Idea       The rules are tried for the whole set, never file by file: a rule holds if it gives a
 *            label to every file. Nothing is guessed where two rules would differ:
 *              folders   the images lie in at least two folders; the class is the number of the
 *                        folder's path among all of them, sorted, or the folder's name itself if
 *                        all of them are numbers;
 *              names     the part behind the last '_' of the name, or the part before it, is a
 *                        number. Numbers with leading zeros count as running numbers, not as
 *                        labels. If both parts are numbers in every file, that is ambiguous and an
 * error. Tests      tests/unit/test_labels.c
 */
#include "data/labels.h"
#include "data/file_set.h"

#include <stdlib.h>
#include <string.h>

enum { NUMBER_CHARS = 6 }; /* below DVTI_LABEL_MAX */

typedef struct finder {
    dvt_ctx           *ctx;
    dvt_arena         *arena;
    const char *const *names;
    int64_t            count;
    dvti_labels       *out;
} finder;

/* The n characters are a label: digits only, no leading zero. */
static bool get_label(const char *text, size_t n, int64_t *out)
{
    int64_t v = 0;

    if (n == 0 || n > NUMBER_CHARS || (n > 1 && text[0] == '0')) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        v = v * 10 + (text[i] - '0');
    }
    *out = v;
    return true;
}

static void set_label(finder *f, int64_t i, int64_t label)
{
    f->out->label[i] = label;
    if (label >= f->out->class_count) {
        f->out->class_count = label + 1;
    }
}

/* ---- folders ------------------------------------------------------------------------------- */

static size_t folder_chars(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash ? (size_t)(slash - name) : 0;
}

/* As the names are sorted, a folder is new when it differs from the last one; but "a-b/x" sorts
 * between "a/x" and "a/y/z", so folders are sorted once more by themselves. */
static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The distinct folders of all files, sorted; NULL raises. */
static const char **list_folders(finder *f, size_t *count)
{
    const char **folders = dvt_arena_calloc(f->arena, (size_t)f->count + 1, sizeof *folders);
    size_t       n = 0, distinct = 0;

    for (int64_t i = 0; folders && i < f->count; i++) {
        const size_t chars = folder_chars(f->names[i]);
        if (n > 0 && strlen(folders[n - 1]) == chars &&
            memcmp(folders[n - 1], f->names[i], chars) == 0) {
            continue;
        }
        if (!(folders[n++] = dvt_arena_strndup(f->arena, f->names[i], chars))) {
            return NULL;
        }
    }
    if (folders && n > 0) {
        qsort(folders, n, sizeof *folders, by_text);
    }
    for (size_t i = 0; folders && i < n; i++) {
        if (i == 0 || strcmp(folders[i], folders[distinct - 1]) != 0) {
            folders[distinct++] = folders[i];
        }
    }
    *count = distinct;
    return folders;
}

static int64_t folder_index(const char **folders, size_t count, const char *name)
{
    const size_t chars = folder_chars(name);
    size_t       low = 0, high = count;

    while (low + 1 < high) { /* folders[low] <= name's folder < folders[high] */
        const size_t mid = low + (high - low) / 2;
        int          order = strncmp(folders[mid], name, chars);
        if (order == 0 && folders[mid][chars] != '\0') {
            order = 1;
        }
        *(order <= 0 ? &low : &high) = mid;
    }
    return (int64_t)low;
}

static bool folders_are_numbers(const char **folders, size_t count)
{
    int64_t label;

    for (size_t i = 0; i < count; i++) {
        const char *base = dvti_base_name(folders[i]);
        if (!get_label(base, strlen(base), &label)) {
            return false;
        }
    }
    return true;
}

/* *found stays false where all images lie in one folder. */
static dvt_status by_folder(finder *f, bool *found)
{
    size_t       count = 0;
    const char **folders = list_folders(f, &count);

    if (!folders) {
        return DVT_E_NOMEM;
    }
    if (count < 2) {
        return DVT_OK;
    }
    const bool numbers = folders_are_numbers(folders, count);
    for (int64_t i = 0; i < f->count; i++) {
        const int64_t index = folder_index(folders, count, f->names[i]);
        int64_t       label = index;
        if (numbers) {
            const char *base = dvti_base_name(folders[index]);
            (void)get_label(base, strlen(base), &label); /* checked above */
        }
        set_label(f, i, label);
    }
    f->out->source = numbers ? "number that is the folder's name" : "folder names, sorted";
    *found = true;
    return DVT_OK;
}

/* ---- names --------------------------------------------------------------------------------- */

/* Labels before and behind the last '_' of the file's name. */
static void split_name(const char *name, bool has[2], int64_t label[2])
{
    const char  *base = dvti_base_name(name), *dot = strrchr(base, '.'), *bar = NULL;
    const size_t n = dot ? (size_t)(dot - base) : strlen(base);

    for (size_t i = 0; i < n; i++) {
        bar = base[i] == '_' ? base + i : bar;
    }
    has[0] = bar && get_label(base, (size_t)(bar - base), &label[0]);
    has[1] = bar && get_label(bar + 1, n - (size_t)(bar + 1 - base), &label[1]);
}

static dvt_status by_name(finder *f, bool *found)
{
    bool all[2] = {f->count > 0, f->count > 0};

    for (int64_t i = 0; i < f->count; i++) {
        bool    has[2];
        int64_t label[2];
        split_name(f->names[i], has, label);
        all[0] = all[0] && has[0];
        all[1] = all[1] && has[1];
    }
    if (all[0] && all[1]) {
        return dvt_fail(f->ctx, DVT_E_USAGE, NULL,
                        "'%s': the label may be the number before or the one behind the last '_'",
                        f->names[0]);
    }
    for (int64_t i = 0; (all[0] || all[1]) && i < f->count; i++) {
        bool    has[2];
        int64_t label[2];
        split_name(f->names[i], has, label);
        set_label(f, i, label[all[1]]);
    }
    f->out->source = all[0] ? "number before the last '_' of the file name"
                            : "number behind the last '_' of the file name";
    *found = all[0] || all[1];
    return DVT_OK;
}

/* ---- all ----------------------------------------------------------------------------------- */

static dvt_status find_without_list(finder *f)
{
    bool       found = false;
    dvt_status st;

    f->out->label = dvt_arena_calloc(f->arena, (size_t)f->count + 1, sizeof *f->out->label);
    if (!f->out->label) {
        return DVT_E_NOMEM;
    }
    if ((st = by_folder(f, &found)) == DVT_OK && !found) {
        st = by_name(f, &found);
    }
    if (st == DVT_OK && !found) {
        st = dvt_fail(f->ctx, DVT_E_USAGE, NULL,
                      "neither folders nor file names (such as '%s') say which class an image has",
                      f->count ? f->names[0] : "");
    }
    if (st == DVT_E_USAGE) {
        dvt_fail_hint(f->ctx, "give a list of labels: a CSV with columns file and label, or a "
                              "synset.txt for names with WordNet ids");
    }
    return st;
}

dvt_status dvti_labels_find(dvt_ctx *ctx, dvt_arena *arena, const char *list,
                            const char *const *names, int64_t count, dvti_labels *out)
{
    finder     f = {.ctx = ctx, .arena = arena, .names = names, .count = count, .out = out};
    dvt_blob   text;
    dvt_status st;

    *out = (dvti_labels){0};
    if (!list) {
        return find_without_list(&f);
    }
    if ((st = dvt_file_read(ctx, list, 0, &text)) == DVT_OK) {
        st = dvti_labels_from_list(ctx, arena, list, (char *)text.data, text.size, names, count,
                                   out);
    }
    dvt_blob_deinit(ctx, &text);
    return st;
}
