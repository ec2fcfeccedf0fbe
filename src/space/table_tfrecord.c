/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table_tfrecord.c - reads nasbench_only108.tfrecord and nasbench_full.tfrecord.
 *
 * Idea       Each record is one training of one cell: the k-th record of a cell and a number of
 *            epochs is its repeat k. Every value becomes a column: metric, moment (start, half,
 *            end), epochs, repeat. Moments that always hold the same value cost nothing in the
 *            cache.
 * Checks     The hash is computed from the cell of the first record with it, and compared; later
 *            records must repeat the cell. Parameters must be those of the network. At most three
 *            repeats, no two of them the same in every value.
 * Mean       mean_test_acc_108, the mean of the repeats' accuracies at the end of 108 epochs to
 *            1e-12, stands beside them for cells with all three: it is what searches ask for.
 * Memory     the stage's 4 bytes a value; the file is read record by record.
 * Tests      tests/unit/test_table_tfrecord.c
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text_util.h"
#include "space/nb101_md5.h"
#include "space/table_record.h"

enum { REPEATS = 3, EPOCHS_MAX = 16, MEAN_EPOCHS = 108 };

typedef struct budget {
    int32_t epochs;
    int32_t column[REPEATS][DVTI_RECORD_POINTS][DVTI_RECORD_VALUES];
    int32_t total[REPEATS];
} budget;

typedef struct importer {
    dvt_ctx           *ctx;
    dvti_stage        *s;
    dvti_record_reader reader;
    budget             budgets[EPOCHS_MAX];
    int32_t            budget_count;
    int32_t            parameters; /* column */
} importer;

/* ---- columns ------------------------------------------------------------------------------- */

static int32_t make_column(importer *m, const char *moment, const char *metric, const char *unit,
                           int32_t epochs, int32_t repeat, dvt_status *st)
{
    dvti_table_about about = {.epochs = epochs, .repeat = repeat, .type = DVT_COLUMN_F64};

    dvti_format(about.metric, sizeof about.metric, "%s%s", moment, metric);
    dvti_format(about.name, sizeof about.name, "%s%s.e%d.r%d", moment, metric, (int)epochs,
                (int)repeat);
    dvti_format(about.unit, sizeof about.unit, "%s", unit);
    dvti_format(about.dataset, sizeof about.dataset, "cifar10");
    return dvti_stage_column_of(m->s, &about, st);
}

static dvt_status make_budget(importer *m, int32_t epochs, budget *b)
{
    static const char *const moments[DVTI_RECORD_POINTS] = {"start_", "half_", ""};
    static const struct {
        const char *metric, *unit;
    } values[DVTI_RECORD_VALUES] = {{"epoch", ""},
                                    {"training_time", "s"},
                                    {"train_accuracy", "1"},
                                    {"valid_accuracy", "1"},
                                    {"test_accuracy", "1"}};
    dvt_status st = DVT_OK;

    b->epochs = epochs;
    for (int32_t r = 0; r < REPEATS; r++) {
        for (int p = DVTI_RECORD_POINTS; p-- > 0;) {
            for (int v = DVTI_RECORD_VALUES; st == DVT_OK && v-- > 0;) {
                b->column[r][p][v] = make_column(m, moments[p], values[v].metric, values[v].unit,
                                                 epochs, r + 1, &st);
            }
        }
        if (st == DVT_OK) {
            b->total[r] = make_column(m, "", "total_time", "s", epochs, r + 1, &st);
        }
    }
    return st;
}

/* The columns of this number of epochs. */
static budget *budget_of(importer *m, const dvti_tfrecord *frame, int32_t epochs, dvt_status *st)
{
    for (int32_t i = 0; i < m->budget_count; i++) {
        if (m->budgets[i].epochs == epochs) {
            return &m->budgets[i];
        }
    }
    if (m->budget_count == EPOCHS_MAX) {
        *st = dvti_record_fail(&m->reader, DVT_E_CAPACITY, frame, 0,
                               "more than 16 different numbers of epochs");
        return NULL;
    }
    budget *b = &m->budgets[m->budget_count];
    *st = make_budget(m, epochs, b);
    m->budget_count += *st == DVT_OK;
    return *st == DVT_OK ? b : NULL;
}

