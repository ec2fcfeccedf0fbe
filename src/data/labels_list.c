/* SPDX-License-Identifier: Apache-2.0 */
/*
 * labels_list.c - labels from a list: a CSV of files and numbers, or ImageNet's synset file.
 *
 * Idea       Either list becomes rows (key, label, line) sorted by key; each image is looked up by
 *            binary search. For a CSV the key is the file's name, tried with and without its
 *            folders; for a synset file it is the WordNet id ("n01440764") that stands in the
 * image's path. CSV        fields separated by commas, quoted ones in double quotes (a doubled
 *            quote stands for one). If the last field of the first line is no number, that line is
 *            a header and must name columns `file` and `label`; otherwise the first field is the
 *            file and the last the label. Fields between do not matter. Empty lines are passed
 * over. Synset     one line a class: the id, a blank, words. The class is the number of the line,
 * from 0. Tests      tests/unit/test_labels.c
 */
#include "base/vec.h"
#include "data/file_set.h"
#include "data/labels.h"

#include <stdlib.h>
#include <string.h>

enum { FIELDS_MAX = 64, WNID_CHARS = 9 };

typedef struct row {
    const char *key;
    int64_t     label;
    uint32_t    line;
} row;

DVT_VEC(row_vec, row);

typedef struct lines {
    dvt_ctx    *ctx;
    const char *file;
    char       *next; /* NULL = no more */
    uint32_t    number;
} lines;

/* The next line that is not empty, without its end; NULL at the end. Cuts the text up. */
static char *next_line(lines *l)
{
    while (l->next) {
        char *line = l->next, *end = strchr(line, '\n');
        l->number++;
        l->next = end ? end + 1 : NULL;
        size_t n = end ? (size_t)(end - line) : strlen(line);
        if (n > 0 && line[n - 1] == '\r') {
            n--;
        }
        line[n] = '\0';
        if (n > 0) {
            return line;
        }
    }
    return NULL;
}

static dvt_status fail_line(const lines *l, const char *what, const char *subject)
{
    const dvt_pos at = {.file = l->file, .line = l->number, .column = 1};
    return dvt_fail(l->ctx, DVT_E_PARSE, &at, "%s '%.100s'", what, subject);
}

/* ---- CSV ----------------------------------------------------------------------------------- */

/* Unquotes a field in place; returns what follows its comma, NULL at the end of the line, or the
 * field itself if its quotes do not close. */
static char *cut_field(char *field)
{
    char *to = field, *from = field;

    if (*from != '"') {
        char *comma = strchr(field, ',');
        if (comma) {
            *comma = '\0';
        }
        return comma ? comma + 1 : NULL;
    }
    for (from++; *from && !(*from == '"' && from[1] != '"'); from++) {
        from += *from == '"';
        *to++ = *from;
    }
    const char *end = *from ? from + 1 : from;
    if (*from != '"' || (*end != ',' && *end != '\0')) {
        return field;
    }
    const bool more = *end == ',';
    *to = '\0';
    return more ? from + 2 : NULL;
}

static dvt_status cut_fields(const lines *l, char *line, char *field[FIELDS_MAX], int *count)
{
    *count = 0;
    do {
        if (*count == FIELDS_MAX) {
            return fail_line(l, "more than 64 fields in", field[0]);
        }
        field[(*count)++] = line;
        char *rest = cut_field(line);
        if (rest == line) {
            return fail_line(l, "a quote does not close in", line);
        }
        line = rest;
    } while (line);
    return DVT_OK;
}

