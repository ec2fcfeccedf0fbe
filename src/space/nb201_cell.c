/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nb201_cell.c - a NAS-Bench-201 cell: text, number, what it is the same as, size.
 *
 * Forms     A node is written as the sorted sum of its sources, an operation as "(source)@op", a
 *           skip as its source alone. Where zeros count, `none` and whatever reads a node written
 *           "#" is "#". The form of the cell is that of its last node, hashed to 64 bits; the
 *           tests count the different ones: 12,751 without and 6,466 with zeros, as published.
 * Sizes     Each operation stands in all 15 cells of the network: 5 at each of 3 stages. What is
 *           around them has a size of its own (stem, two residual blocks, last batch-norm, linear).
 * Tests     tests/unit/test_nb201.c
 */
#include <stdlib.h>
#include <string.h>

#include "base/text_util.h"
#include "space/nb201_int.h"

static const char *const op_names[DVT_NB201_OPS] = {
#define DVT_X(name, text) text,
    DVT_NB201_OP_LIST(DVT_X)
#undef DVT_X
};

/* ---- number -------------------------------------------------------------------------------- */

dvt_nb201_cell dvt_nb201_at(int32_t index)
{
    dvt_nb201_cell c;

    for (int i = DVT_NB201_EDGES - 1; i >= 0; i--) {
        c.op[i] = (uint8_t)(index % DVT_NB201_OPS);
        index /= DVT_NB201_OPS;
    }
    return c;
}

int32_t dvt_nb201_index(const dvt_nb201_cell *c)
{
    int32_t index = 0;

    for (int i = 0; i < DVT_NB201_EDGES; i++) {
        index = index * DVT_NB201_OPS + c->op[i];
    }
    return index;
}

/* ---- text ---------------------------------------------------------------------------------- */

const char *dvt_nb201_print(const dvt_nb201_cell *c, char out[DVT_NB201_TEXT])
{
    size_t n = 0;

    for (int y = 1; y < DVTI_NB201_NODES; y++) {
        dvti_format(out + n, DVT_NB201_TEXT - n, "%s", y > 1 ? "+|" : "|");
        n += strlen(out + n);
        for (int x = 0; x < y; x++) {
            dvti_format(out + n, DVT_NB201_TEXT - n, "%s~%d|", op_names[dvti_nb201_op(c, x, y)], x);
            n += strlen(out + n);
        }
    }
    return out;
}

static dvt_status fail_at(dvt_ctx *ctx, const char *text, const char *at, const char *what)
{
    dvt_pos pos = {.file = "cell", .line = 1, .column = (uint32_t)(at - text) + 1};

    dvt_fail(ctx, DVT_E_PARSE, &pos, "expected %s at column %u of the cell", what,
             (unsigned)pos.column);
    dvt_fail_hint(ctx, "the form is |op~0|+|op~0|op~1|+|op~0|op~1|op~2| with none, skip_connect, "
                       "nor_conv_1x1, nor_conv_3x3 or avg_pool_3x3 as op");
    return DVT_E_PARSE;
}

static bool take(const char **at, const char *word)
{
    size_t n = strlen(word);

    if (strncmp(*at, word, n) != 0) {
        return false;
    }
    *at += n;
    return true;
}

static bool take_op(const char **at, uint8_t *out)
{
    for (uint8_t i = 0; i < DVT_NB201_OPS; i++) {
        const char *after = *at;
        if (take(&after, op_names[i]) && *after == '~') {
            *at = after;
            *out = i;
            return true;
        }
    }
    return false;
}

dvt_status dvt_nb201_parse(dvt_ctx *ctx, const char *text, dvt_nb201_cell *out)
{
    static const char *const source[] = {"~0|", "~1|", "~2|"};
    const char              *at = text;
    dvt_nb201_cell           c;
    int                      edge = 0;

    *out = (dvt_nb201_cell){{0}};
    for (int y = 1; y < DVTI_NB201_NODES; y++) {
        if (!take(&at, y > 1 ? "+|" : "|")) {
            return fail_at(ctx, text, at, y > 1 ? "'+|'" : "'|'");
        }
        for (int x = 0; x < y; x++, edge++) {
            if (!take_op(&at, &c.op[edge])) {
                return fail_at(ctx, text, at, "the name of an operation and '~'");
            }
            if (!take(&at, source[x])) {
                return fail_at(ctx, text, at, x == 0 ? "'~0|'" : x == 1 ? "'~1|'" : "'~2|'");
            }
        }
    }
    if (*at) {
        return fail_at(ctx, text, at, "the end");
    }
    *out = c;
    return DVT_OK;
}

/* ---- forms --------------------------------------------------------------------------------- */

enum { FORM = 128 /* characters; the longest has fewer than 64 */ };

static int compare_texts(const void *a, const void *b) { return strcmp(a, b); }

