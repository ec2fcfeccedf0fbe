// SPDX-License-Identifier: Apache-2.0
// dvt_route -- the sparse crossbar: which source feeds scale, act, elt and the packing.
//
// Idea      Sources are array, stream reader (with its window kernels), scale, act and elt. A
//           sink takes from the source in front of it on the word's route; only connections that
//           the overlay's `connect` allows exist as wires. At most one source is chosen for a
//           sink, and none of the chosen connections leads in a circle, since a kernel stands on
//           a route once.
// Latency   none; the choice is registered and stands from the second cycle after the launch on,
//           before the first beat can arrive.
// Tests     tests/diff/diff_rtl.c
module dvt_route #(
  parameter int Bits = 64  // of a beat with its meta
) (
  input  logic                             clk,
  input  logic                             rst,
  input  logic [dvt_pkg::XbarPartBits-1:0] part,
  input  logic [4:0]                       valid_i,  // array, stream reader, scale, act, elt
  input  logic [5*Bits-1:0]                beat_i,
  output logic [3:0]                       valid_o,  // scale, act, elt, packing
  output logic [4*Bits-1:0]                beat_o
);
  localparam int Places = dvt_pkg::XbarRouteCount;
  localparam int Entry  = dvt_pkg::XbarRouteBits;

  // what each source may feed, as the description says; window kernels stand for the stream reader
  localparam int FromStream = dvt_pkg::ConnectSread | dvt_pkg::ConnectPool |
                              dvt_pkg::ConnectDepthwise | dvt_pkg::ConnectLrn;

  logic [Places*Entry-1:0] route;
  logic [19:0]             chosen_q;  // sink * 5 + source
  assign route = part[dvt_pkg::XbarRouteLsb +: Places*Entry];

  function automatic logic is_window(input logic [Entry-1:0] k);
    is_window = k == Entry'(dvt_pkg::KernelPool) || k == Entry'(dvt_pkg::KernelDepthwise) ||
                k == Entry'(dvt_pkg::KernelLrn);
  endfunction

  // 0..2 sinks scale, act, elt; 3 packing, which follows the last entry
  function automatic logic [3:0] sink_of(input logic [Entry-1:0] k);
    sink_of = {k == '0, k == Entry'(dvt_pkg::KernelElt), k == Entry'(dvt_pkg::KernelAct),
               k == Entry'(dvt_pkg::KernelScale)};
  endfunction

  function automatic logic [19:0] chosen(input logic [Places*Entry-1:0] r, input logic stream);
    logic [4:0]       from;
    logic [3:0]       to;
    logic             ended;
    logic [Entry-1:0] k;
    chosen = '0;
    from   = stream ? 5'b00010 : 5'b00001;
    ended  = 1'b0;
    for (int i = 0; i <= Places; i++) begin
      k = i < Places ? r[(i < Places ? i : 0)*Entry +: Entry] : '0;
      if (!ended && !is_window(k)) begin
        to = sink_of(k);
        for (int s = 0; s < 4; s++) begin
          if (to[s]) chosen[s*5 +: 5] = from;
        end
        from  = {to[2], to[1], to[0], 2'b00};
        ended = k == '0;
      end
    end
  endfunction

  always_ff @(posedge clk) begin
    if (rst) chosen_q <= '0;
    else chosen_q <= chosen(route, part[dvt_pkg::XbarSourceLsb]);
  end

  for (genvar s = 0; s < 4; s++) begin : g_sink
    localparam int Kernel = s == 0 ? dvt_pkg::KernelScale : s == 1 ? dvt_pkg::KernelAct
                          : s == 2 ? dvt_pkg::KernelElt : dvt_pkg::KernelWrite;
    logic [4:0] sel;

    // connections that do not exist are constants, and with them their gates
    assign sel = chosen_q[s*5 +: 5] &
                 {1'(dvt_pkg::ConnectElt >> Kernel), 1'(dvt_pkg::ConnectAct >> Kernel),
                  1'(dvt_pkg::ConnectScale >> Kernel), 1'(FromStream >> Kernel),
                  1'(dvt_pkg::ConnectArray >> Kernel)};
    assign valid_o[s] = |(sel & valid_i);
    assign beat_o[s*Bits +: Bits] =
      ({Bits{sel[0]}} & beat_i[0*Bits +: Bits]) | ({Bits{sel[1]}} & beat_i[1*Bits +: Bits]) |
      ({Bits{sel[2]}} & beat_i[2*Bits +: Bits]) | ({Bits{sel[3]}} & beat_i[3*Bits +: Bits]) |
      ({Bits{sel[4]}} & beat_i[4*Bits +: Bits]);
  end
endmodule
