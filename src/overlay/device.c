/* SPDX-License-Identifier: Apache-2.0 */
/*
 * device.c - reads a device file: what an FPGA has, and what its blocks can do.
 *
 * Idea      One table of numbers, as for overlays. Every key is required and every file names the
 *           public documents that its figures come from.
 * Tests     tests/unit/test_resources.c
 */
#include "overlay/overlay_int.h"

#include <string.h>

/* X(key, type, min, max) */
#define DEVICE_KEYS(X)                      \
    X(logic, I64, 1, 1e9)                   \
    X(registers, I64, 1, 1e9)               \
    X(dsp, I64, 0, 1e7)                     \
    X(memory_blocks, I64, 1, 1e7)           \
    X(memory_block_bits, I64, 4096, 1e6)    \
    X(large_memory_blocks, I64, 0, 1e6)     \
    X(large_memory_block_bits, I64, 0, 1e9) \
    X(dsp_macs_int8, F64, 0.1, 64)          \
    X(dsp_macs_m7, F64, 0.1, 64)            \
    X(dsp_macs_m12, F64, 0.1, 64)           \
    X(float_mac_dsp, F64, 0, 64)            \
    X(float_mac_logic, F64, 0, 1e5)         \
    X(float_add_logic, F64, 0, 1e5)         \
    X(memory_bandwidth_gbps, F64, 0, 1e5)

static const dvti_overlay_key numbers[] = {
#define DVT_X(key, type, min, max) \
    {"", #key, DVTI_KEY_##type, offsetof(dvt_device, key), min, max, "", ""},
    DEVICE_KEYS(DVT_X)
#undef DVT_X
};
enum { NUMBER_COUNT = sizeof numbers / sizeof *numbers };

typedef struct text_key {
    const char *key;
    size_t      offset, size;
} text_key;

#define TEXT_KEY(key)                                                   \
    {                                                                   \
#key, offsetof(dvt_device, key), sizeof(((dvt_device *)0)->key) \
    }
static const text_key texts[] = {TEXT_KEY(name), TEXT_KEY(title), TEXT_KEY(vendor),
                                 TEXT_KEY(source)};
enum { TEXT_COUNT = sizeof texts / sizeof *texts };

static const char *const units[] = {"ALM", "LUT6", "LUT4"};

static dvt_status check_keys(const dvti_json *root)
{
    const char *names[NUMBER_COUNT + TEXT_COUNT + 1];
    size_t      count = 0;

    for (size_t i = 0; i < NUMBER_COUNT; i++) {
        names[count++] = numbers[i].key;
    }
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        names[count++] = texts[i].key;
    }
    names[count++] = "logic_unit";
    return dvti_json_check_keys(root, names, count);
}

static dvt_status read_text(const dvti_json *root, const text_key *key, dvt_device *d)
{
    const char *text = "";
    dvt_status  st = dvti_json_get_string(root, key->key, DVTI_JSON_REQUIRED, &text);

    if (st == DVT_OK && (text[0] == '\0' || strlen(text) >= key->size)) {
        st = dvti_json_fail(root, DVT_E_PARSE, "'%s' has %zu characters, not 1 to %zu", key->key,
                            strlen(text), key->size - 1);
    }
    if (st == DVT_OK) {
        memcpy((char *)d + key->offset, text, strlen(text) + 1);
    }
    return st;
}

static dvt_status read_number(const dvti_json *root, const dvti_overlay_key *key, dvt_device *d)
{
    void *at = (char *)d + key->offset;

    if (key->type == DVTI_KEY_F64) {
        return dvti_json_get_f64(root, key->key, DVTI_JSON_REQUIRED, key->min, key->max, at);
    }
    return dvti_json_get_i64(root, key->key, DVTI_JSON_REQUIRED, (int64_t)key->min,
                             (int64_t)key->max, at);
}

static dvt_status read_device(const dvti_json *root, dvt_device *d)
{
    size_t     unit = 0;
    dvt_status st = dvti_json_as_object(root);

    if (st == DVT_OK) {
        st = check_keys(root);
    }
    for (size_t i = 0; st == DVT_OK && i < TEXT_COUNT; i++) {
        st = read_text(root, &texts[i], d);
    }
    if (st == DVT_OK) {
        st = dvti_json_get_enum(root, "logic_unit", DVTI_JSON_REQUIRED, units, 3, &unit);
        memcpy(d->logic_unit, units[unit], strlen(units[unit]) + 1);
    }
    for (size_t i = 0; st == DVT_OK && i < NUMBER_COUNT; i++) {
        st = read_number(root, &numbers[i], d);
    }
    return st;
}

dvt_status dvt_device_load(dvt_ctx *ctx, const char *path, dvt_device *out)
{
    dvti_json_doc doc;
    dvt_status    st = dvti_json_load(ctx, path, &doc);

    memset(out, 0, sizeof *out);
    if (st == DVT_OK) {
        dvti_json root = dvti_json_root(&doc);
        st = read_device(&root, out);
    }
    if (st != DVT_OK) {
        memset(out, 0, sizeof *out);
        dvt_fail_note(ctx, "while reading the device '%s'", path);
    }
    dvti_json_doc_deinit(&doc);
    return st;
}
