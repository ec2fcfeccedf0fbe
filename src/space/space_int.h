/* SPDX-License-Identifier: Apache-2.0 */
/*
 * space_int.h - what a kind of space implements.
 *
 * A space is a list of parts, each of one kind; a space that is no product has one. A part sees
 * only its own choices. To add a kind: fill a dvti_space_kind, add it to the table in
 * space_parts.c.
 */
#ifndef DVTI_SPACE_INT_H
#define DVTI_SPACE_INT_H

#include "dovetail/space.h"

typedef struct dvti_space_part dvti_space_part;
typedef struct dvti_overlay_grid dvti_overlay_grid; /* space_overlays.c */
typedef struct dvti_rank_list dvti_rank_list;       /* space_ranks.c */

typedef struct dvti_space_kind {
    dvt_space_about about;
    /* Sets choice_count and values (and what else the part needs). */
    dvt_status (*open)(dvti_space_part *p, const dvt_space_opts *opts);
    void (*close)(dvti_space_part *p); /* NULL: nothing to do */
    const char *(*choice)(const dvti_space_part *p, int32_t i);
    /* Appends at out[*count]. NULL: none. */
    dvt_status (*counts)(const dvti_space_part *p, dvt_fact *out, int32_t *count);
    /* NULL: one choice takes another value. */
    void (*mutate)(const dvti_space_part *p, const uint32_t *v, dvt_rng *rng, uint32_t *out);
    void (*print)(const dvti_space_part *p, const uint32_t *v, dvt_buf *out);
    dvt_status (*parse)(const dvti_space_part *p, const char *text, uint32_t *out);
    int32_t (*facts)(const dvti_space_part *p, const uint32_t *v, dvt_fact *out);
    /* NULL: the space has no networks. */
    dvt_status (*graph)(const dvti_space_part *p, const uint32_t *v,
                        const dvt_space_graph_opts *opts, dvt_graph **out);
} dvti_space_kind;

struct dvti_space_part {
    const dvti_space_kind *kind;
    dvt_ctx               *ctx;
    int32_t                first; /* of its choices in the space */
    int32_t                choice_count;
    uint32_t               values[DVT_SPACE_MAX_CHOICES];
    /* Where not all combinations are points: the numbers of those that are, in mixed radix,
     * rising. Set by open, freed by close. */
    uint32_t *points;
    uint64_t  count; /* of points; open sets it with `points`, else the space does; 0 = > 2^63 */
    dvt_nb101_table   *cells; /* of nasbench101 */
    dvti_overlay_grid *grid;  /* of overlays */
    dvti_rank_list    *ranks; /* of ranks */
};

extern const dvti_space_kind dvti_space_nb101, dvti_space_nb201, dvti_space_chaidnn,
    dvti_space_overlays, dvti_space_ranks;

/* Numbers within a part, see space_parts.c. */
void     dvti_part_at(const dvti_space_part *p, uint64_t index, uint32_t *v);
uint64_t dvti_part_index(const dvti_space_part *p, const uint32_t *v);
bool     dvti_part_contains(const dvti_space_part *p, const uint32_t *v);

/* The overlay of a point that has one, unchecked (points of the space are sound); no ctx. */
void dvti_space_overlay(const dvt_space *s, const dvt_point *p, dvt_overlay *out);

/* overlay and ranks at a point of their part */
void                   dvti_overlays_plain(const dvti_space_part *p, const uint32_t *v,
                                           dvt_overlay *out);
dvt_status             dvti_overlays_overlay(const dvti_space_part *p, const uint32_t *v,
                                             dvt_overlay *out);
const dvt_device      *dvti_overlays_device(const dvti_space_part *p);
const dvt_rank_matrix *dvti_ranks_matrices(const dvti_space_part *p, int32_t *count);
void                   dvti_ranks_of(const dvti_space_part *p, const uint32_t *v, int64_t *out);

#endif
