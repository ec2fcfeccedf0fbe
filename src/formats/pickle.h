/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pickle.h - Python's pickle as data: numbers, texts, tuples, lists, dictionaries, NumPy's arrays.
 *
 * A pickle is a program for a small stack machine, and Python runs whatever functions it names.
 * Here nothing is run: opcodes that only build data are followed (protocols 0 to 5), and of the
 * names a pickle may call a fixed list is understood as the data they stand for:
 *
 *     numpy scalars        a number              numpy dtype          inside those and arrays
 *     numpy arrays         DVTI_PICKLE_ARRAY     OrderedDict, defaultdict    a dictionary
 *     set, frozenset       a list without order  bytes, bytearray, _codecs.encode   bytes
 *
 * Everything else is DVT_E_UNSUPPORTED with the name and its byte offset.
 *
 * Values     are numbered; a container's items are numbers of values. Values may be shared, but
 *            none contains itself, and nothing lies deeper than DVTI_PICKLE_MAX_DEPTH.
 * Ownership  the reader owns its values and borrows the bytes it was given.
 */
#ifndef FORMATS_PICKLE_H
#define FORMATS_PICKLE_H

#include "dovetail/base.h"

enum {
    DVTI_PICKLE_MAX_DEPTH = 64,
    DVTI_PICKLE_MAX_BYTES = 1 << 30,
    DVTI_PICKLE_MAX_VALUES = 1 << 26
};

typedef enum dvti_pickle_kind {
    DVTI_PICKLE_NONE,
    DVTI_PICKLE_BOOL,  /* i */
    DVTI_PICKLE_INT,   /* i */
    DVTI_PICKLE_FLOAT, /* f */
    DVTI_PICKLE_TEXT,  /* (count) bytes of UTF-8 at data, no NUL behind them */
    DVTI_PICKLE_BYTES, /* (count) bytes at data */
    DVTI_PICKLE_TUPLE, /* (count) items */
    DVTI_PICKLE_LIST,
    DVTI_PICKLE_SET,
    DVTI_PICKLE_DICT,  /* (count) items: key, value, key, value; of equal keys the last counts */
    DVTI_PICKLE_ARRAY, /* items: type, shape (tuple of integers), bytes */
    DVTI_PICKLE_DTYPE, /* inside of an array */
    DVTI_PICKLE_NAME   /* a function or class, not called */
} dvti_pickle_kind;

typedef struct dvti_pickle_value {
    uint8_t  kind;    /* dvti_pickle_kind */
    uint8_t  fortran; /* of an array */
    uint32_t offset;  /* of the opcode that made it, in the file */
    uint32_t count;
    uint32_t cap; /* of the items */
    union {
        int64_t        i;
        double         f;
        const uint8_t *data;
        uint64_t       first; /* of the items */
    };
} dvti_pickle_value;

typedef struct dvti_pickle dvti_pickle;

/* `name` is for errors. E_PARSE with byte offset: not a pickle, cut, stack or memo misused;
 * E_UNSUPPORTED: what is not data, integers above 64 bits; E_CAPACITY: above the limits. */
DVT_MUST_CHECK dvt_status dvti_pickle_parse(dvt_ctx *ctx, const char *name, const uint8_t *data,
                                            size_t size, dvti_pickle **out);
void                      dvti_pickle_destroy(dvti_pickle *p);

uint32_t                 dvti_pickle_root(const dvti_pickle *p);
const dvti_pickle_value *dvti_pickle_get(const dvti_pickle *p, uint32_t id);
/* Item i < count of a container. */
const dvti_pickle_value *dvti_pickle_item(const dvti_pickle *p, const dvti_pickle_value *v,
                                          uint32_t i);
/* The value of a text key of a dictionary; NULL if there is none. */
const dvti_pickle_value *dvti_pickle_find(const dvti_pickle *p, const dvti_pickle_value *dict,
                                          const char *key);
bool                     dvti_pickle_is(const dvti_pickle_value *v, const char *text);
/* A float, an integer or a truth value as a double; false for anything else, and for integers that
 * no double holds. */
bool dvti_pickle_number(const dvti_pickle_value *v, double *out);
/* Elements of an array, in all; element i of it as dvti_pickle_number, in the order of its rows. */
uint64_t    dvti_pickle_array_count(const dvti_pickle *p, const dvti_pickle_value *array);
bool        dvti_pickle_array_at(const dvti_pickle *p, const dvti_pickle_value *array, uint64_t i,
                                 double *out);
const char *dvti_pickle_kind_name(dvti_pickle_kind kind); /* "a dictionary" */

#endif
