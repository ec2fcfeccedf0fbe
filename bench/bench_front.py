#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench_front.py - non-dominated sorting and hypervolume beside pagmo2 and DEAP, on equal points.

Usage     bench/bench_front.py [--json]
Prints    for each set of points: processor milliseconds of the call alone (median; the engines take
          turns), and the peer's time divided by ours (above 1: we are faster). The engines must
          agree: number of fronts, volume to 1e-9.
Peers     pagmo2 (libpagmo-dev; bench/worker_pagmo.cpp is compiled here) and DEAP (python3-deap; its
          hypervolume is its C extension). One that is missing is reported, and left out.
Points    sort: uniform in the unit cube, many fronts. hv: random points of the part of the unit
          sphere with positive coordinates (DTLZ2), none dominated, below (1.1, ...).
"""
import argparse
import json
import pathlib
import random
import statistics
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from common import BUILD, ROOT  # noqa: E402

ROUNDS = 5
SETS = (("sort", 2, 2000), ("sort", 2, 10000), ("sort", 3, 2000), ("sort", 3, 10000),
        ("sort", 5, 2000), ("hv", 2, 10000), ("hv", 3, 2000), ("hv", 4, 200), ("hv", 5, 100),
        ("hv", 6, 60))


class Engine:
    """A worker that answers "seconds value"; `reason` says why there is none."""

    def __init__(self, name, command, reason=None):
        self.name, self.reason, self.process = name, reason, None
        if not reason:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, text=True,
                                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def ask(self, what, path):
        self.process.stdin.write(f"{what} {path}\n")
        self.process.stdin.flush()
        return tuple(map(float, self.process.stdout.readline().split()))

    def close(self):
        if self.process:
            self.process.stdin.close()
            self.process.wait()


def pagmo(folder):
    program = folder / "worker_pagmo"
    made = subprocess.run(["c++", "-std=c++17", "-O2", ROOT / "bench/worker_pagmo.cpp", "-o",
                           program, "-lpagmo", "-ltbb", "-lboost_serialization"],
                          capture_output=True)
    return Engine("pagmo2", [program], None if made.returncode == 0 else
                  "pagmo2 does not compile here (libpagmo-dev: tools/setup.sh --all)")


def deap():
    for python in ("/usr/bin/python3", "python3"):
        try:
            if subprocess.run([python, "-c", "import deap, numpy"],
                              capture_output=True).returncode == 0:
                return Engine("DEAP", [python, ROOT / "bench/worker_deap.py"])
        except OSError:
            pass
    return Engine("DEAP", [], "python3-deap is not installed (tools/setup.sh --all)")


def points_of(what, objectives, count):
    rng = random.Random(objectives * 1000 + count)
    if what == "sort":
        return [[rng.random() for _ in range(objectives)] for _ in range(count)]
    out = []
    for _ in range(count):
        v = [abs(rng.gauss(0, 1)) for _ in range(objectives)]
        length = sum(x * x for x in v) ** 0.5
        out.append([x / length for x in v])
    return out


def write(path, points):
    flat = [x for p in points for x in p] + [1.1] * len(points[0])
    path.write_bytes(struct.pack("=qq", len(points), len(points[0]))
                     + struct.pack(f"={len(flat)}d", *flat))


def measure(engines, what, path):
    """{engine: median seconds}, and whether all values agree."""
    times, values = {e.name: [] for e in engines}, []
    for _ in range(ROUNDS):
        for engine in engines:
            seconds, value = engine.ask(what, path)
            times[engine.name].append(seconds)
            values.append(value)
    agree = max(values) - min(values) <= 1e-9 * max(map(abs, values))
    return {name: statistics.median(list_) for name, list_ in times.items()}, agree


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    rows = []
    with tempfile.TemporaryDirectory(prefix="dovetail-bench-") as name:
        folder = pathlib.Path(name)
        ours = Engine("Dovetail", [BUILD / "bench/worker_front"])
        engines = [ours, pagmo(folder), deap()]
        for engine in engines:
            if engine.reason and not as_json:
                print(f"{engine.name}: skipped, {engine.reason}")
        able = [e for e in engines if not e.reason]
        if not as_json:
            print(f"{'':24}" + "".join(f"{e.name + ' ms':>14}" for e in able)
                  + "".join(f"{e.name + ' / ours':>16}" for e in able[1:]))
        for what, objectives, count in SETS:
            path = folder / "points"
            write(path, points_of(what, objectives, count))
            medians, agree = measure(able, what, path)
            row = {"name": f"{what}, {objectives} objectives, {count}", "agree": agree,
                   "ms": {k: 1e3 * v for k, v in medians.items()},
                   "ratio": {e.name: medians[e.name] / medians["Dovetail"] for e in able[1:]}}
            rows.append(row)
            if not as_json:
                print(f"{row['name']:24}" + "".join(f"{row['ms'][e.name]:14.3f}" for e in able)
                      + "".join(f"{row['ratio'][e.name]:16.1f}" for e in able[1:])
                      + ("" if agree else "  RESULTS DIFFER"), flush=True)
        for engine in engines:
            engine.close()
    if as_json:
        print(json.dumps({"schema": "dovetail.bench_front/1", "results": rows,
                          "skipped": {e.name: e.reason for e in engines if e.reason}}))


if __name__ == "__main__":
    main()
