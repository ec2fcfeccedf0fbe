/* SPDX-License-Identifier: Apache-2.0 */
/*
 * isa.h - the overlay's long words: one table from which everything about them is made.
 *
 * Idea      A subgraph is one trip of data: external memory or stream buffer -> array or straight
 *           through -> auxiliary kernels -> stream buffer or external memory. Its long word holds
 *           one part per kernel that takes part. Each line below is one field of a part. Structs,
 *           encoder, decoder, disassembler, range checks, docs/isa.md and the SystemVerilog package
 *           are generated from these lines and from nothing else.
 * Counting  Kernels only count. A loop nest has DVT_LOOPS levels, level 0 innermost; level l runs
 *           n[l] times and each turn adds that level's step to an address or coordinate; when a
 *           level wraps, what it added is taken back. All bounds, strides and addresses were
 *           computed by the compiler.
 * Order     Subgraphs take effect one after the other, as if each ended before the next began;
 *           hardware may overlap them where that cannot be seen.
 * Encoding  Fields lie in the order written, each from the first free bit upwards, little-endian;
 *           a part is padded with zero bits to whole units of 8 bytes, so that a link of 8 to 64
 *           bits carries it in whole flits and nothing has to be realigned. A long word is a
 *           header of one unit and parts in kernel order; see dvt_isa_encode.
 * Meaning   docs/isa.md (generated, with the semantics of each part), docs/numerics-overlay.md.
 */
#ifndef DOVETAIL_ISA_H
#define DOVETAIL_ISA_H

#include "dovetail/base.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    DVT_LOOPS = 7,        /* levels of the stream reader and the array: s r c slice q p k */
    DVT_OUT_LOOPS = 4,    /* levels of result order: writer and element-wise operand */
    DVT_PAGE_LOOPS = 3,   /* levels of the filter reader */
    DVT_DMA_LOOPS = 3,    /* levels of the feature reader */
    DVT_ROUTE_MAX = 6,    /* auxiliary kernels in one trip */
    DVT_ISA_VERSION = 2,
    DVT_ISA_HEADER_BYTES = 8,
    DVT_ISA_UNIT_BYTES = 8 /* parts are whole units: flits of any link width, never realigned */
};

/* Kernels on the transport chain, in chain order. X(NAME, text, what it does) */
#define DVT_KERNEL_LIST(X)                                                              \
    X(FREAD, "fread", "feature reader: external memory to stream buffer")               \
    X(WREAD, "wread", "filter reader: external memory to filter caches, page by page")  \
    X(SREAD, "sread", "stream reader: stream buffer to array or crossbar")              \
    X(ARRAY, "array", "processing elements: dot products and exact accumulation")       \
    X(XBAR, "xbar", "crossbar: which source, then which auxiliary kernels in order")    \
    X(SCALE, "scale", "per-channel multiply and add")                                   \
    X(ACT, "act", "activation function")                                                \
    X(POOL, "pool", "maximum or average over a window")                                 \
    X(ELT, "elt", "element-wise with a second operand from the stream buffer")          \
    X(DEPTHWISE, "depthwise", "one filter per channel over a window")                   \
    X(LRN, "lrn", "local response normalisation across channels")                       \
    X(WRITE, "write", "result writer: to stream buffer or external memory")

typedef enum dvt_kernel {
#define DVT_X(name, text, help) DVT_KERNEL_##name,
    DVT_KERNEL_LIST(DVT_X)
#undef DVT_X
        DVT_KERNEL_COUNT
} dvt_kernel;

/* F(part, field, count, bits, kind, unit, meaning); count 1 is still an array of one in the struct
 * only where the macro below is A. kind: U unsigned, S two's complement, R float32 bits. */

/* for n2, n1, n0: stream[dst + i1*dst_step[0] + i2*dst_step[1] + i0] = memory word
 * [src + i1*src_step[0] + i2*src_step[1] + i0] */
#define DVT_ISA_FREAD(F, A)                                                                   \
    F(fread, src, 32, U, "word", "first feature word in external memory")                     \
    F(fread, dst, 24, U, "word", "first word in the stream buffer")                           \
    A(fread, n, DVT_DMA_LOOPS, 16, U, "word", "counts, innermost (contiguous) first")         \
    A(fread, src_step, 2, 32, S, "word", "step of levels 1 and 2 in external memory")         \
    A(fread, dst_step, 2, 24, S, "word", "step of levels 1 and 2 in the stream buffer")

