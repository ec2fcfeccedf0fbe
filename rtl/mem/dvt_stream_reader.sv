// SPDX-License-Identifier: Apache-2.0
// dvt_stream_reader -- delivers the blocks of one turn after the other to the lanes (isa.md,
//             sread).
//
// Idea     the nest gives a place, lanes add their own offset and look whether they are inside
//          the image; those that are wait for their banks. Words come out of the banks a cycle
//          later and are collected beside the turn, so that banks are free for elt fetch when the
//          pipeline stands.
// Ports    go: a trip runs and fread has ended. want, bank, row: to dvt_bank_grant; served: its
//          answer. turn_*: to dvt_compute, turn_blocks and turn_inside in stage READ.
// Cycles   timing.md sections 5 and 6: works on a turn in cycles with enable, a page (array,
//          depthwise) and the interval of the window kernels behind it.
// Tests    tests/diff/diff_rtl.c
module dvt_stream_reader #(
  parameter int BankBits = 2,
  parameter int RowBits  = 10,
  parameter int Lanes    = dvt_pkg::Pixels,  // derived, as those below: do not override
  parameter int Banks    = dvt_pkg::StreamBufferBanks,
  parameter int Width    = dvt_pkg::FeatureWordBits
) (
  input  logic                                  clk,
  input  logic                                  rst,
  input  logic                                  launch,  // of a word with sread
  input  logic                                  go,
  input  logic                                  enable,
  input  logic                                  page_ready,
  input  logic [15:0]                           kernels,
  input  logic [dvt_pkg::SreadPartBits-1:0]     part_sread,
  input  logic [dvt_pkg::ArrayPartBits-1:0]     part_array,
  input  logic [dvt_pkg::PoolPartBits-1:0]      part_pool,
  input  logic [dvt_pkg::DepthwisePartBits-1:0] part_depthwise,
  input  logic [dvt_pkg::LrnPartBits-1:0]       part_lrn,
  output logic                                  turns_left,
  output logic                                  page_done,
  output logic [Lanes-1:0]                      want,
  output logic [Lanes*BankBits-1:0]             bank,
  output logic [Lanes*RowBits-1:0]              row,
  input  logic [Lanes-1:0]                      served,
  input  logic [Banks*Width-1:0]                bank_data,
  output logic                                  turn_done,
  output logic                                  turn_last,
  output logic                                  turn_first,
  output logic                                  turn_half,
  output logic [15:0]                           turn_word,
  output logic [Lanes*Width-1:0]                turn_blocks,
  output logic [Lanes-1:0]                      turn_inside
);
  localparam int Levels  = dvt_pkg::SreadNCount;
  localparam int QVec    = dvt_pkg::QVec;
  localparam int PVec    = dvt_pkg::PVec;
  localparam int Place   = 25;  // bits of an address with sign
  localparam int Axis    = 24;  // bits of a row or column with sign

  // ---- place of the turn ----
  logic              real_turn, page_ends, nest_step;
  logic [Levels-1:0] advance;
  logic [Place-1:0]  sum_a;
  logic [Axis-1:0]   sum_h, sum_w;

  dvt_turns u_turns (
    .clk, .rst, .launch, .done(turn_done), .kernels, .part_sread, .part_array, .part_pool,
    .part_depthwise, .part_lrn, .left(turns_left), .real_turn, .first(turn_first), .last(turn_last),
    .page_ends, .word(turn_word), .nest_step, .advance
  );
  dvt_nest_sum #(.Levels(Levels), .StepBits(24), .SumBits(Place)) u_a (
    .clk, .clear(launch), .step(nest_step), .advance,
    .steps(part_sread[dvt_pkg::SreadALsb +: Levels*24]), .sum(sum_a)
  );
  dvt_nest_sum #(.Levels(Levels), .StepBits(16), .SumBits(Axis)) u_h (
    .clk, .clear(launch), .step(nest_step), .advance,
    .steps(part_sread[dvt_pkg::SreadHLsb +: Levels*16]), .sum(sum_h)
  );
  dvt_nest_sum #(.Levels(Levels), .StepBits(16), .SumBits(Axis)) u_w (
    .clk, .clear(launch), .step(nest_step), .advance,
    .steps(part_sread[dvt_pkg::SreadWLsb +: Levels*16]), .sum(sum_w)
  );

  // ---- lanes: offsets are sums of one step more, rows and columns are compared once ----
  logic [Place-1:0]  base, pa, qa, origin;
  logic [Axis-1:0]   h0, w0, ph, qw, h_max, w_max;
  logic [PVec-1:0]   row_inside;
  logic [QVec-1:0]   column_inside;
  logic [PVec*Place-1:0] p_offset;
  logic [QVec*Place-1:0] q_offset;
  logic [PVec*Axis-1:0]  h_offset;
  logic [QVec*Axis-1:0]  w_offset;
  logic [Axis-1:0]       top, side;
  logic [Lanes-1:0]      there;

  assign base   = part_sread[dvt_pkg::SreadBaseLsb +: 25];
  assign pa     = {part_sread[dvt_pkg::SreadPaLsb+23], part_sread[dvt_pkg::SreadPaLsb +: 24]};
  assign qa     = {part_sread[dvt_pkg::SreadQaLsb+23], part_sread[dvt_pkg::SreadQaLsb +: 24]};
  assign h0     = {{8{part_sread[dvt_pkg::SreadH0Lsb+15]}}, part_sread[dvt_pkg::SreadH0Lsb +: 16]};
  assign w0     = {{8{part_sread[dvt_pkg::SreadW0Lsb+15]}}, part_sread[dvt_pkg::SreadW0Lsb +: 16]};
  assign ph     = {{8{part_sread[dvt_pkg::SreadPhLsb+15]}}, part_sread[dvt_pkg::SreadPhLsb +: 16]};
  assign qw     = {{8{part_sread[dvt_pkg::SreadQwLsb+15]}}, part_sread[dvt_pkg::SreadQwLsb +: 16]};
  assign h_max  = {8'd0, part_sread[dvt_pkg::SreadHMaxLsb +: 16]};
  assign w_max  = {8'd0, part_sread[dvt_pkg::SreadWMaxLsb +: 16]};
  assign origin = base + sum_a;

  dvt_offsets #(.Count(PVec), .Bits(Place)) u_p_place (.by(pa), .offsets(p_offset));
  dvt_offsets #(.Count(QVec), .Bits(Place)) u_q_place (.by(qa), .offsets(q_offset));
  dvt_offsets #(.Count(PVec), .Bits(Axis)) u_p_row (.by(ph), .offsets(h_offset));
  dvt_offsets #(.Count(QVec), .Bits(Axis)) u_q_column (.by(qw), .offsets(w_offset));
  assign top  = h0 + sum_h;
  assign side = w0 + sum_w;
  for (genvar p = 0; p < PVec; p++) begin : g_p
    logic [Axis-1:0] h;
    assign h             = top + h_offset[p*Axis +: Axis];
    assign row_inside[p] = ~h[Axis-1] & (h < h_max);
  end
  for (genvar q = 0; q < QVec; q++) begin : g_q
    logic [Axis-1:0] w;
    assign w                = side + w_offset[q*Axis +: Axis];
    assign column_inside[q] = ~w[Axis-1] & (w < w_max);
  end
  for (genvar l = 0; l < Lanes; l++) begin : g_lane
    logic [Place-1:0] place;
    assign place     = origin + p_offset[(l/QVec)*Place +: Place]
                       + q_offset[(l%QVec)*Place +: Place];
    assign there[l] = row_inside[l/QVec] & column_inside[l%QVec] & real_turn;
    dvt_bank_split #(.Banks(Banks), .Words(dvt_pkg::StreamBufferWords), .AddrBits(24)) u_split (
      .addr(place[23:0]), .bank(bank[l*BankBits +: BankBits]), .row(row[l*RowBits +: RowBits])
    );
    logic unused_sign;
    assign unused_sign = place[24];
  end

  // ---- interval of the window kernels: enabled cycles from one turn to the next ----
  function automatic int cycles_of(input int vec);
    cycles_of = (dvt_pkg::Pixels * dvt_pkg::CVec + vec - 1) / vec;
  endfunction
  function automatic int at_least_add(input int g);
    at_least_add = g > dvt_pkg::TimingLa ? g : dvt_pkg::TimingLa;
  endfunction
  localparam int PoolVec      = dvt_pkg::HasPool != 0 ? dvt_pkg::PoolVec : 1;
  localparam int DepthwiseVec = dvt_pkg::HasDepthwise != 0 ? dvt_pkg::DepthwiseVec : 1;
  localparam int LrnVec       = dvt_pkg::HasLrn != 0 ? dvt_pkg::LrnVec : 1;
  localparam int PoolI        = cycles_of(PoolVec);
  localparam int AverageI     = at_least_add(PoolI);
  localparam int DepthwiseI   = at_least_add(cycles_of(DepthwiseVec));
  localparam int LrnTapI      = at_least_add(cycles_of(LrnVec));

  logic        windows, filters, working, interval_over;
  logic [23:0] interval, wait_q;

  assign windows  = kernels[dvt_pkg::KernelPool] | kernels[dvt_pkg::KernelDepthwise]
                    | kernels[dvt_pkg::KernelLrn];
  assign filters  = kernels[dvt_pkg::KernelArray] | kernels[dvt_pkg::KernelDepthwise];
  assign interval = kernels[dvt_pkg::KernelPool]
                      ? (part_pool[dvt_pkg::PoolKindLsb] ? 24'(AverageI) : 24'(PoolI))
                    : kernels[dvt_pkg::KernelDepthwise] ? 24'(DepthwiseI)
                    : 24'(part_lrn[dvt_pkg::LrnSizeLsb +: 8]) * 24'(LrnTapI);
  assign interval_over = wait_q == 24'd0;
  always_ff @(posedge clk) begin
    if (rst | launch) wait_q <= 24'd0;
    else if (turn_done && windows) wait_q <= interval - 24'd1;
    else if (enable && !interval_over) wait_q <= wait_q - 24'd1;
  end

  // ---- the turn being worked on ----
  logic             begun_q, half_q;
  logic [Lanes-1:0] rest_q, pending;

  assign working   = go & enable & turns_left & interval_over & (page_ready | ~filters);
  assign pending   = begun_q ? rest_q : there;
  assign want      = working ? pending : '0;
  assign turn_done = working & ((pending & ~served) == '0);
  assign turn_half = half_q;
  assign page_done = turn_done & page_ends;
  always_ff @(posedge clk) begin
    if (rst) begin
      begun_q <= 1'b0;
      half_q  <= 1'b0;
    end else begin
      if (working) begun_q <= ~turn_done;
      half_q <= half_q ^ page_done;
    end
    rest_q <= pending & ~served;
  end

  // ---- stages 1 and READ = 2 ----
  logic                   stage1_q;
  logic [Lanes-1:0]       inside1_q, inside2_q;
  logic [Lanes*Width-1:0] blocks, held, masked, blocks2_q;

  dvt_gather #(.Clients(Lanes), .Banks(Banks), .BankBits(BankBits), .Width(Width)) u_gather (
    .clk, .served, .bank, .bank_data, .blocks, .held
  );
  for (genvar l = 0; l < Lanes; l++) begin : g_mask
    assign masked[l*Width +: Width] = inside1_q[l] ? blocks[l*Width +: Width] : '0;
  end
  always_ff @(posedge clk) begin
    if (rst) stage1_q <= 1'b0;
    else if (enable) stage1_q <= turn_done;
    if (turn_done) inside1_q <= there;
    if (enable && stage1_q) begin
      blocks2_q <= masked;
      inside2_q <= inside1_q;
    end
  end
  assign turn_blocks = blocks2_q;
  assign turn_inside = inside2_q;

  logic unused;
  assign unused = &{1'b0, held, part_sread, part_pool, part_lrn, kernels};
endmodule
