/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dataset_images.c - JPEG and PNG files, and raw CIFAR images, in a folder or an archive.
 *
 * Idea       Opening lists files and finds labels; an image is decoded when it is asked for. A
 *            folder without images but with one archive stands for that archive.
 * Files      names ending in .jpg .jpeg .png .bin, letters of either case; others are passed over.
 *            What a file is, its content says: JPEG, PNG, or exactly 3,072 bytes without either's
 *            signature, which are the pixels of a 32 x 32 image, red, green, blue, line by line.
 * Labels     options, else `labels.csv` or `synset.txt` beside the images (in the folder, or in the
 *            folder that holds the archive), else folders or file names; see labels.c.
 * Tests      tests/unit/test_dataset.c, tests/unit/test_labels.c
 */
#include "data/dataset_int.h"
#include "data/file_set.h"
#include "data/labels.h"

#include <string.h>

enum { RAW_SIDE = 32, RAW_BYTES = 3 * RAW_SIDE * RAW_SIDE };

typedef struct images {
    dvti_file_set     set;
    const dvti_file **files; /* (count), those that are images */
    int64_t          *label; /* (count) */
} images;

static bool is_image_name(const char *name)
{
    return dvti_name_ends(name, ".jpg") || dvti_name_ends(name, ".jpeg") ||
           dvti_name_ends(name, ".png") || dvti_name_ends(name, ".bin");
}

static bool is_archive_name(const char *name)
{
    return dvti_name_ends(name, ".tar") || dvti_name_ends(name, ".tar.gz") ||
           dvti_name_ends(name, ".tgz");
}

/* ---- opening ------------------------------------------------------------------------------- */

/* Opens the path; if it is a folder with no image and one archive, that archive. */
static dvt_status open_files(dvt_dataset *d, images *im, const char *path)
{
    const char *archive = NULL;
    size_t      archives = 0;
    dvt_status  st = dvti_file_set_open(d->ctx, path, &im->set);

    if (st != DVT_OK || im->set.tar.ctx) {
        return st;
    }
    for (size_t i = 0; i < im->set.count; i++) {
        if (is_image_name(im->set.files[i].name)) {
            return DVT_OK;
        }
        if (is_archive_name(im->set.files[i].name)) {
            archive = im->set.files[i].name;
            archives++;
        }
    }
    if (archives != 1) {
        return DVT_OK;
    }
    if (!(archive = dvt_arena_printf(d->arena, "%s/%s", path, archive))) {
        return DVT_E_NOMEM;
    }
    dvti_file_set_close(&im->set);
    return dvti_file_set_open(d->ctx, archive, &im->set);
}

static dvt_status choose_images(dvt_dataset *d, images *im)
{
    const size_t max = im->set.count + 1;
    int64_t      n = 0;

    im->files = dvt_arena_calloc(d->arena, max, sizeof(dvti_file *));
    d->names = dvt_arena_calloc(d->arena, max, sizeof *d->names);
    if (!im->files || !d->names) {
        return DVT_E_NOMEM;
    }
    for (size_t i = 0; i < im->set.count; i++) {
        if (is_image_name(im->set.files[i].name)) {
            im->files[n] = &im->set.files[i];
            d->names[n++] = im->set.files[i].name;
        }
    }
    if (n == 0) {
        return dvt_fail(d->ctx, DVT_E_IO, NULL, "'%s' holds no image (.jpg, .jpeg, .png, .bin)",
                        im->set.path);
    }
    dvt_log(d->ctx, DVT_LOG_INFO, "data", "%lld images in '%s', %lld other files", (long long)n,
            im->set.path, (long long)im->set.count - (long long)n);
    d->count = n;
    return DVT_OK;
}

/* The list that applies: given, or beside the images; "" = none, NULL = no memory. */
static const char *find_list(dvt_dataset *d, const images *im, const dvt_dataset_opts *opts)
{
    static const char *const NAMES[] = {"labels.csv", "synset.txt"};
    const char              *base = dvti_base_name(im->set.path);
    const bool               archive = im->set.tar.ctx != NULL;
    const int dir_chars = archive ? (int)(base - im->set.path) : (int)strlen(im->set.path);

    if (opts->labels) {
        return opts->labels;
    }
    for (int i = 0; i < 2; i++) {
        const char *path = dvt_arena_printf(d->arena, "%.*s%s%s", dir_chars, im->set.path,
                                            archive ? "" : "/", NAMES[i]);
        if (!path || dvt_file_exists(path)) {
            return path;
        }
    }
    return "";
}

