# SPDX-License-Identifier: Apache-2.0
"""worker_opencv.py - runs one network in OpenCV's dnn module; the protocol of worker_exec.c.

Usage     python3 bench/worker_opencv.py JOBS INPUTS MODEL [WEIGHTS]
Inputs    INPUTS is the "inputs" list that worker_exec printed: OpenCV does not tell shapes.
"""
import json
import sys
import time

import cv2
import numpy


def say(thing):
    print(json.dumps(thing), flush=True)


def pattern(shape):
    count = int(numpy.prod(shape))
    k = numpy.arange(count, dtype=numpy.int64) * 37 % 101
    return (k.astype(numpy.float32) / numpy.float32(50) - numpy.float32(1)).reshape(shape)


def load(model, weights):
    if model.endswith(".onnx"):
        return cv2.dnn.readNetFromONNX(model)
    return cv2.dnn.readNetFromCaffe(model, weights)


def main():
    jobs, inputs, model = int(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3]
    cv2.setNumThreads(jobs)
    net = load(model, sys.argv[4] if len(sys.argv) > 4 else None)
    names = net.getUnconnectedOutLayersNames()
    blobs = [(pattern(i["shape"]), i["name"]) for i in inputs]

    def run():
        for blob, name in blobs:
            net.setInput(blob, name)
        return net.forward(names)

    check = float(sum(numpy.abs(y.astype(numpy.float64)).sum() for y in run()))
    say({"engine": "OpenCV " + cv2.__version__, "check": check if numpy.isfinite(check) else None})
    for line in sys.stdin:
        wall, cpu = [], []
        for _ in range(int(line)):
            cpu_at, at = time.process_time(), time.perf_counter()
            run()
            wall.append(time.perf_counter() - at)
            cpu.append(time.process_time() - cpu_at)
        say({"wall": wall, "cpu": cpu})


try:
    main()
except cv2.error as error:
    say({"error": " ".join(str(error).split())[-160:]})
