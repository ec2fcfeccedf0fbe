/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_import.c - time to read a model file into a graph.
 *
 * Usage     bench_import [--json]       from the repository's root
 * Prints    file_mib and the milliseconds of: reading the file's bytes alone (the limit), importing
 *           (wall and processor: graph built and checked), and the standing passes behind it. Files
 *           lie in the page cache.
 */
#include "dovetail/formats.h"
#include "report.h"

#define MODELS "models/"
#define RFB MODELS "Linzaer+Ultra-Light-Fast-Generic-Face-Detector-1MB/"

typedef struct source {
    const char *name, *model, *weights;
} source;

static const source sources[] = {
    {"LeNet (Caffe)", MODELS "LupinLeo+LeNet-5-ZYNQ/deploy.prototxt",
     MODELS "LupinLeo+LeNet-5-ZYNQ/lenet_iter_10000.caffemodel"},
    {"RFB-320 (Caffe)", RFB "caffe/model/RFB-320/RFB-320.prototxt",
     RFB "caffe/model/RFB-320/RFB-320.caffemodel"},
    {"RFB-320 (ONNX)", RFB "models/onnx/version-RFB-320.onnx", NULL},
    {"resnet20 (ONNX)", MODELS "Amandashi95+onnc/resnet20.onnx", NULL},
    {"SqueezeNet 1.1 f16 (ONNX)",
     MODELS "microsoft+Windows-Machine-Learning/SharedContent/models/SqueezeNet_fp16.onnx", NULL},
    {"ResNet-50 topology (ONNX)",
     MODELS "onnx+onnx/onnx/backend/test/data/light/light_resnet50.onnx", NULL},
    {"ResNet-101 (prototxt alone)",
     MODELS "KaimingHe+deep-residual-networks/prototxt/ResNet-101-deploy.prototxt", NULL},
    {"DenseNet-121 (prototxt alone)",
     MODELS "soeaver+caffe-model/cls/densenet/deploy_densenet121.prototxt", NULL},
};

typedef struct job {
    dvt_ctx    *ctx;
    const char *model, *weights;
    bool        passes;
    double      bytes;
} job;

static dvt_status read_bytes(void *ud)
{
    job        *j = ud;
    const char *files[] = {j->model, j->weights};

    j->bytes = 0;
    for (int i = 0; i < 2 && files[i]; i++) {
        dvt_blob   blob;
        dvt_status st = dvt_file_read(j->ctx, files[i], 0, &blob);
        if (st) return st;
        j->bytes += (double)blob.size;
        dvt_blob_deinit(j->ctx, &blob);
    }
    return DVT_OK;
}

static dvt_status import(void *ud)
{
    job       *j = ud;
    dvt_graph *g = NULL;
    dvt_status st = dvt_model_load(j->ctx, j->model,
                                   &(dvt_import_opts){.batch = 1, .weights = j->weights}, &g);
    if (!st && j->passes) st = dvt_passes_run(g, dvt_graph_passes(), NULL);
    dvt_graph_destroy(g);
    return st;
}

static dvt_status measure(job *j, report *r)
{
    report_time bytes, plain, passes;
    dvt_status  st = report_measure(read_bytes, j, 3, 0.2, &bytes);

    if (!st) st = report_measure(import, j, 3, 0.5, &plain);
    j->passes = true;
    if (!st) st = report_measure(import, j, 3, 0.5, &passes);
    if (st) return st;
    report_number(r, "file_mib", j->bytes / (1 << 20));
    report_number(r, "read_ms", 1e3 * bytes.wall_s);
    report_number(r, "import_ms", 1e3 * plain.wall_s);
    report_number(r, "import_cpu_ms", 1e3 * plain.cpu_s);
    report_number(r, "passes_cpu_ms", 1e3 * (passes.cpu_s - plain.cpu_s));
    return DVT_OK;
}

int main(int argc, char **argv)
{
    report   r;
    dvt_ctx *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = 1});
    if (!ctx) return 6;
    report_begin(&r, report_wants_json(argc, argv), "dovetail.bench_import/1");
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        char model[1024], weights[1024];
        job  j = {.ctx = ctx, .model = model};
        report_data_path(model, sizeof model, sources[i].model);
        if (sources[i].weights) {
            report_data_path(weights, sizeof weights, sources[i].weights);
            j.weights = weights;
        }
        dvt_status st = measure(&j, &r);
        report_row(&r, sources[i].name, st ? dvt_ctx_error(ctx)->message : NULL);
        dvt_ctx_clear_error(ctx);
    }
    report_end(&r);
    dvt_ctx_destroy(ctx);
    return 0;
}
