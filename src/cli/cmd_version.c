/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_version.c - `dovetail version`: what this build is made of.
 */
#include <png.h>
#include <sqlite3.h>
#include <zlib.h>

#include "cli/cli.h"

typedef struct version_opts {
    CLI_COMMON_FIELDS;
} version_opts;

static const dvt_option     version_options[] = {CLI_COMMON_OPTIONS(version_opts)};
static const dvt_option_set version_set = {
    .name = "version",
    .options = version_options,
    .count = sizeof version_options / sizeof version_options[0],
};

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#elif defined(__GNUC__)
#define COMPILER "gcc " __VERSION__
#else
#define COMPILER "unknown"
#endif

static dvt_status run(cli_run *r)
{
    if (!r->common->json) {
        dvt_buf_printf(r->out, "dovetail %s (%s)\n", DVT_VERSION_STRING, DVT_GIT_COMMIT);
        return DVT_OK;
    }
    dvti_json_writer w = cli_json_begin(r, "dovetail.version/1");
    dvti_json_put_string(&w, "version", DVT_VERSION_STRING);
    dvti_json_put_string(&w, "commit", DVT_GIT_COMMIT);
    dvti_json_put_string(&w, "compiler", COMPILER);
    dvti_json_put_string(&w, "flags", DVT_BUILD_FLAGS);
    dvti_json_put_string(&w, "sqlite", sqlite3_libversion());
    dvti_json_put_string(&w, "zlib", zlibVersion());
    dvti_json_put_string(&w, "png", png_get_libpng_ver(NULL));
    dvti_json_put_u64(&w, "threads", dvt_ctx_jobs(r->ctx));
    cli_json_end(r, &w);
    return DVT_OK;
}

const cli_command cli_version = {
    .name = "version",
    .summary = "version, compiler and libraries of this build",
    .description = "Prints the version and the commit it was built from; with --json also the\n"
                   "compiler, its flags and the versions of the libraries.",
    .examples = "dovetail version\ndovetail version --json\n",
    .options = &version_set,
    .values_bytes = sizeof(version_opts),
    .run = run,
};
