// SPDX-License-Identifier: Apache-2.0
// dvt_run -- state of the block: idle, running, waiting for answers that memory still owes.
//
// Idea     a run ends by its last word or by the first error; either way the block stops asking, waits
//          until external memory owes nothing (or the watchdog runs out once more) and is idle again.
//          Everything but the AXI channels is held in reset outside of RUN, so a run begins from nothing.
// Cycles   cycle 0 of a run is the first with running = 1, the one after a start was accepted.
// Errors   the first one stays until a start, a soft reset or a written status bit. A watchdog of 0 never
//          fires. Error codes: dovetail/registers.h.
// Tests    tests/rtl/overlay.sh
module dvt_run (
  input  logic        clk,
  input  logic        rst,
  input  logic        start,
  input  logic        soft_reset,
  input  logic        clear_done,
  input  logic        clear_error,
  input  logic [31:0] watchdog,
  input  logic        run_end,
  input  logic        progress,
  input  logic        quiet,
  input  logic [15:0] errors,  // bit = code
  input  logic [15:0] word,    // number of the word that runs
  output logic        running,
  output logic        idle,
  output logic        forget,  // channels forget what memory owes
  output logic        done,
  output logic        error,
  output logic [31:0] error_place
);
  localparam logic [1:0] Idle = 2'd0, Run = 2'd1, Drain = 2'd2;

  logic [1:0]  state_q;
  logic        running_q, done_q, error_q, ended_q, stopped, bites;
  logic [31:0] still_q, place_q;
  logic [7:0]  code;
  logic [15:0] all;

  assign bites = (watchdog != 32'd0) & (still_q >= watchdog);
  always_comb begin
    all = running_q ? errors : 16'd0;
    all[dvt_pkg::ErrorWatchdog]     = running_q & bites;
    all[dvt_pkg::ErrorStartedTwice] = start & ((state_q != Idle) | ~quiet);
    all[dvt_pkg::ErrorReset]        = running_q & soft_reset;
    code = 8'd0;
    for (int e = 15; e > 0; e--) begin
      if (all[e]) code = 8'(e);
    end
  end
  assign stopped = all != 16'd0;

  always_ff @(posedge clk) begin
    if (rst) begin
      state_q   <= Idle;
      running_q <= 1'b0;
      done_q    <= 1'b0;
      error_q   <= 1'b0;
      ended_q   <= 1'b0;
      still_q   <= 32'd0;
      place_q   <= 32'd0;
    end else begin
      still_q <= state_q == Idle || progress ? 32'd0 : still_q + 32'd1;
      if (clear_done) done_q <= 1'b0;
      if (clear_error) error_q <= 1'b0;
      case (state_q)
        Idle: if (start && quiet) begin
          state_q   <= Run;
          running_q <= 1'b1;
          done_q    <= 1'b0;
          error_q   <= 1'b0;
        end
        Run: if (stopped || run_end) begin
          state_q   <= Drain;
          running_q <= 1'b0;
          ended_q   <= ~stopped;
          still_q   <= 32'd0;
        end
        default: if (quiet || bites) begin
          state_q <= Idle;
          done_q  <= ended_q & quiet;
        end
      endcase
      if (stopped && !error_q) begin
        error_q <= 1'b1;
        place_q <= {8'd0, word, code};
      end
      if (soft_reset && !running_q) error_q <= 1'b0;
    end
  end
  assign running     = running_q;
  assign idle        = state_q == Idle;
  assign forget      = soft_reset & (state_q == Idle);
  assign done        = done_q;
  assign error       = error_q;
  assign error_place = place_q;
endmodule
