/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overlay_cost.c - the cost of a network on an overlay: compile it, profile it.
 *
 * Weights   Parameters get values that are neither zero nor equal, so that the compiler finds no
 *           filter to skip and nothing to share: of both signs and smaller the more are summed up,
 *           so that deep networks stay in range. An int8 overlay is calibrated on such an image.
 * Tests     tests/unit/test_overlay_cost.c
 */
#include <math.h>
#include <string.h>

#include "dovetail/compile.h"
#include "dovetail/sim.h"
#include "space/overlay_cost_int.h"

/* In (0.25, 1.25). */
static float value_at(uint32_t h) { return 0.25f + (float)((h >> 16) + 1) * 0x1p-16f; }

static uint32_t scramble(int64_t i, int32_t of)
{
    return ((uint32_t)i + (uint32_t)of * 40503u) * 2654435761u;
}

static dvt_status fill_tensor(dvt_ctx *ctx, const dvt_value *v, int32_t of, dvt_tensor *out)
{
    dvt_status st = dvt_tensor_init(ctx, v->dtype, &v->shape, out);
    int64_t    count = st == DVT_OK && v->dtype == DVT_DTYPE_F32 ? dvt_shape_count(&v->shape) : 0;

    double sums = v->shape.rank > 1 ? (double)count / (double)v->shape.dim[0] : 0.0;
    float  size = sums > 0.0 ? (float)(1.0 / sqrt(sums)) : 1.0f;

    for (int64_t i = 0; i < count; i++) {
        uint32_t h = scramble(i, of);
        float    x = value_at(h) * size;
        ((float *)out->data)[i] = sums > 0.0 && (h >> 15 & 1) ? -x : x;
    }
    return st;
}

dvt_status dvti_fill_params(dvt_graph *g)
{
    dvt_status st = DVT_OK;

    for (int32_t i = 0; st == DVT_OK && i < dvt_graph_value_count(g); i++) {
        const dvt_value *v = dvt_graph_value(g, (dvt_value_id){i});
        dvt_tensor       t;
        if (v->kind != DVT_VALUE_PARAM) {
            continue;
        }
        st = fill_tensor(dvt_graph_ctx(g), v, i, &t);
        if (st == DVT_OK) {
            st = dvt_graph_set_data(g, (dvt_value_id){i}, &t);
        }
        dvt_tensor_deinit(dvt_graph_ctx(g), &t);
    }
    return st;
}

/* One image for each input. */
static dvt_status make_samples(const dvt_graph *g, dvt_tensor **out, int32_t *made)
{
    dvt_ctx   *ctx = dvt_graph_ctx(g);
    int32_t    count = dvt_graph_input_count(g);
    dvt_status st = DVT_OK;

    *made = 0;
    *out = dvt_calloc(ctx, (size_t)count + 1, sizeof **out);
    if (!*out) {
        return DVT_E_NOMEM;
    }
    for (int32_t i = 0; st == DVT_OK && i < count; i++) {
        st = fill_tensor(ctx, dvt_graph_value(g, dvt_graph_input(g, i)), -1 - i, &(*out)[i]);
        *made += st == DVT_OK;
    }
    return st;
}

/* ---- programs ------------------------------------------------------------------------------ */

/* All that the cycle model reads: long words, the steps that run them, the size of memory, and the
 * overlay but for its name and the depths of its memories (docs/timing.md names none of these). */
static void key_of(const dvt_program *p, uint64_t out[2])
{
    dvt_overlay o;
    uint64_t    seed = (uint64_t)p->memory_bytes;

    memcpy(&o, &p->overlay, sizeof o); /* bytes between the fields, too: they may only differ */
    memset(o.name, 0, sizeof o.name);
    o.stream_buffer_words_per_bank = o.filter_cache_words = 0;
    for (int32_t i = 0; i < p->step_count; i++) {
        const int64_t step[3] = {(int64_t)p->steps[i].kind, p->steps[i].first, p->steps[i].count};
        seed = dvt_hash64(step, sizeof step, seed);
    }
    seed = dvt_hash64(&o, sizeof o, seed);
    out[0] = dvt_hash64(p->control, p->control_bytes, seed);
    out[1] = dvt_hash64(p->control, p->control_bytes, ~seed);
}