/* All share (3,32,32) if all are raw; otherwise sizes are known only by decoding. */
static dvt_shape common_shape(const dvt_dataset *d, const images *im)
{
    for (int64_t i = 0; i < d->count; i++) {
        if (!im->files[i]->data || im->files[i]->size != RAW_BYTES ||
            !dvti_name_ends(im->files[i]->name, ".bin")) {
            return (dvt_shape){.rank = 0};
        }
    }
    return DVT_SHAPE(3, RAW_SIDE, RAW_SIDE);
}

static dvt_status open_images(dvt_dataset *d, const char *path, const dvt_dataset_opts *opts)
{
    images     *im = dvt_arena_calloc(d->arena, 1, sizeof *im);
    dvti_labels labels;
    dvt_status  st;

    if (!(d->impl = im)) {
        return DVT_E_NOMEM;
    }
    if (opts->split && strcmp(opts->split, "test") != 0) {
        st = dvt_fail(d->ctx, DVT_E_USAGE, NULL, "images have no split '%s'", opts->split);
        dvt_fail_hint(d->ctx, "name the folder or archive that holds it");
        return st;
    }
    if (!(path = dvt_arena_strdup(d->arena, path))) {
        return DVT_E_NOMEM;
    }
    if ((st = open_files(d, im, path)) != DVT_OK || (st = choose_images(d, im)) != DVT_OK) {
        return st;
    }
    const char *list = find_list(d, im, opts);
    if (!list) {
        return DVT_E_NOMEM;
    }
    st = dvti_labels_find(d->ctx, d->arena, *list ? list : NULL, d->names, d->count, &labels);
    if (st == DVT_OK) { /* the limit comes last: it must not change which label a folder has */
        im->label = labels.label;
        d->class_count = labels.class_count;
        d->label_source = labels.source;
        d->count = dvti_dataset_limited(d->count, opts);
        d->shape = common_shape(d, im);
    }
    return st;
}

static void close_images(dvt_dataset *d)
{
    images *im = d->impl;
    dvti_file_set_close(&im->set);
}

/* ---- decoding ------------------------------------------------------------------------------ */

/* (H,W,C) to (C,H,W) */
static dvt_status to_planes(dvt_ctx *ctx, const dvt_tensor *hwc, dvt_tensor *out)
{
    const int64_t   h = hwc->shape.dim[0], w = hwc->shape.dim[1], c = hwc->shape.dim[2];
    const dvt_shape shape = DVT_SHAPE(c, h, w);
    dvt_status      st = dvt_tensor_init(ctx, DVT_DTYPE_U8, &shape, out);

    for (int64_t k = 0; st == DVT_OK && k < c; k++) {
        const uint8_t *from = (const uint8_t *)hwc->data + k;
        uint8_t       *to = (uint8_t *)out->data + k * h * w;
        for (int64_t i = 0; i < h * w; i++) {
            to[i] = from[i * c];
        }
    }
    return st;
}

static dvt_status decode(dvt_ctx *ctx, const char *name, const uint8_t *data, size_t size,
                         dvt_tensor *out)
{
    const dvt_shape raw_shape = DVT_SHAPE(RAW_SIDE, RAW_SIDE, 3);
    const bool      has_signature =
        size >= 3 && (memcmp(data, "\xff\xd8\xff", 3) == 0 || memcmp(data, "\x89PN", 3) == 0);
    dvt_tensor hwc;
    dvt_status st = DVT_OK;

    if (size == RAW_BYTES && !has_signature) {
        hwc = dvt_tensor_wrap(DVT_DTYPE_U8, &raw_shape, (void *)(uintptr_t)data);
    } else {
        st = dvt_image_parse(ctx, name, data, size, &hwc);
    }
    if (st == DVT_OK) {
        st = to_planes(ctx, &hwc, out);
    }
    dvt_tensor_deinit(ctx, &hwc);
    return st;
}

static dvt_status get_image(const dvt_dataset *d, int64_t i, dvt_tensor *image, int64_t *label)
{
    const images    *im = d->impl;
    const dvti_file *file = im->files[i];
    const uint8_t   *data;
    size_t           size;
    dvt_blob         blob;
    dvt_status       st = dvti_file_set_read(&im->set, file, &blob, &data, &size);

    if (st == DVT_OK) {
        st = decode(d->ctx, file->name, data, size, image);
    }
    dvt_blob_deinit(d->ctx, &blob);
    *label = st == DVT_OK ? im->label[i] : 0;
    return st;
}

const dvti_dataset_kind dvti_dataset_images = {.name = "images",
                                               .argument = "PATH",
                                               .open = open_images,
                                               .get = get_image,
                                               .close = close_images};
