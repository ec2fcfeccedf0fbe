// SPDX-License-Identifier: Apache-2.0
// dvt_pack -- a beat's values to feature words (docs/numerics-overlay.md section 5).
//
// Latency   TimingLp - 1 = 3 cycles; the beat FIFO's write is the fourth.
// Meta      {released, half, channel block, values kept}: of each block the first `kept` values
//           count, the others are written as zero.
// Tests     tests/diff/diff_rtl.c
module dvt_pack #(
  parameter int Beat     = dvt_pkg::BeatBlocks,
  parameter int CVec     = dvt_pkg::CVec,
  parameter int MetaBits = 8,
  parameter int KeepBits = 4
) (
  input  logic                                     clk,
  input  logic                                     rst,
  input  logic [31:0]                              inv_scale,
  input  logic                                     valid_i,
  input  logic [Beat*CVec*32-1:0]                  x_i,
  input  logic [MetaBits-1:0]                      meta_i,
  output logic                                     valid_o,
  output logic                                     released_o,
  output logic [Beat*dvt_pkg::FeatureWordBits-1:0] words_o,
  output logic [Beat*16-1:0]                       saturated_o
);
  localparam int Word   = dvt_pkg::FeatureWordBits;
  localparam int Stages = dvt_pkg::TimingLp - 1;

  logic [Stages:0] v;
  logic [CVec-1:0] keep;
  logic            released, busy, unused;

  assign busy   = |v;
  assign unused = &{1'b0, meta_i};
  dvt_valid_line #(.Depth(Stages)) u_valid (.clk(clk), .rst(rst), .en(1'b1), .v_i(valid_i),
                                            .v_o(v), .end_o(valid_o));
  dvt_delay #(.Width(1), .Depth(Stages)) u_released (.clk(clk), .en(busy),
                                                     .d_i(meta_i[MetaBits-1]), .d_o(released));
  for (genvar c = 0; c < CVec; c++) begin : g_keep
    assign keep[c] = meta_i[KeepBits-1:0] > KeepBits'(c);
  end

  for (genvar b = 0; b < Beat; b++) begin : g_block
    if (dvt_pkg::FormatIsInt8 != 0) begin : g_int8
      dvt_pack_int8 #(.CVec(CVec)) u_pack (
        .clk(clk), .en(v[2:0]), .x(x_i[b*CVec*32 +: CVec*32]), .keep(keep), .inv_scale(inv_scale),
        .word(words_o[b*Word +: Word]), .saturated(saturated_o[b*16 +: 16])
      );
    end else begin : g_bfp
      dvt_pack_bfp #(.CVec(CVec), .MantBits(dvt_pkg::FormatFeatureMantissaBits)) u_pack (
        .clk(clk), .en(v[2:0]), .x(x_i[b*CVec*32 +: CVec*32]), .keep(keep),
        .word(words_o[b*Word +: Word]), .saturated(saturated_o[b*16 +: 16])
      );
    end
  end
  if (dvt_pkg::FormatIsInt8 == 0) begin : g_unscaled
    logic unused_scale;
    assign unused_scale = &{1'b0, inv_scale};
  end

  assign released_o = valid_o & released;
endmodule
