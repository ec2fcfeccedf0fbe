/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options_parse.c - the command line into the values of an option table.
 *
 * Idea       The arguments are walked twice by the same code: the first walk only looks for --help
 *            and --config, because the file must be applied before the options that override it.
 *            Mistakes of syntax are found by the first walk, of values by the second.
 * Invariants (1) an argument is an option, its value, or a positional: none is dropped;
 *            (2) an option that is no list is given at most once.
 * Tests      tests/unit/test_options.c
 */
#include "base/base_int.h"
#include "base/options_int.h"

#include <string.h>

typedef struct parser {
    dvt_ctx              *ctx;
    const dvt_option_set *set;
    dvt_arena            *arena;
    void                 *values;
    dvt_parsed           *out;
    dvt_option_source    *sources;
    const char          **positionals;
    const char *const    *argv;
    int                   argc, next;
    bool                  apply; /* the second walk */
} parser;

/* ---- errors -------------------------------------------------------------------------------- */

/* The option as it was written, without its value: "--sed=3" -> "--sed". Returns `out`. */
static const char *written(const char *word, char out[DVTI_OPTION_NAME_MAX])
{
    dvti_format(out, DVTI_OPTION_NAME_MAX, "%s", word);
    out[strcspn(out, "=")] = '\0';
    return out;
}

static dvt_status fail_unknown(parser *p, const char *word)
{
    char       text[DVTI_OPTION_NAME_MAX], near_name[DVTI_OPTION_NAME_MAX];
    dvt_status st = dvt_fail(p->ctx, DVT_E_USAGE, NULL, "unknown option '%s'", written(word, text));
    const char *name = text + strspn(text, "-");
    const char *positive = strncmp(name, "no-", 3) == 0 ? name + 3 : name;

    const dvt_option *near = dvti_option_nearest(p->set, name);
    near = near ? near : dvti_option_nearest(p->set, positive);
    if (near) {
        dvt_fail_hint(p->ctx, "did you mean '--%s'?", dvti_option_long_name(near, near_name));
    } else {
        dvt_fail_hint(p->ctx, "'--help' lists the options; '--' before an argument that begins "
                              "with '-' keeps it from being one");
    }
    return st;
}

static dvt_status fail_value(parser *p, const dvt_option *o, const char *value)
{
    char       name[DVTI_OPTION_NAME_MAX], expected[DVTI_EXPECTED_MAX];
    char       choice[DVTI_OPTION_NAME_MAX];
    dvt_status st;

    dvti_option_expected(o, expected);
    st = dvt_fail(p->ctx, DVT_E_USAGE, NULL, "option '--%s' expects %s, got '%s'",
                  dvti_option_long_name(o, name), expected, value);
    if (o->kind == DVT_OPTION_KIND_ENUM) {
        for (int i = 0; dvti_option_choice(o, i, choice); i++) {
            if (dvti_edit_distance(value, choice) >= 0) {
                dvt_fail_hint(p->ctx, "did you mean '%s'?", choice);
                break;
            }
        }
    }
    return st;
}

/* ---- values -------------------------------------------------------------------------------- */

/* The value of an option: behind its '=' (or letter), or the next argument. */
static dvt_status take_value(parser *p, const char *word, const char *attached, const char **value)
{
    char name[DVTI_OPTION_NAME_MAX];

    if (attached) {
        *value = attached;
        return DVT_OK;
    }
    const char *next = p->next < p->argc ? p->argv[p->next] : NULL;
    if (!next || strncmp(next, "--", 2) == 0) {
        dvt_status st =
            dvt_fail(p->ctx, DVT_E_USAGE, NULL, "option '%s' needs a value", written(word, name));
        if (next) {
            dvt_fail_hint(p->ctx, "if '%s' is the value, write '%s=%s'", next, name, next);
        }
        return st;
    }
    p->next++;
    *value = next;
    return DVT_OK;
}

/* A list holds at most as many items as there are arguments, so its block never grows. */
static dvt_status push_item(parser *p, const dvt_option *o, bool first, const char *value)
{
    dvt_text_list *list = dvti_option_list(o, p->values);

    if (first) {
        const char **items = dvt_arena_calloc(p->arena, (size_t)p->argc, sizeof *items);
        if (!items) {
            return DVT_E_NOMEM;
        }
        *list = (dvt_text_list){items, 0};
    }
    ((const char **)(uintptr_t)list->items)[list->count++] = value;
    return DVT_OK;
}

/* `word` is the option as it was written, for errors; `value` is NULL for flags. */
static dvt_status store(parser *p, const dvt_option *o, const char *word, const char *value,
                        bool positive)
{
    dvt_option_source *source = &p->sources[o - p->set->options];
    bool               first = *source != DVT_OPTION_COMMAND_LINE;
    char               name[DVTI_OPTION_NAME_MAX];

    if (!p->apply) {
        return DVT_OK;
    }
    *source = DVT_OPTION_COMMAND_LINE;
    if (o->kind == DVT_OPTION_KIND_LIST) {
        return push_item(p, o, first, value);
    }
    if (!first) {
        return dvt_fail(p->ctx, DVT_E_USAGE, NULL, "option '%s' is given twice",
                        written(word, name));
    }
    if (o->kind == DVT_OPTION_KIND_FLAG) {
        *dvti_option_bool(o, p->values) = positive;
        return DVT_OK;
    }
    return dvti_option_store(o, p->values, value) ? DVT_OK : fail_value(p, o, value);
}