static bool find_time(const dvti_program_times *seen, const uint64_t key[2], int64_t *cycles)
{
    for (int32_t i = 0; seen && i < seen->count; i++) {
        if (seen->key[i][0] == key[0] && seen->key[i][1] == key[1]) {
            *cycles = seen->cycles[i];
            return true;
        }
    }
    return false;
}

static void keep_time(dvti_program_times *seen, const uint64_t key[2], int64_t cycles)
{
    int32_t at = seen->next;

    seen->next = (at + 1) % DVTI_PROGRAM_TIMES;
    seen->count = seen->count < DVTI_PROGRAM_TIMES ? seen->count + 1 : seen->count;
    memcpy(seen->key[at], key, sizeof seen->key[at]);
    seen->cycles[at] = cycles;
}

static int64_t host_steps_of(const dvt_program *p)
{
    int64_t count = 0;

    for (int32_t i = 0; i < p->step_count; i++) {
        count += p->steps[i].kind == DVT_STEP_HOST;
    }
    return count;
}

static dvt_status time_program(const dvt_program *p, dvti_program_times *seen, int64_t *cycles)
{
    dvt_profile profile;
    uint64_t    key[2] = {0};
    dvt_status  st = DVT_OK;

    if (seen) {
        key_of(p, key);
    }
    if (find_time(seen, key, cycles)) {
        return DVT_OK;
    }
    st = dvt_profile_program(p, &profile);
    if (st == DVT_OK) {
        *cycles = profile.cycles;
        dvt_profile_deinit(&profile);
    }
    if (st == DVT_OK && seen) {
        keep_time(seen, key, *cycles);
    }
    return st;
}

dvt_status dvti_overlay_cycles(const dvt_graph *g, const dvt_overlay *o, dvti_program_times *seen,
                               int64_t *cycles, int64_t *host_steps)
{
    dvt_ctx         *ctx = dvt_graph_ctx(g);
    dvt_compile_opts opts = {.overlay = o};
    dvt_program     *p = NULL;
    dvt_tensor      *samples = NULL;
    int32_t          made = 0;
    dvt_status       st = DVT_OK;

    *cycles = *host_steps = 0;
    if (o->format == DVT_FORMAT_INT8) {
        st = make_samples(g, &samples, &made);
        opts.samples = samples;
        opts.sample_count = 1;
    }
    if (st == DVT_OK) {
        st = dvt_compile(g, &opts, &p);
    }
    if (st == DVT_OK) {
        *host_steps = host_steps_of(p);
        st = time_program(p, seen, cycles);
    }
    dvt_program_destroy(p);
    for (int32_t i = 0; i < made; i++) {
        dvt_tensor_deinit(ctx, &samples[i]);
    }
    dvt_free(ctx, samples);
    return st;
}

dvt_status dvt_overlay_cost_of(const dvt_graph *g, const dvt_overlay *o, const dvt_device *device,
                               dvt_overlay_cost *out)
{
    dvt_graph *copy = NULL;
    dvt_status st = dvt_graph_clone(g, &copy);

    *out = (dvt_overlay_cost){0};
    if (st == DVT_OK) {
        st = dvti_fill_params(copy);
    }
    if (st == DVT_OK) {
        st = dvti_overlay_cycles(copy, o, NULL, &out->cycles, &out->host_steps);
    }
    dvt_graph_destroy(copy);
    if (st != DVT_OK) {
        return st;
    }
    out->latency_ms = (double)out->cycles / (o->clock_mhz * 1e3);
    if (device) {
        dvt_overlay_resources(o, device, &out->resources);
        out->area_ppm = dvt_overlay_area_ppm(&out->resources);
    }
    return DVT_OK;
}
