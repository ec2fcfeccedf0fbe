/* SPDX-License-Identifier: Apache-2.0 */
/*
 * space_nb101.c - NAS-Bench-101 as a space: one choice, the place of the cell's hash among all.
 *
 * Texts     The benchmark's hash; as input also "VERTICES-ADJ_BITS-LABELS" ("4-37-10") of any
 *           labelled graph, which is pruned first.
 * Nearby    The cell gets free vertices up to seven, then one to three edges flip or labels change,
 *           until pruning leaves another cell of the space. Every cell can be reached.
 * Tests     tests/unit/test_space.c
 */
#include <string.h>

#include "space/nb101_int.h"
#include "space/space_int.h"

static dvt_status open_part(dvti_space_part *p, const dvt_space_opts *opts)
{
    (void)opts;
    dvt_status st = dvt_nb101_enumerate(p->ctx, DVT_NB101_MAX_VERTICES, &p->cells);

    if (st == DVT_OK) {
        p->choice_count = 1;
        p->values[0] = (uint32_t)dvt_nb101_table_count(p->cells);
    }
    return st;
}

static void close_part(dvti_space_part *p) { dvt_nb101_table_destroy(p->cells); }

static const char *choice(const dvti_space_part *p, int32_t i)
{
    (void)p;
    (void)i;
    return "cell";
}

static const dvt_nb101_cell *cell_of(const dvti_space_part *p, const uint32_t *v)
{
    return &dvt_nb101_table_cells(p->cells)[v[0]];
}

static dvt_status counts(const dvti_space_part *p, dvt_fact *out, int32_t *n)
{
    static const char *const keys[] = {"cells_of_2_vertices", "cells_of_3_vertices",
                                       "cells_of_4_vertices", "cells_of_5_vertices",
                                       "cells_of_6_vertices", "cells_of_7_vertices"};

    out[(*n)++] = (dvt_fact){"labelled_graphs", dvt_nb101_table_labelled(p->cells, 0)};
    for (int v = 2; v <= DVT_NB101_MAX_VERTICES; v++) {
        int64_t count = 0;
        for (int64_t i = 0; i < dvt_nb101_table_count(p->cells); i++) {
            count += dvt_nb101_table_cells(p->cells)[i].vertices == v;
        }
        out[(*n)++] = (dvt_fact){keys[v - 2], count};
    }
    return DVT_OK;
}

/* ---- nearby -------------------------------------------------------------------------------- */

/* The same cell with seven vertices; those that it lacks stand before the output, unconnected. */
static dvt_nb101_cell widen(const dvt_nb101_cell *c)
{
    dvt_nb101_cell out = {.vertices = DVT_NB101_MAX_VERTICES};

    memcpy(out.ops, c->ops, sizeof out.ops);
    for (int y = 1; y < c->vertices; y++) {
        int to = y == c->vertices - 1 ? DVT_NB101_MAX_VERTICES - 1 : y;
        for (int x = 0; x < y; x++) {
            if (dvt_nb101_edge(c, x, y)) {
                out.adj_bits |= dvti_nb101_bit(x, to);
            }
        }
    }
    return out;
}

static void change(dvt_nb101_cell *c, dvt_rng *rng)
{
    enum { EDGES = DVT_NB101_MAX_VERTICES * (DVT_NB101_MAX_VERTICES - 1) / 2 };
    uint32_t what = (uint32_t)dvt_rng_below(rng, EDGES + DVT_NB101_MAX_INTERIOR);

    if (what < EDGES) {
        c->adj_bits ^= 1u << what;
    } else {
        c->ops[what - EDGES] = (uint8_t)dvt_rng_below(rng, DVT_NB101_LABELS);
    }
}

static void mutate(const dvti_space_part *p, const uint32_t *v, dvt_rng *rng, uint32_t *out)
{
    *out = *v;
    while (*out == *v) {
        dvt_nb101_cell c = widen(cell_of(p, v));
        char           md5[DVT_MD5_HEX];
        for (uint64_t n = 1 + dvt_rng_below(rng, 3); n > 0; n--) {
            change(&c, rng);
        }
        if (dvt_nb101_prune(&c) && dvt_nb101_valid(&c)) {
            dvt_nb101_md5(&c, md5);
            *out = (uint32_t)dvt_nb101_table_find(p->cells, md5);
        }
    }
}

/* ---- texts --------------------------------------------------------------------------------- */

static void print(const dvti_space_part *p, const uint32_t *v, dvt_buf *out)
{
    const uint8_t *md5 = dvt_nb101_table_md5(p->cells, v[0]);

    for (int i = 0; i < DVT_NB101_MD5_BYTES; i++) {
        dvt_buf_printf(out, "%02x", md5[i]);
    }
}

