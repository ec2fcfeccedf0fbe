// SPDX-License-Identifier: Apache-2.0
// dvt_dot -- dot products of Lanes feature blocks with one filter block, exact
// (docs/numerics-overlay.md section 1).
//
// Idea      Two lanes may share multipliers: both features, apart by the width of a product, times
//           the filter value give both products side by side. Block floating point multiplies
//           magnitudes, so that the products do not touch; int8 multiplies two's complement, where
//           a negative product below takes one from that above, which gets it back in the sum.
//           3 * (MantBits - 1) or 25 bits times MantBits or 8: two products a DSP block where it
//           multiplies 27 by 18 bits, for mantissas of 7 bits also where it does 18 by 18.
// Latency   2 cycles: products | sums with their signs.
// Tests     tests/diff/diff_rtl.c, tests/rtl/dsp_packing.py (multipliers after synthesis)
module dvt_dot #(
  parameter int Lanes       = 2,  // 1 or 2
  parameter int CVec        = 8,
  parameter int FeatureBits = 7,
  parameter int FilterBits  = 7,
  parameter int Int8        = 0,
  parameter int DotBits     = 17  // two's complement
) (
  input  logic                              clk,
  input  logic [1:0]                        en,
  input  logic [Lanes*CVec*FeatureBits-1:0] feature,
  input  logic [CVec*FilterBits-1:0]        filter,
  output logic [Lanes*DotBits-1:0]          dot
);
  // a product without its sign, int8: with it
  localparam int Field = Int8 != 0 ? 16 : FeatureBits + FilterBits - 2;

  logic [CVec*Lanes*Field-1:0] prod_q, prod_d;
  logic [CVec*Lanes-1:0]       sign_q, sign_d;  // block floating point alone
  logic [Lanes*DotBits-1:0]    dot_q;

  for (genvar c = 0; c < CVec; c++) begin : g_value
    if (Int8 != 0) begin : g_int8
      logic signed [7:0]          w;
      logic signed [Lanes*16-8:0] x;  // 9 or 25 bits
      logic signed [Lanes*16-1:0] product;
      assign w = filter[c*8 +: 8];
      if (Lanes == 1) begin : g_one
        assign x = {feature[c*8+7], feature[c*8 +: 8]};
      end else begin : g_two
        assign x = {feature[(CVec+c)*8+7], feature[(CVec+c)*8 +: 8], 16'd0}
                   + {{17{feature[c*8+7]}}, feature[c*8 +: 8]};
      end
      assign product = x * w;
      assign prod_d[c*Lanes*16 +: Lanes*16] = product;
      assign sign_d[c*Lanes +: Lanes]       = '0;
    end else begin : g_bfp
      logic [Lanes*Field-1:0] x, w;
      assign w = (Lanes*Field)'(filter[c*FilterBits +: FilterBits-1]);
      for (genvar l = 0; l < Lanes; l++) begin : g_lane
        assign x[l*Field +: Field] =
          Field'(feature[(l*CVec+c)*FeatureBits +: FeatureBits-1]);
        assign sign_d[c*Lanes+l] = feature[(l*CVec+c)*FeatureBits+FeatureBits-1] ^
                                   filter[c*FilterBits+FilterBits-1];
      end
      assign prod_d[c*Lanes*Field +: Lanes*Field] = x * w;
    end
  end

  // of lane l
  function automatic logic [DotBits-1:0] total(input logic [CVec*Lanes*Field-1:0] p,
                                               input logic [CVec*Lanes-1:0] s, input integer l);
    logic [DotBits-1:0] term;
    total = '0;
    for (int c = 0; c < CVec; c++) begin
      if (Int8 != 0) begin
        term = {{(DotBits-Field){p[(c*Lanes+l)*Field+Field-1]}}, p[(c*Lanes+l)*Field +: Field]};
        // the borrow of the product below
        if (l > 0) term = term + DotBits'(p[(c*Lanes+(l > 0 ? l-1 : 0))*Field+Field-1]);
        total = total + term;
      end else begin
        term  = DotBits'(p[(c*Lanes+l)*Field +: Field]);
        total = s[c*Lanes+l] ? total - term : total + term;
      end
    end
  endfunction

  for (genvar l = 0; l < Lanes; l++) begin : g_sum
    always_ff @(posedge clk) begin
      if (en[1]) dot_q[l*DotBits +: DotBits] <= total(prod_q, sign_q, l);
    end
  end
  always_ff @(posedge clk) begin
    if (en[0]) begin
      prod_q <= prod_d;
      sign_q <= sign_d;
    end
  end
  assign dot = dot_q;
endmodule
