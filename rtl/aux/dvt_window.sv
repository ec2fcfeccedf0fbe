// SPDX-License-Identifier: Apache-2.0
// dvt_window -- a turn's blocks, group by group, as binary32: the front of pool and depthwise.
//
// Stages    in cycles with `en` (docs/timing.md section 5); a turn completed in cycle t has its
//           blocks at the port in t + 2, they are held from t + 3 on, group g is converted in
//           t + 3 + g and stands at the outputs in t + 4 + g.
// Groups    value n of a turn is channel n mod CVec of lane n div CVec; group g holds values
//           g * Vec .. g * Vec + Vec - 1. Blocks outside of the image are zero, with inside_o 0.
// Limits    turns come at least Groups cycles apart.
// Tests     tests/diff/diff_rtl.c
module dvt_window #(
  parameter int Vec       = 16,
  parameter int Scaled    = 1,                                                  // int8 alone
  parameter int Values    = dvt_pkg::Pixels * dvt_pkg::CVec,  // derived: do not override
  parameter int Groups    = (Values + Vec - 1) / Vec,         // derived: do not override
  parameter int IndexBits = Groups > 1 ? $clog2(Groups) : 1   // derived: do not override
) (
  input  logic                                                clk,
  input  logic                                                rst,
  input  logic                                                en,
  input  logic                                                valid2,
  input  logic                                                first2,
  input  logic                                                last2,
  input  logic [dvt_pkg::Pixels*dvt_pkg::FeatureWordBits-1:0] blocks2,
  input  logic [dvt_pkg::Pixels-1:0]                          inside2,
  input  logic [31:0]                                         scale,
  output logic                                                loads_o,  // of group index3_o, now
  output logic [IndexBits-1:0]                                index3_o,
  output logic                                                valid_o,
  output logic [IndexBits-1:0]                                index_o,
  output logic                                                first_o,
  output logic                                                last_o,
  output logic [Vec*32-1:0]                                   x_o,
  output logic [Vec-1:0]                                      inside_o
);
  localparam int CVec    = dvt_pkg::CVec;
  localparam int Pixels  = dvt_pkg::Pixels;
  localparam int Word    = dvt_pkg::FeatureWordBits;
  localparam int Int8    = dvt_pkg::FormatIsInt8;
  localparam int Mf      = dvt_pkg::FormatFeatureMantissaBits;
  localparam int RawBits = Int8 != 0 ? Mf + 1 : Mf + 6;  // inside, exponent, mantissa

  logic [Pixels*Word-1:0]        blocks3_q;
  logic [Pixels-1:0]             inside3_q;
  logic                          run_q, first3_q, last3_q, valid_q, first_q, last_q;
  logic [IndexBits-1:0]          index3_q, index_q;
  logic [Groups*Vec*RawBits-1:0] raw;
  logic [Vec*RawBits-1:0]        group;
  logic [Vec-1:0]                in_image, in_image_q;

  for (genvar n = 0; n < Groups * Vec; n++) begin : g_raw
    if (n >= Values) begin : g_none
      assign raw[n*RawBits +: RawBits] = '0;
    end else if (Int8 != 0) begin : g_int8
      assign raw[n*RawBits +: RawBits] =
        {inside3_q[n/CVec], blocks3_q[(n/CVec)*Word+(n%CVec)*Mf +: Mf] & {Mf{inside3_q[n/CVec]}}};
    end else begin : g_bfp
      assign raw[n*RawBits +: RawBits] =
        {inside3_q[n/CVec], blocks3_q[(n/CVec)*Word+CVec*Mf +: 5],
         blocks3_q[(n/CVec)*Word+(n%CVec)*Mf +: Mf] & {Mf{inside3_q[n/CVec]}}};
    end
  end

  function automatic logic [Vec*RawBits-1:0] pick(input logic [Groups*Vec*RawBits-1:0] r,
                                                  input logic [IndexBits-1:0] i);
    pick = r[Vec*RawBits-1:0];
    for (int g = 1; g < Groups; g++) begin
      if (i == IndexBits'(g)) pick = r[g*Vec*RawBits +: Vec*RawBits];
    end
  endfunction
  assign group = pick(raw, index3_q);

  always_ff @(posedge clk) begin
    if (rst) begin
      run_q    <= 1'b0;
      valid_q  <= 1'b0;
      index3_q <= '0;
    end else if (en) begin
      valid_q <= run_q;
      if (valid2) begin
        run_q    <= 1'b1;
        index3_q <= '0;
      end else if (index3_q == IndexBits'(Groups - 1)) begin
        run_q    <= 1'b0;
      end else begin
        index3_q <= index3_q + IndexBits'(1);
      end
    end
    if (en && valid2) begin
      blocks3_q <= blocks2;
      inside3_q <= inside2;
      first3_q  <= first2;
      last3_q   <= last2;
    end
    if (en && run_q) begin
      index_q  <= index3_q;
      first_q  <= first3_q;
      last_q   <= last3_q;
      in_image_q <= in_image;
    end
  end

  for (genvar u = 0; u < Vec; u++) begin : g_value
    logic [4:0] exponent;
    if (Int8 != 0) begin : g_int8
      assign exponent = 5'd0;
    end else begin : g_bfp
      assign exponent = group[u*RawBits+Mf +: 5];
    end
    assign in_image[u] = group[u*RawBits+RawBits-1];
    dvt_value #(.MantBits(Mf), .Int8(Int8), .Scaled(Scaled)) u_value (
      .clk(clk), .en(en & run_q), .mant(group[u*RawBits +: Mf]), .exp(exponent), .scale(scale),
      .x(x_o[u*32 +: 32])
    );
  end

  assign loads_o  = run_q;
  assign index3_o = index3_q;
  assign valid_o  = valid_q;
  assign index_o  = index_q;
  assign first_o  = first_q;
  assign last_o   = last_q;
  assign inside_o = in_image_q;
endmodule
