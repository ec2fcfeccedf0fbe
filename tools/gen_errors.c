/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gen_errors.c - prints docs/errors.md: every status with its exit code, cause and remedy.
 *
 * Names, exit codes and one-line texts come from DVT_STATUS_LIST; causes and remedies stand here.
 * A status without them does not compile: its DOC_ macro is missing.
 */
#include "dovetail/base.h"

#include <stdio.h>

typedef struct status_doc {
    const char *cause, *remedy;
} status_doc;

#define DOC_OK {"Nothing went wrong.", "Nothing to do."}
#define DOC_E_NOTFOUND                                                                            \
    {"The thing that was named does not exist in the file, graph or store, or a question was "    \
     "answered with no: outputs differ, nothing is feasible.",                                    \
     "Read the hint: it gives the nearest name that exists. For a comparison, the message says "  \
     "where and by how much the two differ."}
#define DOC_E_USAGE                                                                               \
    {"An option, key or argument is unknown, missing, out of its range, or two contradict each "  \
     "other; in C, a precondition in the header was not kept.",                                   \
     "The message names the option and its range; 'dovetail help COMMAND' lists all of them."}
#define DOC_E_PARSE                                                                               \
    {"The file is damaged, cut short, or not of the format it was taken for.",                    \
     "The place is given as line and column for text and as a byte offset for binary files. "     \
     "Compare the file's size or checksum with its source; export it again."}
#define DOC_E_SHAPE                                                                               \
    {"The file is well formed, but two shapes or types in it cannot belong together, or an input " \
     "has not the shape that the network asks for.",                                              \
     "The message gives both shapes. Often the wrong weights file was paired with a network, or " \
     "an input was given as H,W,C instead of C,H,W."}
#define DOC_E_UNSUPPORTED                                                                         \
    {"The input is valid, but an operator, attribute, version or combination is beyond what this " \
     "tool handles. It is refused rather than computed wrongly.",                                 \
     "The message names the node, the attribute and the limit; the hint gives the nearest thing " \
     "that works. docs/operators.md lists what is known."}
#define DOC_E_CAPACITY                                                                            \
    {"The design or program does not fit the device, the overlay's memories or a fixed limit.",   \
     "The message gives what is needed and what there is. Use a larger overlay or device, or a "  \
     "smaller batch or network."}
#define DOC_E_NUMERIC                                                                             \
    {"A value is NaN, infinite or out of the range of the number format.",                        \
     "Look at the named tensor: a wrong preprocessing scale or broken weights are usual causes."}
#define DOC_E_INTERNAL                                                                            \
    {"A check of our own invariants failed. This is a bug in dovetail, not in your input.",       \
     "Please report it with the message, its source line and, if you can, the input."}
#define DOC_E_IO                                                                                  \
    {"The operating system refused to open, read, write or rename a file.",                       \
     "The message gives the path and the system's reason. Output files that were already there "  \
     "are untouched."}
#define DOC_E_DB                                                                                  \
    {"The result store could not be opened, read or written.",                                    \
     "The message gives SQLite's reason. Check free space and that no other process holds the "   \
     "file; a store survives a killed process."}
#define DOC_E_NOMEM                                                                               \
    {"The system or the memory budget refused a block of memory.",                                \
     "The message gives the size. Raise the budget, lower the batch, or use fewer jobs."}
#define DOC_E_CANCELLED                                                                           \
    {"The caller or the user (Ctrl-C) asked to stop.",                                            \
     "Finished parts of a study are kept; start the same command again to go on."}

static const status_doc docs[DVT_STATUS_COUNT] = {
#define DVT_X(name, exit_code, text) [DVT_##name] = DOC_##name,
    DVT_STATUS_LIST(DVT_X)
#undef DVT_X
};

static const char page_head[] =
    "<!-- Generated by tools/gen_errors.c; do not edit: run 'make docs'. -->\n"
    "# Errors\n"
    "\n"
    "Bad input, unsupported input and faults of our own are different things and end differently.\n"
    "An error says what is wrong, where in the input, and what to try:\n"
    "\n"
    "```\n"
    "net.prototxt:12:3: error: what is wrong\n"
    "hint: what to try\n"
    "while doing what\n"
    "```\n"
    "\n"
    "With `--json` a command that fails prints one object of schema `dovetail.error/1` with the\n"
    "keys `status`, `message`, `file`, `line`, `column` and `hint`, and exits with the same code.\n"
    "\n"
    "| status | exit code | meaning |\n"
    "|---|---|---|\n";

int main(void)
{
    fputs(page_head, stdout);
    for (int s = 0; s < DVT_STATUS_COUNT; s++) {
        printf("| `%s` | %d | %s |\n", dvt_status_name((dvt_status)s),
               dvt_status_exit_code((dvt_status)s), dvt_status_text((dvt_status)s));
    }
    for (int s = 0; s < DVT_STATUS_COUNT; s++) {
        printf("\n## %s\n\n**Cause.** %s\n\n**Remedy.** %s\n", dvt_status_name((dvt_status)s),
               docs[s].cause, docs[s].remedy);
    }
    return ferror(stdout) ? 1 : 0;
}
