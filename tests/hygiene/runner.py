#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""runner.py - tests/run counts right: each way in which a test can go wrong is a failed case."""
import argparse
import importlib.machinery
import importlib.util
import pathlib

import tap


def load_runner():
    loader = importlib.machinery.SourceFileLoader("run", str(tap.ROOT / "tests/run"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("run", loader))
    loader.exec_module(module)
    return module


# what, kind, script, expected (passed, failed, skipped)
SCRIPTS = (
    ("TAP cases are counted", "unit", 'printf "1..2\\nok 1 - a\\nok 2 - b\\n"', (2, 0, 0)),
    ("a failed case", "unit", 'printf "1..2\\nok 1 - a\\nnot ok 2 - b\\n"; exit 1', (1, 1, 0)),
    ("a TAP skip", "unit", 'printf "1..1\\nok 1 - a # SKIP no data\\n"', (0, 0, 1)),
    ("a cmocka skip with its reason", "unit",
     'printf "1..1\\n# skip: missing x\\nnot ok 1 # SKIP a\\n"', (0, 0, 1)),
    ("fewer cases than planned", "unit", 'printf "1..2\\nok 1 - a\\n"', (1, 1, 0)),
    ("a program that dies after its cases", "unit", 'printf "1..1\\nok 1 - a\\n"; exit 9',
     (1, 1, 0)),
    ("a program killed by a signal", "unit", 'printf "1..1\\nok 1 - a\\n"; kill -9 $$', (1, 1, 0)),
    ("a program without cases", "unit", "exit 0", (0, 1, 0)),
    ("a program out of time", "unit", 'printf "1..2\\nok 1 - a\\n"; sleep 20', (1, 1, 0)),
    ("a plain script that succeeds", "cli", "exit 0", (1, 0, 0)),
    ("a plain script that fails", "cli", "exit 3", (0, 1, 0)),
    ("a plain script that skips", "cli", "echo no tool; exit 77", (0, 0, 1)),
)


def counted(run, kind, script):
    """(passed, failed, skipped) of a planted script, and its cases."""
    args = argparse.Namespace(timeout=1, long=False)
    with tap.planted({"t.sh": f"#!/bin/sh\n{script}\n"}) as folder:
        path = pathlib.Path(folder) / "t.sh"
        path.chmod(0o755)
        cases = run.run_item(run.Item(kind, "t", [str(path)], pathlib.Path(folder)), args)[1]
    return tuple(run.count(cases, v) for v in ("passed", "failed", "skipped")), cases


def main():
    run, suite = load_runner(), tap.Suite()
    for name, kind, script, expected in SCRIPTS:
        got, cases = counted(run, kind, script)
        problems = [] if got == expected else [f"expected {expected}, got {got}"]
        if name.startswith("a cmocka skip") and cases[0].reason != "missing x":
            problems.append(f"the reason is '{cases[0].reason}'")
        suite.case(name, problems)
    missing = run.Item("unit", "none", ["/nonexistent/program"], pathlib.Path("."))
    cases = run.run_item(missing, argparse.Namespace(timeout=1, long=False))[1]
    suite.case("a program that is not built", [] if run.count(cases, "failed") == 1 else ["no"])
    text = run.totals_text([run.Case("passed", "a"), run.Case("skipped", "b")])
    suite.case("the totals have their form",
               [] if text == "1 passed, 0 failed, 1 skipped" else [text])
    suite.finish()


if __name__ == "__main__":
    main()
