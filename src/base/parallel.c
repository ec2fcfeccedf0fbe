/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parallel.c - one call spread over the context's threads.
 *
 * Idea       [0, count) is cut into at most `jobs` nearly equal chunks; chunk i always belongs to
 *            worker i, the caller being worker 0. Threads are started when first needed and then
 *            wait on a condition. POSIX threads rather than OpenMP: thread sanitizers understand
 *            them, the library reads no environment variable, and each context has its own.
 * Invariants (1) the chunks of a call depend on count, grain and jobs alone;
 *            (2) a call returns after all its chunks have returned;
 *            (3) if a thread cannot be started the caller runs its chunk: nothing fails.
 * Nesting    A call made while one is running on this context, from whichever thread, runs on
 *            the calling thread. `busy` is written before the other threads are woken and after
 *            they are done, so they may read it without a lock.
 * Signals    are blocked in the pool's threads: the host program's own thread receives them.
 * Tests      tests/unit/test_parallel.c
 */
#include "base/base_int.h"

#include <signal.h>

bool dvti_pool_init(dvt_ctx *ctx)
{
    dvti_pool *pool = &ctx->pool;

    if (pthread_mutex_init(&pool->mutex, NULL) != 0) {
        return false;
    }
    if (pthread_cond_init(&pool->work, NULL) != 0) {
        goto no_work;
    }
    if (pthread_cond_init(&pool->done, NULL) != 0) {
        goto no_done;
    }
    return true;
no_done:
    pthread_cond_destroy(&pool->work);
no_work:
    pthread_mutex_destroy(&pool->mutex);
    return false;
}

void dvti_pool_deinit(dvt_ctx *ctx)
{
    dvti_pool *pool = &ctx->pool;

    pthread_mutex_lock(&pool->mutex);
    pool->stop = true;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->mutex);
    for (uint32_t i = 0; i < pool->started; i++) {
        pthread_join(ctx->workers[i].thread, NULL);
    }
    pthread_cond_destroy(&pool->done);
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->mutex);
}

/* The first `count % chunks` chunks hold one item more than the others. */
static void run_chunk(const dvti_pool *pool, uint32_t i, uint32_t worker)
{
    int64_t each = pool->count / pool->chunks, extra = pool->count % pool->chunks;
    int64_t begin = each * i + (i < extra ? i : extra);
    int64_t end = begin + each + (i < extra ? 1 : 0);

    pool->fn(pool->ud, begin, end, worker);
}

static void *worker_main(void *arg)
{
    dvti_worker *self = arg;
    dvti_pool   *pool = &self->ctx->pool;

    pthread_mutex_lock(&pool->mutex);
    for (;;) {
        while (!pool->stop && self->seen == pool->dispatch) {
            pthread_cond_wait(&pool->work, &pool->mutex);
        }
        if (pool->stop) {
            break;
        }
        self->seen = pool->dispatch;
        if (self->index >= pool->chunks) {
            continue;
        }
        pthread_mutex_unlock(&pool->mutex);
        run_chunk(pool, self->index, self->index);
        pthread_mutex_lock(&pool->mutex);
        if (--pool->pending == 0) {
            pthread_cond_signal(&pool->done);
        }
    }
    pthread_mutex_unlock(&pool->mutex);
    return NULL;
}

/* Starts threads until `wanted` exist or the system refuses. */
static void start_threads(dvt_ctx *ctx, uint32_t wanted)
{
    dvti_pool *pool = &ctx->pool;
    sigset_t   all, old;

    if (pool->started >= wanted) {
        return;
    }
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    while (pool->started < wanted) {
        dvti_worker *w = &ctx->workers[pool->started];
        w->ctx = ctx;
        w->index = pool->started + 1;
        w->seen = pool->dispatch;
        if (pthread_create(&w->thread, NULL, worker_main, w) != 0) {
            break;
        }
        pool->started++;
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static uint32_t chunk_count(const dvt_ctx *ctx, int64_t count, int64_t grain)
{
    int64_t chunks = count / (grain > 0 ? grain : 1);
    if (chunks > ctx->opts.jobs) {
        chunks = ctx->opts.jobs;
    }
    return chunks < 1 ? 1 : (uint32_t)chunks;
}

void dvt_parallel_for(dvt_ctx *ctx, int64_t count, int64_t grain, dvt_range_fn fn, void *ud)
{
    dvti_pool *pool = &ctx->pool;

    if (count <= 0) {
        return;
    }
    if (pool->busy || chunk_count(ctx, count, grain) == 1) {
        fn(ud, 0, count, 0);
        return;
    }
    uint32_t chunks = chunk_count(ctx, count, grain);
    start_threads(ctx, chunks - 1);
    uint32_t helped = chunks - 1 < pool->started ? chunks - 1 : pool->started;

    pthread_mutex_lock(&pool->mutex);
    pool->fn = fn;
    pool->ud = ud;
    pool->count = count;
    pool->chunks = chunks;
    pool->pending = helped;
    pool->busy = true;
    pool->dispatch++;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->mutex);

    run_chunk(pool, 0, 0);
    for (uint32_t i = helped + 1; i < chunks; i++) {
        run_chunk(pool, i, 0);
    }

    pthread_mutex_lock(&pool->mutex);
    while (pool->pending > 0) {
        pthread_cond_wait(&pool->done, &pool->mutex);
    }
    pool->busy = false;
    pthread_mutex_unlock(&pool->mutex);
}
