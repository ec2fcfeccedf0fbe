/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_overlay_cost.c - networks on overlays: costs are the compiler's and the cycle model's,
 * bounds are bounds, and both obey the laws of pairs.h.
 */
#include "support/fixture.h"

#include "dovetail/compile.h"
#include "dovetail/overlay_cost.h"
#include "dovetail/sim.h"

enum { CELLS = 12, SOME = 6 };

static const dvt_device device = {.name = "a",
                                  .logic_unit = "ALM",
                                  .logic = 427200,
                                  .registers = 1708800,
                                  .dsp = 1518,
                                  .memory_blocks = 2713,
                                  .memory_block_bits = 20480,
                                  .dsp_macs_int8 = 2,
                                  .dsp_macs_m7 = 4,
                                  .dsp_macs_m12 = 2,
                                  .float_mac_dsp = 1,
                                  .float_mac_logic = 20,
                                  .float_add_logic = 350,
                                  .memory_bandwidth_gbps = 19.2};

static dvt_space *overlays(dvt_ctx *ctx)
{
    dvt_space *s = NULL;

    expect_ok(ctx,
              dvt_space_create_with(ctx, "overlays", &(dvt_space_opts){.device = &device}, &s));
    return s;
}

static void draw(dvt_rng *rng, dvt_nb201_cell cells[CELLS])
{
    for (int i = 0; i < CELLS; i++) {
        cells[i] = dvt_nb201_at((int32_t)dvt_rng_below(rng, DVT_NB201_COUNT));
    }
}

static void draw_overlays(const dvt_space *s, dvt_rng *rng, int32_t out[SOME])
{
    for (int i = 0; i < SOME; i++) {
        out[i] = (int32_t)dvt_rng_below(rng, dvt_space_count(s));
    }
}

/* The long way: seeded weights, a program, its profile. */
static int64_t full_model(dvt_ctx *ctx, const dvt_nb201_cell *c, const dvt_overlay *o)
{
    static float     image[3 * 32 * 32];
    dvt_shape        shape = DVT_SHAPE(1, 3, 32, 32);
    dvt_tensor       sample = dvt_tensor_wrap(DVT_DTYPE_F32, &shape, image);
    dvt_compile_opts opts = {.overlay = o, .samples = &sample, .sample_count = 1};
    dvt_graph       *g = NULL;
    dvt_program     *p = NULL;
    dvt_profile      profile;
    int64_t          cycles;

    for (int i = 0; i < 3 * 32 * 32; i++) {
        image[i] = (float)(i % 41) * 0.05f - 1.0f;
    }
    expect_ok(ctx, dvt_nb201_graph(ctx, c, DVT_NB201_ACCURACY, 10, &g));
    expect_ok(ctx, dvt_graph_seed_params(g, 3));
    expect_ok(ctx, dvt_compile(g, &opts, &p));
    expect_ok(ctx, dvt_profile_program(p, &profile));
    cycles = profile.cycles;
    dvt_profile_deinit(&profile);
    dvt_program_destroy(p);
    dvt_graph_destroy(g);
    return cycles;
}

static void test_overlay_cost__pairs_cost_what_the_full_model_says(void **state)
{
    dvt_space     *s = overlays(*state);
    dvt_rng        rng = dvt_rng_make(31, 0);
    dvt_nb201_cell cells[CELLS];
    dvt_pair_cost  cost;

    draw(&rng, cells);
    expect_ok(*state, dvt_pair_cost_overlays_nb201(*state, cells, CELLS, s, &cost));
    assert_int_equal(cost.metric[0].per_unit, 300000);
    for (int i = 0; i < CELLS; i += 2) {
        int32_t list[SOME];
        int64_t got[SOME];
        draw_overlays(s, &rng, list);
        list[SOME - 1] = list[0];
        cost.cost(&cost, i, list, SOME, got);
        assert_int_equal(got[SOME - 1], got[0]);
        for (int k = 0; k < 2; k++) {
            dvt_point   p = dvt_space_at(s, (uint64_t)list[k]);
            dvt_overlay o;
            expect_ok(*state, dvt_space_overlay(s, &p, &o));
            assert_int_equal(got[k], full_model(*state, &cells[i], &o));
        }
    }
    dvt_pair_cost_deinit(*state, &cost);
    dvt_space_destroy(s);
}

/* Programs that are equal are timed once: with the memories' depths as the only difference that
 * still gives what each alone gives. */
