/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inputs.c - reads, converts and checks the arrays that people give for a network's inputs.
 */
#include "cli/inputs.h"

#include <string.h>

static int32_t input_index(const dvt_graph *g, const char *name)
{
    for (int32_t i = 0; i < dvt_graph_input_count(g); i++) {
        if (strcmp(dvt_graph_value(g, dvt_graph_input(g, i))->name, name) == 0) {
            return i;
        }
    }
    return -1;
}

/* The same elements with ones in front until the ranks agree. */
static void add_leading_ones(dvt_tensor *t, int32_t rank)
{
    while (t->shape.rank < rank) {
        memmove(t->shape.dim + 1, t->shape.dim, (size_t)t->shape.rank * sizeof t->shape.dim[0]);
        t->shape.dim[0] = 1;
        t->shape.rank++;
    }
}

static dvt_status read_one(const cli_run *r, const dvt_value *v, const char *path, dvt_tensor *out)
{
    dvt_tensor raw;
    char       want[DVT_SHAPE_TEXT], got[DVT_SHAPE_TEXT];
    dvt_status st = dvt_npy_read(r->ctx, path, &raw);

    if (st != DVT_OK) {
        return st;
    }
    add_leading_ones(&raw, v->shape.rank);
    if (!dvt_shape_equal(&raw.shape, &v->shape)) {
        st = dvt_fail(r->ctx, DVT_E_SHAPE, &(dvt_pos){.file = path},
                      "input '%s' is %s, the file holds %s", v->name,
                      dvt_shape_text(&v->shape, want), dvt_shape_text(&raw.shape, got));
    } else if (raw.dtype == v->dtype) {
        *out = raw;
        return DVT_OK;
    } else {
        st = dvt_tensor_cast(r->ctx, &raw, v->dtype, out);
    }
    dvt_tensor_deinit(r->ctx, &raw);
    return st;
}

static dvt_status no_such_input(const cli_run *r, const dvt_graph *g, const char *name)
{
    dvt_status st = dvt_fail(r->ctx, DVT_E_NOTFOUND, NULL, "the network has no input '%s'", name);
    dvt_buf    list;

    dvt_buf_init(&list, r->ctx, 0);
    for (int32_t i = 0; i < dvt_graph_input_count(g); i++) {
        dvt_buf_printf(&list, "%s'%s'", i ? ", " : "",
                       dvt_graph_value(g, dvt_graph_input(g, i))->name);
    }
    dvt_fail_hint(r->ctx, "its inputs: %s", list.data ? list.data : "none");
    dvt_buf_deinit(&list);
    return st;
}

/* Which input of which set an argument fills. */
static dvt_status find_place(const cli_run *r, const dvt_graph *g, const char *name, cli_inputs *in,
                             int32_t *place)
{
    int32_t base = (in->sets - 1) * in->count, which = name ? input_index(g, name) : 0;

    if (which < 0 || which > in->count || (name && which == in->count)) {
        return no_such_input(r, g, name);
    }
    while (!name && which < in->count && in->tensors[base + which].dtype != DVT_DTYPE_NONE) {
        which++;
    }
    if (which == in->count || in->tensors[base + which].dtype != DVT_DTYPE_NONE) {
        in->sets++;
        base += in->count;
        which = name ? which : 0;
    }
    *place = base + which;
    return DVT_OK;
}

static dvt_status check_complete(const cli_run *r, const dvt_graph *g, const cli_inputs *in)
{
    for (int32_t i = 0; i < in->sets * in->count; i++) {
        if (in->tensors[i].dtype == DVT_DTYPE_NONE) {
            const dvt_value *v = dvt_graph_value(g, dvt_graph_input(g, i % in->count));
            dvt_status st = dvt_fail(r->ctx, DVT_E_USAGE, NULL, "input '%s' is not given", v->name);
            dvt_fail_hint(r->ctx, "add --input %s=FILE.npy", v->name);
            return st;
        }
    }
    return DVT_OK;
}

dvt_status cli_inputs_read(const cli_run *r, const dvt_graph *g, const dvt_text_list *items,
                           cli_inputs *out)
{
    return cli_inputs_read_first(r, g, dvt_graph_input_count(g), items, out);
}

dvt_status cli_inputs_read_first(const cli_run *r, const dvt_graph *g, int32_t count,
                                 const dvt_text_list *items, cli_inputs *out)
{
    dvt_status st = DVT_OK;

    *out = (cli_inputs){.count = count};
    if (items->count == 0 || count == 0) {
        return DVT_OK;
    }
    out->tensors = dvt_calloc(r->ctx, (items->count + 1) * (size_t)count, sizeof *out->tensors);
    out->sets = 1;
    if (!out->tensors) {
        return DVT_E_NOMEM;
    }
    for (size_t i = 0; st == DVT_OK && i < items->count; i++) {
        const char *name;
        const char *path = cli_after_equals(r->arena, items->items[i], &name);
        int32_t     place = 0;
        st = find_place(r, g, name, out, &place);
        if (st == DVT_OK) {
            st = read_one(r, dvt_graph_value(g, dvt_graph_input(g, place % count)), path,
                          &out->tensors[place]);
        }
    }
    return st == DVT_OK ? check_complete(r, g, out) : st;
}

