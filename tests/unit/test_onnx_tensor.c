/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_onnx_tensor.c - TensorProto files: every element type, both places of data, wrong ones.
 */
#include "support/onnx_build.h"
#include "support/test_data.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static dvt_status read_back(onnx_build *b, const DvtOnnx__Tensor *t, dvt_tensor *out, char name[32])
{
    char     path[TEST_PATH_MAX];
    uint8_t *bytes;
    size_t   size = dvt_onnx__tensor__get_packed_size(t);

    bytes = dvt_arena_calloc(b->arena, size + 1, 1);
    (void)dvt_onnx__tensor__pack(t, bytes);
    test_temp_path("t.pb", path);
    assert_int_equal(dvt_file_write(b->ctx, path, bytes, size), DVT_OK);
    return dvt_onnx_read_tensor(b->ctx, path, out, name, 32);
}

static void expect_values(onnx_build *b, const DvtOnnx__Tensor *t, dvt_dtype dtype,
                          const double *want)
{
    dvt_tensor got;
    char       name[32];

    if (read_back(b, t, &got, name) != DVT_OK) {
        fail_msg("%s", dvt_ctx_error(b->ctx)->message);
    }
    assert_string_equal(name, t->name);
    assert_int_equal(got.dtype, dtype);
    for (int64_t i = 0; i < dvt_shape_count(&got.shape); i++) {
        assert_true(dvt_tensor_get_f64(&got, i) == want[i]);
    }
    dvt_tensor_deinit(b->ctx, &got);
}

static void expect_refused(onnx_build *b, const DvtOnnx__Tensor *t, dvt_status status,
                           const char *text)
{
    dvt_tensor got;
    char       name[32];

    assert_int_equal(read_back(b, t, &got, name), status);
    assert_non_null(strstr(dvt_ctx_error(b->ctx)->message, text));
    assert_null(got.data);
    dvt_ctx_clear_error(b->ctx);
}

static const int64_t two[] = {2};

/* ---- types --------------------------------------------------------------------------------- */

static void test_tensor__raw_data_of_every_type(void **state)
{
    static const struct {
        int32_t   elem;
        dvt_dtype dtype;
        size_t    bytes;
        uint8_t   raw[16];
        double    want[2];
    } cases[] = {
        {1, DVT_DTYPE_F32, 8, {0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0}, {1, -2}},
        {2, DVT_DTYPE_U8, 2, {1, 255}, {1, 255}},
        {3, DVT_DTYPE_I8, 2, {1, 255}, {1, -1}},
        {4, DVT_DTYPE_U16, 4, {1, 0, 255, 255}, {1, 65535}},
        {5, DVT_DTYPE_I16, 4, {1, 0, 255, 255}, {1, -1}},
        {6, DVT_DTYPE_I32, 8, {1, 0, 0, 0, 255, 255, 255, 255}, {1, -1}},
        {7,
         DVT_DTYPE_I64,
         16,
         {1, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255},
         {1, -1}},
        {9, DVT_DTYPE_BOOL, 2, {0, 1}, {0, 1}},
        {10, DVT_DTYPE_F16, 4, {0, 0x3c, 0, 0xc0}, {1, -2}},
        {11, DVT_DTYPE_F64, 16, {0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0xc0}, {1, -2}},
        {12, DVT_DTYPE_U32, 8, {1, 0, 0, 0, 255, 255, 255, 255}, {1, 4294967295.0}},
        {13, DVT_DTYPE_U64, 16, {1, 0, 0, 0, 0, 0, 0, 0, 2}, {1, 2}},
        {16, DVT_DTYPE_F32, 4, {0x80, 0x3f, 0, 0xc0}, {1, -2}}, /* bfloat16 */
    };
    onnx_build *b = onnx_build_new(13);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        DvtOnnx__Tensor *t = onnx_tensor(b, "t", cases[i].elem, 1, two);
        uint8_t          raw[16];
        memcpy(raw, cases[i].raw, sizeof raw);
        t->has_raw_data = 1;
        t->raw_data = (ProtobufCBinaryData){cases[i].bytes, raw};
        expect_values(b, t, cases[i].dtype, cases[i].want);
    }
    onnx_build_free(b);
}

