#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""determinism.py - the same input, options and seed give the same bytes: twice, and with 1 and 2
threads.
"""
import hashlib
import json

from command import Suite, Workplace, dovetail


def commands(w, folder):
    """(name, arguments) of commands that compute; files go below `folder`."""
    tiny = [w.model, "--seed-weights"]
    for overlay in ("small-fp11", "medium-fp16"):
        yield f"compile for {overlay}", [
            "compile", *tiny, "--overlay", overlay, "-o", folder / f"{overlay}.dvp"]
        yield f"profile on {overlay}", ["profile", *tiny, "--overlay", overlay]
    for engine in ("reference", "naive", "overlay"):
        yield f"run by {engine}", ["run", *tiny, "--input", w.array, "--engine", engine,
                                   "--keep", "pool", "--output-dir", folder / engine]
        yield f"eval by {engine}", ["eval", *tiny, "--dataset", "glyphs:20", "--engine", engine]
    yield "run by an int8 overlay", ["run", *tiny, "--input", w.array, "--engine", "overlay",
                                     "--overlay", "small-int8", "--output-dir", folder / "int8"]


def outcome(argv, folder, jobs):
    """Text and files of a command, without its folder's name and the time that passed."""
    folder.mkdir(parents=True, exist_ok=True)
    result = dovetail(*argv, "--json", "-j", jobs)
    if result.code != 0:
        return f"exit status {result.code}: {result.out[:300]}"
    value = json.loads(result.out.replace(str(folder), "DIR"))
    value.pop("seconds", None)
    files = {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
             for p in folder.rglob("*") if p.is_file()}
    return {"value": value, "files": files}


def differences(outcomes):
    first = outcomes[0]
    if isinstance(first, str):
        return [first]
    return [f"run {i + 2} differs: {other}" for i, other in enumerate(outcomes[1:])
            if other != first]


def main():
    suite = Suite()
    with Workplace() as w:
        runs = [("1", w.path / "a"), ("1", w.path / "b"), ("2", w.path / "c")]
        lists = [list(commands(w, folder)) for _, folder in runs]
        for i, (name, _) in enumerate(lists[0]):
            outcomes = [outcome(lists[k][i][1], folder, jobs)
                        for k, (jobs, folder) in enumerate(runs)]
            suite.case(f"{name}: the same bytes twice and with 2 threads", differences(outcomes))
        other = outcome([*lists[0][1][1], "--seed", "2"], runs[0][1], "1")
        suite.case("other outcomes are found", [] if differences([other, {}]) else ["not found"])
        seeds = [outcome(["run", w.model, "--seed-weights", "--seed", seed, "--input", w.array,
                          "--output-dir", w.path / "seed"], w.path / "seed", "1")
                 for seed in ("1", "2")]
        suite.case("another seed gives other values",
                   [] if seeds[0]["files"] != seeds[1]["files"] else ["the same files"])
    suite.finish()


if __name__ == "__main__":
    main()
