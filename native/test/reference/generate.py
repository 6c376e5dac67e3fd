# SPDX-License-Identifier: Apache-2.0
"""Writes vectors.h, the known answers of the native tests:  python3 generate.py > vectors.h

`python3 generate.py --check vectors.h` writes nothing and exits 1 if the file is not what it would write.
"""
import cmath
import contextlib
import io
import math
import random
import sys

import reference as ref

R = random.Random(20260101)
PUBLIC = bytes(range(32))
SECRET = bytes(range(100, 132))
SPOTS = [0, 1, 2, 1023, 2048, 3333, 4094, 4095]


def lines(head, values, kind):
    suffix = "ULL" if kind == "u64" else ""
    print(head)
    line = "   "
    for v in values:
        text = " %d%s," % (v, suffix) if kind != "double" else " %r," % v
        if len(line) + len(text) > 118:
            print(line)
            line = "   "
        line += text
    print(line + "\n};")


def emit(name, values, kind="u64"):
    lines("inline const std::vector<%s> %s = {" % (kind, name), values, kind)


def emit_number(name, value):
    print("inline constexpr u64 %s = %dULL;" % (name, value))


def flatten(rows):
    return [x for row in rows for x in row]


class OfRing:
    """The vectors of one ring: members of the struct OfRing of the C++ side, in order of appearance."""

    def __init__(self, ring):
        self.ring = ring
        self.members = []

    def emit(self, name, values, kind="u64"):
        self.members.append((name, values, kind))

    def emit_number(self, name, value):
        self.members.append((name, value, None))

    def declare(self):
        print("/// What the two rings have in common, each with its own values.\nstruct OfRing {")
        for name, _, kind in self.members:
            print("  u64 %s = 0;" % name if kind is None else "  std::vector<%s> %s;" % (kind, name))
        print("};\n")

    def define(self):
        print("inline const OfRing %s = [] {\nOfRing v;" % self.ring)
        for name, values, kind in self.members:
            if kind is None:
                print("v.%s = %dULL;" % (name, values))
            else:
                lines("v.%s = {" % name, values, kind)
        print("return v;\n}();")


def minus_a_s_plus(s, a_values, small, q, ring):
    """NTT values of -a s + small, with a given in the NTT domain."""
    s_values, other = ref.ntt([c % q for c in s], q, ring), ref.ntt([c % q for c in small], q, ring)
    return [(o - a * t) % q for a, t, o in zip(a_values, s_values, other)]


