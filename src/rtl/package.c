/* SPDX-License-Identifier: Apache-2.0 */
/*
 * package.c - the files of an overlay's hardware package.
 *
 * Idea      Everything is made in memory first, ascending by name: writing a package, hashing one
 *           for the cache and comparing two are then the same list. Nothing but the description
 *           goes in, no date and no path, so equal descriptions give equal bytes.
 * Files     Makefile, constraints/, dvt_pkg.sv, files.f, overlay.json, rtl/, tb/, waivers.vlt
 * Tests     tests/unit/test_rtl_package.c
 */
#include "rtl/rtl_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

dvt_buf *dvti_rtl_files_add(dvt_ctx *ctx, dvti_rtl_files *f, const char *name)
{
    dvti_rtl_file *at;

    if (f->count == f->cap) {
        size_t         cap = f->cap ? 2 * f->cap : 64;
        dvti_rtl_file *grown = dvt_realloc(ctx, f->file, cap * sizeof *grown);
        if (!grown) {
            return NULL;
        }
        f->file = grown;
        f->cap = cap;
    }
    at = &f->file[f->count++];
    snprintf(at->name, sizeof at->name, "%s", name);
    dvt_buf_init(&at->text, ctx, 0);
    return &at->text;
}

void dvti_rtl_files_deinit(dvt_ctx *ctx, dvti_rtl_files *f)
{
    for (size_t i = 0; i < f->count; i++) {
        dvt_buf_deinit(&f->file[i].text);
    }
    dvt_free(ctx, f->file);
    *f = (dvti_rtl_files){0};
}

/* ---- what is in it ------------------------------------------------------------------------- */

static bool ends_with(const char *name, const char *end)
{
    size_t n = strlen(name), e = strlen(end);

    return n >= e && strcmp(name + n - e, end) == 0;
}

static bool is_bench(const dvti_rtl_source *s) { return strncmp(s->name, "tb/", 3) == 0; }

/* Tools read files in the order of levels: package, then what uses only what came before. */
static void put_file_list(dvt_buf *out)
{
    static const char *const levels[] = {"prim/",    "mem/", "array/", "aux/",
                                         "control/", "dma/", "top/"};

    dvt_buf_puts(out, "dvt_pkg.sv\n");
    for (size_t l = 0; l < sizeof levels / sizeof *levels; l++) {
        for (size_t i = 0; i < dvti_rtl_source_count; i++) {
            const dvti_rtl_source *s = &dvti_rtl_sources[i];
            if (strncmp(s->name, levels[l], strlen(levels[l])) == 0 && ends_with(s->name, ".sv")) {
                dvt_buf_printf(out, "rtl/%s\n", s->name);
            }
        }
    }
}

static void put_makefile(dvt_buf *out)
{
    dvt_buf_puts(
        out,
        "# SPDX-License-Identifier: Apache-2.0\n"
        "# Printed by dovetail. lint: three tools; lib: the simulated overlay as a shared object;\n"
        "# smoke: reset and read the identification.\n"
        "VERILATOR ?= verilator\n"
        "FLAGS = -O3 --x-assign fast --x-initial fast --noassert -Wno-fatal waivers.vlt\n"
        "lint:\n"
        "\t$(VERILATOR) --lint-only -Wall waivers.vlt -f files.f --top-module dvt_overlay\n"
        "\tiverilog -g2012 -Wall -t null -s dvt_overlay -c files.f\n"
        "\tyosys -q -p 'read_verilog -sv $(shell tr \"\\n\" \" \" < files.f); "
        "hierarchy -check -top dvt_overlay'\n"
        "lib: libdvt_overlay.so\n"
        "libdvt_overlay.so: files.f dvt_pkg.sv\n"
        "\t$(VERILATOR) $(FLAGS) --cc --exe --build -j 2 -f files.f --top-module dvt_overlay \\\n"
        "\t  -Mdir obj -CFLAGS '-O2 -fPIC -I../tb -fvisibility=hidden' "
        "-LDFLAGS -shared \\\n"
        "\t  -o ../$@ ../tb/dvt_tb.cpp\n"
        "smoke: files.f dvt_pkg.sv\n"
        "\t$(VERILATOR) $(FLAGS) --cc --exe --build -j 2 -f files.f --top-module dvt_overlay \\\n"
        "\t  -Mdir obj-smoke -CFLAGS '-I../tb' -o ../smoke ../tb/dvt_tb.cpp ../tb/smoke.cpp\n"
        "\t./smoke\n"
        ".PHONY: lint lib smoke\n");
}

