/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault.h - run a scenario with the n-th allocation failing, for n = 1, 2, ... until none fails.
 *
 * Idea       A scenario takes a context, does its work, frees everything it made and returns its
 *            status. It is run again and again, each time in a new context whose allocation
 *            function refuses one request: first that one alone (memory comes back), then that
 *            one and all later ones. Each refusal must end in DVT_E_NOMEM with nothing left
 *            allocated; the first run that meets no refusal must succeed.
 * Limits     memory of other libraries (jansson, libpng, ...) does not go through the context and
 *            is not made to fail.
 * Example
 *     static dvt_status read_model(dvt_ctx *ctx, void *path) { ... }
 *     static void fault_model__reading_survives(void **state)
 *     {
 *         (void)state;
 *         fault_sweep(read_model, "model.onnx");
 *     }
 */
#ifndef TESTS_FAULT_FAULT_H
#define TESTS_FAULT_FAULT_H

#include "dovetail/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

typedef dvt_status (*fault_scenario)(dvt_ctx *ctx, void *ud);

typedef struct fault_plan {
    uint64_t requests; /* seen so far: new blocks and resizes */
    uint64_t fail_at;  /* 1-based */
    bool     from_there_on;
    bool     fired;
    int64_t  live_blocks;
} fault_plan;

static inline void *fault_realloc(void *ud, void *p, size_t old_bytes, size_t new_bytes)
{
    fault_plan *plan = ud;

    (void)old_bytes;
    if (new_bytes == 0) {
        plan->live_blocks -= p != NULL;
        free(p);
        return NULL;
    }
    plan->requests++;
    if (plan->requests == plan->fail_at ||
        (plan->from_there_on && plan->requests > plan->fail_at)) {
        plan->fired = true;
        return NULL;
    }
    void *q = realloc(p, new_bytes);
    plan->live_blocks += !p && q;
    return q;
}

static inline void fault_run(fault_scenario scenario, void *ud, fault_plan *plan)
{
    dvt_ctx_opts opts = {.realloc = fault_realloc, .realloc_ud = plan, .jobs = 1};
    dvt_ctx     *ctx = dvt_ctx_create(&opts);

    if (ctx) {
        dvt_status st = scenario(ctx, ud);
        if (plan->fired && st != DVT_E_NOMEM) {
            print_error("request %llu refused, but the scenario ended in %s: %s\n",
                        (unsigned long long)plan->fail_at, dvt_status_name(st),
                        dvt_ctx_error(ctx)->message);
        } else if (!plan->fired && st != DVT_OK) {
            print_error("without a refusal: %s: %s\n", dvt_status_name(st),
                        dvt_ctx_error(ctx)->message);
        }
        assert_int_equal(st, plan->fired ? DVT_E_NOMEM : DVT_OK);
        assert_int_equal(dvt_ctx_error(ctx)->status, st);
        assert_int_equal(dvt_ctx_bytes_in_use(ctx), 0);
        dvt_ctx_destroy(ctx);
    } else {
        assert_true(plan->fired);
    }
    assert_int_equal(plan->live_blocks, 0);
}

/* Returns how many requests the scenario makes, so that a test can see that there were some. */
static inline uint64_t fault_sweep(fault_scenario scenario, void *ud)
{
    uint64_t requests = 0;

    for (int from_there_on = 0; from_there_on < 2; from_there_on++) {
        for (uint64_t n = 1;; n++) {
            fault_plan plan = {.fail_at = n, .from_there_on = from_there_on != 0};
            fault_run(scenario, ud, &plan);
            if (!plan.fired) {
                requests = plan.requests;
                break;
            }
        }
    }
    return requests;
}

#endif