static void test_overlay_cost__overlays_of_other_depths_cost_what_they_cost_alone(void **state)
{
    dvt_space     *s = overlays(*state);
    dvt_rng        rng = dvt_rng_make(32, 0);
    dvt_nb201_cell cells[CELLS];
    dvt_pair_cost  cost;
    int32_t        like[4];
    int64_t        together[4], alone;
    int            n = 0;

    draw(&rng, cells);
    expect_ok(*state, dvt_pair_cost_overlays_nb201(*state, cells, CELLS, s, &cost));
    dvt_point p = dvt_space_sample(s, &rng);
    for (uint32_t buffer = 0; buffer < 2; buffer++) {
        for (uint32_t cache = 0; cache < 2; cache++) {
            dvt_point q = p;
            q.v[5] = buffer;
            q.v[6] = cache;
            if (dvt_space_contains(s, &q)) {
                like[n++] = (int32_t)dvt_space_index(s, &q);
            }
        }
    }
    assert_true(n >= 2);
    for (int i = 0; i < 3; i++) {
        cost.cost(&cost, i, like, n, together);
        for (int k = 0; k < n; k++) {
            cost.cost(&cost, i, &like[k], 1, &alone);
            assert_int_equal(together[k], alone);
        }
    }
    dvt_pair_cost_deinit(*state, &cost);
    dvt_space_destroy(s);
}

static void test_overlay_cost__bounds_are_below_costs_and_the_same_in_a_group(void **state)
{
    dvt_space     *s = overlays(*state);
    dvt_rng        rng = dvt_rng_make(33, 0);
    dvt_nb201_cell cells[CELLS];
    dvt_pair_cost  cost;
    int32_t        list[SOME];
    int64_t        least[SOME], exact[SOME], of_group[CELLS][SOME];
    int64_t        words[64];
    bool           seen[CELLS] = {false};

    draw(&rng, cells);
    cells[CELLS - 1] = cells[0];
    expect_ok(*state, dvt_pair_cost_overlays_nb201(*state, cells, CELLS, s, &cost));
    assert_true(cost.groups >= 1 && cost.groups < CELLS);
    assert_int_equal(cost.group_of[0], cost.group_of[CELLS - 1]);
    draw_overlays(s, &rng, list);
    assert_true(cost.selection_bytes(&cost, SOME) <= sizeof words);
    cost.select(&cost, list, SOME, words);
    for (int i = 0; i < CELLS; i++) {
        int64_t *group = of_group[cost.group_of[i]];
        cost.bounds(&cost, words, i, least);
        cost.cost(&cost, i, list, SOME, exact);
        for (int k = 0; k < SOME; k++) {
            assert_true(least[k] > 0 && least[k] <= exact[k]);
            assert_true(!seen[cost.group_of[i]] || group[k] == least[k]);
            group[k] = least[k];
        }
        seen[cost.group_of[i]] = true;
    }
    dvt_pair_cost_deinit(*state, &cost);
    dvt_space_destroy(s);
}

/* Cells whose networks are equal up to names share what one of them cost; each alone costs that. */
static void test_overlay_cost__twins_cost_what_each_costs_alone(void **state)
{
    static const int none = DVT_NB201_NONE, skip = DVT_NB201_SKIP, conv = DVT_NB201_CONV3X3;
    const int        ops[][DVT_NB201_EDGES] = {
               {skip, none, conv, none, none, skip}, /* 0 = 1, a convolution to 2, 2 = 3 */
               {none, conv, none, none, none, skip}, /* 0 to 2 by a convolution, 2 = 3 */
               {conv, none, none, none, skip, none}, /* 0 to 1 by a convolution, 1 = 3 */
               {none, none, none, conv, none, none}, /* 0 to 3 by a convolution */
               {conv, none, conv, none, none, skip}, /* two convolutions */
    };
    enum { TWINS = sizeof ops / sizeof ops[0] };
    dvt_space     *s = overlays(*state);
    dvt_rng        rng = dvt_rng_make(35, 0);
    dvt_nb201_cell cells[TWINS];
    dvt_pair_cost  together;
    int32_t        list[SOME];
    int64_t        shared[SOME], alone[SOME], of_first[SOME];

    for (int i = 0; i < TWINS; i++) {
        for (int e = 0; e < DVT_NB201_EDGES; e++) {
            cells[i].op[e] = (uint8_t)ops[i][e];
        }
    }
    draw_overlays(s, &rng, list);
    expect_ok(*state, dvt_pair_cost_overlays_nb201(*state, cells, TWINS, s, &together));
    for (int i = 0; i < TWINS; i++) {
        dvt_pair_cost single;
        together.cost(&together, i, list, 3, shared);
        expect_ok(*state, dvt_pair_cost_overlays_nb201(*state, &cells[i], 1, s, &single));
        single.cost(&single, 0, list, 3, alone);
        assert_memory_equal(shared, alone, 3 * sizeof *shared);
        if (i == 0) {
            memcpy(of_first, shared, sizeof of_first);
        } else {
            assert_int_equal(shared[0] == of_first[0], i < TWINS - 1);
        }
        dvt_pair_cost_deinit(*state, &single);
    }
    dvt_pair_cost_deinit(*state, &together);
    dvt_space_destroy(s);
}

