/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pareto_archive.c - asks whether a vector that was found is as good as another one.
 *
 * Classes    With at most one value behind the accelerators' the least of it is kept for each class
 *            of accelerators, over all classes with no larger values: asking is one comparison,
 *            adding walks over the classes and is rare.
 * Forest     Otherwise all values go into a set of vectors (vector_forest.c).
 * Threads    asking only reads.
 * Tests      tests/unit/test_pareto_archive.c
 */
#include "search/pareto_int.h"

dvt_status dvti_archive_init(dvti_archive *a, dvt_ctx *ctx, int32_t ka, int32_t rest,
                             int32_t classes, const int64_t *class_vec)
{
    *a = (dvti_archive){
        .ctx = ctx, .ka = ka, .rest = rest, .classes = classes, .class_vec = class_vec};
    a->forest.ctx = ctx;
    a->forest.k = ka + rest;
    if (rest <= 1) {
        a->best = dvt_alloc(ctx, ((size_t)classes + 1) * sizeof *a->best);
        if (!a->best) {
            return DVT_E_NOMEM;
        }
    }
    dvti_archive_reset(a);
    return DVT_OK;
}

void dvti_archive_deinit(dvti_archive *a)
{
    if (a->ctx) {
        dvt_free(a->ctx, a->best);
        dvti_forest_reset(&a->forest);
    }
    *a = (dvti_archive){0};
}

void dvti_archive_reset(dvti_archive *a)
{
    for (int32_t i = 0; a->best && i < a->classes; i++) {
        a->best[i] = INT64_MAX;
    }
    dvti_forest_reset(&a->forest);
}

static bool no_larger(const int64_t *a, const int64_t *b, int32_t n)
{
    for (int32_t i = 0; i < n; i++) {
        if (a[i] > b[i]) {
            return false;
        }
    }
    return true;
}

static void join(const dvti_archive *a, int32_t cls, const int64_t *rest, int64_t out[DVTI_MAX])
{
    for (int32_t i = 0; i < a->ka; i++) {
        out[i] = a->class_vec[cls * a->ka + i];
    }
    for (int32_t i = 0; i < a->rest; i++) {
        out[a->ka + i] = rest[i];
    }
}

bool dvti_archive_has(const dvti_archive *a, int32_t cls, const int64_t *rest)
{
    int64_t v[DVTI_MAX];

    if (a->best) {
        return a->best[cls] <= (a->rest ? rest[0] : 0);
    }
    join(a, cls, rest, v);
    return dvti_forest_has(&a->forest, v);
}

dvt_status dvti_archive_add(dvti_archive *a, int32_t cls, const int64_t *rest)
{
    int64_t       v[DVTI_MAX];
    const int64_t value = a->rest ? rest[0] : 0;

    if (!a->best) {
        join(a, cls, rest, v);
        return dvti_forest_add(&a->forest, v);
    }
    /* classes by rising values: none before it; with one value, none behind one that is as good */
    for (int32_t c = cls; c < a->classes && !(a->ka <= 1 && a->best[c] <= value); c++) {
        if (a->best[c] > value &&
            no_larger(a->class_vec + cls * a->ka, a->class_vec + c * a->ka, a->ka)) {
            a->best[c] = value;
        }
    }
    return DVT_OK;
}
