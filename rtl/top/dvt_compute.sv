// SPDX-License-Identifier: Apache-2.0
// dvt_compute -- everything from a completed turn to the packed beat: array, window kernels, result
// registers, drain, route (docs/timing.md sections 5 to 7; ports in rtl/README.md).
//
// Idea      One pipeline with one enable carries turns: stage s holds the turn completed s enabled
//           cycles ago. The source of the word decides in which stage a result is finished. Array
//           and stream reader have a result register each, of which the word uses one; `drain`
//           empties it beat by beat into the kernels of the route, which never stop.
// Limits    parts stand still from the cycle after `launch` to the next; a launch comes when
//           nothing is under way. Parameter halves alternate from reset on.
// Tests     tests/diff/diff_rtl.c
module dvt_compute (
  input  logic                                                clk,
  input  logic                                                rst,
  input  logic                                                launch,
  input  logic [15:0]                                         kernels,
  input  logic [dvt_pkg::SreadPartBits-1:0]                   part_sread,
  input  logic [dvt_pkg::ArrayPartBits-1:0]                   part_array,
  input  logic [dvt_pkg::XbarPartBits-1:0]                    part_xbar,
  input  logic [dvt_pkg::ScalePartBits-1:0]                   part_scale,
  input  logic [dvt_pkg::ActPartBits-1:0]                     part_act,
  input  logic [dvt_pkg::PoolPartBits-1:0]                    part_pool,
  input  logic [dvt_pkg::EltPartBits-1:0]                     part_elt,
  input  logic [dvt_pkg::DepthwisePartBits-1:0]               part_depthwise,
  input  logic [dvt_pkg::LrnPartBits-1:0]                     part_lrn,
  input  logic [dvt_pkg::WritePartBits-1:0]                   part_write,
  output logic                                                enable,
  input  logic                                                turn_done,
  input  logic                                                turn_last,
  input  logic                                                turn_first,
  input  logic                                                turn_half,
  input  logic [15:0]                                         turn_word,
  input  logic [dvt_pkg::Pixels*dvt_pkg::FeatureWordBits-1:0] turn_blocks,
  input  logic [dvt_pkg::Pixels-1:0]                          turn_inside,
  input  logic                                                fw_valid,
  input  logic                                                fw_half,
  input  logic [15:0]                                         fw_word,
  input  logic [dvt_pkg::KVec-1:0]                            fw_lanes,
  input  logic [dvt_pkg::KVec*dvt_pkg::FilterWordBits-1:0]    fw_data,
  input  logic                                                pw_valid,
  input  logic                                                pw_half,
  input  logic [15:0]                                         pw_row,
  input  logic [95:0]                                         pw_data,
  input  logic                                                tw_valid,
  input  logic [3:0]                                          tw_table,
  input  logic [9:0]                                          tw_index,
  input  logic [31:0]                                         tw_data,
  input  logic                                                param_ready,
  output logic                                                param_drained,
  output logic                                                param_freed,
  input  logic                                                operand_ready,
  output logic                                                operand_taken,
  output logic                                                operand_pop,
  input  logic [dvt_pkg::BeatBlocks*dvt_pkg::FeatureWordBits-1:0] operand_data,
  input  logic [dvt_pkg::BeatBlocks-1:0]                      operand_valid,
  input  logic                                                credit,
  output logic                                                beat_drained,
  output logic                                                beat_valid,
  output logic [dvt_pkg::BeatBlocks*dvt_pkg::FeatureWordBits-1:0] beat_words,
  output logic [dvt_pkg::BeatBlocks*16-1:0]                   beat_saturated,
  output logic                                                result_full,
  output logic                                                drain_waits_param,
  output logic [31:0]                                         acc_saturated,
  output logic                                                busy
);
  localparam int CVec      = dvt_pkg::CVec;
  localparam int Pixels    = dvt_pkg::Pixels;
  localparam int Beat      = dvt_pkg::BeatBlocks;
  localparam int Blocks    = dvt_pkg::BlocksPerResult;
  localparam int Word      = dvt_pkg::FeatureWordBits;
  localparam int Values    = Beat * CVec;
  localparam int Da        = dvt_pkg::TimingDa;
  localparam int Read      = dvt_pkg::TimingRead;
  localparam int LaneBeats = (Pixels + Beat - 1) / Beat;
  localparam int LanesBits = LaneBeats > 1 ? $clog2(LaneBeats) : 1;
  localparam int BlockBits = Blocks > 1 ? $clog2(Blocks) : 1;
  localparam int KeepBits  = $clog2(CVec + 1);
  localparam int MetaBits  = KeepBits + BlockBits + 2;
  localparam int Windows   = dvt_pkg::HasPool | dvt_pkg::HasDepthwise | dvt_pkg::HasLrn;
  localparam int LaneBits  = Windows != 0 ? CVec * 32 : Word;

  // cycles that the kernels of the route take for a beat (docs/timing.md section 7)
  localparam int ScalePace = dvt_pkg::HasScale != 0
                               ? (Values + dvt_pkg::ScaleVec - 1) / dvt_pkg::ScaleVec : 1;
  localparam int ActPace   = dvt_pkg::HasAct != 0
                               ? (Values + dvt_pkg::ActVec - 1) / dvt_pkg::ActVec : 1;
  localparam int EltPace   = dvt_pkg::HasElt != 0
                               ? (Values + dvt_pkg::EltVec - 1) / dvt_pkg::EltVec : 1;
  localparam int SaPace    = ScalePace > ActPace ? ScalePace : ActPace;
  localparam int PaceMax   = SaPace > EltPace ? SaPace : EltPace;
  localparam int PaceBits  = $clog2(PaceMax + 2);

  // ---- the word ----
  logic has_array, has_scale, has_act, has_pool, has_elt, has_depthwise, has_lrn, plain, prelu;
  logic [PaceBits-1:0] pace_scale, pace_act, pace_elt, pace_sa, pace;

  assign has_array     = kernels[dvt_pkg::KernelArray];
  assign has_scale     = kernels[dvt_pkg::KernelScale];
  assign has_act       = kernels[dvt_pkg::KernelAct];
  assign has_pool      = kernels[dvt_pkg::KernelPool];
  assign has_elt       = kernels[dvt_pkg::KernelElt];
  assign has_depthwise = kernels[dvt_pkg::KernelDepthwise];
  assign has_lrn       = kernels[dvt_pkg::KernelLrn];
  assign plain         = !(has_array || has_pool || has_depthwise || has_lrn);
  assign prelu         = has_act && part_act[dvt_pkg::ActFnLsb +: 4] == 4'd2;  // isa.h
  assign pace_scale    = has_scale ? PaceBits'(ScalePace) : PaceBits'(1);
  assign pace_act      = has_act ? PaceBits'(ActPace) : PaceBits'(1);
  assign pace_elt      = has_elt ? PaceBits'(EltPace) : PaceBits'(1);
  assign pace_sa       = pace_scale > pace_act ? pace_scale : pace_act;
  assign pace          = pace_sa > pace_elt ? pace_sa : pace_elt;

  // ---- stages ----
  logic [Da:1] v_q, first_q, last_q;
  logic        window_done, window_busy, result_ends, load;

  always_ff @(posedge clk) begin
    if (rst) v_q <= '0;
    else if (enable) v_q <= {v_q[Da-1:1] & {{(Da-1-Read){has_array}}, {Read{1'b1}}}, turn_done};
    if (enable) begin
      first_q <= {first_q[Da-1:1], turn_first};
      last_q  <= {last_q[Da-1:1], turn_last};
    end
  end
  assign result_ends = has_array ? v_q[Da] && last_q[Da]
                                 : plain ? v_q[Read] && last_q[Read] : window_done;
  assign load        = enable && result_ends;

  // ---- sources ----
  logic [dvt_pkg::KVec*Pixels*dvt_pkg::FormatAccumulatorBits-1:0] array_result;
  logic [dvt_pkg::FilterWordBits-1:0] filter2;
  logic [Pixels*CVec*32-1:0]          window_result;
  logic [Pixels*LaneBits-1:0]         stream_result_q, stream_result_d;
  logic [31:0]                        stream_scale;

  assign stream_scale = part_sread[dvt_pkg::SreadScaleLsb +: 32];

  dvt_array u_array (
    .clk(clk), .en(enable), .turn_done(turn_done), .turn_half(turn_half), .turn_word(turn_word),
    .filtered(has_array | has_depthwise), .v(v_q[Da:2] & {(Da-1){has_array}}),
    .first6(first_q[Da]), .last6(last_q[Da]), .blocks2(turn_blocks), .inside2(turn_inside),
    .fw_valid(fw_valid), .fw_half(fw_half), .fw_word(fw_word), .fw_lanes(fw_lanes),
    .fw_data(fw_data), .filter2(filter2), .result(array_result), .saturated(acc_saturated)
  );

  dvt_windows u_windows (
    .clk(clk), .rst(rst), .en(enable), .is_pool(has_pool), .is_depthwise(has_depthwise),
    .is_lrn(has_lrn), .scale(stream_scale), .part_pool(part_pool), .part_lrn(part_lrn),
    .tw_valid(tw_valid), .tw_table(tw_table), .tw_index(tw_index), .tw_data(tw_data),
    .valid2(v_q[Read]), .first2(first_q[Read]), .last2(last_q[Read]), .blocks2(turn_blocks),
    .inside2(turn_inside), .filter2(filter2), .done(window_done), .busy(window_busy),
    .result(window_result)
  );

  for (genvar p = 0; p < Pixels; p++) begin : g_lane
    logic [Word-1:0] block;
    assign block = turn_inside[p] ? turn_blocks[p*Word +: Word] : '0;
    if (Windows != 0) begin : g_either
      assign stream_result_d[p*LaneBits +: LaneBits] =
        plain ? LaneBits'(block) : window_result[p*CVec*32 +: CVec*32];
    end else begin : g_block
      assign stream_result_d[p*LaneBits +: LaneBits] = block;
    end
  end
  always_ff @(posedge clk) begin
    if (load && !has_array) stream_result_q <= stream_result_d;
  end

  // ---- drain ----
  logic                 drained;
  logic [MetaBits-1:0]  meta;
  logic [BlockBits-1:0] block;
  logic [LanesBits-1:0] lanes;

  dvt_drain #(.CVec(CVec), .Blocks(Blocks), .LaneBeats(LaneBeats), .PaceMax(PaceMax),
              .KeepBits(KeepBits), .MetaBits(MetaBits)) u_drain (
    .clk(clk), .rst(rst), .launch(launch), .from_array(has_array),
    .with_params(has_scale || prelu), .with_operand(has_elt), .pace(pace),
    .outer(has_scale ? part_scale[dvt_pkg::ScaleOuterLsb +: 32]
                     : part_act[dvt_pkg::ActOuterLsb +: 32]),
    .part_write(part_write), .result_ends(result_ends), .credit(credit),
    .param_ready(param_ready), .operand_ready(operand_ready), .enable(enable),
    .result_full(result_full), .drained(drained), .meta(meta), .block_o(block), .lanes_o(lanes),
    .param_drained(param_drained), .waits_param(drain_waits_param)
  );
  assign beat_drained  = drained;
  assign operand_taken = drained && has_elt;

  logic                 valid_array, valid_stream;
  logic [Values*32-1:0] x_array, x_stream;
  logic [MetaBits-1:0]  meta_array, meta_stream;

  dvt_from_array #(.Beat(Beat), .CVec(CVec), .Blocks(Blocks), .LaneBeats(LaneBeats),
                   .MetaBits(MetaBits)) u_from_array (
    .clk(clk), .rst(rst), .valid_i(drained && has_array), .block_i(block), .lanes_i(lanes),
    .meta_i(meta), .result(array_result), .valid_o(valid_array), .x_o(x_array),
    .meta_o(meta_array)
  );
  dvt_from_stream #(.Beat(Beat), .CVec(CVec), .LaneBits(LaneBits), .Windows(Windows),
                    .LaneBeats(LaneBeats), .MetaBits(MetaBits)) u_from_stream (
    .clk(clk), .rst(rst), .plain(plain), .scale(stream_scale), .valid_i(drained && !has_array),
    .lanes_i(lanes), .meta_i(meta), .result(stream_result_q), .valid_o(valid_stream),
    .x_o(x_stream), .meta_o(meta_stream)
  );

  // ---- route ----
  dvt_kernels #(.MetaBits(MetaBits), .KeepBits(KeepBits)) u_kernels (
    .clk(clk), .rst(rst), .part_xbar(part_xbar), .part_act(part_act), .part_elt(part_elt),
    .inv_scale(part_write[dvt_pkg::WriteInvScaleLsb +: 32]), .pw_valid(pw_valid),
    .pw_half(pw_half), .pw_row(pw_row), .pw_data(pw_data), .tw_valid(tw_valid),
    .tw_table(tw_table), .tw_index(tw_index), .tw_data(tw_data), .valid_array(valid_array),
    .x_array(x_array), .meta_array(meta_array), .valid_stream(valid_stream), .x_stream(x_stream),
    .meta_stream(meta_stream), .operand_pop(operand_pop), .operand_data(operand_data),
    .operand_valid(operand_valid), .beat_valid(beat_valid), .beat_released(param_freed),
    .beat_words(beat_words), .beat_saturated(beat_saturated)
  );

  // ---- beats under way ----
  logic [9:0] flying_q;
  always_ff @(posedge clk) begin
    if (rst) flying_q <= 10'd0;
    else flying_q <= flying_q + {9'd0, drained} - {9'd0, beat_valid};
  end
  assign busy = (|v_q) || window_busy || result_full || flying_q != 10'd0;

  logic unused;
  assign unused = &{1'b0, kernels, part_sread, part_array, part_depthwise, part_write, part_scale,
                    part_act, window_result};
endmodule
