# SPDX-License-Identifier: Apache-2.0
"""Writes a breast-cancer model whose sigmoid has to run encrypted, for docs/benchmarks.md: the number 2 sigmoid(w x + b) - 1.

Run `python sigmoid_inside.py FILE.onnx`. Deterministic. Needs numpy, onnx, scikit-learn.
"""

import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression


def main(path):
    data = load_breast_cancer()
    mean, deviation = data.data.mean(0), data.data.std(0)
    model = LogisticRegression(C=0.05).fit((data.data - mean) / deviation, data.target)
    weights = model.coef_[0] / deviation
    constants = {
        "w": weights.reshape(-1, 1),
        "b": [model.intercept_[0] - weights @ mean],
        "two": [[2]],
        "minus_one": [-1],
    }
    graph = helper.make_graph(
        [
            helper.make_node("Gemm", ["features", "w", "b"], ["sum"], name="linear"),
            helper.make_node("Sigmoid", ["sum"], ["probability"], name="sigmoid"),
            helper.make_node("Gemm", ["probability", "two", "minus_one"], ["score"], name="score"),
        ],
        "sigmoid_inside",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, len(weights)])],
        [helper.make_tensor_value_info("score", TensorProto.FLOAT, [None, 1])],
        [numpy_helper.from_array(np.array(value, np.float32), name) for name, value in constants.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


if __name__ == "__main__":
    main(sys.argv[1])
