#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""text_rules.py - what every source file must look like, as far as a script can see it.

Heads, length, trailing space, banned functions, forms of open work, names. What the compiler sees
better (types, shadowing, prototypes) is left to its warnings; layout to clang-format.
"""
import re

import tap

C = {".c", ".h"}
OURS = ("src/", "include/")
LIBRARY_BANNED = r"exit|_exit|abort|getenv|printf|puts|putchar|perror"
BANNED = (r"strcpy|strcat|strncpy|strncat|sprintf|vsprintf|strtok|atoi|atol|atof|gets|gmtime|"
          r"localtime|rand|srand|system|alloca|setjmp|longjmp")
ALLOCATORS = r"malloc|calloc|realloc|free|aligned_alloc|posix_memalign|strdup"
LINE_MAX, TABLE_LINE_MAX, FILE_MAX = 100, 130, 1200


def first_lines(tree, path):
    lines = tree.text(path).splitlines()
    return lines[1:] if lines and lines[0].startswith("#!") else lines


def licence_rule(tree):
    for path in tree.code():
        lines = first_lines(tree, path)
        if not lines or "SPDX-License-Identifier: Apache-2.0" not in lines[0]:
            yield f"{path}:1: no SPDX line"


def head_rule(tree):
    """Line 2 or 3 names the file and says what it is for: 'memplan.c - give every tensor ...'."""
    for path in tree.code({".c", ".h", ".py", ".sh", ".proto", ".sv"}):
        head = "\n".join(first_lines(tree, path)[:5])
        name, dash = (path.stem, "--") if path.suffix == ".sv" else (path.name, "-")
        if not re.search(rf"(^|[\s\"/*#]){re.escape(name)} {dash} \S", head):
            yield f"{path}:2: no head that starts '{name} {dash} what it is for'"


def line_length_rule(tree):
    for path in tree.code():
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            limit = TABLE_LINE_MAX if line.endswith("\\") else LINE_MAX
            if len(line) > limit:
                yield f"{path}:{number}: {len(line)} columns, at most {limit}"


def file_length_rule(tree):
    for path in tree.code():
        count = tree.text(path).count("\n")
        if count > FILE_MAX:
            yield f"{path}:{count}: more than {FILE_MAX} lines"


def space_rule(tree):
    for path in [*tree.code(), *tree.code({".md", ".txt", ".json", ".yml"})]:
        if "corpus" in path.parts:  # input for parsers is as it is
            continue
        text = tree.text(path)
        for number, line in enumerate(text.splitlines(), 1):
            if line != line.rstrip():
                yield f"{path}:{number}: trailing space"
            if "\t" in line and path.name != "Makefile":
                yield f"{path}:{number}: tab"
        if text and (not text.endswith("\n") or text.endswith("\n\n")):
            yield f"{path}: does not end with exactly one newline"


def calls(tree, path, names):
    code = tap.without_comments(tree.text(path))
    for match in re.finditer(rf"(?<![\w.>])({names})\s*\(", code):
        yield code.count("\n", 0, match.start()) + 1, match[1]


# libjpeg's error handler must not return, and C has nothing else for that.
BANNED_EXCEPTIONS = {("src/formats/jpeg.c", "setjmp"), ("src/formats/jpeg.c", "longjmp")}


def banned_rule(tree):
    for path in tree.code(C):
        for number, name in calls(tree, path, BANNED):
            if (str(path), name) not in BANNED_EXCEPTIONS:
                yield f"{path}:{number}: {name}() is banned"


def library_rule(tree):
    """The library never prints, exits or reads the environment; only base takes memory. What the
    C library itself allocated is freed with a comment: free(p); /* libc: realpath */"""
    for path in tree.code(C, OURS):
        if path.parts[:2] == ("src", "cli"):
            continue
        for number, name in calls(tree, path, LIBRARY_BANNED):
            yield f"{path}:{number}: the library must not call {name}()"
        for match in re.finditer(r"\b(stdout|stderr)\b", tap.without_comments(tree.text(path))):
            if path.parts[:2] != ("src", "base"):
                yield f"{path}: the library must not write to {match[1]}"
        if path.parts[:2] != ("src", "base"):
            lines = tree.text(path).splitlines()
            for number, name in calls(tree, path, ALLOCATORS):
                if "/* libc: " not in lines[number - 1]:
                    yield f"{path}:{number}: {name}() outside base: use the context's memory"


def open_work_rule(tree):
    """Open work is written TODO(#issue): text; other spellings and half-work are not allowed."""
    marks = re.compile(r"\b(" + "TO" + "DO" + r"(?!\(#\d+\): \S)|" + "FIX" + "ME|" + "XX" + r"X)\b")
    half = re.compile("not " + "implemented|not yet " + "implemented|place" + "holder|place " +
                      "holder", re.IGNORECASE)
    for path in tree.code():
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            if path.name != "text_rules.py" and (match := marks.search(line)):
                yield f"{path}:{number}: '{match[0]}' is not of the form for open work"
            if str(path).startswith(OURS) and (match := half.search(line)):
                yield f"{path}:{number}: '{match[0]}'"


def unique_name_rule(tree):
    seen = {}
    for path in tree.code(tap.CODE_SUFFIXES):
        if path.name in seen:
            yield f"{path}: the same name as {seen[path.name]}"
        seen[path.name] = path


def machine_path_rule(tree):
    """What is committed speaks of no one's machine."""
    roots = "ho" + "me/|ro" + "ot/|wo" + "rk/|Us" + "ers/|mn" + "t/"
    roots = re.compile(rf"(?<![\w.$}}/])/({roots})")
    for path in tree.files:
        if path.suffix in {".png", ".jpg", ".npy", ".npz"} or "corpus" in path.parts:
            continue
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            if match := roots.search(line):
                yield f"{path}:{number}: a path of one machine ('{match[0]}')"


def test_name_rule(tree):
    """A test's name is a claim: test_<topic>__<claim in words>."""
    for path in tree.code({".c"}, ("tests/",)):
        code = tap.without_comments(tree.text(path))
        for match in re.finditer(r"^static void (\w+)\(void \*\*", code, re.MULTILINE):
            if not re.fullmatch(r"[a-z0-9]+_[a-z0-9_]*?__[a-z0-9_]+", match[1]):
                number = code.count("\n", 0, match.start()) + 1
                yield f"{path}:{number}: '{match[1]}' is not of the form test_topic__claim_in_words"


def fuzz_corpus_rule(tree):
    """A fuzz target without a corpus never runs in `make check`."""
    for path in tree.code({".c"}, ("tests/fuzz/fuzz_",)):
        corpus = f"tests/fuzz/corpus/{path.stem.removeprefix('fuzz_')}/"
        if not any(str(file).startswith(corpus) for file in tree.files):
            yield f"{path}: no file in {corpus}"


def named_file_rule(tree):
    """A head that names a test or a document which is not there promises what nobody keeps."""
    named = re.compile(r"(?<![\w/.<])((?:tests|docs|tools)/[\w./-]+\.(?:c|h|py|sh|md|txt|json))\b")
    there = {str(path) for path in tree.files}
    for path in tree.code({".c", ".h", ".sv", ".proto"}):
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            for match in named.finditer(line):
                if match[1] not in there:
                    yield f"{path}:{number}: there is no {match[1]}"


SPDX = "SPDX-License-Identifier: Apache-2.0"


def main():
    suite = tap.Suite()
    suite.rule("every code file starts with its SPDX line", licence_rule,
               {"src/base/a.c": "int a;\n"}, {"tools/a.sh": f"#!/bin/sh\n# {SPDX}\n"})
    suite.rule("every code file has a head that says what it is for", head_rule,
               {"src/base/a.c": f"/* {SPDX} */\n/* a. */\n"},
               {"src/base/a.c": f"/* {SPDX} */\n/*\n * a.c - holds a.\n */\n"})
    suite.rule("lines are at most 100 columns", line_length_rule, {"src/base/a.c": "x" * 101})
    suite.rule("files are at most 1,200 lines", file_length_rule, {"src/base/a.c": "x\n" * 1201})
    suite.rule("no trailing space, tabs or missing newline at the end", space_rule,
               {"docs/a.md": "a \n"}, {"docs/a.md": "a\n"})
    suite.rule("banned functions are not called", banned_rule,
               {"src/base/a.c": "int f(char *s) { return ato" + "i(s); }\n"},
               {"src/base/a.c": "/* atoi(x) */ int f(void) { return x.rand(\"system(1)\"); }\n"})
    suite.rule("the library does not print, exit, read the environment or take memory on the side",
               library_rule, {"src/graph/a.c": "void f(void) { free(0); }\n"},
               {"src/cli/a.c": "int f(void) { return printf(\"x\"); }\n",
                "src/base/b.c": "void g(void *p) { free(p); }\n"})
    suite.rule("open work has the one form, and half-work is not left lying", open_work_rule,
               {"src/base/a.c": "/* TO" + "DO later */\n"},
               {"src/base/a.c": "/* TO" + "DO(#12): later */\n"})
    suite.rule("file names are unique in the tree", unique_name_rule,
               {"src/base/a.c": "", "src/graph/a.c": ""})
    suite.rule("no path of one machine is in the tree", machine_path_rule,
               {"docs/a.md": "see /ho" + "me/me/x\n"}, {"docs/a.md": "see tests/ho" + "me/x\n"})
    suite.rule("test names are claims", test_name_rule,
               {"tests/unit/test_a.c": "static void test_a(void **state)\n"},
               {"tests/unit/test_a.c": "static void test_a__is_first(void **state)\n"})
    suite.rule("every fuzz target has a corpus", fuzz_corpus_rule,
               {"tests/fuzz/fuzz_a.c": ""},
               {"tests/fuzz/fuzz_a.c": "", "tests/fuzz/corpus/a/one": "x"})
    suite.rule("files that heads and comments name exist", named_file_rule,
               {"src/base/a.c": "/* Tests  tests/unit/test_a.c */\n"},
               {"src/base/a.c": "/* Tests  tests/unit/test_a.c */\n", "tests/unit/test_a.c": ""})
    suite.finish()


if __name__ == "__main__":
    main()
