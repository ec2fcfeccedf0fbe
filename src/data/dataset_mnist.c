/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dataset_mnist.c - MNIST and sets in its form (Fashion-MNIST, KMNIST): pairs of idx files.
 *
 * Files      PREFIX-images-idx3-ubyte and PREFIX-labels-idx1-ubyte, also with a dot before "idx",
 *            also with ".gz". PREFIX is t10k or t5k for the test split, train for the other.
 * Classes    ten, or more if a label says so.
 * Tests      tests/unit/test_dataset.c
 */
#include "data/dataset_int.h"

#include <string.h>

typedef struct mnist {
    dvt_tensor images; /* u8 (N,H,W) */
    dvt_tensor labels; /* u8 (N) */
} mnist;

/* The path of one file of the pair, in the arena; NULL if no spelling is there, or no memory. */
static const char *find_file(dvt_dataset *d, const char *dir, const char *prefix, const char *what)
{
    static const char *const SPELLINGS[] = {"-", "."}, *const ENDINGS[] = {"", ".gz"};

    for (int s = 0; s < 2; s++) {
        for (int e = 0; e < 2; e++) {
            const char *path =
                dvt_arena_printf(d->arena, "%s/%s-%s%sidx%c-ubyte%s", dir, prefix, what,
                                 SPELLINGS[s], what[0] == 'i' ? '3' : '1', ENDINGS[e]);
            if (!path || dvt_file_exists(path)) {
                return path;
            }
        }
    }
    return NULL;
}

static dvt_status find_pair(dvt_dataset *d, const char *dir, bool train, const char *path[2])
{
    static const char *const TEST[] = {"t10k", "t5k"}, *const TRAIN[] = {"train"};
    const char *const *prefixes = train ? TRAIN : TEST;

    for (int i = 0; i < (train ? 1 : 2); i++) {
        path[0] = find_file(d, dir, prefixes[i], "images");
        path[1] = path[0] ? find_file(d, dir, prefixes[i], "labels") : NULL;
        if (path[1]) {
            return DVT_OK;
        }
    }
    if (dvt_ctx_error(d->ctx)->status == DVT_E_NOMEM) {
        return DVT_E_NOMEM;
    }
    dvt_status st = dvt_fail(d->ctx, DVT_E_IO, NULL, "'%s' holds no MNIST files of the %s split",
                             dir, train ? "train" : "test");
    dvt_fail_hint(d->ctx,
                  "expected %s-images-idx3-ubyte and %s-labels-idx1-ubyte, with or without "
                  ".gz",
                  prefixes[0], prefixes[0]);
    return st;
}

static dvt_status check_pair(dvt_dataset *d, const mnist *m, const char *path[2])
{
    const dvt_tensor *x = &m->images, *y = &m->labels;
    const dvt_pos     at = {.file = path[1]};
    char              a[DVT_SHAPE_TEXT], b[DVT_SHAPE_TEXT];

    if (x->dtype != DVT_DTYPE_U8 || y->dtype != DVT_DTYPE_U8 || x->shape.rank != 3 ||
        y->shape.rank != 1 || x->shape.dim[0] != y->shape.dim[0] ||
        dvt_shape_count(&x->shape) == 0) {
        return dvt_fail(d->ctx, DVT_E_SHAPE, &at,
                        "images %s %s and labels %s %s are not u8 (N,H,W) and u8 (N)",
                        dvt_dtype_name(x->dtype), dvt_shape_text(&x->shape, a),
                        dvt_dtype_name(y->dtype), dvt_shape_text(&y->shape, b));
    }
    return DVT_OK;
}

static dvt_status open_mnist(dvt_dataset *d, const char *dir, const dvt_dataset_opts *opts)
{
    const char *path[2] = {NULL, NULL};
    bool        train = false;
    mnist      *m = NULL;
    dvt_status  st = dvti_dataset_split(d, opts, &train);

    if (st == DVT_OK && opts->labels) {
        st = dvt_fail(d->ctx, DVT_E_USAGE, NULL, "an mnist data set has its own labels");
    }
    if (st != DVT_OK || (st = find_pair(d, dir, train, path)) != DVT_OK) {
        return st;
    }
    if (!(d->impl = m = dvt_arena_calloc(d->arena, 1, sizeof *m))) {
        return DVT_E_NOMEM;
    }
    if ((st = dvt_idx_read(d->ctx, path[0], &m->images)) != DVT_OK ||
        (st = dvt_idx_read(d->ctx, path[1], &m->labels)) != DVT_OK ||
        (st = check_pair(d, m, path)) != DVT_OK) {
        return st;
    }
    d->count = dvti_dataset_limited(m->images.shape.dim[0], opts);
    d->shape = DVT_SHAPE(1, m->images.shape.dim[1], m->images.shape.dim[2]);
    d->label_source = path[1];
    d->class_count = 10;
    for (int64_t i = 0; i < m->labels.shape.dim[0]; i++) {
        const int64_t label = ((const uint8_t *)m->labels.data)[i];
        d->class_count = label >= d->class_count ? label + 1 : d->class_count;
    }
    return dvti_dataset_name_by_index(d);
}

static dvt_status get_mnist(const dvt_dataset *d, int64_t i, dvt_tensor *image, int64_t *label)
{
    const mnist *m = d->impl;
    dvt_status   st = dvt_tensor_init(d->ctx, DVT_DTYPE_U8, &d->shape, image);

    if (st == DVT_OK) {
        memcpy(image->data, (const uint8_t *)m->images.data + (size_t)i * image->bytes,
               image->bytes);
        *label = ((const uint8_t *)m->labels.data)[i];
    }
    return st;
}

static void close_mnist(dvt_dataset *d)
{
    mnist *m = d->impl;
    dvt_tensor_deinit(d->ctx, &m->images);
    dvt_tensor_deinit(d->ctx, &m->labels);
}

const dvti_dataset_kind dvti_dataset_mnist = {
    .name = "mnist", .argument = "DIR", .open = open_mnist, .get = get_mnist, .close = close_mnist};
