// SPDX-License-Identifier: Apache-2.0
// dvt_fifo -- queue of Depth words, the oldest always in sight.
//
// Idea     a ring in a memory with a registered read, so that it becomes block memory: each cycle
//          reads the word that will be the head in the next; a word pushed into that very place
//          goes past the memory.
// Rules    a word pushed in cycle t can be seen as head from t + 1 on (timing.md section 3). push
//          while full and pop while empty are refused and reported by `fault`.
// Proof    tests/rtl/formal.sh: count never leaves 0..Depth, words leave in order, unchanged.
// Tests    tests/rtl/fifo.sh
module dvt_fifo #(
  parameter int Width     = 8,                  // bits
  parameter int Depth     = 16,                 // words, at least 2
  parameter int CountBits = $clog2(Depth + 1),  // derived: do not override
  parameter int AddrBits  = $clog2(Depth)       // derived: do not override
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
  logic [Width-1:0]     head_q;
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

  always_ff @(posedge clk) begin
    if (push_ok) mem[write_q] <= push_data;
    if (push_ok && write_q == read_d) head_q <= push_data;
    else if (pop_ok) head_q <= mem[read_d];
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

  assign head  = head_q;
  assign count = count_q;
endmodule
