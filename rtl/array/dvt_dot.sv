// SPDX-License-Identifier: Apache-2.0
// dvt_dot -- dot product of a feature block and a filter block, exact
// (docs/numerics-overlay.md section 1).
//
// Idea      Block floating point multiplies magnitudes of MantBits - 1 bits without sign, which two
//           or more can share a DSP block (dvt_mul), and adds the products with their signs. int8
//           multiplies two's complement.
// Latency   2 cycles: products | sum.
// Tests     tests/diff/diff_rtl.c
module dvt_dot #(
  parameter int CVec        = 8,
  parameter int FeatureBits = 12,
  parameter int FilterBits  = 12,
  parameter int Int8        = 0,
  parameter int DotBits     = 27  // two's complement
) (
  input  logic                        clk,
  input  logic [1:0]                  en,
  input  logic [CVec*FeatureBits-1:0] feature,
  input  logic [CVec*FilterBits-1:0]  filter,
  output logic [DotBits-1:0]          dot
);
  localparam int MagBits  = FeatureBits + FilterBits - 2;
  localparam int ProdBits = Int8 != 0 ? 16 : MagBits + 1;  // two's complement or sign, magnitude

  logic [CVec*ProdBits-1:0] prod_q, prod_d;
  logic [DotBits-1:0]       dot_q;

  if (Int8 != 0) begin : g_int8
    for (genvar c = 0; c < CVec; c++) begin : g_value
      logic signed [7:0] x, w;
      assign x = feature[c*8 +: 8];
      assign w = filter[c*8 +: 8];
      assign prod_d[c*16 +: 16] = x * w;
    end
  end else begin : g_bfp
    for (genvar c = 0; c < CVec; c++) begin : g_value
      logic [FeatureBits-1:0] x;
      logic [FilterBits-1:0]  w;
      assign x = feature[c*FeatureBits +: FeatureBits];
      assign w = filter[c*FilterBits +: FilterBits];
      assign prod_d[c*ProdBits +: ProdBits] =
        {x[FeatureBits-1] ^ w[FilterBits-1],
         MagBits'(x[FeatureBits-2:0]) * MagBits'(w[FilterBits-2:0])};
    end
  end

  function automatic logic [DotBits-1:0] total(input logic [CVec*ProdBits-1:0] p);
    logic [DotBits-1:0] term;
    total = '0;
    for (int c = 0; c < CVec; c++) begin
      if (Int8 != 0) begin
        term  = {{(DotBits-ProdBits){p[c*ProdBits+ProdBits-1]}}, p[c*ProdBits +: ProdBits]};
        total = total + term;
      end else begin
        term  = {{(DotBits-ProdBits+1){1'b0}}, p[c*ProdBits +: ProdBits-1]};
        total = p[c*ProdBits+ProdBits-1] ? total - term : total + term;
      end
    end
  endfunction

  always_ff @(posedge clk) begin
    if (en[0]) prod_q <= prod_d;
    if (en[1]) dot_q <= total(prod_q);
  end
  assign dot = dot_q;
endmodule
