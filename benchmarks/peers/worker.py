# SPDX-License-Identifier: Apache-2.0
"""What the peers' workers share: the parameter sets, the loop that answers compare.py, and the weights of an ONNX model.

A worker is a process that reads one JSON request a line and answers with one JSON line:
  {"set": "N14", "op": "rotate", "repetitions": 5}             -> {"nanoseconds": [..5..]}
  {"model": "FOLDER", "rows": 3}                                -> {"rows": [{"encrypt": ns, "server": ns, "decrypt": ns,
                                                                    "outputs": [..]}], "keygen": ns, "parameters": {..}}
so that compare.py can alternate between libraries, operation by operation, in one run.
"""

import csv
import json
import sys
import time
from pathlib import Path

import numpy as np

# name -> log2 N, bits of the chain q_0..q_L, bits and number of special primes, digit size (primes per digit)
SETS = {
    "N13": {"log_n": 13, "q": [45, 35, 35, 35], "special_bits": 45, "special": 1, "digit_size": 1},
    "N14": {"log_n": 14, "q": [50] + [40] * 7, "special_bits": 50, "special": 1, "digit_size": 1},
    "N15": {"log_n": 15, "q": [50] + [40] * 14, "special_bits": 50, "special": 3, "digit_size": 3},
}
OPS = [
    "encode",
    "encrypt_public",
    "encrypt_secret",
    "decrypt",
    "add",
    "multiply_plain",
    "multiply",
    "square",
    "relinearize",
    "rescale",
    "multiply_relinearize_rescale",
    "rotate",
]


def sample(count):
    """Fixed slot values in [-1, 1]."""
    return np.random.default_rng(1).uniform(-1, 1, count).tolist()


def timed(action, repetitions):
    """Nanoseconds of each of `repetitions` calls; the results are kept alive until the clock has stopped."""
    out = []
    for _ in range(repetitions):
        start = time.perf_counter_ns()
        result = action()
        out.append(time.perf_counter_ns() - start)
        del result
    return out


def serve(operations, models):
    """Answers requests. `operations(set)` -> {op: callable}; `models(folder, rows)` -> answer."""
    ready = {}
    for line in sys.stdin:
        request = json.loads(line)
        if "model" in request:
            answer = models(Path(request["model"]), request["rows"])
        else:
            name = request["set"]
            if name not in ready:
                ready.clear()
                ready[name] = operations(name)
            action = ready[name].get(request["op"])
            answer = {"nanoseconds": timed(action, request["repetitions"]) if action else None}
        print(json.dumps(answer), flush=True)


def test_rows(folder, count):
    """The first rows of the model's held-out data, as floats."""
    with open(folder / "test.csv", newline="") as file:
        rows = list(csv.reader(file))[1 : count + 1]
    return np.array(rows, dtype=float)


def affine_layers(folder):
    """[(W, b), ..] of a model of this repository, scalers folded; between two layers stands a square. W is [outputs, inputs]."""
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(str(folder / "model.onnx")).graph
    weights = {t.name: numpy_helper.to_array(t).astype(float) for t in graph.initializer}
    layers, gain, shift = [], None, None
    for node in graph.node:
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        if node.op_type == "Scaler":
            gain, offset = np.array(attributes["scale"]), np.array(attributes["offset"])
            shift = -offset * gain
        elif node.op_type == "Div":
            gain, shift = np.array(1 / 255.0), np.array(0.0)
        elif node.op_type == "Gemm":
            layers.append((weights[node.input[1]], weights[node.input[2]]))
        elif node.op_type in ("LinearClassifier", "LinearRegressor"):
            bias = np.array(attributes["intercepts"])
            layers.append((np.array(attributes["coefficients"]).reshape(len(bias), -1), bias))
    if layers[0][0].shape[0] == 2 and len(layers) == 1:
        layers = [(layers[0][0][1:], layers[0][1][1:])]
    first, bias = layers[0]
    layers[0] = (first * gain, bias + first @ (np.broadcast_to(shift, first.shape[1])))
    return layers
