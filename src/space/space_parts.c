/* SPDX-License-Identifier: Apache-2.0 */
/*
 * space_parts.c - spaces as lists of parts: numbers, samples, neighbours, texts, products.
 *
 * Numbers   A point's number is that of its values in mixed radix, last choice fastest. So the
 *           number of a pair is (first part) * (points of the second) + (second part).
 *           Parts with a list of points count by their places in that list. Above 2^63 points there
 *           are no numbers; all else works.
 * Limits    DVT_SPACE_MAX_CHOICES choices, each kind once.
 * Tests     tests/unit/test_space.c
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "space/space_int.h"

enum { KINDS = 5, MAX_PARTS = KINDS /* each kind once */, SEPARATOR = '@' };
static const uint64_t POINTS_MAX = UINT64_C(1) << 63;

struct dvt_space {
    dvt_ctx        *ctx;
    char           *name;
    int32_t         part_count, choice_count;
    uint64_t        count; /* 0: above POINTS_MAX */
    double          log2_count;
    dvti_space_part part[MAX_PARTS];
};

static const dvti_space_kind *kind_at(size_t i)
{
    static const dvti_space_kind *const kinds[KINDS] = {&dvti_space_nb101, &dvti_space_nb201,
                                                        &dvti_space_chaidnn, &dvti_space_overlays,
                                                        &dvti_space_ranks};
    return kinds[i];
}

const dvt_space_about *dvt_space_about_of(size_t i)
{
    return i < KINDS ? &kind_at(i)->about : NULL;
}

/* ---- making -------------------------------------------------------------------------------- */

static const dvti_space_kind *find_kind(dvt_ctx *ctx, const char *name, size_t size)
{
    const char *names[KINDS];
    char        word[64] = "";

    for (size_t i = 0; i < KINDS; i++) {
        names[i] = kind_at(i)->about.name;
        if (strlen(names[i]) == size && memcmp(names[i], name, size) == 0) {
            return kind_at(i);
        }
    }
    memcpy(word, name, size < sizeof word ? size : sizeof word - 1);
    const char *near = dvt_nearest(word, names, KINDS);
    dvt_fail(ctx, DVT_E_NOTFOUND, NULL, "there is no space '%s'", word);
    dvt_fail_hint(ctx,
                  "%s%s%sthe spaces are nasbench101, nasbench201, chaidnn, overlays and ranks; '@' "
                  "joins two",
                  near ? "did you mean '" : "", near ? near : "", near ? "'? " : "");
    return NULL;
}

static uint64_t times(uint64_t a, uint64_t b) { return a && b && a <= POINTS_MAX / b ? a * b : 0; }

/* Sets the part's count unless its kind did; returns the logarithm. */
static double count_part(dvti_space_part *p)
{
    double log2_count = 0.0;

    if (p->points) {
        return log2((double)p->count);
    }
    p->count = 1;
    for (int32_t i = 0; i < p->choice_count; i++) {
        log2_count += log2((double)p->values[i]);
        p->count = times(p->count, p->values[i]);
    }
    return log2_count;
}

/* Opens one more part and multiplies the count. */
static dvt_status add_part(dvt_space *s, const char *name, size_t size, const dvt_space_opts *opts)
{
    const dvti_space_kind *kind = find_kind(s->ctx, name, size);
    dvti_space_part       *p = &s->part[s->part_count];
    dvt_status             st;

    if (!kind) {
        return DVT_E_NOTFOUND;
    }
    for (int32_t i = 0; i < s->part_count; i++) {
        if (s->part[i].kind == kind) {
            dvt_fail(s->ctx, DVT_E_USAGE, NULL, "'%s' has %s twice", s->name, kind->about.name);
            dvt_fail_hint(s->ctx, "each space stands at most once in a product");
            return DVT_E_USAGE;
        }
    }
    *p = (dvti_space_part){.kind = kind, .ctx = s->ctx};
    st = kind->open(p, opts);
    if (st != DVT_OK) {
        return st;
    }
    p->first = s->choice_count;
    s->part_count++;
    s->choice_count += p->choice_count;
    if (s->choice_count > DVT_SPACE_MAX_CHOICES) {
        return dvt_fail(s->ctx, DVT_E_CAPACITY, NULL, "'%s' has more than %d choices", s->name,
                        DVT_SPACE_MAX_CHOICES);
    }
    s->log2_count += count_part(p);
    s->count = times(s->count, p->count);
    return DVT_OK;
}

dvt_status dvt_space_create(dvt_ctx *ctx, const char *name, dvt_space **out)
{
    return dvt_space_create_with(ctx, name, NULL, out);
}

