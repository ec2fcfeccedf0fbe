// SPDX-License-Identifier: Apache-2.0
// dvt_accumulate -- a lane's accumulator (docs/numerics-overlay.md section 2).
//
// Idea      The dot product is shifted to the accumulator's last bit and enters as an integer:
//           acc += floor(dot * 2^(shift - Drop)). A term beyond 64 bits enters as the nearest
//           64-bit integer; here as the nearest of TermBits bits, which is the same for
//           accumulators that are narrower. A sum beyond the accumulator saturates. Either
//           counts, once.
// Latency   2 cycles: aligned | added. The sum goes to the accumulator, and to `result` with
//           `load`; `over` tells of a saturation in the cycle behind.
// Tests     tests/diff/diff_rtl.c
module dvt_accumulate #(
  parameter int DotBits = 27,
  parameter int AccBits = 64,
  parameter int Drop    = 20,   // bits below the accumulator's last at shift 0; int8: 0
  parameter int Int8    = 0
) (
  input  logic               clk,
  input  logic [1:0]         en,
  input  logic [DotBits-1:0] dot,
  input  logic [5:0]         shift,   // sum of both blocks' exponents
  input  logic               first,   // of a result: the accumulator counts as zero
  input  logic               load,
  output logic [AccBits-1:0] result,
  output logic               over
);
  localparam int TermBits = AccBits == 64 ? 64 : AccBits + 1;
  localparam int WideBits = DotBits + 62 > Drop + TermBits + 1 ? DotBits + 62 : Drop + TermBits + 1;
  localparam logic [AccBits-1:0] Most = {1'b0, {(AccBits-1){1'b1}}};

  // {beyond TermBits, term}
  function automatic logic [TermBits:0] aligned(input logic [DotBits-1:0] d, input logic [5:0] s);
    logic [WideBits-1:0] wide;
    wide = {{(WideBits-DotBits){d[DotBits-1]}}, d} << s;
    if ((&wide[WideBits-1:Drop+TermBits-1]) || !(|wide[WideBits-1:Drop+TermBits-1]))
      aligned = {1'b0, TermBits'(wide >> Drop)};
    else
      aligned = {1'b1, d[DotBits-1], {(TermBits-1){!d[DotBits-1]}}};
  endfunction

  logic [TermBits:0]  term_q;
  logic [AccBits-1:0] acc_q, result_q, base, sum;
  logic               sum_over, over_q;

  assign base = first ? '0 : acc_q;
  if (AccBits == 64) begin : g_full
    logic [63:0] s;
    assign s        = base + term_q[63:0];
    assign sum_over = base[63] == term_q[63] && s[63] != base[63];
    assign sum      = !sum_over ? s : base[63] ? ~Most : Most;
  end else begin : g_narrow
    logic [AccBits+1:0] s;
    assign s = {{2{base[AccBits-1]}}, base} + {term_q[AccBits], term_q[AccBits:0]};
    assign sum_over = s[AccBits+1:AccBits-1] != 3'b000 && s[AccBits+1:AccBits-1] != 3'b111;
    assign sum      = !sum_over ? s[AccBits-1:0] : s[AccBits+1] ? ~Most : Most;
  end

  always_ff @(posedge clk) begin
    if (en[0]) begin
      if (Int8 != 0) term_q <= {1'b0, {(TermBits-DotBits){dot[DotBits-1]}}, dot};
      else term_q <= aligned(dot, shift);
    end
    if (en[1]) begin
      acc_q <= sum;
      if (load) result_q <= sum;
    end
    over_q <= en[1] && (sum_over || term_q[TermBits]);
  end
  assign result = result_q;
  assign over   = over_q;
endmodule
