/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault_exec.c - evaluation, passes and both executors when memory runs out at any request.
 *
 * The passes' scenario starts from a text, because a refusal in the middle of a rewrite must leave
 * a graph that can still be destroyed. Memory of oneDNN is not made to fail.
 */
#include "fault.h"

#include "dovetail/graph.h"

#include <string.h>

static const char text[] =
    "dvg 1 t input x: f32[1,3,6,6] const mean: f32[3,1,1] = [0.1,0.2,0.3]"
    " d = binary(x, mean, fn2=sub) p = pad(d, pad_lo=[0,0,1,1], pad_hi=[0,0,1,1])"
    " param w: f32[4,3,3,3] c = conv(p, w, kernel=[3,3]) param s: f32[4] param b: f32[4]"
    " param m: f32[4] param v: f32[4] n = batch_norm(c, s, b, m, v) r = unary(n, fn=relu)"
    " r2 = unary(n, fn=relu) a = nary(r, r2, fnn=sum) h = cast(a, dtype=f16)"
    " g = global_pool(h, kind=avg) i = identity(g) f = reshape(i, dims=[1,4])"
    " k = cast(f, dtype=f32) param q: f32[4,5] y = gemm(k, q) output y";

static dvt_status make(dvt_ctx *ctx, dvt_graph **g)
{
    dvt_status st = dvt_graph_parse(ctx, "t", text, strlen(text), g);
    return st ? st : dvt_graph_seed_params(*g, 1);
}

static dvt_status run_passes(dvt_ctx *ctx, void *ud)
{
    dvt_graph *g = NULL;
    dvt_status st = make(ctx, &g);

    (void)ud;
    if (!st)
        st = dvt_passes_run(g, dvt_graph_passes(), &(dvt_passes_opts){.verify_each = true});
    dvt_graph_destroy(g);
    return st;
}

static dvt_status execute(dvt_ctx *ctx, void *ud)
{
    const dvt_exec_kind *kind = ud;
    float                data[108] = {1, 2, 3};
    dvt_shape            shape = DVT_SHAPE(1, 3, 6, 6);
    dvt_tensor           in = dvt_tensor_wrap(DVT_DTYPE_F32, &shape, data), y;
    dvt_graph           *g = NULL;
    dvt_exec            *x = NULL;
    dvt_status           st = make(ctx, &g);

    if (!st) st = dvt_exec_create(g, &(dvt_exec_opts){.kind = *kind}, &x);
    if (!st) st = dvt_exec_run(x, &in, 1);
    if (!st) st = dvt_exec_tensor(x, dvt_graph_output(g, 0), &y);
    dvt_exec_destroy(x);
    dvt_graph_destroy(g);
    return st;
}

static dvt_status fold(dvt_ctx *ctx, void *ud)
{
    static const char constant[] = "dvg 1 t const x: f16[2] = [1,2] const z: f16[2] = [3,4]"
                                   " y = binary(x, z, fn2=mul) output y";
    dvt_graph *g = NULL;
    bool       folded;
    dvt_status st = dvt_graph_parse(ctx, "t", constant, strlen(constant), &g);

    (void)ud;
    if (!st) st = dvt_graph_fold_node(g, (dvt_node_id){0}, &folded);
    dvt_graph_destroy(g);
    return st;
}

static void fault_exec__passes_survive_every_refused_allocation(void **state)
{
    (void)state;
    fault_sweep(run_passes, NULL);
}

static void fault_exec__both_executors_survive_every_refused_allocation(void **state)
{
    (void)state;
    dvt_exec_kind kinds[] = {DVT_EXEC_NAIVE, DVT_EXEC_FAST};
    fault_sweep(execute, &kinds[0]);
    fault_sweep(execute, &kinds[1]);
}

static void fault_exec__folding_survives_every_refused_allocation(void **state)
{
    (void)state;
    fault_sweep(fold, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fault_exec__passes_survive_every_refused_allocation),
        cmocka_unit_test(fault_exec__both_executors_survive_every_refused_allocation),
        cmocka_unit_test(fault_exec__folding_survives_every_refused_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
