// SPDX-License-Identifier: Apache-2.0
// dvt_table_bank -- segments y = b x + a of all function tables, for one reader.
//
// Latency   1 cycle; address = table * 256 + segment. A word written (index as the tw_ port of
//           dvt_compute has it: 256.. a, 512.. b) is seen by reads from the next cycle on.
// Limits    words of tables that are not there are dropped.
// Tests     tests/diff/diff_rtl.c
module dvt_table_bank #(
  parameter int Tables   = 8,
  parameter int AddrBits = $clog2(Tables * 256)  // derived: do not override
) (
  input  logic                clk,
  input  logic                wr_en,
  input  logic [3:0]          wr_table,
  input  logic [9:0]          wr_index,
  input  logic [31:0]         wr_data,
  input  logic                rd_en,
  input  logic [AddrBits-1:0] rd_addr,
  output logic [31:0]         a,
  output logic [31:0]         b
);
  logic [31:0]         mem_a [Tables * 256];
  logic [31:0]         mem_b [Tables * 256];
  logic [31:0]         a_q, b_q;
  logic [AddrBits-1:0] wr_addr;
  logic                wr_here;

  assign wr_here = wr_en && {1'b0, wr_table} < 5'(Tables);
  assign wr_addr = AddrBits'({wr_table, wr_index[7:0]});
  always_ff @(posedge clk) begin
    if (wr_here && wr_index[9:8] == 2'd1) mem_a[wr_addr] <= wr_data;
    if (wr_here && wr_index[9:8] == 2'd2) mem_b[wr_addr] <= wr_data;
    if (rd_en) begin
      a_q <= mem_a[rd_addr];
      b_q <= mem_b[rd_addr];
    end
  end
  assign a = a_q;
  assign b = b_q;
endmodule
