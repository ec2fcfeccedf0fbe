/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table_pickle.c - reads published results from pickles, as data (formats/pickle.h).
 *
 * Forms      LatBench      {operations (6 integers): seconds}
 *            HW-NAS-Bench  {"nasbench201": {data set: {"config": [{"arch_str": ..}, ..],
 *                          "DEVICE_METRIC": [a number a cell], ..}}, ..}; other spaces in the file
 *                          are left out, which is logged
 *            NATS-Bench    table_nats.c
 *            others        {network: number}, {network: {name: number or dictionary of these}} or
 *                          {name: [a number a network]}; a network is a published index, a string
 *                          or six operations. Names of nested dictionaries are joined by '.'.
 * Checks     each network once, in range, with the string that its index has; finite numbers.
 * Tests      tests/unit/test_table_pickle.c, tests/fuzz/fuzz_table.c
 */
#include <math.h>
#include <string.h>

#include "base/text_util.h"
#include "space/table_pickle.h"

static dvt_pos place_of(const dvti_pickle_table *t, const dvti_pickle_value *v)
{
    return (dvt_pos){.file = t->path, .offset = v->offset};
}

dvt_status dvti_pickle_table_fail(const dvti_pickle_table *t, const dvti_pickle_value *v,
                                  const char *want)
{
    const dvt_pos at = place_of(t, v);

    dvt_fail(t->s->ctx, DVT_E_PARSE, &at, "expected %s, got %s", want,
             dvti_pickle_kind_name((dvti_pickle_kind)v->kind));
    dvt_fail_hint(t->s->ctx, "docs/formats/tables.md shows the pickles that a %s table is made of",
                  dvt_benchmark_name(t->s->kind));
    return DVT_E_PARSE;
}

/* ---- networks ------------------------------------------------------------------------------ */

static bool ops_of(const dvti_pickle_table *t, const dvti_pickle_value *v,
                   uint8_t ops[DVT_NB201_EDGES])
{
    if (v->kind != DVTI_PICKLE_TUPLE || v->count != DVT_NB201_EDGES) {
        return false;
    }
    for (uint32_t i = 0; i < DVT_NB201_EDGES; i++) {
        const dvti_pickle_value *op = dvti_pickle_item(t->p, v, i);
        if (op->kind != DVTI_PICKLE_INT || op->i < 0 || op->i >= DVT_NB201_OPS) {
            return false;
        }
        ops[i] = (uint8_t)op->i;
    }
    return true;
}

static bool text_of(const dvti_pickle_value *v, char out[DVT_TABLE_KEY_TEXT])
{
    if (v->kind != DVTI_PICKLE_TEXT || v->count >= DVT_TABLE_KEY_TEXT ||
        memchr(v->data, '\0', v->count)) {
        return false;
    }
    memcpy(out, v->data, v->count);
    out[v->count] = '\0';
    return true;
}

/* The published index of the cell that `v` names; -1 for none. */
static int64_t published_of(const dvti_pickle_table *t, const dvti_pickle_value *v)
{
    dvt_nb201_cell cell;
    char           text[DVT_TABLE_KEY_TEXT];

    if (v->kind == DVTI_PICKLE_INT) {
        return v->i >= 0 && v->i < DVT_NB201_COUNT ? v->i : -1;
    }
    if (ops_of(t, v, cell.op)) {
        return dvti_stage_published(t->s, &cell);
    }
    if (text_of(v, text) && dvt_nb201_parse(t->s->ctx, text, &cell) == DVT_OK) {
        return dvti_stage_published(t->s, &cell);
    }
    dvt_ctx_clear_error(t->s->ctx);
    return -1;
}

static dvt_status add_network(const dvti_pickle_table *t, const dvti_pickle_value *v, int64_t *row)
{
    const int64_t published = published_of(t, v);
    bool          fresh = false;
    dvt_status    st;

    if (published < 0) {
        return dvti_pickle_table_fail(t, v, "a network (index, string or six operations)");
    }
    st = dvti_stage_nb201(t->s, (uint32_t)published, row, &fresh);
    if (st == DVT_OK && !fresh) {
        const dvt_pos at = place_of(t, v);
        st = dvt_fail(t->s->ctx, DVT_E_PARSE, &at, "network %lld is in the file twice",
                      (long long)published);
    }
    return st;
}

