// SPDX-License-Identifier: Apache-2.0
//
// worker_pagmo.cpp - pagmo2's non-dominated sorting and hypervolume for bench_front.py.
//
// Lines on standard input: "sort FILE", "hv FILE"; FILE holds int64 count, int64 objectives, the
// points and a reference point, all doubles. Answers "seconds value" (processor seconds of the call
// alone; fronts or volume).
#include <pagmo/utils/hypervolume.hpp>
#include <pagmo/utils/multi_objective.hpp>

#include <cstdint>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

static double now()
{
    timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

static std::vector<double> row(std::ifstream &in, std::int64_t objectives)
{
    std::vector<double> v(static_cast<std::size_t>(objectives));
    in.read(reinterpret_cast<char *>(v.data()),
            static_cast<std::streamsize>(v.size() * sizeof(double)));
    return v;
}

int main()
{
    std::string what, path;

    while (std::cin >> what >> path) {
        std::ifstream file(path, std::ios::binary);
        std::int64_t head[2];
        std::vector<std::vector<double>> points;
        file.read(reinterpret_cast<char *>(head), sizeof head);
        for (std::int64_t i = 0; i < head[0]; i++) {
            points.push_back(row(file, head[1]));
        }
        const std::vector<double> reference = row(file, head[1]);
        const double begin = now();
        double value;
        if (what == "sort") {
            value = static_cast<double>(std::get<0>(pagmo::fast_non_dominated_sorting(points)).size());
        } else {
            value = pagmo::hypervolume(points, false).compute(reference);
        }
        std::printf("%.9g %.17g\n", now() - begin, value);
        std::fflush(stdout);
    }
}
