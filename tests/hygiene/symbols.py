#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""symbols.py - the library exports exactly what the public headers declare, and keeps no state.

Exports   nm -D on libdovetail.so against the names behind DVT_API in include/dovetail: both ways,
          so that a function without a definition and a leaked inner function are both found.
State     objdump -t on libdovetail.a: no object may lie in a writable section (.data, .bss, common,
          thread-local). Tables of pointers in .data.rel.ro are read-only once loaded and allowed.
          tests/hygiene/allowed_state.txt lists the exceptions, each with its reason.
"""
import re
import subprocess

import tap

DECLARED = re.compile(r"DVT_API\b([^;{]*?)\b(dvt_\w+)\s*(?=[(;\[])", re.DOTALL)
OBJECT = re.compile(r"^[0-9a-f]+ .{6}O\s+(\S+)\s+[0-9a-f]+\s+(?:\.hidden\s+)?(\S+)$")
COMMON = re.compile(r"^[0-9a-f]+ .{7}\s+(\*COM\*)\s+[0-9a-f]+\s+(?:\.hidden\s+)?(\S+)$")
WRITABLE = re.compile(r"^(\.data(?!\.rel\.ro)|\.bss|\.tdata|\.tbss|\*COM\*)")


def declared_names(root):
    names = set()
    for header in (root / "include/dovetail").glob("*.h"):
        text = tap.without_comments(header.read_text())
        text = re.sub(r"^\s*#.*(?:\\\n.*)*", "", text, flags=re.MULTILINE)
        names |= {match[2] for match in DECLARED.finditer(text)}
    return names


def exported_names(library):
    listing = subprocess.run(["nm", "-D", "--defined-only", str(library)], check=True,
                             capture_output=True, text=True).stdout
    return {line.split()[-1] for line in listing.splitlines() if line.split()[1] in "TDBRVW"}


def export_differences(declared, exported):
    for name in sorted(declared - exported):
        yield f"{name}: declared with DVT_API, not defined"
    for name in sorted(exported - declared):
        yield f"{name}: exported, not declared with DVT_API"


def writable_objects(archive):
    listing = subprocess.run(["objdump", "-t", str(archive)], check=True, capture_output=True,
                             text=True).stdout
    for line in listing.splitlines():
        match = OBJECT.match(line) or COMMON.match(line)
        if match and WRITABLE.match(match[1]):
            yield re.sub(r"\.\d+$", "", match[2]), match[1]


def allowed_state():
    path = tap.ROOT / "tests/hygiene/allowed_state.txt"
    lines = path.read_text().splitlines()
    return {line.split()[0] for line in lines if line.strip() and not line.startswith("#")}


def state_violations(archive, allowed):
    for name, section in writable_objects(archive):
        if name not in allowed:
            yield f"{name}: writable state in section {section}"


def planted_state(suite):
    source = "int counter = 1; static int hidden; int bump(void) { return counter + hidden++; }\n"
    with tap.planted({"a.c": source}) as folder:
        subprocess.run(["cc", "-c", f"{folder}/a.c", "-o", f"{folder}/a.o"], check=True)
        found = len(list(state_violations(f"{folder}/a.o", set())))
    suite.case("planted writable globals are found",
               [] if found == 2 else [f"2 expected, {found} found"])


def main():
    suite = tap.Suite()
    shared, archive = tap.BUILD / "libdovetail.so", tap.BUILD / "libdovetail.a"
    if shared.exists():
        declared, exported = declared_names(tap.ROOT), exported_names(shared)
        suite.case("the shared library exports exactly the DVT_API names of the headers",
                   export_differences(declared, exported))
        suite.case("a planted leaked symbol and a missing definition are found",
                   [] if len(list(export_differences({"dvt_a", "dvt_b"}, {"dvt_b", "x"}))) == 2
                   else ["not found"])
    else:
        suite.skip("the shared library exports exactly the DVT_API names of the headers",
                   f"missing {shared}")
    suite.case("the library keeps no writable state", state_violations(archive, allowed_state()))
    planted_state(suite)
    suite.finish()


if __name__ == "__main__":
    main()
