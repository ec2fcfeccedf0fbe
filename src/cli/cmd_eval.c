/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_eval.c - `dovetail eval MODEL --dataset KIND:PATH`: top-1 and top-5 over a labelled set.
 *
 * The preprocessing is explicit and stands in the result; nothing is guessed from names.
 */
#include <string.h>
#include <time.h>

#include "cli/engine.h"
#include "dovetail/data.h"

typedef struct eval_opts {
    CLI_COMMON_FIELDS;
    CLI_MODEL_FIELDS;
    CLI_ENGINE_FIELDS;
    const char *dataset, *labels, *split, *output;
    int64_t     limit;
    double      scale;
    const char *mean, *std, *mean_file;
    bool        mean_first, bgr, center_crop;
    int64_t     resize, calibration_images;
} eval_opts;

static const dvt_option eval_options[] = {
    CLI_COMMON_OPTIONS(eval_opts),
    CLI_MODEL_OPTIONS(eval_opts),
    CLI_ENGINE_OPTIONS(eval_opts),
    {DVT_OPTION_STRING(eval_opts, dataset, NULL, "KIND:PATH",
                       "mnist:DIR, cifar10:DIR, images:DIR or archive, glyphs:COUNT"),
     .required = true},
    {DVT_OPTION_STRING(eval_opts, labels, NULL, "FILE",
                       "labels of an image folder (CSV or synset.txt)")},
    {DVT_OPTION_STRING(eval_opts, split, "test", "NAME", "test or train")},
    {DVT_OPTION_I64(eval_opts, limit, 0, 0, INT64_C(1) << 32, "images", "only the first; 0 = all")},
    {DVT_OPTION_STRING(eval_opts, output, NULL, "VALUE",
                       "output with the scores; default: the last"),
     .short_name = 'o'},
    {DVT_OPTION_F64(eval_opts, scale, 1.0, -1e6, 1e6, "",
                    "factor on pixels 0..255, for example 1/256")},
    {DVT_OPTION_STRING(eval_opts, mean, NULL, "A[,B,C]",
                       "subtracted per channel, in the network's order")},
    {DVT_OPTION_STRING(eval_opts, std, NULL, "A[,B,C]", "divides per channel")},
    {DVT_OPTION_STRING(eval_opts, mean_file, NULL, "FILE", "mean image (binaryproto or .npy)")},
    {DVT_OPTION_FLAG(eval_opts, mean_first, false,
                     "subtract the mean before scaling, as Caffe does")},
    {DVT_OPTION_FLAG(eval_opts, bgr, false, "channels in the order blue, green, red")},
    {DVT_OPTION_I64(eval_opts, resize, 0, 0, 65535, "pixels",
                    "shorter side first; 0 = straight to the input size")},
    {DVT_OPTION_FLAG(eval_opts, center_crop, false, "crop the middle instead of squeezing")},
    {DVT_OPTION_I64(eval_opts, calibration_images, 32, 1, 65536, "images",
                    "first images that set the scales of an int8 overlay")},
};
static const dvt_option_set eval_set = {
    .name = "eval",
    .options = eval_options,
    .count = sizeof eval_options / sizeof eval_options[0],
    .positionals = "MODEL",
    .positional_min = 1,
    .positional_max = 1,
};

/* ---- preprocessing ------------------------------------------------------------------------- */

static dvt_status parse_list(const cli_run *r, const char *option, const char *text, double *out,
                             int32_t *count)
{
    *count = 0;
    while (text && *text) {
        char   number[32];
        size_t n = strcspn(text, ",");
        if (n == 0 || n >= sizeof number || *count == 4) {
            break;
        }
        memcpy(number, text, n);
        number[n] = '\0';
        if (!dvt_parse_f64(number, &out[*count])) {
            break;
        }
        (*count)++;
        if (text[n] == '\0') {
            return DVT_OK;
        }
        text += n + 1;
    }
    if (!text) {
        return DVT_OK;
    }
    dvt_status st = dvt_fail(r->ctx, DVT_E_USAGE, NULL,
                             "--%s wants up to 4 numbers with commas, got '%s'", option, text);
    dvt_fail_hint(r->ctx, "write one number, or one a channel: --%s 104,117,123", option);
    return st;
}

