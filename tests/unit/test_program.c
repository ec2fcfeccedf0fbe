/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_program.c - program files: what was compiled comes back whole, and nothing else gets in.
 *
 * Damage is tried twice: as an accident (the digest tells) and as malice (the digest is made to fit
 * and the checks behind it must tell).
 */
#include "dovetail/compile.h"
#include "dovetail/sim.h"
#include "support/arrays.h"
#include "support/fixture.h"
#include "support/graph_tools.h"

#include <stdlib.h>

enum { HEADER = 16, ENTRY = 24, DIGEST = 64 };

static const char net[] = "dvg 1 net input x: f32[1,6,9,11] param w: f32[40,6,3,3] "
                          "param b: f32[40] param v: f32[12,40,1,1] "
                          "c = conv(x, w, b, kernel=[3,3], pad_lo=[1,1], pad_hi=[1,1]) "
                          "r = unary(c, fn=relu) n = lrn(r, size=5) "
                          "p = pool(n, kind=max, kernel=[3,3], stride=[2,2]) "
                          "d = conv(p, v, kernel=[1,1]) t = unary(d, fn=tanh) "
                          "s = softmax(t, axis=1) output s output d";

static dvt_program *compile_for(const dvt_graph *g, const char *overlay)
{
    dvt_ctx     *ctx = dvt_graph_ctx(g);
    dvt_overlay  o;
    dvt_program *p;

    expect_ok(ctx, dvt_overlay_load(ctx, overlay, &o));
    expect_ok(ctx, dvt_compile(g, &(dvt_compile_opts){.overlay = &o, .model_sha256 = "ab12"}, &p));
    return p;
}

static void save(const dvt_program *p, dvt_buf *out)
{
    dvt_buf_init(out, p->ctx, 0);
    expect_ok(p->ctx, dvt_program_save(p, out));
}

static dvt_status load(dvt_ctx *ctx, const dvt_buf *b, dvt_program **out)
{
    return dvt_program_load(ctx, "net.dvp", (const uint8_t *)b->data, b->len, out);
}

/* Makes the digest fit what the file now holds. */
static void sign(dvt_buf *b)
{
    char digest[DVT_SHA256_HEX];

    dvt_sha256_hex(b->data, b->len - DIGEST, digest);
    memcpy(b->data + b->len - DIGEST, digest, DIGEST);
}

static size_t section_at(const dvt_buf *b, int kind, size_t *bytes)
{
    const uint8_t *e = (const uint8_t *)b->data + HEADER + kind * ENTRY;
    size_t         offset = 0;

    *bytes = 0;
    for (int i = 7; i >= 0; i--) {
        offset = offset << 8 | e[8 + i];
        *bytes = *bytes << 8 | e[16 + i];
    }
    return offset;
}

/* ---- whole programs ------------------------------------------------------------------------ */

static void run_both(dvt_program *a, dvt_program *b, const dvt_graph *g)
{
    dvt_tensor *in = tool_inputs(g, 7);
    dvt_sim    *sa, *sb;

    expect_ok(a->ctx, dvt_sim_create(a, NULL, &sa));
    expect_ok(a->ctx, dvt_sim_create(b, NULL, &sb));
    expect_ok(a->ctx, dvt_sim_run(sa, in, 1));
    expect_ok(a->ctx, dvt_sim_run(sb, in, 1));
    for (int32_t i = 0; i < 2; i++) {
        dvt_tensor x, y;
        expect_ok(a->ctx, dvt_sim_output(sa, i, &x));
        expect_ok(a->ctx, dvt_sim_output(sb, i, &y));
        test_same_f32(x.data, y.data, dvt_shape_count(&x.shape));
    }
    dvt_sim_destroy(sa);
    dvt_sim_destroy(sb);
    tool_inputs_free(g, in);
}

static void expect_round_trip(const char *overlay)
{
    dvt_graph   *g = tool_parse(net);
    dvt_program *p = compile_for(g, overlay), *q;
    dvt_buf      first, second;

    save(p, &first);
    expect_ok(p->ctx, load(p->ctx, &first, &q));
    save(q, &second);
    assert_int_equal(first.len, second.len);
    assert_memory_equal(first.data, second.data, first.len);
    assert_string_equal(q->model_name, "net");
    assert_string_equal(q->model_sha256, "ab12");
    assert_int_equal(q->notes[q->word_count - 1].offset, p->notes[p->word_count - 1].offset);
    assert_int_equal(q->macs, p->macs);
    run_both(p, q, g);
    dvt_buf_deinit(&first);
    dvt_buf_deinit(&second);
    dvt_program_destroy(p);
    dvt_program_destroy(q);
    tool_graph_free(g);
}

