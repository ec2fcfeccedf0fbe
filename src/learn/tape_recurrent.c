/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tape_recurrent.c - LSTM and GRU layers over whole sequences.
 *
 * Idea       What the gates take from the input is one product over all steps; only the product
 *            with the state is done step by step. Backwards likewise: the steps yield the gradients
 *            of the gates, and one product each gives those of input and weights.
 * Orders     `t` numbers steps in time (x, y, gates), `s` in the order of computing (states): they
 *            differ in a reversed layer. state[0] is h0, state[s + 1] what step s leaves.
 * LSTM [1]   i, f, o = sigmoid, g = tanh;  c' = f c + i g;  h' = o tanh(c')
 * GRU [2]    r, z = sigmoid;  n = tanh(x_n + r h_n);  h' = (1 - z) n + z h, in the form of cuDNN
 *            and PyTorch: r multiplies the product of the state with its bias.
 * Gradients  from dh (of h') and dc (of c'):
 *            LSTM  do = dh tanh(c') o (1 - o),  dc += dh o (1 - tanh(c')^2),  di = dc g i (1 - i),
 *                  df = dc c f (1 - f),  dg = dc i (1 - g^2);  dc of c = dc f
 *            GRU   dn = dh (1 - z) (1 - n^2),  dz = dh (h - n) z (1 - z),  dr = dn h_n r (1 - r);
 *                  the state's product gets dn r;  dh of h = dh z + that product backwards
 * Lengths    From its length on a row keeps its state, puts out 0 and passes gradients on.
 * Tests      tests/unit/test_learn_layers.c, tests/diff/learn_torch.py
 *
 * [1] S. Hochreiter, J. Schmidhuber, "Long short-term memory", 1997, with forget gates (Gers 2000).
 * [2] K. Cho et al., "Learning phrase representations using RNN encoder-decoder", 2014, eq. 5-8.
 */
#include "learn/fast_math.h"
#include "learn/rows.h"

#include "dovetail/layers.h"

#include <string.h>

enum { X, W_IN, W_STATE, B_IN, B_STATE, H0, C0, OPERANDS }; /* places in dvti_node.in */

typedef struct rnn {
    int64_t        steps, b, in, h, gates; /* gates: 4 h or 3 h */
    bool           gru, reverse;
    const int32_t *length;
    const float   *b_state;
    float         *act;     /* (steps t, b, gates) */
    float         *side;    /* (b, gates) the state's part of one step */
    float         *h_n;     /* (steps t, b, h) GRU: the state's part of n */
    float         *state;   /* (steps + 1, b, h) */
    float         *cell;    /* (steps + 1, b, h) LSTM */
    float         *y;       /* (steps t, b, h) */
    const float   *dy;
    float         *d_in;    /* (steps t, b, gates) */
    float         *d_state; /* (steps s, b, gates) */
    float         *dh, *dc; /* (b, h) of the step at hand */
    int64_t        s;       /* that step */
} rnn;

static int64_t time_of(const rnn *k) { return k->reverse ? k->steps - 1 - k->s : k->s; }

static bool alive(const rnn *k, int64_t row)
{
    return !k->length || time_of(k) < k->length[row];
}

/* ---- forwards ------------------------------------------------------------------------------ */

DVTI_SIMD static void lstm_row(int64_t h, float *restrict a, const float *restrict side,
                               const float *restrict c, float *restrict c_next,
                               float *restrict h_next)
{
    for (int64_t i = 0; i < 4 * h; i++)
        a[i] += side[i];
    for (int64_t i = 0; i < h; i++) {
        float in = dvti_sigmoid(a[i]), forget = dvti_sigmoid(a[h + i]);
        float new = dvti_tanh(a[2 * h + i]), out = dvti_sigmoid(a[3 * h + i]);
        a[i] = in;
        a[h + i] = forget;
        a[2 * h + i] = new;
        a[3 * h + i] = out;
        c_next[i] = forget * c[i] + in * new;
        h_next[i] = out * dvti_tanh(c_next[i]);
    }
}

