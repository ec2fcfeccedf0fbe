// SPDX-License-Identifier: Apache-2.0
// dvt_spread -- one value a channel to one value a lane of a group: value n of a beat belongs to
// channel n mod CVec. Combinational.
//
// Tests     tests/diff/diff_rtl.c
module dvt_spread #(
  parameter int CVec      = 8,
  parameter int Vec       = 16,
  parameter int Groups    = 1,
  parameter int ValueBits = 32,
  parameter int IndexBits = Groups > 1 ? $clog2(Groups) : 1  // derived: do not override
) (
  input  logic [CVec*ValueBits-1:0]   channel_i,
  input  logic [IndexBits-1:0] index_i,
  output logic [Vec*ValueBits-1:0]    lane_o
);
  if (Vec % CVec == 0 || Groups == 1) begin : g_fixed
    logic unused;
    assign unused = &{1'b0, index_i};
    for (genvar u = 0; u < Vec; u++) begin : g_lane
      assign lane_o[u*ValueBits +: ValueBits] = channel_i[(u%CVec)*ValueBits +: ValueBits];
    end
  end else begin : g_moving
    function automatic logic [Vec*ValueBits-1:0] spread(input logic [CVec*ValueBits-1:0] x,
                                                 input logic [IndexBits-1:0] i);
      spread = '0;
      for (int g = 0; g < Groups; g++) begin
        if (i == IndexBits'(g)) begin
          for (int u = 0; u < Vec; u++)
            spread[u*ValueBits +: ValueBits] = x[((g*Vec+u)%CVec)*ValueBits +: ValueBits];
        end
      end
    endfunction
    assign lane_o = spread(channel_i, index_i);
  end
endmodule
