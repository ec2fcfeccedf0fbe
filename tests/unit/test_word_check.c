/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_word_check.c - each way in which a long word may not fit its overlay is refused with the
 * field's name; the words that the cases start from pass.
 *
 * Start     3 x 3 convolution of 16 channels, 6 x 10 pixels, padding 1, to 20 channels, with scale,
 *           prelu and an element-wise sum, on an array of 8 x 16 x 2 x 1 (small-fp11): 2 channel
 *           groups, tiles of 2 columns, words 0..119 read, 300..479 written, operand at 600.
 */
#include "dovetail/program.h"
#include "support/fixture.h"

#include <math.h>

enum { MEMORY = 1 << 20, K_ROWS = 16 };

static uint32_t bit(dvt_kernel k) { return 1u << k; }

static void ones(int64_t *n, int count)
{
    for (int i = 0; i < count; i++) {
        n[i] = 1;
    }
}

static void nest_start(dvt_word *w)
{
    static const int64_t n[] = {3, 3, 2, 1, 5, 6, 2}, a[] = {1, 10, 60, 0, 2, 10, 0};

    w->sread = (dvt_part_sread){.base = -11,
                                .h0 = -1,
                                .w0 = -1,
                                .h_max = 6,
                                .w_max = 10,
                                .pa = 10,
                                .qa = 1,
                                .ph = 1,
                                .qw = 1,
                                .scale = dvt_isa_bits(1.0f)};
    memcpy(w->sread.n, n, sizeof n);
    memcpy(w->sread.a, a, sizeof a);
    w->sread.h[1] = w->sread.w[0] = 1;
    w->sread.w[4] = 2;
    w->sread.h[5] = 1;
    memcpy(w->array.n, n, sizeof n);
    w->array.f[0] = 1;
    w->array.f[1] = 3;
    w->array.f[2] = 9;
    w->array.acc = 4;
    w->array.page = 6;
}

static dvt_word conv_word(void)
{
    dvt_word w = {.tag = 3,
                  .kernels = bit(DVT_KERNEL_WREAD) | bit(DVT_KERNEL_SREAD) | bit(DVT_KERNEL_ARRAY) |
                             bit(DVT_KERNEL_XBAR) | bit(DVT_KERNEL_SCALE) | bit(DVT_KERNEL_ACT) |
                             bit(DVT_KERNEL_ELT) | bit(DVT_KERNEL_WRITE)};

    nest_start(&w);
    w.wread = (dvt_part_wread){.words = 18,
                               .lanes = 16,
                               .n = {1, 1, 2},
                               .step = {0, 0, 144},
                               .param_src = 300,
                               .param_rows = K_ROWS,
                               .param_groups = 2};
    w.xbar = (dvt_part_xbar){.route = {DVT_KERNEL_SCALE, DVT_KERNEL_ELT, DVT_KERNEL_ACT}};
    w.scale.outer = w.act.outer = 30;
    w.act.fn = DVT_ACT_PRELU;
    w.write = (dvt_part_write){.base = 300,
                               .n = {5, 6, 2, 1},
                               .d = {2, 10, 120, 0},
                               .h = {0, 1, 0, 0},
                               .w = {2, 0, 0, 0},
                               .h_max = 6,
                               .w_max = 10,
                               .pd = 10,
                               .qd = 1,
                               .jd = 60,
                               .k_level = 2,
                               .k_last = 4,
                               .inv_scale = dvt_isa_bits(1.0f)};
    w.elt = (dvt_part_elt){.base = 600, .pa = 10, .qa = 1, .ja = 60, .scale = dvt_isa_bits(1.0f)};
    memcpy(w.elt.n, w.write.n, sizeof w.elt.n);
    memcpy(w.elt.a, w.write.d, sizeof w.elt.a);
    return w;
}

