/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pickle.c - the stack machine of Python's pickle, for the opcodes that only build data.
 *
 * Idea       One switch over the opcodes; values are rows of one array, containers are slices of
 *            another that move to its end when they outgrow their room (so appending costs
 *            amortised constant time whatever the pickle does). Nothing is ever called:
 *            pickle_names.c reads the few functions that stand for data.
 * Invariants (1) every opcode takes at least one byte of input and makes at most one value, and
 *            slices double when they move: memory is bounded by a multiple of the input's size;
 *            (2) after parsing, no value contains itself (checked by a walk without recursion).
 * Protocol   0 to 5, by the opcodes that occur; a protocol number above 5 is refused. Frames are
 *            checked to lie in the input and otherwise do nothing, as in Python.
 * Limits     DVTI_PICKLE_MAX_BYTES, _VALUES, _DEPTH; a memo index below the size of the input.
 * Tests      tests/unit/test_pickle.c, tests/diff/diff_pickle.c, tests/fuzz/fuzz_pickle.c
 */
#include "formats/pickle_int.h"

#include <stdio.h>
#include <string.h>

bool dvti_pickle_fail(dvti_pickle *p, dvt_status status, const char *fmt, ...)
{
    char          text[256];
    va_list       args;
    const dvt_pos at = {.file = p->file, .offset = p->op};

    if (p->status == DVT_OK) {
        va_start(args, fmt);
        vsnprintf(text, sizeof text, fmt, args);
        va_end(args);
        p->status = dvt_fail(p->ctx, status, &at, "%s", text);
    }
    return false;
}

/* ---- input --------------------------------------------------------------------------------- */

const uint8_t *dvti_pickle_take(dvti_pickle *p, uint64_t n)
{
    const uint8_t *at = p->data + p->at;

    if (n > p->size - p->at) {
        dvti_pickle_fail(p, DVT_E_PARSE, "the pickle ends inside of an argument of %llu bytes",
                         (unsigned long long)n);
        return NULL;
    }
    p->at += (size_t)n;
    return at;
}

bool dvti_pickle_line(dvti_pickle *p, const char **text, size_t *size)
{
    const uint8_t *start = p->data + p->at;
    const uint8_t *end = memchr(start, '\n', p->size - p->at);

    if (!end) {
        return dvti_pickle_fail(p, DVT_E_PARSE, "the pickle ends inside of a line");
    }
    *text = (const char *)start;
    *size = (size_t)(end - start);
    p->at += *size + 1;
    return true;
}

/* A little-endian number of `n` <= 8 bytes. */
static bool take_number(dvti_pickle *p, unsigned n, uint64_t *out)
{
    const uint8_t *b = dvti_pickle_take(p, n);

    *out = 0;
    for (unsigned i = 0; b && i < n; i++) {
        *out |= (uint64_t)b[i] << (8 * i);
    }
    return b != NULL;
}

/* ---- values -------------------------------------------------------------------------------- */

static bool stack_push(dvti_pickle *p, uint32_t id)
{
    dvt_status st = dvti_pickle_ids_push(p->ctx, &p->stack, id);

    p->status = p->status == DVT_OK ? st : p->status;
    return st == DVT_OK;
}

dvti_pickle_value *dvti_pickle_push(dvti_pickle *p, dvti_pickle_kind kind)
{
    const dvti_pickle_value v = {.kind = (uint8_t)kind, .offset = (uint32_t)p->op};
    dvt_status              st;

    if (p->values.len >= DVTI_PICKLE_MAX_VALUES) {
        dvti_pickle_fail(p, DVT_E_CAPACITY, "a pickle of more than %d values",
                         DVTI_PICKLE_MAX_VALUES);
        return NULL;
    }
    st = dvti_pickle_values_push(p->ctx, &p->values, v);
    if (st != DVT_OK) {
        p->status = p->status == DVT_OK ? st : p->status;
        return NULL;
    }
    return stack_push(p, (uint32_t)p->values.len - 1) ? &p->values.data[p->values.len - 1] : NULL;
}

bool dvti_pickle_push_bytes(dvti_pickle *p, dvti_pickle_kind kind, const uint8_t *data,
                            uint64_t size)
{
    dvti_pickle_value *v = data ? dvti_pickle_push(p, kind) : NULL;

    if (v) {
        v->data = data;
        v->count = (uint32_t)size;
    }
    return v != NULL;
}

