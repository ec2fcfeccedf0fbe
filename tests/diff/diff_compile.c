/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff_compile.c - random networks: compiled program against reference, model against model.
 *
 * Claims    (1) the program's outputs are within the format's error of the reference;
 *           (2) the fast model leaves the same bits in external memory as the naive one;
 *           (3) where features stand changes no bit: keep-on-chip off, and a stream buffer so
 *               small that everything is sliced, give the same outputs;
 *           (4) a program saved and loaded runs to the same bits;
 *           (5) claim 1 holds on any crossbar: kernels and connections left out at random, every
 *               word legal on what is left;
 *           (6) and however small the stream buffer is: what does not fit is on the host.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/fixture.h"
#include "support/random_cnn.h"
#include "support/test_data.h"

#include "dovetail/compile.h"
#include "dovetail/sim.h"

enum { LAYERS = 8, OUTPUTS_MAX = 64 };

typedef struct bench_case {
    dvt_ctx    *ctx;
    dvt_graph  *g;
    dvt_tensor  x;
    dvt_overlay overlay;
} bench_case;

/* Ten times the seeds in the long run. */
static uint64_t rounds(uint64_t seeds) { return getenv("DOVETAIL_LONG") ? seeds * 10 : seeds; }

static void load_overlay(dvt_ctx *ctx, const char *path, dvt_overlay *out)
{
    char full[TEST_PATH_MAX];

    test_repo_path(path, full);
    assert_int_equal(dvt_overlay_load(ctx, full, out), DVT_OK);
}

static void ok(dvt_ctx *ctx, dvt_status st)
{
    if (st != DVT_OK) {
        fail_msg("%s: %s (%s) %s", dvt_status_name(st), dvt_ctx_error(ctx)->message,
                 dvt_ctx_error(ctx)->hint, dvt_ctx_error(ctx)->trail);
    }
}

static void case_open(bench_case *t, uint64_t seed, const char *overlay)
{
    dvt_rng rng = dvt_rng_make(seed, 3);

    t->ctx = dvt_ctx_create(NULL);
    ok(t->ctx, random_cnn_make(t->ctx, seed, LAYERS, &t->g));
    load_overlay(t->ctx, overlay, &t->overlay);
    ok(t->ctx, dvt_tensor_init(t->ctx, DVT_DTYPE_F32,
                               &dvt_graph_value(t->g, dvt_graph_input(t->g, 0))->shape, &t->x));
    for (int64_t i = 0; i < dvt_shape_count(&t->x.shape); i++) {
        ((float *)t->x.data)[i] = (float)dvt_rng_normal(&rng);
    }
}

static void case_close(bench_case *t)
{
    dvt_tensor_deinit(t->ctx, &t->x);
    dvt_graph_destroy(t->g);
    assert_int_equal(dvt_ctx_bytes_in_use(t->ctx), 0);
    dvt_ctx_destroy(t->ctx);
}

static dvt_program *compile(bench_case *t, const dvt_overlay *o, const char *disable)
{
    dvt_program *p = NULL;

    ok(t->ctx, dvt_compile(t->g,
                           &(dvt_compile_opts){.overlay = o,
                                               .disable = &disable,
                                               .disable_count = disable ? 1 : 0,
                                               .samples = &t->x,
                                               .sample_count = 1},
                           &p));
    return p;
}

static dvt_sim *simulate(bench_case *t, const dvt_program *p, dvt_sim_kind kind)
{
    dvt_sim *s = NULL;

    ok(t->ctx, dvt_sim_create(p, &(dvt_sim_opts){kind}, &s));
    ok(t->ctx, dvt_sim_run(s, &t->x, 1));
    return s;
}

static double nmse(const dvt_tensor *got, const dvt_tensor *want)
{
    double num = 0.0, den = 1e-30;

    for (int64_t i = 0; i < dvt_shape_count(&want->shape); i++) {
        double w = ((const float *)want->data)[i], d = ((const float *)got->data)[i] - w;
        num += d * d;
        den += w * w;
    }
    return num / den;
}

static void expect_close(bench_case *t, const dvt_sim *s, double bound, uint64_t seed)
{
    dvt_exec *x = NULL;

    ok(t->ctx, dvt_exec_create(t->g, &(dvt_exec_opts){.kind = DVT_EXEC_NAIVE}, &x));
    ok(t->ctx, dvt_exec_run(x, &t->x, 1));
    for (int32_t i = 0; i < dvt_graph_output_count(t->g); i++) {
        dvt_tensor got, want;
        ok(t->ctx, dvt_sim_output(s, i, &got));
        ok(t->ctx, dvt_exec_tensor(x, dvt_graph_output(t->g, i), &want));
        assert_true(dvt_shape_equal(&got.shape, &want.shape));
        if (!(nmse(&got, &want) < bound)) {
            fail_msg("seed %llu on %s: output %d has an error of %g, allowed is %g",
                     (unsigned long long)seed, t->overlay.name, i, nmse(&got, &want), bound);
        }
    }
    dvt_exec_destroy(x);
}

