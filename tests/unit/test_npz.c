/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_npz.c - archives of arrays: what we write is read back, by numpy too, and damage is found.
 */
#include "formats/arrays_int.h"
#include "formats/zip.h"
#include "support/fixture.h"
#include "support/test_data.h"

static const char *const NAMES[] = {"ramp", "noise/2"};

/* An archive with one array that deflates well and one that does not. Returns the file's bytes. */
static dvt_blob write_pair(dvt_ctx *ctx, const char *file)
{
    const dvt_shape shape = DVT_SHAPE(16, 16);
    dvt_tensor      t[2];
    dvt_rng         rng = dvt_rng_make(1, 0);
    char            path[TEST_PATH_MAX];
    dvt_blob        blob;

    expect_ok(ctx, dvt_tensor_init(ctx, DVT_DTYPE_I32, &shape, &t[0]));
    expect_ok(ctx, dvt_tensor_init(ctx, DVT_DTYPE_U64, &shape, &t[1]));
    for (int i = 0; i < 256; i++) {
        ((int32_t *)t[0].data)[i] = i / 16;
        ((uint64_t *)t[1].data)[i] = dvt_rng_u64(&rng);
    }
    test_temp_path(file, path);
    expect_ok(ctx, dvt_npz_write(ctx, path, NAMES, t, 2));
    expect_ok(ctx, dvt_file_read(ctx, path, 0, &blob));
    dvt_tensor_deinit(ctx, &t[0]);
    dvt_tensor_deinit(ctx, &t[1]);
    return blob;
}

static void test_npz__what_is_written_is_read(void **state)
{
    dvt_ctx *ctx = *state;
    dvt_blob file = write_pair(ctx, "pair.npz");
    dvt_npz  npz;
    char     path[TEST_PATH_MAX];

    assert_true(file.size < 2048 + 1024); /* the ramp was deflated */
    test_temp_path("pair.npz", path);
    expect_ok(ctx, dvt_npz_read(ctx, path, &npz));
    assert_int_equal(npz.count, 2);
    assert_string_equal(npz.names[0], "ramp");
    assert_string_equal(npz.names[1], "noise/2");
    assert_int_equal(npz.tensors[0].dtype, DVT_DTYPE_I32);
    assert_int_equal(((int32_t *)npz.tensors[0].data)[255], 15);
    assert_int_equal(npz.tensors[1].shape.dim[1], 16);
    dvt_npz_deinit(ctx, &npz);
    dvt_blob_deinit(ctx, &file);
}

/* What numpy.savez(f, a=np.uint8(7)) of NumPy 1.24 writes: with a zip64 field in the local header
 * only. */
static const uint8_t NUMPY_FILE[] = {
    'P', 'K',  3, 4,    0x14, 0, 0, 0, 0, 0,    0, 0,   0x21, 0,   'v', 0x0e, 0x13, 0x89, 0x81,
    0,   0,    0, 0x81, 0,    0, 0, 5, 0, 0x14, 0, 'a', 0x2e, 'n', 'p', 'y',  1,    0,    0x10,
    0,   0x81, 0, 0,    0,    0, 0, 0, 0, 0x81, 0, 0,   0,    0,   0,   0,    0};
static const char NUMPY_ARRAY[] =
    "\x93NUMPY\1\0v\0{'descr': '|u1', 'fortran_order': False, 'shape': (), }";
enum { ARRAY_BYTES = 129 }; /* the header padded to 128, and one element */
static const uint8_t NUMPY_DIRECTORY[] = {
    'P', 'K', 1,    2,    0x14, 3,    0x14, 0,    0, 0,    0,    0, 0, 0, 0x21,
    0,   'v', 0x0e, 0x13, 0x89, 0x81, 0,    0,    0, 0x81, 0,    0, 0, 5, 0,
    0,   0,   0,    0,    0,    0,    0,    0,    0, 0,    0x80, 1, 0, 0, 0,
    0,   'a', 0x2e, 'n',  'p',  'y',  'P',  'K',  5, 6,    0,    0, 0, 0, 1,
    0,   1,   0,    0x33, 0,    0,    0,    0xb8, 0, 0,    0,    0, 0};

static size_t numpy_file(uint8_t out[512])
{
    const size_t a = sizeof NUMPY_FILE, b = ARRAY_BYTES, c = sizeof NUMPY_DIRECTORY;

    memcpy(out, NUMPY_FILE, a);
    memset(out + a, ' ', b);
    memcpy(out + a, NUMPY_ARRAY, sizeof NUMPY_ARRAY - 1);
    memcpy(out + a + b - 2, "\n\7", 2);
    memcpy(out + a + b, NUMPY_DIRECTORY, c);
    return a + b + c;
}

