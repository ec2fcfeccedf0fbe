/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_npy.c - .npy files: what numpy.save writes is read, what we write is the same bytes, and
 * every way to be wrong has its message and place.
 */
#include "dovetail/formats.h"
#include "support/fixture.h"
#include "support/test_data.h"

#include <stdio.h>
#include <string.h>

/* A version 1.0 file with this header text and data. Returns its size. */
static size_t build(uint8_t out[512], const char *header, const void *data, size_t bytes)
{
    const size_t n = strlen(header);

    memcpy(out, "\x93NUMPY\1\0", 8);
    out[8] = (uint8_t)n;
    out[9] = (uint8_t)(n >> 8);
    memcpy(out + 10, header, n);
    memcpy(out + 10 + n, data, bytes);
    return 10 + n + bytes;
}

static void test_npy__little_and_big_endian_agree(void **state)
{
    static const uint8_t LITTLE[] = {1, 0, 2, 0, 0xff, 0xff}, BIG[] = {0, 1, 0, 2, 0xff, 0xff};
    uint8_t              file[512];
    dvt_tensor           t;

    for (int big = 0; big < 2; big++) {
        size_t n = build(file,
                         big ? "{'descr': '>i2', 'fortran_order': False, 'shape': (3,), }\n"
                             : "{\"shape\":(3L,),'fortran_order':False,'descr':'<i2'}",
                         big ? BIG : LITTLE, 6);
        assert_int_equal(dvt_npy_parse(*state, "x.npy", file, n, &t), DVT_OK);
        assert_int_equal(t.dtype, DVT_DTYPE_I16);
        assert_int_equal(t.shape.rank, 1);
        assert_int_equal(((int16_t *)t.data)[0], 1);
        assert_int_equal(((int16_t *)t.data)[1], 2);
        assert_int_equal(((int16_t *)t.data)[2], -1);
        dvt_tensor_deinit(*state, &t);
    }
}

/* numpy: np.arange(6, dtype='u1').reshape(1, 2, 3), saved in Fortran order. */
static void test_npy__fortran_order_becomes_c_order(void **state)
{
    static const uint8_t COLUMNS[] = {0, 3, 1, 4, 2, 5};
    uint8_t              file[512];
    dvt_tensor           t;
    size_t               n =
        build(file, "{'descr': '|u1', 'fortran_order': True, 'shape': (1, 2, 3), }\n", COLUMNS, 6);

    assert_int_equal(dvt_npy_parse(*state, "x.npy", file, n, &t), DVT_OK);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(((uint8_t *)t.data)[i], i);
    }
    dvt_tensor_deinit(*state, &t);
}

static void test_npy__scalars_and_empty_arrays_are_read(void **state)
{
    const double value = 2.5;
    uint8_t      file[512];
    dvt_tensor   t;
    size_t n = build(file, "{'descr': '<f8', 'fortran_order': False, 'shape': (), }\n", &value, 8);

    assert_int_equal(dvt_npy_parse(*state, "x.npy", file, n, &t), DVT_OK);
    assert_int_equal(t.shape.rank, 0);
    assert_true(*(double *)t.data == 2.5);
    dvt_tensor_deinit(*state, &t);
    n = build(file, "{'descr': '<f4', 'fortran_order': True, 'shape': (0, 4), }\n", "", 0);
    assert_int_equal(dvt_npy_parse(*state, "x.npy", file, n, &t), DVT_OK);
    assert_int_equal(dvt_shape_count(&t.shape), 0);
    dvt_tensor_deinit(*state, &t);
}

static void test_npy__version_2_has_a_long_length(void **state)
{
    static const char HEADER[] = "{'descr': '|b1', 'fortran_order': False, 'shape': (2,)}";
    uint8_t           file[512] = "\x93NUMPY\2";
    dvt_tensor        t;

    file[8] = sizeof HEADER - 1;
    memcpy(file + 12, HEADER, sizeof HEADER - 1);
    memcpy(file + 12 + sizeof HEADER - 1, "\0\7", 2);
    assert_int_equal(dvt_npy_parse(*state, "x.npy", file, 12 + sizeof HEADER - 1 + 2, &t), DVT_OK);
    assert_int_equal(t.dtype, DVT_DTYPE_BOOL);
    assert_int_equal(((uint8_t *)t.data)[0], 0);
    assert_int_equal(((uint8_t *)t.data)[1], 1);
    dvt_tensor_deinit(*state, &t);
}

