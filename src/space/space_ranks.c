/* SPDX-License-Identifier: Apache-2.0 */
/*
 * space_ranks.c - low-rank choices: for each matrix of weights a rank, or to leave it as it is.
 *
 * Idea      W (a x b) becomes U (a x r) V (r x b), which has r (a + b) values instead of a b. The
 *           grid of ranks is that of shares: for each share of the values that shall be kept, the
 *           largest rank that keeps no more. Ranks that coincide count once; none is above
 *           a b / (a + b), where nothing would be saved.
 * Matrices  Dense layers, products with a constant right operand, and convolutions in one group: a
 *           kernel (K, C, R, S) is the matrix K x (C R S), its factors a convolution to r channels
 *           and a 1x1 convolution. Matrices that no rank makes smaller are left out.
 * Texts     "12,full,30": one rank for each matrix, in the network's order.
 * Tests     tests/unit/test_space_ranks.c
 */
#include "space/low_rank.h"

#include <string.h>

#include "space/space_int.h"

enum { FULL = 0 };

/* Thousandths of the values of a matrix that are kept. */
static const int32_t shares[] = {20, 30, 50, 70, 100, 150, 200, 250, 300, 400, 500, 600, 700, 850};
enum { SHARES = sizeof shares / sizeof *shares, VALUES = SHARES + 1 };

typedef struct rank_choice {
    uint32_t count;
    int64_t  rank[VALUES]; /* rising; the last is FULL */
} rank_choice;

struct dvti_rank_list {
    dvt_arena       *arena;
    int32_t          count;
    dvt_rank_matrix *matrix; /* (count) */
    rank_choice     *choice; /* (count) */
    dvt_node_id     *node;   /* (count) of the network, or NULL */
    const dvt_graph *network;
};

/* ---- the ranks of a matrix ----------------------------------------------------------------- */

/* The largest r with r (a + b) <= share a b / 1000, at least 1. */
static int64_t rank_of(const dvt_rank_matrix *m, int32_t share)
{
    double r = (double)share * (double)m->rows * (double)m->columns /
               (1000.0 * (double)(m->rows + m->columns));

    return r < 1.0 ? 1 : (int64_t)r;
}

static void list_ranks(const dvt_rank_matrix *m, rank_choice *out)
{
    *out = (rank_choice){0};
    for (int i = 0; i < SHARES; i++) {
        int64_t r = rank_of(m, shares[i]);
        bool    saves =
            (double)r * (double)(m->rows + m->columns) < (double)m->rows * (double)m->columns;
        if (saves && (out->count == 0 || r > out->rank[out->count - 1])) {
            out->rank[out->count++] = r;
        }
    }
    out->rank[out->count++] = FULL;
}

/* ---- opening ------------------------------------------------------------------------------- */

static dvt_status take(dvti_rank_list *l, const dvt_rank_matrix *m, dvt_node_id node)
{
    list_ranks(m, &l->choice[l->count]);
    if (l->choice[l->count].count < 2) {
        return DVT_OK;
    }
    l->matrix[l->count] = *m;
    l->matrix[l->count].name = dvt_arena_strdup(l->arena, m->name);
    l->node[l->count] = node;
    return l->matrix[l->count++].name ? DVT_OK : DVT_E_NOMEM;
}

static dvt_status take_network(dvti_rank_list *l, const dvt_graph *g)
{
    dvt_status st = DVT_OK;

    l->network = g;
    for (int32_t i = 0; st == DVT_OK && i < dvt_graph_node_count(g); i++) {
        dvt_rank_matrix m;
        if (dvti_low_rank_matrix(g, (dvt_node_id){i}, &m)) {
            st = take(l, &m, (dvt_node_id){i});
        }
    }
    return st;
}

static dvt_status take_list(dvt_ctx *ctx, dvti_rank_list *l, const dvt_space_opts *opts)
{
    dvt_status st = DVT_OK;

    for (int32_t i = 0; st == DVT_OK && i < opts->matrix_count; i++) {
        const dvt_rank_matrix *m = &opts->matrices[i];
        if (m->rows < 1 || m->columns < 1 || m->rows > DVT_DIM_MAX || m->columns > DVT_DIM_MAX) {
            return dvt_fail(ctx, DVT_E_SHAPE, NULL, "matrix '%s' is %lld x %lld", m->name,
                            (long long)m->rows, (long long)m->columns);
        }
        st = take(l, m, DVT_NO_NODE);
    }
    return st;
}

