/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base_int.h - the context as the files of `base` see it.
 *
 * Invariants (1) bytes_in_use is the sum of the raw sizes (with headers) of all live blocks;
 *            (2) `error.status` is DVT_OK exactly while no failure is recorded;
 *            (3) the pool is touched by its own threads only between a dispatch and its end, and
 *                always under `pool.mutex`, except for `fn`, `ud`, `count` and `chunks`, which do
 *                not change during that time.
 */
#ifndef DVTI_BASE_INT_H
#define DVTI_BASE_INT_H

#include "base/text_util.h"

#include <pthread.h>

typedef struct dvti_worker {
    dvt_ctx  *ctx;
    pthread_t thread;
    uint32_t  index; /* 1-based: the caller's thread is worker 0 */
    uint64_t  seen;  /* last dispatch this thread looked at */
} dvti_worker;

typedef struct dvti_pool {
    pthread_mutex_t mutex;
    pthread_cond_t  work, done;
    uint64_t        dispatch; /* counts calls */
    uint32_t        started;  /* threads that exist */
    uint32_t        chunks;   /* of the current call; chunk i belongs to worker i */
    uint32_t        pending;  /* chunks of other threads still running */
    bool            busy, stop;
    dvt_range_fn    fn;
    void           *ud;
    int64_t         count;
} dvti_pool;

struct dvt_ctx {
    dvt_ctx_opts opts; /* realloc and jobs resolved */
    size_t       own_bytes;
    size_t       bytes_in_use, bytes_peak;
    dvt_error    error;
    dvti_pool    pool;
    dvti_worker  workers[]; /* opts.jobs - 1 */
};

bool dvti_pool_init(dvt_ctx *ctx);
void dvti_pool_deinit(dvt_ctx *ctx);

/* The status of the recorded failure, for callers whose callee returned NULL: never DVT_OK. */
dvt_status dvti_ctx_status(const dvt_ctx *ctx);

#endif