dvt_status dvt_space_create_with(dvt_ctx *ctx, const char *name, const dvt_space_opts *opts,
                                 dvt_space **out)
{
    static const dvt_space_opts none = {0};

    dvt_space *s = dvt_calloc(ctx, 1, sizeof *s);
    dvt_status st = DVT_OK;

    *out = NULL;
    if (!s) {
        return DVT_E_NOMEM;
    }
    s->ctx = ctx;
    s->count = 1;
    s->name = dvt_alloc(ctx, strlen(name) + 1);
    if (!s->name) {
        st = DVT_E_NOMEM;
        goto done;
    }
    memcpy(s->name, name, strlen(name) + 1);
    for (const char *at = s->name; st == DVT_OK && at;) {
        const char *end = strchr(at, SEPARATOR);
        st = add_part(s, at, end ? (size_t)(end - at) : strlen(at), opts ? opts : &none);
        at = end ? end + 1 : NULL;
    }
    if (st == DVT_OK) {
        *out = s;
        s = NULL;
    }
done:
    dvt_space_destroy(s);
    return st;
}

void dvt_space_destroy(dvt_space *s)
{
    if (!s) {
        return;
    }
    for (int32_t i = 0; i < s->part_count; i++) {
        if (s->part[i].kind->close) {
            s->part[i].kind->close(&s->part[i]);
        }
    }
    dvt_free(s->ctx, s->name);
    dvt_free(s->ctx, s);
}

/* ---- numbers ------------------------------------------------------------------------------- */

const char *dvt_space_name(const dvt_space *s) { return s->name; }

uint64_t dvt_space_count(const dvt_space *s) { return s->count; }

int32_t dvt_space_choices(const dvt_space *s) { return s->choice_count; }

static const dvti_space_part *part_of(const dvt_space *s, int32_t choice)
{
    int32_t i = s->part_count - 1;

    while (s->part[i].first > choice) {
        i--;
    }
    return &s->part[i];
}

double dvt_space_log2_count(const dvt_space *s) { return s->log2_count; }

const char *dvt_space_choice(const dvt_space *s, int32_t i, uint32_t *values)
{
    const dvti_space_part *p = part_of(s, i);

    *values = p->values[i - p->first];
    return p->kind->choice(p, i - p->first);
}

dvt_point dvt_space_at(const dvt_space *s, uint64_t index)
{
    dvt_point p = {.count = s->choice_count};

    assert(index < s->count);
    for (int32_t i = s->part_count - 1; i >= 0; i--) {
        dvti_part_at(&s->part[i], index % s->part[i].count, p.v + s->part[i].first);
        index /= s->part[i].count;
    }
    return p;
}

uint64_t dvt_space_index(const dvt_space *s, const dvt_point *p)
{
    uint64_t index = 0;

    assert(s->count > 0);
    for (int32_t i = 0; i < s->part_count; i++) {
        index = index * s->part[i].count + dvti_part_index(&s->part[i], p->v + s->part[i].first);
    }
    return index;
}

bool dvt_space_contains(const dvt_space *s, const dvt_point *p)
{
    bool in = p->count == s->choice_count;

    for (int32_t i = 0; in && i < s->part_count; i++) {
        in = dvti_part_contains(&s->part[i], p->v + s->part[i].first);
    }
    return in;
}

/* Each part on its own: that is uniform, and needs no number of the whole. */
dvt_point dvt_space_sample(const dvt_space *s, dvt_rng *rng)
{
    dvt_point p = {.count = s->choice_count};

    for (int32_t i = 0; i < s->part_count; i++) {
        const dvti_space_part *part = &s->part[i];
        if (part->count) {
            dvti_part_at(part, dvt_rng_below(rng, part->count), p.v + part->first);
        }
        for (int32_t k = 0; !part->count && k < part->choice_count; k++) {
            p.v[part->first + k] = (uint32_t)dvt_rng_below(rng, part->values[k]);
        }
    }
    return p;
}

/* The choice that changes is drawn from those of all parts, so that a part's share of the mutations
 * is its share of the choices. */
dvt_point dvt_space_mutate(const dvt_space *s, const dvt_point *p, dvt_rng *rng)
{
    dvt_point              out = *p;
    int32_t                i = (int32_t)dvt_rng_below(rng, (uint64_t)s->choice_count);
    const dvti_space_part *part = part_of(s, i);

    if (part->kind->mutate) {
        part->kind->mutate(part, p->v + part->first, rng, out.v + part->first);
    } else {
        out.v[i] = (uint32_t)dvt_rng_below(rng, part->values[i - part->first] - 1);
        out.v[i] += out.v[i] >= p->v[i];
    }
    return out;
}

/* ---- texts --------------------------------------------------------------------------------- */

void dvt_space_print(const dvt_space *s, const dvt_point *p, dvt_buf *out)
{
    for (int32_t i = 0; i < s->part_count; i++) {
        if (i) {
            dvt_buf_puts(out, "@");
        }
        s->part[i].kind->print(&s->part[i], p->v + s->part[i].first, out);
    }
}

