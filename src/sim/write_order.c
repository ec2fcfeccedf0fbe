/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write_order.c - which words write a place twice, so that their results must leave in order.
 *
 * Idea      Results are computed by any thread at any time, which cannot be seen as long as each
 *           has places of its own. The writer's nest may well lead two of them to one place: then
 *           the later result stays, as if they had left one after the other, and the word runs on
 *           one thread. Compilers emit no such words; a program from elsewhere may hold them.
 * How       every place that a word writes is marked in a map of bits and unmarked again, once,
 *           when the model is made, and only where there is more than one thread.
 * Tests     tests/diff/diff_sim.c (words of overlapping results), tests/unit/test_sim.c
 */
#include "sim/sim_int.h"

typedef struct place_map {
    uint8_t *bits;
    bool     twice; /* met a place that was marked */
} place_map;

static void touch(place_map *m, int64_t at, bool mark)
{
    uint8_t bit = (uint8_t)(1u << at % 8);

    if (mark) {
        m->twice = m->twice || (m->bits[at / 8] & bit) != 0;
        m->bits[at / 8] |= bit;
    } else {
        m->bits[at / 8] &= (uint8_t)~bit;
    }
}

static void touch_result(place_map *m, const dvt_sim *s, const dvt_word *word, int64_t result,
                         bool mark)
{
    const dvt_part_write *w = &word->write;
    int64_t               base = w->base + dvti_nest_dot(result, w->n, w->d, 0, DVT_OUT_LOOPS);
    int64_t               rows = w->h_max - dvti_nest_dot(result, w->n, w->h, 0, DVT_OUT_LOOPS);
    int64_t               columns = w->w_max - dvti_nest_dot(result, w->n, w->w, 0, DVT_OUT_LOOPS);
    int32_t               width = word->xbar.source == 0 ? s->o.k_vec : s->o.c_vec;
    int64_t blocks = (dvti_result_values(w, result, width) + s->o.c_vec - 1) / s->o.c_vec;

    for (int32_t p = 0; p < s->o.p_vec && p < rows; p++) {
        for (int32_t q = 0; q < s->o.q_vec && q < columns; q++) {
            for (int64_t j = 0; j < blocks; j++) {
                touch(m, base + p * w->pd + q * w->qd + j * w->jd, mark);
            }
        }
    }
}

static bool writes_twice(place_map *m, const dvt_sim *s, const dvt_word *w)
{
    int64_t results = dvti_nest_count(w->write.n, 0, DVT_OUT_LOOPS), marked = 0;

    m->twice = false;
    for (; marked < results && !m->twice; marked++) {
        touch_result(m, s, w, marked, true);
    }
    for (int64_t r = 0; r < marked; r++) {
        touch_result(m, s, w, r, false);
    }
    return m->twice;
}

dvt_status dvti_find_write_order(dvt_sim *s)
{
    int64_t   memory_words = s->p->memory_bytes / s->d.feature_word_bytes;
    int64_t   stream_words = s->d.stream_buffer_words;
    size_t    places = (size_t)(memory_words > stream_words ? memory_words : stream_words);
    place_map m = {NULL, false};

    s->in_order = dvt_calloc(s->ctx, (size_t)s->p->word_count + 1, sizeof *s->in_order);
    if (!s->in_order) {
        return DVT_E_NOMEM;
    }
    if (dvt_ctx_jobs(s->ctx) == 1) {
        return DVT_OK;
    }
    m.bits = dvt_calloc(s->ctx, places / 8 + 1, 1);
    if (!m.bits) {
        return DVT_E_NOMEM;
    }
    for (int32_t i = 0; i < s->p->word_count; i++) {
        if (dvt_word_has(&s->words[i], DVT_KERNEL_WRITE)) {
            s->in_order[i] = writes_twice(&m, s, &s->words[i]);
        }
    }
    dvt_free(s->ctx, m.bits);
    return DVT_OK;
}
