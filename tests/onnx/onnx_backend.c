/* SPDX-License-Identifier: Apache-2.0 */
/*
 * onnx_backend.c - runs ONNX's own operator tests and prints what passed, by operator.
 *
 * Usage     onnx_backend [--json] [--verbose] [--only TEXT] FOLDER
 *           FOLDER holds one folder a test: model.onnx and test_data_set_N/{input,output}_K.pb. See
 *           run.sh for the archive. Exit status 0: nothing failed; 1: something failed; 2: usage.
 * Idea      A test passes when every output has the type, the shape and, within the tolerance of
 *           ONNX's own runner (|got - want| <= 1e-7 + 1e-3 |want|), the values of the file, in two
 *           ways: by the naive kernels on the graph as imported, and by the fast ones after all
 *           passes. It is unsupported when the import or the plan says so (E_UNSUPPORTED). All else
 *           is failed.
 * Operands  These tests give shapes, axes and bounds as run-time inputs. Where the import asks for
 *           a constant, the inputs behind the first (and, if that is not enough, all inputs) are
 *           given to it as values; the table counts those tests as passed and says how many they
 *           are.
 */
#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dovetail/formats.h"
#include "formats/onnx.pb-c.h"

#define ATOL 1e-7
#define RTOL 1e-3

enum { MAX_TENSORS = 64, PATH_SIZE = 1024, TEXT_SIZE = 640, MAX_TESTS = 8192 };

typedef enum verdict { PASSED, UNSUPPORTED, FAILED, VERDICTS } verdict;
static const char *const verdict_names[VERDICTS] = {"passed", "unsupported", "failed"};

typedef struct test {
    char    name[256], op[64], detail[TEXT_SIZE];
    verdict verdict;
    bool    bound; /* operands were given as constants */
    bool    core;  /* f32 throughout, one node */
    double  max_abs;
} test;

typedef struct tensors {
    dvt_tensor t[MAX_TENSORS];
    int32_t    count;
} tensors;

/* ---- one test's data ----------------------------------------------------------------------- */

static void free_tensors(dvt_ctx *ctx, tensors *all)
{
    for (int32_t i = 0; i < all->count; i++) {
        dvt_tensor_deinit(ctx, &all->t[i]);
    }
    all->count = 0;
}

static dvt_status read_tensors(dvt_ctx *ctx, const char *set, const char *role, tensors *out)
{
    char       path[PATH_SIZE];
    dvt_status st = DVT_OK;

    out->count = 0;
    while (st == DVT_OK && out->count < MAX_TENSORS) {
        (void)snprintf(path, sizeof path, "%s/%s_%d.pb", set, role, (int)out->count);
        if (!dvt_file_exists(path)) {
            break;
        }
        st = dvt_onnx_read_tensor(ctx, path, &out->t[out->count], NULL, 0);
        out->count += st == DVT_OK;
    }
    return st;
}

static DvtOnnx__Model *read_model(dvt_ctx *ctx, const char *path)
{
    dvt_blob        blob;
    DvtOnnx__Model *m = NULL;

    if (dvt_file_read(ctx, path, 0, &blob) == DVT_OK) {
        m = dvt_onnx__model__unpack(NULL, blob.size, blob.data);
        dvt_blob_deinit(ctx, &blob);
    }
    return m;
}

static void describe(const DvtOnnx__Model *m, const tensors *in, const tensors *out, test *t)
{
    bool single = m->graph && m->graph->n_node == 1 && m->graph->node[0]->op_type;

    (void)snprintf(t->op, sizeof t->op, "%.63s",
                   single ? m->graph->node[0]->op_type : "(several nodes)");
    t->core = single && in->count > 0 && out->count > 0;
    for (int32_t i = 0; i < in->count; i++) {
        t->core = t->core && in->t[i].dtype == DVT_DTYPE_F32;
    }
    for (int32_t i = 0; i < out->count; i++) {
        t->core = t->core && out->t[i].dtype == DVT_DTYPE_F32;
    }
}

/* ---- running ------------------------------------------------------------------------------- */

