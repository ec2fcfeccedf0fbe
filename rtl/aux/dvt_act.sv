// SPDX-License-Identifier: Apache-2.0
// dvt_act -- activation function of every value of a beat, Vec values a cycle.
//
// Latency   LACT + Groups - 1 cycles; LACT is TimingLactTables with function tables, else
//           TimingLm + 1 (docs/timing.md section 7).
// Meta      {released, half, channel block, values kept}: goes with the beat.
// Tests     tests/diff/diff_rtl.c
module dvt_act #(
  parameter int Values    = dvt_pkg::BeatBlocks * dvt_pkg::CVec,
  parameter int Vec       = Values,
  parameter int CVec      = dvt_pkg::CVec,
  parameter int Blocks    = dvt_pkg::BlocksPerResult,
  parameter int MetaBits  = 8,
  parameter int KeepBits  = 4,
  parameter int BlockBits = Blocks > 1 ? $clog2(Blocks) : 1  // derived: do not override
) (
  input  logic                         clk,
  input  logic                         rst,
  input  logic [dvt_pkg::ActPartBits-1:0] part,
  input  logic                         pw_valid,
  input  logic                         pw_half,
  input  logic                         pw_start,
  input  logic [31:0]                  pw_slope,
  input  logic                         tw_valid,
  input  logic [3:0]                   tw_table,
  input  logic [9:0]                   tw_index,
  input  logic [31:0]                  tw_data,
  input  logic                         valid_i,
  input  logic [Values*32-1:0]         x_i,
  input  logic [MetaBits-1:0]          meta_i,
  output logic                         valid_o,
  output logic [Values*32-1:0]         x_o,
  output logic [MetaBits-1:0]          meta_o
);
  localparam int Tables    = dvt_pkg::CrossbarFunctionTables;
  localparam int Stages    = Tables > 0 ? dvt_pkg::TimingLactTables : dvt_pkg::TimingLm + 1;
  localparam int AtMul     = Tables > 0 ? 8 : 0;
  localparam int Groups    = (Values + Vec - 1) / Vec;
  localparam int IndexBits = Groups > 1 ? $clog2(Groups) : 1;
  localparam int PlaceBits = IndexBits + 1 + BlockBits;

  logic [Stages:0]      v;
  logic [IndexBits-1:0] index, index_mul, index_out;
  logic [MetaBits-1:0]  meta;
  logic [Vec*32-1:0]    x, y, slope;
  logic [CVec*32-1:0]   slopes;
  logic [BlockBits-1:0] block_mul;
  logic [31:0]          x0, inv_step;
  logic [3:0]           table_of;
  logic                 valid, half_mul, busy, ended, unused;

  assign table_of = part[dvt_pkg::ActTableLsb +: 4];
  assign busy     = |v;
  assign unused   = &{1'b0, part};

  if (Tables > 0) begin : g_origin
    logic [Tables*32-1:0] x0_q, inv_step_q;
    for (genvar t = 0; t < Tables; t++) begin : g_table
      always_ff @(posedge clk) begin
        if (tw_valid && tw_table == 4'(t) && tw_index == 10'd1) x0_q[t*32 +: 32] <= tw_data;
        if (tw_valid && tw_table == 4'(t) && tw_index == 10'd2) inv_step_q[t*32 +: 32] <= tw_data;
      end
    end
    assign x0       = x0_q[32*table_of +: 32];
    assign inv_step = inv_step_q[32*table_of +: 32];
  end else begin : g_none
    assign x0       = 32'd0;
    assign inv_step = 32'd0;
  end

  dvt_split #(.Values(Values), .Vec(Vec), .MetaBits(MetaBits)) u_split (
    .clk(clk), .rst(rst), .valid_i(valid_i), .x_i(x_i), .meta_i(meta_i),
    .valid_o(valid), .index_o(index), .x_o(x), .meta_o(meta)
  );
  dvt_valid_line #(.Depth(Stages)) u_valid (.clk(clk), .rst(rst), .en(1'b1), .v_i(valid), .v_o(v),
                                            .end_o(ended));

  dvt_delay #(.Width(PlaceBits), .Depth(AtMul)) u_place (
    .clk(clk), .en(busy), .d_i({index, meta[MetaBits-2], meta[KeepBits +: BlockBits]}),
    .d_o({index_mul, half_mul, block_mul})
  );
  dvt_param_bank #(.CVec(CVec), .Blocks(Blocks)) u_slopes (
    .clk(clk), .wr_en(pw_valid), .wr_half(pw_half), .wr_start(pw_start), .wr_data(pw_slope),
    .rd_half(half_mul), .rd_block(block_mul), .rd_data(slopes)
  );
  dvt_spread #(.CVec(CVec), .Vec(Vec), .Groups(Groups)) u_slope (
    .channel_i(slopes), .index_i(index_mul), .lane_o(slope)
  );

  for (genvar u = 0; u < Vec; u++) begin : g_value
    dvt_act_lane #(.Tables(Tables)) u_lane (
      .clk(clk), .v(v[Stages-1:0]), .busy(busy), .fn(part[dvt_pkg::ActFnLsb +: 4]),
      .table_i(table_of), .p0(part[dvt_pkg::ActP0Lsb +: 32]), .p1(part[dvt_pkg::ActP1Lsb +: 32]),
      .x0(x0), .inv_step(inv_step), .tw_valid(tw_valid), .tw_table(tw_table), .tw_index(tw_index),
      .tw_data(tw_data), .x(x[u*32 +: 32]), .slope(slope[u*32 +: 32]), .y(y[u*32 +: 32])
    );
  end

  dvt_delay #(.Width(IndexBits), .Depth(Stages - AtMul)) u_index (
    .clk(clk), .en(busy), .d_i(index_mul), .d_o(index_out)
  );
  dvt_join #(.Values(Values), .Vec(Vec)) u_join (
    .clk(clk), .valid_i(ended), .index_i(index_out), .x_i(y), .valid_o(valid_o), .x_o(x_o)
  );
  dvt_delay #(.Width(MetaBits), .Depth(Stages)) u_meta (.clk(clk), .en(busy), .d_i(meta),
                                                        .d_o(meta_o));
endmodule
