/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tar.c - an index over a tar archive in memory.
 *
 * Layout     (POSIX pax / ustar) blocks of 512 bytes; a header block, then the content rounded up
 *            to whole blocks; a block of zeros ends the archive.
 *
 *              offset bytes field              offset bytes field
 *                   0   100 name                  156     1 type
 *                 124    12 size                  157   100 link target
 *                 148     8 header sum            345   155 name prefix (ustar)
 *
 *            Numbers are octal text, or binary with the top bit of the first byte set (GNU).
 *            A header of type 'x' (pax) or 'L', 'K' (GNU) holds the name, link or size of the next.
 * Idea       One walk; what such headers say is kept in `pending` until the header it belongs to.
 * Limits     pax keys that change what bytes a file holds (GNU.sparse.*) are refused, and so are
 *            global pax headers with a path or size; other keys (times, owners) do not matter here.
 * Tests      tests/unit/test_tar.c, tests/fuzz/fuzz_tar.c
 */
#include "formats/tar.h"
#include "base/vec.h"
#include "formats/inflate.h"

#include <string.h>

enum { BLOCK = 512, NAME_BYTES = 100, PREFIX_BYTES = 155 };

typedef struct reader {
    dvti_tar      *tar;
    const char    *file;
    const uint8_t *data;
    size_t         size, at;      /* at: of the current header */
    const char    *name, *link;   /* pending, from 'x', 'L', 'K'; NULL = none */
    uint64_t       content_bytes; /* pending, from 'x' */
    bool           has_content_bytes;
} reader;

static dvt_pos here(const reader *r) { return (dvt_pos){.file = r->file, .offset = r->at}; }

static dvt_status fail_here(reader *r, dvt_status status, const char *what, const char *subject)
{
    const dvt_pos at = here(r);
    return dvt_fail(r->tar->ctx, status, &at, "%s '%.200s'", what, subject);
}

/* ---- header fields ------------------------------------------------------------------------- */

/* Octal text, blanks or NUL around it; or GNU's big-endian binary. */
static bool get_number(const uint8_t *p, size_t n, uint64_t *out)
{
    uint64_t v = 0;
    size_t   i = 0;

    if (p[0] & 0x80) { /* the other bits of byte 0 are the sign: negative and huge are refused */
        for (i = 1; i < n && v >> 56 == 0; i++) {
            v = v << 8 | p[i];
        }
        *out = v;
        return p[0] == 0x80 && i == n;
    }
    while (i < n && p[i] == ' ') {
        i++;
    }
    for (; i < n && p[i] >= '0' && p[i] <= '7'; i++) {
        if (v >> 61) {
            return false;
        }
        v = v << 3 | (uint64_t)(p[i] - '0');
    }
    *out = v;
    while (i < n && (p[i] == ' ' || p[i] == '\0')) {
        i++;
    }
    return i == n;
}

/* The header's bytes summed with the field of the sum taken as blanks. */
static bool sum_agrees(const uint8_t *h)
{
    uint64_t want, sum = 0;

    for (int i = 0; i < BLOCK; i++) {
        sum += i >= 148 && i < 156 ? ' ' : h[i];
    }
    return get_number(h + 148, 8, &want) && want == sum;
}

static size_t text_length(const uint8_t *p, size_t max)
{
    const uint8_t *nul = memchr(p, 0, max);
    return nul ? (size_t)(nul - p) : max;
}

static const char *strip_dot(const char *name)
{
    while (name[0] == '.' && name[1] == '/') {
        name += 2;
    }
    return name;
}

/* The name of this header: pending, or prefix/name. NULL raises. */
static const char *header_name(reader *r, const uint8_t *h)
{
    dvt_arena   *names = r->tar->names;
    const size_t n = text_length(h, NAME_BYTES), p = text_length(h + 345, PREFIX_BYTES);
    const bool   ustar = memcmp(h + 257, "ustar", 6) == 0; /* with NUL: POSIX, not old GNU */

    if (r->name) {
        return r->name;
    }
    if (ustar && p > 0) {
        return dvt_arena_printf(names, "%.*s/%.*s", (int)p, (const char *)h + 345, (int)n,
                                (const char *)h);
    }
    return dvt_arena_strndup(names, (const char *)h, n);
}

/* ---- headers about the next header --------------------------------------------------------- */

static dvt_status keep_text(reader *r, const uint8_t *text, size_t n, const char **out)
{
    n = text_length(text, n);
    if (n == 0 || n > DVTI_TAR_MAX_NAME) {
        return fail_here(r, DVT_E_PARSE, "the archive holds a name that is empty or too long in",
                         r->file);
    }
    *out = dvt_arena_strndup(r->tar->names, (const char *)text, n);
    return *out ? DVT_OK : DVT_E_NOMEM;
}

