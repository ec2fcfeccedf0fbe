/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nb101_records.c - NAS-Bench-101's records: JSON of hash, epochs, matrix, operations and a message
 * in base64, framed by masked CRC-32C.
 */
#include "support/nb101_records.h"

#include <stdio.h>
#include <string.h>

/* ---- values -------------------------------------------------------------------------------- */

static double accuracy(dvt_rng *rng) { return (double)((float)dvt_rng_below(rng, 9985) / 9984.0f); }

record_case record_make(const dvt_nb101_cell *cell, int epochs, int repeat)
{
    const uint64_t what[] = {cell->adj_bits, cell->vertices, cell->ops[0], cell->ops[1],
                             cell->ops[2],   cell->ops[3],   cell->ops[4]};
    dvt_rng rng = dvt_rng_make(dvt_hash64(what, sizeof what, (uint64_t)epochs), (uint64_t)repeat);
    record_case c = {.epochs = epochs, .cell = *cell};

    dvt_nb101_md5(cell, c.hash);
    for (int p = 0; p < 3; p++) {
        c.point[p] = (record_point){.epoch = 0.5 * p * epochs,
                                    .training_time = p * (double)(float)(500 * dvt_rng_f64(&rng)),
                                    .train = accuracy(&rng),
                                    .valid = accuracy(&rng),
                                    .test = accuracy(&rng)};
    }
    c.parameters = (int32_t)dvt_nb101_parameters(cell);
    c.total_time = c.point[2].training_time + 100 * dvt_rng_f64(&rng);
    return c;
}

/* ---- protobuf ------------------------------------------------------------------------------ */

static void put_varint(dvt_buf *b, uint64_t v)
{
    for (; v >= 128; v >>= 7) {
        dvt_buf_append(b, &(uint8_t){(uint8_t)(v | 128)}, 1);
    }
    dvt_buf_append(b, &(uint8_t){(uint8_t)v}, 1);
}

static void put_double(dvt_buf *b, unsigned number, double v)
{
    put_varint(b, number << 3 | 1);
    dvt_buf_append(b, &v, sizeof v); /* little endian, as every machine the tests run on */
}

void record_message(const record_case *c, dvt_buf *out)
{
    for (int p = 0; p < 3; p++) {
        const record_point *v = &c->point[p];
        dvt_buf             sub;
        dvt_buf_init(&sub, out->ctx, 0);
        put_double(&sub, 1, v->epoch);
        put_double(&sub, 2, v->training_time);
        put_double(&sub, 3, v->train);
        put_double(&sub, 4, v->valid);
        put_double(&sub, 5, v->test);
        put_varint(&sub, 6 << 3 | 2);
        put_varint(&sub, 0);
        put_varint(out, 1 << 3 | 2);
        put_varint(out, sub.len);
        dvt_buf_append(out, sub.data, sub.len);
        dvt_buf_deinit(&sub);
    }
    put_varint(out, 2 << 3);
    put_varint(out, (uint64_t)c->parameters);
    put_double(out, 3, c->total_time);
}

/* ---- text ---------------------------------------------------------------------------------- */

void record_base64(const void *data, size_t size, dvt_buf *out)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *p = data;

    for (size_t i = 0; i < size; i += 3) {
        const uint32_t v = (uint32_t)p[i] << 16 | (uint32_t)(i + 1 < size ? p[i + 1] : 0) << 8 |
                           (i + 2 < size ? p[i + 2] : 0);
        char four[4] = {letters[v >> 18], letters[v >> 12 & 63], letters[v >> 6 & 63],
                        letters[v & 63]};
        four[2] = i + 1 < size ? four[2] : '=';
        four[3] = i + 2 < size ? four[3] : '=';
        dvt_buf_append(out, four, 4);
    }
}

static void put_matrix(const dvt_nb101_cell *c, dvt_buf *out)
{
    for (int x = 0; x < c->vertices; x++) {
        for (int y = 0; y < c->vertices; y++) {
            dvt_buf_puts(out, y > x && dvt_nb101_edge(c, x, y) ? "1" : "0");
        }
    }
}

static void put_operations(const dvt_nb101_cell *c, dvt_buf *out)
{
    static const char *const names[] = {"conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3"};

    dvt_buf_puts(out, "input,");
    for (int v = 1; v + 1 < c->vertices; v++) {
        dvt_buf_printf(out, "%s,", names[c->ops[v - 1]]);
    }
    dvt_buf_puts(out, "output");
}

void record_json(const record_case *c, const record_parts *parts, dvt_buf *out)
{
    const record_parts right = {0};
    dvt_buf            message;

    parts = parts ? parts : &right;
    dvt_buf_init(&message, out->ctx, 0);
    record_message(c, &message);
    dvt_buf_printf(out, "[\"%s\", ", parts->hash ? parts->hash : c->hash);
    if (parts->epochs) {
        dvt_buf_printf(out, "%s, \"", parts->epochs);
    } else {
        dvt_buf_printf(out, "%d, \"", c->epochs);
    }
    if (parts->matrix) {
        dvt_buf_puts(out, parts->matrix);
    } else {
        put_matrix(&c->cell, out);
    }
    dvt_buf_puts(out, "\", \"");
    if (parts->operations) {
        dvt_buf_puts(out, parts->operations);
    } else {
        put_operations(&c->cell, out);
    }
    dvt_buf_puts(out, "\", \"");
    if (parts->metrics) {
        dvt_buf_puts(out, parts->metrics);
    } else {
        record_base64(message.data, message.len, out);
    }
    dvt_buf_puts(out, "\"]");
    dvt_buf_deinit(&message);
}

/* ---- frames -------------------------------------------------------------------------------- */

/* CRC-32C bit by bit, from the polynomial, and TensorFlow's mask. */
static uint32_t masked_crc(const uint8_t *p, size_t size)
{
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < size; i++) {
        crc ^= p[i];
        for (int k = 0; k < 8; k++) {
            crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0x82f63b78) : 0);
        }
    }
    crc = ~crc;
    return (crc >> 15 | crc << 17) + UINT32_C(0xa282ead8);
}

static void put_little(dvt_buf *out, uint64_t v, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        dvt_buf_append(out, &(uint8_t){(uint8_t)(v >> (8 * i))}, 1);
    }
}

void record_frame(const void *data, size_t size, dvt_buf *out)
{
    uint8_t length[8];

    for (int i = 0; i < 8; i++) {
        length[i] = (uint8_t)((uint64_t)size >> (8 * i));
    }
    dvt_buf_append(out, length, sizeof length);
    put_little(out, masked_crc(length, sizeof length), 4);
    dvt_buf_append(out, data, size);
    put_little(out, masked_crc(data, size), 4);
}

void record_append(const record_case *c, dvt_buf *out)
{
    dvt_buf json;

    dvt_buf_init(&json, out->ctx, 0);
    record_json(c, NULL, &json);
    record_frame(json.data, json.len, out);
    dvt_buf_deinit(&json);
}
