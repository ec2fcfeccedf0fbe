/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table_nats.c - NATS-Bench's pickles: one file for each network in a folder, or one for all.
 *
 * Form       {hyper-parameters, an epoch count as text: {"arch_index", "arch_str", "all_results":
 *            {(data set, seed): training}}}; a training holds, by epoch from 0, train_acc1es,
 *            train_losses, train_times, by "SET@epoch" eval_acc1es, eval_losses, eval_times, and
 *            params (M), flop (M), latency (a list of seconds, or None), epochs.
 *            One file for all: {"meta_archs": [strings], "arch2infos": {index: that}}.
 * Idea       The state after the last epoch of each training is kept: a column for each metric,
 *            data set, hyper-parameters and seed. Seeds 777, 888, 999, which the benchmark uses,
 *            are repeats 1, 2, 3; another seed is its own number.
 * Checks     index and string name the same network; each network once; finite numbers.
 * Limits     learning curves and weights are not kept; a file that holds weights names the
 *            functions that build them, which the pickle reader refuses.
 * Tests      tests/unit/test_table_nats.c
 */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text_util.h"
#include "formats/bunzip.h"
#include "formats/inflate.h"
#include "space/table_pickle.h"

enum { FILES_MAX = 1 << 16, TEXT = 64, NAME_DIGITS_MAX = 6 };
static const size_t FILE_MAX_BYTES = (size_t)1 << 30;

/* Where a training's values go. */
typedef struct training {
    const dvti_pickle_table *t;
    int64_t                  row;
    char                     dataset[TEXT];
    int32_t                  hyper; /* epochs, by the key */
    int64_t                  seed;
    int64_t                  last; /* epoch, from 0 */
} training;

static bool text_of(const dvti_pickle_value *v, char out[TEXT])
{
    if (v->kind != DVTI_PICKLE_TEXT || v->count == 0 || v->count >= TEXT ||
        memchr(v->data, '\0', v->count)) {
        return false;
    }
    memcpy(out, v->data, v->count);
    out[v->count] = '\0';
    return true;
}

/* ---- values -------------------------------------------------------------------------------- */

static dvt_status put(const training *g, const char *metric, const char *unit,
                      const dvti_pickle_value *v)
{
    dvti_table_about about = {.epochs = g->hyper, .type = DVT_COLUMN_F64};
    dvt_status       st = DVT_OK;
    char             name[4 * TEXT];

    snprintf(name, sizeof name, "%s.%s.e%d.s%lld", metric, g->dataset, (int)g->hyper,
             (long long)g->seed);
    if (strlen(name) >= sizeof about.name || strlen(g->dataset) >= sizeof about.dataset ||
        strlen(metric) >= sizeof about.metric || !dvti_table_printable(name)) {
        return dvti_pickle_table_fail(g->t, v, "short, printable names of data sets and sets");
    }
    dvti_format(about.name, sizeof about.name, "%s", name);
    dvti_format(about.metric, sizeof about.metric, "%s", metric);
    dvti_format(about.unit, sizeof about.unit, "%s", unit);
    dvti_format(about.dataset, sizeof about.dataset, "%s", g->dataset);
    about.repeat = g->seed == 777   ? 1
                   : g->seed == 888 ? 2
                   : g->seed == 999 ? 3
                                    : (int32_t)(g->seed & INT32_MAX);
    const int32_t c = dvti_stage_column_of(g->t->s, &about, &st);
    return c < 0 ? st : dvti_pickle_table_put(g->t, c, g->row, v);
}

/* The value of the last epoch in a list, or in a dictionary by epoch; NULL if there is none. */
static const dvti_pickle_value *last_of(const training *g, const dvti_pickle_value *v)
{
    const dvti_pickle *p = g->t->p;

    if (v->kind == DVTI_PICKLE_LIST || v->kind == DVTI_PICKLE_TUPLE) {
        return g->last < v->count ? dvti_pickle_item(p, v, (uint32_t)g->last) : NULL;
    }
    for (uint32_t i = v->kind == DVTI_PICKLE_DICT ? v->count : 0; i >= 2; i -= 2) {
        const dvti_pickle_value *key = dvti_pickle_item(p, v, i - 2);
        if (key->kind == DVTI_PICKLE_INT && key->i == g->last) {
            return dvti_pickle_item(p, v, i - 1);
        }
    }
    return NULL;
}

