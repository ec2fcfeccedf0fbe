/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table_csv.c - reads a published CSV file of results.
 *
 * Idea       The header names the columns. Some names are keys (which network), the others become
 *            columns of the table. A line is cut at commas; fields may be quoted. Keys come first
 *            in every known file, but may be anywhere: a line is cut as a whole, then read.
 * Checks     every number whole and in range, every decimal with at most 12 digits behind the
 *            point; cells valid; all keys of a line agree; each network once. NAS-Bench-101: the
 *            MD5 hash of every cell is computed and compared.
 * Missing    an empty field is simply not there.
 * Forms      columns that the schema knows keep decimals exactly (multiples of 1e-12); others are
 *            doubles, the nearest to the text.
 * Limits     DVTI_TABLE_ROWS_MAX rows, 1 GiB of text, 256 columns, fields of 255 letters.
 * Tests      tests/unit/test_table.c, tests/fuzz/fuzz_table.c
 */
#include <string.h>

#include "space/nb101_md5.h"
#include "space/table_import.h"

enum {
    FIELD_MAX = 256,
    FIELDS_MAX = 256,
    DECIMALS = 12,
    WHOLE_DIGITS = 6,
    BATCH = 8192,
    SEEDS = 3
};

/* What a column of the file is. */
typedef enum field_form {
    FORM_NUMBER, /* a double */
    FORM_DECIMAL,
    FORM_WHOLE,
    FORM_SEEDS, /* up to three decimals with '/' between, in three columns */
    FORM_HASH,  /* the keys from here on */
    FORM_VERTICES,
    FORM_ADJ_BITS,
    FORM_OPS,
    FORM_INDEX,
    FORM_VECTOR, /* NAS-Bench-201's operations as digits; a column as well */
    FORM_STRING, /* |op~0|+...; or widths */
    FORM_NET     /* HW-NAS-Bench's "(4, 3, 3, 0, 0, 0)" */
} field_form;

typedef struct field {
    field_form form;
    bool       must;
    int32_t    column[SEEDS]; /* in the stage; -1 = none */
    char       name[DVTI_TABLE_NAME];
} field;

/* NAS-Bench-101 rows whose hashes are still to be checked. */
typedef struct pending {
    int32_t        count;
    dvt_nb101_cell cells[BATCH];
    uint8_t        md5[BATCH][DVT_NB101_MD5_BYTES], computed[BATCH][DVT_NB101_MD5_BYTES];
    uint32_t       line[BATCH];
} pending;

typedef struct reader {
    dvt_ctx       *ctx;
    dvti_stage    *s;
    dvt_pos        at;
    field          fields[FIELDS_MAX];
    int32_t        count;
    char           text[FIELDS_MAX][FIELD_MAX]; /* of this line */
    uint32_t       column[FIELDS_MAX];
    dvt_nb101_cell cell;
    int32_t        labels; /* the field they are in */
    uint8_t        md5[DVT_NB101_MD5_BYTES];
    int64_t        published; /* -1: not said yet */
    int64_t        widths, index;
    pending        pending;
} reader;

static dvt_status fail_field(reader *r, int32_t i, const char *want)
{
    r->at.column = r->column[i];
    return dvt_fail(r->ctx, DVT_E_PARSE, &r->at, "%s: expected %s, got '%.40s'", r->fields[i].name,
                    want, r->text[i]);
}

/* ---- numbers ------------------------------------------------------------------------------- */

/* "12.5" as 12500000000000: digits, at most one point, at most 12 digits behind it. */
static bool decimal_of(const char *text, size_t size, uint64_t *out)
{
    uint64_t v = 0;
    int      before = 0, behind = -1;

    for (size_t i = 0; i < size; i++) {
        if (text[i] == '.' && behind < 0 && before > 0) {
            behind = 0;
        } else if (text[i] >= '0' && text[i] <= '9') {
            v = 10 * v + (uint64_t)(text[i] - '0');
            *(behind < 0 ? &before : &behind) += 1;
        } else {
            return false;
        }
        if (before > WHOLE_DIGITS || behind > DECIMALS) {
            return false;
        }
    }
    for (int i = behind < 0 ? 0 : behind; i < DECIMALS; i++) {
        v *= 10;
    }
    *out = v;
    return before > 0 && behind != 0;
}

static dvt_status put_decimal(reader *r, int32_t i, int64_t row)
{
    uint64_t v;

    if (!decimal_of(r->text[i], strlen(r->text[i]), &v)) {
        return fail_field(r, i,
                          "a decimal number with at most 6 digits before and 12 behind the point");
    }
    return dvti_stage_put(r->s, r->fields[i].column[0], row, v);
}