static bool push_int(dvti_pickle *p, dvti_pickle_kind kind, int64_t i)
{
    dvti_pickle_value *v = dvti_pickle_push(p, kind);

    if (v) {
        v->i = i;
    }
    return v != NULL;
}

bool dvti_pickle_extend(dvti_pickle *p, uint32_t container, const uint32_t *ids, size_t count)
{
    const dvti_pickle_value old = p->values.data[container];
    const size_t            want = old.count + count;
    dvti_pickle_value      *v = &p->values.data[container];

    if (want > v->cap) {
        const size_t cap = v->cap == 0 ? count : want + want / 2 + 4;
        dvt_status   st = dvti_pickle_ids_reserve(p->ctx, &p->items, p->items.len + cap);
        if (st != DVT_OK) {
            p->status = p->status == DVT_OK ? st : p->status;
            return false;
        }
        uint32_t *to = p->items.data + p->items.len;
        if (old.count) {
            memcpy(to, p->items.data + old.first, old.count * sizeof *to);
        }
        memset(to + old.count, 0, (cap - old.count) * sizeof *to);
        v->first = p->items.len;
        v->cap = (uint32_t)cap;
        p->items.len += cap;
    }
    if (count) {
        memcpy(p->items.data + v->first + v->count, ids, count * sizeof *ids);
    }
    v->count = (uint32_t)want;
    return true;
}

/* ---- stack --------------------------------------------------------------------------------- */

/* Values above the last mark, or on the whole stack. */
static size_t floor_of(const dvti_pickle *p)
{
    return p->marks.len ? p->marks.data[p->marks.len - 1] : 0;
}

static bool need(dvti_pickle *p, size_t n)
{
    return p->stack.len - floor_of(p) >= n ||
           dvti_pickle_fail(p, DVT_E_PARSE, "this opcode needs %zu values on the stack", n);
}

/* Takes the last mark away; its values are those from *start to the end of the stack. */
static bool pop_mark(dvti_pickle *p, size_t *start)
{
    if (p->marks.len == 0) {
        return dvti_pickle_fail(p, DVT_E_PARSE, "this opcode needs a mark on the stack");
    }
    *start = p->marks.data[--p->marks.len];
    return true;
}

static bool push_mark(dvti_pickle *p)
{
    dvt_status st = dvti_pickle_ids_push(p->ctx, &p->marks, (uint32_t)p->stack.len);

    p->status = p->status == DVT_OK ? st : p->status;
    return st == DVT_OK;
}

/* A container of the values from `start` on, which leave the stack. */
static bool collect(dvti_pickle *p, dvti_pickle_kind kind, size_t start)
{
    const size_t count = p->stack.len - start;
    uint32_t     id = (uint32_t)p->values.len;

    if (kind == DVTI_PICKLE_DICT && count % 2) {
        return dvti_pickle_fail(p, DVT_E_PARSE, "a dictionary with a key and no value");
    }
    if (!dvti_pickle_push(p, kind)) {
        return false;
    }
    if (!dvti_pickle_extend(p, id, p->stack.data + start, count)) {
        return false;
    }
    p->stack.len = start;
    return stack_push(p, id);
}

/* Appends the values from `start` on to the container below them. */
static bool append(dvti_pickle *p, dvti_pickle_kind kind, size_t start)
{
    const size_t count = p->stack.len - start;

    if (start < 1 + floor_of(p)) {
        return dvti_pickle_fail(p, DVT_E_PARSE, "this opcode needs a container on the stack");
    }
    const uint32_t id = p->stack.data[start - 1];
    const int      is = p->values.data[id].kind;
    if (is != (int)kind || (kind == DVTI_PICKLE_DICT && count % 2)) {
        return dvti_pickle_fail(p, DVT_E_PARSE, "this opcode fills %s, and finds %s",
                                dvti_pickle_kind_name(kind),
                                dvti_pickle_kind_name((dvti_pickle_kind)is));
    }
    if (!dvti_pickle_extend(p, id, p->stack.data + start, count)) {
        return false;
    }
    p->stack.len = start;
    return true;
}

