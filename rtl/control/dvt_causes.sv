// SPDX-License-Identifier: Apache-2.0
// dvt_causes -- gives every cycle of a run to one cause (timing.md section 9).
//
// Ports    the state as of the start of the cycle; out comes one bit of eight: 0 busy, 1 instructions,
//          2 features, 3 auxiliary, 4 filters, 5 memory, 6 crossbar, 7 banks, 8 drain.
// Cycles   combinational.
// Tests    tests/rtl/overlay.sh
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
  always_comb begin
    if (!word_busy) cause = 9'h002;
    else if (fread_busy) cause = 9'h004;
    else if (!array) cause = 9'h008;
    else if (turn_done) cause = 9'h001;
    else if (turns_left && !enable) begin
      cause = drain_waits_param ? 9'h010 : external & ~credit ? 9'h020 : 9'h040;
    end else if (turns_left) cause = page_ready ? 9'h080 : 9'h010;
    else cause = external & all_taken ? 9'h020 : 9'h100;
  end
endmodule