/* ---- cells --------------------------------------------------------------------------------- */

static dvt_status check_hash(importer *m, const dvti_tfrecord *frame, const dvti_record *record)
{
    uint8_t md5[1][DVT_NB101_MD5_BYTES];

    dvti_nb101_md5s(&record->cell, 1, md5);
    if (memcmp(md5[0], record->md5, sizeof md5[0]) != 0) {
        char text[120], hash[DVT_MD5_HEX];
        dvt_nb101_md5(&record->cell, hash);
        snprintf(text, sizeof text, "its hash is not that of its cell, which is %s", hash);
        return dvti_record_fail(&m->reader, DVT_E_PARSE, frame, 0, text);
    }
    return DVT_OK;
}

/* Is the cell of this row the record's? Key columns 1 to 3 are vertices, adj_bits, ops. */
static bool same_cell(const importer *m, int64_t row, const dvt_nb101_cell *cell)
{
    return dvti_stage_get(m->s, 1, row) == cell->vertices &&
           dvti_stage_get(m->s, 2, row) == cell->adj_bits &&
           dvti_stage_get(m->s, 3, row) == dvti_nb101_pack_ops(cell);
}

static dvt_status add_cell(importer *m, const dvti_tfrecord *frame, const dvti_record *record,
                           int64_t *row)
{
    bool       fresh;
    dvt_status st = dvti_stage_nb101(m->s, record->md5, &record->cell, row, &fresh);

    if (st != DVT_OK) {
        return st;
    }
    if (!fresh && same_cell(m, *row, &record->cell)) {
        return DVT_OK;
    }
    st = check_hash(m, frame, record);
    if (st == DVT_OK && !fresh) {
        st = dvti_record_fail(&m->reader, DVT_E_PARSE, frame, 0,
                              "an earlier record has the same hash and another matrix");
    }
    if (st == DVT_OK && record->parameters != dvt_nb101_parameters(&record->cell)) {
        char text[120];
        snprintf(text, sizeof text, "it has %d trainable parameters; the network of its cell %lld",
                 (int)record->parameters, (long long)dvt_nb101_parameters(&record->cell));
        st = dvti_record_fail(&m->reader, DVT_E_PARSE, frame, 0, text);
    }
    return st == DVT_OK ? dvti_stage_put(m->s, m->parameters, *row, (uint64_t)record->parameters)
                        : st;
}

/* ---- repeats ------------------------------------------------------------------------------- */

static double get_f64(const importer *m, int32_t column, int64_t row)
{
    const uint64_t word = dvti_stage_get(m->s, column, row);
    double         d;

    memcpy(&d, &word, sizeof d);
    return d;
}

/* Does repeat `r` of the row hold the very values of the record? */
static bool same_values(const importer *m, const budget *b, int32_t r, int64_t row,
                        const dvti_record *record)
{
    double held[DVTI_RECORD_POINTS][DVTI_RECORD_VALUES];

    for (int p = 0; p < DVTI_RECORD_POINTS; p++) {
        for (int v = 0; v < DVTI_RECORD_VALUES; v++) {
            held[p][v] = get_f64(m, b->column[r][p][v], row);
        }
    }
    const double total = get_f64(m, b->total[r], row);
    return memcmp(held, record->value, sizeof held) == 0 &&
           memcmp(&total, &record->total_time_s, sizeof total) == 0;
}

