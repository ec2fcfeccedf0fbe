#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""onnx_export_peers.py - models that we wrote, run by engines that are not ours.

Points of the network spaces and networks of the examples are exported as ONNX; OpenCV (Debian's
python3-opencv) and ONNX Runtime (bench/peers.sh) must compute what `dovetail run` computes. An
engine that is not installed is a skipped case.
"""
import os
import pathlib
import random
import struct
import subprocess
import tempfile

ROOT = pathlib.Path(os.environ.get("DOVETAIL_ROOT") or pathlib.Path(__file__).resolve().parents[2])
DOVETAIL = str(pathlib.Path(os.environ.get("DOVETAIL_BUILD") or ROOT / "build") / "dovetail")
ORT = pathlib.Path(os.environ.get("DOVETAIL_ORT") or ROOT / "build-bench" / "node_modules")
GLYPHS = "examples/models/glyphs/glyphs.onnx"
TOLERANCE = 2e-4  # of the largest output

OPENCV = """
import sys, cv2, numpy
dims = [int(d) for d in sys.argv[3].split(",")]
x = numpy.fromfile(sys.argv[2], dtype=numpy.float32).reshape(dims)
net = cv2.dnn.readNetFromONNX(sys.argv[1])
net.setInput(x)
net.forward().astype(numpy.float32).tofile(sys.argv[4])
"""
RUNTIME = """
const [modules, model, input, dims, output] = process.argv.slice(1);
const ort = require(modules + '/onnxruntime-node'), fs = require('fs');
(async () => {
  const session = await ort.InferenceSession.create(model);
  const data = new Float32Array(new Uint8Array(fs.readFileSync(input)).buffer);
  const x = new ort.Tensor('float32', data, dims.split(',').map(Number));
  const feeds = {[session.inputNames[0]]: x};
  const result = await session.run(feeds);
  fs.writeFileSync(output, Buffer.from(result[session.outputNames[0]].data.buffer));
})();
"""


def python_with_opencv():
    for python in ("python3", "/usr/bin/python3"):
        try:
            if subprocess.run([python, "-c", "import cv2"], capture_output=True,
                              check=False).returncode == 0:
                return python
        except OSError:
            pass
    return None


def dovetail(*args):
    return subprocess.run([DOVETAIL, *map(str, args)], cwd=ROOT, capture_output=True, text=True,
                          check=True).stdout


def write_npy(path, dims, raw):
    shape = ", ".join(map(str, dims)) + ","
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({shape}), }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + raw)


def read_npy(path):
    data = path.read_bytes()
    at = 10 + struct.unpack("<H", data[8:10])[0]
    return struct.unpack(f"<{(len(data) - at) // 4}f", data[at:])


def models(folder):
    """(name, ONNX file, input dimensions)"""
    for space, number in (("nasbench201", 6), ("nasbench101", 2)):
        points = dovetail("space", "sample", space, "--number", number, "--seed", 17).split()
        for i, point in enumerate(points):
            path = folder / f"{space}{i}.onnx"
            dovetail("space", "show", space, point, "--onnx", path)
            yield f"{space} {point}", path, [1, 3, 32, 32]
    path = folder / "glyphs.onnx"
    dovetail("convert", GLYPHS, "--passes", "-o", path)
    yield "glyphs", path, [1, 1, 28, 28]
    path = folder / "ranks.onnx"
    dovetail("space", "show", "ranks", "2,4,8,full", "--network", GLYPHS, "--onnx", path)
    yield "glyphs, factored", path, [1, 1, 28, 28]


def engines():
    python = python_with_opencv()
    yield "OpenCV", python and [python, "-c", OPENCV], "python3-opencv is not installed"
    there = (ORT / "onnxruntime-node").exists()
    yield ("ONNX Runtime", there and ["node", "-e", RUNTIME, "--", str(ORT)],
           "onnxruntime-node is not installed (bench/peers.sh)")


def run_ours(folder, path, dims, raw):
    write_npy(folder / "x.npy", dims, raw)
    for old in (folder / "out").glob("*.npy"):
        old.unlink()
    dovetail("run", path, "--input", folder / "x.npy", "--output-dir", folder / "out")
    return read_npy(next((folder / "out").glob("*.npy")))


def difference(folder, command, path, dims, want):
    done = subprocess.run([*command, str(path), str(folder / "x.raw"), ",".join(map(str, dims)),
                           str(folder / "y.raw")], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return " ".join(done.stderr.split())[-200:]
    data = (folder / "y.raw").read_bytes()
    got = struct.unpack(f"<{len(data) // 4}f", data)
    if len(got) != len(want):
        return f"{len(got)} values, {len(want)} are wanted"
    worst = max(abs(a - b) for a, b in zip(got, want))
    return None if worst <= TOLERANCE * max(map(abs, want)) else f"off by {worst:g}"


def main():
    number, failed, rng = 0, 0, random.Random(3)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "out").mkdir()
        for what, path, dims in models(folder):
            count = dims[0] * dims[1] * dims[2] * dims[3]
            raw = struct.pack(f"<{count}f", *(rng.uniform(-1, 1) for _ in range(count)))
            (folder / "x.raw").write_bytes(raw)
            want = run_ours(folder, path, dims, raw)
            for engine, command, reason in engines():
                number += 1
                if not command:
                    print(f"ok {number} - {engine}: {what} # SKIP {reason}")
                    continue
                wrong = difference(folder, command, path, dims, want)
                failed += wrong is not None
                print(f"{'not ok' if wrong else 'ok'} {number} - {engine}: {what}")
                if wrong:
                    print(f"#   {wrong}")
    print(f"1..{number}")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
