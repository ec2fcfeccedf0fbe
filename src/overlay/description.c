/* SPDX-License-Identifier: Apache-2.0 */
/*
 * description.c - an overlay's JSON file: table of keys, parser, canonical printer.
 *
 * Idea      Every number is one line of the table below: group, key, range, unit, meaning. Parser,
 *           printer, range checks and the table of docs/overlay.md follow from it. What is not a
 *           number (name, format, kernels, connections) is written out.
 * Invariant What dvt_overlay_print writes parses back to an equal description.
 * Limits    All keys but `device` must be there: a description says everything about the hardware.
 * Tests     tests/unit/test_overlay.c, tests/fuzz/fuzz_overlay.c
 */
#include "overlay/overlay_int.h"

#include <string.h>

/* ---- the numbers --------------------------------------------------------------------------- */

/* X(group, key, member, type, min, max, unit, meaning) */
#define OVERLAY_KEYS(X)                                                                          \
    X("array", "c_vec", c_vec, I32, 1, 256, "value",                                             \
      "input channels of a dot product; values of a block")                                      \
    X("array", "k_vec", k_vec, I32, 1, 512, "lane", "output channels at once")                   \
    X("array", "q_vec", q_vec, I32, 1, 64, "lane", "output columns at once")                     \
    X("array", "p_vec", p_vec, I32, 1, 64, "lane", "output rows at once")                        \
    X("array", "interleave", interleave, I32, 1, 64, "turn",                                     \
      "turns before an accumulator is used again")                                               \
    X("format", "feature_mantissa_bits", feature_mantissa_bits, I32, 3, 12, "bit",               \
      "mantissa of a feature with its sign; 8 for int8")                                         \
    X("format", "filter_mantissa_bits", filter_mantissa_bits, I32, 3, 12, "bit",                 \
      "mantissa of a filter value with its sign; 8 for int8")                                    \
    X("format", "accumulator_bits", accumulator_bits, I32, 32, 64, "bit",                        \
      "accumulator: 40 to 64 for bfp, 32 for int8")                                              \
    X("stream_buffer", "banks", stream_buffer_banks, I32, 1, 4096, "bank",                       \
      "banks of the stream buffer")                                                              \
    X("stream_buffer", "words_per_bank", stream_buffer_words_per_bank, I32, 1, 16777216, "word", \
      "depth of a bank, in words of c_vec features")                                             \
    X("filter_cache", "words", filter_cache_words, I32, 1, 32768, "word",                        \
      "words of c_vec filter values a lane and half; there are two halves")                      \
    X("crossbar", "function_tables", function_tables, I32, 0, 16, "table",                       \
      "piecewise linear functions of the kernels act and lrn")                                   \
    X("crossbar", "lrn_size_max", lrn_size_max, I32, 1, 255, "channel",                          \
      "largest window of the kernel lrn, odd")                                                   \
    X("crossbar", "pool_window_max", pool_window_max, I32, 1, 65535, "block",                    \
      "largest number of valid blocks whose reciprocal the kernel pool holds")                   \
    X("memory", "bus_bits", memory_bus_bits, I32, 32, 8192, "bit",                               \
      "width of the data bus, a power of two")                                                   \
    X("memory", "clock_mhz", memory_clock_mhz, F64, 1, 4000, "MHz", "clock of the data bus")     \
    X("memory", "bandwidth_gbps", memory_bandwidth_gbps, F64, 0.001, 10000, "1e9 byte/s",        \
      "sustained; at most what bus and clock give")                                              \
    X("memory", "latency_cycles", memory_latency_cycles, I32, 0, 100000, "cycle of clock_mhz",   \
      "from a request to its first data")                                                        \
    X("memory", "burst_beats", memory_burst_beats, I32, 1, 256, "beat", "longest burst")         \
    X("memory", "bytes", memory_bytes, I64, 65536, 68719476736, "byte", "size")                  \
    X("control", "link_bits", control_link_bits, I32, 8, 64, "bit",                              \
      "width of the chain that delivers long words: 8, 16, 32 or 64")                            \
    X("control", "fifo_depth", control_fifo_depth, I32, 1, 4096, "entry",                        \
      "entries between a kernel's transport node and the kernel")                                \
    X("", "clock_mhz", clock_mhz, F64, 1, 2000, "MHz", "clock of the overlay")

