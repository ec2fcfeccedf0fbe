/* SPDX-License-Identifier: Apache-2.0 */
/*
 * caffe_net.c - from the tree to the layers that count: phase, versions of blobs, what is alive.
 *
 * Idea      Caffe runs layers in file order and lets a layer overwrite its input. Three passes turn
 *           that into something a graph can hold:
 *             1. keep the layers that the rules admit in the TEST phase;
 *             2. walk them once and give each write of a blob a version of its own;
 *             3. walk them backwards and drop what only feeds metrics, losses and sinks.
 * Names     The last version of a blob keeps its name, so that a blob asked for by name is what
 *           Caffe would show after a run. Earlier ones are "BLOB@LAYER".
 * Invariants
 *           (1) blobs stand in the order in which they are made; (2) a layer reads only blobs that
 *           stand before those it makes.
 * Limits    DVTI_CAFFE_MAX_LAYERS layers, DVT_GRAPH_MAX_ARITY bottoms or tops a layer.
 * Tests     tests/unit/test_caffe_net.c
 */
#include "formats/caffe_int.h"
#include "graph/graph_int.h" /* dvti_names */

#include <string.h>

static const char *const PHASES[] = {"TRAIN", "TEST"};
enum { PHASE_TEST = 1 };

/* ---- 1. rules ------------------------------------------------------------------------------ */

static bool holds_text(dvti_caffe_net *net, const dvti_pt *state, const char *stage)
{
    for (dvti_pt *f = dvti_pt_find(state, "stage"); f; f = dvti_pt_more(f)) {
        if (strcmp(dvti_pt_text(&net->r, f), stage) == 0) {
            return true;
        }
    }
    return false;
}

/* All (want true) or none (want false) of the rule's `field` texts are stages of the net. */
static bool stages_agree(dvti_caffe_net *net, dvti_pt *rule, const char *field,
                         const dvti_pt *state, bool want)
{
    bool agree = true;

    for (dvti_pt *f = dvti_pt_find(rule, field); f; f = dvti_pt_more(f)) {
        const char *stage = dvti_pt_text(&net->r, f);
        agree = agree && holds_text(net, state, stage) == want;
    }
    return agree;
}

static bool rule_meets(dvti_caffe_net *net, dvti_pt *rule, dvti_pt *state)
{
    dvti_pt_reader *r = &net->r;
    int64_t         level = state ? dvti_pt_i64(r, state, "level", 0, INT32_MIN, INT32_MAX) : 0;
    bool            phase = dvti_pt_enum(r, rule, "phase", PHASES, 2, PHASE_TEST) == PHASE_TEST;
    bool            low = level >= dvti_pt_i64(r, rule, "min_level", level, INT32_MIN, INT32_MAX);
    bool            high = level <= dvti_pt_i64(r, rule, "max_level", level, INT32_MIN, INT32_MAX);
    bool            with = stages_agree(net, rule, "stage", state, true);
    bool            without = stages_agree(net, rule, "not_stage", state, false);

    return phase && low && high && with && without;
}

/* Any rule of the list meets. Reads them all, so that a damaged one is found. */
static bool any_rule_meets(dvti_caffe_net *net, dvti_pt *layer, const char *list, dvti_pt *state)
{
    bool meets = false;

    for (dvti_pt *rule = dvti_pt_find(layer, list); rule; rule = dvti_pt_more(rule)) {
        rule->used = true;
        if (rule->kind != DVTI_PT_MESSAGE) {
            net->r.status = dvt_fail(net->ctx, DVT_E_PARSE, &rule->value_at,
                                     "field '%s' must be a message in braces", list);
            return false;
        }
        bool this_one = rule_meets(net, rule, state);
        meets = meets || this_one;
    }
    return meets;
}

static bool is_included(dvti_caffe_net *net, dvti_pt *layer, dvti_pt *state)
{
    bool included = any_rule_meets(net, layer, "include", state);
    bool excluded = any_rule_meets(net, layer, "exclude", state);

    /* `phase` on the layer itself tells in which phase the file was saved; it admits nothing */
    dvti_pt_enum(&net->r, layer, "phase", PHASES, 2, PHASE_TEST);
    return dvti_pt_find(layer, "include") ? included : !excluded;
}

/* ---- layers -------------------------------------------------------------------------------- */

