/* SPDX-License-Identifier: Apache-2.0 */
/*
 * optim.h - what changes parameters: optimisers, learning rates, clipping, early stopping.
 *
 * Rates and metrics are plain numbers of the caller, who asks a schedule for the rate of a step and
 * gives it to dvt_optim_step().
 */
#ifndef DOVETAIL_OPTIM_H
#define DOVETAIL_OPTIM_H

#include "dovetail/learn.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- optimisers ---------------------------------------------------------------------------- */

/* SGD with momentum and ADAM add decay * w to the gradient; ADAMW shrinks w by rate * decay
 * (Loshchilov and Hutter 2019). Formulas and defaults as PyTorch's SGD, Adam, AdamW. */
#define DVT_OPTIM_LIST(X) X(SGD, "sgd") X(ADAM, "adam") X(ADAMW, "adamw")
typedef enum dvt_optim_kind {
#define DVT_X(name, text) DVT_OPTIM_##name,
    DVT_OPTIM_LIST(DVT_X)
#undef DVT_X
        DVT_OPTIM_COUNT
} dvt_optim_kind;

typedef struct dvt_optim_opts {
    dvt_optim_kind kind;
    double         momentum; /* SGD, in [0, 1) */
    bool           nesterov; /* SGD with momentum */
    double         beta1, beta2, epsilon; /* ADAM, ADAMW; 0 = 0.9, 0.999, 1e-8 */
    double         decay;    /* weight decay */
} dvt_optim_opts;

typedef struct dvt_optim dvt_optim; /* moments of every parameter of one set */
DVT_API DVT_MUST_CHECK dvt_status dvt_optim_create(dvt_ctx *ctx, const dvt_params *params,
                                                   const dvt_optim_opts *opts, dvt_optim **out);
DVT_API void                      dvt_optim_destroy(dvt_optim *optim);
/* One update of all parameters not frozen from their gradients, which are zero afterwards.
 * E_USAGE if the set has grown; E_NUMERIC if a gradient is not finite: nothing changed then. */
DVT_API DVT_MUST_CHECK dvt_status dvt_optim_step(dvt_optim *optim, dvt_params *params, double rate);
DVT_API void     dvt_optim_reset(dvt_optim *optim); /* forgets moments and steps */
DVT_API uint64_t dvt_optim_steps(const dvt_optim *optim);

/* The 2-norm of all gradients; above `max_norm` (> 0) they are scaled down to it. Returns the norm
 * before. */
DVT_API double dvt_params_clip_norm(dvt_params *params, double max_norm);
/* Each gradient into [-limit, limit]. */
DVT_API void dvt_params_clip_value(dvt_params *params, double limit);

/* ---- learning rates ------------------------------------------------------------------------ */

/* Half a cosine from `rate` at step 0 to `least` at step `steps` and after. */
DVT_API double dvt_rate_cosine(double rate, double least, uint64_t step, uint64_t steps);
/* `rate` times (step + 1) / steps during the first `steps` steps, then `rate`. */
DVT_API double dvt_rate_warm_up(double rate, uint64_t step, uint64_t steps);

/* Multiplies the rate by `factor` when a metric (small is good) has not improved for more than
 * `patience` calls: as PyTorch's ReduceLROnPlateau, mode min, relative threshold. */
typedef struct dvt_plateau {
    double   rate, factor, threshold, least;
    uint32_t patience;
    uint32_t bad;  /* calls since the best */
    double   best; /* so far */
} dvt_plateau;
DVT_API dvt_plateau dvt_plateau_make(double rate, double factor, uint32_t patience);
DVT_API double      dvt_plateau_update(dvt_plateau *plateau, double metric); /* the new rate */

/* ---- early stopping ------------------------------------------------------------------------ */

/* Keeps a copy of the values at the smallest metric so far. */
typedef struct dvt_stopper dvt_stopper;
/* Stops after `patience` calls without improvement; calls before number `from` (0-based) count as
 * neither best nor bad unless nothing was kept yet. patience 0 = never stop, only keep the best. */
DVT_API DVT_MUST_CHECK dvt_status dvt_stopper_create(dvt_ctx *ctx, const dvt_params *params,
                                                     uint32_t patience, uint64_t from,
                                                     dvt_stopper **out);
DVT_API void dvt_stopper_destroy(dvt_stopper *stopper);
/* True: stop now. NaN is no improvement. */
DVT_API bool dvt_stopper_update(dvt_stopper *stopper, const dvt_params *params, double metric);
/* The kept values back into the set; nothing if none was kept. */
DVT_API void     dvt_stopper_restore(const dvt_stopper *stopper, dvt_params *params);
DVT_API double   dvt_stopper_best(const dvt_stopper *stopper); /* infinity if none */
DVT_API uint64_t dvt_stopper_best_call(const dvt_stopper *stopper);

/* ---- checkpoints --------------------------------------------------------------------------- */

/* What a training needs to go on: parts that are NULL are not saved, and not expected by load.
 * The numbers are the caller's (step is also what dvt_tape_begin takes; `rng` may order the data).
 * A resumed training gives the bits of the uninterrupted one. */
typedef struct dvt_checkpoint {
    dvt_params  *params; /* values, state and which are frozen; required */
    dvt_optim   *optim;
    dvt_stopper *stopper;
    dvt_plateau *plateau;
    uint64_t     step, epoch;
    dvt_rng      rng;
} dvt_checkpoint;
/* Through a temporary file and a rename: whoever is killed leaves the old file or the new one. */
DVT_API DVT_MUST_CHECK dvt_status dvt_checkpoint_save(dvt_ctx *ctx, const char *path,
                                                      const dvt_checkpoint *checkpoint);
/* Into objects made as those that were saved; on failure nothing in them has changed. E_PARSE
 * (damaged: the digest does not fit), E_SHAPE (names, shapes or parts differ), E_UNSUPPORTED
 * (version). */
DVT_API DVT_MUST_CHECK dvt_status dvt_checkpoint_load(dvt_ctx *ctx, const char *path,
                                                      dvt_checkpoint *checkpoint);

#ifdef __cplusplus
}
#endif
#endif
