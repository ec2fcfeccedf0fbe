// SPDX-License-Identifier: Apache-2.0
// dvt_stream_buffer -- the banks that hold features: one write and one read port each.
//
// Ports    for each bank its write (fread or the writer, never both in a cycle: fread has ended
//          when a trip begins to write) and its read (stream reader or elt fetch, told apart by
//          dvt_bank_grant). Bank b of a vector lies at b * width.
// Cycles   a word written in cycle t can be read from t + 1 on; a row read in t is there in t +
//          1.
// Tests    tests/diff/diff_rtl.c
module dvt_stream_buffer #(
  parameter int Banks   = 4,
  parameter int Rows    = 1024,  // words of a bank
  parameter int Width   = 32,    // bits of a word
  parameter int RowBits = Rows > 1 ? $clog2(Rows) : 1  // derived: do not override
) (
  input  logic                     clk,
  input  logic [Banks-1:0]         write_en,
  input  logic [Banks*RowBits-1:0] write_row,
  input  logic [Banks*Width-1:0]   write_data,
  input  logic [Banks-1:0]         read_en,
  input  logic [Banks*RowBits-1:0] read_row,
  output logic [Banks*Width-1:0]   read_data
);
  for (genvar b = 0; b < Banks; b++) begin : g_bank
    dvt_ram #(.Width(Width), .Depth(Rows)) u_ram (
      .clk,
      .write_en  (write_en[b]),
      .write_addr(write_row[b*RowBits +: RowBits]),
      .write_data(write_data[b*Width +: Width]),
      .read_en   (read_en[b]),
      .read_addr (read_row[b*RowBits +: RowBits]),
      .read_data (read_data[b*Width +: Width])
    );
  end
endmodule
