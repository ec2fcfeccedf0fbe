#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# lint.sh - clang-tidy and cppcheck over the library and the command; layout as information.
#
# Usage     tools/lint.sh [FILE...]      (all of src/; needs the compile commands of build-asan)
# Settings  .clang-tidy says which checks run and why some do not.
# Status    1 if clang-tidy or cppcheck found anything. clang-format only counts files.
set -u
cd "$(dirname "$0")/.."
commands=build-asan
status=0

if [ ! -e $commands/compile_commands.json ]; then
    cmake --preset asan --log-level=WARNING >/dev/null || exit 1
fi
[ $# -gt 0 ] || set -- src/*/*.c

echo "clang-tidy: $# files"
printf '%s\n' "$@" | xargs -P 2 -n 4 clang-tidy --quiet -p $commands 2>/dev/null || status=1

echo "cppcheck: $# files"
cppcheck --quiet --std=c11 --enable=warning,portability --inline-suppr --error-exitcode=1 \
    --suppress=missingInclude --suppress=missingIncludeSystem \
    --suppress=internalAstError --suppress=uninitStructMember \
    -D_POSIX_C_SOURCE=200809L -D__GNUC__=12 -Iinclude -Isrc -j 2 "$@" || status=1

differing=0
for file in "$@"; do
    clang-format --dry-run -Werror "$file" >/dev/null 2>&1 || differing=$((differing + 1))
done
echo "clang-format (information): $differing of $# files differ from its layout"
exit $status