static void read_layer(dvti_caffe_net *net, dvti_pt *pt, dvti_pt *state, dvti_caffe_layer *out)
{
    int64_t bottoms = dvti_pt_count(pt, "bottom"), tops = dvti_pt_count(pt, "top");

    pt->used = true;
    *out = (dvti_caffe_layer){.pt = pt};
    if (pt->kind != DVTI_PT_MESSAGE || !dvti_pt_find(pt, "type")) {
        net->r.status = dvt_fail(net->ctx, DVT_E_PARSE, &pt->at, "a layer without a type");
        return;
    }
    out->type = dvti_pt_string(&net->r, pt, "type", "");
    out->name = dvti_pt_string(&net->r, pt, "name", out->type);
    out->role = dvti_caffe_role_of(out->type);
    out->included = is_included(net, pt, state);
    if (bottoms > DVT_GRAPH_MAX_ARITY || tops > DVT_GRAPH_MAX_ARITY) {
        net->r.status = dvt_fail(net->ctx, DVT_E_UNSUPPORTED, &pt->at,
                                 "layer '%s' has more than %d bottoms or tops", out->name,
                                 (int)DVT_GRAPH_MAX_ARITY);
        return;
    }
    out->bottom_count = (int32_t)bottoms;
    out->top_count = (int32_t)tops;
    /* one more top: a loss that names none still has its function as output */
    out->bottom = dvt_arena_calloc(net->arena, (size_t)bottoms + 1, sizeof *out->bottom);
    out->top = dvt_arena_calloc(net->arena, (size_t)tops + 1, sizeof *out->top);
    if (!out->bottom || !out->top) {
        net->r.status = DVT_E_NOMEM;
        return;
    }
    for (int64_t i = 0; i <= tops; i++) {
        out->top[i] = -1;
    }
}

static void read_layers(dvti_caffe_net *net)
{
    int64_t  count = dvti_pt_count(net->root, "layer");
    dvti_pt *state = dvti_pt_message(&net->r, net->root, "state");

    dvti_pt_enum(&net->r, state, "phase", PHASES, 2, PHASE_TEST); /* we always read for TEST */
    dvti_pt_mark(state, "level");
    dvti_pt_mark(state, "stage");
    if (count > DVTI_CAFFE_MAX_LAYERS) {
        net->r.status = dvt_fail(net->ctx, DVT_E_CAPACITY, &net->root->at,
                                 "the net has %lld layers, the limit is %d", (long long)count,
                                 (int)DVTI_CAFFE_MAX_LAYERS);
    } else if (net->r.status == DVT_OK) {
        net->layers = dvt_arena_calloc(net->arena, (size_t)count + 1, sizeof *net->layers);
        net->r.status = net->layers ? DVT_OK : DVT_E_NOMEM;
    }
    for (dvti_pt *f = dvti_pt_find(net->root, "layer"); f && net->r.status == DVT_OK;
         f = dvti_pt_more(f)) {
        read_layer(net, f, state, &net->layers[net->layer_count++]);
    }
}

/* ---- 2. versions --------------------------------------------------------------------------- */

typedef struct versions {
    dvti_caffe_net *net;
    dvti_names      latest; /* blob name -> index of its newest version */
} versions;

static int32_t new_version(versions *v, const char *name, int32_t layer, int32_t top, dvt_pos at)
{
    dvti_caffe_net *net = v->net;
    int32_t         old = dvti_names_find(&v->latest, name), id = net->blob_count++;

    if (old >= 0) {
        const dvti_caffe_blob *was = &net->blobs[old];
        const char            *maker = was->layer < 0 ? "input" : net->layers[was->layer].name;
        net->blobs[old].value = dvt_arena_printf(net->arena, "%s@%s", name, maker);
        net->r.status = net->blobs[old].value ? net->r.status : DVT_E_NOMEM;
        dvti_names_move(&v->latest, name, id);
    } else {
        dvti_names_add(&v->latest, name, id);
    }
    net->blobs[id] = (dvti_caffe_blob){
        .name = name, .value = name, .layer = layer, .top = top, .at = at, .id = DVT_NO_VALUE};
    return id;
}