static bool differs_in_batch(const dvt_shape *want, const dvt_shape *got)
{
    dvt_shape same = *got;

    if (want->rank < 2 || got->rank != want->rank || got->dim[0] == want->dim[0]) {
        return false;
    }
    same.dim[0] = want->dim[0];
    return dvt_shape_equal(&same, want);
}

dvt_status cli_inputs_batch(const cli_run *r, const dvt_graph *g, const dvt_text_list *items,
                            int64_t *out)
{
    int32_t    next = 0;
    dvt_status st = DVT_OK;

    *out = 0;
    for (size_t i = 0; st == DVT_OK && i < items->count; i++) {
        const char *name;
        const char *path = cli_after_equals(r->arena, items->items[i], &name);
        int32_t     which = name ? input_index(g, name) : next++;
        dvt_tensor  t;
        if (which < 0 || which >= dvt_graph_input_count(g)) {
            break;
        }
        st = dvt_npy_read(r->ctx, path, &t);
        if (st == DVT_OK) {
            const dvt_value *v = dvt_graph_value(g, dvt_graph_input(g, which));
            bool             batch = differs_in_batch(&v->shape, &t.shape);
            *out = batch && (*out == 0 || *out == t.shape.dim[0]) ? t.shape.dim[0] : 0;
            dvt_tensor_deinit(r->ctx, &t);
            if (!batch) {
                break;
            }
        }
    }
    return st;
}

/* ---- models that need their arrays --------------------------------------------------------- */

typedef struct arrays {
    dvt_tensor      *tensors;
    dvt_input_value *values;
    dvt_input_shape *shapes;
    int32_t          count, named;
} arrays;

static dvt_status read_arrays(const cli_run *r, const dvt_text_list *items, arrays *a)
{
    dvt_status st = DVT_OK;

    a->tensors = dvt_arena_calloc(r->arena, items->count + 1, sizeof *a->tensors);
    a->values = dvt_arena_calloc(r->arena, items->count + 1, sizeof *a->values);
    a->shapes = dvt_arena_calloc(r->arena, items->count + 1, sizeof *a->shapes);
    if (!a->tensors || !a->values || !a->shapes) {
        return DVT_E_NOMEM;
    }
    for (size_t i = 0; st == DVT_OK && i < items->count; i++) {
        const char *name;
        const char *path = cli_after_equals(r->arena, items->items[i], &name);
        dvt_tensor *t = &a->tensors[a->count];
        st = dvt_npy_read(r->ctx, path, t);
        if (st == DVT_OK) {
            a->shapes[a->count++] = (dvt_input_shape){.name = name, .shape = t->shape};
            if (name) {
                a->values[a->named++] = (dvt_input_value){.name = name, .value = *t};
            }
        }
    }
    return st;
}

/* The items without those whose input is gone. */
static dvt_status drop_known(const cli_run *r, const dvt_graph *g, const dvt_text_list *items,
                             dvt_text_list *out)
{
    const char **kept = dvt_arena_calloc(r->arena, items->count + 1, sizeof *kept);
    size_t       count = 0;

    if (!kept) {
        return DVT_E_NOMEM;
    }
    for (size_t i = 0; i < items->count; i++) {
        const char *name;
        cli_after_equals(r->arena, items->items[i], &name);
        if (!name || input_index(g, name) >= 0) {
            kept[count++] = items->items[i];
        }
    }
    *out = (dvt_text_list){kept, count};
    return DVT_OK;
}

dvt_status cli_inputs_load_model(const cli_run *r, cli_model *m, const dvt_text_list *items,
                                 dvt_graph **out, dvt_text_list *known)
{
    dvt_status st = cli_load_model(r, m, NULL, out);
    dvt_error  first;
    arrays     a = {0};

    *known = *items;
    if ((st != DVT_E_USAGE && st != DVT_E_UNSUPPORTED) || items->count == 0) {
        return st;
    }
    first = *dvt_ctx_error(r->ctx);
    dvt_ctx_clear_error(r->ctx);
    st = read_arrays(r, items, &a);
    if (st == DVT_OK) {
        m->array_shapes = a.shapes;
        m->array_shape_count = a.count;
        m->arrays = a.values;
        m->array_count = a.named;
        st = cli_load_model(r, m, NULL, out);
    }
    if (st == DVT_OK) {
        st = drop_known(r, *out, items, known);
    } else if (st == first.status) {
        dvt_ctx_clear_error(r->ctx); /* the arrays did not help: say what was wrong before them */
        st = cli_load_model(
            r, &(cli_model){.weights = m->weights, .shape = m->shape, .batch = m->batch}, NULL,
            out);
    }
    for (int32_t i = 0; i < a.count; i++) {
        dvt_tensor_deinit(r->ctx, &a.tensors[i]);
    }
    m->array_shape_count = m->array_count = 0; /* their data are gone */
    return st;
}

void cli_inputs_deinit(const cli_run *r, cli_inputs *in)
{
    for (int32_t i = 0; in->tensors && i < in->sets * in->count; i++) {
        dvt_tensor_deinit(r->ctx, &in->tensors[i]);
    }
    dvt_free(r->ctx, in->tensors);
    *in = (cli_inputs){0};
}