static dvt_status fail_empty(dvt_ctx *ctx, const dvt_space_opts *opts)
{
    if (!opts->network && opts->matrix_count == 0) {
        dvt_fail(ctx, DVT_E_USAGE, NULL, "ranks need a network whose matrices are factored");
        dvt_fail_hint(ctx, "name its file with --network");
        return DVT_E_USAGE;
    }
    dvt_fail(ctx, DVT_E_USAGE, NULL, "the network has no matrix that a low rank makes smaller");
    dvt_fail_hint(ctx, "dense layers, products with constants and convolutions in one group count");
    return DVT_E_USAGE;
}

static void close_part(dvti_space_part *p)
{
    if (p->ranks) {
        dvt_arena_destroy(p->ranks->arena);
    }
    dvt_free(p->ctx, p->ranks);
    p->ranks = NULL;
}

static dvt_status make_list(dvti_space_part *p, const dvt_space_opts *opts)
{
    dvti_rank_list *l = dvt_calloc(p->ctx, 1, sizeof *l);
    size_t          room = opts->matrix_count > 0 ? (size_t)opts->matrix_count : 0;

    if (opts->network) {
        room = (size_t)dvt_graph_node_count(opts->network);
    }
    p->ranks = l;
    if (!l || !(l->arena = dvt_arena_create(p->ctx))) {
        return DVT_E_NOMEM;
    }
    l->matrix = dvt_arena_calloc(l->arena, room + 1, sizeof *l->matrix);
    l->choice = dvt_arena_calloc(l->arena, room + 1, sizeof *l->choice);
    l->node = dvt_arena_calloc(l->arena, room + 1, sizeof *l->node);
    if (!l->matrix || !l->choice || !l->node) {
        return DVT_E_NOMEM;
    }
    return opts->network ? take_network(l, opts->network) : take_list(p->ctx, l, opts);
}

static dvt_status open_part(dvti_space_part *p, const dvt_space_opts *opts)
{
    dvt_status st = make_list(p, opts);

    if (st == DVT_OK && p->ranks->count == 0) {
        st = fail_empty(p->ctx, opts);
    }
    if (st == DVT_OK && p->ranks->count > DVT_SPACE_MAX_CHOICES) {
        st = dvt_fail(p->ctx, DVT_E_CAPACITY, NULL,
                      "the network has %d matrices to choose ranks for, at most %d are handled",
                      (int)p->ranks->count, DVT_SPACE_MAX_CHOICES);
    }
    if (st != DVT_OK) {
        close_part(p);
        return st;
    }
    p->choice_count = p->ranks->count;
    for (int32_t i = 0; i < p->choice_count; i++) {
        p->values[i] = p->ranks->choice[i].count;
    }
    return DVT_OK;
}

static const char *choice(const dvti_space_part *p, int32_t i) { return p->ranks->matrix[i].name; }

/* ---- texts --------------------------------------------------------------------------------- */

static void print(const dvti_space_part *p, const uint32_t *v, dvt_buf *out)
{
    for (int32_t i = 0; i < p->choice_count; i++) {
        int64_t rank = p->ranks->choice[i].rank[v[i]];
        if (rank == FULL) {
            dvt_buf_printf(out, "%sfull", i ? "," : "");
        } else {
            dvt_buf_printf(out, "%s%lld", i ? "," : "", (long long)rank);
        }
    }
}

static dvt_status fail_rank(const dvti_space_part *p, int32_t i, const char *word)
{
    const rank_choice *c = &p->ranks->choice[i];
    dvt_buf            all;

    dvt_buf_init(&all, p->ctx, 0);
    for (uint32_t k = 0; k + 1 < c->count; k++) {
        dvt_buf_printf(&all, "%lld, ", (long long)c->rank[k]);
    }
    dvt_fail(p->ctx, DVT_E_NOTFOUND, NULL, "the rank of '%s' is one of %sfull, not '%s'",
             p->ranks->matrix[i].name, all.data ? all.data : "", word);
    dvt_buf_deinit(&all);
    return DVT_E_NOTFOUND;
}