static dvt_status put_seeds(reader *r, int32_t i, int64_t row)
{
    const char *p = r->text[i];
    dvt_status  st = DVT_OK;

    for (int32_t k = 0; st == DVT_OK && k < SEEDS; k++) {
        const size_t n = strcspn(p, "/");
        uint64_t     v;
        if (!decimal_of(p, n, &v)) {
            break;
        }
        st = dvti_stage_put(r->s, r->fields[i].column[k], row, v);
        if (p[n] == '\0') {
            return st;
        }
        p += n + 1;
    }
    return st != DVT_OK ? st : fail_field(r, i, "one to three decimal numbers with '/' between");
}

static dvt_status put_number(reader *r, int32_t i, int64_t row)
{
    double v;

    if (strchr(r->text[i], '/') || !dvt_parse_f64(r->text[i], &v)) {
        return fail_field(r, i, "a finite number");
    }
    return dvti_stage_put_f64(r->s, r->fields[i].column[0], row, v);
}

static bool whole_of(const char *text, uint32_t *out)
{
    uint64_t v;

    *out = 0;
    if (!dvt_parse_u64(text, &v) || v > UINT32_MAX) {
        return false;
    }
    *out = (uint32_t)v;
    return true;
}

static dvt_status put_whole(reader *r, int32_t i, int64_t row)
{
    uint32_t v;

    return whole_of(r->text[i], &v) ? dvti_stage_put(r->s, r->fields[i].column[0], row, v)
                                    : fail_field(r, i, "a whole number");
}

/* ---- keys: NAS-Bench-101 ------------------------------------------------------------------- */

static int hex_digit(char ch)
{
    return ch >= '0' && ch <= '9' ? ch - '0' : ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}

static dvt_status read_hash(reader *r, int32_t f)
{
    const char *text = r->text[f];
    bool        good = strlen(text) == 32;

    for (int i = 0; good && i < 16; i++) {
        int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
        good = high >= 0 && low >= 0;
        r->md5[i] = (uint8_t)(16 * high + low);
    }
    return good ? DVT_OK : fail_field(r, f, "32 hexadecimal digits");
}

static dvt_status read_labels(reader *r, int32_t f)
{
    const char  *text = r->text[f];
    const size_t n = strlen(text);

    r->labels = f;
    if (n > DVT_NB101_MAX_INTERIOR) {
        return fail_field(r, f, "a digit for each vertex but input and output");
    }
    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] >= '0' + DVT_NB101_LABELS) {
            return fail_field(r, f, "digits 0, 1, 2");
        }
        r->cell.ops[i] = (uint8_t)(text[i] - '0');
    }
    return DVT_OK;
}

static dvt_status read_small(reader *r, int32_t f, uint32_t most, uint32_t *out)
{
    return whole_of(r->text[f], out) && *out <= most ? DVT_OK : fail_field(r, f, "a whole number");
}

static void compute_hashes(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    pending *p = ud;

    (void)worker;
    dvti_nb101_md5s(p->cells + begin, end - begin, p->computed + begin);
}

/* Compares the hashes of the lines that wait for it. */
static dvt_status check_hashes(reader *r)
{
    pending *p = &r->pending;

    dvt_parallel_for(r->ctx, p->count, 256, compute_hashes, p);
    for (int32_t i = 0; i < p->count; i++) {
        if (memcmp(p->computed[i], p->md5[i], sizeof p->md5[i]) != 0) {
            const dvt_pos at = {.file = r->at.file, .line = p->line[i], .column = 1};
            char          hash[DVT_MD5_HEX];
            dvt_nb101_md5(&p->cells[i], hash);
            dvt_fail(r->ctx, DVT_E_PARSE, &at, "this cell does not have the hash of its line");
            dvt_fail_hint(r->ctx, "the hash of the cell is %s", hash);
            return DVT_E_PARSE;
        }
    }
    p->count = 0;
    return DVT_OK;
}

