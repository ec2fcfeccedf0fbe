/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim_int.h - the model's state and the calls between its files.
 *
 * A trip (one long word with a source) delivers results one after the other: p_vec x q_vec pixels
 * of `width` values, width = k_vec from the array and c_vec from the stream reader. Results are
 * independent of one another, so they can be computed in any order and by any thread.
 */
#ifndef DVTI_SIM_INT_H
#define DVTI_SIM_INT_H

#include "dovetail/sim.h"
#include "overlay/binary32.h"
#include "overlay/program_run.h"

enum {
    DVTI_C_VEC_MAX = 256,
    DVTI_K_VEC_MAX = 512,
    DVTI_PARAM_ROW_BYTES = 16,
    DVTI_UNIT_BYTES = 16,
    DVTI_PRODUCTS_MAX = 65535 /* of a result: none overflows with filters within [-1, 1] */
};

/* Blocks, unpacked: mantissas (words, c_vec) and exponents (words). */
typedef struct dvti_blocks {
    int16_t *mant;
    uint8_t *exp;
    int64_t  words;
} dvti_blocks;

/* What one turn of a result adds to address, coordinates and filter word. */
typedef struct dvti_turn {
    int64_t a, h, w, f;
} dvti_turn;

struct dvt_sim {
    dvt_ctx            *ctx;
    const dvt_program  *p;
    dvt_overlay         o;
    dvt_overlay_derived d;
    dvt_sim_kind        kind;
    dvt_word           *words;       /* (p->word_count), decoded once */
    bool               *in_order;    /* (p->word_count): results must leave one after the other */
    uint8_t            *memory;      /* external: image, then feature regions */
    dvti_blocks         stream;      /* the stream buffer */
    dvti_blocks         page;        /* filters of the current page: word-major, then lanes */
    float              *fast_filter; /* the same page, arranged for array_fast.c */
    int32_t            *fast_exp;
    int64_t             fast_words; /* words that fast_filter can hold */
    dvti_turn          *turns;      /* of one result of the current word, up to turn_cap */
    int64_t             turn_cap;
    bool                fast_safe; /* no sum of the page can overflow an accumulator */
    dvti_runner         host;      /* its values, transfers and steps */
    void               *scratch;   /* (jobs) private blocks of scratch_bytes */
    size_t              scratch_bytes;
    dvt_sim_counters    counters;
    uint64_t           *saturated; /* (jobs) counted by each thread during a word */
};

/* One word on its way: what is worked out once before the first result. */
typedef struct dvti_trip {
    dvt_sim        *s;
    const dvt_word *w;
    bool            from_array;
    int32_t         width;            /* values of a pixel in a result */
    int32_t         pixels;           /* p_vec * q_vec */
    int64_t         results;          /* in all */
    int64_t         turns;            /* of the stream reader for one result */
    int64_t         pages_per_result; /* slices; 1 if pages change between results only */
    const uint8_t  *params;           /* parameter rows */
    int64_t         param_rows;
    int64_t         first_result; /* of the page or of the word */
    int64_t         slice;        /* page of the result that is being accumulated */
    bool            in_order;     /* one thread */
} dvti_trip;

/* loop_nest.c: index arithmetic of the long words' loops. */
int64_t dvti_nest_count(const int64_t *n, int first, int end);
/* sum over levels first..end-1 of counter(index) * step */
int64_t dvti_nest_dot(int64_t index, const int64_t *n, const int64_t *step, int first, int end);

/* stream.c: blocks in and out. */
dvt_status dvti_blocks_init(dvt_ctx *ctx, dvti_blocks *b, int64_t words, int32_t c_vec);
void       dvti_blocks_deinit(dvt_ctx *ctx, dvti_blocks *b);
void       dvti_fread(dvt_sim *s, const dvt_part_fread *f);
void       dvti_load_page(dvt_sim *s, const dvt_part_wread *w, int64_t page);
/* The block that lane (p,q) of turn `turn` reads; -1 = outside of the image. */
int64_t dvti_sread_address(const dvt_part_sread *r, int64_t turn, int32_t p, int32_t q);
void    dvti_block_values(const dvt_sim *s, int64_t address, float scale, float *x /* (c_vec) */);
/* How many values of the result count: fewer in the last turn of the channel level. */
int64_t dvti_result_values(const dvt_part_write *w, int64_t result, int32_t width);
void    dvti_write_result(const dvti_trip *t, int64_t result, const float *x /* (pixels, width) */,
                          uint64_t *saturated);

/* array.c: accumulators of one result; acc is (pixels, k_vec), saturation counted. */
void dvti_array_naive(const dvti_trip *t, int64_t result, int64_t *acc, uint64_t *saturated);
void dvti_array_values(const dvt_sim *s, const int64_t *acc, int64_t count, float *x);
/* array_fast.c: the same bits; scratch as given by dvti_array_fast_scratch. */
size_t     dvti_array_fast_scratch(const dvt_overlay *o);
dvt_status dvti_array_fast_page(dvt_sim *s, const dvt_part_wread *w);
void       dvti_array_fast_deinit(dvt_sim *s);
bool       dvti_array_fast(const dvti_trip *t, int64_t result, int64_t *acc, void *scratch);

/* auxiliary.c: kernels between source and writer. */
void dvti_pool(const dvti_trip *t, int64_t result, float *x);
void dvti_depthwise(const dvti_trip *t, int64_t result, float *x);
void dvti_lrn(const dvti_trip *t, int64_t result, float *x);
void dvti_stream_values(const dvti_trip *t, int64_t result, float *x);
void dvti_scale(const dvti_trip *t, int64_t result, float *x);
void dvti_act(const dvti_trip *t, int64_t result, float *x);
void dvti_elt(const dvti_trip *t, int64_t result, float *x);

/* write_order.c: fills s->in_order. */
dvt_status dvti_find_write_order(dvt_sim *s);

/* execute.c */
dvt_status dvti_execute(dvt_sim *s, const dvt_word *w);

#endif
