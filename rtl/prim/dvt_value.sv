// SPDX-License-Identifier: Apache-2.0
// dvt_value -- one value of a block to binary32 (docs/numerics-overlay.md section 4).
//
// Block floating point: mant * 2^(exp - 15 - (MantBits - 2)), exact. int8: fl(mant * scale) with
// Scaled, else the integer itself.
// Latency    1 cycle.
// Tests      tests/rtl/primitives.py
module dvt_value #(
  parameter int MantBits = 12,
  parameter int Int8     = 0,
  parameter int Scaled   = 1
) (
  input  logic                clk,
  input  logic                en,
  input  logic [MantBits-1:0] mant,   // sign and magnitude; int8: two's complement
  input  logic [4:0]          exp,    // block floating point alone
  input  logic [31:0]         scale,  // int8 with Scaled alone
  output logic [31:0]         x
);
  if (Int8 != 0) begin : g_int8
    logic [7:0]  mag;
    logic [31:0] whole;
    logic        unused;
    assign unused = &{1'b0, exp};
    assign mag    = mant[7] ? -mant[7:0] : mant[7:0];
    assign whole  = dvt_fp::from_small(mant[7], {4'd0, mag}, 8'd127);
    if (Scaled != 0) begin : g_scaled
      dvt_fp_mul #(.Stages(1)) u_mul (.clk(clk), .en(en), .a(whole), .b(scale), .p(x));
    end else begin : g_whole
      logic [31:0] x_q;
      logic        unused_scale;
      assign unused_scale = &{1'b0, scale};
      always_ff @(posedge clk) begin
        if (en) x_q <= whole;
      end
      assign x = x_q;
    end
  end else begin : g_bfp
    logic [31:0] x_q;
    logic        unused;
    assign unused = &{1'b0, scale};
    always_ff @(posedge clk) begin
      if (en)
        x_q <= dvt_fp::from_small(mant[MantBits-1], 12'(mant[MantBits-2:0]),
                                  8'(127 - 15 - (MantBits - 2)) + {3'd0, exp});
    end
    assign x = x_q;
  end
endmodule
