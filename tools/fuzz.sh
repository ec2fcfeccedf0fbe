#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# fuzz.sh - runs every libFuzzer target of build-fuzz for some seconds, from the committed corpus.
#
# Usage     tools/fuzz.sh [SECONDS [TARGET]]    (60 seconds each; all targets)
# Files     new inputs stay in build-fuzz/corpus/<target>, an input that fails in
#           build-fuzz/crashes/<target>-*; a fixed one goes to tests/fuzz/corpus/<target>/.
#           tests/fuzz/<target>.dict, where it exists, holds the words of the format.
# Status    1 if any target failed.
set -eu
seconds=${1:-60}
only=${2:-}
cd "$(dirname "$0")/.."
failed=
mkdir -p build-fuzz/crashes
export LSAN_OPTIONS="suppressions=$PWD/tests/support/lsan.supp:print_suppressions=0"

for source in tests/fuzz/fuzz_*.c; do
    program=$(basename "$source" .c)
    target=${program#fuzz_}
    if [ ! -e "$source" ] || { [ -n "$only" ] && [ "$only" != "$target" ]; }; then
        continue
    fi
    mkdir -p "build-fuzz/corpus/$target"
    set -- "build-fuzz/corpus/$target" "tests/fuzz/corpus/$target" \
        -max_total_time="$seconds" -timeout=25 -rss_limit_mb=3000 -print_final_stats=1 \
        -artifact_prefix="build-fuzz/crashes/$target-"
    if [ -e "tests/fuzz/$target.dict" ]; then
        set -- "$@" "-dict=tests/fuzz/$target.dict"
    fi
    log=build-fuzz/crashes/$target.log
    if "build-fuzz/tests/fuzz/$program" "$@" >"$log" 2>&1; then
        echo "fuzz $target: ok, $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs"
    else
        echo "fuzz $target: FAILED, see $log"
        tail -n 30 "$log" | sed 's/^/  | /'
        failed=1
    fi
done
[ -z "$failed" ]
