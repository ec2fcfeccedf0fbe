// SPDX-License-Identifier: Apache-2.0
// dvt_bank_split -- bank and row of a stream buffer word: address modulo and by the number of
//             banks.
//
// Idea     with a power of two of banks these are bits of the address. Other numbers divide by a
//          constant; a place in the bank only has to be its own, so the row is the quotient.
// Cycles   combinational.
// Tests    tests/diff/diff_rtl.c (overlays of 1, 2, 3 and 16 banks)
module dvt_bank_split #(
  parameter int Banks    = 4,
  parameter int Words    = 4096,  // of the whole buffer
  parameter int AddrBits = 24,
  parameter int BankBits = Banks > 1 ? $clog2(Banks) : 1,                       // derived
  parameter int RowBits  = Words / Banks > 1 ? $clog2(Words / Banks) : 1        // derived
) (
  input  logic [AddrBits-1:0] addr,
  output logic [BankBits-1:0] bank,
  output logic [RowBits-1:0]  row
);
  localparam int Log2Banks = $clog2(Banks);
  localparam bit Pow2 = (1 << Log2Banks) == Banks;

  logic [AddrBits-1:0] quotient, remainder;

  assign quotient  = Pow2 ? addr >> Log2Banks : addr / AddrBits'(Banks);
  assign remainder = Pow2 ? addr & AddrBits'(Banks - 1) : addr % AddrBits'(Banks);
  assign bank      = remainder[BankBits-1:0];
  assign row       = quotient[RowBits-1:0];

  logic unused;
  assign unused = &{1'b0, quotient, remainder};
endmodule
