/* SPDX-License-Identifier: Apache-2.0 */
/*
 * data.h - labelled data sets, and the preprocessing that turns an image into a network's input.
 *
 * Both are explicit and recorded: nothing is guessed from a file name. A data set gives raw images
 * (u8 C,H,W, RGB) and labels; a dvt_preprocess turns one into f32 (C,H,W).
 */
#ifndef DOVETAIL_DATA_H
#define DOVETAIL_DATA_H

#include "dovetail/formats.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dvt_dataset dvt_dataset;

typedef struct dvt_dataset_opts {
    const char *labels; /* folder: a CSV "file,...,label" or a synset.txt; NULL = see below */
    const char *split;  /* "test" (default) or "train" */
    int64_t     limit;  /* first `limit` items; 0 = all */
} dvt_dataset_opts;

/* `spec` is KIND:PATH.
 *   mnist:DIR     idx files (gzip or not): t10k-*, t5k-* for the test split; train-* for train
 *   cifar10:PATH  the binary batches (data_batch_*.bin, test_batch.bin) in a folder or .tar.gz
 *   images:PATH   JPEG and PNG files and raw 32 x 32 images (3,072 bytes) of a folder or of a .tar,
 *                 .tar.gz; sorted by name. Label, in this order: opts.labels, a CSV (columns file
 *                 and label by header; without a header the first and the last column) or a
 *                 synset.txt with the WordNet id found in the file name; a labels.csv or synset.txt
 *                 beside the images; a sub-folder's name, sorted; a number before or after the last
 *                 '_' of the file name. None: E_USAGE that says how to give one.
 *   glyphs:COUNT[@SEED]  digits drawn on demand, grey 28 x 28; the two splits share no image
 * docs/formats/data.md has the details.
 */
DVT_API DVT_MUST_CHECK dvt_status dvt_dataset_open(dvt_ctx *ctx, const char *spec,
                                                   const dvt_dataset_opts *opts, dvt_dataset **out);
DVT_API void    dvt_dataset_close(dvt_dataset *d);
DVT_API int64_t dvt_dataset_count(const dvt_dataset *d);
DVT_API int64_t dvt_dataset_class_count(const dvt_dataset *d);
/* The shape all images share; rank 0 when they differ or only decoding can tell. (C,H,W) */
DVT_API dvt_shape dvt_dataset_shape(const dvt_dataset *d);
/* Decodes item i: u8 (C,H,W); caller frees with dvt_tensor_deinit. */
DVT_API DVT_MUST_CHECK dvt_status dvt_dataset_get(dvt_dataset *d, int64_t i, dvt_tensor *image,
                                                  int64_t *label);
DVT_API const char *dvt_dataset_name(const dvt_dataset *d, int64_t i); /* file name or index */
/* Which of the rules above gave the labels, in words, for the record. */
DVT_API const char *dvt_dataset_label_source(const dvt_dataset *d);

/* y = (order(resize/crop(x)) * scale - mean) / std, or with `mean_before_scale`
 * y = (x - mean) * scale / std (Caffe's transform_param). */
typedef struct dvt_preprocess {
    double     scale;             /* default 1 */
    double     mean[4], std[4];   /* per channel in the network's order; mean_count 0, 1 or C */
    int32_t    mean_count, std_count;
    /* f32 (C,H,W), or (C,1,1); larger than the input: its middle; empty = none; borrowed */
    dvt_tensor mean_image;
    bool       mean_before_scale;
    bool       bgr;               /* swap R and B */
    /* shorter side to this many pixels first; 0 = straight to the input size */
    int64_t    resize;
    bool       center_crop;       /* crop the middle to the input size instead of squeezing */
} dvt_preprocess;

DVT_API dvt_preprocess dvt_preprocess_default(void);
/* image u8 (C,H,W) -> out f32 (C',H',W') given by `shape`, before which a batch of 1 may stand; a
 * vector takes the image as it is. Grey and RGB convert into one another; resizing is bilinear with
 * half-pixel centres (antialiased when shrinking) and gives the bytes that Pillow gives. E_SHAPE,
 * E_NUMERIC, E_USAGE (mean values and a mean image). */
DVT_API DVT_MUST_CHECK dvt_status dvt_preprocess_apply(dvt_ctx *ctx, const dvt_preprocess *p,
                                                       const dvt_tensor *image,
                                                       const dvt_shape *shape, float *out);
/* The same as JSON text, for the record. */
DVT_API void dvt_preprocess_print(const dvt_preprocess *p, dvt_buf *out);

/* Rank of `label` among scores (C): 0 = top-1. Ties count against the label; NaN ranks last; a
 * label that is no class has rank C. */
DVT_API int64_t dvt_label_rank(const float *scores, int64_t count, int64_t label);

#ifdef __cplusplus
}
#endif
#endif
