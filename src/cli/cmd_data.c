/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_data.c - `dovetail data import|list`: benchmark tables as caches; data_query.c asks them.
 *
 * Idea      Caches have a folder of their own, so that a table once imported is known by its name.
 *           What a table holds is the library's business.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text_util.h"
#include "cli/data_cli.h"
#include "cli/engine.h"

#define TABLE_ENDING ".table"

enum { TABLES_MAX = 1024 };

static const dvt_option data_options[] = {
    CLI_COMMON_OPTIONS(cli_data_opts),
    {DVT_OPTION_STRING(cli_data_opts, output, NULL, "CACHE",
                       "where 'import' writes the cache; default: the folder of tables"),
     .short_name = 'o', .unrecorded = true},
    {DVT_OPTION_LIST(cli_data_opts, column, "NAME",
                     "value that 'query' must print; default: all held")},
};
static const dvt_option_set data_set = {
    .name = "data",
    .options = data_options,
    .count = sizeof data_options / sizeof data_options[0],
    .positionals = "import KIND FILE | list [FOLDER] | query TABLE [NETWORK]",
    .positional_min = 1,
    .positional_max = 3,
};

/* ---- the folder of tables ------------------------------------------------------------------ */

static const char *tables_folder(const cli_run *r)
{
    const char *cache = cli_rtl_cache(r, NULL); /* "~/.cache/dovetail" */
    return cache ? dvt_arena_printf(r->arena, "%s/tables", cache) : NULL;
}

/* Makes a folder and those above it. */
static dvt_status make_folder(const cli_run *r, const char *path)
{
    char *p = dvt_arena_strdup(r->arena, path);

    for (char *slash = p ? strchr(p + 1, '/') : NULL; slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(p, 0777); /* the last one tells whether it worked */
        *slash = '/';
    }
    if (p && mkdir(p, 0777) != 0 && errno != EEXIST) {
        return dvt_fail(r->ctx, DVT_E_IO, NULL, "cannot make the folder '%s': %s", path,
                        strerror(errno));
    }
    return p ? DVT_OK : DVT_E_NOMEM;
}

/* "KIND-FILE.table": the file's name without its folder and its ending. */
static const char *default_cache(const cli_run *r, dvt_benchmark kind, const char *file)
{
    const char  *folder = tables_folder(r);
    const char  *slash = strrchr(file, '/');
    const char  *name = slash ? slash + 1 : file;
    const size_t n = strcspn(name, ".");

    return folder ? dvt_arena_printf(r->arena, "%s/%s-%.*s" TABLE_ENDING, folder,
                                     dvt_benchmark_name(kind), (int)n, name)
                  : NULL;
}

dvt_status cli_data_find(const cli_run *r, const char *name, const char **path)
{
    const char *folder = tables_folder(r);

    *path = name;
    if (!dvt_file_exists(name) && folder && !strchr(name, '/')) {
        const char *there = dvt_arena_printf(r->arena, "%s/%s" TABLE_ENDING, folder, name);
        if (there && dvt_file_exists(there)) {
            *path = there;
            return DVT_OK;
        }
        dvt_fail(r->ctx, DVT_E_IO, NULL,
                 "there is no table '%s', neither a file nor an imported one", name);
        dvt_fail_hint(r->ctx, "'dovetail data list' shows the imported ones");
        return DVT_E_IO;
    }
    return DVT_OK;
}

/* ---- import -------------------------------------------------------------------------------- */

dvt_status cli_data_kind(const cli_run *r, const char *name, dvt_benchmark *out)
{
    const char *names[DVT_BENCHMARKS];
    char        all[256];

    for (int i = 0; i < DVT_BENCHMARKS; i++) {
        names[i] = dvt_benchmark_name((dvt_benchmark)i);
        if (strcmp(names[i], name) == 0) {
            *out = (dvt_benchmark)i;
            return DVT_OK;
        }
    }
    const char *near = dvt_nearest(name, names, DVT_BENCHMARKS);
    dvti_join(all, sizeof all, names, DVT_BENCHMARKS);
    dvt_fail(r->ctx, DVT_E_USAGE, NULL, "there is no kind of table '%s'", name);
    dvt_fail_hint(r->ctx, "%s%s%sthe kinds are %s", near ? "did you mean '" : "", near ? near : "",
                  near ? "'? " : "", all);
    return DVT_E_USAGE;
}

