/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zero_cost.c - what untrained weights tell of a network: naswot and synflow by our own executor.
 *
 * naswot     Mellor et al., "Neural architecture search without training", 2021: logarithm of the
 *            determinant of the matrix of agreements between the binary codes (which ReLUs are on)
 *            of a batch of random images. Networks whose codes tell images apart score high.
 * synflow    Tanaka et al., "Pruning neural networks without any data by iteratively conserving
 *            synaptic flow", 2020: sum over weights of w dR/dw where R is the sum of the outputs of
 *            the network with |w| for ones as input. R is a polynomial of the weights, so the sum
 *            is the derivative of R under scaling all weights by 1 + t at t = 0: two executions
 *            and a difference replace a backward pass (error of second order in t, 1 %).
 * Weights    of convolutions and dense layers normal by He et al. 2015, biases 0, batch-norm the
 *            identity with fixed statistics; for synflow their magnitudes. The seed decides.
 * Result     logarithms; compare networks of one skeleton only.
 * Range      R grows to 1e60 in fifty layers. It is homogeneous in the input, so the input is not 1
 *            but 2^-110 and R is multiplied back as a logarithm; beyond that E_NUMERIC.
 * Tests      tests/unit/test_zero_cost.c (closed forms of small networks)
 */
#include <lapacke.h>
#include <math.h>

#include "predict/gp_int.h"

/* ---- weights ------------------------------------------------------------------------------- */

static bool is_weight(const dvt_node *n, int32_t input)
{
    return input == 1 && (n->op == DVT_OP_CONV || n->op == DVT_OP_DENSE);
}

/* Is parameter `input` of the node one of batch-norm that is 1 in an identity? */
static bool is_one(const dvt_node *n, int32_t input)
{
    return n->op == DVT_OP_BATCH_NORM && (input == 1 || input == 4);
}

static void fill(float *w, const dvt_shape *s, bool flow, double factor, dvt_rng *rng)
{
    const int64_t count = dvt_shape_count(s), fan_in = count / s->dim[0];
    const double  deviation = sqrt(2.0 / (double)fan_in);

    for (int64_t i = 0; i < count; i++) {
        const double v = deviation * dvt_rng_normal(rng);
        w[i] = (float)(flow ? factor * fabs(v) : v);
    }
}

/* Data for every parameter of the graph; for `flow` weights are scaled by `factor`. */
static dvt_status set_weights(dvt_graph *g, uint64_t seed, bool flow, double factor)
{
    for (int32_t i = 0; i < dvt_graph_node_count(g); i++) {
        const dvt_node *n = dvt_graph_node(g, (dvt_node_id){i});
        for (int32_t k = 1; !n->dead && k < n->input_count; k++) {
            if (n->inputs[k].i < 0) {
                continue;
            }
            const dvt_value *v = dvt_graph_value(g, n->inputs[k]);
            if (v->kind != DVT_VALUE_PARAM && v->kind != DVT_VALUE_CONST) {
                continue;
            }
            dvt_tensor t;
            dvt_status st = dvt_tensor_init(dvt_graph_ctx(g), DVT_DTYPE_F32, &v->shape, &t);
            if (st != DVT_OK) {
                return st;
            }
            if (is_weight(n, k)) {
                dvt_rng rng = dvt_rng_make(seed, (uint64_t)i);
                fill(t.data, &v->shape, flow, factor, &rng);
            } else if (is_one(n, k)) {
                for (int64_t c = 0; c < dvt_shape_count(&v->shape); c++) {
                    ((float *)t.data)[c] = 1;
                }
            }
            st = dvt_graph_set_data(g, n->inputs[k], &t);
            dvt_tensor_deinit(dvt_graph_ctx(g), &t);
            if (st != DVT_OK) {
                return st;
            }
        }
    }
    return DVT_OK;
}

/* ---- naswot -------------------------------------------------------------------------------- */

enum { IMAGES = 16, KEEP_MAX = 4096 };

typedef struct codes {
    dvt_ctx *ctx;
    int64_t  bits;         /* of one image */
    uint8_t *code[IMAGES]; /* (bits): is the unit on */
    double   k[IMAGES * IMAGES];
} codes;

static int32_t relu_values(const dvt_graph *g, dvt_value_id out[KEEP_MAX], int64_t *bits)
{
    int32_t count = 0;

    *bits = 0;
    for (int32_t i = 0; i < dvt_graph_node_count(g) && count < KEEP_MAX; i++) {
        const dvt_node *n = dvt_graph_node(g, (dvt_node_id){i});
        if (!n->dead && n->op == DVT_OP_UNARY && n->attrs.unary.fn == DVT_UNARY_RELU) {
            out[count++] = n->outputs[0];
            *bits += dvt_shape_count(&dvt_graph_value(g, n->outputs[0])->shape);
        }
    }
    return count;
}

static dvt_status encode(dvt_exec *x, const dvt_value_id *keep, int32_t count, uint8_t *code)
{
    for (int32_t i = 0; i < count; i++) {
        dvt_tensor t;
        dvt_status st = dvt_exec_tensor(x, keep[i], &t);
        if (st != DVT_OK) {
            return st;
        }
        for (int64_t e = 0; e < dvt_shape_count(&t.shape); e++) {
            *code++ = ((const float *)t.data)[e] > 0;
        }
    }
    return DVT_OK;
}

