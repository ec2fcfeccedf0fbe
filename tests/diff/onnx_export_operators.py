#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""onnx_export_operators.py - ONNX's own operator tests after a way through our writer.

Each test's model is read and written again (`dovetail convert`); the new model must pass the test
that came with the old one. Models that cannot be read without their inputs' values, or that the
writer refuses, are counted and left out; a case fails if fewer than LEAST are left.
"""
import json
import os
import pathlib
import shutil
import subprocess
import tarfile
import tempfile

ROOT = pathlib.Path(os.environ.get("DOVETAIL_ROOT") or pathlib.Path(__file__).resolve().parents[2])
BUILD = os.environ.get("DOVETAIL_BUILD") or str(ROOT / "build")
DATA = pathlib.Path(os.environ.get("DOVETAIL_TEST_DATA") or ROOT / "../shared/data")
LEAST = 300


def main():
    archives = sorted(DATA.glob("models/onnx+onnx/*backend-node*.tar.gz"))
    if not archives:
        print(f"no archive of operator tests in {DATA}/models/onnx+onnx")
        return 77
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        with tarfile.open(archives[0]) as archive:
            archive.extractall(folder, filter="data")
        refused = 0
        for model in sorted((folder / "node").glob("*/model.onnx")):
            new = model.with_name("new.onnx")
            done = subprocess.run([BUILD + "/dovetail", "convert", str(model), "-o", str(new)],
                                  capture_output=True, check=False)
            if done.returncode == 0:
                new.replace(model)
            elif done.returncode in (2, 3, 4):
                refused += 1
                shutil.rmtree(model.parent)
            else:
                print(f"not ok 1 - {model.parent.name}: exit {done.returncode}")
                return 1
        done = subprocess.run([str(ROOT / "tests/onnx/run.sh"), "--build", BUILD, "--json",
                               str(folder)], capture_output=True, text=True, check=False)
    tests = json.loads(done.stdout)["tests"]
    wrong = [t for t in tests if t["verdict"] == "failed"]
    passed = sum(t["verdict"] == "passed" for t in tests)
    word = "not ok" if wrong else "ok"
    print(f"{word} 1 - {passed} operator tests pass in our writing, {refused} are not written")
    for test in wrong:
        print(f"#   {test['name']}: {test['detail']}")
    print(f"{'ok' if passed >= LEAST else 'not ok'} 2 - at least {LEAST} are written")
    print("1..2")
    return 1 if wrong or passed < LEAST else 0


if __name__ == "__main__":
    raise SystemExit(main())
