// SPDX-License-Identifier: Apache-2.0
// dvt_pe -- one filter lane: its filter cache, and a dot product and an accumulator a pixel.
//
// Stages    as docs/timing.md section 5 counts them, `v` telling which hold a turn:
//             1 filter word read   2 its second register   3 operands   4 products
//             5 dot product   6 aligned
//           a turn that leaves stage 6 is added, and loads `result` if it is the last
// Limits    a lane is reused in every pixel: one filter word, Pixels feature blocks.
// Tests     tests/diff/diff_rtl.c
module dvt_pe #(
  parameter int AddrBits = $clog2(2 * dvt_pkg::FilterCacheWords)  // derived: do not override
) (
  input  logic                                                     clk,
  input  logic                                                     rd_en,    // a turn is completed
  input  logic                                                     en1,      // stage 1 moves on
  input  logic [6:2]                                               v,        // moves on now
  input  logic                                                     first6,
  input  logic                                                     last6,
  input  logic                                                     wr_en,
  input  logic [AddrBits-1:0]                                      wr_addr,
  input  logic [dvt_pkg::FilterWordBits-1:0]                       wr_data,
  input  logic [AddrBits-1:0]                                      rd_addr,
  input  logic [dvt_pkg::Pixels*dvt_pkg::FeatureWordBits-1:0]      blocks3,
  output logic [dvt_pkg::FilterWordBits-1:0]                       filter2,
  output logic [dvt_pkg::Pixels*dvt_pkg::FormatAccumulatorBits-1:0] result,
  output logic [dvt_pkg::Pixels-1:0]                               over
);
  localparam int CVec    = dvt_pkg::CVec;
  localparam int Pixels  = dvt_pkg::Pixels;
  localparam int Mf      = dvt_pkg::FormatFeatureMantissaBits;
  localparam int Mw      = dvt_pkg::FormatFilterMantissaBits;
  localparam int Int8    = dvt_pkg::FormatIsInt8;
  localparam int Word    = dvt_pkg::FeatureWordBits;
  localparam int AccBits = dvt_pkg::FormatAccumulatorBits;
  localparam int DotBits = dvt_pkg::ProductBits + 1;  // -128 * -128 * CVec needs one more
  localparam int Drop    = Int8 != 0 ? 0 : 30 + (Mf - 2) + (Mw - 2) + dvt_pkg::AccumulatorLsbExp;

  localparam int Packed   = Int8 != 0 ? 25 : 2 * (Mf - 1) + (Mw - 1);  // both, side by side
  localparam int Together = Packed <= 26 ? 2 : 1;

  logic [Pixels*CVec*Mf-1:0]          mantissas;
  logic [Pixels*DotBits-1:0]          dots;
  logic [dvt_pkg::FilterWordBits-1:0] filter1, filter2_q, filter3_q;

  dvt_filter_cache #(.Words(dvt_pkg::FilterCacheWords), .Width(dvt_pkg::FilterWordBits)) u_cache (
    .clk(clk), .wr_en(wr_en), .wr_addr(wr_addr), .wr_data(wr_data),
    .rd_en(rd_en), .rd_addr(rd_addr), .rd_data(filter1)
  );

  always_ff @(posedge clk) begin
    if (en1) filter2_q <= filter1;
    if (v[2]) filter3_q <= filter2_q;
  end

  assign filter2 = filter2_q;

  for (genvar p = 0; p < Pixels; p++) begin : g_mantissas
    assign mantissas[p*CVec*Mf +: CVec*Mf] = blocks3[p*Word +: CVec*Mf];
  end

  // two pixels share multipliers where a DSP block holds both products
  for (genvar p = 0; p < Pixels; p = p + Together) begin : g_dot
    localparam int Lanes = p + Together <= Pixels ? Together : 1;
    dvt_dot #(.Lanes(Lanes), .CVec(CVec), .FeatureBits(Mf), .FilterBits(Mw), .Int8(Int8),
              .DotBits(DotBits)) u_dot (
      .clk(clk), .en(v[4:3]), .feature(mantissas[p*CVec*Mf +: Lanes*CVec*Mf]),
      .filter(filter3_q[CVec*Mw-1:0]), .dot(dots[p*DotBits +: Lanes*DotBits])
    );
  end

  for (genvar p = 0; p < Pixels; p++) begin : g_pixel
    logic [5:0] shift5;

    if (Int8 != 0) begin : g_int8
      assign shift5 = 6'd0;
    end else begin : g_bfp
      logic [5:0] shift4_q, shift5_q;
      always_ff @(posedge clk) begin
        if (v[3])
          shift4_q <= {1'b0, blocks3[p*Word+CVec*Mf +: 5]} + {1'b0, filter3_q[CVec*Mw +: 5]};
        if (v[4]) shift5_q <= shift4_q;
      end
      assign shift5 = shift5_q;
    end

    dvt_accumulate #(.DotBits(DotBits), .AccBits(AccBits), .Drop(Drop), .Int8(Int8)) u_acc (
      .clk(clk), .en(v[6:5]), .dot(dots[p*DotBits +: DotBits]), .shift(shift5),
      .first(first6), .load(last6), .result(result[p*AccBits +: AccBits]), .over(over[p])
    );
  end
endmodule
