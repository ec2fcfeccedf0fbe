/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_rtl.c - the simulated RTL: clock cycles a second on one thread, at growing arrays.
 *
 * Usage     bench_rtl [--json]          from the repository's root; builds with Verilator at first
 * Prints    for arrays of 256, 512 and 1,024 multiply-accumulates: cycles of one glyphs image,
 *           cycles a processor second, the aim where there is one (20,000 at 512), beside it the
 *           peer measured in the same run: the cycle model's cycles a second for the same program
 *           (`ratio`: the model's rate by the RTL's). Both count the same cycles.
 */
#include "dovetail/compile.h"
#include "dovetail/formats.h"
#include "dovetail/rtl.h"
#include "dovetail/sim.h"
#include "report.h"

typedef struct source {
    const char *name, *overlay;
    int32_t     k_vec; /* 0: the overlay's own */
    double      aim;   /* cycles a second; NaN: none */
} source;

static const source sources[] = {
    {"256 (small-fp11)", "small-fp11", 0, NAN},
    {"512 (small-fp11, k_vec 32)", "small-fp11", 32, 20000},
    {"1,024 (medium-fp11)", "medium-fp11", 0, NAN},
};

typedef struct job {
    dvt_ctx     *ctx;
    dvt_graph   *g;
    dvt_overlay  overlay;
    dvt_tensor   x;
    dvt_program *program;
    dvt_rtl     *rtl;
} job;

static dvt_status run_rtl(void *ud)
{
    job *j = ud;
    return dvt_rtl_run(j->rtl, &j->x, 1);
}

static dvt_status run_model(void *ud)
{
    job        *j = ud;
    dvt_profile f;
    dvt_status  st = dvt_profile_program(j->program, &f);

    dvt_profile_deinit(&f);
    return st;
}

static dvt_status prepare(job *j, const source *s)
{
    char       path[256];
    dvt_status st = dvt_model_load(j->ctx, "examples/models/glyphs/glyphs.onnx",
                                   &(dvt_import_opts){.batch = 1}, &j->g);

    snprintf(path, sizeof path, "overlays/%s.json", s->overlay);
    if (!st) st = dvt_overlay_load(j->ctx, path, &j->overlay);
    if (st) return st;
    if (s->k_vec) {
        j->overlay.k_vec = s->k_vec;
        snprintf(j->overlay.name, sizeof j->overlay.name, "%s-k%d", s->overlay, s->k_vec);
    }
    const dvt_value *v = dvt_graph_value(j->g, dvt_graph_input(j->g, 0));
    dvt_rng          rng = dvt_rng_make(1, 0);
    st = dvt_tensor_init(j->ctx, DVT_DTYPE_F32, &v->shape, &j->x);
    if (st) return st;
    for (int64_t k = 0; k < dvt_shape_count(&v->shape); k++)
        ((float *)j->x.data)[k] = dvt_rng_f32(&rng);
    st = dvt_compile(j->g, &(dvt_compile_opts){.overlay = &j->overlay}, &j->program);
    if (!st) {
        st = dvt_rtl_create(j->program, &(dvt_rtl_opts){.cache_dir = "build/rtl-cache"}, &j->rtl);
    }
    return st;
}

static dvt_status measure(job *j, const source *s, report *r)
{
    report_time rtl, model;
    dvt_profile f;
    dvt_status  st = prepare(j, s);

    if (!st) st = dvt_profile_program(j->program, &f);
    if (st) return st;
    double cycles = (double)f.cycles;
    dvt_profile_deinit(&f);
    st = report_measure(run_rtl, j, 3, 2.0, &rtl);
    if (!st) st = report_measure(run_model, j, 3, 0.5, &model);
    if (st) return st;
    report_number(r, "cycles", cycles);
    report_number(r, "cycles_per_s", cycles / rtl.cpu_s);
    report_number(r, "aim_per_s", s->aim);
    report_number(r, "model_per_s", cycles / model.cpu_s);
    report_number(r, "ratio", rtl.cpu_s / model.cpu_s);
    return DVT_OK;
}

int main(int argc, char **argv)
{
    report   r;
    dvt_ctx *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = 1});

    if (!ctx) return 6;
    report_begin(&r, report_wants_json(argc, argv), "dovetail.bench_rtl/1");
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        job        j = {.ctx = ctx};
        dvt_status st = measure(&j, &sources[i], &r);
        report_row(&r, sources[i].name, st ? dvt_ctx_error(ctx)->message : NULL);
        dvt_ctx_clear_error(ctx);
        dvt_rtl_destroy(j.rtl);
        dvt_program_destroy(j.program);
        if (j.x.data) dvt_tensor_deinit(ctx, &j.x);
        dvt_graph_destroy(j.g);
    }
    report_end(&r);
    dvt_ctx_destroy(ctx);
    return 0;
}
