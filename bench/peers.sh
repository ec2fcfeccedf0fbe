#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# peers.sh - installs the peers that the benchmarks compare with; nothing else needs them.
#
# Usage     bench/peers.sh
# Installs  Debian's python3-opencv and nodejs (as root, or through sudo where it asks for no
#           password), and the npm package onnxruntime-node (CPU only) into build-bench/.
# A benchmark whose peer is missing says so and goes on.
set -eu
cd "$(dirname "$0")/.."

needed=
/usr/bin/python3 -c 'import cv2' 2>/dev/null || needed="$needed python3-opencv"
command -v npm >/dev/null 2>&1 || needed="$needed nodejs npm"
if [ -n "$needed" ]; then
    as_root=
    [ "$(id -u)" = 0 ] || as_root="sudo -n"
    $as_root apt-get -q update
    $as_root apt-get -q install -y --no-install-recommends $needed
fi
mkdir -p build-bench
[ -f build-bench/package.json ] || echo '{"private": true}' >build-bench/package.json
ONNXRUNTIME_NODE_INSTALL=skip npm install --prefix build-bench --no-audit --no-fund onnxruntime-node