/* One block straight through, with a load: the frame of the window kernels' cases. */
static dvt_word stream_word(dvt_kernel kernel)
{
    dvt_word w = {.kernels = bit(DVT_KERNEL_FREAD) | bit(DVT_KERNEL_SREAD) | bit(DVT_KERNEL_XBAR) |
                             bit(kernel) | bit(DVT_KERNEL_WRITE)};

    w.fread = (dvt_part_fread){
        .src = 1000, .dst = 0, .n = {10, 3, 1}, .src_step = {20, 0}, .dst_step = {10, 0}};
    w.sread = (dvt_part_sread){.h_max = 3, .w_max = 10, .qa = 1, .qw = 1, .pa = 10, .ph = 1};
    ones(w.sread.n, DVT_LOOPS);
    w.sread.n[0] = 3;
    w.sread.a[0] = w.sread.w[0] = 2;
    w.xbar.source = 1;
    w.xbar.route[0] = kernel;
    w.write = (dvt_part_write){
        .base = 40, .n = {1, 1, 1, 1}, .h_max = 1, .w_max = 2, .qd = 1, .k_level = 7};
    return w;
}

static dvt_word pool_word(void)
{
    dvt_word w = stream_word(DVT_KERNEL_POOL);

    w.pool.count = 3;
    return w;
}

static dvt_word depthwise_word(void)
{
    dvt_word w = stream_word(DVT_KERNEL_DEPTHWISE);

    w.kernels |= bit(DVT_KERNEL_WREAD);
    w.depthwise.count = 3;
    w.depthwise.outer = 1;
    w.wread = (dvt_part_wread){.words = 3, .lanes = 1, .n = {1, 1, 1}};
    return w;
}

static dvt_word lrn_word(void)
{
    dvt_word w = stream_word(DVT_KERNEL_LRN);

    w.lrn = (dvt_part_lrn){.blocks = 3, .size = 5, .k = dvt_isa_bits(1.0f)};
    w.write.n[0] = 3;
    w.write.d[0] = 2;
    return w;
}

static void load_overlay(dvt_ctx *ctx, dvt_overlay *o)
{
    expect_ok(ctx, dvt_overlay_load(ctx, "overlays/small-fp11.json", o));
}

static void test_word_check__sound_words_pass(void **state)
{
    dvt_word    words[] = {conv_word(), pool_word(), depthwise_word(), lrn_word()};
    dvt_overlay o;

    load_overlay(*state, &o);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        expect_ok(*state, dvt_word_check(*state, &o, &words[i], MEMORY));
    }
}

/* The array reads words 0..119 and writes 300..599 exactly: one word less, and it is refused. */
static void test_word_check__ranges_are_exact(void **state)
{
    dvt_word    w = conv_word();
    dvt_overlay o;

    load_overlay(*state, &o);
    w.kernels &= ~bit(DVT_KERNEL_ELT);
    memcpy(w.xbar.route, (const int64_t[]){DVT_KERNEL_SCALE, DVT_KERNEL_ACT, 0}, 24);
    o.stream_buffer_banks = 1;
    o.stream_buffer_words_per_bank = 480; /* 300 + 120 + 60 - 1: the last group has one block */
    expect_ok(*state, dvt_word_check(*state, &o, &w, MEMORY));
    o.stream_buffer_words_per_bank = 479;
    expect_failure(*state, dvt_word_check(*state, &o, &w, MEMORY), DVT_E_CAPACITY,
                   "write reaches words 300..479 of the stream buffer, which has 479");
    o.stream_buffer_words_per_bank = 480;
    w.write.base = 120; /* right behind the input */
    expect_ok(*state, dvt_word_check(*state, &o, &w, MEMORY));
    w.write.base = 119;
    expect_failure(*state, dvt_word_check(*state, &o, &w, MEMORY), DVT_E_PARSE,
                   "word 3: writes words 119..298 over its input 0..119");
}

/* ---- refusals ------------------------------------------------------------------------------ */

typedef struct edit {
    dvt_status  status;
    const char *text;
    void (*apply)(dvt_word *w, dvt_overlay *o);
} edit;

#define EDIT(name, statement)                     \
    static void name(dvt_word *w, dvt_overlay *o) \
    {                                             \
        (void)w;                                  \
        (void)o;                                  \
        statement;                                \
    }