static void expect_same_outputs(bench_case *t, const dvt_sim *a, const dvt_sim *b, const char *what,
                                uint64_t seed)
{
    for (int32_t i = 0; i < dvt_graph_output_count(t->g); i++) {
        dvt_tensor x, y;
        ok(t->ctx, dvt_sim_output(a, i, &x));
        ok(t->ctx, dvt_sim_output(b, i, &y));
        if (x.bytes != y.bytes || memcmp(x.data, y.data, x.bytes) != 0) {
            fail_msg("seed %llu on %s: output %d differs in bits: %s", (unsigned long long)seed,
                     t->overlay.name, i, what);
        }
    }
}

static void expect_same_memory(bench_case *t, const dvt_sim *a, const dvt_sim *b, uint64_t seed)
{
    size_t         m, n;
    const uint8_t *x = dvt_sim_memory(a, &m), *y = dvt_sim_memory(b, &n);

    if (m != n || memcmp(x, y, n) != 0) {
        fail_msg("seed %llu on %s: fast and naive model leave different memory",
                 (unsigned long long)seed, t->overlay.name);
    }
}

/* ---- claims 1 and 2 ------------------------------------------------------------------------ */

static void check_formats(const char *overlay, uint64_t first, uint64_t seeds, double bound)
{
    for (uint64_t seed = first; seed < first + rounds(seeds); seed++) {
        bench_case   t;
        dvt_program *p;
        dvt_sim     *naive, *fast;
        case_open(&t, seed, overlay);
        p = compile(&t, &t.overlay, NULL);
        naive = simulate(&t, p, DVT_SIM_NAIVE);
        fast = simulate(&t, p, DVT_SIM_FAST);
        expect_same_memory(&t, naive, fast, seed);
        expect_close(&t, fast, bound, seed);
        dvt_sim_destroy(naive);
        dvt_sim_destroy(fast);
        dvt_program_destroy(p);
        case_close(&t);
    }
}

static void test_compile__fp16_programs_are_near_the_reference(void **state)
{
    (void)state;
    check_formats("overlays/small-fp16.json", 1000, 40, 5e-4);
}

static void test_compile__fp11_programs_are_near_the_reference(void **state)
{
    (void)state;
    check_formats("overlays/medium-fp11.json", 2000, 40, 2e-2);
}

static void test_compile__int8_programs_are_near_the_reference(void **state)
{
    (void)state;
    check_formats("overlays/small-int8.json", 3000, 40, 5e-2);
}

static void test_compile__odd_vectors_are_near_the_reference(void **state)
{
    (void)state;
    check_formats("tests/support/overlays/odd-m9.json", 4000, 40, 2e-2);
}

/* ---- claim 3 ------------------------------------------------------------------------------- */

/* `words`: few enough that most networks are sliced, enough that all stay on the overlay (what the
 * host computes is rounded elsewhere). */
static void check_placement(const char *overlay, int32_t words, uint64_t first, uint64_t seeds)
{
    for (uint64_t seed = first; seed < first + rounds(seeds); seed++) {
        bench_case   t;
        dvt_program *p[3];
        dvt_sim     *s[3];
        dvt_overlay  tiny;
        case_open(&t, seed, overlay);
        t.overlay.stream_buffer_banks = 1;
        t.overlay.stream_buffer_words_per_bank = 1 << 20;
        tiny = t.overlay;
        tiny.stream_buffer_words_per_bank = words;
        p[0] = compile(&t, &t.overlay, NULL);
        p[1] = compile(&t, &t.overlay, "keep-on-chip");
        p[2] = compile(&t, &tiny, NULL);
        for (int i = 0; i < 3; i++) {
            s[i] = simulate(&t, p[i], DVT_SIM_FAST);
        }
        expect_same_outputs(&t, s[0], s[1], "keep-on-chip against off", seed);
        expect_same_outputs(&t, s[0], s[2], "a large against a tiny stream buffer", seed);
        for (int i = 0; i < 3; i++) {
            dvt_sim_destroy(s[i]);
            dvt_program_destroy(p[i]);
        }
        case_close(&t);
    }
}

static void test_compile__placement_changes_no_bit(void **state)
{
    (void)state;
    check_placement("overlays/medium-fp11.json", 2500, 5000, 40);
    check_placement("tests/support/overlays/odd-m9.json", 12000, 6000, 20);
}

/* ---- claim 4 ------------------------------------------------------------------------------- */

static void test_compile__a_loaded_program_runs_to_the_same_bits(void **state)
{
    (void)state;
    for (uint64_t seed = 600; seed < 610; seed++) {
        bench_case   t;
        dvt_program *p, *q = NULL;
        dvt_sim     *a, *b;
        dvt_buf      file;
        case_open(&t, seed, "overlays/medium-fp11.json");
        p = compile(&t, &t.overlay, NULL);
        dvt_buf_init(&file, t.ctx, 0);
        ok(t.ctx, dvt_program_save(p, &file));
        ok(t.ctx, dvt_program_load(t.ctx, "memory", (const uint8_t *)file.data, file.len, &q));
        a = simulate(&t, p, DVT_SIM_FAST);
        b = simulate(&t, q, DVT_SIM_FAST);
        expect_same_outputs(&t, a, b, "saved and loaded", seed);
        dvt_sim_destroy(a);
        dvt_sim_destroy(b);
        dvt_program_destroy(p);
        dvt_program_destroy(q);
        dvt_buf_deinit(&file);
        case_close(&t);
    }
}