static dvt_status put_train(const training *g, const dvti_pickle_value *state)
{
    static const struct {
        const char *key, *metric, *unit;
    } values[] = {{"train_acc1es", "train_accuracy", "%"},
                  {"train_losses", "train_loss", ""},
                  {"train_times", "train_time", "s"}};
    dvt_status st = DVT_OK;

    for (size_t i = 0; st == DVT_OK && i < sizeof values / sizeof values[0]; i++) {
        const dvti_pickle_value *all = dvti_pickle_find(g->t->p, state, values[i].key);
        const dvti_pickle_value *v = all ? last_of(g, all) : NULL;
        st = v ? put(g, values[i].metric, values[i].unit, v) : DVT_OK;
    }
    return st;
}

/* {"SET@epoch": value}: those of the last epoch. */
static dvt_status put_evaluations(const training *g, const dvti_pickle_value *all,
                                  const char *metric, const char *unit)
{
    char       text[TEXT], ending[TEXT], name[2 * TEXT];
    dvt_status st = DVT_OK;

    snprintf(ending, sizeof ending, "@%lld", (long long)g->last);
    for (uint32_t i = 0; st == DVT_OK && i < all->count; i += 2) {
        const dvti_pickle_value *key = dvti_pickle_item(g->t->p, all, i);
        if (!text_of(key, text)) {
            return dvti_pickle_table_fail(g->t, key, "a text SET@EPOCH");
        }
        char *at = strchr(text, '@');
        if (at && strcmp(at, ending) == 0) {
            *at = '\0';
            snprintf(name, sizeof name, "%s_%s", text, metric);
            st = put(g, name, unit, dvti_pickle_item(g->t->p, all, i + 1));
        }
    }
    return st;
}

static dvt_status put_evaluated(const training *g, const dvti_pickle_value *state)
{
    static const struct {
        const char *key, *metric, *unit;
    } values[] = {
        {"eval_acc1es", "accuracy", "%"}, {"eval_losses", "loss", ""}, {"eval_times", "time", "s"}};
    dvt_status st = DVT_OK;

    for (size_t i = 0; st == DVT_OK && i < sizeof values / sizeof values[0]; i++) {
        const dvti_pickle_value *all = dvti_pickle_find(g->t->p, state, values[i].key);
        st = all && all->kind == DVTI_PICKLE_DICT
                 ? put_evaluations(g, all, values[i].metric, values[i].unit)
                 : DVT_OK;
    }
    return st;
}

/* The mean of a list of seconds, as the benchmark's own reader gives it. */
static dvt_status put_latency(const training *g, const dvti_pickle_value *list)
{
    dvti_pickle_value mean = {.kind = DVTI_PICKLE_FLOAT, .offset = list->offset};
    double            v;

    if (list->kind == DVTI_PICKLE_NONE || (list->kind == DVTI_PICKLE_LIST && list->count == 0)) {
        return DVT_OK;
    }
    if (list->kind != DVTI_PICKLE_LIST) {
        return put(g, "latency", "s", list);
    }
    for (uint32_t i = 0; i < list->count; i++) {
        const dvti_pickle_value *item = dvti_pickle_item(g->t->p, list, i);
        if (!dvti_pickle_number(item, &v)) {
            return dvti_pickle_table_fail(g->t, item, "seconds");
        }
        mean.f += v;
    }
    mean.f /= list->count;
    return put(g, "latency", "s", &mean);
}

static dvt_status put_costs(const training *g, const dvti_pickle_value *state)
{
    const dvti_pickle_value *params = dvti_pickle_find(g->t->p, state, "params");
    const dvti_pickle_value *flop = dvti_pickle_find(g->t->p, state, "flop");
    const dvti_pickle_value *latency = dvti_pickle_find(g->t->p, state, "latency");
    dvt_status               st = DVT_OK;

    if (params && params->kind != DVTI_PICKLE_NONE) {
        st = put(g, "parameters", "M", params);
    }
    if (st == DVT_OK && flop && flop->kind != DVTI_PICKLE_NONE) {
        st = put(g, "flops", "M", flop);
    }
    return st == DVT_OK && latency ? put_latency(g, latency) : st;
}

/* ---- trainings ----------------------------------------------------------------------------- */

