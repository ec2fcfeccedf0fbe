// SPDX-License-Identifier: Apache-2.0
// dvt_drain -- when the result register gives a beat, and which (docs/timing.md sections 6 and 7).
//
// Idea      Counts beats of a result (channel block, then lane group), results of the trip (the
//           writer's nest) and results of a parameter group. A beat leaves when the register is
//           occupied, the slowest kernel of the route has had its time, the writer has room, and
//           parameters and operand are there.
// Enable    0 in a cycle in which a turn would load the register while it is occupied and its last
//           beat does not leave.
// Meta      {released, half, channel block, values kept} of the beat; `lanes_o` is its lane group.
// Limits    parameter halves alternate from reset on, never restarted: so does who fills them.
// Tests     tests/diff/diff_rtl.c
module dvt_drain #(
  parameter int CVec      = dvt_pkg::CVec,
  parameter int Blocks    = dvt_pkg::BlocksPerResult,
  parameter int LaneBeats = 1,                                         // of a channel block
  parameter int PaceMax   = 1,
  parameter int KeepBits  = 4,
  parameter int MetaBits  = 8,
  parameter int BlockBits = Blocks > 1 ? $clog2(Blocks) : 1,           // derived: do not override
  parameter int LanesBits = LaneBeats > 1 ? $clog2(LaneBeats) : 1,     // derived: do not override
  parameter int PaceBits  = $clog2(PaceMax + 2)                        // derived: do not override
) (
  input  logic                              clk,
  input  logic                              rst,
  input  logic                              launch,
  input  logic                              from_array,
  input  logic                              with_params,  // scale or prelu on the route
  input  logic                              with_operand,
  input  logic [PaceBits-1:0]               pace,
  input  logic [31:0]                       outer,
  input  logic [dvt_pkg::WritePartBits-1:0] part_write,
  input  logic                              result_ends,  // stands in the last stage
  input  logic                              credit,
  input  logic                              param_ready,
  input  logic                              operand_ready,
  output logic                              enable,
  output logic                              result_full,
  output logic                              drained,
  output logic [MetaBits-1:0]               meta,
  output logic [BlockBits-1:0]              block_o,
  output logic [LanesBits-1:0]              lanes_o,
  output logic                              param_drained,
  output logic                              waits_param
);
  localparam int Levels = dvt_pkg::WriteNCount;
  localparam int NBits  = dvt_pkg::WriteNBits;
  localparam int KBits  = dvt_pkg::WriteKLastBits;

  logic                    full_q, half_q;
  logic [PaceBits-1:0]     wait_q;
  logic [BlockBits-1:0]    block_q;
  logic [LanesBits-1:0]    lanes_q;
  logic [Levels*NBits-1:0] count_q;
  logic [31:0]             group_q;
  logic [KBits-1:0]        left_q, values, left;

  // ---- results of the trip: which levels stand at their last turn ----
  logic [Levels-1:0] wraps;
  logic [Levels:0]   carry;  // carry[l]: level l advances with this result
  for (genvar l = 0; l < Levels; l++) begin : g_level
    logic [NBits-1:0] n;
    assign n        = part_write[dvt_pkg::WriteNLsb+l*NBits +: NBits];
    assign wraps[l] = count_q[l*NBits +: NBits] + NBits'(1) == n;
  end

  function automatic logic [Levels:0] carries(input logic [Levels-1:0] w);
    carries[0] = 1'b1;
    for (int l = 0; l < Levels; l++) carries[l+1] = carries[l] & w[l];
  endfunction
  assign carry = carries(wraps);

  logic [dvt_pkg::WriteKLevelBits-1:0] k_level;
  logic                                k_end;
  assign k_level = part_write[dvt_pkg::WriteKLevelLsb +: dvt_pkg::WriteKLevelBits];
  assign k_end   = |(wraps & (Levels'(1) << k_level));

  // ---- values that count: of the result, then of what is left from this block on ----
  assign values = k_end ? part_write[dvt_pkg::WriteKLastLsb +: KBits]
                        : from_array ? KBits'(dvt_pkg::KVec) : KBits'(CVec);
  assign left   = block_q == '0 ? values : left_q;

  // ---- the beat ----
  logic last_lanes, last_block, last_beat, could, group_ends, unused;
  assign last_lanes = lanes_q == LanesBits'(LaneBeats - 1);
  assign last_block = !from_array || block_q == BlockBits'(Blocks - 1);
  assign last_beat  = last_lanes && last_block;
  assign could      = full_q && wait_q == '0 && credit;
  assign drained    = could && (!with_params || param_ready) && (!with_operand || operand_ready);
  assign group_ends = group_q + 32'd1 == outer || carry[Levels];

  assign enable        = !(result_ends && full_q && !(drained && last_beat));
  assign result_full   = full_q;
  assign param_drained = drained && last_beat && with_params && group_ends;
  assign waits_param   = could && with_params && !param_ready;
  assign block_o       = block_q;
  assign lanes_o       = lanes_q;
  assign unused        = &{1'b0, part_write};
  assign meta          = {param_drained, half_q, block_q,
                          left > KBits'(CVec) ? KeepBits'(CVec) : KeepBits'(left)};

  always_ff @(posedge clk) begin
    if (rst) begin
      full_q <= 1'b0;
      half_q <= 1'b0;
    end else begin
      if (enable && result_ends) full_q <= 1'b1;
      else if (drained && last_beat) full_q <= 1'b0;
      if (param_drained) half_q <= !half_q;
    end
  end

  always_ff @(posedge clk) begin
    if (rst || launch) begin
      wait_q  <= '0;
      block_q <= '0;
      lanes_q <= '0;
      group_q <= 32'd0;
      count_q <= '0;
    end else if (drained) begin
      wait_q  <= pace - PaceBits'(1);
      lanes_q <= last_lanes ? '0 : lanes_q + LanesBits'(1);
      if (last_lanes) begin
        block_q <= last_block ? '0 : block_q + BlockBits'(1);
        left_q  <= left > KBits'(CVec) ? left - KBits'(CVec) : '0;
      end
      if (last_beat) begin
        group_q <= group_ends ? 32'd0 : group_q + 32'd1;
        for (int l = 0; l < Levels; l++) begin
          if (carry[l])
            count_q[l*NBits +: NBits] <= wraps[l] ? '0 : count_q[l*NBits +: NBits] + NBits'(1);
        end
      end
    end else if (wait_q != '0) begin
      wait_q <= wait_q - PaceBits'(1);
    end
  end
endmodule
