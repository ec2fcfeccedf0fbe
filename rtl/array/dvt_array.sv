// SPDX-License-Identifier: Apache-2.0
// dvt_array -- KVec processing elements that see the same blocks, and their result register.
//
// Idea      The pipeline's valid bits, held back by `en`, come from outside; here is what all
//           elements share: the filter word's address and the blocks, zero where a lane is
//           outside of the image (stage 3). The cache is read in the cycle that completes the
//           turn: a page is released then, and the next one may come in while the pipeline stands
//           still.
// Result    element k's accumulators of all pixels lie side by side, element 0 lowest; they
//           change when a last turn leaves stage 6 (docs/timing.md sections 5 and 6). Depthwise
//           uses the cache of lane 0: filter2 is its word, there with the turn in stage 2.
// Tests     tests/diff/diff_rtl.c
module dvt_array #(
  parameter int AddrBits = $clog2(2 * dvt_pkg::FilterCacheWords)  // derived: do not override
) (
  input  logic                                                clk,
  input  logic                                                en,
  input  logic                                                turn_done,
  input  logic                                                turn_half,
  input  logic [15:0]                                         turn_word,
  input  logic                                                filtered,  // turns that use filters
  input  logic [6:2]                                          v,         // stages with array turns
  input  logic                                                first6,
  input  logic                                                last6,
  input  logic [dvt_pkg::Pixels*dvt_pkg::FeatureWordBits-1:0] blocks2,
  input  logic [dvt_pkg::Pixels-1:0]                          inside2,
  input  logic                                                fw_valid,
  input  logic                                                fw_half,
  input  logic [15:0]                                         fw_word,
  input  logic [dvt_pkg::KVec-1:0]                            fw_lanes,
  input  logic [dvt_pkg::KVec*dvt_pkg::FilterWordBits-1:0]    fw_data,
  output logic [dvt_pkg::FilterWordBits-1:0]                  filter2,
  output logic [dvt_pkg::KVec*dvt_pkg::Pixels*dvt_pkg::FormatAccumulatorBits-1:0] result,
  output logic [31:0]                                         saturated
);
  localparam int KVec    = dvt_pkg::KVec;
  localparam int Pixels  = dvt_pkg::Pixels;
  localparam int Word    = dvt_pkg::FeatureWordBits;
  localparam int Fw      = dvt_pkg::FilterWordBits;
  localparam int AccBits = dvt_pkg::FormatAccumulatorBits;

  logic [AddrBits-1:0]    rd_addr, wr_addr;
  logic [Pixels*Word-1:0] blocks3_q;
  logic [KVec*Fw-1:0]     filters2;
  logic [KVec*Pixels-1:0] over;
  logic [31:0]            saturated_q;

  function automatic logic [AddrBits-1:0] address(input logic half, input logic [15:0] word);
    address = AddrBits'((half ? 17'(dvt_pkg::FilterCacheWords) : 17'd0) + {1'b0, word});
  endfunction

  function automatic logic [Pixels*Word-1:0] masked(input logic [Pixels*Word-1:0] b,
                                                    input logic [Pixels-1:0] in_image);
    for (int p = 0; p < Pixels; p++) masked[p*Word +: Word] = in_image[p] ? b[p*Word +: Word] : '0;
  endfunction

  function automatic logic [31:0] ones(input logic [KVec*Pixels-1:0] x);
    ones = 32'd0;
    for (int i = 0; i < KVec * Pixels; i++) ones = ones + {31'd0, x[i]};
  endfunction

  assign wr_addr = address(fw_half, fw_word);
  assign rd_addr = address(turn_half, turn_word);
  always_ff @(posedge clk) begin
    if (en && v[2]) blocks3_q <= masked(blocks2, inside2);
    saturated_q <= 32'd0;
    if (|over) saturated_q <= ones(over);
  end

  for (genvar k = 0; k < KVec; k++) begin : g_pe
    dvt_pe u_pe (
      .clk(clk), .rd_en(en & turn_done & filtered), .en1(en), .v(v & {5{en}}),
      .first6(first6), .last6(last6),
      .wr_en(fw_valid & fw_lanes[k]), .wr_addr(wr_addr), .wr_data(fw_data[k*Fw +: Fw]),
      .rd_addr(rd_addr), .blocks3(blocks3_q), .filter2(filters2[k*Fw +: Fw]),
      .result(result[k*Pixels*AccBits +: Pixels*AccBits]), .over(over[k*Pixels +: Pixels])
    );
  end

  assign filter2   = filters2[Fw-1:0];
  assign saturated = saturated_q;
  if (KVec > 1) begin : g_rest
    logic unused;
    assign unused = &{1'b0, filters2[KVec*Fw-1:Fw]};
  end
endmodule
