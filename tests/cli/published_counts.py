#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""published_counts.py - info and profile on published topologies: the work that is known of them.

Multiply-accumulates of convolution and dense layers for one image, from the prototxts alone, as
other tools count them. The profile has to account for every cycle of every subgraph.
"""
import os
import pathlib
import sys

from command import ROOT, Suite, dovetail

DATA = pathlib.Path(os.environ.get("DOVETAIL_TEST_DATA") or ROOT.parent / "shared/data")
MODELS = {  # prototxt: 10^9 multiply-accumulates, to four places
    "BVLC+caffe/models/bvlc_googlenet/deploy.prototxt": 1.5827,
    "BVLC+caffe/models/bvlc_alexnet/deploy.prototxt": 0.7244,
    "KaimingHe+deep-residual-networks/prototxt/ResNet-50-deploy.prototxt": 3.8580,
    "KaimingHe+deep-residual-networks/prototxt/ResNet-101-deploy.prototxt": 7.5702,
}


def count_problems(info, gmacs):
    got = info["macs"] / 1e9
    return [] if abs(got - gmacs) < 0.00006 else [f"{got:.5f} G, known are {gmacs} G"]


def profile_problems(profile, macs):
    """Cycles, stalls and work add up, and no ratio is above its bound."""
    found = []
    if profile["macs"] + profile["host_macs"] != macs:
        found.append(f"work of {profile['macs']} and {profile['host_macs']} is not {macs}")
    if not 0 < profile["array_efficiency"] <= profile["mapping_limit"] <= 1:
        found.append(f"{profile['array_efficiency']} of {profile['mapping_limit']}")
    end = 0
    for part in profile["subgraphs"]:
        if part["start"] != end:
            found.append(f"{part['name']} starts at {part['start']}, the one before ended at {end}")
        end = part["end"]
        spent = part["array_busy"] + sum(part["stalls"].values())
        if spent != end - part["start"]:
            found.append(f"{part['name']}: {end - part['start']} cycles, {spent} accounted for")
    if end != profile["cycles"]:
        found.append(f"{profile['cycles']} cycles, the last subgraph ends at {end}")
    return found


def main():
    if not (DATA / "models").is_dir():
        print(f"missing {DATA / 'models'}")
        return 77
    suite = Suite()
    for name, gmacs in MODELS.items():
        path = DATA / "models" / name
        if not path.exists():
            suite.skip(name, f"missing {path}")
            continue
        info = dovetail("info", path, "--json").json()
        suite.case(f"{name}: {gmacs} G multiply-accumulates", count_problems(info, gmacs))
        profile = dovetail("profile", path, "--overlay", "large-fp11", "--json").json()
        suite.case(f"{name}: its profile adds up", profile_problems(profile, info["macs"]))
    suite.case("another count is found",
               [] if count_problems({"macs": 1_590_000_000}, 1.5827) else ["not found"])
    suite.case("a gap between subgraphs is found", [] if profile_problems({
        "macs": 1, "host_macs": 0, "array_efficiency": 0.5, "mapping_limit": 0.6, "cycles": 2,
        "subgraphs": [{"name": "a", "start": 1, "end": 2, "array_busy": 1, "stalls": {}}]},
        1) else ["not found"])
    return suite.finish()


if __name__ == "__main__":
    sys.exit(main())
