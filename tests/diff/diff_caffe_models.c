/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff_caffe_models.c - every prototxt among the real models is read, or says precisely why not.
 *
 * Table      one line a file: multiply-accumulates at batch 1, or status, place and message. Sizes
 *            that a train form leaves out are given as (3,32,32).
 * Refusals   only solvers and files of other frameworks may be refused; a layer, field or shape
 *            that the reader does not understand fails the test.
 * Counts     multiply-accumulates of the four networks whose figures are published with the data.
 */
#define _XOPEN_SOURCE 700 /* nftw */

#include "support/test_data.h"

#include "dovetail/formats.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FILES_MAX = 1024 };

static char *files[FILES_MAX];
static int   file_count;

static int collect(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    size_t n = strlen(path);

    (void)info;
    (void)at;
    if (kind == FTW_F && n > 9 && strcmp(path + n - 9, ".prototxt") == 0 && file_count < FILES_MAX)
        files[file_count++] = strdup(path);
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool may_be_refused(const dvt_error *e)
{
    return e->status == DVT_E_UNSUPPORTED && e->line > 0 &&
           (strncmp(e->message, "this is a solver", 16) == 0 ||
            strncmp(e->message, "this is a TensorFlow", 20) == 0);
}

/* True if the file was read or may be refused; prints its line of the table. */
static bool read_file(const char *path, const char *shown, int64_t *read)
{
    dvt_ctx         *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = 1});
    dvt_import_opts  opts = {.batch = 1, .image_shape = DVT_SHAPE(3, 32, 32)};
    const dvt_error *e = dvt_ctx_error(ctx);
    dvt_graph       *g = NULL;
    bool             good = dvt_caffe_load(ctx, path, &opts, &g) == DVT_OK;

    if (good) {
        dvt_graph_stats s;
        dvt_graph_stats_of(g, &s);
        printf("# %-90s %9.4f G, %lld nodes\n", shown, (double)s.macs / 1e9, (long long)s.nodes);
        good = dvt_graph_verify(g) == DVT_OK;
        ++*read;
    } else {
        printf("# %-90s %s %u:%u %s\n", shown, dvt_status_name(e->status), (unsigned)e->line,
               (unsigned)e->column, e->message);
        good = may_be_refused(e);
    }
    dvt_graph_destroy(g);
    dvt_ctx_destroy(ctx);
    return good;
}

static void test_caffe_models__every_prototxt_is_read_or_says_why_not(void **state)
{
    (void)state;
    char    root[TEST_PATH_MAX];
    int64_t read = 0;
    int     bad = 0;

    test_data_require("models", root);
    assert_int_equal(nftw(root, collect, 16, FTW_PHYS), 0);
    qsort(files, (size_t)file_count, sizeof files[0], by_name);
    for (int i = 0; i < file_count; i++) {
        bad += !read_file(files[i], files[i] + strlen(root) + 1, &read);
        free(files[i]);
    }
    printf("# %d files, %lld read, %d refused without need\n", file_count, (long long)read, bad);
    assert_int_equal(bad, 0);
    assert_true(read > 0);
}

static void expect_macs(const char *file, double giga)
{
    dvt_ctx        *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = 1});
    dvt_import_opts opts = {.batch = 1};
    char            path[TEST_PATH_MAX], got[32], want[32];
    dvt_graph_stats s;
    dvt_graph      *g = NULL;

    test_data_require(file, path);
    assert_int_equal(dvt_caffe_load(ctx, path, &opts, &g), DVT_OK);
    dvt_graph_stats_of(g, &s);
    snprintf(got, sizeof got, "%.4f", (double)s.macs / 1e9);
    snprintf(want, sizeof want, "%.4f", giga);
    assert_string_equal(got, want);
    dvt_graph_destroy(g);
    dvt_ctx_destroy(ctx);
}

static void test_caffe_models__known_networks_have_their_published_macs(void **state)
{
    (void)state;
#define RESNET "models/KaimingHe+deep-residual-networks/prototxt/"
    expect_macs("models/BVLC+caffe/models/bvlc_googlenet/deploy.prototxt", 1.5827);
    expect_macs("models/BVLC+caffe/models/bvlc_alexnet/deploy.prototxt", 0.7244);
    expect_macs(RESNET "ResNet-50-deploy.prototxt", 3.8580);
    expect_macs(RESNET "ResNet-101-deploy.prototxt", 7.5702);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_caffe_models__every_prototxt_is_read_or_says_why_not),
        cmocka_unit_test(test_caffe_models__known_networks_have_their_published_macs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
