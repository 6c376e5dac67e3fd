# SPDX-License-Identifier: Apache-2.0
"""The models in OpenFHE through its Python package, by the diagonals of diagonals.py. See models.py."""

import json
import time
from importlib.metadata import version

import numpy as np

from diagonals import Library, Network, packed, rotations_of
from openfhe_context import context_of
from worker import affine_layers, serve, test_rows


class OpenFhe(Library):
    def __init__(self, context):
        self.context = context

    def rotations(self, x, steps):
        steps = list(steps)
        if len(steps) == 1:
            return [self.context.EvalRotate(x, steps[0])]
        digits = self.context.EvalFastRotationPrecompute(x)
        order = self.context.GetCyclotomicOrder()
        return [self.context.EvalFastRotation(x, step, order, digits) for step in steps]

    def encode(self, values, level):
        return self.context.MakeCKKSPackedPlaintext(values.tolist(), 1, level)

    def weighted_sum(self, ciphertexts, plaintexts):
        total = self.context.EvalMult(ciphertexts[0], plaintexts[0])
        for x, plain in zip(ciphertexts[1:], plaintexts[1:]):
            total = self.context.EvalAdd(total, self.context.EvalMult(x, plain))
        return total

    def add(self, x, y):
        return self.context.EvalAdd(x, y)

    def rescale(self, x):
        return self.context.Rescale(x)

    def add_values(self, x, values, level):
        return self.context.EvalAdd(x, self.context.MakeCKKSPackedPlaintext(values.tolist(), 1, level))

    def square(self, x):
        return self.context.Rescale(self.context.EvalSquare(x))


def models(folder, count):
    layers = affine_layers(folder)
    rows = test_rows(folder, count)
    reach = np.abs(rows).max(0)
    reach[reach == 0] = 1
    layers[0] = (layers[0][0] * reach, layers[0][1])
    depth = 2 * len(layers) - 1
    first, scale, digit_size = 50, 40, 2
    start = time.perf_counter_ns()
    context = context_of(first, scale, depth, digit_size)
    slots = context.GetRingDimension() // 2
    pair = context.KeyGen()
    context.EvalMultKeyGen(pair.secretKey)
    context.EvalRotateKeyGen(pair.secretKey, rotations_of(layers))
    keygen = time.perf_counter_ns() - start
    network = Network(OpenFhe(context), layers, slots)
    answers = []
    for row in rows:
        start = time.perf_counter_ns()
        plain = context.MakeCKKSPackedPlaintext(packed(row / reach, slots).tolist())
        x = context.Encrypt(pair.publicKey, plain)
        sent = time.perf_counter_ns()
        y = network.run(x)
        done = time.perf_counter_ns()
        answer = context.Decrypt(y, pair.secretKey)
        outputs = answer.GetRealPackedValue()[: layers[-1][0].shape[0]]
        end = time.perf_counter_ns()
        answers.append(
            {"encrypt": sent - start, "server": done - sent, "decrypt": end - done, "outputs": list(outputs)}
        )
    parameters = {"ring_degree": context.GetRingDimension(), "log_q": first + scale * depth}
    return {"rows": answers, "keygen": keygen, "parameters": parameters}


if __name__ == "__main__":
    print(json.dumps({"library": f"OpenFHE {version('openfhe')} (Python)"}), flush=True)
    serve(models)
