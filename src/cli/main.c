/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - finds the command, reads its options, runs it, reports its error.
 *
 * Exit codes 0 done, 1 done but the answer is no, 2 usage, 3 bad input, 4 unsupported, 5 our bug,
 *            6 system, 130 interrupted: from the status table (base.h), see docs/errors.md.
 * Errors     one form for people (file:line:column: error: text, hint, where it happened), one JSON
 *            object with --json, both on standard error and standard output as the form asks.
 * Ctrl-C     sets a flag that the next step of the work turns into DVT_E_CANCELLED; a second one
 *            ends the process. Outputs are written whole or not at all, so nothing half-done stays.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"

/* ---- interruption and progress ------------------------------------------------------------- */

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    interrupted = 1;
    signal(number, SIG_DFL);
}

typedef struct progress_state {
    bool            draw, drawn;
    char            phase[32];
    struct timespec begun, last; /* of the phase; of the line that stands */
} progress_state;

static double seconds_since(const struct timespec *t)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - t->tv_sec) + (double)(now.tv_nsec - t->tv_nsec) * 1e-9;
}

/* "12 s", "3 min 20 s", "7 h 42 min" */
static const char *time_text(double seconds, char out[32])
{
    long long s = seconds < 1e9 ? (long long)(seconds + 0.5) : 1000000000;

    if (s < 60) {
        snprintf(out, 32, "%lld s", s);
    } else if (s < 3600) {
        snprintf(out, 32, "%lld min %lld s", s / 60, s % 60);
    } else {
        snprintf(out, 32, "%lld h %lld min", s / 3600, s / 60 % 60);
    }
    return out;
}

static void draw_progress(const progress_state *p, uint64_t done, uint64_t total, const char *unit,
                          double spent)
{
    double rate = (double)done / spent;
    char   number[32], all[32], left[32];

    fprintf(stderr, "\r\033[K%s: %s", p->phase, cli_grouped((int64_t)done, number));
    if (total && done) {
        fprintf(stderr, " of %s %s, %.*f/s, %s left", cli_grouped((int64_t)total, all), unit,
                rate < 10.0 ? 2 : 0, rate,
                time_text((double)(total > done ? total - done : 0) / rate, left));
    } else {
        fprintf(stderr, " %s", unit);
    }
    fflush(stderr);
}

/* Draws after one second of a phase, at most ten times a second: done, rate, time left. */
static bool on_progress(void *ud, const char *phase, uint64_t done, uint64_t total,
                        const char *unit)
{
    progress_state *p = ud;

    if (!phase) {
        return interrupted == 0;
    }
    if (strncmp(p->phase, phase, sizeof p->phase - 1) != 0) {
        snprintf(p->phase, sizeof p->phase, "%s", phase);
        clock_gettime(CLOCK_MONOTONIC, &p->begun);
    }
    double spent = seconds_since(&p->begun);
    if (p->draw && spent > 1.0 && seconds_since(&p->last) > 0.1) {
        draw_progress(p, done, total, unit, spent);
        clock_gettime(CLOCK_MONOTONIC, &p->last);
        p->drawn = true;
    }
    return interrupted == 0;
}

static void on_log(void *ud, dvt_log_level level, const char *module, const char *text)
{
    (void)ud;
    fprintf(stderr, "%s%s: %s\n", level <= DVT_LOG_WARN ? "warning: " : "", module, text);
}

/* ---- errors -------------------------------------------------------------------------------- */

static void print_error_text(const dvt_error *e)
{
    if (e->file[0]) {
        fprintf(stderr, "%s:", e->file);
        if (e->line) {
            fprintf(stderr, "%u:%u:", e->line, e->column);
        } else if (e->has_pos) {
            fprintf(stderr, "byte %llu:", (unsigned long long)e->offset);
        }
        fputc(' ', stderr);
    }
    fprintf(stderr, "error: %s\n", e->message);
    if (e->hint[0]) {
        fprintf(stderr, "hint: %s\n", e->hint);
    }
    if (e->trail[0]) {
        fputs(e->trail, stderr);
        if (e->trail[strlen(e->trail) - 1] != '\n') {
            fputc('\n', stderr);
        }
    }
    if (e->status == DVT_E_INTERNAL) {
        fprintf(stderr, "this is a bug in dovetail (%s:%d); please report it\n", e->src_file,
                e->src_line);
    }
}

static void print_error_json(const dvt_error *e, dvt_buf *out)
{
    dvti_json_writer w = dvti_json_writer_make(out, 2);

    dvti_json_open_object(&w);
    dvti_json_put_string(&w, "schema", "dovetail.error/1");
    dvti_json_put_string(&w, "status", dvt_status_name(e->status));
    dvti_json_put_string(&w, "message", e->message);
    dvti_json_put_string(&w, "file", e->file[0] ? e->file : NULL);
    dvti_json_put_u64(&w, "line", e->line);
    dvti_json_put_u64(&w, "column", e->column);
    dvti_json_put_u64(&w, "offset", e->offset);
    dvti_json_put_string(&w, "hint", e->hint);
    dvti_json_put_string(&w, "trail", e->trail);
    dvti_json_close_object(&w);
    dvt_buf_puts(out, "\n");
}

