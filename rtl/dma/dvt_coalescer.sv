// SPDX-License-Identifier: Apache-2.0
// dvt_coalescer -- gathers feature words into beats of the bus, or cuts large ones into beats.
//
// Idea     words up to the bus: one beat is open; pending blocks enter it in order as long as
//          they lie in it; another beat pushes it out. Larger words: one beat of the lowest
//          pending block a cycle.
// Ports    head: a beat of blocks stands at the writer with these pending; entered: blocks done
//          with in this cycle. flush: the trip's last block has entered. room: the queue behind
//          takes a beat.
// Cycles   timing.md section 8, External memory. A block that enters where another word already
//          lies replaces it.
// Tests    tests/diff/diff_rtl.c
module dvt_coalescer #(
  parameter int BeatBits = 34,
  parameter int Blocks   = dvt_pkg::BeatBlocks,  // derived, as those below: do not override
  parameter int Width    = dvt_pkg::FeatureWordBits,
  parameter int BusBits  = dvt_pkg::MemoryBusBits
) (
  input  logic                    clk,
  input  logic                    rst,
  input  logic                    head,
  input  logic [Blocks-1:0]       pending,
  input  logic [Blocks*32-1:0]    place,  // feature words
  input  logic [Blocks*Width-1:0] blocks,
  output logic [Blocks-1:0]       entered,
  input  logic                    flush,
  output logic                    open,
  input  logic                    room,
  output logic                    push,
  output logic [BeatBits-1:0]     push_addr,
  output logic [BusBits-1:0]      push_data,
  output logic [BusBits/8-1:0]    push_strb
);
  localparam int BusBytes  = BusBits / 8;
  localparam int WordBytes = dvt_pkg::FeatureWordBytes;

  logic [Blocks-1:0] lowest;
  assign lowest = pending & (~pending + Blocks'(1));

  if (WordBytes <= BusBytes) begin : g_small
    localparam int Slots    = BusBytes / WordBytes;
    localparam int SlotLog2 = $clog2(Slots);

    logic                open_q, begin_new, enters, stop;
    logic [31:0]         lead;  // beat of the lowest pending block
    logic [BeatBits-1:0] addr_q;
    logic [BusBits-1:0]  data_q, data_d;
    logic [BusBytes-1:0] strb_q, strb_d;
    logic [Blocks-1:0]   together;

    always_comb begin
      lead = '0;
      for (int b = 0; b < Blocks; b++) begin
        if (lowest[b]) lead = lead | (place[b*32 +: 32] >> SlotLog2);
      end
    end
    always_comb begin
      stop     = 1'b0;
      together = '0;
      for (int b = 0; b < Blocks; b++) begin
        if (pending[b]) begin
          if (place[b*32 +: 32] >> SlotLog2 != lead) stop = 1'b1;
          together[b] = ~stop;
        end
      end
    end
    assign begin_new = ~open_q | (addr_q != BeatBits'(lead));
    assign enters    = head & (pending != '0) & (~open_q | ~begin_new | room);
    assign entered   = enters ? together : '0;
    assign push      = open_q & room & (head & (pending != '0) ? begin_new : flush);

    always_comb begin
      data_d = data_q;
      strb_d = enters & begin_new ? '0 : strb_q;
      for (int b = 0; b < Blocks; b++) begin
        for (int s = 0; s < Slots; s++) begin
          if (entered[b] && (place[b*32 +: 32] & 32'(Slots - 1)) == s) begin
            data_d[s*(WordBytes*8) +: WordBytes*8] = (WordBytes*8)'(blocks[b*Width +: Width]);
            strb_d[s*WordBytes +: WordBytes]       = {WordBytes{1'b1}};
          end
        end
      end
    end
    always_ff @(posedge clk) begin
      if (rst) open_q <= 1'b0;
      else open_q <= enters | (open_q & ~push);
      if (enters) begin
        addr_q <= BeatBits'(lead);
        data_q <= data_d;
        strb_q <= strb_d;
      end
    end
    assign open      = open_q;
    assign push_addr = addr_q;
    assign push_data = data_q;
    assign push_strb = strb_q;
  end else begin : g_large
    localparam int Beats = WordBytes / BusBytes;

    logic [15:0]            part_q;
    logic [31:0]            at;
    logic [WordBytes*8-1:0] word;

    always_comb begin
      at   = '0;
      word = '0;
      for (int b = 0; b < Blocks; b++) begin
        if (lowest[b]) begin
          at   = at | place[b*32 +: 32];
          word = word | (WordBytes*8)'(blocks[b*Width +: Width]);
        end
      end
    end
    assign push      = head & (pending != '0) & room;
    assign push_addr = BeatBits'(at) * BeatBits'(Beats) + BeatBits'(part_q);
    assign push_data = word[part_q*BusBits +: BusBits];
    assign push_strb = '1;
    assign entered   = push & (part_q == 16'(Beats - 1)) ? lowest : '0;
    assign open      = 1'b0;
    always_ff @(posedge clk) begin
      if (rst) part_q <= 16'd0;
      else if (push) part_q <= part_q == 16'(Beats - 1) ? 16'd0 : part_q + 16'd1;
    end
    logic unused;
    assign unused = &{1'b0, flush};
  end
endmodule
