/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_json.c - JSON text: refused with an error, or written and read back to the same text.
 *
 * Checks    (1) a refusal is described in the context and leaves no memory in use;
 *           (2) what was accepted is written as JSON that is accepted and written the same again;
 *           (3) errors of meaning find their place, inside the text, for every member.
 */
#include "base/json_util.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void write_compact(const dvti_json_doc *doc, dvt_buf *out)
{
    dvti_json_writer w = dvti_json_writer_make(out, 0);
    dvti_json_value(&w, doc->root);
    require(dvt_buf_status(out) == DVT_OK);
}

static void check_round_trip(dvt_ctx *ctx, const dvti_json_doc *doc)
{
    dvt_buf       first, second;
    dvti_json_doc again;

    dvt_buf_init(&first, ctx, 0);
    dvt_buf_init(&second, ctx, 0);
    write_compact(doc, &first);
    require(dvti_json_parse(ctx, "again", first.data, first.len, &again) == DVT_OK);
    write_compact(&again, &second);
    require(strcmp(first.data, second.data) == 0);
    dvti_json_doc_deinit(&again);
    dvt_buf_deinit(&first);
    dvt_buf_deinit(&second);
}

/* Raises an error at every value. Views live on the stack, so this recurses; the depth of the
 * text is limited. */
static void check_places(dvt_ctx *ctx, const dvti_json *v)
{
    const char *key = NULL;
    json_t     *value = NULL;

    (void)dvti_json_fail(v, DVT_E_PARSE, "here");
    require(dvt_ctx_error(ctx)->offset < v->doc->size && dvt_ctx_error(ctx)->line > 0);
    dvt_ctx_clear_error(ctx);
    for (size_t i = 0; i < dvti_json_count(v); i++) {
        dvti_json item = dvti_json_at(v, i);
        check_places(ctx, &item);
    }
    if (!json_is_object(v->value)) {
        return;
    }
    json_object_foreach((json_t *)(uintptr_t)v->value, key, value)
    {
        dvti_json member = {.doc = v->doc, .value = value, .parent = v, .key = key};
        check_places(ctx, &member);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dvti_json_doc doc;
    dvt_ctx      *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = 1});

    if (!ctx || size > 4096) { /* places are found in quadratic time */
        dvt_ctx_destroy(ctx);
        return 0;
    }
    dvt_status st = dvti_json_parse(ctx, "input", (const char *)data, size, &doc);
    require(st == dvt_ctx_error(ctx)->status);
    if (st == DVT_OK) {
        dvti_json root = dvti_json_root(&doc);
        check_round_trip(ctx, &doc);
        check_places(ctx, &root);
    }
    dvti_json_doc_deinit(&doc);
    require(dvt_ctx_bytes_in_use(ctx) == 0);
    dvt_ctx_destroy(ctx);
    return 0;
}
