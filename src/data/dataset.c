/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dataset.c - opening a labelled data set by KIND:PATH, and what all kinds have in common.
 *
 * Tests      tests/unit/test_dataset.c
 */
#include "base/base_int.h"
#include "data/dataset_int.h"

#include <string.h>

static const dvti_dataset_kind *const KINDS[] = {&dvti_dataset_mnist, &dvti_dataset_cifar10,
                                                 &dvti_dataset_images, &dvti_dataset_glyphs};
enum { KIND_COUNT = sizeof KINDS / sizeof KINDS[0] };

static dvt_status fail_kind(dvt_ctx *ctx, const char *spec)
{
    const char *names[KIND_COUNT];
    dvt_buf     list;
    char        word[16];
    dvt_status  st = dvt_fail(ctx, DVT_E_USAGE, NULL, "'%s' does not name a data set", spec);

    dvt_buf_init(&list, ctx, 256);
    for (int i = 0; i < KIND_COUNT; i++) {
        names[i] = KINDS[i]->name;
        dvt_buf_printf(&list, "%s%s:%s", i ? ", " : "", names[i], KINDS[i]->argument);
    }
    dvti_format(word, sizeof word, "%.*s", (int)strcspn(spec, ":"), spec);
    const char *near = dvt_nearest(word, names, KIND_COUNT);
    dvt_fail_hint(ctx, "%s%s%sdata sets are %s", near ? "did you mean '" : "", near ? near : "",
                  near ? "'? " : "", dvt_buf_status(&list) == DVT_OK ? list.data : "KIND:PATH");
    dvt_buf_deinit(&list);
    return st;
}

static const dvti_dataset_kind *find_kind(const char *spec, const char **path)
{
    const char *colon = strchr(spec, ':');

    for (int i = 0; colon && colon[1] && i < KIND_COUNT; i++) {
        const size_t n = strlen(KINDS[i]->name);
        if (n == (size_t)(colon - spec) && memcmp(spec, KINDS[i]->name, n) == 0) {
            *path = colon + 1;
            return KINDS[i];
        }
    }
    return NULL;
}

dvt_status dvt_dataset_open(dvt_ctx *ctx, const char *spec, const dvt_dataset_opts *opts,
                            dvt_dataset **out)
{
    const dvt_dataset_opts   none = {0};
    const char              *path = NULL;
    const dvti_dataset_kind *kind = find_kind(spec, &path);
    dvt_dataset             *d = NULL;
    dvt_status               st;

    *out = NULL;
    opts = opts ? opts : &none;
    if (!kind) {
        return fail_kind(ctx, spec);
    }
    if (opts->limit < 0) {
        return dvt_fail(ctx, DVT_E_USAGE, NULL, "a data set cannot be limited to %lld items",
                        (long long)opts->limit);
    }
    if (!(d = dvt_calloc(ctx, 1, sizeof *d))) {
        return DVT_E_NOMEM;
    }
    d->ctx = ctx;
    d->kind = kind;
    if (!(d->arena = dvt_arena_create(ctx))) {
        st = DVT_E_NOMEM;
        goto done;
    }
    if ((st = kind->open(d, path, opts)) != DVT_OK) {
        dvt_fail_note(ctx, "while opening data set '%s'", spec);
        goto done;
    }
    *out = d;
    d = NULL;
done:
    dvt_dataset_close(d);
    return st;
}

void dvt_dataset_close(dvt_dataset *d)
{
    if (d) {
        if (d->impl) {
            d->kind->close(d);
        }
        dvt_arena_destroy(d->arena);
        dvt_free(d->ctx, d);
    }
}

int64_t     dvt_dataset_count(const dvt_dataset *d) { return d->count; }
int64_t     dvt_dataset_class_count(const dvt_dataset *d) { return d->class_count; }
dvt_shape   dvt_dataset_shape(const dvt_dataset *d) { return d->shape; }
const char *dvt_dataset_label_source(const dvt_dataset *d) { return d->label_source; }

const char *dvt_dataset_name(const dvt_dataset *d, int64_t i)
{
    return i >= 0 && i < d->count ? d->names[i] : "";
}

dvt_status dvt_dataset_get(dvt_dataset *d, int64_t i, dvt_tensor *image, int64_t *label)
{
    *image = (dvt_tensor){.dtype = DVT_DTYPE_NONE};
    *label = 0;
    if (i < 0 || i >= d->count) {
        return dvt_fail(d->ctx, DVT_E_USAGE, NULL,
                        "the data set has %lld items, none is number %lld", (long long)d->count,
                        (long long)i);
    }
    return d->kind->get(d, i, image, label);
}

/* ---- for the kinds ------------------------------------------------------------------------- */

int64_t dvti_dataset_limited(int64_t count, const dvt_dataset_opts *opts)
{
    return opts->limit > 0 && opts->limit < count ? opts->limit : count;
}

dvt_status dvti_dataset_name_by_index(dvt_dataset *d)
{
    d->names = dvt_arena_calloc(d->arena, (size_t)d->count + 1, sizeof *d->names);
    for (int64_t i = 0; d->names && i < d->count; i++) {
        if (!(d->names[i] = dvt_arena_printf(d->arena, "%lld", (long long)i))) {
            return DVT_E_NOMEM;
        }
    }
    return d->names ? DVT_OK : DVT_E_NOMEM;
}

dvt_status dvti_dataset_split(dvt_dataset *d, const dvt_dataset_opts *opts, bool *train)
{
    const char *split = opts->split ? opts->split : "test";

    *train = strcmp(split, "train") == 0;
    if (!*train && strcmp(split, "test") != 0) {
        return dvt_fail(d->ctx, DVT_E_USAGE, NULL, "'%s' is no split: 'test' and 'train' are",
                        split);
    }
    return DVT_OK;
}