/* dvt_overlay_bound and the table of the pair cost are one bound, computed in two ways. */
static void test_overlay_cost__the_bound_of_a_graph_is_that_of_its_pair(void **state)
{
    dvt_space     *s = overlays(*state);
    dvt_rng        rng = dvt_rng_make(34, 0);
    dvt_nb201_cell cells[CELLS];
    dvt_pair_cost  cost;
    int32_t        list[SOME];
    int64_t        least[SOME], words[64];

    draw(&rng, cells);
    expect_ok(*state, dvt_pair_cost_overlays_nb201(*state, cells, CELLS, s, &cost));
    draw_overlays(s, &rng, list);
    cost.select(&cost, list, SOME, words);
    for (int i = 0; i < 4; i++) {
        dvt_graph    *g = NULL;
        dvt_workload *w = NULL;
        expect_ok(*state, dvt_nb201_graph(*state, &cells[i], DVT_NB201_ACCURACY, 10, &g));
        expect_ok(*state, dvt_workload_of(g, &w));
        cost.bounds(&cost, words, i, least);
        for (int k = 0; k < SOME; k++) {
            dvt_point   p = dvt_space_at(s, (uint64_t)list[k]);
            dvt_overlay o;
            expect_ok(*state, dvt_space_overlay(s, &p, &o));
            assert_int_equal(dvt_overlay_bound(w, &o), least[k]);
        }
        dvt_workload_destroy(w);
        dvt_graph_destroy(g);
    }
    dvt_pair_cost_deinit(*state, &cost);
    dvt_space_destroy(s);
}

static void test_overlay_cost__a_graph_has_latency_area_and_resources(void **state)
{
    dvt_space       *s = overlays(*state);
    dvt_nb201_cell   c = dvt_nb201_at(9930);
    dvt_graph       *g = NULL;
    dvt_point        p = dvt_space_at(s, 1000);
    dvt_overlay_cost cost;
    dvt_overlay      o;

    expect_ok(*state, dvt_space_overlay(s, &p, &o));
    expect_ok(*state, dvt_nb201_graph(*state, &c, DVT_NB201_ACCURACY, 10, &g));
    expect_ok(*state, dvt_overlay_cost_of(g, &o, &device, &cost));
    assert_int_equal(cost.cycles, full_model(*state, &c, &o));
    assert_true(cost.latency_ms > 0.0 && cost.area_ppm > 0 && cost.area_ppm <= 1000000);
    assert_true(cost.resources.fits);
    assert_int_equal(cost.host_steps, 0);
    dvt_graph_destroy(g);
    dvt_space_destroy(s);
}

static void test_overlay_cost__the_side_has_resources_and_choices(void **state)
{
    dvt_space    *s = overlays(*state), *pairs = NULL;
    dvt_side      side;
    dvt_pair_cost cost;
    dvt_fact      facts[DVT_SPACE_MAX_FACTS];
    dvt_buf       text;

    expect_ok(*state, dvt_side_of_overlays(*state, s, &side));
    assert_int_equal(side.count, dvt_space_count(s));
    assert_true(dvt_side_find(&side, "area") >= 0 && dvt_side_find(&side, "q_vec") >= 0);
    for (int64_t i = 0; i < side.count; i += 5003) {
        dvt_point     p = dvt_space_at(s, (uint64_t)i);
        dvt_overlay   o;
        dvt_resources r;
        expect_ok(*state, dvt_space_overlay(s, &p, &o));
        expect_ok(*state, dvt_space_resources(s, &p, &r));
        assert_int_equal(side.value[dvt_side_find(&side, "area")][i], dvt_overlay_area_ppm(&r));
        assert_int_equal(side.value[dvt_side_find(&side, "k_vec")][i], o.k_vec);
        assert_int_equal(side.facts(&side, i, facts), side.metric_count);
    }
    dvt_buf_init(&text, *state, 0);
    dvt_side_label(&side, 0, &text);
    assert_non_null(strstr(text.data, "c_vec=4,k_vec=8"));
    dvt_buf_deinit(&text);
    dvt_side_deinit(*state, &side);
    expect_ok(*state, dvt_space_create(*state, "nasbench201@chaidnn", &pairs));
    expect_failure(*state, dvt_side_of_overlays(*state, pairs, &side), DVT_E_USAGE,
                   "overlays alone");
    expect_failure(*state, dvt_pair_cost_overlays_nb201(*state, NULL, 0, pairs, &cost), DVT_E_USAGE,
                   "overlays alone");
    dvt_space_destroy(pairs);
    dvt_space_destroy(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_overlay_cost__pairs_cost_what_the_full_model_says),
        FIXTURE_TEST(test_overlay_cost__overlays_of_other_depths_cost_what_they_cost_alone),
        FIXTURE_TEST(test_overlay_cost__bounds_are_below_costs_and_the_same_in_a_group),
        FIXTURE_TEST(test_overlay_cost__twins_cost_what_each_costs_alone),
        FIXTURE_TEST(test_overlay_cost__the_bound_of_a_graph_is_that_of_its_pair),
        FIXTURE_TEST(test_overlay_cost__a_graph_has_latency_area_and_resources),
        FIXTURE_TEST(test_overlay_cost__the_side_has_resources_and_choices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
