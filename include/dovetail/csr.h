/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csr.h - the overlay's registers on AXI4-Lite: one table for RTL, engine, driver and documents.
 *
 * Registers are 32 bits wide, offsets in bytes. Counters are 64 bits, low word first; they are
 * cleared by a start and stand still when the run has ended. docs/rtl.md prints this table and says
 * in which order a driver uses them.
 */
#ifndef DOVETAIL_CSR_H
#define DOVETAIL_CSR_H

#include <stdint.h>

/* X(NAME, offset, access, meaning) */
#define DVT_CSR_LIST(X)                                                                            \
    X(ID, 0x000, "r", "0x44565431, \"DVT1\"")                                                      \
    X(VERSION, 0x004, "r", "version of the instruction set")                                       \
    X(DESCRIPTION, 0x008, "r", "first 32 bits of the SHA-256 of the description")                  \
    X(CONTROL, 0x00c, "w", "bit 0 start, 1 soft reset, 2 clear done and error; set bits act")      \
    X(STATUS, 0x010, "r", "bit 0 running, 1 done, 2 error, 3 quiet; 15..8 error (below)")          \
    X(ERROR_PLACE, 0x014, "r", "tag of the word in flight when the error came")                    \
    X(IRQ_ENABLE, 0x018, "rw", "bit 0: irq while done or error is set")                            \
    X(STREAM_LO, 0x020, "rw", "byte address of the long words, multiple of 8")                     \
    X(STREAM_HI, 0x024, "rw", "its upper bits")                                                    \
    X(STREAM_BYTES, 0x028, "rw", "their length, multiple of 8")                                    \
    X(STREAM_WORDS, 0x02c, "rw", "their number")                                                   \
    X(WATCHDOG, 0x030, "rw", "cycles without progress that end a run with an error; 0: none")      \
    X(TAG, 0x034, "r", "tag of the word in flight")                                                \
    X(TABLE_SELECT, 0x038, "rw", "function table: 19..16 table, 9..0 index (rtl/README.md)")       \
    X(TABLE_DATA, 0x03c, "w", "word of the table; the index goes on by one")                       \
    X(CYCLES, 0x040, "r", "counter: cycles of the run")                                            \
    X(BUSY, 0x048, "r", "counter: cycles in which the array did a turn")                           \
    X(STALL_FEATURES, 0x050, "r", "counters of docs/timing.md section 9")                          \
    X(STALL_FILTERS, 0x058, "r", "")                                                               \
    X(STALL_INSTRUCTIONS, 0x060, "r", "")                                                          \
    X(STALL_CROSSBAR, 0x068, "r", "")                                                              \
    X(STALL_MEMORY, 0x070, "r", "")                                                                \
    X(STALL_DRAIN, 0x078, "r", "")                                                                 \
    X(STALL_AUXILIARY, 0x080, "r", "")                                                             \
    X(STALL_BANKS, 0x088, "r", "")                                                                 \
    X(WORDS, 0x090, "r", "counter: long words launched")                                           \
    X(BEATS_READ, 0x098, "r", "counter: bus beats read")                                           \
    X(BEATS_WRITTEN, 0x0a0, "r", "counter: bus beats written")                                     \
    X(SATURATED, 0x0a8, "r", "counter: values and accumulators that saturated")                    \
    X(KERNEL_FREAD, 0x0b0, "r", "counter: steps of the feature reader")                            \
    X(KERNEL_PAGES, 0x0b8, "r", "counter: steps of the filter reader's pages")                     \
    X(KERNEL_PARAMS, 0x0c0, "r", "counter: steps of its parameters")                               \
    X(KERNEL_SREAD, 0x0c8, "r", "counter: turns completed, virtual ones included")                 \
    X(KERNEL_DRAIN, 0x0d0, "r", "counter: beats drained")                                          \
    X(KERNEL_ELT, 0x0d8, "r", "counter: operands fetched")                                         \
    X(KERNEL_WRITE, 0x0e0, "r", "counter: beats taken by the writer")                              \
    X(KERNEL_LINK, 0x0e8, "r", "counter: flits sent")

typedef enum dvt_csr {
#define DVT_X(name, offset, access, meaning) DVT_CSR_##name = (offset),
    DVT_CSR_LIST(DVT_X)
#undef DVT_X
} dvt_csr;

/* X(NAME, code, meaning) */
#define DVT_CSR_ERROR_LIST(X)                                                        \
    X(VERSION, 1, "a long word of another version of the instruction set")           \
    X(MASK, 2, "a long word with kernels that this overlay does not have")           \
    X(LENGTH, 3, "the stream ends inside a word, or goes on behind the last")        \
    X(READ, 4, "a read from external memory answered with an error")                 \
    X(WRITE, 5, "a write to external memory answered with an error")                 \
    X(WATCHDOG, 6, "no progress for the cycles of the watchdog")                     \
    X(BUSY, 7, "started while running")                                              \
    X(ASSERT, 8, "a check inside the overlay failed")                                \
    X(PADDING, 9, "bits behind the fields of a part are set")                        \
    X(RESET, 10, "a soft reset stopped the run")                                     \
    X(CHECK, 11, "a long word whose check bytes are not its own")

typedef enum dvt_csr_error {
#define DVT_X(name, code, meaning) DVT_CSR_ERROR_##name = (code),
    DVT_CSR_ERROR_LIST(DVT_X)
#undef DVT_X
} dvt_csr_error;

enum {
    DVT_CSR_ID_VALUE = 0x44565431,
    DVT_CSR_CONTROL_START = 1,
    DVT_CSR_CONTROL_RESET = 2,
    DVT_CSR_CONTROL_CLEAR = 4,
    DVT_CSR_STATUS_RUNNING = 1,
    DVT_CSR_STATUS_DONE = 2,
    DVT_CSR_STATUS_ERROR = 4,
    DVT_CSR_STATUS_QUIET = 8 /* external memory owes no answer: a run may be started */
};

#endif
