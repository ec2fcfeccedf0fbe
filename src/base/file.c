/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file.c - whole files in, whole files out.
 *
 * Idea       Reading grows a block until the end of the input, so that files, pipes and /proc
 *            entries need one path; the size reported by the system is only the first guess.
 *            Writing goes to a hidden temporary file in the directory of the target, which is
 *            synchronised and renamed: a reader sees the old file or the new one, and a full disk
 *            or a kill leaves the old one. A target that is no regular file (a pipe, /dev/stdout)
 *            cannot be replaced by renaming and is written in place.
 * Invariants (1) a failed write leaves no temporary file behind;
 *            (2) a link is followed: the file it names is replaced, not the link;
 *            (3) an existing file keeps its permissions.
 * Errors     DVT_E_IO with the system's reason and the path, DVT_E_CAPACITY above max_bytes.
 * Limits     paths up to PATH_MAX.
 * Tests      tests/unit/test_file.c
 */
#define _XOPEN_SOURCE 700 /* realpath */
#include "base/base_int.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const size_t DEFAULT_MAX_BYTES = (size_t)8 << 30;
enum {
    FIRST_READ_BYTES = 64 * 1024,
    STEP_MAX_BYTES = 1 << 30, /* Linux moves at most 2 GiB a call */
    TEMP_NAME_TRIES = 100,
    SUGGESTION_SCAN_MAX = 10000 /* directory entries looked at for "did you mean" */
};

static bool is_standard_stream(const char *path) { return strcmp(path, "-") == 0; }

static dvt_status fail_errno(dvt_ctx *ctx, const char *what, const char *path, int error)
{
    char reason[128];
    if (strerror_r(error, reason, sizeof reason) != 0) {
        dvti_format(reason, sizeof reason, "error %d", error);
    }
    return dvt_fail(ctx, DVT_E_IO, NULL, "cannot %s '%s': %s", what, path, reason);
}

/* ---- suggestions for a missing path -------------------------------------------------------- */

/* Splits "a/b" into directory "a" and name "b"; "b" into "." and "b". False if it is too long. */
static bool split_path(const char *path, char dir[PATH_MAX], const char **name)
{
    const char *slash = strrchr(path, '/');
    size_t      n = slash ? (size_t)(slash - path) : 1;

    if (n >= PATH_MAX) {
        return false;
    }
    memcpy(dir, slash ? path : ".", n);
    if (slash == path) {
        dir[n++] = '/';
    }
    dir[n] = '\0';
    *name = slash ? slash + 1 : path;
    return true;
}

static void hint_missing(dvt_ctx *ctx, const char *path)
{
    char           dir[PATH_MAX], best[NAME_MAX + 1] = "";
    const char    *name = NULL;
    int            best_distance = INT_MAX;
    struct dirent *entry = NULL;

    DIR *d = split_path(path, dir, &name) ? opendir(dir) : NULL;
    if (!d) {
        dvt_fail_hint(ctx, "its directory does not exist or cannot be read");
        return;
    }
    for (int i = 0; i < SUGGESTION_SCAN_MAX && (entry = readdir(d)) != NULL; i++) {
        int distance = dvti_edit_distance(name, entry->d_name);
        /* on a tie the smaller name wins, because the order of a directory is arbitrary */
        if (distance >= 0 && (distance < best_distance ||
                              (distance == best_distance && strcmp(entry->d_name, best) < 0))) {
            best_distance = distance;
            dvti_format(best, sizeof best, "%s", entry->d_name);
        }
    }
    closedir(d);
    if (best[0]) {
        dvt_fail_hint(ctx, "did you mean '%s' in the same directory?", best);
    } else {
        dvt_fail_hint(ctx, "the directory exists, but holds no file of a similar name");
    }
}

/* ---- reading ------------------------------------------------------------------------------- */

static dvt_status fail_too_large(dvt_ctx *ctx, const char *path, size_t max_bytes)
{
    dvt_status st = dvt_fail(ctx, DVT_E_CAPACITY, NULL,
                             "'%s' is larger than the limit of %zu bytes", path, max_bytes);
    dvt_fail_hint(ctx, "check that this is the right file for this argument");
    return st;
}

