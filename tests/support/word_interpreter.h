/* SPDX-License-Identifier: Apache-2.0 */
/*
 * word_interpreter.h - long words executed a third time, as the documents say and as hardware does:
 * by counting.
 *
 * Written from docs/isa.md, docs/numerics.md and docs/numerics-overlay.md alone. Where the model in
 * src/sim computes the address of any turn directly, this counts through each nest, keeps one
 * current page and one current parameter group, and reads words bit by bit. It is slow and is
 * compared with the model bit for bit. Only the encoder's table, the word structs and derived sizes
 * are shared with the library.
 */
#ifndef TESTS_SUPPORT_WORD_INTERPRETER_H
#define TESTS_SUPPORT_WORD_INTERPRETER_H

#include "dovetail/program.h"

typedef struct interpreter {
    dvt_ctx            *ctx;
    const dvt_program  *p;
    dvt_overlay         o;
    dvt_overlay_derived d;
    uint8_t            *memory; /* (p->memory_bytes) */
    int32_t            *mant;   /* the stream buffer: (words, c_vec) */
    int32_t            *exp;    /* (words) */
    int32_t            *page_mant, *page_exp;
    uint64_t            saturated;
} interpreter;

/* Memory as the program's image has it; asserts. */
void interpreter_open(interpreter *s, const dvt_program *p);
void interpreter_close(interpreter *s);
/* A word that dvt_word_check accepts, on an overlay of at most 8 pixels a result and 16 values a
 * block and a pixel. */
void interpreter_execute(interpreter *s, const dvt_word *w);

#endif
