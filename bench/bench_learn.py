#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench_learn.py - training and scoring with the reference graph network, beside PyTorch.

Usage     bench/bench_learn.py [--json] [TEXT]      only rows whose name holds TEXT
Prints    for each row processor seconds an epoch (median of runs in turns, one thread each), their
          ratio, what 250 epochs take, and the rate of multiply-adds that the products alone amount
          to. The network is BRP-NAS's latency predictor (worker_learn.c): 4 layers, width 600, 900
          graphs of 9 nodes, batches of 32; rows beside it show how time grows.
          "tied" computes nodes of equal context once (docs/learn.md, sharing); PyTorch's time
          beside it is that of the untied network. "score" is a pass without gradients, equal
          contexts computed once.
Peers     python3-torch, for Debian's Python; a missing one is reported.
"""
import argparse
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from common import BUILD, ROOT, Worker, interleave, same_result  # noqa: E402

EPOCHS = 250
ROWS = (  # mode, samples, width
    ("train", 900, 600), ("tied", 900, 600), ("train", 300, 600), ("train", 2700, 600),
    ("train", 900, 150), ("train", 900, 300), ("train", 900, 1200), ("score", 10000, 600))


def macs(samples, width):
    """Of an epoch's products, for graphs of 9 nodes whose last layer is the global node's."""
    return 3 * samples * (2 * 9 + 1) * width * width


def measure(mode, samples, width):
    ours = Worker([str(BUILD / "bench" / "worker_learn"), mode, str(samples), str(width), "1"])
    theirs = Worker(["/usr/bin/python3", str(ROOT / "bench" / "worker_learn_torch.py"),
                     "score" if mode == "score" else "train", str(samples), str(width), "1"])
    interleave([ours, theirs])
    row = {"name": f"{mode} {samples} x {width}", "dovetail": ours.figures(),
           "pytorch": theirs.figures(), "same_result": None}
    if not ours.reason:
        cpu = row["dovetail"]["cpu_s"]
        row["epochs_250_s"] = None if mode == "score" else cpu * EPOCHS
        row["graphs_per_s"] = samples / cpu
        if mode == "train":
            row["macs_per_s"] = macs(samples, width) / cpu
    if not ours.reason and not theirs.reason:
        row["ratio"] = row["dovetail"]["cpu_s"] / row["pytorch"]["cpu_s"]
        row["same_result"] = same_result(ours, theirs)
    for worker in (ours, theirs):
        worker.close()
    return row


def number(value, form):
    return f"{value:{form}}" if value is not None else "-"


def print_row(row):
    ours, theirs = row["dovetail"].get("cpu_s"), row["pytorch"].get("cpu_s")
    print(f"{row['name']:20} {number(ours, '10.4f'):>10} {number(theirs, '10.4f'):>10} "
          f"{number(row.get('ratio'), '6.3f'):>6} {number(row.get('epochs_250_s'), '9.1f'):>9} "
          f"{number(row.get('graphs_per_s'), '10.0f'):>10} "
          f"{number(row.get('macs_per_s') and row['macs_per_s'] / 1e9, '8.1f'):>8}", flush=True)
    for key in ("dovetail", "pytorch"):
        if "not_measured" in row[key]:
            print(f"    {key} not measured: {row[key]['not_measured']}")
    if row["same_result"] is False:
        print("    the engines computed something else")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("text", nargs="?", default="")
    options = parser.parse_args()
    if not options.json:
        print("processor seconds an epoch, one thread; ratio: ours / PyTorch")
        print(f"{'':20} {'Dovetail':>10} {'PyTorch':>10} {'ratio':>6} {'250 ep s':>9} "
              f"{'graphs/s':>10} {'GMAC/s':>8}")
    results = []
    for mode, samples, width in ROWS:
        if options.text not in f"{mode} {samples} x {width}":
            continue
        results.append(measure(mode, samples, width))
        if not options.json:
            print_row(results[-1])
    if options.json:
        print(json.dumps({"schema": "dovetail.bench_learn/1", "results": results}, indent=1))


main()
