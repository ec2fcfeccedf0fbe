// SPDX-License-Identifier: Apache-2.0
// dvt_wread -- filter reader: takes its part as soon as it is idle and runs ahead of the other
//             kernels.
//
// Cycles   timing.md section 3, wread runs ahead: idle (pages and parameters of the part before
//          asked for and taken apart) and a complete part in the shadow register: taken in this
//          cycle, asked for from the next cycle on.
// Tests    tests/diff/diff_rtl.c
module dvt_wread #(
  parameter int AddrBits = 40,
  parameter int BeatBits = 34,
  parameter int LenBits  = 9,
  parameter int KVec     = dvt_pkg::KVec,  // derived, as those below: do not override
  parameter int Width    = dvt_pkg::FilterWordBits,
  parameter int BusBits  = dvt_pkg::MemoryBusBits
) (
  input  logic                              clk,
  input  logic                              rst,
  input  logic                              shadow_full,
  input  logic [dvt_pkg::WreadPartBits-1:0] shadow,
  output logic                              taken,  // the shadow is, in this cycle
  // client 0 parameters, client 1 pages
  output logic [1:0]                        ask,
  output logic [2*BeatBits-1:0]             ask_addr,
  output logic [2*LenBits-1:0]              ask_beats,
  input  logic [1:0]                        grant,
  input  logic [1:0]                        beat_valid,
  input  logic [2*BusBits-1:0]              beat,
  output logic [1:0]                        beat_pop,
  output logic [1:0]                        step,
  // buffers
  input  logic                              page_room,
  output logic                              page_first,
  output logic                              page_last,
  input  logic                              group_room,
  output logic                              group_first,
  output logic                              group_last,
  output logic                              fw_valid,
  output logic                              fw_half,
  output logic [15:0]                       fw_word,
  output logic [KVec-1:0]                   fw_lanes,
  output logic [KVec*Width-1:0]             fw_data,
  output logic                              pw_valid,
  output logic                              pw_half,
  output logic [15:0]                       pw_row,
  output logic [95:0]                       pw_data
);
  logic [dvt_pkg::WreadPartBits-1:0] part_q;
  logic                              pages_busy, params_busy, has_pages, has_params;

  assign taken      = shadow_full & ~pages_busy & ~params_busy;
  assign has_pages  = shadow[dvt_pkg::WreadWordsLsb +: 16] != 16'd0;
  assign has_params = (shadow[dvt_pkg::WreadParamRowsLsb +: 16] != 16'd0) &
                      (shadow[dvt_pkg::WreadParamGroupsLsb +: 16] != 16'd0);

  always_ff @(posedge clk) if (taken) part_q <= shadow;

  dvt_wread_params #(.AddrBits(AddrBits), .BeatBits(BeatBits), .LenBits(LenBits)) u_params (
    .clk, .rst, .start(taken & has_params), .part(part_q), .busy(params_busy),
    .ask(ask[0]), .ask_addr(ask_addr[0 +: BeatBits]), .ask_beats(ask_beats[0 +: LenBits]),
    .grant(grant[0]), .beat_valid(beat_valid[0]), .beat(beat[0 +: BusBits]), .beat_pop(beat_pop[0]),
    .room(group_room), .group_first, .group_last, .step(step[0]),
    .pw_valid, .pw_half, .pw_row, .pw_data
  );
  dvt_wread_pages #(.AddrBits(AddrBits), .BeatBits(BeatBits), .LenBits(LenBits)) u_pages (
    .clk, .rst, .start(taken & has_pages), .part(part_q), .busy(pages_busy),
    .ask(ask[1]), .ask_addr(ask_addr[BeatBits +: BeatBits]),
    .ask_beats(ask_beats[LenBits +: LenBits]),
    .grant(grant[1]), .beat_valid(beat_valid[1]), .beat(beat[BusBits +: BusBits]),
    .beat_pop(beat_pop[1]),
    .room(page_room), .page_first, .page_last, .step(step[1]),
    .fw_valid, .fw_half, .fw_word, .fw_lanes, .fw_data
  );
endmodule
