/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_space.c - time to enumerate NAS-Bench-101: 1,293,208 labelled graphs to 423,624 cells.
 *
 * Usage     bench_space [--json]
 * Prints    seconds (wall and processor) with 1 and 2 threads, MD5 and sorting included, and beside
 *           it the time that libmd alone takes for the MD5 of as many messages of typical length
 *           as the hashes need: 423,624 cells x 57 messages (7 vertices: 7 + 7 x 7 + 1) of 116
 *           bytes. That is what an enumeration by plain MD5 of the different cells alone would cost
 *           on one thread.
 */
#include "dovetail/space.h"
#include "report.h"

enum { MESSAGES_A_CELL = 57, MESSAGE_BYTES = 116, SAMPLE = 20000 /* cells */ };

static dvt_status enumerate(void *ud)
{
    dvt_nb101_table *t = NULL;
    dvt_status       st = dvt_nb101_enumerate(ud, DVT_NB101_MAX_VERTICES, &t);

    dvt_nb101_table_destroy(t);
    return st;
}

static dvt_status plain_md5(void *ud)
{
    char message[MESSAGE_BYTES] = {0}, hex[DVT_MD5_HEX];

    (void)ud;
    for (int i = 0; i < SAMPLE * MESSAGES_A_CELL; i++) {
        dvt_md5_hex(message, sizeof message, hex);
        memcpy(message, hex, sizeof hex);
    }
    return DVT_OK;
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"enumerate, 1 thread", "enumerate, 2 threads"};
    const double             cells = 423624;
    report                   r;
    report_time              t;

    report_begin(&r, report_wants_json(argc, argv), "dovetail.bench_space/1");
    for (uint32_t i = 0; i < 2; i++) {
        dvt_ctx   *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = i + 1});
        dvt_status st = ctx ? report_measure(enumerate, ctx, 3, 1.0, &t) : DVT_E_NOMEM;
        if (!st) {
            report_number(&r, "wall_s", t.wall_s);
            report_number(&r, "cpu_s", t.cpu_s);
            report_number(&r, "cells_per_s", cells / t.wall_s);
        }
        report_row(&r, names[i], st ? dvt_status_text(st) : NULL);
        dvt_ctx_destroy(ctx);
    }
    if (!report_measure(plain_md5, NULL, 3, 0.2, &t)) {
        report_number(&r, "wall_s", t.wall_s * cells / SAMPLE);
        report_number(&r, "cpu_s", t.cpu_s * cells / SAMPLE);
        report_number(&r, "cells_per_s", SAMPLE / t.wall_s);
        report_row(&r, "libmd for the hashes alone", NULL);
    }
    report_end(&r);
    return 0;
}