static void test_tensor__typed_data(void **state)
{
    onnx_build      *b = onnx_build_new(13);
    DvtOnnx__Tensor *t = onnx_tensor(b, "i8", 3, 1, two);

    (void)state;
    t->n_int32_data = 2;
    t->int32_data = (int32_t[]){-3, 7};
    expect_values(b, t, DVT_DTYPE_I8, (double[]){-3, 7});
    t->data_type = ONNX_FLOAT16;
    t->int32_data = (int32_t[]){0x3c00, 0xc000};
    expect_values(b, t, DVT_DTYPE_F16, (double[]){1, -2});
    t->data_type = 16;
    t->int32_data = (int32_t[]){0x3f80, 0xc000};
    expect_values(b, t, DVT_DTYPE_F32, (double[]){1, -2});
    t->data_type = 12;
    t->n_int32_data = 0;
    t->n_uint64_data = 2;
    t->uint64_data = (uint64_t[]){5, 6};
    expect_values(b, t, DVT_DTYPE_U32, (double[]){5, 6});
    onnx_build_free(b);
}

static void test_tensor__a_scalar_and_an_empty_tensor(void **state)
{
    onnx_build      *b = onnx_build_new(13);
    DvtOnnx__Tensor *t = onnx_tensor(b, "s", ONNX_FLOAT, 0, NULL);
    dvt_tensor       got;
    char             name[32];

    (void)state;
    t->n_float_data = 1;
    t->float_data = (float[]){4};
    expect_values(b, t, DVT_DTYPE_F32, (double[]){4});
    t = onnx_tensor(b, "e", ONNX_FLOAT, 2, (int64_t[]){0, 3});
    assert_int_equal(read_back(b, t, &got, name), DVT_OK);
    assert_int_equal(dvt_shape_count(&got.shape), 0);
    dvt_tensor_deinit(b->ctx, &got);
    onnx_build_free(b);
}

/* ---- wrong ones ---------------------------------------------------------------------------- */

static void test_tensor__data_must_fit_the_shape(void **state)
{
    onnx_build      *b = onnx_build_new(13);
    DvtOnnx__Tensor *t = onnx_tensor(b, "t", ONNX_FLOAT, 1, two);

    (void)state;
    expect_refused(b, t, DVT_E_PARSE, "0 elements of data, its shape needs 2");
    t->has_raw_data = 1;
    t->raw_data = (ProtobufCBinaryData){3, (uint8_t[]){1, 2, 3}};
    expect_refused(b, t, DVT_E_PARSE, "3 bytes of data, its shape needs 8");
    t->dims = (int64_t[]){-1};
    expect_refused(b, t, DVT_E_PARSE, "negative dimension");
    t->n_dims = 3;
    t->dims = (int64_t[]){1 << 20, 1 << 20, 1 << 20};
    expect_refused(b, t, DVT_E_PARSE, "more elements than any file can hold");
    onnx_build_free(b);
}

static void test_tensor__types_without_a_counterpart_are_unsupported(void **state)
{
    onnx_build      *b = onnx_build_new(13);
    DvtOnnx__Tensor *t = onnx_tensor(b, "t", ONNX_STRING, 1, two);

    (void)state;
    expect_refused(b, t, DVT_E_UNSUPPORTED, "elements of STRING (8)");
    t->data_type = 77;
    expect_refused(b, t, DVT_E_UNSUPPORTED, "an unknown type (77)");
    onnx_build_free(b);
}

static void test_tensor__a_bool_is_zero_or_one(void **state)
{
    onnx_build      *b = onnx_build_new(13);
    DvtOnnx__Tensor *t = onnx_tensor(b, "t", ONNX_BOOL, 1, two);

    (void)state;
    t->has_raw_data = 1;
    t->raw_data = (ProtobufCBinaryData){2, (uint8_t[]){1, 2}};
    expect_refused(b, t, DVT_E_PARSE, "neither 0 nor 1");
    onnx_build_free(b);
}

/* ---- external data ------------------------------------------------------------------------- */

static void add_pair(onnx_build *b, DvtOnnx__Tensor *t, const char *key, const char *value)
{
    DvtOnnx__StringPair *p = dvt_arena_calloc(b->arena, 1, sizeof *p);

    if (!t->external_data) {
        t->external_data = dvt_arena_calloc(b->arena, 8, sizeof *t->external_data);
    }
    *p = (DvtOnnx__StringPair)DVT_ONNX__STRING_PAIR__INIT;
    p->key = dvt_arena_strdup(b->arena, key);
    p->value = dvt_arena_strdup(b->arena, value);
    t->external_data[t->n_external_data++] = p;
}

