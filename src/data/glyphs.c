/* SPDX-License-Identifier: Apache-2.0 */
/*
 * glyphs.c - a labelled data set that needs no file: hand-drawn-looking digits, drawn on demand.
 *
 * Idea       Each digit is one stroke: a polyline on a grid of 10 x 16. An item moves its corners a
 *            little, maps it by a random affine map, draws it with a random pen, and adds noise and
 *            two stray strokes. It is hard enough that a small trained network is wrong now and
 *            then, so that the effect of a number format shows.
 * Invariants (1) item i of a split depends on (seed, split, i) alone;
 *            (2) only +, -, *, / and sqrt on doubles are used, which round the same everywhere, and
 *                numbers are drawn one a statement, as C leaves the order within one open: the
 *                images are the same bytes on every machine;
 *            (3) the splits are different streams of the generator, so they share no item.
 * Form       u8 (1,28,28), bright on dark, ten classes. KIND:PATH is glyphs:COUNT or
 *            glyphs:COUNT@SEED; the seed is 1 if it is left out.
 * Limits     COUNT_MAX items.
 * Tests      tests/unit/test_glyphs.c
 */
#include "data/dataset_int.h"

#include <math.h>
#include <string.h>

enum { SIDE = 28, CLASSES = 10, CORNERS_MAX = 16, COUNT_MAX = 10000000 };

typedef struct point {
    double x, y;
} point;

typedef struct stroke {
    int     count; /* corners */
    uint8_t corner[CORNERS_MAX][2];
} stroke;

static const stroke DIGITS[CLASSES] = {
    {11,
     {{5, 0},
      {8, 1},
      {10, 5},
      {10, 11},
      {8, 15},
      {5, 16},
      {2, 15},
      {0, 11},
      {0, 5},
      {2, 1},
      {5, 0}}},
    {3, {{2, 3}, {5, 0}, {5, 16}}},
    {9, {{0, 4}, {1, 1}, {4, 0}, {7, 0}, {10, 3}, {10, 5}, {8, 9}, {0, 16}, {10, 16}}},
    {11,
     {{0, 2},
      {3, 0},
      {7, 0},
      {10, 3},
      {9, 6},
      {5, 8},
      {9, 9},
      {10, 12},
      {8, 15},
      {4, 16},
      {0, 14}}},
    {4, {{8, 16}, {8, 0}, {0, 11}, {10, 11}}},
    {9, {{9, 0}, {1, 0}, {1, 7}, {5, 6}, {9, 8}, {10, 11}, {8, 15}, {4, 16}, {0, 14}}},
    {11,
     {{8, 0},
      {3, 4},
      {0, 10},
      {1, 14},
      {4, 16},
      {7, 16},
      {10, 13},
      {9, 10},
      {6, 8},
      {3, 9},
      {0, 11}}},
    {3, {{0, 0}, {10, 0}, {4, 16}}},
    {15,
     {{5, 8},
      {1, 6},
      {1, 2},
      {3, 0},
      {7, 0},
      {9, 2},
      {9, 6},
      {5, 8},
      {1, 10},
      {0, 13},
      {2, 16},
      {8, 16},
      {10, 13},
      {9, 10},
      {5, 8}}},
    {11,
     {{10, 6}, {8, 8}, {4, 8}, {1, 6}, {0, 3}, {3, 0}, {7, 0}, {10, 3}, {10, 6}, {9, 11}, {6, 16}}},
};

typedef struct glyphs {
    dvt_rng rng; /* of the split */
} glyphs;

/* ---- drawing ------------------------------------------------------------------------------- */

static double between(dvt_rng *rng, double low, double high)
{
    return low + (high - low) * dvt_rng_f64(rng);
}

/* Nearly normal with deviation 1, without the logarithm that libraries round differently. */
static double bell(dvt_rng *rng)
{
    double sum = 0;

    for (int i = 0; i < 3; i++) {
        sum += between(rng, -1, 1);
    }
    return sum;
}

/* Corners of the digit in pixels, moved and mapped. Returns their number. */
static int place(const stroke *s, dvt_rng *rng, point out[CORNERS_MAX])
{
    const double scale = between(rng, 0.8, 1.25), wide = scale * between(rng, 0.75, 1.25);
    const double turn = between(rng, -0.35, 0.35), slant = between(rng, -0.4, 0.4);
    const double dx = SIDE / 2.0 + between(rng, -2.5, 2.5),
                 dy = SIDE / 2.0 + between(rng, -2.5, 2.5);

    for (int i = 0; i < s->count; i++) {
        const double x = s->corner[i][0] - 5.0 + between(rng, -1.4, 1.4);
        const double y = s->corner[i][1] - 8.0 + between(rng, -1.4, 1.4);
        out[i].x = dx + wide * (x - slant * y) - scale * turn * y;
        out[i].y = dy + scale * (y + turn * x);
    }
    return s->count;
}

