/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault_overlay.c - reading overlays, devices and programs, and printing them, survives every
 * refused allocation.
 */
#include "dovetail/program.h"
#include "fault/fault.h"

static dvt_status read_and_print(dvt_ctx *ctx, void *ud)
{
    dvt_overlay o;
    dvt_device  d;
    dvt_buf     b;
    dvt_status  st = dvt_overlay_load(ctx, ud, &o);

    if (st == DVT_OK) {
        st = dvt_device_load(ctx, "devices/zu7ev.json", &d);
    }
    if (st != DVT_OK) {
        return st;
    }
    dvt_buf_init(&b, ctx, 0);
    dvt_overlay_print(&o, &b);
    dvt_overlay_sv_package(&o, &b);
    st = dvt_buf_status(&b);
    dvt_buf_deinit(&b);
    return st;
}

static void fault_overlay__reading_and_printing_survive(void **state)
{
    char path[] = "overlays/small-fp11.json";

    (void)state;
    assert_true(fault_sweep(read_and_print, path) >= 3);
}

static dvt_status load_and_save(dvt_ctx *ctx, void *ud)
{
    dvt_program *p = NULL;
    dvt_blob     file;
    dvt_buf      b;
    dvt_status   st = dvt_file_read(ctx, ud, 0, &file);

    if (st != DVT_OK) {
        return st;
    }
    dvt_buf_init(&b, ctx, 0);
    st = dvt_program_load(ctx, "small.dvp", file.data, file.size, &p);
    if (st == DVT_OK) {
        st = dvt_program_save(p, &b);
    }
    if (st == DVT_OK) {
        dvt_program_disassemble(p, &b);
        st = dvt_buf_status(&b);
    }
    dvt_program_destroy(p);
    dvt_buf_deinit(&b);
    dvt_blob_deinit(ctx, &file);
    return st;
}

static void fault_overlay__loading_and_saving_programs_survive(void **state)
{
    char path[] = "tests/fuzz/corpus/program/small.dvp";

    (void)state;
    assert_true(fault_sweep(load_and_save, path) > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fault_overlay__reading_and_printing_survive),
        cmocka_unit_test(fault_overlay__loading_and_saving_programs_survive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