static void test_program__comes_back_from_its_file_and_runs_alike(void **state)
{
    (void)state;
    expect_round_trip("overlays/medium-fp11.json");
    expect_round_trip("overlays/small-fp16.json");
    expect_round_trip("tests/support/overlays/odd-m5.json");
    expect_round_trip("tests/support/overlays/odd-m9.json");
}

static void test_program__disassembly_names_layers_and_parts(void **state)
{
    (void)state;
    dvt_graph   *g = tool_parse(net);
    dvt_program *p = compile_for(g, "overlays/medium-fp11.json");
    dvt_buf      text;

    dvt_buf_init(&text, p->ctx, 0);
    dvt_program_disassemble(p, &text);
    assert_int_equal(dvt_buf_status(&text), DVT_OK);
    assert_non_null(strstr(text.data, "; c (layer c), "));
    assert_non_null(strstr(text.data, "  sread "));
    assert_non_null(strstr(text.data, "host softmax s: "));
    assert_non_null(strstr(text.data, "upload x: 6 x 9 x 11 in "));
    dvt_buf_deinit(&text);
    dvt_program_destroy(p);
    tool_graph_free(g);
}

/* ---- accidents ----------------------------------------------------------------------------- */

typedef struct saved {
    dvt_graph   *g;
    dvt_program *p;
    dvt_ctx     *ctx;
    dvt_buf      file;
} saved;

static int saved_setup(void **state)
{
    saved *s = calloc(1, sizeof *s);

    s->g = tool_parse(net);
    s->ctx = dvt_graph_ctx(s->g);
    s->p = compile_for(s->g, "tests/support/overlays/odd-m5.json");
    save(s->p, &s->file);
    *state = s;
    return 0;
}

static int saved_teardown(void **state)
{
    saved *s = *state;

    dvt_buf_deinit(&s->file);
    dvt_program_destroy(s->p);
    tool_graph_free(s->g);
    free(s);
    return 0;
}

static void expect_refused(saved *s, dvt_status want, const char *text)
{
    dvt_program *q;
    dvt_status   st = load(s->ctx, &s->file, &q);

    assert_null(q);
    expect_failure(s->ctx, st, want, text);
}

static void test_program__every_truncation_is_refused(void **state)
{
    saved  *s = *state;
    dvt_buf cut = s->file;

    for (size_t i = 0; i < 200; i++) {
        dvt_program *q;
        cut.len = s->file.len * i / 200;
        assert_int_not_equal(load(s->ctx, &cut, &q), DVT_OK);
        assert_null(q);
        dvt_ctx_clear_error(s->ctx);
    }
}

static void test_program__a_flipped_bit_anywhere_is_refused(void **state)
{
    saved *s = *state;

    for (size_t i = 0; i < 300; i++) {
        size_t       at = s->file.len * i / 300;
        dvt_program *q;
        s->file.data[at] = (char)(s->file.data[at] ^ 16);
        assert_int_not_equal(load(s->ctx, &s->file, &q), DVT_OK);
        s->file.data[at] = (char)(s->file.data[at] ^ 16);
        assert_null(q);
        dvt_ctx_clear_error(s->ctx);
    }
}

static void test_program__foreign_and_newer_files_are_told_apart(void **state)
{
    saved *s = *state;

    s->file.data[8] = 2;
    expect_refused(s, DVT_E_UNSUPPORTED, "program of format version 2, this is 1");
    s->file.data[8] = 1;
    s->file.data[0] = 'X';
    expect_refused(s, DVT_E_PARSE, "not a dovetail program");
    s->file.data[0] = 'D';
    s->file.data[s->file.len - 1] ^= 1;
    expect_refused(s, DVT_E_PARSE, "damaged program");
}

/* ---- malice -------------------------------------------------------------------------------- */

static void test_program__sections_out_of_place_are_refused(void **state)
{
    saved *s = *state;

    s->file.data[12] = 7;
    sign(&s->file);
    expect_refused(s, DVT_E_PARSE, "program has 7 sections");
    s->file.data[12] = 6;
    for (int k = 0; k < 6; k++) {
        char *offset = s->file.data + HEADER + k * ENTRY + 8, *bytes = offset + 8;
        offset[7] = 127;
        sign(&s->file);
        expect_refused(s, DVT_E_PARSE, "is not where it should be");
        offset[7] = 0;
        bytes[7] = -1;
        sign(&s->file);
        expect_refused(s, DVT_E_PARSE, "is not where it should be");
        bytes[7] = 0;
    }
}

