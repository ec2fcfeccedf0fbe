/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_compile.c - time to compile a network for an overlay, weights included.
 *
 * Usage     bench_compile [--json]      from the repository's root
 * Prints    milliseconds of dvt_compile (median; wall and processor), what is aimed at, the size of
 *           the filters and parameters it packs, and the time of copying that many bytes: below
 *           that nothing can be. Topologies get seeded weights.
 */
#include "dovetail/compile.h"
#include "dovetail/formats.h"
#include "report.h"

#define MODELS "models/"
#define GOOGLENET MODELS "BVLC+caffe/models/bvlc_googlenet/deploy.prototxt"
#define RESNET(n) MODELS "KaimingHe+deep-residual-networks/prototxt/ResNet-" n "-deploy.prototxt"

typedef struct source {
    const char *name, *model, *overlay;
    double      target_ms; /* NaN: none */
} source;

static const source sources[] = {
    {"LeNet, small-fp11", MODELS "LupinLeo+LeNet-5-ZYNQ/deploy.prototxt", "small-fp11", NAN},
    {"GoogLeNet, medium-fp11", GOOGLENET, "medium-fp11", 200},
    {"GoogLeNet, large-fp11", GOOGLENET, "large-fp11", 200},
    {"GoogLeNet, large-fp16", GOOGLENET, "large-fp16", 200},
    {"ResNet-50, large-fp11", RESNET("50"), "large-fp11", NAN},
    {"ResNet-101, large-fp11", RESNET("101"), "large-fp11", 1000},
};

typedef struct job {
    dvt_ctx    *ctx;
    dvt_graph  *g;
    dvt_overlay overlay;
    size_t      image_bytes;
    int64_t     words;
    void       *copy[2];
} job;

static dvt_status compile(void *ud)
{
    job              *j = ud;
    dvt_program      *p = NULL;
    dvt_compile_opts  opts = {.overlay = &j->overlay};
    dvt_status        st = dvt_compile(j->g, &opts, &p);

    if (!st) {
        j->image_bytes = p->image_bytes;
        j->words = p->word_count;
    }
    dvt_program_destroy(p);
    return st;
}

static dvt_status copy(void *ud)
{
    job *j = ud;
    memcpy(j->copy[1], j->copy[0], j->image_bytes);
    return DVT_OK;
}

static dvt_status load(job *j, const source *s)
{
    char       path[1024];
    dvt_status st;

    report_data_path(path, sizeof path, s->model);
    st = dvt_model_load(j->ctx, path, &(dvt_import_opts){.batch = 1}, &j->g);
    if (!st) st = dvt_graph_seed_params(j->g, 1);
    snprintf(path, sizeof path, "overlays/%s.json", s->overlay);
    if (!st) st = dvt_overlay_load(j->ctx, path, &j->overlay);
    return st;
}

static dvt_status measure(job *j, const source *s, report *r)
{
    report_time  time, limit;
    dvt_status   st = load(j, s);

    if (!st) st = report_measure(compile, j, 3, 1.0, &time);
    for (int i = 0; !st && i < 2; i++)
        if (!(j->copy[i] = dvt_calloc(j->ctx, j->image_bytes + 1, 1))) st = DVT_E_NOMEM;
    if (!st) st = report_measure(copy, j, 3, 0.1, &limit);
    if (st) return st;
    report_number(r, "compile_ms", 1e3 * time.wall_s);
    report_number(r, "cpu_ms", 1e3 * time.cpu_s);
    report_number(r, "target_ms", s->target_ms);
    report_number(r, "copy_ms", 1e3 * limit.wall_s);
    report_number(r, "image_mib", (double)j->image_bytes / (1 << 20));
    report_number(r, "words", (double)j->words);
    return DVT_OK;
}

int main(int argc, char **argv)
{
    report   r;
    dvt_ctx *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = 1});
    if (!ctx) return 6;
    report_begin(&r, report_wants_json(argc, argv), "dovetail.bench_compile/1");
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        job        j = {.ctx = ctx};
        dvt_status st = measure(&j, &sources[i], &r);
        report_row(&r, sources[i].name, st ? dvt_ctx_error(ctx)->message : NULL);
        dvt_ctx_clear_error(ctx);
        dvt_free(ctx, j.copy[0]);
        dvt_free(ctx, j.copy[1]);
        dvt_graph_destroy(j.g);
    }
    report_end(&r);
    dvt_ctx_destroy(ctx);
    return 0;
}
