// SPDX-License-Identifier: Apache-2.0
// dvt_causes -- gives every cycle of a run to one cause (timing.md section 9).
//
// Ports    the state as of the start of the cycle; out comes one bit of nine in the order of the
//          registers: busy, features, filters, instructions, crossbar, memory, drain, auxiliary,
//          banks.
// Cycles   combinational.
// Tests    tests/diff/diff_rtl.c
module dvt_causes (
  input  logic       word_busy,
  input  logic       fread_busy,
  input  logic       array,
  input  logic       turn_done,
  input  logic       turns_left,
  input  logic       enable,
  input  logic       page_ready,
  input  logic       drain_waits_param,
  input  logic       external,
  input  logic       credit,
  input  logic       all_taken,
  output logic [8:0] cause
);
  localparam logic [8:0] Busy = 9'h001, Features = 9'h002, Filters = 9'h004, Instructions = 9'h008,
                         Crossbar = 9'h010, Memory = 9'h020, Drain = 9'h040, Auxiliary = 9'h080,
                         Banks = 9'h100;

  always_comb begin
    if (!word_busy) cause = Instructions;
    else if (fread_busy) cause = Features;
    else if (!array) cause = Auxiliary;
    else if (turn_done) cause = Busy;
    else if (turns_left && !enable) begin
      cause = drain_waits_param ? Filters : external & ~credit ? Memory : Crossbar;
    end else if (turns_left) cause = page_ready ? Banks : Filters;
    else cause = external & all_taken ? Memory : Drain;
  end
endmodule
