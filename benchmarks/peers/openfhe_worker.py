# SPDX-License-Identifier: Apache-2.0
"""OpenFHE through its Python package: single operations, and the models by the diagonals of diagonals.py."""

import json
import math
import time
from importlib.metadata import version

import numpy as np
import openfhe

from diagonals import Library, Network, packed, rotations_of
from worker import SETS, affine_layers, sample, serve, test_rows


def context_of(first, scale, depth, digit_size, log_n=None):
    """Levelled CKKS with manual rescaling and hybrid key switching; the ring degree by OpenFHE's own table unless given."""
    parameters = openfhe.CCParamsCKKSRNS()
    parameters.SetMultiplicativeDepth(depth)
    parameters.SetFirstModSize(first)
    parameters.SetScalingModSize(scale)
    parameters.SetScalingTechnique(openfhe.ScalingTechnique.FIXEDMANUAL)
    parameters.SetKeySwitchTechnique(openfhe.KeySwitchTechnique.HYBRID)
    parameters.SetNumLargeDigits(math.ceil((depth + 1) / digit_size))
    parameters.SetSecretKeyDist(openfhe.SecretKeyDist.UNIFORM_TERNARY)
    if log_n:
        parameters.SetSecurityLevel(openfhe.SecurityLevel.HEStd_NotSet)
        parameters.SetRingDim(1 << log_n)
    else:
        parameters.SetSecurityLevel(openfhe.SecurityLevel.HEStd_128_classic)
    context = openfhe.GenCryptoContext(parameters)
    for feature in (openfhe.PKE, openfhe.KEYSWITCH, openfhe.LEVELEDSHE):
        context.Enable(getattr(openfhe.PKESchemeFeature, feature) if isinstance(feature, str) else feature)
    return context


def operations(name):
    spec = SETS[name]
    context = context_of(spec["q"][0], spec["q"][1], len(spec["q"]) - 1, spec["digit_size"], spec["log_n"])
    pair = context.KeyGen()
    context.EvalMultKeyGen(pair.secretKey)
    context.EvalRotateKeyGen(pair.secretKey, [1])
    values = sample(context.GetRingDimension() // 2)
    plain = context.MakeCKKSPackedPlaintext(values)
    x, y = context.Encrypt(pair.publicKey, plain), context.Encrypt(pair.publicKey, plain)
    product = context.EvalMultNoRelin(x, y)
    linear = context.Relinearize(product)
    return {
        "encode": lambda: context.MakeCKKSPackedPlaintext(values),
        "encrypt_public": lambda: context.Encrypt(pair.publicKey, plain),
        # decrypts and decodes in one call; no encryption under the secret key in the Python package
        "decrypt_decode": lambda: context.Decrypt(x, pair.secretKey),
        "add": lambda: context.EvalAdd(x, y),
        "multiply_plain": lambda: context.EvalMult(x, plain),
        "multiply": lambda: context.EvalMultNoRelin(x, y),
        "relinearize": lambda: context.Relinearize(product),
        "rescale": lambda: context.Rescale(linear),
        "multiply_relinearize_rescale": lambda: context.Rescale(context.EvalMult(x, y)),
        "rotate": lambda: context.EvalRotate(x, 1),
    }


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
    serve(operations, models)