static void say(test *t, verdict v, const char *text)
{
    t->verdict = v;
    (void)snprintf(t->detail, sizeof t->detail, "%.600s", text);
}

static void say_error(dvt_ctx *ctx, test *t)
{
    const dvt_error *e = dvt_ctx_error(ctx);

    say(t, e->status == DVT_E_UNSUPPORTED ? UNSUPPORTED : FAILED, e->message);
    dvt_ctx_clear_error(ctx);
}

/* Imports with the shapes and values of the data. */
static dvt_status import_model(dvt_ctx *ctx, const char *path, const DvtOnnx__Model *m,
                               const tensors *in, dvt_graph **out)
{
    dvt_input_shape shapes[MAX_TENSORS];
    dvt_input_value values[MAX_TENSORS];
    int32_t         count = (int32_t)m->graph->n_input;
    dvt_import_opts opts = {.shapes = shapes, .values = values};

    count = count < in->count ? count : in->count;
    for (int32_t i = 0; i < count; i++) {
        const char *name = m->graph->input[i]->name;
        shapes[opts.shape_count++] = (dvt_input_shape){name, in->t[i].shape};
        values[opts.value_count++] = (dvt_input_value){name, in->t[i]};
    }
    return dvt_onnx_load(ctx, path, &opts, out);
}

/* The data of the inputs that the graph still has, in its order. */
static void free_inputs(const dvt_graph *g, const DvtOnnx__Model *m, const tensors *all,
                        tensors *out)
{
    out->count = 0;
    for (int32_t i = 0; i < dvt_graph_input_count(g); i++) {
        const char *name = dvt_graph_value(g, dvt_graph_input(g, i))->name;
        for (int32_t k = 0; k < all->count && (size_t)k < m->graph->n_input; k++) {
            if (strcmp(m->graph->input[k]->name, name) == 0) {
                out->t[out->count++] = all->t[k];
            }
        }
    }
}

static bool same_values(dvt_ctx *ctx, const dvt_tensor *got, const dvt_tensor *want,
                        const char *way, test *t)
{
    char     gs[DVT_SHAPE_TEXT], ws[DVT_SHAPE_TEXT], text[TEXT_SIZE];
    dvt_diff d;

    if (got->dtype != want->dtype || !dvt_shape_equal(&got->shape, &want->shape)) {
        (void)snprintf(text, sizeof text, "%s: %s%s, expected %s%s", way,
                       dvt_dtype_name(got->dtype), dvt_shape_text(&got->shape, gs),
                       dvt_dtype_name(want->dtype), dvt_shape_text(&want->shape, ws));
        say(t, FAILED, text);
        return false;
    }
    if (dvt_tensor_diff(ctx, got, want, ATOL, RTOL, &d) != DVT_OK) {
        say_error(ctx, t);
        return false;
    }
    t->max_abs = d.max_abs > t->max_abs ? d.max_abs : t->max_abs;
    if (d.mismatches == 0) {
        return true;
    }
    (void)snprintf(text, sizeof text,
                   "%s: %lld of %lld elements differ, by up to %g (%g, expected %g)", way,
                   (long long)d.mismatches, (long long)d.count, d.max_abs,
                   d.worst < 0 ? 0.0 : dvt_tensor_get_f64(got, d.worst),
                   d.worst < 0 ? 0.0 : dvt_tensor_get_f64(want, d.worst));
    say(t, FAILED, text);
    return false;
}

static void run_graph(dvt_ctx *ctx, const dvt_graph *g, dvt_exec_kind kind, const tensors *in,
                      const tensors *want, test *t)
{
    const char   *way = kind == DVT_EXEC_NAIVE ? "naive" : "fast after passes";
    dvt_exec_opts opts = {.kind = kind};
    dvt_exec     *x = NULL;
    dvt_status    st = dvt_exec_create(g, &opts, &x);

    if (st == DVT_OK) {
        st = dvt_exec_run(x, in->t, dvt_graph_input_count(g));
    }
    if (st == DVT_OK && dvt_graph_output_count(g) != want->count) {
        say(t, FAILED, "the number of outputs differs");
    }
    for (int32_t i = 0; st == DVT_OK && t->verdict == PASSED && i < want->count; i++) {
        dvt_tensor got;
        st = dvt_exec_tensor(x, dvt_graph_output(g, i), &got);
        if (st == DVT_OK && !same_values(ctx, &got, &want->t[i], way, t)) {
            break;
        }
    }
    if (st != DVT_OK) {
        say_error(ctx, t);
    }
    dvt_exec_destroy(x);
}

