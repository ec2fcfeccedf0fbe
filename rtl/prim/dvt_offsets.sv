// SPDX-License-Identifier: Apache-2.0
// dvt_offsets -- 0, by, 2*by, 3*by, ... as a chain of adders: what lanes add to the place of lane
//             0.
//
// Cycles   combinational; `by` stands still while a word runs, so the chain is no critical path.
// Tests    tests/diff/diff_rtl.c
module dvt_offsets #(
  parameter int Count = 4,
  parameter int Bits  = 24
) (
  input  logic [Bits-1:0]       by,
  output logic [Count*Bits-1:0] offsets
);
  logic [Bits-1:0] sum;

  always_comb begin
    sum = '0;
    for (int i = 0; i < Count; i++) begin
      offsets[i*Bits +: Bits] = sum;
      sum                     = sum + by;
    end
  end
endmodule
