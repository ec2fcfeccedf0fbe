/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compile.h - from a network and an overlay to a program.
 *
 * The compiler works on a copy of the graph: target-independent passes, placement (what the overlay
 * cannot run goes to the host with its reason), channel layouts, stream-buffer allocation, and one
 * or more long words per operator. See src/compile/README.md for the stages.
 */
#ifndef DOVETAIL_COMPILE_H
#define DOVETAIL_COMPILE_H

#include "dovetail/program.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dvt_compile_opts {
    const dvt_overlay *overlay;       /* required */
    /* every optional optimisation off, external memory between layers */
    bool               naive;
    /* names of single optimisations (dvt_compile_optimisations) */
    const char *const *disable;
    int32_t            disable_count;
    const char *const *keep;          /* names of inner values that shall become readable outputs */
    int32_t            keep_count;
    /* int8 only: sample inputs that set the feature scales, sample_count sets of one tensor per
     * graph input, in order. int8 without samples is E_USAGE. */
    const dvt_tensor  *samples;
    int32_t            sample_count;
    const char        *model_sha256;  /* recorded; NULL = "" */
    const char        *dump_after, *dump_dir; /* as in dvt_passes_opts */
} dvt_compile_opts;

/* E_UNSUPPORTED (batch above 1, parameters without data), E_CAPACITY, E_USAGE. */
DVT_API DVT_MUST_CHECK dvt_status dvt_compile(const dvt_graph *g, const dvt_compile_opts *opts,
                                              dvt_program **out);

/* Would the overlay run this node? On false `reason` says why not, for people. */
DVT_API bool dvt_compile_supports(const dvt_overlay *o, const dvt_graph *g, dvt_node_id n,
                                  char *reason, size_t reason_size);

/* Optimisations that can be switched off by name; NULL-terminated, static. Those of
 * dvt_graph_passes() count too. */
typedef struct dvt_optimisation {
    const char *name, *summary;
} dvt_optimisation;
DVT_API const dvt_optimisation *dvt_compile_optimisations(void);

#ifdef __cplusplus
}
#endif
#endif
