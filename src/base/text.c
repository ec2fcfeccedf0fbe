/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text.c - strict numbers and "did you mean".
 *
 * Idea       A number is accepted only if the whole text is one: no blanks, no sign without
 *            digits, no "0x", no "inf". Nearness of words is the optimal string alignment
 *            distance (a swap of neighbours counts once, case does not count), and a word is
 *            near if the distance is at most one, plus one for every four letters.
 * Limits     words longer than 63 letters are never near; dvt_parse_f64 expects the decimal point
 *            of the "C" locale, which is in force unless the host program changed it.
 * Tests      tests/unit/test_text.c
 */
#include "base/base_int.h"
#include "base/text_util.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- numbers ------------------------------------------------------------------------------- */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool dvt_parse_u64(const char *text, uint64_t *out)
{
    uint64_t v = 0;

    if (!*text) {
        return false;
    }
    for (const char *p = text; *p; p++) {
        if (!is_digit(*p)) {
            return false;
        }
        uint64_t digit = (uint64_t)(*p - '0');
        if (v > (UINT64_MAX - digit) / 10) {
            return false;
        }
        v = v * 10 + digit;
    }
    *out = v;
    return true;
}

bool dvt_parse_i64(const char *text, int64_t *out)
{
    bool     negative = *text == '-';
    uint64_t magnitude = 0;
    uint64_t limit = (uint64_t)INT64_MAX + (negative ? 1 : 0);

    if (!dvt_parse_u64(text + negative, &magnitude) || magnitude > limit) {
        return false;
    }
    if (negative) { /* through -(m - 1) - 1, which also holds for the smallest number */
        *out = magnitude == 0 ? 0 : -(int64_t)(magnitude - 1) - 1;
    } else {
        *out = (int64_t)magnitude;
    }
    return true;
}

static const char *skip_digits(const char *p)
{
    while (is_digit(*p)) {
        p++;
    }
    return p;
}

/* The end of a decimal number [-+]ddd[.ddd][e[-+]ddd] at `p`, or NULL. */
static const char *decimal_end(const char *p)
{
    p += *p == '-' || *p == '+';
    const char *whole = p;
    p = skip_digits(p);
    bool any = p > whole;
    if (*p == '.') {
        const char *fraction = p + 1;
        p = skip_digits(fraction);
        any = any || p > fraction;
    }
    if (!any) {
        return NULL;
    }
    if (*p == 'e' || *p == 'E') {
        const char *exponent = p + 1 + (p[1] == '-' || p[1] == '+');
        p = skip_digits(exponent);
        if (p == exponent) {
            return NULL;
        }
    }
    return p;
}

bool dvt_parse_f64(const char *text, double *out)
{
    const char *end = decimal_end(text);
    char       *stop = NULL;
    double      divisor = 1.0;

    if (!end || (*end != '\0' && *end != '/')) {
        return false;
    }
    double v = strtod(text, &stop);
    if (stop != end) {
        return false;
    }
    if (*end == '/') {
        const char *below = end + 1;
        end = decimal_end(below);
        if (!end || *end != '\0') {
            return false;
        }
        divisor = strtod(below, &stop);
        if (stop != end || divisor == 0.0) {
            return false;
        }
    }
    v /= divisor;
    if (!isfinite(v)) {
        return false;
    }
    *out = v;
    return true;
}

/* ---- numbers as text ----------------------------------------------------------------------- */

static bool not_finite_text(double v, char out[DVTI_F64_TEXT])
{
    if (isfinite(v)) {
        return false;
    }
    dvti_format(out, DVTI_F64_TEXT, "%s", isnan(v) ? "nan" : v > 0 ? "inf" : "-inf");
    return true;
}

/* "1" would read back as an integer. */
static char *with_point(char out[DVTI_F64_TEXT])
{
    if (!strpbrk(out, ".e")) {
        size_t n = strlen(out);
        memcpy(out + n, ".0", 3);
    }
    return out;
}

char *dvti_f64_text(double v, char out[DVTI_F64_TEXT])
{
    if (not_finite_text(v, out)) {
        return out;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(out, DVTI_F64_TEXT, "%.*g", digits, v);
        if (strtod(out, NULL) == v) {
            break;
        }
    }
    return with_point(out);
}

char *dvti_f32_text(float v, char out[DVTI_F64_TEXT])
{
    if (not_finite_text((double)v, out)) {
        return out;
    }
    for (int digits = 6; digits <= 9; digits++) {
        snprintf(out, DVTI_F64_TEXT, "%.*g", digits, (double)v);
        if (strtof(out, NULL) == v) {
            break;
        }
    }
    return with_point(out);
}

void dvti_join(char *out, size_t cap, const char *const *words, size_t count)
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < count && used + 1 < cap; i++) {
        dvti_format(out + used, cap - used, "%s%s", i ? ", " : "", words[i]);
        used += strlen(out + used);
    }
}

/* ---- near words ---------------------------------------------------------------------------- */

enum { WORD_MAX = 64 };

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

static int min_int(int a, int b) { return a < b ? a : b; }

int dvti_edit_distance(const char *a, const char *b)
{
    size_t na = strlen(a), nb = strlen(b);
    int    rows[3][WORD_MAX]; /* of the distance table: before last, last, this */
    int   *before = rows[0], *last = rows[1], *row = rows[2];

    if (na == 0 || nb == 0 || na >= WORD_MAX || nb >= WORD_MAX) {
        return -1;
    }
    for (size_t j = 0; j <= nb; j++) {
        last[j] = (int)j;
        before[j] = 0;
    }
    for (size_t i = 1; i <= na; i++) {
        row[0] = (int)i;
        for (size_t j = 1; j <= nb; j++) {
            char x = lower(a[i - 1]), y = lower(b[j - 1]);
            int  d = min_int(last[j - 1] + (x != y), min_int(last[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && x == lower(b[j - 2]) && lower(a[i - 2]) == y) {
                d = min_int(d, before[j - 2] + 1);
            }
            row[j] = d;
        }
        int *free_row = before;
        before = last;
        last = row;
        row = free_row;
    }
    int limit = 1 + (int)(na > nb ? na : nb) / 4;
    return last[nb] <= limit && last[nb] < (int)min_int((int)na, (int)nb) ? last[nb] : -1;
}

const char *dvt_nearest(const char *word, const char *const *candidates, size_t count)
{
    const char *best = NULL;
    int         best_distance = INT_MAX;

    for (size_t i = 0; i < count; i++) {
        int d = dvti_edit_distance(word, candidates[i]);
        if (d >= 0 && d < best_distance) {
            best_distance = d;
            best = candidates[i];
        }
    }
    return best;
}
