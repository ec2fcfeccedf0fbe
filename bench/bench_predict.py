#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench_predict.py - training and scoring of predictors, beside what the searches allow.

Usage     bench/bench_predict.py [--json] [TEXT]      only cases whose name holds TEXT
Prints    for each case the seconds of training and of scoring all 423,624 cells of NAS-Bench-101 on
          one thread; the limit beside scoring is 20 s, what a search waits without complaint. The
          peer of the graph network, PyTorch, is in bench_learn.py.
Data      nas/nasbench101.csv.gz below DOVETAIL_TEST_DATA.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from common import BUILD, DATA  # noqa: E402

LIMIT_S = 20
# name, model, samples, options
CASES = (("best, 100 samples", "best", 100, ()), ("best, 424 samples", "best", 424, ()),
         ("brp-gcn, 100 samples, 5 epochs", "brp-gcn", 100, ("--epochs", "5")))


def dovetail(*argv):
    done = subprocess.run([str(BUILD / "dovetail"), "predict", *map(str, argv), "--json",
                           "--jobs", "1"], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def measure(table, folder, model, samples, options):
    predictor = pathlib.Path(folder) / "predictor.npz"
    common = ("--table", f"nasbench101:{table}", "--target", "mean_test_acc_108")
    trained = dovetail("train", *common, "--train", samples, "--valid", 0, "--model", model,
                       "-o", predictor, *options)
    ranked = dovetail("rank", predictor, *common)
    return {"train_s": trained["seeds"][0]["train_seconds"], "score_s": ranked["seconds"],
            "cells": ranked["scored"], "limit_s": LIMIT_S}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("text", nargs="?", default="")
    args = parser.parse_args()
    source = DATA / "nas/nasbench101.csv.gz"
    if not source.exists():
        print(json.dumps({"skipped": str(source)}) if args.json else f"skipped: no {source}")
        return
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        table = pathlib.Path(folder) / "cells.cache"
        subprocess.run([str(BUILD / "dovetail"), "data", "import", "nasbench101", str(source), "-o",
                        str(table), "--quiet"], check=True, capture_output=True)
        for name, model, samples, options in CASES:
            if args.text in name:
                rows.append({"case": name, **measure(table, folder, model, samples, options)})
    if args.json:
        print(json.dumps({"cases": rows}))
        return
    print(f"{'':32} {'training':>10} {'scoring':>10} {'limit':>8}")
    for r in rows:
        print(f"{r['case']:32} {r['train_s']:8.2f} s {r['score_s']:8.2f} s {r['limit_s']:6} s")


if __name__ == "__main__":
    main()
