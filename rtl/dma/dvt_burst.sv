// SPDX-License-Identifier: Apache-2.0
// dvt_burst -- cuts the beats of contiguous runs into bursts (timing.md section 3, Requests).
//
// Ports    run_first, run_last: first and last beat of the present run, counted in beats of the
//          bus. addr, beats: the next burst; run_done: it is the run's last. With grant the burst
//          is taken; behind the last one the next run must stand at run_first in the next cycle.
// Cycles   combinational from the registered place; one burst a cycle, no gap between runs.
// Tests    tests/diff/diff_rtl.c
module dvt_burst #(
  parameter int BeatBits   = 34,  // bits of a beat's number
  parameter int LenBits    = 9,   // bits of a count of beats
  parameter int BurstBeats = 16   // a power of two
) (
  input  logic                clk,
  input  logic                rst,
  input  logic [BeatBits-1:0] run_first,
  input  logic [BeatBits-1:0] run_last,
  input  logic                grant,
  output logic [BeatBits-1:0] addr,
  output logic [LenBits-1:0]  beats,
  output logic                run_done
);
  localparam logic [BeatBits-1:0] Inside = {{(BeatBits-9){1'b0}}, 9'(BurstBeats - 1)};

  logic                inside_q;
  logic [BeatBits-1:0] next_q, left_less_1, boundary_less_1;

  assign addr            = inside_q ? next_q : run_first;
  assign left_less_1     = run_last - addr;
  assign boundary_less_1 = ~addr & Inside;
  assign run_done        = left_less_1 <= boundary_less_1;
  assign beats           = (run_done ? left_less_1[LenBits-1:0] : boundary_less_1[LenBits-1:0])
                           + LenBits'(1);

  always_ff @(posedge clk) begin
    if (rst) inside_q <= 1'b0;
    else if (grant) inside_q <= ~run_done;
    if (grant) next_q <= addr + BeatBits'(beats);
  end
endmodule
