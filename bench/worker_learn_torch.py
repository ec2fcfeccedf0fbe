#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""worker_learn_torch.py - what worker_learn.c does, in PyTorch: the peer of bench_learn.py.

Usage     worker_learn_torch.py train|score SAMPLES WIDTH THREADS
Data      the same numbers from the same generator; dense matrices (batch, 9, 9), one-hot features.
Fairness  what can be done once is done once: features and matrices are tensors before the clock
          starts; scoring runs under no_grad in batches of 1,024.
"""
import json
import sys
import time

try:
    import torch
except ImportError:
    print(json.dumps({"error": "python3-torch is not installed"}), flush=True)
    sys.exit(0)

NODES, LABELS, LAYERS, BATCH, SCORE_BATCH = 9, 6, 4, 32, 1024
MASK = (1 << 64) - 1


class Generator:
    def __init__(self, state):
        self.state = state

    def draw(self):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) & MASK
        return (self.state >> 40) * 2.0 ** -24


def make_graphs(samples):
    g = Generator(1)
    features = torch.zeros(samples, NODES, LABELS)
    adjacency = torch.zeros(samples, NODES, NODES)
    target = torch.zeros(samples, 1)
    for s in range(samples):
        matrix = [[0.0] * NODES for _ in range(NODES)]
        for i in range(NODES):
            features[s, i, 0 if i == 0 else 1 + int(g.draw() * (LABELS - 1))] = 1
            for j in range(i, NODES):
                matrix[i][j] = 1.0 if i == 0 or i == j or g.draw() < 0.3 else 0.0
        adjacency[s] = torch.tensor(matrix)
        target[s, 0] = g.draw()
    return features, adjacency, target


class Model(torch.nn.Module):
    def __init__(self, width):
        super().__init__()
        g, bound = Generator(2), 1 / width ** 0.5
        self.weights, self.biases, self.norms = [torch.nn.ParameterList() for _ in range(2)] + [
            torch.nn.ModuleList()]
        for i in range(LAYERS):
            rows, columns = (LABELS, width) if i == 0 else (width, width)
            w = torch.tensor([bound * (2 * g.draw() - 1) for _ in range(rows * columns)])
            w = w.reshape(rows, columns)
            self.weights.append(torch.nn.Parameter(w if i == 0 else w.t().contiguous()))
            self.biases.append(torch.nn.Parameter(torch.zeros(width)))
            self.norms.append(torch.nn.LayerNorm(width))
        self.head = torch.nn.Linear(width, 1)
        with torch.no_grad():
            self.head.weight.copy_(torch.tensor([[bound * (2 * g.draw() - 1)
                                                  for _ in range(width)]]))
            self.head.bias.zero_()
        self.dropout = 0.0

    def forward(self, h, adjacency):
        f = torch.nn.functional
        for i, (w, b, norm) in enumerate(zip(self.weights, self.biases, self.norms)):
            if i == LAYERS - 1:  # the global node alone, sum first: a ninth of the product
                h = (adjacency[:, 0:1] @ h) @ w + b
            else:
                h = adjacency @ (h @ w) + b
            h = f.dropout(f.relu(norm(h)), self.dropout, self.training)
        return self.head(h[:, 0])


def main():
    mode, samples, width, threads = sys.argv[1], *map(int, sys.argv[2:5])
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    features, adjacency, target = make_graphs(samples)
    model = Model(width)
    optimiser = torch.optim.AdamW(model.parameters(), lr=4e-4, weight_decay=5e-4)

    def train():
        total = 0.0
        for at in range(0, samples, BATCH):
            part = slice(at, at + BATCH)
            loss = (model(features[part], adjacency[part]) - target[part]).abs().sum()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            total += loss.item()
        return total

    def score():
        model.eval()
        with torch.no_grad():
            return sum((model(features[at:at + SCORE_BATCH], adjacency[at:at + SCORE_BATCH])
                        - target[at:at + SCORE_BATCH]).abs().sum().item()
                       for at in range(0, samples, SCORE_BATCH))

    epoch = score if mode == "score" else train
    print(json.dumps({"engine": f"PyTorch {torch.__version__}", "check": epoch()}), flush=True)
    model.dropout = 0.002
    for line in sys.stdin:
        wall, cpu = [], []
        for _ in range(int(line)):
            wall_at, cpu_at = time.monotonic(), time.process_time()
            epoch()
            cpu.append(time.process_time() - cpu_at)
            wall.append(time.monotonic() - wall_at)
        print(json.dumps({"wall": wall, "cpu": cpu}), flush=True)


main()