/* ---- numbers ------------------------------------------------------------------------------- */

dvt_status dvti_pickle_table_put(const dvti_pickle_table *t, int32_t column, int64_t row,
                                 const dvti_pickle_value *v)
{
    double number;

    if (!dvti_pickle_number(v, &number)) {
        return dvti_pickle_table_fail(t, v, "a number");
    }
    if (!isfinite(number)) {
        const dvt_pos at = place_of(t, v);
        return dvt_fail(t->s->ctx, DVT_E_NUMERIC, &at, "this value is no finite number");
    }
    if (dvti_stage_has(t->s, column, row)) {
        return dvti_pickle_table_fail(t, v, "each name once");
    }
    return dvti_stage_put_f64(t->s, column, row, number);
}

/* The column of this name; *st on failure. */
static int32_t column_of(const dvti_pickle_table *t, const dvti_pickle_value *at, const char *name,
                         dvt_status *st)
{
    const size_t n = strlen(name);

    if (n == 0 || n >= DVTI_TABLE_NAME || !dvti_table_printable(name)) {
        *st = dvti_pickle_table_fail(t, at, "a name of 1 to 47 printable letters");
        return -1;
    }
    return dvti_stage_named(t->s, name, DVT_COLUMN_F64, st);
}

/* Puts a number, or the numbers of a dictionary, under `name`. */
static dvt_status put_tree(const dvti_pickle_table *t, const dvti_pickle_value *v, int64_t row,
                           const char *name, int depth)
{
    char       text[DVT_TABLE_KEY_TEXT], joined[2 * DVT_TABLE_KEY_TEXT];
    dvt_status st = DVT_OK;

    if (v->kind != DVTI_PICKLE_DICT) {
        const int32_t c = column_of(t, v, name[0] ? name : "value", &st);
        return c < 0 ? st : dvti_pickle_table_put(t, c, row, v);
    }
    if (depth == 4) {
        return dvti_pickle_table_fail(t, v, "dictionaries nested at most 4 deep");
    }
    for (uint32_t i = 0; st == DVT_OK && i < v->count; i += 2) {
        const dvti_pickle_value *key = dvti_pickle_item(t->p, v, i);
        if (key->kind == DVTI_PICKLE_INT) {
            dvti_format(text, sizeof text, "%lld", (long long)key->i);
        } else if (!text_of(key, text) || strlen(text) >= DVTI_TABLE_NAME) {
            return dvti_pickle_table_fail(t, key, "a name of 1 to 47 letters");
        }
        dvti_format(joined, sizeof joined, "%s%s%s", name, name[0] ? "." : "", text);
        st = strlen(joined) < DVTI_TABLE_NAME
                 ? put_tree(t, dvti_pickle_item(t->p, v, i + 1), row, joined, depth + 1)
                 : dvti_pickle_table_fail(t, key, "a name of 1 to 47 letters");
    }
    return st;
}

/* ---- one entry a network ------------------------------------------------------------------- */

static dvt_status read_networks(const dvti_pickle_table *t, const dvti_pickle_value *root)
{
    const char *name = t->s->kind == DVT_BENCHMARK_LATBENCH ? "latency_s" : "";
    dvt_status  st = DVT_OK;

    for (uint32_t i = 0; st == DVT_OK && i < root->count; i += 2) {
        int64_t row;
        st = add_network(t, dvti_pickle_item(t->p, root, i), &row);
        if (st == DVT_OK) {
            st = put_tree(t, dvti_pickle_item(t->p, root, i + 1), row, name, 0);
        }
    }
    return st;
}

