/* SPDX-License-Identifier: Apache-2.0 */
/*
 * safetensors_params.c - a model's parameters as a safetensors file.
 *
 * Idea      Everything is checked before the first value is written: a file that does not fit
 *           changes nothing.
 * Tests     tests/unit/test_safetensors.c
 */
#include "formats/safetensors_int.h"

#include <string.h>

dvt_status dvt_params_write_safetensors(dvt_ctx *ctx, const char *path, dvt_params *ps)
{
    const int32_t   n = dvt_params_count(ps);
    dvt_safetensors st = {.count = n};
    dvt_status      status = DVT_E_NOMEM;

    st.names = dvt_calloc(ctx, (size_t)n + 1, sizeof *st.names);
    st.tensors = dvt_calloc(ctx, (size_t)n + 1, sizeof *st.tensors);
    if (st.names && st.tensors) {
        for (int32_t i = 0; i < n; i++) {
            dvt_param p = {i};
            st.names[i] = (char *)(uintptr_t)dvt_params_name(ps, p); /* only read */
            st.tensors[i] = dvt_tensor_wrap(DVT_DTYPE_F32, dvt_params_shape(ps, p),
                                            dvt_params_value(ps, p));
        }
        status = dvt_safetensors_write(ctx, path, &st);
    }
    dvt_free(ctx, st.names);
    dvt_free(ctx, st.tensors);
    return status;
}

static const dvt_tensor *find(const dvt_safetensors *st, const char *name)
{
    for (int32_t i = 0; i < st->count; i++)
        if (strcmp(st->names[i], name) == 0)
            return &st->tensors[i];
    return NULL;
}

static dvt_status check_array(dvt_ctx *ctx, const dvt_pos *at, const char *name,
                              const dvt_tensor *t, const dvt_shape *want)
{
    char a[DVT_SHAPE_TEXT], b[DVT_SHAPE_TEXT];

    if (!dvt_shape_equal(&t->shape, want))
        return dvt_fail(ctx, DVT_E_SHAPE, at, "array '%s' has the shape %s, the parameter %s", name,
                        dvt_shape_text(&t->shape, a), dvt_shape_text(want, b));
    if (t->dtype != DVT_DTYPE_F32 && t->dtype != DVT_DTYPE_F16 && t->dtype != DVT_DTYPE_F64)
        return dvt_fail(ctx, DVT_E_SHAPE, at, "array '%s' is of type %s, not of floats", name,
                        dvt_dtype_name(t->dtype));
    return DVT_OK;
}

static dvt_status check_all(dvt_ctx *ctx, const char *path, const dvt_safetensors *st,
                            const dvt_params *ps, bool all)
{
    const dvt_pos at = {.file = path};
    dvt_status    status = DVT_OK;
    dvt_param     p;

    for (int32_t i = 0; status == DVT_OK && i < dvt_params_count(ps); i++) {
        const char       *name = dvt_params_name(ps, (dvt_param){i});
        const dvt_tensor *t = find(st, name);
        if (t)
            status = check_array(ctx, &at, name, t, dvt_params_shape(ps, (dvt_param){i}));
        else if (all)
            status = dvt_fail(ctx, DVT_E_NOTFOUND, &at, "no values for parameter '%s'", name);
    }
    for (int32_t i = 0; status == DVT_OK && all && i < st->count; i++)
        if (!dvt_params_find(ps, st->names[i], &p))
            status = dvt_fail(ctx, DVT_E_SHAPE, &at, "array '%s' belongs to no parameter",
                              st->names[i]);
    return status;
}

dvt_status dvt_params_read_safetensors(dvt_ctx *ctx, const char *path, dvt_params *ps, bool all)
{
    dvt_safetensors st;
    dvt_status      status = dvt_safetensors_read(ctx, path, &st);

    if (status == DVT_OK)
        status = check_all(ctx, path, &st, ps, all);
    for (int32_t i = 0; status == DVT_OK && i < dvt_params_count(ps); i++) {
        dvt_param         p = {i};
        const dvt_tensor *t = find(&st, dvt_params_name(ps, p));
        if (t) {
            dvt_tensor to = dvt_tensor_wrap(DVT_DTYPE_F32, dvt_params_shape(ps, p),
                                            dvt_params_value(ps, p));
            dvt_tensor_convert(t, &to);
        }
    }
    dvt_safetensors_deinit(ctx, &st);
    return status;
}
