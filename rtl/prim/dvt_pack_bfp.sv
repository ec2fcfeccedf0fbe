// SPDX-License-Identifier: Apache-2.0
// dvt_pack_bfp -- CVec binary32 values to one block (docs/numerics.md section 2).
//
// Idea      A value needs the exponent of its leading bit, one more if rounding carries, which it
//           does exactly if its MantBits leading bits are all ones. The block takes the largest of
//           these, at least 0, at most 31; then each value is shifted to it and rounded once, to
//           nearest, ties to even. What was too large for exponent 31 saturates and is counted.
// Latency   3 cycles: exponents | largest | shifted and rounded.
// Tests     tests/rtl/primitives.py
module dvt_pack_bfp #(
  parameter int CVec     = 8,
  parameter int MantBits = 12,
  parameter int WordBits = CVec * MantBits + 5  // derived: do not override
) (
  input  logic                clk,
  input  logic [2:0]          en,
  input  logic [CVec*32-1:0]  x,
  input  logic [CVec-1:0]     keep,  // others count as zero
  output logic [WordBits-1:0] word,
  output logic [15:0]         saturated
);
  // per value: sign, exponent, leading bits, anything below them
  localparam int Lead = MantBits + 10;

  logic [CVec*Lead-1:0]     lead_q, lead2_q;
  logic [CVec*9-1:0]        need_q;
  logic [4:0]               exp_q;
  logic [WordBits-1:0]      word_q;
  logic [15:0]              saturated_q;

  function automatic logic [Lead-1:0] lead_of(input logic [31:0] v);
    logic [23:0] m;
    m = {1'b1, v[22:0]};
    if (v[30:23] == 8'd0) lead_of = '0;
    else lead_of = {v[31], v[30:23], m[23 -: MantBits], |(m << MantBits)};
  endfunction

  // biased by 127; 0 for zero
  function automatic logic [8:0] need_of(input logic [7:0] e, input logic [MantBits-1:0] m);
    need_of = {1'b0, e} + {8'd0, &m};
  endfunction

  function automatic logic [4:0] exponent_of(input logic [CVec*9-1:0] need);
    logic [8:0] most;
    most = 9'd0;
    for (int i = 0; i < CVec; i++) begin
      if (need[i*9 +: 9] > most) most = need[i*9 +: 9];
    end
    if (most < 9'd112) exponent_of = 5'd0;
    else if (most > 9'd143) exponent_of = 5'd31;
    else exponent_of = 5'(most - 9'd112);
  endfunction

  // {saturated, sign, magnitude}
  function automatic logic [MantBits:0] quantised(input logic [Lead-1:0] l, input logic [4:0] e);
    logic [8:0]          right;
    logic [MantBits:0]   m, lost;
    logic [MantBits-1:0] q;
    right = 9'd112 + {4'd0, e} - {1'b0, l[Lead-2 -: 8]};  // negative: beyond exponent 31
    lost = '0;
    q = '0;
    if (right > 9'(MantBits) && !right[8]) begin
      quantised = '0;
    end else begin
      m = l[MantBits:0];
      lost = m & ~({(MantBits+1){1'b1}} << right);
      m = m >> right;
      q = {1'b0, m[MantBits:2]} + {{(MantBits-1){1'b0}}, m[1] & (m[0] | (|lost) | m[2])};
      if (right[8] || q[MantBits-1])
        quantised = {1'b1, l[Lead-1], {(MantBits-1){1'b1}}};
      else
        quantised = {1'b0, l[Lead-1] & (|q), q[MantBits-2:0]};
    end
  endfunction

  function automatic logic [CVec*Lead-1:0] leads(input logic [CVec*32-1:0] v,
                                                 input logic [CVec-1:0] k);
    for (int i = 0; i < CVec; i++) begin
      leads[i*Lead +: Lead] = k[i] ? lead_of(v[i*32 +: 32]) : '0;
    end
  endfunction

  function automatic logic [CVec*9-1:0] needs(input logic [CVec*Lead-1:0] l);
    for (int i = 0; i < CVec; i++)
      needs[i*9 +: 9] = need_of(l[i*Lead+MantBits+1 +: 8], l[i*Lead+1 +: MantBits]);
  endfunction

  // {saturated, word}
  function automatic logic [WordBits+15:0] packed_block(input logic [CVec*Lead-1:0] l,
                                                        input logic [4:0] e);
    logic [15:0]       count;
    logic [MantBits:0] q;
    packed_block = '0;
    count = 16'd0;
    for (int i = 0; i < CVec; i++) begin
      q = quantised(l[i*Lead +: Lead], e);
      packed_block[i*MantBits +: MantBits] = q[MantBits-1:0];
      count = count + {15'd0, q[MantBits]};
    end
    packed_block[WordBits-1 -: 5] = e;
    packed_block[WordBits +: 16] = count;
  endfunction

  logic [CVec*Lead-1:0]  lead_d;
  logic [WordBits+15:0]  block;
  assign lead_d = leads(x, keep);
  assign block  = packed_block(lead2_q, exp_q);

  always_ff @(posedge clk) begin
    if (en[0]) begin
      lead_q <= lead_d;
      need_q <= needs(lead_d);
    end
    if (en[1]) begin
      lead2_q <= lead_q;
      exp_q   <= exponent_of(need_q);
    end
    if (en[2]) begin
      word_q      <= block[WordBits-1:0];
      saturated_q <= block[WordBits +: 16];
    end
  end
  assign word      = word_q;
  assign saturated = saturated_q;
endmodule
