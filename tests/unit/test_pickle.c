/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_pickle.c - pickles are read as data; whatever would run something is refused by name and
 * place.
 */
#include "support/fixture.h"
#include "support/pickle_print.h"
#include "support/test_data.h"

#include <stdio.h>

static void expect_text(dvt_ctx *ctx, const char *bytes, size_t size, const char *want)
{
    dvti_pickle *p;
    dvt_buf      out;

    expect_ok(ctx, dvti_pickle_parse(ctx, "test", (const uint8_t *)bytes, size, &p));
    dvt_buf_init(&out, ctx, 0);
    pickle_print(p, dvti_pickle_get(p, dvti_pickle_root(p)), &out);
    assert_string_equal(out.data, want);
    dvt_buf_deinit(&out);
    dvti_pickle_destroy(p);
}
#define EXPECT_TEXT(state, bytes, want) expect_text(state, bytes, sizeof bytes - 1, want)

static void test_pickle__numbers_of_all_opcodes(void **state)
{
    EXPECT_TEXT(*state, "I42\n.", "i42");
    EXPECT_TEXT(*state, "I01\n.", "b1");
    EXPECT_TEXT(*state, "L-7L\n.", "i-7");
    EXPECT_TEXT(*state, "F0.5\n.", "f3fe0000000000000");
    EXPECT_TEXT(*state, "\x80\x02J\xff\xff\xff\xff.", "i-1");
    EXPECT_TEXT(*state, "\x80\x02K\xff.", "i255");
    EXPECT_TEXT(*state, "\x80\x02M\xff\xff.", "i65535");
    EXPECT_TEXT(*state, "\x80\x02\x8a\x00.", "i0");
    EXPECT_TEXT(*state, "\x80\x02\x8a\x02\x00\xff.", "i-256");
    EXPECT_TEXT(*state, "\x80\x02\x8a\x09\xff\xff\xff\xff\xff\xff\xff\x7f\x00.",
                "i9223372036854775807");
    EXPECT_TEXT(*state, "\x80\x02G\xbf\xf0\x00\x00\x00\x00\x00\x00.", "fbff0000000000000");
    EXPECT_TEXT(*state, "\x80\x02\x88.", "b1");
    EXPECT_TEXT(*state, "\x80\x02N.", "n");
}

static void test_pickle__texts_and_bytes_of_all_opcodes(void **state)
{
    EXPECT_TEXT(*state, "S'a\\'\\x41\\n'\n.", "t6127410a");
    EXPECT_TEXT(*state, "S'\\xff'\n.", "yff");
    EXPECT_TEXT(*state, "V\\u20ac\xe9\n.", "te282acc3a9");
    EXPECT_TEXT(*state,
                "U\x02"
                "ab.",
                "t6162");
    EXPECT_TEXT(*state,
                "X\x02\x00\x00\x00"
                "ab.",
                "t6162");
    EXPECT_TEXT(*state,
                "\x80\x03"
                "C\x02\x00\xff.",
                "y00ff");
    EXPECT_TEXT(*state, "c_codecs\nencode\n(V\xff\x41\nVlatin1\ntR.", "yff41");
}

static void test_pickle__containers_share_and_keep_their_order(void **state)
{
    EXPECT_TEXT(*state, "(lp0\nI1\na(I2\nI3\ntag0\n0.", "[i1,(i2,i3)]");
    EXPECT_TEXT(*state, "\x80\x02}q\x00(K\x02K\x01K\x01]q\x01u.", "<i2:i1,i1:[]>");
    EXPECT_TEXT(*state,
                "\x80\x04]\x94(h\x00\x30h\x00\x30K\x01\x85\x94h\x01"
                "e.",
                "[(i1),(i1)]");
    EXPECT_TEXT(*state, "ccollections\nOrderedDict\n((lp0\n(lp1\nS'a'\naI1\naatR.", "<t61:i1>");
}

