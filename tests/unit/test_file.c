/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_file.c - files are read whole and replaced whole; failures name path and reason.
 */
#include "dovetail/base.h"
#include "support/test_data.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static int setup(void **state)
{
    *state = dvt_ctx_create(NULL);
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    int leaked = dvt_ctx_bytes_in_use(*state) != 0;
    dvt_ctx_destroy(*state);
    return leaked;
}

static void expect_content(dvt_ctx *ctx, const char *path, const char *want)
{
    dvt_blob blob;
    assert_int_equal(dvt_file_read(ctx, path, 0, &blob), DVT_OK);
    assert_int_equal(blob.size, strlen(want));
    assert_string_equal((const char *)blob.data, want);
    dvt_blob_deinit(ctx, &blob);
    assert_null(blob.data);
}

/* Temporary files left in the folder of `path`. */
static int leftovers(const char *path)
{
    char dir[TEST_PATH_MAX];
    int  n = 0;

    snprintf(dir, sizeof dir, "%s", path);
    *strrchr(dir, '/') = '\0';
    DIR *d = opendir(dir);
    assert_non_null(d);
    for (struct dirent *e = readdir(d); e; e = readdir(d)) {
        n += strncmp(e->d_name, ".dovetail-", 10) == 0;
    }
    closedir(d);
    return n;
}

static void test_file__what_is_written_is_read(void **state)
{
    char path[TEST_PATH_MAX];
    test_temp_path("a.txt", path);
    assert_false(dvt_file_exists(path));
    assert_int_equal(dvt_file_write(*state, path, "hello", 5), DVT_OK);
    assert_true(dvt_file_exists(path));
    expect_content(*state, path, "hello");
    assert_int_equal(dvt_file_write(*state, path, NULL, 0), DVT_OK);
    expect_content(*state, path, "");
    assert_int_equal(leftovers(path), 0);
}

static void test_file__large_contents_survive(void **state)
{
    dvt_ctx *ctx = *state;
    char     path[TEST_PATH_MAX];
    size_t   n = 3000001;
    dvt_blob blob;
    dvt_rng  rng = dvt_rng_make(3, 0);
    uint8_t *data = dvt_alloc(ctx, n);

    assert_non_null(data);
    for (size_t i = 0; i < n; i++) {
        data[i] = (uint8_t)dvt_rng_u32(&rng);
    }
    test_temp_path("large.bin", path);
    assert_int_equal(dvt_file_write(ctx, path, data, n), DVT_OK);
    assert_int_equal(dvt_file_read(ctx, path, n, &blob), DVT_OK);
    assert_int_equal(blob.size, n);
    assert_memory_equal(blob.data, data, n);
    assert_int_equal(blob.data[n], 0);
    dvt_blob_deinit(ctx, &blob);
    dvt_free(ctx, data);
}

static void test_file__files_of_unknown_size_are_read_to_the_end(void **state)
{
    dvt_blob blob;
    assert_int_equal(dvt_file_read(*state, "/proc/self/status", 0, &blob), DVT_OK);
    assert_true(blob.size > 100);
    assert_int_equal(strlen((const char *)blob.data), blob.size);
    dvt_blob_deinit(*state, &blob);
    assert_int_equal(dvt_file_read(*state, "/dev/zero", 200000, &blob), DVT_E_CAPACITY);
    assert_null(blob.data);
}

static void test_file__a_missing_file_suggests_a_near_name(void **state)
{
    dvt_ctx *ctx = *state;
    char     path[TEST_PATH_MAX], wrong[TEST_PATH_MAX];
    dvt_blob blob;

    test_temp_path("lenet.prototxt", path);
    test_temp_path("lenet.protoxt", wrong);
    assert_int_equal(dvt_file_write(ctx, path, "x", 1), DVT_OK);
    assert_int_equal(dvt_file_read(ctx, wrong, 0, &blob), DVT_E_IO);
    const dvt_error *e = dvt_ctx_error(ctx);
    assert_non_null(strstr(e->message, wrong));
    assert_non_null(strstr(e->message, "No such file"));
    assert_string_equal(e->hint, "did you mean 'lenet.prototxt' in the same directory?");
    dvt_ctx_clear_error(ctx);

    assert_int_equal(dvt_file_read(ctx, "/no/such/dir/x", 0, &blob), DVT_E_IO);
    assert_string_equal(dvt_ctx_error(ctx)->hint, "its directory does not exist or cannot be read");
}

static void test_file__directories_are_refused_both_ways(void **state)
{
    dvt_ctx *ctx = *state;
    dvt_blob blob;

    assert_int_equal(dvt_file_read(ctx, "/tmp", 0, &blob), DVT_E_IO);
    assert_string_equal(dvt_ctx_error(ctx)->message, "cannot read '/tmp': it is a directory");
    dvt_ctx_clear_error(ctx);
    assert_int_equal(dvt_file_write(ctx, "/tmp", "x", 1), DVT_E_IO);
    assert_string_equal(dvt_ctx_error(ctx)->message, "cannot write '/tmp': it is a directory");
}

