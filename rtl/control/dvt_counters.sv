// SPDX-License-Identifier: Apache-2.0
// dvt_counters -- the counters of a run, 64 bits each (timing.md section 9).
//
// Ports    begin_run clears all; in a cycle with count each grows by its own amount.
// Cycles   what is counted in cycle t is visible in t + 1.
// Tests    tests/diff/diff_rtl.c
module dvt_counters #(
  parameter int Count = 22  // from CsrCycles on, 8 bytes each
) (
  input  logic                clk,
  input  logic                begin_run,
  input  logic                count,
  input  logic [Count-1:0]    one,     // these grow by 1
  input  logic [31:0]         some,    // and this much the counter of saturated values
  input  logic [4:0]          select,  // which is read
  output logic [63:0]         value
);
  logic [Count*64-1:0] all;

  for (genvar i = 0; i < Count; i++) begin : g_counter
    logic [63:0] count_q;
    logic [31:0] by;
    assign by = i == (dvt_pkg::CsrSaturated - dvt_pkg::CsrCycles) / 8 ? some : {31'd0, one[i]};
    always_ff @(posedge clk) begin
      if (begin_run) count_q <= 64'd0;
      else if (count) count_q <= count_q + {32'd0, by};
    end
    assign all[i*64 +: 64] = count_q;
  end
  assign value = select < 5'(Count) ? all[select*64 +: 64] : 64'd0;

  logic unused;
  assign unused = &{1'b0, one};
endmodule
