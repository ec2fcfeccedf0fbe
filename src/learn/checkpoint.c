/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checkpoint.c - the state of a training as one file.
 *
 * Layout    Integers little-endian, floats as their bits; a text is u32 length and bytes.
 *             "DVTCKPT" and a line feed  u32 version  u32 parts (1 optimiser, 2 stopper, 4 plateau)
 *             u64 step, epoch, rng seed, stream, counter
 *             u32 parameters  { text name  u8 state  u8 frozen  u8 rank  i64 dim[rank]
 *                               f32 values }
 *             optimiser: u8 kind  u8 nesterov  f64 momentum, beta1, beta2, epsilon, decay
 *                        u64 steps  u8 moments  { f32 of all parameters }
 *             stopper:   u32 patience  u64 from, calls, best call  f64 best  u8 kept
 *                        { f32 of all parameters }
 *             plateau:   f64 rate, factor, threshold, least, best  u32 patience, bad
 *             64 characters: SHA-256 of all before
 * Idea      Loading walks the file twice with the same code: first it only compares with the
 *           objects it is to fill, then it writes. So a file that does not fit changes nothing.
 * Invariant no size in the file is trusted: every count is compared with the objects in memory.
 * Tests     tests/unit/test_learn_checkpoint.c (resumes to the bit, killed writers, truncation),
 *           tests/fuzz/fuzz_checkpoint.c, tests/fault/fault_learn.c
 */
#include "learn/checkpoint_int.h"

#include <stdio.h>
#include <string.h>

enum { VERSION = 1, MAGIC = 8, OPTIM = 1, STOPPER = 2, PLATEAU = 4, NAME_MAX_BYTES = 4096 };

static const char magic[MAGIC + 1] = "DVTCKPT\n";

static uint32_t parts_of(const dvt_checkpoint *c)
{
    return (c->optim ? OPTIM : 0u) | (c->stopper ? STOPPER : 0u) | (c->plateau ? PLATEAU : 0u);
}

/* ---- writing ------------------------------------------------------------------------------- */

static void put_uint(dvt_buf *b, uint64_t x, size_t bytes)
{
    unsigned char le[8];

    for (size_t i = 0; i < bytes; i++)
        le[i] = (unsigned char)(x >> 8 * i);
    dvt_buf_append(b, le, bytes);
}

static void put_f64(dvt_buf *b, double x)
{
    uint64_t bits;

    memcpy(&bits, &x, sizeof bits);
    put_uint(b, bits, 8);
}

static void put_floats(dvt_buf *b, const float *x, int64_t count)
{
    unsigned char le[4 * 256];

    for (int64_t at = 0; at < count; at += 256) {
        int64_t n = count - at < 256 ? count - at : 256;
        for (int64_t i = 0; i < n; i++) {
            uint32_t bits;
            memcpy(&bits, &x[at + i], sizeof bits);
            for (int k = 0; k < 4; k++)
                le[4 * i + k] = (unsigned char)(bits >> 8 * k);
        }
        dvt_buf_append(b, le, (size_t)n * 4);
    }
}

/* An array with the places of the values, without the gaps between parameters. */
static void put_block(dvt_buf *b, const dvt_params *ps, const float *x)
{
    for (int32_t i = 0; i < ps->count; i++)
        put_floats(b, x + ps->items[i].at, ps->items[i].count);
}

static void put_params(dvt_buf *b, const dvt_params *ps)
{
    put_uint(b, (uint64_t)ps->count, 4);
    for (int32_t i = 0; i < ps->count; i++) {
        const dvti_param *p = &ps->items[i];
        put_uint(b, strlen(p->name), 4);
        dvt_buf_puts(b, p->name);
        put_uint(b, p->state, 1);
        put_uint(b, p->frozen, 1);
        put_uint(b, (uint64_t)p->shape.rank, 1);
        for (int32_t d = 0; d < p->shape.rank; d++)
            put_uint(b, (uint64_t)p->shape.dim[d], 8);
        put_floats(b, ps->values + p->at, p->count);
    }
}

