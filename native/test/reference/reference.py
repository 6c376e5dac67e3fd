# SPDX-License-Identifier: Apache-2.0
"""Big-integer reference of the engine's mathematics, written from the definitions: no tables, no lazy values, no C++.

Polynomials are lists of n integers. In ring STANDARD they are coefficients of Z[X]/(X^n+1); in ring CONJUGATE_INVARIANT entry 0
is the coefficient of 1 and entry i that of X^i + X^-i, in Z[X]/(X^2n+1).
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


STANDARD, CONJUGATE_INVARIANT = "standard", "conjugate_invariant"


def root_order(n, ring):
    """The order of the roots of unity that polynomials are evaluated at."""
    return 2 * n if ring == STANDARD else 4 * n


def primes_below(bits, count, n, ring=STANDARD):
    """The largest primes below 2^bits that are 1 modulo the order of the roots."""
    order = root_order(n, ring)
    q = ((2**bits - 1) // order) * order + 1
    found = []
    while len(found) < count:
        if q < 2**bits and is_prime(q):
            found.append(q)
        q -= order
    return found


def primitive_root(q, order):
    """g^((q-1)/order) for the smallest g >= 2 for which its power order/2 is -1."""
    g = 2
    while True:
        psi = pow(g, (q - 1) // order, q)
        if pow(psi, order // 2, q) == q - 1:
            return psi
        g += 1


def bit_reverse(x, bits):
    return int(format(x, "0%db" % bits)[::-1], 2) if bits else 0


def embed(a):
    """The same polynomial of ring CONJUGATE_INVARIANT as 2n coefficients of Z[X]/(X^2n+1): X^-i is -X^(2n-i)."""
    return a + [0] + [-x for x in a[:0:-1]]


def restrict(b):
    """The inverse of embed."""
    a = b[: len(b) // 2]
    assert embed(a) == b, "not invariant under X -> 1/X"
    return a


def exponent(j, n, ring):
    """Entry j of a transform is the value at this power of the root."""
    reversed_j = bit_reverse(j, n.bit_length() - 1)
    return 2 * reversed_j + 1 if ring == STANDARD else 4 * reversed_j + 1


def value_at(coefficients, point, q):
    """By Horner's rule."""
    value = 0
    for c in reversed(coefficients):
        value = (value * point + c) % q
    return value


def ntt_entry(coefficients, q, j, ring=STANDARD):
    n = len(coefficients)
    point = pow(primitive_root(q, root_order(n, ring)), exponent(j, n, ring), q)
    return value_at(coefficients if ring == STANDARD else embed(coefficients), point, q)


def ntt(coefficients, q, ring=STANDARD):
    return [ntt_entry(coefficients, q, j, ring) for j in range(len(coefficients))]


def multiply(a, b, ring=STANDARD):
    """The product over the integers."""
    if ring == CONJUGATE_INVARIANT:
        return restrict(multiply(embed(a), embed(b)))
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


def automorphism(a, g, ring=STANDARD):
    """a(X^g)."""
    if ring == CONJUGATE_INVARIANT:
        return restrict(automorphism(embed(a), g))
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
