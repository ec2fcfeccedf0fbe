# SPDX-License-Identifier: Apache-2.0
"""common.py - what the benchmarks share: workers and interleaved timing.

Worker    A process that runs one network in one engine (bench/worker_*). Its first line is JSON:
          what it runs, or {"error": reason}. For every line N that it reads it runs N times and
          answers {"wall": [seconds...], "cpu": [seconds...]}.
Timing    Engines take turns (A B C A B C ...), so that what else the machine does hits all of them.
          A figure is the median over all runs. `cpu` is the processor time of the whole process:
          on a machine that is shared it tells more than `wall`; with several threads it holds what
          idle threads spin away.
Inputs    Element k of an input is (37 k mod 101) / 50 - 1, in every engine. The sum of the outputs'
          magnitudes is compared, so that equal work is timed.
"""
import json
import os
import pathlib
import statistics
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
DATA = pathlib.Path(os.environ.get("DOVETAIL_TEST_DATA", ROOT.parent / "shared" / "data"))
BUILD = pathlib.Path(os.environ.get("DOVETAIL_BENCH_BUILD", ROOT / "build"))

ROUNDS = 5
ROUND_SECONDS = 0.12  # of one engine
CHECK_TOLERANCE = 2e-3


class Worker:
    """One engine with one network; `reason` is set where it cannot run."""

    def __init__(self, command, missing=None):
        """`missing`: why it is not even started."""
        self.wall, self.cpu, self.reason, self.facts, self.process = [], [], missing, {}, None
        if missing:
            return
        try:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=subprocess.DEVNULL, text=True)
        except OSError as error:
            self.reason = f"{command[0]}: {error.strerror}"
            return
        self.facts = self.read()
        self.reason = self.facts.get("error")

    def read(self):
        line = self.process.stdout.readline()
        return json.loads(line) if line else {"error": "ended without an answer"}

    def run(self, count):
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        answer = self.read()
        self.reason = answer.get("error")
        self.wall += answer.get("wall", [])
        self.cpu += answer.get("cpu", [])
        return answer.get("wall", [1.0])

    def close(self):
        if self.process:
            self.process.stdin.close()
            self.process.wait()

    def figures(self):
        """Medians in seconds, or the reason why there are none."""
        if self.reason:
            return {"not_measured": self.reason}
        return {"engine": self.facts.get("engine"), "wall_s": statistics.median(self.wall),
                "cpu_s": statistics.median(self.cpu), "runs": len(self.wall)}


def interleave(workers):
    """Runs all workers that can, in turns; each gets about ROUND_SECONDS a round."""
    able = [w for w in workers if not w.reason]
    counts = [min(1000, max(1, int(ROUND_SECONDS / max(w.run(1)[-1], 1e-6)))) for w in able]
    for worker in able:
        worker.wall.clear()
        worker.cpu.clear()
    for _ in range(ROUNDS):
        for worker, count in zip(able, counts):
            if not worker.reason:
                worker.run(count)


def same_result(ours, peer):
    """None where one of them is not finite."""
    a, b = ours.facts.get("check"), peer.facts.get("check")
    if a is None or b is None:
        return None
    return abs(a - b) <= CHECK_TOLERANCE * max(abs(a), abs(b), 1e-30)
