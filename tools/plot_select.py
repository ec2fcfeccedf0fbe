#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""plot_select.py - results of `dovetail predict select --json` as one SVG with two plots.

Usage     tools/plot_select.py RESULT.json... -o FILE.svg
Plots     over the number of measured networks: Kendall's tau over what is not measured, and the
          percent of the predicted top 1 % that are in the true one; a line a result, solid where
          the model chose its samples, dashed where chance did.
"""
import argparse
import json
import pathlib

WIDTH, HEIGHT, LEFT, TOP, GAP = 380, 280, 56, 30, 70
COLOURS = ("#1f5fa8", "#c2571a", "#2d8a4e", "#8a3fa0", "#b02a46")


def scale(values, low, high, size):
    return [size * (v - low) / (high - low) for v in values]


def axes(x, title, ticks_x, ticks_y, low, high):
    out = [f'<g transform="translate({x},{TOP})">',
           f'<text x="0" y="-12" font-weight="bold">{title}</text>',
           f'<path d="M0 0V{HEIGHT}H{WIDTH}" fill="none" stroke="#333"/>']
    for v in ticks_x:
        at = WIDTH * v / ticks_x[-1]
        out.append(f'<text x="{at:.1f}" y="{HEIGHT + 16}" text-anchor="middle">{v}</text>')
    for v in ticks_y:
        at = HEIGHT - HEIGHT * (v - low) / (high - low)
        out.append(f'<path d="M0 {at:.1f}H{WIDTH}" stroke="#ddd"/>'
                   f'<text x="-6" y="{at + 4:.1f}" text-anchor="end">{v:g}</text>')
    out.append(f'<text x="{WIDTH / 2}" y="{HEIGHT + 34}" text-anchor="middle">'
               'measured networks</text>')
    return out


def lines(results, key, low, high, last):
    models = sorted({r["model"] for r in results})
    for r in results:
        xs = scale([p["samples"] for p in r["rounds"]], 0, last, WIDTH)
        ys = scale([p[key] for p in r["rounds"]], low, high, HEIGHT)
        points = " ".join(f"{x:.1f},{HEIGHT - y:.1f}" for x, y in zip(xs, ys))
        dash = ' stroke-dasharray="5 4"' if r["choice"] == "random" else ""
        colour = COLOURS[models.index(r["model"]) % len(COLOURS)]
        yield (f'<polyline points="{points}" fill="none" stroke="{colour}" '
               f'stroke-width="2"{dash}/>')


def legend(results, x):
    models = sorted({r["model"] for r in results})
    for i, model in enumerate(models):
        colour = COLOURS[i % len(COLOURS)]
        y = TOP + HEIGHT + 56 + 18 * (i // 3)
        at = x + 150 * (i % 3)
        yield (f'<path d="M{at} {y}h24" stroke="{colour}" stroke-width="2"/>'
               f'<text x="{at + 30}" y="{y + 4}">{model}</text>')
    y = TOP + HEIGHT + 56
    yield (f'<text x="{x + 470}" y="{y + 4}">solid: iterative selection, dashed: random samples'
           '</text>')


def picture(results):
    last = max(p["samples"] for r in results for p in r["rounds"])
    taus = [p["kendall"] for r in results for p in r["rounds"]]
    low = min(0.2, int(min(taus) * 10) / 10)
    ticks_x = [round(last * i / 5) for i in range(6)]
    width = LEFT + 2 * WIDTH + GAP + 20
    body = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {TOP + HEIGHT + 90}" '
            'font-family="sans-serif" font-size="12">',
            '<rect width="100%" height="100%" fill="white"/>']
    body += axes(LEFT, "Kendall's tau over what is not measured", ticks_x,
                 [round(low + (1 - low) * i / 4, 2) for i in range(5)], low, 1)
    body += [*lines(results, "kendall", low, 1, last), "</g>"]
    body += axes(LEFT + WIDTH + GAP, "predicted top 1 % that is in the true top 1 %, percent",
                 ticks_x, [0, 20, 40, 60, 80, 100], 0, 100)
    body += [*lines(results, "top_1pct", 0, 100, last), "</g>", *legend(results, LEFT), "</svg>"]
    return "\n".join(body) + "\n"


def main():
    parser = argparse.ArgumentParser(description="plots results of dovetail predict select")
    parser.add_argument("results", nargs="+", type=pathlib.Path)
    parser.add_argument("-o", "--output", type=pathlib.Path, required=True)
    args = parser.parse_args()
    results = [json.loads(path.read_text()) for path in args.results]
    temporary = args.output.with_suffix(".tmp")
    temporary.write_text(picture(results))
    temporary.replace(args.output)


if __name__ == "__main__":
    main()