/* A layer may write a blob that it also reads (in place); any other second write is an error. */
static void write_top(versions *v, int32_t layer, int32_t top, dvti_pt *f)
{
    dvti_caffe_net   *net = v->net;
    dvti_caffe_layer *l = &net->layers[layer];
    const char       *name = dvti_pt_text(&net->r, f);
    int32_t           old = dvti_names_find(&v->latest, name);
    bool              in_place = old < 0;

    for (int32_t i = 0; i < l->bottom_count && !in_place; i++) {
        in_place = l->bottom[i] == old;
    }
    if (!in_place) {
        net->r.status = dvt_fail(net->ctx, DVT_E_PARSE, &f->value_at,
                                 "layer '%s' writes blob '%s', which exists already (line %u)",
                                 l->name, name, (unsigned)net->blobs[old].at.line);
        dvt_fail_hint(net->ctx, "a layer may overwrite a blob only if it reads it, too");
        return;
    }
    l->top[top] = new_version(v, name, layer, top, f->value_at);
}

static void write_tops(versions *v, int32_t layer)
{
    dvti_caffe_layer *l = &v->net->layers[layer];
    int32_t           top = 0;

    for (dvti_pt *f = dvti_pt_find(l->pt, "top"); f && v->net->r.status == DVT_OK;
         f = dvti_pt_more(f)) {
        write_top(v, layer, top++, f);
    }
}

/* A net whose data layers belong to other phases or stages: they only tell the input's name and
 * size, so the first that makes the blob will do. */
static bool revive_data_layer(versions *v, const char *blob)
{
    dvti_caffe_net *net = v->net;

    for (int32_t i = 0; i < net->layer_count; i++) {
        dvti_caffe_layer *l = &net->layers[i];
        bool              makes = false;

        if (l->included || l->role != DVTI_CAFFE_DATA) {
            continue;
        }
        for (dvti_pt *f = dvti_pt_find(l->pt, "top"); f; f = dvti_pt_more(f)) {
            makes = makes || strcmp(dvti_pt_text(&net->r, f), blob) == 0;
        }
        if (makes) {
            l->included = true;
            write_tops(v, i);
            return net->r.status == DVT_OK;
        }
    }
    return false;
}

static void read_bottoms(versions *v, dvti_caffe_layer *l)
{
    dvti_caffe_net *net = v->net;
    int32_t         n = 0;

    for (dvti_pt *f = dvti_pt_find(l->pt, "bottom"); f && net->r.status == DVT_OK;
         f = dvti_pt_more(f)) {
        const char *name = dvti_pt_text(&net->r, f);
        int32_t     id = dvti_names_find(&v->latest, name);

        if (id < 0 && revive_data_layer(v, name)) {
            id = dvti_names_find(&v->latest, name);
        }
        if (id < 0 && net->r.status == DVT_OK) {
            net->r.status = dvt_fail(net->ctx, DVT_E_PARSE, &f->value_at,
                                     "layer '%s' reads blob '%s', which no layer before it makes",
                                     l->name, name);
        }
        l->bottom[n++] = id;
    }
}

/* The function of a loss: its second top if it has one, else "prob" or "LAYER/prob". */
static void name_loss_top(versions *v, int32_t layer, int32_t losses)
{
    dvti_caffe_net   *net = v->net;
    dvti_caffe_layer *l = &net->layers[layer];
    dvti_pt          *first = dvti_pt_find(l->pt, "top");
    dvti_pt          *second = first ? dvti_pt_more(first) : NULL;

    l->top_count = 1;
    if (first) {
        first->used = true;
    }
    if (second) {
        write_top(v, layer, 0, second);
        return;
    }
    bool        plain = losses == 1 && dvti_names_find(&v->latest, "prob") < 0;
    const char *name = plain ? "prob" : dvt_arena_printf(net->arena, "%s/prob", l->name);
    if (!name) {
        net->r.status = DVT_E_NOMEM;
    } else if (dvti_names_find(&v->latest, name) >= 0) {
        net->r.status =
            dvt_fail(net->ctx, DVT_E_UNSUPPORTED, &l->pt->at,
                     "the output of loss '%s' would be called '%s', which is taken", l->name, name);
    } else {
        l->top[0] = new_version(v, name, layer, 0, l->pt->at);
    }
}

