/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inputs.h - tensors for a network's inputs from `[NAME=]FILE.npy` arguments.
 */
#ifndef DVTI_INPUTS_H
#define DVTI_INPUTS_H

#include "cli/cli.h"

typedef struct cli_inputs {
    dvt_tensor *tensors; /* (sets, inputs of the network) */
    int32_t     count, sets;
} cli_inputs;

/* Arguments fill the inputs by name, those without a name in order; when all are filled the next
 * set begins. Integers and f64 are converted to the input's type; a missing leading 1 is added. E_USAGE
 * for an incomplete set, E_SHAPE with both shapes. */
dvt_status cli_inputs_read(const cli_run *r, const dvt_graph *g, const dvt_text_list *items,
                           cli_inputs *out);
void       cli_inputs_deinit(const cli_run *r, cli_inputs *in);

#endif
