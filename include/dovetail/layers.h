/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layers.h - larger operations on a tape: normalisation, attention, recurrent layers, convolution
 * and pooling.
 *
 * Weights have PyTorch's layouts, so that files of weights can be exchanged. What dovetail/learn.h
 * says of arrays, errors, memory and bits holds here too. An embedding is dvt_tape_gather on the
 * table.
 */
#ifndef DOVETAIL_LAYERS_H
#define DOVETAIL_LAYERS_H

#include "dovetail/kernels.h"
#include "dovetail/learn.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Normalises the last dimension f of x: (x - mean) / sqrt(variance + epsilon) * gain + shift, with
 * the biased variance. gain, shift (f) or DVT_NO_VAR; epsilon 0 = 1e-5. (Ba et al. 2016) */
DVT_API dvt_var dvt_tape_layer_norm(dvt_tape *tape, dvt_var x, dvt_var gain, dvt_var shift,
                                    float epsilon);

/* x (n, c, ..): each channel is normalised over n and what follows c (Ioffe and Szegedy 2015). In
 * training with the batch's mean and biased variance, which also move the running ones:
 * r = (1 - momentum) r + momentum s, with the unbiased variance as PyTorch; otherwise with the
 * running ones. mean, var (c): states of `params`, changed when the operation is called; gain,
 * shift (c) or DVT_NO_VAR. momentum 0 = 0.1, epsilon 0 = 1e-5. E_SHAPE in training if a channel has
 * less than two elements. */
typedef struct dvt_batch_norm {
    dvt_params *params;
    dvt_param   mean, var;
    dvt_var     gain, shift;
    float       momentum, epsilon;
} dvt_batch_norm;
DVT_API dvt_var dvt_tape_batch_norm(dvt_tape *tape, dvt_var x, const dvt_batch_norm *norm);

/* Scaled dot products (Vaswani et al. 2017, eq. 1) of `heads` parts of the last dimension.
 * q (b, n, d), k and v (b, m, d), d divisible by heads; y (b, n, d). mask (b, n, m) borrowed, or
 * NULL: j is read by i where it is not 0; a row that reads nothing is 0. For nodes of graphs the
 * mask is the adjacency; for padding set columns to 0. */
DVT_API dvt_var dvt_tape_attention(dvt_tape *tape, dvt_var q, dvt_var k, dvt_var v, int32_t heads,
                                   const uint8_t *mask);

/* Recurrent layers over x (steps, b, in): y (steps, b, h), the state after each step. The fields
 * have PyTorch's meaning and order of gates: LSTM input, forget, cell, output; GRU reset, update,
 * new. w_in (g h, in), w_state (g h, h), b_in, b_state (g h) or DVT_NO_VAR, g = 4 or 3. h0, c0
 * (b, h) or DVT_NO_VAR: zero. `length` (b) borrowed or NULL: from step length[i] on row i keeps its
 * state and puts out 0. reverse: from the last step to the first. */
typedef struct dvt_recurrent {
    dvt_var        w_in, w_state, b_in, b_state, h0, c0;
    const int32_t *length;
    bool           reverse;
} dvt_recurrent;
DVT_API dvt_var dvt_tape_lstm(dvt_tape *tape, dvt_var x, const dvt_recurrent *layer);
DVT_API dvt_var dvt_tape_gru(dvt_tape *tape, dvt_var x, const dvt_recurrent *layer);

/* x (n, c, h, w), w (out_c, c / groups, kh, kw), bias (out_c) or DVT_NO_VAR. Padding is the same
 * on both sides of a dimension. Zeros in stride and dilation, and groups 0, mean 1. */
typedef struct dvt_conv_opts {
    int64_t stride[2], pad[2], dilation[2], groups;
} dvt_conv_opts;
DVT_API dvt_var dvt_tape_conv2d(dvt_tape *tape, dvt_var x, dvt_var w, dvt_var bias,
                                const dvt_conv_opts *opts /* NULL: all defaults */);

/* x (n, c, h, w); kernel, stride (0 = kernel), padding on both sides. Max: padding never wins, the
 * first of equals gets the gradient. Average: divided by the whole kernel if count_pad, else by the
 * elements inside the image. */
typedef struct dvt_pool_opts {
    int64_t kernel[2], stride[2], pad[2];
    bool    count_pad;
} dvt_pool_opts;
DVT_API dvt_var dvt_tape_max_pool2d(dvt_tape *tape, dvt_var x, const dvt_pool_opts *opts);
DVT_API dvt_var dvt_tape_avg_pool2d(dvt_tape *tape, dvt_var x, const dvt_pool_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