static void test_npz__numpys_own_archive_is_read(void **state)
{
    uint8_t file[512];
    dvt_npz npz;
    size_t  n = numpy_file(file);

    expect_ok(*state, dvti_npz_parse(*state, "n.npz", file, n, &npz));
    assert_int_equal(npz.count, 1);
    assert_string_equal(npz.names[0], "a");
    assert_int_equal(dvt_tensor_get_i64(&npz.tensors[0], 0), 7);
    dvt_npz_deinit(*state, &npz);
}

static void test_npz__damage_is_found(void **state)
{
    uint8_t file[512];
    dvt_npz npz;
    size_t  n = numpy_file(file), directory = n - sizeof NUMPY_DIRECTORY;

    file[directory - 1] ^= 1; /* the element */
    expect_failure(*state, dvti_npz_parse(*state, "n.npz", file, n, &npz), DVT_E_PARSE,
                   "check sum");
    numpy_file(file);
    file[directory + 8] = 1;
    expect_failure(*state, dvti_npz_parse(*state, "n.npz", file, n, &npz), DVT_E_UNSUPPORTED,
                   "encrypted");
    numpy_file(file);
    file[directory + 10] = 12;
    expect_failure(*state, dvti_npz_parse(*state, "n.npz", file, n, &npz), DVT_E_UNSUPPORTED,
                   "method 12");
    numpy_file(file);
    file[directory + 50] = 'x';
    expect_failure(*state, dvti_npz_parse(*state, "n.npz", file, n, &npz), DVT_E_UNSUPPORTED,
                   "no .npy file");
    numpy_file(file);
    file[directory + 24] = 0x82;
    expect_failure(*state, dvti_npz_parse(*state, "n.npz", file, n, &npz), DVT_E_PARSE, "unpack");
    numpy_file(file);
    file[directory + 42] = 9;
    expect_failure(*state, dvti_npz_parse(*state, "n.npz", file, n, &npz), DVT_E_PARSE,
                   "local header");
}

static void test_npz__every_truncation_is_refused(void **state)
{
    dvt_blob file = write_pair(*state, "cut.npz");
    dvt_npz  npz;

    for (size_t n = 0; n < file.size; n += n < 200 || n + 200 > file.size ? 1 : 37) {
        assert_int_equal(dvti_npz_parse(*state, "cut.npz", file.data, n, &npz), DVT_E_PARSE);
        assert_true(dvt_ctx_error(*state)->has_pos);
        assert_int_equal(npz.count, 0);
        dvt_ctx_clear_error(*state);
    }
    dvt_blob_deinit(*state, &file);
}

static void test_npz__every_damaged_byte_is_found_or_harmless(void **state)
{
    dvt_blob file = write_pair(*state, "flip.npz");
    dvt_npz  npz;
    int      refused = 0;

    for (size_t i = 0; i < file.size; i += 3) {
        file.data[i] ^= 0x5a;
        if (dvti_npz_parse(*state, "flip.npz", file.data, file.size, &npz) != DVT_OK) {
            refused++;
        }
        dvt_npz_deinit(*state, &npz);
        dvt_ctx_clear_error(*state);
        file.data[i] ^= 0x5a;
    }
    assert_true(refused > (int)file.size / 3 * 9 / 10); /* times and versions may be anything */
    dvt_blob_deinit(*state, &file);
}

static void test_npz__a_bomb_is_refused_before_it_is_unpacked(void **state)
{
    uint8_t file[512];
    dvt_npz npz;
    size_t  n = numpy_file(file), directory = n - sizeof NUMPY_DIRECTORY;

    file[directory + 10] = 8;
    memcpy(file + directory + 24, "\0\0\0\x40", 4); /* 1 GiB from 129 bytes */
    expect_failure(*state, dvti_npz_parse(*state, "n.npz", file, n, &npz), DVT_E_PARSE,
                   "cannot unpack");
    assert_true(dvt_ctx_bytes_peak(*state) < 1 << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_npz__what_is_written_is_read),
        FIXTURE_TEST(test_npz__numpys_own_archive_is_read),
        FIXTURE_TEST(test_npz__damage_is_found),
        FIXTURE_TEST(test_npz__every_truncation_is_refused),
        FIXTURE_TEST(test_npz__every_damaged_byte_is_found_or_harmless),
        FIXTURE_TEST(test_npz__a_bomb_is_refused_before_it_is_unpacked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
