/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_sim.c - the bit-accurate model: multiply-accumulates a second, on one thread.
 *
 * Usage     bench_sim [--json]          from the repository's root
 * Prints    seconds an image in the fast form of the model (median; wall and processor), what is
 *           aimed at, multiply-accumulates of the network a processor second, and the peer measured
 *           in the same run: the fast executor in float32, which computes the same network without
 *           a format (`ratio`: the model's processor time by the executor's). Topologies get
 *           seeded weights.
 */
#include "dovetail/compile.h"
#include "dovetail/formats.h"
#include "dovetail/sim.h"
#include "report.h"

#define MODELS "models/"
#define LENET MODELS "LupinLeo+LeNet-5-ZYNQ/deploy.prototxt"
#define GOOGLENET MODELS "BVLC+caffe/models/bvlc_googlenet/deploy.prototxt"
#define RESNET50 MODELS "KaimingHe+deep-residual-networks/prototxt/ResNet-50-deploy.prototxt"

typedef struct source {
    const char *name, *model, *overlay;
    double      target_s; /* NaN: none */
} source;

static const source sources[] = {
    {"LeNet, small-fp11", LENET, "small-fp11", NAN},
    {"LeNet, medium-fp16", LENET, "medium-fp16", NAN},
    {"GoogLeNet, small-fp11", GOOGLENET, "small-fp11", NAN},
    {"GoogLeNet, large-fp11", GOOGLENET, "large-fp11", NAN},
    {"ResNet-50, medium-fp11", RESNET50, "medium-fp11", 2},
    {"ResNet-50, large-fp11", RESNET50, "large-fp11", 2},
    {"ResNet-50, large-fp16", RESNET50, "large-fp16", 2},
    {"ResNet-50, large-int8", RESNET50, "large-int8", 2},
};

typedef struct job {
    dvt_ctx     *ctx;
    dvt_graph   *g;
    dvt_overlay  overlay;
    dvt_tensor   x;
    dvt_program *program;
    dvt_sim     *sim;
    dvt_exec    *exec;
} job;

static dvt_status simulate(void *ud)
{
    job *j = ud;
    return dvt_sim_run(j->sim, &j->x, 1);
}

static dvt_status execute(void *ud)
{
    job *j = ud;
    return dvt_exec_run(j->exec, &j->x, 1);
}

static dvt_status load(job *j, const source *s)
{
    char       path[1024];
    dvt_status st;

    report_data_path(path, sizeof path, s->model);
    st = dvt_model_load(j->ctx, path, &(dvt_import_opts){.batch = 1}, &j->g);
    if (!st) st = dvt_graph_seed_params(j->g, 1);
    if (!st) st = dvt_passes_run(j->g, dvt_graph_passes(), NULL);
    snprintf(path, sizeof path, "overlays/%s.json", s->overlay);
    if (!st) st = dvt_overlay_load(j->ctx, path, &j->overlay);
    if (st) return st;
    const dvt_value *v = dvt_graph_value(j->g, dvt_graph_input(j->g, 0));
    dvt_rng          rng = dvt_rng_make(1, 0);
    st = dvt_tensor_init(j->ctx, DVT_DTYPE_F32, &v->shape, &j->x);
    if (st) return st;
    for (int64_t k = 0; k < dvt_shape_count(&v->shape); k++)
        ((float *)j->x.data)[k] = 2 * dvt_rng_f32(&rng) - 1;
    return DVT_OK;
}

static dvt_status prepare(job *j, const source *s)
{
    dvt_compile_opts opts = {.overlay = &j->overlay};
    dvt_status       st = load(j, s);

    if (st) return st;
    if (j->overlay.format == DVT_FORMAT_INT8) {
        opts.samples = &j->x;
        opts.sample_count = 1;
    }
    st = dvt_compile(j->g, &opts, &j->program);
    if (!st) st = dvt_sim_create(j->program, &(dvt_sim_opts){.kind = DVT_SIM_FAST}, &j->sim);
    if (!st) st = dvt_exec_create(j->g, &(dvt_exec_opts){.kind = DVT_EXEC_FAST}, &j->exec);
    return st;
}

static dvt_status measure(job *j, const source *s, report *r)
{
    report_time     sim, exec;
    dvt_graph_stats stats;
    dvt_status      st = prepare(j, s);

    if (!st) st = report_measure(execute, j, 3, 0.2, &exec);
    if (!st) st = report_measure(simulate, j, 2, 1.0, &sim);
    if (st) return st;
    dvt_graph_stats_of(j->g, &stats);
    report_number(r, "image_s", sim.wall_s);
    report_number(r, "cpu_s", sim.cpu_s);
    report_number(r, "target_s", s->target_s);
    report_number(r, "gmac", 1e-9 * (double)stats.macs);
    report_number(r, "gmac_per_s", 1e-9 * (double)stats.macs / sim.cpu_s);
    report_number(r, "float_cpu_s", exec.cpu_s);
    report_number(r, "ratio", sim.cpu_s / exec.cpu_s);
    return DVT_OK;
}

static void release(job *j)
{
    dvt_exec_destroy(j->exec);
    dvt_sim_destroy(j->sim);
    dvt_program_destroy(j->program);
    if (j->x.data) dvt_tensor_deinit(j->ctx, &j->x);
    dvt_graph_destroy(j->g);
}

int main(int argc, char **argv)
{
    report   r;
    dvt_ctx *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = 1});
    if (!ctx) return 6;
    report_begin(&r, report_wants_json(argc, argv), "dovetail.bench_sim/1");
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        job        j = {.ctx = ctx};
        dvt_status st = measure(&j, &sources[i], &r);
        report_row(&r, sources[i].name, st ? dvt_ctx_error(ctx)->message : NULL);
        dvt_ctx_clear_error(ctx);
        release(&j);
    }
    report_end(&r);
    dvt_ctx_destroy(ctx);
    return 0;
}
