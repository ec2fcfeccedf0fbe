#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# demo.sh - runs the main job once, with each command shown and explained; called by `make demo`.
#
# Input     only what the repository holds or makes; with $DOVETAIL_TEST_DATA (or ../shared/data)
#           present, the parts that need real models run too.
# Output    each step: a sentence, the command as a user would type it, what it printed.
set -eu
cd "$(dirname "$0")/.."
PATH=$PWD/build:$PATH
data=${DOVETAIL_TEST_DATA:-../shared/data}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# say TEXT...: one paragraph to the reader.
say() {
    printf '\n%s\n' "$*"
}

# show COMMAND...: prints the command, then runs it.
show() {
    printf '\n  $ %s\n' "$*"
    "$@" | sed 's/^/    /'
}

if [ ! -x build/dovetail ]; then
    echo "demo.sh: build/dovetail is missing; run 'make' first" >&2
    exit 1
fi

say "The command, its version and how it was built."
show dovetail version
if [ ! -d "$data" ]; then
    say "Real models and data sets are not here ($data): the steps that need them are left out."
fi
