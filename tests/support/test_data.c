/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_data.c - finds test input, skips where there is none, and hands out temporary files.
 *
 * Idea      A skip must say why: cmocka's skip() carries no text, so the reason is printed first as
 *           a line "# skip: ..." that tests/run joins with the skipped case.
 * Threads   none: tests are single programs.
 */
#include "support/test_data.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char temp_folder[64]; /* "" until the first test_temp_path() */

static void join(const char *folder, const char *name, char out[TEST_PATH_MAX])
{
    int n = snprintf(out, TEST_PATH_MAX, "%s/%s", folder, name);

    if (n < 0 || n >= TEST_PATH_MAX) {
        fail_msg("path too long: %s/%s", folder, name);
    }
}

bool test_data_find(const char *relative, char out[TEST_PATH_MAX])
{
    const char *folder = getenv("DOVETAIL_TEST_DATA");
    struct stat info;

    join(folder && folder[0] ? folder : "../shared/data", relative, out);
    return stat(out, &info) == 0;
}

void test_data_require(const char *relative, char out[TEST_PATH_MAX])
{
    if (!test_data_find(relative, out)) {
        printf("# skip: missing %s\n", out);
        fflush(stdout);
        skip();
    }
}

void test_repo_path(const char *relative, char out[TEST_PATH_MAX])
{
    const char *root = getenv("DOVETAIL_ROOT");

    join(root && root[0] ? root : ".", relative, out);
}

static void remove_temp_folder(void)
{
    DIR *dir = opendir(temp_folder);
    struct dirent *entry;
    char path[TEST_PATH_MAX];

    while (dir && (entry = readdir(dir))) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            int n = snprintf(path, sizeof path, "%s/%s", temp_folder, entry->d_name);

            if (n > 0 && n < (int)sizeof path) {
                unlink(path);
            }
        }
    }
    if (dir) {
        closedir(dir);
    }
    rmdir(temp_folder);
}

void test_temp_path(const char *name, char out[TEST_PATH_MAX])
{
    if (!temp_folder[0]) {
        memcpy(temp_folder, "/tmp/dovetail-test-XXXXXX", sizeof "/tmp/dovetail-test-XXXXXX");
        if (!mkdtemp(temp_folder)) {
            fail_msg("cannot make a folder in /tmp");
        }
        atexit(remove_temp_folder);
    }
    join(temp_folder, name, out);
}