static void replace(saved *s, const char *from, const char *to)
{
    char *at = NULL;

    assert_int_equal(strlen(from), strlen(to));
    for (size_t i = 0; i + strlen(from) <= s->file.len && !at; i++) {
        at = memcmp(s->file.data + i, from, strlen(from)) == 0 ? s->file.data + i : NULL;
    }
    if (!at) {
        fail_msg("the file does not hold '%s'", from);
        return;
    }
    memcpy(at, to, strlen(to));
    sign(&s->file);
}

static void expect_swap_refused(saved *s, const char *from, const char *to, dvt_status want,
                                const char *text)
{
    replace(s, from, to);
    expect_refused(s, want, text);
    replace(s, to, from);
}

static void test_program__hostile_meta_is_refused(void **state)
{
    saved *s = *state;

    expect_swap_refused(s, "\"inputs\": 1", "\"inputs\": 9", DVT_E_PARSE,
                        "9 network inputs, the host graph has");
    expect_swap_refused(s, "\"c\": 6,", "\"c\": 7,", DVT_E_PARSE,
                        "is not its host value's shape and type");
    expect_swap_refused(s, "\"kind\": \"upload\"", "\"kind\": \"uplaad\"", DVT_E_PARSE,
                        "steps[0].kind");
    expect_swap_refused(s, "\"to_overlay\": true", "\"to_overlay\": null", DVT_E_PARSE,
                        "to_overlay");
    expect_swap_refused(s, "\"c_vec\": 5", "\"c_vec\": 0", DVT_E_PARSE, "overlay.array.c_vec");
    expect_swap_refused(s, "\"k_vec\": 7", "\"k_vec\": 6", DVT_E_PARSE, "wread.lanes = 7");
    expect_swap_refused(s, "\"words_per_bank\": 700", "\"words_per_bank\": 100", DVT_E_CAPACITY,
                        "of the stream buffer");
    expect_swap_refused(s, "\"words\": 20\n", "\"words\": 01\n", DVT_E_PARSE, "");
    expect_swap_refused(s, "\"schema\"", "\"sch3ma\"", DVT_E_PARSE, "");
}

static void expect_byte_refused(saved *s, int kind, size_t at, char to, const char *text)
{
    size_t bytes, offset = section_at(&s->file, kind, &bytes);
    char   kept = s->file.data[offset + at];

    assert_true(at < bytes);
    s->file.data[offset + at] = to;
    sign(&s->file);
    expect_refused(s, DVT_E_PARSE, text);
    s->file.data[offset + at] = kept;
}

static void test_program__function_tables_hold_finite_numbers(void **state)
{
    saved *s = *state;
    size_t bytes, offset = section_at(&s->file, 2, &bytes);

    memcpy(s->file.data + offset + 16, "\0\0\x80\x7f", 4); /* a[0] = infinity */
    sign(&s->file);
    expect_refused(s, DVT_E_PARSE, "function table 0 has values not finite");
}

static void test_program__hostile_sections_are_refused(void **state)
{
    enum { SLOTS = 1, TABLES = 2, CONTROL = 3, HOST = 5 };
    saved *s = *state;

    expect_byte_refused(s, SLOTS, 0, 5, "which is elsewhere too");
    expect_byte_refused(s, SLOTS, 3, 5, "which is none of its");
    expect_byte_refused(s, TABLES, 0, 9, "function table 0 is of kind 9");
    expect_byte_refused(s, CONTROL, 0, 9, "instruction set version 9");
    expect_byte_refused(s, HOST, 0, 0, "graph");
}

#define SAVED_TEST(test) cmocka_unit_test_setup_teardown(test, saved_setup, saved_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_program__comes_back_from_its_file_and_runs_alike),
        cmocka_unit_test(test_program__disassembly_names_layers_and_parts),
        SAVED_TEST(test_program__every_truncation_is_refused),
        SAVED_TEST(test_program__a_flipped_bit_anywhere_is_refused),
        SAVED_TEST(test_program__foreign_and_newer_files_are_told_apart),
        SAVED_TEST(test_program__sections_out_of_place_are_refused),
        SAVED_TEST(test_program__hostile_meta_is_refused),
        SAVED_TEST(test_program__function_tables_hold_finite_numbers),
        SAVED_TEST(test_program__hostile_sections_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
