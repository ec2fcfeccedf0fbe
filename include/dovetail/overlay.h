/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overlay.h - the hardware as data: description, derived quantities, devices, resources, programs.
 *
 * One JSON file describes an overlay (docs/overlay.md); dvt_overlay_derive is the one place where
 * quantities derive from it, used by compiler, models, RTL generator and cost models alike. The
 * program is all that passes from the compiler to whoever runs it.
 */
#ifndef DOVETAIL_OVERLAY_H
#define DOVETAIL_OVERLAY_H

#include "dovetail/graph.h"
#include "dovetail/isa.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- description --------------------------------------------------------------------------- */

typedef enum dvt_format_kind { DVT_FORMAT_BFP, DVT_FORMAT_INT8 } dvt_format_kind;

typedef struct dvt_overlay {
    char name[64];
    /* array: C_VEC-long dot products, k_vec output channels x q_vec columns x p_vec rows of them */
    int32_t c_vec, k_vec, q_vec, p_vec, interleave;
    /* format */
    dvt_format_kind format;
    int32_t         feature_mantissa_bits, filter_mantissa_bits; /* bfp: with the sign; int8: 8 */
    int32_t         accumulator_bits;                            /* bfp 40..64, int8 32 */
    /* memories */
    int32_t stream_buffer_banks, stream_buffer_words_per_bank; /* words of c_vec features */
    /* per lane and half; double-buffered */
    int32_t filter_cache_words;
    int32_t function_tables; /* 0..16 */
    /* auxiliary kernels: which exist (bit = dvt_kernel) and how many values a cycle they take */
    uint32_t aux_kernels;
    int32_t  aux_vec[DVT_KERNEL_COUNT];
    /* crossbar: bit k of connect[s] set: s may feed k. Index DVT_KERNEL_ARRAY and DVT_KERNEL_SREAD
     * are the sources, DVT_KERNEL_WRITE the sink. */
    uint32_t connect[DVT_KERNEL_COUNT];
    int32_t  lrn_size_max;    /* channels */
    int32_t  pool_window_max; /* turns of an average over the valid ones (reciprocals known) */
    /* external memory */
    int32_t memory_bus_bits;
    double  memory_clock_mhz, memory_bandwidth_gbps /* 1e9 bytes/s, sustained */;
    int32_t memory_latency_cycles /* of clock_mhz */, memory_burst_beats;
    int64_t memory_bytes; /* size */
    /* control */
    int32_t control_link_bits, control_fifo_depth;
    double  clock_mhz;
    char    device[48]; /* device file it is meant for, "" = none */
} dvt_overlay;

/* Unknown keys, wrong types, values out of range and impossible combinations are errors that name
 * the key ("array.c_vec") and say what would do. */
DVT_API DVT_MUST_CHECK dvt_status dvt_overlay_load(dvt_ctx *ctx, const char *path,
                                                   dvt_overlay *out);
DVT_API DVT_MUST_CHECK dvt_status dvt_overlay_parse(dvt_ctx *ctx, const char *name,
                                                    const char *json, size_t size,
                                                    dvt_overlay *out);
DVT_API DVT_MUST_CHECK dvt_status dvt_overlay_check(dvt_ctx *ctx, const dvt_overlay *o);
/* canonical JSON, parses back */
DVT_API void dvt_overlay_print(const dvt_overlay *o, dvt_buf *out);

/* Cycles and depths of every overlay (docs/timing.md section 1). X(NAME, value, what) */
#define DVT_TIMING_LIST(X)                                                  \
    X(LM, 3, "stages of a binary32 multiplier")                             \
    X(LA, 4, "stages of a binary32 adder")                                  \
    X(READ, 2, "stages from a completed turn to its blocks")                \
    X(DA, 6, "stages from a completed turn to the array's result register") \
    X(LS_ARRAY, 3, "source conversion of a beat from the array")            \
    X(LS_STREAM, 1, "the same from the stream reader's kernels")            \
    X(LACT_TABLES, 16, "activation where there are function tables")        \
    X(LP, 4, "packing into feature words")                                  \
    X(LRN_TAIL, 30, "local response normalisation behind its last tap")     \
    X(FW, 64, "beats between drain and writer")                             \
    X(FE, 16, "operands fetched ahead")                                     \
    X(FM, 16, "bus beats waiting to be written to external memory")         \
    X(RO, 32, "read bursts outstanding")

typedef enum dvt_timing {
#define DVT_X(name, value, help) DVT_TIMING_##name = (value),
    DVT_TIMING_LIST(DVT_X)
#undef DVT_X
} dvt_timing;