static dvt_status put_repeat(importer *m, const dvti_tfrecord *frame, const dvti_record *record,
                             int64_t row)
{
    dvt_status st = DVT_OK;
    budget    *b = budget_of(m, frame, record->epochs, &st);
    int32_t    r = 0;

    for (; b && r < REPEATS && dvti_stage_has(m->s, b->total[r], row); r++) {
        if (same_values(m, b, r, row, record)) {
            return dvti_record_fail(&m->reader, DVT_E_PARSE, frame, 0,
                                    "an earlier record of this cell has the same values");
        }
    }
    if (b && r == REPEATS) {
        return dvti_record_fail(&m->reader, DVT_E_PARSE, frame, 0,
                                "a fourth repeat of this cell and number of epochs");
    }
    for (int p = 0; b && p < DVTI_RECORD_POINTS; p++) {
        for (int v = 0; st == DVT_OK && v < DVTI_RECORD_VALUES; v++) {
            st = dvti_stage_put_f64(m->s, b->column[r][p][v], row, record->value[p][v]);
        }
    }
    return b && st == DVT_OK ? dvti_stage_put_f64(m->s, b->total[r], row, record->total_time_s)
                             : st;
}

/* The mean of the final test accuracies, to 1e-12, where all repeats are there. */
static dvt_status put_means(importer *m)
{
    const budget *b = NULL;
    int32_t       column = -1;
    dvt_status    st = DVT_OK;

    for (int32_t i = 0; i < m->budget_count; i++) {
        b = m->budgets[i].epochs == MEAN_EPOCHS ? &m->budgets[i] : b;
    }
    if (b) {
        column = dvti_stage_named(m->s, "mean_test_acc_108", DVT_COLUMN_DECIMAL, &st);
    }
    for (size_t row = 0; column >= 0 && st == DVT_OK && row < m->s->keys.len; row++) {
        double sum = 0;
        bool   all = true;
        for (int32_t r = 0; r < REPEATS && all; r++) {
            const int32_t c = b->column[r][DVTI_RECORD_POINTS - 1][DVTI_RECORD_VALUES - 1];
            all = dvti_stage_has(m->s, c, (int64_t)row);
            sum += all ? get_f64(m, c, (int64_t)row) : 0;
        }
        if (all) {
            const double mean = nearbyint(sum / REPEATS * (double)DVT_BENCHMARK_ONE);
            st = dvti_stage_put(m->s, column, (int64_t)row, (uint64_t)mean);
        }
    }
    return st;
}

/* ---- files --------------------------------------------------------------------------------- */

static dvt_status read_records(importer *m, dvti_tfrecord_file *f)
{
    dvti_tfrecord frame;
    dvti_record   record;
    int64_t       row;
    dvt_status    st = dvti_tfrecord_next(f, &frame);

    if (st == DVT_OK && !frame.data) {
        const dvt_pos at = {.file = m->reader.path};
        return dvt_fail(m->ctx, DVT_E_PARSE, &at, "there is no record in this file");
    }
    while (st == DVT_OK && frame.data) {
        st = dvti_record_parse(&m->reader, &frame, &record);
        if (st == DVT_OK) {
            st = add_cell(m, &frame, &record, &row);
        }
        if (st == DVT_OK) {
            st = put_repeat(m, &frame, &record, row);
        }
        if (st == DVT_OK) {
            st = dvti_tfrecord_next(f, &frame);
        }
    }
    return st;
}

dvt_status dvti_table_read_tfrecord(dvti_stage *s, const char *path)
{
    importer           *m = dvt_calloc(s->ctx, 1, sizeof *m);
    dvti_tfrecord_file *f = NULL;
    dvt_status          st = m ? dvti_tfrecord_open(s->ctx, path, &f) : DVT_E_NOMEM;

    if (st == DVT_OK) {
        m->ctx = s->ctx;
        m->s = s;
        m->reader.ctx = s->ctx;
        m->reader.path = path;
        m->parameters = dvti_stage_named(s, "params", DVT_COLUMN_WHOLE, &st);
    }
    if (st == DVT_OK) {
        st = read_records(m, f);
    }
    if (st == DVT_OK) {
        st = put_means(m);
    }
    dvti_tfrecord_close(f);
    dvt_free(s->ctx, m);
    return st;
}
