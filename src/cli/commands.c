/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commands.c - the table of commands, in the order in which help lists them.
 *
 * Apart from main.c so that whatever reads the table (main, help, the generator of the manual, the
 * tests) links the commands without a second main().
 *
 * Tests      tests/unit/test_cli_tables.c
 */
#include <string.h>

#include "cli/cli.h"

const cli_command *const *cli_commands(void)
{
    static const cli_command *const all[] = {
        &cli_info,   &cli_convert, &cli_check,   &cli_compile, &cli_run_model,
        &cli_eval,   &cli_profile, &cli_overlay, &cli_space,   &cli_data,
        &cli_pareto,  &cli_predict, &cli_version, &cli_help,    NULL};
    return all;
}

const cli_command *cli_find_command(dvt_ctx *ctx, const char *name)
{
    const char *names[32];
    size_t      count = 0;

    for (const cli_command *const *c = cli_commands(); *c; c++) {
        if (strcmp((*c)->name, name) == 0) {
            return *c;
        }
        names[count++] = (*c)->name;
    }
    dvt_fail(ctx, DVT_E_USAGE, NULL, "there is no command '%s'", name);
    const char *nearest = dvt_nearest(name, names, count);
    if (nearest) {
        dvt_fail_hint(ctx, "did you mean '%s'? 'dovetail help' lists the commands", nearest);
    } else {
        dvt_fail_hint(ctx, "'dovetail help' lists the commands");
    }
    return NULL;
}
