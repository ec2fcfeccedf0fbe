// SPDX-License-Identifier: Apache-2.0
// dvt_run -- state of the block: idle, running, waiting for answers that memory still owes.
//
// Idea     a run ends by its last word or by the first error. Behind an error the block stops
//          asking and waits until external memory owes nothing, or for as long as the watchdog
//          says. Everything but the AXI channels is held in reset unless words run, so a run
//          begins from nothing.
// Ports    active: words run; running: the same, and while an error is waited out. quiet: memory
//          owes nothing. forget: the channels are to forget what it owes (soft reset while not
//          running).
// Cycles   cycle 0 of a run is the first with active = 1, the one after a start was accepted;
//          active falls behind cycle E.
// Errors   the first one stays until a start, a soft reset or a clear. A watchdog of 0 never
//          fires. A start while running stops the run; a start while memory owes answers is
//          refused.
// Tests    tests/fault/fault_rtl.c
module dvt_run (
  input  logic        clk,
  input  logic        rst,
  input  logic        start,
  input  logic        soft_reset,
  input  logic        clear,
  input  logic [31:0] watchdog,
  input  logic        run_end,
  input  logic        progress,
  input  logic        quiet,
  input  logic [15:0] errors,  // bit = code
  input  logic [15:0] tag,     // of the word that runs
  output logic        active,
  output logic        running,
  output logic        forget,
  output logic        done,
  output logic        error,
  output logic [7:0]  error_code,
  output logic [15:0] error_place
);
  localparam logic [1:0] Idle = 2'd0, Run = 2'd1, Drain = 2'd2;

  logic [1:0]  state_q;
  logic        done_q, error_q, stopped, bites;
  logic [31:0] still_q;
  logic [7:0]  code, code_q;
  logic [15:0] all, tag_q;

  assign active  = state_q == Run;
  assign running = state_q != Idle;
  assign forget  = soft_reset & ~running;
  assign bites   = (watchdog != 32'd0) & (still_q >= watchdog);
  always_comb begin
    all = active ? errors : 16'd0;
    all[dvt_pkg::CsrErrorWatchdog] = active & bites;
    all[dvt_pkg::CsrErrorBusy]     = start & (running | ~quiet);
    all[dvt_pkg::CsrErrorReset]    = active & soft_reset;
    code = 8'd0;
    for (int e = 15; e > 0; e--) begin
      if (all[e]) code = 8'(e);
    end
  end
  assign stopped = all != 16'd0;

  always_ff @(posedge clk) begin
    if (rst) begin
      state_q <= Idle;
      done_q  <= 1'b0;
      error_q <= 1'b0;
      still_q <= 32'd0;
    end else begin
      still_q <= state_q == Idle || progress || stopped ? 32'd0 : still_q + 32'd1;
      case (state_q)
        Idle:    if (start && quiet) state_q <= Run;
        Run:     if (stopped) state_q <= bites ? Idle : Drain;
                 else if (run_end) state_q <= Idle;
        default: if (quiet || bites) state_q <= Idle;
      endcase

      if (clear || start) done_q <= 1'b0;
      else if (active && run_end && !stopped) done_q <= 1'b1;

      if (stopped) error_q <= 1'b1;
      else if (clear || start || (soft_reset && !running)) error_q <= 1'b0;
      if (stopped && !error_q) begin
        code_q <= code;
        tag_q  <= tag;
      end
    end
  end
  assign done        = done_q;
  assign error       = error_q;
  assign error_code  = error_q ? code_q : 8'd0;
  assign error_place = tag_q;
endmodule
