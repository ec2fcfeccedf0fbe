// SPDX-License-Identifier: Apache-2.0
// dvt_nest -- counters of a loop nest; level 0 is the innermost, level l runs n[l] times.
//
// Ports    clear puts every counter to its first turn (at the launch, before the counts are
//          there); step goes to the next turn. The counts are held from the first turn to the
//          last. A count of 0 runs 65,536 times, as a counter of 16 bits does; no checked word
//          has one.
// Outputs  at_end[l]: level l stands at its last turn; below_end[l]: all levels below l do, l up
//          to Levels; advance[l]: a step moves level l on and takes those below back to their
//          start.
// Cycles   a step in cycle t is visible in t + 1.
// Tests    tests/diff/diff_rtl.c
module dvt_nest #(
  parameter int Levels = 4,
  parameter int Bits   = 16
) (
  input  logic                   clk,
  input  logic                   clear,
  input  logic                   step,
  input  logic [Levels*Bits-1:0] n,
  output logic [Levels-1:0]      at_end,
  output logic [Levels:0]        below_end,
  output logic [Levels-1:0]      advance
);
  logic [Bits-1:0] count_q [Levels];
  logic            all;

  always_comb begin
    all = 1'b1;
    for (int l = 0; l < Levels; l++) begin
      below_end[l] = all;
      advance[l]   = all & ~at_end[l];
      all          = all & at_end[l];
    end
    below_end[Levels] = all;
  end

  for (genvar l = 0; l < Levels; l++) begin : g_level
    assign at_end[l] = count_q[l] + Bits'(1) == n[l*Bits +: Bits];
    always_ff @(posedge clk) begin
      if (clear) count_q[l] <= '0;
      else if (step && below_end[l]) count_q[l] <= at_end[l] ? '0 : count_q[l] + Bits'(1);
    end
  end
endmodule
