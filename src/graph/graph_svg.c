/* SPDX-License-Identifier: Apache-2.0 */
/*
 * graph_svg.c - the graph as a drawing that every browser shows.
 *
 * Idea      Layers (Sugiyama, Tagawa, Toda 1981): a node stands one layer below the lowest of what
 *           it reads. An edge over several layers bends at a point in each layer between. Within a
 *           layer items are ordered by the mean place of their neighbours above, then below, a few
 *           times over; places keep that order and a least distance. Ends are ellipses, constants
 *           are not drawn, the caller's colour or one by kind of operator fills a box.
 * Texts     are escaped; bytes that are no UTF-8, and control characters, become '?'. Long names
 *           end in "..".
 * Limits    Bends are left out (edges are straight then) where there would be more than BENDS_MAX.
 * Order     depends on the graph alone; coordinates are whole pixels.
 * Tests     tests/unit/test_graph_svg.c
 */
#include "graph/graph_int.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    BENDS_MAX = 50000,
    SWEEPS = 6,
    BOX_WIDTH = 170,
    BOX_HEIGHT = 34,
    LAYER_HEIGHT = 62,
    GAP = 16,
    BEND_WIDTH = 8,
    MARGIN = 12,
    NAME_LETTERS = 26
};

typedef enum item_kind { ITEM_INPUT, ITEM_NODE, ITEM_OUTPUT, ITEM_BEND } item_kind;

typedef struct item {
    item_kind kind;
    int32_t   ref; /* node, or place among inputs or outputs */
    int32_t   layer, id;
    double    x, want; /* middle */
} item;

typedef struct link {
    int32_t from, to; /* items in neighbouring layers, or any where there are no bends */
} link;

typedef struct drawing {
    const dvt_graph *g;
    dvt_arena       *arena;
    item            *items; /* by id */
    link            *links;
    int32_t          item_count, link_count, layer_count;
    int32_t         *item_of_node, *item_of_input; /* (nodes), (inputs) */
    item           **row;                          /* (items) by layer, then place */
    int32_t         *row_start;                    /* (layers + 1) */
} drawing;

/* ---- items and links ----------------------------------------------------------------------- */

static int32_t input_place(const dvt_graph *g, dvt_value_id v)
{
    for (int32_t i = 0; i < g->inputs.count; i++) {
        if (g->inputs.v[i].i == v.i) return i;
    }
    return -1;
}

/* The item that makes a value; -1 for constants. */
static int32_t maker(const drawing *d, dvt_value_id v)
{
    const dvt_value *value = v.i >= 0 ? &d->g->values[v.i] : NULL;

    if (!value || value->kind == DVT_VALUE_CONST || value->kind == DVT_VALUE_PARAM) return -1;
    if (value->kind == DVT_VALUE_NODE) return d->item_of_node[value->producer.i];
    int32_t place = input_place(d->g, v);
    return place < 0 ? -1 : d->item_of_input[place];
}

static int32_t add_item(drawing *d, item_kind kind, int32_t ref, int32_t layer)
{
    int32_t id = d->item_count++;

    d->items[id] = (item){.kind = kind, .ref = ref, .layer = layer, .id = id};
    d->layer_count = layer + 1 > d->layer_count ? layer + 1 : d->layer_count;
    return id;
}

static int32_t layer_below(const drawing *d, const dvt_value_id *values, int32_t count)
{
    int32_t layer = 0;

    for (int32_t i = 0; i < count; i++) {
        int32_t from = maker(d, values[i]);
        int32_t below = from < 0 ? 0 : d->items[from].layer + 1;
        layer = below > layer ? below : layer;
    }
    return layer;
}

static void add_items(drawing *d)
{
    const dvt_graph *g = d->g;

    for (int32_t i = 0; i < g->inputs.count; i++) {
        d->item_of_input[i] = add_item(d, ITEM_INPUT, i, 0);
    }
    for (int32_t i = 0; i < g->node_count; i++) {
        const dvt_node *n = &g->nodes[i];
        if (!n->dead) {
            int32_t layer = layer_below(d, n->inputs, n->input_count);
            d->item_of_node[i] = add_item(d, ITEM_NODE, i, layer);
        }
    }
    for (int32_t i = 0; i < g->outputs.count; i++) {
        add_item(d, ITEM_OUTPUT, i, layer_below(d, &g->outputs.v[i], 1));
    }
}