static dvt_status open_for_read(dvt_ctx *ctx, const char *path, int *fd, struct stat *info)
{
    *fd = is_standard_stream(path) ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (*fd < 0) {
        int        error = errno;
        dvt_status st = fail_errno(ctx, "open", path, error);
        if (error == ENOENT) {
            hint_missing(ctx, path);
        } else if (error == EACCES) {
            dvt_fail_hint(ctx, "check the permissions of the file and its directories");
        }
        return st;
    }
    if (fstat(*fd, info) != 0) {
        return fail_errno(ctx, "inspect", path, errno);
    }
    if (S_ISDIR(info->st_mode)) {
        dvt_status st = dvt_fail(ctx, DVT_E_IO, NULL, "cannot read '%s': it is a directory", path);
        dvt_fail_hint(ctx, "name a file inside it");
        return st;
    }
    return DVT_OK;
}

/* Reads to the end of `fd`, at most max_bytes; the block has room for a NUL behind the data. */
static dvt_status read_all(dvt_ctx *ctx, const char *path, int fd, size_t first_cap,
                           size_t max_bytes, dvt_blob *blob)
{
    size_t cap = first_cap < max_bytes ? first_cap : max_bytes;
    for (;;) {
        uint8_t *data = dvt_realloc(ctx, blob->data, cap + 1);
        if (!data) {
            return dvti_ctx_status(ctx);
        }
        blob->data = data;
        while (blob->size <= cap) { /* one byte more than cap tells "full" from "at the end" */
            size_t  want = cap + 1 - blob->size;
            ssize_t n = read(fd, data + blob->size, want < STEP_MAX_BYTES ? want : STEP_MAX_BYTES);
            if (n == 0) {
                data[blob->size] = '\0';
                return DVT_OK;
            }
            if (n < 0 && errno != EINTR) {
                return fail_errno(ctx, "read", path, errno);
            }
            blob->size += n > 0 ? (size_t)n : 0;
        }
        if (cap == max_bytes) {
            return fail_too_large(ctx, path, max_bytes);
        }
        cap = cap > max_bytes / 2 ? max_bytes : cap * 2 + 1;
    }
}

dvt_status dvt_file_read(dvt_ctx *ctx, const char *path, size_t max_bytes, dvt_blob *out)
{
    dvt_status  st = DVT_OK;
    int         fd = -1;
    struct stat info;
    dvt_blob    blob = {NULL, 0};
    size_t      first_cap = FIRST_READ_BYTES;

    *out = (dvt_blob){NULL, 0};
    if (max_bytes == 0) {
        max_bytes = DEFAULT_MAX_BYTES;
    }
    if ((st = open_for_read(ctx, path, &fd, &info)) != DVT_OK) {
        goto done;
    }
    if (S_ISREG(info.st_mode) && info.st_size > 0) {
        if ((uintmax_t)info.st_size > max_bytes) {
            st = fail_too_large(ctx, path, max_bytes);
            goto done;
        }
        first_cap = (size_t)info.st_size;
    }
    if ((st = read_all(ctx, path, fd, first_cap, max_bytes, &blob)) != DVT_OK) {
        goto done;
    }
    *out = blob;
    blob = (dvt_blob){NULL, 0};
done:
    dvt_blob_deinit(ctx, &blob);
    if (fd > STDIN_FILENO || (fd == STDIN_FILENO && !is_standard_stream(path))) {
        close(fd);
    }
    return st;
}

void dvt_blob_deinit(dvt_ctx *ctx, dvt_blob *blob)
{
    dvt_free(ctx, blob->data);
    *blob = (dvt_blob){NULL, 0};
}

/* ---- writing ------------------------------------------------------------------------------- */

static bool write_all(int fd, const void *data, size_t size)
{
    const uint8_t *p = data;
    while (size > 0) {
        ssize_t n = write(fd, p, size < STEP_MAX_BYTES ? size : STEP_MAX_BYTES);
        if (n < 0 && errno != EINTR) {
            return false;
        }
        if (n > 0) {
            p += n;
            size -= (size_t)n;
        }
    }
    return true;
}