static dvt_status read_preprocess(const cli_run *r, dvt_preprocess *p)
{
    const eval_opts *o = r->values;
    dvt_status       st;

    *p = dvt_preprocess_default();
    p->scale = o->scale;
    p->mean_before_scale = o->mean_first;
    p->bgr = o->bgr;
    p->resize = o->resize;
    p->center_crop = o->center_crop;
    st = parse_list(r, "mean", o->mean, p->mean, &p->mean_count);
    if (st == DVT_OK) {
        st = parse_list(r, "std", o->std, p->std, &p->std_count);
    }
    if (st == DVT_OK && o->mean_file) {
        size_t n = strlen(o->mean_file);
        bool   npy = n > 4 && strcmp(o->mean_file + n - 4, ".npy") == 0;
        st = npy ? dvt_npy_read(r->ctx, o->mean_file, &p->mean_image)
                 : dvt_caffe_read_blob(r->ctx, o->mean_file, &p->mean_image);
    }
    return st;
}

/* Image i as the network's input, (1,C,H,W). */
static dvt_status load_image(const cli_run *r, dvt_dataset *d, const dvt_preprocess *p, int64_t i,
                             dvt_tensor *x, int64_t *label)
{
    dvt_tensor image;
    dvt_shape  chw = {.rank = 3};
    dvt_status st = dvt_dataset_get(d, i, &image, label);

    if (st != DVT_OK) {
        return st;
    }
    memcpy(chw.dim, x->shape.dim + 1, 3 * sizeof chw.dim[0]);
    st = dvt_preprocess_apply(r->ctx, p, &image, &chw, x->data);
    dvt_tensor_deinit(r->ctx, &image);
    if (st != DVT_OK) {
        dvt_fail_note(r->ctx, "while preparing image '%s'", dvt_dataset_name(d, i));
    }
    return st;
}

/* ---- evaluation ---------------------------------------------------------------------------- */

typedef struct score {
    int64_t images, top1, top5;
    double  seconds;
} score;

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static dvt_status network_input(const cli_run *r, const dvt_graph *g, dvt_tensor *x)
{
    const dvt_value *v;

    if (dvt_graph_input_count(g) != 1) {
        return dvt_fail(r->ctx, DVT_E_UNSUPPORTED, NULL,
                        "eval needs a network with one input, this has %d",
                        dvt_graph_input_count(g));
    }
    v = dvt_graph_value(g, dvt_graph_input(g, 0));
    if (v->shape.rank != 4 || v->shape.dim[0] != 1 ||
        (v->dtype != DVT_DTYPE_F32 && v->dtype != DVT_DTYPE_F16)) {
        char       shape[DVT_SHAPE_TEXT];
        dvt_status st =
            dvt_fail(r->ctx, DVT_E_UNSUPPORTED, NULL, "input '%s' is %s %s, not one image", v->name,
                     dvt_dtype_name(v->dtype), dvt_shape_text(&v->shape, shape));
        dvt_fail_hint(r->ctx, "give --batch 1 if only the batch differs");
        return st;
    }
    return dvt_tensor_init(r->ctx, DVT_DTYPE_F32, &v->shape, x);
}

static int32_t score_output(const cli_engine *e, const char *name)
{
    for (int32_t i = 0; name && i < e->output_count; i++) {
        if (strcmp(dvt_graph_value(e->g, dvt_graph_output(e->g, i))->name, name) == 0) {
            return i;
        }
    }
    return name ? -1 : e->output_count - 1;
}

static dvt_status score_image(const cli_run *r, cli_engine *e, const dvt_tensor *x, int32_t output,
                              int64_t label, score *s)
{
    dvt_value_id v = dvt_graph_input(e->g, 0);
    dvt_tensor   typed = {0}, out, scores = {0};
    const char  *name;
    dvt_status   st = dvt_tensor_cast(r->ctx, x, dvt_graph_value(e->g, v)->dtype, &typed);

    if (st == DVT_OK) {
        st = cli_engine_run(e, &typed);
    }
    if (st == DVT_OK) {
        st = cli_engine_output(e, output, &out, &name);
    }
    if (st == DVT_OK) {
        st = dvt_tensor_cast(r->ctx, &out, DVT_DTYPE_F32, &scores);
    }
    if (st == DVT_OK) {
        int64_t rank = dvt_label_rank(scores.data, dvt_shape_count(&scores.shape), label);
        s->images++;
        s->top1 += rank == 0;
        s->top5 += rank < 5;
    }
    dvt_tensor_deinit(r->ctx, &typed);
    dvt_tensor_deinit(r->ctx, &scores);
    return st;
}

