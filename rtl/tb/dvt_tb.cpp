// SPDX-License-Identifier: Apache-2.0
//
// dvt_tb.cpp - dvt_overlay as Verilator makes it, behind the C calls of dvt_pins.h.
//
// Idea      Ports of one overlay are 8 to 8,192 bits wide and get different C++ types; `put` and
//           `get` take them all. Wide data cross only when their valid says so.
// Build     make lib (in the package); or by `dovetail run --engine rtl`.
#include <cstring>
#include <memory>

#include "Vdvt_overlay.h"
#include "dvt_pins.h"
#include "verilated.h"
#if VM_TRACE
#include "verilated_vcd_c.h"
#endif

namespace {

template <typename T> void put(T &port, const uint32_t *words)
{
    std::memcpy(&port, words, sizeof port);
}

template <typename T> void get(const T &port, uint32_t *words)
{
    std::memcpy(words, &port, sizeof port);
}

} // namespace

struct dvt_tb {
    std::unique_ptr<VerilatedContext> context{new VerilatedContext};
    std::unique_ptr<Vdvt_overlay>     top;
    uint64_t                          time = 0;
#if VM_TRACE
    std::unique_ptr<VerilatedVcdC> vcd;
#endif
};

dvt_tb *dvt_tb_open(void)
{
    dvt_tb *tb = new dvt_tb;

#if VM_TRACE
    tb->context->traceEverOn(true);
#endif
    tb->top.reset(new Vdvt_overlay{tb->context.get(), "dvt_overlay"});
    return tb;
}

int dvt_tb_trace(dvt_tb *tb, const char *path)
{
#if VM_TRACE
    tb->vcd.reset(new VerilatedVcdC);
    tb->top->trace(tb->vcd.get(), 99);
    tb->vcd->open(path);
    return 1;
#else
    (void)tb;
    (void)path;
    return 0;
#endif
}

static void drive(Vdvt_overlay &t, const dvt_pins &p)
{
    t.rst = p.rst;
    t.m_axi_arready = p.arready;
    t.m_axi_rvalid = p.rvalid;
    t.m_axi_rlast = p.rlast;
    t.m_axi_rresp = p.rresp;
    t.m_axi_awready = p.awready;
    t.m_axi_wready = p.wready;
    t.m_axi_bvalid = p.bvalid;
    t.m_axi_bresp = p.bresp;
    if (p.rvalid) {
        put(t.m_axi_rdata, p.rdata);
    }
    t.s_axil_awvalid = p.s_awvalid;
    t.s_axil_awaddr = p.s_awaddr;
    t.s_axil_wvalid = p.s_wvalid;
    t.s_axil_wdata = p.s_wdata;
    t.s_axil_wstrb = p.s_wstrb;
    t.s_axil_bready = p.s_bready;
    t.s_axil_arvalid = p.s_arvalid;
    t.s_axil_araddr = p.s_araddr;
    t.s_axil_rready = p.s_rready;
}

static void sample(const Vdvt_overlay &t, dvt_pins &p)
{
    p.arvalid = t.m_axi_arvalid;
    p.araddr = t.m_axi_araddr;
    p.arlen = t.m_axi_arlen;
    p.rready = t.m_axi_rready;
    p.awvalid = t.m_axi_awvalid;
    p.awaddr = t.m_axi_awaddr;
    p.awlen = t.m_axi_awlen;
    p.wvalid = t.m_axi_wvalid;
    p.wlast = t.m_axi_wlast;
    p.bready = t.m_axi_bready;
    if (p.wvalid) {
        get(t.m_axi_wdata, p.wdata);
        get(t.m_axi_wstrb, p.wstrb);
    }
    p.s_awready = t.s_axil_awready;
    p.s_wready = t.s_axil_wready;
    p.s_bvalid = t.s_axil_bvalid;
    p.s_bresp = t.s_axil_bresp;
    p.s_arready = t.s_axil_arready;
    p.s_rvalid = t.s_axil_rvalid;
    p.s_rresp = t.s_axil_rresp;
    p.s_rdata = t.s_axil_rdata;
}

void dvt_tb_settle(dvt_tb *tb, dvt_pins *pins)
{
    drive(*tb->top, *pins);
    tb->top->clk = 0;
    tb->top->eval();
#if VM_TRACE
    if (tb->vcd) {
        tb->vcd->dump(2 * tb->time);
    }
#endif
    sample(*tb->top, *pins);
}

void dvt_tb_tick(dvt_tb *tb, dvt_pins *pins)
{
    tb->top->clk = 1;
    tb->top->eval();
#if VM_TRACE
    if (tb->vcd) {
        tb->vcd->dump(2 * tb->time + 1);
    }
#endif
    tb->time++;
    pins->irq = tb->top->irq;
    pins->running = tb->top->running;
}

void dvt_tb_close(dvt_tb *tb)
{
    tb->top->final();
    delete tb;
}