static dvt_status add_nb101(reader *r, int64_t *row, bool *fresh)
{
    pending *p = &r->pending;

    if (strlen(r->text[r->labels]) + 2 != r->cell.vertices) {
        return fail_field(r, r->labels, "a digit for each vertex but input and output");
    }
    r->at.column = 1;
    if (!dvt_nb101_valid(&r->cell)) {
        return dvt_fail(r->ctx, DVT_E_PARSE, &r->at, "this is no cell of NAS-Bench-101");
    }
    p->cells[p->count] = r->cell;
    memcpy(p->md5[p->count], r->md5, sizeof r->md5);
    p->line[p->count++] = r->at.line;
    dvt_status st = dvti_stage_nb101(r->s, r->md5, &r->cell, row, fresh);
    return st == DVT_OK && p->count == BATCH ? check_hashes(r) : st;
}

/* ---- keys: NAS-Bench-201 and sizes --------------------------------------------------------- */

static dvt_status set_published(reader *r, int32_t f, uint32_t published)
{
    if (r->published >= 0 && r->published != published) {
        dvt_status st = fail_field(r, f, "the network that the line's other keys name");
        dvt_fail_hint(r->ctx, "the published table gives that network index %lld, and this one %u",
                      (long long)r->published, published);
        return st;
    }
    r->published = published;
    return DVT_OK;
}

static dvt_status set_cell(reader *r, int32_t f, const dvt_nb201_cell *cell)
{
    return set_published(r, f, dvti_stage_published(r->s, cell));
}

static dvt_status read_index(reader *r, int32_t f)
{
    const bool sizes = dvti_table_space(r->s->kind) == DVT_TABLE_SSS;
    uint32_t   v;

    if (!whole_of(r->text[f], &v) || v >= (sizes ? (uint32_t)DVT_SSS_COUNT : DVT_NB201_COUNT)) {
        return fail_field(r, f, sizes ? "an index below 32768" : "an index below 15625");
    }
    r->index = v;
    return sizes ? DVT_OK : set_published(r, f, v);
}

/* "421211", or fewer digits where a spreadsheet dropped leading zeros. */
static dvt_status read_vector(reader *r, int32_t f)
{
    dvt_nb201_cell cell = {{0}};
    uint32_t       v;
    bool           good = whole_of(r->text[f], &v);

    for (int i = DVT_NB201_EDGES; good && i-- > 0; v /= 10) {
        cell.op[i] = (uint8_t)(v % 10);
        good = v % 10 < DVT_NB201_OPS;
    }
    return good && v == 0 ? set_cell(r, f, &cell)
                          : fail_field(r, f, "six digits 0 to 4, one for each edge");
}

static dvt_status read_string(reader *r, int32_t f)
{
    dvt_nb201_cell cell;

    if (dvti_table_space(r->s->kind) == DVT_TABLE_SSS) {
        r->widths = dvti_sss_parse(r->text[f]);
        return r->widths < 0 ? fail_field(r, f, "five widths such as 8:16:24:32:40") : DVT_OK;
    }
    if (dvt_nb201_parse(r->ctx, r->text[f], &cell) != DVT_OK) {
        dvt_ctx_clear_error(r->ctx);
        return fail_field(r, f, "a cell |op~0|+|op~0|op~1|+|op~0|op~1|op~2|");
    }
    return set_cell(r, f, &cell);
}

bool dvti_hwnas_cell(const uint8_t ops[DVT_NB201_EDGES], dvt_nb201_cell *out)
{
    /* its operations, and our edge for each of its edges: 01 02 03 12 13 23 */
    static const uint8_t op_of[] = {DVT_NB201_SKIP, DVT_NB201_NONE, DVT_NB201_CONV3X3,
                                    DVT_NB201_CONV1X1, DVT_NB201_AVGPOOL3X3};
    static const uint8_t edge_of[DVT_NB201_EDGES] = {0, 1, 3, 2, 4, 5};

    for (int i = 0; i < DVT_NB201_EDGES; i++) {
        if (ops[i] >= sizeof op_of) {
            return false;
        }
        out->op[edge_of[i]] = op_of[ops[i]];
    }
    return true;
}

static dvt_status read_net(reader *r, int32_t f)
{
    const char    *p = r->text[f];
    uint8_t        ops[DVT_NB201_EDGES] = {0};
    dvt_nb201_cell cell;
    bool           good = *p++ == '(';

    for (int i = 0; good && i < DVT_NB201_EDGES; i++) {
        good = *p >= '0' && *p <= '9';
        ops[i] = good ? (uint8_t)(*p++ - '0') : 0;
        good = good && *p == (i + 1 < DVT_NB201_EDGES ? ',' : ')');
        p += good;
        p += good && *p == ' ';
    }
    return good && !*p && dvti_hwnas_cell(ops, &cell)
               ? set_cell(r, f, &cell)
               : fail_field(r, f, "six operations such as (4, 3, 3, 0, 0, 0)");
}

