# SPDX-License-Identifier: Apache-2.0
"""What the workers of models.py share: the loop that answers it, and the weights of an ONNX model.

A worker is a process that reads one JSON request a line and answers with one JSON line:
  {"model": "FOLDER", "rows": 3}  -> {"rows": [{"encrypt": ns, "server": ns, "decrypt": ns, "outputs": [..]}], "keygen": ns,
                                      "parameters": {..}}
so that models.py can alternate between libraries in one run.
"""

import csv
import json
import sys
from pathlib import Path

import numpy as np

def serve(models):
    """Answers requests with `models(folder, rows)`."""
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(models(Path(request["model"]), request["rows"])), flush=True)


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
