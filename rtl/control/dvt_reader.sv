// SPDX-License-Identifier: Apache-2.0
// dvt_reader -- reads long words from the control stream and sends their parts down the chain.
//
// Idea     the stream is units of 8 bytes, so a flit of any link width is a slice of the unit at
//          the head. A word is: header (kept here), then for each kernel of its mask one start
//          flit and its data, then an end flit. A kernel's units are a constant; the stream
//          carries no lengths.
// Flits    kind 0 none, 1 start (payload: kernel, 15 = end of the word), 2 data, 3 last data of a
//          part.
// Cycles   timing.md section 4: at most one flit a cycle; the header waits until the word before
//          has been launched (word_open = 0).
// Errors   bad_header: version or zero byte wrong; bad_mask: kernels that this overlay does not
//          have; bad_length: the stream ends before its words do, or later; bad_check: the word's
//          CRC is not the header's, and its end flit is not sent. They hold until reset.
// Tests    tests/diff/diff_rtl.c
module dvt_reader #(
  parameter int Link     = dvt_pkg::ControlLinkBits,  // derived, as those below: do not override
  parameter int BeatBits = dvt_pkg::MemoryBusBits > 64 ? dvt_pkg::MemoryBusBits : 64
) (
  input  logic                clk,
  input  logic                rst,
  input  logic [31:0]         words,       // of the run
  input  logic [15:0]         first_unit,  // place of the stream's first unit in its beat
  input  logic [31:0]         units,       // of the stream
  input  logic                misplaced,   // it is empty, or does not begin and end with a unit
  input  logic                beat_valid,
  input  logic [BeatBits-1:0] beat,
  output logic                beat_pop,
  output logic [1:0]          flit_kind,
  output logic [Link-1:0]     flit,
  input  logic                launch,
  output logic [15:0]         tag,      // of the word being loaded
  output logic [15:0]         kernels,  // and its mask
  output logic                bad_header,
  output logic                bad_mask,
  output logic                bad_length,
  output logic                bad_check
);
  localparam logic [1:0] Header = 2'd0, Start = 2'd1, Data = 2'd2, End = 2'd3;
  localparam int Flits = 64 / Link;  // of a unit
  localparam logic [15:0] Known = 16'(
      dvt_pkg::HasFread << dvt_pkg::KernelFread | dvt_pkg::HasWread << dvt_pkg::KernelWread |
      dvt_pkg::HasSread << dvt_pkg::KernelSread | dvt_pkg::HasArray << dvt_pkg::KernelArray |
      dvt_pkg::HasXbar << dvt_pkg::KernelXbar | dvt_pkg::HasScale << dvt_pkg::KernelScale |
      dvt_pkg::HasAct << dvt_pkg::KernelAct | dvt_pkg::HasPool << dvt_pkg::KernelPool |
      dvt_pkg::HasElt << dvt_pkg::KernelElt | dvt_pkg::HasDepthwise << dvt_pkg::KernelDepthwise |
      dvt_pkg::HasLrn << dvt_pkg::KernelLrn | dvt_pkg::HasWrite << dvt_pkg::KernelWrite);

  function automatic logic [7:0] units_of(input logic [3:0] kernel);
    case (kernel)
      4'(dvt_pkg::KernelFread):     units_of = 8'(dvt_pkg::FreadPartBytes / 8);
      4'(dvt_pkg::KernelWread):     units_of = 8'(dvt_pkg::WreadPartBytes / 8);
      4'(dvt_pkg::KernelSread):     units_of = 8'(dvt_pkg::SreadPartBytes / 8);
      4'(dvt_pkg::KernelArray):     units_of = 8'(dvt_pkg::ArrayPartBytes / 8);
      4'(dvt_pkg::KernelXbar):      units_of = 8'(dvt_pkg::XbarPartBytes / 8);
      4'(dvt_pkg::KernelScale):     units_of = 8'(dvt_pkg::ScalePartBytes / 8);
      4'(dvt_pkg::KernelAct):       units_of = 8'(dvt_pkg::ActPartBytes / 8);
      4'(dvt_pkg::KernelPool):      units_of = 8'(dvt_pkg::PoolPartBytes / 8);
      4'(dvt_pkg::KernelElt):       units_of = 8'(dvt_pkg::EltPartBytes / 8);
      4'(dvt_pkg::KernelDepthwise): units_of = 8'(dvt_pkg::DepthwisePartBytes / 8);
      4'(dvt_pkg::KernelLrn):       units_of = 8'(dvt_pkg::LrnPartBytes / 8);
      default:                      units_of = 8'(dvt_pkg::WritePartBytes / 8);
    endcase
  endfunction

  function automatic logic [3:0] lowest(input logic [15:0] mask);
    lowest = 4'd0;
    for (int k = dvt_pkg::KernelCount - 1; k >= 0; k--) begin
      if (mask[k]) lowest = 4'(k);
    end
  endfunction

  // CRC-16 of eight more bytes, the first in the lowest byte of `bytes` (isa.md, Encoding).
  function automatic logic [15:0] crc_of(input logic [15:0] from, input logic [63:0] bytes);
    logic [15:0] c;
    c = from;
    for (int i = 0; i < 64; i++) begin
      c = {c[14:0], 1'b0} ^ (c[15] ^ bytes[(i & ~7) | (7 - (i & 7))] ? 16'h1021 : 16'd0);
    end
    crc_of = c;
  endfunction

  // ---- units ----
  logic                unit_step, unit_taken, last_unit;
  logic [15:0]         take, slot;
  logic [31:0]         units_q, words_q;
  logic [BeatBits-1:0] all;
  logic [63:0]         unit;

  dvt_unpack #(.BusBytes(BeatBits/8), .WordBytes(8), .Max(1)) u_unpack (
    .clk, .rst, .beat_valid, .beat, .allow(unit_taken), .first_slot(first_unit), .left(16'd1),
    .left_is_run(last_unit), .step(unit_step), .take, .slot, .words(all), .pop(beat_pop)
  );
  assign unit      = all[slot*64 +: 64];
  assign last_unit = units_q + 32'd1 == units;

  // ---- states ----
  logic [1:0]  state_q, state_d, behind_part;
  logic        word_open_q, header_ok, take_header, send_data, unit_ends, part_ends;
  logic [15:0] mask_d, mask_q, rest_q, rest_d, tag_q, check_q, crc_q;
  logic        check_ok;
  logic [7:0]  unit_q;
  logic [3:0]  flit_q, kernel;

  assign mask_d      = unit[39:24];
  assign header_ok   = (unit[7:0] == 8'(dvt_pkg::IsaVersion)) & (unit[47:40] == 8'd0);
  assign take_header = (state_q == Header) & ~word_open_q & beat_valid & (words_q != words);
  assign kernel      = lowest(rest_q);
  assign send_data   = (state_q == Data) & beat_valid;
  assign unit_ends   = send_data & (flit_q == 4'(Flits - 1));
  assign part_ends   = unit_ends & (unit_q + 8'd1 == units_of(kernel));
  assign unit_taken  = take_header | unit_ends;
  assign rest_d      = rest_q & ~(16'd1 << kernel);
  assign behind_part = rest_d == 16'd0 ? End : Start;

  always_comb begin
    state_d = state_q;
    case (state_q)
      Header:  if (take_header) state_d = mask_d == 16'd0 ? End : Start;
      Start:   state_d = Data;
      Data:    if (part_ends) state_d = behind_part;
      default: state_d = Header;
    endcase
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      state_q     <= Header;
      word_open_q <= 1'b0;
      units_q     <= 32'd0;
      words_q     <= 32'd0;
      flit_q      <= 4'd0;
      unit_q      <= 8'd0;
    end else begin
      state_q     <= state_d;
      word_open_q <= take_header | (word_open_q & ~launch);
      if (unit_step) units_q <= units_q + 32'd1;
      if (take_header) words_q <= words_q + 32'd1;
      if (send_data) flit_q <= unit_ends ? 4'd0 : flit_q + 4'd1;
      if (unit_ends) unit_q <= part_ends ? 8'd0 : unit_q + 8'd1;
    end
    if (take_header) begin
      check_q <= unit[63:48];
      crc_q   <= crc_of(16'hffff, {16'd0, unit[47:0]});
    end else if (unit_ends) begin
      crc_q <= crc_of(crc_q, unit);
    end
    if (take_header) begin
      tag_q  <= unit[23:8];
      mask_q <= mask_d;
      rest_q <= mask_d & Known;
    end else if (part_ends) begin
      rest_q <= rest_d;
    end
  end
  assign check_ok = crc_q == check_q;
  assign tag     = tag_q;
  assign kernels = mask_q;

  // ---- flits ----
  always_comb begin
    flit_kind = 2'd0;
    flit      = unit[flit_q*Link +: Link];
    case (state_q)
      Header:  flit_kind = 2'd0;
      Start: begin
        flit_kind = 2'd1;
        flit      = Link'(kernel);
      end
      Data:    flit_kind = {send_data, part_ends};
      default: begin
        flit_kind = {1'b0, check_ok};
        flit      = Link'(15);
      end
    endcase
  end

  // ---- errors ----
  logic header_q, mask_bad_q, length_q, check_bad_q, ended;
  assign ended = units_q == units;
  always_ff @(posedge clk) begin
    if (rst) begin
      header_q   <= 1'b0;
      mask_bad_q <= 1'b0;
      length_q   <= 1'b0;
      check_bad_q <= 1'b0;
    end else begin
      if (state_q == End && !check_ok) check_bad_q <= 1'b1;
      if (take_header && !header_ok) header_q <= 1'b1;
      if (take_header && (mask_d & ~Known) != 16'd0) mask_bad_q <= 1'b1;
      // a unit is wanted behind the end, or there are units behind the last word
      if (ended && (state_q == Data || (state_q == Header && words_q != words))) length_q <= 1'b1;
      if (!ended && state_q == Header && words_q == words) length_q <= 1'b1;
    end
  end
  assign bad_header = header_q;
  assign bad_mask   = mask_bad_q;
  assign bad_length = length_q | misplaced;
  assign bad_check  = check_bad_q;

  logic unused;
  assign unused = &{1'b0, take};
endmodule
