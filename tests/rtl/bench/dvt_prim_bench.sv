// SPDX-License-Identifier: Apache-2.0
// dvt_prim_bench -- the primitives of rtl/prim side by side, every stage always enabled, for
// tests/rtl/bench/prim_bench.cpp, which feeds operands and compares results with C.
module dvt_prim_bench (
  input  logic         clk,
  input  logic [31:0]  a,
  input  logic [31:0]  b,
  input  logic [63:0]  acc,
  input  logic [255:0] values,   // a block of 8
  input  logic [7:0]   keep,
  input  logic [31:0]  scale,
  input  logic [11:0]  mant,
  input  logic [4:0]   exponent,
  output logic [31:0]  mul1,
  output logic [31:0]  mul2,
  output logic [31:0]  mul3,
  output logic [31:0]  add3,
  output logic [31:0]  add4,
  output logic [31:0]  int64,
  output logic [31:0]  int32,
  output logic         greater,
  output logic [31:0]  bfp12,
  output logic [31:0]  bfp5,
  output logic [31:0]  int8,
  output logic [100:0] pack12,
  output logic [44:0]  pack5,
  output logic [28:0]  pack3,
  output logic [63:0]  pack8,
  output logic [15:0]  saturated12,
  output logic [15:0]  saturated5,
  output logic [15:0]  saturated3,
  output logic [15:0]  saturated8
);
  dvt_fp_mul #(.Stages(1)) u_mul1 (.clk(clk), .en(1'b1), .a(a), .b(b), .p(mul1));
  dvt_fp_mul #(.Stages(2)) u_mul2 (.clk(clk), .en(2'b11), .a(a), .b(b), .p(mul2));
  dvt_fp_mul #(.Stages(3)) u_mul3 (.clk(clk), .en(3'b111), .a(a), .b(b), .p(mul3));
  dvt_fp_add #(.OutReg(0)) u_add3 (.clk(clk), .en(3'b111), .a(a), .b(b), .s(add3));
  dvt_fp_add #(.OutReg(1)) u_add4 (.clk(clk), .en(4'b1111), .a(a), .b(b), .s(add4));
  dvt_int_to_fp #(.Bits(64), .LsbExp(-30)) u_int64 (.clk(clk), .en(2'b11), .acc(acc), .x(int64));
  dvt_int_to_fp #(.Bits(32), .LsbExp(0)) u_int32 (.clk(clk), .en(2'b11), .acc(acc[31:0]),
                                                  .x(int32));
  always_ff @(posedge clk) greater <= dvt_fp::greater(a, b);

  dvt_value #(.MantBits(12)) u_bfp12 (.clk(clk), .en(1'b1), .mant(mant), .exp(exponent),
                                      .scale(scale), .x(bfp12));
  dvt_value #(.MantBits(5)) u_bfp5 (.clk(clk), .en(1'b1), .mant(mant[4:0]), .exp(exponent),
                                    .scale(scale), .x(bfp5));
  dvt_value #(.MantBits(8), .Int8(1)) u_int8 (.clk(clk), .en(1'b1), .mant(mant[7:0]),
                                              .exp(exponent), .scale(scale), .x(int8));

  dvt_pack_bfp #(.CVec(8), .MantBits(12)) u_pack12 (.clk(clk), .en(3'b111), .x(values),
    .keep(keep), .word(pack12), .saturated(saturated12));
  dvt_pack_bfp #(.CVec(8), .MantBits(5)) u_pack5 (.clk(clk), .en(3'b111), .x(values),
    .keep(keep), .word(pack5), .saturated(saturated5));
  dvt_pack_bfp #(.CVec(8), .MantBits(3)) u_pack3 (.clk(clk), .en(3'b111), .x(values),
    .keep(keep), .word(pack3), .saturated(saturated3));
  dvt_pack_int8 #(.CVec(8)) u_pack8 (.clk(clk), .en(3'b111), .x(values), .keep(keep),
    .inv_scale(scale), .word(pack8), .saturated(saturated8));
endmodule
