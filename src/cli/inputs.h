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
 * set begins. Integers and f64 are converted to the input's type; a missing leading 1 is added.
 * E_USAGE for an incomplete set, E_SHAPE with both shapes. */
dvt_status cli_inputs_read(const cli_run *r, const dvt_graph *g, const dvt_text_list *items,
                           cli_inputs *out);
/* The same for the first `count` inputs: a program's host graph has more, which the overlay
 * makes. */
dvt_status cli_inputs_read_first(const cli_run *r, const dvt_graph *g, int32_t count,
                                 const dvt_text_list *items, cli_inputs *out);
/* Loads positional 0, telling the reader the arrays' shapes and values if it cannot do without
 * (open dimensions, operands that must be known). Inputs that became constants then are no
 * inputs of the graph: *known is a copy of the items without them. */
dvt_status cli_inputs_load_model(const cli_run *r, cli_model *m, const dvt_text_list *items,
                                 dvt_graph **out, dvt_text_list *known);
/* The batch that the given arrays have where it is not the network's: all arrays agree with their
 * inputs but for the first dimension. 0 = as the network has it, or no such agreement. */
dvt_status cli_inputs_batch(const cli_run *r, const dvt_graph *g, const dvt_text_list *items,
                            int64_t *out);
void       cli_inputs_deinit(const cli_run *r, cli_inputs *in);

#endif