static dvt_status read_training(training *g, const dvti_pickle_value *key,
                                const dvti_pickle_value *state)
{
    const dvti_pickle       *p = g->t->p;
    const dvti_pickle_value *epochs = dvti_pickle_find(p, state, "epochs");
    const dvti_pickle_value *seed =
        key->kind == DVTI_PICKLE_TUPLE && key->count == 2 ? dvti_pickle_item(p, key, 1) : NULL;
    dvt_status st;

    if (!seed || seed->kind != DVTI_PICKLE_INT ||
        !text_of(dvti_pickle_item(p, key, 0), g->dataset)) {
        return dvti_pickle_table_fail(g->t, key, "a data set and a seed");
    }
    if (!epochs || epochs->kind != DVTI_PICKLE_INT || epochs->i < 1) {
        return dvti_pickle_table_fail(g->t, epochs ? epochs : state, "a training with 'epochs'");
    }
    g->seed = seed->i;
    g->last = epochs->i - 1;
    st = put_train(g, state);
    st = st == DVT_OK ? put_evaluated(g, state) : st;
    return st == DVT_OK ? put_costs(g, state) : st;
}

/* The row that "arch_index" and "arch_str" name; -1 and a failure if they contradict. */
static dvt_status find_row(const dvti_pickle_table *t, const dvti_pickle_value *results,
                           int64_t *row, bool *fresh)
{
    const dvti_pickle_value *index = dvti_pickle_find(t->p, results, "arch_index");
    const dvti_pickle_value *arch = dvti_pickle_find(t->p, results, "arch_str");
    const bool               sizes = dvti_table_space(t->s->kind) == DVT_TABLE_SSS;
    char                     text[DVT_TABLE_KEY_TEXT];
    dvt_nb201_cell           cell;

    *row = -1;
    if (!index || index->kind != DVTI_PICKLE_INT || index->i < 0 ||
        index->i >= (sizes ? DVT_SSS_COUNT : DVT_NB201_COUNT)) {
        return dvti_pickle_table_fail(t, index ? index : results, "results with 'arch_index'");
    }
    if (!arch || arch->kind != DVTI_PICKLE_TEXT || arch->count >= sizeof text) {
        return dvti_pickle_table_fail(t, arch ? arch : results, "results with 'arch_str'");
    }
    memcpy(text, arch->data, arch->count);
    text[arch->count] = '\0';
    if (sizes) {
        const int32_t widths = dvti_sss_parse(text);
        return widths < 0 ? dvti_pickle_table_fail(t, arch, "five widths such as 8:16:24:32:40")
                          : dvti_stage_sss(t->s, (uint32_t)index->i, (uint32_t)widths, row, fresh);
    }
    if (dvt_nb201_parse(t->s->ctx, text, &cell) != DVT_OK ||
        dvti_stage_published(t->s, &cell) != (uint64_t)index->i) {
        dvt_ctx_clear_error(t->s->ctx);
        return dvti_pickle_table_fail(t, arch, "the string of the cell with this index");
    }
    return dvti_stage_nb201(t->s, (uint32_t)index->i, row, fresh);
}

/* "12", "200": a number of epochs. */
static bool hyper_of(const dvti_pickle_value *key, int32_t *out)
{
    char     text[TEXT];
    uint64_t v;

    if (!text_of(key, text) || !dvt_parse_u64(text, &v) || v == 0 || v > 100000) {
        return false;
    }
    *out = (int32_t)v;
    return true;
}

/* {hyper-parameters: results} of one network. */
static dvt_status read_network(const dvti_pickle_table *t, const dvti_pickle_value *root)
{
    training   g = {.t = t};
    bool       fresh = false;
    dvt_status st = DVT_OK;

    for (uint32_t i = 0; st == DVT_OK && i < root->count; i += 2) {
        const dvti_pickle_value *results = dvti_pickle_item(t->p, root, i + 1);
        const dvti_pickle_value *all = dvti_pickle_find(t->p, results, "all_results");
        const int64_t            before = g.row;
        if (!hyper_of(dvti_pickle_item(t->p, root, i), &g.hyper) || !all ||
            all->kind != DVTI_PICKLE_DICT) {
            return dvti_pickle_table_fail(t, results, "'all_results' for a number of epochs");
        }
        st = find_row(t, results, &g.row, &fresh);
        if (st == DVT_OK && (i == 0 ? !fresh : g.row != before)) {
            return dvti_pickle_table_fail(t, results, i == 0 ? "each network once" : "one network");
        }
        for (uint32_t k = 0; st == DVT_OK && k < all->count; k += 2) {
            st = read_training(&g, dvti_pickle_item(t->p, all, k),
                               dvti_pickle_item(t->p, all, k + 1));
        }
    }
    return st;
}

