// SPDX-License-Identifier: Apache-2.0
// dvt_halves -- the two halves of a buffer that is filled and used in turns.
//
// Rules    timing.md section 3, Halves: the first step of a filling needs room (fewer than two in
//          use) and takes a half, its last makes it ready; done takes it from the ready ones,
//          freed makes it room. All look at the state of the start of the cycle; several may come
//          in one cycle.
// Tests    tests/diff/diff_rtl.c
module dvt_halves (
  input  logic clk,
  input  logic rst,
  input  logic first,
  input  logic last,
  input  logic done,
  input  logic freed,
  output logic room,
  output logic ready,
  output logic fault  // more than two, or fewer than none
);
  logic [1:0] used_q, ready_q;

  always_ff @(posedge clk) begin
    if (rst) begin
      used_q  <= 2'd0;
      ready_q <= 2'd0;
    end else begin
      used_q  <= used_q + 2'(first) - 2'(freed);
      ready_q <= ready_q + 2'(last) - 2'(done);
    end
  end
  assign room  = used_q < 2'd2;
  assign ready = ready_q != 2'd0;
  assign fault = (used_q == 2'd3) | (ready_q == 2'd3) | (done & ~ready)
                 | (freed & (used_q == 2'd0));
endmodule
