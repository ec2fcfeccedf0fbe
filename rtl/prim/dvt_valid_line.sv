// SPDX-License-Identifier: Apache-2.0
// dvt_valid_line -- Depth valid bits that follow a value through its pipeline.
//
// v_o[0] is v_i itself, v_o[s] what it was s enabled cycles ago: v_o[s] enables register s of the
// pipeline (counted from 0), v_o[Depth] tells that the last register holds a value; end_o is the
// same, and comes from a register alone. Cleared by rst.
// Tests     through the kernels that use it (tests/diff/diff_rtl.c)
module dvt_valid_line #(
  parameter int Depth = 1
) (
  input  logic           clk,
  input  logic           rst,
  input  logic           en,
  input  logic           v_i,
  output logic [Depth:0] v_o,
  output logic           end_o
);
  logic [Depth-1:0] q;

  always_ff @(posedge clk) begin
    if (rst) q <= '0;
    else if (en) q <= v_o[Depth-1:0];
  end
  assign v_o   = {q, v_i};
  assign end_o = q[Depth-1];
endmodule