static dvt_status evaluate(const cli_run *r, cli_engine *e, dvt_dataset *d, const dvt_preprocess *p,
                           dvt_tensor *x, score *s)
{
    const eval_opts *o = r->values;
    int32_t          output = score_output(e, o->output);
    int64_t          n = dvt_dataset_count(d);
    double           begun = now();
    dvt_status       st = DVT_OK;

    if (output < 0) {
        st = dvt_fail(r->ctx, DVT_E_NOTFOUND, NULL, "the network has no output '%s'", o->output);
        dvt_fail_hint(r->ctx, "'dovetail info MODEL' lists the outputs");
        return st;
    }
    for (int64_t i = 0; st == DVT_OK && i < n; i++) {
        int64_t label = 0;
        st = load_image(r, d, p, i, x, &label);
        if (st == DVT_OK) {
            st = score_image(r, e, x, output, label, s);
        }
        if (st == DVT_OK) {
            st = dvt_progress(r->ctx, "eval", (uint64_t)i + 1, (uint64_t)n, "images");
        }
    }
    s->seconds = now() - begun;
    return st;
}

/* The first images as int8 samples. */
static dvt_status calibration(const cli_run *r, dvt_dataset *d, const dvt_preprocess *p,
                              const dvt_tensor *x, dvt_tensor **out, int32_t *count)
{
    const eval_opts *o = r->values;
    int64_t          n = dvt_dataset_count(d), label;
    dvt_status       st = DVT_OK;

    n = n < o->calibration_images ? n : o->calibration_images;
    *out = dvt_calloc(r->ctx, (size_t)n + 1, sizeof **out);
    if (!*out) {
        return DVT_E_NOMEM;
    }
    for (*count = 0; st == DVT_OK && *count < n; (*count)++) {
        st = dvt_tensor_init(r->ctx, x->dtype, &x->shape, &(*out)[*count]);
        if (st == DVT_OK) {
            st = load_image(r, d, p, *count, &(*out)[*count], &label);
        }
    }
    return st;
}

static dvt_status open_engine(const cli_run *r, dvt_graph *g, dvt_dataset *d,
                              const dvt_preprocess *p, const dvt_tensor *x, cli_engine *e)
{
    const eval_opts *o = r->values;
    cli_engine_opts  opts = {.kind = (cli_engine_kind)o->engine,
                             .overlay = o->overlay,
                             .naive = o->naive,
                             .disable = o->disable,
                             .rtl_cache = o->rtl_cache,
                             .stall_permille = (int32_t)o->stall_permille,
                             .seed = o->seed};
    dvt_tensor      *samples = NULL;
    dvt_overlay      overlay;
    dvt_status       st = DVT_OK;

    if (cli_engine_is_overlay(opts.kind)) {
        st = cli_load_overlay(r, o->overlay, &overlay);
        if (st == DVT_OK && overlay.format == DVT_FORMAT_INT8) {
            st = calibration(r, d, p, x, &samples, &opts.sample_count);
            opts.samples = samples;
        }
    }
    if (st == DVT_OK) {
        st = cli_engine_open(r, g, &opts, e);
    }
    for (int32_t i = 0; i < opts.sample_count; i++) {
        dvt_tensor_deinit(r->ctx, &samples[i]);
    }
    dvt_free(r->ctx, samples);
    return st;
}

/* ---- result -------------------------------------------------------------------------------- */

static void put_preprocess(const cli_run *r, dvti_json_writer *w, const dvt_preprocess *p)
{
    dvti_json_doc doc;
    dvt_buf       text;

    dvt_buf_init(&text, r->ctx, 0);
    dvt_preprocess_print(p, &text);
    if (dvt_buf_status(&text) == DVT_OK &&
        dvti_json_parse(r->ctx, "preprocess", text.data, text.len, &doc) == DVT_OK) {
        dvti_json_key(w, "preprocess");
        dvti_json_value(w, doc.root);
        dvti_json_doc_deinit(&doc);
    }
    dvt_buf_deinit(&text);
}