EDIT(no_sread, w->kernels &= ~bit(DVT_KERNEL_SREAD))
EDIT(no_write, w->kernels &= ~bit(DVT_KERNEL_WRITE))
EDIT(no_xbar, w->kernels &= ~bit(DVT_KERNEL_XBAR))
EDIT(no_wread, w->kernels &= ~bit(DVT_KERNEL_WREAD))
EDIT(no_such_kernel, o->aux_kernels &= ~bit(DVT_KERNEL_ELT))
EDIT(wrong_source, w->xbar.source = 1)
EDIT(nan_scale, w->sread.scale = dvt_isa_bits(NAN))
EDIT(not_connected, o->connect[DVT_KERNEL_SCALE] &= ~bit(DVT_KERNEL_ELT))
EDIT(no_way_out, o->connect[DVT_KERNEL_ACT] &= ~bit(DVT_KERNEL_WRITE))
EDIT(twice, w->xbar.route[3] = DVT_KERNEL_SCALE)
EDIT(no_aux, w->xbar.route[3] = DVT_KERNEL_SREAD)
EDIT(kernel_15, w->xbar.route[3] = 15)
EDIT(behind_end, w->xbar.route[5] = DVT_KERNEL_SCALE)
EDIT(not_routed, w->xbar.route[2] = 0)
EDIT(zero_count, w->sread.n[2] = w->array.n[2] = 0)
EDIT(
    huge_count, for (int l = 0; l < DVT_LOOPS; l++) { w->sread.n[l] = 60; })
EDIT(zero_write, w->write.n[3] = 0)
EDIT(fewer_writes, w->write.n[1] = 5)
EDIT(elt_order, w->elt.n[0] = 6; w->elt.n[1] = 5)
EDIT(no_last, w->write.k_last = 0)
EDIT(long_last, w->write.k_last = 17)
EDIT(array_n, w->array.n[0] = 2)
EDIT(filter_range, w->array.fbase = 1)
EDIT(filter_below, w->array.f[0] = -1)
EDIT(page_size, w->wread.words = o->filter_cache_words + 1)
EDIT(lanes, w->wread.lanes = 15)
EDIT(pages, w->wread.n[2] = 3)
EDIT(page_memory, w->wread.src = MEMORY / 16 - 144 - 143)
EDIT(page_below, w->wread.step[2] = -144)
EDIT(no_filters, w->wread.words = 0)
EDIT(params_memory, w->wread.param_src = MEMORY / 16 - 31)
EDIT(few_rows, w->wread.param_rows = 15)
EDIT(few_groups, w->wread.param_groups = 1)
EDIT(scale_outer, w->scale.outer = 0)
EDIT(act_outer, w->act.outer = 29)
EDIT(act_fn, w->act.fn = DVT_ACT_COUNT)
EDIT(act_table, w->act.fn = DVT_ACT_TABLE; w->act.table = 8)
EDIT(clip_order, w->act.fn = DVT_ACT_CLIP; w->act.p0 = dvt_isa_bits(2.0f))
EDIT(elt_fn, w->elt.fn = 3)
EDIT(read_below, w->sread.h0 = 0; w->sread.w0 = 0)
EDIT(read_above, w->sread.base = 16384)
EDIT(elt_above, w->elt.base = 16384 - 119)
EDIT(over_operand, w->elt.base = 250)
EDIT(to_memory, w->write.space = 1; w->write.base = MEMORY / 8 - 100)
EDIT(over_filters, w->write.space = 1; w->write.base = 0)
EDIT(over_params, w->write.space = 1; w->write.base = 650)
EDIT(
    crooked, for (int l = 0; l < DVT_LOOPS; l++) {
        w->sread.n[l] = w->array.n[l] = l < 4 ? 60 : w->sread.n[l];
        w->sread.h[l] = w->sread.w[l] = 1;
        w->array.f[l] = 0;
    })

