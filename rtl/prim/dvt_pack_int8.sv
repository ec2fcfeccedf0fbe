// SPDX-License-Identifier: Apache-2.0
// dvt_pack_int8 -- CVec binary32 values to bytes: clamp(rne(fl(y * inv_scale)), -127, 127).
//
// Latency   3 cycles: product | its rounding to binary32 | rounding to an integer.
// Tests     tests/rtl/primitives.py
module dvt_pack_int8 #(
  parameter int CVec = 8
) (
  input  logic               clk,
  input  logic [2:0]         en,
  input  logic [CVec*32-1:0] x,
  input  logic [CVec-1:0]    keep,  // others count as zero
  input  logic [31:0]        inv_scale,
  output logic [CVec*8-1:0]  word,
  output logic [15:0]        saturated  // values of 127.5 and more in magnitude
);
  logic [CVec*32-1:0] y;
  logic [CVec*8-1:0]  word_q;
  logic [15:0]        saturated_q;
  logic [CVec*8+15:0] block;

  for (genvar i = 0; i < CVec; i++) begin : g_value
    dvt_fp_mul #(.Stages(2)) u_mul (.clk(clk), .en(en[1:0]), .a(keep[i] ? x[i*32 +: 32] : 32'd0),
                                    .b(inv_scale), .p(y[i*32 +: 32]));
  end

  // {saturated, two's complement}; bits 9..3 of m are the integer below 128, shifted right for
  // smaller ones
  function automatic logic [8:0] quantised(input logic [31:0] v);
    logic [9:0] m, lost;
    logic [7:0] right, q;
    right = 8'd133 - v[30:23];
    m     = {1'b1, v[22:15], |v[14:0]};
    lost  = m & ~(10'h3ff << right);
    m     = m >> right;
    q     = {1'b0, m[9:3]} + {7'd0, m[2] & (m[3] | (|m[1:0]) | (|lost))};
    if (v[30:23] < 8'd126) quantised = 9'd0;
    else if (v[30:23] > 8'd133 || q[7]) quantised = {1'b1, v[31] ? -8'd127 : 8'd127};
    else quantised = {1'b0, v[31] ? -q : q};
  endfunction

  function automatic logic [CVec*8+15:0] packed_block(input logic [CVec*32-1:0] v);
    logic [15:0] count;
    logic [8:0]  q;
    packed_block = '0;
    count = 16'd0;
    for (int i = 0; i < CVec; i++) begin
      q = quantised(v[i*32 +: 32]);
      packed_block[i*8 +: 8] = q[7:0];
      count = count + {15'd0, q[8]};
    end
    packed_block[CVec*8 +: 16] = count;
  endfunction

  assign block = packed_block(y);
  always_ff @(posedge clk) begin
    if (en[2]) begin
      word_q      <= block[CVec*8-1:0];
      saturated_q <= block[CVec*8 +: 16];
    end
  end
  assign word      = word_q;
  assign saturated = saturated_q;
endmodule
