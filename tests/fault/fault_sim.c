/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault_sim.c - making and running the models, and profiles, when memory runs out at any request.
 */
#include "fault.h"

#include "dovetail/sim.h"

static dvt_status load(dvt_ctx *ctx, const char *path, dvt_program **p)
{
    dvt_blob   file;
    dvt_status st = dvt_file_read(ctx, path, 0, &file);

    *p = NULL;
    if (st == DVT_OK) {
        st = dvt_program_load(ctx, path, file.data, file.size, p);
    }
    dvt_blob_deinit(ctx, &file);
    return st;
}

static dvt_status run_model(dvt_ctx *ctx, const dvt_program *p, dvt_sim_kind kind)
{
    const dvt_value *v = dvt_graph_value(p->host, dvt_graph_input(p->host, 0));
    dvt_tensor       x = {0}, y;
    dvt_sim         *s = NULL;
    dvt_status       st = dvt_tensor_init(ctx, v->dtype, &v->shape, &x);

    if (st == DVT_OK) {
        st = dvt_sim_create(p, &(dvt_sim_opts){kind}, &s);
    }
    for (int i = 0; st == DVT_OK && i < 2; i++) { /* what the first run left is given back */
        st = dvt_sim_run(s, &x, 1);
    }
    if (st == DVT_OK) {
        st = dvt_sim_output(s, 0, &y);
    }
    dvt_sim_destroy(s);
    dvt_tensor_deinit(ctx, &x);
    return st;
}

typedef struct scene {
    const char  *path;
    dvt_sim_kind kind;
} scene;

static dvt_status load_and_run(dvt_ctx *ctx, void *ud)
{
    const scene *s = ud;
    dvt_program *p = NULL;
    dvt_status   st = load(ctx, s->path, &p);

    if (st == DVT_OK) {
        st = run_model(ctx, p, s->kind);
    }
    dvt_program_destroy(p);
    return st;
}

static void fault_sim__runs_survive(void **state)
{
    (void)state;
    for (int kind = DVT_SIM_NAIVE; kind <= DVT_SIM_FAST; kind++) {
        scene s = {"tests/fuzz/corpus/program_run/small.dvp", (dvt_sim_kind)kind};
        assert_true(fault_sweep(load_and_run, &s) > 30);
    }
}

static dvt_status load_and_profile(dvt_ctx *ctx, void *path)
{
    dvt_program *p = NULL;
    dvt_profile  profile = {0};
    dvt_buf      vcd, chrome;
    dvt_status   st = load(ctx, path, &p);

    dvt_buf_init(&vcd, ctx, 0);
    dvt_buf_init(&chrome, ctx, 0);
    if (st == DVT_OK) {
        st = dvt_profile_program_with(p, &(dvt_profile_opts){.vcd = &vcd, .chrome = &chrome},
                                      &profile);
    }
    dvt_buf_deinit(&vcd);
    dvt_buf_deinit(&chrome);
    dvt_profile_deinit(&profile);
    dvt_program_destroy(p);
    return st;
}

static void fault_sim__profiles_survive(void **state)
{
    char path[] = "tests/fuzz/corpus/program_run/small.dvp";

    (void)state;
    assert_true(fault_sweep(load_and_profile, path) > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fault_sim__runs_survive),
        cmocka_unit_test(fault_sim__profiles_survive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
