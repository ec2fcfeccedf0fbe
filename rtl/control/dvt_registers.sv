// SPDX-License-Identifier: Apache-2.0
// dvt_registers -- the register block on AXI4-Lite (include/dovetail/csr.h).
//
// Idea     one write and one read at a time: a write is carried out in the cycle in which address
//          and data are both there, its answer follows; a read is answered in the cycle after its
//          address. Strobes are not looked at: registers are written whole. Unknown addresses
//          read as 0.
// Tests    tests/diff/diff_rtl.c
module dvt_registers (
  input  logic        clk,
  input  logic        rst,
  input  logic [19:0] s_axil_awaddr,
  input  logic        s_axil_awvalid,
  output logic        s_axil_awready,
  input  logic [31:0] s_axil_wdata,
  input  logic [3:0]  s_axil_wstrb,
  input  logic        s_axil_wvalid,
  output logic        s_axil_wready,
  output logic [1:0]  s_axil_bresp,
  output logic        s_axil_bvalid,
  input  logic        s_axil_bready,
  input  logic [19:0] s_axil_araddr,
  input  logic        s_axil_arvalid,
  output logic        s_axil_arready,
  output logic [31:0] s_axil_rdata,
  output logic [1:0]  s_axil_rresp,
  output logic        s_axil_rvalid,
  input  logic        s_axil_rready,
  output logic        irq,
  output logic        start,
  output logic        soft_reset,
  output logic        clear,
  input  logic        running,
  input  logic        done,
  input  logic        error,
  input  logic        quiet,
  input  logic [7:0]  error_code,
  input  logic [15:0] error_place,
  input  logic [15:0] tag,
  output logic [39:0] stream,
  output logic [31:0] stream_bytes,
  output logic [31:0] stream_words,
  output logic [31:0] watchdog,
  output logic [4:0]  counter_select,
  input  logic [63:0] counter,
  output logic        tw_valid,
  output logic [3:0]  tw_table,
  output logic [9:0]  tw_index,
  output logic [31:0] tw_data
);
  localparam logic [31:0] WatchdogDefault = 32'd1 << 20;

  // ---- writes ----
  logic        write, control, bvalid_q, irq_enable_q;
  logic [19:0] wa;
  logic [31:0] wd, lo_q, bytes_q, words_q, watchdog_q;
  logic [7:0]  hi_q;
  logic [3:0]  table_q;
  logic [9:0]  index_q;

  assign write          = s_axil_awvalid & s_axil_wvalid & ~bvalid_q;
  assign s_axil_awready = write;
  assign s_axil_wready  = write;
  assign s_axil_bvalid  = bvalid_q;
  assign s_axil_bresp   = 2'b00;
  assign wa             = s_axil_awaddr;
  assign wd             = s_axil_wdata;
  assign control        = write & (wa == 20'(dvt_pkg::CsrControl));
  assign start          = control & wd[0];
  assign soft_reset     = control & wd[1];
  assign clear          = control & wd[2];
  assign tw_valid       = write & (wa == 20'(dvt_pkg::CsrTableData));
  assign tw_table       = table_q;
  assign tw_index       = index_q;
  assign tw_data        = wd;

  always_ff @(posedge clk) begin
    if (rst) begin
      bvalid_q     <= 1'b0;
      irq_enable_q <= 1'b0;
      watchdog_q   <= WatchdogDefault;
      lo_q         <= 32'd0;
      hi_q         <= 8'd0;
      bytes_q      <= 32'd0;
      words_q      <= 32'd0;
    end else begin
      bvalid_q <= write | (bvalid_q & ~s_axil_bready);
      if (write && (wa == 20'(dvt_pkg::CsrIrqEnable))) irq_enable_q <= wd[0];
      if (write && (wa == 20'(dvt_pkg::CsrStreamLo))) lo_q <= wd;
      if (write && (wa == 20'(dvt_pkg::CsrStreamHi))) hi_q <= wd[7:0];
      if (write && (wa == 20'(dvt_pkg::CsrStreamBytes))) bytes_q <= wd;
      if (write && (wa == 20'(dvt_pkg::CsrStreamWords))) words_q <= wd;
      if (write && (wa == 20'(dvt_pkg::CsrWatchdog))) watchdog_q <= wd;
    end
    if (write && (wa == 20'(dvt_pkg::CsrTableSelect))) begin
      table_q <= wd[19:16];
      index_q <= wd[9:0];
    end else if (tw_valid) begin
      index_q <= index_q + 10'd1;
    end
  end
  assign stream       = {hi_q, lo_q};
  assign stream_bytes = bytes_q;
  assign stream_words = words_q;
  assign watchdog     = watchdog_q;

  // ---- reads ----
  logic        read, rvalid_q;
  logic [19:0] ra, counter_offset;
  logic [31:0] rdata_q, rdata_d, status, counter_half;

  assign read           = s_axil_arvalid & (~rvalid_q | s_axil_rready);
  assign s_axil_arready = read;
  assign s_axil_rvalid  = rvalid_q;
  assign s_axil_rdata   = rdata_q;
  assign s_axil_rresp   = 2'b00;
  assign ra             = s_axil_araddr;
  assign counter_offset = ra - 20'(dvt_pkg::CsrCycles);
  assign counter_select = counter_offset[7:3];

  assign counter_half = counter_offset[19:8] != 12'd0 ? 32'd0
                        : ra[2] ? counter[63:32] : counter[31:0];

  assign status       = {16'd0, error_code, 4'd0, quiet, error, done, running};
  always_comb begin
    case (ra)
      20'(dvt_pkg::CsrId):          rdata_d = 32'(dvt_pkg::CsrIdValue);
      20'(dvt_pkg::CsrVersion):     rdata_d = 32'(dvt_pkg::IsaVersion);
      20'(dvt_pkg::CsrDescription): rdata_d = 32'(dvt_pkg::CsrDescriptionValue);
      20'(dvt_pkg::CsrStatus):      rdata_d = status;
      20'(dvt_pkg::CsrErrorPlace):  rdata_d = {16'd0, error_place};
      20'(dvt_pkg::CsrIrqEnable):   rdata_d = {31'd0, irq_enable_q};
      20'(dvt_pkg::CsrStreamLo):    rdata_d = lo_q;
      20'(dvt_pkg::CsrStreamHi):    rdata_d = {24'd0, hi_q};
      20'(dvt_pkg::CsrStreamBytes): rdata_d = bytes_q;
      20'(dvt_pkg::CsrStreamWords): rdata_d = words_q;
      20'(dvt_pkg::CsrWatchdog):    rdata_d = watchdog_q;
      20'(dvt_pkg::CsrTag):         rdata_d = {16'd0, tag};
      20'(dvt_pkg::CsrTableSelect): rdata_d = {12'd0, table_q, 6'd0, index_q};
      default:                      rdata_d = counter_half;
    endcase
  end
  always_ff @(posedge clk) begin
    if (rst) rvalid_q <= 1'b0;
    else rvalid_q <= read | (rvalid_q & ~s_axil_rready);
    if (read) rdata_q <= rdata_d;
  end

  assign irq = irq_enable_q & (done | error);

  logic unused;
  assign unused = &{1'b0, s_axil_wstrb, counter_offset[2:0]};
endmodule
