/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vec.h - typed growing arrays.
 *
 * Idea       DVT_VEC(name, type) defines the struct `name` and its functions for one element
 *            type, so that the compiler checks what goes in; there are no `void *` elements.
 *            A zeroed struct is a valid empty array.
 * Ownership  the array owns its block (dvt_free through name_deinit), not what elements point to.
 * Errors     DVT_E_NOMEM; the array is then unchanged.
 * Example
 *     DVT_VEC(int_vec, int64_t);
 *     int_vec v = {0};
 *     if ((st = int_vec_push(ctx, &v, 42)) != DVT_OK) goto done;
 *     for (size_t i = 0; i < v.len; i++) use(v.data[i]);
 *     int_vec_deinit(ctx, &v);
 */
#ifndef DVTI_VEC_H
#define DVTI_VEC_H

#include "dovetail/base.h"

enum { DVTI_VEC_FIRST_CAP = 8 };

/* The new block for an array of `*cap` elements that must hold `want`; NULL raises. */
void *dvti_vec_grow(dvt_ctx *ctx, void *data, size_t elem_bytes, size_t want, size_t *cap);

/* A type rarely uses all of them, and clang warns of unused ones made in a .c file. */
#if defined(__GNUC__)
#define DVTI_VEC_FN static inline __attribute__((unused))
#else
#define DVTI_VEC_FN static inline
#endif

#define DVT_VEC(name, type)                                                                  \
    typedef struct name {                                                                    \
        type  *data;                                                                         \
        size_t len, cap; /* elements */                                                      \
    } name;                                                                                  \
    DVTI_VEC_FN DVT_MUST_CHECK dvt_status name##_reserve(dvt_ctx *ctx, name *v, size_t want) \
    {                                                                                        \
        if (want <= v->cap) {                                                                \
            return DVT_OK;                                                                   \
        }                                                                                    \
        type *data = dvti_vec_grow(ctx, v->data, sizeof(type), want, &v->cap);               \
        if (!data) {                                                                         \
            return DVT_E_NOMEM;                                                              \
        }                                                                                    \
        v->data = data;                                                                      \
        return DVT_OK;                                                                       \
    }                                                                                        \
    DVTI_VEC_FN DVT_MUST_CHECK dvt_status name##_push(dvt_ctx *ctx, name *v, type item)      \
    {                                                                                        \
        dvt_status st = name##_reserve(ctx, v, v->len + 1);                                  \
        if (st == DVT_OK) {                                                                  \
            v->data[v->len++] = item;                                                        \
        }                                                                                    \
        return st;                                                                           \
    }                                                                                        \
    DVTI_VEC_FN void name##_clear(name *v) { v->len = 0; }                                   \
    DVTI_VEC_FN void name##_deinit(dvt_ctx *ctx, name *v)                                    \
    {                                                                                        \
        dvt_free(ctx, v->data);                                                              \
        *v = (name){NULL, 0, 0};                                                             \
    }                                                                                        \
    struct name /* the user's semicolon ends this declaration */

#endif