static void run_both(dvt_ctx *ctx, dvt_graph *g, const tensors *in, const tensors *want, test *t)
{
    dvt_passes_opts opts = {.verify_each = true};

    if (dvt_graph_verify(g) != DVT_OK) {
        say_error(ctx, t);
        return;
    }
    run_graph(ctx, g, DVT_EXEC_NAIVE, in, want, t);
    if (t->verdict != PASSED) {
        return;
    }
    if (dvt_passes_run(g, dvt_graph_passes(), &opts) != DVT_OK) {
        say_error(ctx, t);
        return;
    }
    run_graph(ctx, g, DVT_EXEC_FAST, in, want, t);
}

static void run_data_set(dvt_ctx *ctx, const char *model, const DvtOnnx__Model *m,
                         const tensors *in, const tensors *want, test *t)
{
    dvt_graph *g = NULL;
    tensors    left;

    if (import_model(ctx, model, m, in, &g) == DVT_OK) {
        free_inputs(g, m, in, &left);
        t->bound = left.count < in->count;
        run_both(ctx, g, &left, want, t);
    } else {
        say_error(ctx, t);
    }
    dvt_graph_destroy(g);
}

static void run_test(dvt_ctx *ctx, const char *folder, test *t)
{
    char            model[PATH_SIZE], set[PATH_SIZE];
    tensors         in = {.count = 0}, want = {.count = 0};
    dvt_graph      *g = NULL;
    DvtOnnx__Model *m;
    dvt_status      st;

    (void)snprintf(model, sizeof model, "%s/%s/model.onnx", folder, t->name);
    (void)snprintf(set, sizeof set, "%s/%s/test_data_set_0", folder, t->name);
    m = read_model(ctx, model);
    if (!m || !m->graph) {
        say(t, FAILED, "cannot read the model");
        goto done;
    }
    st = read_tensors(ctx, set, "input", &in);
    if (st == DVT_OK) {
        st = read_tensors(ctx, set, "output", &want);
    }
    dvt_ctx_clear_error(ctx);
    describe(m, &in, &want, t);
    if (st == DVT_OK) {
        run_data_set(ctx, model, m, &in, &want, t);
    } else if (dvt_onnx_load(ctx, model, NULL, &g) == DVT_E_UNSUPPORTED) {
        say_error(ctx, t); /* data that are no dense tensors belong to such models only */
    } else {
        say(t, FAILED, "cannot read the data");
        dvt_ctx_clear_error(ctx);
    }
done:
    dvt_graph_destroy(g);
    free_tensors(ctx, &in);
    free_tensors(ctx, &want);
    if (m) {
        dvt_onnx__model__free_unpacked(m, NULL);
    }
}

