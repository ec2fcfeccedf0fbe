/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_safetensors.c - safetensors files: a literal file, round trips, parameters, and what is
 * said of malformed ones.
 */
#include "formats/safetensors_int.h"
#include "support/arrays.h"
#include "support/fixture.h"
#include "support/test_data.h"

#include <stdio.h>

/* A file of `header` and data; its size. */
static size_t make_file(uint8_t *out, const char *header, const char *data, size_t data_bytes)
{
    size_t n = strlen(header);
    memset(out, 0, 8);
    out[0] = (uint8_t)n;
    out[1] = (uint8_t)(n >> 8);
    memcpy(out + 8, header, n);
    memcpy(out + 8 + n, data, data_bytes);
    return 8 + n + data_bytes;
}

static void test_safetensors__a_literal_file_is_read(void **state)
{
    const char header[] = "{\"__metadata__\":{\"format\":\"pt\"},"
                          "\"b\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[4,12]},"
                          "\"a\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[0,4]}}   ";
    const char data[] = "\x80\x3f\x00\xc0"                   /* 1, -2 */
                        "\x00\x00\x40\x40\x00\x00\x00\x3f"; /* 3, 0.5 */
    uint8_t         file[512];
    dvt_safetensors st;
    expect_ok(*state, dvti_safetensors_parse(*state, "x", file, make_file(file, header, data, 12),
                                             &st));
    assert_int_equal(st.count, 2);
    assert_string_equal(st.names[0], "a"); /* the order of the data */
    test_same_f32(st.tensors[0].data, (const float[]){1, -2}, 2);
    test_same_f32(st.tensors[1].data, (const float[]){3, 0.5f}, 2);
    assert_int_equal(st.tensors[1].shape.rank, 2);
    assert_string_equal(st.metadata_keys[0], "format");
    assert_string_equal(st.metadata_values[0], "pt");
    dvt_safetensors_deinit(*state, &st);
}

static void test_safetensors__malformed_files_are_refused_with_their_place(void **state)
{
    struct {
        const char *header;
        size_t      data_bytes;
        dvt_status  status;
        const char *text;
    } cases[] = {
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}", 2, DVT_E_PARSE,
         "array 'a' begins at byte 1"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 2, DVT_E_PARSE,
         "1 bytes of data belong to no array"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
         "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}",
         3, DVT_E_PARSE, "array 'b' begins at byte 1 of the data, the one before ends at 2"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4, DVT_E_PARSE,
         "4 bytes do not hold 2 elements of type F32"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,5]}}", 4, DVT_E_PARSE,
         "a.data_offsets[1]"},
        {"{\"a\":{\"dtype\":\"F8_E4M3\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1,
         DVT_E_UNSUPPORTED, "F8_E4M3 are not read"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1048576,1048576,1048576],\"data_offsets\":[0,4]}}",
         4, DVT_E_CAPACITY, "more elements than can be counted"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"offsets\":[0,4]}}", 4, DVT_E_PARSE, "offsets"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", 4, DVT_E_PARSE,
         "a.shape[0]"},
        {"[1]", 0, DVT_E_PARSE, "object"},
        {"{\"a\":", 0, DVT_E_PARSE, ""},
    };
    uint8_t         file[512];
    dvt_safetensors st;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t n = make_file(file, cases[i].header, "12345678", cases[i].data_bytes);
        expect_failure(*state, dvti_safetensors_parse(*state, "x", file, n, &st), cases[i].status,
                       cases[i].text);
        assert_null(st.names);
    }
    expect_failure(*state, dvti_safetensors_parse(*state, "x", file, 7, &st), DVT_E_PARSE,
                   "7 bytes are too few");
    memset(file, 0xff, 8);
    expect_failure(*state, dvti_safetensors_parse(*state, "x", file, 100, &st), DVT_E_PARSE,
                   "the header claims 18446744073709551615 bytes");
}