static const dvti_overlay_key keys[] = {
#define DVT_X(group, key, member, type, min, max, unit, meaning) \
    {group, key, DVTI_KEY_##type, offsetof(dvt_overlay, member), min, max, unit, meaning},
    OVERLAY_KEYS(DVT_X)
#undef DVT_X
};
enum { KEY_COUNT = sizeof keys / sizeof *keys, GROUP_KEYS_MAX = 16 };

static const char *const groups[] = {"array",    "format", "stream_buffer", "filter_cache",
                                     "crossbar", "memory", "control"};
enum { GROUP_COUNT = sizeof groups / sizeof *groups };

static const char *const format_names[] = {"bfp", "int8"};

const dvti_overlay_key *dvti_overlay_keys(size_t *count)
{
    *count = KEY_COUNT;
    return keys;
}

double dvti_overlay_key_value(const dvti_overlay_key *key, const dvt_overlay *o)
{
    const void *at = (const char *)o + key->offset;

    switch (key->type) {
    case DVTI_KEY_I32: return *(const int32_t *)at;
    case DVTI_KEY_I64: return (double)*(const int64_t *)at;
    case DVTI_KEY_F64: return *(const double *)at;
    }
    return 0.0;
}

bool dvti_kernel_is_aux(dvt_kernel kernel)
{
    return kernel >= DVT_KERNEL_SCALE && kernel <= DVT_KERNEL_LRN;
}

bool dvti_kernel_takes_windows(dvt_kernel kernel)
{
    return kernel == DVT_KERNEL_POOL || kernel == DVT_KERNEL_DEPTHWISE || kernel == DVT_KERNEL_LRN;
}

/* ---- parse: numbers ------------------------------------------------------------------------ */

static dvt_status read_key(const dvti_json *group, const dvti_overlay_key *key, dvt_overlay *o)
{
    void      *at = (char *)o + key->offset;
    int64_t    v = 0;
    dvt_status st;

    if (key->type == DVTI_KEY_F64) {
        return dvti_json_get_f64(group, key->key, DVTI_JSON_REQUIRED, key->min, key->max, at);
    }
    st = dvti_json_get_i64(group, key->key, DVTI_JSON_REQUIRED, (int64_t)key->min,
                           (int64_t)key->max, &v);
    if (key->type == DVTI_KEY_I32) {
        *(int32_t *)at = (int32_t)v;
    } else {
        *(int64_t *)at = v;
    }
    return st;
}

/* Reads the numbers of a group and refuses keys that are neither numbers nor in `others`. */
static dvt_status read_group(const dvti_json *at, const char *group, const char *const *others,
                             size_t other_count, dvt_overlay *o)
{
    const char *names[GROUP_KEYS_MAX];
    size_t      count = 0;
    dvt_status  st;

    for (size_t i = 0; i < other_count; i++) {
        names[count++] = others[i];
    }
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (strcmp(keys[i].group, group) == 0) {
            names[count++] = keys[i].key;
        }
    }
    st = dvti_json_check_keys(at, names, count);
    for (size_t i = 0; st == DVT_OK && i < KEY_COUNT; i++) {
        if (strcmp(keys[i].group, group) == 0) {
            st = read_key(at, &keys[i], o);
        }
    }
    return st;
}

/* ---- parse: crossbar ----------------------------------------------------------------------- */

static dvt_status read_kernels(const dvti_json *crossbar, dvt_overlay *o)
{
    const char *names[DVT_KERNEL_COUNT];
    size_t      count = 0;
    dvti_json   list;
    dvt_status  st;

    for (int k = 0; k < DVT_KERNEL_COUNT; k++) {
        if (dvti_kernel_is_aux((dvt_kernel)k)) {
            names[count++] = dvt_kernel_name((dvt_kernel)k);
        }
    }
    st = dvti_json_get_object(crossbar, "kernels", DVTI_JSON_REQUIRED, &list);
    if (st == DVT_OK) {
        st = dvti_json_check_keys(&list, names, count);
    }
    for (size_t i = 0; st == DVT_OK && i < count; i++) {
        int     k = DVT_KERNEL_SCALE + (int)i;
        int64_t vec = 0;
        st = dvti_json_get_i64(&list, names[i], DVTI_JSON_OPTIONAL, 1, 4096, &vec);
        o->aux_vec[k] = (int32_t)vec;
        o->aux_kernels |= vec > 0 ? 1u << k : 0u;
    }
    return st;
}

