// SPDX-License-Identifier: Apache-2.0
// dvt_writer -- takes packed beats from their queue to the stream buffer or to external memory.
//
// Idea     walks the places of the trip's beats; blocks that are dropped never wait. A beat is
//          taken when none of its blocks waits any more, and its saturated values are counted
//          then.
// Cycles   timing.md section 8. A beat pushed in cycle t can be taken from t + 1 on. busy rises
//          with the launch of a trip and falls as trip_busy there. credit: fewer than FW beats
//          are drained and not taken.
// Tests    tests/diff/diff_rtl.c
module dvt_writer #(
  parameter int BeatBits = 34,
  parameter int BankBits = 2,
  parameter int RowBits  = 10,
  parameter int Blocks   = dvt_pkg::BeatBlocks,  // derived, as those below: do not override
  parameter int Banks    = dvt_pkg::StreamBufferBanks,
  parameter int Width    = dvt_pkg::FeatureWordBits,
  parameter int BusBits  = dvt_pkg::MemoryBusBits
) (
  input  logic                              clk,
  input  logic                              rst,
  input  logic                              launch,  // of a word with a trip
  input  logic                              wide,
  input  logic [dvt_pkg::WritePartBits-1:0] part,
  output logic                              busy,
  output logic                              external,  // this trip writes to external memory
  output logic                              all_taken,
  input  logic                              beat_drained,
  output logic                              credit,
  input  logic                              beat_valid,
  input  logic [Blocks*Width-1:0]           beat_words,
  input  logic [Blocks*16-1:0]              beat_saturated,
  output logic [Banks-1:0]                  write_en,
  output logic [Banks*RowBits-1:0]          write_row,
  output logic [Banks*Width-1:0]            write_data,
  output logic                              push,
  output logic [BeatBits-1:0]               push_addr,
  output logic [BusBits-1:0]                push_data,
  output logic [BusBits/8-1:0]              push_strb,
  input  logic                              room,
  input  logic                              channel_idle,
  output logic                              taken,
  output logic [31:0]                       saturated,  // of the beat taken in this cycle
  output logic                              fault
);
  localparam int ClientBits = Blocks > 1 ? $clog2(Blocks) : 1;
  localparam int CountBits  = $clog2(dvt_pkg::TimingFw + 1);

  // ---- the queue and what is on its way to it ----
  logic                    head, queue_fault;
  logic [CountBits-1:0]    queued;
  logic [7:0]              open_beats_q;
  logic [Blocks*Width-1:0] words;
  logic [Blocks*16-1:0]    limits_hit;

  dvt_fifo #(.Width(Blocks*Width + Blocks*16), .Depth(dvt_pkg::TimingFw)) u_queue (
    .clk, .rst, .push(beat_valid), .push_data({beat_saturated, beat_words}), .pop(taken),
    .valid(head), .head({limits_hit, words}), .count(queued), .fault(queue_fault)
  );
  assign credit = open_beats_q < 8'(dvt_pkg::TimingFw);
  assign fault  = queue_fault;

  // ---- places of the head ----
  logic [Blocks-1:0]          keep, pending, rest_q, served, entered, want;
  logic [Blocks*32-1:0]       place;
  logic [Blocks*BankBits-1:0] bank;
  logic [Blocks*RowBits-1:0]  row;
  logic                       begun_q, last;

  dvt_beat_walk #(.AddrBits(32), .StepBits(32)) u_walk (
    .clk, .clear(launch), .step(taken), .wide,
    .base(part[dvt_pkg::WriteBaseLsb +: 32]), .n(part[dvt_pkg::WriteNLsb +: 64]),
    .steps(part[dvt_pkg::WriteDLsb +: 128]), .p_step(part[dvt_pkg::WritePdLsb +: 32]),
    .q_step(part[dvt_pkg::WriteQdLsb +: 32]), .j_step(part[dvt_pkg::WriteJdLsb +: 32]),
    .part_write(part), .keep, .place, .last
  );
  for (genvar b = 0; b < Blocks; b++) begin : g_block
    dvt_bank_split #(.Banks(Banks), .Words(dvt_pkg::StreamBufferWords), .AddrBits(24)) u_split (
      .addr(place[b*32 +: 24]), .bank(bank[b*BankBits +: BankBits]), .row(row[b*RowBits +: RowBits])
    );
  end
  assign external = part[dvt_pkg::WriteSpaceLsb];
  assign pending  = begun_q ? rest_q : keep;
  assign want     = head & ~external ? pending : '0;
  assign taken    = head & ((pending & ~served & ~entered) == '0);

  // ---- stream buffer ----
  logic [Banks*ClientBits-1:0] by;
  dvt_bank_grant #(.Clients(Blocks), .Banks(Banks), .BankBits(BankBits),
      .RowBits(RowBits)) u_grant (
    .want, .bank, .row, .blocked({Banks{1'b0}}), .served, .used(write_en), .used_row(write_row),
    .used_by(by)
  );
  for (genvar b = 0; b < Banks; b++) begin : g_bank
    assign write_data[b*Width +: Width] = words[by[b*ClientBits +: ClientBits]*Width +: Width];
  end

  // ---- external memory ----
  logic open, all_taken_q, busy_q, finished;
  dvt_coalescer #(.BeatBits(BeatBits)) u_coalescer (
    .clk, .rst, .head(head & external), .pending, .place, .blocks(words), .entered,
    .flush(all_taken_q), .open, .room, .push, .push_addr, .push_data, .push_strb
  );
  assign finished  = external ? all_taken_q & ~open & channel_idle : taken & last;
  assign busy      = busy_q;
  assign all_taken = all_taken_q;

  always_ff @(posedge clk) begin
    if (rst) begin
      begun_q      <= 1'b0;
      busy_q       <= 1'b0;
      all_taken_q  <= 1'b0;
      open_beats_q <= 8'd0;
    end else begin
      if (head) begun_q <= ~taken;
      busy_q       <= launch | (busy_q & ~finished);
      all_taken_q  <= ~launch & (all_taken_q | (taken & last));
      open_beats_q <= open_beats_q + 8'(beat_drained) - 8'(taken);
    end
    rest_q <= pending & ~served & ~entered;
  end

  // ---- values that saturated in blocks that are kept ----
  always_comb begin
    saturated = 32'd0;
    for (int b = 0; b < Blocks; b++) begin
      if (taken && keep[b]) saturated = saturated + 32'(limits_hit[b*16 +: 16]);
    end
  end

  logic unused;
  assign unused = &{1'b0, queued, part, place};
endmodule
