/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pickle_int.h - what the parts of the pickle reader share: opcodes, the machine, the names.
 */
#ifndef FORMATS_PICKLE_INT_H
#define FORMATS_PICKLE_INT_H

#include "base/vec.h"
#include "formats/pickle.h"

/* Every opcode of protocols 0 to 5: name, code, and whether it only makes data. */
#define DVTI_PICKLE_OPCODES(X)                                                                     \
    X(MARK, '(', 1)                                                                                \
    X(STOP, '.', 1) X(POP, '0', 1) X(POP_MARK, '1', 1) X(DUP, '2', 1) X(FLOAT, 'F', 1) X(          \
        INT, 'I', 1) X(BININT, 'J', 1) X(BININT1, 'K', 1) X(LONG, 'L', 1) X(BININT2, 'M', 1)       \
        X(NONE, 'N', 1) X(PERSID, 'P', 0) X(BINPERSID, 'Q', 0) X(REDUCE, 'R', 1) X(STRING, 'S', 1) \
            X(BINSTRING, 'T', 1) X(SHORT_BINSTRING, 'U', 1) X(UNICODE, 'V', 1)                     \
                X(BINUNICODE, 'X', 1) X(APPEND, 'a', 1) X(BUILD, 'b', 1) X(GLOBAL, 'c', 1)         \
                    X(DICT, 'd', 1) X(EMPTY_DICT, '}', 1) X(APPENDS, 'e', 1) X(GET, 'g', 1)        \
                        X(BINGET, 'h', 1) X(INST, 'i', 0) X(LONG_BINGET, 'j', 1) X(LIST, 'l', 1)   \
                            X(EMPTY_LIST, ']', 1) X(OBJ, 'o', 0) X(PUT, 'p', 1) X(BINPUT, 'q', 1)  \
                                X(LONG_BINPUT, 'r', 1) X(SETITEM, 's', 1) X(TUPLE, 't', 1)         \
                                    X(EMPTY_TUPLE, ')', 1) X(SETITEMS, 'u', 1) X(BINFLOAT, 'G', 1) \
                                        X(PROTO, 0x80, 1) X(NEWOBJ, 0x81, 0) X(EXT1, 0x82, 0) X(   \
                                            EXT2, 0x83, 0) X(EXT4, 0x84, 0) X(TUPLE1, 0x85, 1)     \
                                            X(TUPLE2, 0x86, 1) X(TUPLE3, 0x87, 1) X(               \
                                                NEWTRUE, 0x88, 1) X(NEWFALSE, 0x89, 1)             \
                                                X(LONG1, 0x8a, 1) X(LONG4, 0x8b, 1) X(             \
                                                    BINBYTES,                                      \
                                                    'B', 1) X(SHORT_BINBYTES, 'C', 1)              \
                                                    X(SHORT_BINUNICODE, 0x8c,                      \
                                                      1) X(BINUNICODE8, 0x8d,                      \
                                                           1) X(BINBYTES8, 0x8e, 1)                \
                                                        X(EMPTY_SET, 0x8f, 1) X(ADDITEMS, 0x90, 1) \
                                                            X(FROZENSET, 0x91,                     \
                                                              1) X(NEWOBJ_EX, 0x92,                \
                                                                   0) X(STACK_GLOBAL, 0x93, 1)     \
                                                                X(MEMOIZE, 0x94,                   \
                                                                  1) X(FRAME, 0x95, 1)             \
                                                                    X(BYTEARRAY8, 0x96, 1)         \
                                                                        X(NEXT_BUFFER, 0x97, 0)    \
                                                                            X(READONLY_BUFFER,     \
                                                                              0x98, 0)

enum dvti_pickle_opcode {
#define DVT_X(name, code, data) DVTI_OP_##name = (code),
    DVTI_PICKLE_OPCODES(DVT_X)
#undef DVT_X
};

/* What a pickle may name, as data. */
typedef enum dvti_pickle_name {
    DVTI_NAME_SCALAR,
    DVTI_NAME_DTYPE,
    DVTI_NAME_RECONSTRUCT,
    DVTI_NAME_FROMBUFFER,
    DVTI_NAME_NDARRAY,
    DVTI_NAME_ENCODE,
    DVTI_NAME_BYTES,
    DVTI_NAME_BYTEARRAY,
    DVTI_NAME_ORDERED,
    DVTI_NAME_DEFAULT,
    DVTI_NAME_SET,
    DVTI_NAME_FROZENSET,
    DVTI_NAME_TYPE /* a plain type, as defaultdict's factory */
} dvti_pickle_name;

DVT_VEC(dvti_pickle_values, dvti_pickle_value);
DVT_VEC(dvti_pickle_ids, uint32_t);

struct dvti_pickle {
    dvt_ctx           *ctx;
    dvt_arena         *arena; /* texts that had to be decoded */
    const char        *file;
    const uint8_t     *data;
    size_t             size, at;
    size_t             op; /* offset of the opcode at work */
    dvti_pickle_values values;
    dvti_pickle_ids    items, stack, marks, memo; /* memo: value + 1; 0 = empty */
    uint64_t           memo_count;
    uint32_t           root;
    dvt_status         status;
};

/* Each sets p->status and returns false; the first one counts. */
bool dvti_pickle_fail(dvti_pickle *p, dvt_status status, const char *fmt, ...) DVT_PRINTF(3, 4);

/* A new value on the stack; NULL after a failure. Pointers to values end with the next new one. */
dvti_pickle_value *dvti_pickle_push(dvti_pickle *p, dvti_pickle_kind kind);
bool dvti_pickle_push_bytes(dvti_pickle *p, dvti_pickle_kind kind, const uint8_t *data,
                            uint64_t size);
/* Appends items (values of the stack, say) to a container. */
bool dvti_pickle_extend(dvti_pickle *p, uint32_t container, const uint32_t *ids, size_t count);

/* `n` bytes of argument, or NULL. */
const uint8_t *dvti_pickle_take(dvti_pickle *p, uint64_t n);
/* Text to the next newline, without it. */
bool dvti_pickle_line(dvti_pickle *p, const char **text, size_t *size);

/* pickle_text.c: the arguments of protocol 0, and texts */
bool dvti_pickle_push_text(dvti_pickle *p, const uint8_t *text, uint64_t size);
bool dvti_pickle_read_int(dvti_pickle *p, bool is_long);
bool dvti_pickle_read_float(dvti_pickle *p);
bool dvti_pickle_read_string(dvti_pickle *p);
bool dvti_pickle_read_unicode(dvti_pickle *p);
bool dvti_pickle_read_index(dvti_pickle *p, uint64_t *out);

/* pickle_names.c */
bool dvti_pickle_push_name(dvti_pickle *p, const char *module, size_t module_size, const char *name,
                           size_t name_size);
bool dvti_pickle_reduce(dvti_pickle *p); /* name, arguments -> value */
bool dvti_pickle_build(dvti_pickle *p);  /* value, state -> value */

#endif