static dvt_status import(cli_run *r)
{
    const cli_data_opts *o = r->values;
    const dvt_text_list *p = &r->parsed->positionals;
    const char          *cache = o->output;
    dvt_benchmark        kind = DVT_BENCHMARK_NASBENCH101;
    int64_t              rows = 0;
    char                 number[32];
    dvt_status           st;

    if (p->count != 3 || o->column.count) {
        dvt_fail(r->ctx, DVT_E_USAGE, NULL, "data import takes KIND, FILE and -o CACHE, no more");
        dvt_fail_hint(r->ctx, "dovetail data import nasbench101 nasbench101.csv.gz");
        return DVT_E_USAGE;
    }
    st = cli_data_kind(r, p->items[1], &kind);
    if (st == DVT_OK && !cache) {
        cache = default_cache(r, kind, p->items[2]);
        st = cache ? make_folder(r, tables_folder(r)) : DVT_E_NOMEM;
    }
    if (st == DVT_OK) {
        st = dvt_table_import(r->ctx, kind, p->items[2], cache, &rows);
    }
    if (st != DVT_OK) {
        return st;
    }
    if (r->common->json) {
        dvti_json_writer w = cli_json_begin(r, "dovetail.data-import/1");
        dvti_json_put_string(&w, "kind", dvt_benchmark_name(kind));
        dvti_json_put_i64(&w, "networks", rows);
        dvti_json_put_string(&w, "cache", cache);
        cli_json_end(r, &w);
    } else {
        dvt_buf_printf(r->out, "%s networks of %s into %s\n", cli_grouped(rows, number),
                       dvt_benchmark_name(kind), cache);
    }
    return DVT_OK;
}

/* ---- list ---------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted names of the caches in a folder, without their ending. */
static size_t list_caches(const cli_run *r, const char *folder, const char *out[TABLES_MAX])
{
    DIR         *dir = folder ? opendir(folder) : NULL;
    const size_t ending = strlen(TABLE_ENDING);
    size_t       count = 0;

    for (struct dirent *d = dir ? readdir(dir) : NULL; d && count < TABLES_MAX; d = readdir(dir)) {
        const size_t n = strlen(d->d_name);
        if (n > ending && strcmp(d->d_name + n - ending, TABLE_ENDING) == 0) {
            const char *name = dvt_arena_strndup(r->arena, d->d_name, n - ending);
            if (name) {
                out[count++] = name;
            }
        }
    }
    if (dir) {
        closedir(dir);
    }
    qsort(out, count, sizeof out[0], by_name);
    return count;
}

static void print_cache(cli_run *r, dvti_json_writer *w, const char *folder, const char *name)
{
    const char *path = dvt_arena_printf(r->arena, "%s/%s" TABLE_ENDING, folder, name);
    dvt_table  *t = NULL;
    char        number[32];
    dvt_status  st = path ? dvt_table_open(r->ctx, path, &t) : DVT_E_NOMEM;
    const char *bad = st == DVT_OK ? "" : dvt_ctx_error(r->ctx)->message;

    if (r->common->json) {
        dvti_json_open_object(w);
        dvti_json_put_string(w, "name", name);
        dvti_json_put_string(w, "kind", t ? dvt_benchmark_name(dvt_table_benchmark(t)) : "");
        dvti_json_put_i64(w, "networks", t ? dvt_table_rows(t) : 0);
        dvti_json_put_i64(w, "columns", t ? dvt_table_column_count(t) : 0);
        dvti_json_put_string(w, "error", bad);
        dvti_json_close_object(w);
    } else if (t) {
        dvt_buf_printf(r->out, "  %-44s %10s networks, %d columns\n", name,
                       cli_grouped(dvt_table_rows(t), number), (int)dvt_table_column_count(t));
    } else {
        dvt_buf_printf(r->out, "  %-44s %s\n", name, bad);
    }
    dvt_table_close(t);
    dvt_ctx_clear_error(r->ctx);
}

