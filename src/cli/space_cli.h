/* SPDX-License-Identifier: Apache-2.0 */
/*
 * space_cli.h - what cmd_space.c and space_show.c share.
 */
#ifndef DVTI_SPACE_CLI_H
#define DVTI_SPACE_CLI_H

#include "cli/cli.h"
#include "dovetail/space.h"

typedef struct cli_space_opts {
    CLI_COMMON_FIELDS;
    uint64_t    number, first, seed;
    bool        text;
    const char *dot, *svg, *onnx, *overlay; /* files to write */
    int         skeleton;
    uint32_t    classes;
    const char *device, *network;
    double      clock_mhz, memory_gbps;
} cli_space_opts;

/* Text and, where points have numbers, number. */
void cli_space_put_point(const cli_run *r, dvti_json_writer *w, const dvt_space *s,
                         const dvt_point *p);
void cli_space_put_facts(dvti_json_writer *w, const char *key, const dvt_fact *facts,
                         int32_t count);
void cli_space_print_facts(const cli_run *r, const dvt_fact *facts, int32_t count);
/* `dovetail space show`: writes the files asked for, prints the point. */
dvt_status cli_space_show(cli_run *r, const dvt_space *s, const char *point);

#endif