static void put_optim(dvt_buf *b, const dvt_params *ps, const dvt_optim *o)
{
    const dvt_optim_opts *p = &o->opts;
    const double          numbers[] = {p->momentum, p->beta1, p->beta2, p->epsilon, p->decay};

    put_uint(b, p->kind, 1);
    put_uint(b, p->nesterov, 1);
    for (int i = 0; i < 5; i++)
        put_f64(b, numbers[i]);
    put_uint(b, o->steps, 8);
    put_uint(b, (o->first ? 1u : 0u) + (o->second ? 1u : 0u), 1);
    if (o->first)
        put_block(b, ps, o->first);
    if (o->second)
        put_block(b, ps, o->second);
}

static void put_stopper(dvt_buf *b, const dvt_params *ps, const dvt_stopper *s)
{
    put_uint(b, s->patience, 4);
    put_uint(b, s->from, 8);
    put_uint(b, s->calls, 8);
    put_uint(b, s->best_call, 8);
    put_f64(b, s->best);
    put_uint(b, s->kept, 1);
    if (s->kept)
        put_block(b, ps, s->values);
}

static void put_plateau(dvt_buf *b, const dvt_plateau *p)
{
    const double numbers[] = {p->rate, p->factor, p->threshold, p->least, p->best};

    for (int i = 0; i < 5; i++)
        put_f64(b, numbers[i]);
    put_uint(b, p->patience, 4);
    put_uint(b, p->bad, 4);
}

void dvti_checkpoint_print(const dvt_checkpoint *c, dvt_buf *b)
{
    const uint64_t numbers[] = {c->step, c->epoch, c->rng.seed, c->rng.stream, c->rng.counter};

    dvt_buf_append(b, magic, MAGIC);
    put_uint(b, VERSION, 4);
    put_uint(b, parts_of(c), 4);
    for (int i = 0; i < 5; i++)
        put_uint(b, numbers[i], 8);
    put_params(b, c->params);
    if (c->optim)
        put_optim(b, c->params, c->optim);
    if (c->stopper)
        put_stopper(b, c->params, c->stopper);
    if (c->plateau)
        put_plateau(b, c->plateau);
}

static dvt_status check_parts(dvt_ctx *ctx, const dvt_checkpoint *c)
{
    if (!c->params)
        return dvt_fail(ctx, DVT_E_USAGE, NULL, "a checkpoint needs parameters");
    if ((c->optim && c->optim->elements != c->params->elements) ||
        (c->stopper && c->stopper->elements != c->params->elements))
        return dvt_fail(ctx, DVT_E_USAGE, NULL,
                        "the parameters have changed since the optimiser or stopper was made");
    return DVT_OK;
}

dvt_status dvt_checkpoint_save(dvt_ctx *ctx, const char *path, const dvt_checkpoint *c)
{
    dvt_status st = check_parts(ctx, c);
    char       digest[DVT_SHA256_HEX];
    dvt_buf    b;

    if (st != DVT_OK)
        return st;
    dvt_buf_init(&b, ctx, (size_t)16 << 30);
    dvti_checkpoint_print(c, &b);
    st = dvt_buf_status(&b);
    if (st == DVT_OK) {
        dvt_sha256_hex(b.data, b.len, digest);
        dvt_buf_append(&b, digest, DVTI_CHECKPOINT_DIGEST);
        st = dvt_buf_status(&b);
    }
    if (st == DVT_OK)
        st = dvt_file_write(ctx, path, b.data, b.len);
    dvt_buf_deinit(&b);
    return st;
}

/* ---- reading ------------------------------------------------------------------------------- */

/* After a failure everything reads as zero and nothing is written. */
typedef struct reader {
    dvt_ctx       *ctx;
    const char    *name;
    const uint8_t *data;
    size_t         size, at;
    bool           apply; /* the second walk */
    dvt_status     status;
} reader;

static void fail_at(reader *r, dvt_status status, const char *what)
{
    const dvt_pos pos = {.file = r->name, .offset = r->at};

    if (r->status == DVT_OK)
        r->status = dvt_fail(r->ctx, status, &pos, "%s", what);
}

