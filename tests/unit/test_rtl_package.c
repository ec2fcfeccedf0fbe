/* SPDX-License-Identifier: Apache-2.0 */
/* test_rtl_package.c - packages of RTL, tables of synthesis, tools that are not there, devices that
 * are no overlays. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dovetail/csr.h"
#include "rtl/rtl_int.h"
#include "support/fixture.h"
#include "support/sim_words.h"

static const dvti_rtl_file *find(const dvti_rtl_files *f, const char *name)
{
    for (size_t i = 0; i < f->count; i++) {
        if (strcmp(f->file[i].name, name) == 0) {
            return &f->file[i];
        }
    }
    return NULL;
}

/* ---- packages ------------------------------------------------------------------------------ */

static void test_rtl_package__equal_descriptions_give_equal_bytes(void **state)
{
    dvt_overlay    o = sim_tiny_overlay(DVT_FORMAT_BFP, 7);
    dvti_rtl_files a, b;

    expect_ok(*state, dvti_rtl_files_make(*state, &o, &a));
    expect_ok(*state, dvti_rtl_files_make(*state, &o, &b));
    assert_int_equal(a.count, b.count);
    for (size_t i = 0; i < a.count; i++) {
        assert_string_equal(a.file[i].name, b.file[i].name);
        assert_true(i == 0 || strcmp(a.file[i - 1].name, a.file[i].name) < 0);
        assert_int_equal(a.file[i].text.len, b.file[i].text.len);
        assert_memory_equal(a.file[i].text.data, b.file[i].text.data, a.file[i].text.len);
    }
    dvti_rtl_files_deinit(*state, &b);
    o.k_vec = 3;
    expect_ok(*state, dvti_rtl_files_make(*state, &o, &b));
    assert_string_not_equal(find(&a, "dvt_pkg.sv")->text.data, find(&b, "dvt_pkg.sv")->text.data);
    dvti_rtl_files_deinit(*state, &a);
    dvti_rtl_files_deinit(*state, &b);
}

static void test_rtl_package__lists_every_module_it_holds(void **state)
{
    dvt_overlay    o = sim_tiny_overlay(DVT_FORMAT_INT8, 8);
    dvti_rtl_files f;
    size_t         modules = 0;

    expect_ok(*state, dvti_rtl_files_make(*state, &o, &f));
    const char *list = find(&f, "files.f")->text.data;
    for (size_t i = 0; i < f.count; i++) {
        if (strncmp(f.file[i].name, "rtl/", 4) == 0) {
            assert_non_null(strstr(list, f.file[i].name));
            modules++;
        }
    }
    assert_true(modules > 40);
    assert_true(strncmp(list, "dvt_pkg.sv\n", 11) == 0);
    assert_non_null(strstr(find(&f, "constraints/vivado.xdc")->text.data, "create_clock"));
    assert_non_null(find(&f, "tb/dvt_pins.h"));
    dvti_rtl_files_deinit(*state, &f);
}

static void test_rtl_package__a_folder_that_cannot_be_made_is_an_error(void **state)
{
    dvt_overlay o = sim_tiny_overlay(DVT_FORMAT_BFP, 7);

    expect_failure(*state, dvt_rtl_package(*state, &o, "/dev/null/package"), DVT_E_IO,
                   "cannot make the folder");
}

/* ---- tools --------------------------------------------------------------------------------- */

static void test_rtl_package__a_tool_that_is_not_there_is_named(void **state)
{
    const char *const argv[] = {"no-such-tool-anywhere", NULL};
    int               code;

    expect_failure(*state, dvti_spawn(*state, argv, "/dev/null", &code), DVT_E_UNSUPPORTED,
                   "'no-such-tool-anywhere' is not installed");
}

static void test_rtl_package__an_exit_status_is_handed_on(void **state)
{
    const char *const argv[] = {"sh", "-c", "exit 3", NULL};
    int               code = 0;

    expect_ok(*state, dvti_spawn(*state, argv, "/dev/null", &code));
    assert_int_equal(code, 3);
}

/* ---- synthesis ----------------------------------------------------------------------------- */

static void write_text(dvt_ctx *ctx, const char *path, const char *text)
{
    expect_ok(ctx, dvt_file_write(ctx, path, text, strlen(text)));
}

static const char statistics[] =
    "{\"modules\": {"
    "\"\\\\dvt_overlay\": {\"num_cells_by_type\": {\"dvt_reader\": 1, "
    "\"$paramod$1\\\\dvt_pe\": 4, \"LUT6\": 10}},"
    "\"\\\\dvt_reader\": {\"num_cells_by_type\": {\"FDRE\": 8, \"LUT2\": 2}},"
    "\"$paramod$1\\\\dvt_pe\": {\"num_cells_by_type\": {\"DSP48E2\": 2, \"RAMB36E2\": 1, "
    "\"CARRY4\": 5, \"$paramod$2\\\\dvt_pe\": 1}},"
    "\"$paramod$2\\\\dvt_pe\": {\"num_cells_by_type\": {\"RAM32M\": 3}}}}";

