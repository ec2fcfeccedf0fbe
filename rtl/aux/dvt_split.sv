// SPDX-License-Identifier: Apache-2.0
// dvt_split -- a beat of Values values to Groups groups of Vec, one a cycle.
//
// Idea      Group 0 passes in the cycle in which the beat arrives, the others follow from a copy.
//           The drain's pace (docs/timing.md section 7) keeps Groups cycles between two beats.
// Latency   group g stands at the outputs g cycles behind the beat; meta of the beat with each.
// Tests     tests/diff/diff_rtl.c
module dvt_split #(
  parameter int Values    = 16,
  parameter int Vec       = 16,
  parameter int ValueBits = 32,
  parameter int MetaBits  = 1,
  parameter int Groups    = (Values + Vec - 1) / Vec,               // derived: do not override
  parameter int IndexBits = Groups > 1 ? $clog2(Groups) : 1         // derived: do not override
) (
  input  logic                        clk,
  input  logic                        rst,
  input  logic                        valid_i,
  input  logic [Values*ValueBits-1:0] x_i,
  input  logic [MetaBits-1:0]         meta_i,
  output logic                        valid_o,
  output logic [IndexBits-1:0]        index_o,
  output logic [Vec*ValueBits-1:0]    x_o,
  output logic [MetaBits-1:0]         meta_o
);
  localparam int GroupBits = Vec * ValueBits;

  if (Groups == 1) begin : g_one
    logic unused;
    assign unused  = &{1'b0, clk, rst};
    assign valid_o = valid_i;
    assign index_o = 1'b0;
    assign x_o     = GroupBits'(x_i);
    assign meta_o  = meta_i;
  end else begin : g_many
    logic [(Groups-1)*GroupBits-1:0] held_q, rest;
    logic [MetaBits-1:0]             meta_q;
    logic [IndexBits-1:0]            index_q;
    logic [GroupBits-1:0]            later;

    function automatic logic [GroupBits-1:0] group(input logic [(Groups-1)*GroupBits-1:0] x,
                                                   input logic [IndexBits-1:0] i);
      group = '0;
      for (int g = 1; g < Groups; g++) begin
        if (i == IndexBits'(g)) group = x[(g-1)*GroupBits +: GroupBits];
      end
    endfunction

    assign rest = ((Groups-1)*GroupBits)'(x_i >> GroupBits);
    always_ff @(posedge clk) begin
      if (rst) index_q <= '0;
      else if (valid_i) index_q <= IndexBits'(1);
      else if (index_q == IndexBits'(Groups - 1)) index_q <= '0;
      else if (index_q != '0) index_q <= index_q + IndexBits'(1);
      if (valid_i) begin
        held_q <= rest;
        meta_q <= meta_i;
      end
    end
    assign later   = group(held_q, index_q);
    assign valid_o = valid_i || index_q != '0;
    assign index_o = valid_i ? '0 : index_q;
    assign x_o     = valid_i ? x_i[GroupBits-1:0] : later;
    assign meta_o  = valid_i ? meta_i : meta_q;
  end
endmodule
