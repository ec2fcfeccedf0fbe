#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""exit_codes.py - each class of ending has its code, its text with a hint, and its JSON form.

0 done, 1 the answer is no, 2 usage, 3 bad input, 4 unsupported, 6 system; 130 is in interrupt.py. A
bug of ours (5) cannot be had on purpose: its code stands in the table that docs/errors.md shows.
"""
import os
import re

from command import GLYPHS, ROOT, Suite, TINY, Workplace, dovetail

BIG = TINY.replace("num_output: 10", "num_output: 1000")
ACCELERATOR = ("filter_par=8,pixel_par=32,input_depth=2048,weight_depth=1024,output_depth=1024,"
               "memory_bits=256,pool_engine=0,share=12")
RNN = TINY.replace('type: "ReLU"', 'type: "LSTM"')
BAD_SHAPE = TINY.replace("kernel_size: 5", "kernel_size: 50")
BAD_TEXT = TINY.replace("num_output: 8", "num_output: eight")


def cases(w):
    """(claim, code, what must be said, arguments)"""
    model = [w.model, "--seed-weights"]
    program = w.path / "tiny.dvp"
    dovetail("compile", *model, "-o", program)
    texts = {"big": BIG, "rnn": RNN, "shape": BAD_SHAPE, "text": BAD_TEXT}
    for name, text in texts.items():
        (w.path / f"{name}.prototxt").write_text(text)
    (w.path / "cut.npy").write_bytes(w.array.read_bytes()[:-100])
    (w.path / "wide.npy").write_bytes(w.array.read_bytes().replace(b"28, 28", b"56, 14"))
    (w.path / "cut.json").write_text('{"name": "x",\n "array": {')
    yield "an answer", 0, "", ["info", w.model]
    yield "nodes on the host", 1, "softmax", ["check", w.model, "--overlay", "small-fp11"]
    yield "a value that is not there", 1, "no value and no layer 'poool'", [
        "run", *model, "--input", w.array, "--keep", "poool"]
    yield "an input that is not there", 1, "no input 'dta'", [
        "run", *model, "--input", f"dta={w.array}"]
    yield "no such command", 2, "did you mean 'compile'?", ["complie"]
    yield "no such page", 2, "did you mean 'eval'?", ["help", "evla"]
    yield "no such action", 2, "did you mean 'show'", ["overlay", "shwo"]
    yield "no such action of spaces", 2, "did you mean 'count'", ["space", "cuont"]
    yield "a space left out", 2, "needs a SPACE", ["space", "info"]
    yield "a number behind the last", 2, "no point 8640", ["space", "enumerate", "chaidnn",
                                                       "--first", "8640"]
    yield "no such space", 1, "did you mean 'chaidnn'?", ["space", "count", "chaidn"]
    yield "a cell that is none", 3, "column 1", ["space", "show", "nasbench201", "none"]
    yield "an accelerator is no network", 4, "no networks", [
        "space", "show", "chaidnn", "--text", ACCELERATOR]
    yield "no such option", 2, "did you mean '--overlay'?", ["profile", w.model, "--overly", "x"]
    yield "no argument", 2, "dovetail help info", ["info"]
    yield "no file to write", 2, "convert needs a file", ["convert", w.model]
    yield "a form that is none", 2, ".onnx, .dvg", ["convert", w.model, "-o", w.path / "a.pb"]
    yield "no weights to write", 2, "has no data", ["convert", w.model, "-o", w.path / "a.onnx"]
    yield "too many arguments", 2, "unexpected argument", ["info", w.model, "b"]
    yield "a required option", 2, "--dataset", ["eval", w.model]
    yield "no such choice", 2, "reference/naive/overlay", ["run", w.model, "--engine", "gpu"]
    yield "a number out of range", 2, "0..1024", ["info", w.model, "-j", "2000"]
    yield "no number", 2, "integer", ["info", w.model, "--batch", "many"]
    yield "an input left out", 2, "--input [NAME=]FILE.npy", ["run", *model]
    yield "a shape that is none", 2, "write it as", ["info", w.model, "--shape", "data=1,x"]
    yield "a data set of no kind", 2, "mnist", ["eval", *model, "--dataset", "mnits:x"]
    yield "an optimisation of no name", 2, "fuse-scale", [
        "compile", *model, "--disable", "fuse-scal"]
    yield "an overlay for a program", 2, "is for networks", [
        "profile", program, "--overlay", "large-fp11"]
    yield "a kept value of a program", 2, "is for networks", [
        "run", program, "--input", w.array, "--keep", "pool"]
    yield "the reference for a program", 2, "leave --engine out", [
        "run", program, "--input", w.array, "--engine", "reference"]
    yield "a program that runs", 0, "prob", [
        "run", program, "--input", w.array, "--output-dir", w.path / "out1"]
    yield "a program for a network", 2, "is a compiled program", ["info", program]
    yield "weights left out", 2, "--weights", ["compile", w.model]
    yield "a file that is no network", 3, "README.md", ["info", ROOT / "README.md"]
    yield "text that is wrong at a place", 3, "text.prototxt:5:", ["info", w.path / "text.prototxt"]
    yield "a shape that cannot be", 3, "conv", ["info", w.path / "shape.prototxt"]
    yield "an array cut short", 3, "cut.npy", ["run", *model, "--input", w.path / "cut.npy"]
    yield "an array of another shape", 3, "[1,1,56,14]", [
        "run", *model, "--input", w.path / "wide.npy"]
    yield "a description cut short", 3, "cut.json:2:", ["check", w.path / "cut.json"]
    yield "a layer that is not handled", 4, "LSTM", ["info", w.path / "rnn.prototxt"]
    yield "a file that is not there", 6, "No such file", ["info", w.path / "absent.onnx"]
    yield "an overlay that is not there", 6, "ready are large-fp11", [
        "profile", w.model, "--overlay", "huge"]
    yield "a folder that cannot be made", 6, "No such file", [
        "run", *model, "--input", w.array, "--output-dir", w.path / "a/b/c"]
    yield "too small a memory budget", 6, "--memory-mib", [
        "compile", w.path / "big.prototxt", "--seed-weights", "--memory-mib", "1"]


def text_problems(code, said, argv):
    result = dovetail(*argv)
    found = result.problems(code, said)
    if code > 1 and result.out:
        found.append(f"standard output is not empty: {result.out[:200]}")
    placed = re.match(r"\S+:(\d+:\d+|byte \d+): error: ", result.err)
    if code > 1 and not placed and not re.search(r"^error: .*\nhint: ", result.err):
        found.append(f"an error without a place and without a hint: {result.err[:400]}")
    if code == 5 or "bug in dovetail" in result.err:
        found.append(result.err)
    return found


def json_problems(code, argv):
    result = dovetail(*argv, "--json")
    if result.code != code:
        return [f"exit status {result.code}, not {code}"]
    if code < 2:
        return []
    value = result.json()
    found = [] if value["schema"] == "dovetail.error/1" else ["no error object"]
    return found + ([f"standard error is not empty: {result.err}"] if result.err else [])


def truncated_network(w):
    """Half an ONNX file: exit 3, with the byte at which it went wrong."""
    whole = GLYPHS.read_bytes()
    path = w.path / "half.onnx"
    path.write_bytes(whole[:len(whole) // 2])
    text, value = dovetail("info", path), dovetail("info", path, "--json").json()
    found = text.problems(3, f"{path}:byte ")
    if not 0 <= value["offset"] <= len(whole) // 2 or value["status"] != "E_PARSE":
        found.append(str(value))
    return found


def full_disk(w):
    """Standard output and files that cannot be written: exit 6, and no piece of a file stays."""
    found = []
    if os.path.exists("/dev/full"):
        with open("/dev/full", "wb") as full:
            result = dovetail("info", w.model, stdout=full)
        found += result.problems(6, "standard output")
    out = w.path / "out"
    for argv in (["compile", w.model, "--seed-weights", "-o", w.path / "big.dvp"],
                 ["info", w.model, "--dot", w.path / "big.dot"],
                 ["run", w.model, "--seed-weights", "--input", w.array, "--output-dir", out]):
        before = w.names()
        found += dovetail(*argv, file_bytes=100).problems(6, "File too large")
        found += [f"left behind: {name}" for name in w.names() if name not in before]
    return found


def main():
    suite = Suite()
    with Workplace() as w:
        for claim, code, said, argv in cases(w):
            suite.case(f"{claim}: exit {code}", text_problems(code, said, argv))
            suite.case(f"{claim}: with --json, too", json_problems(code, argv))
        if GLYPHS.exists():
            suite.case("a truncated network: exit 3 with the byte", truncated_network(w))
        else:
            suite.skip("a truncated network: exit 3 with the byte", f"missing {GLYPHS}")
        suite.case("a full disk: exit 6 and nothing left behind", full_disk(w))
        suite.case("another exit status is found",
                   [] if text_problems(3, "", ["version"]) else ["not found"])
        suite.case("a missing hint is found",
                   [] if text_problems(2, "no such hint", ["complie"]) else ["not found"])
    suite.finish()


if __name__ == "__main__":
    main()
