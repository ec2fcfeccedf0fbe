/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dvt_pins.h - the pins of dvt_overlay as C sees them, and the calls of a simulated overlay.
 *
 * Cycle     dvt_tb_settle: inputs to the pins, clock low, outputs from the pins;
 *           dvt_tb_tick: rising edge, then `running` and `irq` of the cycle that begins.
 *           Outputs after a settle belong to the inputs before it.
 * Data      little-endian 32-bit words, as many as the bus has; strobes one bit a byte.
 */
#ifndef DVT_PINS_H
#define DVT_PINS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { DVT_PINS_BUS_WORDS = 256 };

typedef struct dvt_pins {
    /* inputs */
    uint8_t  rst;
    uint8_t  arready, rvalid, rlast, rresp, awready, wready, bvalid, bresp;
    uint32_t rdata[DVT_PINS_BUS_WORDS];
    uint8_t  s_awvalid, s_wvalid, s_wstrb, s_bready, s_arvalid, s_rready;
    uint32_t s_awaddr, s_wdata, s_araddr;
    /* outputs */
    uint8_t  arvalid, arlen, rready, awvalid, awlen, wvalid, wlast, bready;
    uint64_t araddr, awaddr;
    uint32_t wdata[DVT_PINS_BUS_WORDS], wstrb[DVT_PINS_BUS_WORDS / 8];
    uint8_t  s_awready, s_wready, s_bvalid, s_bresp, s_arready, s_rvalid, s_rresp;
    uint32_t s_rdata;
    uint8_t  irq, running;
} dvt_pins;

/* the shared object shows these and nothing of Verilator's */
#define DVT_TB_API __attribute__((visibility("default")))

typedef struct dvt_tb dvt_tb;
DVT_TB_API dvt_tb *dvt_tb_open(void);
DVT_TB_API void    dvt_tb_settle(dvt_tb *tb, dvt_pins *pins);
DVT_TB_API void    dvt_tb_tick(dvt_tb *tb, dvt_pins *pins);
DVT_TB_API void    dvt_tb_close(dvt_tb *tb);
/* Starts a VCD file of everything; 0 if the model was built without tracing. */
DVT_TB_API int     dvt_tb_trace(dvt_tb *tb, const char *path);

#ifdef __cplusplus
}
#endif
#endif
