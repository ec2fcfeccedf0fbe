// SPDX-License-Identifier: Apache-2.0
//
// worker_ort.js - runs one ONNX network in ONNX Runtime (npm package onnxruntime-node, installed by
// bench/peers.sh into build-bench/); the protocol of worker_exec.c.
//
// Usage     node bench/worker_ort.js JOBS MODEL
// Inputs    unknown dimensions are 1; the pattern of common.py.
'use strict';
const path = require('path');
const readline = require('readline');

const say = (object) => process.stdout.write(JSON.stringify(object) + '\n');

// Half-precision bits of a value of the pattern: normal numbers and 0, rounded to nearest even.
function toHalf(value) {
  const bits = new Uint32Array(new Float32Array([value]).buffer)[0];
  const rounded = bits + 0xfff + ((bits >>> 13) & 1);
  return value === 0 ? 0 : ((bits >>> 16) & 0x8000) | (((rounded & 0x7fffffff) >>> 13) - 0x1c000);
}

function makeInput(ort, meta) {
  const dims = meta.shape.map((d) => (typeof d === 'number' && d > 0 ? d : 1));
  const count = dims.reduce((a, b) => a * b, 1);
  const half = meta.type === 'float16';
  const data = half ? new Uint16Array(count) : new Float32Array(count);
  for (let k = 0; k < count; k++) {
    const value = Math.fround(Math.fround(((k * 37) % 101) / 50) - 1);
    data[k] = half ? toHalf(value) : value;
  }
  return new ort.Tensor(meta.type, data, dims);
}

function magnitude(outputs) {
  let sum = 0;
  for (const tensor of Object.values(outputs))
    if (tensor.type === 'float32') for (const v of tensor.data) sum += Math.abs(v);
  return Number.isFinite(sum) ? sum : null;
}

async function main() {
  const root = path.join(__dirname, '..', 'build-bench', 'node_modules', 'onnxruntime-node');
  const ort = require(root);
  const session = await ort.InferenceSession.create(process.argv[3], {
    intraOpNumThreads: Number(process.argv[2]), interOpNumThreads: 1, executionMode: 'sequential',
    graphOptimizationLevel: 'all', logSeverityLevel: 3,
  });
  const feeds = {};
  for (const meta of session.inputMetadata) feeds[meta.name] = makeInput(ort, meta);
  const version = require(path.join(root, 'package.json')).version;
  say({engine: `ONNX Runtime ${version}`, check: magnitude(await session.run(feeds))});
  for await (const line of readline.createInterface({input: process.stdin})) {
    const wall = [], cpu = [];
    for (let i = 0; i < Number(line); i++) {
      const cpuAt = process.cpuUsage(), at = process.hrtime.bigint();
      await session.run(feeds);
      wall.push(Number(process.hrtime.bigint() - at) / 1e9);
      const used = process.cpuUsage(cpuAt);
      cpu.push((used.user + used.system) / 1e6);
    }
    say({wall, cpu});
  }
}

main().catch((error) => say({error: String(error.message).split('\n')[0]}));
