#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# run.sh - ONNX's own operator tests, from their archive, as a table by operator.
#   tests/onnx/run.sh [--build DIR] [--json] [--verbose] [--only TEXT] [ARCHIVE.tar.gz | FOLDER]
# Without an archive the one of the test data is taken (DOVETAIL_TEST_DATA, default
# ../shared/data beside the checkout); if that is absent the run is skipped with status 77.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
build=${DOVETAIL_BUILD:-$top/build}
source=
options=
while [ $# -gt 0 ]; do
    case $1 in
    --build) build=$2; shift ;;
    --only) options="$options --only $2"; shift ;;
    --*) options="$options $1" ;;
    *) source=$1 ;;
    esac
    shift
done
data=${DOVETAIL_TEST_DATA:-$top/../shared/data}
: "${source:=$data/models/onnx+onnx/v1.22.0-backend-node.dev.tar.gz}"
if [ ! -e "$source" ]; then
    echo "skipped: $source is not there"
    exit 77
fi
if [ -f "$source" ]; then
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT INT TERM
    tar -xzf "$source" -C "$folder"
else
    folder=$source
fi
if [ -d "$folder/node" ]; then
    folder_of_tests=$folder/node
else
    folder_of_tests=$folder
fi
# shellcheck disable=SC2086  # options are words without spaces
"$build/tests/onnx/onnx_backend" $options "$folder_of_tests"