static void test_word_check__conv_words_are_refused(void **state)
{
    static const edit edits[] = {
        {DVT_E_PARSE, "has kernels of a trip but no sread", no_sread},
        {DVT_E_PARSE, "a trip without write", no_write},
        {DVT_E_PARSE, "a trip without xbar", no_xbar},
        {DVT_E_PARSE, "filters are used but wread is missing", no_wread},
        {DVT_E_CAPACITY, "overlay 'small-fp11' has no kernel 'elt'", no_such_kernel},
        {DVT_E_PARSE, "xbar.source = 1, but the array takes part", wrong_source},
        {DVT_E_PARSE, "sread.scale is neither zero nor a normal number", nan_scale},
        {DVT_E_CAPACITY, "does not connect scale to elt", not_connected},
        {DVT_E_CAPACITY, "does not connect act to write", no_way_out},
        {DVT_E_PARSE, "xbar.route[3] = 5 is no kernel of this word, or stands there twice", twice},
        {DVT_E_PARSE, "xbar.route[3] = 2 is no kernel", no_aux},
        {DVT_E_PARSE, "xbar.route[3] = 15 is no kernel", kernel_15},
        {DVT_E_PARSE, "xbar.route[5] = 5 behind the end", behind_end},
        {DVT_E_PARSE, "act takes part but is not on the route", not_routed},
        {DVT_E_PARSE, "sread.n has a count of 0", zero_count},
        {DVT_E_PARSE, "sread.n has a count of 0 or more than 2^40 turns", huge_count},
        {DVT_E_PARSE, "write.n has a count of 0", zero_write},
        {DVT_E_PARSE, "write.n counts 50 results, the source delivers 60", fewer_writes},
        {DVT_E_PARSE, "elt.n[0] = 6, write.n[0] = 5", elt_order},
        {DVT_E_PARSE, "write.k_last = 0, a result has 1 to 16 values", no_last},
        {DVT_E_PARSE, "write.k_last = 17", long_last},
        {DVT_E_PARSE, "array.n[0] = 2, sread.n[0] = 3", array_n},
        {DVT_E_PARSE, "array reads filter words 1..18 of pages of 18", filter_range},
        {DVT_E_PARSE, "array reads filter words -2..15", filter_below},
        {DVT_E_CAPACITY, "does not fit into a filter cache of", page_size},
        {DVT_E_PARSE, "wread.lanes = 15, this trip needs 16", lanes},
        {DVT_E_PARSE, "wread.n delivers 3 pages, the trip takes 2", pages},
        {DVT_E_CAPACITY, "wread reads pages outside of external memory", page_memory},
        {DVT_E_CAPACITY, "wread reads pages outside of external memory", page_below},
        {DVT_E_PARSE, "of pages of 0", no_filters},
        {DVT_E_CAPACITY, "wread reads parameters outside of external memory", params_memory},
        {DVT_E_PARSE, "scale.outer: needs 2 groups of 16 parameter rows, wread has 2 of 15",
         few_rows},
        {DVT_E_PARSE, "scale.outer: needs 2 groups of 16 parameter rows, wread has 1 of 16",
         few_groups},
        {DVT_E_PARSE, "scale.outer = 0", scale_outer},
        {DVT_E_PARSE, "act.outer: needs 3 groups", act_outer},
        {DVT_E_PARSE, "act.fn = 6 is no function", act_fn},
        {DVT_E_CAPACITY, "act.table = 8, this overlay has 8 function tables", act_table},
        {DVT_E_PARSE, "act.p0 = 2 is above act.p1 = 0", clip_order},
        {DVT_E_PARSE, "elt.fn = 3 is no function", elt_fn},
        {DVT_E_CAPACITY, "sread reaches words -11..", read_below},
        {DVT_E_CAPACITY, "sread reaches words 16395..", read_above},
        {DVT_E_CAPACITY, "elt reaches words ", elt_above},
        {DVT_E_PARSE, "over its operand 250..429", over_operand},
        {DVT_E_CAPACITY, "of external memory, which has 131072", to_memory},
        {DVT_E_PARSE, "writes over its own filters or parameters", over_filters},
        {DVT_E_PARSE, "writes over its own filters or parameters", over_params},
        {DVT_E_UNSUPPORTED, "sread: steps too irregular to be checked", crooked},
    };

    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        dvt_word    w = conv_word();
        dvt_overlay o;
        load_overlay(*state, &o);
        edits[i].apply(&w, &o);
        expect_failure(*state, dvt_word_check(*state, &o, &w, MEMORY), edits[i].status,
                       edits[i].text);
    }
}

static void expect_edit_refused(dvt_ctx *ctx, dvt_word w, const edit *e)
{
    dvt_overlay o;

    load_overlay(ctx, &o);
    e->apply(&w, &o);
    expect_failure(ctx, dvt_word_check(ctx, &o, &w, MEMORY), e->status, e->text);
}