static const uint8_t *take(reader *r, size_t bytes)
{
    if (r->status == DVT_OK && bytes > r->size - r->at)
        fail_at(r, DVT_E_PARSE, "the checkpoint ends too early");
    if (r->status != DVT_OK)
        return NULL;
    r->at += bytes;
    return r->data + r->at - bytes;
}

static uint64_t get_uint(reader *r, size_t bytes)
{
    const uint8_t *p = take(r, bytes);
    uint64_t       x = 0;

    for (size_t i = 0; p && i < bytes; i++)
        x |= (uint64_t)p[i] << 8 * i;
    return x;
}

static double get_f64(reader *r)
{
    uint64_t bits = get_uint(r, 8);
    double   x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

static void get_floats(reader *r, float *to, int64_t count)
{
    const uint8_t *p = take(r, (size_t)count * 4);

    for (int64_t i = 0; p && r->apply && i < count; i++) {
        uint32_t bits = 0;
        for (int k = 0; k < 4; k++)
            bits |= (uint32_t)p[4 * i + k] << 8 * k;
        memcpy(&to[i], &bits, sizeof bits);
    }
}

static void get_block(reader *r, const dvt_params *ps, float *to)
{
    for (int32_t i = 0; i < ps->count; i++)
        get_floats(r, to + ps->items[i].at, ps->items[i].count);
}

/* The next number must be `want`, else `what` is wrong. */
static void expect(reader *r, size_t bytes, uint64_t want, const char *what)
{
    size_t at = r->at;

    if (get_uint(r, bytes) != want && r->status == DVT_OK) {
        r->at = at;
        fail_at(r, DVT_E_SHAPE, what);
    }
}

static void expect_param(reader *r, dvti_param *p, float *values)
{
    const size_t   n = strlen(p->name), at = r->at;
    uint64_t       length = get_uint(r, 4);
    const uint8_t *name = length <= NAME_MAX_BYTES ? take(r, (size_t)length) : NULL;
    char           text[400];

    if (r->status != DVT_OK)
        return;
    if (!name || length != n || memcmp(name, p->name, n) != 0) {
        int shown = name && length < 100 ? (int)length : 0;
        snprintf(text, sizeof text,
                 "the checkpoint has a parameter '%.*s' where '%.200s' is wanted", shown,
                 name ? (const char *)name : "", p->name);
        r->at = at;
        fail_at(r, DVT_E_SHAPE, text);
        return;
    }
    snprintf(text, sizeof text, "parameter '%.200s' has another shape or role in the checkpoint",
             p->name);
    expect(r, 1, p->state, text);
    bool frozen = get_uint(r, 1) != 0;
    expect(r, 1, (uint64_t)p->shape.rank, text);
    for (int32_t d = 0; d < p->shape.rank; d++)
        expect(r, 8, (uint64_t)p->shape.dim[d], text);
    get_floats(r, values, p->count);
    if (r->apply && r->status == DVT_OK)
        p->frozen = frozen;
}

static void get_params(reader *r, dvt_params *ps)
{
    expect(r, 4, (uint64_t)ps->count, "the checkpoint has another number of parameters");
    for (int32_t i = 0; i < ps->count && r->status == DVT_OK; i++)
        expect_param(r, &ps->items[i], ps->values + ps->items[i].at);
}

static void get_optim(reader *r, const dvt_params *ps, dvt_optim *o)
{
    const dvt_optim_opts *p = &o->opts;
    const double          numbers[] = {p->momentum, p->beta1, p->beta2, p->epsilon, p->decay};
    const char           *other = "the checkpoint's optimiser has other options";

    expect(r, 1, p->kind, other);
    expect(r, 1, p->nesterov, other);
    for (int i = 0; i < 5; i++) {
        uint64_t bits;
        memcpy(&bits, &numbers[i], sizeof bits);
        expect(r, 8, bits, other);
    }
    uint64_t steps = get_uint(r, 8);
    expect(r, 1, (o->first ? 1u : 0u) + (o->second ? 1u : 0u), other);
    if (o->first)
        get_block(r, ps, o->first);
    if (o->second)
        get_block(r, ps, o->second);
    if (r->apply && r->status == DVT_OK)
        o->steps = steps;
}

static void get_stopper(reader *r, const dvt_params *ps, dvt_stopper *s)
{
    dvt_stopper read = *s;

    read.patience = (uint32_t)get_uint(r, 4);
    read.from = get_uint(r, 8);
    read.calls = get_uint(r, 8);
    read.best_call = get_uint(r, 8);
    read.best = get_f64(r);
    read.kept = get_uint(r, 1) != 0;
    if (read.kept)
        get_block(r, ps, s->values);
    if (r->apply && r->status == DVT_OK)
        *s = read;
}

static void get_plateau(reader *r, dvt_plateau *p)
{
    dvt_plateau read = *p;
    double     *to[] = {&read.rate, &read.factor, &read.threshold, &read.least, &read.best};

    for (int i = 0; i < 5; i++)
        *to[i] = get_f64(r);
    read.patience = (uint32_t)get_uint(r, 4);
    read.bad = (uint32_t)get_uint(r, 4);
    if (r->apply && r->status == DVT_OK)
        *p = read;
}

static void walk(reader *r, dvt_checkpoint *c)
{
    uint64_t      *to[] = {&c->step, &c->epoch, &c->rng.seed, &c->rng.stream, &c->rng.counter};
    const uint8_t *head = take(r, MAGIC);

    if (head && memcmp(head, magic, MAGIC) != 0) {
        r->at = 0;
        fail_at(r, DVT_E_PARSE, "this is no checkpoint: the first bytes differ");
    }
    uint64_t version = get_uint(r, 4);
    if (r->status == DVT_OK && version != VERSION)
        fail_at(r, DVT_E_UNSUPPORTED, "the checkpoint was written by another version");
    expect(r, 4, parts_of(c), "the checkpoint has other parts than asked for");
    for (int i = 0; i < 5; i++) {
        uint64_t x = get_uint(r, 8);
        if (r->apply)
            *to[i] = x;
    }
    get_params(r, c->params);
    if (c->optim && r->status == DVT_OK)
        get_optim(r, c->params, c->optim);
    if (c->stopper && r->status == DVT_OK)
        get_stopper(r, c->params, c->stopper);
    if (c->plateau && r->status == DVT_OK)
        get_plateau(r, c->plateau);
    if (r->status == DVT_OK && r->at != r->size)
        fail_at(r, DVT_E_PARSE, "bytes behind the end of the checkpoint");
}

dvt_status dvti_checkpoint_parse(dvt_ctx *ctx, const char *name, const uint8_t *data, size_t size,
                                 dvt_checkpoint *c)
{
    reader     r = {.ctx = ctx, .name = name, .data = data, .size = size};
    dvt_status st = check_parts(ctx, c);

    if (st != DVT_OK)
        return st;
    walk(&r, c);
    if (r.status != DVT_OK)
        return r.status;
    r = (reader){.ctx = ctx, .name = name, .data = data, .size = size, .apply = true};
    walk(&r, c);
    return r.status;
}

dvt_status dvt_checkpoint_load(dvt_ctx *ctx, const char *path, dvt_checkpoint *c)
{
    dvt_blob   file;
    char       digest[DVT_SHA256_HEX];
    dvt_status st = dvt_file_read(ctx, path, (size_t)16 << 30, &file);

    if (st != DVT_OK)
        return st;
    const dvt_pos start = {.file = path};
    size_t        body = file.size - DVTI_CHECKPOINT_DIGEST;
    if (file.size < MAGIC + DVTI_CHECKPOINT_DIGEST || memcmp(file.data, magic, MAGIC) != 0) {
        st = dvt_fail(ctx, DVT_E_PARSE, &start, "this is no checkpoint, or it was cut short");
    } else {
        dvt_sha256_hex(file.data, body, digest);
        if (memcmp(digest, file.data + body, DVTI_CHECKPOINT_DIGEST) != 0)
            st = dvt_fail(ctx, DVT_E_PARSE, &start,
                          "the checkpoint is damaged: its digest does not fit its content");
    }
    if (st == DVT_OK)
        st = dvti_checkpoint_parse(ctx, path, file.data, body, c);
    dvt_blob_deinit(ctx, &file);
    return st;
}