/* ---- claim 5 ------------------------------------------------------------------------------- */

static void thin_out(dvt_overlay *o, dvt_rng *rng)
{
    for (uint32_t k = 0; k < DVT_KERNEL_COUNT; k++) {
        if (dvt_rng_below(rng, 5) == 0) {
            o->aux_kernels &= ~(1u << k);
        }
        o->connect[k] &= (uint32_t)dvt_rng_below(rng, UINT32_MAX) | 1u << DVT_KERNEL_SCALE |
                         (uint32_t)dvt_rng_below(rng, UINT32_MAX);
    }
    for (uint32_t k = 0; k < DVT_KERNEL_COUNT; k++) { /* nobody leads to what is not there */
        bool aux = k == DVT_KERNEL_WRITE || (o->aux_kernels >> k & 1u);
        bool source = k == DVT_KERNEL_ARRAY || k == DVT_KERNEL_SREAD;
        for (uint32_t from = 0; from < DVT_KERNEL_COUNT && !aux; from++) {
            o->connect[from] &= ~(1u << k);
        }
        o->connect[k] = source || (o->aux_kernels >> k & 1u) ? o->connect[k] : 0;
    }
}

/* A legal overlay with fewer kernels and connections than `full`. */
static dvt_overlay random_crossbar(dvt_ctx *ctx, const dvt_overlay *full, dvt_rng *rng)
{
    dvt_overlay o = *full;

    for (int tries = 0; tries < 1000; tries++) {
        o = *full;
        thin_out(&o, rng);
        if (dvt_overlay_check(ctx, &o) == DVT_OK) {
            return o;
        }
        dvt_ctx_clear_error(ctx);
    }
    fail_msg("no legal crossbar in 1000 tries");
    return o;
}

static void check_words(bench_case *t, const dvt_program *p)
{
    for (int32_t i = 0; i < p->word_count; i++) {
        dvt_word w;
        size_t   used;
        ok(t->ctx,
           dvt_isa_decode(t->ctx, p->control + p->notes[i].offset, p->notes[i].bytes, &used, &w));
        ok(t->ctx, dvt_word_check(t->ctx, &p->overlay, &w, p->memory_bytes));
    }
}

static void test_compile__programs_keep_to_any_crossbar(void **state)
{
    int32_t words = 0;

    (void)state;
    for (uint64_t seed = 7000; seed < 7000 + rounds(40); seed++) {
        bench_case   t;
        dvt_program *p;
        dvt_sim     *s;
        dvt_rng      rng = dvt_rng_make(seed, 9);
        case_open(&t, seed, "overlays/small-fp16.json");
        t.overlay = random_crossbar(t.ctx, &t.overlay, &rng);
        p = compile(&t, &t.overlay, NULL);
        check_words(&t, p);
        s = simulate(&t, p, DVT_SIM_FAST);
        expect_close(&t, s, 5e-4, seed);
        words += p->word_count;
        dvt_sim_destroy(s);
        dvt_program_destroy(p);
        case_close(&t);
    }
    assert_true(words > 40); /* not all of it on the host */
}

/* ---- claim 6 ------------------------------------------------------------------------------- */

static void check_small_buffers(const char *overlay, uint64_t first, double bound)
{
    for (uint64_t seed = first; seed < first + rounds(40); seed++) {
        bench_case   t;
        dvt_program *p;
        dvt_sim     *s;
        dvt_rng      rng = dvt_rng_make(seed, 10);
        case_open(&t, seed, overlay);
        t.overlay.stream_buffer_banks = 1;
        t.overlay.stream_buffer_words_per_bank = 64 + (int32_t)dvt_rng_below(&rng, 700);
        p = compile(&t, &t.overlay, NULL);
        check_words(&t, p);
        s = simulate(&t, p, DVT_SIM_FAST);
        expect_close(&t, s, bound, seed);
        dvt_sim_destroy(s);
        dvt_program_destroy(p);
        case_close(&t);
    }
}

static void test_compile__small_stream_buffers_are_lived_with(void **state)
{
    (void)state;
    check_small_buffers("overlays/small-fp16.json", 8000, 5e-4);
    check_small_buffers("tests/support/overlays/odd-m9.json", 9000, 2e-2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compile__fp16_programs_are_near_the_reference),
        cmocka_unit_test(test_compile__fp11_programs_are_near_the_reference),
        cmocka_unit_test(test_compile__int8_programs_are_near_the_reference),
        cmocka_unit_test(test_compile__odd_vectors_are_near_the_reference),
        cmocka_unit_test(test_compile__placement_changes_no_bit),
        cmocka_unit_test(test_compile__a_loaded_program_runs_to_the_same_bits),
        cmocka_unit_test(test_compile__programs_keep_to_any_crossbar),
        cmocka_unit_test(test_compile__small_stream_buffers_are_lived_with),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
