/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_labels.c - every rule by which an image gets its class, and where the rules give up.
 */
#include "data/labels.h"
#include "support/fixture.h"

enum { NAMES_MAX = 6, TEXT_MAX = 512 };

typedef struct label_case {
    const char *list; /* NULL = no list */
    const char *names[NAMES_MAX];
    int64_t     label[NAMES_MAX];
    int64_t     class_count;
} label_case;

static dvt_status find(dvt_ctx *ctx, dvt_arena *arena, const char *list, const char *const *names,
                       dvti_labels *out)
{
    char    text[TEXT_MAX];
    int64_t count = 0;

    while (count < NAMES_MAX && names[count]) {
        count++;
    }
    if (!list) {
        return dvti_labels_find(ctx, arena, NULL, names, count, out);
    }
    assert_true(strlen(list) < sizeof text);
    memcpy(text, list, strlen(list) + 1);
    return dvti_labels_from_list(ctx, arena, "list.csv", text, strlen(list), names, count, out);
}

static void expect_labels(dvt_ctx *ctx, const label_case *c)
{
    dvt_arena  *arena = dvt_arena_create(ctx);
    dvti_labels got;

    assert_non_null(arena);
    expect_ok(ctx, find(ctx, arena, c->list, c->names, &got));
    assert_int_equal(got.class_count, c->class_count);
    for (int i = 0; i < NAMES_MAX && c->names[i]; i++) {
        if (got.label[i] != c->label[i]) {
            fail_msg("'%s': wanted %lld, got %lld", c->names[i], (long long)c->label[i],
                     (long long)got.label[i]);
        }
    }
    assert_non_null(got.source);
    dvt_arena_destroy(arena);
}

static void test_labels__a_csv_with_or_without_header_gives_them(void **state)
{
    static const label_case CASES[] = {
        {"label,note,file\n3,x,b.png\n\n1,\"y, \"\"z\"\"\",a.png\n", {"a.png", "b.png"}, {1, 3}, 4},
        {"b.bin,10,7\r\na.bin,10,2", {"a.bin", "b.bin"}, {2, 7}, 8},
        {"\"a,1.png\",5\nx/b.png,6\n", {"d/a,1.png", "x/b.png"}, {5, 6}, 7},
        {"a.png,0\nnot-there.png,9\n", {"a.png"}, {0}, 1},
    };

    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        expect_labels(*state, &CASES[i]);
    }
}

static void test_labels__a_synset_file_gives_them_by_wordnet_id(void **state)
{
    static const label_case CASE = {"n01440764 tench\nn01443537 goldfish\nn99999999 other\n",
                                    {"n01443537_goldfish.JPEG", "x/n01440764/1.png"},
                                    {1, 0},
                                    3};
    expect_labels(*state, &CASE);
}

static void test_labels__folders_and_names_give_them(void **state)
{
    static const label_case CASES[] = {
        {NULL, {"t/cat/1.png", "t/cat-b/1.png", "t/cat/2.png", "t/ant/9.png"}, {1, 2, 1, 0}, 3},
        {NULL, {"10/a.png", "2/a.png", "2/b.png"}, {10, 2, 2}, 11},
        {NULL, {"x_3.png", "y_a_0.png"}, {3, 0}, 4},
        {NULL, {"3_x.png", "0_y.png"}, {3, 0}, 4},
        {NULL, {"0001_7.png", "0002_10.png"}, {7, 10}, 11},
        {NULL, {"7_0001.png", "10_0002.png"}, {7, 10}, 11},
    };

    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        expect_labels(*state, &CASES[i]);
    }
}

typedef struct bad_case {
    const char *list;
    const char *names[NAMES_MAX];
    dvt_status  status;
    uint32_t    line;
    const char *message;
} bad_case;

static void test_labels__what_cannot_be_known_is_refused(void **state)
{
    static const bad_case CASES[] = {
        {NULL, {"a.png", "b.png"}, DVT_E_USAGE, 0, "such as 'a.png'"},
        {NULL, {"1_2.png", "3_4.png"}, DVT_E_USAGE, 0, "before or the one behind"},
        {NULL, {"x_000424.bin"}, DVT_E_USAGE, 0, "such as"},
        {NULL, {"x_1234567.bin"}, DVT_E_USAGE, 0, "such as"},
        {"a.png,0\n", {"b.png"}, DVT_E_NOTFOUND, 0, "'b.png'"},
        {"a.png,0\na.png,1\n", {"a.png"}, DVT_E_PARSE, 2, "a second line"},
        {"file,class\na.png,0\n", {"a.png"}, DVT_E_PARSE, 1, "no columns"},
        {"7\n", {"a.png"}, DVT_E_PARSE, 1, "no columns"},
        {"a.png,0\n\nb.png,x\n", {"a.png"}, DVT_E_PARSE, 3, "no number below"},
        {"file,label\na.png\n", {"a.png"}, DVT_E_PARSE, 2, "too few fields"},
        {"file,label\n\"a.png,0\n", {"a.png"}, DVT_E_PARSE, 2, "quote"},
        {"n01440764 tench\ngoldfish\n", {"n01440764.png"}, DVT_E_PARSE, 2, "WordNet id"},
        {"n01440764 tench\nn01440764 tench\n", {"n01440764.png"}, DVT_E_PARSE, 2, "second line"},
        {"n01440764 tench\n", {"cat.png"}, DVT_E_NOTFOUND, 0, "'cat.png'"},
    };
    dvti_labels got;

    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        dvt_arena *arena = dvt_arena_create(*state);
        dvt_status st = find(*state, arena, CASES[i].list, CASES[i].names, &got);
        assert_int_equal(dvt_ctx_error(*state)->line, CASES[i].line);
        expect_failure(*state, st, CASES[i].status, CASES[i].message);
        dvt_arena_destroy(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_labels__a_csv_with_or_without_header_gives_them),
        FIXTURE_TEST(test_labels__a_synset_file_gives_them_by_wordnet_id),
        FIXTURE_TEST(test_labels__folders_and_names_give_them),
        FIXTURE_TEST(test_labels__what_cannot_be_known_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
