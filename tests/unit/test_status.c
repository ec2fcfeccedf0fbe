/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_status.c - the status table, the error slot, the log and the progress report.
 */
#include "base/base_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static int setup(void **state)
{
    *state = dvt_ctx_create(NULL);
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    dvt_ctx_destroy(*state);
    return 0;
}

static void test_status__names_texts_and_exit_codes_follow_the_table(void **state)
{
    (void)state;
    assert_string_equal(dvt_status_name(DVT_OK), "OK");
    assert_string_equal(dvt_status_name(DVT_E_CANCELLED), "E_CANCELLED");
    assert_string_equal(dvt_status_text(DVT_E_INTERNAL), "a bug in this library");
    assert_int_equal(dvt_status_exit_code(DVT_E_NOTFOUND), 1);
    assert_int_equal(dvt_status_exit_code(DVT_E_SHAPE), 3);
    assert_int_equal(dvt_status_exit_code(DVT_E_CANCELLED), 130);
    assert_string_equal(dvt_status_name((dvt_status)999), "E_INTERNAL");
}

static void test_status__the_first_failure_stays_and_later_ones_are_its_trail(void **state)
{
    dvt_ctx *ctx = *state;
    dvt_pos  at = {.file = "net.prototxt", .line = 12, .column = 18, .offset = 300};

    assert_int_equal(dvt_fail(ctx, DVT_E_SHAPE, &at, "expects %d channels", 64), DVT_E_SHAPE);
    dvt_fail_hint(ctx, "first hint");
    assert_int_equal(dvt_fail(ctx, DVT_E_IO, NULL, "cannot close"), DVT_E_IO);
    dvt_fail_hint(ctx, "second hint");
    dvt_fail_note(ctx, "while loading '%s'", "net");

    const dvt_error *e = dvt_ctx_error(ctx);
    assert_int_equal(e->status, DVT_E_SHAPE);
    assert_string_equal(e->message, "expects 64 channels");
    assert_string_equal(e->hint, "first hint");
    assert_string_equal(e->trail, "cannot close\nwhile loading 'net'\n");
    assert_true(e->has_pos);
    assert_string_equal(e->file, "net.prototxt");
    assert_int_equal(e->line, 12);
    assert_int_equal(e->column, 18);
    assert_int_equal(e->offset, 300);
    assert_non_null(strstr(e->src_file, "test_status.c"));
}

static void test_status__clearing_forgets_everything(void **state)
{
    dvt_ctx *ctx = *state;
    dvt_pos  at = {.file = "f", .line = 1};

    (void)dvt_fail(ctx, DVT_E_PARSE, &at, "x");
    dvt_fail_hint(ctx, "h");
    dvt_ctx_clear_error(ctx);
    assert_int_equal(dvt_ctx_error(ctx)->status, DVT_OK);
    dvt_fail_hint(ctx, "a hint without a failure is dropped");
    assert_string_equal(dvt_ctx_error(ctx)->hint, "");
    (void)dvt_fail(ctx, DVT_E_IO, NULL, "y");
    assert_false(dvt_ctx_error(ctx)->has_pos);
    assert_string_equal(dvt_ctx_error(ctx)->file, "");
}

static void test_status__texts_that_do_not_fit_end_in_dots(void **state)
{
    dvt_ctx *ctx = *state;
    char     longer[2000];

    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    (void)dvt_fail(ctx, DVT_E_PARSE, &(dvt_pos){.file = longer}, "%s", longer);
    for (int i = 0; i < 100; i++) {
        dvt_fail_note(ctx, "level %d of a trail that is too long for its place", i);
    }
    const dvt_error *e = dvt_ctx_error(ctx);
    assert_int_equal(strlen(e->message), sizeof e->message - 1);
    assert_string_equal(e->message + sizeof e->message - 4, "...");
    assert_int_equal(strlen(e->file), sizeof e->file - 1);
    assert_true(strlen(e->trail) < sizeof e->trail);
    assert_int_equal(strncmp(e->trail, "level 0 of", 10), 0);
    assert_int_equal(e->trail[strlen(e->trail) - 1], '\n');
}