EDIT(pool_zero, w->pool.count = 0)
EDIT(pool_large, w->sread.n[0] = w->pool.count = 300; w->pool.kind = w->pool.by_valid = 1)
EDIT(pool_part, w->pool.count = 2)
EDIT(src_beyond, w->fread.src = MEMORY / 8 - 49)
EDIT(dst_beyond, w->fread.dst = 16384 - 29)
EDIT(dst_below, w->fread.dst_step[0] = -1)
EDIT(fread_zero, w->fread.n[1] = 0)
EDIT(pool_late, w->kernels |= bit(DVT_KERNEL_ACT); w->xbar.route[0] = DVT_KERNEL_ACT;
     w->xbar.route[1] = DVT_KERNEL_POOL; o->connect[DVT_KERNEL_ACT] |= bit(DVT_KERNEL_POOL))
EDIT(needless_filters, w->kernels |= bit(DVT_KERNEL_WREAD); w->wread.words = 1)
EDIT(missing_params, w->kernels |= bit(DVT_KERNEL_SCALE); w->xbar.route[1] = DVT_KERNEL_SCALE;
     w->scale.outer = 1)

static void test_word_check__stream_words_are_refused(void **state)
{
    static const edit edits[] = {
        {DVT_E_PARSE, "pool.count = 0, a window has at least one turn", pool_zero},
        {DVT_E_CAPACITY, "pool.count = 300, reciprocals of this overlay go to 256", pool_large},
        {DVT_E_PARSE, "sread.n makes 3 turns, no whole number of windows of 2", pool_part},
        {DVT_E_CAPACITY, "fread.src reaches words 131023..131072 of external memory", src_beyond},
        {DVT_E_CAPACITY, "fread.dst reaches words 16355..16384 of the stream buffer", dst_beyond},
        {DVT_E_CAPACITY, "fread.dst reaches words -2..9", dst_below},
        {DVT_E_PARSE, "fread.n has a count of 0", fread_zero},
        {DVT_E_PARSE, "pool must come first behind the stream reader", pool_late},
        {DVT_E_PARSE, "wread.words = 1, the trip uses none", needless_filters},
        {DVT_E_PARSE, "scale.outer: needs 1 groups of 8 parameter rows, wread has 0 of 0",
         missing_params},
    };

    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        expect_edit_refused(*state, pool_word(), &edits[i]);
    }
}

EDIT(dw_outer, w->depthwise.outer = 0)
EDIT(dw_words, w->wread.words = 2)
EDIT(dw_count, w->depthwise.count = 0)
EDIT(dw_lanes, w->wread.lanes = 16)
EDIT(lrn_even, w->lrn.size = 4)
EDIT(lrn_wide, w->lrn.size = 17)
EDIT(lrn_blocks, w->lrn.blocks = 2)
EDIT(lrn_k, w->lrn.k = dvt_isa_bits(-1.0f))
EDIT(lrn_table, w->lrn.table = 9)

static void test_word_check__window_kernels_have_limits(void **state)
{
    static const edit depthwise[] = {
        {DVT_E_PARSE, "depthwise.outer = 0", dw_outer},
        {DVT_E_PARSE, "depthwise.count = 3, pages have 2 words", dw_words},
        {DVT_E_PARSE, "depthwise.count = 0, a window has at least one turn", dw_count},
        {DVT_E_PARSE, "wread.lanes = 16, this trip needs 1", dw_lanes},
    };
    static const edit lrn[] = {
        {DVT_E_CAPACITY, "lrn.size = 4, this overlay has odd windows up to 15", lrn_even},
        {DVT_E_CAPACITY, "lrn.size = 17", lrn_wide},
        {DVT_E_PARSE, "lrn.blocks = 2 does not divide 3 results", lrn_blocks},
        {DVT_E_PARSE, "lrn.k must be positive", lrn_k},
        {DVT_E_CAPACITY, "lrn.table = 9", lrn_table},
    };

    for (size_t i = 0; i < sizeof depthwise / sizeof *depthwise; i++) {
        expect_edit_refused(*state, depthwise_word(), &depthwise[i]);
    }
    for (size_t i = 0; i < sizeof lrn / sizeof *lrn; i++) {
        expect_edit_refused(*state, lrn_word(), &lrn[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_word_check__sound_words_pass),
        FIXTURE_TEST(test_word_check__ranges_are_exact),
        FIXTURE_TEST(test_word_check__conv_words_are_refused),
        FIXTURE_TEST(test_word_check__stream_words_are_refused),
        FIXTURE_TEST(test_word_check__window_kernels_have_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
