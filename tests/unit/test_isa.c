/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_isa.c - long words to bytes and back, the ends of every field, and words that are refused.
 */
#include "dovetail/isa.h"
#include "support/fixture.h"

#include <stdio.h>

static const uint32_t all_kernels = (1u << DVT_KERNEL_COUNT) - 1;

static int64_t *field(dvt_word *w, const dvt_isa_part *p, const dvt_isa_field *f)
{
    return (int64_t *)(void *)((char *)w + p->offset + f->offset);
}

static int64_t lowest(const dvt_isa_field *f)
{
    return f->kind == 'S' ? -((int64_t)1 << (f->bits - 1)) : 0;
}

static int64_t highest(const dvt_isa_field *f)
{
    return ((int64_t)1 << (f->kind == 'S' ? f->bits - 1 : f->bits)) - 1;
}

/* kind 0 lowest, 1 highest, 2 random values */
static void fill(dvt_word *w, int kind, dvt_rng *rng)
{
    for (int k = 0; k < DVT_KERNEL_COUNT; k++) {
        const dvt_isa_part *p = dvt_isa_describe((dvt_kernel)k);
        for (int32_t i = 0; i < p->field_count; i++) {
            const dvt_isa_field *f = &p->fields[i];
            int64_t             *v = field(w, p, f);
            for (int32_t j = 0; j < f->count; j++) {
                uint64_t span = (uint64_t)(highest(f) - lowest(f)) + 1;
                v[j] = kind == 0   ? lowest(f)
                       : kind == 1 ? highest(f)
                                   : lowest(f) + (int64_t)dvt_rng_below(rng, span);
            }
        }
    }
}

static void expect_round_trip(dvt_ctx *ctx, const dvt_word *w)
{
    dvt_buf  b;
    dvt_word back;
    size_t   used;

    dvt_buf_init(&b, ctx, 0);
    expect_ok(ctx, dvt_isa_encode(ctx, w, &b));
    assert_int_equal(b.len, dvt_isa_word_bytes(w->kernels));
    expect_ok(ctx, dvt_isa_decode(ctx, (const uint8_t *)b.data, b.len, &used, &back));
    assert_int_equal(used, b.len);
    assert_int_equal(back.tag, w->tag);
    assert_int_equal(back.kernels, w->kernels);
    for (int k = 0; k < DVT_KERNEL_COUNT; k++) {
        const dvt_isa_part *p = dvt_isa_describe((dvt_kernel)k);
        for (int32_t i = 0; dvt_word_has(w, (dvt_kernel)k) && i < p->field_count; i++) {
            const dvt_isa_field *f = &p->fields[i];
            assert_memory_equal((const char *)w + p->offset + f->offset,
                                (const char *)&back + p->offset + f->offset,
                                (size_t)f->count * sizeof(int64_t));
        }
    }
    dvt_buf_deinit(&b);
}

static void test_isa__extremes_and_random_values_come_back(void **state)
{
    dvt_rng rng = dvt_rng_make(3, 0);

    for (int i = 0; i < 300; i++) {
        dvt_word w = {.tag = (uint32_t)i * 219, .kernels = all_kernels};
        fill(&w, i < 2 ? i : 2, &rng);
        if (i >= 2) {
            w.kernels = (uint32_t)dvt_rng_below(&rng, all_kernels + 1);
        }
        expect_round_trip(*state, &w);
    }
}

static void test_isa__one_beyond_any_field_is_refused_with_its_name(void **state)
{
    dvt_ctx *ctx = *state;

    for (int k = 0; k < DVT_KERNEL_COUNT; k++) {
        const dvt_isa_part *p = dvt_isa_describe((dvt_kernel)k);
        for (int32_t i = 0; i < p->field_count; i++) {
            const dvt_isa_field *f = &p->fields[i];
            int64_t              beyond[] = {highest(f) + 1, lowest(f) - 1};
            for (int side = 0; side < 2; side++) {
                dvt_word w = {.kernels = 1u << k};
                dvt_buf  b;
                char     name[64];
                dvt_buf_init(&b, ctx, 0);
                field(&w, p, f)[f->count - 1] = beyond[side];
                (void)snprintf(name, sizeof name, "%s.%s[%d]", p->name, f->name, f->count - 1);
                expect_failure(ctx, dvt_isa_encode(ctx, &w, &b), DVT_E_CAPACITY, name);
                dvt_buf_deinit(&b);
            }
        }
    }
}

static void test_isa__fields_lie_one_behind_the_other(void **state)
{
    (void)state;
    for (int k = 0; k < DVT_KERNEL_COUNT; k++) {
        const dvt_isa_part *p = dvt_isa_describe((dvt_kernel)k);
        int32_t             next = 0;
        for (int32_t i = 0; i < p->field_count; i++) {
            assert_int_equal(p->fields[i].lsb, next);
            next += p->fields[i].bits * p->fields[i].count;
        }
        assert_int_equal(p->bits, next);
        assert_int_equal(p->bytes, (next + 63) / 64 * 8);
        assert_string_equal(p->name, dvt_kernel_name((dvt_kernel)k));
        assert_true(strlen(dvt_kernel_help((dvt_kernel)k)) > 0);
    }
}

