/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nest_int.h - loop nests over dense outputs whose operands are read with strides.
 *
 * Every broadcast, transpose, slice and tiling is the same nest: the output is written in order,
 * and operand o is read at base[o] + sum of index * stride[o]. Collapsing joins neighbouring loops
 * that every operand walks through without a jump, so that the innermost loop is as long as it can
 * be.
 */
#ifndef DVTI_NEST_INT_H
#define DVTI_NEST_INT_H

#include "dovetail/tensor.h"

enum { DVTI_NEST_RANK = 2 * DVT_MAX_RANK, DVTI_NEST_OPERANDS = 3 };

typedef struct dvti_nest {
    int32_t rank, operands;
    int64_t dim[DVTI_NEST_RANK];                       /* of the output */
    int64_t stride[DVTI_NEST_OPERANDS][DVTI_NEST_RANK]; /* elements; 0 repeats, negative reverses */
    int64_t base[DVTI_NEST_OPERANDS];                  /* element at index 0 */
} dvti_nest;

/* A nest over y without operands yet. */
dvti_nest dvti_nest_over(const dvt_shape *y);
/* Adds a dense operand that broadcasts to the nest's dimensions. */
void dvti_nest_add_broadcast(dvti_nest *nest, const dvt_shape *x);
/* Drops loops of one pass and joins neighbours; at least one loop remains. */
void dvti_nest_collapse(dvti_nest *nest);
/* Number of innermost loops; 0 if the output is empty. Row r starts at output element r * width. */
int64_t dvti_nest_rows(const dvti_nest *nest);
int64_t dvti_nest_width(const dvti_nest *nest);
/* Where each operand starts in a row. */
void dvti_nest_row(const dvti_nest *nest, int64_t row, int64_t at[DVTI_NEST_OPERANDS]);
/* Copies operand 0, elements of 1, 2, 4 or 8 bytes, into the dense output. */
void dvti_nest_copy(const dvti_nest *nest, size_t element_bytes, const void *x, void *y);

/* Row-major strides of a dense shape, in elements. */
void dvti_strides(const dvt_shape *s, int64_t stride[DVT_MAX_RANK]);

#endif
