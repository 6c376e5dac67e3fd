# SPDX-License-Identifier: Apache-2.0
"""Big-integer reference of the engine's mathematics, written from the definitions: no tables, no lazy values, no C++.

Polynomials are lists of n integers (coefficients of Z[X]/(X^n+1)).
"""
import struct
from decimal import Decimal, getcontext

MASK32 = 0xFFFFFFFF


def is_prime(n):
    if n < 2:
        return False
    bases = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)
    for p in bases:
        if n % p == 0:
            return n == p
    d, s = n - 1, 0
    while d % 2 == 0:
        d, s = d // 2, s + 1
    for a in bases:
        x = pow(a, d, n)
        if x in (1, n - 1):
            continue
        for _ in range(s - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True


def primes_below(bits, count, n):
    """The largest primes below 2^bits that are 1 mod 2n."""
    q = ((2**bits - 1) // (2 * n)) * 2 * n + 1
    found = []
    while len(found) < count:
        if q < 2**bits and is_prime(q):
            found.append(q)
        q -= 2 * n
    return found


def primitive_root(q, n):
    """g^((q-1)/2n) for the smallest g >= 2 for which its n-th power is -1."""
    g = 2
    while True:
        psi = pow(g, (q - 1) // (2 * n), q)
        if pow(psi, n, q) == q - 1:
            return psi
        g += 1


def bit_reverse(x, bits):
    return int(format(x, "0%db" % bits)[::-1], 2) if bits else 0


def ntt_entry(coefficients, q, j):
    """The value at psi^(2 brv(j) + 1), by Horner's rule."""
    n = len(coefficients)
    point = pow(primitive_root(q, n), 2 * bit_reverse(j, n.bit_length() - 1) + 1, q)
    value = 0
    for c in reversed(coefficients):
        value = (value * point + c) % q
    return value


def ntt(coefficients, q):
    return [ntt_entry(coefficients, q, j) for j in range(len(coefficients))]


def inverse_ntt(values, q):
    n = len(values)
    bits = n.bit_length() - 1
    psi = primitive_root(q, n)
    n_inverse = pow(n, -1, q)
    out = []
    for k in range(n):
        total = sum(values[j] * pow(psi, -(2 * bit_reverse(j, bits) + 1) * k, q) for j in range(n))
        out.append(total * n_inverse % q)
    return out


def multiply(a, b):
    """Negacyclic product over the integers."""
    n = len(a)
    out = [0] * n
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            k = i + j
            if k < n:
                out[k] += x * y
            else:
                out[k - n] -= x * y
    return out


def automorphism(a, g):
    """a(X^g)."""
    n = len(a)
    out = [0] * n
    for i, x in enumerate(a):
        k = i * g % (2 * n)
        if k < n:
            out[k] = x
        else:
            out[k - n] = -x
    return out


def chacha20_block(key, counter, nonce):
    def rotate(x, r):
        return ((x << r) | (x >> (32 - r))) & MASK32

    def quarter(s, a, b, c, d):
        s[a] = (s[a] + s[b]) & MASK32
        s[d] = rotate(s[d] ^ s[a], 16)
        s[c] = (s[c] + s[d]) & MASK32
        s[b] = rotate(s[b] ^ s[c], 12)
        s[a] = (s[a] + s[b]) & MASK32
        s[d] = rotate(s[d] ^ s[a], 8)
        s[c] = (s[c] + s[d]) & MASK32
        s[b] = rotate(s[b] ^ s[c], 7)

    start = list(struct.unpack("<4I", b"expand 32-byte k")) + list(struct.unpack("<8I", key)) + [counter] + list(struct.unpack("<3I", nonce))
    s = start[:]
    for _ in range(10):
        for indexes in ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15), (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)):
            quarter(s, *indexes)
    return struct.pack("<16I", *((x + y) & MASK32 for x, y in zip(s, start)))


def words(seed, purpose, digit, limb):
    nonce = struct.pack("<3I", purpose, digit, limb)
    counter = 0
    while True:
        yield from struct.unpack("<8Q", chacha20_block(seed, counter, nonce))
        counter += 1


def uniform(seed, purpose, digit, limb, q, n):
    """n residues and the number of words that were skipped."""
    bound = q * (2**64 // q)
    out, skipped = [], 0
    for word in words(seed, purpose, digit, limb):
        if word >= bound:
            skipped += 1
            continue
        out.append(word % q)
        if len(out) == n:
            return out, skipped


def ternary(seed, purpose, n):
    out = []
    for word in words(seed, purpose, 0, 0):
        if word != 2**64 - 1:
            out.append(word % 3 - 1)
        if len(out) == n:
            return out


def error_table():
    """round(2^63 Pr[|e| <= k]) for the discrete Gaussian with sigma = 3.19, without the entries that are 2^63."""
    getcontext().prec = 80
    sigma = Decimal("3.19")
    rho = [(-(Decimal(x) * x) / (2 * sigma * sigma)).exp() for x in range(80)]
    total = rho[0] + 2 * sum(rho[1:])
    out, cumulative = [], Decimal(0)
    for k, weight in enumerate(rho):
        cumulative += weight * (1 if k == 0 else 2) / total
        entry = int((cumulative * 2**63).to_integral_value(rounding="ROUND_HALF_EVEN"))
        if entry >= 2**63:
            return out
        out.append(entry)
    return out


ERROR_TABLE = error_table()


def error(seed, purpose, digit, n):
    out = []
    for word in words(seed, purpose, digit, 0):
        magnitude = sum(1 for bound in ERROR_TABLE if (word >> 1) >= bound)
        out.append(-magnitude if word & 1 else magnitude)
        if len(out) == n:
            return out


def crt(residues, moduli):
    """The representative in (-Q/2, Q/2)."""
    product = 1
    for m in moduli:
        product *= m
    x = sum(r * (product // m) * pow(product // m, -1, m) for r, m in zip(residues, moduli)) % product
    return x - product if x > product // 2 else x


def round_divide(x, d):
    """round(x / d) for odd d: no ties."""
    return (2 * x + d) // (2 * d)