static void test_pickle__memo_and_marks(void **state)
{
    EXPECT_TEXT(*state,
                "\x80\x02]q\x00(K\x01K\x02\x85q\x01h\x01"
                "e.",
                "[i1,(i2),(i2)]");
    EXPECT_TEXT(*state, "(N1I5\n.", "i5");
    EXPECT_TEXT(*state, "I5\n2\x86.", "(i5,i5)");
}

static void test_pickle__names_that_are_not_data_are_refused(void **state)
{
    static const struct bad {
        const char *text;
        size_t      size;
        const char *said;
        uint64_t    offset;
        dvt_status  status;
    } cases[] = {
#define CASE(text, said, offset, status) {text, sizeof text - 1, said, offset, status}
        CASE("cos\nsystem\n(S'true'\ntR.", "names 'os.system'", 0, DVT_E_UNSUPPORTED),
        CASE("N0cbuiltins\neval\n(S'1'\ntR.", "names 'builtins.eval'", 2, DVT_E_UNSUPPORTED),
        CASE("\x80\x04\x8c\x05posix\x8c\x06system\x93.", "names 'posix.system'", 17,
             DVT_E_UNSUPPORTED),
        CASE("(ios\nsystem\n.", "opcode INST makes objects", 1, DVT_E_UNSUPPORTED),
        CASE("(No.", "opcode OBJ makes objects", 2, DVT_E_UNSUPPORTED),
        CASE("\x80\x02)\x81.", "opcode NEWOBJ makes objects", 3, DVT_E_UNSUPPORTED),
        CASE("\x80\x02\x82\x01.", "opcode EXT1 makes objects", 2, DVT_E_UNSUPPORTED),
        CASE("Pabc\n.", "opcode PERSID makes objects", 0, DVT_E_UNSUPPORTED),
        CASE("NQ.", "opcode BINPERSID makes objects", 1, DVT_E_UNSUPPORTED),
        CASE("\x80\x05\x97.", "opcode NEXT_BUFFER makes objects", 2, DVT_E_UNSUPPORTED),
        CASE("NNb.", "BUILD sets the state of an object", 2, DVT_E_UNSUPPORTED),
        CASE("NNR.", "REDUCE needs a name and a tuple", 2, DVT_E_PARSE),
        CASE("cnumpy\nndarray\n)R.", "a call that is not data", 16, DVT_E_UNSUPPORTED),
        CASE("cnumpy\ndtype\n(S'O8'\nI0\nI1\ntR.", "elements of type 'O8'", 27, DVT_E_UNSUPPORTED),
        CASE("\x80\x06N.", "protocol 6", 0, DVT_E_UNSUPPORTED),
        CASE("L99999999999999999999L\n.", "more than 64 bits", 0, DVT_E_UNSUPPORTED),
        CASE("\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x80\x00.", "more than 64 bits", 0,
             DVT_E_UNSUPPORTED),
        CASE("(lp0\ng0\na.", "contains itself", 1, DVT_E_UNSUPPORTED),
        CASE("", "without its last opcode", 0, DVT_E_PARSE),
        CASE("N", "without its last opcode", 1, DVT_E_PARSE),
        CASE(".", "ends with 0 values", 0, DVT_E_PARSE),
        CASE("NN.", "ends with 2 values", 2, DVT_E_PARSE),
        CASE("(N.", "ends with 1 values", 2, DVT_E_PARSE),
        CASE("N.N", "1 bytes behind the end", 2, DVT_E_PARSE),
        CASE("t.", "needs a mark", 0, DVT_E_PARSE),
        CASE("a.", "needs 2 values", 0, DVT_E_PARSE),
        CASE("NNa.", "fills a list, and finds None", 2, DVT_E_PARSE),
        CASE("(I1\nd.", "a key and no value", 4, DVT_E_PARSE),
        CASE("h\x05.", "memo index 5 was never set", 0, DVT_E_PARSE),
        CASE("Nr\xff\xff\xff\xff.", "memo index 4294967295", 1, DVT_E_CAPACITY),
        CASE("X\xff\xff\xff\xff"
             "a.",
             "argument of 4294967295 bytes", 0, DVT_E_PARSE),
        CASE("I4x\n.", "'4x' is no integer", 0, DVT_E_PARSE),
        CASE("F1/2\n.", "'1/2' is no number", 0, DVT_E_PARSE),
        CASE("S'a\n.", "without its quotes", 0, DVT_E_PARSE),
        CASE("V\\u12\n.", "broken escape", 0, DVT_E_PARSE),
        CASE("\xfe.", "0xfe is no opcode", 0, DVT_E_PARSE),
#undef CASE
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dvti_pickle *p;
        dvt_status   st =
            dvti_pickle_parse(*state, "bad", (const uint8_t *)cases[i].text, cases[i].size, &p);
        assert_null(p);
        if (dvt_ctx_error(*state)->offset != cases[i].offset) {
            fail_msg("'%s' at %llu, not %llu", dvt_ctx_error(*state)->message,
                     (unsigned long long)dvt_ctx_error(*state)->offset,
                     (unsigned long long)cases[i].offset);
        }
        expect_failure(*state, st, cases[i].status, cases[i].said);
    }
}

