/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base.h - what every module stands on: status and error context, memory, files, text, threads.
 *
 * Ownership  A `dvt_ctx` is created by the caller, is the first argument of everything that can
 *            fail, and is used by one thread at a time. It owns the error slot and counts the
 *            bytes that were taken through it. Objects made with a context must be destroyed
 *            before it. `*_destroy(NULL)` is always a no-op.
 * Errors     Functions that can fail return `dvt_status`, write results to `out` parameters
 *            (last, set to NULL or 0 on failure) and describe the failure in the context's
 *            error slot. The first failure is kept; later ones are added to its trail.
 * Example
 *     dvt_ctx *ctx = dvt_ctx_create(NULL);
 *     dvt_blob file;
 *     if (dvt_file_read(ctx, "net.onnx", 0, &file) != DVT_OK)
 *         fprintf(stderr, "%s\n", dvt_ctx_error(ctx)->message);
 *     dvt_blob_deinit(ctx, &file);
 *     dvt_ctx_destroy(ctx);
 */
#ifndef DOVETAIL_BASE_H
#define DOVETAIL_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DVT_VERSION_MAJOR 0
#define DVT_VERSION_MINOR 1
#define DVT_VERSION_PATCH 0
#define DVT_VERSION_STRING "0.1.0"

#if defined(__GNUC__)
#define DVT_API __attribute__((visibility("default")))
#define DVT_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define DVT_MUST_CHECK __attribute__((warn_unused_result))
#else
#define DVT_API
#define DVT_PRINTF(fmt, args)
#define DVT_MUST_CHECK
#endif

typedef struct dvt_ctx dvt_ctx;

/* ---- status and errors --------------------------------------------------------------------- */

/* name, exit code of the command line, one line for people and for docs/errors.md */
#define DVT_STATUS_LIST(X)                                               \
    X(OK, 0, "success")                                                  \
    X(E_NOTFOUND, 1, "no such item, or the answer is no")                \
    X(E_USAGE, 2, "the caller broke the contract of the call or command") \
    X(E_PARSE, 3, "input text or file is malformed")                     \
    X(E_SHAPE, 3, "tensor shapes or types do not agree")                 \
    X(E_UNSUPPORTED, 4, "valid input that this tool does not handle")    \
    X(E_CAPACITY, 4, "the design does not fit its device or limits")     \
    X(E_NUMERIC, 4, "non-finite or out-of-range value")                  \
    X(E_INTERNAL, 5, "a bug in this library")                            \
    X(E_IO, 6, "the operating system refused a file operation")          \
    X(E_DB, 6, "the result store failed")                                \
    X(E_NOMEM, 6, "out of memory or over the memory budget")             \
    X(E_CANCELLED, 130, "stopped at the caller's request")

typedef enum dvt_status {
#define DVT_X(name, exit_code, text) DVT_##name,
    DVT_STATUS_LIST(DVT_X)
#undef DVT_X
        DVT_STATUS_COUNT
} dvt_status;

DVT_API const char *dvt_status_name(dvt_status status);      /* "E_PARSE" */
DVT_API const char *dvt_status_text(dvt_status status);      /* one line for people */
DVT_API int         dvt_status_exit_code(dvt_status status); /* of the command line */

/* A place in the user's input. `file` is borrowed and copied into the error when one is raised. */
typedef struct dvt_pos {
    const char *file;         /* NULL = no file */
    uint32_t    line, column; /* 1-based; 0 = unknown */
    uint64_t    offset;       /* bytes from the start; meaningful where line is 0 */
} dvt_pos;

/* Fixed size, lives in the context: reporting an error allocates nothing. */
typedef struct dvt_error {
    dvt_status  status;   /* DVT_OK = no error */
    const char *src_file; /* where in our source it was raised */
    int         src_line;
    bool        has_pos;
    char        file[256]; /* of the input; "" = none */
    uint32_t    line, column;
    uint64_t    offset;
    char        message[512]; /* "cannot open 'x.onnx'": lower case, no full stop */
    char        hint[512];    /* what to try, or "" */
    char        trail[1024];  /* "while lowering node 'conv3_1'\n", one line a level, inner first */
} dvt_error;

