// SPDX-License-Identifier: Apache-2.0
// dvt_act_lane -- activation of one value (docs/numerics-overlay.md sections 4 and 6).
//
// Idea      One multiplier serves slopes and segments: y = fl(fl(m * x) + a) with m, a = slope, 0
//           or the segment's b, a. Adding 0 changes nothing.
// Stages    with tables: 0..3 x - x0 | 4..6 * inv_step | 7 segment read | 8..10 * m |
//           11..14 + a | 15 choice;  without: 0..2 * m | 3 choice
// Latency   the number of stages: 16 or 4. v[s] enables the registers of stage s.
// Tests     tests/diff/diff_rtl.c
module dvt_act_lane #(
  parameter int Tables   = 8,
  parameter int Stages   = Tables > 0 ? dvt_pkg::TimingLactTables  // derived: do not override
                                      : dvt_pkg::TimingLm + 1,
  parameter int AddrBits = Tables > 0 ? $clog2(Tables * 256) : 1   // derived: do not override
) (
  input  logic              clk,
  input  logic [Stages-1:0] v,
  input  logic              busy,
  input  logic [3:0]        fn,
  input  logic [3:0]        table_i,
  input  logic [31:0]       p0,
  input  logic [31:0]       p1,
  input  logic [31:0]       x0,
  input  logic [31:0]       inv_step,
  input  logic              tw_valid,
  input  logic [3:0]        tw_table,
  input  logic [9:0]        tw_index,
  input  logic [31:0]       tw_data,
  input  logic [31:0]       x,
  input  logic [31:0]       slope,  // of the value that enters the multiplier: stage 8 or 0
  output logic [31:0]       y
);
  // functions of isa.h
  localparam logic [3:0] Leaky = 4'd1, Prelu = 4'd2, Clip = 4'd3, Table = 4'd4, Elu = 4'd5;

  logic [31:0] x_mul, x_end, m, linear, y_q;
  logic        tabular;

  assign tabular = fn == Table || fn == Elu;

  if (Tables > 0) begin : g_tables
    logic [31:0]         from_x0, place, a, b, a_add, product;
    logic [AddrBits-1:0] addr;
    logic                unused;
    assign unused = &{1'b0, place[15:0]};

    // clamp(floor(at), 0, 255) of sign, exponent and leading bits of `at`
    function automatic logic [7:0] segment(input logic [15:0] at);
      if (at[15] || at[14:7] < 8'd127) segment = 8'd0;
      else if (at[14:7] > 8'd134) segment = 8'd255;
      else segment = {1'b1, at[6:0]} >> (8'd134 - at[14:7]);
    endfunction

    dvt_fp_add u_sub (.clk(clk), .en(v[3:0]), .a(x), .b({!x0[31], x0[30:0]}), .s(from_x0));
    dvt_fp_mul u_place (.clk(clk), .en(v[6:4]), .a(from_x0), .b(inv_step), .p(place));
    assign addr = AddrBits'({table_i, segment(place[31:16])});
    dvt_table_bank #(.Tables(Tables)) u_bank (
      .clk(clk), .wr_en(tw_valid), .wr_table(tw_table), .wr_index(tw_index), .wr_data(tw_data),
      .rd_en(v[7]), .rd_addr(addr), .a(a), .b(b)
    );
    dvt_delay #(.Width(32), .Depth(8)) u_x (.clk(clk), .en(busy), .d_i(x), .d_o(x_mul));
    assign m = tabular ? b : fn == Prelu ? slope : p0;
    dvt_fp_mul u_mul (.clk(clk), .en(v[10:8]), .a(m), .b(x_mul), .p(product));
    dvt_delay #(.Width(32), .Depth(3)) u_a (.clk(clk), .en(busy), .d_i(tabular ? a : 32'd0),
                                            .d_o(a_add));
    dvt_fp_add u_add (.clk(clk), .en(v[14:11]), .a(product), .b(a_add), .s(linear));
    dvt_delay #(.Width(32), .Depth(7)) u_end (.clk(clk), .en(busy), .d_i(x_mul), .d_o(x_end));
  end else begin : g_plain
    logic unused;
    assign unused = &{1'b0, table_i, x0, inv_step, tw_valid, tw_table, tw_index, tw_data, tabular};
    assign x_mul  = x;
    assign m      = fn == Prelu ? slope : p0;
    dvt_fp_mul u_mul (.clk(clk), .en(v[2:0]), .a(m), .b(x_mul), .p(linear));
    dvt_delay #(.Width(32), .Depth(3)) u_end (.clk(clk), .en(busy), .d_i(x_mul), .d_o(x_end));
  end

  function automatic logic [31:0] chosen(input logic [31:0] in, input logic [31:0] line);
    logic [31:0] low;
    low = dvt_fp::greater(p0, in) ? p0 : in;
    case (fn)
      Clip:              chosen = dvt_fp::greater(low, p1) ? p1 : low;
      Table:             chosen = line;
      Leaky, Prelu, Elu: chosen = dvt_fp::positive(in) ? in : line;
      default:           chosen = dvt_fp::positive(in) ? in : 32'd0;
    endcase
  endfunction

  always_ff @(posedge clk) begin
    if (v[Stages-1]) y_q <= chosen(x_end, linear);
  end
  assign y = y_q;
endmodule
