# SPDX-License-Identifier: Apache-2.0
"""command.py - what the tests of the command share: running it, small networks and arrays, TAP.

A network here is text in the test; arrays are written without NumPy. Suite is the one of the
hygiene tests.
"""
import json
import os
import pathlib
import resource
import struct
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(os.environ.get("DOVETAIL_ROOT") or pathlib.Path(__file__).resolve().parents[2])
sys.path.insert(0, str(ROOT / "tests" / "hygiene"))
from tap import Suite  # noqa: E402, F401 - for the tests

DOVETAIL = os.environ.get("DOVETAIL") or str(ROOT / "build/dovetail")
GLYPHS = ROOT / "examples/models/glyphs/glyphs.onnx"
TIMEOUT_S = 120

# 28 x 28 digits, a little of everything an overlay does; softmax stays on the host.
TINY = """name: "tiny"
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 1 dim: 1 dim: 28 dim: 28 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 8 kernel_size: 5 } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool"
        pooling_param { pool: MAX kernel_size: 2 stride: 2 } }
layer { name: "ip" type: "InnerProduct" bottom: "pool" top: "ip"
        inner_product_param { num_output: 10 } }
layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }
"""


class Result:
    """What a finished command left: exit status, the two streams, and the JSON if asked for."""

    def __init__(self, argv, code, out, err):
        self.argv, self.code, self.out, self.err = argv, code, out, err

    def json(self):
        return json.loads(self.out)

    def problems(self, code=0, said="", silent_err=True):
        """Lines that say in what this is not the result that was expected."""
        shown = f"dovetail {' '.join(map(str, self.argv))}"
        found = []
        if self.code != code:
            found.append(f"{shown}: exit status {self.code}, not {code}: {self.err.strip()[-300:]}")
        if said and said not in self.out + self.err:
            found.append(f"{shown}: does not say '{said}' but: {(self.out + self.err)[:400]}")
        if code == 0 and silent_err and self.err:
            found.append(f"{shown}: standard error is not empty: {self.err[:300]}")
        return found


def dovetail(*argv, cwd=None, stdout=subprocess.PIPE, file_bytes=None, env=None, text=True):
    """Runs the command; `file_bytes` is the largest file it may write (RLIMIT_FSIZE)."""

    def limit():
        if file_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))

    done = subprocess.run(
        [DOVETAIL, *map(str, argv)], cwd=cwd or ROOT, stdin=subprocess.DEVNULL, stdout=stdout,
        stderr=subprocess.PIPE, check=False, timeout=TIMEOUT_S, preexec_fn=limit,
        env={**os.environ, **(env or {})})
    out, err = done.stdout or b"", done.stderr
    if text:
        out = out.decode(errors="replace")
    return Result(argv, done.returncode, out, err.decode(errors="replace"))


def npy_bytes(shape, values):
    """A float32 .npy file, version 1.0, C order."""
    head = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {tuple(shape)}, }}"
    pad = -(10 + len(head) + 1) % 64
    head = (head + " " * pad + "\n").encode()
    return (b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head
            + struct.pack(f"<{len(values)}f", *values))


def digit_image():
    """(1,1,28,28) of a repeatable pattern in 0..1."""
    return npy_bytes((1, 1, 28, 28), [(i * 37 % 101) / 101 for i in range(784)])


class Workplace:
    """A temporary folder with tiny.prototxt and x.npy in it; use as a context manager."""

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="dovetail-cli-")
        self.path = pathlib.Path(self._folder.name)
        self.model = self.path / "tiny.prototxt"
        self.model.write_text(TINY)
        self.array = self.path / "x.npy"
        self.array.write_bytes(digit_image())
        return self

    def __exit__(self, *reason):
        self._folder.cleanup()

    def names(self):
        return sorted(str(p.relative_to(self.path)) for p in self.path.rglob("*") if p.is_file())