/* log det of the agreements; -infinity where two images have one code. */
static double log_det_agreements(codes *c)
{
    double sum = 0;

    for (int i = 0; i < IMAGES; i++) {
        for (int j = 0; j <= i; j++) {
            int64_t same = 0;
            for (int64_t b = 0; b < c->bits; b++) {
                same += c->code[i][b] == c->code[j][b];
            }
            c->k[i * IMAGES + j] = c->k[j * IMAGES + i] = (double)same;
        }
    }
    if (LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'L', IMAGES, c->k, IMAGES) != 0) {
        return -INFINITY;
    }
    for (int i = 0; i < IMAGES; i++) {
        sum += 2 * log(c->k[i * IMAGES + i]);
    }
    return sum;
}

static dvt_status one_input(const dvt_graph *g, dvt_tensor *out)
{
    *out = (dvt_tensor){0};
    if (dvt_graph_input_count(g) != 1) {
        return dvt_fail(dvt_graph_ctx(g), DVT_E_UNSUPPORTED, NULL,
                        "network '%s' has %d inputs, zero-cost metrics are of networks with one",
                        dvt_graph_name(g), (int)dvt_graph_input_count(g));
    }
    const dvt_value *v = dvt_graph_value(g, dvt_graph_input(g, 0));
    return dvt_tensor_init(dvt_graph_ctx(g), DVT_DTYPE_F32, &v->shape, out);
}

static dvt_status naswot(dvt_graph *g, uint64_t seed, double *out)
{
    codes         c = {.ctx = dvt_graph_ctx(g)};
    dvt_value_id *keep = dvt_alloc(c.ctx, KEEP_MAX * sizeof *keep);
    dvt_exec     *x = NULL;
    dvt_tensor    image = {0};
    dvt_rng       rng = dvt_rng_make(seed, 0x1a6e);
    dvt_status    st = keep ? set_weights(g, seed, false, 1) : DVT_E_NOMEM;
    const int32_t count = st == DVT_OK ? relu_values(g, keep, &c.bits) : 0;

    st = st == DVT_OK ? one_input(g, &image) : st;
    st =
        st == DVT_OK
            ? dvt_exec_create(
                  g, &(dvt_exec_opts){.kind = DVT_EXEC_FAST, .keep = keep, .keep_count = count}, &x)
            : st;
    for (int i = 0; st == DVT_OK && i < IMAGES; i++) {
        for (int64_t e = 0; e < dvt_shape_count(&image.shape); e++) {
            ((float *)image.data)[e] = (float)dvt_rng_normal(&rng);
        }
        c.code[i] = dvt_alloc(c.ctx, (size_t)c.bits + 1);
        st = c.code[i] ? dvt_exec_run(x, &image, 1) : DVT_E_NOMEM;
        st = st == DVT_OK ? encode(x, keep, count, c.code[i]) : st;
    }
    if (st == DVT_OK) {
        dvti_one_blas_thread();
        *out = log_det_agreements(&c);
    }
    for (int i = 0; i < IMAGES; i++) {
        dvt_free(c.ctx, c.code[i]);
    }
    dvt_tensor_deinit(c.ctx, &image);
    dvt_exec_destroy(x);
    dvt_free(c.ctx, keep);
    return st;
}

/* ---- synflow ------------------------------------------------------------------------------- */

static dvt_status flow(dvt_graph *g, uint64_t seed, double factor, double *out)
{
    dvt_exec  *x = NULL;
    dvt_tensor ones = {0}, y;
    dvt_status st = set_weights(g, seed, true, factor);

    *out = 0;
    st = st == DVT_OK ? one_input(g, &ones) : st;
    st = st == DVT_OK ? dvt_exec_create(g, &(dvt_exec_opts){.kind = DVT_EXEC_FAST}, &x) : st;
    for (int64_t e = 0; st == DVT_OK && e < dvt_shape_count(&ones.shape); e++) {
        ((float *)ones.data)[e] = 0x1p-110f;
    }
    st = st == DVT_OK ? dvt_exec_run(x, &ones, 1) : st;
    st = st == DVT_OK ? dvt_exec_tensor(x, dvt_graph_output(g, 0), &y) : st;
    for (int64_t e = 0; st == DVT_OK && e < dvt_shape_count(&y.shape); e++) {
        *out += (double)((const float *)y.data)[e];
    }
    dvt_exec_destroy(x);
    dvt_tensor_deinit(dvt_graph_ctx(g), &ones);
    return st;
}

#define STEP 0.01

dvt_status dvt_zero_cost_of(const dvt_graph *g, uint64_t seed, dvt_zero_cost *out)
{
    dvt_graph      *copy = NULL;
    dvt_graph_stats stats;
    double          more, less;
    dvt_status      st = dvt_graph_clone(g, &copy);

    *out = (dvt_zero_cost){0};
    if (st == DVT_OK) {
        dvt_graph_stats_of(g, &stats);
        out->macs = (double)stats.macs;
        out->parameters = (double)stats.parameters;
        st = naswot(copy, seed, &out->naswot);
    }
    st = st == DVT_OK ? flow(copy, seed, 1 + STEP, &more) : st;
    st = st == DVT_OK ? flow(copy, seed, 1 - STEP, &less) : st;
    if (st == DVT_OK && !(isfinite(more) && isfinite(less))) {
        st = dvt_fail(dvt_graph_ctx(g), DVT_E_NUMERIC, NULL,
                      "the synaptic flow of '%s' is beyond float32", dvt_graph_name(g));
    }
    if (st == DVT_OK) {
        out->synflow = log(fmax((more - less) / (2 * STEP), 1e-300)) + 110 * log(2.0);
    }
    dvt_graph_destroy(copy);
    return st;
}