static int find_column(char *const field[], int count, const char *name)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(field[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

/* Takes the first line as a header if it is one. */
static dvt_status choose_columns(const lines *l, char *const field[], int count, int *file,
                                 int *label, bool *is_header)
{
    uint64_t number;

    *file = 0;
    *label = count - 1;
    *is_header = !dvt_parse_u64(field[count - 1], &number);
    if (*is_header) {
        *file = find_column(field, count, "file");
        *label = find_column(field, count, "label");
    }
    if (count < 2 || *file < 0 || *label < 0) {
        dvt_status st = fail_line(l, "no columns for file and label in", field[0]);
        dvt_fail_hint(l->ctx, "start with a line 'file,label', or write FILE,...,NUMBER lines");
        return st;
    }
    return DVT_OK;
}

static dvt_status read_csv(lines *l, row_vec *rows)
{
    char      *field[FIELDS_MAX], *line;
    int        count = 0, file = 0, label = 0;
    bool       first = true, is_header = false;
    dvt_status st = DVT_OK;

    while (st == DVT_OK && (line = next_line(l))) {
        uint64_t number = 0;
        if ((st = cut_fields(l, line, field, &count)) == DVT_OK && first) {
            st = choose_columns(l, field, count, &file, &label, &is_header);
        }
        if (st != DVT_OK || (first && is_header)) {
            first = false;
            continue;
        }
        first = false;
        if (count <= file || count <= label) {
            st = fail_line(l, "too few fields after", field[0]);
        } else if (!dvt_parse_u64(field[label], &number) || number >= DVTI_LABEL_MAX) {
            st = fail_line(l, "the label is no number below 1,000,000:", field[label]);
        } else {
            st = row_vec_push(l->ctx, rows, (row){field[file], (int64_t)number, l->number});
        }
    }
    return st;
}

/* ---- synset -------------------------------------------------------------------------------- */

/* The WordNet id in a text: 'n' and eight digits, with no letter or digit at either end. */
static bool find_wnid(const char *text, char out[WNID_CHARS + 1])
{
    for (const char *p = text; (p = strchr(p, 'n')); p++) {
        const size_t digits = strspn(p + 1, "0123456789");
        const char   before = p == text ? '/' : p[-1];
        if (digits == WNID_CHARS - 1 && !(before >= '0' && before <= '9') &&
            !(before >= 'a' && before <= 'z') && !(before >= 'A' && before <= 'Z')) {
            memcpy(out, p, WNID_CHARS);
            out[WNID_CHARS] = '\0';
            return true;
        }
    }
    return false;
}

static dvt_status read_synsets(lines *l, row_vec *rows)
{
    char       id[WNID_CHARS + 1], *line;
    dvt_status st = DVT_OK;

    while (st == DVT_OK && (line = next_line(l))) {
        if (!find_wnid(line, id) || strncmp(line, id, WNID_CHARS) != 0) {
            st = fail_line(l, "the line does not start with a WordNet id:", line);
        } else if (rows->len == DVTI_LABEL_MAX) {
            st = fail_line(l, "more than 1,000,000 classes at", line);
        } else {
            const int64_t label = (int64_t)rows->len;
            line[WNID_CHARS] = '\0';
            st = row_vec_push(l->ctx, rows, (row){line, label, l->number});
        }
    }
    return st;
}

/* ---- look-up ------------------------------------------------------------------------------- */

static int by_key(const void *a, const void *b)
{
    return strcmp(((const row *)a)->key, ((const row *)b)->key);
}

static const row *find_row(const row_vec *rows, const char *key)
{
    const row wanted = {.key = key};
    return rows->len ? bsearch(&wanted, rows->data, rows->len, sizeof wanted, by_key) : NULL;
}

static dvt_status sort_rows(lines *l, row_vec *rows)
{
    if (rows->len > 0) {
        qsort(rows->data, rows->len, sizeof *rows->data, by_key);
    }
    for (size_t i = 1; i < rows->len; i++) {
        if (strcmp(rows->data[i - 1].key, rows->data[i].key) == 0) {
            const row *a = &rows->data[i - 1], *b = &rows->data[i];
            l->number = a->line > b->line ? a->line : b->line;
            return fail_line(l, "a second line for", b->key);
        }
    }
    return DVT_OK;
}

static const row *row_of_image(const row_vec *rows, bool synset, const char *name)
{
    char id[WNID_CHARS + 1];

    if (synset) {
        return find_wnid(name, id) ? find_row(rows, id) : NULL;
    }
    const row *r = find_row(rows, name);
    return r ? r : find_row(rows, dvti_base_name(name));
}

static dvt_status assign(dvt_ctx *ctx, dvt_arena *arena, const char *list, const row_vec *rows,
                         bool synset, const char *const *names, int64_t count, dvti_labels *out)
{
    out->class_count = synset ? (int64_t)rows->len : 0;
    out->label = dvt_arena_calloc(arena, (size_t)count + 1, sizeof *out->label);
    out->source =
        dvt_arena_printf(arena, "%s of %s", synset ? "WordNet id, line" : "file name, label", list);
    if (!out->label || !out->source) {
        return DVT_E_NOMEM;
    }
    for (int64_t i = 0; i < count; i++) {
        const row *r = row_of_image(rows, synset, names[i]);
        if (!r) {
            const dvt_pos at = {.file = list};
            return dvt_fail(ctx, DVT_E_NOTFOUND, &at, "the list has no label for image '%s'",
                            names[i]);
        }
        out->label[i] = r->label;
        out->class_count = r->label >= out->class_count ? r->label + 1 : out->class_count;
    }
    return DVT_OK;
}

dvt_status dvti_labels_from_list(dvt_ctx *ctx, dvt_arena *arena, const char *list, char *text,
                                 size_t size, const char *const *names, int64_t count,
                                 dvti_labels *out)
{
    lines      l = {.ctx = ctx, .file = list, .next = text};
    row_vec    rows = {0};
    char       id[WNID_CHARS + 1];
    dvt_status st = DVT_OK;

    *out = (dvti_labels){0};
    if (memchr(text, 0, size)) {
        return fail_line(&l, "this is no text file:", list);
    }
    const bool synset = find_wnid(text, id) && strncmp(text, id, WNID_CHARS) == 0 &&
                        (text[WNID_CHARS] == ' ' || text[WNID_CHARS] == '\t');
    if ((st = synset ? read_synsets(&l, &rows) : read_csv(&l, &rows)) == DVT_OK &&
        (st = sort_rows(&l, &rows)) == DVT_OK) {
        st = assign(ctx, arena, list, &rows, synset, names, count, out);
    }
    row_vec_deinit(ctx, &rows);
    return st;
}
