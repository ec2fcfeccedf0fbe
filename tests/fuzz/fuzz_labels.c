/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_labels.c - any bytes as a list of labels: labels below the class count, or an error.
 */
#include "data/labels.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const dvti_labels *labels, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        if (labels->label[i] < 0 || labels->label[i] >= labels->class_count) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const NAMES[] = {"a.png", "n01440764_b.png", "x/c.png"};
    dvt_ctx_opts             opts = {.memory_budget_bytes = (size_t)1 << 28, .jobs = 1};
    dvt_ctx                 *ctx = dvt_ctx_create(&opts);
    dvt_arena               *arena = ctx ? dvt_arena_create(ctx) : NULL;
    char                    *text = arena ? malloc(size + 1) : NULL;
    dvti_labels              labels;

    for (int64_t count = 1; text && count <= 3; count++) {
        if (size > 0) {
            memcpy(text, data, size);
        }
        text[size] = '\0';
        if (dvti_labels_from_list(ctx, arena, "input", text, size, NAMES, count, &labels) ==
            DVT_OK) {
            check(&labels, count);
        }
        dvt_ctx_clear_error(ctx);
    }
    free(text);
    dvt_arena_destroy(arena);
    if (ctx && dvt_ctx_bytes_in_use(ctx) != 0) {
        abort();
    }
    dvt_ctx_destroy(ctx);
    return 0;
}
