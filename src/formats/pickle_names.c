/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pickle_names.c - the few functions that a pickle may name, as the data that calling them gives.
 *
 * Idea       NumPy pickles a number as scalar(dtype, bytes) and an array as an empty array whose
 *            state (shape, dtype, order, bytes) is set afterwards, or as _frombuffer(bytes, dtype,
 *            shape, order). Python pickles its own small classes as the class and a list. Each of
 *            these is recognised by name and shape of its arguments; nothing is looked up or run.
 * Types      dtypes of kind b, i, u, f with sizes that a double or 64 bits hold; numbers in either
 *            byte order. Records, texts, complex numbers and objects are DVT_E_UNSUPPORTED.
 * Tests      tests/unit/test_pickle.c, tests/diff/diff_pickle.c
 */
#include "formats/pickle_int.h"

#include <string.h>

#include "formats/arrays_int.h"

/* The element type in the `i` of a DVTI_PICKLE_DTYPE: letter, size and byte order. */
enum { TYPE_SIZE_SHIFT = 8, TYPE_BIG = 1 << 16 };

static const struct {
    const char      *module, *name;
    dvti_pickle_name is;
} names[] = {
    {"numpy.core.multiarray", "scalar", DVTI_NAME_SCALAR},
    {"numpy._core.multiarray", "scalar", DVTI_NAME_SCALAR},
    {"numpy", "dtype", DVTI_NAME_DTYPE},
    {"numpy.core.multiarray", "_reconstruct", DVTI_NAME_RECONSTRUCT},
    {"numpy._core.multiarray", "_reconstruct", DVTI_NAME_RECONSTRUCT},
    {"numpy.core.numeric", "_frombuffer", DVTI_NAME_FROMBUFFER},
    {"numpy._core.numeric", "_frombuffer", DVTI_NAME_FROMBUFFER},
    {"numpy", "ndarray", DVTI_NAME_NDARRAY},
    {"_codecs", "encode", DVTI_NAME_ENCODE},
    {"builtins", "bytes", DVTI_NAME_BYTES},
    {"__builtin__", "bytes", DVTI_NAME_BYTES},
    {"builtins", "bytearray", DVTI_NAME_BYTEARRAY},
    {"__builtin__", "bytearray", DVTI_NAME_BYTEARRAY},
    {"collections", "OrderedDict", DVTI_NAME_ORDERED},
    {"collections", "defaultdict", DVTI_NAME_DEFAULT},
    {"builtins", "set", DVTI_NAME_SET},
    {"__builtin__", "set", DVTI_NAME_SET},
    {"builtins", "frozenset", DVTI_NAME_FROZENSET},
    {"__builtin__", "frozenset", DVTI_NAME_FROZENSET},
    {"builtins", "list", DVTI_NAME_TYPE},
    {"builtins", "dict", DVTI_NAME_TYPE},
    {"builtins", "int", DVTI_NAME_TYPE},
    {"builtins", "float", DVTI_NAME_TYPE},
    {"__builtin__", "list", DVTI_NAME_TYPE},
    {"__builtin__", "dict", DVTI_NAME_TYPE},
    {"__builtin__", "int", DVTI_NAME_TYPE},
    {"__builtin__", "float", DVTI_NAME_TYPE},
    {"__builtin__", "long", DVTI_NAME_TYPE}, /* how protocols 0 to 2 call Python 3's int */
};

static bool same(const char *want, const char *text, size_t size)
{
    return strlen(want) == size && memcmp(want, text, size) == 0;
}

bool dvti_pickle_push_name(dvti_pickle *p, const char *module, size_t module_size, const char *name,
                           size_t name_size)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (same(names[i].module, module, module_size) && same(names[i].name, name, name_size)) {
            dvti_pickle_value *v = dvti_pickle_push(p, DVTI_PICKLE_NAME);
            if (v) {
                v->i = names[i].is;
            }
            return v != NULL;
        }
    }
    dvti_pickle_fail(p, DVT_E_UNSUPPORTED, "this pickle names '%.*s.%.*s', which is not data",
                     (int)(module_size < 60 ? module_size : 60), module,
                     (int)(name_size < 60 ? name_size : 60), name);
    dvt_fail_hint(p->ctx, "nothing that a pickle names is ever run; export numbers, texts, lists, "
                          "dictionaries or NumPy arrays");
    return false;
}

