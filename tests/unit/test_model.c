/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_model.c - one entry for all model files: the content decides, whatever the name says.
 */
#include "dovetail/formats.h"
#include "support/caffe_tools.h"
#include "support/graph_tools.h"
#include "support/test_data.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static dvt_status load(dvt_ctx *ctx, const char *name, const void *data, size_t size,
                       const dvt_import_opts *opts, dvt_graph **g)
{
    char path[TEST_PATH_MAX];

    test_temp_path(name, path);
    tool_ok(ctx, dvt_file_write(ctx, path, data, size));
    return dvt_model_load(ctx, path, opts, g);
}

static void expect_input(const char *name, const void *data, size_t size, const char *shape)
{
    dvt_ctx   *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = 1});
    dvt_graph *g = NULL;

    tool_ok(ctx, load(ctx, name, data, size, NULL, &g));
    tool_expect_shape(g, "x", shape);
    tool_graph_free(g);
}

static void expect_status(const char *name, const void *data, size_t size,
                          const dvt_import_opts *opts, dvt_status status, const char *message)
{
    dvt_ctx   *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = 1});
    dvt_graph *g = NULL;

    assert_string_equal(dvt_status_name(load(ctx, name, data, size, opts, &g)),
                        dvt_status_name(status));
    assert_non_null(strstr(dvt_ctx_error(ctx)->message, message));
    assert_null(g);
    assert_int_equal(dvt_ctx_bytes_in_use(ctx), 0);
    dvt_ctx_destroy(ctx);
}

static const char CAFFE[] =
    "input: 'x' input_dim: [1,2,3,4] layer { type: 'ReLU' bottom: 'x' top: 'y' }";
static const char OWN[] = "# ours\n dvg 1 t input x: f32[1,2] y = unary(x, fn=relu) output y";

static void test_model__texts_are_told_apart_by_their_first_word(void **state)
{
    (void)state;
    expect_input("a.dvg", CAFFE, strlen(CAFFE), "[1,2,3,4]");
    expect_input("a.prototxt", OWN, strlen(OWN), "[1,2]");
}

static void test_model__our_binary_form_is_known_by_its_first_bytes(void **state)
{
    (void)state;
    dvt_graph *g = tool_parse(OWN);
    dvt_buf    b;

    dvt_buf_init(&b, dvt_graph_ctx(g), 0);
    tool_ok(dvt_graph_ctx(g), dvt_graph_save(g, &b));
    expect_input("a.onnx", b.data, b.len, "[1,2]");
    dvt_buf_deinit(&b);
    tool_graph_free(g);
}

static void test_model__sizes_of_our_own_forms_cannot_be_changed(void **state)
{
    (void)state;
    expect_status("a.dvg", OWN, strlen(OWN), &(dvt_import_opts){.batch = 2}, DVT_E_USAGE,
                  "are fixed");
}

static void test_model__what_we_do_not_read_is_named(void **state)
{
    (void)state;
    static const uint8_t graph_def[] = {0x0a, 2, 0x12, 0, 0x0a, 2, 0x12, 0};
    static const uint8_t junk[] = {0xff, 0xfe, 0, 1};

    expect_status("g.pb", graph_def, sizeof graph_def, NULL, DVT_E_UNSUPPORTED,
                  "looks like a TensorFlow graph");
    expect_status("g.bin", junk, sizeof junk, NULL, DVT_E_PARSE, "is no model that we know");
    expect_status("g.prototxt", "", 0, NULL, DVT_E_PARSE, "is no model that we know");
}

static void test_model__a_missing_file_is_an_io_error(void **state)
{
    (void)state;
    dvt_ctx   *ctx = dvt_ctx_create(NULL);
    dvt_graph *g = NULL;

    assert_int_equal(dvt_model_load(ctx, "no/such.prototxt", NULL, &g), DVT_E_IO);
    dvt_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model__texts_are_told_apart_by_their_first_word),
        cmocka_unit_test(test_model__our_binary_form_is_known_by_its_first_bytes),
        cmocka_unit_test(test_model__sizes_of_our_own_forms_cannot_be_changed),
        cmocka_unit_test(test_model__what_we_do_not_read_is_named),
        cmocka_unit_test(test_model__a_missing_file_is_an_io_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
