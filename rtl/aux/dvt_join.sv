// SPDX-License-Identifier: Apache-2.0
// dvt_join -- Groups groups of Vec values, one a cycle and in order, to a beat of Values.
//
// Latency   the beat stands at the outputs in the cycle in which its last group arrives.
// Tests     tests/diff/diff_rtl.c
module dvt_join #(
  parameter int Values    = 16,
  parameter int Vec       = 16,
  parameter int Groups    = (Values + Vec - 1) / Vec,               // derived: do not override
  parameter int IndexBits = Groups > 1 ? $clog2(Groups) : 1         // derived: do not override
) (
  input  logic                 clk,
  input  logic                 valid_i,
  input  logic [IndexBits-1:0] index_i,
  input  logic [Vec*32-1:0]    x_i,
  output logic                 valid_o,
  output logic [Values*32-1:0] x_o
);
  if (Groups == 1) begin : g_one
    logic unused;
    assign unused  = &{1'b0, clk, index_i, x_i};
    assign valid_o = valid_i;
    assign x_o     = x_i[Values*32-1:0];
  end else begin : g_many
    logic [(Groups-1)*Vec*32-1:0] held_q;

    for (genvar g = 0; g < Groups - 1; g++) begin : g_group
      always_ff @(posedge clk) begin
        if (valid_i && index_i == IndexBits'(g)) held_q[g*Vec*32 +: Vec*32] <= x_i;
      end
    end
    assign valid_o = valid_i && index_i == IndexBits'(Groups - 1);
    assign x_o     = (Values*32)'({x_i, held_q});
  end
endmodule