/* ---- arguments ----------------------------------------------------------------------------- */

static const dvti_pickle_value *top(const dvti_pickle *p, size_t below)
{
    return &p->values.data[p->stack.data[p->stack.len - 1 - below]];
}

static bool fail_form(dvti_pickle *p, const char *what)
{
    return dvti_pickle_fail(p, DVT_E_UNSUPPORTED, "%s of a form that is not known", what);
}

/* Item i of a tuple if it is of this kind, else NULL. */
static const dvti_pickle_value *arg(const dvti_pickle *p, const dvti_pickle_value *args, uint32_t i,
                                    dvti_pickle_kind kind)
{
    const dvti_pickle_value *v = i < args->count ? dvti_pickle_item(p, args, i) : NULL;
    return v && v->kind == kind ? v : NULL;
}

static uint32_t arg_id(const dvti_pickle *p, const dvti_pickle_value *args, uint32_t i)
{
    return p->items.data[args->first + i];
}

/* Replaces the two values on top of the stack by the one that was pushed last. */
static bool finish(dvti_pickle *p, bool pushed)
{
    if (pushed) {
        const uint32_t id = p->stack.data[p->stack.len - 1];
        p->stack.len -= 3;
        p->stack.data[p->stack.len++] = id;
    }
    return pushed;
}

/* ---- numpy --------------------------------------------------------------------------------- */

static unsigned type_size(const dvti_pickle_value *dtype)
{
    return (unsigned)(dtype->i >> TYPE_SIZE_SHIFT & 0xff);
}

/* "f8", "<f8", ">i4", "|b1", "?" */
static bool make_dtype(dvti_pickle *p, const dvti_pickle_value *args)
{
    const dvti_pickle_value *text = arg(p, args, 0, DVTI_PICKLE_TEXT);
    char                     t[4] = "";
    int64_t                  big = 0;

    if (text && text->count >= 1 && text->count <= 3) {
        const bool order = memchr("<>|=", text->data[0], 4) != NULL;
        big = text->data[0] == '>' ? TYPE_BIG : 0;
        memcpy(t, text->data + order, text->count - order);
    }
    if (strcmp(t, "?") == 0) {
        memcpy(t, "b1", 3);
    }
    const int  size = t[0] ? t[1] - '0' : 0;
    const bool sized = size == 1 || size == 2 || size == 4 || size == 8;
    if (!sized || t[2] || !strchr("biuf", t[0]) || (t[0] == 'b' && size != 1) ||
        (t[0] == 'f' && size == 1)) {
        dvti_pickle_fail(p, DVT_E_UNSUPPORTED, "numpy elements of type '%.*s'",
                         text && text->count < 30 ? (int)text->count : 0,
                         text ? (const char *)text->data : "");
        dvt_fail_hint(p->ctx, "numbers (b1, i1 to u8, f2 to f8) are read");
        return false;
    }
    dvti_pickle_value *v = dvti_pickle_push(p, DVTI_PICKLE_DTYPE);
    if (v) {
        v->i = t[0] | (int64_t)size << TYPE_SIZE_SHIFT | big;
    }
    return v != NULL;
}

/* State (3, '<', None, None, None, -1, -1, 0): only the byte order says something of numbers. */
static bool build_dtype(dvti_pickle *p, uint32_t id, const dvti_pickle_value *state)
{
    const dvti_pickle_value *order = arg(p, state, 1, DVTI_PICKLE_TEXT);

    if (!order || order->count != 1 || !arg(p, state, 2, DVTI_PICKLE_NONE) ||
        !memchr("<>|=", order->data[0], 4)) {
        return fail_form(p, "a numpy type");
    }
    dvti_pickle_value *v = &p->values.data[id];
    v->i = order->data[0] == '>' ? v->i | TYPE_BIG : v->i & ~(int64_t)TYPE_BIG;
    return true;
}

