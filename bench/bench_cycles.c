/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_cycles.c - the cycle model: milliseconds a network, on one thread.
 *
 * Usage     bench_cycles [--json]          from the repository's root
 * Prints    processor milliseconds a profile (median), what is aimed at, cycles of the overlay that
 *           one microsecond of the processor covers, and the peer measured in the same run: the
 *           same model in its plain form, which steps through every cycle (`ratio`).
 */
#include "dovetail/compile.h"
#include "dovetail/formats.h"
#include "dovetail/sim.h"
#include "report.h"

#define MODELS "models/"
#define GOOGLENET MODELS "BVLC+caffe/models/bvlc_googlenet/deploy.prototxt"
#define RESNET101 MODELS "KaimingHe+deep-residual-networks/prototxt/ResNet-101-deploy.prototxt"

typedef struct source {
    const char *name, *model, *overlay;
    double      target_ms; /* NaN: none */
} source;

static const source sources[] = {
    {"GoogLeNet, medium-fp11", GOOGLENET, "medium-fp11", NAN},
    {"GoogLeNet, large-fp11", GOOGLENET, "large-fp11", 30},
    {"ResNet-101, large-fp11", RESNET101, "large-fp11", 100},
    {"ResNet-101, small-fp16", RESNET101, "small-fp16", NAN},
};

typedef struct job {
    dvt_ctx         *ctx;
    dvt_graph       *g;
    dvt_program     *program;
    dvt_profile_opts opts;
    int64_t          cycles;
} job;

static dvt_status profile(void *ud)
{
    job        *j = ud;
    dvt_profile p;
    dvt_status  st = dvt_profile_program_with(j->program, &j->opts, &p);

    j->cycles = p.cycles;
    dvt_profile_deinit(&p);
    return st;
}

static dvt_status prepare(job *j, const source *s)
{
    char        path[1024];
    dvt_overlay o;
    dvt_status  st;

    report_data_path(path, sizeof path, s->model);
    st = dvt_model_load(j->ctx, path, &(dvt_import_opts){.batch = 1}, &j->g);
    if (!st) st = dvt_graph_seed_params(j->g, 1);
    if (!st) st = dvt_passes_run(j->g, dvt_graph_passes(), NULL);
    snprintf(path, sizeof path, "overlays/%s.json", s->overlay);
    if (!st) st = dvt_overlay_load(j->ctx, path, &o);
    if (!st) st = dvt_compile(j->g, &(dvt_compile_opts){.overlay = &o}, &j->program);
    return st;
}

static dvt_status measure(job *j, const source *s, report *r)
{
    report_time quick, plain;
    dvt_status  st = prepare(j, s);
    int64_t     cycles;

    if (!st) st = report_measure(profile, j, 3, 0.5, &quick);
    cycles = j->cycles;
    j->opts.stepwise = true;
    if (!st) st = report_measure(profile, j, 3, 0.5, &plain);
    if (!st && cycles != j->cycles)
        st = dvt_fail(j->ctx, DVT_E_INTERNAL, NULL, "the two forms differ");
    if (st) return st;
    report_number(r, "cycles", (double)j->cycles);
    report_number(r, "cpu_ms", 1e3 * quick.cpu_s);
    report_number(r, "target_ms", s->target_ms);
    report_number(r, "cycles_per_us", 1e-6 * (double)j->cycles / quick.cpu_s);
    report_number(r, "plain_cpu_ms", 1e3 * plain.cpu_s);
    report_number(r, "ratio", quick.cpu_s / plain.cpu_s);
    return DVT_OK;
}

int main(int argc, char **argv)
{
    report   r;
    dvt_ctx *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = 1});
    if (!ctx) return 6;
    report_begin(&r, report_wants_json(argc, argv), "dovetail.bench_cycles/1");
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        job        j = {.ctx = ctx};
        dvt_status st = measure(&j, &sources[i], &r);
        report_row(&r, sources[i].name, st ? dvt_ctx_error(ctx)->message : NULL);
        dvt_ctx_clear_error(ctx);
        dvt_program_destroy(j.program);
        dvt_graph_destroy(j.g);
    }
    report_end(&r);
    dvt_ctx_destroy(ctx);
    return 0;
}