static void make_versions(versions *v)
{
    dvti_caffe_net *net = v->net;
    int32_t         losses = 0, input = 0;

    for (int32_t i = 0; i < net->layer_count; i++) {
        losses += net->layers[i].included && net->layers[i].role == DVTI_CAFFE_LOSS;
    }
    for (dvti_pt *f = dvti_pt_find(net->root, "input"); f; f = dvti_pt_more(f)) {
        const char *name = dvti_pt_text(&net->r, f);
        if (dvti_names_find(&v->latest, name) >= 0) {
            net->r.status =
                dvt_fail(net->ctx, DVT_E_PARSE, &f->value_at, "input '%s' is named twice", name);
        }
        if (net->r.status != DVT_OK) {
            return;
        }
        new_version(v, name, -1, input++, f->value_at);
    }
    for (int32_t i = 0; i < net->layer_count && net->r.status == DVT_OK; i++) {
        dvti_caffe_layer *l = &net->layers[i];
        if (!l->included || (l->role == DVTI_CAFFE_DATA && l->top[0] >= 0)) {
            continue; /* of another phase, or revived before its turn */
        }
        read_bottoms(v, l);
        if (net->r.status != DVT_OK) {
            return;
        }
        if (l->role == DVTI_CAFFE_LOSS) {
            name_loss_top(v, i, losses);
        } else if (l->role == DVTI_CAFFE_DROP) {
            l->top_count = 0;
        } else {
            write_tops(v, i);
        }
    }
}

/* ---- 3. what is alive ---------------------------------------------------------------------- */

static bool is_loss(const dvti_caffe_layer *l)
{
    size_t n = strlen(l->type);

    return l->role == DVTI_CAFFE_LOSS ||
           (l->role == DVTI_CAFFE_DROP && n > 4 && strcmp(l->type + n - 4, "Loss") == 0);
}

/* How many of a dropped layer's first bottoms are the network's answer rather than labels. What a
 * metric judges is the answer only where no loss says so: both look at copies of the same blob. */
static int32_t judged_bottoms(const dvti_caffe_layer *l, bool net_has_loss)
{
    if (strcmp(l->type, "ContrastiveLoss") == 0) {
        return 2;
    }
    return is_loss(l) || (strcmp(l->type, "Accuracy") == 0 && !net_has_loss) ? 1 : 0;
}

/* A top that somebody needs, that a metric judges, or that nobody reads (an output). */
static bool has_live_top(const dvti_caffe_net *net, const dvti_caffe_layer *l)
{
    for (int32_t i = 0; i < l->top_count; i++) {
        const dvti_caffe_blob *b = &net->blobs[l->top[i]];
        if (b->needed || b->wanted || !b->seen) {
            return true;
        }
    }
    return false;
}

static void mark_live(dvti_caffe_net *net)
{
    bool net_has_loss = false;

    for (int32_t i = 0; i < net->layer_count; i++) {
        net_has_loss = net_has_loss || (net->layers[i].included && is_loss(&net->layers[i]));
    }
    for (int32_t i = net->layer_count - 1; i >= 0; i--) {
        dvti_caffe_layer *l = &net->layers[i];
        int32_t           judged = l->role == DVTI_CAFFE_DROP ? judged_bottoms(l, net_has_loss) : 0;

        if (!l->included || l->role == DVTI_CAFFE_DATA) {
            continue;
        }
        l->live = l->role == DVTI_CAFFE_LOSS || (l->role == DVTI_CAFFE_OP && has_live_top(net, l));
        for (int32_t k = 0; k < l->bottom_count; k++) {
            dvti_caffe_blob *b = &net->blobs[l->bottom[k]];
            b->seen = true;
            b->needed = b->needed || (l->live && (l->role == DVTI_CAFFE_OP || k == 0));
            b->wanted = b->wanted || k < judged;
        }
    }
}

void dvti_caffe_build_net(dvti_caffe_net *net)
{
    versions v = {.net = net};
    int64_t  room = dvti_pt_count(net->root, "input") + 1;

    read_layers(net);
    for (int32_t i = 0; i < net->layer_count; i++) {
        room += net->layers[i].top_count + 1;
    }
    if (net->r.status != DVT_OK) {
        return;
    }
    net->blobs = dvt_arena_calloc(net->arena, (size_t)room, sizeof *net->blobs);
    net->r.status =
        net->blobs ? dvti_names_reserve(net->ctx, &v.latest, (uint32_t)room) : DVT_E_NOMEM;
    if (net->r.status == DVT_OK) {
        make_versions(&v);
    }
    dvti_names_deinit(net->ctx, &v.latest);
    if (net->r.status == DVT_OK) {
        mark_live(net);
    }
}
