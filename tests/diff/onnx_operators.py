#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""onnx_operators.py - ONNX's own operator tests: one case for each operator.

A case fails if one of the operator's tests fails. Tests that are refused as unsupported do not
fail, but a refusal must name the node: that is a case of its own. `make onnx-ops` prints the table.
"""
import collections
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(os.environ.get("DOVETAIL_ROOT") or pathlib.Path(__file__).resolve().parents[2])
BUILD = os.environ.get("DOVETAIL_BUILD") or str(ROOT / "build")


def main():
    done = subprocess.run([str(ROOT / "tests/onnx/run.sh"), "--build", BUILD, "--json"],
                          capture_output=True, text=True, check=False)
    if done.returncode == 77:
        print(done.stdout.strip().removeprefix("skipped: "))
        return 77
    tests = json.loads(done.stdout)["tests"]
    by_operator = collections.defaultdict(list)
    for test in tests:
        by_operator[test["operator"]].append(test)
    count = failed = 0
    for operator, group in sorted(by_operator.items()):
        passed = [t for t in group if t["verdict"] == "passed"]
        wrong = [t for t in group if t["verdict"] == "failed"]
        if passed or wrong:
            count += 1
            failed += bool(wrong)
            word = "not ok" if wrong else "ok"
            print(f"{word} {count} - {operator}: {len(passed)} of {len(group)} tests pass")
            for test in wrong:
                print(f"#   {test['name']}: {test['detail']}")
    vague = [t for t in tests if t["verdict"] == "unsupported" and "'" not in t["detail"]]
    count += 1
    failed += bool(vague)
    print(f"{'not ok' if vague else 'ok'} {count} - what is refused names a node or value")
    for test in vague[:10]:
        print(f"#   {test['name']}: {test['detail']}")
    print(f"1..{count}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
