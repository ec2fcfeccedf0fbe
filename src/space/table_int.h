/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table_int.h - the form of a table's cache, which its writer and its reader share.
 *
 *   offset  bytes  head
 *        0      8  "DVTTABLE"
 *        8      4  version (1)
 *       12      4  0x01020304: the byte order, which is this machine's
 *       16      4  kind
 *       20      4  columns
 *       24      8  rows
 *       32      8  size of the file in bytes
 *       40      4  CRC-32 of everything from offset 64 on
 *       44      4  CRC-32 of bytes 0..43
 *       48     16  zero
 *       64     64  a column each: name (32, NUL-terminated), type (4), zero (4), count (8), offset
 *                  of values (8), offset of rows (8; 0 = all rows)
 * Values and rows start at multiples of 64 bytes.
 */
#ifndef DVTI_TABLE_INT_H
#define DVTI_TABLE_INT_H

#include "dovetail/table.h"

#define DVTI_TABLE_MAGIC "DVTTABLE"
enum {
    DVTI_TABLE_VERSION = 1,
    DVTI_TABLE_ORDER = 0x01020304,
    DVTI_TABLE_HEAD = 64, /* bytes, as is a column's entry */
    DVTI_TABLE_ALIGN = 64,
    DVTI_TABLE_COLUMNS_MAX = 16,
    DVTI_TABLE_ROWS_MAX = 1 << 26
};

typedef struct dvti_table_head {
    char     magic[8];
    uint32_t version, order, kind, columns;
    uint64_t rows, size;
    uint32_t body_crc, head_crc;
    uint64_t zero[2];
} dvti_table_head;

typedef struct dvti_table_entry {
    char     name[32];
    uint32_t type, zero;
    uint64_t count, values_at, rows_at;
} dvti_table_entry;

_Static_assert(sizeof(dvti_table_head) == DVTI_TABLE_HEAD, "drawn above");
_Static_assert(sizeof(dvti_table_entry) == DVTI_TABLE_HEAD, "drawn above");

/* How the text of a CSV field becomes values of a column. */
typedef enum dvti_field_form {
    DVTI_FIELD_WHOLE,
    DVTI_FIELD_DECIMAL,
    DVTI_FIELD_HASH,   /* 32 hexadecimal digits */
    DVTI_FIELD_LABELS, /* NAS-Bench-101: a digit a vertex, packed in 2 bits each from bit 0 */
    DVTI_FIELD_STRING, /* NAS-Bench-201's string; checked against arch_vector, not stored */
    DVTI_FIELD_SEEDS   /* up to three decimals with '/' between, in three columns */
} dvti_field_form;

/* A column of the CSV file, in order, and of the cache. */
typedef struct dvti_field {
    const char     *name;
    dvti_field_form form;
    dvt_column_type type;
    bool            may_miss;
} dvti_field;

enum { DVTI_TABLE_SEEDS = 3 };

typedef struct dvti_table_schema {
    const char       *name; /* of the kind */
    const dvti_field *fields;
    int32_t           count;
} dvti_table_schema;

const dvti_table_schema *dvti_table_schema_of(dvt_benchmark kind);
/* Name and type of each column of the cache; returns their number. */
int32_t dvti_table_columns(dvt_benchmark kind, const char *names[DVTI_TABLE_COLUMNS_MAX],
                           dvt_column_type types[DVTI_TABLE_COLUMNS_MAX]);
/* A CSV file as the bytes of its cache, which the caller frees. */
dvt_status dvti_table_image(dvt_ctx *ctx, dvt_benchmark kind, const char *csv, uint8_t **image,
                            size_t *size, int64_t *rows);
size_t     dvti_column_bytes(dvt_column_type type); /* of one value */

/* NAS-Bench-201's string of an operation vector, 6 digits 0..4 as a decimal number. */
enum { DVTI_NB201_STRING = 128 };
bool dvti_nb201_string(uint32_t vector, char out[DVTI_NB201_STRING]);

#endif