/* LatBench's values are numbers, and its file is named after the device. */
static dvt_status read_latbench(const dvti_pickle_table *t, const dvti_pickle_value *root)
{
    const char      *slash = strrchr(t->path, '/');
    const char      *file = slash ? slash + 1 : t->path;
    const char      *dot = strrchr(file, '.');
    dvti_table_about about;
    dvt_status       st = DVT_OK;

    for (uint32_t i = 0; i < root->count; i += 2) {
        const dvti_pickle_value *key = dvti_pickle_item(t->p, root, i);
        const dvti_pickle_value *v = dvti_pickle_item(t->p, root, i + 1);
        uint8_t                  ops[DVT_NB201_EDGES];
        if (!ops_of(t, key, ops)) {
            return dvti_pickle_table_fail(t, key, "a tuple of six operations from 0 to 4");
        }
        if (v->kind != DVTI_PICKLE_FLOAT && v->kind != DVTI_PICKLE_INT) {
            return dvti_pickle_table_fail(t, v, "seconds");
        }
    }
    dvti_table_describe(t->s->kind, "latency_s", &about);
    about.type = DVT_COLUMN_F64;
    dvti_format(about.device, sizeof about.device, "%.*s",
                dot ? (int)(dot - file) : (int)strlen(file), file);
    if (!dvti_table_printable(about.device)) {
        about.device[0] = '\0'; /* a strange file name is no device */
    }
    (void)dvti_stage_column_of(t->s, &about, &st);
    return st == DVT_OK ? read_networks(t, root) : st;
}

/* ---- one list a column --------------------------------------------------------------------- */

/* Number i of a list or array. */
static dvt_status put_element(const dvti_pickle_table *t, const dvti_pickle_value *list, uint32_t i,
                              int32_t column, int64_t row)
{
    dvti_pickle_value number = {.kind = DVTI_PICKLE_FLOAT, .offset = list->offset};

    if (list->kind != DVTI_PICKLE_ARRAY) {
        return dvti_pickle_table_put(t, column, row, dvti_pickle_item(t->p, list, i));
    }
    if (!dvti_pickle_array_at(t->p, list, i, &number.f)) {
        return dvti_pickle_table_fail(t, list, "numbers that doubles hold");
    }
    return dvti_pickle_table_put(t, column, row, &number);
}

static bool is_list(const dvti_pickle_value *v)
{
    return v->kind == DVTI_PICKLE_LIST || v->kind == DVTI_PICKLE_TUPLE ||
           v->kind == DVTI_PICKLE_ARRAY;
}

static dvt_status put_list(const dvti_pickle_table *t, const dvti_pickle_value *list,
                           const char *name)
{
    const uint64_t count =
        list->kind == DVTI_PICKLE_ARRAY ? dvti_pickle_array_count(t->p, list) : list->count;
    dvt_status    st = DVT_OK;
    const int32_t c = column_of(t, list, name, &st);

    if (c < 0) {
        return st;
    }
    if (count == 0 || count > DVT_NB201_COUNT) {
        return dvti_pickle_table_fail(t, list, "1 to 15625 numbers");
    }
    for (uint32_t i = 0; st == DVT_OK && i < count; i++) {
        int64_t row;
        bool    fresh;
        st = dvti_stage_nb201(t->s, i, &row, &fresh);
        st = st == DVT_OK ? put_element(t, list, i, c, row) : st;
    }
    return st;
}

/* {name: [numbers]}: the i-th of each belongs to published index i. `prefix` stands before names,
 * `skip` is a key that is no column. */
static dvt_status read_lists(const dvti_pickle_table *t, const dvti_pickle_value *dict,
                             const char *prefix, const char *skip)
{
    char       text[DVT_TABLE_KEY_TEXT], joined[2 * DVT_TABLE_KEY_TEXT];
    dvt_status st = DVT_OK;

    for (uint32_t i = 0; st == DVT_OK && i < dict->count; i += 2) {
        const dvti_pickle_value *key = dvti_pickle_item(t->p, dict, i);
        const dvti_pickle_value *list = dvti_pickle_item(t->p, dict, i + 1);
        if (!text_of(key, text)) {
            return dvti_pickle_table_fail(t, key, "the name of a column");
        }
        if (skip && strcmp(text, skip) == 0) {
            continue;
        }
        dvti_format(joined, sizeof joined, "%s%s%s", prefix, prefix[0] ? "." : "", text);
        st = is_list(list) ? put_list(t, list, joined)
                           : dvti_pickle_table_fail(t, list, "a list of numbers");
    }
    return st;
}

