// SPDX-License-Identifier: Apache-2.0
// dvt_ram -- simple dual-port memory: one write port, one read port, one clock.
//
// Latency     an address read in cycle t gives its word in t + 1; without read_en the word stays.
// Collisions  a word written in the cycle in which it is read: the old one comes out. Nobody here
//             depends on it (words are refused whose trip writes what it reads).
// Tests       as part of dvt_fifo and dvt_stream_buffer: tests/diff/diff_rtl.c
module dvt_ram #(
  parameter int Width    = 32,  // bits
  parameter int Depth    = 64,  // words
  parameter int AddrBits = Depth > 1 ? $clog2(Depth) : 1  // derived: do not override
) (
  input  logic                clk,
  input  logic                write_en,
  input  logic [AddrBits-1:0] write_addr,
  input  logic [Width-1:0]    write_data,
  input  logic                read_en,
  input  logic [AddrBits-1:0] read_addr,
  output logic [Width-1:0]    read_data
);
  logic [Width-1:0] mem [Depth];

  always_ff @(posedge clk) begin
    if (write_en) mem[write_addr] <= write_data;
    if (read_en) read_data <= mem[read_addr];
  end
endmodule