static void test_status__out_of_memory_is_reported_without_memory(void **state)
{
    (void)state;
    dvt_ctx *ctx = dvt_ctx_create(&(dvt_ctx_opts){.memory_budget_bytes = 1});
    assert_non_null(ctx);
    assert_null(dvt_alloc(ctx, 100));
    assert_int_equal(dvt_ctx_error(ctx)->status, DVT_E_NOMEM);
    assert_non_null(strstr(dvt_ctx_error(ctx)->hint, "raise the memory budget"));
    dvt_ctx_destroy(ctx);
}

/* ---- log and progress ---------------------------------------------------------------------- */

typedef struct heard {
    int           lines;
    dvt_log_level level;
    char          text[64];
} heard;

static void hear(void *ud, dvt_log_level level, const char *module, const char *text)
{
    heard *h = ud;
    h->lines++;
    h->level = level;
    dvti_format(h->text, sizeof h->text, "%s: %s", module, text);
}

static void test_log__lines_up_to_the_level_reach_the_callback(void **state)
{
    (void)state;
    heard    h = {0};
    dvt_ctx *ctx =
        dvt_ctx_create(&(dvt_ctx_opts){.log = hear, .log_ud = &h, .log_level = DVT_LOG_INFO});
    assert_non_null(ctx);
    dvt_log(ctx, DVT_LOG_DEBUG, "graph", "too fine");
    assert_int_equal(h.lines, 0);
    dvt_log(ctx, DVT_LOG_INFO, "graph", "%d nodes", 3);
    assert_int_equal(h.lines, 1);
    assert_int_equal(h.level, DVT_LOG_INFO);
    assert_string_equal(h.text, "graph: 3 nodes");
    dvt_ctx_destroy(ctx);
}

static bool stop_at_two(void *ud, const char *phase, uint64_t done, uint64_t total,
                        const char *unit)
{
    (void)ud, (void)phase, (void)total, (void)unit;
    return done < 2;
}

static void test_progress__a_refusal_cancels(void **state)
{
    (void)state;
    dvt_ctx *ctx = dvt_ctx_create(&(dvt_ctx_opts){.progress = stop_at_two});
    assert_non_null(ctx);
    assert_int_equal(dvt_progress(ctx, "run", 1, 5, "images"), DVT_OK);
    assert_int_equal(dvt_progress(ctx, "run", 2, 5, "images"), DVT_E_CANCELLED);
    assert_string_equal(dvt_ctx_error(ctx)->message, "stopped during 'run' at 2 of 5 images");
    dvt_ctx_destroy(ctx);
}

static bool stop_if_asked(void *ud, const char *phase, uint64_t done, uint64_t total,
                          const char *unit)
{
    assert_true(phase == NULL && unit == NULL && done == 0 && total == 0);
    return !*(const bool *)ud;
}

static void test_progress__inner_steps_only_ask(void **state)
{
    (void)state;
    bool     stop = false;
    dvt_ctx *ctx = dvt_ctx_create(
        &(dvt_ctx_opts){.progress = stop_if_asked, .progress_ud = &stop});
    assert_non_null(ctx);
    assert_int_equal(dvt_stop_asked(ctx, "counting"), DVT_OK);
    stop = true;
    assert_int_equal(dvt_stop_asked(ctx, "counting"), DVT_E_CANCELLED);
    assert_string_equal(dvt_ctx_error(ctx)->message, "stopped while counting");
    dvt_ctx_destroy(ctx);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_status__names_texts_and_exit_codes_follow_the_table),
        TEST(test_status__the_first_failure_stays_and_later_ones_are_its_trail),
        TEST(test_status__clearing_forgets_everything),
        TEST(test_status__texts_that_do_not_fit_end_in_dots),
        TEST(test_status__out_of_memory_is_reported_without_memory),
        TEST(test_log__lines_up_to_the_level_reach_the_callback),
        TEST(test_progress__a_refusal_cancels),
        TEST(test_progress__inner_steps_only_ask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
