/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table_stage.h - a table while it is read: rows and values in any order, then the cache's bytes.
 *
 * A reader adds rows by what names them, adds columns, and puts values; the stage keeps keys
 * unique, sorts rows, packs columns and lays the cache out (table_int.h). Values that 32 bits hold
 * take 32 bits here, and a column of equal values none: the largest published file is staged in an
 * eighth of its size.
 */
#ifndef DVTI_TABLE_STAGE_H
#define DVTI_TABLE_STAGE_H

#include "base/vec.h"
#include "space/table_int.h"

enum { DVTI_KEY_BYTES = 16 };

typedef struct dvti_row_key {
    uint8_t bytes[DVTI_KEY_BYTES]; /* sorts as the rows of the table */
} dvti_row_key;

typedef struct dvti_stage_column {
    dvti_table_about about;
    bool             wide; /* words of 64 bits, else 32 (floats for doubles) */
    bool             same; /* all values so far are `word`; there are no `values` */
    uint64_t         word;
    uint8_t         *values; /* (cap) words */
    uint64_t        *held;   /* (cap / 64) a bit each */
    uint64_t         cap, count;
} dvti_stage_column;

DVT_VEC(dvti_row_keys, dvti_row_key);
DVT_VEC(dvti_stage_columns, dvti_stage_column);

typedef struct dvti_stage {
    dvt_ctx           *ctx;
    dvt_benchmark      kind;
    dvti_source_mark   source;
    dvti_row_keys      keys;
    dvti_stage_columns columns;
    uint32_t          *slots; /* (slot_count, a power of two) row + 1 by key; 0 = empty */
    size_t             slot_count;
    int32_t            key_columns; /* the first of them */
    /* NAS-Bench-201: the cell of a published index, and the other way round */
    uint16_t order[DVT_NB201_COUNT], place[DVT_NB201_COUNT];
} dvti_stage;

/* With the key columns of the kind's space. */
DVT_MUST_CHECK dvt_status dvti_stage_create(dvt_ctx *ctx, dvt_benchmark kind, dvti_stage **out);
void                      dvti_stage_destroy(dvti_stage *s);

/* Adds the row of a network, or finds it: *row. *fresh: it was not there. */
DVT_MUST_CHECK dvt_status dvti_stage_nb101(dvti_stage *s, const uint8_t md5[16],
                                           const dvt_nb101_cell *cell, int64_t *row, bool *fresh);
DVT_MUST_CHECK dvt_status dvti_stage_nb201(dvti_stage *s, uint32_t published, int64_t *row,
                                           bool *fresh);
DVT_MUST_CHECK dvt_status dvti_stage_sss(dvti_stage *s, uint32_t index, uint32_t widths,
                                         int64_t *row, bool *fresh);
/* The published index of a cell. */
uint32_t dvti_stage_published(const dvti_stage *s, const dvt_nb201_cell *cell);

/* The column of this name, made if it is not there yet; -1 and E_CAPACITY, E_NOMEM in *st. */
int32_t dvti_stage_column_of(dvti_stage *s, const dvti_table_about *about, dvt_status *st);
/* A column by name and type, described by what is known of the kind's names. */
int32_t dvti_stage_named(dvti_stage *s, const char *name, dvt_column_type type, dvt_status *st);
bool    dvti_stage_has(const dvti_stage *s, int32_t column, int64_t row);
/* The word or double must not be there yet. */
DVT_MUST_CHECK dvt_status dvti_stage_put(dvti_stage *s, int32_t column, int64_t row, uint64_t word);
DVT_MUST_CHECK dvt_status dvti_stage_put_f64(dvti_stage *s, int32_t column, int64_t row, double v);
uint64_t                  dvti_stage_get(const dvti_stage *s, int32_t column, int64_t row);

/* The cache's bytes, which the caller frees; the values of the stage are used up. */
DVT_MUST_CHECK dvt_status dvti_stage_image(dvti_stage *s, uint8_t **image, size_t *size);

#endif
