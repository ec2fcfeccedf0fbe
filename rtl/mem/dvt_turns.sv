// SPDX-License-Identifier: Apache-2.0
// dvt_turns -- counts the turns of a trip: which ends a result, which uses a page for the last
//             time.
//
// Idea     the nest of the stream reader's part decides for the array; pool and depthwise count
//          windows; lrn counts the blocks of a pixel group and its virtual turns behind them.
// Ports    launch: the parts are valid from the next cycle on. done: the present turn is
//          completed in this cycle. All outputs speak of the present turn. `real_turn` is 0 for
//          virtual ones.
// Cycles   timing.md section 5. A completed turn's successor stands here in the next cycle.
// Tests    tests/diff/diff_rtl.c
module dvt_turns (
  input  logic                                  clk,
  input  logic                                  rst,
  input  logic                                  launch,
  input  logic                                  done,
  input  logic [15:0]                           kernels,
  input  logic [dvt_pkg::SreadPartBits-1:0]     part_sread,
  input  logic [dvt_pkg::ArrayPartBits-1:0]     part_array,
  input  logic [dvt_pkg::PoolPartBits-1:0]      part_pool,
  input  logic [dvt_pkg::DepthwisePartBits-1:0] part_depthwise,
  input  logic [dvt_pkg::LrnPartBits-1:0]       part_lrn,
  output logic                                  left,       // there is a turn
  output logic                                  real_turn,  // with lanes
  output logic                                  first,
  output logic                                  last,
  output logic                                  page_ends,  // the page is not used after this turn
  output logic [15:0]                           word,       // of filters
  output logic                                  nest_step,
  output logic [6:0]                            advance
);
  localparam int Levels = dvt_pkg::SreadNCount;

  logic       array, pool, depthwise, lrn, trip_ends;
  logic [6:0] at_end;
  logic [7:0] below_end;

  assign array     = kernels[dvt_pkg::KernelArray];
  assign pool      = kernels[dvt_pkg::KernelPool] & (dvt_pkg::HasPool != 0);
  assign depthwise = kernels[dvt_pkg::KernelDepthwise] & (dvt_pkg::HasDepthwise != 0);
  assign lrn       = kernels[dvt_pkg::KernelLrn] & (dvt_pkg::HasLrn != 0);

  dvt_nest #(.Levels(Levels)) u_nest (
    .clk, .clear(launch), .step(nest_step), .n(part_sread[dvt_pkg::SreadNLsb +: Levels*16]),
    .at_end, .below_end, .advance
  );
  assign nest_step = done & real_turn;

  // ---- array: results and pages by levels ----
  logic [2:0]  acc, page;
  logic [15:0] filter_sum;
  logic        array_first_q;

  assign acc  = part_array[dvt_pkg::ArrayAccLsb +: 3];
  assign page = part_array[dvt_pkg::ArrayPageLsb +: 3];
  dvt_nest_sum #(.Levels(Levels), .StepBits(16), .SumBits(16)) u_filter_sum (
    .clk, .clear(launch), .step(nest_step), .advance,
    .steps(part_array[dvt_pkg::ArrayFLsb +: Levels*16]), .sum(filter_sum)
  );

  // ---- windows: pool and depthwise by turns, lrn by blocks and virtual turns ----
  localparam int Virtuals = (dvt_pkg::CrossbarLrnSizeMax / 2 + dvt_pkg::CVec - 1) / dvt_pkg::CVec;

  logic [15:0] count, count_q, virtual_turns;
  logic [16:0] group_turns;
  logic [31:0] results_q, outer;
  logic        window_ends, group_ends, outer_ends;
  logic [7:0]  reach;

  assign count       = pool ? part_pool[dvt_pkg::PoolCountLsb +: 16]
                            : part_depthwise[dvt_pkg::DepthwiseCountLsb +: 16];
  assign outer       = part_depthwise[dvt_pkg::DepthwiseOuterLsb +: 32];
  assign reach       = (part_lrn[dvt_pkg::LrnSizeLsb +: 8] - 8'd1) >> 1;
  always_comb begin
    virtual_turns = 16'd0;
    for (int v = 0; v < Virtuals; v++) begin
      if (32'(reach) > v * dvt_pkg::CVec) virtual_turns = 16'(v) + 16'd1;
    end
  end
  assign group_turns = {1'b0, part_lrn[dvt_pkg::LrnBlocksLsb +: 16]} + {1'b0, virtual_turns};
  assign group_ends  = {1'b0, count_q} + 17'd1 == group_turns;
  assign window_ends = lrn ? group_ends : count_q + 16'd1 == count;
  assign outer_ends  = results_q + 32'd1 == outer;
  assign real_turn   = ~lrn | (count_q < part_lrn[dvt_pkg::LrnBlocksLsb +: 16]);

  // The nest stands behind its end while the virtual turns of the last group are made.
  logic left_q, nest_left_q;

  assign trip_ends = lrn ? group_ends & ~nest_more : below_end[Levels];
  logic  nest_more;
  assign nest_more = nest_left_q & ~(real_turn & below_end[Levels]);

  always_ff @(posedge clk) begin
    if (rst) left_q <= 1'b0;
    else if (launch) left_q <= 1'b1;
    else if (done && trip_ends) left_q <= 1'b0;

    if (launch) nest_left_q <= 1'b1;
    else if (done) nest_left_q <= nest_more;

    if (launch) array_first_q <= 1'b1;
    else if (done) array_first_q <= last;

    if (launch) count_q <= 16'd0;
    else if (done) count_q <= window_ends ? 16'd0 : count_q + 16'd1;

    if (launch) results_q <= 32'd0;
    else if (done && last) results_q <= outer_ends ? 32'd0 : results_q + 32'd1;
  end

  assign left      = left_q;
  assign first     = array ? array_first_q : ~(pool | depthwise | lrn) | (count_q == 16'd0);
  assign last      = array ? below_end[acc]
                     : lrn ? count_q >= virtual_turns
                     : ~(pool | depthwise) | window_ends;
  assign page_ends = array ? below_end[page] : depthwise & last & (outer_ends | below_end[Levels]);
  assign word      = array ? part_array[dvt_pkg::ArrayFbaseLsb +: 16] + filter_sum : count_q;

  logic unused;
  assign unused = &{1'b0, at_end, part_sread, part_array, part_pool, part_depthwise, part_lrn,
      kernels};
endmodule