static DvtOnnx__Tensor *external(onnx_build *b, const char *location)
{
    DvtOnnx__Tensor *t = onnx_tensor(b, "t", ONNX_FLOAT, 1, two);

    t->has_data_location = 1;
    t->data_location = 1;
    add_pair(b, t, "location", location);
    return t;
}

static void test_external__a_range_of_a_file_beside_the_model(void **state)
{
    onnx_build      *b = onnx_build_new(13);
    const float      data[] = {9, 1, -2, 9};
    char             path[TEST_PATH_MAX];
    DvtOnnx__Tensor *t = external(b, "w.bin");

    (void)state;
    test_temp_path("w.bin", path);
    assert_int_equal(dvt_file_write(b->ctx, path, data, sizeof data), DVT_OK);
    add_pair(b, t, "offset", "4");
    add_pair(b, t, "length", "8");
    expect_values(b, t, DVT_DTYPE_F32, (double[]){1, -2});
    add_pair(b, t, "offset", "12");
    expect_refused(b, t, DVT_E_PARSE, "ends early");
    add_pair(b, t, "length", "7");
    expect_refused(b, t, DVT_E_PARSE, "7 bytes of external data, its shape needs 8");
    add_pair(b, t, "length", "-8");
    expect_refused(b, t, DVT_E_PARSE, "has the number '-8'");
    onnx_build_free(b);
}

static void test_external__a_checksum_is_checked(void **state)
{
    onnx_build      *b = onnx_build_new(13);
    char             path[TEST_PATH_MAX];
    DvtOnnx__Tensor *t = external(b, "w.bin");

    (void)state;
    test_temp_path("w.bin", path);
    assert_int_equal(dvt_file_write(b->ctx, path, "abcdefgh", 8), DVT_OK);
    add_pair(b, t, "checksum", "425af12a0743502b322e93a015bcf868e324d56a"); /* sha1sum of it */
    dvt_tensor got;
    char       name[32];
    assert_int_equal(read_back(b, t, &got, name), DVT_OK);
    dvt_tensor_deinit(b->ctx, &got);
    add_pair(b, t, "checksum", "0000000000000000000000000000000000000000");
    expect_refused(b, t, DVT_E_PARSE, "does not have the SHA-1");
    onnx_build_free(b);
}

static void test_external__the_folder_is_not_left(void **state)
{
    static const char *const bad[] = {"/etc/passwd", "../w.bin", "a/../../w.bin", "a\\w.bin"};
    onnx_build              *b = onnx_build_new(13);
    char                     link_path[TEST_PATH_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        expect_refused(b, external(b, bad[i]), DVT_E_PARSE, "outside of the model's folder");
    }
    test_temp_path("link.bin", link_path);
    assert_int_equal(symlink("/etc/passwd", link_path), 0);
    expect_refused(b, external(b, "link.bin"), DVT_E_PARSE, "outside of the model's folder");
    expect_refused(b, external(b, "absent.bin"), DVT_E_IO, "cannot open external data");
    onnx_build_free(b);
}

static void test_external__unknown_keys_are_unsupported(void **state)
{
    onnx_build      *b = onnx_build_new(13);
    DvtOnnx__Tensor *t = external(b, "w.bin");

    (void)state;
    add_pair(b, t, "basepath", "x");
    expect_refused(b, t, DVT_E_UNSUPPORTED, "the key 'basepath'");
    onnx_build_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tensor__raw_data_of_every_type),
        cmocka_unit_test(test_tensor__typed_data),
        cmocka_unit_test(test_tensor__a_scalar_and_an_empty_tensor),
        cmocka_unit_test(test_tensor__data_must_fit_the_shape),
        cmocka_unit_test(test_tensor__types_without_a_counterpart_are_unsupported),
        cmocka_unit_test(test_tensor__a_bool_is_zero_or_one),
        cmocka_unit_test(test_external__a_range_of_a_file_beside_the_model),
        cmocka_unit_test(test_external__a_checksum_is_checked),
        cmocka_unit_test(test_external__the_folder_is_not_left),
        cmocka_unit_test(test_external__unknown_keys_are_unsupported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
