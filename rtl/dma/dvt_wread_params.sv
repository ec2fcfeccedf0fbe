// SPDX-License-Identifier: Apache-2.0
// dvt_wread_params -- groups of parameter rows: one contiguous run, one row a step.
//
// Cycles   timing.md section 3. start: the part is there from the next cycle on; busy from then
//          until the last row of the last group is taken. On buses below 16 bytes a row takes
//          several steps.
// Length   rows * groups is the one product of two fields that the hardware makes: 16 x 16 bits,
//          used from the cycle after the start on.
// Tests    tests/diff/diff_rtl.c
module dvt_wread_params #(
  parameter int AddrBits = 40,
  parameter int BeatBits = 34,
  parameter int LenBits  = 9,
  parameter int BusBits  = dvt_pkg::MemoryBusBits  // derived: do not override
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
  output logic                              group_first,
  output logic                              group_last,
  output logic                              step,
  output logic                              pw_valid,
  output logic                              pw_half,
  output logic [15:0]                       pw_row,
  output logic [95:0]                       pw_data
);
  localparam int RowBytes  = 16;
  localparam int BusBytes  = dvt_pkg::MemoryBusBytes;
  localparam int WideBytes = BusBytes > RowBytes ? BusBytes : RowBytes;
  localparam int BusLog2   = $clog2(BusBytes);
  localparam int Slots     = RowBytes <= BusBytes ? BusBytes / RowBytes : 1;

  logic [31:0]         src, rows_in_all;
  logic [15:0]         rows, groups, row_q, group_q, take, slot;
  logic                asking_q, busy_q, inside_q, half_q, run_done, last_row, last_group,
      row_taken;
  logic [AddrBits-1:0] first_byte, last_byte;
  logic [WideBytes*8-1:0] words;

  assign src         = part[dvt_pkg::WreadParamSrcLsb +: 32];
  assign rows        = part[dvt_pkg::WreadParamRowsLsb +: 16];
  assign groups      = part[dvt_pkg::WreadParamGroupsLsb +: 16];
  assign rows_in_all = {16'd0, rows} * {16'd0, groups};
  assign first_byte  = AddrBits'(src) << 4;
  assign last_byte   = first_byte + (AddrBits'(rows_in_all) << 4) - AddrBits'(1);

  dvt_burst #(.BeatBits(BeatBits), .LenBits(LenBits),
      .BurstBeats(dvt_pkg::MemoryBurstBeats)) u_burst (
    .clk, .rst,
    .run_first(first_byte[AddrBits-1:BusLog2]), .run_last(last_byte[AddrBits-1:BusLog2]),
    .grant, .addr(ask_addr), .beats(ask_beats), .run_done
  );
  assign ask = asking_q;

  assign last_row   = row_q + 16'd1 == rows;
  assign last_group = group_q + 16'd1 == groups;
  dvt_unpack #(.BusBytes(BusBytes), .WordBytes(RowBytes), .Max(1)) u_unpack (
    .clk, .rst, .beat_valid, .beat, .allow(busy_q & (inside_q | room)),
    .first_slot(src[15:0] & 16'(Slots - 1)), .left(16'd1), .left_is_run(last_row & last_group),
    .step, .take, .slot, .words, .pop(beat_pop)
  );
  assign row_taken   = step & take[0];
  assign group_first = step & ~inside_q;
  assign group_last  = row_taken & last_row;
  assign busy        = busy_q;

  always_ff @(posedge clk) begin
    if (rst) begin
      asking_q <= 1'b0;
      busy_q   <= 1'b0;
      inside_q <= 1'b0;
      half_q   <= 1'b0;
    end else begin
      asking_q <= start | (asking_q & ~(grant & run_done));
      busy_q   <= start | (busy_q & ~(group_last & last_group));
      if (step) inside_q <= ~group_last;
      half_q   <= half_q ^ group_last;
    end
    if (start) row_q <= 16'd0;
    else if (row_taken) row_q <= last_row ? 16'd0 : row_q + 16'd1;
    if (start) group_q <= 16'd0;
    else if (group_last) group_q <= group_q + 16'd1;
  end

  assign pw_valid = row_taken;
  assign pw_half  = half_q;
  assign pw_row   = row_q;
  assign pw_data  = words[slot*(RowBytes*8) +: 96];

  logic unused;
  assign unused = &{1'b0, take[15:1], first_byte[BusLog2-1:0], last_byte[BusLog2-1:0], words, part};
endmodule
