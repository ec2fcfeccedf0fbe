// SPDX-License-Identifier: Apache-2.0
// dvt_node -- transport node of one kernel: a register on the chain, the part being loaded, the
//             part in use.
//
// Idea     everything passes through; between its own start flit and the next one the node shifts
//          data into its shadow register. The launch copies shadow to active.
// Cycles   timing.md section 4: a flit that enters in cycle t leaves in t + 1; a part whose last
//          flit enters in t is complete from t + 1 on; an active part is valid from the cycle
//          after the launch on.
// Ports    complete: last flit of the part, in this cycle. padding: bits behind the part are set.
// Share    shadow and active bits are all the control a kernel has: nothing is decoded twice.
// Proof    tests/rtl/formal.py: what enters leaves one cycle later, unchanged; shadow only moves
//          for its own data.
// Tests    tests/diff/diff_rtl.c
module dvt_node #(
  parameter int Kernel = 0,
  parameter int Bits   = 64,  // of the part
  parameter int Bytes  = 8,   // of the part, whole units
  parameter int Link   = 8,
  parameter bit Active = 1'b1  // 0: the kernel takes the shadow itself
) (
  input  logic            clk,
  input  logic            rst,
  input  logic [1:0]      in_kind,
  input  logic [Link-1:0] in_flit,
  output logic [1:0]      out_kind,
  output logic [Link-1:0] out_flit,
  input  logic            launch,
  output logic            complete,
  output logic            padding,
  output logic [Bits-1:0] shadow,
  output logic [Bits-1:0] part
);
  logic               selected_q;
  logic [1:0]         kind_q;
  logic [Link-1:0]    flit_q;
  logic [Bytes*8-1:0] shadow_q;

  always_ff @(posedge clk) begin
    if (rst) begin
      kind_q     <= 2'd0;
      selected_q <= 1'b0;
    end else begin
      kind_q <= in_kind;
      if (in_kind == 2'd1) selected_q <= in_flit[3:0] == 4'(Kernel);
    end
    flit_q <= in_flit;
  end
  assign out_kind = kind_q;
  assign out_flit = flit_q;
  assign complete = selected_q & (in_kind == 2'd3);

  if (Bytes * 8 > Link) begin : g_shift
    always_ff @(posedge clk) begin
      if (selected_q && in_kind[1]) shadow_q <= {in_flit, shadow_q[Bytes*8-1:Link]};
    end
  end else begin : g_load
    always_ff @(posedge clk) begin
      if (selected_q && in_kind[1]) shadow_q <= in_flit;
    end
  end
  assign shadow = shadow_q[Bits-1:0];

  if (Bits < Bytes * 8) begin : g_padding
    assign padding = launch & (shadow_q[Bytes*8-1:Bits] != '0);
  end else begin : g_full
    assign padding = 1'b0;
  end

  if (Active) begin : g_active
    logic [Bits-1:0] part_q;
    always_ff @(posedge clk) if (launch) part_q <= shadow_q[Bits-1:0];
    assign part = part_q;
  end else begin : g_none
    assign part = '0;
  end

`ifdef FORMAL
  // What enters leaves one cycle later, unchanged; the shadow moves for its own data alone, and by
  // one flit.
  logic               f_known = 1'b0, f_reset, f_mine = 1'b0;
  logic [1:0]         f_kind;
  logic [Link-1:0]    f_flit;
  logic [Bytes*8-1:0] f_shadow;

  always_ff @(posedge clk) begin
    f_known  <= 1'b1;
    f_reset  <= rst;
    f_kind   <= in_kind;
    f_flit   <= in_flit;
    f_shadow <= shadow_q;
    f_mine   <= selected_q & in_kind[1];
  end
  always @(*) begin
    if (f_known) begin
      assert (out_kind == (f_reset ? 2'd0 : f_kind));
      assert (out_flit == f_flit);
      if (!f_mine) assert (shadow_q == f_shadow);
      if (f_mine) assert (shadow_q[Bytes*8-1 -: Link] == f_flit);
      if (f_mine && Bytes*8 > Link) begin
        assert (shadow_q[Bytes*8-Link-1:0] == f_shadow[Bytes*8-1:Link]);
      end
    end
  end
`endif
endmodule
