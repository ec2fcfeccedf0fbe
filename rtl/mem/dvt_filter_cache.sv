// SPDX-License-Identifier: Apache-2.0
// dvt_filter_cache -- the filter words of one lane: two halves of Words words each.
//
// Latency   a word whose address stands at rd_* in a cycle with rd_en is at rd_data in the next,
//           until the next such cycle; a write at wr_* is seen by reads from the next cycle on.
// Limits    a word is not read while its half is being written (docs/timing.md section 3,
//           Halves).
// Tests     tests/diff/diff_rtl.c
module dvt_filter_cache #(
  parameter int Words    = 640,
  parameter int Width    = 101,
  parameter int AddrBits = $clog2(2 * Words)  // derived: do not override
) (
  input  logic                clk,
  input  logic                wr_en,
  input  logic [AddrBits-1:0] wr_addr,
  input  logic [Width-1:0]    wr_data,
  input  logic                rd_en,
  input  logic [AddrBits-1:0] rd_addr,
  output logic [Width-1:0]    rd_data
);
  logic [Width-1:0] mem [2 * Words];
  logic [Width-1:0] rd_q;

  always_ff @(posedge clk) begin
    if (wr_en) mem[wr_addr] <= wr_data;
    if (rd_en) rd_q <= mem[rd_addr];
  end
  assign rd_data = rd_q;
endmodule