DVTI_SIMD static void gru_row(int64_t h, float *restrict a, const float *restrict side,
                              const float *restrict state, float *restrict h_n,
                              float *restrict h_next)
{
    for (int64_t i = 0; i < h; i++) {
        float r = dvti_sigmoid(a[i] + side[i]), z = dvti_sigmoid(a[h + i] + side[h + i]);
        float n = dvti_tanh(a[2 * h + i] + r * side[2 * h + i]);
        h_n[i] = side[2 * h + i];
        a[i] = r;
        a[h + i] = z;
        a[2 * h + i] = n;
        h_next[i] = (1.0f - z) * n + z * state[i];
    }
}

static void step_rows(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    const rnn    *k = ud;
    const int64_t h = k->h, size = k->b * h, t = time_of(k);

    (void)worker;
    for (int64_t r = begin; r < end; r++) {
        float       *a = k->act + (t * k->b + r) * k->gates;
        const float *side = k->side + r * k->gates, *old = k->state + k->s * size + r * h;
        float       *next = k->state + (k->s + 1) * size + r * h, *y = k->y + t * size + r * h;
        float       *cell = k->gru ? NULL : k->cell + k->s * size + r * h;
        if (!alive(k, r)) {
            memcpy(next, old, (size_t)h * sizeof *next);
            memset(y, 0, (size_t)h * sizeof *y);
            if (cell)
                memcpy(cell + size, cell, (size_t)h * sizeof *cell);
            continue;
        }
        if (k->gru)
            gru_row(h, a, side, old, k->h_n + t * size + r * h, next);
        else
            lstm_row(h, a, side, cell, cell + size, next);
        memcpy(y, next, (size_t)h * sizeof *y);
    }
}

static void add_bias(float *y, const float *bias, int64_t rows, int64_t n)
{
    for (int64_t r = 0; bias && r < rows; r++)
        dvti_put(y + r * n, bias, n, true);
}

static void run_forwards(dvt_tape *t, rnn *k, const float *x, const float *w_in,
                         const float *w_state, const float *b_in)
{
    dvti_gemm(t, k->steps * k->b, k->gates, k->in, x, false, w_in, true, k->act, false);
    add_bias(k->act, b_in, k->steps * k->b, k->gates);
    for (k->s = 0; k->s < k->steps; k->s++) {
        dvti_gemm(t, k->b, k->gates, k->h, k->state + k->s * k->b * k->h, false, w_state, true,
                  k->side, false);
        add_bias(k->side, k->b_state, k->b, k->gates);
        dvt_parallel_for(t->ctx, k->b, dvti_row_grain(8 * k->gates), step_rows, k);
    }
}

/* ---- backwards ----------------------------------------------------------------------------- */

/* dh and dc become those of the state before, without the product. */
DVTI_SIMD static void lstm_back_row(int64_t h, const float *restrict a, const float *restrict c,
                                    const float *restrict c_next, const float *restrict dy,
                                    float *restrict dh, float *restrict dc, float *restrict da)
{
    for (int64_t i = 0; i < h; i++) {
        float in = a[i], forget = a[h + i], new = a[2 * h + i], out = a[3 * h + i];
        float d = dh[i] + dy[i], th = dvti_tanh(c_next[i]);
        float e = dc[i] + d * out * (1.0f - th * th);
        da[i] = e * new * in * (1.0f - in);
        da[h + i] = e * c[i] * forget * (1.0f - forget);
        da[2 * h + i] = e * in * (1.0f - new * new);
        da[3 * h + i] = d * th * out * (1.0f - out);
        dc[i] = e * forget;
        dh[i] = 0;
    }
}

DVTI_SIMD static void gru_back_row(int64_t h, const float *restrict a, const float *restrict old,
                                   const float *restrict h_n, const float *restrict dy,
                                   float *restrict dh, float *restrict d_in,
                                   float *restrict d_state)
{
    for (int64_t i = 0; i < h; i++) {
        float r = a[i], z = a[h + i], n = a[2 * h + i], d = dh[i] + dy[i];
        float dn = d * (1.0f - z) * (1.0f - n * n);
        float dr = dn * h_n[i] * r * (1.0f - r), dz = d * (old[i] - n) * z * (1.0f - z);
        d_in[i] = d_state[i] = dr;
        d_in[h + i] = d_state[h + i] = dz;
        d_in[2 * h + i] = dn;
        d_state[2 * h + i] = dn * r;
        dh[i] = d * z;
    }
}

