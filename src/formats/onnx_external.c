/* SPDX-License-Identifier: Apache-2.0 */
/*
 * onnx_external.c - tensor data that stands in another file beside the model.
 *
 * Idea      A tensor with external data names a file relative to the model's folder, an offset and
 *           a length. A model comes from somewhere else, so the name is not trusted: it must be
 *           relative, must not climb, and after links are resolved must still lie in the folder.
 * Limits    keys location, offset, length and checksum (SHA-1 of the whole file, checked for every
 *           tensor that states it); an unknown key is refused.
 * Tests     tests/unit/test_onnx_tensor.c
 */
#define _XOPEN_SOURCE 700 /* realpath */

#include "formats/onnx_int.h"

#include <limits.h>
#include <sha1.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/types.h>

typedef struct range {
    const char *location, *checksum;
    uint64_t    offset, length;
    bool        has_length;
} range;

static dvt_status fail(dvt_ctx *ctx, const char *file, dvt_status status, const char *what,
                       const char *text, const char *detail)
{
    dvt_pos at = {.file = file};
    return dvt_fail(ctx, status, &at, "%s: %s '%s'", what, text, detail);
}

static dvt_status read_range(dvt_ctx *ctx, const char *file, const char *what,
                             const DvtOnnx__Tensor *p, range *r)
{
    *r = (range){0};
    for (size_t i = 0; i < p->n_external_data; i++) {
        const char *key = p->external_data[i]->key ? p->external_data[i]->key : "";
        const char *value = p->external_data[i]->value ? p->external_data[i]->value : "";
        bool        good = true;
        if (strcmp(key, "location") == 0) {
            r->location = value;
        } else if (strcmp(key, "offset") == 0) {
            good = dvt_parse_u64(value, &r->offset);
        } else if (strcmp(key, "length") == 0) {
            good = dvt_parse_u64(value, &r->length);
            r->has_length = true;
        } else if (strcmp(key, "checksum") == 0) {
            r->checksum = value;
        } else {
            return fail(ctx, file, DVT_E_UNSUPPORTED, what, "external data has the key", key);
        }
        if (!good || r->offset > INT64_MAX) {
            return fail(ctx, file, DVT_E_PARSE, what, "external data has the number", value);
        }
    }
    if (!r->location || !*r->location) {
        return fail(ctx, file, DVT_E_PARSE, what, "external data lacks", "location");
    }
    return DVT_OK;
}

static bool climbs(const char *path)
{
    const char *part = path;

    if (*path == '/' || strchr(path, '\\')) {
        return true;
    }
    for (;;) {
        size_t len = strcspn(part, "/");
        if (len == 2 && part[0] == '.' && part[1] == '.') {
            return true;
        }
        if (!part[len]) {
            return false;
        }
        part += len + 1;
    }
}

/* The resolved path, if it lies in the model's folder. Free with free(): realpath() made it. */
static dvt_status resolve(dvt_ctx *ctx, const char *file, const char *what, const char *location,
                          char **out)
{
    const char *slash = strrchr(file, '/');
    size_t      dir_len = slash ? (size_t)(slash - file) + 1 : 2;
    char        path[PATH_MAX];
    char       *dir = NULL;
    dvt_status  st = DVT_OK;

    *out = NULL;
    if (climbs(location)) {
        return fail(ctx, file, DVT_E_PARSE, what,
                    "external data outside of the model's folder:", location);
    }
    if (dir_len >= sizeof path || snprintf(path, sizeof path, "%.*s%s", (int)dir_len,
                                           slash ? file : "./", location) >= (int)sizeof path) {
        return fail(ctx, file, DVT_E_PARSE, what, "external data has too long a path:", location);
    }
    *out = realpath(path, NULL);
    if (!*out) {
        return fail(ctx, file, DVT_E_IO, what, "cannot open external data", path);
    }
    path[dir_len] = '\0';
    dir = realpath(path, NULL);
    size_t len = dir ? strlen(dir) : 0;
    if (!dir || strncmp(*out, dir, len) != 0 || (len > 1 && (*out)[len] != '/')) {
        st = fail(ctx, file, DVT_E_PARSE, what,
                  "external data outside of the model's folder:", location);
        free(*out); /* libc: realpath */
        *out = NULL;
    }
    free(dir); /* libc: realpath */
    return st;
}

static dvt_status check_sha1(dvt_ctx *ctx, const char *file, const char *what, const char *path,
                             const char *want)
{
    char hex[SHA1_DIGEST_STRING_LENGTH] = "";

    if (want && (!SHA1File(path, hex) || strcasecmp(hex, want) != 0)) {
        return fail(ctx, file, DVT_E_PARSE, what, "external data does not have the SHA-1", want);
    }
    return DVT_OK;
}

static dvt_status read_bytes(dvt_ctx *ctx, const char *file, const char *what, const char *path,
                             uint64_t offset, size_t bytes, dvt_blob *out)
{
    dvt_status st = DVT_OK;
    FILE      *f = fopen(path, "rb");

    if (!f) {
        return fail(ctx, file, DVT_E_IO, what, "cannot open external data", path);
    }
    off_t end = fseeko(f, 0, SEEK_END) == 0 ? ftello(f) : -1;
    if (end < 0) {
        st = fail(ctx, file, DVT_E_IO, what, "cannot read external data", path);
    } else if (offset > (uint64_t)end || bytes > (uint64_t)end - offset) {
        st = fail(ctx, file, DVT_E_PARSE, what, "external data ends early:", path);
    } else if (!(out->data = dvt_alloc(ctx, bytes ? bytes : 1))) {
        st = DVT_E_NOMEM;
    } else if (fseeko(f, (off_t)offset, SEEK_SET) != 0 || fread(out->data, 1, bytes, f) != bytes) {
        st = fail(ctx, file, DVT_E_IO, what, "cannot read external data", path);
    }
    out->size = st == DVT_OK ? bytes : 0;
    (void)fclose(f);
    return st;
}

dvt_status dvti_onnx_external(dvt_ctx *ctx, const char *file, const char *what,
                              const DvtOnnx__Tensor *p, size_t bytes, dvt_blob *out)
{
    dvt_pos    at = {.file = file};
    char      *path = NULL;
    range      r;
    dvt_status st = read_range(ctx, file, what, p, &r);

    *out = (dvt_blob){0};
    if (st == DVT_OK && r.has_length && r.length != bytes) {
        st = dvt_fail(ctx, DVT_E_PARSE, &at, "%s: %llu bytes of external data, its shape needs %zu",
                      what, (unsigned long long)r.length, bytes);
    }
    if (st == DVT_OK) {
        st = resolve(ctx, file, what, r.location, &path);
    }
    if (st == DVT_OK) {
        st = check_sha1(ctx, file, what, path, r.checksum);
    }
    if (st == DVT_OK) {
        st = read_bytes(ctx, file, what, path, r.offset, bytes, out);
    }
    free(path); /* libc: realpath */
    return st;
}
