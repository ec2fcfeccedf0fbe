/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fixture.h - a fresh context for each test, which must end without leaking a byte through it.
 *
 *     static void test_npy__scalars_are_read(void **state)   (*state is the dvt_ctx)
 *     ...
 *     const struct CMUnitTest tests[] = {FIXTURE_TEST(test_npy__scalars_are_read)};
 */
#ifndef TESTS_SUPPORT_FIXTURE_H
#define TESTS_SUPPORT_FIXTURE_H

#include "dovetail/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static inline int fixture_setup(void **state)
{
    *state = dvt_ctx_create(NULL);
    return *state ? 0 : -1;
}

static inline int fixture_teardown(void **state)
{
    const size_t leaked = dvt_ctx_bytes_in_use(*state);

    dvt_ctx_destroy(*state);
    if (leaked) {
        print_error("%zu bytes were not given back\n", leaked);
    }
    return leaked ? -1 : 0;
}

#define FIXTURE_TEST(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

/* The call must end in `want` and say `text`; clears the error for the next case. */
static inline void expect_failure(dvt_ctx *ctx, dvt_status got, dvt_status want, const char *text)
{
    const dvt_error *e = dvt_ctx_error(ctx);

    if (got != want || e->status != want || !strstr(e->message, text)) {
        fail_msg("wanted %s '%s', got %s '%s'", dvt_status_name(want), text, dvt_status_name(got),
                 e->message);
    }
    dvt_ctx_clear_error(ctx);
}

/* Prints why a call failed that should not have. */
static inline void expect_ok(dvt_ctx *ctx, dvt_status got)
{
    if (got != DVT_OK) {
        fail_msg("%s: %s", dvt_status_name(got), dvt_ctx_error(ctx)->message);
    }
}

#endif
