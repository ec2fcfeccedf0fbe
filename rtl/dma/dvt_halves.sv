// SPDX-License-Identifier: Apache-2.0
// dvt_halves -- the two halves of a buffer that is filled and used in turns.
//
// Rules    timing.md section 3, Halves: the first step of a filling needs room (fewer than two in
//          use) and takes a half, its last makes it ready; done takes it from the ready ones,
//          freed makes it room. All look at the state of the start of the cycle; several may come
//          in one cycle.
// Proof    tests/rtl/formal.py: used as the rules say, it never holds more than two or fewer than
//          none, and what is ready is in use.
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

`ifdef FORMAL
  // Fillings follow one another: `f_open` between a first step and its last. What is used up was
  // ready; what is freed was used up before or is so now.
  logic       f_known = 1'b0, f_open = 1'b0;
  logic [1:0] f_stale;  // used up and not yet free

  always_ff @(posedge clk) begin
    if (rst) f_known <= 1'b1;
    if (rst) f_open <= 1'b0;
    else f_open <= (f_open | first) & ~last;
    if (rst) f_stale <= 2'd0;
    else f_stale <= f_stale + 2'(done) - 2'(freed);
  end
  always @(*) begin
    assume (!first || (room && !f_open));
    assume (!last || f_open || first);
    assume (!done || ready);
    assume (!freed || f_stale != 2'd0 || done);
    if (f_known) begin
      assert (used_q <= 2'd2);
      assert (used_q == ready_q + 2'(f_open) + f_stale);
      assert ({1'b0, ready_q} + {2'd0, f_open} + {1'b0, f_stale} <= 3'd2);
      assert (!fault);
    end
  end
`endif
endmodule
