/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault_tables.c - importing tables survives every refused allocation; a full disk and a kill at
 * any moment leave the old cache, the new one, or none, and nothing else.
 */
#define _DEFAULT_SOURCE

#include "dovetail/table.h"
#include "fault/fault.h"
#include "support/nb101_records.h"
#include "support/test_data.h"

#include <libgen.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct import_case {
    dvt_benchmark kind;
    char          file[TEST_PATH_MAX], cache[TEST_PATH_MAX];
} import_case;

static dvt_status import_and_open(dvt_ctx *ctx, void *ud)
{
    const import_case *c = ud;
    dvt_table         *t;
    int64_t            row;
    dvt_status         st = dvt_table_import(ctx, c->kind, c->file, c->cache, NULL);

    if (st == DVT_OK) {
        st = dvt_table_cached(ctx, c->kind, c->file, c->cache, &t, NULL);
        if (st == DVT_OK && dvt_table_find(ctx, t, "no such key", &row) != DVT_E_NOMEM) {
            dvt_ctx_clear_error(ctx);
        }
        dvt_table_close(t);
    }
    return st;
}

static void sweep(dvt_benchmark kind, const char *name, const void *bytes, size_t size)
{
    import_case c = {.kind = kind};
    FILE       *file;

    test_temp_path(name, c.file);
    test_temp_path("swept.cache", c.cache);
    file = fopen(c.file, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    assert_true(fault_sweep(import_and_open, &c) > 20);
}

static void fault_tables__importing_csv_and_pickles_survives(void **state)
{
    static const char csv[] = "index,one,two\n0,1.5,2\n7,,0.3333333333333333\n";
    static const char pickle[] =
        "(dp0\n(I0\nI0\nI0\nI2\nI2\nI4\ntp1\nF0.5\ns(I1\nI1\nI1\nI1\nI1\nI1\ntp2\nI2\ns.";

    (void)state;
    sweep(DVT_BENCHMARK_HELP, "swept.csv", csv, sizeof csv - 1);
    sweep(DVT_BENCHMARK_LATBENCH, "swept.pickle", pickle, sizeof pickle - 1);
}

static void fault_tables__importing_records_survives(void **state)
{
    const dvt_nb101_cell chain = {.vertices = 3, .adj_bits = 5};
    dvt_ctx             *ctx = dvt_ctx_create(NULL);
    dvt_buf              file;

    (void)state;
    dvt_buf_init(&file, ctx, 0);
    for (int repeat = 1; repeat <= 3; repeat++) {
        const record_case c = record_make(&chain, 108, repeat);
        record_append(&c, &file);
    }
    sweep(DVT_BENCHMARK_NASBENCH101, "swept.tfrecord", file.data, file.len);
    dvt_buf_deinit(&file);
    dvt_ctx_destroy(ctx);
}

/* Files whose names start with a dot: what a writer may have left. */
static int leftovers(const char *beside)
{
    char           path[TEST_PATH_MAX];
    DIR           *dir;
    struct dirent *d;
    int            count = 0;

    snprintf(path, sizeof path, "%s", beside);
    dir = opendir(dirname(path));
    assert_non_null(dir);
    while ((d = readdir(dir)) != NULL) {
        count += strncmp(d->d_name, ".dovetail", 9) == 0;
    }
    closedir(dir);
    return count;
}

static dvt_status import_made_up(dvt_ctx *ctx, const char *cache)
{
    return dvt_table_import(ctx, DVT_BENCHMARK_NASBENCH101, "examples/tables/made_up.csv", cache,
                            NULL);
}

static void fault_tables__a_full_disk_leaves_the_old_cache(void **state)
{
    char          cache[TEST_PATH_MAX];
    dvt_ctx      *ctx = dvt_ctx_create(NULL);
    struct rlimit old, small;
    dvt_table    *t;
    void (*old_handler)(int) = signal(SIGXFSZ, SIG_IGN);

    (void)state;
    test_temp_path("full.cache", cache);
    assert_int_equal(import_made_up(ctx, cache), DVT_OK);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 1000; /* less than the cache has: writing fails as on a full disk */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    const dvt_status st = import_made_up(ctx, cache);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(st, DVT_E_IO);
    assert_int_equal(leftovers(cache), 0);
    dvt_ctx_clear_error(ctx);
    assert_int_equal(dvt_table_open(ctx, cache, &t), DVT_OK);
    assert_int_equal(dvt_table_rows(t), 10);
    dvt_table_close(t);
    signal(SIGXFSZ, old_handler);
    dvt_ctx_destroy(ctx);
}

/* Imports again and again, until it is killed. */
static void import_for_ever(const char *cache)
{
    dvt_ctx *ctx = dvt_ctx_create(NULL);

    while (import_made_up(ctx, cache) == DVT_OK) {
    }
    _exit(1);
}

static void fault_tables__a_kill_at_any_moment_leaves_a_whole_cache_or_none(void **state)
{
    enum { KILLS = 40 };
    char       cache[TEST_PATH_MAX];
    dvt_ctx   *ctx = dvt_ctx_create(NULL);
    dvt_table *t;
    int        whole = 0;

    (void)state;
    test_temp_path("killed.cache", cache);
    for (int i = 0; i < KILLS; i++) {
        const pid_t child = fork();
        if (child == 0) {
            import_for_ever(cache);
        }
        assert_true(child > 0);
        usleep((useconds_t)(500 + 733 * i));
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, NULL, 0), child);
        if (dvt_file_exists(cache)) {
            assert_int_equal(dvt_table_open(ctx, cache, &t), DVT_OK);
            assert_int_equal(dvt_table_rows(t), 10);
            dvt_table_close(t);
            whole++;
        }
    }
    assert_true(whole > 0);
    assert_int_equal(import_made_up(ctx, cache), DVT_OK); /* leftovers stand in nobody's way */
    dvt_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fault_tables__importing_csv_and_pickles_survives),
        cmocka_unit_test(fault_tables__importing_records_survives),
        cmocka_unit_test(fault_tables__a_full_disk_leaves_the_old_cache),
        cmocka_unit_test(fault_tables__a_kill_at_any_moment_leaves_a_whole_cache_or_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
