#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""formal.py - Yosys proves what the heads of some modules claim, for all inputs and all time.

The claims are asserts in the modules (`ifdef FORMAL). Combinational ones go to the solver as they
are; those with state by induction: they hold in any first cycle, and in every cycle that follows
one in which they held. A module broken on purpose must fail, so that the proof is seen to look.
Skipped where Yosys is not installed.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

# file, parameters, text to break and what it becomes
PROOFS = [
    ("prim/dvt_fifo.sv", {"Width": 3, "Depth": 4, "Deep": 1}, "write_q == read_d",
     "write_q == read_q"),
    ("prim/dvt_fifo.sv", {"Width": 2, "Depth": 2, "Deep": 1}, "mem[read_d]", "mem[read_q]"),
    ("prim/dvt_fifo.sv", {"Width": 2, "Depth": 5}, "!= CountBits'(Depth))",
     "!= CountBits'(Depth+1))"),
    ("prim/dvt_fifo.sv", {"Width": 2, "Depth": 2}, "assign head = mem[read_q]",
     "assign head = mem[write_q]"),
    ("dma/dvt_halves.sv", {}, "room  = used_q < 2'd2", "room  = used_q <= 2'd2"),
    ("control/dvt_node.sv", {"Kernel": 3, "Bits": 20, "Bytes": 8, "Link": 8},
     "in_kind[1]) shadow_q", "in_kind[0]) shadow_q"),
    ("control/dvt_node.sv", {"Kernel": 9, "Bits": 64, "Bytes": 8, "Link": 64}, "flit_q <= in_flit",
     "flit_q <= ~in_flit"),
    ("mem/dvt_bank_grant.sv", {"Clients": 5, "Banks": 3, "BankBits": 2, "RowBits": 2},
     "!blocked[b] &&", "1'b1 &&"),
    ("mem/dvt_bank_grant.sv", {"Clients": 4, "Banks": 4, "BankBits": 2, "RowBits": 1},
     "row[c*RowBits +: RowBits];\n", "row[0 +: RowBits];\n"),
    ("mem/dvt_bank_grant.sv", {"Clients": 3, "Banks": 1, "BankBits": 1, "RowBits": 1},
     "!used[b]", "1'b1"),
]


def proved(path, parameters):
    """Does Yosys prove every assert of the module in this file? None: it could not be asked."""
    top = path.stem
    chosen = " ".join(f"-set {k} {v}" for k, v in parameters.items())
    state = "always_ff" in path.read_text()
    script = f"read_verilog -sv -formal -DFORMAL {path}; chparam {chosen} {top}; " if chosen else \
        f"read_verilog -sv -formal -DFORMAL {path}; "
    script += f"prep -top {top} -nordff; memory_map; opt -full; "
    how = "-tempinduct -maxsteps 12" if state else "-verify"
    script += "sat -prove-asserts -set-assumes " + how
    done = subprocess.run(["yosys", "-p", script], capture_output=True, text=True, timeout=240)
    if re.search(r"SAT proof finished - no model found: SUCCESS|Induction step proven: SUCCESS",
                 done.stdout):
        return True
    if re.search(r"FAIL!|proof failed|proof did fail", done.stdout + done.stderr):
        return False
    print("# " + (done.stdout + done.stderr)[-600:].replace("\n", "\n# "))
    return None


def main():
    if not shutil.which("yosys"):
        print("yosys is not installed (tools/setup.sh --all)")
        return 77
    failures = 0
    print(f"1..{2 * len(PROOFS)}")
    with tempfile.TemporaryDirectory() as work:
        for number, (name, parameters, whole, broken) in enumerate(PROOFS):
            text = (ROOT / "rtl" / name).read_text()
            label = name + "".join(f" {k}={v}" for k, v in parameters.items())
            good = proved(ROOT / "rtl" / name, parameters) is True
            print(f"{'ok' if good else 'not ok'} {2 * number + 1} - {label}: proved")
            bad = pathlib.Path(work) / pathlib.Path(name).name
            bad.write_text(text.replace(whole, broken, 1))
            seen = whole in text and proved(bad, parameters) is False
            result = "ok" if seen else "not ok"
            print(f"{result} {2 * number + 2} - {label}: a planted fault is found")
            failures += (not good) + (not seen)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
