#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""interrupt.py - Ctrl-C in the middle of long work: exit 130, the reason said, no piece of a file.

The command is stopped once it is at work, which its progress line on a terminal shows: standard
error is a pseudo-terminal here, so the progress line itself is tested, too.
"""
import json
import os
import pty
import re
import signal
import subprocess
import time

from command import DOVETAIL, ROOT, Suite, Workplace, npy_bytes

LONG = "2000000"  # images: minutes of work
PROGRESS = re.compile(r"\r\x1b\[Keval: [\d,]+ of 2,000,000 images, \S+/s, \S+.* left")


def read_until(fd, pattern, seconds):
    """What the terminal shows until `pattern` does, or the time is over."""
    shown, end = "", time.monotonic() + seconds
    while time.monotonic() < end and not pattern.search(shown):
        try:
            shown += os.read(fd, 4096).decode(errors="replace")
        except OSError:  # the other side is closed
            break
    return shown


def rest_of(fd):
    shown = ""
    while True:
        try:
            piece = os.read(fd, 4096).decode(errors="replace")
        except OSError:
            return shown
        if not piece:
            return shown
        shown += piece


def interrupted(argv, signals=1):
    """(exit status, standard output, terminal) of a command that gets Ctrl-C at its progress."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([DOVETAIL, *map(str, argv)], cwd=ROOT, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=theirs, text=True)
    os.close(theirs)
    shown = read_until(ours, PROGRESS, 60)
    for _ in range(signals):
        process.send_signal(signal.SIGINT)
        time.sleep(0.02)
    shown += rest_of(ours)
    out, _ = process.communicate(timeout=60)
    os.close(ours)
    return process.returncode, out, shown


def deep_network(layers=300):
    """Convolutions one after the other, seconds of work for the naive engine."""
    text = ['name: "deep"', 'layer { name: "c0" type: "Input" top: "c0"',
            "  input_param { shape { dim: 1 dim: 16 dim: 128 dim: 128 } } }"]
    for i in range(layers):
        text.append(f'layer {{ name: "c{i + 1}" type: "Convolution" bottom: "c{i}" top: "c{i + 1}"'
                    " convolution_param { num_output: 16 kernel_size: 3 pad: 1 } }")
    return "\n".join(text) + "\n"


def run_stops(w):
    """Ctrl-C between two layers of `run`: 130, and no output is written."""
    (w.path / "deep.prototxt").write_text(deep_network())
    (w.path / "deep.npy").write_bytes(npy_bytes((1, 16, 128, 128), [0.5] * (16 * 128 * 128)))
    process = subprocess.Popen(
        [DOVETAIL, "run", str(w.path / "deep.prototxt"), "--seed-weights", "--engine", "naive",
         "--input", str(w.path / "deep.npy"), "--output-dir", str(w.path / "deep")],
        cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    found = [] if process.returncode == 130 else [f"exit status {process.returncode}"]
    found += [] if "stopped while running the network" in err else [err]
    return found + [name for name in w.names() if name.startswith("deep/")] + ([out] if out else [])


def main():
    suite = Suite()
    with Workplace() as w:
        argv = ["eval", w.model, "--seed-weights", "--dataset", f"glyphs:{LONG}"]
        before = w.names()
        code, out, shown = interrupted(argv)
        suite.case("progress is drawn on a terminal: done, total, rate, time left",
                   [] if PROGRESS.search(shown) else [repr(shown[-300:])])
        suite.case("Ctrl-C ends with 130", [] if code == 130 else [f"{code}: {shown[-300:]!r}"])
        suite.case("the line of progress is wiped before the message",
                   [] if re.search(r"\r\x1b\[Kerror: [^\r\n]+", shown) else [repr(shown[-300:])])
        suite.case("nothing stands on standard output", [out] if out else [])
        code, out, shown = interrupted([*argv, "--json"])
        value = json.loads(out) if out else {}
        suite.case("with --json the error is an object", [
            text for text in [f"{code} {value}"]
            if code != 130 or value.get("status") != "E_CANCELLED"])
        code, out, shown = interrupted([*argv, "--engine", "overlay", "--overlay", "small-fp11"])
        suite.case("the overlay's model stops, too",
                   [] if code == 130 else [f"{code}: {shown[-300:]!r}"])
        suite.case("no file is left behind", [n for n in w.names() if n not in before])
        suite.case("run stops between two layers", run_stops(w))
        quiet = subprocess.run(
            [DOVETAIL, "eval", str(w.model), "--seed-weights", "--dataset", "glyphs:700"],
            cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
        suite.case("no progress is drawn where there is no terminal",
                   [quiet.stderr] if quiet.stderr else [])
    suite.finish()


if __name__ == "__main__":
    main()
