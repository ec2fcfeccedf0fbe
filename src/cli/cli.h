/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli.h - what the commands share: the command table, common options, models, results.
 *
 * A command is a table row and one function: parse (done by main), library calls, print. Its
 * options struct starts with CLI_COMMON_FIELDS, so that main reads them from any command's values.
 * Standard output carries the result only; everything else goes to standard error.
 */
#ifndef DVTI_CLI_H
#define DVTI_CLI_H

#include "base/json_util.h"
#include "dovetail/formats.h"
#include "dovetail/options.h"
#include "dovetail/program.h"

/* ---- options that every command has -------------------------------------------------------- */

#define CLI_COMMON_FIELDS \
    bool     json;        \
    bool     quiet;       \
    bool     verbose;     \
    bool     progress;    \
    uint32_t jobs;        \
    uint64_t memory_mib

typedef struct cli_common {
    CLI_COMMON_FIELDS;
} cli_common;

#define CLI_COMMON_OPTIONS(type)                                                                   \
    {DVT_OPTION_FLAG(type, json, false, "print one JSON object"), .unrecorded = true},             \
        {DVT_OPTION_FLAG(type, quiet, false, "no messages but errors"), .short_name = 'q',         \
         .unrecorded = true},                                                                      \
        {DVT_OPTION_FLAG(type, verbose, false, "say what happens"), .short_name = 'v',             \
         .unrecorded = true},                                                                      \
        {DVT_OPTION_FLAG(type, progress, true, "show progress on a terminal"), .negatable = true,  \
         .unrecorded = true},                                                                      \
        {DVT_OPTION_U32(type, jobs, 0, 0, 1024, "threads", "0 = one per core"), .short_name = 'j', \
         .unrecorded = true},                                                                      \
    {                                                                                              \
        DVT_OPTION_U64(type, memory_mib, 0, 0, 1 << 24, "MiB", "memory budget; 0 = no limit"),     \
            .unrecorded = true                                                                     \
    }

/* ---- options of commands that read a network ------------------------------------------------ */

#define CLI_MODEL_FIELDS        \
    const char   *weights;      \
    dvt_text_list shape;        \
    uint64_t      batch;        \
    bool          seed_weights; \
    uint64_t      seed

typedef struct cli_model {
    CLI_MODEL_FIELDS;
    /* arrays that are known while reading: shapes of open inputs, and operands that an operator
     * must know (ONNX) */
    const dvt_input_shape *array_shapes;
    const dvt_input_value *arrays; /* with a name only */
    int32_t                array_shape_count, array_count;
} cli_model;

#define CLI_MODEL_OPTIONS(type)                                                                    \
    {DVT_OPTION_STRING(type, weights, NULL, "FILE", "trained weights (.caffemodel)")},             \
        {DVT_OPTION_LIST(type, shape, "[NAME=]1,3,224,224", "shape of an input")},                 \
        {DVT_OPTION_U64(type, batch, 0, 0, 65536, "images", "batch size; 0 = as the model says")}, \
        {DVT_OPTION_FLAG(type, seed_weights, false,                                                \
                         "fill weights that the model lacks with seeded random values")},          \
    {                                                                                              \
        DVT_OPTION_U64(type, seed, 1, 0, UINT64_MAX, "", "random seed")                            \
    }

/* Copies the model fields out of a command's values. */
#define CLI_MODEL_OF(v)                                                    \
    (cli_model)                                                            \
    {                                                                      \
        .weights = (v)->weights, .shape = (v)->shape, .batch = (v)->batch, \
        .seed_weights = (v)->seed_weights, .seed = (v)->seed               \
    }

/* ---- commands ------------------------------------------------------------------------------ */

typedef struct cli_run {
    dvt_ctx          *ctx;
    const void       *values; /* the command's options struct */
    const dvt_parsed *parsed;
    const cli_common *common;
    dvt_arena        *arena;
    dvt_buf          *out;       /* the result; printed when the command succeeds */
    int               exit_code; /* 1 = done, but the answer is no; set by the command */
} cli_run;

typedef struct cli_command {
    const char           *name;
    const char           *summary;     /* one line */
    const char           *description; /* a paragraph for the help page */
    const char           *examples;    /* lines that run as they stand */
    const dvt_option_set *options;
    size_t                values_bytes;
    dvt_status (*run)(cli_run *r);
} cli_command;

extern const cli_command cli_info, cli_check, cli_compile, cli_run_model, cli_eval, cli_profile,
    cli_overlay, cli_convert, cli_space, cli_data, cli_pareto, cli_predict, cli_version, cli_help;
const cli_command *const *cli_commands(void); /* NULL-terminated */
/* NULL with DVT_E_USAGE and the nearest name if there is no such command. */
const cli_command *cli_find_command(dvt_ctx *ctx, const char *name);
void               cli_print_help(const cli_command *c, dvt_buf *out);

/* ---- shared work --------------------------------------------------------------------------- */

/* Loads positional argument 0 as a network. `image` (rank 3 or 0): size for inputs without one. */
dvt_status cli_load_model(const cli_run *r, const cli_model *m, const dvt_shape *image,
                          dvt_graph **out);
/* Images in the network's own shapes: the first dimension that all inputs share, if these look like
 * images or rows; else 1. */
int64_t cli_batch_of(const dvt_graph *g);
/* The same with batch 1 for a network of images where neither --batch nor --shape nor an array
 * says otherwise: the overlay computes one image at a time. */
dvt_status cli_load_one_image(const cli_run *r, const cli_model *m, const dvt_shape *image,
                              dvt_graph **out);
/* The model file's SHA-256 ("" for standard input). */
dvt_status cli_model_hash(const cli_run *r, char out[DVT_SHA256_HEX]);
/* An overlay by file name, or by the name of one in the installed or source `overlays` folder. */
dvt_status cli_load_overlay(const cli_run *r, const char *name, dvt_overlay *out);
/* A device likewise, in the folder `devices`. */
dvt_status cli_load_device(const cli_run *r, const char *name, dvt_device *out);
/* The folder "overlays" or "devices" of the installation or the source tree; NULL = none. */
const char *cli_data_folder(const cli_run *r, const char *kind);
/* Sorted names of the ready overlays or devices (`kind` as above), without ".json". */
enum { CLI_READY_MAX = 256 };
size_t cli_ready_names(const cli_run *r, const char *kind, const char *out[CLI_READY_MAX]);
/* E_IO for a name that is neither a file nor a ready one; the hint has the nearest that is. */
dvt_status cli_fail_not_ready(const cli_run *r, const char *kind, const char *what,
                              const char *name);
/* Positional 0 as a program; *out NULL (and DVT_OK) if the file is something else. */
dvt_status cli_load_program(const cli_run *r, dvt_program **out);
/* E_USAGE if an option was given that says how to read or compile a network: `what` ("a program")
 * is neither read nor compiled so, and nothing that was asked for is ignored. */
dvt_status cli_refuse_network_options(const cli_run *r, const dvt_option_set *set,
                                      const char *what);
/* Parses "[NAME=]VALUE" in place of the list's items. */
const char *cli_after_equals(dvt_arena *arena, const char *item, const char **name);

/* JSON object with its schema line; close with cli_json_end. */
dvti_json_writer cli_json_begin(const cli_run *r, const char *schema);
void             cli_json_end(const cli_run *r, dvti_json_writer *w);
/* The buffer's text as a string; releases it. If it failed, so does the result. */
void cli_json_put_text(dvti_json_writer *w, const char *key, dvt_buf *text);
/* 1,234,567 */
const char *cli_grouped(int64_t n, char out[32]);

#endif
