#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pareto_query.py - questions to a frontier line by line, and its page.

Each line of standard input is answered at once, which a program that waits for the answer before
it asks again shows. The HTML page must need nothing from outside and hold the points of --json.
"""
import json
import re
import subprocess

from command import DOVETAIL, ROOT, Suite, Workplace, dovetail

TABLE = "nasbench101:examples/tables/made_up.csv"


def batch(front, *argv):
    return subprocess.Popen([DOVETAIL, "pareto", "query", str(front), "--batch", *argv], cwd=ROOT,
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def ask(process, line):
    process.stdin.write(line + "\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


def best(points, key, keep=lambda p: True, largest=False):
    kept = [p[key] for p in points if keep(p)]
    return (max if largest else min)(kept) if kept else None


def conversation(front, points):
    """Lines that say where the answers are not those of looking at all points."""
    process, found = batch(front), []
    cases = [
        ('{}', best(points, "accuracy", largest=True), "accuracy"),
        ('{"where": "latency<20ms", "best": "accuracy"}',
         best(points, "accuracy", lambda p: p["latency_ms"] < 20, True), "accuracy"),
        ('{"best": "area", "where": "accuracy>=0.9"}',
         best(points, "area_mm2", lambda p: p["accuracy"] >= 0.9), "area_mm2"),
        ('{"best": "latency", "where": "area<=70mm2,accuracy>0.8"}',
         best(points, "latency_ms", lambda p: p["area_mm2"] <= 70 and p["accuracy"] > 0.8),
         "latency_ms"),
    ]
    for line, value, key in cases:
        point = ask(process, line)["point"]
        if point[key] != value:
            found.append(f"{line}: {point[key]}, not {value}")
    if ask(process, '{"where": "latency<1ns"}') != {"point": None}:
        found.append("a point where none can be")
    process.stdin.close()
    if process.wait(timeout=60) != 0:
        found.append(f"exit status {process.returncode}")
    return found


def wrong_lines(front):
    """A wrong line is answered with its error; the next one is answered, too."""
    process, found = batch(front), []
    cases = [('{"where": "latncy<3ms"}', "E_NOTFOUND", "did you mean 'latency'?"),
             ('{"where": 3}', "E_PARSE", ""), ("[", "E_PARSE", ""), ("3", "E_PARSE", ""),
             ('{"were": "latency<3ms"}', "E_PARSE", "where"),
             ('{"best": "beauty"}', "E_NOTFOUND", ""),
             ('{"where": "latency<nan"}', "E_USAGE", "")]
    for line, status, hint in cases:
        answer = ask(process, line)
        if answer.get("status") != status or hint not in answer["hint"]:
            found.append(f"{line}: {answer}")
    if not ask(process, "{}").get("point"):
        found.append("no answer behind wrong lines")
    process.stdin.close()
    if process.wait(timeout=60) != 2:
        found.append(f"exit status {process.returncode}, not that of the last error")
    return found


def page(points):
    text = dovetail("pareto", "--networks", TABLE, "--html").out
    data = re.search(r'<script id="data" type="application/json">(.*?)</script>', text, re.S)
    found = [] if data else ["no data in the page"]
    if data and json.loads(data[1])["frontier"] != points:
        found.append("other points than --json")
    outside = re.findall(r'(?:src|href)\s*=|@import|url\(|fetch\(|XMLHttpRequest', text)
    links = [u for u in re.findall(r"https?://[^'\"\s]+", text)
             if u != "http://www.w3.org/2000/svg"]
    return found + [f"reaches outside: {x}" for x in outside + links]


def main():
    suite = Suite()
    with Workplace() as w:
        front = w.path / "made_up.front"
        result = dovetail("pareto", "--networks", TABLE, "--json", "-o", front)
        points = result.json()["frontier"]
        suite.case("a frontier is found and written", result.problems())
        suite.case("lines are answered one by one", conversation(front, points))
        suite.case("wrong lines are answered with their error", wrong_lines(front))
        suite.case("the page holds the points and needs nothing else", page(points))
    suite.finish()


if __name__ == "__main__":
    main()
