/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options.h - one table per set of options gives defaults, parsing, help, file and record.
 *
 * Idea       A set of options is a plain struct and a table with one row a field. The field's
 *            name is the key in JSON files (`latency_max_ms`) and, with '-' for '_', the long
 *            name on the command line (`--latency-max-ms`). Nothing else knows the names.
 * Precedence defaults < `--config FILE` < command line. A list given on the command line replaces
 *            the file's list.
 * Syntax     `--name VALUE`, `--name=VALUE`, `-o VALUE`, `-oVALUE`; flags take no value and, where
 *            the row says so, have a `--no-name`; `--` ends options; `-` alone is an argument.
 *            `--help`, `-h` and `--config FILE` belong to every set and are not in its table.
 *            A value that begins with "--" must be written `--name=--value`.
 * Ownership  texts in the values point into argv, the table or the arena: they live as long as all
 *            three do.
 * Errors     DVT_E_USAGE for the command line, DVT_E_PARSE for the file, both naming the option,
 *            the value, what was expected, and the nearest name. Nothing is clamped.
 * Example
 *     typedef struct eval_opts {
 *         const char *weights;
 *         int         engine;
 *         uint32_t    jobs;
 *     } eval_opts;
 *     static const dvt_option EVAL_OPTIONS[] = {
 *         {DVT_OPTION_STRING(eval_opts, weights, NULL, "FILE", "weights of the model")},
 *         {DVT_OPTION_ENUM(eval_opts, engine, 0, "reference|overlay", "what computes")},
 *         {DVT_OPTION_U32(eval_opts, jobs, 0, 0, 1024, "threads", "0 = one per core"),
 *          .short_name = 'j', .unrecorded = true},
 *     };
 *     static const dvt_option_set EVAL = {
 *         .name = "eval", .options = EVAL_OPTIONS, .count = 3,
 *         .positionals = "MODEL", .positional_min = 1, .positional_max = 1};
 *     eval_opts  opts;
 *     dvt_parsed parsed;
 *     st = dvt_options_parse(ctx, &EVAL, argc, argv, arena, &opts, &parsed);
 */
#ifndef DOVETAIL_OPTIONS_H
#define DOVETAIL_OPTIONS_H

#include "dovetail/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- tables -------------------------------------------------------------------------------- */

typedef enum dvt_option_kind {
    DVT_OPTION_KIND_FLAG,   /* bool */
    DVT_OPTION_KIND_I64,    /* int64_t */
    DVT_OPTION_KIND_U64,    /* uint64_t */
    DVT_OPTION_KIND_U32,    /* uint32_t */
    DVT_OPTION_KIND_F64,    /* double; also written "1/256" */
    DVT_OPTION_KIND_STRING, /* const char *; NULL = not given */
    DVT_OPTION_KIND_LIST,   /* dvt_text_list; the option may be repeated */
    DVT_OPTION_KIND_ENUM    /* int: index of the choice */
} dvt_option_kind;

typedef struct dvt_text_list {
    const char *const *items; /* NULL if count is 0 */
    size_t             count;
} dvt_text_list;

typedef struct dvt_option {
    const char     *key; /* the field's name */
    dvt_option_kind kind;
    size_t          offset; /* of the field */
    const char     *unit;   /* of numbers ("ms"; "" = none), what stands for the value in help */
    const char     *help;   /* one sentence, lower case, no full stop */
    union {
        struct {
            bool fallback; /* the default */
        } b;
        struct {
            int64_t fallback, min, max;
        } i;
        struct {
            uint64_t fallback, min, max;
        } u;
        struct {
            double fallback, min, max;
        } f;
        struct {
            const char *fallback;
        } s;
        struct {
            int         fallback;
            const char *choices; /* "reference|overlay" */
        } e;
    } as;
    char short_name; /* 0 = none; only o, j, q, v are in use ('h' is help) */
    bool negatable;  /* a flag that has --no-name */
    bool required;   /* an error if neither the file nor the command line gives it */
    bool unrecorded; /* cannot change a result (threads, output paths): not in record and hash */
} dvt_option;

typedef struct dvt_option_set {
    const char       *name; /* the command, for help and errors */
    const dvt_option *options;
    size_t            count;
    const char       *positionals; /* "MODEL", "A B"; NULL = none */
    uint32_t          positional_min, positional_max;
} dvt_option_set;

/* The comparison inside sizeof makes compilers complain about a field of another type. */
#define DVT_OPTION_FIELD_(type, field, ctype) \
    .key = #field,                            \
    .offset = offsetof(type, field) + 0 * sizeof(&((type *)0)->field == (ctype *)0)

