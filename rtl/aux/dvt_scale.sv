// SPDX-License-Identifier: Apache-2.0
// dvt_scale -- y = fl(fl(x * scale) + bias) with the parameters of the value's channel.
//
// Latency   TimingLm + TimingLa + Groups - 1 cycles for a beat of Values, Vec of them a cycle.
// Meta      {released, half, channel block, values kept}: goes with the beat.
// Tests     tests/diff/diff_rtl.c
module dvt_scale #(
  parameter int Values    = dvt_pkg::BeatBlocks * dvt_pkg::CVec,
  parameter int Vec       = Values,
  parameter int CVec      = dvt_pkg::CVec,
  parameter int Blocks    = dvt_pkg::BlocksPerResult,
  parameter int MetaBits  = 8,
  parameter int KeepBits  = 4,
  parameter int BlockBits = Blocks > 1 ? $clog2(Blocks) : 1  // derived: do not override
) (
  input  logic                 clk,
  input  logic                 rst,
  input  logic                 pw_valid,
  input  logic                 pw_half,
  input  logic                 pw_start,
  input  logic [31:0]          pw_scale,
  input  logic [31:0]          pw_bias,
  input  logic                 valid_i,
  input  logic [Values*32-1:0] x_i,
  input  logic [MetaBits-1:0]  meta_i,
  output logic                 valid_o,
  output logic [Values*32-1:0] x_o,
  output logic [MetaBits-1:0]  meta_o
);
  localparam int Lm        = dvt_pkg::TimingLm;
  localparam int La        = dvt_pkg::TimingLa;
  localparam int Groups    = (Values + Vec - 1) / Vec;
  localparam int IndexBits = Groups > 1 ? $clog2(Groups) : 1;
  localparam int PlaceBits = IndexBits + 1 + BlockBits;

  logic [Lm+La:0]       v;
  logic [IndexBits-1:0] index, index_bias, index_out;
  logic [MetaBits-1:0]  meta;
  logic [Vec*32-1:0]    x, scale, bias, product, y;
  logic [CVec*32-1:0]   scales, biases;
  logic [BlockBits-1:0] block_bias;
  logic                 valid, half_bias, busy, ended;

  dvt_split #(.Values(Values), .Vec(Vec), .MetaBits(MetaBits)) u_split (
    .clk(clk), .rst(rst), .valid_i(valid_i), .x_i(x_i), .meta_i(meta_i),
    .valid_o(valid), .index_o(index), .x_o(x), .meta_o(meta)
  );
  dvt_valid_line #(.Depth(Lm + La)) u_valid (.clk(clk), .rst(rst), .en(1'b1), .v_i(valid), .v_o(v),
                                             .end_o(ended));

  dvt_param_bank #(.CVec(CVec), .Blocks(Blocks)) u_scales (
    .clk(clk), .wr_en(pw_valid), .wr_half(pw_half), .wr_start(pw_start), .wr_data(pw_scale),
    .rd_half(meta[MetaBits-2]), .rd_block(meta[KeepBits +: BlockBits]), .rd_data(scales)
  );
  dvt_param_bank #(.CVec(CVec), .Blocks(Blocks)) u_biases (
    .clk(clk), .wr_en(pw_valid), .wr_half(pw_half), .wr_start(pw_start), .wr_data(pw_bias),
    .rd_half(half_bias), .rd_block(block_bias), .rd_data(biases)
  );
  assign busy = |v;
  dvt_delay #(.Width(PlaceBits), .Depth(Lm)) u_place (
    .clk(clk), .en(busy), .d_i({index, meta[MetaBits-2], meta[KeepBits +: BlockBits]}),
    .d_o({index_bias, half_bias, block_bias})
  );
  dvt_spread #(.CVec(CVec), .Vec(Vec), .Groups(Groups)) u_scale (
    .channel_i(scales), .index_i(index), .lane_o(scale)
  );
  dvt_spread #(.CVec(CVec), .Vec(Vec), .Groups(Groups)) u_bias (
    .channel_i(biases), .index_i(index_bias), .lane_o(bias)
  );

  for (genvar u = 0; u < Vec; u++) begin : g_value
    dvt_fp_mul #(.Stages(Lm)) u_mul (.clk(clk), .en(v[Lm-1:0]), .a(x[u*32 +: 32]),
                                     .b(scale[u*32 +: 32]), .p(product[u*32 +: 32]));
    dvt_fp_add #(.OutReg(La - 3)) u_add (.clk(clk), .en(v[Lm+La-1:Lm]), .a(product[u*32 +: 32]),
                                         .b(bias[u*32 +: 32]), .s(y[u*32 +: 32]));
  end

  dvt_delay #(.Width(IndexBits), .Depth(La)) u_index (.clk(clk), .en(busy), .d_i(index_bias),
                                                      .d_o(index_out));
  dvt_join #(.Values(Values), .Vec(Vec)) u_join (
    .clk(clk), .valid_i(ended), .index_i(index_out), .x_i(y), .valid_o(valid_o), .x_o(x_o)
  );
  dvt_delay #(.Width(MetaBits), .Depth(Lm + La)) u_meta (.clk(clk), .en(busy), .d_i(meta),
                                                         .d_o(meta_o));
endmodule
