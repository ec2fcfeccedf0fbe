/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_overlay.c - descriptions: parsed, printed, refused with the key's name; and the document
 * says what the parser does.
 */
#include "overlay/overlay_int.h"
#include "support/fixture.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const files[] = {
    "overlays/small-fp11.json",           "overlays/small-fp16.json",
    "overlays/small-int8.json",           "overlays/medium-fp11.json",
    "overlays/medium-fp16.json",          "overlays/medium-int8.json",
    "overlays/large-fp11.json",           "overlays/large-fp16.json",
    "overlays/large-int8.json",           "tests/support/overlays/odd-m5.json",
    "tests/support/overlays/odd-m9.json", "tests/support/overlays/odd-int8.json"};

static void expect_equal(const dvt_overlay *a, const dvt_overlay *b)
{
    size_t                  count;
    const dvti_overlay_key *keys = dvti_overlay_keys(&count);

    for (size_t i = 0; i < count; i++) {
        assert_true(dvti_overlay_key_value(&keys[i], a) == dvti_overlay_key_value(&keys[i], b));
    }
    assert_string_equal(a->name, b->name);
    assert_string_equal(a->device, b->device);
    assert_int_equal(a->format, b->format);
    assert_int_equal(a->aux_kernels, b->aux_kernels);
    assert_memory_equal(a->aux_vec, b->aux_vec, sizeof a->aux_vec);
    assert_memory_equal(a->connect, b->connect, sizeof a->connect);
}

static void test_overlay__printed_descriptions_parse_back(void **state)
{
    dvt_ctx *ctx = *state;

    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        dvt_overlay o, again;
        dvt_buf     text;
        expect_ok(ctx, dvt_overlay_load(ctx, files[i], &o));
        dvt_buf_init(&text, ctx, 0);
        dvt_overlay_print(&o, &text);
        expect_ok(ctx, dvt_buf_status(&text));
        expect_ok(ctx, dvt_overlay_parse(ctx, "printed", text.data, text.len, &again));
        expect_equal(&o, &again);
        dvt_buf_deinit(&text);
    }
}

static void test_overlay__ready_ones_have_the_sizes_of_their_names(void **state)
{
    dvt_ctx *ctx = *state;

    for (size_t i = 0; i < 9; i++) {
        static const int64_t least[] = {256, 1024, 2600}, most[] = {256, 1024, 4200};
        dvt_overlay          o;
        dvt_overlay_derived  d;
        expect_ok(ctx, dvt_overlay_load(ctx, files[i], &o));
        dvt_overlay_derive(&o, &d);
        assert_in_range(d.macs_per_cycle, least[i / 3], most[i / 3]);
        assert_int_equal(o.k_vec % o.c_vec, 0);
    }
}

/* ---- refusals ------------------------------------------------------------------------------ */

/* small-fp11 with the first `from` replaced by `to` must be refused with `text`. */
static void expect_text_refused(dvt_ctx *ctx, const char *from, const char *to, const char *text)
{
    dvt_blob    file;
    dvt_buf     b;
    dvt_overlay o;
    char       *at;

    expect_ok(ctx, dvt_file_read(ctx, files[0], 0, &file));
    at = strstr((char *)file.data, from);
    if (!at) {
        fail_msg("the description does not hold '%s'", from);
        return;
    }
    dvt_buf_init(&b, ctx, 0);
    dvt_buf_append(&b, file.data, (size_t)(at - (char *)file.data));
    dvt_buf_puts(&b, to);
    dvt_buf_puts(&b, at + strlen(from));
    expect_failure(ctx, dvt_overlay_parse(ctx, "o.json", b.data, b.len, &o), DVT_E_PARSE, text);
    assert_int_equal(o.c_vec, 0); /* nothing is handed out after a failure */
    dvt_buf_deinit(&b);
    dvt_blob_deinit(ctx, &file);
}

