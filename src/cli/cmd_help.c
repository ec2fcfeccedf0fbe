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
    .positionals = "[COMMAND]",
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

static void print_commands_json(const cli_run *r)
{
    dvti_json_writer w = cli_json_begin(r, "dovetail.help/1");

    dvti_json_key(&w, "commands");
    dvti_json_open_array(&w);
    for (const cli_command *const *c = cli_commands(); *c; c++) {
        dvti_json_open_object(&w);
        dvti_json_put_string(&w, "name", (*c)->name);
        dvti_json_put_string(&w, "summary", (*c)->summary);
        dvti_json_close_object(&w);
    }
    dvti_json_close_array(&w);
    cli_json_end(r, &w);
}

static void print_page_json(const cli_run *r, const cli_command *c)
{
    dvti_json_writer w = cli_json_begin(r, "dovetail.help/1");
    dvt_buf          text;

    dvti_json_put_string(&w, "name", c->name);
    dvti_json_put_string(&w, "summary", c->summary);
    dvt_buf_init(&text, r->ctx, 0);
    cli_print_help(c, &text);
    cli_json_put_text(&w, "text", &text);
    cli_json_end(r, &w);
}

static dvt_status run(cli_run *r)
{
    const char *name = r->parsed->positionals.count ? r->parsed->positionals.items[0] : NULL;
    bool        json = r->common->json;

    if (!name) {
        json ? print_commands_json(r) : print_commands(r->out);
        return DVT_OK;
    }
    const cli_command *c = cli_find_command(r->ctx, name);
    if (!c) {
        return DVT_E_USAGE;
    }
    json ? print_page_json(r, c) : cli_print_help(c, r->out);
    return DVT_OK;
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
