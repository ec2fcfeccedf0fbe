/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault_caffe.c - reading Caffe nets and weights survives every refused allocation.
 */
#include "fault/fault.h"

#include "dovetail/formats.h"
#include "formats/caffe_int.h"
#include "support/caffe_tools.h"

#include <string.h>

static const char DEPLOY[] =
    "name: 'net' input: 'x' input_shape { dim: [1, 4, 8, 8] }\n"
    "layer { name: 'c' type: 'Convolution' bottom: 'x' top: 'c'\n"
    "  convolution_param { num_output: 2 kernel_size: 3 } }\n"
    "layer { name: 'b' type: 'BatchNorm' bottom: 'c' top: 'c' }\n"
    "layer { name: 's' type: 'Scale' bottom: 'c' top: 'c' scale_param { bias_term: true } }\n"
    "layer { name: 'p' type: 'Slice' bottom: 'c' top: 'p1' top: 'p2' }\n"
    "layer { name: 'e' type: 'Eltwise' bottom: 'p1' bottom: 'p2' top: 'e' "
    "eltwise_param { coeff: [2, 3] } }\n"
    "layer { name: 'v' type: 'MVN' bottom: 'e' top: 'v' }\n";

static const char TRAIN[] =
    "layers { name: 'd' type: DATA top: 'x' top: 'l' include { phase: TRAIN }\n"
    "  data_param { crop_size: 4 } }\n"
    "layers { layer { name: 'i' type: 'innerproduct' num_output: 3 } bottom: 'x' top: 'i' }\n"
    "layers { name: 'a' type: ACCURACY bottom: 'i' bottom: 'l' top: 'a' }\n"
    "layers { name: 'o' type: SOFTMAX_LOSS bottom: 'i' bottom: 'l' }\n";

static dvt_status read_text(dvt_ctx *ctx, void *text)
{
    dvt_graph *g = NULL;
    dvt_status st = dvt_caffe_parse(ctx, "net", text, strlen(text), NULL, &g);

    dvt_graph_destroy(g);
    return st;
}

static void fault_caffe__deploy_form(void **state)
{
    char text[sizeof DEPLOY];

    (void)state;
    memcpy(text, DEPLOY, sizeof DEPLOY);
    assert_true(fault_sweep(read_text, text) > 10);
}

static void fault_caffe__train_form_of_old_layers(void **state)
{
    char text[sizeof TRAIN];

    (void)state;
    memcpy(text, TRAIN, sizeof TRAIN);
    assert_true(fault_sweep(read_text, text) > 10);
}

/* A net and its weights in one message: { Input x (1,2); InnerProduct y (2) }. */
static void make_model(dvt_buf *net)
{
    static const uint8_t input[] = {0x0a, 1,   'i',  0x12, 5, 'I',  'n', 'p',  'u', 't', 0x22,
                                    1,    'x', 0xfa, 0x08, 6, 0x0a, 4,   0x0a, 2,   1,   2};
    const float          w[4] = {1, 2, 3, 4};
    dvt_buf              rest;

    dvt_buf_init(&rest, net->ctx, 0);
    tool_wire_text(&rest, 3, "x");
    tool_wire_text(&rest, 4, "y");
    tool_wire_blob(&rest, 7, &(dvt_shape){2, {2, 2}}, w);
    tool_wire_bytes(&rest, 117, "\x08\x02\x10\x00", 4); /* num_output 2, bias_term false */
    tool_wire_bytes(net, 100, input, sizeof input);
    tool_wire_layer(net, "ip", "InnerProduct", &rest);
    dvt_buf_deinit(&rest);
}

static dvt_status read_model(dvt_ctx *ctx, void *ud)
{
    const dvt_buf *net = ud;
    dvt_graph     *g = NULL;
    dvt_status     st = dvt_caffe_parse(ctx, "net", (const uint8_t *)net->data, net->len, NULL, &g);

    dvt_graph_destroy(g);
    return st;
}

static void fault_caffe__a_caffemodel_with_its_topology(void **state)
{
    dvt_ctx *ctx = dvt_ctx_create(NULL);
    dvt_buf  net;

    (void)state;
    dvt_buf_init(&net, ctx, 0);
    make_model(&net);
    assert_int_equal(dvt_buf_status(&net), DVT_OK);
    assert_true(fault_sweep(read_model, &net) > 10);
    dvt_buf_deinit(&net);
    dvt_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fault_caffe__deploy_form),
        cmocka_unit_test(fault_caffe__train_form_of_old_layers),
        cmocka_unit_test(fault_caffe__a_caffemodel_with_its_topology),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
