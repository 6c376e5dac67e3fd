# SPDX-License-Identifier: Apache-2.0
"""A fully connected network with squares over any CKKS library: the same diagonals, baby steps and giant steps that Tacet runs.

A vector of n numbers stands in the slots with period `period_of(n)`, the power of two above n. A matrix of R rows and C columns has
D = min(period R, period C) diagonals; z = sum_d diagonal_d * rotate(x, d), and where the rows' period is the shorter one,
rotations by it, doubling, sum the parts. A library gives five functions (see Library).
"""

import numpy as np


def period_of(count):
    """The smallest power of two above `count` (at least one slot stays zero)."""
    return 1 << int(count).bit_length()


class Library:
    """What a worker implements. `level` counts the primes already dropped."""

    def rotations(self, x, steps):
        """[x rotated left by each of steps], sharing work where the library can."""
        raise NotImplementedError

    def encode(self, values, level):
        """Plaintext of all slots for a product with a ciphertext at `level`, of the scale that rescaling removes."""
        raise NotImplementedError

    def weighted_sum(self, ciphertexts, plaintexts):
        """sum of ciphertext * plaintext, not rescaled."""
        raise NotImplementedError

    def add(self, x, y):
        raise NotImplementedError

    def rescale(self, x):
        raise NotImplementedError

    def add_values(self, x, values, level):
        """x + values, encoded at x's own scale."""
        raise NotImplementedError

    def square(self, x):
        """x squared, relinearized and rescaled."""
        raise NotImplementedError


class Network:
    """Encoded layers; the constructor does everything that does not depend on the input."""

    def __init__(self, library, layers, slots):
        self.library, self.slots, self.layers, level = library, slots, [], 0
        for i, (matrix, bias) in enumerate(layers):
            if i:
                level += 1
            self.layers.append(self.encode_layer(matrix, bias, level))
            level += 1

    def encode_layer(self, matrix, bias, level):
        rows, columns = matrix.shape
        rows_period, columns_period = period_of(rows), period_of(columns)
        count = min(rows_period, columns_period)
        baby = baby_steps(count)
        padded = np.zeros((rows_period, columns_period))
        padded[:rows, :columns] = matrix
        slot = np.arange(self.slots)
        diagonals = []
        for giant in range(0, count, baby):
            group = []
            for d in range(giant, min(giant + baby, count)):
                values = padded[slot % rows_period, (slot + d) % columns_period]
                group.append(self.library.encode(np.roll(values, giant), level))
            diagonals.append((giant, group))
        shift = np.zeros(rows_period)
        shift[:rows] = bias
        sums = [rows_period << k for k in range((columns_period // rows_period).bit_length() - 1)]
        return diagonals, baby, sums, np.tile(shift, self.slots // rows_period), level + 1

    def run(self, x):
        library = self.library
        for i, (diagonals, baby, sums, shift, level) in enumerate(self.layers):
            if i:
                x = library.square(x)
            turned = [x, *library.rotations(x, range(1, min(baby, len(diagonals) * baby)))]
            total = None
            for giant, group in diagonals:
                part = library.weighted_sum(turned[: len(group)], group)
                if giant:
                    (part,) = library.rotations(part, [giant])
                total = part if total is None else library.add(total, part)
            total = library.rescale(total)
            for step in sums:
                total = library.add(total, library.rotations(total, [step])[0])
            x = library.add_values(total, shift, level)
        return x


def baby_steps(count):
    """A power of two near the square root of the number of diagonals."""
    return 1 << ((count.bit_length()) // 2)


def rotations_of(layers):
    """Every rotation that `Network` asks for."""
    steps = set()
    for matrix, _ in layers:
        rows_period, columns_period = period_of(matrix.shape[0]), period_of(matrix.shape[1])
        count = min(rows_period, columns_period)
        baby = baby_steps(count)
        steps |= set(range(1, min(baby, count))) | set(range(baby, count, baby))
        steps |= {rows_period << k for k in range((columns_period // rows_period).bit_length() - 1)}
    return sorted(steps)


def packed(row, slots):
    """The input vector, zero padded to its period and repeated over all slots."""
    period = period_of(len(row))
    return np.tile(np.concatenate([row, np.zeros(period - len(row))]), slots // period)