dvt_status dvti_table_read_nats(const dvti_pickle_table *t, const dvti_pickle_value *root)
{
    const dvti_pickle_value *infos = dvti_pickle_find(t->p, root, "arch2infos");
    dvt_status               st = DVT_OK;

    if (!infos) {
        return read_network(t, root);
    }
    for (uint32_t i = 0; st == DVT_OK && i < infos->count; i += 2) {
        const dvti_pickle_value *network = dvti_pickle_item(t->p, infos, i + 1);
        st = network->kind == DVTI_PICKLE_DICT && network->count
                 ? read_network(t, network)
                 : dvti_pickle_table_fail(t, network, "results of a network");
        if (st == DVT_OK && i % 512 == 0) {
            st = dvt_progress(t->s->ctx, "import", i / 2, infos->count / 2, "networks");
        }
    }
    return st;
}

bool dvti_is_nats(const dvti_pickle *p, const dvti_pickle_value *root)
{
    int32_t hyper;

    return dvti_pickle_find(p, root, "arch2infos") ||
           (root->count >= 2 && hyper_of(dvti_pickle_item(p, root, 0), &hyper) &&
            dvti_pickle_find(p, dvti_pickle_item(p, root, 1), "all_results"));
}

/* ---- folders ------------------------------------------------------------------------------- */

static int by_number(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* "000042.pickle.pbz2" is 42; false for any other name. */
static bool number_of(const char *name, uint32_t *out)
{
    const size_t digits = strspn(name, "0123456789");

    *out = digits && digits <= NAME_DIGITS_MAX ? (uint32_t)strtoul(name, NULL, 10) : 0;
    return digits && digits <= NAME_DIGITS_MAX && strcmp(name + digits, ".pickle.pbz2") == 0;
}

static dvt_status list_files(dvti_stage *s, const char *folder, uint32_t *numbers, size_t *count)
{
    DIR *dir = opendir(folder);

    *count = 0;
    for (struct dirent *d = dir ? readdir(dir) : NULL; d; d = readdir(dir)) {
        if (*count < FILES_MAX && number_of(d->d_name, &numbers[*count])) {
            ++*count;
        }
    }
    if (dir) {
        closedir(dir);
    }
    qsort(numbers, *count, sizeof *numbers, by_number);
    if (*count == 0) {
        dvt_fail(s->ctx, DVT_E_PARSE, NULL, "there is no '000000.pickle.pbz2' or other in '%s'",
                 folder);
        dvt_fail_hint(s->ctx, "name the folder that NATS-Bench's '-simple' archive unpacks to");
        return DVT_E_PARSE;
    }
    return DVT_OK;
}

static dvt_status read_one(dvti_stage *s, const char *folder, uint32_t number)
{
    char       path[4096];
    dvt_blob   file = {0};
    dvt_status st;

    snprintf(path, sizeof path, "%s/%06u.pickle.pbz2", folder, number);
    if (!dvt_file_exists(path)) {
        snprintf(path, sizeof path, "%s/%u.pickle.pbz2", folder, number);
    }
    st = dvt_file_read(s->ctx, path, FILE_MAX_BYTES, &file);
    st = st == DVT_OK ? dvti_bunzip_in_place(s->ctx, path, FILE_MAX_BYTES, &file) : st;
    st = st == DVT_OK ? dvti_table_read_pickle(s, path, &file) : st;
    dvt_blob_deinit(s->ctx, &file);
    return st;
}

dvt_status dvti_table_read_nats_folder(dvti_stage *s, const char *folder)
{
    uint32_t  *numbers = dvt_calloc(s->ctx, FILES_MAX, sizeof *numbers);
    size_t     count = 0;
    dvt_status st = numbers ? list_files(s, folder, numbers, &count) : DVT_E_NOMEM;

    for (size_t i = 0; st == DVT_OK && i < count; i++) {
        st = read_one(s, folder, numbers[i]);
        if (st == DVT_OK && i % 64 == 0) {
            st = dvt_progress(s->ctx, "import", i, count, "files");
        }
    }
    dvt_free(s->ctx, numbers);
    return st;
}
