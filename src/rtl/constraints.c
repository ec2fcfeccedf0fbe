/* SPDX-License-Identifier: Apache-2.0 */
/*
 * constraints.c - skeletons of timing constraints for the vendors' tools.
 *
 * One clock at the frequency of the description, reset and AXI pins left to the board. Whoever puts
 * the overlay on a device adds pins and interfaces; nothing here was run through a vendor's tool.
 * Tests     tests/unit/test_rtl_package.c
 */
#include "rtl/rtl_int.h"

static double period_ns(const dvt_overlay *o) { return 1e3 / o->clock_mhz; }

static void put_head(const dvt_overlay *o, dvt_buf *out)
{
    dvt_buf_printf(
        out,
        "# SPDX-License-Identifier: Apache-2.0\n"
        "# Overlay '%s', %.6g MHz. A skeleton: pins and I/O standards are the board's.\n",
        o->name, o->clock_mhz);
}

void dvti_rtl_constraints_xdc(const dvt_overlay *o, dvt_buf *out)
{
    put_head(o, out);
    dvt_buf_printf(out,
                   "create_clock -name clk -period %.3f [get_ports clk]\n"
                   "set_false_path -from [get_ports rst]\n"
                   "# operators are functions followed by registers: let the tool spread them\n"
                   "set_property BLOCK_SYNTH.RETIMING 1 [get_cells *]\n",
                   period_ns(o));
}

void dvti_rtl_constraints_sdc(const dvt_overlay *o, dvt_buf *out)
{
    put_head(o, out);
    dvt_buf_printf(out,
                   "create_clock -name clk -period %.3f [get_ports {clk}]\n"
                   "derive_clock_uncertainty\n"
                   "set_false_path -from [get_ports {rst}]\n"
                   "# in the .qsf: set_global_assignment -name ALLOW_REGISTER_RETIMING ON\n",
                   period_ns(o));
}

void dvti_rtl_constraints_lpf(const dvt_overlay *o, dvt_buf *out)
{
    put_head(o, out);
    dvt_buf_printf(out, "FREQUENCY PORT \"clk\" %.3f MHZ;\nBLOCK PATH FROM PORT \"rst\";\n",
                   o->clock_mhz);
}
