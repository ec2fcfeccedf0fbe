// SPDX-License-Identifier: Apache-2.0
// dvt_transport -- the transport nodes of all kernels, one behind the other in kernel order.
//
// Idea     one way, no answers: a part is where it belongs when its flits have passed. Kernels
//          that this overlay does not have keep their register on the chain, so that times do not
//          depend on what is there, and lose everything else in synthesis.
// Ports    ended: the end flit has passed all nodes; load: launch of the mask's kernels, whose
//          parts are active from the next cycle on.
// Cycles   timing.md section 4: an end flit sent in cycle t is here (`ended`) in t + 12.
// Tests    tests/diff/diff_rtl.c
module dvt_transport #(
  parameter int Link = dvt_pkg::ControlLinkBits  // derived: do not override
) (
  input  logic                                  clk,
  input  logic                                  rst,
  input  logic [1:0]                            in_kind,
  input  logic [Link-1:0]                       in_flit,
  input  logic [15:0]                           load,
  output logic                                  ended,
  output logic                                  wread_complete,
  output logic                                  bad_padding,
  output logic [dvt_pkg::WreadPartBits-1:0]     shadow_wread,
  output logic [dvt_pkg::FreadPartBits-1:0]     part_fread,
  output logic [dvt_pkg::SreadPartBits-1:0]     part_sread,
  output logic [dvt_pkg::ArrayPartBits-1:0]     part_array,
  output logic [dvt_pkg::XbarPartBits-1:0]      part_xbar,
  output logic [dvt_pkg::ScalePartBits-1:0]     part_scale,
  output logic [dvt_pkg::ActPartBits-1:0]       part_act,
  output logic [dvt_pkg::PoolPartBits-1:0]      part_pool,
  output logic [dvt_pkg::EltPartBits-1:0]       part_elt,
  output logic [dvt_pkg::DepthwisePartBits-1:0] part_depthwise,
  output logic [dvt_pkg::LrnPartBits-1:0]       part_lrn,
  output logic [dvt_pkg::WritePartBits-1:0]     part_write
);
  localparam int Nodes = dvt_pkg::KernelCount;

  logic [1:0]      kind [Nodes + 1];
  logic [Link-1:0] flit [Nodes + 1];
  logic [Nodes-1:0] complete, padding;

  assign kind[0] = in_kind;
  assign flit[0] = in_flit;

  logic [dvt_pkg::FreadPartBits-1:0] shadow_fread;
  dvt_node #(
    .Kernel(dvt_pkg::KernelFread), .Bits(dvt_pkg::FreadPartBits), .Bytes(dvt_pkg::FreadPartBytes),
    .Link(Link)
  ) u_fread (
    .clk, .rst, .in_kind(kind[dvt_pkg::KernelFread]), .in_flit(flit[dvt_pkg::KernelFread]),
    .out_kind(kind[dvt_pkg::KernelFread + 1]), .out_flit(flit[dvt_pkg::KernelFread + 1]),
    .launch(load[dvt_pkg::KernelFread]), .complete(complete[dvt_pkg::KernelFread]),
    .padding(padding[dvt_pkg::KernelFread]), .shadow(shadow_fread), .part(part_fread)
  );

  logic [dvt_pkg::WreadPartBits-1:0] no_wread;
  dvt_node #(
    .Kernel(dvt_pkg::KernelWread), .Bits(dvt_pkg::WreadPartBits), .Bytes(dvt_pkg::WreadPartBytes),
    .Link(Link), .Active(1'b0)
  ) u_wread (
    .clk, .rst, .in_kind(kind[dvt_pkg::KernelWread]), .in_flit(flit[dvt_pkg::KernelWread]),
    .out_kind(kind[dvt_pkg::KernelWread + 1]), .out_flit(flit[dvt_pkg::KernelWread + 1]),
    .launch(load[dvt_pkg::KernelWread]), .complete(complete[dvt_pkg::KernelWread]),
    .padding(padding[dvt_pkg::KernelWread]), .shadow(shadow_wread), .part(no_wread)
  );

  logic [dvt_pkg::SreadPartBits-1:0] shadow_sread;
  dvt_node #(
    .Kernel(dvt_pkg::KernelSread), .Bits(dvt_pkg::SreadPartBits), .Bytes(dvt_pkg::SreadPartBytes),
    .Link(Link)
  ) u_sread (
    .clk, .rst, .in_kind(kind[dvt_pkg::KernelSread]), .in_flit(flit[dvt_pkg::KernelSread]),
    .out_kind(kind[dvt_pkg::KernelSread + 1]), .out_flit(flit[dvt_pkg::KernelSread + 1]),
    .launch(load[dvt_pkg::KernelSread]), .complete(complete[dvt_pkg::KernelSread]),
    .padding(padding[dvt_pkg::KernelSread]), .shadow(shadow_sread), .part(part_sread)
  );

  logic [dvt_pkg::ArrayPartBits-1:0] shadow_array;
  dvt_node #(
    .Kernel(dvt_pkg::KernelArray), .Bits(dvt_pkg::ArrayPartBits), .Bytes(dvt_pkg::ArrayPartBytes),
    .Link(Link)
  ) u_array (
    .clk, .rst, .in_kind(kind[dvt_pkg::KernelArray]), .in_flit(flit[dvt_pkg::KernelArray]),
    .out_kind(kind[dvt_pkg::KernelArray + 1]), .out_flit(flit[dvt_pkg::KernelArray + 1]),
    .launch(load[dvt_pkg::KernelArray]), .complete(complete[dvt_pkg::KernelArray]),
    .padding(padding[dvt_pkg::KernelArray]), .shadow(shadow_array), .part(part_array)
  );

  logic [dvt_pkg::XbarPartBits-1:0] shadow_xbar;
  dvt_node #(
    .Kernel(dvt_pkg::KernelXbar), .Bits(dvt_pkg::XbarPartBits), .Bytes(dvt_pkg::XbarPartBytes),
    .Link(Link)
  ) u_xbar (
    .clk, .rst, .in_kind(kind[dvt_pkg::KernelXbar]), .in_flit(flit[dvt_pkg::KernelXbar]),
    .out_kind(kind[dvt_pkg::KernelXbar + 1]), .out_flit(flit[dvt_pkg::KernelXbar + 1]),
    .launch(load[dvt_pkg::KernelXbar]), .complete(complete[dvt_pkg::KernelXbar]),
    .padding(padding[dvt_pkg::KernelXbar]), .shadow(shadow_xbar), .part(part_xbar)
  );

  logic [dvt_pkg::ScalePartBits-1:0] shadow_scale;
  dvt_node #(
    .Kernel(dvt_pkg::KernelScale), .Bits(dvt_pkg::ScalePartBits), .Bytes(dvt_pkg::ScalePartBytes),
    .Link(Link)
  ) u_scale (
    .clk, .rst, .in_kind(kind[dvt_pkg::KernelScale]), .in_flit(flit[dvt_pkg::KernelScale]),
    .out_kind(kind[dvt_pkg::KernelScale + 1]), .out_flit(flit[dvt_pkg::KernelScale + 1]),
    .launch(load[dvt_pkg::KernelScale]), .complete(complete[dvt_pkg::KernelScale]),
    .padding(padding[dvt_pkg::KernelScale]), .shadow(shadow_scale), .part(part_scale)
  );

  logic [dvt_pkg::ActPartBits-1:0] shadow_act;
  dvt_node #(
    .Kernel(dvt_pkg::KernelAct), .Bits(dvt_pkg::ActPartBits), .Bytes(dvt_pkg::ActPartBytes),
    .Link(Link)
  ) u_act (
    .clk, .rst, .in_kind(kind[dvt_pkg::KernelAct]), .in_flit(flit[dvt_pkg::KernelAct]),
    .out_kind(kind[dvt_pkg::KernelAct + 1]), .out_flit(flit[dvt_pkg::KernelAct + 1]),
    .launch(load[dvt_pkg::KernelAct]), .complete(complete[dvt_pkg::KernelAct]),
    .padding(padding[dvt_pkg::KernelAct]), .shadow(shadow_act), .part(part_act)
  );

  logic [dvt_pkg::PoolPartBits-1:0] shadow_pool;
  dvt_node #(
    .Kernel(dvt_pkg::KernelPool), .Bits(dvt_pkg::PoolPartBits), .Bytes(dvt_pkg::PoolPartBytes),
    .Link(Link)
  ) u_pool (
    .clk, .rst, .in_kind(kind[dvt_pkg::KernelPool]), .in_flit(flit[dvt_pkg::KernelPool]),
    .out_kind(kind[dvt_pkg::KernelPool + 1]), .out_flit(flit[dvt_pkg::KernelPool + 1]),
    .launch(load[dvt_pkg::KernelPool]), .complete(complete[dvt_pkg::KernelPool]),
    .padding(padding[dvt_pkg::KernelPool]), .shadow(shadow_pool), .part(part_pool)
  );

  logic [dvt_pkg::EltPartBits-1:0] shadow_elt;
  dvt_node #(
    .Kernel(dvt_pkg::KernelElt), .Bits(dvt_pkg::EltPartBits), .Bytes(dvt_pkg::EltPartBytes),
    .Link(Link)
  ) u_elt (
    .clk, .rst, .in_kind(kind[dvt_pkg::KernelElt]), .in_flit(flit[dvt_pkg::KernelElt]),
    .out_kind(kind[dvt_pkg::KernelElt + 1]), .out_flit(flit[dvt_pkg::KernelElt + 1]),
    .launch(load[dvt_pkg::KernelElt]), .complete(complete[dvt_pkg::KernelElt]),
    .padding(padding[dvt_pkg::KernelElt]), .shadow(shadow_elt), .part(part_elt)
  );

  logic [dvt_pkg::DepthwisePartBits-1:0] shadow_depthwise;
  dvt_node #(
    .Kernel(dvt_pkg::KernelDepthwise), .Bits(dvt_pkg::DepthwisePartBits),
    .Bytes(dvt_pkg::DepthwisePartBytes),
    .Link(Link)
  ) u_depthwise (
    .clk, .rst, .in_kind(kind[dvt_pkg::KernelDepthwise]), .in_flit(flit[dvt_pkg::KernelDepthwise]),
    .out_kind(kind[dvt_pkg::KernelDepthwise + 1]), .out_flit(flit[dvt_pkg::KernelDepthwise + 1]),
    .launch(load[dvt_pkg::KernelDepthwise]), .complete(complete[dvt_pkg::KernelDepthwise]),
    .padding(padding[dvt_pkg::KernelDepthwise]), .shadow(shadow_depthwise), .part(part_depthwise)
  );

  logic [dvt_pkg::LrnPartBits-1:0] shadow_lrn;
  dvt_node #(
    .Kernel(dvt_pkg::KernelLrn), .Bits(dvt_pkg::LrnPartBits), .Bytes(dvt_pkg::LrnPartBytes),
    .Link(Link)
  ) u_lrn (
    .clk, .rst, .in_kind(kind[dvt_pkg::KernelLrn]), .in_flit(flit[dvt_pkg::KernelLrn]),
    .out_kind(kind[dvt_pkg::KernelLrn + 1]), .out_flit(flit[dvt_pkg::KernelLrn + 1]),
    .launch(load[dvt_pkg::KernelLrn]), .complete(complete[dvt_pkg::KernelLrn]),
    .padding(padding[dvt_pkg::KernelLrn]), .shadow(shadow_lrn), .part(part_lrn)
  );

  logic [dvt_pkg::WritePartBits-1:0] shadow_write;
  dvt_node #(
    .Kernel(dvt_pkg::KernelWrite), .Bits(dvt_pkg::WritePartBits), .Bytes(dvt_pkg::WritePartBytes),
    .Link(Link)
  ) u_write (
    .clk, .rst, .in_kind(kind[dvt_pkg::KernelWrite]), .in_flit(flit[dvt_pkg::KernelWrite]),
    .out_kind(kind[dvt_pkg::KernelWrite + 1]), .out_flit(flit[dvt_pkg::KernelWrite + 1]),
    .launch(load[dvt_pkg::KernelWrite]), .complete(complete[dvt_pkg::KernelWrite]),
    .padding(padding[dvt_pkg::KernelWrite]), .shadow(shadow_write), .part(part_write)
  );

  assign ended          = (kind[Nodes] == 2'd1) & (flit[Nodes][3:0] == 4'd15);
  assign wread_complete = complete[dvt_pkg::KernelWread];
  assign bad_padding    = padding != '0;

  logic unused;
  assign unused = &{1'b0, complete, load, no_wread, shadow_fread, shadow_sread, shadow_array,
                    shadow_xbar, shadow_scale, shadow_act, shadow_pool, shadow_elt,
                    shadow_depthwise, shadow_lrn, shadow_write};
endmodule