static void test_safetensors__every_truncation_is_an_error(void **state)
{
    const char      header[] = "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}";
    uint8_t         file[512];
    size_t          size = make_file(file, header, "12345678", 8);
    dvt_safetensors st;
    for (size_t n = 0; n < size; n++) {
        assert_int_equal(dvti_safetensors_parse(*state, "x", file, n, &st), DVT_E_PARSE);
        dvt_ctx_clear_error(*state);
    }
    expect_ok(*state, dvti_safetensors_parse(*state, "x", file, size, &st));
    dvt_safetensors_deinit(*state, &st);
}

static void test_safetensors__wrong_names_are_not_written(void **state)
{
    uint8_t         byte = 1;
    dvt_shape       s = DVT_SHAPE(1);
    dvt_tensor      t[2] = {dvt_tensor_wrap(DVT_DTYPE_U8, &s, &byte),
                            dvt_tensor_wrap(DVT_DTYPE_U8, &s, &byte)};
    char            a[] = "a", meta[] = "__metadata__";
    char           *same[] = {a, a}, *taken[] = {meta, a};
    dvt_safetensors st = {.count = 2, .names = same, .tensors = t};
    char            path[TEST_PATH_MAX];
    test_temp_path("x.safetensors", path);
    expect_failure(*state, dvt_safetensors_write(*state, path, &st), DVT_E_USAGE,
                   "two arrays have the name 'a'");
    st.names = taken;
    expect_failure(*state, dvt_safetensors_write(*state, path, &st), DVT_E_USAGE,
                   "array '__metadata__' has a name");
}

static dvt_params *model(dvt_ctx *ctx, uint64_t seed, int64_t width)
{
    dvt_params *ps;
    dvt_param   p;
    expect_ok(ctx, dvt_params_create(ctx, seed, &ps));
    expect_ok(ctx, dvt_params_add(ps, "layer.weight", DVT_SHAPE(3, width),
                                  (dvt_init){DVT_INIT_NORMAL, 1}, &p));
    expect_ok(ctx, dvt_params_add_state(ps, "norm.mean", DVT_SHAPE(3),
                                        (dvt_init){DVT_INIT_NORMAL, 1}, &p));
    return ps;
}

static void test_safetensors__parameters_make_the_round_trip(void **state)
{
    char        path[TEST_PATH_MAX];
    dvt_params *a = model(*state, 1, 4), *b = model(*state, 2, 4), *c = model(*state, 3, 5);
    dvt_param   p;
    test_temp_path("model.safetensors", path);
    expect_ok(*state, dvt_params_write_safetensors(*state, path, a));
    expect_ok(*state, dvt_params_read_safetensors(*state, path, b, true));
    for (int32_t i = 0; i < 2; i++)
        test_same_f32(dvt_params_value(b, (dvt_param){i}), dvt_params_value(a, (dvt_param){i}),
                      i ? 3 : 12);
    expect_failure(*state, dvt_params_read_safetensors(*state, path, c, true), DVT_E_SHAPE,
                   "array 'layer.weight' has the shape [3,4], the parameter [3,5]");
    expect_ok(*state, dvt_params_add(b, "head", DVT_SHAPE(1), (dvt_init){0}, &p));
    expect_failure(*state, dvt_params_read_safetensors(*state, path, b, true), DVT_E_NOTFOUND,
                   "no values for parameter 'head'");
    expect_ok(*state, dvt_params_read_safetensors(*state, path, b, false));
    expect_ok(*state, dvt_params_write_safetensors(*state, path, b));
    expect_failure(*state, dvt_params_read_safetensors(*state, path, a, true), DVT_E_SHAPE,
                   "array 'head' belongs to no parameter");
    dvt_params_destroy(a);
    dvt_params_destroy(b);
    dvt_params_destroy(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_safetensors__a_literal_file_is_read),
        FIXTURE_TEST(test_safetensors__malformed_files_are_refused_with_their_place),
        FIXTURE_TEST(test_safetensors__every_truncation_is_an_error),
        FIXTURE_TEST(test_safetensors__wrong_names_are_not_written),
        FIXTURE_TEST(test_safetensors__parameters_make_the_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