static void test_overlay__wrong_texts_are_refused_with_the_key(void **state)
{
    dvt_ctx *ctx = *state;

    expect_text_refused(ctx, "\"c_vec\": 8", "\"c_vec\": 0", "array.c_vec");
    expect_text_refused(ctx, "\"c_vec\": 8", "\"c_vec\": 257", "array.c_vec");
    expect_text_refused(ctx, "\"c_vec\": 8", "\"c_vec\": 8.5", "array.c_vec");
    expect_text_refused(ctx, "\"c_vec\": 8", "\"cvec\": 8", "cvec");
    expect_text_refused(ctx, "\"interleave\": 1", "\"interleave\": 1, \"x\": 2", "array.x");
    expect_text_refused(ctx, "\"bfp\"", "\"float\"", "format.kind");
    expect_text_refused(ctx, "\"scale\": 4", "\"scales\": 4", "scales");
    expect_text_refused(ctx, "\"scale\": 4", "\"scale\": 0", "crossbar.kernels.scale");
    expect_text_refused(ctx, "[\"scale\", \"act\"", "[\"scale\", \"scale\"", "stands here twice");
    expect_text_refused(ctx, "[\"scale\", \"act\"", "[\"scale\", \"sigmoid\"",
                        "crossbar.connect.array[1]");
    expect_text_refused(ctx, "\"name\": \"small-fp11\"", "\"name\": \"\"", "name: is empty");
    expect_text_refused(ctx, "\"name\": \"small-fp11\"", "\"name\": \"a b\"", "name: 'a b' has");
    expect_text_refused(ctx, "\"memory\"", "\"memori\"", "memori");
    expect_text_refused(ctx, "{", "[{", "");
}

typedef struct edit {
    const char *text;
    void (*apply)(dvt_overlay *o);
} edit;

static void to_int8_m7(dvt_overlay *o) { o->format = DVT_FORMAT_INT8; }
static void filter_m9(dvt_overlay *o)
{
    o->format = DVT_FORMAT_INT8;
    o->feature_mantissa_bits = 8;
    o->filter_mantissa_bits = 9;
}
static void wide_int8(dvt_overlay *o)
{
    o->format = DVT_FORMAT_INT8;
    o->feature_mantissa_bits = o->filter_mantissa_bits = 8;
}
static void no_format(dvt_overlay *o) { o->format = (dvt_format_kind)7; }
static void narrow_acc(dvt_overlay *o) { o->accumulator_bits = 39; }
static void wide_product(dvt_overlay *o)
{
    o->c_vec = 256;
    o->feature_mantissa_bits = o->filter_mantissa_bits = 12;
    o->p_vec = 1;
}
static void huge_array(dvt_overlay *o) { o->q_vec = o->p_vec = o->c_vec = o->k_vec = 64; }
static void huge_stream(dvt_overlay *o) { o->stream_buffer_words_per_bank = 1 << 24; }
static void odd_bus(dvt_overlay *o) { o->memory_bus_bits = 96; }
static void fast_bus(dvt_overlay *o) { o->memory_bandwidth_gbps = 4.9; }
static void odd_link(dvt_overlay *o) { o->control_link_bits = 24; }
static void write_is_no_aux(dvt_overlay *o) { o->aux_kernels |= 1u << DVT_KERNEL_WRITE; }
static void no_width(dvt_overlay *o) { o->aux_vec[DVT_KERNEL_ACT] = 0; }
static void width_only(dvt_overlay *o) { o->aux_kernels &= ~(1u << DVT_KERNEL_ACT); }
static void no_kernel(dvt_overlay *o) { o->aux_kernels |= 1u << 20; }
static void no_tables(dvt_overlay *o) { o->function_tables = 0; }
static void even_lrn(dvt_overlay *o) { o->lrn_size_max = 6; }
static void window_behind_array(dvt_overlay *o)
{
    o->connect[DVT_KERNEL_ARRAY] |= 1u << DVT_KERNEL_POOL;
}
static void loop(dvt_overlay *o) { o->connect[DVT_KERNEL_ACT] |= 1u << DVT_KERNEL_ACT; }
static void mask(dvt_overlay *o) { o->connect[DVT_KERNEL_ACT] |= 1u << 20; }
static void from_absent(dvt_overlay *o)
{
    o->aux_kernels &= ~(1u << DVT_KERNEL_LRN);
    o->aux_vec[DVT_KERNEL_LRN] = 0;
    o->connect[DVT_KERNEL_SREAD] &= ~(1u << DVT_KERNEL_LRN);
}
static void to_absent(dvt_overlay *o)
{
    from_absent(o);
    o->connect[DVT_KERNEL_LRN] = 0;
    o->connect[DVT_KERNEL_SREAD] |= 1u << DVT_KERNEL_LRN;
}
static void to_source(dvt_overlay *o) { o->connect[DVT_KERNEL_ACT] |= 1u << DVT_KERNEL_ARRAY; }
static void unreached(dvt_overlay *o) { o->connect[DVT_KERNEL_SREAD] &= ~(1u << DVT_KERNEL_LRN); }
static void dead_end(dvt_overlay *o) { o->connect[DVT_KERNEL_LRN] = 0; }
static void nan_clock(dvt_overlay *o) { o->clock_mhz = strtod("nan", NULL); }
static void bad_device(dvt_overlay *o) { memcpy(o->device, "a/b", 4); }