/* A page: words * lanes filter words, word-major (all lanes of word 0, then of word 1). Pages are
 * delivered in loop order, level 0 innermost, from src + sum i_l * step_l. Beside the pages,
 * param_groups groups of param_rows parameter rows, each 16 bytes: scale, bias, slope, 0 (float32),
 * one group behind the other from param_src. */
#define DVT_ISA_WREAD(F, A)                                                                   \
    F(wread, src, 32, U, "16 bytes", "first page in external memory")                         \
    F(wread, words, 16, U, "word", "filter words of one lane in a page; 0 = parameters only") \
    F(wread, lanes, 16, U, "lane", "filter lanes: k_vec for the array, 1 for depthwise")      \
    A(wread, n, DVT_PAGE_LOOPS, 16, U, "page", "counts, innermost first")                     \
    A(wread, step, DVT_PAGE_LOOPS, 32, S, "16 bytes", "address steps")                        \
    F(wread, param_src, 32, U, "16 bytes", "first parameter row")                             \
    F(wread, param_rows, 16, U, "row", "rows of a group: lanes of a result, or 0")            \
    F(wread, param_groups, 16, U, "group", "groups")

/* Every turn of the nest delivers p_vec x q_vec blocks. Lane (p,q): address base + sum i_l a_l +
 * p*pa + q*qa, row h0 + sum i_l h_l + p*ph, column w0 + sum i_l w_l + q*qw; outside of
 * [0,h_max) x [0,w_max) the block is zero and marked invalid, and nothing is read. */
#define DVT_ISA_SREAD(F, A)                                                                   \
    F(sread, base, 25, S, "word", "address of the first lane's first block, before padding")  \
    A(sread, n, DVT_LOOPS, 16, U, "turn", "counts, innermost first")                          \
    A(sread, a, DVT_LOOPS, 24, S, "word", "address steps")                                    \
    A(sread, h, DVT_LOOPS, 16, S, "row", "row steps")                                         \
    A(sread, w, DVT_LOOPS, 16, S, "column", "column steps")                                   \
    F(sread, h0, 16, S, "row", "row of the first lane's first block, before padding")         \
    F(sread, w0, 16, S, "column", "column of the same")                                       \
    F(sread, h_max, 16, U, "row", "rows present")                                             \
    F(sread, w_max, 16, U, "column", "columns present")                                       \
    F(sread, pa, 24, S, "word", "address step from p lane to p lane")                         \
    F(sread, qa, 24, S, "word", "address step from q lane to q lane")                         \
    F(sread, ph, 16, S, "row", "row step from p lane to p lane")                              \
    F(sread, qw, 16, S, "column", "column step from q lane to q lane")                        \
    F(sread, scale, 32, R, "", "int8: value of one step; block floating point: 1")

/* Same nest as the stream reader. Turn t multiplies its blocks with filter word fbase + sum i_l f_l
 * of the current page in each of k_vec lanes. Levels below acc are accumulated, so that a result
 * leaves whenever they have all wrapped. A new page is taken whenever a level >= page advances,
 * and before the first turn. */
#define DVT_ISA_ARRAY(F, A)                                                                   \
    A(array, n, DVT_LOOPS, 16, U, "turn", "counts, equal to the stream reader's")             \
    A(array, f, DVT_LOOPS, 16, S, "word", "filter word steps")                                \
    F(array, fbase, 16, U, "word", "first filter word in a page")                             \
    F(array, acc, 3, U, "level", "levels below are accumulated")                              \
    F(array, page, 3, U, "level", "levels from here on take a new page when they advance")

#define DVT_ISA_XBAR(F, A)                                                                    \
    F(xbar, source, 1, U, "", "0 array, 1 stream reader")                                     \
    A(xbar, route, DVT_ROUTE_MAX, 4, U, "kernel", "auxiliary kernels in order; 0 ends")

/* y = x * scale[lane] + bias[lane] with the current parameter group; the first group is taken
 * before the first result, the next one after every `outer` results. */
#define DVT_ISA_SCALE(F, A)                                                                   \
    F(scale, outer, 32, U, "result", "results per parameter group, at least 1")

