#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""primitives.py - binary32 arithmetic, conversions and packing of rtl/prim against C.

How       Verilator builds tests/rtl/bench/dvt_prim_bench.sv with prim_bench.cpp, linked to the
          library; prim_bench feeds every primitive with random and awkward operands and compares
          bit by bit. 100,000 of each; DOVETAIL_LONG: 5,000,000.
Skipped   without Verilator, without a shared library, and in sanitizer builds.
"""
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(os.environ.get("DOVETAIL_ROOT", pathlib.Path(__file__).parents[2]))
BUILD = pathlib.Path(os.environ.get("DOVETAIL_BUILD", ROOT / "build")).resolve()


def skip(reason):
    print(f"1..0 # SKIP {reason}")
    sys.exit(0)


def build(folder):
    """The bench; Verilator's own dependencies decide what is compiled again."""
    bench = ROOT / "tests/rtl/bench"
    command = [
        "verilator", "--cc", "--exe", "--build", "-Wall", "-O3", "--Mdir", str(folder),
        "--top-module", "dvt_prim_bench", "-CFLAGS", f"-O2 -I{ROOT}/include -ffp-contract=off",
        "-LDFLAGS", f"-L{BUILD} -ldovetail -Wl,-rpath,{BUILD}",
        str(ROOT / "rtl/prim/dvt_fp.sv"), "-y", str(ROOT / "rtl/prim"),
        str(bench / "dvt_prim_bench.sv"), str(bench / "prim_bench.cpp"),
    ]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode != 0:
        print((run.stdout + run.stderr)[-4000:])
        print("not ok 1 - prim: Verilator builds the bench\n1..1")
        sys.exit(1)


if shutil.which("verilator") is None:
    skip("Verilator is not installed (tools/setup.sh)")
if "DOVETAIL_SANITIZE:STRING=\n" not in (BUILD / "CMakeCache.txt").read_text():
    skip("a sanitizer build")
if not (BUILD / "libdovetail.so").exists():
    skip("no libdovetail.so in this build")
FOLDER = BUILD / "rtl-cache/primitives"
build(FOLDER)
COUNT = "5000000" if os.environ.get("DOVETAIL_LONG") else "100000"
sys.exit(subprocess.run([str(FOLDER / "Vdvt_prim_bench"), COUNT]).returncode)
