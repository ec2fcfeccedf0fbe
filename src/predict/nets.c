/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nets.c - a set of networks as labelled graphs: memory, adding with pruning, looking at one.
 *
 * Invariants (1) node 0 is the input, the last node the output; (2) a node reads only nodes before
 *            it, each once, ascending; (3) every other node is on a path from input to output.
 * Tests      tests/unit/test_nets.c
 */
#include "predict/nets_int.h"

static const char *const kind_names[DVT_NETS_KINDS] = {"nasbench101", "nasbench201", "graph"};

const char *dvt_nets_kind_name(dvt_nets_kind kind) { return kind_names[kind]; }

dvt_status dvt_nets_create(dvt_ctx *ctx, dvt_nets_kind kind, dvt_nets **out)
{
    *out = dvt_calloc(ctx, 1, sizeof **out);
    if (!*out) {
        return DVT_E_NOMEM;
    }
    (*out)->ctx = ctx;
    (*out)->kind = kind;
    return DVT_OK;
}

void dvt_nets_destroy(dvt_nets *nets)
{
    if (!nets) {
        return;
    }
    dvti_places_deinit(nets->ctx, &nets->place);
    dvti_bytes_deinit(nets->ctx, &nets->label);
    dvti_floats_deinit(nets->ctx, &nets->width);
    dvti_i32s_deinit(nets->ctx, &nets->start);
    dvti_i16s_deinit(nets->ctx, &nets->read);
    dvt_free(nets->ctx, nets);
}

dvt_nets_kind dvt_nets_kind_of(const dvt_nets *nets) { return nets->kind; }
int64_t       dvt_nets_count(const dvt_nets *nets) { return (int64_t)nets->place.len; }

dvt_status dvti_nets_check_kind(const dvt_nets *nets, dvt_nets_kind kind)
{
    if (nets->kind == kind) {
        return DVT_OK;
    }
    dvt_fail(nets->ctx, DVT_E_USAGE, NULL, "cannot add a network of %s to a set of %s",
             kind_names[kind], kind_names[nets->kind]);
    dvt_fail_hint(nets->ctx, "a set holds networks of one kind");
    return DVT_E_USAGE;
}

/* ---- adding -------------------------------------------------------------------------------- */

/* live[i]: node i stays. Reads go backwards, so one pass each way does. */
static void find_live(const dvti_net_draft *d, bool *live)
{
    const int32_t n = d->nodes;

    for (int32_t i = 0; i < n; i++) {
        live[i] = i == 0;
        for (int32_t j = 0; j < i; j++) {
            live[i] |= d->reads[(size_t)i * (size_t)n + (size_t)j] && live[j];
        }
    }
    for (int32_t j = n - 2; j > 0; j--) {
        bool used = false;
        for (int32_t i = j + 1; i < n; i++) {
            used |= live[i] && d->reads[(size_t)i * (size_t)n + (size_t)j];
        }
        live[j] &= used;
    }
    live[n - 1] = true;
}

/* Room for the whole draft, so that nothing fails halfway. */
static dvt_status reserve(dvt_nets *nets, const dvti_net_draft *d, size_t reads)
{
    dvt_ctx     *ctx = nets->ctx;
    const size_t nodes = nets->label.len + (size_t)d->nodes;
    dvt_status   st = dvti_places_reserve(ctx, &nets->place, nets->place.len + 1);

    st = st == DVT_OK ? dvti_bytes_reserve(ctx, &nets->label, nodes) : st;
    st = st == DVT_OK ? dvti_floats_reserve(ctx, &nets->width, nodes) : st;
    st = st == DVT_OK ? dvti_i32s_reserve(ctx, &nets->start, nodes + nets->place.len + 1) : st;
    return st == DVT_OK ? dvti_i16s_reserve(ctx, &nets->read, nets->read.len + reads) : st;
}

/* Behind the last node that stays: what live node `i` reads, by the new numbers. */
static void append_node(dvt_nets *nets, const dvti_net_draft *d, const bool *live, int32_t i)
{
    const bool *row = d->reads + (size_t)i * (size_t)d->nodes;
    int16_t     number = 0;

    nets->label.data[nets->label.len++] = d->label[i];
    nets->width.data[nets->width.len++] = d->width ? d->width[i] : 1.0F;
    for (int32_t j = 0; j < i; j++) {
        if (live[j] && row[j]) {
            nets->read.data[nets->read.len++] = number;
        }
        number = (int16_t)(number + live[j]);
    }
}

dvt_status dvti_nets_add(dvt_nets *nets, const dvti_net_draft *d)
{
    bool           live[DVT_NETS_NODES_MAX];
    size_t         reads = 0;
    dvti_net_place place = {.node = (int64_t)nets->label.len,
                            .read = (int64_t)nets->read.len,
                            .macs = d->macs,
                            .parameters = d->parameters};

    for (size_t i = 0; i < (size_t)d->nodes * (size_t)d->nodes; i++) {
        reads += d->reads[i];
    }
    if (reserve(nets, d, reads) != DVT_OK) {
        return DVT_E_NOMEM;
    }
    for (int i = 0; d->op && i < DVT_NB201_EDGES; i++) {
        place.op[i] = d->op[i];
    }
    find_live(d, live);
    for (int32_t i = 0; i < d->nodes; i++) {
        if (live[i]) {
            nets->start.data[nets->start.len++] = (int32_t)((int64_t)nets->read.len - place.read);
            append_node(nets, d, live, i);
            place.nodes++;
        }
    }
    nets->start.data[nets->start.len++] = (int32_t)((int64_t)nets->read.len - place.read);
    nets->place.data[nets->place.len++] = place;
    return DVT_OK;
}

/* ---- looking ------------------------------------------------------------------------------- */

dvt_net dvt_nets_at(const dvt_nets *nets, int64_t i)
{
    const dvti_net_place *p = &nets->place.data[i];

    return (dvt_net){
        .nodes = p->nodes,
        .labels = dvt_nets_labels(nets->kind),
        .label = nets->label.data + p->node,
        .start = nets->start.data + p->node + i,
        .read = nets->read.data ? nets->read.data + p->read : NULL, /* no network reads yet */
        .width = nets->width.data + p->node,
        .macs = p->macs,
        .parameters = p->parameters,
        .op = nets->kind == DVT_NETS_NB201 ? p->op : NULL,
    };
}
