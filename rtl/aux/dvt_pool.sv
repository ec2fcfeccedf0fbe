// SPDX-License-Identifier: Apache-2.0
// dvt_pool -- maximum or average over a window of turns (docs/numerics-overlay.md section 4).
//
// Idea      Groups of Vec values meet their running maximum or sum in acc_q, one group a cycle. A
//           finished sum is multiplied by `recip`, or by the reciprocal of its lane's valid blocks.
// Stages    as docs/timing.md section 5 counts them, in cycles with `en`; a turn completed in t:
//           maximum  group g compared in t + 4 + g; done in t + READ + Groups + 2
//           average  group g added in t + 4 + g .. t + 7 + g, taken out in t + 8 + g, multiplied in
//                    t + 9 + g .. t + 11 + g; done in t + READ + I + LA + LM + 2,
//                    I = max(Groups, LA)
//           Turns come Groups (maximum) or I (average) cycles apart.
// Result    stands in the cycle with `done`, all Values binary32 values.
// Tests     tests/diff/diff_rtl.c
module dvt_pool #(
  parameter int Vec    = 16,
  parameter int Values = dvt_pkg::Pixels * dvt_pkg::CVec  // derived: do not override
) (
  input  logic                                                clk,
  input  logic                                                rst,
  input  logic                                                en,
  input  logic [dvt_pkg::PoolPartBits-1:0]                    part,
  input  logic [31:0]                                         scale,
  input  logic                                                valid2,
  input  logic                                                first2,
  input  logic                                                last2,
  input  logic [dvt_pkg::Pixels*dvt_pkg::FeatureWordBits-1:0] blocks2,
  input  logic [dvt_pkg::Pixels-1:0]                          inside2,
  output logic                                                done,
  output logic                                                busy,
  output logic [Values*32-1:0]                                result
);
  localparam int Lm        = dvt_pkg::TimingLm;
  localparam int La        = dvt_pkg::TimingLa;
  localparam int CVec      = dvt_pkg::CVec;
  localparam int Pixels    = dvt_pkg::Pixels;
  localparam int Groups    = (Values + Vec - 1) / Vec;
  localparam int IndexBits = Groups > 1 ? $clog2(Groups) : 1;
  localparam int CountBits = $clog2(dvt_pkg::CrossbarPoolWindowMax + 1);
  localparam int Idle      = Groups < La ? La - Groups : 0;  // cycles of I without a group
  localparam int ToDone    = La + Lm + 1 + Idle;             // from a turn's last group
  localparam int GroupBits = Vec * 32;

  logic                        average, loads, valid, first, last, last_group;
  logic [IndexBits-1:0]        index3, index, index_add, index_out, index_mul;
  logic [Vec*32-1:0]           x, acc, acc_max, acc_sum, out_q, factor_q, product;
  logic [Vec-1:0]              in_image, have, have_d;
  logic [Groups*GroupBits-1:0] acc_q;
  logic [Groups*Vec-1:0]       have_q;
  logic [La+Lm+1:0]            v;  // v[s]: a group that was valid s cycles ago
  logic [ToDone:0]             ends;
  logic                        done_max_q, done_average, v_end;

  assign average = part[dvt_pkg::PoolKindLsb];

  dvt_window #(.Vec(Vec), .Scaled(1)) u_front (
    .clk(clk), .rst(rst), .en(en), .valid2(valid2), .first2(first2), .last2(last2),
    .blocks2(blocks2), .inside2(inside2), .scale(scale), .loads_o(loads), .index3_o(index3),
    .valid_o(valid), .index_o(index), .first_o(first), .last_o(last), .x_o(x), .inside_o(in_image)
  );

  // ---- running maximum or sum ----
  function automatic logic [GroupBits-1:0] group(input logic [Groups*GroupBits-1:0] a,
                                                 input logic [IndexBits-1:0] i);
    group = a[GroupBits-1:0];
    for (int g = 1; g < Groups; g++) if (i == IndexBits'(g)) group = a[g*GroupBits +: GroupBits];
  endfunction
  function automatic logic [Vec-1:0] flags(input logic [Groups*Vec-1:0] a,
                                           input logic [IndexBits-1:0] i);
    flags = a[Vec-1:0];
    for (int g = 1; g < Groups; g++) if (i == IndexBits'(g)) flags = a[g*Vec +: Vec];
  endfunction

  assign acc    = first ? '0 : group(acc_q, index);
  assign have   = first ? '0 : flags(have_q, index);
  assign have_d = have | in_image;

  dvt_valid_line #(.Depth(La + Lm + 1)) u_valid (.clk(clk), .rst(rst), .en(en),
                                                 .v_i(valid & average), .v_o(v),
                                                 .end_o(v_end));
  for (genvar u = 0; u < Vec; u++) begin : g_value
    logic [31:0] a;
    assign a = acc[u*32 +: 32];
    assign acc_max[u*32 +: 32] = !in_image[u] ? a : have[u] && !dvt_fp::greater(x[u*32 +: 32], a)
                                                      ? a : x[u*32 +: 32];
    dvt_fp_add #(.OutReg(0)) u_add (.clk(clk), .en(v[2:0] & {3{en}}), .a(a), .b(x[u*32 +: 32]),
                                    .s(acc_sum[u*32 +: 32]));
    dvt_fp_mul #(.Stages(Lm)) u_mul (.clk(clk), .en(v[La+Lm:La+1] & {Lm{en}}),
                                     .a(out_q[u*32 +: 32]), .b(factor_q[u*32 +: 32]),
                                     .p(product[u*32 +: 32]));
  end
  dvt_delay #(.Width(IndexBits), .Depth(La - 1)) u_add_index (.clk(clk), .en(en), .d_i(index),
                                                              .d_o(index_add));

  for (genvar g = 0; g < Groups; g++) begin : g_group
    always_ff @(posedge clk) begin
      if (en && !average && valid && index == IndexBits'(g)) begin
        acc_q[g*GroupBits +: GroupBits] <= acc_max;
        have_q[g*Vec +: Vec]            <= have_d;
      end else if (en && v[La-1] && index_add == IndexBits'(g)) begin
        acc_q[g*GroupBits +: GroupBits] <= acc_sum;
      end
    end
  end

  // ---- average: out of acc_q, times a reciprocal ----
  logic [Pixels*CountBits-1:0] count_q, count_old;
  logic [Pixels*32-1:0]        recips;
  logic [Vec*32-1:0]           factor;
  for (genvar p = 0; p < Pixels; p++) begin : g_pixel
    always_ff @(posedge clk) begin
      if (en && valid2)
        count_q[p*CountBits +: CountBits] <=
          (first2 ? '0 : count_q[p*CountBits +: CountBits]) + CountBits'(inside2[p]);
    end
    dvt_reciprocal u_recip (.clk(clk), .en(en), .v(count_old[p*CountBits +: CountBits]),
                            .x(recips[p*32 +: 32]));
  end
  // a count stands from t + 3 on for a turn's interval; its reciprocal from t + 8 on
  dvt_delay #(.Width(Pixels*CountBits), .Depth(La)) u_count (.clk(clk), .en(en), .d_i(count_q),
                                                             .d_o(count_old));

  function automatic logic [Vec*32-1:0] factors(input logic [Pixels*32-1:0] r,
                                                input logic [IndexBits-1:0] i);
    factors = '0;
    for (int g = 0; g < Groups; g++) begin
      if (i == IndexBits'(g)) begin
        for (int u = 0; u < Vec; u++) begin
          if (g * Vec + u < Values)
            factors[u*32 +: 32] = r[(g*Vec+u < Values ? (g*Vec+u)/CVec : 0)*32 +: 32];
        end
      end
    end
  endfunction
  assign factor = part[dvt_pkg::PoolByValidLsb] ? factors(recips, index_out)
                                                : {Vec{part[dvt_pkg::PoolRecipLsb +: 32]}};
  dvt_delay #(.Width(IndexBits), .Depth(1)) u_out_index (.clk(clk), .en(en), .d_i(index_add),
                                                         .d_o(index_out));
  always_ff @(posedge clk) begin
    if (en && v[La]) begin
      out_q    <= group(acc_q, index_out);
      factor_q <= factor;
    end
  end

  // ---- results ----
  logic                 unused_valid, unused;
  logic [Values*32-1:0] averages;
  dvt_delay #(.Width(IndexBits), .Depth(Lm + 1)) u_mul_index (.clk(clk), .en(en), .d_i(index_out),
                                                              .d_o(index_mul));
  dvt_join #(.Values(Values), .Vec(Vec)) u_join (
    .clk(clk), .valid_i(v_end & en), .index_i(index_mul), .x_i(product),
    .valid_o(unused_valid), .x_o(averages)
  );
  assign last_group = valid && last && index == IndexBits'(Groups - 1);
  dvt_valid_line #(.Depth(ToDone)) u_ends (.clk(clk), .rst(rst), .en(en),
                                           .v_i(last_group & average), .v_o(ends),
                                           .end_o(done_average));
  always_ff @(posedge clk) begin
    if (rst) done_max_q <= 1'b0;
    else if (en) done_max_q <= last_group && !average;
  end

  assign done   = average ? done_average : done_max_q;
  assign result = average ? averages : acc_q[Values*32-1:0];
  assign busy   = loads || (|v) || (|ends) || done_max_q;
  assign unused = &{1'b0, unused_valid, index3};
endmodule
