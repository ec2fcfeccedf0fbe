// SPDX-License-Identifier: Apache-2.0
// dvt_fp -- binary32 arithmetic of docs/numerics-overlay.md, cut into the steps of a pipeline.
//
// Idea      Numbers are zero or normal; NaN, infinity and subnormals never occur. fl() rounds to
//           nearest, ties to even; zeros and results below 2^-126 become +0, one beyond the
//           largest finite value that value. Every operation ends in the same step `round`, which
//           takes a "norm": sign, exponent, 24 significant bits, the bit below them, and whether
//           anything lies below that. dvt_fp_mul and dvt_fp_add put registers between the steps.
// Layout    norm  = {zero, sign, exponent (10, two's complement, biased by 127), significand (24),
//                    half, rest}
//           prod  = {zero, sign, exponent (10), product (48)}
//           pair  = {signs differ, sign, exponent (8) and significand (24) of the larger operand,
//                    significand of the smaller, distance (5)}
//           sum   = {sign, exponent (8), sum (28: carry, 24, guard, round, sticky)}
// Subnormal A product in [2^-126 - 2^-150, 2^-126) rounds up to 2^-126 in binary32, whose
//           subnormals lie 2^-149 apart: significand all ones at biased exponent 0.
// Tests     tests/rtl/primitives.py (millions of operands against C)
package dvt_fp;
  localparam int NormBits = 38;
  localparam int ProdBits = 60;
  localparam int PairBits = 63;
  localparam int SumBits  = 37;

  function automatic logic [31:0] round(input logic [NormBits-1:0] n);
    logic [9:0]  e;
    logic [24:0] m;
    e = n[35:26];
    m = {1'b0, n[25:2]};
    if (e == 10'd0 && (&n[25:2])) m = 25'h1000000;
    else if (n[1] && (n[0] || n[2])) m = m + 25'd1;
    if (m[24]) begin
      m = {1'b0, m[24:1]};
      e = e + 10'd1;
    end
    if (n[37] || e[9] || e == 10'd0) round = 32'd0;
    else if (e[8:0] >= 9'd255) round = {n[36], 31'h7f7fffff};
    else round = {n[36], e[7:0], m[22:0]};
  endfunction

  // ---- product ----

  function automatic logic [ProdBits-1:0] multiply(input logic [31:0] a, input logic [31:0] b);
    logic [47:0] p;
    logic [9:0]  e;
    p = {24'd0, 1'b1, a[22:0]} * {24'd0, 1'b1, b[22:0]};
    e = {2'b00, a[30:23]} + {2'b00, b[30:23]} - 10'd127;
    multiply = {a[30:23] == 8'd0 || b[30:23] == 8'd0, a[31] ^ b[31], e, p};
  endfunction

  function automatic logic [NormBits-1:0] normalise_product(input logic [ProdBits-1:0] x);
    if (x[47])
      normalise_product = {x[59:58], x[57:48] + 10'd1, x[47:24], x[23], |x[22:0]};
    else
      normalise_product = {x[59:58], x[57:48], x[46:23], x[22], |x[21:0]};
  endfunction

  // ---- sum ----

  function automatic logic [PairBits-1:0] order(input logic [31:0] a, input logic [31:0] b);
    logic [31:0] hi;
    logic [30:0] lo;
    logic [7:0]  apart;
    if (b[30:0] > a[30:0]) begin
      hi = b;
      lo = a[30:0];
    end else begin
      hi = a;
      lo = b[30:0];
    end
    apart = hi[30:23] - lo[30:23];
    order = {a[31] ^ b[31], hi[31], hi[30:23], |hi[30:23], hi[22:0], |lo[30:23],
             lo[22:0], apart > 8'd27 ? 5'd27 : apart[4:0]};
  endfunction

  // The smaller operand's bits below the sticky position are OR-ed into it.
  function automatic logic [SumBits-1:0] align_add(input logic [PairBits-1:0] x);
    logic [26:0] lo, lost;
    logic [27:0] hi, sum;
    logic [4:0]  apart;
    apart = x[4:0];
    lo = {x[28:5], 3'd0};
    lost  = 27'h7ffffff >> (5'd27 - apart);
    lost  = lo & lost;
    lo = lo >> apart;
    lo[0] = lo[0] | (|lost);
    hi = {1'b0, x[52:29], 3'd0};
    sum = x[62] ? hi - {1'b0, lo} : hi + {1'b0, lo};
    align_add = {x[61:53], sum};
  endfunction

  function automatic logic [NormBits-1:0] normalise_sum(input logic [SumBits-1:0] x);
    logic [9:0]  e;
    logic [26:0] m;
    e = {2'b00, x[35:28]};
    if (x[27]) begin
      normalise_sum = {1'b0, x[36], e + 10'd1, x[27:4], x[3], |x[2:0]};
    end else begin
      m = x[26:0];
      if (m[26:11] == 16'd0) begin m = m << 16; e = e - 10'd16; end
      if (m[26:19] ==  8'd0) begin m = m <<  8; e = e - 10'd8;  end
      if (m[26:23] ==  4'd0) begin m = m <<  4; e = e - 10'd4;  end
      if (m[26:25] ==  2'd0) begin m = m <<  2; e = e - 10'd2;  end
      if (!m[26])            begin m = m <<  1; e = e - 10'd1;  end
      normalise_sum = {!m[26], x[36], e, m[26:3], m[2], |m[1:0]};
    end
  endfunction

  // ---- comparison, as numbers: both zeros are equal ----

  function automatic logic greater(input logic [31:0] a, input logic [31:0] b);
    if (a[30:23] == 8'd0 && b[30:23] == 8'd0) greater = 1'b0;
    else if (a[31] != b[31]) greater = b[31];
    else greater = a[31] ? a[30:0] < b[30:0] : a[30:0] > b[30:0];
  endfunction

  function automatic logic positive(input logic [31:0] a);
    positive = !a[31] && (|a[30:0]);
  endfunction

  // ---- integers ----

  // sign and magnitude of up to 12 bits, times 2^(scale - 127): exact, scale biased by 127
  function automatic logic [31:0] from_small(input logic sign, input logic [11:0] mag,
                                             input logic [7:0] scale);
    logic [11:0] m;
    logic [7:0]  e;
    m = mag;
    e = scale + 8'd11;
    if (m[11:4] == 8'd0)  begin m = m << 8; e = e - 8'd8; end
    if (m[11:8] == 4'd0)  begin m = m << 4; e = e - 8'd4; end
    if (m[11:10] == 2'd0) begin m = m << 2; e = e - 8'd2; end
    if (!m[11])           begin m = m << 1; e = e - 8'd1; end
    from_small = m[11] ? {sign, e, m[10:0], 12'd0} : 32'd0;
  endfunction

  // unsigned 64 bits, the top one set unless it is zero, after `left` steps to the left
  function automatic logic [69:0] normalise_integer(input logic [63:0] mag);
    logic [63:0] m;
    logic [5:0]  left;
    m    = mag;
    left = 6'd0;
    if (m[63:32] == 32'd0) begin m = m << 32; left = left | 6'd32; end
    if (m[63:48] == 16'd0) begin m = m << 16; left = left | 6'd16; end
    if (m[63:56] ==  8'd0) begin m = m <<  8; left = left | 6'd8;  end
    if (m[63:60] ==  4'd0) begin m = m <<  4; left = left | 6'd4;  end
    if (m[63:62] ==  2'd0) begin m = m <<  2; left = left | 6'd2;  end
    if (!m[63])            begin m = m <<  1; left = left | 6'd1;  end
    normalise_integer = {left, m};
  endfunction
endpackage