static void test_overlay__impossible_combinations_are_refused(void **state)
{
    static const edit edits[] = {
        {"format.feature_mantissa_bits: int8 has 8 bits, not 7", to_int8_m7},
        {"format.filter_mantissa_bits: int8 has 8 bits, not 9", filter_m9},
        {"format.accumulator_bits: int8 accumulates in 32 bits, not 64", wide_int8},
        {"format.kind: 7 is neither", no_format},
        {"format.accumulator_bits: block floating point needs 40 to 64, not 39", narrow_acc},
        {"array: 16777216 multipliers", huge_array},
        {"stream_buffer: 67108864 words", huge_stream},
        {"memory.bus_bits: 96 is not a power of two", odd_bus},
        {"memory.bandwidth_gbps: 4.9 is more than 4.8, which 128 bits at 300 MHz carry", fast_bus},
        {"control.link_bits: 24 is not 8, 16, 32 or 64", odd_link},
        {"crossbar.kernels: 'write' is part of every overlay", write_is_no_aux},
        {"crossbar.kernels.act: 0 values a cycle, but the kernel is there", no_width},
        {"crossbar.kernels.act: 4 values a cycle, but the kernel is absent", width_only},
        {"crossbar.kernels: mask 0x", no_kernel},
        {"crossbar.function_tables: the kernel lrn needs at least 1", no_tables},
        {"crossbar.lrn_size_max: 6 is not odd", even_lrn},
        {"crossbar.connect.array: 'pool' takes windows", window_behind_array},
        {"crossbar.connect.act: leads to itself", loop},
        {"crossbar.connect.act: mask 0x", mask},
        {"crossbar.connect.lrn: the kernel is not among crossbar.kernels", from_absent},
        {"crossbar.connect.sread: 'lrn' is neither write nor among", to_absent},
        {"crossbar.connect.act: 'array' is neither write nor among", to_source},
        {"crossbar.connect: nothing leads to 'lrn'", unreached},
        {"crossbar.connect.lrn: no way from here to write", dead_end},
        {"clock_mhz: nan is outside of 1..2000 MHz", nan_clock},
        {"device: 'a/b' has characters", bad_device},
    };
    dvt_ctx *ctx = *state;

    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        dvt_overlay o;
        expect_ok(ctx, dvt_overlay_load(ctx, files[0], &o));
        edits[i].apply(&o);
        expect_failure(ctx, dvt_overlay_check(ctx, &o), DVT_E_PARSE, edits[i].text);
    }
}

/* The widest dot product there is has exactly the 31 bits that are built. */
static void test_overlay__widest_products_fit(void **state)
{
    dvt_overlay         o;
    dvt_overlay_derived d;

    expect_ok(*state, dvt_overlay_load(*state, files[0], &o));
    wide_product(&o);
    dvt_overlay_derive(&o, &d);
    assert_int_equal(d.product_bits, 31);
    expect_ok(*state, dvt_overlay_check(*state, &o));
}

static void test_overlay__a_missing_file_is_an_io_error(void **state)
{
    dvt_overlay o;

    expect_failure(*state, dvt_overlay_load(*state, "overlays/no-such.json", &o), DVT_E_IO,
                   "no-such.json");
}

/* ---- document ------------------------------------------------------------------------------ */

static void test_overlay__document_has_a_row_for_each_key(void **state)
{
    dvt_ctx                *ctx = *state;
    size_t                  count;
    const dvti_overlay_key *keys = dvti_overlay_keys(&count);
    dvt_blob                doc;

    expect_ok(ctx, dvt_file_read(ctx, "docs/overlay.md", 0, &doc));
    for (size_t i = 0; i < count; i++) {
        char row[512];
        snprintf(row, sizeof row, "| `%s%s%s` | %s | %.12g..%.12g | %s |", keys[i].group,
                 keys[i].group[0] ? "." : "", keys[i].key, keys[i].unit, keys[i].min, keys[i].max,
                 keys[i].meaning);
        if (!strstr((const char *)doc.data, row)) {
            fail_msg("docs/overlay.md lacks the row\n%s", row);
        }
    }
    dvt_blob_deinit(ctx, &doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_overlay__printed_descriptions_parse_back),
        FIXTURE_TEST(test_overlay__ready_ones_have_the_sizes_of_their_names),
        FIXTURE_TEST(test_overlay__wrong_texts_are_refused_with_the_key),
        FIXTURE_TEST(test_overlay__impossible_combinations_are_refused),
        FIXTURE_TEST(test_overlay__widest_products_fit),
        FIXTURE_TEST(test_overlay__a_missing_file_is_an_io_error),
        FIXTURE_TEST(test_overlay__document_has_a_row_for_each_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
