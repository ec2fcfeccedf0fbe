/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_exec.c - time of the fast executor per network, beside what the machine can do at most.
 *
 * Usage     bench_exec JOBS MODEL...      (prototxt or ONNX; parameters without data are seeded)
 * Prints    for each network: multiply-accumulates, time as imported and behind the passes (best of
 *           the runs that fit into RUN_SECONDS, at least three), rate, share of the limit, and the
 *           planned memory with the bound that no plan can beat.
 * Limit     the rate of a square matrix product (OpenBLAS) measured in the same run on the same
 *           number of threads.
 * Inputs    uniform in [-1, 1), seeded; the network's own batch.
 */
#include "dovetail/formats.h"
#include "dovetail/kernels.h"
#include "graph/exec_int.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define RUN_SECONDS 2.0
enum { MIN_RUNS = 3, LIMIT_SIZE = 1024 };

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Runs fn(ud) until RUN_SECONDS are over; the best time in seconds, or -1 after a failure. */
static double best_time(dvt_status (*fn)(void *ud), void *ud)
{
    double best = -1, begin = now_s();
    for (int i = 0; i < MIN_RUNS || now_s() - begin < RUN_SECONDS; i++) {
        double at = now_s();
        if (fn(ud)) return -1;
        double took = now_s() - at;
        if (best < 0 || took < best) best = took;
    }
    return best;
}

/* ---- the limit ----------------------------------------------------------------------------- */

typedef struct square {
    dvt_ctx *ctx;
    float   *a, *b, *c;
} square;

static dvt_status multiply(void *ud)
{
    square       *s = ud;
    dvt_gemm_dims d = {
        .m = LIMIT_SIZE, .n = LIMIT_SIZE, .k = LIMIT_SIZE, .alpha = 1.0f, .beta = 0.0f};
    dvt_gemm_f32_fast(s->ctx, &d, s->a, s->b, NULL, s->c);
    return DVT_OK;
}

/* Multiply-accumulates a second; 0 without memory. */
static double limit_rate(dvt_ctx *ctx)
{
    size_t count = (size_t)LIMIT_SIZE * LIMIT_SIZE;
    float *block = dvt_calloc(ctx, 3 * count, sizeof *block);
    if (!block) return 0;
    for (size_t i = 0; i < 2 * count; i++) block[i] = (float)(i % 17) * 0.125f - 1.0f;
    square s = {ctx, block, block + count, block + 2 * count};
    double time = best_time(multiply, &s);
    dvt_free(ctx, block);
    return (double)LIMIT_SIZE * LIMIT_SIZE * LIMIT_SIZE / time;
}

/* ---- networks ------------------------------------------------------------------------------ */

typedef struct network {
    dvt_exec   *exec;
    dvt_tensor *inputs;
    int32_t     input_count;
} network;

static dvt_status run_network(void *ud)
{
    network *n = ud;
    return dvt_exec_run(n->exec, n->inputs, n->input_count);
}

static dvt_status make_inputs(const dvt_graph *g, network *n)
{
    dvt_ctx *ctx = dvt_graph_ctx(g);

    n->input_count = dvt_graph_input_count(g);
    n->inputs = dvt_calloc(ctx, (size_t)n->input_count + 1, sizeof *n->inputs);
    if (!n->inputs) return DVT_E_NOMEM;
    for (int32_t i = 0; i < n->input_count; i++) {
        const dvt_value *v = dvt_graph_value(g, dvt_graph_input(g, i));
        dvt_rng          rng = dvt_rng_make(1, (uint64_t)i);
        dvt_status       st = dvt_tensor_init(ctx, v->dtype, &v->shape, &n->inputs[i]);
        if (st) return st;
        float *x = n->inputs[i].data;
        for (int64_t k = 0; v->dtype == DVT_DTYPE_F32 && k < dvt_shape_count(&v->shape); k++)
            x[k] = 2 * dvt_rng_f32(&rng) - 1;
    }
    return DVT_OK;
}

static void free_network(dvt_ctx *ctx, network *n)
{
    dvt_exec_destroy(n->exec);
    for (int32_t i = 0; n->inputs && i < n->input_count; i++) dvt_tensor_deinit(ctx, &n->inputs[i]);
    dvt_free(ctx, n->inputs);
}

/* Times the graph; prints time and memory. */
static dvt_status time_graph(const dvt_graph *g, double limit)
{
    network         n = {0};
    dvt_graph_stats s;
    dvt_status      st = make_inputs(g, &n);

    if (!st) st = dvt_exec_create(g, &(dvt_exec_opts){.kind = DVT_EXEC_FAST}, &n.exec);
    if (st) goto done;
    dvt_graph_stats_of(g, &s);
    double time = best_time(run_network, &n);
    if (time < 0) st = dvt_ctx_error(dvt_graph_ctx(g))->status;
    double rate = (double)s.macs / time;
    printf(" %8.2f %6.1f %5.1f%% %8.2f %6.3f", 1e3 * time, 1e-9 * rate, 100 * rate / limit,
           (double)n.exec->block_bytes / (1 << 20),
           (double)n.exec->block_bytes / (double)(n.exec->bound_bytes ? n.exec->bound_bytes : 1));
done:
    free_network(dvt_graph_ctx(g), &n);
    return st;
}

static dvt_status bench_model(dvt_ctx *ctx, const char *path, double limit)
{
    const char     *slash = strrchr(path, '/');
    dvt_graph      *g = NULL;
    dvt_graph_stats s;
    dvt_status      st = dvt_model_load(ctx, path, &(dvt_import_opts){.batch = 1}, &g);

    if (!st) st = dvt_graph_seed_params(g, 1);
    if (st) goto done;
    dvt_graph_stats_of(g, &s);
    printf("%-32.32s %7.3f |", slash ? slash + 1 : path, 1e-9 * (double)s.macs);
    st = time_graph(g, limit);
    printf(" |");
    if (!st) st = dvt_passes_run(g, dvt_graph_passes(), NULL);
    if (!st) st = time_graph(g, limit);
    printf("\n");
done:
    dvt_graph_destroy(g);
    return st;
}

int main(int argc, char **argv)
{
    uint64_t jobs;

    if (argc < 3 || !dvt_parse_u64(argv[1], &jobs) || jobs > 1024) {
        fprintf(stderr, "usage: bench_exec JOBS MODEL...\n");
        return 2;
    }
    dvt_ctx *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = (uint32_t)jobs});
    if (!ctx) return 6;
    double limit = limit_rate(ctx);
    int    failed = 0;
    printf("%u threads, limit %.1f GMAC/s (matrix product of %d)\n", dvt_ctx_jobs(ctx),
           1e-9 * limit, LIMIT_SIZE);
    printf("%-32s %7s | %8s %6s %6s %8s %6s | behind the passes\n", "network", "GMAC", "ms",
           "GMAC/s", "share", "MiB", "/bound");
    for (int i = 2; i < argc; i++) {
        if (!bench_model(ctx, argv[i], limit)) continue;
        fprintf(stderr, "%s: %s\n", argv[i], dvt_ctx_error(ctx)->message);
        dvt_ctx_clear_error(ctx);
        failed = 1;
    }
    dvt_ctx_destroy(ctx);
    return failed;
}
