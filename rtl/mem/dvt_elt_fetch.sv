// SPDX-License-Identifier: Apache-2.0
// dvt_elt_fetch -- fetches the second operands of elt ahead of the drain and keeps them in a
//             queue.
//
// Idea     walks the beats of the trip as the writer will, takes the banks that the stream reader
//          leaves, and queues the blocks with a mask of those fetched; blocks not fetched are
//          zero.
// Cycles   timing.md section 7, Elt fetch: from the cycle after the launch on, while go; a beat
//          fetched in cycle t is in the queue, and counted by `operands`, from t + READ + 1 on.
// Ports    operand_taken: the drain reserves one; operand_pop: the oldest is used and leaves the
//          queue.
// Tests    tests/diff/diff_rtl.c
module dvt_elt_fetch #(
  parameter int BankBits = 2,
  parameter int RowBits  = 10,
  parameter int Blocks   = dvt_pkg::BeatBlocks,  // derived, as those below: do not override
  parameter int Banks    = dvt_pkg::StreamBufferBanks,
  parameter int Width    = dvt_pkg::FeatureWordBits
) (
  input  logic                              clk,
  input  logic                              rst,
  input  logic                              launch,  // of a word with elt
  input  logic                              go,
  input  logic                              wide,
  input  logic [dvt_pkg::EltPartBits-1:0]   part,
  input  logic [dvt_pkg::WritePartBits-1:0] part_write,
  output logic [Blocks-1:0]                 want,
  output logic [Blocks*BankBits-1:0]        bank,
  output logic [Blocks*RowBits-1:0]         row,
  input  logic [Blocks-1:0]                 served,
  input  logic [Banks*Width-1:0]            bank_data,
  output logic                              operand_ready,
  input  logic                              operand_taken,
  input  logic                              operand_pop,
  output logic [Blocks*Width-1:0]           operand_data,
  output logic [Blocks-1:0]                 operand_valid,
  output logic                              step,  // a beat is fetched, for the counters
  output logic                              fault
);
  localparam int Addr = 24;
  // Operands ahead, and those drained and not used: at most one a cycle of the longest way to elt.
  localparam int Queue = 128;

  // ---- beats ----
  logic                   left_q, begun_q, working, last;
  logic [Blocks-1:0]      keep, rest_q, pending;
  logic [Blocks*Addr-1:0] place;
  logic [7:0]             ahead_q;

  dvt_beat_walk #(.AddrBits(Addr), .StepBits(Addr)) u_walk (
    .clk, .clear(launch), .step, .wide,
    .base(part[dvt_pkg::EltBaseLsb +: Addr]), .n(part[dvt_pkg::EltNLsb +: 64]),
    .steps(part[dvt_pkg::EltALsb +: 4*Addr]), .p_step(part[dvt_pkg::EltPaLsb +: Addr]),
    .q_step(part[dvt_pkg::EltQaLsb +: Addr]), .j_step(part[dvt_pkg::EltJaLsb +: Addr]),
    .part_write, .keep, .place, .last
  );
  for (genvar b = 0; b < Blocks; b++) begin : g_block
    dvt_bank_split #(.Banks(Banks), .Words(dvt_pkg::StreamBufferWords), .AddrBits(Addr)) u_split (
      .addr(place[b*Addr +: Addr]), .bank(bank[b*BankBits +: BankBits]),
      .row(row[b*RowBits +: RowBits])
    );
  end
  assign working = go & left_q & (begun_q | (ahead_q < 8'(dvt_pkg::TimingFe)));
  assign pending = begun_q ? rest_q : keep;
  assign want    = working ? pending : '0;
  assign step    = working & ((pending & ~served) == '0);

  always_ff @(posedge clk) begin
    if (rst) begin
      left_q  <= 1'b0;
      begun_q <= 1'b0;
      ahead_q <= 8'd0;
    end else begin
      left_q <= launch | (left_q & ~(step & last));
      if (working) begun_q <= ~step;
      ahead_q <= ahead_q + 8'(step) - 8'(operand_taken);
    end
    rest_q <= pending & ~served;
  end

  // ---- words, two cycles later, into the queue ----
  logic [1:0]              step_q;
  logic [Blocks-1:0]       keep1_q, keep2_q;
  logic [Blocks*Width-1:0] blocks, held, masked;
  logic [7:0]              operands_q;
  logic                    queue_valid, queue_fault;
  logic [$clog2(Queue+1)-1:0] queue_count;

  dvt_gather #(.Clients(Blocks), .Banks(Banks), .BankBits(BankBits), .Width(Width)) u_gather (
    .clk, .served, .bank, .bank_data, .blocks, .held
  );
  for (genvar b = 0; b < Blocks; b++) begin : g_mask
    assign masked[b*Width +: Width] = keep2_q[b] ? held[b*Width +: Width] : '0;
  end
  always_ff @(posedge clk) begin
    if (rst) step_q <= 2'b00;
    else step_q <= {step_q[0], step};
    keep1_q <= keep;
    keep2_q <= keep1_q;
    if (rst) operands_q <= 8'd0;
    else operands_q <= operands_q + 8'(step_q[1]) - 8'(operand_taken);
  end
  dvt_fifo #(.Width(Blocks + Blocks*Width), .Depth(Queue)) u_queue (
    .clk, .rst, .push(step_q[1]), .push_data({keep2_q, masked}), .pop(operand_pop),
    .valid(queue_valid), .head({operand_valid, operand_data}), .count(queue_count),
    .fault(queue_fault)
  );
  assign operand_ready = operands_q != 8'd0;
  assign fault         = queue_fault | (operand_taken & ~operand_ready);

  logic unused;
  assign unused = &{1'b0, blocks, queue_valid, queue_count, part};
endmodule
