#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""headers.py - every header compiles alone; public ones as C11, C17 and C++17 with all warnings.

A header that compiles alone includes what it uses, so that the order of includes never matters.
"""
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

import tap

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wundef", "-Werror", "-fsyntax-only"]
STANDARDS = {
    "C11": ["cc", "-xc", "-std=c11", "-Wstrict-prototypes"],
    "C17": ["cc", "-xc", "-std=c17", "-Wstrict-prototypes"],
    "C++17": ["c++", "-xc++", "-std=c++17"],
}


def errors(root, header, command):
    """The first errors of compiling a file that only includes `header`."""
    source = f'#include "{header}"\n#include "{header}"\nextern int the_file_is_not_empty;\n'
    done = subprocess.run(
        [*command, *WARNINGS, "-D_POSIX_C_SOURCE=200809L", f"-I{root}/include", f"-I{root}/src",
         f"-isystem{tap.BUILD}/gen", "-"],
        input=source, capture_output=True, text=True, check=False)
    return [f"{header}: {line}" for line in done.stderr.splitlines() if "error" in line][:3]


def all_errors(root, headers, command):
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda header: errors(root, header, command), headers)
    return [line for lines in found for line in lines]


def main():
    suite = tap.Suite()
    public = sorted(f"dovetail/{p.name}" for p in (tap.ROOT / "include/dovetail").glob("*.h"))
    private = sorted(str(p.relative_to(tap.ROOT / "src")) for p in tap.ROOT.glob("src/*/*.h"))
    for name, command in STANDARDS.items():
        if shutil.which(command[0]) is None:
            suite.skip(f"public headers compile alone as {name}", f"no {command[0]}")
        else:
            suite.case(f"public headers compile alone as {name}",
                       all_errors(tap.ROOT, public, command))
    suite.case("private headers compile alone as C17",
               all_errors(tap.ROOT, private, STANDARDS["C17"]))
    bad = {"include/dovetail/c.h": "#ifndef C\n#define C\nuint8_t f(void);\n#endif\n",
           "include/dovetail/cxx.h": "#ifndef X\n#define X\nint new(void);\n#endif\n"}
    with tap.planted(bad) as folder:
        for name, header in (("C11", "c"), ("C17", "c"), ("C++17", "cxx")):
            found = errors(folder, f"dovetail/{header}.h", STANDARDS[name])
            suite.case(f"a header that is not {name} is found",
                       [] if found else ["the planted violation was not found"])
    suite.finish()


if __name__ == "__main__":
    main()