static int report(dvt_ctx *ctx, dvt_status st, bool json)
{
    dvt_error e = *dvt_ctx_error(ctx);
    dvt_buf   out;

    if (!json) {
        print_error_text(&e);
        return dvt_status_exit_code(st);
    }
    dvt_buf_init(&out, ctx, 0);
    print_error_json(&e, &out);
    if (out.data) {
        fputs(out.data, stdout);
    }
    dvt_buf_deinit(&out);
    return dvt_status_exit_code(st);
}

/* ---- commands ------------------------------------------------------------------------------ */

static bool asks_for_json(int argc, const char *const *argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            return true;
        }
    }
    return false;
}

/* The working context is made after the options are known: they set threads and budget. */
static dvt_ctx *working_context(const cli_common *c, progress_state *p)
{
    p->draw = c->progress && !c->quiet && isatty(STDERR_FILENO);
    return dvt_ctx_create(&(dvt_ctx_opts){.memory_budget_bytes = (size_t)c->memory_mib << 20,
                                          .jobs = c->jobs,
                                          .log = c->quiet ? NULL : on_log,
                                          .log_level = c->verbose ? DVT_LOG_DEBUG : DVT_LOG_WARN,
                                          .progress = on_progress,
                                          .progress_ud = p});
}

static int run_command(dvt_ctx *parse_ctx, const cli_command *c, dvt_arena *arena, void *values,
                       const dvt_parsed *parsed)
{
    const cli_common *common = values;
    progress_state    p = {0};
    dvt_ctx          *ctx;
    dvt_buf           out;
    dvt_status        st;
    cli_run           r = {.values = values, .parsed = parsed, .common = common, .arena = arena};

    clock_gettime(CLOCK_MONOTONIC, &p.begun);
    p.last = p.begun;
    ctx = working_context(common, &p);
    if (!ctx) {
        return report(parse_ctx, dvt_fail(parse_ctx, DVT_E_NOMEM, NULL, "out of memory"),
                      common->json);
    }
    dvt_buf_init(&out, ctx, 0);
    r.ctx = ctx;
    r.out = &out;
    st = c->run(&r);
    if (p.drawn) {
        fputs("\r\033[K", stderr);
    }
    if (st == DVT_OK) {
        st = dvt_buf_status(&out);
    }
    if (st == DVT_OK && out.len && fwrite(out.data, 1, out.len, stdout) != out.len) {
        st = dvt_fail(ctx, DVT_E_IO, NULL, "cannot write to standard output");
    }
    if (st == DVT_OK && fflush(stdout) != 0) {
        st = dvt_fail(ctx, DVT_E_IO, NULL, "cannot write to standard output");
    }
    if (st == DVT_E_NOMEM && common->memory_mib) {
        dvt_fail_note(ctx, "with --memory-mib %llu", (unsigned long long)common->memory_mib);
    }
    int code = st == DVT_OK ? r.exit_code : report(ctx, st, common->json);
    dvt_buf_deinit(&out);
    dvt_ctx_destroy(ctx);
    return code;
}

static int parse_and_run(dvt_ctx *ctx, int argc, const char *const *argv)
{
    const char        *name = argc > 1 ? argv[1] : "help";
    bool               json = asks_for_json(argc, argv);
    dvt_arena         *arena = dvt_arena_create(ctx);
    dvt_parsed         parsed;
    const cli_command *c;
    void              *values;
    int                code;
    dvt_status         st;

    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        name = "help";
    } else if (strcmp(name, "--version") == 0) {
        name = "version";
    }
    c = cli_find_command(ctx, name);
    values = c && arena ? dvt_arena_calloc(arena, 1, c->values_bytes) : NULL;
    if (!values) {
        code = report(ctx, dvt_ctx_error(ctx)->status, json);
    } else if ((st = dvt_options_parse(ctx, c->options, argc > 1 ? argc - 2 : 0, argv + 2, arena,
                                       values, &parsed)) != DVT_OK) {
        dvt_fail_hint(ctx, "'dovetail help %s' shows the options", c->name);
        code = report(ctx, st, json);
    } else if (parsed.help) {
        dvt_buf out;
        dvt_buf_init(&out, ctx, 0);
        cli_print_help(c, &out);
        fputs(out.data ? out.data : "", stdout);
        dvt_buf_deinit(&out);
        code = 0;
    } else {
        code = run_command(ctx, c, arena, values, &parsed);
    }
    dvt_arena_destroy(arena);
    return code;
}

int main(int argc, char **argv)
{
    dvt_ctx *ctx = dvt_ctx_create(NULL);
    int      code;

    if (!ctx) {
        fputs("error: out of memory\n", stderr);
        return dvt_status_exit_code(DVT_E_NOMEM);
    }
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    signal(SIGXFSZ, SIG_IGN); /* a file above its limit is then a failed write, with its name */
    code = parse_and_run(ctx, argc, (const char *const *)argv);
    dvt_ctx_destroy(ctx);
    return code;
}
