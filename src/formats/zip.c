/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zip.c - reading zip archives through their central directory.
 *
 * Layout     (PKWARE's APPNOTE 6.3, little endian)
 *              file:       local header "PK\3\4", 30 bytes + name + extra | packed bytes
 *              directory:  one record "PK\1\2" a file, 46 bytes + name + extra + comment
 *              end:        "PK\5\6", 22 bytes + comment; before it, for zip64, a locator "PK\6\7"
 *                          that points at a record "PK\6\6" with 64-bit counts
 *            A 32-bit field of all ones (16-bit for counts) means "see the zip64 place".
 * Idea       Find the end from behind, walk the directory once, and check there that every file
 *            lies before the directory and is not longer than deflate can make it. Then extraction
 *            can trust the sizes.
 * Limits     DVTI_ZIP_MAX_FILES, names of DVTI_ZIP_MAX_NAME bytes; deflate unpacks to at most 1,032
 *            times its input, so larger announced sizes are refused before memory is taken.
 * Tests      tests/unit/test_npz.c, tests/fuzz/fuzz_npz.c
 */
#include "formats/zip.h"
#include "formats/inflate.h"

#include <string.h>

#include <zlib.h>

enum {
    END_BYTES = 22,
    END64_BYTES = 56,
    LOCATOR64_BYTES = 20,
    RECORD_BYTES = 46,
    LOCAL_BYTES = 30,
    COMMENT_MAX = 65535,
    METHOD_STORED = 0,
    METHOD_DEFLATE = 8,
    FLAG_ENCRYPTED = 1,
    EXTRA_ZIP64 = 1,
    DEFLATE_RATIO_MAX = 1032
};
static const uint32_t SIG_LOCAL = 0x04034b50, SIG_RECORD = 0x02014b50, SIG_END = 0x06054b50,
                      SIG_END64 = 0x06064b50, SIG_LOCATOR64 = 0x07064b50;

/* ---- little-endian fields ------------------------------------------------------------------ */

static uint32_t get16(const uint8_t *p) { return (uint32_t)p[0] | (uint32_t)p[1] << 8; }
static uint32_t get32(const uint8_t *p) { return get16(p) | get16(p + 2) << 16; }
static uint64_t get64(const uint8_t *p)
{
    return (uint64_t)get32(p) | (uint64_t)get32(p + 4) << 32;
}

/* ---- the end of the directory -------------------------------------------------------------- */

typedef struct directory {
    uint64_t at, bytes, count;
} directory;

static bool find_end(const dvti_zip *z, size_t *at)
{
    size_t last = z->size >= END_BYTES ? z->size - END_BYTES : 0;

    for (size_t back = 0; z->size >= END_BYTES && back <= COMMENT_MAX && back <= last; back++) {
        const uint8_t *p = z->data + last - back;
        if (get32(p) == SIG_END && get16(p + 20) == back) {
            *at = last - back;
            return true;
        }
    }
    return false;
}

static dvt_status read_end64(const dvti_zip *z, size_t end_at, directory *dir)
{
    dvt_pos pos = {.file = z->file, .offset = end_at};

    if (end_at < LOCATOR64_BYTES || get32(z->data + end_at - LOCATOR64_BYTES) != SIG_LOCATOR64) {
        return dvt_fail(z->ctx, DVT_E_PARSE, &pos, "the zip64 locator is missing");
    }
    pos.offset = get64(z->data + end_at - LOCATOR64_BYTES + 8);
    if (pos.offset > end_at || end_at - pos.offset < END64_BYTES + LOCATOR64_BYTES ||
        get32(z->data + pos.offset) != SIG_END64) {
        return dvt_fail(z->ctx, DVT_E_PARSE, &pos,
                        "the zip64 end record is not where it should be");
    }
    const uint8_t *p = z->data + pos.offset;
    *dir = (directory){.count = get64(p + 32), .bytes = get64(p + 40), .at = get64(p + 48)};
    return DVT_OK;
}

static dvt_status read_end(const dvti_zip *z, directory *dir)
{
    size_t     at = 0;
    dvt_pos    pos = {.file = z->file, .offset = z->size};
    dvt_status st = DVT_OK;

    if (!find_end(z, &at)) {
        st = dvt_fail(z->ctx, DVT_E_PARSE, &pos, "no end of a zip directory was found");
        dvt_fail_hint(z->ctx, "the file is cut short, or it is no zip archive");
        return st;
    }
    const uint8_t *p = z->data + at;
    pos.offset = at;
    if (get16(p + 4) != 0 && get16(p + 4) != 0xffff) {
        return dvt_fail(z->ctx, DVT_E_UNSUPPORTED, &pos,
                        "zip archives in several parts are not read");
    }
    *dir = (directory){.count = get16(p + 10), .bytes = get32(p + 12), .at = get32(p + 16)};
    if (dir->count == 0xffff || dir->bytes == UINT32_MAX || dir->at == UINT32_MAX) {
        st = read_end64(z, at, dir);
    }
    if (st == DVT_OK && (dir->at > at || dir->bytes > at - dir->at)) {
        st = dvt_fail(z->ctx, DVT_E_PARSE, &pos, "the zip directory does not lie inside the file");
    }
    if (st == DVT_OK &&
        (dir->count > DVTI_ZIP_MAX_FILES || dir->count > dir->bytes / RECORD_BYTES)) {
        st = dvt_fail(z->ctx, DVT_E_PARSE, &pos,
                      "a zip directory of %llu bytes cannot hold %llu files",
                      (unsigned long long)dir->bytes, (unsigned long long)dir->count);
    }
    return st;
}

/* ---- records ------------------------------------------------------------------------------- */

/* Takes 64-bit values for the fields that are all ones, in the order of the format. */
static dvt_status read_zip64_extra(const dvti_zip *z, const uint8_t *extra, size_t size,
                                   const dvt_pos *pos, dvti_zip_entry *e)
{
    uint64_t *wanted[3] = {e->bytes == UINT32_MAX ? &e->bytes : NULL,
                           e->packed_bytes == UINT32_MAX ? &e->packed_bytes : NULL,
                           e->at == UINT32_MAX ? &e->at : NULL};

    if (!wanted[0] && !wanted[1] && !wanted[2]) {
        return DVT_OK;
    }
    while (size >= 4) {
        size_t         n = get16(extra + 2);
        const uint8_t *p = extra + 4, *end = p + n;
        if (n > size - 4) {
            break;
        }
        if (get16(extra) == EXTRA_ZIP64) {
            for (int i = 0; i < 3; i++) {
                if (wanted[i] && end - p < 8) {
                    return dvt_fail(z->ctx, DVT_E_PARSE, pos, "the zip64 field is too short");
                }
                if (wanted[i]) {
                    *wanted[i] = get64(p);
                    p += 8;
                }
            }
            return DVT_OK;
        }
        extra += 4 + n;
        size -= 4 + n;
    }
    return dvt_fail(z->ctx, DVT_E_PARSE, pos, "the zip64 field is missing");
}

/* Turns e->at from the local header into the first packed byte and checks that all lies before
 * the directory. */
static dvt_status locate(const dvti_zip *z, const directory *dir, const dvt_pos *pos,
                         dvti_zip_entry *e)
{
    if (e->at > dir->at || dir->at - e->at < LOCAL_BYTES || get32(z->data + e->at) != SIG_LOCAL) {
        return dvt_fail(z->ctx, DVT_E_PARSE, pos, "'%s' has no local header at byte %llu", e->name,
                        (unsigned long long)e->at);
    }
    const uint8_t *p = z->data + e->at;
    e->at += LOCAL_BYTES + get16(p + 26) + get16(p + 28);
    if (e->at > dir->at || e->packed_bytes > dir->at - e->at) {
        return dvt_fail(z->ctx, DVT_E_PARSE, pos, "'%s' runs into the zip directory", e->name);
    }
    if (e->method == METHOD_STORED ? e->bytes != e->packed_bytes
                                   : e->bytes / DEFLATE_RATIO_MAX > e->packed_bytes) {
        return dvt_fail(z->ctx, DVT_E_PARSE, pos, "'%s': %llu bytes cannot unpack to %llu", e->name,
                        (unsigned long long)e->packed_bytes, (unsigned long long)e->bytes);
    }
    return DVT_OK;
}

static dvt_status read_record(dvt_arena *arena, const dvti_zip *z, const directory *dir,
                              uint64_t *at, dvti_zip_entry *e)
{
    const uint64_t end = dir->at + dir->bytes;
    const uint8_t *p = z->data + *at;
    const dvt_pos  pos = {.file = z->file, .offset = *at};

    if (end - *at < RECORD_BYTES || get32(p) != SIG_RECORD) {
        return dvt_fail(z->ctx, DVT_E_PARSE, &pos, "a record of the zip directory is missing here");
    }
    size_t name_bytes = get16(p + 28), extra_bytes = get16(p + 30), comment_bytes = get16(p + 32);
    if (end - *at - RECORD_BYTES < name_bytes + extra_bytes + comment_bytes ||
        name_bytes > DVTI_ZIP_MAX_NAME || memchr(p + RECORD_BYTES, 0, name_bytes)) {
        return dvt_fail(z->ctx, DVT_E_PARSE, &pos, "a record of the zip directory is damaged");
    }
    *e = (dvti_zip_entry){.name =
                              dvt_arena_strndup(arena, (const char *)p + RECORD_BYTES, name_bytes),
                          .crc = get32(p + 16),
                          .method = (uint16_t)get16(p + 10),
                          .packed_bytes = get32(p + 20),
                          .bytes = get32(p + 24),
                          .at = get32(p + 42),
                          .directory_at = *at};
    if (!e->name) {
        return DVT_E_NOMEM;
    }
    if (get16(p + 8) & FLAG_ENCRYPTED) {
        return dvt_fail(z->ctx, DVT_E_UNSUPPORTED, &pos, "'%s' is encrypted", e->name);
    }
    if (e->method != METHOD_STORED && e->method != METHOD_DEFLATE) {
        return dvt_fail(z->ctx, DVT_E_UNSUPPORTED, &pos, "'%s' is packed by method %u", e->name,
                        (unsigned)e->method);
    }
    *at += RECORD_BYTES + name_bytes + extra_bytes + comment_bytes;
    dvt_status st = read_zip64_extra(z, p + RECORD_BYTES + name_bytes, extra_bytes, &pos, e);
    return st == DVT_OK ? locate(z, dir, &pos, e) : st;
}

dvt_status dvti_zip_open(dvt_ctx *ctx, dvt_arena *arena, const char *file, const uint8_t *data,
                         size_t size, dvti_zip *out)
{
    dvti_zip   z = {.ctx = ctx, .file = file, .data = data, .size = size};
    directory  dir = {0};
    dvt_status st;

    *out = (dvti_zip){0};
    if ((st = read_end(&z, &dir)) != DVT_OK) {
        return st;
    }
    z.count = (size_t)dir.count;
    if (!(z.entries = dvt_arena_calloc(arena, z.count + 1, sizeof *z.entries))) {
        return DVT_E_NOMEM;
    }
    uint64_t at = dir.at;
    for (size_t i = 0; i < z.count; i++) {
        if ((st = read_record(arena, &z, &dir, &at, &z.entries[i])) != DVT_OK) {
            return st;
        }
    }
    *out = z;
    return DVT_OK;
}

/* ---- content ------------------------------------------------------------------------------- */

static uint32_t crc_of(const uint8_t *data, size_t size)
{
    return (uint32_t)crc32_z(crc32(0, NULL, 0), data, size);
}

dvt_status dvti_zip_extract(const dvti_zip *z, const dvti_zip_entry *e, dvt_blob *out)
{
    const uint8_t *packed = z->data + e->at;
    const dvt_pos  pos = {.file = z->file, .offset = e->at};
    dvt_blob       blob = {NULL, (size_t)e->bytes};
    dvt_status     st = DVT_OK;

    *out = (dvt_blob){NULL, 0};
    if (!(blob.data = dvt_alloc(z->ctx, blob.size + 1))) {
        return DVT_E_NOMEM;
    }
    blob.data[blob.size] = '\0';
    if (e->method == METHOD_STORED) {
        memcpy(blob.data, packed, blob.size);
    } else {
        st = dvti_inflate_raw(z->ctx, z->file, e->at, packed, (size_t)e->packed_bytes, blob.data,
                              blob.size);
    }
    if (st == DVT_OK && crc_of(blob.data, blob.size) != e->crc) {
        st =
            dvt_fail(z->ctx, DVT_E_PARSE, &pos, "'%s' is damaged: its check sum is wrong", e->name);
    }
    if (st == DVT_OK) {
        *out = blob;
        blob = (dvt_blob){NULL, 0};
    } else {
        dvt_fail_note(z->ctx, "while unpacking '%s'", e->name);
    }
    dvt_blob_deinit(z->ctx, &blob);
    return st;
}
