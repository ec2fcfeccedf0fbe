/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim_words.h - a few long words made by hand, with features, filters and parameters in memory, run
 * in the bit-accurate model.
 *
 *     sim_words s;
 *     sim_words_open(&s, ctx, &overlay);
 *     sim_put_values(&s, 0, x);                        (block 0 of external memory)
 *     dvt_word w = sim_stream_word(&s, 1);             (one result, straight through)
 *     sim_route(&w, DVT_KERNEL_ACT);
 *     sim_words_add(&s, &w);
 *     sim_words_run(&s, DVT_SIM_NAIVE);
 *     sim_get_values(&s, 0, y);                        (block 0 of the results)
 *     sim_words_close(&s);
 *
 * Memory    features from word 0, filters, parameters and results each in a region of their own;
 *           block i of the results is word `out` + i.
 */
#ifndef TESTS_SUPPORT_SIM_WORDS_H
#define TESTS_SUPPORT_SIM_WORDS_H

#include "dovetail/sim.h"

enum {
    SIM_MEMORY = 1 << 18,
    SIM_FILTERS = 1 << 15, /* first byte of each region; features start at 0 */
    SIM_PARAMS = 1 << 16,
    SIM_RESULTS = 3 << 15,
    SIM_DUMP = 7 << 15,
    SIM_WORDS_MAX = 16,
    SIM_TABLES = 2
};

typedef struct sim_words {
    dvt_ctx            *ctx;
    dvt_overlay         o;
    dvt_overlay_derived d;
    dvt_program         p; /* of one step */
    dvt_program_step    step;
    dvt_program_note    notes[SIM_WORDS_MAX];
    dvt_function_table  tables[SIM_TABLES]; /* sigmoid; t^-0.75 */
    dvt_buf             control;
    uint8_t            *image; /* (SIM_MEMORY) before the run */
    uint32_t            out;   /* feature word at SIM_RESULTS */
    dvt_sim            *sim;
} sim_words;

/* c_vec 2, k_vec 2, q_vec 2, p_vec 1; every kernel, one value a cycle, connected with every other.
 * mant_bits 3..12: block floating point with accumulators of 64 bits; 8 and int8. */
dvt_overlay sim_tiny_overlay(dvt_format_kind format, int32_t mant_bits);

void sim_words_open(sim_words *s, dvt_ctx *ctx, const dvt_overlay *o);
void sim_words_close(sim_words *s);

/* Blocks of external memory before the run; words and filters count from their region's start. */
void sim_put_block(sim_words *s, int32_t word, const int16_t *mant /* (c_vec) */, uint8_t exp);
void sim_put_filter(sim_words *s, int32_t word, const int16_t *mant /* (c_vec) */, uint8_t exp);
/* Encoded as a feature block; must be exact. int8: value of one step is 1. */
void sim_put_values(sim_words *s, int32_t word, const float *x /* (c_vec) */);
void sim_put_param(sim_words *s, int32_t row, float scale, float bias, float slope);

/* `turns` groups of p_vec x q_vec blocks, lane q of turn t is block t * q_vec + q of memory, which
 * the word loads itself; straight through to the results. */
dvt_word sim_stream_word(const sim_words *s, int32_t turns);
/* `results` results of `turns` turns each: lane q of turn t is block t * q_vec + q, multiplied with
 * filter word (t mod turns) of the one page, in k_vec lanes. */
dvt_word sim_array_word(const sim_words *s, int32_t turns, int32_t results);
/* The stream buffer filled from feature word 0 on, and copied out straight to SIM_DUMP: between the
 * two stands what is looked at. */
dvt_word sim_fill_word(const sim_words *s);
dvt_word sim_dump_word(const sim_words *s);
/* Appends the kernel to the word's route; scale takes parameter group 0 throughout. */
void sim_route(dvt_word *w, dvt_kernel kernel);
/* Gives a word with scale or prelu that group. */
void sim_params(dvt_word *w);
/* The word writes `results` results in one level. */
void sim_results(const sim_words *s, dvt_word *w, int32_t results);

void sim_words_add(sim_words *s, const dvt_word *w);
/* The program that holds the words so far; owned by `s`, which must not move. */
const dvt_program *sim_words_program(sim_words *s);
/* Makes the model and runs it once; may be repeated with another kind. The status of creation or
 * run; sim_words_run asserts DVT_OK. */
dvt_status sim_words_try(sim_words *s, dvt_sim_kind kind);
void       sim_words_run(sim_words *s, dvt_sim_kind kind);

/* After a run: block `word` of the results, as it stands and as values. */
void sim_get_block(const sim_words *s, int32_t word, int16_t *mant /* (c_vec) */, uint8_t *exp);
void sim_get_values(const sim_words *s, int32_t word, float *x /* (c_vec) */);

#endif
