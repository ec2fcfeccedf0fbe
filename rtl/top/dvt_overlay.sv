// SPDX-License-Identifier: Apache-2.0
// dvt_overlay -- the whole overlay: registers, control, memory side, and dvt_compute.
//
// Idea     one file that only connects. Reading a run: dvt_run lets it begin, the control client
//          fetches the long words, dvt_reader sends them down dvt_transport, dvt_sequencer launches
//          them; fread and wread fill stream buffer, filter caches and parameters,
//          dvt_stream_reader feeds dvt_compute, dvt_writer takes what it packs.
// Ports    AXI4 master m_axi_* (no ids, INCR bursts of full width, one write beat a burst),
//          AXI4-Lite slave s_axil_* (include/dovetail/csr.h), irq while a run has ended and it is
//          enabled, running: high in cycles 0..E of a run (timing.md section 1), and behind an
//          error until external memory owes nothing.
// Reset    rst, synchronous. Function tables in dvt_compute survive the resets between runs.
// Tests    tests/diff/diff_rtl.c
module dvt_overlay #(
  parameter int AddrBits = 40,
  parameter int BusBits  = dvt_pkg::MemoryBusBits  // derived: do not override
) (
  input  logic                 clk,
  input  logic                 rst,
  output logic                 irq,
  output logic                 running,
  // AXI4-Lite slave
  input  logic [19:0]          s_axil_awaddr,
  input  logic                 s_axil_awvalid,
  output logic                 s_axil_awready,
  input  logic [31:0]          s_axil_wdata,
  input  logic [3:0]           s_axil_wstrb,
  input  logic                 s_axil_wvalid,
  output logic                 s_axil_wready,
  output logic [1:0]           s_axil_bresp,
  output logic                 s_axil_bvalid,
  input  logic                 s_axil_bready,
  input  logic [19:0]          s_axil_araddr,
  input  logic                 s_axil_arvalid,
  output logic                 s_axil_arready,
  output logic [31:0]          s_axil_rdata,
  output logic [1:0]           s_axil_rresp,
  output logic                 s_axil_rvalid,
  input  logic                 s_axil_rready,
  // AXI4 master
  output logic [AddrBits-1:0]  m_axi_araddr,
  output logic [7:0]           m_axi_arlen,
  output logic [2:0]           m_axi_arsize,
  output logic [1:0]           m_axi_arburst,
  output logic                 m_axi_arvalid,
  input  logic                 m_axi_arready,
  input  logic [BusBits-1:0]   m_axi_rdata,
  input  logic [1:0]           m_axi_rresp,
  input  logic                 m_axi_rlast,
  input  logic                 m_axi_rvalid,
  output logic                 m_axi_rready,
  output logic [AddrBits-1:0]  m_axi_awaddr,
  output logic [7:0]           m_axi_awlen,
  output logic [2:0]           m_axi_awsize,
  output logic [1:0]           m_axi_awburst,
  output logic                 m_axi_awvalid,
  input  logic                 m_axi_awready,
  output logic [BusBits-1:0]   m_axi_wdata,
  output logic [BusBits/8-1:0] m_axi_wstrb,
  output logic                 m_axi_wlast,
  output logic                 m_axi_wvalid,
  input  logic                 m_axi_wready,
  input  logic [1:0]           m_axi_bresp,
  input  logic                 m_axi_bvalid,
  output logic                 m_axi_bready
);
  localparam int BusLog2  = $clog2(dvt_pkg::MemoryBusBytes);
  localparam int BeatBits = AddrBits - BusLog2;
  localparam int LenBits  = 9;
  localparam int Link     = dvt_pkg::ControlLinkBits;
  localparam int Banks    = dvt_pkg::StreamBufferBanks;
  localparam int Rows     = dvt_pkg::StreamBufferWordsPerBank;
  localparam int BankBits = Banks > 1 ? $clog2(Banks) : 1;
  localparam int RowBits  = Rows > 1 ? $clog2(Rows) : 1;
  localparam int Lanes    = dvt_pkg::Pixels;
  localparam int Blocks   = dvt_pkg::BeatBlocks;
  localparam int KVec     = dvt_pkg::KVec;
  localparam int Width    = dvt_pkg::FeatureWordBits;
  localparam int FWidth   = dvt_pkg::FilterWordBits;
  localparam int UnitBits = BusBits > 64 ? BusBits : 64;

  assign m_axi_arsize  = 3'(BusLog2);
  assign m_axi_arburst = 2'b01;
  assign m_axi_awsize  = 3'(BusLog2);
  assign m_axi_awburst = 2'b01;
  assign m_axi_awlen   = 8'd0;
  assign m_axi_wlast   = 1'b1;

  // ---- registers and the state of the block ----
  logic        start, soft_reset, clear, run_on, forget, done, error, quiet, fault;
  logic        progress, run_end, flush, axi_rst;
  logic [7:0]  error_code;
  logic [31:0] stream_bytes, stream_words, watchdog;
  logic [39:0] stream;
  logic [15:0] errors, error_place, tag;
  logic [4:0]  counter_select;
  logic [63:0] counter;
  logic        tw_valid;
  logic [3:0]  tw_table;
  logic [9:0]  tw_index;
  logic [31:0] tw_data;

  dvt_registers u_registers (
    .clk, .rst,
    .s_axil_awaddr, .s_axil_awvalid, .s_axil_awready, .s_axil_wdata, .s_axil_wstrb, .s_axil_wvalid,
    .s_axil_wready, .s_axil_bresp, .s_axil_bvalid, .s_axil_bready, .s_axil_araddr, .s_axil_arvalid,
    .s_axil_arready, .s_axil_rdata, .s_axil_rresp, .s_axil_rvalid, .s_axil_rready,
    .irq, .start, .soft_reset, .clear, .running, .done, .error, .quiet, .error_code, .error_place,
    .tag,
    .stream, .stream_bytes, .stream_words, .watchdog, .counter_select, .counter,
    .tw_valid, .tw_table, .tw_index, .tw_data
  );
  dvt_run u_run (
    .clk, .rst, .start, .soft_reset, .clear, .watchdog, .run_end, .progress, .quiet, .errors, .tag,
    .active(run_on), .running, .forget, .done, .error, .error_code, .error_place
  );
  assign flush   = rst | ~run_on;
  assign axi_rst = rst | forget;

  // ---- external memory ----
  logic [3:0]            ask, grant, beat_valid, beat_pop;
  logic [4*BeatBits-1:0] ask_addr;
  logic [4*LenBits-1:0]  ask_beats;
  logic [3*BusBits-1:0]  beat;
  logic [UnitBits-1:0]   control_beat;
  logic                  read_quiet, read_resp, read_last, read_fault;
  logic                  write_quiet, write_resp, write_fault, write_idle, write_sent;
  logic                  wpush, wroom;
  logic [BeatBits-1:0]   wpush_addr;
  logic [BusBits-1:0]    wpush_data;
  logic [BusBits/8-1:0]  wpush_strb;

  dvt_read_channel #(.AddrBits(AddrBits), .BeatBits(BeatBits), .LenBits(LenBits)) u_read (
    .clk, .rst(axi_rst), .stop(~run_on), .quiet(read_quiet), .bad_resp(read_resp),
    .bad_last(read_last), .fault(read_fault), .ask, .ask_addr, .ask_beats, .grant, .beat_valid,
    .beat,
    .control_beat, .beat_pop, .m_axi_araddr, .m_axi_arlen, .m_axi_arvalid, .m_axi_arready,
    .m_axi_rdata, .m_axi_rresp, .m_axi_rlast, .m_axi_rvalid, .m_axi_rready
  );
  dvt_write_channel #(.AddrBits(AddrBits), .BeatBits(BeatBits)) u_write (
    .clk, .rst(axi_rst), .stop(~run_on), .quiet(write_quiet), .bad_resp(write_resp),
    .fault(write_fault), .push(wpush), .push_addr(wpush_addr), .push_data(wpush_data),
    .push_strb(wpush_strb), .room(wroom), .idle(write_idle), .sent(write_sent),
    .m_axi_awaddr, .m_axi_awvalid, .m_axi_awready, .m_axi_wdata, .m_axi_wstrb, .m_axi_wvalid,
    .m_axi_wready, .m_axi_bresp, .m_axi_bvalid, .m_axi_bready
  );
  assign quiet = read_quiet & write_quiet;

  // ---- control: stream, reader, chain, sequencer ----
  logic [AddrBits-1:0] stream_end;
  logic                asked_q, control_done;
  logic [1:0]          flit_kind;
  logic [Link-1:0]     flit;
  logic                launch, ended, wread_complete, wread_taken, wread_full, bad_padding,
      word_busy;
  logic [15:0]         loading, loading_tag, active, load;
  logic                bad_header, bad_mask, bad_length, bad_check;
  logic                fread_busy, trip_busy;

  assign stream_end = AddrBits'(stream) + AddrBits'(stream_bytes) - AddrBits'(1);
  dvt_burst #(.BeatBits(BeatBits), .LenBits(LenBits), .BurstBeats(1)) u_control_burst (
    .clk, .rst(flush), .run_first(stream[AddrBits-1:BusLog2]),
    .run_last(stream_end[AddrBits-1:BusLog2]),
    .grant(grant[0]), .addr(ask_addr[0 +: BeatBits]), .beats(ask_beats[0 +: LenBits]),
    .run_done(control_done)
  );
  assign ask[0] = run_on & ~asked_q & (stream_bytes != 32'd0);
  always_ff @(posedge clk) begin
    if (flush) asked_q <= 1'b0;
    else if (grant[0] && control_done) asked_q <= 1'b1;
  end

  dvt_reader u_reader (
    .clk, .rst(flush), .words(stream_words), .first_unit(16'(stream[15:3]) & 16'(UnitBits/64 - 1)),
    .units({3'd0, stream_bytes[31:3]}),
    .misplaced(stream[2:0] != 3'd0 || stream_bytes[2:0] != 3'd0 || stream_bytes == 32'd0 ||
               stream_words == 32'd0), .beat_valid(beat_valid[0]), .beat(control_beat),
    .beat_pop(beat_pop[0]), .flit_kind, .flit, .launch, .tag(loading_tag), .kernels(loading),
    .bad_header, .bad_mask, .bad_length, .bad_check
  );

  logic [dvt_pkg::WreadPartBits-1:0]     shadow_wread;
  logic [dvt_pkg::FreadPartBits-1:0]     part_fread;
  logic [dvt_pkg::SreadPartBits-1:0]     part_sread;
  logic [dvt_pkg::ArrayPartBits-1:0]     part_array;
  logic [dvt_pkg::XbarPartBits-1:0]      part_xbar;
  logic [dvt_pkg::ScalePartBits-1:0]     part_scale;
  logic [dvt_pkg::ActPartBits-1:0]       part_act;
  logic [dvt_pkg::PoolPartBits-1:0]      part_pool;
  logic [dvt_pkg::EltPartBits-1:0]       part_elt;
  logic [dvt_pkg::DepthwisePartBits-1:0] part_depthwise;
  logic [dvt_pkg::LrnPartBits-1:0]       part_lrn;
  logic [dvt_pkg::WritePartBits-1:0]     part_write;

  assign load = launch ? loading : 16'd0;
  dvt_transport u_transport (
    .clk, .rst(flush), .in_kind(flit_kind), .in_flit(flit), .load, .ended, .wread_complete,
    .bad_padding,
    .shadow_wread, .part_fread, .part_sread, .part_array, .part_xbar, .part_scale, .part_act,
    .part_pool, .part_elt, .part_depthwise, .part_lrn, .part_write
  );
  dvt_sequencer u_sequencer (
    .clk, .rst(flush), .words(stream_words), .ended, .kernels(loading), .tag(loading_tag),
    .wread_complete, .wread_taken, .fread_busy, .trip_busy, .launch, .wread_full, .active,
    .active_tag(tag), .word_busy, .run_end
  );

  // ---- features in, filters in ----
  logic [Banks-1:0]         fread_en, writer_en;
  logic [Banks*RowBits-1:0] fread_row, writer_row;
  logic [Banks*Width-1:0]   fread_data, writer_data;
  logic                     fread_step, page_room, page_ready, page_done, page_first, page_last;
  logic                     group_room, group_ready, group_first, group_last, pages_fault,
      groups_fault;
  logic                     param_drained, param_freed;
  logic [1:0]               wread_step;
  logic                     fw_valid, fw_half, pw_valid, pw_half;
  logic [15:0]              fw_word, pw_row;
  logic [KVec-1:0]          fw_lanes;
  logic [KVec*FWidth-1:0]   fw_data;
  logic [95:0]              pw_data;

  dvt_fread #(.AddrBits(AddrBits), .BeatBits(BeatBits), .LenBits(LenBits), .BankBits(BankBits),
              .RowBits(RowBits)) u_fread (
    .clk, .rst(flush), .launch(load[dvt_pkg::KernelFread]), .part(part_fread), .busy(fread_busy),
    .ask(ask[3]), .ask_addr(ask_addr[3*BeatBits +: BeatBits]),
    .ask_beats(ask_beats[3*LenBits +: LenBits]), .grant(grant[3]), .beat_valid(beat_valid[3]),
    .beat(beat[2*BusBits +: BusBits]), .beat_pop(beat_pop[3]),
    .write_en(fread_en), .write_row(fread_row), .write_data(fread_data), .step(fread_step)
  );
  dvt_wread #(.AddrBits(AddrBits), .BeatBits(BeatBits), .LenBits(LenBits)) u_wread (
    .clk, .rst(flush), .shadow_full(wread_full), .shadow(shadow_wread), .taken(wread_taken),
    .ask(ask[2:1]), .ask_addr(ask_addr[BeatBits +: 2*BeatBits]),
    .ask_beats(ask_beats[LenBits +: 2*LenBits]),
    .grant(grant[2:1]), .beat_valid(beat_valid[2:1]), .beat(beat[0 +: 2*BusBits]),
    .beat_pop(beat_pop[2:1]),
    .step(wread_step), .page_room, .page_first, .page_last, .group_room, .group_first, .group_last,
    .fw_valid, .fw_half, .fw_word, .fw_lanes, .fw_data, .pw_valid, .pw_half, .pw_row, .pw_data
  );
  dvt_halves u_pages (
    .clk, .rst(flush), .first(page_first), .last(page_last), .done(page_done), .freed(page_done),
    .room(page_room), .ready(page_ready), .fault(pages_fault)
  );
  dvt_halves u_groups (
    .clk, .rst(flush), .first(group_first), .last(group_last), .done(param_drained),
    .freed(param_freed), .room(group_room), .ready(group_ready), .fault(groups_fault)
  );

  // ---- stream buffer and who reads it: the stream reader first ----
  logic [Lanes-1:0]           lane_want, lane_served, turn_inside;
  logic [Lanes*BankBits-1:0]  lane_bank;
  logic [Lanes*RowBits-1:0]   lane_row;
  logic [Banks-1:0]           lane_used, elt_used;
  logic [Banks*RowBits-1:0]   lane_used_row, elt_used_row, read_row;
  logic [Banks*Width-1:0]     bank_data;
  logic [Lanes*Width-1:0]     turn_blocks;
  logic                       go, enable, turns_left, turn_done, turn_last, turn_first, turn_half;
  logic [15:0]                turn_word;
  logic [Blocks-1:0]          elt_want, elt_served, operand_valid;
  logic [Blocks*BankBits-1:0] elt_bank;
  logic [Blocks*RowBits-1:0]  elt_row;
  logic [Blocks*Width-1:0]    operand_data;
  logic                       operand_ready, operand_taken, operand_pop, elt_step, elt_fault, wide;

  assign go   = trip_busy & ~fread_busy;
  assign wide = active[dvt_pkg::KernelArray];
  dvt_stream_reader #(.BankBits(BankBits), .RowBits(RowBits)) u_stream_reader (
    .clk, .rst(flush), .launch(load[dvt_pkg::KernelSread]), .go, .enable, .page_ready,
    .kernels(active),
    .part_sread, .part_array, .part_pool, .part_depthwise, .part_lrn, .turns_left, .page_done,
    .want(lane_want), .bank(lane_bank), .row(lane_row), .served(lane_served), .bank_data,
    .turn_done, .turn_last, .turn_first, .turn_half, .turn_word, .turn_blocks, .turn_inside
  );
  logic [Banks*(Lanes > 1 ? $clog2(Lanes) : 1)-1:0] lane_by;
  dvt_bank_grant #(.Clients(Lanes), .Banks(Banks), .BankBits(BankBits), .RowBits(RowBits)) u_lanes (
    .want(lane_want), .bank(lane_bank), .row(lane_row), .blocked({Banks{1'b0}}),
    .served(lane_served),
    .used(lane_used), .used_row(lane_used_row), .used_by(lane_by)
  );
  if (dvt_pkg::HasElt != 0) begin : g_elt
    logic [Banks*(Blocks > 1 ? $clog2(Blocks) : 1)-1:0] elt_by;
    dvt_elt_fetch #(.BankBits(BankBits), .RowBits(RowBits)) u_elt_fetch (
      .clk, .rst(flush), .launch(load[dvt_pkg::KernelElt]), .go, .wide, .part(part_elt),
      .part_write,
      .want(elt_want), .bank(elt_bank), .row(elt_row), .served(elt_served), .bank_data,
      .operand_ready, .operand_taken, .operand_pop, .operand_data, .operand_valid, .step(elt_step),
      .fault(elt_fault)
    );
    dvt_bank_grant #(.Clients(Blocks), .Banks(Banks), .BankBits(BankBits),
        .RowBits(RowBits)) u_blocks (
      .want(elt_want), .bank(elt_bank), .row(elt_row), .blocked(lane_used), .served(elt_served),
      .used(elt_used), .used_row(elt_used_row), .used_by(elt_by)
    );
    logic unused_by;
    assign unused_by = &{1'b0, elt_by};
  end else begin : g_no_elt
    assign {elt_want, elt_bank, elt_row, elt_served, elt_used, elt_used_row} = '0;
    assign {operand_ready, operand_data, operand_valid, elt_step, elt_fault} = '0;
    logic unused_elt;
    assign unused_elt = &{1'b0, elt_want, elt_bank, elt_row, operand_taken, operand_pop};
  end
  for (genvar b = 0; b < Banks; b++) begin : g_read_row
    assign read_row[b*RowBits +: RowBits] =
        lane_used[b] ? lane_used_row[b*RowBits +: RowBits] : elt_used_row[b*RowBits +: RowBits];
  end
  dvt_stream_buffer #(.Banks(Banks), .Rows(Rows), .Width(Width)) u_stream_buffer (
    .clk, .write_en(fread_busy ? fread_en : writer_en),
    .write_row(fread_busy ? fread_row : writer_row),
    .write_data(fread_busy ? fread_data : writer_data), .read_en(lane_used | elt_used), .read_row,
    .read_data(bank_data)
  );

  // ---- compute ----
  logic                    credit, beat_drained, packed_valid, result_full, drain_waits_param, busy;
  logic [Blocks*Width-1:0] packed_words;
  logic [Blocks*16-1:0]    packed_saturated;
  logic [31:0]             acc_saturated, write_saturated;

  dvt_compute u_compute (
    .clk, .rst(flush), .launch, .kernels(active), .part_sread, .part_array, .part_xbar, .part_scale,
    .part_act, .part_pool, .part_elt, .part_depthwise, .part_lrn, .part_write, .enable,
    .turn_done, .turn_last, .turn_first, .turn_half, .turn_word, .turn_blocks, .turn_inside,
    .fw_valid, .fw_half, .fw_word, .fw_lanes, .fw_data, .pw_valid, .pw_half, .pw_row, .pw_data,
    .tw_valid, .tw_table, .tw_index, .tw_data, .param_ready(group_ready), .param_drained,
    .param_freed,
    .operand_ready, .operand_taken, .operand_pop, .operand_data, .operand_valid, .credit,
    .beat_drained,
    .beat_valid(packed_valid), .beat_words(packed_words), .beat_saturated(packed_saturated),
    .result_full, .drain_waits_param, .acc_saturated, .busy
  );

  // ---- results out ----
  logic external, all_taken, beat_taken, writer_fault;
  dvt_writer #(.BeatBits(BeatBits), .BankBits(BankBits), .RowBits(RowBits)) u_writer (
    .clk, .rst(flush), .launch(load[dvt_pkg::KernelSread]), .wide, .part(part_write),
    .busy(trip_busy),
    .external, .all_taken, .beat_drained, .credit, .beat_valid(packed_valid),
    .beat_words(packed_words),
    .beat_saturated(packed_saturated), .write_en(writer_en), .write_row(writer_row),
    .write_data(writer_data), .push(wpush), .push_addr(wpush_addr), .push_data(wpush_data),
    .push_strb(wpush_strb), .room(wroom), .channel_idle(write_idle), .taken(beat_taken),
    .saturated(write_saturated), .fault(writer_fault)
  );

  // ---- what is counted, what is wrong ----
  localparam int Counters = (dvt_pkg::CsrKernelLink - dvt_pkg::CsrCycles) / 8 + 1;
  logic [8:0]          cause;
  logic [Counters-1:0] one;

  dvt_causes u_causes (
    .word_busy, .fread_busy, .array(wide), .turn_done, .turns_left, .enable, .page_ready,
    .drain_waits_param, .external, .credit, .all_taken, .cause
  );
  assign one = {flit_kind != 2'd0, beat_taken, elt_step, beat_drained, turn_done, wread_step[0],
                wread_step[1], fread_step, 1'b0, write_sent, m_axi_rvalid, launch, cause, 1'b1};
  dvt_counters #(.Count(Counters)) u_counters (
    .clk, .begin_run(flush & start), .count(run_on & ~run_end), .one,
    .some(write_saturated + acc_saturated), .select(counter_select), .value(counter)
  );

  assign progress = (m_axi_arvalid & m_axi_arready) | m_axi_rvalid | m_axi_bvalid |
                    (m_axi_awvalid & m_axi_awready) | (m_axi_wvalid & m_axi_wready) |
                    (flit_kind != 2'd0) | launch | turn_done | beat_drained | beat_taken |
                    fread_step | (wread_step != 2'b00) | elt_step;
  assign fault    = read_fault | write_fault | pages_fault | groups_fault | elt_fault |
                    writer_fault;
  always_comb begin
    errors = 16'd0;
    errors[dvt_pkg::CsrErrorVersion] = bad_header;
    errors[dvt_pkg::CsrErrorMask]    = bad_mask;
    errors[dvt_pkg::CsrErrorLength]  = bad_length;
    errors[dvt_pkg::CsrErrorCheck]   = bad_check;
    errors[dvt_pkg::CsrErrorPadding] = bad_padding;
    errors[dvt_pkg::CsrErrorRead]    = read_resp | read_last;
    errors[dvt_pkg::CsrErrorWrite]   = write_resp;
    errors[dvt_pkg::CsrErrorAssert]  = fault;
  end

  logic unused;
  assign unused = &{1'b0, stream_end[BusLog2-1:0], lane_by, elt_served,
      result_full, busy};
endmodule
