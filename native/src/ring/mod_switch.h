// SPDX-License-Identifier: Apache-2.0
#pragma once
// Changes of modulus: digit decomposition (modUp), division by P (modDown), division by the last chain prime (rescale).

#include <vector>

#include "ring/ring.h"

namespace tacet {

/// Decomposes x (chain limbs 0..level, no special limbs) into digits(level) polynomials with limbs q_0..q_level, p_0..:
/// digit j is the centred representative of x modulo its digit's primes, lifted to all moduli. |digit j| <= (product of
/// its primes)/2.
std::vector<Poly<Eval>> decompose(const Ring& ring, const Poly<Eval>& x);

/// round(x / P): x has chain limbs and all special limbs; the result has the chain limbs. Rounds to nearest (centred
/// remainder). With no special primes returns x.
Poly<Eval> mod_down(const Ring& ring, Poly<Eval> x);

/// round(x / q_level) for x with chain limbs 0..level, level >= 1; the result has limbs 0..level-1.
Poly<Eval> divide_by_last(const Ring& ring, const Poly<Eval>& x);

}  // namespace tacet
