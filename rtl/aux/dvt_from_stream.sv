// SPDX-License-Identifier: Apache-2.0
// dvt_from_stream -- a beat of the stream reader's result register to binary32.
//
// Idea      The register holds a lane's binary32 values (behind pool, depthwise, lrn) or, in its
//           low bits, the block itself (`plain`: no window kernel), which becomes binary32 here.
// Latency   TimingLsStream = 1 cycle. Lanes beyond Pixels are zero.
// Tests     tests/diff/diff_rtl.c
module dvt_from_stream #(
  parameter int Beat      = dvt_pkg::BeatBlocks,
  parameter int CVec      = dvt_pkg::CVec,
  parameter int LaneBits  = dvt_pkg::CVec * 32,  // of a lane in the result register
  parameter int Windows   = 1,    // there is a kernel that leaves binary32
  parameter int LaneBeats = (dvt_pkg::Pixels + dvt_pkg::BeatBlocks - 1) / dvt_pkg::BeatBlocks,
  parameter int MetaBits  = 8,
  parameter int LanesBits = LaneBeats > 1 ? $clog2(LaneBeats) : 1   // derived: do not override
) (
  input  logic                                clk,
  input  logic                                rst,
  input  logic                                plain,
  input  logic [31:0]                         scale,
  input  logic                                valid_i,
  input  logic [LanesBits-1:0]                lanes_i,
  input  logic [MetaBits-1:0]                 meta_i,
  input  logic [dvt_pkg::Pixels*LaneBits-1:0] result,
  output logic                                valid_o,
  output logic [Beat*CVec*32-1:0]             x_o,
  output logic [MetaBits-1:0]                 meta_o
);
  localparam int Int8 = dvt_pkg::FormatIsInt8;
  localparam int Mf   = dvt_pkg::FormatFeatureMantissaBits;
  localparam int Pad  = LaneBeats * Beat - dvt_pkg::Pixels;

  logic [LaneBeats*Beat*LaneBits-1:0] lanes;
  logic [Beat*LaneBits-1:0]           picked;
  logic                               valid_q;

  if (Pad == 0) begin : g_even
    assign lanes = result;
  end else begin : g_padded
    assign lanes = {{(Pad*LaneBits){1'b0}}, result};
  end

  function automatic logic [Beat*LaneBits-1:0] pick(
    input logic [LaneBeats*Beat*LaneBits-1:0] r, input logic [LanesBits-1:0] i);
    pick = r[Beat*LaneBits-1:0];
    for (int l = 1; l < LaneBeats; l++) begin
      if (i == LanesBits'(l)) pick = r[l*Beat*LaneBits +: Beat*LaneBits];
    end
  endfunction
  assign picked = pick(lanes, lanes_i);

  always_ff @(posedge clk) begin
    if (rst) valid_q <= 1'b0;
    else valid_q <= valid_i;
  end
  assign valid_o = valid_q;

  for (genvar n = 0; n < Beat * CVec; n++) begin : g_value
    logic [31:0] block_value;
    logic [4:0]  exponent;
    if (Int8 != 0) begin : g_int8
      assign exponent = 5'd0;
    end else begin : g_bfp
      assign exponent = picked[(n/CVec)*LaneBits+CVec*Mf +: 5];
    end
    dvt_value #(.MantBits(Mf), .Int8(Int8)) u_value (
      .clk(clk), .en(valid_i & plain), .mant(picked[(n/CVec)*LaneBits+(n%CVec)*Mf +: Mf]),
      .exp(exponent), .scale(scale), .x(block_value)
    );
    if (Windows != 0) begin : g_windows
      logic [31:0] window_value_q;
      always_ff @(posedge clk) begin
        if (valid_i && !plain) window_value_q <= picked[(n/CVec)*LaneBits+(n%CVec)*32 +: 32];
      end
      assign x_o[n*32 +: 32] = plain ? block_value : window_value_q;
    end else begin : g_blocks
      assign x_o[n*32 +: 32] = block_value;
    end
  end

  dvt_delay #(.Width(MetaBits), .Depth(1)) u_meta (.clk(clk), .en(valid_i), .d_i(meta_i),
                                                   .d_o(meta_o));
endmodule
