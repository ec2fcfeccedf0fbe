/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker_exec.c - runs one network in the fast executor, as often as its standard input asks.
 *
 * Usage     worker_exec JOBS MODEL [WEIGHTS]      (parameters without data are seeded)
 * Protocol  of all workers (bench/common.py): first one JSON line that describes the network, or
 *           {"error": ...}; then for every line N on standard input N runs and one JSON line with
 *           the wall and processor seconds of each; ends with the input.
 * Inputs    the pattern of common.py, so that all engines compute the same; `check` is the sum of
 *           the outputs' magnitudes.
 */
#include "dovetail/formats.h"
#include "graph/exec_int.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MAX_RUNS = 1000 };

typedef struct network {
    dvt_graph  *g;
    dvt_exec   *exec;
    dvt_tensor *inputs; /* (input_count) */
    int32_t     input_count;
} network;

static double seconds_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- the network --------------------------------------------------------------------------- */

/* The pattern of common.py: element k is (37 k mod 101) / 50 - 1. */
static dvt_status make_inputs(dvt_ctx *ctx, network *n)
{
    n->input_count = dvt_graph_input_count(n->g);
    n->inputs = dvt_calloc(ctx, (size_t)n->input_count + 1, sizeof *n->inputs);
    if (!n->inputs) return DVT_E_NOMEM;
    for (int32_t i = 0; i < n->input_count; i++) {
        const dvt_value *v = dvt_graph_value(n->g, dvt_graph_input(n->g, i));
        dvt_tensor       wide = {0};
        dvt_status       st = dvt_tensor_init(ctx, v->dtype, &v->shape, &n->inputs[i]);
        if (!st) st = dvt_tensor_init(ctx, DVT_DTYPE_F32, &v->shape, &wide);
        if (st) return st;
        float *x = wide.data;
        for (int64_t k = 0; k < dvt_shape_count(&v->shape); k++)
            x[k] = (float)(k * 37 % 101) / 50.0f - 1.0f;
        dvt_tensor_convert(&wide, &n->inputs[i]);
        dvt_tensor_deinit(ctx, &wide);
    }
    return DVT_OK;
}

static dvt_status load(dvt_ctx *ctx, const char *model, const char *weights, network *n)
{
    dvt_status st =
        dvt_model_load(ctx, model, &(dvt_import_opts){.batch = 1, .weights = weights}, &n->g);
    if (!st) st = dvt_graph_seed_params(n->g, 1);
    if (!st) st = dvt_passes_run(n->g, dvt_graph_passes(), NULL);
    if (!st) st = make_inputs(ctx, n);
    if (!st) st = dvt_exec_create(n->g, &(dvt_exec_opts){.kind = DVT_EXEC_FAST}, &n->exec);
    if (!st) st = dvt_exec_run(n->exec, n->inputs, n->input_count);
    return st;
}

static void unload(dvt_ctx *ctx, network *n)
{
    dvt_exec_destroy(n->exec);
    for (int32_t i = 0; n->inputs && i < n->input_count; i++) dvt_tensor_deinit(ctx, &n->inputs[i]);
    dvt_free(ctx, n->inputs);
    dvt_graph_destroy(n->g);
}

/* ---- the protocol -------------------------------------------------------------------------- */

static double magnitude(const network *n)
{
    double sum = 0;
    for (int32_t i = 0; i < dvt_graph_output_count(n->g); i++) {
        dvt_tensor t;
        if (dvt_exec_tensor(n->exec, dvt_graph_output(n->g, i), &t)) return NAN;
        for (int64_t k = 0; t.dtype == DVT_DTYPE_F32 && k < dvt_shape_count(&t.shape); k++)
            sum += fabs((double)((const float *)t.data)[k]);
    }
    return sum;
}

static void describe(const network *n)
{
    dvt_graph_stats s;
    double          check = magnitude(n);

    dvt_graph_stats_of(n->g, &s);
    printf("{\"engine\": \"dovetail " DVT_VERSION_STRING "\", \"macs\": %" PRId64
           ", \"memory_bytes\": %zu, \"memory_bound_bytes\": %zu, \"inputs\": [",
           s.macs, n->exec->block_bytes, n->exec->bound_bytes);
    for (int32_t i = 0; i < n->input_count; i++) {
        const dvt_value *v = dvt_graph_value(n->g, dvt_graph_input(n->g, i));
        printf("%s{\"name\": \"%s\", \"shape\": [", i ? ", " : "", v->name);
        for (int32_t k = 0; k < v->shape.rank; k++)
            printf("%s%" PRId64, k ? ", " : "", v->shape.dim[k]);
        printf("]}");
    }
    printf("], \"check\": ");
    if (isfinite(check)) printf("%.9g}\n", check);
    else printf("null}\n");
    fflush(stdout);
}

static void print_times(const char *key, const double *seconds, int runs)
{
    printf("\"%s\": [", key);
    for (int i = 0; i < runs; i++) printf("%s%.9f", i ? ", " : "", seconds[i]);
    printf("]");
}

static dvt_status answer(network *n, int runs)
{
    double     wall[MAX_RUNS], cpu[MAX_RUNS];
    dvt_status st = DVT_OK;

    for (int i = 0; !st && i < runs; i++) {
        double wall_at = seconds_of(CLOCK_MONOTONIC), cpu_at = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
        st = dvt_exec_run(n->exec, n->inputs, n->input_count);
        cpu[i] = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu_at;
        wall[i] = seconds_of(CLOCK_MONOTONIC) - wall_at;
    }
    if (st) return st;
    printf("{");
    print_times("wall", wall, runs);
    printf(", ");
    print_times("cpu", cpu, runs);
    printf("}\n");
    fflush(stdout);
    return DVT_OK;
}

static dvt_status serve(network *n)
{
    char       line[32];
    dvt_status st = DVT_OK;

    describe(n);
    while (!st && fgets(line, sizeof line, stdin)) {
        long runs = strtol(line, NULL, 10);
        if (runs < 1 || runs > MAX_RUNS) return DVT_E_USAGE;
        st = answer(n, (int)runs);
    }
    return st;
}

int main(int argc, char **argv)
{
    network  n = {0};
    uint64_t jobs;

    if (argc < 3 || argc > 4 || !dvt_parse_u64(argv[1], &jobs) || jobs > 1024) {
        fprintf(stderr, "usage: worker_exec JOBS MODEL [WEIGHTS]\n");
        return 2;
    }
    dvt_ctx *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = (uint32_t)jobs});
    if (!ctx) return 6;
    dvt_status st = load(ctx, argv[2], argc > 3 ? argv[3] : NULL, &n);
    if (st)
        printf("{\"error\": \"%s\"}\n", dvt_status_name(st));
    else
        st = serve(&n);
    if (st) fprintf(stderr, "%s: %s\n", argv[2], dvt_ctx_error(ctx)->message);
    unload(ctx, &n);
    dvt_ctx_destroy(ctx);
    return dvt_status_exit_code(st);
}