static void test_rtl_package__cells_count_as_often_as_their_module_stands(void **state)
{
    char              path[64];
    dvt_rtl_synthesis s = {.ctx = *state};

    snprintf(path, sizeof path, "/tmp/test_rtl_package.%ld.json", (long)getpid());
    write_text(*state, path, statistics);
    expect_ok(*state, dvti_rtl_synthesis_read(*state, path, &s));
    unlink(path);
    assert_int_equal(s.total.logic, 12);
    assert_int_equal(s.total.registers, 8);
    assert_int_equal(s.total.dsp, 8);
    assert_int_equal(s.total.memory, 4);
    assert_int_equal(s.total.lut_memory, 12);
    assert_int_equal(s.total.cells, 64);
    assert_int_equal(s.module_count, 3);
    assert_string_equal(s.modules[0].name, "dvt_pe");
    assert_int_equal(s.modules[0].instances, 8);
    assert_true(s.control_share == 10.0 / 64.0);
    dvt_rtl_synthesis_deinit(&s);
}

static void test_rtl_package__an_unknown_target_is_refused(void **state)
{
    dvt_overlay       o = sim_tiny_overlay(DVT_FORMAT_BFP, 7);
    dvt_rtl_synthesis s;

    expect_failure(*state, dvt_rtl_synthesise(*state, &o, "abacus", "/tmp", &s), DVT_E_USAGE,
                   "no synthesis target 'abacus'");
}

/* ---- devices ------------------------------------------------------------------------------- */

typedef struct fake {
    uint32_t id, version, description;
} fake;

static dvt_status fake_write(void *user, uint32_t offset, uint32_t value)
{
    (void)user;
    (void)offset;
    (void)value;
    return DVT_OK;
}

static dvt_status fake_read(void *user, uint32_t offset, uint32_t *value)
{
    const fake *f = user;

    *value = offset == DVT_CSR_ID            ? f->id
             : offset == DVT_CSR_VERSION     ? f->version
             : offset == DVT_CSR_DESCRIPTION ? f->description
                                             : 0;
    return DVT_OK;
}

static dvt_status fake_wait(void *user, int64_t cycles_max, bool *ended)
{
    (void)user;
    (void)cycles_max;
    *ended = true;
    return DVT_OK;
}

static void expect_device(sim_words *s, fake f, size_t memory, dvt_status status, const char *text)
{
    const dvt_program *p = sim_words_program(s);
    uint8_t           *bytes = calloc(memory + 1, 1);
    dvt_rtl_device     d = {&f, fake_write, fake_read, fake_wait, bytes, memory};
    dvt_rtl           *r = NULL;

    assert_non_null(bytes);
    expect_failure(s->ctx, dvt_rtl_create_on(p, &d, 0, &r), status, text);
    assert_null(r);
    free(bytes);
}

static void test_rtl_package__devices_that_do_not_fit_the_program_are_refused(void **state)
{
    dvt_overlay o = sim_tiny_overlay(DVT_FORMAT_BFP, 7);
    sim_words   s;
    size_t      need;
    fake        right = {DVT_CSR_ID_VALUE, DVT_ISA_VERSION, 0}, other;

    expect_ok(*state, dvt_overlay_signature(*state, &o, &right.description));
    other = right;
    sim_words_open(&s, *state, &o);
    dvt_word w = sim_stream_word(&s, 1);
    sim_words_add(&s, &w);
    need = dvt_rtl_memory_needed(sim_words_program(&s));
    expect_device(&s, right, need - 1, DVT_E_CAPACITY, "need");
    other.id = 0xffffffff;
    expect_device(&s, other, need, DVT_E_IO, "no overlay there: register ID is 0xffffffff");
    other = right;
    other.version++;
    expect_device(&s, other, need, DVT_E_UNSUPPORTED, "of the instruction set");
    other = right;
    other.description ^= 1;
    expect_device(&s, other, need, DVT_E_UNSUPPORTED, "another description");
    sim_words_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_rtl_package__equal_descriptions_give_equal_bytes),
        FIXTURE_TEST(test_rtl_package__lists_every_module_it_holds),
        FIXTURE_TEST(test_rtl_package__a_folder_that_cannot_be_made_is_an_error),
        FIXTURE_TEST(test_rtl_package__a_tool_that_is_not_there_is_named),
        FIXTURE_TEST(test_rtl_package__an_exit_status_is_handed_on),
        FIXTURE_TEST(test_rtl_package__cells_count_as_often_as_their_module_stands),
        FIXTURE_TEST(test_rtl_package__an_unknown_target_is_refused),
        FIXTURE_TEST(test_rtl_package__devices_that_do_not_fit_the_program_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