/* The number at `b`, as an integer in *i (true) or a double in *f. */
static bool element(const dvti_pickle_value *dtype, const uint8_t *b, int64_t *i, double *f)
{
    const unsigned size = type_size(dtype);
    uint64_t       bits = 0;

    for (unsigned k = 0; k < size; k++) {
        bits |= (uint64_t)b[dtype->i & TYPE_BIG ? size - 1 - k : k] << (8 * k);
    }
    switch ((char)(dtype->i & 0x7f)) {
    case 'f':
        if (size == 8) {
            memcpy(f, &bits, 8);
        } else if (size == 4) {
            const uint32_t half = (uint32_t)bits;
            float          single;
            memcpy(&single, &half, 4);
            *f = (double)single;
        } else {
            *f = (double)dvt_f16_to_f32((uint16_t)bits);
        }
        return false;
    case 'i':
        *i = size == 8 ? (int64_t)bits : (int64_t)(bits << (64 - 8 * size)) >> (64 - 8 * size);
        return true;
    default: *i = (int64_t)bits; return true;
    }
}

static bool make_scalar(dvti_pickle *p, const dvti_pickle_value *args)
{
    const dvti_pickle_value *dtype = arg(p, args, 0, DVTI_PICKLE_DTYPE);
    const dvti_pickle_value *bytes = arg(p, args, 1, DVTI_PICKLE_BYTES);
    int64_t                  i = 0;
    double                   f = 0;

    bytes = bytes ? bytes : arg(p, args, 1, DVTI_PICKLE_TEXT); /* Python 2 */
    if (!dtype || !bytes || args->count != 2 || bytes->count != type_size(dtype)) {
        return fail_form(p, "a numpy number");
    }
    const char letter = (char)(dtype->i & 0x7f);
    const bool whole = element(dtype, bytes->data, &i, &f);
    if (letter == 'u' && i < 0) {
        return dvti_pickle_fail(p, DVT_E_UNSUPPORTED, "an integer of more than 63 bits");
    }
    dvti_pickle_value *v = dvti_pickle_push(p, letter == 'b' ? DVTI_PICKLE_BOOL
                                               : whole       ? DVTI_PICKLE_INT
                                                             : DVTI_PICKLE_FLOAT);
    if (v && whole) {
        v->i = i;
    } else if (v) {
        v->f = f;
    }
    return v != NULL;
}

/* An array of type, shape and bytes, whose sizes must agree. */
static bool set_array(dvti_pickle *p, uint32_t id, const uint32_t part[3], bool fortran)
{
    const dvti_pickle_value *dtype = &p->values.data[part[0]], *shape = &p->values.data[part[1]],
                            *bytes = &p->values.data[part[2]];
    size_t want = 0;

    if (dtype->kind != DVTI_PICKLE_DTYPE || shape->kind != DVTI_PICKLE_TUPLE ||
        (bytes->kind != DVTI_PICKLE_BYTES && bytes->kind != DVTI_PICKLE_TEXT)) {
        return fail_form(p, "a numpy array");
    }
    want = type_size(dtype);
    for (uint32_t d = 0; d < shape->count; d++) {
        const dvti_pickle_value *n = dvti_pickle_item(p, shape, d);
        if (n->kind != DVTI_PICKLE_INT || n->i < 0 || !dvt_mul_size(want, (size_t)n->i, &want)) {
            return fail_form(p, "the shape of a numpy array");
        }
    }
    if (want != bytes->count) {
        return dvti_pickle_fail(p, DVT_E_PARSE, "a numpy array of %zu bytes has %u", want,
                                bytes->count);
    }
    p->values.data[id].count = 0;
    p->values.data[id].fortran = fortran && shape->count > 1;
    return dvti_pickle_extend(p, id, part, 3);
}