static void test_file__a_file_above_the_limit_is_refused(void **state)
{
    dvt_ctx *ctx = *state;
    char     path[TEST_PATH_MAX];
    dvt_blob blob;

    test_temp_path("ten.bin", path);
    assert_int_equal(dvt_file_write(ctx, path, "0123456789", 10), DVT_OK);
    assert_int_equal(dvt_file_read(ctx, path, 9, &blob), DVT_E_CAPACITY);
    assert_null(blob.data);
    assert_int_equal(dvt_ctx_bytes_in_use(ctx), 0);
    dvt_ctx_clear_error(ctx);
    assert_int_equal(dvt_file_read(ctx, path, 10, &blob), DVT_OK);
    dvt_blob_deinit(ctx, &blob);
}

static void test_file__a_full_disk_is_reported(void **state)
{
    assert_int_equal(dvt_file_write(*state, "/dev/full", "x", 1), DVT_E_IO);
    assert_string_equal(dvt_ctx_error(*state)->message,
                        "cannot write '/dev/full': No space left on device");
}

static void test_file__a_failed_write_leaves_the_old_file_and_no_other(void **state)
{
    dvt_ctx *ctx = *state;
    char     path[TEST_PATH_MAX], below[TEST_PATH_MAX + 8];

    test_temp_path("old.txt", path);
    assert_int_equal(dvt_file_write(ctx, path, "old", 3), DVT_OK);
    snprintf(below, sizeof below, "%s/x", path); /* a file is no directory */
    assert_int_equal(dvt_file_write(ctx, below, "new", 3), DVT_E_IO);
    expect_content(ctx, path, "old");
    assert_int_equal(leftovers(path), 0);
}

/* The limit on file sizes stops a write in the middle, as a disk that fills up does. */
static void test_file__a_write_stopped_in_the_middle_leaves_the_old_file(void **state)
{
    dvt_ctx      *ctx = *state;
    char          path[TEST_PATH_MAX], want[TEST_PATH_MAX + 64];
    struct rlimit old, tight;
    uint8_t      *data = dvt_calloc(ctx, 100000, 1);

    assert_non_null(data);
    test_temp_path("half.bin", path);
    assert_int_equal(dvt_file_write(ctx, path, "old", 3), DVT_OK);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    tight = (struct rlimit){.rlim_cur = 4096, .rlim_max = old.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    dvt_status st = dvt_file_write(ctx, path, data, 100000);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    dvt_free(ctx, data);

    assert_int_equal(st, DVT_E_IO);
    snprintf(want, sizeof want, "cannot write '%s': File too large", path);
    assert_string_equal(dvt_ctx_error(ctx)->message, want);
    expect_content(ctx, path, "old");
    assert_int_equal(leftovers(path), 0);
}

static void test_file__dash_reads_standard_input(void **state)
{
    char path[TEST_PATH_MAX];

    test_temp_path("stdin.txt", path);
    assert_int_equal(dvt_file_write(*state, path, "from stdin", 10), DVT_OK);
    int saved = dup(STDIN_FILENO), fd = open(path, O_RDONLY);
    assert_true(saved >= 0 && fd >= 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO);
    expect_content(*state, "-", "from stdin");
    assert_int_equal(dup2(saved, STDIN_FILENO), STDIN_FILENO);
    close(saved);
    close(fd);
}

static void test_file__links_are_followed_and_permissions_kept(void **state)
{
    dvt_ctx    *ctx = *state;
    char        path[TEST_PATH_MAX], link[TEST_PATH_MAX];
    struct stat info;

    test_temp_path("target.txt", path);
    test_temp_path("link.txt", link);
    assert_int_equal(dvt_file_write(ctx, path, "old", 3), DVT_OK);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(symlink(path, link), 0);
    assert_int_equal(dvt_file_write(ctx, link, "new", 3), DVT_OK);
    expect_content(ctx, path, "new");
    assert_int_equal(lstat(link, &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0640);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_file__what_is_written_is_read),
        TEST(test_file__large_contents_survive),
        TEST(test_file__files_of_unknown_size_are_read_to_the_end),
        TEST(test_file__a_missing_file_suggests_a_near_name),
        TEST(test_file__directories_are_refused_both_ways),
        TEST(test_file__a_file_above_the_limit_is_refused),
        TEST(test_file__a_full_disk_is_reported),
        TEST(test_file__a_failed_write_leaves_the_old_file_and_no_other),
        TEST(test_file__a_write_stopped_in_the_middle_leaves_the_old_file),
        TEST(test_file__dash_reads_standard_input),
        TEST(test_file__links_are_followed_and_permissions_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
