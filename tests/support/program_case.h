/* SPDX-License-Identifier: Apache-2.0 */
/*
 * program_case.h - a small network compiled for an overlay, and the program as a few lines of text.
 *
 *     program_case t = program_open("overlays/small-fp11.json", "dvg 1 t ... output y");
 *     program_compile(&t, NULL);
 *     program_expect(&t, "upload x\n"
 *                        "conv: load, array scale act > memory\n"
 *                        "download y\n");
 *     program_close(&t);
 *
 * Listing   the steps in order; an overlay step is the list of its long words: name, "load" if the
 *           word brings features in, the source and the kernels of its route, where results go.
 */
#ifndef TESTS_SUPPORT_PROGRAM_CASE_H
#define TESTS_SUPPORT_PROGRAM_CASE_H

#include "dovetail/compile.h"

typedef struct program_case {
    dvt_ctx     *ctx;
    dvt_graph   *g;
    dvt_overlay  o;
    dvt_program *p;
} program_case;

/* Overlay from a file of the repository, graph from its text; `o` may be edited afterwards. */
program_case program_open(const char *overlay, const char *text);
/* Checks that every byte was given back. */
void program_close(program_case *t);

/* Compiles for t->o; fails the test if that fails. `disable`: one optimisation, or NULL. */
void program_compile(program_case *t, const char *disable);
/* The same with all options (the overlay is filled in), for calls that shall fail. */
dvt_status program_try(program_case *t, dvt_compile_opts opts);

/* The program's listing must be `want`. */
void program_expect(const program_case *t, const char *want);
/* The long word of this name; there must be one. */
dvt_word program_word(const program_case *t, const char *name);

#endif
