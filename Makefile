# SPDX-License-Identifier: Apache-2.0
#
# A thin wrapper: CMake builds (CMakePresets.json), tests/run tests, tools/setup.sh installs.
# `make help` lists the goals; nothing here is needed to use CMake directly.

SECONDS ?= 60
PATTERN ?=
# Set by .ci/run: warnings of gcc are errors too (those of clang always are, in build-asan).
WERROR = $(if $(DOVETAIL_WERROR),-DDOVETAIL_WERROR=ON)
CMAKE_QUIET = --log-level=WARNING >/dev/null

.PHONY: all setup demo check check-all bench fuzz onnx-ops docs format tidy cov clean help \
        build-dev build-asan build-tsan build-fuzz

all: setup
	@cmake --preset release $(WERROR) $(CMAKE_QUIET)
	@cmake --build --preset release

setup:
	@tools/setup.sh

demo: all
	@tools/demo.sh

# Both builds, then one run over both, so that there is one line of totals.
check: all build-asan
	@tests/run --build build --build build-asan $(PATTERN)

check-all:
	@tools/setup.sh --all
	@$(MAKE) --no-print-directory all build-asan build-tsan build-fuzz
	@tests/run --long --build build --build build-asan --build build-tsan $(PATTERN)
	@tools/lint.sh
	@tools/fuzz.sh $(SECONDS)

bench: all
	@bench/run

fuzz:
	@tools/setup.sh --all
	@$(MAKE) --no-print-directory build-fuzz
	@tools/fuzz.sh $(SECONDS)

onnx-ops: all
	@tests/onnx/run.sh $(ARGS)

docs: all
	@tools/gen_docs.sh build

tidy:
	@tools/setup.sh --all
	@$(MAKE) --no-print-directory build-dev
	@tools/lint.sh

cov:
	@tools/setup.sh --all
	@cmake --preset cov $(CMAKE_QUIET)
	@cmake --build --preset cov
	@tools/cov.sh

build-dev build-asan build-tsan build-fuzz: setup
	@cmake --preset $(@:build-%=%) $(CMAKE_QUIET)
	@cmake --build --preset $(@:build-%=%)

clean:
	rm -rf build build-dev build-asan build-tsan build-fuzz build-cov

help:
	@echo 'make             build; the command is then build/dovetail'
	@echo 'make demo        install what is missing, build, run the main job with an explanation'
	@echo 'make check       install what is missing, build with gcc and with clang and its address'
	@echo '                 and undefined-behaviour sanitizers, run all tests (PATTERN=text: some)'
	@echo 'make check-all   the same with long tests, thread sanitizer, clang-tidy, cppcheck, fuzzing'
	@echo 'make bench       speed, next to peers and limits measured in the same run'
	@echo 'make fuzz        every fuzz target for SECONDS=60'
	@echo "make onnx-ops    ONNX's own operator tests, by operator (ARGS='--json', an archive, ...)"
	@echo 'make docs        write the generated documents again'
	@echo 'make tidy        clang-tidy and cppcheck only'
	@echo 'make cov         run the tests in a coverage build and print covered lines by file'
	@echo 'make clean       remove the build folders'
	@echo 'tests/run TEXT   tests whose name holds TEXT, in build/ (tests/run --help)'