/* "4-37-10"; false if it has another form. */
static bool parse_cell(const char *text, dvt_nb101_cell *out)
{
    const char *bits = strchr(text, '-'), *labels = bits ? strchr(bits + 1, '-') : NULL;
    char        number[24] = "";
    uint64_t    adj_bits;
    size_t      n;

    *out = (dvt_nb101_cell){0};
    if (!labels || bits != text + 1 || text[0] < '2' || text[0] > '7' ||
        (size_t)(labels - bits) > sizeof number) {
        return false;
    }
    memcpy(number, bits + 1, (size_t)(labels - bits) - 1);
    out->vertices = (uint8_t)(text[0] - '0');
    n = strlen(labels + 1);
    if (!dvt_parse_u64(number, &adj_bits) || adj_bits > UINT32_MAX ||
        n != (size_t)out->vertices - 2) {
        return false;
    }
    out->adj_bits = (uint32_t)adj_bits;
    for (size_t i = 0; i < n; i++) {
        if (labels[1 + i] < '0' || labels[1 + i] >= '0' + DVT_NB101_LABELS) {
            return false;
        }
        out->ops[i] = (uint8_t)(labels[1 + i] - '0');
    }
    return out->adj_bits < dvti_nb101_bit(0, out->vertices);
}

static dvt_status parse(const dvti_space_part *p, const char *text, uint32_t *out)
{
    dvt_nb101_cell c;
    char           md5[DVT_MD5_HEX];
    int64_t        found;

    if (strlen(text) == DVT_MD5_HEX - 1 && strspn(text, "0123456789abcdef") == DVT_MD5_HEX - 1) {
        found = dvt_nb101_table_find(p->cells, text);
    } else if (parse_cell(text, &c)) {
        found = -1;
        if (dvt_nb101_prune(&c) && dvt_nb101_valid(&c)) {
            dvt_nb101_md5(&c, md5);
            found = dvt_nb101_table_find(p->cells, md5);
        }
    } else {
        dvt_fail(p->ctx, DVT_E_PARSE, NULL, "'%s' is no cell of nasbench101", text);
        dvt_fail_hint(p->ctx, "give its hash of 32 hexadecimal digits, or VERTICES-ADJ_BITS-LABELS "
                              "such as 4-37-10: 2 to 7 vertices, edge x->y is bit x + y(y-1)/2, "
                              "labels 0 conv3x3, 1 conv1x1, 2 maxpool3x3");
        return DVT_E_PARSE;
    }
    if (found < 0) {
        dvt_fail(p->ctx, DVT_E_NOTFOUND, NULL, "nasbench101 has no cell '%s'", text);
        dvt_fail_hint(p->ctx, "cells have a path from input to output and at most 9 edges on such "
                              "paths");
        return DVT_E_NOTFOUND;
    }
    *out = (uint32_t)found;
    return DVT_OK;
}

/* ---- facts, network ------------------------------------------------------------------------ */

static int32_t facts(const dvti_space_part *p, const uint32_t *v, dvt_fact *out)
{
    const dvt_nb101_cell *c = cell_of(p, v);
    int64_t               edges = 0;

    for (uint32_t rest = c->adj_bits; rest; rest &= rest - 1) {
        edges++;
    }
    out[0] = (dvt_fact){"vertices", c->vertices};
    out[1] = (dvt_fact){"edges", edges};
    out[2] = (dvt_fact){"adj_bits", c->adj_bits};
    out[3] = (dvt_fact){"parameters", dvt_nb101_parameters(c)};
    out[4] = (dvt_fact){"macs", dvt_nb101_macs(c)};
    return 5;
}

static dvt_status graph(const dvti_space_part *p, const uint32_t *v,
                        const dvt_space_graph_opts *opts, dvt_graph **out)
{
    if (opts->skeleton && strcmp(opts->skeleton, "accuracy") != 0) {
        return dvt_fail(p->ctx, DVT_E_UNSUPPORTED, NULL,
                        "nasbench101 has the skeleton 'accuracy' only, not '%s'", opts->skeleton);
    }
    if (opts->classes != 0 && opts->classes != DVTI_NB101_CLASSES) {
        return dvt_fail(p->ctx, DVT_E_UNSUPPORTED, NULL,
                        "networks of nasbench101 have %d classes, not %d", DVTI_NB101_CLASSES,
                        (int)opts->classes);
    }
    return dvt_nb101_graph(p->ctx, cell_of(p, v), out);
}

const dvti_space_kind dvti_space_nb101 = {
    .about = {"nasbench101", "NAS-Bench-101: cells of up to 7 vertices and 9 edges",
              "the benchmark's hash, or VERTICES-ADJ_BITS-LABELS"},
    .open = open_part,
    .close = close_part,
    .choice = choice,
    .counts = counts,
    .mutate = mutate,
    .print = print,
    .parse = parse,
    .facts = facts,
    .graph = graph,
};
