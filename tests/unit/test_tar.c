/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_tar.c - archives made here, block by block: names of every kind, links, and hostile headers.
 */
#include "formats/tar.h"
#include "support/fixture.h"
#include "support/test_data.h"

#include <stdio.h>

typedef struct archive {
    uint8_t data[64 * 512];
    size_t  size;
} archive;

static void set_sum(uint8_t *h)
{
    unsigned sum = 0;

    memset(h + 148, ' ', 8);
    for (int i = 0; i < 512; i++) {
        sum += h[i];
    }
    snprintf((char *)h + 148, 8, "%06o", sum);
}

/* Appends a header and its content; returns the header. */
static uint8_t *add(archive *a, char type, const char *name, const char *content, size_t size)
{
    uint8_t *h = a->data + a->size;

    memset(h, 0, 512);
    memcpy(h, name, strlen(name));
    snprintf((char *)h + 124, 12, "%011o", (unsigned)size);
    h[156] = (uint8_t)type;
    memcpy(h + 257, "ustar\00000", 8);
    set_sum(h);
    memset(h + 512, 0, (size + 511) / 512 * 512);
    memcpy(h + 512, content, size);
    a->size += 512 + (size + 511) / 512 * 512;
    return h;
}

static void finish(archive *a)
{
    memset(a->data + a->size, 0, 1024);
    a->size += 1024;
}

static void expect_entry(const dvti_tar *tar, size_t i, const char *name, const char *content)
{
    assert_true(i < tar->count);
    assert_string_equal(tar->entries[i].name, name);
    assert_int_equal(tar->entries[i].size, strlen(content));
    assert_memory_equal(tar->entries[i].data, content, strlen(content));
}

static void test_tar__files_and_hard_links_are_listed_and_folders_passed_over(void **state)
{
    archive  a = {.size = 0};
    dvti_tar tar;

    add(&a, '5', "./dir/", "", 0);
    add(&a, '0', "./dir/a.txt", "hello", 5);
    memcpy(add(&a, '1', "b.txt", "", 0) + 157, "dir/a.txt", 9);
    set_sum(a.data + a.size - 512);
    add(&a, '\0', "empty", "", 0);
    finish(&a);
    expect_ok(*state, dvti_tar_parse(*state, "a.tar", a.data, a.size, &tar));
    assert_int_equal(tar.count, 3);
    expect_entry(&tar, 0, "dir/a.txt", "hello");
    expect_entry(&tar, 1, "b.txt", "hello");
    expect_entry(&tar, 2, "empty", "");
    dvti_tar_deinit(&tar);
}

static void test_tar__long_names_come_from_gnu_pax_and_ustar_headers(void **state)
{
    archive  a = {.size = 0};
    dvti_tar tar;
    char     name[301], pax[400];

    memset(name, 'n', 300);
    name[300] = '\0';
    add(&a, 'L', "././@LongLink", name, sizeof name);
    add(&a, '0', "nnn", "1", 1);
    snprintf(pax, sizeof pax, "20 mtime=1234567.25\n310 path=%s\n", name);
    add(&a, 'x', "PaxHeaders/nnn", pax, strlen(pax));
    add(&a, '0', "nnn", "2", 1);
    memcpy(add(&a, '0', "file", "3", 1) + 345, "some/folder", 11);
    set_sum(a.data + a.size - 1024);
    finish(&a);
    expect_ok(*state, dvti_tar_parse(*state, "a.tar", a.data, a.size, &tar));
    assert_int_equal(tar.count, 3);
    expect_entry(&tar, 0, name, "1");
    expect_entry(&tar, 1, name, "2");
    expect_entry(&tar, 2, "some/folder/file", "3");
    dvti_tar_deinit(&tar);
}

static void test_tar__sizes_come_in_octal_binary_and_pax(void **state)
{
    archive  a = {.size = 0};
    dvti_tar tar;
    uint8_t *h = add(&a, '0', "binary", "12345", 5);

    memset(h + 124, 0, 12);
    h[124] = 0x80;
    h[135] = 5;
    set_sum(h);
    add(&a, 'x', "pax", "9 size=3\n", 9);
    add(&a, '0', "pax", "abc", 3);
    memcpy(a.data + a.size - 1024 + 124, "00000000000", 11); /* too small: pax wins */
    set_sum(a.data + a.size - 1024);
    finish(&a);
    expect_ok(*state, dvti_tar_parse(*state, "a.tar", a.data, a.size, &tar));
    expect_entry(&tar, 0, "binary", "12345");
    expect_entry(&tar, 1, "pax", "abc");
    dvti_tar_deinit(&tar);
}

