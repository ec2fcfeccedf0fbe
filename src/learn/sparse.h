/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sparse.h - a sparse matrix times rows, as the aggregate operation and the block use it.
 */
#ifndef DVTI_LEARN_SPARSE_H
#define DVTI_LEARN_SPARSE_H

#include "learn/rows.h"

typedef struct dvti_sparse {
    int64_t        rows, f;
    const int64_t *start;
    const int32_t *col;
    const float   *weight, *x;
    float         *y;
    bool           add;
} dvti_sparse;

/* m x, x (cols, f), into y (rows, f). */
dvti_sparse dvti_sparse_make(const dvt_csr *m, int64_t f, const float *x, float *y);
/* Row r of the product into y (f). */
void dvti_sparse_row(const dvti_sparse *j, int64_t r, float *y);
/* The gradient of x: node `to` gets m^T dy, dy (rows, f). */
void dvti_sparse_backward(dvt_tape *t, const dvt_csr *m, int64_t f, const float *dy, int32_t to);
/* False, with the tape failed, if x is not (cols, f). */
bool dvti_sparse_fits(dvt_tape *t, const char *op, const dvt_csr *m, dvt_var x);

#endif
