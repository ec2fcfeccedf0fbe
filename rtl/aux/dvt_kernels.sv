// SPDX-License-Identifier: Apache-2.0
// dvt_kernels -- from a drained beat to a packed one: crossbar, scale, act, elt, packing.
//
// Idea      A beat travels with its meta = {released, half, channel block, values kept} and never
//           waits: the drain lets it go only if everything behind has room. Kernels that the
//           overlay lacks are not there.
// Latency   sum over the route + TimingLp - 1 from valid_array or valid_stream to beat_valid.
// Tests     tests/diff/diff_rtl.c
module dvt_kernels #(
  parameter int MetaBits = 8,
  parameter int KeepBits = 4,
  parameter int Values   = dvt_pkg::BeatBlocks * dvt_pkg::CVec  // derived: do not override
) (
  input  logic                               clk,
  input  logic                               rst,
  input  logic [dvt_pkg::XbarPartBits-1:0]   part_xbar,
  input  logic [dvt_pkg::ActPartBits-1:0]    part_act,
  input  logic [dvt_pkg::EltPartBits-1:0]    part_elt,
  input  logic [31:0]                        inv_scale,
  input  logic                               pw_valid,
  input  logic                               pw_half,
  input  logic [15:0]                        pw_row,
  input  logic [95:0]                        pw_data,
  input  logic                               tw_valid,
  input  logic [3:0]                         tw_table,
  input  logic [9:0]                         tw_index,
  input  logic [31:0]                        tw_data,
  input  logic                               valid_array,
  input  logic [Values*32-1:0]               x_array,
  input  logic [MetaBits-1:0]                meta_array,
  input  logic                               valid_stream,
  input  logic [Values*32-1:0]               x_stream,
  input  logic [MetaBits-1:0]                meta_stream,
  output logic                               operand_pop,
  input  logic [dvt_pkg::BeatBlocks*dvt_pkg::FeatureWordBits-1:0] operand_data,
  input  logic [dvt_pkg::BeatBlocks-1:0]     operand_valid,
  output logic                               beat_valid,
  output logic                               beat_released,
  output logic [dvt_pkg::BeatBlocks*dvt_pkg::FeatureWordBits-1:0] beat_words,
  output logic [dvt_pkg::BeatBlocks*16-1:0]  beat_saturated
);
  localparam int Beat     = dvt_pkg::BeatBlocks;
  localparam int CVec     = dvt_pkg::CVec;
  localparam int Blocks   = dvt_pkg::BlocksPerResult;
  localparam int Bits     = MetaBits + Values * 32;
  localparam int ScaleVec = dvt_pkg::ScaleVec < Values ? dvt_pkg::ScaleVec : Values;
  localparam int ActVec   = dvt_pkg::ActVec < Values ? dvt_pkg::ActVec : Values;
  localparam int EltVec   = dvt_pkg::EltVec < Values ? dvt_pkg::EltVec : Values;

  // kernels give beats (scale, act, elt) and take them (the same and packing)
  logic [2:0]          gives;
  logic [3:0]          takes;
  logic [3*Bits-1:0]   given;
  logic [4*Bits-1:0]   taken;
  logic                pw_start, unused;

  assign pw_start = pw_row == 16'd0;

  dvt_route #(.Bits(Bits)) u_route (
    .clk(clk), .rst(rst), .part(part_xbar), .valid_i({gives, valid_stream, valid_array}),
    .beat_i({given, meta_stream, x_stream, meta_array, x_array}), .valid_o(takes), .beat_o(taken)
  );

  if (dvt_pkg::HasScale != 0) begin : g_scale
    dvt_scale #(.Values(Values), .Vec(ScaleVec), .CVec(CVec), .Blocks(Blocks),
                .MetaBits(MetaBits), .KeepBits(KeepBits)) u_scale (
      .clk(clk), .rst(rst), .pw_valid(pw_valid), .pw_half(pw_half), .pw_start(pw_start),
      .pw_scale(pw_data[31:0]), .pw_bias(pw_data[63:32]),
      .valid_i(takes[0]), .x_i(taken[0 +: Values*32]), .meta_i(taken[Values*32 +: MetaBits]),
      .valid_o(gives[0]), .x_o(given[0 +: Values*32]), .meta_o(given[Values*32 +: MetaBits])
    );
  end else begin : g_no_scale
    assign gives[0]          = 1'b0;
    assign given[0 +: Bits]  = '0;
  end

  if (dvt_pkg::HasAct != 0) begin : g_act
    dvt_act #(.Values(Values), .Vec(ActVec), .CVec(CVec), .Blocks(Blocks), .MetaBits(MetaBits),
              .KeepBits(KeepBits)) u_act (
      .clk(clk), .rst(rst), .part(part_act), .pw_valid(pw_valid), .pw_half(pw_half),
      .pw_start(pw_start), .pw_slope(pw_data[95:64]), .tw_valid(tw_valid), .tw_table(tw_table),
      .tw_index(tw_index), .tw_data(tw_data),
      .valid_i(takes[1]), .x_i(taken[Bits +: Values*32]),
      .meta_i(taken[Bits+Values*32 +: MetaBits]),
      .valid_o(gives[1]), .x_o(given[Bits +: Values*32]),
      .meta_o(given[Bits+Values*32 +: MetaBits])
    );
  end else begin : g_no_act
    assign gives[1]            = 1'b0;
    assign given[Bits +: Bits] = '0;
  end

  if (dvt_pkg::HasElt != 0) begin : g_elt
    dvt_elt #(.Values(Values), .Vec(EltVec), .CVec(CVec), .Beat(Beat), .MetaBits(MetaBits)) u_elt (
      .clk(clk), .rst(rst), .part(part_elt), .operand_data(operand_data),
      .operand_valid(operand_valid),
      .valid_i(takes[2]), .x_i(taken[2*Bits +: Values*32]),
      .meta_i(taken[2*Bits+Values*32 +: MetaBits]),
      .valid_o(gives[2]), .x_o(given[2*Bits +: Values*32]),
      .meta_o(given[2*Bits+Values*32 +: MetaBits])
    );
  end else begin : g_no_elt
    assign gives[2]              = 1'b0;
    assign given[2*Bits +: Bits] = '0;
  end
  assign operand_pop = takes[2];

  dvt_pack #(.Beat(Beat), .CVec(CVec), .MetaBits(MetaBits), .KeepBits(KeepBits)) u_pack (
    .clk(clk), .rst(rst), .inv_scale(inv_scale), .valid_i(takes[3]),
    .x_i(taken[3*Bits +: Values*32]), .meta_i(taken[3*Bits+Values*32 +: MetaBits]),
    .valid_o(beat_valid), .released_o(beat_released), .words_o(beat_words),
    .saturated_o(beat_saturated)
  );

  // what overlays without some kernels leave open
  assign unused = &{1'b0, takes, taken, part_act, part_elt, pw_valid, pw_half, pw_start, pw_data,
                    tw_valid, tw_table, tw_index, tw_data, operand_data, operand_valid};
endmodule
