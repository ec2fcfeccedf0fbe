// SPDX-License-Identifier: Apache-2.0
// dvt_fifo -- queue of Depth words, the oldest always in sight.
//
// Idea     a ring in a memory. Shallow ones read it directly (memory made of LUTs). Deep ones have
//          a registered read, so that they become block memory: each cycle reads the word that
//          will be the head in the next; a word pushed into that very place goes past the memory.
// Rules    a word pushed in cycle t can be seen as head from t + 1 on (timing.md section 3). push
//          while full and pop while empty are refused and reported by `fault`.
// Proof    tests/rtl/formal.py: the count never leaves 0..Depth, words leave in order, unchanged.
// Tests    tests/diff/diff_rtl.c
module dvt_fifo #(
  parameter int Width     = 8,                  // bits
  parameter int Depth     = 16,                 // words, at least 2
  parameter int CountBits = $clog2(Depth + 1),  // derived: do not override
  parameter int AddrBits  = $clog2(Depth),      // derived: do not override
  parameter bit Deep      = Depth > 64          // block memory
) (
  input  logic                 clk,
  input  logic                 rst,
  input  logic                 push,
  input  logic [Width-1:0]     push_data,
  input  logic                 pop,
  output logic                 valid,  // there is a head
  output logic [Width-1:0]     head,
  output logic [CountBits-1:0] count,  // words in it
  output logic                 fault   // refused in this cycle
);
  localparam logic [AddrBits-1:0] LastAddr = AddrBits'(Depth - 1);

  logic [Width-1:0]     mem [Depth];
  logic [CountBits-1:0] count_q;
  logic [AddrBits-1:0]  write_q, read_q, read_d, read_after, write_after;
  logic                 push_ok, pop_ok;

  assign valid       = count_q != '0;
  assign push_ok     = push & (count_q != CountBits'(Depth));
  assign pop_ok      = pop & valid;
  assign fault       = (push & ~push_ok) | (pop & ~pop_ok);
  assign read_after  = read_q == LastAddr ? '0 : read_q + AddrBits'(1);
  assign write_after = write_q == LastAddr ? '0 : write_q + AddrBits'(1);
  assign read_d      = pop_ok ? read_after : read_q;

  always_ff @(posedge clk) if (push_ok) mem[write_q] <= push_data;
  if (Deep) begin : g_deep
    logic [Width-1:0] head_q;
    always_ff @(posedge clk) begin
      if (push_ok && write_q == read_d) head_q <= push_data;
      else if (pop_ok) head_q <= mem[read_d];
    end
    assign head = head_q;
  end else begin : g_shallow
    assign head = mem[read_q];
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      count_q <= '0;
      write_q <= '0;
      read_q  <= '0;
    end else begin
      count_q <= count_q + CountBits'(push_ok) - CountBits'(pop_ok);
      read_q  <= read_d;
      if (push_ok) write_q <= write_after;
    end
  end

  assign count = count_q;

`ifdef FORMAL
  // From the first reset on the ring is whole, its oldest word is the head, and a word that was
  // pushed stands where it was put (any place, chosen by the prover) until it is popped.
  (* anyconst *) logic [AddrBits-1:0] f_place;
  logic                f_known = 1'b0, f_put = 1'b0;
  logic [Width-1:0]    f_word;
  logic [CountBits:0]  f_end;

  assign f_end = (CountBits + 1)'(read_q) + (CountBits + 1)'(count_q);
  always_ff @(posedge clk) begin
    if (rst) f_known <= 1'b1;
    if (rst) f_put <= 1'b0;
    else if (push_ok && write_q == f_place) begin
      f_put  <= 1'b1;
      f_word <= push_data;
    end
  end
  always @(*) begin
    if (f_known) begin
      assert (count_q <= CountBits'(Depth));
      assert (read_q <= LastAddr && write_q <= LastAddr);
      assert (f_end == (CountBits + 1)'(write_q) || f_end == (CountBits + 1)'(write_q) + Depth);
      assert (count_q == '0 || head == mem[read_q]);
      assert (!f_put || (f_place <= LastAddr && mem[f_place] == f_word));
      assert (push_ok || !push || count_q == CountBits'(Depth));
    end
  end
`endif
endmodule
