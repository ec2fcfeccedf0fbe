/* SPDX-License-Identifier: Apache-2.0 */
/*
 * board.c - runs a compiled program on an overlay on a board, through memory-mapped registers.
 *
 *   board PROGRAM INPUT.npy OUTPUT.npy --registers ADDRESS --memory ADDRESS SIZE
 *   board PROGRAM INPUT.npy OUTPUT.npy --simulate FOLDER
 *
 * Registers  the overlay's AXI4-Lite port as the processor sees it (/dev/mem; root).
 * Memory     a region kept from the operating system that the overlay's AXI4 port sees from its
 *            address 0 on; the board's interconnect adds the offset. It must not be cached, or be
 *            kept coherent (a port such as the Zynq's HPC or the Arria's F2H with ACE).
 * Simulate   the same calls on the RTL in Verilator, built below FOLDER: what the tests run.
 * Sequence   identify, function tables, image and words into memory; for every run: clear, address,
 *            length and number of words, watchdog, start, wait, status, counters (docs/rtl.md).
 */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "dovetail/csr.h"
#include "dovetail/formats.h"
#include "dovetail/rtl.h"

enum { REGISTER_BYTES = 4096, POLL_NS = 20000 };

typedef struct board {
    volatile uint32_t *registers;
} board;

/* ---- the device ---------------------------------------------------------------------------- */

static dvt_status write_register(void *user, uint32_t offset, uint32_t value)
{
    ((board *)user)->registers[offset / 4] = value;
    return DVT_OK;
}

static dvt_status read_register(void *user, uint32_t offset, uint32_t *value)
{
    *value = ((board *)user)->registers[offset / 4];
    return DVT_OK;
}

/* Polls; a driver in a kernel waits for irq. The overlay's watchdog ends a run that hangs. */
static dvt_status wait_for_end(void *user, int64_t cycles_max, bool *ended)
{
    struct timespec pause = {0, POLL_NS};

    for (int64_t i = 0; i < cycles_max; i++) {
        uint32_t status = ((board *)user)->registers[DVT_CSR_STATUS / 4];
        if ((status & DVT_CSR_STATUS_RUNNING) == 0) {
            *ended = true;
            return DVT_OK;
        }
        nanosleep(&pause, NULL);
    }
    *ended = false;
    return DVT_OK;
}

static void *map(int file, const char *address, size_t bytes)
{
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file,
                    (off_t)strtoull(address, NULL, 0));

    return at == MAP_FAILED ? NULL : at;
}

static dvt_status open_board(dvt_ctx *ctx, char **argv, board *b, dvt_rtl_device *device)
{
    int file = open("/dev/mem", O_RDWR | O_SYNC);

    if (file < 0) {
        return dvt_fail(ctx, DVT_E_IO, NULL, "cannot open /dev/mem; be root");
    }
    b->registers = map(file, argv[5], REGISTER_BYTES);
    *device = (dvt_rtl_device){.user = b,
                               .write = write_register,
                               .read = read_register,
                               .wait = wait_for_end,
                               .memory_bytes = (size_t)strtoull(argv[8], NULL, 0)};
    device->memory = map(file, argv[7], device->memory_bytes);
    close(file);
    return b->registers && device->memory
               ? DVT_OK
               : dvt_fail(ctx, DVT_E_IO, NULL, "cannot map the registers or the memory");
}

/* ---- the program --------------------------------------------------------------------------- */

static dvt_status load_program(dvt_ctx *ctx, const char *path, dvt_program **out)
{
    dvt_blob   file = {0};
    dvt_status st = dvt_file_read(ctx, path, 0, &file);

    if (st == DVT_OK) {
        st = dvt_program_load(ctx, path, file.data, file.size, out);
    }
    dvt_blob_deinit(ctx, &file);
    return st;
}

static dvt_status infer(dvt_ctx *ctx, dvt_rtl *rtl, const char *input, const char *output)
{
    dvt_tensor       x = {0}, y;
    dvt_rtl_counters c;
    dvt_status       st = dvt_npy_read(ctx, input, &x);

    if (st == DVT_OK) {
        st = dvt_rtl_run(rtl, &x, 1);
    }
    if (st == DVT_OK) {
        st = dvt_rtl_output(rtl, 0, &y);
    }
    if (st == DVT_OK) {
        st = dvt_npy_write(ctx, output, &y);
    }
    if (st == DVT_OK) {
        dvt_rtl_counters_of(rtl, &c);
        printf("%llu runs, %llu words, %llu cycles\n", (unsigned long long)c.runs,
               (unsigned long long)c.words, (unsigned long long)c.cycles);
    }
    dvt_tensor_deinit(ctx, &x);
    return st;
}

static dvt_status run(dvt_ctx *ctx, char **argv, bool simulate)
{
    dvt_program   *p = NULL;
    dvt_rtl       *rtl = NULL;
    board          b;
    dvt_rtl_device device;
    dvt_status     st = load_program(ctx, argv[1], &p);

    if (st == DVT_OK && simulate) {
        st = dvt_rtl_create(p, &(dvt_rtl_opts){.cache_dir = argv[5]}, &rtl);
    } else if (st == DVT_OK) {
        st = open_board(ctx, argv, &b, &device);
        st = st ? st : dvt_rtl_create_on(p, &device, 0, &rtl);
    }
    if (st == DVT_OK) {
        st = infer(ctx, rtl, argv[2], argv[3]);
    }
    dvt_rtl_destroy(rtl);
    dvt_program_destroy(p);
    return st;
}

int main(int argc, char **argv)
{
    bool       simulate = argc == 6 && strcmp(argv[4], "--simulate") == 0;
    bool       mapped = argc == 9 && strcmp(argv[4], "--registers") == 0 &&
                  strcmp(argv[6], "--memory") == 0;
    dvt_ctx   *ctx;
    dvt_status st;

    if (!simulate && !mapped) {
        fprintf(stderr,
                "usage: board PROGRAM INPUT.npy OUTPUT.npy --registers ADDRESS --memory ADDRESS "
                "SIZE\n       board PROGRAM INPUT.npy OUTPUT.npy --simulate FOLDER\n");
        return 2;
    }
    ctx = dvt_ctx_create(NULL);
    if (!ctx) {
        return 1;
    }
    st = run(ctx, argv, simulate);
    if (st != DVT_OK) {
        fprintf(stderr, "board: %s\n", dvt_ctx_error(ctx)->message);
    }
    dvt_ctx_destroy(ctx);
    return st == DVT_OK ? 0 : 1;
}
