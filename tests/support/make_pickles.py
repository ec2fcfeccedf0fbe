#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make_pickles.py - random objects as pickles of every protocol, and as text, for diff_pickle.

Usage     make_pickles.py DIR SEED COUNT [--corpus]
Writes    DIR/N.pickle and DIR/N.text (form: tests/support/pickle_print.h), N = 0 .. COUNT - 1;
          with --corpus only the pickles, small ones. Where NumPy is there, its numbers and arrays
          as well; the last line on standard output says whether.
"""
import collections
import pickle
import random
import struct
import sys

try:
    import numpy
except ImportError:
    numpy = None


def number(r):
    return r.choice([
        r.randrange(-3, 300), r.randrange(-(2 ** 15), 2 ** 17), r.randrange(-(2 ** 31), 2 ** 33),
        r.randrange(-(2 ** 63), 2 ** 63), r.random(), -r.random() * 10 ** r.randrange(-300, 300),
        0.1, 0.0, -0.0, float("inf"), True, False])


def text(r):
    letters = "ab\\'\"\n\r\0\x7f\xe9\u20ac\U0001f600 0"
    return "".join(r.choice(letters) for _ in range(r.randrange(12)))


def array(r):
    kind = r.choice(["f8", "<f4", ">f8", "i4", ">i2", "u1", "b1", "i8", "f2"])
    shape = [r.randrange(4) for _ in range(r.randrange(4))]
    values = numpy.array([r.randrange(200) for _ in range(int(numpy.prod(shape)))])
    made = (values % 2 if kind == "b1" else values).astype(kind).reshape(shape)
    return numpy.asfortranarray(made) if r.random() < 0.5 else made


def leaf(r):
    kinds = [lambda: number(r), lambda: text(r), lambda: None, lambda: number(r),
             lambda: bytes(r.randrange(256) for _ in range(r.randrange(300))),
             lambda: bytearray(r.randrange(256) for _ in range(r.randrange(9)))]
    if numpy:
        kinds += [lambda: numpy.float64(r.random()), lambda: numpy.float32(r.random()),
                  lambda: numpy.int64(r.randrange(-9, 9)), lambda: numpy.uint8(r.randrange(256)),
                  lambda: numpy.bool_(True), lambda: array(r)]
    return r.choice(kinds)()


def key(r):
    return r.choice([lambda: r.randrange(10 ** 6), lambda: text(r),
                     lambda: tuple(r.randrange(5) for _ in range(6))])()


def thing(r, depth, known):
    if depth == 0 or r.random() < 0.25:
        if known and r.random() < 0.3:
            return r.choice(known)  # shared: goes through the memo
        return leaf(r)
    n = r.choice([0, 1, 2, 3, 4, 20])
    if r.random() < 0.01:
        n = 1100  # more than one batch
    kind = r.randrange(6)
    if kind == 0:
        made = tuple(thing(r, depth - 1, known) for _ in range(min(n, 20)))
    elif kind == 1:
        made = [thing(r, depth - 1, known) if n < 30 else r.random() for _ in range(n)]
    elif kind == 2:
        made = {key(r): thing(r, depth - 1, known) if n < 30 else 1 for _ in range(n)}
    elif kind == 3:
        made = collections.OrderedDict()
        for _ in range(min(n, 9)):
            made[key(r)] = thing(r, depth - 1, known)
    elif kind == 4:
        made = r.choice([set, frozenset])(r.randrange(999) for _ in range(n))
    else:
        made = collections.defaultdict(r.choice([list, dict, int]))
        for _ in range(min(n, 9)):
            made[key(r)] = thing(r, depth - 1, known)
    known.append(made)
    return made


def bits(value):
    return "f%016x" % struct.unpack("<Q", struct.pack("<d", float(value)))[0]


def show(v):
    if numpy is not None:
        if isinstance(v, numpy.ndarray):
            return "a" + show(tuple(v.shape)) + "[" + ",".join(bits(x) for x in v.ravel()) + "]"
        if isinstance(v, numpy.bool_):
            v = bool(v)
        elif isinstance(v, numpy.integer):
            v = int(v)
        elif isinstance(v, numpy.floating):
            v = float(v)
    if v is None:
        return "n"
    if isinstance(v, bool):
        return "b%d" % v
    if isinstance(v, int):
        return "i%d" % v
    if isinstance(v, float):
        return bits(v)
    if isinstance(v, str):
        return "t" + v.encode().hex()
    if isinstance(v, (bytes, bytearray)):
        return "y" + bytes(v).hex()
    if isinstance(v, tuple):
        return "(" + ",".join(map(show, v)) + ")"
    if isinstance(v, list):
        return "[" + ",".join(map(show, v)) + "]"
    if isinstance(v, dict):
        return "<" + ",".join(show(k) + ":" + show(x) for k, x in v.items()) + ">"
    return "{" + ",".join(sorted(map(show, v))) + "}"


def main(argv):
    folder, seed, count = argv[1], int(argv[2]), int(argv[3])
    corpus = "--corpus" in argv
    r = random.Random(seed)
    made = 0
    while made < count:
        value = thing(r, 2 if corpus else 4, [])
        data = pickle.dumps(value, protocol=made % 6)
        if corpus and len(data) > 600:
            continue
        with open("%s/%d.pickle" % (folder, made), "wb") as f:
            f.write(data)
        if not corpus:
            with open("%s/%d.text" % (folder, made), "w") as f:
                f.write(show(value))
        made += 1
    print("numpy" if numpy else "no numpy")


if __name__ == "__main__":
    main(sys.argv)