/* Everything that follows from a description. */
typedef struct dvt_overlay_derived {
    int64_t macs_per_cycle;    /* c_vec * k_vec * q_vec * p_vec */
    int32_t lanes;             /* k_vec * q_vec * p_vec dot products a cycle */
    int32_t feature_word_bits; /* c_vec * m (+ 5 exponent bits) */
    int32_t filter_word_bits;
    int32_t feature_word_bytes;  /* in external memory: next power of two, at least 4 */
    int32_t filter_word_bytes;   /* likewise, at least 4 */
    int32_t product_bits;        /* signed dot product */
    int32_t accumulator_lsb_exp; /* weight of an accumulator's last bit is 2^this */
    int64_t stream_buffer_words, stream_buffer_bits, filter_cache_bits;
    /* ceil(k_vec / c_vec): words a pixel's k_vec channels take */
    int32_t blocks_per_result;
    double  memory_bytes_per_cycle; /* of clock_mhz, sustained */
    int64_t memory_rate;            /* the same in 2^-16 bytes, as docs/timing.md counts it */
    int32_t memory_bus_bytes;
    int32_t pixels;      /* p_vec * q_vec lanes of a turn */
    int32_t beat_blocks; /* blocks of a beat on the crossbar (docs/timing.md) */
    int32_t read_fifo_beats, control_fifo_beats;
    double  peak_gmacs; /* 1e9 multiply-accumulates a second */
} dvt_overlay_derived;
DVT_API void dvt_overlay_derive(const dvt_overlay *o, dvt_overlay_derived *out);
/* First 32 bits of the SHA-256 of the canonical description: register DESCRIPTION. E_NOMEM. */
DVT_API DVT_MUST_CHECK dvt_status dvt_overlay_signature(dvt_ctx *ctx, const dvt_overlay *o,
                                                        uint32_t *out);
DVT_API bool dvt_overlay_has(const dvt_overlay *o, dvt_kernel kernel);
/* SystemVerilog `package dvt_pkg`: the description, what follows from it, and place and width of
 * every field of the long words, as localparams. */
DVT_API void dvt_overlay_sv_package(const dvt_overlay *o, dvt_buf *out);

/* Multiply-accumulate slots a convolution takes when nothing but vector widths limits it
 * (OVERLAY.md, mapping limit): groups*ceil(C/c)*ceil(K/k)*ceil(Q/q)*ceil(P/p)*R*S in cycles. */
DVT_API int64_t dvt_overlay_conv_cycles(const dvt_overlay *o, int64_t groups, int64_t c_per_group,
                                        int64_t k_per_group, int64_t q, int64_t p, int64_t r,
                                        int64_t s);

/* ---- stream words -------------------------------------------------------------------------- */

/* One block <-> its bytes: mantissas c_vec x m bits sign-magnitude from bit 0 upwards (value 0
 * first), then the exponent (5 bits); int8: c_vec bytes. `mant_bits` chooses feature or filter. */
DVT_API void dvt_block_pack(const dvt_overlay *o, int32_t mant_bits,
                            const int16_t *mant /* (c_vec) */, uint8_t exp,
                            uint8_t *bytes /* word_bytes, padded with 0 */);
DVT_API void dvt_block_unpack(const dvt_overlay *o, int32_t mant_bits, const uint8_t *bytes,
                              int16_t *mant /* (c_vec) */, uint8_t *exp);

/* ---- function tables ----------------------------------------------------------------------- */

/* Piecewise linear functions of the activation and LRN kernels (docs/numerics-overlay.md section
 * 6). */
enum { DVT_TABLE_SEGMENTS = 256, DVT_TABLE_EXPONENTS = 128, DVT_TABLE_EXP_BIAS = 64 };
typedef enum dvt_table_kind {
    DVT_TABLE_SIGMOID,
    DVT_TABLE_TANH,
    DVT_TABLE_ELU,
    DVT_TABLE_POWER
} dvt_table_kind;
typedef struct dvt_function_table {
    int32_t kind;  /* dvt_table_kind */
    float   param; /* ELU: alpha; POWER: -beta */
    /* segment = floor((x - x0) * inv_step) */
    float x0, inv_step;
    float a[DVT_TABLE_SEGMENTS], b[DVT_TABLE_SEGMENTS]; /* y = b x + a */
    float e2[DVT_TABLE_EXPONENTS];                      /* POWER: factor by exponent of x */
} dvt_function_table;
DVT_API void dvt_function_table_make(dvt_table_kind kind, float param, dvt_function_table *out);

/* ---- devices and resources ----------------------------------------------------------------- */

typedef struct dvt_device {
    char    name[48], title[96], vendor[24], source[256];
    char    logic_unit[16]; /* "ALM", "LUT6" or "LUT4" */
    int64_t logic, registers, dsp, memory_blocks, memory_block_bits;
    int64_t large_memory_blocks, large_memory_block_bits; /* URAM, eSRAM; 0 = none */
    double  dsp_macs_int8;             /* 8x8 multiplications one DSP does a cycle */
    double  dsp_macs_m7, dsp_macs_m12; /* FP11 and FP16 mantissa multiplications */
    /* a binary32 multiplication with an addition behind it; an addition in logic alone */
    double float_mac_dsp, float_mac_logic, float_add_logic;
    double memory_bandwidth_gbps; /* of the usual board, 0 = unknown */
} dvt_device;
DVT_API DVT_MUST_CHECK dvt_status dvt_device_load(dvt_ctx *ctx, const char *path, dvt_device *out);

typedef struct dvt_resources {
    double logic, registers, dsp, memory_blocks;        /* totals in units of the device */
    double control_logic;                               /* part of logic */
    double share_logic, share_dsp, share_memory_blocks; /* of the device; above 1 does not fit */
    bool   fits;
    /* what is over: "dsp", "memory_blocks", or "" */
    char limit[32];
} dvt_resources;
/* First-order model; every coefficient and its source stands in src/overlay/resources.c. */
DVT_API void dvt_overlay_resources(const dvt_overlay *o, const dvt_device *d, dvt_resources *out);

#ifdef __cplusplus
}
#endif
#endif