static dvt_status add_other(reader *r, int64_t *row, bool *fresh)
{
    r->at.column = 1;
    if (dvti_table_space(r->s->kind) == DVT_TABLE_NB201) {
        return dvti_stage_nb201(r->s, (uint32_t)r->published, row, fresh);
    }
    return dvti_stage_sss(r->s, (uint32_t)r->index, (uint32_t)r->widths, row, fresh);
}

/* ---- lines --------------------------------------------------------------------------------- */

static dvt_status read_key(reader *r, int32_t f)
{
    uint32_t   v;
    dvt_status st;

    switch (r->fields[f].form) {
    case FORM_HASH: return read_hash(r, f);
    case FORM_VERTICES:
        st = read_small(r, f, UINT8_MAX, &v);
        r->cell.vertices = (uint8_t)v;
        return st;
    case FORM_ADJ_BITS: return read_small(r, f, UINT32_MAX, &r->cell.adj_bits);
    case FORM_OPS: return read_labels(r, f);
    case FORM_INDEX: return read_index(r, f);
    case FORM_VECTOR: return read_vector(r, f);
    case FORM_STRING: return read_string(r, f);
    case FORM_NET: return read_net(r, f);
    default: return DVT_OK;
    }
}

static dvt_status read_value(reader *r, int32_t f, int64_t row)
{
    if (r->fields[f].column[0] < 0) {
        return DVT_OK;
    }
    if (!r->text[f][0] && !r->fields[f].must) {
        return DVT_OK;
    }
    switch (r->fields[f].form) {
    case FORM_DECIMAL: return put_decimal(r, f, row);
    case FORM_SEEDS: return put_seeds(r, f, row);
    case FORM_NUMBER: return put_number(r, f, row);
    default: return put_whole(r, f, row);
    }
}

static dvt_status read_fields(reader *r)
{
    const bool nb101 = r->s->kind == DVT_BENCHMARK_NASBENCH101;
    int64_t    row = -1;
    bool       fresh = false;
    dvt_status st = DVT_OK;

    r->cell = (dvt_nb101_cell){0};
    r->published = -1;
    for (int32_t f = 0; st == DVT_OK && f < r->count; f++) {
        st = read_key(r, f);
    }
    if (st == DVT_OK) {
        st = nb101 ? add_nb101(r, &row, &fresh) : add_other(r, &row, &fresh);
    }
    if (st == DVT_OK && !fresh) {
        st = dvt_fail(r->ctx, DVT_E_PARSE, &r->at, "this network is in the file twice");
        dvt_fail_hint(r->ctx, "remove one of its lines");
    }
    for (int32_t f = 0; st == DVT_OK && f < r->count; f++) {
        st = read_value(r, f, row);
    }
    return st;
}

/* One field from *p on into r->text[i]; *p is then behind it. False: too long, or broken quotes. */
static bool cut_field(reader *r, int32_t i, const char **p, const char *end)
{
    const bool quoted = *p < end && **p == '"';
    size_t     n = 0;

    *p += quoted;
    for (; *p < end && (quoted || **p != ','); (*p)++) {
        if (quoted && **p == '"') {
            if (*p + 1 == end || (*p)[1] != '"') {
                break; /* the closing one */
            }
            (*p)++;
        }
        if (n + 1 >= FIELD_MAX) {
            return false;
        }
        r->text[i][n++] = **p;
        n -= !quoted && n == 1 && r->text[i][0] == ' '; /* blanks around a field are none of it */
    }
    while (!quoted && n > 0 && r->text[i][n - 1] == ' ') {
        n--;
    }
    r->text[i][n] = '\0';
    if (quoted) {
        if (*p == end) {
            return false;
        }
        (*p)++;
    }
    return !memchr(r->text[i], '\0', n) && (*p == end || **p == ',');
}

/* Cuts a line into fields; *count of them. */
static dvt_status cut_line(reader *r, const char *line, const char *end, int32_t *count)
{
    const char *p = line;

    for (*count = 0; *count < FIELDS_MAX; p++) {
        r->at.column = r->column[*count] = (uint32_t)(p - line) + 1;
        if (!cut_field(r, *count, &p, end)) {
            return dvt_fail(r->ctx, DVT_E_PARSE, &r->at,
                            "this field is longer than %d letters or its quotes are broken",
                            FIELD_MAX - 1);
        }
        ++*count;
        if (p == end) {
            return DVT_OK;
        }
    }
    return dvt_fail(r->ctx, DVT_E_PARSE, &r->at, "a line of more than %d fields", FIELDS_MAX);
}