static void test_pickle__deep_nesting_is_refused(void **state)
{
    char         text[2 * DVTI_PICKLE_MAX_DEPTH + 8];
    dvti_pickle *p;
    size_t       n = 0;

    for (int i = 0; i <= DVTI_PICKLE_MAX_DEPTH; i++) {
        text[n++] = ']';
    }
    for (int i = 0; i < DVTI_PICKLE_MAX_DEPTH; i++) {
        text[n++] = 'a';
    }
    text[n++] = '.';
    expect_failure(*state, dvti_pickle_parse(*state, "deep", (const uint8_t *)text, n, &p),
                   DVT_E_CAPACITY, "nested deeper than 64");
}

/* Parses damaged bytes: values, or a failure that blames the input and has its place. */
static void parse_damaged(dvt_ctx *ctx, const uint8_t *data, size_t size, bool must_fail)
{
    dvti_pickle     *p;
    const dvt_status st = dvti_pickle_parse(ctx, "damaged", data, size, &p);

    assert_true(st == DVT_E_PARSE || st == DVT_E_UNSUPPORTED || st == DVT_E_CAPACITY ||
                (st == DVT_OK && !must_fail));
    assert_true(st == DVT_OK ||
                (dvt_ctx_error(ctx)->has_pos && dvt_ctx_error(ctx)->offset <= size));
    dvti_pickle_destroy(p);
    dvt_ctx_clear_error(ctx);
}

/* The files that Python and NumPy wrote for the fuzzer, in all protocols. */
static void test_pickle__every_cut_is_refused_and_every_changed_bit_read_or_refused(void **state)
{
    enum { FILES = 24 };

    for (int i = 0; i < FILES; i++) {
        char     name[64], path[TEST_PATH_MAX];
        dvt_blob file;
        snprintf(name, sizeof name, "tests/fuzz/corpus/pickle/%d.pickle", i);
        test_repo_path(name, path);
        expect_ok(*state, dvt_file_read(*state, path, 0, &file));
        for (size_t n = 0; n < file.size; n++) {
            parse_damaged(*state, file.data, n, true);
            for (int bit = 0; bit < 8; bit++) {
                file.data[n] ^= (uint8_t)(1u << bit);
                parse_damaged(*state, file.data, file.size, false);
                file.data[n] ^= (uint8_t)(1u << bit);
            }
        }
        parse_damaged(*state, file.data, file.size, false);
        dvt_blob_deinit(*state, &file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_pickle__numbers_of_all_opcodes),
        FIXTURE_TEST(test_pickle__texts_and_bytes_of_all_opcodes),
        FIXTURE_TEST(test_pickle__containers_share_and_keep_their_order),
        FIXTURE_TEST(test_pickle__memo_and_marks),
        FIXTURE_TEST(test_pickle__names_that_are_not_data_are_refused),
        FIXTURE_TEST(test_pickle__deep_nesting_is_refused),
        FIXTURE_TEST(test_pickle__every_cut_is_refused_and_every_changed_bit_read_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
