/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtl.h - the overlay as hardware: packages of SystemVerilog, programs on the simulated RTL.
 *
 * The RTL is hand-written and hangs on one package of constants, printed from the overlay's
 * description. A package is a folder that vendors' tools, Verilator, Icarus and Yosys take. The
 * engine builds such a package with Verilator and executes programs on it, with the external memory
 * of docs/timing.md: outputs, cycles and counters are to equal those of the models.
 */
#ifndef DOVETAIL_RTL_H
#define DOVETAIL_RTL_H

#include "dovetail/program.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Writes the package of an overlay into `dir`, which is made if it is not there: dvt_pkg.sv, rtl/,
 * files.f, tb/ (Verilator), constraints/ (skeletons), Makefile. The same description gives the same
 * bytes. E_IO. */
DVT_API DVT_MUST_CHECK dvt_status dvt_rtl_package(dvt_ctx *ctx, const dvt_overlay *o,
                                                  const char *dir);

/* Packages and compiles with Verilator below `cache_dir`, in a folder named by a hash of
 * everything that goes in; what is there is used as it is. `out` is the path of the shared object,
 * to be freed with dvt_free. E_UNSUPPORTED without Verilator, E_INTERNAL with the end of its output
 * if it fails. */
DVT_API DVT_MUST_CHECK dvt_status dvt_rtl_build(dvt_ctx *ctx, const dvt_overlay *o,
                                                const char *cache_dir, char **out);

typedef struct dvt_rtl dvt_rtl;
typedef struct dvt_rtl_opts {
    const char *cache_dir;      /* for dvt_rtl_build */
    int32_t     stall_permille; /* random back-pressure of the memory, docs/timing.md section 2 */
    uint64_t    seed;
    int64_t     cycles_max; /* a run of more is given up with E_CAPACITY; 0: 2^40 */
} dvt_rtl_opts;

/* As the overlay's counters told it, added up over the runs of a program. `stall`: features,
 * filters, instructions, banks, crossbar, memory, drain, auxiliary (docs/timing.md section 9), as
 * the cycle model counts them. `kernel`: flits, steps of fread, pages and parameters, turns, beats
 * drained, operand beats fetched, beats taken by the writer. */
enum { DVT_RTL_STALLS = 8, DVT_RTL_KERNELS = 8 };
typedef struct dvt_rtl_counters {
    uint64_t runs, words, cycles, array_busy, stall[DVT_RTL_STALLS], kernel[DVT_RTL_KERNELS];
    uint64_t beats_read, beats_written, saturated;
} dvt_rtl_counters;

/* An overlay that is there: registers (csr.h), and its external memory as the host sees it, from
 * the overlay's address 0 on. `wait` returns when STATUS tells no longer `running`, or after about
 * cycles_max cycles. */
typedef struct dvt_rtl_device {
    void *user;
    dvt_status (*write)(void *user, uint32_t offset, uint32_t value);
    dvt_status (*read)(void *user, uint32_t offset, uint32_t *value);
    dvt_status (*wait)(void *user, int64_t cycles_max, bool *ended);
    uint8_t *memory;
    size_t   memory_bytes;
} dvt_rtl_device;
/* What a program needs of it: its own memory, then its long words. */
DVT_API size_t dvt_rtl_memory_needed(const dvt_program *p);
/* The device is borrowed and must not move. E_CAPACITY: too little memory; E_IO, E_UNSUPPORTED:
 * its registers tell of no overlay, or of another one; E_NOMEM. */
DVT_API DVT_MUST_CHECK dvt_status dvt_rtl_create_on(const dvt_program    *p,
                                                    const dvt_rtl_device *device,
                                                    int64_t cycles_max, dvt_rtl **out);

/* The same on the simulated RTL, with a memory of its own. The program is borrowed. Errors as
 * dvt_rtl_build; E_NOMEM. */
DVT_API DVT_MUST_CHECK dvt_status dvt_rtl_create(const dvt_program *p, const dvt_rtl_opts *opts,
                                                 dvt_rtl **out);
DVT_API void                      dvt_rtl_destroy(dvt_rtl *r);
/* As dvt_sim_run; E_INTERNAL with the error register's text if the overlay stops with an error. */
DVT_API DVT_MUST_CHECK dvt_status dvt_rtl_run(dvt_rtl *r, const dvt_tensor *inputs, int32_t count);
DVT_API DVT_MUST_CHECK dvt_status dvt_rtl_output(const dvt_rtl *r, int32_t i, dvt_tensor *out);
DVT_API void                      dvt_rtl_counters_of(const dvt_rtl *r, dvt_rtl_counters *out);
/* External memory as it stands, borrowed; behind the program's memory lie its long words. */
DVT_API const uint8_t *dvt_rtl_memory(const dvt_rtl *r, size_t *bytes);

/* ---- synthesis ----------------------------------------------------------------------------- */

/* Primitive cells that Yosys mapped. `cells` counts all of them, carries and multiplexers too. */
typedef struct dvt_rtl_cells {
    int64_t logic; /* LUTs of the target: LUT6, ALM functions (ALUT), LUT4 */
    int64_t registers, dsp;
    int64_t memory;     /* block memories */
    int64_t lut_memory; /* cells of memories made of LUTs */
    int64_t cells;
} dvt_rtl_cells;

typedef struct dvt_rtl_module {
    char          name[48]; /* as in rtl/, parameters dropped */
    int64_t       instances;
    bool          control; /* counts for control_share */
    dvt_rtl_cells own;     /* of all instances, without the modules below them */
} dvt_rtl_module;

typedef struct dvt_rtl_synthesis {
    dvt_ctx        *ctx;
    dvt_rtl_module *modules; /* (module_count), most cells first */
    int32_t         module_count;
    dvt_rtl_cells   total;
    double          control_share; /* cells of reader, chain and instruction registers over all */
    double          seconds;
} dvt_rtl_synthesis;

/* Yosys on the overlay's package, in `dir`, which keeps package, log and Yosys's own statistics.
 * Targets: xilinx-us+, intel-alm, ecp5. E_USAGE for another; E_UNSUPPORTED without Yosys;
 * E_INTERNAL with the end of its output if it fails. */
DVT_API DVT_MUST_CHECK dvt_status dvt_rtl_synthesise(dvt_ctx *ctx, const dvt_overlay *o,
                                                     const char *target, const char *dir,
                                                     dvt_rtl_synthesis *out);
DVT_API void                      dvt_rtl_synthesis_deinit(dvt_rtl_synthesis *s);

#ifdef __cplusplus
}
#endif
#endif
