/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table_schema.c - which columns the files of each kind of table have, and how they are kept.
 *
 * Tests      tests/unit/test_table.c
 */
#include <stdio.h>

#include "space/table_int.h"

static const dvti_field nasbench101[] = {
    {"hash", DVTI_FIELD_HASH, DVT_COLUMN_HASH, false},
    {"vertices", DVTI_FIELD_WHOLE, DVT_COLUMN_U8, false},
    {"adj_bits", DVTI_FIELD_WHOLE, DVT_COLUMN_U32, false},
    {"ops", DVTI_FIELD_LABELS, DVT_COLUMN_U16, false},
    {"mean_test_acc_108", DVTI_FIELD_DECIMAL, DVT_COLUMN_DECIMAL, false},
    {"params", DVTI_FIELD_WHOLE, DVT_COLUMN_U32, false},
    {"val4", DVTI_FIELD_DECIMAL, DVT_COLUMN_DECIMAL, true},
    {"val12", DVTI_FIELD_DECIMAL, DVT_COLUMN_DECIMAL, true},
    {"val36", DVTI_FIELD_DECIMAL, DVT_COLUMN_DECIMAL, true},
    {"val108", DVTI_FIELD_DECIMAL, DVT_COLUMN_DECIMAL, true},
    {"train_time_s", DVTI_FIELD_DECIMAL, DVT_COLUMN_DECIMAL, true},
};

static const dvti_field nasbench201[] = {
    {"index", DVTI_FIELD_WHOLE, DVT_COLUMN_U32, false},
    {"arch_vector", DVTI_FIELD_WHOLE, DVT_COLUMN_U32, false},
    {"arch_str", DVTI_FIELD_STRING, DVT_COLUMN_U32, false},
    {"params_c10", DVTI_FIELD_WHOLE, DVT_COLUMN_U32, false},
    {"c10_test", DVTI_FIELD_DECIMAL, DVT_COLUMN_DECIMAL, true},
    {"c100_xtest", DVTI_FIELD_DECIMAL, DVT_COLUMN_DECIMAL, true},
    {"c100_oritest", DVTI_FIELD_DECIMAL, DVT_COLUMN_DECIMAL, true},
    {"c100_xvalid_derived", DVTI_FIELD_DECIMAL, DVT_COLUMN_DECIMAL, true},
    {"c10valid_oritest_1seed", DVTI_FIELD_DECIMAL, DVT_COLUMN_DECIMAL, true},
    {"c10_test_seeds", DVTI_FIELD_SEEDS, DVT_COLUMN_DECIMAL, true},
    {"epoch_time_c10_s", DVTI_FIELD_DECIMAL, DVT_COLUMN_DECIMAL, true},
};

const dvti_table_schema *dvti_table_schema_of(dvt_benchmark kind)
{
    static const dvti_table_schema all[DVT_BENCHMARKS] = {
        [DVT_BENCHMARK_NASBENCH101] = {"nasbench101", nasbench101,
                                       sizeof nasbench101 / sizeof nasbench101[0]},
        [DVT_BENCHMARK_NASBENCH201] = {"nasbench201", nasbench201,
                                       sizeof nasbench201 / sizeof nasbench201[0]},
    };
    return &all[kind];
}

const char *dvt_benchmark_name(dvt_benchmark kind) { return dvti_table_schema_of(kind)->name; }

int32_t dvti_table_columns(dvt_benchmark kind, const char *names[DVTI_TABLE_COLUMNS_MAX],
                           dvt_column_type types[DVTI_TABLE_COLUMNS_MAX])
{
    static const char *const seeds[DVTI_TABLE_SEEDS] = {"c10_test_seed1", "c10_test_seed2",
                                                        "c10_test_seed3"};
    const dvti_table_schema *schema = dvti_table_schema_of(kind);
    int32_t                  count = 0;

    for (int32_t i = 0; i < schema->count; i++) {
        const dvti_field *f = &schema->fields[i];
        const int32_t     parts = f->form == DVTI_FIELD_SEEDS    ? DVTI_TABLE_SEEDS
                                  : f->form == DVTI_FIELD_STRING ? 0
                                                                 : 1;
        for (int32_t part = 0; part < parts; part++) {
            names[count] = f->form == DVTI_FIELD_SEEDS ? seeds[part] : f->name;
            types[count++] = f->type;
        }
    }
    return count;
}

size_t dvti_column_bytes(dvt_column_type type)
{
    static const size_t bytes[DVT_COLUMN_TYPES] = {[DVT_COLUMN_U8] = 1,
                                                   [DVT_COLUMN_U16] = 2,
                                                   [DVT_COLUMN_U32] = 4,
                                                   [DVT_COLUMN_DECIMAL] = 8,
                                                   [DVT_COLUMN_HASH] = 16};
    return bytes[type];
}

bool dvti_nb201_string(uint32_t vector, char out[DVTI_NB201_STRING])
{
    static const char *const names[] = {"none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3",
                                        "avg_pool_3x3"};
    const char              *op[6];

    out[0] = '\0';
    for (int i = 5; i >= 0; i--, vector /= 10) {
        if (vector % 10 > 4) {
            return false;
        }
        op[i] = names[vector % 10];
    }
    snprintf(out, DVTI_NB201_STRING, "|%s~0|+|%s~0|%s~1|+|%s~0|%s~1|%s~2|", op[0], op[1], op[2],
             op[3], op[4], op[5]);
    return vector == 0;
}