/* ---- reports ------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const test *)a)->name, ((const test *)b)->name);
}

static int by_op(const void *a, const void *b)
{
    int order = strcmp(((const test *)a)->op, ((const test *)b)->op);
    return order ? order : by_name(a, b);
}

typedef struct totals {
    int32_t n[VERDICTS], bound, core[VERDICTS];
    double  max_abs;
} totals;

static void add_to(totals *s, const test *t)
{
    s->n[t->verdict]++;
    s->bound += t->verdict == PASSED && t->bound;
    s->core[t->verdict] += t->core;
    if (t->verdict == PASSED && t->max_abs > s->max_abs) {
        s->max_abs = t->max_abs;
    }
}

static void print_row(const char *op, const totals *s)
{
    printf("%-28s %7d %12d %7d   %.3g\n", op, s->n[PASSED], s->n[UNSUPPORTED], s->n[FAILED],
           s->max_abs);
}

static void print_table(const test *tests, int32_t count, bool verbose, totals *all)
{
    printf("%-28s %7s %12s %7s   %s\n", "operator", "passed", "unsupported", "failed", "max error");
    for (int32_t i = 0; i < count;) {
        totals  s = {.bound = 0};
        int32_t from = i;
        for (; i < count && strcmp(tests[i].op, tests[from].op) == 0; i++) {
            add_to(&s, &tests[i]);
            add_to(all, &tests[i]);
        }
        print_row(tests[from].op, &s);
    }
    print_row("total", all);
    printf("f32 single-operator tests: %d passed, %d unsupported, %d failed\n", all->core[PASSED],
           all->core[UNSUPPORTED], all->core[FAILED]);
    printf("passed with operands given as constants: %d\n", all->bound);
    for (int32_t i = 0; i < count; i++) {
        if (tests[i].verdict == FAILED || (verbose && tests[i].verdict == UNSUPPORTED)) {
            printf("%s %s: %s\n", verdict_names[tests[i].verdict], tests[i].name, tests[i].detail);
        }
    }
}

static void print_json(const test *tests, int32_t count, totals *all)
{
    json_t *list = json_array(), *root;

    for (int32_t i = 0; i < count; i++) {
        const test *t = &tests[i];
        add_to(all, t);
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:b, s:b, s:f, s:s}", "name",
                                              t->name, "operator", t->op, "verdict",
                                              verdict_names[t->verdict], "constant_operands",
                                              (int)t->bound, "f32_core", (int)t->core,
                                              "max_abs_error", t->max_abs, "detail", t->detail));
    }
    root = json_pack("{s:s, s:i, s:i, s:i, s:i, s:f, s:o}", "schema", "dovetail.onnx-ops/1",
                     "passed", all->n[PASSED], "unsupported", all->n[UNSUPPORTED], "failed",
                     all->n[FAILED], "passed_with_constant_operands", all->bound, "max_abs_error",
                     all->max_abs, "tests", list);
    (void)json_dumpf(root, stdout, JSON_INDENT(1));
    printf("\n");
    json_decref(root);
}

static int32_t list_tests(const char *folder, const char *only, test *tests)
{
    DIR           *dir = opendir(folder);
    struct dirent *e;
    int32_t        count = 0;

    while (dir && (e = readdir(dir)) && count < MAX_TESTS) {
        if (strncmp(e->d_name, "test_", 5) == 0 && (!only || strstr(e->d_name, only))) {
            (void)snprintf(tests[count].name, sizeof tests[count].name, "%.255s", e->d_name);
            (void)snprintf(tests[count].op, sizeof tests[count].op, "(unreadable)");
            count++;
        }
    }
    if (dir) {
        (void)closedir(dir);
    }
    qsort(tests, (size_t)count, sizeof *tests, by_name);
    return count;
}

int main(int argc, char **argv)
{
    const char *folder = NULL, *only = NULL;
    bool        json = false, verbose = false;
    totals      all = {.bound = 0};

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            json = true;
        } else if (strcmp(argv[i], "--verbose") == 0) {
            verbose = true;
        } else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc) {
            only = argv[++i];
        } else {
            folder = argv[i];
        }
    }
    test   *tests = folder ? calloc(MAX_TESTS, sizeof *tests) : NULL;
    int32_t count = tests ? list_tests(folder, only, tests) : 0;
    if (count == 0) {
        fprintf(stderr, "usage: onnx_backend [--json] [--verbose] [--only TEXT] FOLDER\n");
        free(tests);
        return 2;
    }
    for (int32_t i = 0; i < count; i++) {
        dvt_ctx *ctx = dvt_ctx_create(NULL);
        run_test(ctx, folder, &tests[i]);
        dvt_ctx_destroy(ctx);
    }
    qsort(tests, (size_t)count, sizeof *tests, by_op);
    if (json) {
        print_json(tests, count, &all);
    } else {
        print_table(tests, count, verbose, &all);
    }
    free(tests);
    return all.n[FAILED] ? 1 : 0;
}
