// SPDX-License-Identifier: Apache-2.0
// dvt_gather -- collects the words that banks read for clients in the cycle before.
//
// Ports    served and bank as of the cycle of the grant; bank_data one cycle later. `blocks` are
//          the words collected up to now, those of this cycle included; `held` those up to the
//          cycle before.
// Cycles   served in t: in `blocks` from t + 1 on, in `held` from t + 2 on, until the client is
//          served again. So the banks are free for others while the collector waits (timing.md
//          section 7).
// Tests    tests/diff/diff_rtl.c
module dvt_gather #(
  parameter int Clients  = 8,
  parameter int Banks    = 4,
  parameter int BankBits = 2,
  parameter int Width    = 32
) (
  input  logic                        clk,
  input  logic [Clients-1:0]          served,
  input  logic [Clients*BankBits-1:0] bank,
  input  logic [Banks*Width-1:0]      bank_data,
  output logic [Clients*Width-1:0]    blocks,
  output logic [Clients*Width-1:0]    held
);
  logic [Clients-1:0]          fresh_q;
  logic [Clients*BankBits-1:0] bank_q;
  logic [Clients*Width-1:0]    held_q;

  for (genvar c = 0; c < Clients; c++) begin : g_client
    assign blocks[c*Width +: Width] =
        fresh_q[c] ? bank_data[bank_q[c*BankBits +: BankBits]*Width +: Width]
                   : held_q[c*Width +: Width];
  end

  always_ff @(posedge clk) begin
    fresh_q <= served;
    bank_q  <= bank;
    held_q  <= blocks;
  end
  assign held = held_q;
endmodule
