#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""transcripts.py - runs the commands that tests/golden and tests/bad show, and compares the output.

Form      tests/golden/NAME.transcript (commands that succeed), tests/bad/NAME.transcript (bad
          input, with the error that it deserves). A transcript is a session as a terminal shows it:

              # a comment
              $ dovetail info tests/bad/cut.prototxt
              tests/bad/cut.prototxt:3:1: error: ...
              [exit 3]

          Standard output comes first, then standard error; "[exit N]" is left out for 0. "{*}" in
          a line stands for any text, for what differs between machines. Paths are relative to the
          repository. $DATA in a command is the folder of test data: the transcript is skipped
          where that is absent.
Update    tests/cli/transcripts.py --write [NAME]    writes what is printed now into the files, for
          review with git diff. Lines with "{*}" that still match are kept.
Tests     the last cases run planted transcripts that are wrong.
"""
import os
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(os.environ.get("DOVETAIL_ROOT") or pathlib.Path(__file__).resolve().parents[2])
DOVETAIL = os.environ.get("DOVETAIL") or str(ROOT / "build/dovetail")
DATA = pathlib.Path(os.environ.get("DOVETAIL_TEST_DATA") or ROOT.parent / "shared/data")
TIMEOUT_S = 120


class Step:
    """One command of a transcript: comment lines before it, its text, what it should print."""

    def __init__(self, comments, command):
        self.comments, self.command, self.expected = comments, command, []


def parse(text):
    steps, comments = [], []
    for line in text.splitlines():
        if line.startswith("$ "):
            steps.append(Step(comments, line[2:]))
            comments = []
        elif line.startswith("# ") and (not steps or not steps[-1].expected or comments):
            comments.append(line)
        elif line.startswith("# "):
            comments = [line]
        elif steps:
            steps[-1].expected.append(line)
    return steps


def printed(command, program):
    """The lines that a command prints, with its exit status behind them."""
    words = [word.replace("$DATA", str(DATA)) for word in shlex.split(command)]
    assert words[0] == "dovetail", f"a transcript runs dovetail only, not '{words[0]}'"
    done = subprocess.run([program, *words[1:]], cwd=ROOT, stdin=subprocess.DEVNULL, check=False,
                          capture_output=True, text=True, errors="replace", timeout=TIMEOUT_S)
    lines = (done.stdout + done.stderr).replace(str(DATA), "$DATA").splitlines()
    return lines + ([f"[exit {done.returncode}]"] if done.returncode else [])


def line_matches(expected, got):
    pattern = ".*".join(re.escape(part) for part in expected.split("{*}"))
    return re.fullmatch(pattern, got) is not None


def differences(step, got):
    if len(step.expected) == len(got) and all(map(line_matches, step.expected, got)):
        return []
    return [f"$ {step.command}", *(f"- {line}" for line in step.expected),
            *(f"+ {line}" for line in got)]


def run_text(text, program):
    """What is wrong with a transcript, as lines."""
    steps = parse(text)
    if not steps:
        return ["no command in it"]
    return [line for step in steps for line in differences(step, printed(step.command, program))]


def rewritten(text, program):
    """The transcript with what is printed now; lines with {*} that still match are kept."""
    out = []
    for step in parse(text):
        got = printed(step.command, program)
        kept = {line for line in step.expected if "{*}" in line}
        out += [*step.comments, f"$ {step.command}"]
        out += [next((k for k in kept if line_matches(k, line)), line) for line in got]
    return "\n".join(out) + "\n"


def transcripts(name=""):
    found = [*ROOT.glob("tests/golden/*.transcript"), *ROOT.glob("tests/bad/*.transcript")]
    return sorted(path for path in found if name in path.name)


def planted_cases():
    """(name, True if it came out as it should): the comparison is able to fail."""
    echo = "/bin/echo"
    yield "a right transcript passes", not run_text("$ dovetail a b\na b\n", echo)
    yield "other text is found", bool(run_text("$ dovetail a b\na c\n", echo))
    yield "a missing line is found", bool(run_text("$ dovetail a b\n", echo))
    yield "another exit status is found", bool(run_text("$ dovetail\n", "/bin/false"))
    yield "{*} stands for any text", not run_text("$ dovetail a b\na {*}\n", echo)


def main(argv):
    if argv[1:2] == ["--write"]:
        for path in transcripts("".join(argv[2:3])):
            path.write_text(rewritten(path.read_text(), DOVETAIL))
            print(path.relative_to(ROOT))
        return 0
    count = failed = 0
    for path in transcripts():
        text, name = path.read_text(), str(path.relative_to(ROOT))
        count += 1
        if "$DATA" in text and not DATA.is_dir():
            print(f"ok {count} - {name} # SKIP missing {DATA}")
            continue
        wrong = run_text(text, DOVETAIL)
        failed += bool(wrong)
        print("\n".join([f"{'not ok' if wrong else 'ok'} {count} - {name}",
                         *(f"#   {line}" for line in wrong)]))
    for name, good in planted_cases():
        count += 1
        failed += not good
        print(f"{'ok' if good else 'not ok'} {count} - {name}")
    print(f"1..{count}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