static bool append_marked(dvti_pickle *p, dvti_pickle_kind kind)
{
    size_t start = 0;

    return pop_mark(p, &start) && append(p, kind, start);
}

static bool collect_marked(dvti_pickle *p, dvti_pickle_kind kind)
{
    size_t start = 0;

    return pop_mark(p, &start) && collect(p, kind, start);
}

static bool collect_last(dvti_pickle *p, dvti_pickle_kind kind, size_t count)
{
    return need(p, count) && collect(p, kind, p->stack.len - count);
}

/* ---- memo ---------------------------------------------------------------------------------- */

static bool put(dvti_pickle *p, uint64_t index)
{
    if (!need(p, 1)) {
        return false;
    }
    if (index >= p->size) {
        return dvti_pickle_fail(p, DVT_E_CAPACITY, "memo index %llu in a pickle of %zu bytes",
                                (unsigned long long)index, p->size);
    }
    while (p->memo.len <= index) {
        dvt_status st = dvti_pickle_ids_push(p->ctx, &p->memo, 0);
        if (st != DVT_OK) {
            p->status = p->status == DVT_OK ? st : p->status;
            return false;
        }
    }
    p->memo_count += p->memo.data[index] == 0;
    p->memo.data[index] = p->stack.data[p->stack.len - 1] + 1;
    return true;
}

static bool get(dvti_pickle *p, uint64_t index)
{
    if (index >= p->memo.len || p->memo.data[index] == 0) {
        return dvti_pickle_fail(p, DVT_E_PARSE, "memo index %llu was never set",
                                (unsigned long long)index);
    }
    return stack_push(p, p->memo.data[index] - 1);
}

/* ---- opcodes ------------------------------------------------------------------------------- */

static bool push_bytes(dvti_pickle *p, dvti_pickle_kind kind, unsigned length_bytes)
{
    uint64_t n;

    return take_number(p, length_bytes, &n) &&
           dvti_pickle_push_bytes(p, kind, dvti_pickle_take(p, n), n);
}

/* Python 2's strings: text where they are ASCII, bytes where not. */
static bool push_old_string(dvti_pickle *p, unsigned length_bytes)
{
    uint64_t n;

    if (!take_number(p, length_bytes, &n)) {
        return false;
    }
    const uint8_t *text = dvti_pickle_take(p, n);
    return text && dvti_pickle_push_text(p, text, n);
}

/* An integer of `length_bytes` of length and as many bytes, two's complement, little endian. */
static bool push_long(dvti_pickle *p, unsigned length_bytes)
{
    uint64_t n, v = 0;

    if (!take_number(p, length_bytes, &n)) {
        return false;
    }
    const uint8_t *b = dvti_pickle_take(p, n);
    const uint8_t  sign = b && n && b[n - 1] >> 7 ? 0xff : 0;
    for (uint64_t i = 0; b && i < n; i++) {
        if (i < 8) {
            v |= (uint64_t)b[i] << (8 * i);
        } else if (b[i] != sign || v >> 63 != (sign & 1u)) {
            return dvti_pickle_fail(p, DVT_E_UNSUPPORTED, "an integer of more than 64 bits");
        }
    }
    if (sign && n < 8) {
        v |= UINT64_MAX << (8 * n);
    }
    return b && push_int(p, DVTI_PICKLE_INT, (int64_t)v);
}

static bool push_small(dvti_pickle *p, unsigned bytes)
{
    uint64_t v;

    return take_number(p, bytes, &v) &&
           push_int(p, DVTI_PICKLE_INT, bytes == 4 ? (int64_t)(int32_t)(uint32_t)v : (int64_t)v);
}

static bool push_double(dvti_pickle *p)
{
    const uint8_t     *b = dvti_pickle_take(p, 8);
    uint64_t           bits = 0;
    dvti_pickle_value *v = b ? dvti_pickle_push(p, DVTI_PICKLE_FLOAT) : NULL;

    for (int i = 0; v && i < 8; i++) {
        bits = bits << 8 | b[i];
    }
    if (v) {
        memcpy(&v->f, &bits, sizeof v->f);
    }
    return v != NULL;
}

