// SPDX-License-Identifier: Apache-2.0
// dvt_lrn_lane -- local response normalisation of one value, behind its window
// (docs/numerics-overlay.md sections 4 and 6).
//
// Stages    from the tap on, each with its enable, in cycles with `en`:
//           0 tap to binary32 | 1..3 squared | 4..7 added to the sum | 8..10 * alpha_n |
//           11..14 + k | 15 segment read | 16..18 * b | 19..22 + a | 23..25 * e2 | 26..28 * x
//           Taps of all positions take stages 0 to 7 (v), those of the last one all (tail).
// Sum       is kept outside (group by group): acc_i enters with stage 4, sum_o is its next value in
//           stage 7, sum_i the finished one in stage 8.
// Tests     tests/diff/diff_rtl.c
module dvt_lrn_lane #(
  parameter int Tables   = 8,
  parameter int RawBits  = 17,
  parameter int AddrBits = $clog2(Tables * 256)  // derived: do not override
) (
  input  logic               clk,
  input  logic               en,
  input  logic [7:0]         v,
  input  logic [28:0]        tail,
  input  logic [31:0]        scale,
  input  logic [31:0]        alpha_n,
  input  logic [31:0]        k,
  input  logic [3:0]         table_i,
  input  logic               tw_valid,
  input  logic [3:0]         tw_table,
  input  logic [9:0]         tw_index,
  input  logic [31:0]        tw_data,
  input  logic [RawBits-1:0] tap,
  input  logic [RawBits-1:0] centre,
  input  logic [31:0]        acc_i,
  output logic [31:0]        sum_o,
  input  logic [31:0]        sum_i,
  output logic [31:0]        y
);
  localparam int Int8 = dvt_pkg::FormatIsInt8;
  localparam int Mf   = dvt_pkg::FormatFeatureMantissaBits;

  logic [31:0]         x, square, scaled, t, a, b, a_add, e2, line, segment, power, centre_x;
  logic [31:0]         fraction_q;
  logic [RawBits-1:0]  centre_late;
  logic [AddrBits-1:0] addr;
  logic [6:0]          exponent, exponent_late;
  logic [4:0]          tap_exp, centre_exp;

  if (Int8 != 0) begin : g_int8
    assign tap_exp    = 5'd0;
    assign centre_exp = 5'd0;
  end else begin : g_bfp
    assign tap_exp    = tap[Mf +: 5];
    assign centre_exp = centre_late[Mf +: 5];
  end

  dvt_value #(.MantBits(Mf), .Int8(Int8)) u_tap (
    .clk(clk), .en(v[0] & en), .mant(tap[Mf-1:0]), .exp(tap_exp), .scale(scale), .x(x)
  );
  dvt_fp_mul u_square (.clk(clk), .en(v[3:1] & {3{en}}), .a(x), .b(x), .p(square));
  dvt_fp_add #(.OutReg(0)) u_sum (.clk(clk), .en(v[6:4] & {3{en}}), .a(acc_i), .b(square),
                                  .s(sum_o));
  dvt_fp_mul u_alpha (.clk(clk), .en(tail[10:8] & {3{en}}), .a(alpha_n), .b(sum_i), .p(scaled));
  dvt_fp_add u_k (.clk(clk), .en(tail[14:11] & {4{en}}), .a(k), .b(scaled), .s(t));

  // ---- t^-beta: segment by the fraction's top bits, factor by the exponent ----
  function automatic logic [6:0] clamped(input logic [7:0] e);
    if (e < 8'd63) clamped = 7'd0;
    else if (e > 8'd190) clamped = 7'd127;
    else clamped = 7'(e - 8'd63);
  endfunction

  assign addr     = AddrBits'({table_i, t[22:15]});
  assign exponent = clamped(t[30:23]);
  dvt_table_bank #(.Tables(Tables)) u_bank (
    .clk(clk), .wr_en(tw_valid), .wr_table(tw_table), .wr_index(tw_index), .wr_data(tw_data),
    .rd_en(tail[15] & en), .rd_addr(addr), .a(a), .b(b)
  );
  always_ff @(posedge clk) begin
    if (tail[15] && en) fraction_q <= {9'd127, t[22:0]};
  end
  dvt_fp_mul u_segment (.clk(clk), .en(tail[18:16] & {3{en}}), .a(b), .b(fraction_q),
                        .p(segment));
  dvt_delay #(.Width(32), .Depth(3)) u_a (.clk(clk), .en(en), .d_i(a), .d_o(a_add));
  dvt_fp_add u_line (.clk(clk), .en(tail[22:19] & {4{en}}), .a(segment), .b(a_add), .s(line));

  localparam int FactorBits = $clog2(Tables * 128);
  logic [31:0]           mem [Tables * 128];
  logic [31:0]           e2_q;
  logic [FactorBits-1:0] e2_addr;
  dvt_delay #(.Width(7), .Depth(7)) u_exponent (.clk(clk), .en(en), .d_i(exponent),
                                                .d_o(exponent_late));
  assign e2_addr = FactorBits'({table_i, exponent_late});
  always_ff @(posedge clk) begin
    if (tw_valid && tw_index[9:7] == 3'b110 && {1'b0, tw_table} < 5'(Tables))
      mem[FactorBits'({tw_table, tw_index[6:0]})] <= tw_data;
    if (tail[22] && en) e2_q <= mem[e2_addr];
  end
  assign e2 = e2_q;
  dvt_fp_mul u_power (.clk(clk), .en(tail[25:23] & {3{en}}), .a(line), .b(e2), .p(power));

  // ---- times the value itself, which waited ----
  dvt_delay #(.Width(RawBits), .Depth(25)) u_centre (.clk(clk), .en(en), .d_i(centre),
                                                     .d_o(centre_late));
  dvt_value #(.MantBits(Mf), .Int8(Int8)) u_x (
    .clk(clk), .en(tail[25] & en), .mant(centre_late[Mf-1:0]), .exp(centre_exp), .scale(scale),
    .x(centre_x)
  );
  dvt_fp_mul u_y (.clk(clk), .en(tail[28:26] & {3{en}}), .a(centre_x), .b(power), .p(y));

  logic unused;
  assign unused = &{1'b0, v[7], tail[7:0], t[31]};
endmodule
