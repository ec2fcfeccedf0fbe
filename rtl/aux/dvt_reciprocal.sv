// SPDX-License-Identifier: Apache-2.0
// dvt_reciprocal -- fl(1/v) for v = 1 .. CrossbarPoolWindowMax, and 1 for v = 0.
//
// Latency   1 cycle.
// Tests     tests/diff/diff_rtl.c
module dvt_reciprocal #(
  parameter int CountBits = $clog2(dvt_pkg::CrossbarPoolWindowMax + 1)  // derived: do not override
) (
  input  logic                 clk,
  input  logic                 en,
  input  logic [CountBits-1:0] v,
  output logic [31:0]          x
);
  logic [31:0] mem [dvt_pkg::CrossbarPoolWindowMax + 1];
  logic [31:0] x_q;

  initial begin
    for (int i = 0; i <= dvt_pkg::CrossbarPoolWindowMax; i++)
      mem[i] = dvt_pkg::Reciprocals[i*32 +: 32];
  end
  always_ff @(posedge clk) begin
    if (en) x_q <= mem[v];
  end
  assign x = x_q;
endmodule
