/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spawn.c - runs a tool and waits for it; no shell in between, so no quoting.
 *
 * Tests     tests/unit/test_rtl_package.c
 */
#include "rtl/rtl_int.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ; /* handed on as it is */

static dvt_status not_started(dvt_ctx *ctx, const char *tool, int error)
{
    dvt_status st;

    if (error != ENOENT) {
        return dvt_fail(ctx, DVT_E_IO, NULL, "cannot start '%s': %s", tool, strerror(error));
    }
    st = dvt_fail(ctx, DVT_E_UNSUPPORTED, NULL, "'%s' is not installed", tool);
    dvt_fail_hint(ctx, "tools/setup.sh installs it");
    return st;
}

/* 0, or an errno. */
static int start(const char *const *argv, const char *log, pid_t *child)
{
    posix_spawn_file_actions_t actions;
    int                        error = posix_spawn_file_actions_init(&actions);

    if (error != 0) {
        return error;
    }
    error = posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log,
                                             O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (error == 0) {
        error = posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    }
    if (error == 0) {
        error =
            posix_spawnp(child, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ);
    }
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

dvt_status dvti_spawn(dvt_ctx *ctx, const char *const *argv, const char *log, int *code)
{
    pid_t child;
    int   status = 0, error = start(argv, log, &child);

    *code = -1;
    if (error != 0) {
        return not_started(ctx, argv[0], error);
    }
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            return dvt_fail(ctx, DVT_E_IO, NULL, "lost '%s': %s", argv[0], strerror(errno));
        }
    }
    *code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return DVT_OK;
}
