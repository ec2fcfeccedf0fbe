// SPDX-License-Identifier: Apache-2.0
// dvt_delay -- d_i as it was Depth enabled cycles ago; Depth 0 is a wire.
//
// One enable for all stages and no reset, so that a synthesiser may use shift-register memory.
// Tests     through the kernels that use it (tests/diff/diff_rtl.c)
module dvt_delay #(
  parameter int Width = 1,
  parameter int Depth = 1
) (
  input  logic             clk,
  input  logic             en,
  input  logic [Width-1:0] d_i,
  output logic [Width-1:0] d_o
);
  if (Depth == 0) begin : g_wire
    logic unused;
    assign unused = &{1'b0, clk, en};
    assign d_o = d_i;
  end else if (Depth == 1) begin : g_one
    logic [Width-1:0] q;
    always_ff @(posedge clk) begin
      if (en) q <= d_i;
    end
    assign d_o = q;
  end else begin : g_line
    logic [Width*Depth-1:0] q;
    always_ff @(posedge clk) begin
      if (en) q <= {q[Width*(Depth-1)-1:0], d_i};
    end
    assign d_o = q[Width*Depth-1 -: Width];
  end
endmodule
