// SPDX-License-Identifier: Apache-2.0
// dvt_wread_pages -- pages of filters: asked for in loop order, taken apart into filter words.
//
// Idea     one nest asks for pages (a contiguous run each), another takes beats apart into rows:
//          word w of all lanes. A step carries words of one row, so that they go to as many lanes
//          at one address.
// Cycles   timing.md section 3. start: the part is there from the next cycle on; busy from then
//          until the last word of the last page is taken.
// Lanes    1 (depthwise) or k_vec, nothing else: the bytes of a page need no multiplier.
// Tests    tests/diff/diff_rtl.c
module dvt_wread_pages #(
  parameter int AddrBits = 40,
  parameter int BeatBits = 34,
  parameter int LenBits  = 9,
  parameter int KVec     = dvt_pkg::KVec,  // derived, as those below: do not override
  parameter int Width    = dvt_pkg::FilterWordBits,
  parameter int BusBits  = dvt_pkg::MemoryBusBits
) (
  input  logic                              clk,
  input  logic                              rst,
  input  logic                              start,
  input  logic [dvt_pkg::WreadPartBits-1:0] part,
  output logic                              busy,
  output logic                              ask,
  output logic [BeatBits-1:0]               ask_addr,
  output logic [LenBits-1:0]                ask_beats,
  input  logic                              grant,
  input  logic                              beat_valid,
  input  logic [BusBits-1:0]                beat,
  output logic                              beat_pop,
  input  logic                              room,
  output logic                              page_first,
  output logic                              page_last,
  output logic                              step,
  output logic                              fw_valid,
  output logic                              fw_half,
  output logic [15:0]                       fw_word,
  output logic [KVec-1:0]                   fw_lanes,
  output logic [KVec*Width-1:0]             fw_data
);
  localparam int BusBytes  = dvt_pkg::MemoryBusBytes;
  localparam int WordBytes = dvt_pkg::FilterWordBytes;
  localparam int WideBytes = BusBytes > WordBytes ? BusBytes : WordBytes;
  localparam int WordLog2  = $clog2(WordBytes);
  localparam int BusLog2   = $clog2(BusBytes);
  localparam int Slots     = WordBytes <= BusBytes ? BusBytes / WordBytes : 1;

  logic [31:0] src;
  logic [15:0] words_of_lane, lanes;
  logic [47:0] n;
  logic [95:0] steps;
  assign src           = part[dvt_pkg::WreadSrcLsb +: 32];
  assign words_of_lane = part[dvt_pkg::WreadWordsLsb +: 16];
  assign lanes         = part[dvt_pkg::WreadLanesLsb +: 16] == 16'd1 ? 16'd1 : 16'(KVec);
  assign n             = part[dvt_pkg::WreadNLsb +: 48];
  assign steps         = part[dvt_pkg::WreadStepLsb +: 96];

  // ---- requests ----
  logic                asking_q, run_done;
  logic [2:0]          ask_end, ask_advance;
  logic [3:0]          ask_below;
  logic [31:0]         ask_sum, page_at, page_words;
  logic [AddrBits-1:0] first_byte, last_byte;

  dvt_nest #(.Levels(3)) u_ask_nest (
    .clk, .clear(start), .step(grant & run_done), .n,
    .at_end(ask_end), .below_end(ask_below), .advance(ask_advance)
  );
  dvt_nest_sum #(.Levels(3), .StepBits(32), .SumBits(32)) u_ask_sum (
    .clk, .clear(start), .step(grant & run_done), .advance(ask_advance), .steps, .sum(ask_sum)
  );
  assign page_at    = src + ask_sum;
  assign page_words = lanes == 16'd1 ? {16'd0, words_of_lane} : {16'd0, words_of_lane} * 32'(KVec);
  assign first_byte = AddrBits'(page_at) << 4;
  assign last_byte  = first_byte + (AddrBits'(page_words) << WordLog2) - AddrBits'(1);
  dvt_burst #(.BeatBits(BeatBits), .LenBits(LenBits),
      .BurstBeats(dvt_pkg::MemoryBurstBeats)) u_burst (
    .clk, .rst,
    .run_first(first_byte[AddrBits-1:BusLog2]), .run_last(last_byte[AddrBits-1:BusLog2]),
    .grant, .addr(ask_addr), .beats(ask_beats), .run_done
  );
  assign ask = asking_q;

  // ---- words ----
  logic                   busy_q, inside_q, half_q, row_ends, last_row;
  logic [2:0]             take_end, take_advance;
  logic [3:0]             take_below;
  logic [7:0]             low_sum;
  logic [15:0]            word_q, lane_q, left, take, slot, first_slot, low_bytes;
  logic [WideBytes*8-1:0] words;

  dvt_nest #(.Levels(3)) u_take_nest (
    .clk, .clear(start), .step(page_last), .n,
    .at_end(take_end), .below_end(take_below), .advance(take_advance)
  );
  dvt_nest_sum #(.Levels(3), .StepBits(32), .SumBits(8)) u_slot_sum (
    .clk, .clear(start), .step(page_last), .advance(take_advance), .steps, .sum(low_sum)
  );
  // units of 16 bytes, within 256 units, to words of the beat
  assign low_bytes  = {4'd0, src[7:0] + low_sum, 4'd0};
  assign first_slot = (low_bytes >> WordLog2) & 16'(Slots - 1);
  assign left       = lanes - lane_q;
  assign last_row   = word_q + 16'd1 == words_of_lane;
  dvt_unpack #(.BusBytes(BusBytes), .WordBytes(WordBytes), .Max(KVec)) u_unpack (
    .clk, .rst, .beat_valid, .beat, .allow(busy_q & (inside_q | room)), .first_slot, .left,
    .left_is_run(last_row), .step, .take, .slot, .words, .pop(beat_pop)
  );
  assign row_ends   = step & (take == left);
  assign page_first = step & ~inside_q;
  assign page_last  = row_ends & last_row;
  assign busy       = busy_q;

  always_ff @(posedge clk) begin
    if (rst) begin
      asking_q <= 1'b0;
      busy_q   <= 1'b0;
      inside_q <= 1'b0;
      half_q   <= 1'b0;
    end else begin
      asking_q <= start | (asking_q & ~(grant & run_done & ask_below[3]));
      busy_q   <= start | (busy_q & ~(page_last & take_below[3]));
      if (step) inside_q <= ~page_last;
      half_q   <= half_q ^ page_last;
    end
    if (start) word_q <= 16'd0;
    else if (row_ends) word_q <= last_row ? 16'd0 : word_q + 16'd1;
    if (start) lane_q <= 16'd0;
    else if (step) lane_q <= row_ends ? 16'd0 : lane_q + take;
  end

  // ---- lanes: lane l takes word slot + l - lane_q of the beat ----
  logic [Slots*Width-1:0] turned;  // word i is that of the lanes l with l mod Slots = i
  logic [15:0]            turn;

  assign turn = slot - lane_q;
  for (genvar i = 0; i < Slots; i++) begin : g_slot
    logic [15:0] at;
    assign at = (16'(i) + turn) & 16'(Slots - 1);
    assign turned[i*Width +: Width] = words[at*(WordBytes*8) +: Width];
  end
  for (genvar l = 0; l < KVec; l++) begin : g_lane
    assign fw_lanes[l] = (16'(l) >= lane_q) & (16'(l) - lane_q < take);
    assign fw_data[l*Width +: Width] = turned[(l % Slots)*Width +: Width];
  end
  assign fw_valid = step & (take != 16'd0);
  assign fw_half  = half_q;
  assign fw_word  = word_q;

  logic unused;
  assign unused = &{1'b0, turned, ask_end, ask_below[2:0], take_end, take_below[2:0],
      last_byte[BusLog2-1:0],
                    first_byte[BusLog2-1:0], words, part};
endmodule
