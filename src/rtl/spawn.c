/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spawn.c - runs a tool and waits for it; no shell in between, so no quoting.
 *
 * Tests     tests/unit/test_rtl_package.c
 */
#include "rtl/rtl_int.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOT_FOUND = 127 };

/* In the child: never returns. */
static void become(const char *const *argv, const char *dir, const char *log)
{
    int out;

    if (chdir(dir) != 0) {
        _exit(NOT_FOUND - 1);
    }
    out = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (out < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0) {
        _exit(NOT_FOUND - 1);
    }
    execvp(argv[0], (char *const *)(uintptr_t)argv);
    _exit(NOT_FOUND);
}

dvt_status dvti_spawn(dvt_ctx *ctx, const char *const *argv, const char *dir, const char *log,
                      int *code)
{
    pid_t child = fork();
    int   status = 0;

    *code = -1;
    if (child < 0) {
        return dvt_fail(ctx, DVT_E_IO, NULL, "cannot start '%s': %s", argv[0], strerror(errno));
    }
    if (child == 0) {
        become(argv, dir, log);
    }
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            return dvt_fail(ctx, DVT_E_IO, NULL, "lost '%s': %s", argv[0], strerror(errno));
        }
    }
    *code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (*code == NOT_FOUND) {
        dvt_status st = dvt_fail(ctx, DVT_E_UNSUPPORTED, NULL, "'%s' is not installed", argv[0]);
        dvt_fail_hint(ctx, "tools/setup.sh --all installs it");
        return st;
    }
    return DVT_OK;
}
