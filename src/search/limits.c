/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limits.c - reads comparisons of metrics with numbers.
 *
 * Grammar    limits = limit { "," limit }; limit = name op number [unit]; op = < <= > >= =; blanks
 *            may stand between. number = digits [ "." digits ], at most 18 digits in all.
 * Exactness  A number with its unit is a fraction of integers; it is turned into the metric's
 *            integers without rounding: "<" is the last integer below it, ">" the first above.
 * Units      those of the metric's quantity (table below). A metric with a unit needs one; plain
 *            numbers may have k, M, G or %.
 * Tests      tests/unit/test_limits.c, tests/fuzz/fuzz_limits.c
 */
#include <string.h>

#include "search/limits.h"

enum { METRICS_MAX = 64, DIGITS_MAX = 18 };

/* How many of the smallest unit of its quantity one of it is. */
typedef struct unit {
    const char *name, *quantity;
    int64_t     factor;
} unit;

static const unit units[] = {
    {"ns", "time", 1},
    {"us", "time", 1000},
    {"ms", "time", 1000000},
    {"s", "time", 1000000000},
    {"um2", "area", 1},
    {"mm2", "area", 1000000},
    {"cm2", "area", 100000000},
    {"nJ", "energy", 1},
    {"uJ", "energy", 1000},
    {"mJ", "energy", 1000000},
    {"J", "energy", 1000000000},
    {"uW", "power", 1},
    {"mW", "power", 1000},
    {"W", "power", 1000000},
    {"Hz", "frequency", 1},
    {"kHz", "frequency", 1000},
    {"MHz", "frequency", 1000000},
    {"GHz", "frequency", 1000000000},
    {"B", "size", 1},
    {"KiB", "size", 1024},
    {"MiB", "size", 1048576},
    {"GiB", "size", 1073741824},
    {"%", "number", 1},
    {"", "number", 100},
    {"k", "number", 100000},
    {"M", "number", 100000000},
    {"G", "number", 100000000000},
};
enum { UNITS = sizeof units / sizeof units[0] };

static const unit *find_unit(const char *name, size_t n)
{
    for (size_t i = 0; i < UNITS; i++) {
        if (strlen(units[i].name) == n && strncmp(units[i].name, name, n) == 0) {
            return &units[i];
        }
    }
    return NULL;
}

typedef struct reader {
    dvt_ctx    *ctx;
    const char *text, *at;
} reader;

static void skip_blanks(reader *r) { r->at += strspn(r->at, " \t"); }

static dvt_status fail_here(reader *r, const char *what)
{
    dvt_fail(r->ctx, DVT_E_USAGE, NULL, "limit '%.200s', column %d: %s", r->text,
             (int)(r->at - r->text + 1), what);
    dvt_fail_hint(r->ctx, "limits are like latency<100ms,area<=80mm2,accuracy>0.92, with one of "
                          "< <= > >= = and the unit of the quantity");
    return DVT_E_USAGE;
}

/* ---- numbers ------------------------------------------------------------------------------- */

/* digits / 10^decimals */
typedef struct number {
    int64_t digits, power; /* power: 10^decimals */
} number;

static dvt_status read_number(reader *r, number *out)
{
    int  count = 0;
    bool point = false;

    *out = (number){0, 1};
    for (;; r->at++) {
        if (*r->at == '.' && !point && count > 0) {
            point = true;
        } else if (*r->at >= '0' && *r->at <= '9' && count < DIGITS_MAX) {
            out->digits = 10 * out->digits + (*r->at - '0');
            out->power *= point ? 10 : 1;
            count++;
        } else {
            break;
        }
    }
    if (count == 0) {
        return fail_here(r, "a number is missing");
    }
    if (*r->at >= '0' && *r->at <= '9') {
        return fail_here(r, "a number has at most 18 digits");
    }
    return r->at[-1] == '.' ? fail_here(r, "a digit is missing") : DVT_OK;
}

static int64_t gcd(int64_t a, int64_t b)
{
    while (b) {
        const int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static bool mul(int64_t a, int64_t b, int64_t *out)
{
    const int64_t most = INT64_C(1) << 62;

    *out = a && b > most / a ? 0 : a * b;
    return !a || b <= most / a;
}

/* The number of `u` in the metric's integers: the largest integer not above it, and whether it is
 * that integer. False: out of range. */
static bool to_integers(const number *n, const unit *u, const unit *of, int64_t per_unit,
                        int64_t *floor, bool *exact)
{
    int64_t up[3] = {n->digits, u->factor, per_unit}, down[2] = {n->power, of->factor};
    int64_t times, below, whole, rest;

    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < 2; k++) {
            const int64_t g = gcd(up[i], down[k]); /* not 0: down is not */
            up[i] /= g;
            down[k] /= g;
        }
    }
    if (!mul(up[1], up[2], &times) || !mul(down[0], down[1], &below) ||
        !mul(up[0] / below, times, &whole) || !mul(up[0] % below, times, &rest)) {
        return false;
    }
    *floor = whole + rest / below;
    *exact = rest % below == 0;
    return *floor <= INT64_C(1) << 62;
}

/* ---- comparisons --------------------------------------------------------------------------- */

