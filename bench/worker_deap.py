#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""worker_deap.py - DEAP's non-dominated sorting and hypervolume for bench_front.py.

Speaks as worker_pagmo.cpp does. DEAP's hypervolume is its C extension where the package has it.
"""
import sys
import time

import numpy
from deap import base, tools

try:
    from deap.tools._hypervolume import hv
except ImportError:
    from deap.tools._hypervolume import pyhv as hv


class Fitness(base.Fitness):
    weights = ()


def individuals(points):
    Fitness.weights = (-1.0,) * points.shape[1]

    class Individual(list):
        pass

    out = []
    for p in points:
        one = Individual(p)
        one.fitness = Fitness(tuple(p))
        out.append(one)
    return out


def main():
    for line in sys.stdin:
        what, path = line.split()
        count, objectives = numpy.fromfile(path, numpy.int64, 2)
        values = numpy.fromfile(path, numpy.float64, offset=16).reshape(count + 1, objectives)
        points, reference = values[:-1], values[-1]
        given = individuals(points) if what == "sort" else points
        begin = time.process_time()
        if what == "sort":
            value = len(tools.sortLogNondominated(given, len(given)))
        else:
            value = hv.hypervolume(given, reference)
        print(f"{time.process_time() - begin:.9g} {value:.17g}", flush=True)


if __name__ == "__main__":
    main()
