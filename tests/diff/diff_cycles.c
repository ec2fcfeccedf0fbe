/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff_cycles.c - the cycle model's quick form against its plain one, on compiled networks.
 *
 * Claims    (1) on random networks and every ready and odd overlay, both forms give the same times,
 *               causes and counts for every word;
 *           (2) so they do if memory is slow, far away, or the link narrow: then other things wait.
 */
#include <stdlib.h>

#include "support/fixture.h"
#include "support/random_cnn.h"
#include "support/test_data.h"

#include "dovetail/compile.h"
#include "dovetail/sim.h"

enum { LAYERS = 8 };

static const char *const overlays[] = {
    "overlays/small-fp11.json",           "overlays/medium-fp11.json",
    "overlays/medium-fp16.json",          "overlays/large-fp11.json",
    "tests/support/overlays/odd-m5.json", "tests/support/overlays/odd-m9.json"};

static uint64_t rounds(uint64_t seeds) { return getenv("DOVETAIL_LONG") ? seeds * 10 : seeds; }

static void expect_equal(dvt_ctx *ctx, const dvt_program *p, uint64_t seed)
{
    dvt_profile quick, plain;

    expect_ok(ctx, dvt_profile_program(p, &quick));
    expect_ok(ctx, dvt_profile_program_with(p, &(dvt_profile_opts){.stepwise = true}, &plain));
    for (int32_t i = 0; i < p->word_count; i++) {
        if (memcmp(&quick.words[i], &plain.words[i], sizeof *quick.words) != 0) {
            fail_msg("seed %llu on %s: word %d (%s): %lld..%lld, plain %lld..%lld",
                     (unsigned long long)seed, p->overlay.name, i, p->notes[i].name,
                     (long long)quick.words[i].start, (long long)quick.words[i].end,
                     (long long)plain.words[i].start, (long long)plain.words[i].end);
        }
    }
    assert_int_equal(quick.cycles, plain.cycles);
    dvt_profile_deinit(&quick);
    dvt_profile_deinit(&plain);
}

static void vary(dvt_overlay *o, uint64_t seed)
{
    switch (seed % 4) {
    case 1: o->memory_bandwidth_gbps /= 7; break;
    case 2: o->memory_latency_cycles = 400; break;
    case 3: o->control_link_bits = 8; break;
    default: break;
    }
}

static void one_network(uint64_t seed, const char *path)
{
    dvt_ctx     *ctx = dvt_ctx_create(NULL);
    dvt_overlay  o;
    dvt_graph   *g = NULL;
    dvt_program *p = NULL;
    char         full[TEST_PATH_MAX];

    test_repo_path(path, full);
    expect_ok(ctx, dvt_overlay_load(ctx, full, &o));
    vary(&o, seed);
    expect_ok(ctx, random_cnn_make(ctx, seed, LAYERS, &g));
    expect_ok(ctx, dvt_compile(g, &(dvt_compile_opts){.overlay = &o}, &p));
    expect_equal(ctx, p, seed);
    dvt_program_destroy(p);
    dvt_graph_destroy(g);
    assert_int_equal(dvt_ctx_bytes_in_use(ctx), 0);
    dvt_ctx_destroy(ctx);
}

static void diff_cycles__both_forms_agree_on_random_networks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof overlays / sizeof *overlays; i++) {
        for (uint64_t seed = 0; seed < rounds(12); seed++) {
            one_network(100 * i + seed, overlays[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(diff_cycles__both_forms_agree_on_random_networks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
