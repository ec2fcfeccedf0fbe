#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""learn_torch.py - values, gradients and optimiser steps of `learn` against PyTorch.

How       libdovetail.so through ctypes. A case is one expression written twice: on our tape and on
          torch tensors, from the same random arrays. Compared are the value and the gradient of
          sum(c * value), with fixed random c, by every array.
Skipped   where python3-torch is not installed (for /usr/bin/python3), without a shared library, and
          in sanitizer builds, whose runtime cannot be loaded into Python.
"""
import ctypes
import os
import pathlib
import subprocess
import sys

PYTHON = "/usr/bin/python3"  # Debian's modules belong to Debian's Python
TOLERANCE = 2e-5  # of the largest magnitude in the array, or of 1
RECORD, TRAIN = 1, 3


def skip(reason):
    print(f"1..0 # SKIP {reason}")
    sys.exit(0)


def find_library():
    build = pathlib.Path(os.environ.get("DOVETAIL_BUILD", "build"))
    cache = (build / "CMakeCache.txt").read_text()
    if "DOVETAIL_SANITIZE:STRING=\n" not in cache:
        skip("a sanitizer build")
    library = build / "libdovetail.so"
    return library if library.exists() else skip("no libdovetail.so in this build")


LIBRARY = find_library()
try:
    import numpy as np
    import torch
except ImportError:
    if os.path.realpath(sys.executable) != os.path.realpath(PYTHON) and os.path.exists(PYTHON):
        sys.exit(subprocess.run([PYTHON, *sys.argv]).returncode)
    skip("python3-torch is not installed")

torch.set_num_threads(1)
LIB = ctypes.CDLL(str(LIBRARY))


class Var(ctypes.Structure):
    _fields_ = [("id", ctypes.c_int32)]


class Param(ctypes.Structure):
    _fields_ = [("id", ctypes.c_int32)]


class Shape(ctypes.Structure):
    _fields_ = [("rank", ctypes.c_int32), ("dim", ctypes.c_int64 * 8)]

    def __init__(self, *dims):
        super().__init__(len(dims), (ctypes.c_int64 * 8)(*dims))


class Init(ctypes.Structure):
    _fields_ = [("kind", ctypes.c_int), ("a", ctypes.c_double)]


class Csr(ctypes.Structure):
    _fields_ = [("rows", ctypes.c_int64), ("cols", ctypes.c_int64)] + [
        (n, ctypes.c_void_p) for n in ("start", "col", "weight", "t_start", "t_row", "t_weight")]


class Block(ctypes.Structure):
    _fields_ = [("m", ctypes.c_void_p), ("bias", Var), ("gain", Var), ("shift", Var),
                ("norm", ctypes.c_bool), ("epsilon", ctypes.c_float), ("relu", ctypes.c_bool),
                ("dropout", ctypes.c_double)]


class BatchNorm(ctypes.Structure):
    _fields_ = [("params", ctypes.c_void_p), ("mean", Param), ("var", Param), ("gain", Var),
                ("shift", Var), ("momentum", ctypes.c_float), ("epsilon", ctypes.c_float)]


class Recurrent(ctypes.Structure):
    _fields_ = [(n, Var) for n in ("w_in", "w_state", "b_in", "b_state", "h0", "c0")] + [
        ("length", ctypes.c_void_p), ("reverse", ctypes.c_bool)]


class Conv(ctypes.Structure):
    _fields_ = [("stride", ctypes.c_int64 * 2), ("pad", ctypes.c_int64 * 2),
                ("dilation", ctypes.c_int64 * 2), ("groups", ctypes.c_int64)]


class Pool(ctypes.Structure):
    _fields_ = [("kernel", ctypes.c_int64 * 2), ("stride", ctypes.c_int64 * 2),
                ("pad", ctypes.c_int64 * 2), ("count_pad", ctypes.c_bool)]


class Ctc(ctypes.Structure):
    _fields_ = [("label", ctypes.c_void_p), ("label_length", ctypes.c_void_p),
                ("steps", ctypes.c_void_p), ("width", ctypes.c_int64), ("blank", ctypes.c_int32),
                ("zero_infinite", ctypes.c_bool)]


class OptimOpts(ctypes.Structure):
    _fields_ = [("kind", ctypes.c_int), ("momentum", ctypes.c_double), ("nesterov", ctypes.c_bool),
                ("beta1", ctypes.c_double), ("beta2", ctypes.c_double),
                ("epsilon", ctypes.c_double), ("decay", ctypes.c_double)]


class Plateau(ctypes.Structure):
    _fields_ = [(n, ctypes.c_double) for n in ("rate", "factor", "threshold", "least")] + [
        ("patience", ctypes.c_uint32), ("bad", ctypes.c_uint32), ("best", ctypes.c_double)]


for _name in ("linear", "matmul", "unary", "layer_norm", "batch_norm", "attention", "lstm", "gru",
              "conv2d", "max_pool2d", "avg_pool2d", "gather", "softmax", "log_softmax", "block",
              "leaf", "param", "loss_l1", "loss_l2", "loss_huber", "loss_bce", "loss_cross_entropy",
              "loss_kl", "loss_ctc"):
    getattr(LIB, "dvt_tape_" + _name).restype = Var
for _name in ("value", "grad"):
    getattr(LIB, "dvt_tape_" + _name).restype = ctypes.POINTER(ctypes.c_float)
    getattr(LIB, "dvt_params_" + _name).restype = ctypes.POINTER(ctypes.c_float)
LIB.dvt_ctx_create.restype = ctypes.c_void_p
LIB.dvt_plateau_make.restype = Plateau
for _name in ("dvt_plateau_update", "dvt_params_clip_norm"):
    getattr(LIB, _name).restype = ctypes.c_double
CTX = ctypes.c_void_p(LIB.dvt_ctx_create(None))
TAPE = ctypes.c_void_p()
assert LIB.dvt_tape_create(CTX, ctypes.c_uint64(1), ctypes.byref(TAPE)) == 0
RNG = np.random.default_rng(1)
NO_VAR = Var(0)
FAILED = []


def floats(pointer, shape):
    return np.ctypeslib.as_array(pointer, (int(np.prod(shape, dtype=np.int64)),)).reshape(shape)


def pointer_to(array):
    return ctypes.c_void_p(array.ctypes.data)


def near(what, got, want):
    got, want = np.asarray(got, np.float64), np.asarray(want, np.float64)
    scale = max(1.0, np.abs(want).max()) if want.size else 1.0
    error = np.abs(got - want).max() / scale if want.size else 0.0
    if not error <= TOLERANCE:
        FAILED.append(f"{what}: off by {error:.3g}")
        print(f"# {FAILED[-1]}")


def case(name, arrays, ours, theirs, flags=RECORD):
    """arrays: float32; ours(*vars) -> Var; theirs(*tensors) -> tensor."""
    arrays = [np.ascontiguousarray(a, np.float32) for a in arrays]
    tensors = [torch.tensor(a, requires_grad=True) for a in arrays]
    want = theirs(*tensors)
    c = RNG.uniform(-1, 1, tuple(want.shape)).astype(np.float32)
    (want * torch.tensor(c)).sum().backward()
    LIB.dvt_tape_begin(TAPE, flags, ctypes.c_uint64(0))
    leaves = [LIB.dvt_tape_leaf(TAPE, Shape(*a.shape), pointer_to(a)) for a in arrays]
    y = ours(*leaves)
    status = LIB.dvt_tape_status(TAPE)
    if status == 0:
        near(f"{name}: value", floats(LIB.dvt_tape_value(TAPE, y), want.shape), want.detach())
        status = LIB.dvt_tape_backward_from(TAPE, y, pointer_to(c))
    if status != 0:
        FAILED.append(f"{name}: status {status}")
        print(f"# {FAILED[-1]}")
        LIB.dvt_ctx_clear_error(CTX)
        return
    for i, (leaf, tensor) in enumerate(zip(leaves, tensors)):
        grad = LIB.dvt_tape_grad(TAPE, leaf)
        if tensor.grad is None:
            continue
        got = floats(grad, tensor.shape) if grad else np.zeros(tensor.shape)
        near(f"{name}: gradient {i}", got, tensor.grad)


def random(*shape):
    return RNG.uniform(-1, 1, shape).astype(np.float32)


# ---- products and functions ----------------------------------------------------------------------


def test_products():
    f = torch.nn.functional
    case("linear", [random(7, 5), random(4, 5), random(4)],
         lambda x, w, b: LIB.dvt_tape_linear(TAPE, x, w, b), f.linear)
    case("linear of 300 rows", [random(300, 65), random(600, 65), random(600)],
         lambda x, w, b: LIB.dvt_tape_linear(TAPE, x, w, b), f.linear)
    case("batched matmul", [random(3, 4, 5), random(3, 6, 5)],
         lambda a, b: LIB.dvt_tape_matmul(TAPE, a, False, b, True),
         lambda a, b: a @ b.transpose(1, 2))
    index = np.array([3, 0, 3, 1], np.int32)
    case("embedding", [random(5, 6)],
         lambda w: LIB.dvt_tape_gather(TAPE, w, pointer_to(index), ctypes.c_int64(4)),
         lambda w: f.embedding(torch.tensor(index, dtype=torch.long), w))
    for name in ("softmax", "log_softmax"):
        case(name, [random(5, 37)], lambda x, n=name: getattr(LIB, "dvt_tape_" + n)(TAPE, x),
             lambda x, n=name: getattr(f, n)(x, dim=-1))


def test_functions():
    f = torch.nn.functional
    functions = [  # number in DVT_UNARY_LIST, alpha, torch's
        (0, 0, f.relu), (1, 0.1, lambda x: f.leaky_relu(x, 0.1)), (3, 0.7, lambda x: f.elu(x, 0.7)),
        (7, 0, torch.sigmoid), (9, 0, f.hardswish), (10, 0, torch.tanh), (11, 0, f.softplus),
        (13, 0, f.mish), (14, 0, f.gelu), (15, 0, torch.exp), (18, 0, torch.abs)]
    for number, alpha, theirs in functions:
        case(f"unary {number}", [4 * random(9, 50)],
             lambda x, n=number, a=alpha: LIB.dvt_tape_unary(TAPE, n, x, ctypes.c_float(a),
                                                            ctypes.c_float(0)), theirs)


# ---- layers --------------------------------------------------------------------------------------


def test_normalisation():
    f = torch.nn.functional
    case("layer norm", [random(3, 4, 40), random(40), random(40)],
         lambda x, g, s: LIB.dvt_tape_layer_norm(TAPE, x, g, s, ctypes.c_float(1e-5)),
         lambda x, g, s: f.layer_norm(x, (40,), g, s))
    params, p = ctypes.c_void_p(), Param()
    assert LIB.dvt_params_create(CTX, ctypes.c_uint64(1), ctypes.byref(params)) == 0
    for name in (b"mean", b"var"):
        LIB.dvt_params_add_state(params, name, Shape(6), Init(1, 0.5), ctypes.byref(p))
    mean, var = torch.full((6,), 0.5), torch.full((6,), 0.5)

    def ours(x, g, s):
        norm = BatchNorm(params, Param(0), Param(1), g, s, 0.1, 1e-5)
        return LIB.dvt_tape_batch_norm(TAPE, x, ctypes.byref(norm))

    for flags in (TRAIN, TRAIN, RECORD):
        case(f"batch norm, flags {flags}", [random(4, 6, 5, 3), random(6), random(6)], ours,
             lambda x, g, s, t=flags == TRAIN: f.batch_norm(x, mean, var, g, s, t), flags)
    near("running mean", floats(LIB.dvt_params_value(params, Param(0)), (6,)), mean)
    near("running variance", floats(LIB.dvt_params_value(params, Param(1)), (6,)), var)
    LIB.dvt_params_destroy(params)


def attention(q, k, v, heads, mask):
    def split(x):
        return x.reshape(*x.shape[:2], heads, -1).transpose(1, 2)
    scores = split(q) @ split(k).transpose(2, 3) / (q.shape[2] // heads) ** 0.5
    scores = scores.masked_fill(torch.tensor(mask == 0)[:, None], float("-inf"))
    return (scores.softmax(-1) @ split(v)).transpose(1, 2).reshape(q.shape)


def test_attention():
    for heads in (1, 4):
        mask = (RNG.random((3, 5, 6)) < 0.6).astype(np.uint8)
        mask[:, :, 2] = 1
        case(f"attention with {heads} heads",
             [random(3, 5, 32), random(3, 6, 32), random(3, 6, 32)],
             lambda q, k, v, h=heads, m=mask: LIB.dvt_tape_attention(TAPE, q, k, v, h,
                                                                     pointer_to(m)),
             lambda q, k, v, h=heads, m=mask: attention(q, k, v, h, m))


def torch_recurrent(kind, x, w_in, w_state, b_in, b_state, h0, c0, length):
    """PyTorch's own layer with our tensors as its weights."""
    hidden = w_state.shape[1]
    layer = getattr(torch.nn, kind)(x.shape[2], hidden)
    for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"):
        delattr(layer, name)
    layer.weight_ih_l0, layer.weight_hh_l0 = w_in, w_state
    layer.bias_ih_l0, layer.bias_hh_l0 = b_in, b_state
    layer._flat_weights = [w_in, w_state, b_in, b_state]
    state = (h0[None], c0[None]) if kind == "LSTM" else h0[None]
    if length is None:
        return layer(x, state)[0]
    packed = torch.nn.utils.rnn.pack_padded_sequence(x, torch.tensor(length.astype(np.int64)))
    return torch.nn.utils.rnn.pad_packed_sequence(layer(packed, state)[0], total_length=len(x))[0]


