/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gen_devices.c - prints docs/devices.md: the device files, and what the ready overlays take.
 *
 * Runs in the repository's root. Figures come from devices/ and overlays/ through the resource
 * model, so that the document cannot say anything else than the code.
 */
#include "dovetail/overlay.h"

#include <stdio.h>

static const char *const devices[] = {"arria10-gx1150", "stratix10-gx2800", "zu9eg",
                                      "zu7ev",          "zynq-7020",        "ecp5-85"};
static const char *const overlays[] = {"small-fp11",  "small-fp16",  "small-int8",
                                       "medium-fp11", "medium-fp16", "medium-int8",
                                       "large-fp11",  "large-fp16",  "large-int8"};
enum { DEVICES = sizeof devices / sizeof *devices, OVERLAYS = sizeof overlays / sizeof *overlays };

static const char head[] =
    "<!-- SPDX-License-Identifier: Apache-2.0 -->\n"
    "<!-- written by tools/gen_devices.c: 'make docs' -->\n"
    "# Devices, and what overlays take of them\n\n"
    "A device is a JSON file in `devices/`: resources by its data sheet, and what its blocks do. "
    "All\n"
    "keys are required: `name`, `title`, `vendor`, `source` (public documents the figures come "
    "from),\n"
    "`logic_unit` (`ALM`, `LUT6`, `LUT4`), `logic`, `registers`, `dsp`, `memory_blocks`,\n"
    "`memory_block_bits`, `large_memory_blocks` and `large_memory_block_bits` (URAM; 0 = none),\n"
    "`dsp_macs_int8`, `dsp_macs_m7`, `dsp_macs_m12` (multiplications a DSP block does in a cycle:\n"
    "8 x 8, FP11 and FP16 mantissas), `float_mac_dsp` and `float_mac_logic` (a binary32\n"
    "multiplication with an addition behind it), `float_add_logic` (an addition in logic alone), "
    "and\n"
    "`memory_bandwidth_gbps` (1e9 bytes a second on the usual board; 0 = unknown).\n\n";

static const char middle[] =
    "\n## Packing\n\n"
    "A block floating point multiplication is one of magnitudes (6 x 6 bits in FP11, 11 x 11 in\n"
    "FP16). An Arria 10 or Stratix 10 block has two 18 x 19 multipliers: one FP16 product each, "
    "or\n"
    "two FP11 products with the second operand 12 bits up. A DSP48E2 (27 x 18) takes two FP11\n"
    "products or two of int8 in one multiplication, one of FP16; a DSP48E1 (25 x 18) has no room\n"
    "for the guard bits of the second int8 product. An ECP5 multiplier (18 x 18) splits into two "
    "of\n"
    "9 x 9. Arria 10 and Stratix 10 blocks do binary32 multiply and add by themselves; the others\n"
    "build it from DSPs and logic.\n\n"
    "## The ready overlays, by the first-order model\n\n"
    "Estimates of `src/overlay/resources.c`, where every coefficient has its reason. They count\n"
    "structure, not place and route; they are to be calibrated by synthesis when the RTL is "
    "there.\n"
    "Shares of logic, DSP and memory blocks in percent of the device; **bold** does not fit.\n\n";

static int print_device(dvt_ctx *ctx, const char *name, dvt_device *d)
{
    char path[128];

    snprintf(path, sizeof path, "devices/%s.json", name);
    if (dvt_device_load(ctx, path, d) != DVT_OK) {
        fprintf(stderr, "%s: %s\n", path, dvt_ctx_error(ctx)->message);
        return 1;
    }
    printf("| `%s` | %s | %lld %s | %lld | %lld | %lld x %lld | %g / %g / %g | %s |\n", name,
           d->title, (long long)d->logic, d->logic_unit, (long long)d->registers, (long long)d->dsp,
           (long long)d->memory_blocks, (long long)d->memory_block_bits, d->dsp_macs_m7,
           d->dsp_macs_m12, d->dsp_macs_int8, d->source);
    return 0;
}

static int print_overlay(dvt_ctx *ctx, const char *name, const dvt_device *d)
{
    char                path[128];
    dvt_overlay         o;
    dvt_overlay_derived v;

    snprintf(path, sizeof path, "overlays/%s.json", name);
    if (dvt_overlay_load(ctx, path, &o) != DVT_OK) {
        fprintf(stderr, "%s: %s\n", path, dvt_ctx_error(ctx)->message);
        return 1;
    }
    dvt_overlay_derive(&o, &v);
    printf("| `%s` | %lld |", name, (long long)v.macs_per_cycle);
    for (int i = 0; i < DEVICES; i++) {
        dvt_resources r;
        const char   *mark;
        dvt_overlay_resources(&o, &d[i], &r);
        mark = r.fits ? "" : "**";
        printf(" %s%.0f / %.0f / %.0f%s |", mark, 100 * r.share_logic, 100 * r.share_dsp,
               100 * r.share_memory_blocks, mark);
    }
    printf("\n");
    return 0;
}

int main(void)
{
    dvt_ctx   *ctx = dvt_ctx_create(NULL);
    dvt_device d[DEVICES];
    int        failed = ctx == NULL;

    printf("%s| file | device | logic | registers | DSP | memory blocks x bits | "
           "products a DSP: FP11 / FP16 / int8 | source |\n|---|---|---|---|---|---|---|---|\n",
           head);
    for (int i = 0; !failed && i < DEVICES; i++) {
        failed = print_device(ctx, devices[i], &d[i]);
    }
    printf("%s| overlay | multiply-accumulates |", middle);
    for (int i = 0; !failed && i < DEVICES; i++) {
        printf(" %s |", d[i].name);
    }
    printf("\n|---|---|---|---|---|---|---|---|\n");
    for (int i = 0; !failed && i < OVERLAYS; i++) {
        failed = print_overlay(ctx, overlays[i], d);
    }
    dvt_ctx_destroy(ctx);
    return failed;
}