/* The strings of "config" must be those of the published order. */
static dvt_status check_config(const dvti_pickle_table *t, const dvti_pickle_value *config)
{
    if (!config || config->kind != DVTI_PICKLE_LIST) {
        return DVT_OK; /* the numbers are then taken by their place alone, as its own reader does */
    }
    for (uint32_t i = 0; i < config->count; i++) {
        const dvti_pickle_value *item = dvti_pickle_item(t->p, config, i);
        const dvti_pickle_value *text = dvti_pickle_find(t->p, item, "arch_str");
        if (text && published_of(t, text) != (int64_t)i) {
            return dvti_pickle_table_fail(t, text, "the string of the cell with this index");
        }
    }
    return DVT_OK;
}

static dvt_status read_hwnas(const dvti_pickle_table *t, const dvti_pickle_value *root)
{
    const dvti_pickle_value *cells = dvti_pickle_find(t->p, root, "nasbench201");
    char                     text[DVT_TABLE_KEY_TEXT];
    dvt_status               st = DVT_OK;

    if (!cells || cells->kind != DVTI_PICKLE_DICT) {
        return dvti_pickle_table_fail(t, root, "a dictionary with the key 'nasbench201'");
    }
    for (uint32_t i = 0; i < root->count; i += 2) {
        if (text_of(dvti_pickle_item(t->p, root, i), text) && strcmp(text, "nasbench201") != 0) {
            dvt_log(t->s->ctx, DVT_LOG_WARN, "space",
                    "the networks of '%s' in this file are no cells of NAS-Bench-201; left out",
                    text);
        }
    }
    for (uint32_t i = 0; st == DVT_OK && i < cells->count; i += 2) {
        const dvti_pickle_value *data = dvti_pickle_item(t->p, cells, i + 1);
        if (!text_of(dvti_pickle_item(t->p, cells, i), text) || data->kind != DVTI_PICKLE_DICT) {
            return dvti_pickle_table_fail(t, data, "a dictionary for each data set");
        }
        st = check_config(t, dvti_pickle_find(t->p, data, "config"));
        st = st == DVT_OK ? read_lists(t, data, text, "config") : st;
    }
    return st;
}

/* ---- files --------------------------------------------------------------------------------- */

static dvt_status read_root(const dvti_pickle_table *t, const dvti_pickle_value *root)
{
    if (root->kind != DVTI_PICKLE_DICT || root->count == 0) {
        return dvti_pickle_table_fail(t, root, "a dictionary with something in it");
    }
    if (t->s->kind == DVT_BENCHMARK_LATBENCH) {
        return read_latbench(t, root);
    }
    if (t->s->kind == DVT_BENCHMARK_HWNASBENCH && dvti_pickle_find(t->p, root, "nasbench201")) {
        return read_hwnas(t, root);
    }
    if (dvti_is_nats(t->p, root)) {
        return dvti_table_read_nats(t, root);
    }
    if (dvti_table_space(t->s->kind) == DVT_TABLE_SSS) {
        return dvti_pickle_table_fail(t, root, "NATS-Bench's results");
    }
    const bool lists = is_list(dvti_pickle_item(t->p, root, 1)) &&
                       published_of(t, dvti_pickle_item(t->p, root, 0)) < 0;
    return lists ? read_lists(t, root, "", NULL) : read_networks(t, root);
}

dvt_status dvti_table_read_pickle(dvti_stage *s, const char *path, const dvt_blob *file)
{
    dvti_pickle_table t = {.s = s, .path = path};
    dvti_pickle      *p;
    dvt_status        st = dvti_pickle_parse(s->ctx, path, file->data, file->size, &p);

    if (st == DVT_OK) {
        t.p = p;
        st = read_root(&t, dvti_pickle_get(p, dvti_pickle_root(p)));
    }
    dvti_pickle_destroy(p);
    return st;
}
