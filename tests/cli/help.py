#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""help.py - help pages, options and manual say the same, and their examples run as they stand; so
do those of docs/how-to-*.md, in the order in which they stand there.

The options of a page come from the table that parses; here each named option is tried on the real
parser, and every example is run by a shell in the repository's folder.
"""
import os
import pathlib
import re
import subprocess
import tempfile

from command import DOVETAIL, GLYPHS, ROOT, Suite, dovetail

OPTION = re.compile(r"^  (?:-(\w), |    )--(\[no-\])?([a-z0-9-]+)", re.MULTILINE)


def page_problems(name, page):
    found = []
    for word in (f"usage: dovetail {name} [options]", "\noptions\n", "\nexamples\n",
                 "\nexit codes\n"):
        if word not in page:
            found.append(f"no '{word.strip()}' on the page of {name}")
    if page.rstrip("\n") + "\n" != page or re.search(r"[ \t]$", page, re.MULTILINE):
        found.append(f"trailing space or lines on the page of {name}")
    return found


def unknown_options(name, page):
    """Options on the page that the parser calls unknown."""
    found = []
    for short, negation, long in OPTION.findall(page):
        for option in [f"--{long}", *([f"--no-{long}"] if negation else []),
                       *([f"-{short}"] if short else [])]:
            if option in ("--help", "-h"):
                continue
            told = dovetail(name, option)
            if "unknown option" in told.err:
                found.append(f"{name}: {option} is on the page, but unknown")
    return found


def examples(page):
    text = page.split("\nexamples\n")[1].split("\nexit codes\n")[0]
    return [line.strip() for line in text.splitlines() if line.strip()]


def run_example(line, folder):
    """Runs an example with dovetail on PATH and /tmp kept apart."""
    line = line.replace("/tmp/", f"{folder}/")
    bin_folder = pathlib.Path(folder) / "bin"
    bin_folder.mkdir(exist_ok=True)
    link = bin_folder / "dovetail"
    if not link.exists():
        link.symlink_to(DOVETAIL)
    env = {**os.environ, "PATH": f"{bin_folder}:{os.environ['PATH']}"}
    done = subprocess.run(["sh", "-c", line], cwd=ROOT, env=env, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=250, check=False)
    told = done.stdout or "> " in line
    if done.returncode in (0, 1) and told and "rror" not in done.stderr:  # 1: the answer is no
        return []
    return [f"exit status {done.returncode}: {done.stdout[-200:]} {done.stderr[-300:]}"]


def how_to_lines(text):
    """The commands in the sh blocks of a document."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def how_to_cases(suite, folder):
    for path in sorted((ROOT / "docs").glob("how-to-*.md")):
        lines = how_to_lines(path.read_text())
        wrong = [f"{line}: {problem}" for line in lines for problem in run_example(line, folder)]
        if not GLYPHS.exists():
            suite.skip(path.name, f"missing {GLYPHS}")
        else:
            suite.case(f"{path.name}: its {len(lines)} commands run",
                       wrong if lines else ["it has no commands"])


def readme_case(suite, folder):
    """The block that shows what the command does, as one script."""
    blocks = re.findall(r"^```sh\n(PATH=.*?)^```$", (ROOT / "README.md").read_text(),
                        re.DOTALL | re.MULTILINE)
    script = "".join(blocks).replace("PATH=$PWD/build:$PATH\n", "").replace("build/", "/tmp/")
    script = script.replace("glyphs:4000", "glyphs:100")  # seconds, under sanitizers, too
    if not GLYPHS.exists():
        suite.skip("README.md", f"missing {GLYPHS}")
    else:
        suite.case("README.md: its commands run",
                   run_example(script, folder) if script else ["it has no commands"])


def overview_cases(suite, names):
    listed = dovetail("help")
    for argv in ([], ["--help"], ["-h"]):
        same = dovetail(*argv)
        suite.case(f"dovetail {' '.join(argv)} lists the commands",
                   [] if same.out == listed.out and same.code == 0 else [same.out + same.err])
    suite.case("the list names every command with a summary",
               [n for n in names if not re.search(rf"^  {n} +\S", listed.out, re.MULTILINE)])
    suite.case("dovetail --version is dovetail version",
               [] if dovetail("--version").out == dovetail("version").out else ["differs"])


def main():
    suite = Suite()
    names = [c["name"] for c in dovetail("help", "--json").json()["commands"]]
    overview_cases(suite, names)
    with tempfile.TemporaryDirectory(prefix="dovetail-help-") as folder:
        for name in names:
            page = dovetail("help", name)
            suite.case(f"help {name}: the page is whole", page.problems() + page_problems(
                name, page.out))
            suite.case(f"{name} --help prints it, too", [
                option for option in ("--help", "-h")
                if dovetail(name, option).out != page.out])
            suite.case(f"help {name}: every option is known", unknown_options(name, page.out))
            for line in examples(page.out):
                if "examples/models/" in line and not GLYPHS.exists():
                    suite.skip(line, f"missing {GLYPHS}")
                else:
                    suite.case(line, run_example(line, folder))
        how_to_cases(suite, folder)
        readme_case(suite, folder)
    suite.case("a page without its parts is found", [] if page_problems("x", "") else ["not found"])
    suite.case("an option that nobody knows is found",
               [] if unknown_options("info", "      --jsno   x\n") else ["not found"])
    with tempfile.TemporaryDirectory() as folder:
        suite.case("an example that fails is found",
                   [] if run_example("dovetail nothing", folder) else ["not found"])
    suite.finish()


if __name__ == "__main__":
    main()
