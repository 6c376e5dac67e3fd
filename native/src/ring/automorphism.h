// SPDX-License-Identifier: Apache-2.0
#pragma once
// The automorphisms sigma_g: X -> X^g. Galois elements g are numbers modulo 2n, odd, in the standard ring. In the
// conjugate-invariant ring g and -g, modulo 4n, are the same automorphism, and the one that is 1 modulo 4 stands for both: these
// are the powers of 5.

#include <string>
#include <vector>

#include "ring/ring.h"

namespace tacet {

/// n/2 in the standard ring, n in the conjugate-invariant one: the order of 5 among the Galois elements.
inline std::size_t slot_count(const Ring& ring) {
  return ring.type() == RingType::kStandard ? ring.n() / 2 : ring.n();
}

/// Whether g is a Galois element of the ring as above (0 is not).
bool is_galois_element(const Ring& ring, u32 galois);
/// What is_galois_element() accepts, for messages: "odd and below 2N = 32" or "1 modulo 4 and below 4N = 64".
std::string galois_element_rule(const Ring& ring);

/// The element of a rotation: 5^steps modulo root_order for any integer steps. Slot j of sigma_g(x) is slot j+steps of x.
u32 galois_element(const Ring& ring, i64 steps);
/// The Galois element of complex conjugation: 2n-1. Throws Error(kUnsupported) in the conjugate-invariant ring, whose slots are
/// real.
u32 conjugation_element(const Ring& ring);

/// The permutation of the evaluation domain: sigma_g(x)[j] = x[permutation[j]]. Throws Error(kInvalidArgument) unless
/// is_galois_element().
std::vector<u32> automorphism_permutation(const Ring& ring, u32 galois);

/// sigma_g(x) by its permutation.
Poly<Eval> permute(const Ring& ring, const Poly<Eval>& x, const std::vector<u32>& permutation);

}  // namespace tacet
