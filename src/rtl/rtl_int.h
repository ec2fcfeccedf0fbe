/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtl_int.h - files of a package, and the simulated overlay as the engine drives it.
 */
#ifndef DVTI_RTL_INT_H
#define DVTI_RTL_INT_H

#include "dovetail/rtl.h"

/* A file of rtl/, as it was when the library was built; made by tools/embed.c. */
typedef struct dvti_rtl_source {
    const char *name; /* below rtl/ */
    const char *text;
    size_t      bytes;
} dvti_rtl_source;
extern const dvti_rtl_source dvti_rtl_sources[];
extern const size_t          dvti_rtl_source_count;

/* ---- package.c: a package as files in memory, ascending by name ---------------------------- */

typedef struct dvti_rtl_file {
    char    name[96];
    dvt_buf text;
} dvti_rtl_file;
typedef struct dvti_rtl_files {
    dvti_rtl_file *file;
    size_t         count, cap;
} dvti_rtl_files;
DVT_MUST_CHECK dvt_status dvti_rtl_files_make(dvt_ctx *ctx, const dvt_overlay *o,
                                              dvti_rtl_files *out);
void                      dvti_rtl_files_deinit(dvt_ctx *ctx, dvti_rtl_files *f);
DVT_MUST_CHECK dvt_status dvti_rtl_files_write(dvt_ctx *ctx, const dvti_rtl_files *f,
                                               const char *dir);
/* An empty file of that name, to be filled. NULL: E_NOMEM, kept for dvti_rtl_files_make. */
dvt_buf *dvti_rtl_files_add(dvt_ctx *ctx, dvti_rtl_files *f, const char *name);

/* ---- constraints.c ------------------------------------------------------------------------- */

void dvti_rtl_constraints_xdc(const dvt_overlay *o, dvt_buf *out);
void dvti_rtl_constraints_sdc(const dvt_overlay *o, dvt_buf *out);
void dvti_rtl_constraints_lpf(const dvt_overlay *o, dvt_buf *out);

/* ---- driver.c, rtl.c ----------------------------------------------------------------------- */

/* From now on dvt_rtl_destroy closes the device. */
void  dvti_rtl_own_device(dvt_rtl *r, void (*close)(void *user));
void *dvti_rtl_device_of(const dvt_rtl *r);

/* ---- synth.c ------------------------------------------------------------------------------- */

/* Yosys's `stat -json` as a table. E_IO, E_PARSE. */
DVT_MUST_CHECK dvt_status dvti_rtl_synthesis_read(dvt_ctx *ctx, const char *path,
                                                  dvt_rtl_synthesis *s);

/* ---- spawn.c ------------------------------------------------------------------------------- */

/* Runs argv (NULL-terminated, argv[0] looked up in PATH) with both outputs into the file `log`;
 * *code is its exit status. E_UNSUPPORTED if it is not there, E_IO. */
DVT_MUST_CHECK dvt_status dvti_spawn(dvt_ctx *ctx, const char *const *argv, const char *log,
                                     int *code);

#endif
