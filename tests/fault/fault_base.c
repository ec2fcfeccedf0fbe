/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault_base.c - arenas, buffers, arrays, files, options and JSON survive every refused allocation.
 */
#include "fault/fault.h"

#include "base/base_int.h"
#include "base/json_util.h"
#include "base/vec.h"
#include "dovetail/options.h"
#include "support/test_data.h"

#include <string.h>

DVT_VEC(int_vec, int64_t);

static dvt_status fill_arena(dvt_ctx *ctx, void *ud)
{
    (void)ud;
    dvt_status st = DVT_OK;
    dvt_arena *arena = dvt_arena_create(ctx);
    if (!arena) {
        st = dvti_ctx_status(ctx);
        goto done;
    }
    for (int i = 0; i < 200; i++) {
        if (!dvt_arena_printf(arena, "piece %d", i) || !dvt_arena_calloc(arena, 10, 16) ||
            !dvt_arena_aligned(arena, 5000, 256)) {
            st = dvti_ctx_status(ctx);
            goto done;
        }
    }
done:
    dvt_arena_destroy(arena);
    return st;
}

static void fault_base__arena(void **state)
{
    (void)state;
    assert_true(fault_sweep(fill_arena, NULL) > 10);
}

static dvt_status fill_buffer_and_array(dvt_ctx *ctx, void *ud)
{
    (void)ud;
    dvt_buf    b;
    int_vec    v = {0};
    dvt_status st = DVT_OK;

    dvt_buf_init(&b, ctx, 0);
    for (int i = 0; i < 500 && st == DVT_OK; i++) {
        dvt_buf_printf(&b, "%d ", i);
        st = int_vec_push(ctx, &v, i);
    }
    if (st == DVT_OK) {
        st = dvt_buf_status(&b);
    }
    int_vec_deinit(ctx, &v);
    dvt_buf_deinit(&b);
    return st;
}

static void fault_base__buffer_and_array(void **state)
{
    (void)state;
    assert_true(fault_sweep(fill_buffer_and_array, NULL) > 5);
}

typedef struct options_values {
    const char   *name;
    dvt_text_list input;
} options_values;

static const dvt_option ROWS[] = {
    {DVT_OPTION_STRING(options_values, name, NULL, "NAME", "a name")},
    {DVT_OPTION_LIST(options_values, input, "FILE", "inputs")},
};
static const dvt_option_set SET = {.name = "s", .options = ROWS, .count = 2};

static dvt_status parse_options(dvt_ctx *ctx, void *path)
{
    const char    *argv[] = {"--config", path, "--name=n"};
    options_values values;
    dvt_parsed     parsed;
    char           hash[DVT_SHA256_HEX];
    dvt_status     st = DVT_OK;
    dvt_arena     *arena = dvt_arena_create(ctx);

    if (!arena) {
        st = dvti_ctx_status(ctx);
        goto done;
    }
    if ((st = dvt_options_parse(ctx, &SET, 3, argv, arena, &values, &parsed)) == DVT_OK) {
        st = dvt_options_sha256(ctx, &SET, &values, hash);
    }
done:
    dvt_arena_destroy(arena);
    return st;
}

static void fault_base__options_and_their_file(void **state)
{
    (void)state;
    const char TEXT[] = "{\"name\": \"x\", \"input\": [\"a\", \"b\"]}";
    char       path[TEST_PATH_MAX];
    dvt_ctx   *ctx = dvt_ctx_create(NULL);

    assert_non_null(ctx);
    test_temp_path("fault_options.json", path);
    assert_int_equal(dvt_file_write(ctx, path, TEXT, strlen(TEXT)), DVT_OK);
    dvt_ctx_destroy(ctx);
    assert_true(fault_sweep(parse_options, path) > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fault_base__arena),
        cmocka_unit_test(fault_base__buffer_and_array),
        cmocka_unit_test(fault_base__options_and_their_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
