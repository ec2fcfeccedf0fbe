#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench_exec.py - the fast executor beside ONNX Runtime, OpenCV and the processor's limit.

Usage     bench/bench_exec.py [--json] [TEXT]      only networks whose name holds TEXT
Prints    for each number of threads and network: multiply-accumulates, milliseconds of each engine
          (median; wall, and processor time in brackets), our wall time divided by the peer's (below
          1: we are faster), and the share of the fused multiply-add rate of a processor second that
          is measured in the same run.
Peers     bench/peers.sh installs them; one that is missing, or refuses a network, is reported.
Networks  trained ones, and full-size ONNX topologies whose weights are constant, from
          DOVETAIL_TEST_DATA; the repository's own where there is one.
"""
import argparse
import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from common import BUILD, DATA, ROOT, Worker, interleave, same_result  # noqa: E402

BENCH = ROOT / "bench"
THREADS = (1, 2)
LIGHT = "onnx+onnx/onnx/backend/test/data/light/light_"
RFB = "Linzaer+Ultra-Light-Fast-Generic-Face-Detector-1MB/"
LENET = "LupinLeo+LeNet-5-ZYNQ/"
# name, model, weights; below DATA/models
NETWORKS = (
    ("LeNet (Caffe)", LENET + "deploy.prototxt", LENET + "lenet_iter_10000.caffemodel"),
    ("CIFAR-10 quick (Caffe)", "Simshang+pycaffe/cifar10_quick.prototxt",
     "Simshang+pycaffe/cifar10_quick_iter_5000.caffemodel"),
    ("resnet20", "Amandashi95+onnc/resnet20.onnx", None),
    ("RFB-320 (ONNX)", RFB + "models/onnx/version-RFB-320_simplified.onnx", None),
    ("RFB-320 (Caffe)", RFB + "caffe/model/RFB-320/RFB-320.prototxt",
     RFB + "caffe/model/RFB-320/RFB-320.caffemodel"),
    ("SqueezeNet 1.1 f16",
     "microsoft+Windows-Machine-Learning/SharedContent/models/SqueezeNet_fp16.onnx", None),
    ("SqueezeNet 1.0 topology", LIGHT + "squeezenet.onnx", None),
    ("AlexNet topology", LIGHT + "bvlc_alexnet.onnx", None),
    ("GoogLeNet topology", LIGHT + "inception_v1.onnx", None),
    ("ResNet-50 topology", LIGHT + "resnet50.onnx", None),
)


def python_with_opencv():
    """Debian's module belongs to Debian's Python, which need not be the first in the path."""
    for python in ("python3", "/usr/bin/python3"):
        try:
            if subprocess.run([python, "-c", "import cv2"], capture_output=True).returncode == 0:
                return python
        except OSError:
            pass
    return None


def find_peers():
    node = ROOT / "build-bench" / "node_modules" / "onnxruntime-node"
    return {
        "ort": None if node.exists() else "onnxruntime-node is not installed (bench/peers.sh)",
        "python": python_with_opencv(),
    }


def start(peers, threads, model, weights):
    """Workers of one network: ours, ONNX Runtime, OpenCV, the limit."""
    files = [str(f) for f in (model, weights) if f]
    absent = next((f"no file {f}" for f in files if not pathlib.Path(f).exists()), None)
    ours = Worker([str(BUILD / "bench" / "worker_exec"), str(threads), *files], absent)
    not_onnx = None if model.suffix == ".onnx" else "reads no Caffe files"
    ort = Worker(["node", str(BENCH / "worker_ort.js"), str(threads), str(model)],
                 absent or not_onnx or peers["ort"])
    no_opencv = None if peers["python"] else "python3-opencv is not installed (bench/peers.sh)"
    inputs = json.dumps(ours.facts.get("inputs", []))
    script = str(BENCH / "worker_opencv.py")
    opencv = Worker([peers["python"], script, str(threads), inputs, *files], absent or no_opencv)
    limit = Worker([str(BUILD / "bench" / "worker_limit"), str(threads)], absent)
    return ours, ort, opencv, limit


def compare(ours, peer):
    figures = peer.figures()
    if not ours.reason and not peer.reason:
        mine = ours.figures()
        figures["ratio_wall"] = mine["wall_s"] / figures["wall_s"]
        figures["ratio_cpu"] = mine["cpu_s"] / figures["cpu_s"]
        figures["same_result"] = same_result(ours, peer)
    return figures


def measure(peers, threads, name, model, weights):
    workers = ours, ort, opencv, limit = start(peers, threads, model, weights)
    if not ours.reason:
        interleave(workers)
    result = {"network": name, "threads": threads, "macs": ours.facts.get("macs"),
              "dovetail": ours.figures(), "onnxruntime": compare(ours, ort),
              "opencv": compare(ours, opencv)}
    if not ours.reason and not limit.reason:
        peak = limit.facts["macs"] / limit.figures()["cpu_s"]
        result["limit_macs_per_cpu_s"] = peak
        result["share_of_limit"] = result["macs"] / result["dovetail"]["cpu_s"] / peak
    for worker in workers:
        worker.close()
    return result


def cell(figures):
    if "not_measured" in figures:
        return f"{'-':>23}"
    text = f"{1e3 * figures['wall_s']:8.2f} ({1e3 * figures['cpu_s']:7.2f})"
    if "ratio_wall" in figures:
        text += f" {figures['ratio_wall']:5.2f}"
    return f"{text:>23}"


def print_row(row):
    rate = row["macs"] / row["dovetail"]["cpu_s"] if "cpu_s" in row["dovetail"] else 0
    share = f"{100 * row['share_of_limit']:5.1f}%" if "share_of_limit" in row else "     -"
    print(f"{row['network']:24} {(row['macs'] or 0) / 1e9:7.3f} {cell(row['dovetail']):>18} "
          f"{rate / 1e9:7.1f} {share} {cell(row['onnxruntime'])} {cell(row['opencv'])}", flush=True)
    for key, title in (("dovetail", "Dovetail"), ("onnxruntime", "ONNX Runtime"),
                       ("opencv", "OpenCV")):
        if "not_measured" in row[key]:
            print(f"    {title} not measured: {row[key]['not_measured']}")
        if row[key].get("same_result") is False:
            print(f"    {title} computes something else")


def print_head(threads):
    print(f"\n{threads} thread{'s' if threads > 1 else ''}: ms a run, wall (processor); ratio: "
          "ours / peer")
    print(f"{'network':24} {'GMAC':>7} {'Dovetail':>18}    {'/cpu s':>7} {'limit':>6} "
          f"{'ONNX Runtime   ratio':>23} {'OpenCV   ratio':>23}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("text", nargs="?", default="")
    options = parser.parse_args()
    peers, results = find_peers(), []
    for threads in THREADS:
        if not options.json:
            print_head(threads)
        for name, model, weights in NETWORKS:
            if options.text not in name:
                continue
            row = measure(peers, threads, name, DATA / "models" / model,
                          weights and DATA / "models" / weights)
            results.append(row)
            if not options.json:
                print_row(row)
    if options.json:
        print(json.dumps({"schema": "dovetail.bench_exec/1", "results": results}, indent=1))


main()