/* `text` is cut at separators in place. */
static dvt_status parse_parts(const dvt_space *s, char *text, dvt_point *out)
{
    char      *at = text;
    dvt_status st = DVT_OK;

    for (int32_t i = 0; st == DVT_OK && i < s->part_count; i++) {
        char *end = strchr(at, SEPARATOR);
        bool  last = i + 1 == s->part_count;
        if (!end != last) {
            dvt_fail(s->ctx, DVT_E_PARSE, NULL, "a point of '%s' has %d parts joined by '@'",
                     s->name, (int)s->part_count);
            dvt_fail_hint(s->ctx, "'dovetail space sample %s' shows some", s->name);
            return DVT_E_PARSE;
        }
        if (end) {
            *end = '\0';
        }
        st = s->part[i].kind->parse(&s->part[i], at, out->v + s->part[i].first);
        at = end ? end + 1 : at;
    }
    return st;
}

dvt_status dvt_space_parse(const dvt_space *s, const char *text, dvt_point *out)
{
    size_t     size = strlen(text) + 1;
    char      *copy = dvt_alloc(s->ctx, size);
    dvt_status st;

    *out = (dvt_point){0};
    if (!copy) {
        return DVT_E_NOMEM;
    }
    memcpy(copy, text, size);
    st = parse_parts(s, copy, out);
    dvt_free(s->ctx, copy);
    if (st == DVT_OK) {
        out->count = s->choice_count;
    } else {
        *out = (dvt_point){0};
    }
    return st;
}

/* ---- facts, networks ----------------------------------------------------------------------- */

dvt_status dvt_space_counts(const dvt_space *s, dvt_fact out[DVT_SPACE_MAX_FACTS], int32_t *count)
{
    dvt_status st = DVT_OK;

    *count = 0;
    for (int32_t i = 0; st == DVT_OK && i < s->part_count; i++) {
        if (s->part[i].kind->counts) {
            st = s->part[i].kind->counts(&s->part[i], out, count);
        }
    }
    return st;
}

int32_t dvt_space_facts(const dvt_space *s, const dvt_point *p, dvt_fact out[DVT_SPACE_MAX_FACTS])
{
    int32_t n = 0;

    for (int32_t i = 0; i < s->part_count; i++) {
        n += s->part[i].kind->facts(&s->part[i], p->v + s->part[i].first, out + n);
    }
    return n;
}

dvt_status dvt_space_graph(const dvt_space *s, const dvt_point *p, const dvt_space_graph_opts *opts,
                           dvt_graph **out)
{
    static const dvt_space_graph_opts none = {0};

    *out = NULL;
    for (int32_t i = 0; i < s->part_count; i++) {
        const dvti_space_part *part = &s->part[i];
        if (part->kind->graph) {
            return part->kind->graph(part, p->v + part->first, opts ? opts : &none, out);
        }
    }
    dvt_fail(s->ctx, DVT_E_UNSUPPORTED, NULL, "points of '%s' are no networks", s->name);
    dvt_fail_hint(s->ctx, "nasbench101, nasbench201 and ranks have networks, and so do products "
                          "with one");
    return DVT_E_UNSUPPORTED;
}

static const dvti_space_part *find_part(const dvt_space *s, const dvti_space_kind *kind)
{
    for (int32_t i = 0; i < s->part_count; i++) {
        if (s->part[i].kind == kind) {
            return &s->part[i];
        }
    }
    return NULL;
}

static dvt_status fail_no_part(const dvt_space *s, const dvti_space_kind *kind)
{
    return dvt_fail(s->ctx, DVT_E_UNSUPPORTED, NULL, "points of '%s' have no part of %s", s->name,
                    kind->about.name);
}

dvt_status dvt_space_overlay(const dvt_space *s, const dvt_point *p, dvt_overlay *out)
{
    const dvti_space_part *part = find_part(s, &dvti_space_overlays);

    *out = (dvt_overlay){0};
    return part ? dvti_overlays_overlay(part, p->v + part->first, out)
                : fail_no_part(s, &dvti_space_overlays);
}

void dvti_space_overlay(const dvt_space *s, const dvt_point *p, dvt_overlay *out)
{
    const dvti_space_part *part = find_part(s, &dvti_space_overlays);

    assert(part);
    dvti_overlays_plain(part, p->v + part->first, out);
}

dvt_status dvt_space_resources(const dvt_space *s, const dvt_point *p, dvt_resources *out)
{
    const dvti_space_part *part = find_part(s, &dvti_space_overlays);
    dvt_overlay            o;
    dvt_status             st = dvt_space_overlay(s, p, &o);

    *out = (dvt_resources){0};
    if (st == DVT_OK) {
        dvt_overlay_resources(&o, dvti_overlays_device(part), out);
    }
    return st;
}

const dvt_rank_matrix *dvt_space_matrices(const dvt_space *s, int32_t *count)
{
    const dvti_space_part *part = find_part(s, &dvti_space_ranks);

    *count = 0;
    return part ? dvti_ranks_matrices(part, count) : NULL;
}

dvt_status dvt_space_ranks(const dvt_space *s, const dvt_point *p, int64_t *out)
{
    const dvti_space_part *part = find_part(s, &dvti_space_ranks);

    if (!part) {
        return fail_no_part(s, &dvti_space_ranks);
    }
    dvti_ranks_of(part, p->v + part->first, out);
    return DVT_OK;
}