static dvt_status write_in_place(dvt_ctx *ctx, const char *path, const void *data, size_t size)
{
    bool standard = is_standard_stream(path);
    int  fd = standard ? STDOUT_FILENO : open(path, O_WRONLY | O_CLOEXEC);
    int  error = 0;

    if (fd < 0) {
        return fail_errno(ctx, "open", path, errno);
    }
    if (!write_all(fd, data, size)) {
        error = errno;
    }
    if (!standard && close(fd) != 0 && error == 0) {
        error = errno;
    }
    return error == 0 ? DVT_OK
                      : fail_errno(ctx, "write", standard ? "standard output" : path, error);
}

/* A new file in `dir`; its name is left in `temp`. Returns the descriptor, or -1 with errno. */
static int create_temp(const char *dir, char temp[PATH_MAX])
{
    for (int i = 0; i < TEMP_NAME_TRIES; i++) {
        int n = snprintf(temp, PATH_MAX, "%s/.dovetail-%ld-%d.tmp", dir, (long)getpid(), i);
        if (n < 0 || n >= PATH_MAX) {
            temp[0] = '\0';
            errno = ENAMETOOLONG;
            return -1;
        }
        int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST) {
            if (fd < 0) {
                temp[0] = '\0';
            }
            return fd;
        }
    }
    temp[0] = '\0';
    return -1;
}

/* After a rename the directory entry itself must reach the disk; some file systems refuse to
 * synchronise directories, which costs durability only, so the result is not looked at. */
static void sync_directory(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
}

static dvt_status write_and_rename(dvt_ctx *ctx, const char *path, const struct stat *old,
                                   const void *data, size_t size)
{
    dvt_status  st = DVT_OK;
    int         fd = -1;
    char        dir[PATH_MAX], temp[PATH_MAX] = "";
    const char *name = NULL;

    if (!split_path(path, dir, &name)) {
        st = fail_errno(ctx, "write", path, ENAMETOOLONG);
        goto done;
    }
    if ((fd = create_temp(dir, temp)) < 0) {
        st = fail_errno(ctx, "create a file for", path, errno);
        dvt_fail_hint(ctx, "check that the directory '%s' exists and can be written", dir);
        goto done;
    }
    if ((old && fchmod(fd, old->st_mode & 07777) != 0) || !write_all(fd, data, size) ||
        fsync(fd) != 0) {
        st = fail_errno(ctx, "write", path, errno);
        goto done;
    }
    int closed = close(fd);
    fd = -1;
    if (closed != 0 || rename(temp, path) != 0) {
        st = fail_errno(ctx, "write", path, errno);
        goto done;
    }
    temp[0] = '\0';
    sync_directory(dir);
done:
    if (fd >= 0) {
        close(fd);
    }
    if (temp[0]) {
        unlink(temp);
    }
    return st;
}

dvt_status dvt_file_write(dvt_ctx *ctx, const char *path, const void *data, size_t size)
{
    struct stat old;
    char        target[PATH_MAX];

    if (is_standard_stream(path)) {
        return write_in_place(ctx, path, data, size);
    }
    if (stat(path, &old) != 0) {
        if (errno != ENOENT) {
            return fail_errno(ctx, "write", path, errno);
        }
        return write_and_rename(ctx, path, NULL, data, size);
    }
    if (S_ISDIR(old.st_mode)) {
        dvt_status st = dvt_fail(ctx, DVT_E_IO, NULL, "cannot write '%s': it is a directory", path);
        dvt_fail_hint(ctx, "name a file inside it");
        return st;
    }
    if (!S_ISREG(old.st_mode)) {
        return write_in_place(ctx, path, data, size);
    }
    if (!realpath(path, target)) {
        return fail_errno(ctx, "write", path, errno);
    }
    return write_and_rename(ctx, target, &old, data, size);
}

bool dvt_file_exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0;
}
