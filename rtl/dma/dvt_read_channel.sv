// SPDX-License-Identifier: Apache-2.0
// dvt_read_channel -- read arbiter, AXI4 AR and R, and the four clients' queues of beats.
//
// Clients  0 control, 1 parameters, 2 pages, 3 features; the lowest that asks and has room goes
//          first.
// Idea     answers come in order, so a queue of who asked (and for how many beats) routes them. A
//          client's `reserved` counts beats in its queue and beats on their way: what it asks for
//          must fit beside them, so rready is always 1.
// Cycles   timing.md section 3: one burst a cycle into the AR register where that is empty or
//          accepted; a beat that arrives in cycle t is at the head from t + 1 on.
// Stop     with stop nothing new is asked for and answers are dropped; quiet: none is due any
//          more.
// Errors   bad_resp: an answer other than OKAY; bad_last: rlast not with the burst's last beat,
//          or an answer nobody waits for.
// Tests    tests/diff/diff_rtl.c
module dvt_read_channel #(
  parameter int AddrBits = 40,
  parameter int BeatBits = 34,
  parameter int LenBits  = 9,
  // derived, as the next: do not override
  parameter int BusBits  = dvt_pkg::MemoryBusBits,
  // at least a unit of the control stream
  parameter int UnitBits = BusBits > 64 ? BusBits : 64
) (
  input  logic                  clk,
  input  logic                  rst,
  input  logic                  stop,
  output logic                  quiet,
  output logic                  bad_resp,
  output logic                  bad_last,
  output logic                  fault,
  input  logic [3:0]            ask,
  input  logic [4*BeatBits-1:0] ask_addr,
  input  logic [4*LenBits-1:0]  ask_beats,
  output logic [3:0]            grant,
  output logic [3:0]            beat_valid,
  output logic [3*BusBits-1:0]  beat,          // of clients 1 to 3
  output logic [UnitBits-1:0]   control_beat,  // of client 0
  input  logic [3:0]            beat_pop,
  output logic [AddrBits-1:0]   m_axi_araddr,
  output logic [7:0]            m_axi_arlen,
  output logic                  m_axi_arvalid,
  input  logic                  m_axi_arready,
  input  logic [BusBits-1:0]    m_axi_rdata,
  input  logic [1:0]            m_axi_rresp,
  input  logic                  m_axi_rlast,
  input  logic                  m_axi_rvalid,
  output logic                  m_axi_rready
);
  localparam int BusLog2   = $clog2(dvt_pkg::MemoryBusBytes);
  localparam int Bursts    = dvt_pkg::TimingRo;
  localparam int BurstBits = $clog2(Bursts + 1);

  // ---- who goes next ----
  logic                 ar_free, arvalid_q, issued;
  logic [3:0]           fits, pick;
  logic [BeatBits-1:0]  addr_q, addr_d;
  logic [LenBits-1:0]   len_d;
  logic [7:0]           len_q;  // AXI counts beats less 1
  logic [BurstBits-1:0] open_q;
  logic [1:0]           who;

  assign ar_free = ~arvalid_q | m_axi_arready;
  assign pick    = ask & fits;
  assign issued  = ar_free & (pick != 4'd0) & (open_q < BurstBits'(Bursts)) & ~stop;
  assign who     = pick[0] ? 2'd0 : pick[1] ? 2'd1 : pick[2] ? 2'd2 : 2'd3;
  assign grant   = issued ? 4'd1 << who : 4'd0;
  assign addr_d  = ask_addr[who*BeatBits +: BeatBits];
  assign len_d   = ask_beats[who*LenBits +: LenBits];

  always_ff @(posedge clk) begin
    if (rst) arvalid_q <= 1'b0;
    else if (ar_free) arvalid_q <= issued;
    if (issued) begin
      addr_q <= addr_d;
      len_q  <= len_d[7:0] - 8'd1;
    end
  end
  assign m_axi_arvalid = arvalid_q;
  assign m_axi_araddr  = {addr_q, {BusLog2{1'b0}}};
  assign m_axi_arlen   = len_q;

  // ---- answers ----
  logic               due, arrived, last, order_fault;
  logic [1:0]         due_who;
  logic [LenBits-1:0] due_beats, beats_q;
  logic [BurstBits-1:0] due_count;

  dvt_fifo #(.Width(2 + LenBits), .Depth(Bursts)) u_order (
    .clk, .rst, .push(issued), .push_data({who, len_d}), .pop(arrived & last),
    .valid(due), .head({due_who, due_beats}), .count(due_count), .fault(order_fault)
  );
  assign m_axi_rready = 1'b1;
  assign arrived      = m_axi_rvalid & due;
  assign last         = beats_q + LenBits'(1) == due_beats;
  assign bad_resp     = m_axi_rvalid & (m_axi_rresp != 2'b00);
  assign bad_last     = m_axi_rvalid & (~due | (m_axi_rlast != last));
  assign quiet        = (open_q == '0) & ~arvalid_q;
  assign open_q       = due_count;  // granted and not answered to the last beat

  always_ff @(posedge clk) begin
    if (rst) beats_q <= '0;
    else if (arrived) beats_q <= last ? '0 : beats_q + LenBits'(1);
  end

  // ---- queues ----
  // Beats of less than a unit of the control stream are put together on their way in, so that a
  // unit can be seen when its last beat has come, and leaves as a whole.
  localparam int Pack = UnitBits / BusBits;

  logic [3:0]          queue_fault;
  logic                unit_push;
  logic [UnitBits-1:0] unit;

  if (Pack == 1) begin : g_whole
    assign unit      = m_axi_rdata;
    assign unit_push = arrived & ~stop & (due_who == 2'd0);
  end else begin : g_pack  // 32 bits, two beats
    logic               half_q;
    logic [BusBits-1:0] low_q;
    logic               mine;
    assign mine      = arrived & ~stop & (due_who == 2'd0);
    assign unit      = {m_axi_rdata, low_q};
    assign unit_push = mine & half_q;
    always_ff @(posedge clk) begin
      if (rst | stop) half_q <= 1'b0;
      else if (mine) half_q <= ~half_q;
      if (mine) low_q <= m_axi_rdata;
    end
  end

  for (genvar c = 0; c < 4; c++) begin : g_client
    localparam int Beats     = c == 0 ? dvt_pkg::ControlFifoBeats : dvt_pkg::ReadFifoBeats;
    localparam int Leaves    = c == 0 ? Pack : 1;
    localparam int Width     = c == 0 ? UnitBits : BusBits;
    localparam int Depth     = Beats / Leaves > 2 ? Beats / Leaves : 2;
    localparam int CountBits = $clog2(Beats + 1);
    localparam int SumBits   = (CountBits > LenBits ? CountBits : LenBits) + 1;

    logic [CountBits-1:0]       reserved_q;
    logic [SumBits-1:0]         wanted;
    logic [$clog2(Depth+1)-1:0] in_queue;
    logic [Width-1:0]           head;

    assign wanted  = SumBits'(reserved_q) + SumBits'(ask_beats[c*LenBits +: LenBits]);
    assign fits[c] = wanted <= SumBits'(Beats);
    always_ff @(posedge clk) begin
      if (rst | stop) reserved_q <= '0;
      else reserved_q <= (grant[c] ? wanted[CountBits-1:0] : reserved_q)
                         - (beat_pop[c] ? CountBits'(Leaves) : '0);
    end
    if (c == 0) begin : g_control
      dvt_fifo #(.Width(Width), .Depth(Depth)) u_queue (
        .clk, .rst(rst | stop), .push(unit_push), .push_data(unit), .pop(beat_pop[0]),
        .valid(beat_valid[0]), .head, .count(in_queue), .fault(queue_fault[0])
      );
      assign control_beat = head;
    end else begin : g_other
      dvt_fifo #(.Width(Width), .Depth(Depth)) u_queue (
        .clk, .rst(rst | stop), .push(arrived & ~stop & (due_who == 2'(c))),
        .push_data(m_axi_rdata),
        .pop(beat_pop[c]), .valid(beat_valid[c]), .head, .count(in_queue), .fault(queue_fault[c])
      );
      assign beat[(c-1)*BusBits +: BusBits] = head;
    end
    logic unused;
    assign unused = &{1'b0, in_queue};
  end
  assign fault = order_fault | (queue_fault != 4'd0);
endmodule
