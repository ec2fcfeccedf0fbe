/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff_rtl.c - random legal words on the simulated RTL, the bit-accurate model and the cycle model.
 *
 * Each program fills the stream buffer, runs a few random words and copies the stream buffer out.
 * Claims: the RTL leaves the same bytes and counts the same saturations as the bit-accurate model;
 * it takes the cycles of the cycle model, cause by cause, with and without memory that holds back.
 * Overlays  the odd ones, so that every vector, format, bus and link is met; DOVETAIL_LONG: also
 *           one without kernels, one of single values, and one of few kernels. Built once and kept.
 * Settings  DOVETAIL_LONG: ten times the programs; DOVETAIL_RTL_CACHE: where built overlays lie;
 *           DOVETAIL_RTL_ONLY=OVERLAY[:SOURCE[:SEED]] for one case.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/arrays.h"
#include "support/fixture.h"
#include "support/random_word.h"
#include "support/rtl_compare.h"

enum { PROGRAMS = 6, WORDS = 12, JOBS = 1 };

static int programs(void) { return getenv("DOVETAIL_LONG") ? 10 * PROGRAMS : PROGRAMS; }

static void add_random(sim_words *s, dvt_rng *rng, dvt_kernel source)
{
    for (int tries = 0;; tries++) {
        dvt_word w = random_word(rng, &s->o, source);
        assert_true(tries < 2000); /* else the generator is no good */
        if (dvt_word_check(s->ctx, &s->o, &w, SIM_MEMORY) == DVT_OK) {
            sim_words_add(s, &w);
            return;
        }
        dvt_ctx_clear_error(s->ctx);
    }
}

static void make_program(sim_words *s, uint64_t seed, dvt_kernel source, int words)
{
    dvt_rng  rng = dvt_rng_make(seed, (uint64_t)source);
    dvt_word fill = sim_fill_word(s), dump = sim_dump_word(s);

    s->p.word_count = 0;
    dvt_buf_reset(&s->control);
    random_memory(&rng, s, seed % 2 == 0);
    sim_words_add(s, &fill);
    for (int i = 0; i < words; i++) {
        add_random(s, &rng, source);
    }
    sim_words_add(s, &dump);
}

static void report(const sim_words *s, const char *source, uint64_t seed,
                   const rtl_compare_result *r)
{
    dvt_buf text;

    dvt_buf_init(&text, s->ctx, 0);
    dvt_program_disassemble(&s->p, &text);
    if (getenv("DOVETAIL_RTL_ONLY")) {
        print_error("%s\n", text.data ? text.data : "");
    }
    dvt_buf_deinit(&text);
    fail_msg("%s from %s, seed %llu: %s (%lld cycles, model %lld)", s->o.name, source,
             (unsigned long long)seed, r->what, (long long)r->cycles, (long long)r->model_cycles);
}

static void compare_program(sim_words *s, dvt_kernel source, uint64_t seed)
{
    rtl_compare_result r;
    int32_t            stall = seed % 3 == 2 ? 300 : 0;

    make_program(s, seed, source, seed == 0 ? 1 : WORDS);
    expect_ok(s->ctx, rtl_compare(sim_words_program(s), NULL, 0, stall, seed, &r));
    if (r.what[0]) {
        report(s, dvt_kernel_name(source), seed, &r);
    }
}

/* Is this case asked for by DOVETAIL_RTL_ONLY? */
static bool wanted(const char *overlay, dvt_kernel source, uint64_t seed)
{
    const char *only = getenv("DOVETAIL_RTL_ONLY");
    char        one[128];

    if (!only) {
        return true;
    }
    snprintf(one, sizeof one, "%s:%s:%llu", overlay, dvt_kernel_name(source),
             (unsigned long long)seed);
    return strncmp(one, only, strlen(only)) == 0;
}

static void compare_overlay(const char *path, dvt_kernel source)
{
    dvt_ctx    *ctx = test_ctx(JOBS);
    dvt_overlay o;
    sim_words   s;

    if (!rtl_available()) {
        print_message("Verilator is not installed (tools/setup.sh --all)\n");
        dvt_ctx_destroy(ctx);
        skip();
    }
    expect_ok(ctx, dvt_overlay_load(ctx, path, &o));
    if (source > DVT_KERNEL_ARRAY && !dvt_overlay_has(&o, source)) {
        dvt_ctx_destroy(ctx);
        return;
    }
    sim_words_open(&s, ctx, &o);
    for (uint64_t seed = 0; seed < (uint64_t)programs(); seed++) {
        if (wanted(o.name, source, seed)) {
            compare_program(&s, source, seed);
        }
    }
    sim_words_close(&s);
    dvt_ctx_destroy(ctx);
}

static const char *const overlays[] = {
    "tests/support/overlays/odd-m5.json",   "tests/support/overlays/odd-m9.json",
    "tests/support/overlays/odd-int8.json", "tests/support/overlays/odd-bare.json",
    "tests/support/overlays/odd-one.json",  "tests/support/overlays/odd-prelu.json"};
enum { ALWAYS = 3 };

static void compare_source(dvt_kernel source)
{
    size_t count = getenv("DOVETAIL_LONG") ? sizeof overlays / sizeof *overlays : ALWAYS;

    for (size_t i = 0; i < count; i++) {
        compare_overlay(overlays[i], source);
    }
}

static void diff_rtl__array_words_equal_the_models(void **state)
{
    (void)state;
    compare_source(DVT_KERNEL_ARRAY);
}

static void diff_rtl__straight_words_equal_the_models(void **state)
{
    (void)state;
    compare_source(DVT_KERNEL_SREAD);
}

static void diff_rtl__pooling_words_equal_the_models(void **state)
{
    (void)state;
    compare_source(DVT_KERNEL_POOL);
}

static void diff_rtl__depthwise_words_equal_the_models(void **state)
{
    (void)state;
    compare_source(DVT_KERNEL_DEPTHWISE);
}

static void diff_rtl__normalising_words_equal_the_models(void **state)
{
    (void)state;
    compare_source(DVT_KERNEL_LRN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(diff_rtl__array_words_equal_the_models),
        cmocka_unit_test(diff_rtl__straight_words_equal_the_models),
        cmocka_unit_test(diff_rtl__pooling_words_equal_the_models),
        cmocka_unit_test(diff_rtl__depthwise_words_equal_the_models),
        cmocka_unit_test(diff_rtl__normalising_words_equal_the_models),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