/* Raises an error and returns `status`, so that `return dvt_fail(...)` and `st = dvt_fail(...)`
 * both read well. `at` may be NULL. If an error is already set it stays, and this one becomes a
 * line of its trail. */
#ifndef __clang_analyzer__
#define dvt_fail(ctx, status, at, ...) \
    dvt_fail_((ctx), (status), (at), __FILE__, __LINE__, __VA_ARGS__)
#else /* it does not see into dvt_fail_ and would think that a failure may return DVT_OK */
#define dvt_fail(ctx, status, at, ...) \
    (dvt_fail_((ctx), (status), (at), __FILE__, __LINE__, __VA_ARGS__), (status))
#endif
DVT_API dvt_status dvt_fail_(dvt_ctx *ctx, dvt_status status, const dvt_pos *at,
                             const char *src_file, int src_line, const char *fmt, ...)
    DVT_PRINTF(6, 7);
DVT_API void dvt_fail_hint(dvt_ctx *ctx, const char *fmt, ...) DVT_PRINTF(2, 3);
DVT_API void dvt_fail_note(dvt_ctx *ctx, const char *fmt, ...) DVT_PRINTF(2, 3);

DVT_API const dvt_error *dvt_ctx_error(const dvt_ctx *ctx);  /* borrowed, never NULL */
DVT_API void             dvt_ctx_clear_error(dvt_ctx *ctx);  /* before going on after a failure */

/* ---- context ------------------------------------------------------------------------------- */

/* Resizes `p` (NULL: a new block) from `old_bytes` to `new_bytes` (0: frees). NULL = refused. */
typedef void *(*dvt_realloc_fn)(void *ud, void *p, size_t old_bytes, size_t new_bytes);

typedef enum dvt_log_level {
    DVT_LOG_NONE,
    DVT_LOG_ERROR,
    DVT_LOG_WARN,
    DVT_LOG_INFO,  /* once per command */
    DVT_LOG_DEBUG, /* once per pass or candidate */
    DVT_LOG_TRACE  /* per node or instruction */
} dvt_log_level;

typedef void (*dvt_log_fn)(void *ud, dvt_log_level level, const char *module, const char *text);

/* Called now and then by long work. Returning false asks it to stop with DVT_E_CANCELLED. Phase and
 * unit are NULL where there is nothing to show and only that is asked. */
typedef bool (*dvt_progress_fn)(void *ud, const char *phase, uint64_t done, uint64_t total,
                                const char *unit);

typedef struct dvt_ctx_opts {
    dvt_realloc_fn  realloc;             /* NULL = the C library's */
    void           *realloc_ud;
    size_t          memory_budget_bytes; /* 0 = no limit; above it allocation fails E_NOMEM */
    uint32_t        jobs;                /* threads for parallel work; 0 = one per core */
    dvt_log_fn      log;                 /* NULL = silent */
    void           *log_ud;
    dvt_log_level   log_level;
    dvt_progress_fn progress; /* NULL = none */
    void           *progress_ud;
} dvt_ctx_opts;

/* NULL opts = defaults; NULL = no memory */
DVT_API dvt_ctx *dvt_ctx_create(const dvt_ctx_opts *opts);
DVT_API void     dvt_ctx_destroy(dvt_ctx *ctx);
DVT_API uint32_t dvt_ctx_jobs(const dvt_ctx *ctx);        /* resolved, at least 1 */
DVT_API size_t   dvt_ctx_bytes_in_use(const dvt_ctx *ctx);
DVT_API size_t   dvt_ctx_bytes_peak(const dvt_ctx *ctx);

DVT_API void dvt_log(dvt_ctx *ctx, dvt_log_level level, const char *module, const char *fmt, ...)
    DVT_PRINTF(4, 5);

