/* SPDX-License-Identifier: Apache-2.0 */
/*
 * space_nb201.c - NAS-Bench-201 as a space: six edges with five operations each.
 *
 * Tests     tests/unit/test_space.c
 */
#include <stdlib.h>
#include <string.h>

#include "space/nb201_int.h"
#include "space/space_int.h"

static dvt_status open_part(dvti_space_part *p, const dvt_space_opts *opts)
{
    (void)opts;
    p->choice_count = DVT_NB201_EDGES;
    for (int i = 0; i < DVT_NB201_EDGES; i++) {
        p->values[i] = DVT_NB201_OPS;
    }
    return DVT_OK;
}

static const char *choice(const dvti_space_part *p, int32_t i)
{
    static const char *const names[DVT_NB201_EDGES] = {"edge_0_1", "edge_0_2", "edge_1_2",
                                                       "edge_0_3", "edge_1_3", "edge_2_3"};
    (void)p;
    return names[i];
}

static dvt_nb201_cell cell_of(const uint32_t *v)
{
    dvt_nb201_cell c;

    for (int i = 0; i < DVT_NB201_EDGES; i++) {
        c.op[i] = (uint8_t)v[i];
    }
    return c;
}

/* ---- different forms ----------------------------------------------------------------------- */

static int compare_u64(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* form: scratch, (DVT_NB201_COUNT) */
static int64_t count_forms(uint64_t *form, bool zeros)
{
    int64_t count = 0;

    for (int32_t i = 0; i < DVT_NB201_COUNT; i++) {
        dvt_nb201_cell c = dvt_nb201_at(i);
        form[i] = dvt_nb201_form(&c, zeros);
    }
    qsort(form, DVT_NB201_COUNT, sizeof *form, compare_u64);
    for (int32_t i = 0; i < DVT_NB201_COUNT; i++) {
        count += i == 0 || form[i] != form[i - 1];
    }
    return count;
}

static dvt_status counts(const dvti_space_part *p, dvt_fact *out, int32_t *n)
{
    uint64_t *form = dvt_calloc(p->ctx, DVT_NB201_COUNT, sizeof *form);
    int64_t   connected = 0;

    if (!form) {
        return DVT_E_NOMEM;
    }
    for (int32_t i = 0; i < DVT_NB201_COUNT; i++) {
        dvt_nb201_cell c = dvt_nb201_at(i);
        connected += dvt_nb201_connected(&c);
    }
    out[(*n)++] = (dvt_fact){"with_a_path", connected};
    out[(*n)++] = (dvt_fact){"forms_up_to_skips", count_forms(form, false)};
    out[(*n)++] = (dvt_fact){"forms_up_to_skips_and_zeros", count_forms(form, true)};
    dvt_free(p->ctx, form);
    return DVT_OK;
}

/* ---- points -------------------------------------------------------------------------------- */

static void print(const dvti_space_part *p, const uint32_t *v, dvt_buf *out)
{
    char           text[DVT_NB201_TEXT];
    dvt_nb201_cell c = cell_of(v);

    (void)p;
    dvt_buf_puts(out, dvt_nb201_print(&c, text));
}

static dvt_status parse(const dvti_space_part *p, const char *text, uint32_t *out)
{
    dvt_nb201_cell c;
    dvt_status     st = dvt_nb201_parse(p->ctx, text, &c);

    for (int i = 0; st == DVT_OK && i < DVT_NB201_EDGES; i++) {
        out[i] = c.op[i];
    }
    return st;
}

static int32_t facts(const dvti_space_part *p, const uint32_t *v, dvt_fact *out)
{
    dvt_nb201_cell c = cell_of(v);

    (void)p;
    out[0] = (dvt_fact){"index", dvt_nb201_index(&c)};
    out[1] = (dvt_fact){"connected", dvt_nb201_connected(&c)};
    out[2] = (dvt_fact){"parameters", dvt_nb201_parameters(&c)};
    out[3] = (dvt_fact){"macs", dvt_nb201_macs(&c)};
    return 4;
}

static dvt_status graph(const dvti_space_part *p, const uint32_t *v,
                        const dvt_space_graph_opts *opts, dvt_graph **out)
{
    const char    *skeleton = opts->skeleton ? opts->skeleton : "accuracy";
    bool           latbench = strcmp(skeleton, "latbench") == 0;
    dvt_nb201_cell c = cell_of(v);

    if (!latbench && strcmp(skeleton, "accuracy") != 0) {
        return dvt_fail(p->ctx, DVT_E_UNSUPPORTED, NULL,
                        "nasbench201 has the skeletons 'accuracy' and 'latbench', not '%s'",
                        skeleton);
    }
    return dvt_nb201_graph(p->ctx, &c, latbench ? DVT_NB201_LATBENCH : DVT_NB201_ACCURACY,
                           opts->classes ? opts->classes : DVTI_NB201_CLASSES, out);
}

const dvti_space_kind dvti_space_nb201 = {
    .about = {"nasbench201", "NAS-Bench-201: cells of 4 nodes, one of 5 operations on each edge",
              "|op~0|+|op~0|op~1|+|op~0|op~1|op~2|"},
    .open = open_part,
    .choice = choice,
    .counts = counts,
    .print = print,
    .parse = parse,
    .facts = facts,
    .graph = graph,
};
