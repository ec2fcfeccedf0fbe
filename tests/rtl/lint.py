#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""lint.py - Verilator, Icarus and Yosys take the package of every overlay without warnings.

For each description in overlays/ and tests/support/overlays: `dovetail overlay rtl`, then the
package's own `make lint` (-Wall; what is waived stands in rtl/waivers.vlt with its reason).
Without DOVETAIL_LONG only the odd ones, which have every vector, format, bus and link; the large
ones take minutes. Skipped where a tool is missing. Usage: lint.py [PATTERN of overlay names].
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DOVETAIL = os.environ.get("DOVETAIL") or str(ROOT / "build/dovetail")


def said(overlay, work):
    """What the tools say of this overlay's package; nothing if all is well."""
    folder = pathlib.Path(work) / overlay.stem
    made = subprocess.run([DOVETAIL, "overlay", "rtl", overlay, "-o", folder], capture_output=True,
                          text=True)
    if made.returncode:
        return made.stderr
    done = subprocess.run(["make", "-s", "-C", folder, "lint"], capture_output=True, text=True)
    # Yosys tells of every small memory that becomes registers
    lines = [x for x in (done.stdout + done.stderr).splitlines()
             if "Replacing memory" not in x and x.strip()]
    return "\n".join(lines) or ("" if done.returncode == 0 else f"make lint: {done.returncode}")


def main():
    pattern = "" if os.environ.get("DOVETAIL_LONG") else "odd"
    pattern = sys.argv[1] if len(sys.argv) > 1 else pattern
    missing = [t for t in ("verilator", "iverilog", "yosys") if not shutil.which(t)]
    if missing:
        print(f"{missing[0]} is not installed (tools/setup.sh --all)")
        return 77
    overlays = [o for folder in ("overlays", "tests/support/overlays")
                for o in sorted((ROOT / folder).glob("*.json")) if pattern in o.stem]
    failures = 0
    print(f"1..{len(overlays)}")
    with tempfile.TemporaryDirectory() as work:
        for number, overlay in enumerate(overlays):
            text = said(overlay, work)
            print(f"{'not ok' if text else 'ok'} {number + 1} - {overlay.stem}: no warnings")
            for line in text.splitlines()[:20]:
                print("#   " + line[:200])
            failures += bool(text)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
