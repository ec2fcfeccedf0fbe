/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_nb201_order.c - the published numbering of NAS-Bench-201, computed, is that of the tables.
 */
#include "support/fixture.h"
#include "support/test_data.h"

#include "dovetail/space.h"

#include <stdio.h>
#include <stdlib.h>

static void test_nb201_order__names_every_cell_once(void **state)
{
    static uint16_t order[DVT_NB201_COUNT];
    static bool     seen[DVT_NB201_COUNT];

    (void)state;
    dvt_nb201_published_order(order);
    for (int i = 0; i < DVT_NB201_COUNT; i++) {
        assert_true(order[i] < DVT_NB201_COUNT && !seen[order[i]]);
        seen[order[i]] = true;
    }
}

static void test_nb201_order__known_cells(void **state)
{
    static uint16_t order[DVT_NB201_COUNT];
    char            text[DVT_NB201_TEXT];
    dvt_nb201_cell  cell;

    (void)state;
    dvt_nb201_published_order(order);
    cell = dvt_nb201_at(order[0]);
    assert_string_equal(dvt_nb201_print(&cell, text),
                        "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|"
                        "skip_connect~1|skip_connect~2|");
    cell = dvt_nb201_at(order[15624]);
    assert_string_equal(dvt_nb201_print(&cell, text),
                        "|nor_conv_1x1~0|+|none~0|nor_conv_1x1~1|+|none~0|nor_conv_1x1~1|"
                        "nor_conv_1x1~2|");
}

/* Every line of the published table: index, six digits. */
static void test_nb201_order__is_the_published_tables(void **state)
{
    static uint16_t order[DVT_NB201_COUNT];
    char            path[TEST_PATH_MAX], line[1024];
    FILE           *csv;
    int             rows = 0;

    (void)state;
    test_data_require("nas/nasbench201.csv", path);
    dvt_nb201_published_order(order);
    csv = fopen(path, "r");
    assert_non_null(csv);
    assert_non_null(fgets(line, sizeof line, csv));
    for (; fgets(line, sizeof line, csv); rows++) {
        char                *end;
        const long           index = strtol(line, &end, 10);
        const dvt_nb201_cell cell = dvt_nb201_at(order[index]);
        for (int e = 0; e < DVT_NB201_EDGES; e++) {
            assert_int_equal(end[1 + e] - '0', cell.op[e]);
        }
    }
    fclose(csv);
    assert_int_equal(rows, DVT_NB201_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_nb201_order__names_every_cell_once),
        FIXTURE_TEST(test_nb201_order__known_cells),
        FIXTURE_TEST(test_nb201_order__is_the_published_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
