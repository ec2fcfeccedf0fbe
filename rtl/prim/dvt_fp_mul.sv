// SPDX-License-Identifier: Apache-2.0
// dvt_fp_mul -- p = fl(a * b) in binary32 (package dvt_fp).
//
// Latency    Stages cycles, 1 to 3: product | normalised | rounded. With fewer than three the
//            registers in front are left out, the last always stays.
// Throughput one product per cycle; register s loads in cycles with en[s].
// Tests      tests/rtl/primitives.py
module dvt_fp_mul #(
  parameter int Stages = 3
) (
  input  logic              clk,
  input  logic [Stages-1:0] en,
  input  logic [31:0]       a,
  input  logic [31:0]       b,
  output logic [31:0]       p
);
  logic [31:0] p_q;
  assign p = p_q;

  if (Stages == 1) begin : g_one
    always_ff @(posedge clk) begin
      if (en[0]) p_q <= dvt_fp::round(dvt_fp::normalise_product(dvt_fp::multiply(a, b)));
    end
  end else if (Stages == 2) begin : g_two
    logic [dvt_fp::ProdBits-1:0] prod_q;
    always_ff @(posedge clk) begin
      if (en[0]) prod_q <= dvt_fp::multiply(a, b);
      if (en[1]) p_q <= dvt_fp::round(dvt_fp::normalise_product(prod_q));
    end
  end else begin : g_three
    logic [dvt_fp::ProdBits-1:0] prod_q;
    logic [dvt_fp::NormBits-1:0] norm_q;
    always_ff @(posedge clk) begin
      if (en[0]) prod_q <= dvt_fp::multiply(a, b);
      if (en[1]) norm_q <= dvt_fp::normalise_product(prod_q);
      if (en[2]) p_q <= dvt_fp::round(norm_q);
    end
  end
endmodule
