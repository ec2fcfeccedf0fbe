/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dataset_int.h - what the kinds of data sets share.
 *
 * A kind opens a path and fills count, class_count, shape, names and label_source; it keeps what it
 * needs for decoding in `impl`. dataset.c does the rest.
 */
#ifndef DATA_DATASET_INT_H
#define DATA_DATASET_INT_H

#include "dovetail/data.h"

typedef struct dvti_dataset_kind {
    const char *name;     /* before the colon */
    const char *argument; /* behind it, for messages */
    dvt_status (*open)(dvt_dataset *d, const char *path, const dvt_dataset_opts *opts);
    dvt_status (*get)(const dvt_dataset *d, int64_t i, dvt_tensor *image, int64_t *label);
    void (*close)(dvt_dataset *d); /* also after a failed open */
} dvti_dataset_kind;

struct dvt_dataset {
    dvt_ctx                 *ctx;
    dvt_arena               *arena; /* names, labels, impl */
    const dvti_dataset_kind *kind;
    int64_t                  count, class_count;
    dvt_shape                shape;
    const char             **names;        /* (count) */
    const char              *label_source; /* for people and for the record */
    void                    *impl;
};

extern const dvti_dataset_kind dvti_dataset_mnist, dvti_dataset_cifar10, dvti_dataset_images,
    dvti_dataset_glyphs;

/* `count` after `opts->limit`. */
int64_t dvti_dataset_limited(int64_t count, const dvt_dataset_opts *opts);

/* Names every item by its index. */
DVT_MUST_CHECK dvt_status dvti_dataset_name_by_index(dvt_dataset *d);

/* True if the split is "train"; others than "test", "train" and NULL are refused. */
DVT_MUST_CHECK dvt_status dvti_dataset_split(dvt_dataset *d, const dvt_dataset_opts *opts,
                                             bool *train);

#endif
