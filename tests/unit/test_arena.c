/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_arena.c - pieces are zeroed, aligned, apart from one another, and freed as a whole.
 */
#include "dovetail/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

typedef struct fixture {
    dvt_ctx   *ctx;
    dvt_arena *arena;
} fixture;

static int setup(void **state)
{
    static fixture f;
    f.ctx = dvt_ctx_create(NULL);
    f.arena = f.ctx ? dvt_arena_create(f.ctx) : NULL;
    *state = &f;
    return f.arena ? 0 : -1;
}

static int teardown(void **state)
{
    fixture *f = *state;
    dvt_arena_destroy(f->arena);
    int leaked = dvt_ctx_bytes_in_use(f->ctx) != 0;
    dvt_ctx_destroy(f->ctx);
    return leaked;
}

static bool all(const uint8_t *p, size_t n, uint8_t value)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] != value) {
            return false;
        }
    }
    return true;
}

static void test_arena__pieces_are_zeroed_aligned_and_disjoint(void **state)
{
    fixture *f = *state;
    enum { N = 300 };
    uint8_t *piece[N];
    size_t   bytes[N];

    for (int round = 0; round < 2; round++) { /* again after a reset: memory is dirty then */
        for (size_t i = 0; i < N; i++) {
            size_t align = (size_t)1 << (i % 13);
            bytes[i] = i * 37 % 2500;
            piece[i] = dvt_arena_aligned(f->arena, bytes[i], align);
            assert_non_null(piece[i]);
            assert_true((uintptr_t)piece[i] % align == 0);
            assert_true(all(piece[i], bytes[i], 0));
            memset(piece[i], (int)(i % 255 + 1), bytes[i]);
        }
        for (size_t i = 0; i < N; i++) {
            assert_true(all(piece[i], bytes[i], (uint8_t)(i % 255 + 1)));
        }
        dvt_arena_reset(f->arena);
        assert_int_equal(dvt_arena_bytes(f->arena), 0);
    }
}

static void test_arena__calloc_fits_any_scalar_and_checks_overflow(void **state)
{
    fixture *f = *state;
    for (size_t i = 1; i < 40; i++) {
        assert_true((uintptr_t)dvt_arena_calloc(f->arena, i, 1) % 16 == 0);
    }
    assert_int_equal(dvt_arena_bytes(f->arena), 39 * 40 / 2);
    assert_null(dvt_arena_calloc(f->arena, SIZE_MAX / 2, 4));
    assert_int_equal(dvt_ctx_error(f->ctx)->status, DVT_E_NOMEM);
    assert_null(dvt_arena_aligned(f->arena, SIZE_MAX - 8, 4096));
}

static void test_arena__texts_are_copied(void **state)
{
    fixture *f = *state;
    char     source[] = "conv1";
    char    *copy = dvt_arena_strdup(f->arena, source);

    source[0] = 'x';
    assert_string_equal(copy, "conv1");
    assert_string_equal(dvt_arena_strndup(f->arena, "abcdef", 3), "abc");
    assert_string_equal(dvt_arena_strndup(f->arena, "ab", 30), "ab");
    assert_string_equal(dvt_arena_printf(f->arena, "%s_%d", "relu", 7), "relu_7");
    assert_string_equal(dvt_arena_printf(f->arena, "%s", ""), "");
}

static void test_arena__a_loop_of_resets_does_not_grow(void **state)
{
    fixture *f = *state;
    size_t   after_first = 0;

    for (int round = 0; round < 50; round++) {
        for (int i = 0; i < 100; i++) {
            assert_non_null(dvt_arena_calloc(f->arena, 1, 100));
        }
        dvt_arena_reset(f->arena);
        if (round == 9) {
            after_first = dvt_ctx_bytes_in_use(f->ctx);
        }
    }
    assert_int_equal(dvt_ctx_bytes_in_use(f->ctx), after_first);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_arena__pieces_are_zeroed_aligned_and_disjoint),
        TEST(test_arena__calloc_fits_any_scalar_and_checks_overflow),
        TEST(test_arena__texts_are_copied),
        TEST(test_arena__a_loop_of_resets_does_not_grow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
