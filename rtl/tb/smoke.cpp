// SPDX-License-Identifier: Apache-2.0
//
// smoke.cpp - the package alone: reset, read the first registers, nothing else. `make smoke`.
#include <cstdio>

#include "dvt_pins.h"

static void cycle(dvt_tb *tb, dvt_pins *pins)
{
    dvt_tb_settle(tb, pins);
    dvt_tb_tick(tb, pins);
}

// One AXI4-Lite read; false if nothing answers.
static bool read_register(dvt_tb *tb, dvt_pins *pins, uint32_t address, uint32_t *value)
{
    bool sent = false;

    pins->s_rready = 1;
    for (int i = 0; i < 100; i++) {
        pins->s_arvalid = !sent;
        pins->s_araddr = address;
        dvt_tb_settle(tb, pins);
        sent = sent || pins->s_arready;
        if (pins->s_rvalid) {
            *value = pins->s_rdata;
            dvt_tb_tick(tb, pins);
            return true;
        }
        dvt_tb_tick(tb, pins);
    }
    return false;
}

int main()
{
    static dvt_pins pins;
    dvt_tb         *tb = dvt_tb_open();
    uint32_t        id = 0, version = 0;
    bool            answered;

    pins.rst = 1;
    for (int i = 0; i < 8; i++) {
        cycle(tb, &pins);
    }
    pins.rst = 0;
    cycle(tb, &pins);
    answered = read_register(tb, &pins, 0, &id) && read_register(tb, &pins, 4, &version);
    dvt_tb_close(tb);
    std::printf("id %08x, version %u: %s\n", id, version, answered && id ? "ok" : "no answer");
    return answered && id ? 0 : 1;
}
