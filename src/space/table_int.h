/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table_int.h - the form of a table's cache, which its writer and its reader share.
 *
 *   offset  bytes  head
 *        0      8  "DVTTABLE"
 *        8      4  version (2)
 *       12      4  0x01020304: the byte order, which is this machine's
 *       16      4  kind
 *       20      4  columns
 *       24      8  rows
 *       32      8  size of the file in bytes
 *       40      8  size of the published file (0 = not known)
 *       48      4  CRC-32C of its first and last 64 KiB
 *       52      4  CRC-32C of everything from offset 64 on
 *       56      4  CRC-32C of bytes 0..55
 *       60      4  zero
 *       64    256  an entry for each column (dvti_table_entry)
 * Values, dictionaries and sets of rows start at multiples of 64 bytes; zeros lie between.
 * How values are packed: table_pack.h. The key columns of each space come first:
 *   NB101  hash (the first 32 bits, as a number; the rest is computed from the cell), vertices,
 *          adj_bits, ops (2 bits a vertex from bit 0)
 *   NB201  index (published)          SSS  index, widths (width / 8 - 1 in 3 bits each, the first
 *                                          on top)
 */
#ifndef DVTI_TABLE_INT_H
#define DVTI_TABLE_INT_H

#include "dovetail/table.h"

#define DVTI_TABLE_MAGIC "DVTTABLE"
enum {
    DVTI_TABLE_VERSION = 2,
    DVTI_TABLE_ORDER = 0x01020304,
    DVTI_TABLE_HEAD = 64, /* bytes */
    DVTI_TABLE_ENTRY = 256,
    DVTI_TABLE_ALIGN = 64,
    DVTI_TABLE_COLUMNS_MAX = 4096,
    DVTI_TABLE_ROWS_MAX = 1 << 26,
    DVTI_TABLE_NAME = 48 /* letters with the NUL */
};

typedef struct dvti_table_head {
    char     magic[8];
    uint32_t version, order, kind, columns;
    uint64_t rows, size;
    uint64_t source_size;
    uint32_t source_crc, body_crc, head_crc, zero;
} dvti_table_head;

/* What tells one published file from another without reading all of it. */
typedef struct dvti_source_mark {
    uint64_t size;
    uint32_t crc;
} dvti_source_mark;

/* What a column is, as texts of fixed size that end in NUL. */
typedef struct dvti_table_about {
    char     name[DVTI_TABLE_NAME];
    char     metric[32], dataset[24], device[48], unit[8];
    int32_t  epochs, repeat;
    uint32_t type; /* dvt_column_type */
} dvti_table_about;

typedef struct dvti_table_entry {
    dvti_table_about about;
    uint8_t          mode, bits, scale, zero;
    uint32_t         dict_count, none;
    uint64_t         count, base, step;           /* see table_pack.h */
    uint64_t         values_at, dict_at, rows_at; /* rows_at 0 = all rows */
    uint8_t          zeros[24];
} dvti_table_entry;

_Static_assert(sizeof(dvti_table_head) == DVTI_TABLE_HEAD, "drawn above");
_Static_assert(sizeof(dvti_table_about) == 172, "no holes");
_Static_assert(sizeof(dvti_table_entry) == DVTI_TABLE_ENTRY, "drawn above");

dvt_table_space dvti_table_space(dvt_benchmark kind);
/* The names of a space's key columns; returns how many there are. */
enum { DVTI_TABLE_KEYS_MAX = 4 };
int32_t dvti_table_keys(dvt_table_space space, const char *names[DVTI_TABLE_KEYS_MAX]);

/* Without control letters, which would reach a terminal. */
bool dvti_table_printable(const char *text);

/* What is known of a column of the published files by its name; fills metric, unit, data set,
 * device and epochs, whose texts are empty for an unknown name. */
void dvti_table_describe(dvt_benchmark kind, const char *name, dvti_table_about *out);

/* NAS-Bench-101's labels as the number of key column "ops", and back. */
static inline uint32_t dvti_nb101_pack_ops(const dvt_nb101_cell *c)
{
    uint32_t packed = 0;
    for (int i = 0; i < DVT_NB101_MAX_INTERIOR; i++) {
        packed |= (uint32_t)c->ops[i] << (2 * i);
    }
    return packed;
}

/* "8:16:24:32:40" as a number below DVT_SSS_COUNT; -1 for anything else. */
int32_t     dvti_sss_parse(const char *text);
const char *dvti_sss_print(uint32_t widths, char out[DVT_TABLE_KEY_TEXT]);

#endif
