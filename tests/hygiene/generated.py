#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""generated.py - documents made from tables in the code are up to date.

Each generator tools/gen_<name>.c prints docs/<name>.md; `make docs` writes them again. gen_cli also
prints docs/cli/<command>.md for each command that `gen_cli --list` names, and no other page is
there.
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


def printed(name, *arguments):
    return subprocess.run([str(tap.BUILD / "tools" / f"gen_{name}"), *arguments], check=True,
                          capture_output=True, text=True).stdout


def stray_pages(commands, pages):
    return [f"docs/cli/{page}.md: there is no such command"
            for page in pages if page not in commands]


def main():
    suite = tap.Suite()
    commands = printed("cli", "--list").split()
    documents = [(f"cli/{command}", printed("cli", command)) for command in commands]
    for source in sorted((tap.ROOT / "tools").glob("gen_*.c")):
        name = source.stem.removeprefix("gen_")
        documents.append((name, printed(name)))
    for name, generated in documents:
        path = tap.ROOT / "docs" / f"{name}.md"
        committed = path.read_text() if path.exists() else None
        suite.case(f"docs/{name}.md is up to date", differences(name, generated, committed))
    pages = [path.stem for path in (tap.ROOT / "docs/cli").glob("*.md")]
    suite.case("each page of docs/cli belongs to a command", stray_pages(commands, pages))
    suite.case("a stray page is found", [] if stray_pages(["a"], ["b"]) else ["not found"])
    suite.case("a stale document is found",
               [] if differences("x", "a\nb\n", "a\n") else ["not found"])
    suite.case("a missing document is found",
               [] if differences("x", "a\n", None) else ["not found"])
    suite.finish()


if __name__ == "__main__":
    main()
