#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""install.py - an installed copy is complete: the C examples build against it and run.

Each examples/<name>.c is compiled with what pkg-config says of the installed library, with
warnings as errors, and run; tests/golden/example_<name>.txt is what it prints.
"""
import os
import subprocess
import tempfile

import tap

WARNINGS = ["-std=c17", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]


def run(command, **more):
    return subprocess.run(command, capture_output=True, text=True, check=False, **more)


def problems(prefix, source):
    """What goes wrong with one example, or nothing."""
    env = dict(os.environ, PKG_CONFIG_PATH=f"{prefix}/lib/pkgconfig",
               LD_LIBRARY_PATH=f"{prefix}/lib")
    flags = run(["pkg-config", "--cflags", "--libs", "dovetail"], env=env)
    if flags.returncode != 0:
        return [flags.stderr.strip()]
    program = f"{prefix}/{source.stem}"
    built = run(["cc", *WARNINGS, str(source), "-o", program, *flags.stdout.split()])
    if built.returncode != 0:
        return built.stderr.splitlines()[:10]
    done = run([program], env=env, cwd=tap.ROOT)
    expected = (tap.ROOT / f"tests/golden/example_{source.stem}.txt").read_text()
    found = [] if done.returncode == 0 else [f"exit status {done.returncode}: {done.stderr}"]
    if done.stdout != expected:
        found += ["expected:", *expected.splitlines(), "printed:", *done.stdout.splitlines()]
    return found


def main():
    suite = tap.Suite()
    with tempfile.TemporaryDirectory(prefix="dovetail-install-") as prefix:
        done = run(["cmake", "--install", str(tap.BUILD), "--prefix", prefix])
        suite.case("the library installs", done.stderr.splitlines() if done.returncode else [])
        for source in sorted((tap.ROOT / "examples").glob("*.c")):
            suite.case(f"examples/{source.name} builds against it and prints what it should",
                       problems(prefix, source))
        with tap.planted({"bad.c": "#include <dovetail/none.h>\n"}) as folder:
            found = problems(prefix, tap.pathlib.Path(folder) / "bad.c")
        suite.case("an example that does not build is found", [] if found else ["not found"])
    suite.finish()


if __name__ == "__main__":
    main()