/* (version, shape, dtype, fortran, bytes) */
static bool build_array(dvti_pickle *p, uint32_t id, const dvti_pickle_value *state)
{
    const dvti_pickle_value *fortran = arg(p, state, 3, DVTI_PICKLE_BOOL);

    fortran = fortran ? fortran : arg(p, state, 3, DVTI_PICKLE_INT);
    if (state->count != 5 || !fortran) {
        return fail_form(p, "the state of a numpy array");
    }
    const uint32_t part[3] = {arg_id(p, state, 2), arg_id(p, state, 1), arg_id(p, state, 4)};
    return set_array(p, id, part, fortran->i != 0);
}

/* (bytes, dtype, shape, order) */
static bool make_frombuffer(dvti_pickle *p, const dvti_pickle_value *args)
{
    const dvti_pickle_value *order = arg(p, args, 3, DVTI_PICKLE_TEXT);
    const uint32_t           id = (uint32_t)p->values.len;

    if (args->count != 4 || !order || order->count != 1) {
        return fail_form(p, "a numpy array");
    }
    const bool     fortran = order->data[0] == 'F';
    const uint32_t part[3] = {arg_id(p, args, 1), arg_id(p, args, 2), arg_id(p, args, 0)};
    return dvti_pickle_push(p, DVTI_PICKLE_ARRAY) && set_array(p, id, part, fortran);
}

/* ---- Python's own -------------------------------------------------------------------------- */

/* UTF-8 of letters 0..255 back to bytes. */
static bool make_latin1(dvti_pickle *p, const dvti_pickle_value *text)
{
    const uint8_t *in = text->data;
    const uint32_t size = text->count;
    uint32_t       n = 0;
    uint8_t       *out = dvt_arena_calloc(p->arena, size + 1u, 1);

    if (!out) {
        p->status = DVT_E_NOMEM;
        return false;
    }
    for (uint32_t i = 0; i < size; i++) {
        const bool two = (in[i] & 0xfe) == 0xc2 && i + 1 < size && (in[i + 1] & 0xc0) == 0x80;
        if (in[i] >= 0x80 && !two) {
            return fail_form(p, "bytes as a text");
        }
        out[n++] = two ? (uint8_t)((in[i] & 3) << 6 | (in[i + 1] & 63)) : in[i];
        i += two;
    }
    return dvti_pickle_push_bytes(p, DVTI_PICKLE_BYTES, out, n);
}

static bool is_latin1(const dvti_pickle_value *v)
{
    return dvti_pickle_is(v, "latin1") || dvti_pickle_is(v, "latin-1");
}

static bool make_bytes(dvti_pickle *p, const dvti_pickle_value *args)
{
    static const uint8_t     none[1] = {0};
    const dvti_pickle_value *text = arg(p, args, 0, DVTI_PICKLE_TEXT);
    const dvti_pickle_value *bytes = arg(p, args, 0, DVTI_PICKLE_BYTES);

    if (args->count == 0) {
        return dvti_pickle_push_bytes(p, DVTI_PICKLE_BYTES, none, 0);
    }
    if (args->count == 2 && text && is_latin1(dvti_pickle_item(p, args, 1))) {
        return make_latin1(p, text);
    }
    if (args->count == 1 && bytes) {
        return dvti_pickle_push_bytes(p, DVTI_PICKLE_BYTES, bytes->data, bytes->count);
    }
    return fail_form(p, "bytes");
}