static bool find_rank(const rank_choice *c, const char *word, uint32_t *out)
{
    int64_t rank = FULL;

    if (strcmp(word, "full") != 0 && (!dvt_parse_i64(word, &rank) || rank == FULL)) {
        return false;
    }
    for (*out = 0; *out < c->count; ++*out) {
        if (c->rank[*out] == rank) {
            return true;
        }
    }
    return false;
}

static dvt_status parse(const dvti_space_part *p, const char *text, uint32_t *out)
{
    const char *at = text;
    dvt_pos     pos = {.file = "ranks", .line = 1};

    for (int32_t i = 0; i < p->choice_count; i++) {
        char   word[24] = "";
        size_t size = strcspn(at, ",");
        bool   last = i + 1 == p->choice_count;
        memcpy(word, at, size < sizeof word ? size : sizeof word - 1);
        if (size >= sizeof word || !find_rank(&p->ranks->choice[i], word, &out[i])) {
            return fail_rank(p, i, word);
        }
        if ((at[size] == '\0') != last) {
            pos.column = (uint32_t)(at - text + (ptrdiff_t)size) + 1;
            return dvt_fail(p->ctx, DVT_E_PARSE, &pos, "there are %d ranks, not %s",
                            (int)p->choice_count, last ? "more" : "fewer");
        }
        at += size + 1;
    }
    return DVT_OK;
}

/* ---- what a point is ----------------------------------------------------------------------- */

const dvt_rank_matrix *dvti_ranks_matrices(const dvti_space_part *p, int32_t *count)
{
    *count = p->ranks->count;
    return p->ranks->matrix;
}

void dvti_ranks_of(const dvti_space_part *p, const uint32_t *v, int64_t *out)
{
    for (int32_t i = 0; i < p->choice_count; i++) {
        out[i] = p->ranks->choice[i].rank[v[i]];
    }
}

static int32_t facts(const dvti_space_part *p, const uint32_t *v, dvt_fact *out)
{
    int64_t dense = 0, kept = 0, factored = 0;

    for (int32_t i = 0; i < p->choice_count; i++) {
        const dvt_rank_matrix *m = &p->ranks->matrix[i];
        int64_t                rank = p->ranks->choice[i].rank[v[i]];
        dense += m->rows * m->columns;
        kept += rank == FULL ? m->rows * m->columns : rank * (m->rows + m->columns);
        factored += rank != FULL;
    }
    out[0] = (dvt_fact){"matrices", p->choice_count};
    out[1] = (dvt_fact){"factored", factored};
    out[2] = (dvt_fact){"matrix_values", kept};
    out[3] = (dvt_fact){"matrix_values_dense", dense};
    return 4;
}

static dvt_status graph(const dvti_space_part *p, const uint32_t *v,
                        const dvt_space_graph_opts *opts, dvt_graph **out)
{
    const dvti_rank_list *l = p->ranks;
    int64_t              *ranks;
    dvt_status            st;

    (void)opts;
    *out = NULL;
    if (!l->network) {
        return dvt_fail(p->ctx, DVT_E_UNSUPPORTED, NULL,
                        "the ranks are of a list of matrices, not of a network");
    }
    ranks = dvt_calloc(p->ctx, (size_t)l->count, sizeof *ranks);
    if (!ranks) {
        return DVT_E_NOMEM;
    }
    dvti_ranks_of(p, v, ranks);
    st = dvti_low_rank_graph(l->network, l->node, ranks, l->count, out);
    dvt_free(p->ctx, ranks);
    return st;
}

const dvti_space_kind dvti_space_ranks = {
    .about = {"ranks", "low-rank factors: a rank for each matrix of a network",
              "12,full,30 (a rank or 'full' for each matrix, in order)"},
    .open = open_part,
    .close = close_part,
    .choice = choice,
    .print = print,
    .parse = parse,
    .facts = facts,
    .graph = graph,
};
