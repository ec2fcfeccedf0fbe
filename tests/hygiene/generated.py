#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""generated.py - documents made from tables in the code are up to date.

Each generator tools/gen_<name>.c prints docs/<name>.md; `make docs` writes them again.
"""
import difflib
import subprocess

import tap


def differences(name, generated, committed):
    """Violations if the committed text is not the generated one."""
    if committed is None:
        return [f"docs/{name}.md is missing: run 'make docs'"]
    lines = difflib.unified_diff(committed.splitlines(), generated.splitlines(),
                                 "committed", "generated", lineterm="", n=0)
    found = list(lines)
    return [f"docs/{name}.md is stale: run 'make docs'", *found] if found else []


def main():
    suite = tap.Suite()
    for source in sorted((tap.ROOT / "tools").glob("gen_*.c")):
        name = source.stem.removeprefix("gen_")
        generated = subprocess.run([str(tap.BUILD / "tools" / source.stem)], check=True,
                                   capture_output=True, text=True).stdout
        path = tap.ROOT / "docs" / f"{name}.md"
        committed = path.read_text() if path.exists() else None
        suite.case(f"docs/{name}.md is up to date", differences(name, generated, committed))
    suite.case("a stale document is found",
               [] if differences("x", "a\nb\n", "a\n") else ["not found"])
    suite.case("a missing document is found",
               [] if differences("x", "a\n", None) else ["not found"])
    suite.finish()


if __name__ == "__main__":
    main()
