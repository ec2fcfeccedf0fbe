# SPDX-License-Identifier: Apache-2.0
"""tap.py - what the hygiene tests share: the tree of files, planted trees, TAP output.

A rule is a function from a Tree to violations, each a line "path:line: what is wrong". Suite.rule()
makes two cases of it: the repository has no violation, and a small planted tree has at least one -
a rule that cannot fail proves nothing.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(os.environ.get("DOVETAIL_ROOT") or pathlib.Path(__file__).resolve().parents[2])
BUILD = pathlib.Path(os.environ.get("DOVETAIL_BUILD") or ROOT / "build")
CODE_SUFFIXES = {".c", ".h", ".py", ".sh", ".sv", ".proto"}
CODE_NAMES = {"run", "Makefile", "CMakeLists.txt"}


class Tree:
    """A folder and the files in it that are, or would be, under version control."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.files = sorted(self._listed())

    def _listed(self):
        listing = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=self.root, capture_output=True, text=True, check=False)
        if listing.returncode == 0 and listing.stdout:
            paths = [pathlib.Path(name) for name in listing.stdout.split("\0") if name]
        else:  # an unpacked archive, or a planted tree
            paths = [p.relative_to(self.root) for p in self.root.rglob("*")]
            paths = [p for p in paths if not p.parts[0].startswith("build")]
        return [path for path in paths if (self.root / path).is_file()]

    def code(self, suffixes=None, under=("",)):
        """Paths of code files with one of `suffixes` (None: all code) below one of `under`."""
        for path in self.files:
            if not any(str(path).startswith(folder) for folder in under):
                continue
            if suffixes is None and (path.suffix in CODE_SUFFIXES or path.name in CODE_NAMES):
                yield path
            elif suffixes is not None and path.suffix in suffixes:
                yield path

    def text(self, path):
        return (self.root / path).read_text(errors="replace")


def planted(files):
    """A temporary tree with the given {path: text}; use as a context manager."""
    folder = tempfile.TemporaryDirectory(prefix="dovetail-hygiene-")
    for name, text in files.items():
        path = pathlib.Path(folder.name) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def without_comments(text):
    """C text with comments, strings and characters blanked; line numbers stay."""
    token = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.DOTALL)
    return token.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


class Suite:
    """Prints TAP; finish() prints the plan and gives the exit status."""

    def __init__(self):
        self.count = self.failed = 0

    def case(self, name, violations):
        """One case, passed if there are no violations."""
        violations = list(violations)
        self.count += 1
        self.failed += bool(violations)
        print(f"{'not ok' if violations else 'ok'} {self.count} - {name}")
        for line in violations[:40]:
            print(f"#   {line}")
        if len(violations) > 40:
            print(f"#   and {len(violations) - 40} more")

    def skip(self, name, reason):
        self.count += 1
        print(f"ok {self.count} - {name} # SKIP {reason}")

    def rule(self, name, rule, bad, good=None):
        """Two cases: the repository obeys; the planted files `bad` break the rule (and the
        planted files `good`, if given, do not)."""
        self.case(name, rule(Tree(ROOT)))
        with planted(bad) as folder:
            found = list(rule(Tree(folder)))
        problems = [] if found else ["the planted violation was not found"]
        if good is not None:
            with planted(good) as folder:
                problems += [f"wrongly found: {line}" for line in rule(Tree(folder))]
        self.case(f"{name}: a planted violation is found", problems)

    def finish(self):
        print(f"1..{self.count}")
        sys.exit(1 if self.failed else 0)
