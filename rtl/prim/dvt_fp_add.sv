// SPDX-License-Identifier: Apache-2.0
// dvt_fp_add -- s = fl(a + b) in binary32 (package dvt_fp).
//
// Latency    4 cycles: ordered | aligned and added | normalised | rounded. With OutReg = 0 the last
//            register is the user's: s is the rounded sum in front of it (accumulators).
// Throughput one sum per cycle; register s loads in cycles with en[s].
// Tests      tests/rtl/primitives.py
module dvt_fp_add #(
  parameter int OutReg = 1,
  parameter int Stages = 3 + OutReg  // derived: do not override
) (
  input  logic              clk,
  input  logic [Stages-1:0] en,
  input  logic [31:0]       a,
  input  logic [31:0]       b,
  output logic [31:0]       s
);
  logic [dvt_fp::PairBits-1:0] pair_q;
  logic [dvt_fp::SumBits-1:0]  sum_q;
  logic [dvt_fp::NormBits-1:0] norm_q;

  always_ff @(posedge clk) begin
    if (en[0]) pair_q <= dvt_fp::order(a, b);
    if (en[1]) sum_q <= dvt_fp::align_add(pair_q);
    if (en[2]) norm_q <= dvt_fp::normalise_sum(sum_q);
  end

  if (OutReg != 0) begin : g_reg
    logic [31:0] s_q;
    always_ff @(posedge clk) begin
      if (en[3]) s_q <= dvt_fp::round(norm_q);
    end
    assign s = s_q;
  end else begin : g_comb
    assign s = dvt_fp::round(norm_q);
  end
endmodule