/* Calls for each edge of the drawing: (ud, from, to). */
static void each_edge(const drawing *d, void (*fn)(void *, int32_t, int32_t), void *ud)
{
    const dvt_graph *g = d->g;

    for (int32_t id = 0; id < d->item_count; id++) {
        const item         *t = &d->items[id];
        const dvt_value_id *values = NULL;
        int32_t             count = 0;
        if (t->kind == ITEM_NODE) {
            values = g->nodes[t->ref].inputs;
            count = g->nodes[t->ref].input_count;
        } else if (t->kind == ITEM_OUTPUT) {
            values = &g->outputs.v[t->ref];
            count = 1;
        }
        for (int32_t i = 0; i < count; i++) {
            int32_t from = maker(d, values[i]);
            if (from >= 0) fn(ud, from, id);
        }
    }
}

typedef struct counts {
    const drawing *d;
    int64_t        edges, bends;
} counts;

static void count_edge(void *ud, int32_t from, int32_t to)
{
    counts *c = ud;

    c->edges++;
    c->bends += c->d->items[to].layer - c->d->items[from].layer - 1;
}

typedef struct linker {
    drawing *d;
    bool     bend;
} linker;

static void add_link(drawing *d, int32_t from, int32_t to)
{
    d->links[d->link_count++] = (link){from, to};
}

static void link_edge(void *ud, int32_t from, int32_t to)
{
    linker  *l = ud;
    drawing *d = l->d;
    int32_t  last = d->items[to].layer;

    for (int32_t layer = d->items[from].layer + 1; l->bend && layer < last; layer++) {
        int32_t bend = add_item(d, ITEM_BEND, 0, layer);
        add_link(d, from, bend);
        from = bend;
    }
    add_link(d, from, to);
}

/* Bends are added behind the other items, which each_edge must not meet: it walks a copy. */
static dvt_status add_links(drawing *d)
{
    counts  c = {d, 0, 0};
    drawing before;
    linker  l = {d, false};
    item   *items;

    each_edge(d, count_edge, &c);
    l.bend = c.bends <= BENDS_MAX;
    c.bends = l.bend ? c.bends : 0;
    items = dvt_arena_calloc(d->arena, (size_t)(d->item_count + c.bends) + 1, sizeof *items);
    d->links = dvt_arena_calloc(d->arena, (size_t)(c.edges + c.bends) + 1, sizeof *d->links);
    if (!items || !d->links) return DVT_E_NOMEM;
    memcpy(items, d->items, (size_t)d->item_count * sizeof *items);
    d->items = items;
    before = *d;
    each_edge(&before, link_edge, &l);
    return DVT_OK;
}

/* ---- rows ---------------------------------------------------------------------------------- */

static int by_want(const void *pa, const void *pb)
{
    const item *a = *(item *const *)pa, *b = *(item *const *)pb;

    if (a->want < b->want || a->want > b->want) return a->want < b->want ? -1 : 1;
    return (a->id > b->id) - (a->id < b->id);
}

static double half_width(const item *t)
{
    return t->kind == ITEM_BEND ? BEND_WIDTH / 2.0 : BOX_WIDTH / 2.0;
}

/* Items in order of their wishes, with the least distance, the row's mean where it is wished. */
static void place_row(item **row, int32_t count)
{
    double shift = 0.0;

    qsort(row, (size_t)count, sizeof *row, by_want);
    for (int32_t i = 0; i < count; i++) {
        double least =
            i ? row[i - 1]->x + half_width(row[i - 1]) + GAP + half_width(row[i]) : row[i]->want;
        row[i]->x = row[i]->want > least ? row[i]->want : least;
        shift += row[i]->want - row[i]->x;
    }
    for (int32_t i = 0; i < count; i++) row[i]->x += shift / count;
}

