# SPDX-License-Identifier: Apache-2.0
"""The models in TenSEAL (Microsoft SEAL inside): its own vectors where one does the work, its SEAL bindings for the rest. See models.py."""

import json
import time

import numpy as np
import tenseal
import tenseal.sealapi as seal

from diagonals import Library, Network, packed, rotations_of
from worker import affine_layers, serve, test_rows


class Seal(Library):
    """The network's steps by SEAL; one special prime, one prime a digit, no hoisting in its interface."""

    def __init__(self, log_n, bits, steps):
        parameters = seal.EncryptionParameters(seal.SCHEME_TYPE.CKKS)
        parameters.set_poly_modulus_degree(1 << log_n)
        primes = seal.CoeffModulus.Create(1 << log_n, bits)
        parameters.set_coeff_modulus(primes)
        self.context = seal.SEALContext(parameters, True, seal.SEC_LEVEL_TYPE.TC128)
        self.primes = [p.value() for p in primes[:-1]]
        keys = seal.KeyGenerator(self.context)
        public, self.relin, self.galois = seal.PublicKey(), seal.RelinKeys(), seal.GaloisKeys()
        keys.create_public_key(public)
        keys.create_relin_keys(self.relin)
        keys.create_galois_keys([pow(3, step, 2 << log_n) for step in steps], self.galois)
        self.encoder, self.evaluator = seal.CKKSEncoder(self.context), seal.Evaluator(self.context)
        self.encryptor = seal.Encryptor(self.context, public)
        self.decryptor = seal.Decryptor(self.context, keys.secret_key())
        self.levels, data = [], self.context.first_context_data()
        while data is not None:
            self.levels.append(data.parms_id())
            data = data.next_context_data()

    def plain(self, values, level, scale):
        out = seal.Plaintext()
        self.encoder.encode(list(values), self.levels[level], scale, out)
        return out

    def encode(self, values, level):
        return self.plain(values, level, float(self.primes[len(self.primes) - 1 - level]))

    def encrypt(self, values, scale):
        out = seal.Ciphertext()
        self.encryptor.encrypt(self.plain(values, 0, scale), out)
        return out

    def decrypt(self, x):
        plain = seal.Plaintext()
        self.decryptor.decrypt(x, plain)
        return self.encoder.decode_double(plain)

    def rotations(self, x, steps):
        out = []
        for step in steps:
            out.append(seal.Ciphertext())
            self.evaluator.rotate_vector(x, step, self.galois, out[-1])
        return out

    def weighted_sum(self, ciphertexts, plaintexts):
        total = seal.Ciphertext()
        self.evaluator.multiply_plain(ciphertexts[0], plaintexts[0], total)
        for x, plain in zip(ciphertexts[1:], plaintexts[1:]):
            term = seal.Ciphertext()
            self.evaluator.multiply_plain(x, plain, term)
            self.evaluator.add_inplace(total, term)
        return total

    def add(self, x, y):
        out = seal.Ciphertext()
        self.evaluator.add(x, y, out)
        return out

    def rescale(self, x):
        self.evaluator.rescale_to_next_inplace(x)
        return x

    def add_values(self, x, values, level):
        out = seal.Ciphertext()
        self.evaluator.add_plain(x, self.plain(values, level, x.scale), out)
        return out

    def square(self, x):
        out = seal.Ciphertext()
        self.evaluator.square(x, out)
        self.evaluator.relinearize_inplace(out, self.relin)
        self.evaluator.rescale_to_next_inplace(out)
        return out


def models(folder, count):
    """One matrix row: CKKSVector.dot. More layers: the diagonals of diagonals.py through the SEAL bindings."""
    layers = affine_layers(folder)
    rows = test_rows(folder, count)
    # the client divides by the largest feature, so that what is encrypted is of the order of one
    reach = np.abs(rows).max(0)
    reach[reach == 0] = 1
    layers[0] = (layers[0][0] * reach, layers[0][1])
    return tabular(layers[0], rows / reach) if len(layers) == 1 else network(layers, rows / reach)


def tabular(layer, rows):
    bits = [50, 40, 50]
    start = time.perf_counter_ns()
    context = tenseal.context(tenseal.SCHEME_TYPE.CKKS, 1 << 13, coeff_mod_bit_sizes=bits, n_threads=1)
    context.global_scale = 2.0**40
    context.generate_galois_keys()
    keygen = time.perf_counter_ns() - start
    weights, bias = layer[0][0].tolist(), layer[1].tolist()
    return answered(
        rows,
        lambda row: tenseal.ckks_vector(context, row.tolist()),
        lambda x: x.dot(weights) + bias,
        lambda y: y.decrypt(),
        keygen,
        {"ring_degree": 1 << 13, "log_q": sum(bits[:-1]), "log_qp": sum(bits), "interface": "CKKSVector.dot"},
    )


def network(layers, rows):
    depth = 2 * len(layers) - 1
    bits = [50] + [40] * depth + [50]
    start = time.perf_counter_ns()
    library = Seal(14, bits, rotations_of(layers))
    keygen = time.perf_counter_ns() - start
    slots, count = library.encoder.slot_count(), layers[-1][0].shape[0]
    ready = Network(library, layers, slots)
    return answered(
        rows,
        lambda row: library.encrypt(packed(row, slots), 2.0**40),
        ready.run,
        lambda y: library.decrypt(y)[:count],
        keygen,
        {"ring_degree": 1 << 14, "log_q": sum(bits[:-1]), "log_qp": sum(bits), "interface": "SEAL bindings"},
    )


def answered(rows, encrypt, evaluate, decrypt, keygen, parameters):
    answers = []
    for row in rows:
        start = time.perf_counter_ns()
        x = encrypt(row)
        sent = time.perf_counter_ns()
        y = evaluate(x)
        done = time.perf_counter_ns()
        outputs = [float(v) for v in decrypt(y)]
        end = time.perf_counter_ns()
        answers.append({"encrypt": sent - start, "server": done - sent, "decrypt": end - done, "outputs": outputs})
    return {"rows": answers, "keygen": keygen, "parameters": parameters}


if __name__ == "__main__":
    print(json.dumps({"library": f"TenSEAL {tenseal.__version__}"}), flush=True)
    serve(models)
