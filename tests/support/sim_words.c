/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim_words.c - one-step programs around long words made by hand.
 *
 * The host's graph is empty; features come into the stream buffer by the words' own loads.
 */
#include "support/sim_words.h"

#include "support/fixture.h"

enum { STREAM_WORDS = 256, CACHE_WORDS = 64 };

dvt_overlay sim_tiny_overlay(dvt_format_kind format, int32_t mant_bits)
{
    dvt_overlay             o = {.name = "tiny",
                                 .c_vec = 2,
                                 .k_vec = 2,
                                 .q_vec = 2,
                                 .p_vec = 1,
                                 .interleave = 1,
                                 .format = format,
                                 .feature_mantissa_bits = mant_bits,
                                 .filter_mantissa_bits = mant_bits,
                                 .accumulator_bits = format == DVT_FORMAT_INT8 ? 32 : 64,
                                 .stream_buffer_banks = 1,
                                 .stream_buffer_words_per_bank = STREAM_WORDS,
                                 .filter_cache_words = CACHE_WORDS,
                                 .function_tables = SIM_TABLES,
                                 .lrn_size_max = 5,
                                 .pool_window_max = 16,
                                 .memory_bus_bits = 32,
                                 .memory_clock_mhz = 100,
                                 .memory_bandwidth_gbps = 0.4,
                                 .memory_latency_cycles = 10,
                                 .memory_burst_beats = 1,
                                 .memory_bytes = 1 << 20,
                                 .control_link_bits = 64,
                                 .control_fifo_depth = 4,
                                 .clock_mhz = 100};
    static const dvt_kernel aux[] = {DVT_KERNEL_SCALE, DVT_KERNEL_ACT,       DVT_KERNEL_POOL,
                                     DVT_KERNEL_ELT,   DVT_KERNEL_DEPTHWISE, DVT_KERNEL_LRN};
    const uint32_t point = 1u << DVT_KERNEL_SCALE | 1u << DVT_KERNEL_ACT | 1u << DVT_KERNEL_ELT |
                           1u << DVT_KERNEL_WRITE;

    for (size_t i = 0; i < sizeof aux / sizeof *aux; i++) {
        o.aux_kernels |= 1u << aux[i];
        o.aux_vec[aux[i]] = 1;
        o.connect[aux[i]] = point & ~(1u << aux[i]);
    }
    o.connect[DVT_KERNEL_ARRAY] = point;
    o.connect[DVT_KERNEL_SREAD] = point | o.aux_kernels;
    return o;
}

void sim_words_open(sim_words *s, dvt_ctx *ctx, const dvt_overlay *o)
{
    *s = (sim_words){.ctx = ctx, .o = *o};
    expect_ok(ctx, dvt_overlay_check(ctx, o));
    dvt_overlay_derive(o, &s->d);
    dvt_function_table_make(DVT_TABLE_SIGMOID, 0.0f, &s->tables[0]);
    dvt_function_table_make(DVT_TABLE_POWER, -0.75f, &s->tables[1]);
    dvt_buf_init(&s->control, ctx, 0);
    s->image = dvt_calloc(ctx, SIM_MEMORY, 1);
    s->out = (uint32_t)(SIM_RESULTS / s->d.feature_word_bytes);
    s->p = (dvt_program){.ctx = ctx,
                         .overlay = *o,
                         .model_name = "words",
                         .host = dvt_graph_create(ctx, "words"),
                         .step_count = 1,
                         .table_count = SIM_TABLES,
                         .tables = s->tables,
                         .image_bytes = SIM_MEMORY,
                         .memory_bytes = SIM_MEMORY};
    assert_non_null(s->image);
    assert_non_null(s->p.host);
}

void sim_words_close(sim_words *s)
{
    dvt_sim_destroy(s->sim);
    dvt_graph_destroy(s->p.host);
    dvt_buf_deinit(&s->control);
    dvt_free(s->ctx, s->image);
}

/* ---- memory -------------------------------------------------------------------------------- */