/* Reports progress; DVT_E_CANCELLED (raised in ctx) if the caller asked to stop. Cheap. */
DVT_API DVT_MUST_CHECK dvt_status dvt_progress(dvt_ctx *ctx, const char *phase, uint64_t done,
                                               uint64_t total, const char *unit);
/* Only asks, for steps inside work whose progress is reported outside. `what` as in "running the
 * network". */
DVT_API DVT_MUST_CHECK dvt_status dvt_stop_asked(dvt_ctx *ctx, const char *what);

/* ---- memory -------------------------------------------------------------------------------- */

enum { DVT_ALIGN = 64 }; /* bytes; every block from dvt_alloc and every tensor */

/* Overflow-checked sizes: false (and *out = 0) if the result does not fit in size_t. */
DVT_API bool dvt_mul_size(size_t a, size_t b, size_t *out);
DVT_API bool dvt_add_size(size_t a, size_t b, size_t *out);

/* Zeroed, DVT_ALIGN-aligned. NULL raises DVT_E_NOMEM. `count * size` is overflow-checked. */
DVT_API void *dvt_calloc(dvt_ctx *ctx, size_t count, size_t size);
/* Not zeroed. */
DVT_API void *dvt_alloc(dvt_ctx *ctx, size_t bytes);
/* Contents up to the smaller size are kept; on failure `p` is untouched. */
DVT_API void *dvt_realloc(dvt_ctx *ctx, void *p, size_t bytes);
DVT_API void  dvt_free(dvt_ctx *ctx, void *p); /* NULL is a no-op */

/* An arena hands out memory that is freed as a whole: one per lifespan (a graph, a pass, a
 * candidate). Built with DVT_ARENA_DEBUG each piece is a block of its own, so that address
 * sanitizers see overruns. */
typedef struct dvt_arena dvt_arena;
DVT_API dvt_arena *dvt_arena_create(dvt_ctx *ctx); /* NULL raises DVT_E_NOMEM */
DVT_API void       dvt_arena_destroy(dvt_arena *arena);
DVT_API void       dvt_arena_reset(dvt_arena *arena); /* frees all pieces, keeps the arena */
/* Zeroed pieces aligned for any scalar (16); larger alignment through _aligned. */
DVT_API void *dvt_arena_calloc(dvt_arena *arena, size_t count, size_t size);
DVT_API void *dvt_arena_aligned(dvt_arena *arena, size_t bytes, size_t align);
DVT_API char *dvt_arena_strdup(dvt_arena *arena, const char *s);
DVT_API char *dvt_arena_strndup(dvt_arena *arena, const char *s, size_t n);
DVT_API char *dvt_arena_printf(dvt_arena *arena, const char *fmt, ...) DVT_PRINTF(2, 3);
DVT_API size_t dvt_arena_bytes(const dvt_arena *arena);

/* ---- text buffer --------------------------------------------------------------------------- */

/* A growing text with a limit. Appending after a failure does nothing, so that a writer checks
 * once at the end: `return dvt_buf_status(&b)`. `data` is always NUL-terminated when not NULL.
 * Growing above max_bytes is DVT_E_CAPACITY. */
typedef struct dvt_buf {
    dvt_ctx   *ctx;
    char      *data;
    size_t     len, cap, max_bytes;
    dvt_status status;
} dvt_buf;

DVT_API void       dvt_buf_init(dvt_buf *b, dvt_ctx *ctx, size_t max_bytes); /* 0 = 1 GiB */
DVT_API void       dvt_buf_deinit(dvt_buf *b);
DVT_API void       dvt_buf_reset(dvt_buf *b);
DVT_API void       dvt_buf_append(dvt_buf *b, const void *bytes, size_t n);
DVT_API void       dvt_buf_puts(dvt_buf *b, const char *s);
DVT_API void       dvt_buf_printf(dvt_buf *b, const char *fmt, ...) DVT_PRINTF(2, 3);
DVT_API dvt_status dvt_buf_status(const dvt_buf *b);

/* ---- files --------------------------------------------------------------------------------- */

