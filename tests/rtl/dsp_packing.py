#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""dsp_packing.py - multipliers of a processing element after synthesis, as the resource model says.

How       Yosys maps rtl/array/dvt_pe.sv with the constants of a ready overlay (16 products an
          element) for a family and counts its multipliers. Two MISTRAL_MUL18X18 are one DSP block,
          a MISTRAL_MUL27X27 is a whole one (devices/arria10-gx1150.json: 4, 2, 2 products a block
          for FP11, FP16, int8; devices/zu7ev.json: 2, 1, 2; devices/ecp5-85.json: 2, 1 and, in a
          mode that Yosys does not use, 2).
Skipped   without Yosys; DOVETAIL_LONG: all formats, else FP11 on UltraScale+ alone.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(os.environ.get("DOVETAIL_ROOT", pathlib.Path(__file__).parents[2]))
DOVETAIL = os.environ.get("DOVETAIL", str(ROOT / "build/dovetail"))
XILINX = "synth_xilinx -family xcup -noiopad -noclkbuf"
INTEL = "synth_intel_alm -family cyclonev -noiopad -noclkbuf"
CASES = [  # overlay, synthesis, cell, how many for 16 products
    ("small-fp11", XILINX, "DSP48E2", 8),
    ("small-fp16", XILINX, "DSP48E2", 16),
    ("small-int8", XILINX, "DSP48E2", 8),
    ("small-fp11", INTEL, "MISTRAL_MUL18X18", 8),
    ("small-fp16", INTEL, "MISTRAL_MUL18X18", 16),
    ("small-int8", INTEL, "MISTRAL_MUL27X27", 8),
    ("small-fp11", "synth_ecp5", "MULT18X18D", 8),
    ("small-fp16", "synth_ecp5", "MULT18X18D", 16),
    ("small-int8", "synth_ecp5", "MULT18X18D", 16),
]


def multipliers(folder, overlay, synthesis, cell):
    package = folder / "dvt_pkg.sv"
    package.write_bytes(subprocess.run(
        [DOVETAIL, "overlay", "package", str(ROOT / f"overlays/{overlay}.json")],
        capture_output=True, check=True).stdout)
    sources = [package, ROOT / "rtl/prim/dvt_fp.sv", ROOT / "rtl/mem/dvt_filter_cache.sv",
               *sorted((ROOT / "rtl/array").glob("*.sv"))]
    script = (f"read_verilog -sv {' '.join(map(str, sources))}; {synthesis} -top dvt_pe; "
              f"flatten; tee -o {folder}/stat.txt stat")
    subprocess.run(["yosys", "-q", "-p", script], check=True, capture_output=True)
    found = re.findall(rf"^\s+{cell}\s+(\d+)$", (folder / "stat.txt").read_text(), re.MULTILINE)
    return int(found[-1]) if found else 0


if shutil.which("yosys") is None:
    print("1..0 # SKIP Yosys is not installed (tools/setup.sh)")
    sys.exit(0)
cases = CASES if os.environ.get("DOVETAIL_LONG") else CASES[:1]
print(f"1..{len(cases)}")
failed = 0
with tempfile.TemporaryDirectory() as temporary:
    for number, (overlay, synthesis, cell, want) in enumerate(cases, 1):
        got = multipliers(pathlib.Path(temporary), overlay, synthesis, cell)
        failed += got != want
        print(f"{'ok' if got == want else 'not ok'} {number} - dsp packing: {overlay}, "
              f"{synthesis.split()[0]}: 16 products take {got} {cell}, expected {want}")
sys.exit(failed != 0)
