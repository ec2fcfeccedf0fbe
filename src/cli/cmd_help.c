/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_help.c - `dovetail help [COMMAND]`: the pages that --help prints, too.
 */
#include <string.h>

#include "cli/cli.h"

typedef struct help_opts {
    CLI_COMMON_FIELDS;
} help_opts;

static const dvt_option     help_options[] = {CLI_COMMON_OPTIONS(help_opts)};
static const dvt_option_set help_set = {
    .name = "help",
    .options = help_options,
    .count = sizeof help_options / sizeof help_options[0],
    .positionals = "COMMAND",
    .positional_max = 1,
};

void cli_print_help(const cli_command *c, dvt_buf *out)
{
    const char *p = c->options->positionals;

    dvt_buf_printf(out, "usage: dovetail %s [options]%s%s\n\n%s\n\noptions\n", c->name,
                   p ? " " : "", p ? p : "", c->description);
    dvt_options_help(c->options, out);
    dvt_buf_puts(out, "\nexamples\n");
    for (const char *line = c->examples; *line;) {
        size_t n = strcspn(line, "\n");
        dvt_buf_printf(out, "  %.*s\n", (int)n, line);
        line += n + (line[n] == '\n');
    }
    dvt_buf_puts(out,
                 "\nexit codes\n  0 done, 1 done but the answer is no, 2 usage, 3 bad input,\n"
                 "  4 unsupported or does not fit, 5 a bug of ours, 6 system, 130 interrupted\n");
}

static void print_commands(dvt_buf *out)
{
    dvt_buf_puts(
        out,
        "usage: dovetail COMMAND [options] INPUTS\n\n"
        "Compiles trained networks for an FPGA overlay, runs them in the reference and in the\n"
        "overlay's bit-accurate model, and says how fast the overlay would be.\n\ncommands\n");
    for (const cli_command *const *c = cli_commands(); *c; c++) {
        dvt_buf_printf(out, "  %-10s %s\n", (*c)->name, (*c)->summary);
    }
    dvt_buf_puts(out, "\n'dovetail help COMMAND' shows options and examples.\n");
}

static dvt_status run(cli_run *r)
{
    const char *name = r->parsed->positionals.count ? r->parsed->positionals.items[0] : NULL;

    if (!name) {
        print_commands(r->out);
        return DVT_OK;
    }
    for (const cli_command *const *c = cli_commands(); *c; c++) {
        if (strcmp((*c)->name, name) == 0) {
            cli_print_help(*c, r->out);
            return DVT_OK;
        }
    }
    dvt_status st = dvt_fail(r->ctx, DVT_E_USAGE, NULL, "there is no command '%s'", name);
    dvt_fail_hint(r->ctx, "'dovetail help' lists the commands");
    return st;
}

const cli_command cli_help = {
    .name = "help",
    .summary = "this list, or the page of one command",
    .description =
        "Without an argument lists the commands; with one shows its options and examples.",
    .examples = "dovetail help\ndovetail help compile\n",
    .options = &help_set,
    .values_bytes = sizeof(help_opts),
    .run = run,
};