static dvt_status make_rows(drawing *d)
{
    d->row = dvt_arena_calloc(d->arena, (size_t)d->item_count + 1, sizeof *d->row);
    d->row_start = dvt_arena_calloc(d->arena, (size_t)d->layer_count + 2, sizeof *d->row_start);
    if (!d->row || !d->row_start) return DVT_E_NOMEM;
    for (int32_t i = 0; i < d->item_count; i++) d->row_start[d->items[i].layer + 2]++;
    for (int32_t i = 0; i < d->layer_count; i++) d->row_start[i + 2] += d->row_start[i + 1];
    for (int32_t i = 0; i < d->item_count; i++) {
        d->row[d->row_start[d->items[i].layer + 1]++] = &d->items[i];
    }
    return DVT_OK;
}

/* Neighbours on one side: those of item i are near[start[i] .. start[i + 1]). */
typedef struct sides {
    int32_t *start, *near;
} sides;

static dvt_status list_neighbours(drawing *d, bool above, sides *out)
{
    out->start = dvt_arena_calloc(d->arena, (size_t)d->item_count + 2, sizeof *out->start);
    out->near = dvt_arena_calloc(d->arena, (size_t)d->link_count + 1, sizeof *out->near);
    if (!out->start || !out->near) return DVT_E_NOMEM;
    for (int32_t i = 0; i < d->link_count; i++) {
        out->start[(above ? d->links[i].to : d->links[i].from) + 2]++;
    }
    for (int32_t i = 1; i <= d->item_count; i++) out->start[i + 1] += out->start[i];
    for (int32_t i = 0; i < d->link_count; i++) {
        int32_t of = above ? d->links[i].to : d->links[i].from;
        out->near[out->start[of + 1]++] = above ? d->links[i].from : d->links[i].to;
    }
    return DVT_OK;
}

/* Every item of a layer wishes to stand at the mean of its neighbours on one side. */
static void arrange_layer(drawing *d, int32_t layer, const sides *s)
{
    int32_t first = d->row_start[layer], end = d->row_start[layer + 1];

    for (int32_t k = first; k < end; k++) {
        item   *t = d->row[k];
        int32_t count = s->start[t->id + 1] - s->start[t->id];
        double  sum = 0.0;
        for (int32_t i = 0; i < count; i++) sum += d->items[s->near[s->start[t->id] + i]].x;
        t->want = count ? sum / count : t->x;
    }
    if (end > first) place_row(d->row + first, end - first);
}

static dvt_status arrange(drawing *d)
{
    sides      above, below;
    dvt_status st = list_neighbours(d, true, &above);

    if (st == DVT_OK) st = list_neighbours(d, false, &below);
    if (st == DVT_OK) st = make_rows(d);
    for (int sweep = 0; st == DVT_OK && sweep < SWEEPS; sweep++) {
        bool down = sweep % 2 == 0;
        for (int32_t i = 0; i < d->layer_count; i++) {
            arrange_layer(d, down ? i : d->layer_count - 1 - i, down ? &above : &below);
        }
    }
    return st;
}

/* ---- writing ------------------------------------------------------------------------------- */

/* Bytes of the UTF-8 letter at s (1..4), 0 if it is none that XML takes. */
static int letter_bytes(const unsigned char *s)
{
    int      more = s[0] < 0x80                   ? 0
                    : s[0] >= 0xc2 && s[0] < 0xe0 ? 1
                    : s[0] >= 0xe0 && s[0] < 0xf0 ? 2
                    : s[0] >= 0xf0 && s[0] < 0xf5 ? 3
                                                  : -1;
    uint32_t code = more > 0 ? s[0] & (0x3fu >> more) : s[0];

    for (int i = 1; i <= more; i++) {
        if ((s[i] & 0xc0) != 0x80) return 0;
        code = code << 6 | (s[i] & 0x3fu);
    }
    if (more < 0 || code < 0x20 || code == 0x7f || (more == 2 && code < 0x800) ||
        (more == 3 && (code < 0x10000 || code > 0x10ffff)) || (code >= 0xd800 && code < 0xe000) ||
        code == 0xfffe || code == 0xffff) {
        return 0;
    }
    return more + 1;
}

