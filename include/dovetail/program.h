/* SPDX-License-Identifier: Apache-2.0 */
/*
 * program.h - what the compiler emits: long words, packed weights, memory map, host steps.
 *
 * A program is self-contained: overlay description, words, initial contents of external memory,
 * function tables, and the part of the network that runs on the host. Its file is versioned and
 * checksummed; whatever is damaged or foreign is refused on load (docs/formats/program.md).
 *
 * Transfers  A tensor is one value that crosses between host (f32, NCHW, N = 1) and overlay
 *            (feature words in external memory). `slots` says which channel each of its
 *            blocks * c_vec places holds, -1 for none; word (b,h,w) is at base + (b*H + h)*W + w.
 * Steps      run in order: HOST evaluates one node of `host`; OVERLAY runs long words
 *            [first, first + count). Host values and tensors are tied by value id.
 */
#ifndef DOVETAIL_PROGRAM_H
#define DOVETAIL_PROGRAM_H

#include "dovetail/overlay.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { DVT_PROGRAM_VERSION = 1 };

typedef struct dvt_program_tensor {
    const char  *name;
    dvt_value_id host_value;  /* in program.host */
    int32_t      c, h, w;     /* logical channels, rows, columns */
    int32_t      blocks;      /* channel blocks of c_vec slots */
    const int32_t *slots;     /* (blocks * c_vec) */
    uint32_t     base;        /* feature word address in external memory */
    float        scale;       /* int8: value of one step; else 1 */
    bool         to_overlay;  /* host writes it before the step that reads it; else host reads it */
} dvt_program_tensor;

typedef enum dvt_step_kind {
    DVT_STEP_HOST,
    DVT_STEP_OVERLAY,
    DVT_STEP_UPLOAD,
    DVT_STEP_DOWNLOAD
} dvt_step_kind;
typedef struct dvt_program_step {
    dvt_step_kind kind;
    /* OVERLAY: long words; HOST: node id in `first`; transfers: tensor in `first` */
    int32_t       first, count;
    const char   *reason;       /* HOST: why it is not on the overlay */
} dvt_program_step;

/* What a long word is for: reports only, nothing is executed from here. */
typedef struct dvt_program_note {
    const char *name;           /* "conv2 rows 0..27" */
    const char *layer;          /* node name in the source network */
    int64_t     macs;           /* of the network that this word does */
    /* dvt_overlay_conv_cycles of its share; 0 where the array is idle */
    int64_t     mapping_cycles;
    size_t      offset, bytes;  /* of the long word in `control` */
} dvt_program_note;

typedef struct dvt_program {
    dvt_ctx    *ctx;
    dvt_arena  *arena; /* holds everything below */
    dvt_overlay overlay;
    const char *model_name, *model_sha256, *options_json, *tool_version;
    /* The host's part: its first input_count inputs and its outputs are the network's, in order;
     * further inputs are values that the overlay makes and the host reads. */
    dvt_graph  *host;
    int32_t     input_count;
    int32_t     tensor_count, step_count, word_count, table_count;
    dvt_program_tensor *tensors;
    dvt_program_step   *steps;
    dvt_program_note   *notes;         /* (word_count) */
    dvt_function_table *tables;
    const uint8_t      *control;       /* long words, one behind the other */
    size_t              control_bytes;
    /* initial external memory from address 0: filters, parameters */
    const uint8_t      *image;
    size_t              image_bytes;
    int64_t             memory_bytes;  /* external memory in use, image included */
    int64_t             macs;          /* of the network, host share included */
} dvt_program;

DVT_API void dvt_program_destroy(dvt_program *p);
DVT_API DVT_MUST_CHECK dvt_status dvt_program_save(const dvt_program *p, dvt_buf *out);
/* Checks magic, version, section bounds, SHA-256, and every long word against the overlay. */
DVT_API DVT_MUST_CHECK dvt_status dvt_program_load(dvt_ctx *ctx, const char *file,
                                                   const uint8_t *data, size_t size,
                                                   dvt_program **out);
/* A long word against an overlay: kernels exist, the route is connected, addresses stay inside the
 * stream buffer and external memory, pages fit. E_CAPACITY, E_PARSE with the field's name. */
DVT_API DVT_MUST_CHECK dvt_status dvt_word_check(dvt_ctx *ctx, const dvt_overlay *o,
                                                 const dvt_word *w, int64_t memory_bytes);
/* Words decoded and notes, for people. */
DVT_API void dvt_program_disassemble(const dvt_program *p, dvt_buf *out);

#ifdef __cplusplus
}
#endif
#endif
