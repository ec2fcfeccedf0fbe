#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""layers.py - the modules include one another in one direction only (docs/layers.txt)."""
import sys

import tap

sys.path.insert(0, str(tap.ROOT / "tools"))
import check_layers  # noqa: E402  (found through the line above)

LAYERS = "0 base\n1 tensor kernels\n2 graph\n"
CLEAN = {
    "docs/layers.txt": LAYERS,
    "include/dovetail/base.h": "",
    "include/dovetail/kernels.h": '#include "dovetail/base.h"\n',
    "src/base/base_int.h": "",
    "src/base/base.c": '#include "dovetail/base.h"\n#include "base/base_int.h"\n',
    "src/graph/node.c": '#include "dovetail/kernels.h"\n',
}
VIOLATIONS = {
    "an upward include": {"src/base/a.c": '#include "graph/x.h"\n', "src/graph/x.h": ""},
    "an upward include of a public header": {"src/base/a.c": '#include "dovetail/kernels.h"\n'},
    "a public header with a private include": {
        "include/dovetail/graph.h": '#include "base/base_int.h"\n'},
    "a header without a module": {"include/dovetail/odd.h": ""},
    "a folder without a level": {"src/odd/a.c": ""},
    "an include without its module": {"src/base/a.c": '#include "base_int.h"\n'},
    "an include of nothing": {"src/base/a.c": '#include "base/none.h"\n'},
}


def violations(files):
    with tap.planted(files) as folder:
        return list(check_layers.check(tap.pathlib.Path(folder)))


def main():
    suite = tap.Suite()
    suite.case("modules include only lower levels", check_layers.check(tap.ROOT))
    suite.case("a clean planted tree is clean", violations(CLEAN))
    for name, files in VIOLATIONS.items():
        found = violations(CLEAN | files)
        suite.case(f"found: {name}", [] if len(found) == 1 else [f"1 expected, got {found}"])
    suite.finish()


if __name__ == "__main__":
    main()
