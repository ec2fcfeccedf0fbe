#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""train_glyphs.py - trains the small network of examples/models/glyphs and writes it as ONNX.

Usage     tools/train_glyphs.py TRAIN.npz TEST.npz OUT.onnx     (from build/tools/export_dataset)
Network   image (1,1,28,28) in 0..1 -> conv 5x5, 8 -> ReLU -> max 2 -> conv 5x5, 16 -> ReLU -> max 2
          -> dense 48 -> ReLU -> dense 10 -> softmax. 16,250 parameters, LeNet's shape.
Training  Adam on cross-entropy, batches of 64, the learning rate falling to 0 along a cosine. NumPy
          only. With one BLAS thread the same inputs give the same file on the same machine; another
          machine's BLAS rounds differently and gives a network of the same quality.
ONNX      protobuf is written by hand below: a field is its number and wire type, then its payload.
"""
import struct
import sys

import numpy as np

EPOCHS, BATCH, RATE, SEED = 12, 64, 2e-3, 1


# ---- layers: each returns its output, and a function from the output's gradient to the input's

def patches(x, k):
    """(N,C,H,W) -> (N, H-k+1, W-k+1, C*k*k)"""
    view = np.lib.stride_tricks.sliding_window_view(x, (k, k), axis=(2, 3))
    n, c, h, w = view.shape[:4]
    return np.ascontiguousarray(view.transpose(0, 2, 3, 1, 4, 5)).reshape(n, h, w, c * k * k)


def conv(x, weight, bias, grads):
    out_channels, channels, k, _ = weight.shape
    cols = patches(x, k)
    flat = weight.reshape(out_channels, -1)
    y = (cols @ flat.T + bias).transpose(0, 3, 1, 2)

    def back(dy):
        d = dy.transpose(0, 2, 3, 1).reshape(-1, out_channels)
        grads.append((d.T @ cols.reshape(len(d), -1)).reshape(weight.shape))
        grads.append(d.sum(0))
        padded = np.pad(dy, ((0, 0), (0, 0), (k - 1, k - 1), (k - 1, k - 1)))
        turned = weight[:, :, ::-1, ::-1].transpose(1, 0, 2, 3).reshape(channels, -1)
        return (patches(padded, k) @ turned.T).transpose(0, 3, 1, 2)
    return y, back


def dense(x, weight, bias, grads):
    def back(dy):
        grads.append(dy.T @ x)
        grads.append(dy.sum(0))
        return dy @ weight
    return x @ weight.T + bias, back


def relu(x):
    return np.maximum(x, 0), lambda dy: dy * (x > 0)


def max_pool(x):
    n, c, h, w = x.shape
    blocks = x.reshape(n, c, h // 2, 2, w // 2, 2)
    y = blocks.max(axis=(3, 5))
    first = blocks == y[:, :, :, None, :, None]

    def back(dy):
        return (first * dy[:, :, :, None, :, None]).reshape(x.shape)
    return y, back


def flatten(x):
    return x.reshape(len(x), -1), lambda dy: dy.reshape(x.shape)


def forward(p, x, grads):
    steps = [lambda v: conv(v, p[0], p[1], grads), relu, max_pool,
             lambda v: conv(v, p[2], p[3], grads), relu, max_pool, flatten,
             lambda v: dense(v, p[4], p[5], grads), relu, lambda v: dense(v, p[6], p[7], grads)]
    backs = []
    for step in steps:
        x, back = step(x)
        backs.append(back)
    return x, backs


# ---- training ----------------------------------------------------------------------------------

def initial(rng):
    def weights(*shape):
        scale = np.sqrt(2 / np.prod(shape[1:]))
        return (rng.standard_normal(shape) * scale).astype(np.float32)
    shapes = [(8, 1, 5, 5), (16, 8, 5, 5), (48, 256), (10, 48)]
    return [a for s in shapes for a in (weights(*s), np.zeros(s[0], np.float32))]


def gradient(p, x, labels):
    grads = []
    scores, backs = forward(p, x, grads)
    e = np.exp(scores - scores.max(1, keepdims=True))
    d = e / e.sum(1, keepdims=True)
    d[np.arange(len(x)), labels] -= 1
    d /= np.float32(len(x))
    for back in reversed(backs):
        d = back(d)
    pairs = [grads[i:i + 2] for i in range(0, len(grads), 2)]  # last layer first
    return [g for pair in reversed(pairs) for g in pair]


def accuracy(p, x, labels):
    right = sum((forward(p, x[i:i + 500], [])[0].argmax(1) == labels[i:i + 500]).sum()
                for i in range(0, len(x), 500))
    return right / len(x)


def train(x, labels):
    rng = np.random.default_rng(SEED)
    p = initial(rng)
    m = [np.zeros_like(a) for a in p]
    v = [np.zeros_like(a) for a in p]
    steps, t = EPOCHS * (len(x) // BATCH), 0
    for epoch in range(EPOCHS):
        order = rng.permutation(len(x))
        for i in range(0, len(x) - BATCH + 1, BATCH):
            pick = order[i:i + BATCH]
            t += 1
            rate = RATE * 0.5 * (1 + np.cos(np.pi * t / steps))
            for j, g in enumerate(gradient(p, x[pick], labels[pick])):
                m[j] = 0.9 * m[j] + 0.1 * g
                v[j] = 0.999 * v[j] + 0.001 * g * g
                step = rate * (m[j] / (1 - 0.9 ** t)) / (np.sqrt(v[j] / (1 - 0.999 ** t)) + 1e-8)
                p[j] = (p[j] - step).astype(np.float32)
        right = accuracy(p, x[:5000], labels[:5000])
        print(f"epoch {epoch + 1}: {right:.4f} of the training images", file=sys.stderr)
    return p


# ---- ONNX --------------------------------------------------------------------------------------

def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def tensor(name, array):
    dims = b"".join(field(1, n) for n in array.shape)
    kind = 7 if array.dtype == np.int64 else 1
    return dims + field(2, kind) + field(8, name) + field(9, array.tobytes())


def attribute(name, value):
    if isinstance(value, int):
        return field(5, field(1, name) + field(3, value) + field(20, 2))
    return field(5, field(1, name) + b"".join(field(8, n) for n in value) + field(20, 7))


def node(kind, name, inputs, output, *attributes):
    return field(1, b"".join(field(1, i) for i in inputs) + field(2, output) + field(3, name) +
                 field(4, kind) + b"".join(attributes))


def value_info(name, dims):
    shape = b"".join(field(1, field(1, n)) for n in dims)
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, shape)))


def model(p):
    names = ["conv1.w", "conv1.b", "conv2.w", "conv2.b", "fc1.w", "fc1.b", "fc2.w", "fc2.b"]
    kernel = attribute("kernel_shape", [5, 5])
    pool = [attribute("kernel_shape", [2, 2]), attribute("strides", [2, 2])]
    nodes = [
        node("Conv", "conv1", ["image", "conv1.w", "conv1.b"], "c1", kernel),
        node("Relu", "relu1", ["c1"], "r1"),
        node("MaxPool", "pool1", ["r1"], "p1", *pool),
        node("Conv", "conv2", ["p1", "conv2.w", "conv2.b"], "c2", kernel),
        node("Relu", "relu2", ["c2"], "r2"),
        node("MaxPool", "pool2", ["r2"], "p2", *pool),
        node("Flatten", "flatten", ["p2"], "f", attribute("axis", 1)),
        node("Gemm", "fc1", ["f", "fc1.w", "fc1.b"], "d1", attribute("transB", 1)),
        node("Relu", "relu3", ["d1"], "r3"),
        node("Gemm", "fc2", ["r3", "fc2.w", "fc2.b"], "d2", attribute("transB", 1)),
        node("Softmax", "softmax", ["d2"], "prob", attribute("axis", 1)),
    ]
    graph = b"".join(nodes) + field(2, "glyphs")
    graph += b"".join(field(5, tensor(n, a)) for n, a in zip(names, p))
    graph += field(11, value_info("image", [1, 1, 28, 28])) + field(12, value_info("prob", [1, 10]))
    return field(1, 7) + field(2, "train_glyphs.py") + field(7, graph) + field(8, field(2, 13))


def load(path):
    with np.load(path) as arrays:
        return arrays["images"].astype(np.float32) / 256, arrays["labels"]


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    x, labels = load(sys.argv[1])
    test_x, test_labels = load(sys.argv[2])
    p = train(x, labels)
    print(f"{accuracy(p, test_x, test_labels):.4f} of {len(test_x)} test images", file=sys.stderr)
    with open(sys.argv[3], "wb") as file:
        file.write(model(p))


if __name__ == "__main__":
    main()
