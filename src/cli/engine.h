/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine.h - one way to run a network for `run` and `eval`, whatever computes it.
 *
 * reference  the fast executor on the network after the standing passes
 * naive      every operator by its reference kernel, the network as it was read
 * overlay    compiled, then executed by the bit-accurate model
 * rtl        the same program on the simulated RTL, compared with both models after every run
 */
#ifndef DVTI_ENGINE_H
#define DVTI_ENGINE_H

#include "cli/cli.h"
#include "dovetail/compile.h"
#include "dovetail/rtl.h"
#include "dovetail/sim.h"

#define CLI_ENGINE_CHOICES "reference|naive|overlay|rtl"
typedef enum cli_engine_kind { CLI_REFERENCE, CLI_NAIVE, CLI_OVERLAY, CLI_RTL } cli_engine_kind;

const char        *cli_engine_name(cli_engine_kind kind);
static inline bool cli_engine_is_overlay(cli_engine_kind kind)
{
    return kind == CLI_OVERLAY || kind == CLI_RTL;
}

#define CLI_ENGINE_FIELDS    \
    int           engine;    \
    const char   *overlay;   \
    bool          naive;     \
    dvt_text_list disable;   \
    const char   *rtl_cache; \
    uint32_t      stall_permille

#define CLI_ENGINE_OPTIONS(type)                                                        \
    {DVT_OPTION_ENUM(type, engine, 0, CLI_ENGINE_CHOICES, "what computes")},            \
        {DVT_OPTION_STRING(type, overlay, "medium-fp11", "OVERLAY",                     \
                           "overlay file, or the name of a ready one")},                \
        {DVT_OPTION_FLAG(type, naive, false, "compile with every optimisation off")},   \
        {DVT_OPTION_LIST(type, disable, "NAME", "switch one optimisation off")},        \
        {DVT_OPTION_STRING(type, rtl_cache, NULL, "DIR",                                \
                           "rtl: where built overlays lie; default ~/.cache/dovetail"), \
         .unrecorded = true},                                                           \
    {                                                                                   \
        DVT_OPTION_U32(type, stall_permille, 0, 0, 999, "1/1000",                       \
                       "rtl: how often the memory holds a channel back, by --seed")     \
    }

typedef struct cli_engine_opts {
    cli_engine_kind   kind;
    const char       *overlay;
    bool              naive;
    dvt_text_list     disable, keep;
    const dvt_tensor *samples; /* int8 calibration: sample_count sets of the network's inputs */
    int32_t           sample_count;
    const char       *rtl_cache;
    int32_t           stall_permille;
    uint64_t          seed;
} cli_engine_opts;

typedef struct cli_engine {
    dvt_ctx     *ctx;
    dvt_graph   *g; /* borrowed; outputs are those of this graph, kept values behind them */
    dvt_exec    *exec;
    dvt_program *program;
    dvt_sim     *sim;
    dvt_rtl     *rtl;     /* beside sim, which it is compared with */
    dvt_profile  profile; /* of the same program and memory */
    int64_t      runs;
    const char **names; /* of the outputs; kept ones as they were asked for */
    int32_t      input_count, output_count;
} cli_engine;

/* Adds the kept values to the graph's outputs. */
dvt_status cli_engine_open(const cli_run *r, dvt_graph *g, const cli_engine_opts *opts,
                           cli_engine *out);
/* Runs a program that is there already; the engine owns it from now on, also on failure. */
dvt_status cli_engine_open_program(const cli_run *r, dvt_program *p, const cli_engine_opts *opts,
                                   cli_engine *out);
void       cli_engine_close(cli_engine *e);
dvt_status cli_engine_run(cli_engine *e, const dvt_tensor *inputs);
/* Borrowed until the next run. */
dvt_status cli_engine_output(const cli_engine *e, int32_t i, dvt_tensor *out, const char **name);

/* Puts "rtl": {...} into the JSON, or says the same in a line, if the RTL ran. */
void cli_engine_print_rtl(const cli_run *r, const cli_engine *e, dvti_json_writer *w);

/* engine_rtl.c: the RTL beside the models. */
dvt_status cli_engine_open_rtl(const cli_run *r, const cli_engine_opts *opts, cli_engine *e);
dvt_status cli_engine_run_rtl(cli_engine *e, const dvt_tensor *inputs);
/* --rtl-cache, else below XDG_CACHE_HOME or HOME; NULL without memory. */
const char *cli_rtl_cache(const cli_run *r, const char *given);

/* Compiles positional 0's network; shared with `compile` and `profile`. */
dvt_status cli_compile_graph(const cli_run *r, const dvt_graph *g, const cli_engine_opts *opts,
                             dvt_program **out);

#endif