static dvt_status read_line(reader *r, const char *line, const char *end)
{
    int32_t    count;
    dvt_status st = cut_line(r, line, end, &count);

    if (st == DVT_OK && count != r->count) {
        r->at.column = r->column[count < r->count ? count - 1 : r->count];
        return dvt_fail(r->ctx, DVT_E_PARSE, &r->at, "a line of this file has %d fields, not %d",
                        (int)r->count, (int)count);
    }
    return st == DVT_OK ? read_fields(r) : st;
}

/* ---- header -------------------------------------------------------------------------------- */

typedef struct known {
    const char *name;
    field_form  form;
    bool        must;
} known;

static const known of_nasbench101[] = {
    {"hash", FORM_HASH, true},
    {"vertices", FORM_VERTICES, true},
    {"adj_bits", FORM_ADJ_BITS, true},
    {"ops", FORM_OPS, true},
    {"mean_test_acc_108", FORM_DECIMAL, true},
    {"params", FORM_WHOLE, true},
    {"val4", FORM_DECIMAL, false},
    {"val12", FORM_DECIMAL, false},
    {"val36", FORM_DECIMAL, false},
    {"val108", FORM_DECIMAL, false},
    {"train_time_s", FORM_DECIMAL, false},
};

static const known of_nasbench201[] = {
    {"params_c10", FORM_WHOLE, true},
    {"c10_test", FORM_DECIMAL, false},
    {"c100_xtest", FORM_DECIMAL, false},
    {"c100_oritest", FORM_DECIMAL, false},
    {"c100_xvalid_derived", FORM_DECIMAL, false},
    {"c10valid_oritest_1seed", FORM_DECIMAL, false},
    {"c10_test_seeds", FORM_SEEDS, false},
    {"epoch_time_c10_s", FORM_DECIMAL, false},
};

static const known of_cells[] = {
    {"index", FORM_INDEX, true},
    {"arch_vector", FORM_VECTOR, true},
    {"arch_str", FORM_STRING, true},
    {"net", FORM_NET, true},
};

static const known *find_known(const known *all, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(all[i].name, name) == 0) {
            return &all[i];
        }
    }
    return NULL;
}

static const known *known_of(dvt_benchmark kind, const char *name)
{
    const known *k = NULL;

    if (kind == DVT_BENCHMARK_NASBENCH101) {
        return find_known(of_nasbench101, sizeof of_nasbench101 / sizeof *of_nasbench101, name);
    }
    k = find_known(of_cells, sizeof of_cells / sizeof *of_cells, name);
    if (k && dvti_table_space(kind) == DVT_TABLE_SSS &&
        (k->form == FORM_VECTOR || k->form == FORM_NET)) {
        return NULL;
    }
    if (!k && kind == DVT_BENCHMARK_NASBENCH201) {
        k = find_known(of_nasbench201, sizeof of_nasbench201 / sizeof *of_nasbench201, name);
    }
    return k;
}

/* Printable, and short enough to be kept. */
static bool good_name(const char *name)
{
    return name[0] && strlen(name) < DVTI_TABLE_NAME && dvti_table_printable(name);
}

/* Makes the columns of the table that field `i` fills. */
static dvt_status make_columns(reader *r, int32_t i)
{
    static const char *const seeds[SEEDS] = {"c10_test_seed1", "c10_test_seed2", "c10_test_seed3"};
    field                   *f = &r->fields[i];
    dvt_status               st = DVT_OK;

    f->column[0] = -1;
    if (f->form >= FORM_HASH && f->form != FORM_VECTOR) {
        return DVT_OK;
    }
    for (int32_t k = 0; st == DVT_OK && k < (f->form == FORM_SEEDS ? SEEDS : 1); k++) {
        const dvt_column_type type = f->form == FORM_NUMBER ? DVT_COLUMN_F64
                                     : f->form == FORM_DECIMAL || f->form == FORM_SEEDS
                                         ? DVT_COLUMN_DECIMAL
                                         : DVT_COLUMN_WHOLE;
        f->column[k] =
            dvti_stage_named(r->s, f->form == FORM_SEEDS ? seeds[k] : f->name, type, &st);
    }
    return st;
}

static bool has_form(const reader *r, field_form form)
{
    bool found = false;

    for (int32_t i = 0; i < r->count; i++) {
        found |= r->fields[i].form == form;
    }
    return found;
}