static dvt_status put_sources(dvt_ctx *ctx, dvti_rtl_files *f)
{
    for (size_t i = 0; i < dvti_rtl_source_count; i++) {
        const dvti_rtl_source *s = &dvti_rtl_sources[i];
        char                   name[96];
        dvt_buf               *out;
        snprintf(name, sizeof name, "%s%s", is_bench(s) || ends_with(s->name, ".vlt") ? "" : "rtl/",
                 s->name);
        out = dvti_rtl_files_add(ctx, f, name);
        if (!out) {
            return DVT_E_NOMEM;
        }
        dvt_buf_append(out, s->text, s->bytes);
    }
    return DVT_OK;
}

typedef void (*print_fn)(const dvt_overlay *o, dvt_buf *out);

static void print_makefile(const dvt_overlay *o, dvt_buf *out)
{
    (void)o;
    put_makefile(out);
}

static void print_file_list(const dvt_overlay *o, dvt_buf *out)
{
    (void)o;
    put_file_list(out);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const dvti_rtl_file *)a)->name, ((const dvti_rtl_file *)b)->name);
}

dvt_status dvti_rtl_files_make(dvt_ctx *ctx, const dvt_overlay *o, dvti_rtl_files *f)
{
    static const struct {
        const char *name;
        print_fn    print;
    } printed[] = {{"Makefile", print_makefile},
                   {"constraints/diamond.lpf", dvti_rtl_constraints_lpf},
                   {"constraints/quartus.sdc", dvti_rtl_constraints_sdc},
                   {"constraints/vivado.xdc", dvti_rtl_constraints_xdc},
                   {"dvt_pkg.sv", dvt_overlay_sv_package},
                   {"files.f", print_file_list},
                   {"overlay.json", dvt_overlay_print}};
    dvt_status st;

    *f = (dvti_rtl_files){0};
    st = put_sources(ctx, f);
    for (size_t i = 0; st == DVT_OK && i < sizeof printed / sizeof *printed; i++) {
        dvt_buf *out = dvti_rtl_files_add(ctx, f, printed[i].name);
        if (!out) {
            st = DVT_E_NOMEM;
            break;
        }
        printed[i].print(o, out);
    }
    for (size_t i = 0; st == DVT_OK && i < f->count; i++) {
        st = dvt_buf_status(&f->file[i].text);
    }
    if (st != DVT_OK) {
        dvti_rtl_files_deinit(ctx, f);
        return st;
    }
    qsort(f->file, f->count, sizeof *f->file, by_name);
    return DVT_OK;
}

/* ---- on disk ------------------------------------------------------------------------------- */

/* Every folder on the way to the last slash. */
static dvt_status make_folders(dvt_ctx *ctx, char *path)
{
    for (char *c = path + 1; *c; c++) {
        if (*c != '/') {
            continue;
        }
        *c = '\0';
        if (mkdir(path, 0777) != 0 && errno != EEXIST) {
            dvt_status st = dvt_fail(ctx, DVT_E_IO, NULL, "cannot make the folder '%s': %s", path,
                                     strerror(errno));
            *c = '/';
            return st;
        }
        *c = '/';
    }
    return DVT_OK;
}

dvt_status dvti_rtl_files_write(dvt_ctx *ctx, const dvti_rtl_files *f, const char *dir)
{
    dvt_status st = DVT_OK;
    dvt_buf    path;

    for (size_t i = 0; st == DVT_OK && i < f->count; i++) {
        dvt_buf_init(&path, ctx, 0);
        dvt_buf_printf(&path, "%s/%s", dir, f->file[i].name);
        st = dvt_buf_status(&path);
        if (st == DVT_OK) {
            st = make_folders(ctx, path.data);
        }
        if (st == DVT_OK) {
            st = dvt_file_write(ctx, path.data, f->file[i].text.data ? f->file[i].text.data : "",
                                f->file[i].text.len);
        }
        dvt_buf_deinit(&path);
    }
    return st;
}

dvt_status dvt_rtl_package(dvt_ctx *ctx, const dvt_overlay *o, const char *dir)
{
    dvti_rtl_files f;
    dvt_status     st = dvti_rtl_files_make(ctx, o, &f);

    if (st == DVT_OK) {
        st = dvti_rtl_files_write(ctx, &f, dir);
        dvti_rtl_files_deinit(ctx, &f);
    }
    return st;
}