typedef struct bad_case {
    char        type;
    const char *size_field; /* 12 bytes; NULL = right */
    const char *content;
    dvt_status  status;
    const char *message;
} bad_case;

static void test_tar__hostile_headers_are_refused(void **state)
{
    static const bad_case CASES[] = {
        {'2', NULL, "", DVT_E_UNSUPPORTED, "regular files"},
        {'S', NULL, "", DVT_E_UNSUPPORTED, "regular files"},
        {'1', NULL, "", DVT_E_PARSE, "hard link"},
        {'0', "77777777777", "x", DVT_E_PARSE, "does not fit"},
        {'0', "\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "x", DVT_E_PARSE, "no number"},
        {'0', "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "x", DVT_E_PARSE, "no number"},
        {'0', "0000000001x", "x", DVT_E_PARSE, "no number"},
        {'L', NULL, "", DVT_E_PARSE, "empty or too long"},
        {'x', NULL, "7 path=", DVT_E_PARSE, "pax header is damaged"},
        {'x', NULL, "99999999999999999999999 path=a\n", DVT_E_PARSE, "pax header is damaged"},
        {'x', NULL, "5 a=\n9 size=x\n", DVT_E_PARSE, "size 'x'"},
        {'x', NULL, "24 GNU.sparse.major=1.0\n", DVT_E_UNSUPPORTED, "sparse"},
        {'g', NULL, "9 path=a\n", DVT_E_UNSUPPORTED, "global"},
    };
    dvti_tar tar;

    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        archive  a = {.size = 0};
        uint8_t *h = add(&a, CASES[i].type, "name", CASES[i].content, strlen(CASES[i].content));
        if (CASES[i].size_field) {
            memcpy(h + 124, CASES[i].size_field, 12);
            set_sum(h);
        }
        finish(&a);
        expect_failure(*state, dvti_tar_parse(*state, "a.tar", a.data, a.size, &tar),
                       CASES[i].status, CASES[i].message);
    }
}

static void test_tar__truncations_and_wrong_sums_are_refused(void **state)
{
    archive  a = {.size = 0};
    dvti_tar tar;

    add(&a, '0', "a", "0123456789", 10);
    add(&a, '0', "b", "0123456789", 10);
    finish(&a);
    for (size_t n = 0; n < a.size - 512; n += 64) {
        assert_int_equal(dvti_tar_parse(*state, "a.tar", a.data, n, &tar), DVT_E_PARSE);
        assert_true(dvt_ctx_error(*state)->has_pos);
        dvt_ctx_clear_error(*state);
    }
    a.data[1024] = 'c';
    expect_failure(*state, dvti_tar_parse(*state, "a.tar", a.data, a.size, &tar), DVT_E_PARSE,
                   "sum is wrong");
}

static void test_tar__a_large_gzip_archive_opens(void **state)
{
    char     path[TEST_PATH_MAX];
    dvti_tar tar;

    test_data_require("datasets/cifar10-jpeg/train.tar.gz", path);
    expect_ok(*state, dvti_tar_open(*state, path, &tar));
    assert_int_equal(tar.count, 50000);
    assert_string_equal(tar.entries[0].name, "train/airplane/0000.jpg");
    assert_string_equal(tar.entries[49999].name, "train/truck/4999.jpg");
    dvti_tar_deinit(&tar);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_tar__files_and_hard_links_are_listed_and_folders_passed_over),
        FIXTURE_TEST(test_tar__long_names_come_from_gnu_pax_and_ustar_headers),
        FIXTURE_TEST(test_tar__sizes_come_in_octal_binary_and_pax),
        FIXTURE_TEST(test_tar__hostile_headers_are_refused),
        FIXTURE_TEST(test_tar__truncations_and_wrong_sums_are_refused),
        FIXTURE_TEST(test_tar__a_large_gzip_archive_opens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