typedef struct dvt_blob {
    uint8_t *data; /* NUL-terminated behind size, so that text parsers can rely on it */
    size_t   size; /* bytes */
} dvt_blob;

/* Reads a whole file ("-": standard input). `max_bytes` 0 = 8 GiB. DVT_E_IO with the
 * system's reason (a missing file too, with the nearest name as hint); DVT_E_CAPACITY above
 * max_bytes. */
DVT_API DVT_MUST_CHECK dvt_status dvt_file_read(dvt_ctx *ctx, const char *path, size_t max_bytes,
                                                dvt_blob *out);
DVT_API void dvt_blob_deinit(dvt_ctx *ctx, dvt_blob *blob);
/* Writes to a temporary file beside `path` and renames it: either the old or the new file is
 * there, never a part. "-" writes to standard output. */
DVT_API DVT_MUST_CHECK dvt_status dvt_file_write(dvt_ctx *ctx, const char *path, const void *data,
                                                 size_t size);
DVT_API bool dvt_file_exists(const char *path);

/* ---- hashes -------------------------------------------------------------------------------- */

enum { DVT_SHA256_HEX = 65, DVT_MD5_HEX = 33 }; /* characters, with the NUL */
DVT_API void     dvt_sha256_hex(const void *data, size_t size, char out[DVT_SHA256_HEX]);
DVT_API void     dvt_md5_hex(const void *data, size_t size, char out[DVT_MD5_HEX]);
/* for tables, not files */
DVT_API uint64_t dvt_hash64(const void *data, size_t size, uint64_t seed);

/* ---- text helpers -------------------------------------------------------------------------- */

/* The candidate nearest to `word` in edit distance, for "did you mean"; NULL if none is near. */
DVT_API const char *dvt_nearest(const char *word, const char *const *candidates, size_t count);
/* Strict parsers: the whole text must be the number. False leaves *out untouched. */
DVT_API bool dvt_parse_u64(const char *text, uint64_t *out);
DVT_API bool dvt_parse_i64(const char *text, int64_t *out);
DVT_API bool dvt_parse_f64(const char *text, double *out); /* also "1/256" */

/* ---- random numbers ------------------------------------------------------------------------ */

/* Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011): the n-th
 * number of a stream depends on seed, stream and n alone, so any split over threads gives the
 * same numbers. A plain value: copy it to remember a place. */
typedef struct dvt_rng {
    uint64_t seed, stream, counter; /* counter: numbers of 32 bits drawn so far */
} dvt_rng;

DVT_API dvt_rng  dvt_rng_make(uint64_t seed, uint64_t stream);
DVT_API dvt_rng  dvt_rng_split(const dvt_rng *rng, uint64_t child); /* independent stream */
DVT_API uint32_t dvt_rng_u32(dvt_rng *rng);
DVT_API uint64_t dvt_rng_u64(dvt_rng *rng);
DVT_API uint64_t dvt_rng_below(dvt_rng *rng, uint64_t n); /* uniform in [0, n), unbiased, n > 0 */
DVT_API float    dvt_rng_f32(dvt_rng *rng);               /* uniform in [0, 1) */
DVT_API double   dvt_rng_f64(dvt_rng *rng);
DVT_API double   dvt_rng_normal(dvt_rng *rng);            /* mean 0, deviation 1 */

/* ---- threads ------------------------------------------------------------------------------- */

/* Calls fn(ud, begin, end, worker) on disjoint ranges that cover [0, count), on up to
 * dvt_ctx_jobs(ctx) threads; `worker` < jobs names the thread for private scratch. Ranges hold at
 * least `grain` items (0 = 1). fn must not use ctx and must write only what its range owns: the
 * result then does not depend on the number of threads. Nested calls run on the calling thread. */
typedef void (*dvt_range_fn)(void *ud, int64_t begin, int64_t end, uint32_t worker);
DVT_API void dvt_parallel_for(dvt_ctx *ctx, int64_t count, int64_t grain, dvt_range_fn fn,
                              void *ud);

#ifdef __cplusplus
}
#endif
#endif
