// SPDX-License-Identifier: Apache-2.0
// dvt_beat_walk -- walks the beats of a trip's results: where their blocks go and which are
//             dropped.
//
// Idea     writer and elt fetch follow the same order (timing.md section 7): results by the nest,
//          channel blocks ascending, lanes ascending, Blocks at a time. Both drop the same blocks
//          (isa.md, write): lanes beyond h_max, w_max, channel blocks beyond k_last in the last
//          group.
// Ports    clear at the launch, the fields are valid from the next cycle on; step: to the next
//          beat. keep, place: blocks of the present beat; last: it is the trip's last.
// Cycles   combinational from registered counters; a step in cycle t is visible in t + 1.
// Tests    tests/diff/diff_rtl.c
module dvt_beat_walk #(
  parameter int AddrBits = 24,
  parameter int StepBits = 24,
  parameter int Blocks   = dvt_pkg::BeatBlocks  // derived: do not override
) (
  input  logic                                clk,
  input  logic                                clear,
  input  logic                                step,
  // results of the array: k_vec values, else c_vec
  input  logic                                wide,
  input  logic [AddrBits-1:0]                 base,
  input  logic [63:0]                         n,
  input  logic [4*StepBits-1:0]               steps,
  input  logic [AddrBits-1:0]                 p_step,
  input  logic [AddrBits-1:0]                 q_step,
  input  logic [AddrBits-1:0]                 j_step,
  input  logic [dvt_pkg::WritePartBits-1:0]   part_write,  // rows, columns, channel groups
  output logic [Blocks-1:0]                   keep,
  output logic [Blocks*AddrBits-1:0]          place,
  output logic                                last
);
  localparam int Lanes  = dvt_pkg::Pixels;
  localparam int QVec   = dvt_pkg::QVec;
  localparam int PVec   = dvt_pkg::PVec;
  localparam int Groups = (Lanes + Blocks - 1) / Blocks;  // beats of a channel block
  localparam int Levels = 4;
  localparam int Axis   = 24;

  // ---- counters: lanes, channel blocks, results ----
  logic [Levels-1:0]   at_end, advance;
  logic [Levels:0]     below_end;
  logic [15:0]         group_q, block_q, first_value_q, blocks_less_1;
  logic [AddrBits-1:0] block_sum_q, sum;
  logic                lanes_end, result_ends, next_result;

  assign blocks_less_1 = wide ? 16'(dvt_pkg::BlocksPerResult - 1) : 16'd0;
  assign lanes_end     = group_q == 16'(Groups - 1);
  assign result_ends   = lanes_end & (block_q == blocks_less_1);
  assign next_result   = step & result_ends;
  assign last          = result_ends & below_end[Levels];

  always_ff @(posedge clk) begin
    if (clear) group_q <= 16'd0;
    else if (step) group_q <= lanes_end ? 16'd0 : group_q + 16'd1;
    if (clear || next_result) begin
      block_q       <= 16'd0;
      block_sum_q   <= '0;
      first_value_q <= 16'd0;
    end else if (step && lanes_end) begin
      block_q       <= block_q + 16'd1;
      block_sum_q   <= block_sum_q + j_step;
      first_value_q <= first_value_q + 16'(dvt_pkg::CVec);
    end
  end

  dvt_nest #(.Levels(Levels)) u_nest (
    .clk, .clear, .step(next_result), .n, .at_end, .below_end, .advance
  );
  dvt_nest_sum #(.Levels(Levels), .StepBits(StepBits), .SumBits(AddrBits)) u_place (
    .clk, .clear, .step(next_result), .advance, .steps, .sum
  );

  // ---- rows and columns that exist ----
  logic [Axis-1:0]   row_sum, column_sum, h_max, w_max;
  logic [PVec-1:0]   row_there;
  logic [QVec-1:0]   column_there;

  dvt_nest_sum #(.Levels(Levels), .StepBits(16), .SumBits(Axis)) u_row (
    .clk, .clear, .step(next_result), .advance,
    .steps(part_write[dvt_pkg::WriteHLsb +: 64]), .sum(row_sum)
  );
  dvt_nest_sum #(.Levels(Levels), .StepBits(16), .SumBits(Axis)) u_column (
    .clk, .clear, .step(next_result), .advance,
    .steps(part_write[dvt_pkg::WriteWLsb +: 64]), .sum(column_sum)
  );
  assign h_max = {8'd0, part_write[dvt_pkg::WriteHMaxLsb +: 16]};
  assign w_max = {8'd0, part_write[dvt_pkg::WriteWMaxLsb +: 16]};
  for (genvar p = 0; p < PVec; p++) begin : g_p
    logic [Axis-1:0] short;  // negative: the row is there
    assign short        = row_sum + Axis'(p) - h_max;
    assign row_there[p] = short[Axis-1];
  end
  for (genvar q = 0; q < QVec; q++) begin : g_q
    logic [Axis-1:0] short;
    assign short           = column_sum + Axis'(q) - w_max;
    assign column_there[q] = short[Axis-1];
  end

  // ---- values that exist: all, or k_last of the last channel group ----
  logic [2:0] k_level;
  logic [7:0] ends_by_level;
  logic       values_there;

  assign k_level       = part_write[dvt_pkg::WriteKLevelLsb +: 3];
  assign ends_by_level = {4'd0, at_end};
  assign values_there  = ~ends_by_level[k_level]
                         | (first_value_q < part_write[dvt_pkg::WriteKLastLsb +: 16]);

  // ---- the beat's blocks: lanes group * Blocks and on ----
  localparam int Slots = Groups * Blocks;
  logic [Slots-1:0]          there;
  logic [Slots*AddrBits-1:0] offset;
  logic [PVec*AddrBits-1:0]  p_offset;
  logic [QVec*AddrBits-1:0]  q_offset;
  logic [AddrBits-1:0]       origin;

  dvt_offsets #(.Count(PVec), .Bits(AddrBits)) u_p_offset (.by(p_step), .offsets(p_offset));
  dvt_offsets #(.Count(QVec), .Bits(AddrBits)) u_q_offset (.by(q_step), .offsets(q_offset));
  for (genvar l = 0; l < Slots; l++) begin : g_lane
    if (l < Lanes) begin : g_there
      assign there[l] = row_there[l/QVec] & column_there[l%QVec];
      assign offset[l*AddrBits +: AddrBits] =
          p_offset[(l/QVec)*AddrBits +: AddrBits] + q_offset[(l%QVec)*AddrBits +: AddrBits];
    end else begin : g_none
      assign there[l] = 1'b0;
      assign offset[l*AddrBits +: AddrBits] = '0;
    end
  end
  assign origin = base + sum + block_sum_q;
  assign keep   = values_there ? there[group_q*Blocks +: Blocks] : '0;
  for (genvar b = 0; b < Blocks; b++) begin : g_block
    assign place[b*AddrBits +: AddrBits] =
        origin + offset[(group_q*Blocks + b)*AddrBits +: AddrBits];
  end

  logic unused;
  assign unused = &{1'b0, part_write};
endmodule
