/* SPDX-License-Identifier: Apache-2.0 */
/*
 * synth.c - what the RTL takes of a device, by Yosys.
 *
 * Idea      Modules stay apart, so that each is mapped once however often it stands, and the table
 *           says who takes what: counts of a module times how often it is instantiated below the
 *           top. Variants of one module (parameters) are added up under its name.
 * Classes   by the names of the target's primitives; what is in no class still counts as a cell.
 * Limits    no place and route: no frequency, and no packing of LUTs into the device's blocks.
 * Tests     tests/unit/test_rtl_package.c (the table from a given statistics file)
 */
#include "base/json_util.h"
#include "rtl/rtl_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LOG_TAIL = 1200 };

static const struct {
    const char *name, *script;
} targets[] = {
    {"xilinx-us+", "synth_xilinx -family xcup -noiopad -noclkbuf -top dvt_overlay"},
    {"intel-alm",
     "synth_intel_alm -family cyclonev -noiopad -noclkbuf -noflatten -top dvt_overlay"},
    {"ecp5", "synth_ecp5 -noflatten -top dvt_overlay"},
};
enum { TARGETS = sizeof targets / sizeof *targets };

/* ---- classes of primitives ----------------------------------------------------------------- */

typedef struct cell_class {
    const char *prefix;
    size_t      member; /* of dvt_rtl_cells */
} cell_class;

/* The first that fits counts. */
static const cell_class classes[] = {
    {"RAMB", offsetof(dvt_rtl_cells, memory)},
    {"URAM", offsetof(dvt_rtl_cells, memory)},
    {"DP16KD", offsetof(dvt_rtl_cells, memory)},
    {"MISTRAL_M10K", offsetof(dvt_rtl_cells, memory)},
    {"MISTRAL_M20K", offsetof(dvt_rtl_cells, memory)},
    {"RAM", offsetof(dvt_rtl_cells, lut_memory)},
    {"SRL", offsetof(dvt_rtl_cells, lut_memory)},
    {"MISTRAL_MLAB", offsetof(dvt_rtl_cells, lut_memory)},
    {"TRELLIS_DPR16X4", offsetof(dvt_rtl_cells, lut_memory)},
    {"DSP", offsetof(dvt_rtl_cells, dsp)},
    {"MULT", offsetof(dvt_rtl_cells, dsp)},
    {"MISTRAL_MUL", offsetof(dvt_rtl_cells, dsp)},
    {"LUT", offsetof(dvt_rtl_cells, logic)},
    {"INV", offsetof(dvt_rtl_cells, logic)},
    {"MISTRAL_ALUT", offsetof(dvt_rtl_cells, logic)},
    {"MISTRAL_NOT", offsetof(dvt_rtl_cells, logic)},
    {"CCU2C", offsetof(dvt_rtl_cells, logic)},
    {"FD", offsetof(dvt_rtl_cells, registers)},
    {"TRELLIS_FF", offsetof(dvt_rtl_cells, registers)},
    {"MISTRAL_FF", offsetof(dvt_rtl_cells, registers)},
};

static void count_cell(dvt_rtl_cells *c, const char *type, int64_t count)
{
    c->cells += count;
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        if (strncmp(type, classes[i].prefix, strlen(classes[i].prefix)) == 0) {
            *(int64_t *)(void *)((char *)c + classes[i].member) += count;
            return;
        }
    }
}

static void add_cells(dvt_rtl_cells *to, const dvt_rtl_cells *c, int64_t times)
{
    to->logic += times * c->logic;
    to->registers += times * c->registers;
    to->dsp += times * c->dsp;
    to->memory += times * c->memory;
    to->lut_memory += times * c->lut_memory;
    to->cells += times * c->cells;
}

/* ---- modules ------------------------------------------------------------------------------- */

/* Yosys's names: \dvt_fifo, $paramod\dvt_fifo\Width=..., $paramod$<hash>\dvt_fifo. */
static void plain_name(const char *yosys, char *out, size_t size)
{
    const char *at = strstr(yosys, "\\dvt_");
    size_t      n = 0;

    at = at ? at + 1 : yosys + (yosys[0] == '\\');
    while (at[n] != '\0' && at[n] != '\\' && n + 1 < size) {
        out[n] = at[n];
        n++;
    }
    out[n] = '\0';
}

