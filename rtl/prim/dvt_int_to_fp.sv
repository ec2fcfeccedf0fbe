// SPDX-License-Identifier: Apache-2.0
// dvt_int_to_fp -- x = fl(acc * 2^LsbExp), acc a two's complement integer of up to 64 bits.
//
// Latency    2 cycles behind acc: magnitude and normalised | rounded (with the register that picks
//            acc from the result, the TimingLsArray = 3 of docs/timing.md section 7).
// Limits     LsbExp -30..0, so that no result leaves binary32's range.
// Tests      tests/rtl/primitives.py
module dvt_int_to_fp #(
  parameter int Bits   = 64,
  parameter int LsbExp = -30
) (
  input  logic            clk,
  input  logic [1:0]      en,
  input  logic [Bits-1:0] acc,
  output logic [31:0]     x
);
  logic [dvt_fp::NormBits-1:0] norm_q;
  logic [31:0]                 x_q;

  function automatic logic [dvt_fp::NormBits-1:0] normalise(input logic [Bits-1:0] v);
    logic [Bits-1:0] mag;
    logic [69:0] n;
    logic [9:0]  e;
    mag = v[Bits-1] ? -v : v;  // the least integer's magnitude fits as unsigned
    n = dvt_fp::normalise_integer(64'(mag));
    e = 10'(127 + 63 + LsbExp) - {4'd0, n[69:64]};
    normalise = {!n[63], v[Bits-1], e, n[63:40], n[39], |n[38:0]};
  endfunction

  always_ff @(posedge clk) begin
    if (en[0]) norm_q <= normalise(acc);
    if (en[1]) x_q <= dvt_fp::round(norm_q);
  end
  assign x = x_q;
endmodule
