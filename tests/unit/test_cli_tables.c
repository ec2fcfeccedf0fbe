/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_cli_tables.c - the tables of the command line are sound: names, options, texts, examples.
 */
#include "cli/cli.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { HELP_COLUMNS = 100 };

static int setup(void **state)
{
    *state = dvt_ctx_create(NULL);
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    dvt_ctx_destroy(*state);
    return 0;
}

static void test_cli_tables__every_option_table_is_sound(void **state)
{
    for (const cli_command *const *c = cli_commands(); *c; c++) {
        if (dvt_options_verify(*state, (*c)->options) != DVT_OK) {
            fail_msg("%s: %s", (*c)->name, dvt_ctx_error(*state)->message);
        }
    }
}

static void test_cli_tables__values_begin_with_the_common_ones(void **state)
{
    (void)state;
    for (const cli_command *const *c = cli_commands(); *c; c++) {
        const dvt_option_set *set = (*c)->options;
        assert_true((*c)->values_bytes >= sizeof(cli_common));
        assert_true(set->count >= 6);
        assert_string_equal(set->options[0].key, "json");
        assert_int_equal(set->options[0].offset, offsetof(cli_common, json));
        assert_string_equal(set->options[5].key, "memory_mib");
        assert_int_equal(set->options[5].offset, offsetof(cli_common, memory_mib));
    }
}

static void test_cli_tables__names_of_set_and_command_agree(void **state)
{
    (void)state;
    for (const cli_command *const *c = cli_commands(); *c; c++) {
        assert_string_equal((*c)->name, (*c)->options->name);
    }
}

static void test_cli_tables__a_command_is_found_by_its_name(void **state)
{
    for (const cli_command *const *c = cli_commands(); *c; c++) {
        assert_ptr_equal(cli_find_command(*state, (*c)->name), *c);
    }
    assert_null(cli_find_command(*state, "evla"));
    assert_non_null(strstr(dvt_ctx_error(*state)->hint, "'eval'"));
}

/* Every example is a line of its own that calls this command. */
static void test_cli_tables__two_examples_or_more_and_all_call_the_command(void **state)
{
    (void)state;
    for (const cli_command *const *c = cli_commands(); *c; c++) {
        char start[64];
        int  count = 0;
        snprintf(start, sizeof start, "dovetail %s", (*c)->name);
        for (const char *line = (*c)->examples; *line; count++) {
            const char *end = strchr(line, '\n');
            assert_non_null(end);
            assert_memory_equal(line, start, strlen(start));
            line = end + 1;
        }
        assert_true(count >= 2);
    }
}

/* Help texts are sentences of one form: lower case, no full stop. */
static void test_cli_tables__help_texts_keep_the_form_of_messages(void **state)
{
    (void)state;
    for (const cli_command *const *c = cli_commands(); *c; c++) {
        for (size_t i = 0; i < (*c)->options->count; i++) {
            const char *help = (*c)->options->options[i].help;
            size_t      n = strlen(help);
            assert_true(n > 0);
            if (help[n - 1] == '.' || (help[0] >= 'A' && help[0] <= 'Z' && help[1] >= 'a')) {
                fail_msg("%s --%s: '%s'", (*c)->name, (*c)->options->options[i].key, help);
            }
        }
    }
}

static void test_cli_tables__help_pages_fit_the_terminal(void **state)
{
    for (const cli_command *const *c = cli_commands(); *c; c++) {
        dvt_buf page;
        dvt_buf_init(&page, *state, 0);
        cli_print_help(*c, &page);
        assert_int_equal(dvt_buf_status(&page), DVT_OK);
        const char *examples = strstr(page.data, "\nexamples\n"); /* stay whole, to be copied */
        assert_non_null(examples);
        for (const char *line = page.data; line < examples;) {
            size_t n = strcspn(line, "\n");
            if (n > HELP_COLUMNS) {
                fail_msg("%s: '%.*s'", (*c)->name, (int)n, line);
            }
            line += n + 1;
        }
        dvt_buf_deinit(&page);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_cli_tables__every_option_table_is_sound, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_cli_tables__values_begin_with_the_common_ones, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_cli_tables__names_of_set_and_command_agree, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_cli_tables__a_command_is_found_by_its_name, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            test_cli_tables__two_examples_or_more_and_all_call_the_command, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cli_tables__help_texts_keep_the_form_of_messages,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_cli_tables__help_pages_fit_the_terminal, setup,
                                        teardown),
    };
    return cmocka_run_group_tests_name("cli_tables", tests, NULL, NULL);
}