def test_recurrent():
    length = np.array([7, 4, 2], np.int32)
    for kind, gates in (("LSTM", 4), ("GRU", 3)):
        for lengths in (None, length):
            def ours(x, w, u, b, a, h0, c0, kind=kind, lengths=lengths):
                layer = Recurrent(w, u, b, a, h0, c0 if kind == "LSTM" else NO_VAR,
                                  None if lengths is None else lengths.ctypes.data, False)
                return getattr(LIB, "dvt_tape_" + kind.lower())(TAPE, x, ctypes.byref(layer))

            case(f"{kind}{'' if lengths is None else ' with lengths'}",
                 [random(7, 3, 5), random(gates * 9, 5), random(gates * 9, 9), random(gates * 9),
                  random(gates * 9), random(3, 9), random(3, 9)], ours,
                 lambda *a, k=kind, n=lengths: torch_recurrent(k, *a, n))


def test_images():
    f = torch.nn.functional
    pair = ctypes.c_int64 * 2
    for stride, pad, dilation, groups in (((1, 1), (0, 0), (1, 1), 1), ((2, 1), (1, 2), (1, 1), 1),
                                          ((1, 1), (2, 2), (2, 2), 1), ((1, 2), (1, 1), (1, 1), 4)):
        conv = Conv(pair(*stride), pair(*pad), pair(*dilation), groups)
        case(f"conv2d stride {stride} pad {pad} dilation {dilation} groups {groups}",
             [random(20, 16, 12, 11), random(24, 16 // groups, 3, 3), random(24)],
             lambda x, w, b, c=conv: LIB.dvt_tape_conv2d(TAPE, x, w, b, ctypes.byref(c)),
             lambda x, w, b, s=stride, p=pad, d=dilation, g=groups: f.conv2d(x, w, b, s, p, d, g))
    pool = Pool(pair(3, 2), pair(2, 1), pair(1, 1), True)
    case("max_pool2d", [random(2, 3, 9, 8)],
         lambda x: LIB.dvt_tape_max_pool2d(TAPE, x, ctypes.byref(pool)),
         lambda x: f.max_pool2d(x, (3, 2), (2, 1), (1, 1)))
    for count in (False, True):
        pool = Pool(pair(3, 2), pair(2, 1), pair(1, 1), count)
        case(f"avg_pool2d, pads counted: {count}", [random(2, 3, 9, 8)],
             lambda x: LIB.dvt_tape_avg_pool2d(TAPE, x, ctypes.byref(pool)),
             lambda x: f.avg_pool2d(x, (3, 2), (2, 1), (1, 1), count_include_pad=count))


def test_graph_block():
    dense = (RNG.random((40, 30)) < 0.2).astype(np.float32)
    rows, cols = np.nonzero(dense)
    t_cols, t_rows = np.nonzero(dense.T)
    start = np.searchsorted(rows, np.arange(41)).astype(np.int64)
    t_start = np.searchsorted(t_cols, np.arange(31)).astype(np.int64)
    keep = [start, cols.astype(np.int32), t_start, t_rows.astype(np.int32)]
    csr = Csr(40, 30, keep[0].ctypes.data, keep[1].ctypes.data, None, keep[2].ctypes.data,
              keep[3].ctypes.data, None)
    f = torch.nn.functional

    def ours(x, bias, gain, shift):
        block = Block(ctypes.addressof(csr), bias, gain, shift, True, 1e-5, True, 0.0)
        return LIB.dvt_tape_block(TAPE, x, ctypes.byref(block))

    case("graph block", [random(30, 70), random(70), random(70), random(70)], ours,
         lambda x, b, g, s: f.layer_norm(torch.tensor(dense) @ x + b, (70,), g, s).relu())


# ---- losses --------------------------------------------------------------------------------------


def test_losses():
    f = torch.nn.functional
    target, share = random(8, 6), RNG.dirichlet(np.ones(6), 8).astype(np.float32)
    for how, name in ((0, "mean"), (1, "sum")):
        t = torch.tensor(target)
        case(f"l1 {name}", [random(8, 6)],
             lambda y: LIB.dvt_tape_loss_l1(TAPE, y, pointer_to(target), how),
             lambda y: f.l1_loss(y, t, reduction=name))
        case(f"l2 {name}", [random(8, 6)],
             lambda y: LIB.dvt_tape_loss_l2(TAPE, y, pointer_to(target), how),
             lambda y: f.mse_loss(y, t, reduction=name))
        case(f"huber {name}", [random(8, 6)],
             lambda y: LIB.dvt_tape_loss_huber(TAPE, y, pointer_to(target), ctypes.c_double(0.4),
                                               how),
             lambda y: f.huber_loss(y, t, reduction=name, delta=0.4))
        case(f"bce {name}", [random(8, 6)],
             lambda y: LIB.dvt_tape_loss_bce(TAPE, y, pointer_to(share), how),
             lambda y: f.binary_cross_entropy_with_logits(y, torch.tensor(share), reduction=name))
        case(f"kl {name}", [random(8, 6)],
             lambda y: LIB.dvt_tape_loss_kl(TAPE, y, pointer_to(share), how),
             lambda y: f.kl_div(y, torch.tensor(share), reduction=("batchmean", "sum")[how]))
        label = np.array([0, 5, -1, 2, 3, -1, 1, 1], np.int32)
        for smoothing in (0.0, 0.1):
            case(f"cross-entropy {name}, smoothing {smoothing}", [random(8, 6)],
                 lambda y: LIB.dvt_tape_loss_cross_entropy(TAPE, y, pointer_to(label),
                                                           ctypes.c_double(smoothing), how),
                 lambda y: f.cross_entropy(y, torch.tensor(label, dtype=torch.long),
                                           ignore_index=-1, reduction=name,
                                           label_smoothing=smoothing))


def test_ctc():
    f = torch.nn.functional
    label = np.array([[1, 1, 3, 0], [2, 4, 0, 0], [5, 1, 2, 2]], np.int32)
    length, steps = np.array([3, 2, 4], np.int32), np.array([20, 11, 17], np.int32)
    for how, name in ((0, "mean"), (1, "sum")):
        def ours(z):
            ctc = Ctc(label.ctypes.data, length.ctypes.data, steps.ctypes.data, 4, 0, False)
            return LIB.dvt_tape_loss_ctc(TAPE, LIB.dvt_tape_log_softmax(TAPE, z),
                                         ctypes.byref(ctc), how)

        case(f"ctc {name}", [3 * random(20, 3, 6)], ours,
             lambda z: f.ctc_loss(z.log_softmax(-1), torch.tensor(label, dtype=torch.long),
                                  torch.tensor(steps, dtype=torch.long),
                                  torch.tensor(length, dtype=torch.long), reduction=name))


# ---- optimisers ----------------------------------------------------------------------------------


def optimiser_case(name, opts, make, clip=None):
    """Twenty steps on fixed random gradients, then the weights are compared."""
    params, p, optim = ctypes.c_void_p(), Param(), ctypes.c_void_p()
    start = random(50)
    assert LIB.dvt_params_create(CTX, ctypes.c_uint64(1), ctypes.byref(params)) == 0
    assert LIB.dvt_params_add(params, b"w", Shape(50), Init(0, 0), ctypes.byref(p)) == 0
    floats(LIB.dvt_params_value(params, p), (50,))[:] = start
    assert LIB.dvt_optim_create(CTX, params, ctypes.byref(opts), ctypes.byref(optim)) == 0
    w = torch.tensor(start, requires_grad=True)
    theirs = make([w])
    for i in range(20):
        grad = random(50)
        w.grad = torch.tensor(grad)
        floats(LIB.dvt_params_grad(params, p), (50,))[:] = grad
        if clip:
            want = float(torch.nn.utils.clip_grad_norm_([w], clip))
            near(f"{name}: norm {i}", LIB.dvt_params_clip_norm(params, ctypes.c_double(clip)), want)
        theirs.step()
        assert LIB.dvt_optim_step(optim, params, ctypes.c_double(0.05)) == 0
    near(f"{name}: weights", floats(LIB.dvt_params_value(params, p), (50,)), w.detach())
    LIB.dvt_optim_destroy(optim)
    LIB.dvt_params_destroy(params)


def test_optimisers():
    o = torch.optim
    optimiser_case("sgd", OptimOpts(kind=0, decay=0.1), lambda w: o.SGD(w, 0.05, weight_decay=0.1))
    optimiser_case("momentum", OptimOpts(kind=0, momentum=0.9, decay=0.1),
                   lambda w: o.SGD(w, 0.05, momentum=0.9, weight_decay=0.1))
    optimiser_case("nesterov", OptimOpts(kind=0, momentum=0.8, nesterov=True),
                   lambda w: o.SGD(w, 0.05, momentum=0.8, nesterov=True), clip=2.0)
    optimiser_case("adam", OptimOpts(kind=1, decay=0.1),
                   lambda w: o.Adam(w, 0.05, weight_decay=0.1))
    optimiser_case("adamw", OptimOpts(kind=2, beta1=0.8, beta2=0.99, decay=0.1),
                   lambda w: o.AdamW(w, 0.05, betas=(0.8, 0.99), weight_decay=0.1))


def test_plateau():
    ours = LIB.dvt_plateau_make(ctypes.c_double(1), ctypes.c_double(0.5), 2)
    w = torch.zeros(1, requires_grad=True)
    optim = torch.optim.SGD([w], 1.0)
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(optim, factor=0.5, patience=2)
    for i, metric in enumerate([3, 2, 2, 2.1, 2, 1.99999, 1.9, 5, 5, 5, 5, 5, 5, 1, 1, 1, 1, 1]):
        theirs.step(metric)
        rate = LIB.dvt_plateau_update(ctypes.byref(ours), ctypes.c_double(metric))
        near(f"plateau, call {i}", rate, optim.param_groups[0]["lr"])


def main():
    tests = [(name, t) for name, t in globals().items() if name.startswith("test_")]
    print(f"1..{len(tests)}")
    for number, (name, test) in enumerate(tests, 1):
        FAILED.clear()
        test()
        print(f"{'not ' if FAILED else ''}ok {number} - {name[5:].replace('_', ' ')}")
    LIB.dvt_tape_destroy(TAPE)
    LIB.dvt_ctx_destroy(CTX)


main()
