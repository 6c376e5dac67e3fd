# SPDX-License-Identifier: Apache-2.0
"""Single operations of OpenFHE through its Python package. See contract.py."""

import itertools
from importlib.metadata import version

from contract import arguments, largest, report, sample
from openfhe_context import context_of


def shape(options):
    """First and scaling bits and the depth. OpenFHE's scaling primes have one size; a mixed chain becomes 60 bits and equal ones."""
    rest = set(options.chain[1:])
    if len(rest) <= 1:
        return options.chain[0], options.chain[-1], len(options.chain) - 1
    depth = len(options.chain) - 2
    return 60, (options.log_q - 60) // depth, depth


def main():
    options = arguments()
    first, scale, depth = shape(options)
    context = context_of(first, scale, depth, max(1, len(options.special)), options.log_n)
    pair, steps = context.KeyGen(), itertools.count(2)
    values = sample(context.GetRingDimension() // 2)
    plain = context.MakeCKKSPackedPlaintext(values)
    x, y = context.Encrypt(pair.publicKey, plain), context.Encrypt(pair.publicKey, plain)

    def decrypted(ciphertext):
        return context.Decrypt(ciphertext, pair.secretKey).GetRealPackedValue()

    def rotate():
        context.EvalRotateKeyGen(pair.secretKey, [1])
        turned = [*values[1:], values[0]]
        return lambda: context.EvalRotate(x, 1), {"max_error": largest(decrypted(context.EvalRotate(x, 1)), turned)}

    def rotate_hoisted():
        context.EvalRotateKeyGen(pair.secretKey, [1])
        digits, order = context.EvalFastRotationPrecompute(x), context.GetCyclotomicOrder()
        return lambda: context.EvalFastRotation(x, 1, order, digits), {}

    def multiply():
        context.EvalMultKeyGen(pair.secretKey)
        squares = [v * v for v in values]
        return lambda: context.Rescale(context.EvalMult(x, y)), {
            "max_error": largest(decrypted(context.Rescale(context.EvalMult(x, y))), squares)
        }

    def decrypt_decode():
        low = context.Encrypt(pair.publicKey, context.MakeCKKSPackedPlaintext(values, 1, depth))
        return lambda: context.Decrypt(low, pair.secretKey), {}

    report(
        f"OpenFHE {version('openfhe')} (PyPI)",
        options,
        None,
        {
            "encode": lambda: (lambda: context.MakeCKKSPackedPlaintext(values), {}),
            "encrypt_public": lambda: (lambda: context.Encrypt(pair.publicKey, plain), {}),
            "decrypt_decode": decrypt_decode,
            "multiply_plain": lambda: (lambda: context.EvalMult(x, plain), {}),
            "rescale": lambda: (lambda: context.Rescale(x), {}),
            "rotate": rotate,
            "rotate_hoisted": rotate_hoisted,
            "multiply_relinearize_rescale": multiply,
            # a key that exists is not made again
            "keygen_rotation": lambda: (lambda: context.EvalRotateKeyGen(pair.secretKey, [next(steps)]), {}),
        },
    )


if __name__ == "__main__":
    main()