#define DVT_OPTION_FLAG(type, field, fallback_, help_)                              \
    DVT_OPTION_FIELD_(type, field, bool), .kind = DVT_OPTION_KIND_FLAG, .unit = "", \
                                          .help = help_, .as.b = {fallback_}
#define DVT_OPTION_I64(type, field, fallback_, min_, max_, unit_, help_)                \
    DVT_OPTION_FIELD_(type, field, int64_t), .kind = DVT_OPTION_KIND_I64, .unit = unit_, \
                                             .help = help_, .as.i = {fallback_, min_, max_}
#define DVT_OPTION_U64(type, field, fallback_, min_, max_, unit_, help_)                 \
    DVT_OPTION_FIELD_(type, field, uint64_t), .kind = DVT_OPTION_KIND_U64, .unit = unit_, \
                                              .help = help_, .as.u = {fallback_, min_, max_}
#define DVT_OPTION_U32(type, field, fallback_, min_, max_, unit_, help_)                 \
    DVT_OPTION_FIELD_(type, field, uint32_t), .kind = DVT_OPTION_KIND_U32, .unit = unit_, \
                                              .help = help_, .as.u = {fallback_, min_, max_}
#define DVT_OPTION_F64(type, field, fallback_, min_, max_, unit_, help_)               \
    DVT_OPTION_FIELD_(type, field, double), .kind = DVT_OPTION_KIND_F64, .unit = unit_, \
                                            .help = help_, .as.f = {fallback_, min_, max_}
#define DVT_OPTION_STRING(type, field, fallback_, value_, help_)                                \
    DVT_OPTION_FIELD_(type, field, const char *), .kind = DVT_OPTION_KIND_STRING, .unit = value_, \
                                                  .help = help_, .as.s = {fallback_}
#define DVT_OPTION_LIST(type, field, value_, help_)                                             \
    DVT_OPTION_FIELD_(type, field, dvt_text_list), .kind = DVT_OPTION_KIND_LIST, .unit = value_, \
                                                   .help = help_
#define DVT_OPTION_ENUM(type, field, fallback_, choices_, help_)                  \
    DVT_OPTION_FIELD_(type, field, int), .kind = DVT_OPTION_KIND_ENUM, .unit = "", \
                                         .help = help_, .as.e = {fallback_, choices_}

/* DVT_OK if the table is sound: unique names, defaults in range, at most 64 choices. A table that
 * is not is our bug: DVT_E_INTERNAL. For tests. */
DVT_API DVT_MUST_CHECK dvt_status dvt_options_verify(dvt_ctx *ctx, const dvt_option_set *set);

/* ---- values -------------------------------------------------------------------------------- */

typedef enum dvt_option_source {
    DVT_OPTION_DEFAULT,
    DVT_OPTION_FILE,
    DVT_OPTION_COMMAND_LINE
} dvt_option_source;

typedef struct dvt_parsed {
    bool                     help;        /* --help was given; values and counts are not checked */
    const char              *config_path; /* NULL = none */
    dvt_text_list            positionals;
    const dvt_option_source *sources; /* one a row of the table */
} dvt_parsed;

/* Fills every field of `values` that the table names. */
DVT_API void dvt_options_defaults(const dvt_option_set *set, void *values);

/* Defaults, then the --config file, then argv (without program and command name) into `values`.
 * argv must outlive the values. */
DVT_API DVT_MUST_CHECK dvt_status dvt_options_parse(dvt_ctx *ctx, const dvt_option_set *set,
                                                    int argc, const char *const *argv,
                                                    dvt_arena *arena, void *values,
                                                    dvt_parsed *out);

/* Applies a JSON configuration file to values that are already filled; keys that it does not name
 * keep their value. For callers that have no command line. */
DVT_API DVT_MUST_CHECK dvt_status dvt_options_load(dvt_ctx *ctx, const dvt_option_set *set,
                                                   const char *path, dvt_arena *arena,
                                                   void *values);

/* Where the value of `key` came from. `key` must be in the table. */
DVT_API dvt_option_source dvt_options_source(const dvt_option_set *set, const dvt_parsed *parsed,
                                             const char *key);

/* ---- text ---------------------------------------------------------------------------------- */

/* The options part of a help page, 80 columns. */
DVT_API void dvt_options_help(const dvt_option_set *set, dvt_buf *out);

/* The recorded values as a JSON object, on one line; what it writes, --config reads back. */
DVT_API void dvt_options_json(const dvt_option_set *set, const void *values, dvt_buf *out);

/* SHA-256 of that text: equal configurations have equal hashes. */
DVT_API DVT_MUST_CHECK dvt_status dvt_options_sha256(dvt_ctx *ctx, const dvt_option_set *set,
                                                     const void *values,
                                                     char out[DVT_SHA256_HEX]);

#ifdef __cplusplus
}
#endif
#endif