#define DVT_ACT_LIST(X)                                                                       \
    X(RELU, "relu") X(LEAKY, "leaky") X(PRELU, "prelu") X(CLIP, "clip") X(TABLE, "table")     \
    X(ELU, "elu")
#define DVT_ISA_ACT(F, A)                                                                     \
    F(act, fn, 4, U, "", "relu, leaky (p0 = slope), prelu (slope[lane]), clip (p0..p1), "     \
      "table, elu (x > 0 ? x : table)")                                                       \
    F(act, table, 4, U, "table", "which function table")                                      \
    F(act, p0, 32, R, "", "first parameter")                                                  \
    F(act, p1, 32, R, "", "second parameter")                                                 \
    F(act, outer, 32, U, "result", "prelu: results per parameter group, at least 1")

#define DVT_ISA_POOL(F, A)                                                                    \
    F(pool, kind, 1, U, "", "0 maximum, 1 average")                                           \
    F(pool, count, 16, U, "turn", "turns of the stream reader that make one window")          \
    F(pool, by_valid, 1, U, "", "average: 1 divides by the valid blocks, 0 multiplies by recip") \
    F(pool, recip, 32, R, "", "average: reciprocal of the divisor")

/* Operand lane (p,q), block j of a result: base + sum i_l a_l + p*pa + q*qa + j*ja; lanes the
 * writer drops are not read. */
#define DVT_ISA_ELT(F, A)                                                                     \
    F(elt, fn, 2, U, "", "0 sum, 1 product, 2 maximum")                                       \
    F(elt, base, 24, U, "word", "operand of the first lane's first block")                    \
    A(elt, n, DVT_OUT_LOOPS, 16, U, "result", "counts, innermost first")                      \
    A(elt, a, DVT_OUT_LOOPS, 24, S, "word", "address steps")                                  \
    F(elt, pa, 24, S, "word", "p lane step")                                                  \
    F(elt, qa, 24, S, "word", "q lane step")                                                  \
    F(elt, ja, 24, S, "word", "block step")                                                   \
    F(elt, scale, 32, R, "", "int8: value of one step of the operand; else 1")

/* Window of `count` turns; turn t of a window uses filter word t of the current page. The first
 * page is taken before the first result, the next one after every `outer` results. */
#define DVT_ISA_DEPTHWISE(F, A)                                                               \
    F(depthwise, count, 16, U, "turn", "turns of the stream reader that make one window")     \
    F(depthwise, outer, 32, U, "result", "results per page")

/* The stream reader delivers all `blocks` channel blocks of a pixel group, ascending, then the
 * next. */
#define DVT_ISA_LRN(F, A)                                                                     \
    F(lrn, blocks, 16, U, "block", "channel blocks of a pixel")                               \
    F(lrn, size, 8, U, "channel", "window, odd")                                              \
    F(lrn, table, 4, U, "table", "function table of t^-beta")                                 \
    F(lrn, alpha_n, 32, R, "", "alpha / size")                                                \
    F(lrn, k, 32, R, "", "added constant")

/* Result r, lane (p,q), block j goes to base + sum i_l d_l + p*pd + q*qd + j*jd if its row
 * h = sum i_l h_l + p < h_max and column w = sum i_l w_l + q < w_max. In the last turn of level
 * `k_level` only the first k_last values count, others are written as zero and blocks that hold
 * none are not written. */
#define DVT_ISA_WRITE(F, A)                                                                   \
    F(write, space, 1, U, "", "0 stream buffer, 1 external memory")                           \
    F(write, base, 32, U, "word", "first block")                                              \
    A(write, n, DVT_OUT_LOOPS, 16, U, "result", "counts, innermost first")                    \
    A(write, d, DVT_OUT_LOOPS, 32, S, "word", "address steps")                                \
    A(write, h, DVT_OUT_LOOPS, 16, S, "row", "row steps")                                     \
    A(write, w, DVT_OUT_LOOPS, 16, S, "column", "column steps")                               \
    F(write, h_max, 16, U, "row", "rows of the result")                                       \
    F(write, w_max, 16, U, "column", "columns of the result")                                 \
    F(write, pd, 32, S, "word", "p lane step")                                                \
    F(write, qd, 32, S, "word", "q lane step")                                                \
    F(write, jd, 32, S, "word", "block step")                                                 \
    F(write, k_level, 3, U, "level", "level that counts channel groups; 4 or more: none")     \
    F(write, k_last, 16, U, "value", "values of the last channel group")                      \
    F(write, inv_scale, 32, R, "", "int8: steps per unit; else 1")

