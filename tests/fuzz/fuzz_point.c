/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_point.c - any text as a point of a space: an error, or a point that is printed as a text
 * which is read as the same point.
 */
#include "dovetail/space.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(dvt_ctx *ctx, const dvt_space *s, const char *text)
{
    dvt_point p, again;
    dvt_buf   printed;
    dvt_fact  facts[DVT_SPACE_MAX_FACTS];

    if (dvt_space_parse(s, text, &p) != DVT_OK) {
        dvt_ctx_clear_error(ctx);
        return;
    }
    dvt_buf_init(&printed, ctx, 0);
    dvt_space_print(s, &p, &printed);
    if (!dvt_space_contains(s, &p) || dvt_space_facts(s, &p, facts) < 0 || !printed.data ||
        dvt_space_parse(s, printed.data, &again) != DVT_OK ||
        dvt_space_index(s, &p) != dvt_space_index(s, &again)) {
        abort();
    }
    dvt_buf_deinit(&printed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"nasbench201", "chaidnn", "nasbench201@chaidnn"};
    dvt_ctx                 *ctx = dvt_ctx_create(NULL);
    char                    *text = malloc(size + 1);

    if (!ctx || !text) {
        abort();
    }
    if (size > 0) {
        memcpy(text, data, size);
    }
    text[size] = '\0';
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        dvt_space *s;
        if (dvt_space_create(ctx, names[i], &s) != DVT_OK) {
            abort();
        }
        check(ctx, s, text);
        dvt_space_destroy(s);
    }
    free(text);
    dvt_ctx_destroy(ctx);
    return 0;
}
