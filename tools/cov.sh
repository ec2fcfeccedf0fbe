#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# cov.sh - runs the tests of build-cov and prints covered lines for each source file, least first.
#
# Output    "percent of lines file" for src/, then the whole. Information, not a gate.
set -eu
cd "$(dirname "$0")/.."
find build-cov -name '*.gcda' -delete
tests/run --build build-cov >build-cov/tests.log || tail -n 20 build-cov/tests.log

mkdir -p build-cov/gcov
cd build-cov/gcov
find .. -path '*dovetail-objects.dir/src*' -name '*.gcno' -exec gcov -n {} + 2>/dev/null |
    awk -F"['%: ]+" '
        /^File/ { file = $2; sub(/.*\/src\//, "src/", file) }
        /^Lines executed/ && file ~ /^src\// {
            printf "%6.1f %% of %5d %s\n", $3, $5, file
            covered += $3 * $5 / 100; lines += $5; file = ""
        }
        END { if (lines) printf "%6.1f %% of %5d all of src/\n", 100 * covered / lines, lines }' |
    sort -n