static bool read_global(dvti_pickle *p)
{
    const char *module, *name;
    size_t      module_size, name_size;

    return dvti_pickle_line(p, &module, &module_size) && dvti_pickle_line(p, &name, &name_size) &&
           dvti_pickle_push_name(p, module, module_size, name, name_size);
}

static bool read_stack_global(dvti_pickle *p)
{
    if (!need(p, 2)) {
        return false;
    }
    const dvti_pickle_value module = p->values.data[p->stack.data[p->stack.len - 2]];
    const dvti_pickle_value name = p->values.data[p->stack.data[p->stack.len - 1]];
    if (module.kind != DVTI_PICKLE_TEXT || name.kind != DVTI_PICKLE_TEXT) {
        return dvti_pickle_fail(p, DVT_E_PARSE, "a name must be two texts");
    }
    p->stack.len -= 2;
    return dvti_pickle_push_name(p, (const char *)module.data, module.count,
                                 (const char *)name.data, name.count);
}

static bool check_protocol(dvti_pickle *p)
{
    uint64_t version;

    return take_number(p, 1, &version) &&
           (version <= 5 || dvti_pickle_fail(p, DVT_E_UNSUPPORTED, "a pickle of protocol %llu",
                                             (unsigned long long)version));
}

static bool check_frame(dvti_pickle *p)
{
    uint64_t n;

    return take_number(p, 8, &n) &&
           (n <= p->size - p->at ||
            dvti_pickle_fail(p, DVT_E_PARSE, "a frame of %llu bytes, and %zu are left",
                             (unsigned long long)n, p->size - p->at));
}

static bool pop(dvti_pickle *p)
{
    if (p->marks.len && p->stack.len == floor_of(p)) {
        p->marks.len--; /* Python lets POP take a mark away */
        return true;
    }
    return need(p, 1) && (p->stack.len--, true);
}

static bool use_memo(dvti_pickle *p, unsigned bytes, bool (*use)(dvti_pickle *, uint64_t))
{
    uint64_t index;

    return (bytes ? take_number(p, bytes, &index) : dvti_pickle_read_index(p, &index)) &&
           use(p, index);
}

static bool refuse(dvti_pickle *p, int op)
{
    static const struct {
        const char *name;
        int         code;
    } refused[] = {
#define DVT_X(name, code, data) {data ? NULL : #name, code},
        DVTI_PICKLE_OPCODES(DVT_X)
#undef DVT_X
    };

    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (refused[i].code == op && refused[i].name) {
            dvti_pickle_fail(p, DVT_E_UNSUPPORTED, "opcode %s makes objects, which are not data",
                             refused[i].name);
            dvt_fail_hint(p->ctx, "pickles are read as data and never run; export numbers, texts, "
                                  "lists, dictionaries or NumPy arrays");
            return false;
        }
    }
    dvti_pickle_fail(p, DVT_E_PARSE, "0x%02x is no opcode of a pickle", (unsigned)op);
    dvt_fail_hint(p->ctx, "the file is damaged, or is no pickle");
    return false;
}

