/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prop_model_truncation.c - every real model file, cut short anywhere, is read or refused cleanly.
 *
 * Law       For each model file below $DOVETAIL_TEST_DATA/models and each cut position: loading the
 *           first bytes either succeeds (a prefix of a text can be a whole network) or fails with a
 *           status that blames the input, a message, and for E_PARSE a place; and afterwards the
 *           context holds no memory. Crashes and overruns are for the sanitizers to see.
 * Positions POSITIONS_QUICK spread evenly over each file, POSITIONS_LONG with DOVETAIL_LONG=1.
 */
#define _XOPEN_SOURCE 700 /* nftw */

#include "dovetail/formats.h"
#include "support/test_data.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { POSITIONS_QUICK = 4, POSITIONS_LONG = 200, FILES_MAX = 1024 };

static char *model_files[FILES_MAX];
static int model_count;
static int status_count[DVT_STATUS_COUNT];

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int collect(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    static const char *const suffixes[] = {".prototxt", ".caffemodel", ".onnx"};
    const char *dot = strrchr(path, '.');

    (void)info;
    (void)at;
    for (size_t i = 0; dot && kind == FTW_F && i < sizeof suffixes / sizeof suffixes[0]; i++) {
        if (strcmp(dot, suffixes[i]) == 0 && model_count < FILES_MAX) {
            model_files[model_count++] = strdup(path);
        }
    }
    return 0;
}

static bool blames_the_input(dvt_status status)
{
    return status != DVT_OK && status != DVT_E_INTERNAL && status != DVT_E_IO &&
           status != DVT_E_NOMEM && status != DVT_E_DB;
}

/* Loads the first `size` bytes of `path`, which lie in `temp`; false with a line of text if the law
 * does not hold. */
static bool cut_file_is_handled(const char *path, size_t size, const char *temp)
{
    dvt_ctx *ctx = dvt_ctx_create(NULL);
    size_t bytes_before = dvt_ctx_bytes_in_use(ctx);
    dvt_graph *graph = NULL;
    dvt_status status = dvt_model_load(ctx, temp, NULL, &graph);
    const dvt_error *error = dvt_ctx_error(ctx);
    const char *broken = NULL;

    status_count[status]++;
    if (status == DVT_OK) {
        dvt_graph_destroy(graph);
    } else if (graph) {
        broken = "a graph was returned beside an error";
    } else if (!blames_the_input(status)) {
        broken = "the status does not blame the input";
    } else if (error->status != status || !error->message[0]) {
        broken = "the error slot does not describe the failure";
    } else if (status == DVT_E_PARSE && !error->has_pos) {
        broken = "E_PARSE without a place";
    }
    if (!broken && dvt_ctx_bytes_in_use(ctx) != bytes_before) {
        broken = "memory is still held";
    }
    if (broken) {
        print_message("%s cut at %zu: %s (%s: %s)\n", path, size, broken, dvt_status_name(status),
                      error->message);
    }
    dvt_ctx_destroy(ctx);
    return !broken;
}

static int count_broken_cuts(const char *path, int positions)
{
    char temp[TEST_PATH_MAX];
    const char *name = strrchr(path, '/') + 1;
    dvt_ctx *ctx = dvt_ctx_create(NULL);
    dvt_blob file;
    int broken = 0;

    test_temp_path(name, temp);
    assert_int_equal(dvt_file_read(ctx, path, 0, &file), DVT_OK);
    for (int i = 0; i < positions; i++) {
        size_t size = file.size / (size_t)positions * (size_t)i + (size_t)i % 7;

        size = size < file.size ? size : file.size;
        assert_int_equal(dvt_file_write(ctx, temp, file.data, size), DVT_OK);
        broken += !cut_file_is_handled(path, size, temp);
    }
    remove(temp);
    dvt_blob_deinit(ctx, &file);
    dvt_ctx_destroy(ctx);
    return broken;
}

static void prop_models__cut_anywhere_are_read_or_refused(void **state)
{
    const char *long_run = getenv("DOVETAIL_LONG");
    int positions = long_run && long_run[0] ? POSITIONS_LONG : POSITIONS_QUICK;
    char folder[TEST_PATH_MAX];
    int broken = 0;

    (void)state;
    test_data_require("models", folder);
    assert_int_equal(nftw(folder, collect, 16, FTW_PHYS), 0);
    qsort(model_files, (size_t)model_count, sizeof model_files[0], compare_names);
    for (int i = 0; i < model_count; i++) {
        broken += count_broken_cuts(model_files[i], positions);
        free(model_files[i]);
    }
    print_message("%d files at %d positions each:", model_count, positions);
    for (int s = 0; s < DVT_STATUS_COUNT; s++) {
        if (status_count[s] > 0) {
            print_message(" %s %d", dvt_status_name((dvt_status)s), status_count[s]);
        }
    }
    print_message("\n");
    assert_int_equal(broken, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prop_models__cut_anywhere_are_read_or_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
