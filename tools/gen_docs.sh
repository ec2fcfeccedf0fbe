#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# gen_docs.sh - writes the documents that are made from tables in the code; called by `make docs`.
#
# Usage     tools/gen_docs.sh BUILD      runs BUILD/tools/gen_<name> for every tools/gen_<name>.c
# Output    docs/<name>.md and, one page a command, docs/cli/<command>.md; each replaced only when
#           the generator succeeded
# Tests     tests/hygiene/generated.py fails where a committed document is stale
set -eu
build=${1:?usage: gen_docs.sh BUILD}
cd "$(dirname "$0")/.."

# write DOCUMENT GENERATOR ARGUMENT...
write() {
    document=$1
    shift
    "$@" >"$document.tmp"
    mv "$document.tmp" "$document"
    echo "$document"
}

for source in tools/gen_*.c; do
    name=$(basename "$source" .c)
    write "docs/${name#gen_}.md" "$build/tools/$name"
done
mkdir -p docs/cli
for command in $("$build/tools/gen_cli" --list); do
    write "docs/cli/$command.md" "$build/tools/gen_cli" "$command"
done