int32_t dvti_metric_find(dvt_ctx *ctx, const dvt_metric *const *metrics, int32_t count,
                         const char *name, size_t n)
{
    const char *names[METRICS_MAX], *near;
    char        word[64];

    for (int32_t i = 0; i < count && i < METRICS_MAX; i++) {
        names[i] = metrics[i]->name;
        if (strlen(names[i]) == n && strncmp(names[i], name, n) == 0) {
            return i;
        }
    }
    n = n < sizeof word ? n : sizeof word - 1;
    memcpy(word, name, n);
    word[n] = '\0';
    dvt_fail(ctx, DVT_E_NOTFOUND, NULL, "there is no metric '%s'", word);
    near = dvt_nearest(word, names, (size_t)(count < METRICS_MAX ? count : METRICS_MAX));
    if (near) {
        dvt_fail_hint(ctx, "did you mean '%s'?", near);
    } else if (count > 0) {
        dvt_fail_hint(ctx, "the first metrics are '%s', '%s', '%s'", names[0],
                      names[count > 1 ? 1 : 0], names[count > 2 ? 2 : 0]);
    }
    return -1;
}

typedef struct comparison {
    int32_t metric;
    char    op; /* '<' '>' '=' */
    bool    or_equal;
    int64_t floor;
    bool    exact;
} comparison;

static dvt_status fail_unit(reader *r, const dvt_metric *m, size_t length)
{
    const int column = (int)(r->at - r->text + 1);

    if (length == 0) {
        dvt_fail(r->ctx, DVT_E_USAGE, NULL, "limit '%.200s', column %d: '%s' needs a unit", r->text,
                 column, m->name);
    } else {
        dvt_fail(r->ctx, DVT_E_USAGE, NULL, "limit '%.200s', column %d: '%.*s' is no unit of '%s'",
                 r->text, column, length < 32 ? (int)length : 32, r->at, m->name);
    }
    dvt_fail_hint(r->ctx, "it is measured in %s",
                  m->unit[0] ? m->unit : "plain numbers, which may have k, M, G or %");
    return DVT_E_USAGE;
}

static dvt_status read_unit(reader *r, const dvt_metric *m, const number *n, comparison *out)
{
    const size_t length = strcspn(r->at, " \t,");
    const unit   own = {m->unit, "its own", 1};
    const unit  *of = find_unit(m->unit, strlen(m->unit)), *u = find_unit(r->at, length);

    if (!of) { /* not in the table: that unit and no other */
        of = &own;
        u = strlen(m->unit) == length && strncmp(r->at, m->unit, length) == 0 ? &own : NULL;
    }
    if (!u || strcmp(u->quantity, of->quantity) != 0) {
        return fail_unit(r, m, length);
    }
    if (!to_integers(n, u, of, m->per_unit, &out->floor, &out->exact)) {
        return fail_here(r, "the number is too large or has too many digits");
    }
    r->at += length;
    return DVT_OK;
}

static dvt_status read_comparison(reader *r, const dvt_metric *const *metrics, int32_t count,
                                  comparison *out)
{
    number     n;
    size_t     name;
    dvt_status st;

    skip_blanks(r);
    name = strcspn(r->at, " \t,<>=");
    if (name == 0) {
        return fail_here(r, "the name of a metric is missing");
    }
    out->metric = dvti_metric_find(r->ctx, metrics, count, r->at, name);
    if (out->metric < 0) {
        return DVT_E_NOTFOUND;
    }
    r->at += name;
    skip_blanks(r);
    out->op = *r->at;
    if (out->op != '<' && out->op != '>' && out->op != '=') {
        return fail_here(r, "one of < <= > >= = is missing");
    }
    r->at++;
    out->or_equal = out->op != '=' && *r->at == '=';
    r->at += out->or_equal;
    skip_blanks(r);
    st = read_number(r, &n);
    return st == DVT_OK ? read_unit(r, metrics[out->metric], &n, out) : st;
}

static void narrow(const comparison *c, int64_t *least, int64_t *most)
{
    const int64_t below = c->exact ? c->floor - 1 : c->floor;
    int64_t       low = INT64_MIN, high = INT64_MAX;

    if (c->op == '<') {
        high = c->or_equal ? c->floor : below;
    } else if (c->op == '>') {
        low = c->or_equal && c->exact ? c->floor : c->floor + 1;
    } else {
        low = c->exact ? c->floor : c->floor + 1; /* no integer: an empty range */
        high = c->floor;
    }
    *least = low > *least ? low : *least;
    *most = high < *most ? high : *most;
}

dvt_status dvti_limits_parse(dvt_ctx *ctx, const char *text, const dvt_metric *const *metrics,
                             int32_t count, int64_t *least, int64_t *most)
{
    reader  r = {ctx, text, text};
    int64_t low[METRICS_MAX], high[METRICS_MAX];
    bool    more = true;

    memcpy(low, least, (size_t)count * sizeof *low);
    memcpy(high, most, (size_t)count * sizeof *high);
    while (more) {
        comparison c;
        dvt_status st = read_comparison(&r, metrics, count, &c);
        if (st != DVT_OK) {
            return st;
        }
        narrow(&c, &low[c.metric], &high[c.metric]);
        if (low[c.metric] > high[c.metric]) {
            dvt_fail(ctx, DVT_E_USAGE, NULL, "no value of '%s' satisfies all limits up to '%.200s'",
                     metrics[c.metric]->name, text);
            dvt_fail_hint(ctx, "limits that are given several times hold together");
            return DVT_E_USAGE;
        }
        skip_blanks(&r);
        if (*r.at && *r.at != ',') {
            return fail_here(&r, "a comma or the end is missing");
        }
        more = *r.at == ',';
        r.at += more;
    }
    memcpy(least, low, (size_t)count * sizeof *low);
    memcpy(most, high, (size_t)count * sizeof *high);
    return DVT_OK;
}
