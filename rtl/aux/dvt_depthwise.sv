// SPDX-License-Identifier: Apache-2.0
// dvt_depthwise -- one filter a channel over a window of turns: s = fl(s + fl(x * w))
// (docs/numerics-overlay.md section 4).
//
// Stages    as docs/timing.md section 5 counts them, in cycles with `en`; a turn completed in t:
//           its filter word stands at filter2 in t + 2, group g is multiplied in t + 4 + g .. t +
//           6 + g, added in t + 8 + g .. t + 11 + g; done in t + READ + I + LM + LA + 2, I =
//           max(Groups, LA). Turns come I cycles apart.
// Result    stands in the cycle with `done`, all Values binary32 values.
// Tests     tests/diff/diff_rtl.c
module dvt_depthwise #(
  parameter int Vec    = 16,
  parameter int Values = dvt_pkg::Pixels * dvt_pkg::CVec  // derived: do not override
) (
  input  logic                                                clk,
  input  logic                                                rst,
  input  logic                                                en,
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
  localparam int Lm        = dvt_pkg::TimingLm;
  localparam int La        = dvt_pkg::TimingLa;
  localparam int CVec      = dvt_pkg::CVec;
  localparam int Int8      = dvt_pkg::FormatIsInt8;
  localparam int Mw        = dvt_pkg::FormatFilterMantissaBits;
  localparam int Groups    = (Values + Vec - 1) / Vec;
  localparam int IndexBits = Groups > 1 ? $clog2(Groups) : 1;
  localparam int Idle      = Groups < La ? La - Groups : 0;
  localparam int ToDone    = Lm + La + 1 + Idle;  // from a turn's last group
  localparam int GroupBits = Vec * 32;

  logic                               loads, valid, first, last, last_group, first_add;
  logic [IndexBits-1:0]               index3, index, index_add, index_sum;
  logic [Vec*32-1:0]                  x, w, product, product_q, acc, acc_sum;
  logic [Vec*Mw-1:0]                  taps;
  logic [Vec-1:0]                     unused_inside;
  logic [dvt_pkg::FilterWordBits-1:0] filter3_q;
  logic [Groups*GroupBits-1:0]        acc_q;
  logic [Lm+La+1:0]                   v;
  logic [ToDone:0]                    ends;
  logic                               unused, unused_end;

  dvt_window #(.Vec(Vec), .Scaled(0)) u_front (
    .clk(clk), .rst(rst), .en(en), .valid2(valid2), .first2(first2), .last2(last2),
    .blocks2(blocks2), .inside2(inside2), .scale(32'd0), .loads_o(loads), .index3_o(index3),
    .valid_o(valid), .index_o(index), .first_o(first), .last_o(last), .x_o(x),
    .inside_o(unused_inside)
  );
  assign unused = &{1'b0, unused_inside, unused_end};

  always_ff @(posedge clk) begin
    if (en && valid2) filter3_q <= filter2;
  end
  dvt_spread #(.CVec(CVec), .Vec(Vec), .Groups(Groups), .ValueBits(Mw)) u_taps (
    .channel_i(filter3_q[CVec*Mw-1:0]), .index_i(index3), .lane_o(taps)
  );
  dvt_valid_line #(.Depth(Lm + La + 1)) u_valid (.clk(clk), .rst(rst), .en(en), .v_i(valid),
                                                 .v_o(v), .end_o(unused_end));

  function automatic logic [GroupBits-1:0] group(input logic [Groups*GroupBits-1:0] a,
                                                 input logic [IndexBits-1:0] i);
    group = a[GroupBits-1:0];
    for (int g = 1; g < Groups; g++) if (i == IndexBits'(g)) group = a[g*GroupBits +: GroupBits];
  endfunction
  assign acc = first_add ? '0 : group(acc_q, index_add);

  for (genvar u = 0; u < Vec; u++) begin : g_value
    logic [4:0] exponent;
    if (Int8 != 0) begin : g_int8
      assign exponent = 5'd0;
    end else begin : g_bfp
      assign exponent = filter3_q[CVec*Mw +: 5];
    end
    dvt_value #(.MantBits(Mw), .Int8(Int8), .Scaled(0)) u_w (
      .clk(clk), .en(en & loads), .mant(taps[u*Mw +: Mw]), .exp(exponent), .scale(32'd0),
      .x(w[u*32 +: 32])
    );
    dvt_fp_mul #(.Stages(Lm)) u_mul (.clk(clk), .en(v[Lm-1:0] & {Lm{en}}), .a(x[u*32 +: 32]),
                                     .b(w[u*32 +: 32]), .p(product[u*32 +: 32]));
    dvt_fp_add #(.OutReg(0)) u_add (.clk(clk), .en(v[Lm+3:Lm+1] & {3{en}}), .a(acc[u*32 +: 32]),
                                    .b(product_q[u*32 +: 32]), .s(acc_sum[u*32 +: 32]));
  end

  dvt_delay #(.Width(IndexBits + 1), .Depth(Lm + 1)) u_add_index (
    .clk(clk), .en(en), .d_i({first, index}), .d_o({first_add, index_add})
  );
  dvt_delay #(.Width(IndexBits), .Depth(La - 1)) u_sum_index (.clk(clk), .en(en),
                                                              .d_i(index_add), .d_o(index_sum));
  always_ff @(posedge clk) begin
    if (en && v[Lm]) product_q <= product;
  end
  for (genvar g = 0; g < Groups; g++) begin : g_group
    always_ff @(posedge clk) begin
      if (en && v[Lm+La] && index_sum == IndexBits'(g))
        acc_q[g*GroupBits +: GroupBits] <= acc_sum;
    end
  end

  assign last_group = valid && last && index == IndexBits'(Groups - 1);
  dvt_valid_line #(.Depth(ToDone)) u_ends (.clk(clk), .rst(rst), .en(en), .v_i(last_group),
                                           .v_o(ends), .end_o(done));
  assign result = acc_q[Values*32-1:0];
  assign busy   = loads || (|v) || (|ends);
endmodule