/* Are there keys enough to know the network of a line? */
static dvt_status check_header(reader *r)
{
    const dvt_table_space space = dvti_table_space(r->s->kind);
    const char           *want = NULL;

    if (space == DVT_TABLE_NB101 && !(has_form(r, FORM_HASH) && has_form(r, FORM_VERTICES) &&
                                      has_form(r, FORM_ADJ_BITS) && has_form(r, FORM_OPS))) {
        want = "hash, vertices, adj_bits and ops";
    } else if (space == DVT_TABLE_SSS && !(has_form(r, FORM_INDEX) && has_form(r, FORM_STRING))) {
        want = "index and arch_str";
    } else if (space == DVT_TABLE_NB201 && !has_form(r, FORM_INDEX) && !has_form(r, FORM_VECTOR) &&
               !has_form(r, FORM_STRING) && !has_form(r, FORM_NET)) {
        want = "index, arch_vector, arch_str or net";
    }
    if (want) {
        r->at.column = 1;
        dvt_fail(r->ctx, DVT_E_PARSE, &r->at, "a CSV file of %s needs columns %s",
                 dvt_benchmark_name(r->s->kind), want);
        dvt_fail_hint(r->ctx, "the first line must name the columns; docs/formats/tables.md");
        return DVT_E_PARSE;
    }
    return DVT_OK;
}

static dvt_status read_header(reader *r, const char *line, const char *end)
{
    const bool by_decimals = r->s->kind == DVT_BENCHMARK_NASBENCH201;
    dvt_status st = cut_line(r, line, end, &r->count);

    for (int32_t i = 0; st == DVT_OK && i < r->count; i++) {
        const known *k = known_of(r->s->kind, r->text[i]);
        r->at.column = r->column[i];
        r->fields[i] = (field){.form = k             ? k->form
                                       : by_decimals ? FORM_DECIMAL
                                                     : FORM_NUMBER,
                               .must = k && k->must};
        if (!good_name(r->text[i])) {
            st = dvt_fail(r->ctx, DVT_E_PARSE, &r->at,
                          "'%.40s' is no name of a column: 1 to 47 printable letters", r->text[i]);
            break;
        }
        memcpy(r->fields[i].name, r->text[i], strlen(r->text[i]) + 1);
        for (int32_t j = 0; st == DVT_OK && j < i; j++) {
            if (strcmp(r->fields[j].name, r->fields[i].name) == 0) {
                st = dvt_fail(r->ctx, DVT_E_PARSE, &r->at, "column '%s' is there twice",
                              r->fields[i].name);
            }
        }
    }
    st = st == DVT_OK ? check_header(r) : st;
    for (int32_t i = 0; st == DVT_OK && i < r->count; i++) {
        st = make_columns(r, i);
    }
    return st;
}

static dvt_status read_text(reader *r, const dvt_blob *text)
{
    const char *p = (const char *)text->data, *end = p + text->size;
    dvt_status  st = DVT_OK;

    if (text->size >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) {
        p += 3; /* the byte order mark of UTF-8, which spreadsheets write */
    }
    for (r->at.line = 1; st == DVT_OK && p < end; r->at.line++) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        const char *line_end = stop ? stop : end;
        const char *next = stop ? stop + 1 : end;
        if (line_end > p && line_end[-1] == '\r') {
            line_end--;
        }
        if (line_end > p) { /* an empty line says nothing */
            st = r->count == 0 ? read_header(r, p, line_end) : read_line(r, p, line_end);
        }
        p = next;
        if (st == DVT_OK && r->at.line % 65536 == 1) {
            st = dvt_progress(r->ctx, "import", text->size - (size_t)(end - p), text->size, "B");
        }
    }
    st = st == DVT_OK ? check_hashes(r) : st;
    if (st == DVT_OK && r->s->keys.len == 0) {
        r->at.column = 1;
        st = dvt_fail(r->ctx, DVT_E_PARSE, &r->at, "there is no network in this file");
    }
    return st;
}

dvt_status dvti_table_read_csv(dvti_stage *s, const char *path, const dvt_blob *text)
{
    reader    *r = dvt_calloc(s->ctx, 1, sizeof *r);
    dvt_status st = DVT_E_NOMEM;

    if (r) {
        r->ctx = s->ctx;
        r->s = s;
        r->at.file = path;
        st = read_text(r, text);
    }
    dvt_free(s->ctx, r);
    return st;
}
