/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_program_run.c - program files that load are run: the naive and the fast model end alike, and
 * the time line's books balance.
 *
 * The digest is made to fit first, as in fuzz_program.c. Programs that would run for long are left
 * out; whatever else the loader and dvt_word_check let in must run without a look outside of
 * memory.
 */
#include "dovetail/sim.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DIGEST = 64, FILE_MAX = 1 << 16, CYCLES_MAX = 20000 };
static const double WORK_MAX = 1 << 23; /* multiplications, blocks moved, host elements */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

/* ---- how much there is to do --------------------------------------------------------------- */

static double product(const int64_t *n, int levels)
{
    double count = 1;

    for (int l = 0; l < levels; l++) {
        count *= (double)n[l];
    }
    return count;
}

static double word_work(const dvt_overlay *o, const dvt_word *w)
{
    double lanes = (double)o->p_vec * o->q_vec * o->c_vec, work = 0;

    if (dvt_word_has(w, DVT_KERNEL_FREAD)) {
        work += product(w->fread.n, DVT_DMA_LOOPS) * o->c_vec;
    }
    if (dvt_word_has(w, DVT_KERNEL_WREAD)) {
        work += product(w->wread.n, DVT_PAGE_LOOPS) * (double)(w->wread.words * w->wread.lanes) *
                    o->c_vec +
                (double)(w->wread.param_rows * w->wread.param_groups);
    }
    if (dvt_word_has(w, DVT_KERNEL_SREAD)) {
        bool   array = dvt_word_has(w, DVT_KERNEL_ARRAY), lrn = dvt_word_has(w, DVT_KERNEL_LRN);
        double each = array ? o->k_vec : lrn ? (double)w->lrn.size : 1.0;
        work += product(w->sread.n, DVT_LOOPS) * lanes * each;
        work += product(w->write.n, DVT_OUT_LOOPS) * lanes * (array ? o->k_vec : 1);
    }
    return work;
}

static double program_work(const dvt_program *p)
{
    double work = (double)p->memory_bytes / 16;
    size_t pos = 0, used;

    for (int32_t i = 0; i < p->word_count; i++) {
        dvt_word w;
        require(dvt_isa_decode(p->ctx, p->control + pos, p->control_bytes - pos, &used, &w) ==
                DVT_OK);
        pos += used;
        work += word_work(&p->overlay, &w);
    }
    for (int32_t i = 0; i < dvt_graph_value_count(p->host); i++) {
        const dvt_value *v = dvt_graph_value(p->host, (dvt_value_id){i});
        work += fabs((double)dvt_shape_count(&v->shape));
    }
    for (int32_t i = 0; i < dvt_graph_node_count(p->host); i++) {
        work += (double)dvt_graph_node_macs(p->host, (dvt_node_id){i});
    }
    return work * (1 + p->step_count); /* a step may be there more than once */
}

/* ---- runs ---------------------------------------------------------------------------------- */

static dvt_status make_inputs(const dvt_program *p, dvt_tensor *x)
{
    dvt_rng    rng = dvt_rng_make(1, 1);
    dvt_status st = DVT_OK;

    for (int32_t i = 0; st == DVT_OK && i < p->input_count; i++) {
        const dvt_value *v = dvt_graph_value(p->host, dvt_graph_input(p->host, i));
        st = dvt_tensor_init(p->ctx, v->dtype, &v->shape, &x[i]);
        for (int64_t k = 0;
             st == DVT_OK && v->dtype == DVT_DTYPE_F32 && k < dvt_shape_count(&v->shape); k++) {
            ((float *)x[i].data)[k] = (float)dvt_rng_normal(&rng);
        }
    }
    return st;
}

static dvt_status run(const dvt_program *p, dvt_sim_kind kind, const dvt_tensor *x, dvt_sim **s)
{
    dvt_status st = dvt_sim_create(p, &(dvt_sim_opts){kind}, s);

    if (st == DVT_OK) {
        st = dvt_sim_run(*s, x, p->input_count);
    }
    require(st == DVT_OK || dvt_ctx_error(p->ctx)->message[0] != '\0');
    dvt_ctx_clear_error(p->ctx);
    return st;
}

static void compare(const dvt_sim *a, const dvt_sim *b)
{
    dvt_sim_counters x, y;
    size_t           bytes, same;
    const uint8_t   *m = dvt_sim_memory(a, &bytes), *n = dvt_sim_memory(b, &same);

    require(bytes == same && memcmp(m, n, bytes) == 0);
    dvt_sim_counters_of(a, &x);
    dvt_sim_counters_of(b, &y);
    require(memcmp(&x, &y, sizeof x) == 0);
}

static void run_both(const dvt_program *p)
{
    dvt_tensor *x = dvt_calloc(p->ctx, (size_t)p->input_count + 1, sizeof *x);
    dvt_sim    *naive = NULL, *fast = NULL;

    if (x && make_inputs(p, x) == DVT_OK) {
        dvt_status a = run(p, DVT_SIM_NAIVE, x, &naive), b = run(p, DVT_SIM_FAST, x, &fast);
        if (a != DVT_E_NOMEM && b != DVT_E_NOMEM) {
            require(a == b);
        }
        if (a == DVT_OK && b == DVT_OK) {
            compare(naive, fast);
        }
    }
    dvt_sim_destroy(naive);
    dvt_sim_destroy(fast);
    for (int32_t i = 0; x && i < p->input_count; i++) {
        dvt_tensor_deinit(p->ctx, &x[i]);
    }
    dvt_free(p->ctx, x);
}

static void check_profile(const dvt_program *p)
{
    dvt_profile prof;

    if (dvt_profile_program_with(p, &(dvt_profile_opts){.cycles_max = CYCLES_MAX}, &prof) !=
        DVT_OK) {
        dvt_ctx_clear_error(p->ctx);
        return;
    }
    for (int32_t i = 0; i < prof.word_count; i++) {
        const dvt_word_timing *t = &prof.words[i];
        int64_t                sum = t->array_busy;
        for (int k = 0; k < DVT_STALL_COUNT; k++) {
            require(t->stall[k] >= 0);
            sum += t->stall[k];
        }
        require(sum == t->end - t->start);
    }
    dvt_profile_deinit(&prof);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dvt_ctx_opts opts = {.jobs = 1 + (uint32_t)(size & 1), .memory_budget_bytes = 64 << 20};
    dvt_ctx     *ctx = dvt_ctx_create(&opts);
    uint8_t     *copy = ctx && size >= DIGEST && size <= FILE_MAX ? dvt_alloc(ctx, size) : NULL;
    dvt_program *p = NULL;

    if (copy) {
        char digest[DVT_SHA256_HEX];
        memcpy(copy, data, size);
        dvt_sha256_hex(copy, size - DIGEST, digest);
        memcpy(copy + size - DIGEST, digest, DIGEST);
        if (dvt_program_load(ctx, "input", copy, size, &p) == DVT_OK) {
            check_profile(p);
            if (program_work(p) < WORK_MAX) {
                run_both(p);
            }
        }
        dvt_program_destroy(p);
        dvt_free(ctx, copy);
        require(dvt_ctx_bytes_in_use(ctx) == 0);
    }
    dvt_ctx_destroy(ctx);
    return 0;
}