void sim_put_block(sim_words *s, int32_t word, const int16_t *mant, uint8_t exp)
{
    dvt_block_pack(&s->o, s->o.feature_mantissa_bits, mant, exp,
                   s->image + (size_t)word * (size_t)s->d.feature_word_bytes);
}

void sim_put_filter(sim_words *s, int32_t word, const int16_t *mant, uint8_t exp)
{
    dvt_block_pack(&s->o, s->o.filter_mantissa_bits, mant, exp,
                   s->image + SIM_FILTERS + (size_t)word * (size_t)s->d.filter_word_bytes);
}

void sim_put_values(sim_words *s, int32_t word, const float *x)
{
    int16_t mant[256];
    float   back[256];
    uint8_t exp = 0;

    if (s->o.format == DVT_FORMAT_INT8) {
        for (int32_t i = 0; i < s->o.c_vec; i++) {
            mant[i] = (int16_t)x[i];
            back[i] = (float)mant[i];
        }
    } else {
        assert_int_equal(dvt_bfp_encode(x, s->o.c_vec, s->o.feature_mantissa_bits, mant, &exp), 0);
        dvt_bfp_decode(mant, exp, s->o.c_vec, s->o.feature_mantissa_bits, back);
    }
    for (int32_t i = 0; i < s->o.c_vec; i++) {
        if (back[i] != x[i]) {
            fail_msg("%a does not stand beside the others in a block", (double)x[i]);
        }
    }
    sim_put_block(s, word, mant, exp);
}

void sim_put_param(sim_words *s, int32_t row, float scale, float bias, float slope)
{
    const float values[4] = {scale, bias, slope, 0.0f};

    memcpy(s->image + SIM_PARAMS + row * 16, values, sizeof values);
}

/* ---- words --------------------------------------------------------------------------------- */

void sim_results(const sim_words *s, dvt_word *w, int32_t results)
{
    bool    array = dvt_word_has(w, DVT_KERNEL_ARRAY);
    int32_t blocks = array ? s->d.blocks_per_result : 1;

    w->write = (dvt_part_write){.space = 1,
                                .base = s->out,
                                .n = {results, 1, 1, 1},
                                .d = {(int64_t)blocks * s->o.q_vec},
                                .h_max = s->o.p_vec,
                                .w_max = s->o.q_vec,
                                .qd = blocks,
                                .jd = 1,
                                .k_level = 7,
                                .inv_scale = dvt_isa_bits(1.0f)};
}

dvt_word sim_stream_word(const sim_words *s, int32_t turns)
{
    dvt_word w = {.kernels = 1u << DVT_KERNEL_FREAD | 1u << DVT_KERNEL_SREAD |
                             1u << DVT_KERNEL_XBAR | 1u << DVT_KERNEL_WRITE};

    w.fread = (dvt_part_fread){.n = {(int64_t)turns * s->o.q_vec, 1, 1}};
    w.sread = (dvt_part_sread){.n = {turns, 1, 1, 1, 1, 1, 1},
                               .a = {s->o.q_vec},
                               .h_max = 1,
                               .w_max = 1,
                               .qa = 1,
                               .scale = dvt_isa_bits(1.0f)};
    w.xbar.source = 1;
    sim_results(s, &w, turns);
    return w;
}

static void add_wread(dvt_word *w)
{
    if (!dvt_word_has(w, DVT_KERNEL_WREAD)) {
        w->kernels |= 1u << DVT_KERNEL_WREAD;
        w->wread = (dvt_part_wread){.src = SIM_FILTERS / 16, .n = {1, 1, 1}};
    }
}

dvt_word sim_array_word(const sim_words *s, int32_t turns, int32_t results)
{
    dvt_word w = sim_stream_word(s, turns * results);

    w.kernels |= 1u << DVT_KERNEL_ARRAY;
    w.sread.n[0] = turns;
    w.sread.n[1] = results;
    w.sread.a[1] = (int64_t)turns * s->o.q_vec;
    add_wread(&w);
    w.wread.words = turns;
    w.wread.lanes = s->o.k_vec;
    memcpy(w.array.n, w.sread.n, sizeof w.array.n);
    w.array.f[0] = 1;
    w.array.acc = 1;
    w.array.page = 7;
    w.xbar.source = 0;
    sim_results(s, &w, results);
    return w;
}