static bool key_is(const uint8_t *key, size_t n, const char *want)
{
    return n == strlen(want) && memcmp(key, want, n) == 0;
}

/* One "key=value" of a pax header. */
static dvt_status pax_item(reader *r, const uint8_t *key, size_t key_bytes, const uint8_t *value,
                           size_t value_bytes, bool global)
{
    static const char SPARSE[] = "GNU.sparse.";
    char              digits[24];
    const bool        path = key_is(key, key_bytes, "path"), size = key_is(key, key_bytes, "size"),
               link = key_is(key, key_bytes, "linkpath");

    if ((path || size || link) && global) {
        return fail_here(r, DVT_E_UNSUPPORTED, "a global pax header sets a name or size in",
                         r->file);
    }
    if (key_bytes >= sizeof SPARSE - 1 && memcmp(key, SPARSE, sizeof SPARSE - 1) == 0) {
        return fail_here(r, DVT_E_UNSUPPORTED, "sparse files are not read: archive", r->file);
    }
    if (path || link) {
        return keep_text(r, value, value_bytes, path ? &r->name : &r->link);
    }
    if (size) {
        const size_t n = value_bytes < sizeof digits - 1 ? value_bytes : sizeof digits - 1;
        memcpy(digits, value, n);
        digits[n] = '\0';
        if (n != value_bytes || !dvt_parse_u64(digits, &r->content_bytes)) {
            return fail_here(r, DVT_E_PARSE, "a pax header holds the size", digits);
        }
        r->has_content_bytes = true;
    }
    return DVT_OK;
}

/* Records "LENGTH key=value\n", LENGTH in decimal and counting the whole record. */
static dvt_status read_pax(reader *r, const uint8_t *p, size_t size, bool global)
{
    const uint8_t *end = p + size;

    while (p < end) {
        size_t         length = 0;
        const uint8_t *q = p;
        for (; q < end && *q >= '0' && *q <= '9' && length < size; q++) {
            length = length * 10 + (size_t)(*q - '0');
        }
        const uint8_t *equals = NULL;
        if (q < end && *q == ' ' && length <= (size_t)(end - p) && length > (size_t)(q - p) + 2 &&
            p[length - 1] == '\n') {
            equals = memchr(q + 1, '=', length - (size_t)(q - p) - 2);
        }
        if (!equals) {
            return fail_here(r, DVT_E_PARSE, "a pax header is damaged in", r->file);
        }
        const uint8_t *key = q + 1, *value = equals + 1;
        dvt_status     st = pax_item(r, key, (size_t)(equals - key), value,
                                     length - 1 - (size_t)(value - p), global);
        if (st != DVT_OK) {
            return st;
        }
        p += length;
    }
    return DVT_OK;
}

/* ---- entries ------------------------------------------------------------------------------- */

static dvt_status add_entry(reader *r, const char *name, const uint8_t *data, size_t size)
{
    dvti_tar *tar = r->tar;

    if (tar->count == DVTI_TAR_MAX_FILES) {
        return dvt_fail(tar->ctx, DVT_E_CAPACITY, NULL, "'%s' holds more than %d files", r->file,
                        DVTI_TAR_MAX_FILES);
    }
    if (tar->count == tar->cap) {
        void *grown =
            dvti_vec_grow(tar->ctx, tar->entries, sizeof *tar->entries, tar->count + 1, &tar->cap);
        if (!grown) {
            return DVT_E_NOMEM;
        }
        tar->entries = grown;
    }
    tar->entries[tar->count++] = (dvti_tar_entry){strip_dot(name), data, size};
    return DVT_OK;
}

/* A hard link names an earlier file; nearest first, as links usually follow their file. */
static dvt_status add_link(reader *r, const char *name, const uint8_t *h)
{
    const char *target = r->link ? r->link
                                 : dvt_arena_strndup(r->tar->names, (const char *)h + 157,
                                                     text_length(h + 157, NAME_BYTES));
    if (!target) {
        return DVT_E_NOMEM;
    }
    for (size_t i = r->tar->count; i-- > 0;) {
        const dvti_tar_entry e = r->tar->entries[i];
        if (strcmp(e.name, strip_dot(target)) == 0) {
            return add_entry(r, name, e.data, e.size);
        }
    }
    return fail_here(r, DVT_E_PARSE, "a hard link names a file that is not before it:", target);
}

