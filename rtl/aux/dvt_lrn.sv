// SPDX-License-Identifier: Apache-2.0
// dvt_lrn -- local response normalisation across channels, Vec values a cycle.
//
// Stages    cycles with `en`; a turn completed in t: position i of group g enters its lane in
//           t + 4 + i * M + g (dvt_lrn_window), M = max(Groups, LA); the sum of squares is there 8
//           cycles later; behind the last position 21 more lead to the result. Done in
//           t + READ + I + TimingLrnTail, I = size * M; turns come I cycles apart.
// Result    stands in the cycle with `done`, all Values binary32 values.
// Limits    windows up to CrossbarLrnSizeMax; TimingLrnTail is at least Lm * 5 + La * 3 + 3.
// Tests     tests/diff/diff_rtl.c
module dvt_lrn #(
  parameter int Vec    = 16,
  parameter int Values = dvt_pkg::Pixels * dvt_pkg::CVec  // derived: do not override
) (
  input  logic                                                clk,
  input  logic                                                rst,
  input  logic                                                en,
  input  logic [dvt_pkg::LrnPartBits-1:0]                     part,
  input  logic [31:0]                                         scale,
  input  logic                                                tw_valid,
  input  logic [3:0]                                          tw_table,
  input  logic [9:0]                                          tw_index,
  input  logic [31:0]                                         tw_data,
  input  logic                                                valid2,
  input  logic                                                first2,
  input  logic                                                last2,
  input  logic [dvt_pkg::Pixels*dvt_pkg::FeatureWordBits-1:0] blocks2,
  input  logic [dvt_pkg::Pixels-1:0]                          inside2,
  output logic                                                done,
  output logic                                                busy,
  output logic [Values*32-1:0]                                result
);
  localparam int La        = dvt_pkg::TimingLa;
  localparam int Int8      = dvt_pkg::FormatIsInt8;
  localparam int Mf        = dvt_pkg::FormatFeatureMantissaBits;
  localparam int RawBits   = Int8 != 0 ? Mf : Mf + 5;
  localparam int Groups    = (Values + Vec - 1) / Vec;
  localparam int IndexBits = Groups > 1 ? $clog2(Groups) : 1;
  localparam int Cycles    = Groups > La ? Groups : La;
  localparam int Sum       = 8;   // stages to the sum of squares
  localparam int Stages    = 29;  // to the product with the value
  // the last group of the last position stands at t + 3 + I - (Cycles - Groups)
  localparam int ToDone    = dvt_pkg::TimingRead + dvt_pkg::TimingLrnTail - 3 + Cycles - Groups;
  localparam int GroupBits = Vec * 32;

  logic                        valid, first, last, window_busy, first_sum, ends_now;
  logic [IndexBits-1:0]        index, index_add, index_sum, index_scale, index_y;
  logic [Vec*RawBits-1:0]      tap, centre;
  logic [Vec*32-1:0]           acc, sum_next, sum, y;
  logic [Groups*GroupBits-1:0] acc_q;
  logic [Sum:0]                v;
  logic [Stages:0]             tail;
  logic [ToDone:0]             ends;
  logic                        unused_valid, unused_end, unused, tail_end;

  dvt_lrn_window #(.Vec(Vec), .SizeMax(dvt_pkg::CrossbarLrnSizeMax), .RawBits(RawBits)) u_front (
    .clk(clk), .rst(rst), .en(en), .size(part[dvt_pkg::LrnSizeLsb +: 8]),
    .valid2(valid2), .first2(first2), .last2(last2), .blocks2(blocks2), .inside2(inside2),
    .valid_o(valid), .index_o(index), .first_o(first), .last_o(last), .tap_o(tap),
    .centre_o(centre), .busy(window_busy)
  );
  dvt_valid_line #(.Depth(Sum)) u_valid (.clk(clk), .rst(rst), .en(en), .v_i(valid), .v_o(v),
                                          .end_o(unused_end));
  dvt_valid_line #(.Depth(Stages)) u_tail (.clk(clk), .rst(rst), .en(en), .v_i(valid & last),
                                           .v_o(tail), .end_o(tail_end));

  // ---- sums of squares, group by group ----
  function automatic logic [GroupBits-1:0] group(input logic [Groups*GroupBits-1:0] a,
                                                 input logic [IndexBits-1:0] i);
    group = a[GroupBits-1:0];
    for (int g = 1; g < Groups; g++) if (i == IndexBits'(g)) group = a[g*GroupBits +: GroupBits];
  endfunction

  dvt_delay #(.Width(IndexBits + 1), .Depth(4)) u_add_index (
    .clk(clk), .en(en), .d_i({first, index}), .d_o({first_sum, index_add})
  );
  dvt_delay #(.Width(IndexBits), .Depth(3)) u_sum_index (.clk(clk), .en(en), .d_i(index_add),
                                                         .d_o(index_sum));
  dvt_delay #(.Width(IndexBits), .Depth(1)) u_scale_index (.clk(clk), .en(en), .d_i(index_sum),
                                                           .d_o(index_scale));
  assign acc = first_sum ? '0 : group(acc_q, index_add);
  assign sum = group(acc_q, index_scale);
  for (genvar g = 0; g < Groups; g++) begin : g_group
    always_ff @(posedge clk) begin
      if (en && v[Sum-1] && index_sum == IndexBits'(g))
        acc_q[g*GroupBits +: GroupBits] <= sum_next;
    end
  end

  for (genvar u = 0; u < Vec; u++) begin : g_value
    dvt_lrn_lane #(.Tables(dvt_pkg::CrossbarFunctionTables), .RawBits(RawBits)) u_lane (
      .clk(clk), .en(en), .v(v[7:0]), .tail(tail[28:0]), .scale(scale),
      .alpha_n(part[dvt_pkg::LrnAlphaNLsb +: 32]), .k(part[dvt_pkg::LrnKLsb +: 32]),
      .table_i(part[dvt_pkg::LrnTableLsb +: 4]), .tw_valid(tw_valid), .tw_table(tw_table),
      .tw_index(tw_index), .tw_data(tw_data), .tap(tap[u*RawBits +: RawBits]),
      .centre(centre[u*RawBits +: RawBits]), .acc_i(acc[u*32 +: 32]),
      .sum_o(sum_next[u*32 +: 32]), .sum_i(sum[u*32 +: 32]), .y(y[u*32 +: 32])
    );
  end

  // ---- results ----
  dvt_delay #(.Width(IndexBits), .Depth(Stages - Sum)) u_y_index (.clk(clk), .en(en),
                                                                 .d_i(index_scale),
                                                                 .d_o(index_y));
  dvt_join #(.Values(Values), .Vec(Vec)) u_join (
    .clk(clk), .valid_i(tail_end & en), .index_i(index_y), .x_i(y), .valid_o(unused_valid),
    .x_o(result)
  );
  assign ends_now = valid && last && index == IndexBits'(Groups - 1);
  dvt_valid_line #(.Depth(ToDone)) u_ends (.clk(clk), .rst(rst), .en(en), .v_i(ends_now),
                                           .v_o(ends), .end_o(done));
  assign busy   = window_busy || (|v) || (|tail) || (|ends);
  assign unused = &{1'b0, unused_valid, unused_end, part};
endmodule
