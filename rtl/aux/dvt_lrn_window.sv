// SPDX-License-Identifier: Apache-2.0
// dvt_lrn_window -- which value of its pixel each lane of a group needs: the front of dvt_lrn.
//
// Idea      The last 2V + 1 channel blocks of a pixel group are kept, the result's block in the
//           middle, V blocks back. For a result, every lane gets a line of values that begins
//           with the window's first channel for the block's channel 0; after each position the
//           lines move on by one channel, so that channel c's tap always stands at place c.
// Stages    cycles with `en`; a turn completed in t: block at the port in t + 2, kept from t + 3
//           on, lines loaded from t + 4 on; position i, group g at the outputs in t + 4 + i * M +
//           g, M = max(Groups, LA). Channels that do not exist are zero, as are virtual turns.
// Raw       a value is {exponent, mantissa} as in its block, int8: the byte.
// Tests     tests/diff/diff_rtl.c
module dvt_lrn_window #(
  parameter int Vec       = 16,
  parameter int SizeMax   = 15,
  parameter int RawBits   = 17,
  parameter int Values    = dvt_pkg::Pixels * dvt_pkg::CVec,  // derived: do not override
  parameter int Groups    = (Values + Vec - 1) / Vec,         // derived: do not override
  parameter int IndexBits = Groups > 1 ? $clog2(Groups) : 1   // derived: do not override
) (
  input  logic                                                clk,
  input  logic                                                rst,
  input  logic                                                en,
  input  logic [7:0]                                          size,
  input  logic                                                valid2,
  input  logic                                                first2,
  input  logic                                                last2,
  input  logic [dvt_pkg::Pixels*dvt_pkg::FeatureWordBits-1:0] blocks2,
  input  logic [dvt_pkg::Pixels-1:0]                          inside2,
  output logic                                                valid_o,
  output logic [IndexBits-1:0]                                index_o,
  output logic                                                first_o,  // position
  output logic                                                last_o,
  output logic [Vec*RawBits-1:0]                              tap_o,
  output logic [Vec*RawBits-1:0]                              centre_o,
  output logic                                                busy
);
  localparam int La       = dvt_pkg::TimingLa;
  localparam int CVec     = dvt_pkg::CVec;
  localparam int Pixels   = dvt_pkg::Pixels;
  localparam int Word     = dvt_pkg::FeatureWordBits;
  localparam int Int8     = dvt_pkg::FormatIsInt8;
  localparam int Mf       = dvt_pkg::FormatFeatureMantissaBits;
  localparam int HalfMax  = (SizeMax - 1) / 2;
  localparam int VMax     = (HalfMax + CVec - 1) / CVec;
  localparam int Kept     = 2 * VMax + 1;
  localparam int Line     = CVec + 2 * HalfMax;    // places of a line
  localparam int Cycles   = Groups > La ? Groups : La;
  localparam int StepBits = $clog2(Cycles);

  // ---- blocks kept, the newest lowest; each value raw ----
  localparam int PixelBits = CVec * RawBits;
  localparam int TurnBits  = Pixels * PixelBits;

  logic [TurnBits-1:0]      now2;
  logic [Kept*TurnBits-1:0] kept_q;
  logic                     load3_q;

  for (genvar n = 0; n < Values; n++) begin : g_raw
    localparam int Lane = n / CVec;
    logic [RawBits-1:0] r;
    if (Int8 != 0) begin : g_int8
      assign r = blocks2[Lane*Word+(n%CVec)*Mf +: Mf];
    end else begin : g_bfp
      assign r = {blocks2[Lane*Word+CVec*Mf +: 5], blocks2[Lane*Word+(n%CVec)*Mf +: Mf]};
    end
    assign now2[n*RawBits +: RawBits] = inside2[Lane] ? r : '0;
  end

  always_ff @(posedge clk) begin
    if (en && valid2) begin
      if (first2) kept_q <= (Kept*TurnBits)'(now2);
      else kept_q <= (Kept*TurnBits)'({kept_q, now2});
    end
    if (rst) load3_q <= 1'b0;
    else if (en) load3_q <= valid2 && last2;
  end

  // ---- lines: channel c of place j is c + j - half of the block `back` turns ago ----
  logic [7:0]                     half;
  logic [Pixels*Line*RawBits-1:0] line_q, line_d, around;
  logic [TurnBits-1:0]            centre_q, centre_d;

  assign half = (size - 8'd1) >> 1;

  // block `turns` back of a pixel, or zeros
  function automatic logic [PixelBits-1:0] block(input logic [Kept*TurnBits-1:0] k,
                                                 input integer turns, input integer pixel);
    block = turns >= 0 && turns < Kept
              ? k[(turns >= 0 && turns < Kept ? turns : 0)*TurnBits+pixel*PixelBits +: PixelBits]
              : '0;
  endfunction

  // blocks around the result's, HalfMax channels on either side
  function automatic logic [Line*RawBits-1:0] surroundings(input logic [Kept*TurnBits-1:0] k,
                                                           input integer back, input integer pixel);
    logic [PixelBits-1:0] b;
    for (int j = 0; j < Line; j++) begin
      // block of channel j - HalfMax, counted from the result's; rounded down
      b = block(k, back - ((j - HalfMax + VMax * CVec) / CVec - VMax), pixel);
      surroundings[j*RawBits +: RawBits] = b[((j-HalfMax+VMax*CVec)%CVec)*RawBits +: RawBits];
    end
  endfunction

  function automatic logic [Pixels*Line*RawBits-1:0] all_surroundings(
    input logic [Kept*TurnBits-1:0] k, input logic [7:0] h);
    all_surroundings = '0;
    for (int back = 0; back <= VMax; back++) begin
      // V = ceil(half / CVec)
      if ((back == 0 || {24'd0, h} > 32'((back-1)*CVec)) && {24'd0, h} <= 32'(back*CVec)) begin
        for (int p = 0; p < Pixels; p++)
          all_surroundings[p*Line*RawBits +: Line*RawBits] = surroundings(k, back, p);
      end
    end
  endfunction

  // every line moved down by HalfMax - half places
  function automatic logic [Pixels*Line*RawBits-1:0] aligned(
    input logic [Pixels*Line*RawBits-1:0] a, input logic [7:0] h);
    aligned = a;
    for (int d = 1; d <= HalfMax; d++) begin
      if (h == 8'(HalfMax - d)) begin
        for (int p = 0; p < Pixels; p++)
          aligned[p*Line*RawBits +: Line*RawBits] =
            a[p*Line*RawBits +: Line*RawBits] >> (d * RawBits);
      end
    end
  endfunction

  function automatic logic [TurnBits-1:0] centres(input logic [Pixels*Line*RawBits-1:0] a);
    for (int p = 0; p < Pixels; p++)
      centres[p*PixelBits +: PixelBits] = a[(p*Line+HalfMax)*RawBits +: PixelBits];
  endfunction

  function automatic logic [Pixels*Line*RawBits-1:0] moved(
    input logic [Pixels*Line*RawBits-1:0] a);
    for (int p = 0; p < Pixels; p++)
      moved[p*Line*RawBits +: Line*RawBits] = a[p*Line*RawBits +: Line*RawBits] >> RawBits;
  endfunction

  assign around   = load3_q ? all_surroundings(kept_q, half) : '0;
  assign line_d   = aligned(around, half);
  assign centre_d = centres(around);

  // ---- positions and groups ----
  logic                run_q, next_position;
  logic [7:0]          position_q;
  logic [StepBits-1:0] step_q;

  assign next_position = step_q == StepBits'(Cycles - 1);
  always_ff @(posedge clk) begin
    if (rst) begin
      run_q <= 1'b0;
    end else if (en) begin
      if (load3_q) run_q <= 1'b1;
      else if (next_position && last_o) run_q <= 1'b0;
    end
    if (en && load3_q) begin
      line_q     <= line_d;
      centre_q   <= centre_d;
      position_q <= 8'd0;
      step_q     <= '0;
    end else if (en && run_q) begin
      step_q <= next_position ? '0 : step_q + StepBits'(1);
      if (next_position) begin
        position_q <= position_q + 8'd1;
        line_q     <= moved(line_q);
      end
    end
  end

  function automatic logic [Groups*Vec*RawBits-1:0] heads(
    input logic [Pixels*Line*RawBits-1:0] a);
    heads = '0;
    for (int p = 0; p < Pixels; p++)
      heads[p*PixelBits +: PixelBits] = a[p*Line*RawBits +: PixelBits];
  endfunction

  function automatic logic [Vec*RawBits-1:0] pick(input logic [Groups*Vec*RawBits-1:0] r,
                                                  input logic [StepBits-1:0] i);
    pick = r[Vec*RawBits-1:0];
    for (int g = 1; g < Groups; g++) begin
      if (i == StepBits'(g)) pick = r[g*Vec*RawBits +: Vec*RawBits];
    end
  endfunction

  assign tap_o    = pick(heads(line_q), step_q);
  assign centre_o = pick((Groups*Vec*RawBits)'(centre_q), step_q);
  assign valid_o  = run_q && (Groups >= Cycles || step_q < StepBits'(Groups));
  assign index_o  = IndexBits'(step_q);
  assign first_o  = position_q == 8'd0;
  assign last_o   = position_q + 8'd1 == size;
  assign busy     = run_q || load3_q;
endmodule
