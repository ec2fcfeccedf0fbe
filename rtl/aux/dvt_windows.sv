// SPDX-License-Identifier: Apache-2.0
// dvt_windows -- the window kernels that the overlay has, as one source: pool, depthwise, lrn.
//
// At most one of them takes part in a word; the turn in stage READ goes to that one alone.
//   done     a result stands in the kernel's last stage (docs/timing.md section 5)
//   result   its Values binary32 values in that cycle
// Tests     tests/diff/diff_rtl.c
module dvt_windows #(
  parameter int Values = dvt_pkg::Pixels * dvt_pkg::CVec  // derived: do not override
) (
  input  logic                                                clk,
  input  logic                                                rst,
  input  logic                                                en,
  input  logic                                                is_pool,
  input  logic                                                is_depthwise,
  input  logic                                                is_lrn,
  input  logic [31:0]                                         scale,
  input  logic [dvt_pkg::PoolPartBits-1:0]                    part_pool,
  input  logic [dvt_pkg::LrnPartBits-1:0]                     part_lrn,
  input  logic                                                tw_valid,
  input  logic [3:0]                                          tw_table,
  input  logic [9:0]                                          tw_index,
  input  logic [31:0]                                         tw_data,
  input  logic                                                valid2,
  input  logic                                                first2,
  input  logic                                                last2,
  input  logic [dvt_pkg::Pixels*dvt_pkg::FeatureWordBits-1:0] blocks2,
  input  logic [dvt_pkg::Pixels-1:0]                          inside2,
  input  logic [dvt_pkg::FilterWordBits-1:0]                  filter2,
  output logic                                                done,
  output logic                                                busy,
  output logic [Values*32-1:0]                                result
);
  localparam int PoolVec = dvt_pkg::PoolVec < Values ? dvt_pkg::PoolVec : Values;
  localparam int DepthwiseVec = dvt_pkg::DepthwiseVec < Values ? dvt_pkg::DepthwiseVec : Values;
  localparam int LrnVec = dvt_pkg::LrnVec < Values ? dvt_pkg::LrnVec : Values;

  logic [2:0]           dones, busies;
  logic [Values*32-1:0] pooled, filtered, normalised;

  if (dvt_pkg::HasPool != 0) begin : g_pool
    dvt_pool #(.Vec(PoolVec)) u_pool (
      .clk(clk), .rst(rst), .en(en), .part(part_pool), .scale(scale), .valid2(valid2 & is_pool),
      .first2(first2), .last2(last2), .blocks2(blocks2), .inside2(inside2), .done(dones[0]),
      .busy(busies[0]), .result(pooled)
    );
  end else begin : g_no_pool
    logic unused;
    assign unused    = &{1'b0, is_pool, part_pool};
    assign dones[0]  = 1'b0;
    assign busies[0] = 1'b0;
    assign pooled    = '0;
  end

  if (dvt_pkg::HasDepthwise != 0) begin : g_depthwise
    dvt_depthwise #(.Vec(DepthwiseVec)) u_depthwise (
      .clk(clk), .rst(rst), .en(en), .valid2(valid2 & is_depthwise), .first2(first2),
      .last2(last2), .blocks2(blocks2), .inside2(inside2), .filter2(filter2), .done(dones[1]),
      .busy(busies[1]), .result(filtered)
    );
  end else begin : g_no_depthwise
    logic unused;
    assign unused    = &{1'b0, is_depthwise, filter2};
    assign dones[1]  = 1'b0;
    assign busies[1] = 1'b0;
    assign filtered  = '0;
  end

  if (dvt_pkg::HasLrn != 0) begin : g_lrn
    dvt_lrn #(.Vec(LrnVec)) u_lrn (
      .clk(clk), .rst(rst), .en(en), .part(part_lrn), .scale(scale), .tw_valid(tw_valid),
      .tw_table(tw_table), .tw_index(tw_index), .tw_data(tw_data), .valid2(valid2 & is_lrn),
      .first2(first2), .last2(last2), .blocks2(blocks2), .inside2(inside2), .done(dones[2]),
      .busy(busies[2]), .result(normalised)
    );
  end else begin : g_no_lrn
    logic unused;
    assign unused     = &{1'b0, is_lrn, part_lrn, tw_valid, tw_table, tw_index, tw_data};
    assign dones[2]   = 1'b0;
    assign busies[2]  = 1'b0;
    assign normalised = '0;
  end

  if (dvt_pkg::HasPool == 0 && dvt_pkg::HasDepthwise == 0 && dvt_pkg::HasLrn == 0) begin : g_none
    logic unused_all;
    assign unused_all = &{1'b0, clk, rst, en, scale, valid2, first2, last2, blocks2, inside2};
  end else if (dvt_pkg::HasPool == 0 && dvt_pkg::HasLrn == 0) begin : g_unscaled
    logic unused_scale;
    assign unused_scale = &{1'b0, scale};
  end

  assign done   = |dones;
  assign busy   = |busies;
  assign result = dones[0] ? pooled : dones[1] ? filtered : normalised;
endmodule