static void test_isa__header_is_a_unit_little_endian(void **state)
{
    dvt_word      w = {.tag = 0x1234, .kernels = 1u << DVT_KERNEL_XBAR};
    const uint8_t want[] = {
        DVT_ISA_VERSION, 0x34, 0x12, 0x10, 0x00, 0, 0x61, 0x92, 0x0b, 0, 0, 0, 0, 0, 0, 0};
    dvt_buf b;

    w.xbar.source = 1;
    w.xbar.route[0] = DVT_KERNEL_SCALE;
    dvt_buf_init(&b, *state, 0);
    expect_ok(*state, dvt_isa_encode(*state, &w, &b));
    assert_int_equal(b.len, sizeof want);
    assert_memory_equal(b.data, want, sizeof want);
    dvt_buf_deinit(&b);
}

static void test_isa__damaged_words_are_refused_with_the_byte(void **state)
{
    static const struct {
        uint8_t     bytes[16];
        size_t      size;
        const char *text;
        uint64_t    offset;
    } cases[] = {
        {{DVT_ISA_VERSION, 0, 0, 0}, 4, "ends inside its header: 4 of 8 bytes", 0},
        {{9}, 8, "instruction set version 9", 0},
        {{DVT_ISA_VERSION, 0, 0, 0, 0x10}, 8, "names kernels that do not exist", 3},
        {{DVT_ISA_VERSION, 0, 0, 0, 0, 1}, 8, "names kernels that do not exist", 3},
        {{DVT_ISA_VERSION, 0, 0, 0, 0, 0, 0, 1}, 8, "its check bytes do not belong to it", 6},
        {{DVT_ISA_VERSION, 7, 0, 0x10, 0, 0, 0, 0, 1, 2, 3},
         15,
         "word 7 ends inside part 'xbar'",
         8},
        {{DVT_ISA_VERSION, 7, 0, 0x10, 0, 0, 0, 0, 1, 2, 3, 0x80},
         16,
         "padding bits of part 'xbar'",
         8},
    };
    dvt_ctx *ctx = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dvt_word   w;
        size_t     used = 1;
        dvt_status st = dvt_isa_decode(ctx, cases[i].bytes, cases[i].size, &used, &w);
        assert_int_equal(used, 0);
        assert_int_equal(dvt_ctx_error(ctx)->offset, cases[i].offset);
        expect_failure(ctx, st, DVT_E_PARSE, cases[i].text);
    }
}

static void test_isa__no_flipped_bit_goes_unseen(void **state)
{
    dvt_word w = {.tag = 77, .kernels = 1u << DVT_KERNEL_SREAD | 1u << DVT_KERNEL_ACT};
    dvt_buf  b;
    size_t   used;

    w.sread.n[3] = 12345;
    w.act.p0 = dvt_isa_bits(-1.5f);
    dvt_buf_init(&b, *state, 0);
    expect_ok(*state, dvt_isa_encode(*state, &w, &b));
    for (size_t bit = 0; bit < 8 * b.len; bit++) {
        dvt_word got;
        b.data[bit / 8] = (char)(b.data[bit / 8] ^ 1 << bit % 8);
        assert_int_equal(
            dvt_isa_decode(*state, (const uint8_t *)b.data, b.len, &used, &got), DVT_E_PARSE);
        dvt_ctx_clear_error(*state);
        b.data[bit / 8] = (char)(b.data[bit / 8] ^ 1 << bit % 8);
    }
    dvt_buf_deinit(&b);
}

static void test_isa__tags_beyond_16_bits_are_refused(void **state)
{
    dvt_word w = {.tag = 65536};
    dvt_buf  b;

    dvt_buf_init(&b, *state, 0);
    expect_failure(*state, dvt_isa_encode(*state, &w, &b), DVT_E_CAPACITY,
                   "a program has at most 65,536 words");
    dvt_buf_deinit(&b);
}

static void test_isa__disassembly_shows_what_is_not_zero(void **state)
{
    dvt_word w = {.tag = 5, .kernels = 1u << DVT_KERNEL_LRN | 1u << DVT_KERNEL_SCALE};
    dvt_buf  b;

    w.scale.outer = 12;
    w.lrn.size = 5;
    w.lrn.k = dvt_isa_bits(0.5f);
    dvt_buf_init(&b, *state, 0);
    dvt_isa_disassemble(&w, &b);
    assert_string_equal(b.data, "word 5\n  scale     outer=12\n  lrn       size=5 k=0.5\n");
    dvt_buf_deinit(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_isa__extremes_and_random_values_come_back),
        FIXTURE_TEST(test_isa__one_beyond_any_field_is_refused_with_its_name),
        FIXTURE_TEST(test_isa__fields_lie_one_behind_the_other),
        FIXTURE_TEST(test_isa__header_is_a_unit_little_endian),
        FIXTURE_TEST(test_isa__damaged_words_are_refused_with_the_byte),
        FIXTURE_TEST(test_isa__no_flipped_bit_goes_unseen),
        FIXTURE_TEST(test_isa__tags_beyond_16_bits_are_refused),
        FIXTURE_TEST(test_isa__disassembly_shows_what_is_not_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