/* The first 128 bytes of numpy.save(np.array([[1.5, -2.0]], '<f4')) with NumPy 1.24. */
static void test_npy__what_is_written_is_what_numpy_writes(void **state)
{
    static const char HEAD[] = "\x93NUMPY\1\0v\0{'descr': '<f4', 'fortran_order': False, "
                               "'shape': (1, 2), }";
    float             values[2] = {1.5f, -2.0f};
    const dvt_shape   shape = DVT_SHAPE(1, 2);
    dvt_tensor        t = dvt_tensor_wrap(DVT_DTYPE_F32, &shape, values), back;
    char              path[TEST_PATH_MAX];
    dvt_blob          file;

    test_temp_path("x.npy", path);
    assert_int_equal(dvt_npy_write(*state, path, &t), DVT_OK);
    assert_int_equal(dvt_file_read(*state, path, 0, &file), DVT_OK);
    assert_int_equal(file.size, 128 + 8);
    assert_memory_equal(file.data, HEAD, sizeof HEAD - 1);
    assert_int_equal(file.data[127], '\n');
    dvt_blob_deinit(*state, &file);
    assert_int_equal(dvt_npy_read(*state, path, &back), DVT_OK);
    assert_memory_equal(back.data, values, sizeof values);
    dvt_tensor_deinit(*state, &back);
}

typedef struct bad_case {
    const char *header;
    dvt_status  status;
    uint64_t    offset;
    const char *message;
} bad_case;

static void test_npy__bad_headers_say_what_and_where(void **state)
{
    static const bad_case CASES[] = {
        {"{'descr': '<c8', 'fortran_order': False, 'shape': (1,)}", DVT_E_UNSUPPORTED, 20, "'<c8'"},
        {"{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", DVT_E_UNSUPPORTED, 20, "'|O'"},
        {"{'descr': [('a', '<f4')], 'shape': (1,)}", DVT_E_UNSUPPORTED, 20, "records"},
        {"{'descr': '|u1', 'fortran_order': 0, 'shape': (8,)}", DVT_E_PARSE, 44, "True or False"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (8)}", DVT_E_PARSE, 62, "comma"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (-8,)}", DVT_E_PARSE, 61, "dimension"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999,)}", DVT_E_PARSE,
         61, "too large"},
        {"{'descr': '|u1', 'fortran_order': False}", DVT_E_PARSE, 50, "missing"},
        {"{'descr': '|u1', 'descr': '|u1'}", DVT_E_PARSE, 27, "twice"},
        {"{'descr': '|u1', 'x': 1}", DVT_E_PARSE, 27, "unknown"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (8,)} x", DVT_E_PARSE, 66, "behind"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,8)}",
         DVT_E_UNSUPPORTED, 77, "8 dimensions"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (9,)}", DVT_E_PARSE, 65, "[9]"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (7,)}", DVT_E_PARSE, 65, "8 bytes"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1099511627776,1099511627776)}",
         DVT_E_PARSE, 90, "shape"},
    };
    uint8_t    file[512];
    dvt_tensor t;

    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        size_t n = build(file, CASES[i].header, "12345678", 8);
        assert_int_equal(dvt_npy_parse(*state, "x.npy", file, n, &t), CASES[i].status);
        const dvt_error *e = dvt_ctx_error(*state);
        if (!strstr(e->message, CASES[i].message) || e->offset != CASES[i].offset) {
            fail_msg("%s: got '%s' at %llu", CASES[i].header, e->message,
                     (unsigned long long)e->offset);
        }
        assert_string_equal(e->file, "x.npy");
        assert_null(t.data);
        dvt_ctx_clear_error(*state);
    }
}

static void test_npy__every_truncation_is_refused(void **state)
{
    uint8_t    file[512];
    dvt_tensor t;
    size_t     n =
        build(file, "{'descr': '|u1', 'fortran_order': False, 'shape': (8,), }\n", "12345678", 8);

    for (size_t k = 0; k < n; k++) {
        assert_int_equal(dvt_npy_parse(*state, "x.npy", file, k, &t), DVT_E_PARSE);
        assert_true(dvt_ctx_error(*state)->has_pos);
        dvt_ctx_clear_error(*state);
    }
    file[6] = 4;
    assert_int_equal(dvt_npy_parse(*state, "x.npy", file, n, &t), DVT_E_UNSUPPORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_npy__little_and_big_endian_agree),
        FIXTURE_TEST(test_npy__fortran_order_becomes_c_order),
        FIXTURE_TEST(test_npy__scalars_and_empty_arrays_are_read),
        FIXTURE_TEST(test_npy__version_2_has_a_long_length),
        FIXTURE_TEST(test_npy__what_is_written_is_what_numpy_writes),
        FIXTURE_TEST(test_npy__bad_headers_say_what_and_where),
        FIXTURE_TEST(test_npy__every_truncation_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
