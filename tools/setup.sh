#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# setup.sh - the one place that names the packages this project needs (Debian 12).
#
# Usage     tools/setup.sh [--all] [--list]
#             (no option)  what `make`, `make demo` and `make check` need
#             --all        also what `make check-all`, `make fuzz` and `make bench` need
#             --list       print the packages, one a line, and install nothing
# How       Asks dpkg what is missing; installs that with apt-get as root, or through sudo where it
#           asks for no password. Otherwise prints the command to run and fails. Where nothing is
#           missing it ends at once without touching the network.
# Elsewhere On a system without dpkg it prints the list and succeeds: the build itself says what
#           it cannot find.
set -eu

needed="
build-essential clang libclang-rt-14-dev cmake ninja-build pkg-config git python3
libprotobuf-c-dev protobuf-c-compiler libjansson-dev libsqlite3-dev
libopenblas-dev liblapacke-dev libdnnl-dev
libjpeg-dev libpng-dev zlib1g-dev libbz2-dev libmd-dev
libcmocka-dev
verilator yosys iverilog
"
extra="
llvm clang-tidy clang-format cppcheck python3-numpy
libpagmo-dev python3-deap
"

packages=$needed
list=no
for option in "$@"; do
    case $option in
    --all) packages="$needed $extra" ;;
    --list) list=yes ;;
    *)
        echo "setup.sh: unknown option '$option' (known: --all, --list)" >&2
        exit 2
        ;;
    esac
done

if [ $list = yes ]; then
    printf '%s\n' $packages
    exit 0
fi
if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "setup.sh: no dpkg here; make sure that the equivalents of these are installed:" >&2
    printf '  %s\n' $packages >&2
    exit 0
fi

# One call for all: packages that dpkg does not know are only on stderr, so compare by name.
installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' $packages 2>/dev/null |
    sed -n 's/^.i. //p' || true)
missing=
for package in $packages; do
    case "
$installed
" in
    *"
$package
"*) ;;
    *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    echo "setup.sh: some packages are missing and this user cannot install them; run as root:" >&2
    echo "  apt-get install --no-install-recommends$missing" >&2
    exit 1
fi
echo "setup.sh: installing$missing" >&2
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get -q update >&2
$as_root apt-get -q install -y --no-install-recommends $missing >&2
