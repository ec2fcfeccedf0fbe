#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""check_layers.py - holds the one-way order of modules that docs/layers.txt writes down.

Usage     tools/check_layers.py [ROOT]    prints "file:line: what is wrong"; exits 1 if anything is
Rules     (1) src/<module>/* includes "other/..." and "dovetail/<header of other>" only where other
              is the module itself or of a lower level;
          (2) include/dovetail/*.h includes only "dovetail/..." and obeys (1) as its module would;
          (3) every module folder and every public header has a line in docs/layers.txt;
          (4) what is included exists.
Schemas   "formats/x.pb-c.h" is made from src/formats/x.proto at build time and counts as that file.
Tests     tests/hygiene/layers.py plants one violation of each rule.
"""
import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"')


def read_layers(root):
    """{module: level} and {public header stem: module}."""
    level_of, module_of = {}, {}
    for line in (root / "docs/layers.txt").read_text().splitlines():
        words = line.split("#")[0].split()
        if words:
            level_of[words[1]] = int(words[0])
            for header in words[1:]:
                module_of[header] = words[1]
    return level_of, module_of


def included(path):
    """(line number, included name) for each #include with quotes."""
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        if match := INCLUDE.match(line):
            yield number, match[1]


def exists(root, name):
    if name.startswith("dovetail/"):
        return (root / "include" / name).exists()
    schema = name.removesuffix(".pb-c.h") + ".proto" if name.endswith(".pb-c.h") else name
    return (root / "src" / schema).exists()


def module_of_include(name, module_of):
    """The module that an included name belongs to, or None."""
    folder, _, rest = name.partition("/")
    if folder == "dovetail":
        return module_of.get(rest.removesuffix(".h"))
    return folder if rest else None


def check_file(root, path, module, layers):
    level_of, module_of = layers
    public = "include" in path.relative_to(root).parts
    for number, name in included(path):
        where = f"{path.relative_to(root)}:{number}"
        other = module_of_include(name, module_of)
        if public and not name.startswith("dovetail/"):
            yield f'{where}: a public header includes the private "{name}"'
        elif other not in level_of:
            yield f'{where}: "{name}" is of no module in docs/layers.txt (write "module/name.h")'
        elif not exists(root, name):
            yield f'{where}: "{name}" does not exist'
        elif other != module and level_of[other] >= level_of[module]:
            yield (f"{where}: {module} (level {level_of[module]}) includes {other} "
                   f"(level {level_of[other]})")


def check(root):
    """All violations below `root`, as text lines."""
    layers = level_of, module_of = read_layers(root)
    for folder in sorted(p for p in (root / "src").glob("*") if p.is_dir()):
        if folder.name not in level_of:
            yield f"src/{folder.name}: no line in docs/layers.txt"
            continue
        for path in sorted(folder.rglob("*.[ch]")):
            yield from check_file(root, path, folder.name, layers)
    for path in sorted((root / "include/dovetail").glob("*.h")):
        if path.stem not in module_of:
            yield f"include/dovetail/{path.name}: belongs to no module in docs/layers.txt"
        else:
            yield from check_file(root, path, module_of[path.stem], layers)


def main(argv):
    root = pathlib.Path(argv[1] if len(argv) > 1 else __file__).resolve()
    if root.is_file():
        root = root.parent.parent
    violations = list(check(root))
    print("\n".join(violations) if violations else "layers are clean")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