#define DVT_ISA_PARTS(P)                                                                      \
    P(FREAD, fread) P(WREAD, wread) P(SREAD, sread) P(ARRAY, array) P(XBAR, xbar)             \
    P(SCALE, scale) P(ACT, act) P(POOL, pool) P(ELT, elt) P(DEPTHWISE, depthwise)             \
    P(LRN, lrn) P(WRITE, write)

#define DVT_X_FIELD(part, field, bits, kind, unit, meaning) int64_t field;
#define DVT_X_ARRAY(part, field, count, bits, kind, unit, meaning) int64_t field[count];
#define DVT_X_STRUCT(NAME, name) \
    typedef struct dvt_part_##name { DVT_ISA_##NAME(DVT_X_FIELD, DVT_X_ARRAY) } dvt_part_##name;
DVT_ISA_PARTS(DVT_X_STRUCT)
#undef DVT_X_FIELD
#undef DVT_X_ARRAY
#undef DVT_X_STRUCT

typedef enum dvt_act {
#define DVT_X(name, text) DVT_ACT_##name,
    DVT_ACT_LIST(DVT_X)
#undef DVT_X
        DVT_ACT_COUNT
} dvt_act;

/* A decoded long word. Fields of kind R hold the float's bits (dvt_isa_float, dvt_isa_bits). */
typedef struct dvt_word {
    uint32_t tag;     /* subgraph number, for traces */
    uint32_t kernels; /* bit k set: kernel k takes part and its struct below counts */
#define DVT_X_MEMBER(NAME, name) dvt_part_##name name;
    DVT_ISA_PARTS(DVT_X_MEMBER)
#undef DVT_X_MEMBER
} dvt_word;

static inline bool dvt_word_has(const dvt_word *w, dvt_kernel k)
{
    return (w->kernels >> k & 1u) != 0;
}

/* The table as data: for generators, documents and tests. */
typedef struct dvt_isa_field {
    const char *name, *unit, *meaning;
    int32_t     count, bits, lsb; /* lsb: bit of the part where element 0 starts */
    char        kind;             /* 'U', 'S', 'R' */
    bool        is_array;
    size_t      offset;           /* of element 0 (int64_t) in the part's struct */
} dvt_isa_field;
typedef struct dvt_isa_part {
    const char          *name;
    const dvt_isa_field *fields;
    int32_t              field_count, bits, bytes;
    size_t               offset; /* of the part in dvt_word */
} dvt_isa_part;
DVT_API const dvt_isa_part *dvt_isa_describe(dvt_kernel kernel); /* static */
DVT_API const char *dvt_kernel_name(dvt_kernel kernel);
DVT_API const char *dvt_kernel_help(dvt_kernel kernel);

/* Long word: byte 0 the ISA version, bytes 1-2 the tag, bytes 3-4 the kernel mask, byte 5 zero,
 * bytes 6-7 a CRC-16 of the word (polynomial 0x1021, from 0xffff, highest bit first, these two
 * bytes as 0), then the parts of the kernels in the mask, ascending. All little-endian. E_CAPACITY
 * names a field that does not hold its value ("sread.n[3] = 70000 exceeds 16 bits"). Appends to
 * `out`. */
DVT_API DVT_MUST_CHECK dvt_status dvt_isa_encode(dvt_ctx *ctx, const dvt_word *w, dvt_buf *out);
/* E_PARSE with the byte offset: wrong version, unknown kernels, set padding bits, end of data,
 * check bytes that are not the word's. */
DVT_API DVT_MUST_CHECK dvt_status dvt_isa_decode(dvt_ctx *ctx, const uint8_t *data, size_t size,
                                                 size_t *used, dvt_word *out);
DVT_API void dvt_isa_disassemble(const dvt_word *w, dvt_buf *out); /* fields that are not 0 */
DVT_API size_t dvt_isa_word_bytes(uint32_t kernels);
DVT_API float   dvt_isa_float(int64_t field);
DVT_API int64_t dvt_isa_bits(float x);
/* Zero or a normal finite number: what the overlay's binary32 operators take. */
DVT_API bool    dvt_isa_plain(float x);

#ifdef __cplusplus
}
#endif
#endif