static dvt_status read_targets(const dvti_json *connect, const char *const *names, size_t count,
                               dvt_kernel source, dvt_overlay *o)
{
    dvti_json  list;
    dvt_status st =
        dvti_json_get_array(connect, dvt_kernel_name(source), DVTI_JSON_OPTIONAL, &list);

    for (size_t i = 0; st == DVT_OK && i < dvti_json_count(&list); i++) {
        dvti_json item = dvti_json_at(&list, i);
        size_t    target = 0;
        st = dvti_json_as_enum(&item, names, count, &target);
        if (st == DVT_OK && (o->connect[source] >> target & 1u) != 0) {
            st = dvti_json_fail(&item, DVT_E_PARSE, "'%s' stands here twice", names[target]);
        }
        o->connect[source] |= 1u << target;
    }
    return st;
}

static dvt_status read_connect(const dvti_json *crossbar, dvt_overlay *o)
{
    const char *names[DVT_KERNEL_COUNT], *sources[DVT_KERNEL_COUNT];
    size_t      count = 0;
    dvti_json   connect;
    dvt_status  st;

    for (int k = 0; k < DVT_KERNEL_COUNT; k++) {
        names[k] = dvt_kernel_name((dvt_kernel)k);
        if (dvti_kernel_is_aux((dvt_kernel)k) || k == DVT_KERNEL_ARRAY || k == DVT_KERNEL_SREAD) {
            sources[count++] = names[k];
        }
    }
    st = dvti_json_get_object(crossbar, "connect", DVTI_JSON_REQUIRED, &connect);
    if (st == DVT_OK) {
        st = dvti_json_check_keys(&connect, sources, count);
    }
    for (int k = 0; st == DVT_OK && k < DVT_KERNEL_COUNT; k++) {
        st = read_targets(&connect, names, DVT_KERNEL_COUNT, (dvt_kernel)k, o);
    }
    return st;
}

/* ---- parse: whole -------------------------------------------------------------------------- */

static dvt_status read_text(const dvti_json *root, const char *key, dvti_json_need need, char *out,
                            size_t size)
{
    const char *text = "";
    dvt_status  st = dvti_json_get_string(root, key, need, &text);

    if (st != DVT_OK) {
        return st;
    }
    if (strlen(text) >= size) {
        return dvti_json_fail(root, DVT_E_PARSE, "'%s' has %zu characters, at most %zu are kept",
                              key, strlen(text), size - 1);
    }
    memcpy(out, text, strlen(text) + 1);
    return DVT_OK;
}

static dvt_status read_special(const dvti_json *at, const char *group, dvt_overlay *o)
{
    dvt_status st = DVT_OK;

    if (strcmp(group, "format") == 0) {
        size_t kind = 0;
        st = dvti_json_get_enum(at, "kind", DVTI_JSON_REQUIRED, format_names, 2, &kind);
        o->format = (dvt_format_kind)kind;
    } else if (strcmp(group, "crossbar") == 0) {
        st = read_kernels(at, o);
        if (st == DVT_OK) {
            st = read_connect(at, o);
        }
    }
    return st;
}

static dvt_status read_groups(const dvti_json *root, dvt_overlay *o)
{
    static const char *const format_keys[] = {"kind"}, *const crossbar_keys[] = {"kernels",
                                                                                 "connect"};
    dvt_status st = DVT_OK;

    for (size_t i = 0; st == DVT_OK && i < GROUP_COUNT; i++) {
        bool      format = strcmp(groups[i], "format") == 0;
        bool      crossbar = strcmp(groups[i], "crossbar") == 0;
        dvti_json at;
        st = dvti_json_get_object(root, groups[i], DVTI_JSON_REQUIRED, &at);
        if (st == DVT_OK) {
            st = read_group(&at, groups[i], format ? format_keys : crossbar_keys,
                            format     ? 1
                            : crossbar ? 2
                                       : 0,
                            o);
        }
        if (st == DVT_OK) {
            st = read_special(&at, groups[i], o);
        }
    }
    return st;
}

