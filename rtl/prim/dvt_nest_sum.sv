// SPDX-License-Identifier: Apache-2.0
// dvt_nest_sum -- sum over the levels of a nest of counter * step, without a multiplier.
//
// Idea     for each level the sum as it stood when the levels below began: a step that moves
//          level l on adds its step there and gives the levels below the same start. One adder, a
//          multiplexer.
// Ports    advance as from dvt_nest (one level or none), steps two's complement. Behind the last
//          turn all sums are 0 again. Sums wrap at SumBits; whoever needs only the low bits asks
//          for them.
// Cycles   a step in cycle t is visible in t + 1; `moved` is the sum of the next turn in t
//          already.
// Tests    tests/diff/diff_rtl.c
module dvt_nest_sum #(
  parameter int Levels   = 4,
  parameter int StepBits = 24,
  parameter int SumBits  = 24
) (
  input  logic                       clk,
  input  logic                       clear,
  input  logic                       step,
  input  logic [Levels-1:0]          advance,
  input  logic [Levels*StepBits-1:0] steps,
  output logic [SumBits-1:0]         sum
);
  logic [SumBits-1:0] sum_q [Levels];
  logic [SumBits-1:0] from, by, moved;

  always_comb begin
    from = '0;
    by   = '0;
    for (int l = 0; l < Levels; l++) begin
      if (advance[l]) begin
        from = from | sum_q[l];
        by   = by | SumBits'($signed(steps[l*StepBits +: StepBits]));
      end
    end
  end
  assign moved = from + by;

  for (genvar l = 0; l < Levels; l++) begin : g_level
    // moved on itself, or below the level that does; behind the last turn all go back
    always_ff @(posedge clk) begin
      if (clear) sum_q[l] <= '0;
      else if (step && (advance[Levels-1:l] != '0 || advance == '0)) sum_q[l] <= moved;
    end
  end
  assign sum = sum_q[0];
endmodule
