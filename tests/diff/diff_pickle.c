/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff_pickle.c - random objects pickled by Python in every protocol are read as what they were;
 * the same files cut or changed anywhere are read or refused, never worse.
 *
 * Skipped with the reason where there is no python3. DOVETAIL_LONG=1: more objects.
 */
#define _POSIX_C_SOURCE 200809L /* popen */

#include "support/fixture.h"
#include "support/pickle_print.h"
#include "support/test_data.h"

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>

enum { OBJECTS_QUICK = 240, OBJECTS_LONG = 6000, CHANGES = 40 };

static int objects(void) { return getenv("DOVETAIL_LONG") ? OBJECTS_LONG : OBJECTS_QUICK; }

/* Has Python write the files; their folder in `folder`. Skips where there is no Python. */
static void make_files(char folder[TEST_PATH_MAX])
{
    char  path[TEST_PATH_MAX], script[TEST_PATH_MAX], command[3 * TEST_PATH_MAX], said[64] = "";
    FILE *pipe;

    test_temp_path("0.pickle", path);
    snprintf(folder, TEST_PATH_MAX, "%s", dirname(path));
    test_repo_path("tests/support/make_pickles.py", script);
    snprintf(command, sizeof command, "python3 '%s' '%s' 1 %d", script, folder, objects());
    pipe = popen(command, "r");
    if (!pipe || !fgets(said, sizeof said, pipe) || pclose(pipe) != 0) {
        print_message("skipped: no python3 that could write pickles\n");
        skip();
    }
    print_message("python wrote %d objects, %s", objects(), said);
}

static void read_file(dvt_ctx *ctx, const char *folder, int i, const char *ending, dvt_blob *out)
{
    char path[TEST_PATH_MAX + 64];

    snprintf(path, sizeof path, "%s/%d.%s", folder, i, ending);
    expect_ok(ctx, dvt_file_read(ctx, path, 0, out));
}

static void diff_pickle__python_objects_are_read_as_they_were(void **state)
{
    char folder[TEST_PATH_MAX];

    make_files(folder);
    for (int i = 0; i < objects(); i++) {
        dvt_blob     data, text;
        dvti_pickle *p;
        dvt_buf      ours;
        read_file(*state, folder, i, "pickle", &data);
        read_file(*state, folder, i, "text", &text);
        expect_ok(*state, dvti_pickle_parse(*state, "object", data.data, data.size, &p));
        dvt_buf_init(&ours, *state, 0);
        pickle_print(p, dvti_pickle_get(p, dvti_pickle_root(p)), &ours);
        if (strcmp(ours.data, (const char *)text.data) != 0) {
            fail_msg("object %d: ours %.200s\npython's %.200s", i, ours.data,
                     (const char *)text.data);
        }
        dvt_buf_deinit(&ours);
        dvti_pickle_destroy(p);
        dvt_blob_deinit(*state, &text);
        dvt_blob_deinit(*state, &data);
    }
}

/* Parses what must not crash; a failure must blame the input. */
static void parse_damaged(dvt_ctx *ctx, const uint8_t *data, size_t size, bool must_fail)
{
    dvti_pickle     *p;
    const dvt_status st = dvti_pickle_parse(ctx, "damaged", data, size, &p);

    assert_true(st == DVT_OK || st == DVT_E_PARSE || st == DVT_E_UNSUPPORTED ||
                st == DVT_E_CAPACITY);
    assert_true(st != DVT_OK || !must_fail);
    assert_true(st == DVT_OK || dvt_ctx_error(ctx)->has_pos);
    assert_true(st == DVT_OK || dvt_ctx_error(ctx)->offset <= size);
    dvti_pickle_destroy(p);
    dvt_ctx_clear_error(ctx);
}

static void diff_pickle__cut_and_changed_files_are_read_or_refused(void **state)
{
    char    folder[TEST_PATH_MAX];
    dvt_rng rng = dvt_rng_make(7, 0);

    make_files(folder);
    for (int i = 0; i < objects(); i++) {
        dvt_blob data;
        read_file(*state, folder, i, "pickle", &data);
        const size_t step = data.size / 64 + 1;
        for (size_t n = 0; n < data.size; n += step) {
            parse_damaged(*state, data.data, n, true);
        }
        for (int k = 0; k < CHANGES; k++) {
            const size_t  at = (size_t)dvt_rng_below(&rng, data.size);
            const uint8_t flip = (uint8_t)(1u << dvt_rng_below(&rng, 8));
            data.data[at] ^= flip;
            parse_damaged(*state, data.data, data.size, false);
            data.data[at] ^= flip;
        }
        dvt_blob_deinit(*state, &data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(diff_pickle__python_objects_are_read_as_they_were),
        FIXTURE_TEST(diff_pickle__cut_and_changed_files_are_read_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
