// SPDX-License-Identifier: Apache-2.0
// dvt_from_array -- a beat of accumulators to binary32 (docs/numerics-overlay.md section 3).
//
// Latency   TimingLsArray = 3 cycles: picked from the result register | normalised | rounded.
// Result    as dvt_array lays it out: element by element, pixel by pixel. Values beyond KVec and
//           lanes beyond Pixels are zero.
// Tests     tests/diff/diff_rtl.c
module dvt_from_array #(
  parameter int Beat      = dvt_pkg::BeatBlocks,
  parameter int CVec      = dvt_pkg::CVec,
  parameter int Blocks    = dvt_pkg::BlocksPerResult,
  parameter int LaneBeats = 1,
  parameter int MetaBits  = 8,
  parameter int BlockBits = Blocks > 1 ? $clog2(Blocks) : 1,        // derived: do not override
  parameter int LanesBits = LaneBeats > 1 ? $clog2(LaneBeats) : 1   // derived: do not override
) (
  input  logic                        clk,
  input  logic                        rst,
  input  logic                        valid_i,
  input  logic [BlockBits-1:0]        block_i,
  input  logic [LanesBits-1:0]        lanes_i,
  input  logic [MetaBits-1:0]         meta_i,
  input  logic [dvt_pkg::KVec*dvt_pkg::Pixels*dvt_pkg::FormatAccumulatorBits-1:0] result,
  output logic                        valid_o,
  output logic [Beat*CVec*32-1:0]     x_o,
  output logic [MetaBits-1:0]         meta_o
);
  localparam int KVec    = dvt_pkg::KVec;
  localparam int Pixels  = dvt_pkg::Pixels;
  localparam int AccBits = dvt_pkg::FormatAccumulatorBits;
  localparam int Stages  = dvt_pkg::TimingLsArray;

  logic [Stages:0]                v;
  logic [Beat*CVec*AccBits-1:0]   picked_q;
  logic                           busy;

  // value c of lane b of a beat
  function automatic logic [AccBits-1:0] at(
    input logic [KVec*Pixels*AccBits-1:0] r, input integer k, input integer pixel);
    at = k < KVec && pixel < Pixels
           ? r[(k < KVec && pixel < Pixels ? k * Pixels + pixel : 0)*AccBits +: AccBits] : '0;
  endfunction

  always_ff @(posedge clk) begin
    if (v[0]) begin
      for (int j = 0; j < Blocks; j++) begin
        for (int l = 0; l < LaneBeats; l++) begin
          if (block_i == BlockBits'(j) && lanes_i == LanesBits'(l)) begin
            for (int b = 0; b < Beat; b++) begin
              for (int c = 0; c < CVec; c++)
                picked_q[(b*CVec+c)*AccBits +: AccBits] <= at(result, j*CVec+c, l*Beat+b);
            end
          end
        end
      end
    end
  end

  assign busy = |v;
  dvt_valid_line #(.Depth(Stages)) u_valid (.clk(clk), .rst(rst), .en(1'b1), .v_i(valid_i),
                                            .v_o(v), .end_o(valid_o));
  for (genvar n = 0; n < Beat * CVec; n++) begin : g_value
    dvt_int_to_fp #(.Bits(AccBits), .LsbExp(dvt_pkg::AccumulatorLsbExp)) u_convert (
      .clk(clk), .en(v[2:1]), .acc(picked_q[n*AccBits +: AccBits]), .x(x_o[n*32 +: 32])
    );
  end
  dvt_delay #(.Width(MetaBits), .Depth(Stages)) u_meta (.clk(clk), .en(busy), .d_i(meta_i),
                                                        .d_o(meta_o));
endmodule