/* A container with the items of a list. */
static bool make_from_list(dvti_pickle *p, dvti_pickle_kind kind, const dvti_pickle_value *args)
{
    const dvti_pickle_value list =
        args->count == 1 ? *dvti_pickle_item(p, args, 0) : (dvti_pickle_value){0};
    const uint32_t id = (uint32_t)p->values.len;

    if (args->count != 0 && list.kind != DVTI_PICKLE_LIST && list.kind != DVTI_PICKLE_TUPLE) {
        return fail_form(p, dvti_pickle_kind_name(kind));
    }
    if (!dvti_pickle_push(p, kind)) {
        return false;
    }
    for (uint32_t i = 0; args->count && i < list.count; i++) {
        const uint32_t          item = p->items.data[list.first + i];
        const dvti_pickle_value pair = p->values.data[item];
        uint32_t                part[2] = {item, 0};
        const bool              dict = kind == DVTI_PICKLE_DICT;
        if (dict && pair.count == 2 &&
            (pair.kind == DVTI_PICKLE_LIST || pair.kind == DVTI_PICKLE_TUPLE)) {
            memcpy(part, p->items.data + pair.first, sizeof part);
        } else if (dict) {
            return fail_form(p, "a dictionary");
        }
        if (!dvti_pickle_extend(p, id, part, dict ? 2 : 1)) {
            return false;
        }
    }
    return true;
}

/* defaultdict(factory): the factory is a plain type or none. */
static bool make_default(dvti_pickle *p, const dvti_pickle_value *args)
{
    if (args->count > 1 || (args->count == 1 && !arg(p, args, 0, DVTI_PICKLE_NAME) &&
                            !arg(p, args, 0, DVTI_PICKLE_NONE))) {
        return fail_form(p, "a dictionary");
    }
    return dvti_pickle_push(p, DVTI_PICKLE_DICT) != NULL;
}

/* ---- calls --------------------------------------------------------------------------------- */

bool dvti_pickle_reduce(dvti_pickle *p)
{
    const dvti_pickle_value name = *top(p, 1), args = *top(p, 0);

    if (name.kind != DVTI_PICKLE_NAME || args.kind != DVTI_PICKLE_TUPLE) {
        return dvti_pickle_fail(p, DVT_E_PARSE, "REDUCE needs a name and a tuple");
    }
    switch ((dvti_pickle_name)name.i) {
    case DVTI_NAME_SCALAR: return finish(p, make_scalar(p, &args));
    case DVTI_NAME_DTYPE: return finish(p, make_dtype(p, &args));
    case DVTI_NAME_RECONSTRUCT: return finish(p, dvti_pickle_push(p, DVTI_PICKLE_ARRAY) != NULL);
    case DVTI_NAME_FROMBUFFER: return finish(p, make_frombuffer(p, &args));
    case DVTI_NAME_ENCODE:
    case DVTI_NAME_BYTES:
    case DVTI_NAME_BYTEARRAY: return finish(p, make_bytes(p, &args));
    case DVTI_NAME_ORDERED: return finish(p, make_from_list(p, DVTI_PICKLE_DICT, &args));
    case DVTI_NAME_DEFAULT: return finish(p, make_default(p, &args));
    case DVTI_NAME_SET:
    case DVTI_NAME_FROZENSET: return finish(p, make_from_list(p, DVTI_PICKLE_SET, &args));
    case DVTI_NAME_NDARRAY:
    case DVTI_NAME_TYPE: break;
    }
    return dvti_pickle_fail(p, DVT_E_UNSUPPORTED, "a call that is not data");
}

bool dvti_pickle_build(dvti_pickle *p)
{
    const uint32_t          id = p->stack.data[p->stack.len - 2];
    const dvti_pickle_value state = *top(p, 0);
    const int               kind = p->values.data[id].kind;
    bool                    good;

    if (state.kind != DVTI_PICKLE_TUPLE ||
        (kind != DVTI_PICKLE_DTYPE && kind != DVTI_PICKLE_ARRAY)) {
        return dvti_pickle_fail(p, DVT_E_UNSUPPORTED, "BUILD sets the state of an object");
    }
    good = kind == DVTI_PICKLE_DTYPE ? build_dtype(p, id, &state) : build_array(p, id, &state);
    p->stack.len--;
    return good;
}

/* ---- reading ------------------------------------------------------------------------------- */

uint64_t dvti_pickle_array_count(const dvti_pickle *p, const dvti_pickle_value *array)
{
    if (array->count != 3) {
        return 0; /* never given a state */
    }
    return dvti_pickle_item(p, array, 2)->count / type_size(dvti_pickle_item(p, array, 0));
}