static double distance_squared(point p, point a, point b)
{
    const double ux = b.x - a.x, uy = b.y - a.y, vx = p.x - a.x, vy = p.y - a.y;
    const double length = ux * ux + uy * uy;
    double       t = length > 0 ? (ux * vx + uy * vy) / length : 0;

    t = t < 0 ? 0 : t > 1 ? 1 : t;
    const double ex = vx - t * ux, ey = vy - t * uy;
    return ex * ex + ey * ey;
}

/* Adds the stroke to the image; `half` is half the pen's width in pixels. */
static void draw(double image[SIDE][SIDE], const point *corner, int count, double half, double ink)
{
    for (int y = 0; y < SIDE; y++) {
        for (int x = 0; x < SIDE; x++) {
            const point p = {x + 0.5, y + 0.5};
            double      near = 1e9;
            for (int i = 0; i + 1 < count; i++) {
                const double d = distance_squared(p, corner[i], corner[i + 1]);
                near = d < near ? d : near;
            }
            const double cover = half + 0.5 - sqrt(near);
            const double value = ink * (cover < 0 ? 0 : cover > 1 ? 1 : cover);
            image[y][x] = value > image[y][x] ? value : image[y][x];
        }
    }
}

/* A short line that belongs to no digit. */
static void draw_stray(double image[SIDE][SIDE], dvt_rng *rng)
{
    point line[2];

    line[0].x = between(rng, 0, SIDE);
    line[0].y = between(rng, 0, SIDE);
    line[1].x = line[0].x + between(rng, -8, 8);
    line[1].y = line[0].y + between(rng, -8, 8);
    const double ink = between(rng, 80, 255), half = between(rng, 0.4, 1);
    draw(image, line, 2, half, ink);
}

static int64_t render(dvt_rng rng, uint8_t *out /* (SIDE, SIDE) */)
{
    double        image[SIDE][SIDE] = {{0}};
    point         corner[CORNERS_MAX];
    const int64_t label = (int64_t)dvt_rng_below(&rng, CLASSES);
    const int     count = place(&DIGITS[label], &rng, corner);
    const double  half = between(&rng, 0.5, 1.6), ink = between(&rng, 90, 255);
    const double  noise = between(&rng, 0, 40);

    draw(image, corner, count, half, ink);
    draw_stray(image, &rng);
    draw_stray(image, &rng);
    for (int i = 0; i < SIDE * SIDE; i++) {
        const double v = image[i / SIDE][i % SIDE] + noise * bell(&rng) + 0.5;
        out[i] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
    }
    return label;
}

/* ---- the data set -------------------------------------------------------------------------- */

static dvt_status parse_path(dvt_dataset *d, const char *path, uint64_t *count, uint64_t *seed)
{
    const char *at = strchr(path, '@');
    const char *digits = at ? dvt_arena_strndup(d->arena, path, (size_t)(at - path)) : path;

    *seed = 1;
    if (!digits) {
        return DVT_E_NOMEM;
    }
    if (!dvt_parse_u64(digits, count) || *count < 1 || *count > COUNT_MAX ||
        (at && !dvt_parse_u64(at + 1, seed))) {
        dvt_status st = dvt_fail(d->ctx, DVT_E_USAGE, NULL, "'%s' is no number of glyphs", path);
        dvt_fail_hint(d->ctx, "write glyphs:COUNT or glyphs:COUNT@SEED, COUNT from 1 to %d",
                      COUNT_MAX);
        return st;
    }
    return DVT_OK;
}

static dvt_status open_glyphs(dvt_dataset *d, const char *path, const dvt_dataset_opts *opts)
{
    uint64_t   count = 0, seed = 1;
    bool       train = false;
    glyphs    *g = dvt_arena_calloc(d->arena, 1, sizeof *g);
    dvt_status st;

    if (!(d->impl = g)) {
        return DVT_E_NOMEM;
    }
    if ((st = dvti_dataset_split(d, opts, &train)) != DVT_OK ||
        (st = parse_path(d, path, &count, &seed)) != DVT_OK) {
        return st;
    }
    if (opts->labels) {
        return dvt_fail(d->ctx, DVT_E_USAGE, NULL, "a glyphs data set has its own labels");
    }
    g->rng = dvt_rng_make(seed, train);
    d->count = dvti_dataset_limited((int64_t)count, opts);
    d->class_count = CLASSES;
    d->shape = DVT_SHAPE(1, SIDE, SIDE);
    d->label_source = "the digit that was drawn";
    return dvti_dataset_name_by_index(d);
}

static dvt_status get_glyph(const dvt_dataset *d, int64_t i, dvt_tensor *image, int64_t *label)
{
    const glyphs *g = d->impl;
    dvt_status    st = dvt_tensor_init(d->ctx, DVT_DTYPE_U8, &d->shape, image);

    if (st == DVT_OK) {
        *label = render(dvt_rng_split(&g->rng, (uint64_t)i), image->data);
    }
    return st;
}

static void close_glyphs(dvt_dataset *d) { (void)d; }

const dvti_dataset_kind dvti_dataset_glyphs = {.name = "glyphs",
                                               .argument = "COUNT[@SEED]",
                                               .open = open_glyphs,
                                               .get = get_glyph,
                                               .close = close_glyphs};