static void write_edge(int op, const char *source, bool zeros, char out[FORM])
{
    if (zeros && (op == DVT_NB201_NONE || strcmp(source, "#") == 0)) {
        dvti_format(out, FORM, "#");
    } else if (op == DVT_NB201_SKIP) {
        dvti_format(out, FORM, "%s", source);
    } else {
        dvti_format(out, FORM, "(%s)@%d", source, op);
    }
}

uint64_t dvt_nb201_form(const dvt_nb201_cell *c, bool zeros)
{
    char node[DVTI_NB201_NODES][FORM] = {"0"};

    for (int y = 1; y < DVTI_NB201_NODES; y++) {
        char   term[DVTI_NB201_NODES][FORM];
        size_t n = 0;
        for (int x = 0; x < y; x++) {
            write_edge(dvti_nb201_op(c, x, y), node[x], zeros, term[x]);
        }
        qsort(term, (size_t)y, FORM, compare_texts);
        for (int x = 0; x < y; x++) {
            dvti_format(node[y] + n, FORM - n, "%s%s", x ? "+" : "", term[x]);
            n += strlen(node[y] + n);
        }
    }
    const char *last = node[DVTI_NB201_NODES - 1];
    return dvt_hash64(last, strlen(last), 0);
}

uint32_t dvti_nb201_live(const dvt_nb201_cell *c)
{
    uint32_t from_input = 1, to_output = 1u << (DVTI_NB201_NODES - 1);

    for (int y = 1; y < DVTI_NB201_NODES; y++) {
        for (int x = 0; x < y; x++) {
            if ((from_input >> x & 1) && dvti_nb201_op(c, x, y) != DVT_NB201_NONE) {
                from_input |= 1u << y;
            }
        }
    }
    for (int x = DVTI_NB201_NODES - 2; x >= 0; x--) {
        for (int y = x + 1; y < DVTI_NB201_NODES; y++) {
            if ((to_output >> y & 1) && dvti_nb201_op(c, x, y) != DVT_NB201_NONE) {
                to_output |= 1u << x;
            }
        }
    }
    return from_input & to_output;
}

bool dvt_nb201_connected(const dvt_nb201_cell *c) { return dvti_nb201_live(c) & 1; }

/* ---- sizes --------------------------------------------------------------------------------- */

/* Weights of a convolution and its batch-norm. */
static int64_t conv_parameters(int64_t kernel, int64_t in, int64_t out, bool norm)
{
    return kernel * kernel * in * out + (norm ? 2 * out : 0);
}

static int64_t conv_macs(int64_t kernel, int64_t in, int64_t out, int64_t size)
{
    return kernel * kernel * in * out * size * size;
}

int64_t dvt_nb201_parameters(const dvt_nb201_cell *c)
{
    int64_t last = dvti_nb201_channels(DVTI_NB201_STAGES - 1);
    int64_t sum = conv_parameters(3, DVTI_NB201_IMAGE_CHANNELS, dvti_nb201_channels(0), true) +
                  2 * last + (last + 1) * DVTI_NB201_CLASSES;

    for (int stage = 0; stage < DVTI_NB201_STAGES; stage++) {
        int64_t width = dvti_nb201_channels(stage);
        for (int i = 0; i < DVT_NB201_EDGES; i++) {
            int64_t kernel = c->op[i] == DVT_NB201_CONV3X3   ? 3
                             : c->op[i] == DVT_NB201_CONV1X1 ? 1
                                                             : 0;
            sum += kernel ? DVTI_NB201_CELLS * conv_parameters(kernel, width, width, true) : 0;
        }
        if (stage > 0) {
            sum += conv_parameters(3, width / 2, width, true) +
                   conv_parameters(3, width, width, true) +
                   conv_parameters(1, width / 2, width, false);
        }
    }
    return sum;
}

int64_t dvt_nb201_macs(const dvt_nb201_cell *c)
{
    int64_t sum =
        conv_macs(3, DVTI_NB201_IMAGE_CHANNELS, dvti_nb201_channels(0), DVTI_NB201_IMAGE_SIZE) +
        dvti_nb201_channels(DVTI_NB201_STAGES - 1) * DVTI_NB201_CLASSES;

    for (int stage = 0; stage < DVTI_NB201_STAGES; stage++) {
        int64_t width = dvti_nb201_channels(stage), size = DVTI_NB201_IMAGE_SIZE >> stage;
        for (int i = 0; i < DVT_NB201_EDGES; i++) {
            int64_t kernel = c->op[i] == DVT_NB201_CONV3X3   ? 3
                             : c->op[i] == DVT_NB201_CONV1X1 ? 1
                                                             : 0;
            sum += DVTI_NB201_CELLS * conv_macs(kernel, width, width, size);
        }
        if (stage > 0) {
            sum += conv_macs(3, width / 2, width, size) + conv_macs(3, width, width, size) +
                   conv_macs(1, width / 2, width, size);
        }
    }
    return sum;
}