/* What a header of this type means. `size` bytes of content lie at `content`. */
static dvt_status read_entry(reader *r, const uint8_t *h, const uint8_t *content, size_t size)
{
    const char type = (char)h[156];
    dvt_status st = DVT_OK;

    switch (type) { /* these describe the next header, whose pending fields must stay */
    case 'x': return read_pax(r, content, size, false);
    case 'g': return read_pax(r, content, size, true);
    case 'L': return keep_text(r, content, size, &r->name);
    case 'K': return keep_text(r, content, size, &r->link);
    default: break;
    }
    const char *name = header_name(r, h);
    if (!name) {
        return DVT_E_NOMEM;
    }
    switch (type) {
    case '\0': /* before POSIX: a folder is a file whose name ends in '/' */
    case '0':
    case '7':
        if (*name == '\0') {
            st = fail_here(r, DVT_E_PARSE, "the archive holds a file without a name:", r->file);
        } else if (name[strlen(name) - 1] != '/') {
            st = add_entry(r, name, content, size);
        }
        break;
    case '1': st = add_link(r, name, h); break;
    case '5': break;
    default:
        st = fail_here(r, DVT_E_UNSUPPORTED,
                       "only regular files, hard links and folders are read from archives, not",
                       name);
        dvt_fail_hint(r->tar->ctx, "pack with 'tar --dereference --hard-dereference'");
    }
    r->name = r->link = NULL;
    r->has_content_bytes = false;
    return st;
}

/* The header at r->at; moves behind its content. */
static dvt_status read_header(reader *r)
{
    const uint8_t *h = r->data + r->at;
    uint64_t       bytes;
    dvt_pos        at = here(r);

    if (!sum_agrees(h)) {
        return dvt_fail(r->tar->ctx, DVT_E_PARSE, &at, "this is no tar header: its sum is wrong");
    }
    if (!get_number(h + 124, 12, &bytes)) {
        return dvt_fail(r->tar->ctx, DVT_E_PARSE, &at, "the size in a tar header is no number");
    }
    if (r->has_content_bytes && h[156] != 'x' && h[156] != 'L' && h[156] != 'K') {
        bytes = r->content_bytes;
    }
    if (h[156] == '1' || h[156] == '5') { /* links and folders may repeat a size; nothing follows */
        bytes = 0;
    }
    const size_t left = r->size - r->at - BLOCK;
    if (bytes > left) {
        return dvt_fail(r->tar->ctx, DVT_E_PARSE, &at,
                        "a file of %llu bytes does not fit the %zu left", (unsigned long long)bytes,
                        left);
    }
    dvt_status st = read_entry(r, h, h + BLOCK, (size_t)bytes);
    size_t     padded = ((size_t)bytes + BLOCK - 1) / BLOCK * BLOCK;
    r->at += BLOCK + (padded < left ? padded : left);
    return st;
}

static bool is_zero_block(const uint8_t *p)
{
    static const uint8_t ZERO[BLOCK];
    return memcmp(p, ZERO, BLOCK) == 0;
}

dvt_status dvti_tar_parse(dvt_ctx *ctx, const char *file, const uint8_t *data, size_t size,
                          dvti_tar *out)
{
    dvti_tar   tar = {.ctx = ctx, .names = dvt_arena_create(ctx)};
    reader     r = {.tar = &tar, .file = file, .data = data, .size = size};
    dvt_status st = tar.names ? DVT_OK : DVT_E_NOMEM;

    *out = (dvti_tar){0};
    while (st == DVT_OK) {
        if (size - r.at < BLOCK) {
            const dvt_pos at = here(&r);
            st = dvt_fail(ctx, DVT_E_PARSE, &at, "the archive ends without its end mark");
            dvt_fail_hint(ctx, "the file is cut short, or it is no tar archive");
        } else if (is_zero_block(data + r.at)) {
            break;
        } else {
            st = read_header(&r);
        }
    }
    if (st == DVT_OK) {
        *out = tar;
    } else {
        dvti_tar_deinit(&tar);
    }
    return st;
}

dvt_status dvti_tar_open(dvt_ctx *ctx, const char *path, dvti_tar *out)
{
    dvt_blob   blob;
    dvt_status st = dvt_file_read(ctx, path, DVTI_TAR_MAX_BYTES, &blob);

    *out = (dvti_tar){0};
    if (st == DVT_OK) {
        st = dvti_gunzip_in_place(ctx, path, DVTI_TAR_MAX_BYTES, &blob);
    }
    if (st == DVT_OK && (st = dvti_tar_parse(ctx, path, blob.data, blob.size, out)) == DVT_OK) {
        out->blob = blob;
        blob = (dvt_blob){NULL, 0};
    }
    dvt_blob_deinit(ctx, &blob);
    return st;
}

void dvti_tar_deinit(dvti_tar *tar)
{
    if (tar->ctx) {
        dvt_free(tar->ctx, tar->entries);
        dvt_arena_destroy(tar->names);
        dvt_blob_deinit(tar->ctx, &tar->blob);
    }
    *tar = (dvti_tar){0};
}
