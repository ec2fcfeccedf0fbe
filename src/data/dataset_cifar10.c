/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dataset_cifar10.c - CIFAR-10 in its binary form, unpacked or as the .tar.gz that it comes in.
 *
 * Layout     data_batch_1.bin ... data_batch_5.bin, test_batch.bin: records of one label byte and
 *            3 x 32 x 32 samples, plane by plane, red first.
 * Tests      tests/unit/test_dataset.c
 */
#include "data/dataset_int.h"
#include "data/file_set.h"

#include <string.h>

enum { SIDE = 32, IMAGE_BYTES = 3 * SIDE * SIDE, RECORD_BYTES = 1 + IMAGE_BYTES, CLASSES = 10 };

typedef struct cifar10 {
    uint8_t *records; /* (count, RECORD_BYTES), owned */
} cifar10;

static bool is_batch(const char *name, bool train)
{
    name = dvti_base_name(name);
    return train ? strncmp(name, "data_batch_", 11) == 0 && dvti_name_ends(name, ".bin")
                 : strcmp(name, "test_batch.bin") == 0;
}

/* Appends the records of one file. */
static dvt_status add_batch(dvt_dataset *d, const dvti_file_set *set, const dvti_file *file)
{
    cifar10       *c = d->impl;
    const size_t   had = (size_t)d->count * RECORD_BYTES;
    const uint8_t *data;
    size_t         size;
    dvt_blob       blob;
    dvt_status     st = dvti_file_set_read(set, file, &blob, &data, &size);

    if (st != DVT_OK) {
        goto done;
    }
    const dvt_pos at = {.file = file->name, .offset = size - size % RECORD_BYTES};
    if (size % RECORD_BYTES != 0) {
        st = dvt_fail(d->ctx, DVT_E_PARSE, &at, "the last record has %zu of its %d bytes",
                      size % RECORD_BYTES, RECORD_BYTES);
        goto done;
    }
    uint8_t *records = dvt_realloc(d->ctx, c->records, had + size + 1);
    if (!records) {
        st = DVT_E_NOMEM;
        goto done;
    }
    c->records = records;
    memcpy(records + had, data, size);
    for (size_t i = 0; i < size; i += RECORD_BYTES) {
        if (data[i] >= CLASSES) {
            const dvt_pos bad = {.file = file->name, .offset = i};
            st = dvt_fail(d->ctx, DVT_E_PARSE, &bad, "label %d is above 9", data[i]);
            goto done;
        }
    }
    d->count += (int64_t)(size / RECORD_BYTES);
done:
    dvt_blob_deinit(d->ctx, &blob);
    return st;
}

static dvt_status open_cifar10(dvt_dataset *d, const char *path, const dvt_dataset_opts *opts)
{
    dvti_file_set set = {0};
    bool          train = false;
    dvt_status    st = dvti_dataset_split(d, opts, &train);

    if (st == DVT_OK && opts->labels) {
        st = dvt_fail(d->ctx, DVT_E_USAGE, NULL, "a cifar10 data set has its own labels");
    }
    if (st == DVT_OK && !(d->impl = dvt_arena_calloc(d->arena, 1, sizeof(cifar10)))) {
        st = DVT_E_NOMEM;
    }
    if (st == DVT_OK) {
        st = dvti_file_set_open(d->ctx, path, &set);
    }
    for (size_t i = 0; st == DVT_OK && i < set.count; i++) {
        if (is_batch(set.files[i].name, train)) {
            st = add_batch(d, &set, &set.files[i]);
        }
    }
    if (st == DVT_OK && d->count == 0) {
        st = dvt_fail(d->ctx, DVT_E_IO, NULL, "'%s' holds no %s", path,
                      train ? "data_batch_*.bin" : "test_batch.bin");
        dvt_fail_hint(d->ctx, "for folders and archives of JPEG files use images:%s", path);
    }
    dvti_file_set_close(&set);
    if (st != DVT_OK) {
        return st;
    }
    d->count = dvti_dataset_limited(d->count, opts);
    d->class_count = CLASSES;
    d->shape = DVT_SHAPE(3, SIDE, SIDE);
    d->label_source = "first byte of each record";
    return dvti_dataset_name_by_index(d);
}

static dvt_status get_cifar10(const dvt_dataset *d, int64_t i, dvt_tensor *image, int64_t *label)
{
    const cifar10 *c = d->impl;
    const uint8_t *record = c->records + (size_t)i * RECORD_BYTES;
    dvt_status     st = dvt_tensor_init(d->ctx, DVT_DTYPE_U8, &d->shape, image);

    if (st == DVT_OK) {
        memcpy(image->data, record + 1, IMAGE_BYTES);
        *label = record[0];
    }
    return st;
}

static void close_cifar10(dvt_dataset *d)
{
    cifar10 *c = d->impl;
    dvt_free(d->ctx, c->records);
}

const dvti_dataset_kind dvti_dataset_cifar10 = {.name = "cifar10",
                                                .argument = "DIR",
                                                .open = open_cifar10,
                                                .get = get_cifar10,
                                                .close = close_cifar10};