static void back_rows(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    const rnn    *k = ud;
    const int64_t h = k->h, size = k->b * h, t = time_of(k);
    const size_t  bytes = (size_t)k->gates * sizeof(float);

    (void)worker;
    for (int64_t r = begin; r < end; r++) {
        const float *a = k->act + (t * k->b + r) * k->gates, *dy = k->dy + t * size + r * h;
        const float *old = k->state + k->s * size + r * h;
        float       *d_in = k->d_in + (t * k->b + r) * k->gates;
        float       *d_state = k->d_state + (k->s * k->b + r) * k->gates;
        if (!alive(k, r)) {
            memset(d_in, 0, bytes);
            memset(d_state, 0, bytes);
        } else if (k->gru) {
            gru_back_row(h, a, old, k->h_n + t * size + r * h, dy, k->dh + r * h, d_in, d_state);
        } else {
            const float *c = k->cell + k->s * size + r * h;
            lstm_back_row(h, a, c, c + size, dy, k->dh + r * h, k->dc + r * h, d_in);
            memcpy(d_state, d_in, bytes);
        }
    }
}

static void run_backwards(dvt_tape *t, rnn *k, const float *w_state)
{
    memset(k->dh, 0, (size_t)(k->b * k->h) * sizeof *k->dh);
    memset(k->dc, 0, (size_t)(k->b * k->h) * sizeof *k->dc);
    for (k->s = k->steps - 1; k->s >= 0; k->s--) {
        dvt_parallel_for(t->ctx, k->b, dvti_row_grain(8 * k->gates), back_rows, k);
        dvti_gemm(t, k->b, k->h, k->gates, k->d_state + k->s * k->b * k->gates, false, w_state,
                  false, k->dh, true);
    }
}

/* The products over all steps. */
static void operand_gradients(dvt_tape *t, const dvti_node *n, const rnn *k)
{
    const int64_t rows = k->steps * k->b;
    bool          add;
    float        *g = dvti_grad_of(t, n->in[X], &add);

    if (g)
        dvti_gemm(t, rows, k->in, k->gates, k->d_in, false, dvti_value(t, n->in[W_IN]), false, g,
                  add);
    g = dvti_grad_of(t, n->in[W_IN], &add);
    if (g)
        dvti_gemm(t, k->gates, k->in, rows, k->d_in, true, dvti_value(t, n->in[X]), false, g, add);
    g = dvti_grad_of(t, n->in[W_STATE], &add);
    if (g)
        dvti_gemm(t, k->gates, k->h, rows, k->d_state, true, k->state, false, g, add);
    g = dvti_grad_of(t, n->in[B_IN], &add);
    if (g)
        dvti_column_sums(t, rows, k->gates, k->d_in, g, add);
    g = dvti_grad_of(t, n->in[B_STATE], &add);
    if (g)
        dvti_column_sums(t, rows, k->gates, k->d_state, g, add);
    g = dvti_grad_of(t, n->in[H0], &add);
    if (g)
        dvti_put(g, k->dh, k->b * k->h, add);
    g = dvti_grad_of(t, n->in[C0], &add);
    if (g)
        dvti_put(g, k->dc, k->b * k->h, add);
}

static void rnn_backward(dvt_tape *t, const dvti_node *n)
{
    rnn           k = *(const rnn *)n->attr;
    const int64_t all = k.steps * k.b * k.gates, one = k.b * k.h;

    k.dy = n->grad;
    k.d_in = dvti_grad_scratch(t, all);
    k.d_state = dvti_grad_scratch(t, all);
    k.dh = dvti_grad_scratch(t, one);
    k.dc = dvti_grad_scratch(t, one);
    if (t->status != DVT_OK)
        return;
    run_backwards(t, &k, dvti_value(t, n->in[W_STATE]));
    operand_gradients(t, n, &k);
    dvti_grad_release(t, k.d_in, all);
    dvti_grad_release(t, k.d_state, all);
    dvti_grad_release(t, k.dh, one);
    dvti_grad_release(t, k.dc, one);
}

/* ---- the operations ------------------------------------------------------------------------ */

static bool has_count(dvt_tape *t, const char *op, dvt_var v, const char *name, int64_t count)
{
    char text[DVT_SHAPE_TEXT];

    if (!dvti_tape_ok_or_none(t, op, v))
        return false;
    if (v.id == 0 || t->nodes[v.id].count == count)
        return true;
    dvti_tape_fail(t, DVT_E_SHAPE, "%s: %s is %s, not %lld elements", op, name,
                   dvt_shape_text(&t->nodes[v.id].shape, text), (long long)count);
    return false;
}

