// SPDX-License-Identifier: Apache-2.0
// dvt_elt -- every value of a beat with its operand from the stream buffer: sum, product, maximum.
//
// Latency   1 + TimingLa + Groups - 1 cycles for a beat of Values, Vec of them a cycle: the operand
//           becomes binary32 | sum, product or maximum.
// Operand   Beat blocks, taken in the cycle of valid_i; blocks not fetched read as zero.
// Tests     tests/diff/diff_rtl.c
module dvt_elt #(
  parameter int Values   = dvt_pkg::BeatBlocks * dvt_pkg::CVec,
  parameter int Vec      = Values,
  parameter int CVec     = dvt_pkg::CVec,
  parameter int Beat     = dvt_pkg::BeatBlocks,
  parameter int MetaBits = 8
) (
  input  logic                                     clk,
  input  logic                                     rst,
  input  logic [dvt_pkg::EltPartBits-1:0]          part,
  input  logic [Beat*dvt_pkg::FeatureWordBits-1:0] operand_data,
  input  logic [Beat-1:0]                          operand_valid,
  input  logic                                     valid_i,
  input  logic [Values*32-1:0]                     x_i,
  input  logic [MetaBits-1:0]                      meta_i,
  output logic                                     valid_o,
  output logic [Values*32-1:0]                     x_o,
  output logic [MetaBits-1:0]                      meta_o
);
  localparam int Lm        = dvt_pkg::TimingLm;
  localparam int La        = dvt_pkg::TimingLa;
  localparam int Stages    = 1 + La;
  localparam int Int8      = dvt_pkg::FormatIsInt8;
  localparam int Mf        = dvt_pkg::FormatFeatureMantissaBits;
  localparam int Word      = dvt_pkg::FeatureWordBits;
  localparam int RawBits   = Int8 != 0 ? Mf : Mf + 5;  // exponent above the mantissa
  localparam int Groups    = (Values + Vec - 1) / Vec;
  localparam int IndexBits = Groups > 1 ? $clog2(Groups) : 1;

  logic [Stages:0]           v;
  logic [IndexBits-1:0]      index, index_out;
  logic [MetaBits-1:0]       meta;
  logic [Values*RawBits-1:0] raw;
  logic [Vec*RawBits-1:0]    raw_group;
  logic [Vec*32-1:0]         x, result;
  logic [31:0]               scale;
  logic [1:0]                fn;
  logic                      valid, busy, ended, unused_part;

  assign fn    = part[dvt_pkg::EltFnLsb +: 2];
  assign scale = part[dvt_pkg::EltScaleLsb +: 32];
  assign busy  = |v;
  assign unused_part = &{1'b0, part};

  for (genvar n = 0; n < Values; n++) begin : g_raw
    logic [Mf-1:0] mant;
    assign mant = operand_data[(n/CVec)*Word+(n%CVec)*Mf +: Mf];
    if (Int8 != 0) begin : g_int8
      assign raw[n*RawBits +: RawBits] = operand_valid[n/CVec] ? mant : '0;
    end else begin : g_bfp
      assign raw[n*RawBits +: RawBits] =
        operand_valid[n/CVec] ? {operand_data[(n/CVec)*Word+CVec*Mf +: 5], mant} : '0;
    end
  end

  dvt_split #(.Values(Values), .Vec(Vec), .MetaBits(MetaBits)) u_split (
    .clk(clk), .rst(rst), .valid_i(valid_i), .x_i(x_i), .meta_i(meta_i),
    .valid_o(valid), .index_o(index), .x_o(x), .meta_o(meta)
  );
  if (Groups == 1) begin : g_whole
    assign raw_group = raw;
  end else begin : g_parts
    logic                 unused_valid, unused_meta;
    logic [IndexBits-1:0] unused_index;
    logic                 unused;
    assign unused = &{1'b0, unused_valid, unused_meta, unused_index};
    dvt_split #(.Values(Values), .Vec(Vec), .ValueBits(RawBits), .MetaBits(1)) u_operand (
      .clk(clk), .rst(rst), .valid_i(valid_i), .x_i(raw), .meta_i(1'b0),
      .valid_o(unused_valid), .index_o(unused_index), .x_o(raw_group), .meta_o(unused_meta)
    );
  end
  dvt_valid_line #(.Depth(Stages)) u_valid (.clk(clk), .rst(rst), .en(1'b1), .v_i(valid), .v_o(v),
                                            .end_o(ended));

  for (genvar u = 0; u < Vec; u++) begin : g_value
    logic [31:0] x1_q, y1, sum, product, most, other_q;
    logic [4:0]  exponent;

    if (Int8 != 0) begin : g_int8
      assign exponent = 5'd0;
    end else begin : g_bfp
      assign exponent = raw_group[u*RawBits+Mf +: 5];
    end
    dvt_value #(.MantBits(Mf), .Int8(Int8)) u_y (
      .clk(clk), .en(v[0]), .mant(raw_group[u*RawBits +: Mf]), .exp(exponent), .scale(scale), .x(y1)
    );
    dvt_fp_add #(.OutReg(La - 3)) u_add (.clk(clk), .en(v[La:1]), .a(x1_q), .b(y1), .s(sum));
    dvt_fp_mul #(.Stages(Lm)) u_mul (.clk(clk), .en(v[Lm:1]), .a(x1_q), .b(y1), .p(product));
    dvt_delay #(.Width(32), .Depth(Lm)) u_most (
      .clk(clk), .en(busy), .d_i(dvt_fp::greater(y1, x1_q) ? y1 : x1_q), .d_o(most)
    );
    always_ff @(posedge clk) begin
      if (v[0]) x1_q <= x[u*32 +: 32];
      if (v[Lm+1]) other_q <= fn == 2'd1 ? product : most;
    end
    assign result[u*32 +: 32] = fn == 2'd0 ? sum : other_q;
  end

  dvt_delay #(.Width(IndexBits), .Depth(Stages)) u_index (.clk(clk), .en(busy), .d_i(index),
                                                          .d_o(index_out));
  dvt_join #(.Values(Values), .Vec(Vec)) u_join (
    .clk(clk), .valid_i(ended), .index_i(index_out), .x_i(result), .valid_o(valid_o),
    .x_o(x_o)
  );
  dvt_delay #(.Width(MetaBits), .Depth(Stages)) u_meta (.clk(clk), .en(busy), .d_i(meta),
                                                        .d_o(meta_o));
endmodule