dvt_word sim_fill_word(const sim_words *s)
{
    dvt_word w = {.kernels = 1u << DVT_KERNEL_FREAD};

    w.fread = (dvt_part_fread){.n = {s->d.stream_buffer_words, 1, 1}};
    return w;
}

dvt_word sim_dump_word(const sim_words *s)
{
    int64_t  turns = s->d.stream_buffer_words / s->d.pixels;
    dvt_word w = sim_stream_word(s, 1);

    assert_int_equal(turns * s->d.pixels, s->d.stream_buffer_words);
    w.kernels &= ~(1u << DVT_KERNEL_FREAD);
    w.sread.n[0] = w.write.n[0] = turns;
    w.sread.a[0] = w.write.d[0] = s->d.pixels;
    w.sread.pa = w.write.pd = s->o.q_vec;
    w.write.base = SIM_DUMP / s->d.feature_word_bytes;
    return w;
}

void sim_route(dvt_word *w, dvt_kernel kernel)
{
    int32_t at = 0;

    while (w->xbar.route[at]) {
        at++;
    }
    w->xbar.route[at] = kernel;
    w->kernels |= 1u << kernel;
    if (kernel == DVT_KERNEL_SCALE) {
        sim_params(w);
    }
}

void sim_params(dvt_word *w)
{
    add_wread(w);
    w->wread.param_src = SIM_PARAMS / 16;
    w->wread.param_rows = 2;
    w->wread.param_groups = 1;
    w->scale.outer = w->act.outer = 1 << 20;
}

/* ---- runs ---------------------------------------------------------------------------------- */

void sim_words_add(sim_words *s, const dvt_word *w)
{
    assert_true(s->p.word_count < SIM_WORDS_MAX);
    s->notes[s->p.word_count++] = (dvt_program_note){.name = "word", .layer = "word"};
    expect_ok(s->ctx, dvt_isa_encode(s->ctx, w, &s->control));
}

const dvt_program *sim_words_program(sim_words *s)
{
    s->step = (dvt_program_step){DVT_STEP_OVERLAY, 0, s->p.word_count, NULL};
    s->p.steps = &s->step;
    s->p.notes = s->notes;
    s->p.control = (const uint8_t *)s->control.data;
    s->p.control_bytes = s->control.len;
    s->p.image = s->image;
    return &s->p;
}

dvt_status sim_words_try(sim_words *s, dvt_sim_kind kind)
{
    dvt_status st;

    dvt_sim_destroy(s->sim);
    st = dvt_sim_create(sim_words_program(s), &(dvt_sim_opts){kind}, &s->sim);
    return st == DVT_OK ? dvt_sim_run(s->sim, NULL, 0) : st;
}

void sim_words_run(sim_words *s, dvt_sim_kind kind) { expect_ok(s->ctx, sim_words_try(s, kind)); }

void sim_get_block(const sim_words *s, int32_t word, int16_t *mant, uint8_t *exp)
{
    size_t         bytes;
    const uint8_t *memory = dvt_sim_memory(s->sim, &bytes);

    dvt_block_unpack(&s->o, s->o.feature_mantissa_bits,
                     memory + (s->out + (size_t)word) * (size_t)s->d.feature_word_bytes, mant, exp);
}

void sim_get_values(const sim_words *s, int32_t word, float *x)
{
    int16_t mant[256];
    uint8_t exp;

    sim_get_block(s, word, mant, &exp);
    if (s->o.format == DVT_FORMAT_INT8) {
        for (int32_t i = 0; i < s->o.c_vec; i++) {
            x[i] = (float)mant[i];
        }
        return;
    }
    dvt_bfp_decode(mant, exp, s->o.c_vec, s->o.feature_mantissa_bits, x);
}
