// SPDX-License-Identifier: Apache-2.0
// dvt_unpack -- takes the beats of runs apart into words (timing.md section 3, Taking beats
//             apart).
//
// Idea     words of a power of two of bytes never straddle. Up to the bus: a step takes the next
//          words of the head beat, at most Max and at most `left`. Larger ones: a step takes one
//          beat, and the word is there with its last.
// Ports    allow: the consumer can take a step. first_slot: place of a run's first word in its
//          beat. left: words that may be taken now; left_is_run: the run ends with them. Out:
//          step, take (words, 0 while a large one is collected), slot of the first, and the
//          words.
// Cycles   combinational from the head beat; a beat leaves with its last word, or the run's.
// Tests    tests/diff/diff_rtl.c (buses of 4 to 64 bytes, words of 4 to 128)
module dvt_unpack #(
  parameter int BusBytes  = 64,
  parameter int WordBytes = 16,
  parameter int Max       = 16,  // words of a step, at least 1
  parameter int WideBytes = BusBytes > WordBytes ? BusBytes : WordBytes  // derived: do not override
) (
  input  logic                   clk,
  input  logic                   rst,
  input  logic                   beat_valid,
  input  logic [BusBytes*8-1:0]  beat,
  input  logic                   allow,
  input  logic [15:0]            first_slot,
  input  logic [15:0]            left,  // at least 1
  input  logic                   left_is_run,
  output logic                   step,
  output logic [15:0]            take,
  output logic [15:0]            slot,
  output logic [WideBytes*8-1:0] words,
  output logic                   pop
);
  assign step = beat_valid & allow;

  if (WordBytes <= BusBytes) begin : g_small
    localparam int Slots = BusBytes / WordBytes;
    localparam logic [15:0] Most = 16'(Max < Slots ? Max : Slots);

    logic        inside_q, whole, run_ends;
    logic [15:0] slot_q, here, allowed;

    assign slot     = inside_q ? slot_q : first_slot;
    assign here     = 16'(Slots) - slot;
    assign allowed  = here < Most ? here : Most;
    assign take     = left < allowed ? left : allowed;
    assign whole    = take == here;
    assign run_ends = left_is_run & (take == left);
    assign pop      = step & (whole | run_ends);
    assign words    = beat;

    always_ff @(posedge clk) begin
      if (rst) inside_q <= 1'b0;
      else if (step) inside_q <= ~run_ends;
      if (step) slot_q <= whole ? 16'd0 : slot + take;
    end
  end else begin : g_large
    localparam int Beats = WordBytes / BusBytes;

    logic [15:0]                       part_q;
    logic [WordBytes*8-BusBytes*8-1:0] early_q;  // the beats before the last

    assign slot  = 16'd0;
    assign take  = {15'd0, part_q == 16'(Beats - 1)};
    assign pop   = step;
    assign words = {beat, early_q};

    if (Beats == 2) begin : g_two
      always_ff @(posedge clk) if (step) early_q <= beat;
    end else begin : g_more
      always_ff @(posedge clk) if (step) early_q <= {beat,
          early_q[WordBytes*8-BusBytes*8-1:BusBytes*8]};
    end
    always_ff @(posedge clk) begin
      if (rst) part_q <= 16'd0;
      else if (step) part_q <= take[0] ? 16'd0 : part_q + 16'd1;
    end

    logic unused;
    assign unused = &{1'b0, first_slot, left, left_is_run};
  end
endmodule
