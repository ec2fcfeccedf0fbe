// SPDX-License-Identifier: Apache-2.0
// dvt_fread -- feature reader: external memory to stream buffer (isa.md, fread).
//
// Idea     one nest asks for the runs (n[0] contiguous words for each of levels 1 and 2), another
//          takes the beats apart as they arrive and counts where the words go.
// Cycles   timing.md section 3. Asks from the cycle after the launch on; busy falls with the last
//          word written. A step writes up to Banks words, each into a bank of its own.
// Tests    tests/diff/diff_rtl.c
module dvt_fread #(
  parameter int AddrBits = 40,
  parameter int BeatBits = 34,
  parameter int LenBits  = 9,
  parameter int BankBits = 2,
  parameter int RowBits  = 10,
  parameter int Banks    = dvt_pkg::StreamBufferBanks,  // derived, as those below: do not override
  parameter int Width    = dvt_pkg::FeatureWordBits,
  parameter int BusBits  = dvt_pkg::MemoryBusBits
) (
  input  logic                              clk,
  input  logic                              rst,
  input  logic                              launch,  // of a word with fread
  input  logic [dvt_pkg::FreadPartBits-1:0] part,
  output logic                              busy,
  output logic                              ask,
  output logic [BeatBits-1:0]               ask_addr,
  output logic [LenBits-1:0]                ask_beats,
  input  logic                              grant,
  input  logic                              beat_valid,
  input  logic [BusBits-1:0]                beat,
  output logic                              beat_pop,
  output logic [Banks-1:0]                  write_en,
  output logic [Banks*RowBits-1:0]          write_row,
  output logic [Banks*Width-1:0]            write_data,
  output logic                              step  // for the counters
);
  localparam int BusBytes  = dvt_pkg::MemoryBusBytes;
  localparam int WordBytes = dvt_pkg::FeatureWordBytes;
  localparam int WideBytes = BusBytes > WordBytes ? BusBytes : WordBytes;
  localparam int WordLog2  = $clog2(WordBytes);
  localparam int BusLog2   = $clog2(BusBytes);
  localparam int Slots     = WordBytes <= BusBytes ? BusBytes / WordBytes : 1;

  logic [31:0] src;
  logic [23:0] dst;
  logic [15:0] n0;
  logic [31:0] n_outer;
  logic [63:0] src_step;
  logic [47:0] dst_step;
  assign src      = part[dvt_pkg::FreadSrcLsb +: 32];
  assign dst      = part[dvt_pkg::FreadDstLsb +: 24];
  assign n0       = part[dvt_pkg::FreadNLsb +: 16];
  assign n_outer  = part[dvt_pkg::FreadNLsb + 16 +: 32];
  assign src_step = part[dvt_pkg::FreadSrcStepLsb +: 64];
  assign dst_step = part[dvt_pkg::FreadDstStepLsb +: 48];

  // ---- requests ----
  logic                asking_q, run_done, ask_last;
  logic [1:0]          ask_end, ask_advance;
  logic [2:0]          ask_below;
  logic [31:0]         ask_sum, run_at;
  logic [AddrBits-1:0] first_byte, behind_byte, last_byte;

  dvt_nest #(.Levels(2)) u_ask_nest (
    .clk, .clear(launch), .step(grant & run_done), .n(n_outer),
    .at_end(ask_end), .below_end(ask_below), .advance(ask_advance)
  );
  dvt_nest_sum #(.Levels(2), .StepBits(32), .SumBits(32)) u_ask_sum (
    .clk, .clear(launch), .step(grant & run_done), .advance(ask_advance), .steps(src_step),
    .sum(ask_sum)
  );
  assign run_at      = src + ask_sum;
  assign first_byte  = AddrBits'(run_at) << WordLog2;
  assign behind_byte = first_byte + (AddrBits'(n0) << WordLog2);
  assign last_byte   = behind_byte - AddrBits'(1);
  dvt_burst #(.BeatBits(BeatBits), .LenBits(LenBits),
      .BurstBeats(dvt_pkg::MemoryBurstBeats)) u_burst (
    .clk, .rst,
    .run_first(first_byte[AddrBits-1:BusLog2]), .run_last(last_byte[AddrBits-1:BusLog2]),
    .grant, .addr(ask_addr), .beats(ask_beats), .run_done
  );
  assign ask      = asking_q;
  assign ask_last = grant & run_done & ask_below[2];

  always_ff @(posedge clk) begin
    if (rst) asking_q <= 1'b0;
    else asking_q <= launch | (asking_q & ~ask_last);
  end

  // ---- words ----
  logic                   busy_q, run_ends, take_last;
  logic [1:0]             take_end, take_advance;
  logic [2:0]             take_below;
  logic [15:0]            done_q, left, take, slot, first_slot, low_sum;
  logic [23:0]            dst_sum, to;
  logic [WideBytes*8-1:0] words;
  logic [BankBits-1:0]    to_bank;
  logic [RowBits-1:0]     to_row;

  dvt_nest #(.Levels(2)) u_take_nest (
    .clk, .clear(launch), .step(run_ends), .n(n_outer),
    .at_end(take_end), .below_end(take_below), .advance(take_advance)
  );
  dvt_nest_sum #(.Levels(2), .StepBits(24), .SumBits(24)) u_dst_sum (
    .clk, .clear(launch), .step(run_ends), .advance(take_advance), .steps(dst_step), .sum(dst_sum)
  );
  dvt_nest_sum #(.Levels(2), .StepBits(32), .SumBits(16)) u_slot_sum (
    .clk, .clear(launch), .step(run_ends), .advance(take_advance), .steps(src_step), .sum(low_sum)
  );
  assign first_slot = (src[15:0] + low_sum) & 16'(Slots - 1);
  assign left       = n0 - done_q;
  dvt_unpack #(.BusBytes(BusBytes), .WordBytes(WordBytes), .Max(Banks)) u_unpack (
    .clk, .rst, .beat_valid, .beat, .allow(busy_q), .first_slot, .left, .left_is_run(1'b1),
    .step, .take, .slot, .words, .pop(beat_pop)
  );
  assign run_ends  = step & (take == left);
  assign take_last = run_ends & take_below[2];
  assign busy      = busy_q;

  always_ff @(posedge clk) begin
    if (rst) busy_q <= 1'b0;
    else busy_q <= launch | (busy_q & ~take_last);
    if (launch | run_ends) done_q <= 16'd0;
    else if (step) done_q <= done_q + take;
  end

  // ---- banks: word i of the step goes to bank (to + i) mod Banks ----
  assign to = dst + dst_sum + 24'(done_q);
  dvt_bank_split #(.Banks(Banks), .Words(dvt_pkg::StreamBufferWords), .AddrBits(24)) u_split (
    .addr(to), .bank(to_bank), .row(to_row)
  );
  for (genvar b = 0; b < Banks; b++) begin : g_bank
    logic        wraps;
    logic [15:0] index, at;

    assign wraps = 16'(b) < 16'(to_bank);
    assign index = 16'(b) - 16'(to_bank) + (wraps ? 16'(Banks) : 16'd0);
    assign at    = (slot + index) & 16'(Slots - 1);
    assign write_en[b]                    = step & (index < take);
    assign write_row[b*RowBits +: RowBits] = to_row + RowBits'(wraps);
    assign write_data[b*Width +: Width]   = words[at*(WordBytes*8) +: Width];
  end

  logic unused;
  assign unused = &{1'b0, ask_end, ask_below[1:0], take_end, take_below[1:0],
      last_byte[BusLog2-1:0], words};
endmodule
