/* SPDX-License-Identifier: Apache-2.0 */
/*
 * data_cli.h - what the files of `dovetail data` share.
 */
#ifndef DVTI_DATA_CLI_H
#define DVTI_DATA_CLI_H

#include "cli/cli.h"
#include "dovetail/table.h"

typedef struct cli_data_opts {
    CLI_COMMON_FIELDS;
    const char   *output;
    dvt_text_list column;
} cli_data_opts;

/* E_USAGE with the nearest name. */
dvt_status cli_data_kind(const cli_run *r, const char *name, dvt_benchmark *out);
/* A cache by its path or by the name that `data list` shows. */
dvt_status cli_data_find(const cli_run *r, const char *name, const char **path);
dvt_status cli_data_query(cli_run *r);

#endif
