/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exec.c - run a graph on the processor: create, run, read results.
 *
 * Idea      Two phases. Creating chooses the steps, prepares their kernels and gives every tensor
 *           an address in one block; running copies the inputs in and calls the steps in order, and
 *           takes no memory through the context.
 * Kinds     NAIVE calls the reference kernel of every operator and fuses nothing: it is the
 *           yardstick. FAST packs the weights of convolutions, fuses a ReLU or clip that is the
 *           only reader of a convolution, keeps images channels last between convolutions
 *           (exec_layout.c), and uses the threaded kernels.
 * Same bits Fast kernels give the same bits on any number of threads, steps run one after
 *           another, and addresses depend on the graph alone.
 * Threads   An executor is used by one thread at a time; kernels use the context's threads.
 * Tests     tests/unit/test_exec.c, tests/diff/diff_exec.c
 */
#include <string.h>

#include "graph/exec_int.h"

/* ---- creation ------------------------------------------------------------------------------ */

/* A value can be read if something makes it: not a parameter without data, nor what is left of a
 * removed node. */
static dvt_status mark_value(dvt_exec *x, dvt_value_id id, const char *what)
{
    const dvt_value *v = dvt_graph_value(x->g, id);

    if (!v)
        return dvt_fail(x->ctx, DVT_E_USAGE, NULL, "%s: no value with id %d", what, id.i);
    if (v->kind == DVT_VALUE_PARAM ||
        (v->kind == DVT_VALUE_NODE && dvt_graph_node(x->g, v->producer)->dead))
        return dvt_fail(x->ctx, DVT_E_USAGE, NULL, "%s '%s' has no data and is not computed", what,
                        v->name);
    x->readable[id.i] = true;
    return DVT_OK;
}

static dvt_status mark_readable(dvt_exec *x, const dvt_exec_opts *opts)
{
    dvt_status st = DVT_OK;

    for (int32_t i = 0; !st && i < dvt_graph_output_count(x->g); i++)
        st = mark_value(x, dvt_graph_output(x->g, i), "graph output");
    for (int32_t i = 0; !st && i < opts->keep_count; i++)
        st = mark_value(x, opts->keep[i], "kept value");
    return st;
}

dvt_status dvt_exec_create(const dvt_graph *g, const dvt_exec_opts *opts, dvt_exec **out)
{
    const dvt_exec_opts defaults = {.kind = DVT_EXEC_FAST};
    dvt_ctx            *ctx = dvt_graph_ctx(g);
    size_t              values = (size_t)dvt_graph_value_count(g);
    dvt_status          st = DVT_E_NOMEM;

    *out = NULL;
    if (!opts) opts = &defaults;
    dvt_exec *x = dvt_calloc(ctx, 1, sizeof *x);
    if (!x) goto done;
    *x = (dvt_exec){.ctx = ctx, .g = g, .kind = opts->kind, .arena = dvt_arena_create(ctx)};
    if (!x->arena) goto done;
    x->tensors = dvt_arena_calloc(x->arena, values + 1, sizeof *x->tensors);
    x->readable = dvt_arena_calloc(x->arena, values + 1, sizeof *x->readable);
    if (!x->tensors || !x->readable) goto done;
    st = mark_readable(x, opts);
    if (!st) st = dvti_exec_plan_steps(x);
    if (!st) st = dvti_exec_layout(x);
    if (!st) st = dvti_exec_prepare(x);
    if (!st) st = dvti_exec_place(x);
    if (st) goto done;
    *out = x;
    x = NULL;
done:
    dvt_exec_destroy(x);
    return st;
}

void dvt_exec_destroy(dvt_exec *x)
{
    if (!x) return;
    for (int32_t i = 0; i < x->step_count; i++) dvt_conv_plan_destroy(x->steps[i].plan);
    dvt_free(x->ctx, x->block);
    dvt_arena_destroy(x->arena);
    dvt_free(x->ctx, x);
}

size_t dvt_exec_memory_bytes(const dvt_exec *x)
{
    return x->block_bytes;
}

/* ---- running ------------------------------------------------------------------------------- */

static dvt_status take_input(dvt_exec *x, dvt_value_id id, const dvt_tensor *given)
{
    const dvt_value  *v = dvt_graph_value(x->g, id);
    const dvt_tensor *own = &x->tensors[id.i];
    char              want[DVT_SHAPE_TEXT], got[DVT_SHAPE_TEXT];

    if (given->dtype != v->dtype || !dvt_shape_equal(&given->shape, &v->shape))
        return dvt_fail(x->ctx, DVT_E_SHAPE, NULL, "input '%s' is %s %s, the tensor given is %s %s",
                        v->name, dvt_dtype_name(v->dtype), dvt_shape_text(&v->shape, want),
                        dvt_dtype_name(given->dtype), dvt_shape_text(&given->shape, got));
    if (own->bytes) memcpy(own->data, given->data, own->bytes);
    return DVT_OK;
}

dvt_status dvt_exec_run(dvt_exec *x, const dvt_tensor *inputs, int32_t input_count)
{
    int32_t    wanted = dvt_graph_input_count(x->g);
    dvt_status st = DVT_OK;

    x->ran = false;
    if (input_count != wanted)
        return dvt_fail(x->ctx, DVT_E_USAGE, NULL, "the graph has %d inputs, %d tensors were given",
                        wanted, input_count);
    for (int32_t i = 0; !st && i < wanted; i++)
        st = take_input(x, dvt_graph_input(x->g, i), &inputs[i]);
    for (int32_t i = 0; !st && i < x->step_count; i++) {
        dvti_exec_unpack(&x->steps[i]);
        st = dvt_stop_asked(x->ctx, "running the network");
        if (!st) st = dvti_eval_run(&x->steps[i].eval);
    }
    x->ran = st == DVT_OK;
    return st;
}

dvt_status dvt_exec_tensor(const dvt_exec *x, dvt_value_id v, dvt_tensor *out)
{
    const dvt_value *value = dvt_graph_value(x->g, v);

    *out = (dvt_tensor){0};
    if (!value || !x->readable[v.i])
        return dvt_fail(x->ctx, DVT_E_USAGE, NULL, "value '%s' is neither a graph output nor kept",
                        value ? value->name : "?");
    if (!x->ran)
        return dvt_fail(x->ctx, DVT_E_USAGE, NULL, "value '%s' is read before a run succeeded",
                        value->name);
    *out = x->tensors[v.i];
    return DVT_OK;
}
