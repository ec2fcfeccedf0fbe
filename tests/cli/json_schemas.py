#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""json_schemas.py - every --json output obeys its schema in docs/cli/schemas.

The outputs are those of real commands; each schema is used by at least one of them. The checker
itself is shown to find planted violations.
"""
import json

from command import ROOT, Suite, Workplace, dovetail
from schema_check import violations

NB201_CELL = "|none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|"
GLYPHS = "examples/models/glyphs/glyphs.onnx"
SCHEMAS = {}
for path in sorted((ROOT / "docs/cli/schemas").glob("*.json")):
    schema = json.loads(path.read_text())
    SCHEMAS[schema["title"]] = (path, schema)


def commands(w):
    """(exit code, arguments) of commands whose output is JSON; later ones use files of earlier."""
    tiny = [w.model, "--seed-weights"]
    overlay = ["--overlay", "small-fp11"]
    program = w.path / "tiny.dvp"
    yield 0, ["version"]
    yield 0, ["help"]
    yield 0, ["help", "eval"]
    yield 0, ["info", w.model]
    yield 0, ["info", w.model, "--values", "--text"]
    yield 0, ["convert", w.model, "--seed-weights", "-o", w.path / "tiny.onnx"]
    yield 0, ["check", w.model]
    yield 1, ["check", w.model, *overlay]
    yield 0, ["check", "overlays/small-fp11.json"]
    yield 0, ["compile", *tiny, *overlay, "-o", program]
    yield 0, ["compile", *tiny, *overlay, "--words"]
    yield 0, ["compile", "--optimisations"]
    yield 0, ["check", program]
    yield 0, ["run", program, "--input", w.array, "--output-dir", w.path / "program"]
    yield 0, ["profile", program]
    yield 0, ["profile", w.model, *overlay, "--naive"]
    for engine in ("reference", "naive", "overlay"):
        yield 0, ["run", *tiny, *overlay, "--input", w.array, "--engine", engine,
                  "--keep", "pool", "--output-dir", w.path / engine]
        yield 0, ["eval", *tiny, *overlay, "--dataset", "glyphs:4", "--engine", engine,
                  "--scale", "1/255"]
    yield 0, ["eval", *tiny, "--dataset", "glyphs:4", "--mean", "33", "--std", "78", "--mean-first"]
    yield 0, ["overlay", "list"]
    yield 0, ["overlay", "rtl", "small-fp11", "-o", w.path / "rtl"]
    yield 0, ["overlay", "synth", "tests/support/overlays/odd-one.json", "-o", w.path / "synth"]
    yield 0, ["overlay", "show", "large-fp16"]
    yield 0, ["overlay", "fit", "medium-fp11"]
    yield 1, ["overlay", "fit", "large-fp16", "--device", "ecp5-85"]
    yield 0, ["overlay", "package", "small-int8"]
    yield 0, ["space", "list"]
    yield 0, ["space", "info", "nasbench201@chaidnn"]
    yield 0, ["space", "count", "chaidnn"]
    yield 0, ["space", "show", "nasbench201", NB201_CELL, "--text"]
    yield 0, ["space", "sample", "nasbench201@chaidnn", "--number", "2"]
    yield 0, ["space", "enumerate", "chaidnn", "--first", "8638"]
    yield 0, ["space", "info", "nasbench201@overlays", "--device", "zu7ev"]
    yield 0, ["space", "show", "ranks", "2,4,8,full", "--network", GLYPHS]
    cells, cache = "examples/tables/made_up.csv", w.path / "cells.cache"
    yield 0, ["data", "import", "nasbench101", cells, "-o", cache]
    yield 0, ["data", "query", cache]
    chain, pointwise = "b49ac8c578b4561d79ac7087988f1c61", "d1269d9156ddc027c40473008192958a"
    yield 0, ["data", "query", cache, chain]
    yield 0, ["data", "query", cache, pointwise, "--column", "params"]
    yield 1, ["data", "query", cache, pointwise, "--column", "val4"]
    yield 0, ["data", "query", "help:examples/tables/made_up_devices.csv", "7"]
    yield 0, ["data", "list", w.path]
    yield 0, ["pareto", "--networks", f"nasbench101:{cache}", "--where", "latency<10ms",
               "-o", w.path / "cells.front"]
    yield 0, ["pareto", "--networks", f"nasbench101:{cache}", "--objectives", "macs,dsp"]
    yield 1, ["pareto", "--networks", f"nasbench101:{cache}", "--where", "latency<1ns"]
    yield 0, ["pareto", "query", w.path / "cells.front"]
    yield 1, ["pareto", "query", w.path / "cells.front", "--where", "latency<1ns"]
    measured = ["--table", f"nasbench101:{cells}", "--target", "mean_test_acc_108", "--train", "3",
                "--valid", "0"]
    yield 0, ["predict", "eval", *measured, "--seeds", "2"]
    yield 0, ["predict", "select", *measured[:4], "--rounds", "2", "--number", "2"]
    yield 0, ["predict", "zero-cost", *measured[:4], "--number", "2"]
    yield 0, ["predict", "train", *measured, "--model", "ridge", "-o", w.path / "ridge.npz"]
    yield 0, ["predict", "eval", w.path / "ridge.npz", *measured]
    yield 0, ["predict", "rank", w.path / "ridge.npz", *measured, "--number", "2"]
    yield 2, ["inof"]
    yield 2, ["info"]
    yield 2, ["info", "--jsom", w.model]
    yield 6, ["info", w.path / "absent.onnx"]
    yield 3, ["info", ROOT / "README.md"]
    yield 1, ["run", w.model, "--seed-weights", "--input", w.array, "--keep", "poool"]


def judge(code, argv, used):
    result = dovetail(*argv, "--json")
    found = result.problems(code)
    try:
        value = result.json()
    except ValueError as error:
        return [*found, f"no JSON: {error}: {result.out[:200]}"]
    name = value.get("schema")
    used.add(name)
    if name not in SCHEMAS:
        return [*found, f"there is no schema '{name}' in docs/cli/schemas"]
    if (code > 1) != (name == "dovetail.error/1") and code != 1:
        found.append(f"schema {name} with exit status {code}")
    return found + violations(value, SCHEMAS[name][1], name)


PLANTED = [
    ("a missing key is found", {"required": ["a"]}, {}),
    ("an unknown key is found", {"properties": {}, "additionalProperties": False}, {"a": 1}),
    ("a wrong type is found", {"type": "integer"}, 1.5),
    ("true is no integer", {"type": "integer"}, True),
    ("a wrong item is found", {"items": {"type": "string"}}, ["a", 1]),
    ("a value out of range is found", {"minimum": 0, "maximum": 1}, 2),
    ("another constant is found", {"const": "a"}, "b"),
    ("a value outside the list is found", {"enum": ["a"]}, "b"),
    ("a text of another form is found", {"pattern": "^a$"}, "ab"),
    ("a word that is not checked is found", {"maxItems": 1}, []),
    ("a wrong free key is found", {"additionalProperties": {"type": "string"}}, {"a": 1}),
]


def main():
    suite, used = Suite(), set()
    for name, (path, schema) in SCHEMAS.items():
        wrong = [] if name.split(".")[1].split("/")[0] == path.stem else ["not the file's name"]
        wrong += [] if schema["properties"]["schema"] == {"const": name} else ["not in the object"]
        suite.case(f"{path.name} is named by what it describes", wrong)
    with Workplace() as w:
        for code, argv in commands(w):
            shown = " ".join(str(a).replace(str(w.path), "DIR").replace(str(ROOT), "ROOT")
                             for a in argv)
            suite.case(f"dovetail {shown} --json", judge(code, argv, used))
    suite.case("every schema was used", [f"{s} by no command" for s in SCHEMAS if s not in used])
    for claim, schema, value in PLANTED:
        suite.case(claim, [] if violations(value, schema) else ["not found"])
    suite.finish()


if __name__ == "__main__":
    main()