static bool step(dvti_pickle *p, int op)
{
    size_t start = 0;

    switch (op) {
    case DVTI_OP_PROTO: return check_protocol(p);
    case DVTI_OP_FRAME: return check_frame(p);
    case DVTI_OP_MARK: return push_mark(p);
    case DVTI_OP_POP: return pop(p);
    case DVTI_OP_POP_MARK: return pop_mark(p, &start) && (p->stack.len = start, true);
    case DVTI_OP_DUP: return need(p, 1) && stack_push(p, p->stack.data[p->stack.len - 1]);

    case DVTI_OP_NONE: return dvti_pickle_push(p, DVTI_PICKLE_NONE) != NULL;
    case DVTI_OP_NEWTRUE: return push_int(p, DVTI_PICKLE_BOOL, 1);
    case DVTI_OP_NEWFALSE: return push_int(p, DVTI_PICKLE_BOOL, 0);
    case DVTI_OP_INT: return dvti_pickle_read_int(p, false);
    case DVTI_OP_LONG: return dvti_pickle_read_int(p, true);
    case DVTI_OP_BININT: return push_small(p, 4);
    case DVTI_OP_BININT1: return push_small(p, 1);
    case DVTI_OP_BININT2: return push_small(p, 2);
    case DVTI_OP_LONG1: return push_long(p, 1);
    case DVTI_OP_LONG4: return push_long(p, 4);
    case DVTI_OP_FLOAT: return dvti_pickle_read_float(p);
    case DVTI_OP_BINFLOAT: return push_double(p);

    case DVTI_OP_STRING: return dvti_pickle_read_string(p);
    case DVTI_OP_BINSTRING: return push_old_string(p, 4);
    case DVTI_OP_SHORT_BINSTRING: return push_old_string(p, 1);
    case DVTI_OP_UNICODE: return dvti_pickle_read_unicode(p);
    case DVTI_OP_SHORT_BINUNICODE: return push_bytes(p, DVTI_PICKLE_TEXT, 1);
    case DVTI_OP_BINUNICODE: return push_bytes(p, DVTI_PICKLE_TEXT, 4);
    case DVTI_OP_BINUNICODE8: return push_bytes(p, DVTI_PICKLE_TEXT, 8);
    case DVTI_OP_SHORT_BINBYTES: return push_bytes(p, DVTI_PICKLE_BYTES, 1);
    case DVTI_OP_BINBYTES: return push_bytes(p, DVTI_PICKLE_BYTES, 4);
    case DVTI_OP_BINBYTES8:
    case DVTI_OP_BYTEARRAY8: return push_bytes(p, DVTI_PICKLE_BYTES, 8);

    case DVTI_OP_EMPTY_TUPLE: return collect(p, DVTI_PICKLE_TUPLE, p->stack.len);
    case DVTI_OP_TUPLE1: return collect_last(p, DVTI_PICKLE_TUPLE, 1);
    case DVTI_OP_TUPLE2: return collect_last(p, DVTI_PICKLE_TUPLE, 2);
    case DVTI_OP_TUPLE3: return collect_last(p, DVTI_PICKLE_TUPLE, 3);
    case DVTI_OP_TUPLE: return collect_marked(p, DVTI_PICKLE_TUPLE);
    case DVTI_OP_EMPTY_LIST: return collect(p, DVTI_PICKLE_LIST, p->stack.len);
    case DVTI_OP_LIST: return collect_marked(p, DVTI_PICKLE_LIST);
    case DVTI_OP_APPEND: return need(p, 2) && append(p, DVTI_PICKLE_LIST, p->stack.len - 1);
    case DVTI_OP_APPENDS: return append_marked(p, DVTI_PICKLE_LIST);
    case DVTI_OP_EMPTY_DICT: return collect(p, DVTI_PICKLE_DICT, p->stack.len);
    case DVTI_OP_DICT: return collect_marked(p, DVTI_PICKLE_DICT);
    case DVTI_OP_SETITEM: return need(p, 3) && append(p, DVTI_PICKLE_DICT, p->stack.len - 2);
    case DVTI_OP_SETITEMS: return append_marked(p, DVTI_PICKLE_DICT);
    case DVTI_OP_EMPTY_SET: return collect(p, DVTI_PICKLE_SET, p->stack.len);
    case DVTI_OP_ADDITEMS: return append_marked(p, DVTI_PICKLE_SET);
    case DVTI_OP_FROZENSET: return collect_marked(p, DVTI_PICKLE_SET);

    case DVTI_OP_PUT: return use_memo(p, 0, put);
    case DVTI_OP_BINPUT: return use_memo(p, 1, put);
    case DVTI_OP_LONG_BINPUT: return use_memo(p, 4, put);
    case DVTI_OP_MEMOIZE: return put(p, p->memo_count);
    case DVTI_OP_GET: return use_memo(p, 0, get);
    case DVTI_OP_BINGET: return use_memo(p, 1, get);
    case DVTI_OP_LONG_BINGET: return use_memo(p, 4, get);

    case DVTI_OP_GLOBAL: return read_global(p);
    case DVTI_OP_STACK_GLOBAL: return read_stack_global(p);
    case DVTI_OP_REDUCE: return need(p, 2) && dvti_pickle_reduce(p);
    case DVTI_OP_BUILD: return need(p, 2) && dvti_pickle_build(p);
    default: return refuse(p, op);
    }
}

/* ---- whole pickles ------------------------------------------------------------------------- */

