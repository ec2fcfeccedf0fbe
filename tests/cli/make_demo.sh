#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# make_demo.sh - `make demo` works without any data: every step is there and prints its result.
set -eu
root=${DOVETAIL_ROOT:-$(cd "$(dirname "$0")/../.." && pwd)}
if [ "${DOVETAIL_BUILD:-$root/build}" != "$root/build" ]; then
    echo "the demo runs build/dovetail only"
    exit 77
fi
shown=$(DOVETAIL_TEST_DATA=/nowhere "$root/tools/demo.sh")
for said in 'multiply-accumulates an image' 'on the host' 'float32  *9[0-9]\.' \
    'small-fp16  *9[0-9]\.' 'small-fp11  *9[0-9]\.' 'small-int8  *9[0-9]\.' \
    'waits for' 'its widths allow' 'LeNet on MNIST is left out' "profile is left out" '^Next: '; do
    if ! printf '%s\n' "$shown" | grep -q "$said"; then
        echo "the demo does not say '$said'"
        exit 1
    fi
done
if printf '%s\n' "$shown" | grep -n ' $'; then
    echo "the demo prints trailing space"
    exit 1
fi
echo "the demo shows all its steps"