/* Where element i, counted by rows, lies in an array stored by columns. */
static uint64_t fortran_place(const dvti_pickle *p, const dvti_pickle_value *shape, uint64_t i)
{
    uint64_t place = 0;

    /* the last index changes fastest in i, the first one in memory */
    for (uint32_t d = shape->count; d-- > 0;) {
        const uint64_t n = (uint64_t)dvti_pickle_item(p, shape, d)->i;
        uint64_t       stride = 1;
        for (uint32_t k = 0; k < d; k++) {
            stride *= (uint64_t)dvti_pickle_item(p, shape, k)->i;
        }
        place += i % n * stride;
        i /= n;
    }
    return place;
}

bool dvti_pickle_array_at(const dvti_pickle *p, const dvti_pickle_value *array, uint64_t i,
                          double *out)
{
    int64_t whole = 0;

    *out = 0;
    if (i >= dvti_pickle_array_count(p, array)) {
        return false;
    }
    const dvti_pickle_value *dtype = dvti_pickle_item(p, array, 0);
    const uint64_t at = array->fortran ? fortran_place(p, dvti_pickle_item(p, array, 1), i) : i;
    const uint8_t *b = dvti_pickle_item(p, array, 2)->data + at * type_size(dtype);
    if (element(dtype, b, &whole, out)) {
        *out = (char)(dtype->i & 0x7f) == 'u' ? (double)(uint64_t)whole : (double)whole;
        return whole <= INT64_C(1) << 53 && whole >= -(INT64_C(1) << 53);
    }
    return true;
}

uint32_t dvti_pickle_root(const dvti_pickle *p) { return p->root; }

const dvti_pickle_value *dvti_pickle_get(const dvti_pickle *p, uint32_t id)
{
    return &p->values.data[id];
}

const dvti_pickle_value *dvti_pickle_item(const dvti_pickle *p, const dvti_pickle_value *v,
                                          uint32_t i)
{
    return &p->values.data[p->items.data[v->first + i]];
}

bool dvti_pickle_is(const dvti_pickle_value *v, const char *text)
{
    return v->kind == DVTI_PICKLE_TEXT && same(text, (const char *)v->data, v->count);
}

const dvti_pickle_value *dvti_pickle_find(const dvti_pickle *p, const dvti_pickle_value *dict,
                                          const char *key)
{
    for (uint32_t i = dict->kind == DVTI_PICKLE_DICT ? dict->count : 0; i >= 2; i -= 2) {
        if (dvti_pickle_is(dvti_pickle_item(p, dict, i - 2), key)) {
            return dvti_pickle_item(p, dict, i - 1);
        }
    }
    return NULL;
}

bool dvti_pickle_number(const dvti_pickle_value *v, double *out)
{
    *out = 0;
    if (v->kind == DVTI_PICKLE_FLOAT) {
        *out = v->f;
        return true;
    }
    if (v->kind != DVTI_PICKLE_INT && v->kind != DVTI_PICKLE_BOOL) {
        return false;
    }
    *out = (double)v->i;
    return v->i <= INT64_C(1) << 53 && v->i >= -(INT64_C(1) << 53);
}

const char *dvti_pickle_kind_name(dvti_pickle_kind kind)
{
    static const char *const text[] = {
        [DVTI_PICKLE_NONE] = "None",      [DVTI_PICKLE_BOOL] = "a truth value",
        [DVTI_PICKLE_INT] = "an integer", [DVTI_PICKLE_FLOAT] = "a float",
        [DVTI_PICKLE_TEXT] = "a text",    [DVTI_PICKLE_BYTES] = "bytes",
        [DVTI_PICKLE_TUPLE] = "a tuple",  [DVTI_PICKLE_LIST] = "a list",
        [DVTI_PICKLE_SET] = "a set",      [DVTI_PICKLE_DICT] = "a dictionary",
        [DVTI_PICKLE_ARRAY] = "an array", [DVTI_PICKLE_DTYPE] = "a numpy type",
        [DVTI_PICKLE_NAME] = "a name",
    };
    return text[kind];
}
