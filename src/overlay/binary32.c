/* SPDX-License-Identifier: Apache-2.0 */
/*
 * binary32.c - fl() of docs/numerics-overlay.md: what the overlay makes of a rounded result.
 *
 * Tests     tests/unit/test_auxiliary.c (both ends of the range)
 */
#include "overlay/binary32.h"

#include <math.h>

float dvti_fl(float x)
{
    float a = fabsf(x);

    if (a < 0x1p-126f) {
        return 0.0f;
    }
    if (a > 0x1.fffffep127f) {
        return copysignf(0x1.fffffep127f, x);
    }
    return x;
}