static dvt_status option_with(parser *p, const dvt_option *o, const char *word,
                              const char *attached)
{
    const char *value = NULL;
    char        name[DVTI_OPTION_NAME_MAX];

    if (o->kind == DVT_OPTION_KIND_FLAG) {
        if (attached) {
            return dvt_fail(p->ctx, DVT_E_USAGE, NULL, "option '%s' takes no value",
                            written(word, name));
        }
        return store(p, o, word, NULL, true);
    }
    dvt_status st = take_value(p, word, attached, &value);
    return st == DVT_OK ? store(p, o, word, value, true) : st;
}

/* ---- words --------------------------------------------------------------------------------- */

static dvt_status config_option(parser *p, const char *word, const char *attached)
{
    const char *path = NULL;
    dvt_status  st = take_value(p, word, attached, &path);

    if (st == DVT_OK && !p->apply) {
        if (p->out->config_path) {
            return dvt_fail(p->ctx, DVT_E_USAGE, NULL, "option '--config' is given twice");
        }
        p->out->config_path = path;
    }
    return st;
}

static dvt_status long_option(parser *p, const char *word)
{
    const char *name = word + 2, *equals = strchr(name, '=');
    size_t      len = equals ? (size_t)(equals - name) : strlen(name);
    const char *attached = equals ? equals + 1 : NULL;

    if (len == 4 && memcmp(name, "help", 4) == 0 && !attached) {
        p->out->help = true;
        return DVT_OK;
    }
    if (len == 6 && memcmp(name, "config", 6) == 0) {
        return config_option(p, word, attached);
    }
    const dvt_option *o = dvti_option_find(p->set, name, len);
    if (o) {
        return option_with(p, o, word, attached);
    }
    if (len > 3 && memcmp(name, "no-", 3) == 0 && !attached) {
        o = dvti_option_find(p->set, name + 3, len - 3);
        if (o && o->kind == DVT_OPTION_KIND_FLAG && o->negatable) {
            return store(p, o, word, NULL, false);
        }
    }
    return fail_unknown(p, word);
}

static dvt_status short_option(parser *p, const char *word)
{
    if (strcmp(word, "-h") == 0) {
        p->out->help = true;
        return DVT_OK;
    }
    for (size_t i = 0; i < p->set->count; i++) {
        const dvt_option *o = &p->set->options[i];
        bool              attached = word[2] != '\0';
        if (o->short_name == word[1] && (!attached || o->kind != DVT_OPTION_KIND_FLAG)) {
            return option_with(p, o, word, attached ? word + 2 : NULL);
        }
    }
    return fail_unknown(p, word);
}

static dvt_status walk(parser *p, bool apply)
{
    dvt_status st = DVT_OK;
    bool       only_positionals = false;
    size_t     positionals = 0;

    p->apply = apply;
    p->next = 0;
    while (st == DVT_OK && p->next < p->argc && !p->out->help) {
        const char *word = p->argv[p->next++];
        if (only_positionals || word[0] != '-' || word[1] == '\0') {
            p->positionals[positionals++] = word;
        } else if (strcmp(word, "--") == 0) {
            only_positionals = true;
        } else {
            st = word[1] == '-' ? long_option(p, word) : short_option(p, word);
        }
    }
    p->out->positionals = (dvt_text_list){positionals ? p->positionals : NULL, positionals};
    return st;
}

/* ---- what only the whole command line shows ------------------------------------------------ */

static dvt_status check_positionals(parser *p)
{
    const dvt_option_set *set = p->set;
    size_t                n = p->out->positionals.count;
    const char           *names = set->positionals ? set->positionals : "none";
    dvt_status            st = DVT_OK;

    if (n < set->positional_min) {
        st = dvt_fail(p->ctx, DVT_E_USAGE, NULL, "argument missing: '%s' expects %s", set->name,
                      names);
    } else if (n > set->positional_max) {
        st = dvt_fail(p->ctx, DVT_E_USAGE, NULL, "unexpected argument '%s'",
                      p->out->positionals.items[set->positional_max]);
        dvt_fail_hint(p->ctx, "arguments of '%s': %s", set->name, names);
    }
    return st;
}

static dvt_status check_required(parser *p)
{
    char name[DVTI_OPTION_NAME_MAX];

    for (size_t i = 0; i < p->set->count; i++) {
        const dvt_option *o = &p->set->options[i];
        if (o->required && p->sources[i] == DVT_OPTION_DEFAULT) {
            return dvt_fail(p->ctx, DVT_E_USAGE, NULL, "option '--%s' is required",
                            dvti_option_long_name(o, name));
        }
    }
    return DVT_OK;
}

dvt_status dvt_options_parse(dvt_ctx *ctx, const dvt_option_set *set, int argc,
                             const char *const *argv, dvt_arena *arena, void *values,
                             dvt_parsed *out)
{
    parser p = {.ctx = ctx, .set = set, .arena = arena, .values = values, .out = out};

    *out = (dvt_parsed){0};
    dvt_options_defaults(set, values);
    p.argc = argc;
    p.argv = argv;
    p.sources = dvt_arena_calloc(arena, set->count, sizeof *p.sources);
    p.positionals = dvt_arena_calloc(arena, (size_t)argc, sizeof *p.positionals);
    if (!p.sources || !p.positionals) {
        return DVT_E_NOMEM;
    }
    out->sources = p.sources;
    dvt_status st = walk(&p, false);
    if (st != DVT_OK || out->help) {
        return st;
    }
    if (out->config_path) {
        st = dvti_options_load(ctx, set, out->config_path, arena, values, p.sources);
    }
    if (st == DVT_OK) {
        st = walk(&p, true);
    }
    if (st == DVT_OK) {
        st = check_positionals(&p);
    }
    return st == DVT_OK ? check_required(&p) : st;
}
