/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overlay_rtl.h - the actions of `dovetail overlay` that make hardware: see overlay_rtl.c.
 */
#ifndef DVTI_OVERLAY_RTL_H
#define DVTI_OVERLAY_RTL_H

#include "cli/cli.h"
#include "dovetail/rtl.h"

/* dir NULL: E_USAGE. */
dvt_status cli_overlay_rtl(cli_run *r, const dvt_overlay *o, const char *dir);
/* dir NULL: a folder of the cache (cli_rtl_cache). */
dvt_status cli_overlay_synth(cli_run *r, const dvt_overlay *o, const char *target, const char *dir);

#endif
