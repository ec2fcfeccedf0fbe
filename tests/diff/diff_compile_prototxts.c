/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff_compile_prototxts.c - every prototxt among the real models compiles for large-fp11 with
 * seeded weights, or is refused in words.
 *
 * Table     one line a file: its long words, or status and message. Sizes that a train form leaves
 *           out are given as (3,32,32).
 */
#define _XOPEN_SOURCE 700 /* nftw */

#include "dovetail/compile.h"
#include "dovetail/formats.h"
#include "support/fixture.h"
#include "support/test_data.h"

#include <ftw.h>
#include <stdlib.h>

enum { FILES_MAX = 1024 };

static char *files[FILES_MAX];
static int   file_count;

static int collect(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    size_t n = strlen(path);

    (void)info;
    (void)at;
    if (kind == FTW_F && n > 9 && strcmp(path + n - 9, ".prototxt") == 0 &&
        file_count < FILES_MAX) {
        files[file_count++] = strdup(path);
    }
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Seeding and packing hundreds of millions of weights takes minutes under sanitizers. */
static bool too_large(const dvt_graph *g)
{
    dvt_graph_stats s;

    dvt_graph_stats_of(g, &s);
    return s.parameters > 15000000 && !getenv("DOVETAIL_LONG");
}

/* True if it compiled or says why not; prints its line of the table. */
static bool compile_file(const char *path, const char *shown, const dvt_overlay *o, int *compiled)
{
    dvt_ctx         *ctx = dvt_ctx_create(NULL);
    dvt_import_opts  opts = {.batch = 1, .image_shape = DVT_SHAPE(3, 32, 32)};
    const dvt_error *e = dvt_ctx_error(ctx);
    dvt_graph       *g = NULL;
    dvt_program     *p = NULL;
    dvt_status       st = dvt_caffe_load(ctx, path, &opts, &g);

    if (st == DVT_OK && too_large(g)) {
        print_message("# %-90s read; compiled in the long run only\n", shown);
        dvt_graph_destroy(g);
        dvt_ctx_destroy(ctx);
        return true;
    }
    if (st == DVT_OK) {
        st = dvt_graph_seed_params(g, 1);
    }
    if (st == DVT_OK) {
        st = dvt_compile(g, &(dvt_compile_opts){.overlay = o}, &p);
    }
    if (st == DVT_OK) {
        print_message("# %-90s %4d words\n", shown, p->word_count);
        ++*compiled;
    } else {
        print_message("# %-90s %s %s\n", shown, dvt_status_name(st), e->message);
    }
    const bool said = e->message[0] != '\0'; /* the error goes with its context */
    dvt_program_destroy(p);
    dvt_graph_destroy(g);
    dvt_ctx_destroy(ctx);
    return st == DVT_OK || (st == DVT_E_UNSUPPORTED && said);
}

static void test_compile_prototxts__every_prototxt_compiles_or_says_why_not(void **state)
{
    (void)state;
    char        root[TEST_PATH_MAX], path[TEST_PATH_MAX];
    int         bad = 0, compiled = 0;
    dvt_ctx    *ctx = dvt_ctx_create(NULL);
    dvt_overlay o;

    test_repo_path("overlays/large-fp11.json", path);
    expect_ok(ctx, dvt_overlay_load(ctx, path, &o));
    dvt_ctx_destroy(ctx);
    test_data_require("models", root);
    assert_int_equal(nftw(root, collect, 16, FTW_PHYS), 0);
    qsort(files, (size_t)file_count, sizeof files[0], by_name);
    for (int i = 0; i < file_count; i++) {
        bad += !compile_file(files[i], files[i] + strlen(root) + 1, &o, &compiled);
        free(files[i]);
    }
    print_message("# %d files, %d compiled, %d refused without words\n", file_count, compiled, bad);
    assert_int_equal(bad, 0);
    assert_true(compiled > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compile_prototxts__every_prototxt_compiles_or_says_why_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
