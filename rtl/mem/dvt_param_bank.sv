// SPDX-License-Identifier: Apache-2.0
// dvt_param_bank -- one column (scale, bias or slope) of the parameter groups, both halves.
//
// Idea      Rows of a group arrive in ascending order and are laid out block by block, so that one
//           read gives the CVec values of a channel block.
// Latency   reads are combinational (LUT memory); a row is seen from the cycle behind its write on.
// Tests     tests/diff/diff_rtl.c
module dvt_param_bank #(
  parameter int CVec      = 8,
  parameter int Blocks    = 2,                               // of a group
  parameter int BlockBits = Blocks > 1 ? $clog2(Blocks) : 1  // derived: do not override
) (
  input  logic                 clk,
  input  logic                 wr_en,
  input  logic                 wr_half,
  input  logic                 wr_start,  // row 0 of a group
  input  logic [31:0]          wr_data,
  input  logic                 rd_half,
  input  logic [BlockBits-1:0] rd_block,
  output logic [CVec*32-1:0]   rd_data
);
  localparam int AddrBits    = $clog2(2 * Blocks);
  localparam int ChannelBits = CVec > 1 ? $clog2(CVec) : 1;
  localparam int CountBits   = $clog2(Blocks + 1);

  logic [ChannelBits-1:0] channel_q, channel;
  logic [CountBits-1:0]   block_q, block;  // Blocks: rows that no lane has are dropped
  logic [AddrBits-1:0]    wr_addr, rd_addr;
  logic                   wrap;

  assign channel = wr_start ? '0 : channel_q;
  assign block   = wr_start ? '0 : block_q;
  assign wrap    = channel == ChannelBits'(CVec - 1);
  assign wr_addr = (wr_half ? AddrBits'(Blocks) : '0) + AddrBits'(block);
  assign rd_addr = (rd_half ? AddrBits'(Blocks) : '0) + AddrBits'(rd_block);

  always_ff @(posedge clk) begin
    if (wr_en) begin
      channel_q <= wrap ? '0 : channel + ChannelBits'(1);
      if (wrap && block != CountBits'(Blocks)) block_q <= block + CountBits'(1);
      else block_q <= block;
    end
  end

  for (genvar c = 0; c < CVec; c++) begin : g_channel
    logic [31:0] mem [2 * Blocks];
    always_ff @(posedge clk) begin
      if (wr_en && channel == ChannelBits'(c) && block != CountBits'(Blocks))
        mem[wr_addr] <= wr_data;
    end
    assign rd_data[c*32 +: 32] = mem[rd_addr];
  end
endmodule
