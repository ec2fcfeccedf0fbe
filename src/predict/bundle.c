/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bundle.c - arrays of a predictor file by name.
 *
 * Tests      tests/unit/test_predictor.c, tests/fuzz/fuzz_predictor.c
 */
#include "predict/bundle.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/text_util.h"

static void make_name(char out[DVTI_BUNDLE_NAME], const char *prefix, int number, const char *name)
{
    if (number < 0) {
        dvti_format(out, DVTI_BUNDLE_NAME, "%s.%s", prefix, name);
    } else {
        dvti_format(out, DVTI_BUNDLE_NAME, "%s%d.%s", prefix, number, name);
    }
}

void dvti_bundle_add(dvti_bundle *b, const char *prefix, int number, const char *name,
                     dvt_dtype dtype, dvt_shape shape, const void *data)
{
    assert(b->count < DVTI_BUNDLE_MAX);
    make_name(b->name[b->count], prefix, number, name);
    b->array[b->count++] = dvt_tensor_wrap(dtype, &shape, (void *)(uintptr_t)data);
}

dvt_status dvti_bundle_digest(dvt_ctx *ctx, const dvti_bundle *b, char out[DVT_SHA256_HEX])
{
    char       shape[DVT_SHAPE_TEXT];
    dvt_buf    all;
    dvt_status st;

    dvt_buf_init(&all, ctx, 0);
    for (int32_t i = 0; i < b->count; i++) {
        dvt_buf_printf(&all, "%s %s %s\n", b->name[i], dvt_dtype_name(b->array[i].dtype),
                       dvt_shape_text(&b->array[i].shape, shape));
        dvt_buf_append(&all, b->array[i].data, b->array[i].bytes);
    }
    st = dvt_buf_status(&all);
    if (st == DVT_OK) {
        dvt_sha256_hex(all.data ? all.data : "", all.len, out);
    }
    dvt_buf_deinit(&all);
    return st;
}

static dvt_status fail(const dvti_bundle_file *f, const char *name, const char *what)
{
    const dvt_pos at = {.file = f->path};

    dvt_fail(f->ctx, DVT_E_PARSE, &at, "array '%s' of the predictor %s", name, what);
    return DVT_E_PARSE;
}

static bool is_finite(const dvt_tensor *t)
{
    const int64_t n = dvt_shape_count(&t->shape);

    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(dvt_tensor_get_f64(t, i))) {
            return false;
        }
    }
    return true;
}

static bool fits(const dvt_shape *got, const dvt_shape *want)
{
    bool same = got->rank == want->rank;

    for (int32_t i = 0; same && i < want->rank; i++) {
        same = want->dim[i] < 0 || got->dim[i] == want->dim[i];
    }
    return same;
}

dvt_status dvti_bundle_take(const dvti_bundle_file *f, const char *prefix, int number,
                            const char *name, dvt_dtype dtype, dvt_shape shape, dvt_shape *out,
                            void **data)
{
    char full[DVTI_BUNDLE_NAME];

    *data = NULL;
    make_name(full, prefix, number, name);
    for (int32_t i = 0; i < f->npz.count; i++) {
        const dvt_tensor *t = &f->npz.tensors[i];
        if (strcmp(f->npz.names[i], full) != 0) {
            continue;
        }
        if (t->dtype != dtype || !fits(&t->shape, &shape)) {
            return fail(f, full, "has another type or shape");
        }
        if (!is_finite(t)) {
            return fail(f, full, "holds what is not finite");
        }
        *data = dvt_alloc(f->ctx, t->bytes + 1);
        if (!*data) {
            return DVT_E_NOMEM;
        }
        if (t->bytes > 0) {
            memcpy(*data, t->data, t->bytes);
        }
        if (out) {
            *out = t->shape;
        }
        return DVT_OK;
    }
    return fail(f, full, "is missing");
}
