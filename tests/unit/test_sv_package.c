/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_sv_package.c - the package holds the right constants and is SystemVerilog that tools take.
 */
#include "dovetail/overlay.h"
#include "support/fixture.h"
#include "support/test_data.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static void package_of(dvt_ctx *ctx, const char *overlay, dvt_buf *out)
{
    dvt_overlay o;

    expect_ok(ctx, dvt_overlay_load(ctx, overlay, &o));
    dvt_buf_init(out, ctx, 0);
    dvt_overlay_sv_package(&o, out);
    expect_ok(ctx, dvt_buf_status(out));
}

static void test_sv_package__constants_are_those_of_the_tables(void **state)
{
    static const char *const lines[] = {"  localparam int CVec = 16;\n",
                                        "  localparam int FeatureWordBits = 117;\n",
                                        "  localparam int AccumulatorLsbExp = -30;\n",
                                        "  localparam longint MemoryBytes = 64'd2147483648;\n",
                                        "  localparam int KernelWrite = 11;\n",
                                        "  localparam int HasLrn = 1;\n",
                                        "  localparam int SreadNLsb = 25;\n",
                                        "  localparam int SreadNBits = 16;\n",
                                        "  localparam int SreadNCount = 7;\n",
                                        "  localparam int WreadSrcLsb = 0;\n"};
    dvt_buf                  b;

    package_of(*state, "overlays/large-fp11.json", &b);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        if (!strstr(b.data, lines[i])) {
            fail_msg("the package lacks '%s'", lines[i]);
        }
    }
    dvt_buf_deinit(&b);
}

/* Runs a program with its output thrown away; its exit status, 127 if it is not installed. */
static int run(const char *const *argv)
{
    int   status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY);
        (void)dup2(null, 1);
        (void)dup2(null, 2);
        (void)execvp(argv[0], (char *const *)(void *)argv);
        _exit(127);
    }
    assert_true(pid > 0);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void expect_accepted(dvt_ctx *ctx, const char *const *tool, const char *overlay)
{
    const char *argv[8] = {0};
    char        path[TEST_PATH_MAX];
    dvt_buf     b;
    int         n = 0, status;

    package_of(ctx, overlay, &b);
    dvt_buf_puts(&b, "module top;\n  initial $display(\"%0d\", dvt_pkg::CVec);\nendmodule\n");
    test_temp_path("dvt_pkg.sv", path);
    expect_ok(ctx, dvt_file_write(ctx, path, b.data, b.len));
    dvt_buf_deinit(&b);
    for (; tool[n]; n++) {
        argv[n] = tool[n];
    }
    argv[n] = path;
    status = run(argv);
    if (status == 127) {
        print_message("skipped: %s is not installed\n", tool[0]);
        skip();
    }
    assert_int_equal(status, 0);
}

static void test_sv_package__verilator_takes_it(void **state)
{
    static const char *const tool[] = {"verilator", "--lint-only", "-Wall", "-Wno-DECLFILENAME",
                                       NULL};

    expect_accepted(*state, tool, "overlays/large-fp11.json");
    expect_accepted(*state, tool, "tests/support/overlays/odd-int8.json");
}

static void test_sv_package__icarus_takes_it(void **state)
{
    static const char *const tool[] = {"iverilog", "-g2012", "-Wall", "-t", "null", NULL};

    expect_accepted(*state, tool, "overlays/small-fp16.json");
    expect_accepted(*state, tool, "tests/support/overlays/odd-m9.json");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_sv_package__constants_are_those_of_the_tables),
        FIXTURE_TEST(test_sv_package__verilator_takes_it),
        FIXTURE_TEST(test_sv_package__icarus_takes_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
