/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_nb101_table.c - the enumeration of NAS-Bench-101 against the published counts and table.
 *
 * Published: cumulative different cells / labelled graphs by vertices 2..7 are 1/1, 7/7, 91/97,
 * 2,532/3,364, 64,542/128,509, 423,624/1,293,208.
 */
#include "support/fixture.h"
#include "support/test_data.h"

#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include "dovetail/space.h"

static dvt_nb101_table *enumerate(dvt_ctx *ctx, int vertices)
{
    dvt_nb101_table *t = NULL;
    expect_ok(ctx, dvt_nb101_enumerate(ctx, vertices, &t));
    return t;
}

static void test_nb101_md5__is_that_of_the_benchmark(void **state)
{
    char hex[DVT_MD5_HEX];

    (void)state;
    dvt_nb101_md5(&(dvt_nb101_cell){1205349, 7, {0, 2, 0, 0, 1}}, hex);
    assert_string_equal(hex, "00005c142e6f48ac74fdcf73e3439874");
    dvt_nb101_md5(&(dvt_nb101_cell){1, 2, {0}}, hex);
    assert_string_equal(hex, "043721b9c7fe8c5fad811d47d83132ec");
}

static void test_nb101_md5__isomorphic_cells_share_it(void **state)
{
    /* 0 -> 1 -> 3 and 0 -> 2 -> 3, labels swapped */
    dvt_nb101_cell a = {1 | 2 | 1 << 4 | 1 << 5, 4, {0, 2}}, b = {a.adj_bits, 4, {2, 0}};
    char           x[DVT_MD5_HEX], y[DVT_MD5_HEX];

    (void)state;
    dvt_nb101_md5(&a, x);
    dvt_nb101_md5(&b, y);
    assert_string_equal(x, y);
}

static void test_nb101_table__has_the_published_counts(void **state)
{
    static const int64_t unique[] = {0, 0, 1, 7, 91, 2532, 64542};
    static const int64_t labelled[] = {0, 0, 1, 7, 97, 3364, 128509};

    for (int v = 2; v <= 6; v++) {
        dvt_nb101_table *t = enumerate(*state, v);
        assert_int_equal(dvt_nb101_table_count(t), unique[v]);
        assert_int_equal(dvt_nb101_table_labelled(t, 0), labelled[v]);
        assert_int_equal(dvt_nb101_table_labelled(t, v), labelled[v] - labelled[v - 1]);
        dvt_nb101_table_destroy(t);
    }
}

static void test_nb101_table__does_not_depend_on_threads(void **state)
{
    dvt_nb101_table *t[2];
    dvt_ctx         *ctx[2];

    (void)state;
    for (uint32_t i = 0; i < 2; i++) {
        ctx[i] = dvt_ctx_create(&(dvt_ctx_opts){.jobs = 1 + 2 * i});
        t[i] = enumerate(ctx[i], 5);
    }
    assert_int_equal(dvt_nb101_table_count(t[0]), dvt_nb101_table_count(t[1]));
    for (int64_t i = 0; i < dvt_nb101_table_count(t[0]); i++) { /* by fields: there is padding */
        const dvt_nb101_cell *a = dvt_nb101_table_cells(t[0]) + i;
        const dvt_nb101_cell *b = dvt_nb101_table_cells(t[1]) + i;
        assert_int_equal(a->adj_bits, b->adj_bits);
        assert_int_equal(a->vertices, b->vertices);
        assert_memory_equal(a->ops, b->ops, sizeof a->ops);
    }
    for (int i = 0; i < 2; i++) {
        dvt_nb101_table_destroy(t[i]);
        dvt_ctx_destroy(ctx[i]);
    }
}

static void test_nb101_table__finds_hashes_and_nothing_else(void **state)
{
    dvt_nb101_table *t = enumerate(*state, 5);
    char             hex[DVT_MD5_HEX];

    for (int64_t i = 0; i < dvt_nb101_table_count(t); i++) {
        dvt_nb101_md5(&dvt_nb101_table_cells(t)[i], hex);
        assert_int_equal(dvt_nb101_table_find(t, hex), i);
    }
    hex[31] = '\0';
    assert_int_equal(dvt_nb101_table_find(t, hex), -1);
    assert_int_equal(dvt_nb101_table_find(t, "ffffffffffffffffffffffffffffffff"), -1);
    assert_int_equal(dvt_nb101_table_find(t, "043721B9C7FE8C5FAD811D47D83132EC"), -1);
    dvt_nb101_table_destroy(t);
}

static void test_nb101_table__bad_calls_are_refused(void **state)
{
    dvt_nb101_table *t;

    expect_failure(*state, dvt_nb101_enumerate(*state, 8, &t), DVT_E_USAGE, "2 to 7 vertices");
    assert_null(t);
}

/* ---- the published table ------------------------------------------------------------------- */

static void test_nb101_table__equals_the_published_one(void **state)
{
    char             path[TEST_PATH_MAX], line[512], want[512];
    int64_t          n = 0;
    dvt_nb101_table *t;
    gzFile           f;

    test_data_require("nas/nasbench101.csv.gz", path);
    t = enumerate(*state, 7);
    assert_int_equal(dvt_nb101_table_count(t), 423624);
    assert_int_equal(dvt_nb101_table_labelled(t, 0), 1293208);
    f = gzopen(path, "rb");
    assert_non_null(f);
    assert_non_null(gzgets(f, line, sizeof line));
    for (; gzgets(f, line, sizeof line); n++) {
        const dvt_nb101_cell *c = &dvt_nb101_table_cells(t)[n];
        char                  hash[DVT_MD5_HEX], ops[DVT_NB101_MAX_INTERIOR + 1] = "";
        char                 *accuracy, *params;
        for (int i = 0; i < DVT_NB101_MD5_BYTES; i++) {
            snprintf(hash + 2 * i, 3, "%02x", dvt_nb101_table_md5(t, n)[i]);
        }
        for (int i = 0; i < c->vertices - 2; i++) {
            ops[i] = (char)('0' + c->ops[i]);
        }
        /* hash,vertices,adj_bits,ops,accuracy,parameters,... */
        int size = snprintf(want, sizeof want, "%s,%d,%u,%s,", hash, c->vertices, c->adj_bits, ops);
        assert_true(size > 0);
        if (strncmp(line, want, (size_t)size) != 0) {
            fail_msg("row %lld: the table has '%s', wanted '%s'", (long long)n, line, want);
        }
        accuracy = line + size;
        params = strchr(accuracy, ',');
        assert_non_null(params);
        assert_int_equal(strtoll(params + 1, NULL, 10), dvt_nb101_parameters(c));
    }
    assert_int_equal(n, dvt_nb101_table_count(t));
    gzclose(f);
    dvt_nb101_table_destroy(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_nb101_md5__is_that_of_the_benchmark),
        FIXTURE_TEST(test_nb101_md5__isomorphic_cells_share_it),
        FIXTURE_TEST(test_nb101_table__has_the_published_counts),
        FIXTURE_TEST(test_nb101_table__does_not_depend_on_threads),
        FIXTURE_TEST(test_nb101_table__finds_hashes_and_nothing_else),
        FIXTURE_TEST(test_nb101_table__bad_calls_are_refused),
        FIXTURE_TEST(test_nb101_table__equals_the_published_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
