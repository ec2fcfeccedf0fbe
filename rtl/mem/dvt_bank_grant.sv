// SPDX-License-Identifier: Apache-2.0
// dvt_bank_grant -- every free bank serves the lowest client that wants it (timing.md section 5).
//
// Ports    want, bank, row of each client; blocked banks serve nobody. Out come the clients
//          served and, for each bank, whether and which row of it is used and by whom.
// Cycles   combinational.
// Proof    tests/rtl/formal.py: only who wants is served, at most one a bank, the lowest, never
//          by a blocked bank, and a free bank that somebody wants serves.
// Tests    tests/diff/diff_rtl.c
module dvt_bank_grant #(
  parameter int Clients    = 8,
  parameter int Banks      = 4,
  parameter int BankBits   = 2,
  parameter int RowBits    = 10,
  parameter int ClientBits = Clients > 1 ? $clog2(Clients) : 1  // derived: do not override
) (
  input  logic [Clients-1:0]          want,
  input  logic [Clients*BankBits-1:0] bank,
  input  logic [Clients*RowBits-1:0]  row,
  input  logic [Banks-1:0]            blocked,
  output logic [Clients-1:0]          served,
  output logic [Banks-1:0]            used,
  output logic [Banks*RowBits-1:0]    used_row,
  output logic [Banks*ClientBits-1:0] used_by
);
  // Clients ascending take banks away from those behind them.
  always_comb begin
    used     = '0;
    used_row = '0;
    used_by  = '0;
    served   = '0;
    for (int c = 0; c < Clients; c++) begin
      for (int b = 0; b < Banks; b++) begin
        if (want[c] && bank[c*BankBits +: BankBits] == BankBits'(b) && !blocked[b] &&
            !used[b]) begin
          served[c]                         = 1'b1;
          used[b]                           = 1'b1;
          used_row[b*RowBits +: RowBits]    = row[c*RowBits +: RowBits];
          used_by[b*ClientBits +: ClientBits] = ClientBits'(c);
        end
      end
    end
  end

`ifdef FORMAL
  for (genvar c = 0; c < Clients; c++) begin : g_proof
    logic [BankBits-1:0] f_bank;
    logic [Clients-1:0]  f_below;  // served by the same bank

    assign f_bank = bank[c*BankBits +: BankBits];
    for (genvar d = 0; d < Clients; d++) begin : g_below
      assign f_below[d] = d < c && served[d] && bank[d*BankBits +: BankBits] == f_bank;
    end
    always @(*) begin
      assume (f_bank < Banks);
      if (served[c]) begin
        assert (want[c] && !blocked[f_bank] && f_below == '0);
        assert (used[f_bank]);
        assert (used_by[f_bank*ClientBits +: ClientBits] == c);
        assert (used_row[f_bank*RowBits +: RowBits] == row[c*RowBits +: RowBits]);
      end
      if (want[c] && !served[c]) assert (blocked[f_bank] || f_below != '0);
    end
  end
  for (genvar b = 0; b < Banks; b++) begin : g_used
    always @(*) if (used[b]) assert (served[used_by[b*ClientBits +: ClientBits]]);
  end
`endif
endmodule
