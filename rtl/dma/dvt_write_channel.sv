// SPDX-License-Identifier: Apache-2.0
// dvt_write_channel -- queue of beats for external memory, AXI4 AW, W and B.
//
// Idea     the head of the queue stands on AW (one beat) and W at once; each is offered until
//          accepted, and it leaves with the second. Answers are counted.
// Cycles   timing.md section 8. room: fewer than FM beats at the start of the cycle. idle: queue
//          empty and every answer there, as of the start of the cycle. bready is always 1.
// Stop     with stop what has not been offered is dropped; an address or data beat whose other
//          half was accepted is completed. quiet: nothing is due any more.
// Errors   bad_resp: an answer other than OKAY, or one that nobody waits for.
// Tests    tests/diff/diff_rtl.c
module dvt_write_channel #(
  parameter int AddrBits = 40,
  parameter int BeatBits = 34,
  parameter int BusBits  = dvt_pkg::MemoryBusBits  // derived: do not override
) (
  input  logic                 clk,
  input  logic                 rst,
  input  logic                 stop,
  output logic                 quiet,
  output logic                 bad_resp,
  output logic                 fault,
  input  logic                 push,
  input  logic [BeatBits-1:0]  push_addr,
  input  logic [BusBits-1:0]   push_data,
  input  logic [BusBits/8-1:0] push_strb,
  output logic                 room,
  output logic                 idle,
  output logic                 sent,  // a beat has left in this cycle
  output logic [AddrBits-1:0]  m_axi_awaddr,
  output logic                 m_axi_awvalid,
  input  logic                 m_axi_awready,
  output logic [BusBits-1:0]   m_axi_wdata,
  output logic [BusBits/8-1:0] m_axi_wstrb,
  output logic                 m_axi_wvalid,
  input  logic                 m_axi_wready,
  input  logic [1:0]           m_axi_bresp,
  input  logic                 m_axi_bvalid,
  output logic                 m_axi_bready
);
  localparam int BusLog2   = $clog2(dvt_pkg::MemoryBusBytes);
  localparam int Depth     = dvt_pkg::TimingFm;
  localparam int CountBits = $clog2(Depth + 1);

  logic                 valid, offered_q, aw_done_q, w_done_q, drop, answered;
  logic [BeatBits-1:0]  addr;
  logic [CountBits-1:0] count;
  logic [31:0]          due_q;
  logic                 queue_fault;

  dvt_fifo #(.Width(BeatBits + BusBits + BusBits/8), .Depth(Depth)) u_queue (
    .clk, .rst, .push(push & ~stop), .push_data({push_addr, push_strb, push_data}),
    .pop(sent | drop),
    .valid, .head({addr, m_axi_wstrb, m_axi_wdata}), .count, .fault(queue_fault)
  );
  // A valid once given is kept: with stop only heads that were not offered yet are dropped.
  assign drop          = valid & stop & ~offered_q;
  assign m_axi_awvalid = valid & ~aw_done_q & ~drop;
  assign m_axi_wvalid  = valid & ~w_done_q & ~drop;
  assign m_axi_awaddr  = {addr, {BusLog2{1'b0}}};
  assign m_axi_bready  = 1'b1;
  assign sent          = valid & ~drop & (aw_done_q | m_axi_awready) & (w_done_q | m_axi_wready);
  assign room          = count < CountBits'(Depth);
  assign idle          = ~valid & (due_q == 32'd0);
  assign quiet         = idle;
  assign answered      = m_axi_bvalid & (due_q != 32'd0);
  assign bad_resp      = m_axi_bvalid & ((m_axi_bresp != 2'b00) | (due_q == 32'd0));
  assign fault         = queue_fault;

  always_ff @(posedge clk) begin
    if (rst) begin
      offered_q <= 1'b0;
      aw_done_q <= 1'b0;
      w_done_q  <= 1'b0;
      due_q     <= 32'd0;
    end else begin
      offered_q <= valid & ~sent & ~drop;
      aw_done_q <= valid & ~sent & (aw_done_q | (m_axi_awvalid & m_axi_awready));
      w_done_q  <= valid & ~sent & (w_done_q | (m_axi_wvalid & m_axi_wready));
      due_q     <= due_q + 32'(sent) - 32'(answered);
    end
  end
endmodule