/* Fills the dimensions of k. */
static bool rnn_fits(dvt_tape *t, const char *op, dvt_var x, const dvt_recurrent *l, int64_t gates,
                     rnn *k)
{
    if (!dvti_tape_ok(t, op, x) || !dvti_tape_ok(t, op, l->w_in) ||
        !dvti_tape_ok(t, op, l->w_state))
        return false;
    const dvt_shape *s = &t->nodes[x.id].shape, *w = &t->nodes[l->w_in.id].shape;
    const dvt_shape *u = &t->nodes[l->w_state.id].shape;
    if (s->rank != 3 || w->rank != 2 || s->dim[2] != w->dim[1]) {
        dvti_tape_fail_shapes(t, op, x, l->w_in, "x is (steps, b, in), w_in is (gates h, in)");
        return false;
    }
    if (u->rank != 2 || u->dim[1] < 1 || u->dim[0] != gates * u->dim[1] || w->dim[0] != u->dim[0]) {
        dvti_tape_fail_shapes(t, op, l->w_in, l->w_state,
                              "w_in is (gates h, in), w_state is (gates h, h)");
        return false;
    }
    *k = (rnn){.steps = s->dim[0],
               .b = s->dim[1],
               .in = s->dim[2],
               .h = u->dim[1],
               .gates = u->dim[0],
               .gru = gates == 3,
               .reverse = l->reverse,
               .length = l->length};
    return has_count(t, op, l->b_in, "b_in", k->gates) &&
           has_count(t, op, l->b_state, "b_state", k->gates) &&
           has_count(t, op, l->h0, "h0", k->b * k->h) && has_count(t, op, l->c0, "c0", k->b * k->h);
}

static void first_state(float *to, const float *from, int64_t count)
{
    if (from)
        memcpy(to, from, (size_t)count * sizeof *to);
    else
        memset(to, 0, (size_t)count * sizeof *to);
}

static bool rnn_memory(dvt_tape *t, rnn *k)
{
    const int64_t rows = k->steps * k->b, states = (k->steps + 1) * k->b * k->h;

    k->act = dvti_tape_floats(t, rows * k->gates);
    k->side = dvti_tape_floats(t, k->b * k->gates);
    k->state = dvti_tape_floats(t, states);
    if (k->gru)
        k->h_n = dvti_tape_floats(t, rows * k->h);
    else
        k->cell = dvti_tape_floats(t, states);
    return t->status == DVT_OK;
}

static dvt_var recurrent(dvt_tape *t, const char *op, dvt_var x, const dvt_recurrent *l,
                         int64_t gates)
{
    rnn k;

    if (!rnn_fits(t, op, x, l, gates, &k) || !rnn_memory(t, &k))
        return DVT_NO_VAR;
    dvt_shape  s = DVT_SHAPE(k.steps, k.b, k.h);
    dvt_var    in[] = {x, l->w_in, l->w_state, l->b_in, l->b_state, l->h0, l->c0};
    rnn       *attr = dvti_tape_attr(t, sizeof *attr);
    dvti_node *n = attr ? dvti_tape_push(t, &s, NULL, in, OPERANDS, rnn_backward) : NULL;
    if (!n)
        return DVT_NO_VAR;
    k.y = n->value;
    k.b_state = dvti_value(t, l->b_state.id);
    first_state(k.state, dvti_value(t, l->h0.id), k.b * k.h);
    if (!k.gru)
        first_state(k.cell, dvti_value(t, l->c0.id), k.b * k.h);
    run_forwards(t, &k, dvti_value(t, x.id), dvti_value(t, l->w_in.id),
                 dvti_value(t, l->w_state.id), dvti_value(t, l->b_in.id));
    *attr = k;
    n->attr = attr;
    return dvti_tape_last(t);
}

dvt_var dvt_tape_lstm(dvt_tape *t, dvt_var x, const dvt_recurrent *layer)
{
    return recurrent(t, "lstm", x, layer, 4);
}

dvt_var dvt_tape_gru(dvt_tape *t, dvt_var x, const dvt_recurrent *layer)
{
    if (t->status == DVT_OK && layer->c0.id)
        return dvti_tape_fail(t, DVT_E_USAGE, "gru: there is no cell state c0");
    return recurrent(t, "gru", x, layer, 3);
}