dvt_status dvti_overlay_from_json(const dvti_json *root, dvt_overlay *out)
{
    const char *others[2 + GROUP_COUNT] = {"name", "device"};
    dvt_status  st;

    memset(out, 0, sizeof *out);
    st = dvti_json_as_object(root);
    if (st != DVT_OK) {
        return st;
    }
    memcpy(others + 2, groups, sizeof groups);
    st = read_group(root, "", others, 2 + GROUP_COUNT, out);
    if (st == DVT_OK) {
        st = read_text(root, "name", DVTI_JSON_REQUIRED, out->name, sizeof out->name);
    }
    if (st == DVT_OK) {
        st = read_text(root, "device", DVTI_JSON_OPTIONAL, out->device, sizeof out->device);
    }
    if (st == DVT_OK) {
        st = read_groups(root, out);
    }
    return st == DVT_OK ? dvt_overlay_check(root->doc->ctx, out) : st;
}

static dvt_status from_document(dvti_json_doc *doc, dvt_status st, dvt_overlay *out)
{
    memset(out, 0, sizeof *out);
    if (st == DVT_OK) {
        dvti_json root = dvti_json_root(doc);
        st = dvti_overlay_from_json(&root, out);
    }
    if (st != DVT_OK) {
        memset(out, 0, sizeof *out);
        dvt_fail_note(doc->ctx, "while reading the overlay '%s'", doc->name ? doc->name : "");
    }
    dvti_json_doc_deinit(doc);
    return st;
}

dvt_status dvt_overlay_load(dvt_ctx *ctx, const char *path, dvt_overlay *out)
{
    dvti_json_doc doc;
    dvt_status    st = dvti_json_load(ctx, path, &doc);

    return from_document(&doc, st, out);
}

dvt_status dvt_overlay_parse(dvt_ctx *ctx, const char *name, const char *json, size_t size,
                             dvt_overlay *out)
{
    dvti_json_doc doc;
    dvt_status    st = dvti_json_parse(ctx, name, json, size, &doc);

    return from_document(&doc, st, out);
}

/* ---- print --------------------------------------------------------------------------------- */

static void put_numbers(dvti_json_writer *w, const char *group, const dvt_overlay *o)
{
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (strcmp(keys[i].group, group) != 0) {
            continue;
        }
        if (keys[i].type == DVTI_KEY_F64) {
            dvti_json_put_f64(w, keys[i].key, dvti_overlay_key_value(&keys[i], o));
        } else { /* up to 2^36: exact as a double */
            dvti_json_put_i64(w, keys[i].key, (int64_t)dvti_overlay_key_value(&keys[i], o));
        }
    }
}

static void put_crossbar(dvti_json_writer *w, const dvt_overlay *o)
{
    dvti_json_key(w, "kernels");
    dvti_json_open_object(w);
    for (int k = 0; k < DVT_KERNEL_COUNT; k++) {
        if (dvt_overlay_has(o, (dvt_kernel)k)) {
            dvti_json_put_i64(w, dvt_kernel_name((dvt_kernel)k), o->aux_vec[k]);
        }
    }
    dvti_json_close_object(w);
    dvti_json_key(w, "connect");
    dvti_json_open_object(w);
    for (int k = 0; k < DVT_KERNEL_COUNT; k++) {
        if (o->connect[k] == 0) {
            continue;
        }
        dvti_json_key(w, dvt_kernel_name((dvt_kernel)k));
        dvti_json_open_array(w);
        for (int to = 0; to < DVT_KERNEL_COUNT; to++) {
            if ((o->connect[k] >> to & 1u) != 0) {
                dvti_json_string(w, dvt_kernel_name((dvt_kernel)to));
            }
        }
        dvti_json_close_array(w);
    }
    dvti_json_close_object(w);
}

void dvti_overlay_to_json(dvti_json_writer *w, const dvt_overlay *o)
{
    dvti_json_open_object(w);
    dvti_json_put_string(w, "name", o->name);
    for (size_t i = 0; i < GROUP_COUNT; i++) {
        dvti_json_key(w, groups[i]);
        dvti_json_open_object(w);
        if (strcmp(groups[i], "format") == 0) {
            dvti_json_put_string(w, "kind", format_names[o->format]);
        }
        put_numbers(w, groups[i], o);
        if (strcmp(groups[i], "crossbar") == 0) {
            put_crossbar(w, o);
        }
        dvti_json_close_object(w);
    }
    put_numbers(w, "", o);
    if (o->device[0] != '\0') {
        dvti_json_put_string(w, "device", o->device);
    }
    dvti_json_close_object(w);
}

void dvt_overlay_print(const dvt_overlay *o, dvt_buf *out)
{
    dvti_json_writer w = dvti_json_writer_make(out, 2);

    dvti_overlay_to_json(&w, o);
    dvt_buf_puts(out, "\n");
}