/* Walks all values from the root: `state` of each is 0 new, 1 open (on the path), 2 done. */
static bool check_tree(dvti_pickle *p)
{
    struct {
        uint32_t id, next;
    } path[DVTI_PICKLE_MAX_DEPTH];
    uint8_t *state = dvt_calloc(p->ctx, p->values.len, 1);
    size_t   depth = 1;

    if (!state) {
        p->status = DVT_E_NOMEM;
        return false;
    }
    path[0].id = p->root;
    path[0].next = 0;
    while (depth > 0 && p->status == DVT_OK) {
        const uint32_t           id = path[depth - 1].id;
        const dvti_pickle_value *v = &p->values.data[id];
        const bool holds = v->kind >= DVTI_PICKLE_TUPLE && v->kind <= DVTI_PICKLE_ARRAY;
        state[id] = 1;
        if (!holds || path[depth - 1].next == v->count) {
            state[id] = 2;
            depth--;
            continue;
        }
        const uint32_t child = p->items.data[v->first + path[depth - 1].next++];
        p->op = p->values.data[child].offset;
        if (state[child] == 1) {
            dvti_pickle_fail(p, DVT_E_UNSUPPORTED, "this container contains itself");
        } else if (state[child] == 0 && depth == DVTI_PICKLE_MAX_DEPTH) {
            dvti_pickle_fail(p, DVT_E_CAPACITY, "containers nested deeper than %d",
                             DVTI_PICKLE_MAX_DEPTH);
        } else if (state[child] == 0) {
            path[depth].id = child;
            path[depth++].next = 0;
        }
    }
    dvt_free(p->ctx, state);
    return p->status == DVT_OK;
}

static bool run(dvti_pickle *p)
{
    while (p->at < p->size) {
        p->op = p->at;
        const int op = p->data[p->at++];
        if (op == DVTI_OP_STOP) {
            if (p->stack.len != 1 || p->marks.len) {
                return dvti_pickle_fail(p, DVT_E_PARSE, "the pickle ends with %zu values, not one",
                                        p->stack.len);
            }
            p->root = p->stack.data[0];
            if (p->at != p->size) {
                p->op = p->at;
                return dvti_pickle_fail(p, DVT_E_PARSE, "%zu bytes behind the end of the pickle",
                                        p->size - p->at);
            }
            return check_tree(p);
        }
        if (!step(p, op)) {
            return false;
        }
    }
    p->op = p->at;
    dvti_pickle_fail(p, DVT_E_PARSE, "the pickle ends without its last opcode");
    dvt_fail_hint(p->ctx, "the file was cut, or is no pickle");
    return false;
}

dvt_status dvti_pickle_parse(dvt_ctx *ctx, const char *name, const uint8_t *data, size_t size,
                             dvti_pickle **out)
{
    dvti_pickle *p;
    dvt_status   st;

    *out = NULL;
    if (size > DVTI_PICKLE_MAX_BYTES) {
        return dvt_fail(ctx, DVT_E_CAPACITY, NULL, "'%s' is a pickle of more than %d bytes", name,
                        DVTI_PICKLE_MAX_BYTES);
    }
    p = dvt_calloc(ctx, 1, sizeof *p);
    if (!p) {
        return DVT_E_NOMEM;
    }
    *p = (dvti_pickle){.ctx = ctx, .file = name, .data = data, .size = size};
    p->arena = dvt_arena_create(ctx);
    st = p->arena ? DVT_OK : DVT_E_NOMEM;
    if (st == DVT_OK && !run(p)) {
        st = p->status;
    }
    if (st != DVT_OK) {
        dvti_pickle_destroy(p);
        return st;
    }
    *out = p;
    return DVT_OK;
}

void dvti_pickle_destroy(dvti_pickle *p)
{
    if (!p) {
        return;
    }
    dvti_pickle_values_deinit(p->ctx, &p->values);
    dvti_pickle_ids_deinit(p->ctx, &p->items);
    dvti_pickle_ids_deinit(p->ctx, &p->stack);
    dvti_pickle_ids_deinit(p->ctx, &p->marks);
    dvti_pickle_ids_deinit(p->ctx, &p->memo);
    dvt_arena_destroy(p->arena);
    dvt_free(p->ctx, p);
}