/* Whose cells are the light control network of OVERLAY.md: reader, nodes, instruction registers. */
static bool is_control(const char *name)
{
    static const char *const names[] = {"dvt_reader", "dvt_transport", "dvt_node"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static dvt_rtl_module *module_of(dvt_rtl_synthesis *s, const char *yosys)
{
    char name[sizeof s->modules->name];

    plain_name(yosys, name, sizeof name);
    for (int32_t i = 0; i < s->module_count; i++) {
        if (strcmp(s->modules[i].name, name) == 0) {
            return &s->modules[i];
        }
    }
    s->modules[s->module_count] = (dvt_rtl_module){.control = is_control(name)};
    memcpy(s->modules[s->module_count].name, name, sizeof name);
    return &s->modules[s->module_count++];
}

/* A cell's type is written as the user wrote it, a module's name with a backslash before that. */
static const json_t *find_module(const json_t *modules, const char *type)
{
    char          name[256];
    const json_t *m = json_object_get(modules, type);

    if (m) {
        return m;
    }
    snprintf(name, sizeof name, "\\%s", type);
    return json_object_get(modules, name);
}

/* `times` instances of a module and everything below it. Hierarchies have no cycles: Yosys refuses
 * them; the depth is bounded all the same. */
static void walk(dvt_rtl_synthesis *s, const json_t *modules, const char *name, int64_t times,
                 int depth)
{
    const json_t   *types = json_object_get(find_module(modules, name), "num_cells_by_type");
    dvt_rtl_cells   own = {0};
    dvt_rtl_module *m;
    const char     *type;
    json_t         *count;

    json_object_foreach((json_t *)(uintptr_t)types, type, count)
    {
        if (!find_module(modules, type)) {
            count_cell(&own, type, json_integer_value(count));
        }
    }
    m = module_of(s, name);
    m->instances += times;
    add_cells(&m->own, &own, times);
    json_object_foreach((json_t *)(uintptr_t)types, type, count)
    {
        if (find_module(modules, type) && depth < DVTI_JSON_MAX_DEPTH) {
            walk(s, modules, type, times * json_integer_value(count), depth + 1);
        }
    }
}

static int by_cells(const void *a, const void *b)
{
    const dvt_rtl_module *x = a, *y = b;

    return x->own.cells != y->own.cells ? (x->own.cells < y->own.cells ? 1 : -1)
                                        : strcmp(x->name, y->name);
}

static void add_up(dvt_rtl_synthesis *s)
{
    int64_t control = 0;

    for (int32_t i = 0; i < s->module_count; i++) {
        add_cells(&s->total, &s->modules[i].own, 1);
        control += s->modules[i].control ? s->modules[i].own.cells : 0;
    }
    s->control_share = s->total.cells ? (double)control / (double)s->total.cells : 0.0;
    qsort(s->modules, (size_t)s->module_count, sizeof *s->modules, by_cells);
}

/* Yosys 0.23 prints the hierarchy as plain text behind the modules: the JSON ends before it. */
static void end_behind_modules(dvt_blob *text)
{
    static const char close[] = "\n   },\n", end[] = "\n   }}\n";
    char             *at = strstr((char *)text->data, close);

    if (at) {
        memcpy(at, end, sizeof end);
        text->size = (size_t)(at - (char *)text->data) + sizeof end - 1;
    }
}

dvt_status dvti_rtl_synthesis_read(dvt_ctx *ctx, const char *path, dvt_rtl_synthesis *s)
{
    dvti_json_doc doc = {0};
    dvt_blob      text = {0};
    const json_t *modules;
    dvt_status    st = dvt_file_read(ctx, path, DVTI_JSON_MAX_BYTES, &text);

    if (st != DVT_OK) {
        return st;
    }
    end_behind_modules(&text);
    st = dvti_json_parse(ctx, path, (const char *)text.data, text.size, &doc);
    modules = st == DVT_OK ? json_object_get(doc.root, "modules") : NULL;
    if (st == DVT_OK && !json_object_get(modules, "\\dvt_overlay")) {
        st = dvt_fail(ctx, DVT_E_PARSE, NULL, "%s: no module dvt_overlay in it", path);
    }
    if (st == DVT_OK) {
        s->modules = dvt_calloc(ctx, json_object_size(modules) + 1, sizeof *s->modules);
        st = s->modules ? DVT_OK : DVT_E_NOMEM;
    }
    if (st == DVT_OK) {
        walk(s, modules, "\\dvt_overlay", 1, 0);
        add_up(s);
    }
    dvti_json_doc_deinit(&doc);
    dvt_blob_deinit(ctx, &text);
    return st;
}

/* ---- Yosys --------------------------------------------------------------------------------- */

/* Paths in full: Yosys starts wherever we stand. */
static void put_script(const dvti_rtl_files *f, const char *synth, const char *dir, dvt_buf *out)
{
    for (size_t i = 0; i < f->count; i++) {
        const char *at = f->file[i].text.data;
        if (strcmp(f->file[i].name, "files.f") != 0) {
            continue;
        }
        while (at && *at) {
            int n = (int)strcspn(at, "\n");
            dvt_buf_printf(out, "read_verilog -sv -DSYNTHESIS %s/%.*s\n", dir, n, at);
            at += n + (at[n] == '\n');
        }
    }
    dvt_buf_printf(out, "%s\ntee -q -o %s/stat.json stat -json\n", synth, dir);
}

static dvt_status yosys_failed(dvt_ctx *ctx, const char *path)
{
    dvt_blob   log = {0};
    dvt_status st = dvt_file_read(ctx, path, 0, &log);

    if (st == DVT_OK) {
        size_t from = log.size > LOG_TAIL ? log.size - LOG_TAIL : 0;
        st = dvt_fail(ctx, DVT_E_INTERNAL, NULL, "Yosys did not synthesise the RTL (%s):\n%s", path,
                      (const char *)log.data + from);
    }
    dvt_blob_deinit(ctx, &log);
    return st;
}

static dvt_status run_yosys(dvt_ctx *ctx, const dvt_overlay *o, const char *synth, const char *dir,
                            const char *log)
{
    dvti_rtl_files f;
    dvt_buf       *script, path;
    int            code = 0;
    dvt_status     st = dvti_rtl_files_make(ctx, o, &f);

    if (st != DVT_OK) {
        return st;
    }
    dvt_buf_init(&path, ctx, 0);
    dvt_buf_printf(&path, "%s/synth.ys", dir);
    script = dvti_rtl_files_add(ctx, &f, "synth.ys");
    st = script ? dvt_buf_status(&path) : DVT_E_NOMEM;
    if (st == DVT_OK) {
        put_script(&f, synth, dir, script);
        st = dvti_rtl_files_write(ctx, &f, dir);
    }
    dvti_rtl_files_deinit(ctx, &f);
    if (st == DVT_OK) {
        const char *const argv[] = {"yosys", "-q", path.data, NULL};
        st = dvti_spawn(ctx, argv, log, &code);
    }
    dvt_buf_deinit(&path);
    return st == DVT_OK && code != 0 ? yosys_failed(ctx, log) : st;
}

static double seconds_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static const char *script_of(const char *target)
{
    for (int i = 0; i < TARGETS; i++) {
        if (strcmp(targets[i].name, target) == 0) {
            return targets[i].script;
        }
    }
    return NULL;
}

dvt_status dvt_rtl_synthesise(dvt_ctx *ctx, const dvt_overlay *o, const char *target,
                              const char *dir, dvt_rtl_synthesis *out)
{
    const char *synth = script_of(target);
    double      start = seconds_now();
    dvt_buf     stat, log;
    dvt_status  st;

    *out = (dvt_rtl_synthesis){.ctx = ctx};
    if (!synth) {
        st = dvt_fail(ctx, DVT_E_USAGE, NULL, "no synthesis target '%s'", target);
        dvt_fail_hint(ctx, "the targets are xilinx-us+, intel-alm and ecp5");
        return st;
    }
    if (strpbrk(dir, " \t\"\\")) {
        return dvt_fail(ctx, DVT_E_USAGE, NULL,
                        "Yosys takes no folder with blanks, quotes or backslashes: '%s'", dir);
    }
    dvt_buf_init(&stat, ctx, 0);
    dvt_buf_init(&log, ctx, 0);
    dvt_buf_printf(&stat, "%s/stat.json", dir);
    dvt_buf_printf(&log, "%s/yosys.log", dir);
    st = dvt_buf_status(&stat) == DVT_OK ? dvt_buf_status(&log) : DVT_E_NOMEM;
    if (st == DVT_OK) {
        st = run_yosys(ctx, o, synth, dir, log.data);
    }
    if (st == DVT_OK) {
        st = dvti_rtl_synthesis_read(ctx, stat.data, out);
        out->seconds = seconds_now() - start;
    }
    dvt_buf_deinit(&stat);
    dvt_buf_deinit(&log);
    if (st != DVT_OK) {
        dvt_rtl_synthesis_deinit(out);
    }
    return st;
}

void dvt_rtl_synthesis_deinit(dvt_rtl_synthesis *s)
{
    if (s->ctx) {
        dvt_free(s->ctx, s->modules);
    }
    *s = (dvt_rtl_synthesis){0};
}
