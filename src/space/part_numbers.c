/* SPDX-License-Identifier: Apache-2.0 */
/*
 * part_numbers.c - points of one part of a space by number.
 *
 * Idea      Where every combination of values is a point, its number is that of the values in mixed
 *           radix, last choice fastest. Where not, the part has a rising list of those numbers that
 *           are points, and a point's number is its place in the list.
 * Tests     tests/unit/test_space.c, tests/unit/test_space_overlays.c
 */
#include "space/space_int.h"

static uint64_t radix_of(const dvti_space_part *p, const uint32_t *v)
{
    uint64_t number = 0;

    for (int32_t i = 0; i < p->choice_count; i++) {
        number = number * p->values[i] + v[i];
    }
    return number;
}

void dvti_part_at(const dvti_space_part *p, uint64_t index, uint32_t *v)
{
    if (p->points) {
        index = p->points[index];
    }
    for (int32_t i = p->choice_count - 1; i >= 0; i--) {
        v[i] = (uint32_t)(index % p->values[i]);
        index /= p->values[i];
    }
}

/* The first place in the list whose number is not below that of v. */
static uint64_t place_of(const dvti_space_part *p, uint64_t number)
{
    uint64_t low = 0, high = p->count;

    while (low < high) {
        uint64_t mid = low + (high - low) / 2;
        if (p->points[mid] < number) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

uint64_t dvti_part_index(const dvti_space_part *p, const uint32_t *v)
{
    uint64_t number = radix_of(p, v);

    return p->points ? place_of(p, number) : number;
}

bool dvti_part_contains(const dvti_space_part *p, const uint32_t *v)
{
    uint64_t number, place;

    for (int32_t i = 0; i < p->choice_count; i++) {
        if (v[i] >= p->values[i]) {
            return false;
        }
    }
    if (!p->points) {
        return true;
    }
    number = radix_of(p, v);
    place = place_of(p, number);
    return place < p->count && p->points[place] == number;
}