static void print_result(const cli_run *r, const score *s, const dvt_preprocess *p,
                         const cli_engine *e)
{
    const eval_opts *o = r->values;
    double           n = s->images ? (double)s->images : 1.0;
    dvt_sim_counters c = {0};

    if (e->sim) {
        dvt_sim_counters_of(e->sim, &c);
    }
    if (!o->json) {
        char number[32];
        dvt_buf_printf(r->out, "top-1 %.2f %%, top-5 %.2f %% of %s images in %.2f s\n",
                       100.0 * (double)s->top1 / n, 100.0 * (double)s->top5 / n,
                       cli_grouped(s->images, number), s->seconds);
        if (c.saturated) {
            dvt_buf_printf(r->out, "%s values hit the end of their number format\n",
                           cli_grouped((int64_t)c.saturated, number));
        }
        cli_engine_print_rtl(r, e, NULL);
        return;
    }
    dvti_json_writer w = cli_json_begin(r, "dovetail.eval/1");
    dvti_json_put_f64(&w, "top1", (double)s->top1 / n);
    dvti_json_put_f64(&w, "top5", (double)s->top5 / n);
    dvti_json_put_i64(&w, "images", s->images);
    dvti_json_put_f64(&w, "seconds", s->seconds);
    dvti_json_put_string(&w, "engine", cli_engine_name((cli_engine_kind)o->engine));
    if (e->sim) {
        dvti_json_put_string(&w, "overlay", e->program->overlay.name);
        dvti_json_put_u64(&w, "saturated", c.saturated);
    }
    cli_engine_print_rtl(r, e, &w);
    dvti_json_put_string(&w, "dataset", o->dataset);
    put_preprocess(r, &w, p);
    cli_json_end(r, &w);
}

static dvt_status run(cli_run *r)
{
    const eval_opts *o = r->values;
    cli_model        m = CLI_MODEL_OF(o);
    dvt_preprocess   p = dvt_preprocess_default();
    dvt_dataset     *d = NULL;
    dvt_graph       *g = NULL;
    dvt_tensor       x = {0};
    cli_engine       e = {0};
    score            s = {0};
    dvt_shape        image;
    dvt_status       st = dvt_dataset_open(
              r->ctx, o->dataset,
              &(dvt_dataset_opts){.labels = o->labels, .split = o->split, .limit = o->limit}, &d);

    if (st == DVT_OK) {
        image = dvt_dataset_shape(d);
        st = cli_load_one_image(r, &m, &image, &g);
    }
    if (st == DVT_OK) {
        st = read_preprocess(r, &p);
    }
    if (st == DVT_OK) {
        st = network_input(r, g, &x);
    }
    if (st == DVT_OK) {
        st = open_engine(r, g, d, &p, &x, &e);
    }
    if (st == DVT_OK) {
        st = evaluate(r, &e, d, &p, &x, &s);
    }
    if (st == DVT_OK) {
        print_result(r, &s, &p, &e);
    }
    cli_engine_close(&e);
    dvt_tensor_deinit(r->ctx, &x);
    dvt_tensor_deinit(r->ctx, &p.mean_image);
    dvt_graph_destroy(g);
    dvt_dataset_close(d);
    return st;
}

const cli_command cli_eval = {
    .name = "eval",
    .summary = "accuracy of a network on a labelled set",
    .description = "Runs a network over a labelled data set and prints top-1 and top-5. "
                   "Preprocessing is what\n"
                   "the options say: y = (x * scale - mean) / std on pixels 0..255.",
    .examples =
        "dovetail eval examples/models/glyphs/glyphs.onnx --dataset glyphs:500 --scale 1/256\n"
        "dovetail eval examples/models/glyphs/glyphs.onnx --dataset glyphs:500 --scale 1/256 "
        "--engine overlay --overlay small-fp11 --json\n",
    .options = &eval_set,
    .values_bytes = sizeof(eval_opts),
    .run = run,
};