def write_ring(ring):
    """The vectors that depend on the ring."""
    out = OfRing(ring)

    # Transforms: complete at n = 16, spot checks at n = 4096.
    small_q, large_q = 97 if ring == ref.STANDARD else 193, ref.primes_below(50, 1, 16, ring)[0]
    for label, q in (("small", small_q), ("large", large_q)):
        x = [0, q - 1] + [R.randrange(q) for _ in range(14)]
        out.emit_number("ntt_%s_prime" % label, q)
        out.emit_number("ntt_%s_root" % label, ref.primitive_root(q, ref.root_order(16, ring)))
        out.emit("ntt_%s_coefficients" % label, x)
        out.emit("ntt_%s_values" % label, ref.ntt(x, q, ring))
    spot_q = ref.primes_below(50, 1, 4096, ring)[0]
    out.emit_number("ntt_4096_prime", spot_q)
    out.emit_number("ntt_4096_root", ref.primitive_root(spot_q, ref.root_order(4096, ring)))
    spot = [(i * i * 0x9E3779B97F4A7C15 + i) % 2**64 % spot_q for i in range(4096)]  # the test computes the same
    out.emit("ntt_4096_values", [ref.ntt_entry(spot, spot_q, j, ring) for j in SPOTS])

    # A product and automorphisms over the integers.
    n = 16
    a, b = [R.randrange(-1000, 1000) for _ in range(n)], [R.randrange(-1000, 1000) for _ in range(n)]
    out.emit("product_left", a, "int")
    out.emit("product_right", b, "int")
    out.emit("product", ref.multiply(a, b, ring), "int")
    elements = [1, 5, 25, pow(5, -1, ref.root_order(n, ring))]
    out.emit("automorphism_elements", elements, "int")
    out.emit("automorphism_values", flatten(ref.automorphism(a, g, ring) for g in elements), "int")

    # modDown and rescale: big integers divided and rounded.
    chain, special = ref.primes_below(45, 3, n, ring), ref.primes_below(50, 2, n, ring)
    P, Q = special[0] * special[1], chain[0] * chain[1] * chain[2]
    ys = [0, P, -P, P // 2 - 2**60, P // 2 + 2**60, -(P // 2) - 2**60, Q * P // 2 - 2**80]
    ys += [R.randrange(-(Q * P // 2), Q * P // 2) for _ in range(n - len(ys))]
    out.emit("divide_chain", chain)
    out.emit("divide_special", special)
    out.emit("mod_down_in", flatten([y % m for y in ys] for m in chain + special))
    out.emit("mod_down_out", flatten([ref.round_divide(y, P) % m for y in ys] for m in chain))
    zs = [ref.crt([y % m for m in chain], chain) for y in ys]
    zs[1:4] = [chain[2] // 2, chain[2] // 2 + 1, -(chain[2] // 2) - 1]
    out.emit("rescale_in", flatten([z % m for z in zs] for m in chain))
    out.emit("rescale_out", flatten([ref.round_divide(z, chain[2]) % m for z in zs] for m in chain[:2]))

    # A seeded ciphertext, a public key and evaluation keys at n = 16, digits of two primes, as they travel.
    s = ref.ternary(SECRET, 16, n)
    moduli = chain + special
    message = [R.randrange(-1000, 1000) for _ in range(n)]
    fresh = bytes(range(50, 82))  # seed of errors

    e = ref.error(fresh, 17, 0, n)
    out.emit("toy_message", message, "int")
    out.emit("toy_ciphertext_c0", flatten(
        minus_a_s_plus(s, ref.uniform(PUBLIC, 1, 0, i, q, n)[0], [x + y for x, y in zip(message, e)], q, ring)
        for i, q in enumerate(chain)))
    out.emit("toy_public_key_b", flatten(
        minus_a_s_plus(s, ref.uniform(PUBLIC, 2, 0, i, q, n)[0], e, q, ring) for i, q in enumerate(chain)))
    for label, source in (("relinearization", ref.multiply(s, s, ring)), ("galois5", ref.automorphism(s, 5, ring))):
        limbs = []
        for j in range(2):
            e_j = ref.error(fresh, 17, j, n)
            for i, q in enumerate(moduli):
                gadget = P if i < 3 and i // 2 == j else 0
                limbs.append(minus_a_s_plus(s, ref.uniform(PUBLIC, 3, j, i, q, n)[0],
                                            [x + gadget * y for x, y in zip(e_j, source)], q, ring))
        out.emit("toy_%s_key_b" % label, flatten(limbs))
    u, e0, e1 = ref.ternary(fresh, 18, n), ref.error(fresh, 17, 0, n), ref.error(fresh, 19, 0, n)
    c0, c1 = [], []
    for i, q in enumerate(chain):
        a = ref.uniform(PUBLIC, 2, 0, i, q, n)[0]
        b = minus_a_s_plus(s, a, e, q, ring)
        uv = ref.ntt([c % q for c in u], q, ring)
        first = ref.ntt([(x + y) % q for x, y in zip(e0, message)], q, ring)
        second = ref.ntt([x % q for x in e1], q, ring)
        c0.append([(x * y + z) % q for x, y, z in zip(b, uv, first)])
        c1.append([(x * y + z) % q for x, y, z in zip(a, uv, second)])
    out.emit("toy_public_encryption_c0", flatten(c0))
    out.emit("toy_public_encryption_c1", flatten(c1))

    # Encoding at n = 32 by the inverse of the embedding, written as a sum over the slots z_j, values at the power 5^j of zeta.
    n = 32
    order = ref.root_order(n, ring)
    slots = n // 2 if ring == ref.STANDARD else n
    z = [complex(R.uniform(-1, 1), R.uniform(-1, 1) if ring == ref.STANDARD else 0) for _ in range(slots)]
    coefficients = []
    for k in range(n):
        # standard: a_k = (2/n) Re sum_j z_j conj(zeta^(5^j k)); else a_0 = (1/n) sum_j z_j, a_k = (1/n) sum_j z_j Re zeta^(5^j k)
        total = sum(z[j] * cmath.exp(-2j * math.pi * (pow(5, j, order) * k % order) / order) for j in range(slots))
        coefficients.append(round(total.real / slots * 2**30))
    out.emit("encode_real", [x.real for x in z], "double")
    out.emit("encode_imaginary", [x.imag for x in z], "double")
    out.emit("encode_coefficients_at_2_30", coefficients, "int")
    return out


def write():
    print("// SPDX-License-Identifier: Apache-2.0")
    print("// Written by test/reference/generate.py from a big-integer reference in Python; do not edit.")
    print("#pragma once\n")
    print("#include <vector>\n")
    print('#include "math/ring_type.h"')
    print('#include "util/types.h"\n')
    print("namespace tacet::vectors {\n")

    # Streams.
    uniform_q = ref.primes_below(50, 1, 4096)[0]
    emit_number("uniform_prime", uniform_q)
    values, _ = ref.uniform(PUBLIC, 3, 2, 5, uniform_q, 64)
    emit("uniform_values", values)
    # 2^64 mod q is nearly q: words are skipped about once in 2^14
    skip_q = next(q for q in range(int(2**64 / 16384.9) // 4096 * 4096 + 1, 2**50, 4096) if ref.is_prime(q))
    seed, skipped = 0, 0
    while skipped == 0:
        seed += 1
        values, skipped = ref.uniform(bytes([seed]) * 32, 1, 0, 0, skip_q, 2048)
    emit_number("skip_prime", skip_q)
    emit_number("skip_seed_byte", seed)
    emit_number("skip_count", skipped)
    emit("skip_last_values", values[-8:])
    emit("ternary_values", ref.ternary(SECRET, 16, 64), "int")
    emit("error_values", ref.error(SECRET, 17, 3, 64), "int")
    emit("error_cumulative", ref.ERROR_TABLE)

    # Basis conversion: residues of x modulo three primes, the centred x modulo two others; x at the edges and at random.
    n = 16
    sources = ref.primes_below(50, 2, n) + ref.primes_below(40, 1, n)
    targets = ref.primes_below(45, 1, n) + ref.primes_below(30, 1, n)
    S = sources[0] * sources[1] * sources[2]
    xs = [0, 1, -1, S // 2 - 2**90, -(S // 2) + 2**90, sources[0], -sources[0] * sources[1]]
    xs += [R.randrange(-(S // 2), S // 2 + 1) for _ in range(n - len(xs))]
    emit("conversion_sources", sources)
    emit("conversion_targets", targets)
    emit("conversion_in", flatten([x % m for x in xs] for m in sources))
    emit("conversion_out", flatten([x % m for x in xs] for m in targets))

    emit("ntt_4096_indexes", SPOTS)
    rings = [write_ring(ref.STANDARD), write_ring(ref.CONJUGATE_INVARIANT)]
    rings[0].declare()
    for ring in rings:
        ring.define()
    print("\ninline const OfRing& of(RingType ring) {")
    print("  return ring == RingType::kStandard ? standard : conjugate_invariant;\n}")
    print("\n}  // namespace tacet::vectors")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--check"]:
        text = io.StringIO()
        with contextlib.redirect_stdout(text):
            write()
        with open(sys.argv[2]) as file:
            if file.read() != text.getvalue():
                sys.exit(sys.argv[2] + " is not what generate.py writes: run python3 generate.py > vectors.h")
    else:
        write()