/* At most `letters` letters; 0: all. */
static void put_text(dvt_buf *b, const char *text, int letters)
{
    const unsigned char *s = (const unsigned char *)text;

    for (int n = 0; *s; n++) {
        int bytes = letter_bytes(s);
        if (letters && n == letters) {
            dvt_buf_puts(b, "..");
            return;
        }
        switch (*s) {
        case '&': dvt_buf_puts(b, "&amp;"); break;
        case '<': dvt_buf_puts(b, "&lt;"); break;
        case '>': dvt_buf_puts(b, "&gt;"); break;
        case '"': dvt_buf_puts(b, "&quot;"); break;
        case '\'': dvt_buf_puts(b, "&#39;"); break;
        default: dvt_buf_append(b, bytes ? (const char *)s : "?", bytes ? (size_t)bytes : 1);
        }
        s += bytes ? bytes : 1;
    }
}

/* A colour for whom the caller has none. */
static const char *colour_of(const dvt_node *n)
{
    switch (n->op) {
    case DVT_OP_CONV:
    case DVT_OP_CONV_TRANSPOSE:
    case DVT_OP_DENSE:
    case DVT_OP_MATMUL:
    case DVT_OP_GEMM: return "#cfe2f8";
    case DVT_OP_POOL:
    case DVT_OP_GLOBAL_POOL:
    case DVT_OP_REDUCE: return "#d5efd5";
    case DVT_OP_BINARY:
    case DVT_OP_NARY:
    case DVT_OP_CONCAT: return "#fbe8c6";
    default: return "#f2f2f2";
    }
}

static const char *operator_name(const dvt_node *n)
{
    switch (n->op) {
    case DVT_OP_UNARY: return dvt_unary_name(n->attrs.unary.fn);
    case DVT_OP_BINARY: return dvt_binary_name(n->attrs.binary.fn2);
    case DVT_OP_NARY: return dvt_nary_name(n->attrs.nary.fnn);
    case DVT_OP_REDUCE: return dvt_reduce_name(n->attrs.reduce.rfn);
    default: return dvt_op_describe(n->op)->name;
    }
}

static int top_of(const item *t) { return MARGIN + t->layer * LAYER_HEIGHT; }

static int middle(const item *t) { return (int)floor(t->x + 0.5); }

static void put_label(dvt_buf *b, const item *t, const char *name, const char *kind,
                      const dvt_value *v)
{
    char shape[DVT_SHAPE_TEXT];

    dvt_buf_puts(b, "<title>");
    put_text(b, name, 0);
    dvt_buf_printf(b, "</title><text x=\"%d\" y=\"%d\">", middle(t), top_of(t) + 14);
    put_text(b, name, NAME_LETTERS);
    dvt_buf_printf(b, "</text><text x=\"%d\" y=\"%d\" class=\"k\">%s%s%s</text></g>\n", middle(t),
                   top_of(t) + 27, kind, kind[0] ? " " : "", dvt_shape_text(&v->shape, shape));
}

static void put_item(const drawing *d, const item *t, dvt_graph_colour_fn colour, void *ud,
                     dvt_buf *b)
{
    const dvt_graph *g = d->g;

    if (t->kind == ITEM_NODE) {
        const dvt_node *n = &g->nodes[t->ref];
        const char     *fill = colour ? colour(ud, g, (dvt_node_id){t->ref}) : NULL;
        dvt_buf_printf(b, "<g><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"4\" fill=\"",
                       middle(t) - BOX_WIDTH / 2, top_of(t), BOX_WIDTH, BOX_HEIGHT);
        put_text(b, fill ? fill : colour_of(n), 0);
        dvt_buf_puts(b, "\"/>");
        put_label(b, t, n->name, operator_name(n), &g->values[n->outputs[0].i]);
    } else if (t->kind != ITEM_BEND) {
        const dvti_id_list *ends = t->kind == ITEM_INPUT ? &g->inputs : &g->outputs;
        const dvt_value    *v = &g->values[ends->v[t->ref].i];
        dvt_buf_printf(b, "<g><ellipse cx=\"%d\" cy=\"%d\" rx=\"%d\" ry=\"%d\" fill=\"#ffffff\"/>",
                       middle(t), top_of(t) + BOX_HEIGHT / 2, BOX_WIDTH / 2, BOX_HEIGHT / 2);
        put_label(b, t, v->name, "", v);
    }
}