static void print_kinds(cli_run *r, dvti_json_writer *w)
{
    for (int i = 0; i < DVT_BENCHMARKS; i++) {
        const char *name = dvt_benchmark_name((dvt_benchmark)i);
        const char *summary = dvt_benchmark_summary((dvt_benchmark)i);
        if (r->common->json) {
            dvti_json_open_object(w);
            dvti_json_put_string(w, "name", name);
            dvti_json_put_string(w, "summary", summary);
            dvti_json_close_object(w);
        } else {
            dvt_buf_printf(r->out, "  %-14s %s\n", name, summary);
        }
    }
}

static dvt_status list(cli_run *r)
{
    const cli_data_opts *o = r->values;
    const dvt_text_list *p = &r->parsed->positionals;
    const char          *folder = p->count > 1 ? p->items[1] : tables_folder(r);
    const char         **names = dvt_arena_calloc(r->arena, TABLES_MAX, sizeof *names);
    dvti_json_writer     w = {0};

    if (o->output || o->column.count || p->count > 2) {
        return dvt_fail(r->ctx, DVT_E_USAGE, NULL, "data list takes a FOLDER, no more");
    }
    if (!names || !folder) {
        return DVT_E_NOMEM;
    }
    const size_t count = list_caches(r, folder, names);
    if (r->common->json) {
        w = cli_json_begin(r, "dovetail.data-list/1");
        dvti_json_put_string(&w, "folder", folder);
        dvti_json_key(&w, "tables");
        dvti_json_open_array(&w);
    } else {
        dvt_buf_printf(r->out, "tables in %s%s\n", folder, count ? "" : ": none");
    }
    for (size_t i = 0; i < count; i++) {
        print_cache(r, &w, folder, names[i]);
    }
    if (r->common->json) {
        dvti_json_close_array(&w);
        dvti_json_key(&w, "kinds");
        dvti_json_open_array(&w);
    } else {
        dvt_buf_puts(r->out, "kinds that 'dovetail data import' reads\n");
    }
    print_kinds(r, &w);
    if (r->common->json) {
        dvti_json_close_array(&w);
        cli_json_end(r, &w);
    }
    return DVT_OK;
}

/* ---- command ------------------------------------------------------------------------------- */

static dvt_status run(cli_run *r)
{
    static const char *const actions[] = {"import", "list", "query"};
    static dvt_status (*const work[])(cli_run *) = {import, list, cli_data_query};
    const char *action = r->parsed->positionals.items[0];

    for (size_t i = 0; i < sizeof work / sizeof work[0]; i++) {
        if (strcmp(action, actions[i]) == 0) {
            return work[i](r);
        }
    }
    const char *near = dvt_nearest(action, actions, 3);
    dvt_fail(r->ctx, DVT_E_USAGE, NULL, "data has no action '%s'", action);
    dvt_fail_hint(r->ctx, "%s%s%sthe actions are import, list and query",
                  near ? "did you mean '" : "", near ? near : "", near ? "'? " : "");
    return DVT_E_USAGE;
}

const cli_command cli_data = {
    .name = "data",
    .summary = "benchmark tables: import published results, look networks up",
    .description =
        "'import KIND FILE' reads a published file once and writes a checksummed cache that opens\n"
        "in milliseconds: to -o CACHE, or into the folder of tables, where it is known by its\n"
        "name. 'list' shows these, and the kinds of files. 'query TABLE' lists the columns of a\n"
        "table: a name, a cache, or KIND:FILE straight from the published file. 'query TABLE\n"
        "NETWORK' prints what it holds of a network: its MD5 hash (nasbench101); its index, its\n"
        "string |op~0|+.. or ops:421211 (NAS-Bench-201 cells); its index or 8:16:24:32:40\n"
        "(natsbench-sss). What a table does not hold is an error. docs/formats/tables.md",
    .examples = "dovetail data import nasbench101 examples/tables/made_up.csv -o /tmp/t.cache\n"
                "dovetail data import nasbench101 examples/tables/made_up.csv -o /tmp/u.cache "
                "--json\n"
                "dovetail data query help:examples/tables/made_up_devices.csv 42\n",
    .options = &data_set,
    .values_bytes = sizeof(cli_data_opts),
    .run = run,
};
