// SPDX-License-Identifier: Apache-2.0
// dvt_sequencer -- launches loaded words one after the other and tells when the last one has
//             ended.
//
// Idea     a word takes effect when nothing of the word before is under way: that is all the
//          order there is. Filters alone run ahead, which wread does by itself.
// Cycles   timing.md section 4, Launch and End: launch in the first cycle with a loaded word, an
//          empty wread shadow and no busy word; the word ends in the first cycle in which both
//          are idle again, and in that cycle the next may be launched. run_end is high in cycle
//          E.
// Tests    tests/diff/diff_rtl.c
module dvt_sequencer (
  input  logic        clk,
  input  logic        rst,
  input  logic [31:0] words,  // of the run
  input  logic        ended,  // the end flit has passed the chain
  input  logic [15:0] kernels,
  input  logic [15:0] tag,
  input  logic        wread_complete,
  input  logic        wread_taken,
  input  logic        fread_busy,
  input  logic        trip_busy,
  output logic        launch,
  output logic        wread_full,  // a part waits in wread's shadow
  output logic [15:0] active,      // mask of the word launched last
  output logic [15:0] active_tag,
  output logic        word_busy,   // launched and not ended
  output logic        run_end
);
  logic        loaded_q, full_q, launched_q, word_ends;
  logic [15:0] active_q, tag_q;
  logic [31:0] done_q;

  assign launch    = loaded_q & ~full_q & ~fread_busy & ~trip_busy & ~rst;
  assign word_busy = launched_q & (fread_busy | trip_busy);
  assign word_ends = launched_q & ~fread_busy & ~trip_busy;
  assign run_end   = (word_ends ? done_q + 32'd1 : done_q) == words;

  always_ff @(posedge clk) begin
    if (rst) begin
      loaded_q   <= 1'b0;
      full_q     <= 1'b0;
      launched_q <= 1'b0;
      active_q   <= 16'd0;
      tag_q      <= 16'd0;
      done_q     <= 32'd0;
    end else begin
      loaded_q   <= ended | (loaded_q & ~launch);
      full_q     <= wread_complete | (full_q & ~wread_taken);
      launched_q <= launch | (launched_q & ~word_ends);
      if (launch) active_q <= kernels;
      if (launch) tag_q <= tag;
      if (word_ends) done_q <= done_q + 32'd1;
    end
  end
  assign wread_full = full_q;
  assign active     = active_q;
  assign active_tag = tag_q;
endmodule