/* From the lower side of one item to the upper side of the other; a bend is crossed straight. */
static void put_link(const drawing *d, const link *l, dvt_buf *b)
{
    const item *from = &d->items[l->from], *to = &d->items[l->to];
    int         x0 = middle(from), y0 = top_of(from) + BOX_HEIGHT, x1 = middle(to), y1 = top_of(to);
    int         half = (y0 + y1) / 2;

    dvt_buf_printf(b, "<path d=\"M%d %dC%d %d %d %d %d %d", x0, y0, x0, half, x1, half, x1, y1);
    if (to->kind == ITEM_BEND) {
        dvt_buf_printf(b, "V%d\"/>\n", y1 + BOX_HEIGHT);
    } else {
        dvt_buf_puts(b, "\" marker-end=\"url(#a)\"/>\n");
    }
}

static void put_drawing(drawing *d, dvt_graph_colour_fn colour, void *ud, dvt_buf *b)
{
    double left = 0.0, right = 0.0;

    for (int32_t i = 0; i < d->item_count; i++) {
        double half = half_width(&d->items[i]), x = d->items[i].x;
        left = i == 0 || x - half < left ? x - half : left;
        right = i == 0 || x + half > right ? x + half : right;
    }
    for (int32_t i = 0; i < d->item_count; i++) d->items[i].x += MARGIN - left;
    int width = (int)ceil(right - left) + 2 * MARGIN, height = d->layer_count * LAYER_HEIGHT;
    dvt_buf_printf(b,
                   "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
                   "viewBox=\"0 0 %d %d\">\n<title>",
                   width, height, width, height);
    put_text(b, d->g->name, 0);
    dvt_buf_puts(b, "</title>\n<style>text{font:11px sans-serif;text-anchor:middle}"
                    ".k{font-size:10px;fill:#555}rect,ellipse{stroke:#444}"
                    "path{fill:none;stroke:#777}#a path{fill:#777}</style>\n"
                    "<defs><marker id=\"a\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" "
                    "markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\">"
                    "<path d=\"M0 0L8 4L0 8Z\"/></marker></defs>\n");
    for (int32_t i = 0; i < d->link_count; i++) put_link(d, &d->links[i], b);
    for (int32_t i = 0; i < d->item_count; i++) put_item(d, &d->items[i], colour, ud, b);
    dvt_buf_puts(b, "</svg>\n");
}

dvt_status dvt_graph_svg(const dvt_graph *g, dvt_graph_colour_fn colour, void *ud, dvt_buf *out)
{
    drawing    d = {.g = g, .arena = dvt_arena_create(g->ctx)};
    size_t     ends = (size_t)g->inputs.count + (size_t)g->outputs.count;
    dvt_status st = DVT_E_NOMEM;

    if (!d.arena) return DVT_E_NOMEM;
    d.items = dvt_arena_calloc(d.arena, (size_t)g->node_count + ends + 1, sizeof *d.items);
    d.item_of_node = dvt_arena_calloc(d.arena, (size_t)g->node_count + 1, sizeof *d.item_of_node);
    d.item_of_input =
        dvt_arena_calloc(d.arena, (size_t)g->inputs.count + 1, sizeof *d.item_of_input);
    if (d.items && d.item_of_node && d.item_of_input) {
        add_items(&d);
        st = add_links(&d);
    }
    if (st == DVT_OK) st = arrange(&d);
    if (st == DVT_OK) {
        put_drawing(&d, colour, ud, out);
        st = dvt_buf_status(out);
    }
    dvt_arena_destroy(d.arena);
    return st;
}
