/* SPDX-License-Identifier: Apache-2.0 */
/*
 * program_int.h - the outer shape of a program file, shared by writer and reader
 * (docs/formats/program.md).
 *
 *   0   magic "DVTPROG1"
 *   8   u32 version, u32 number of sections
 *   16  section table: { u32 kind, u32 zero, u64 offset, u64 bytes } for each, in order of kind
 *       sections, each from a multiple of 16, gaps zero
 *   end SHA-256 of everything before, as 64 hexadecimal digits
 */
#ifndef DVTI_PROGRAM_INT_H
#define DVTI_PROGRAM_INT_H

#include "overlay/overlay_int.h"
#include "dovetail/program.h"

enum {
    DVTI_PROGRAM_MAGIC_BYTES = 8,
    DVTI_PROGRAM_HEADER_BYTES = 16,
    DVTI_PROGRAM_ENTRY_BYTES = 24,
    DVTI_PROGRAM_ALIGN = 16,
    DVTI_PROGRAM_DIGEST_BYTES = 64
};
#define DVTI_PROGRAM_MAGIC "DVTPROG1"

typedef enum dvti_section_kind {
    DVTI_SECTION_META,    /* JSON: texts, overlay, tensors, steps, words */
    DVTI_SECTION_SLOTS,   /* i32 slots of all tensors, one behind the other */
    DVTI_SECTION_TABLES,  /* function tables */
    DVTI_SECTION_CONTROL, /* long words */
    DVTI_SECTION_IMAGE,   /* initial external memory */
    DVTI_SECTION_HOST,    /* dvt_graph_save */
    DVTI_SECTION_COUNT
} dvti_section_kind;

/* i32 kind; f32 param, x0, inv_step; f32 a[], b[], e2[] */
enum { DVTI_TABLE_BYTES = 16 + 4 * (2 * DVT_TABLE_SEGMENTS + DVT_TABLE_EXPONENTS) };

extern const char *const dvti_step_names[4]; /* by dvt_step_kind */

/* Checks of meaning that need the whole program; `p` is complete but for note offsets, which this
 * fills in. */
DVT_MUST_CHECK dvt_status dvti_program_check(dvt_program *p, const char *file);

#endif
