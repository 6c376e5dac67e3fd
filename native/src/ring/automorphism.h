// SPDX-License-Identifier: Apache-2.0
#pragma once
// The automorphisms sigma_g: X -> X^g, g odd.

#include <vector>

#include "ring/ring.h"

namespace tacet {

/// 5^steps mod 2n for any integer steps: slot j of sigma_g(x) is slot j+steps of x (slots = n/2).
u32 galois_element(std::size_t n, i64 steps);
/// The Galois element of complex conjugation: 2n-1.
inline u32 conjugation_element(std::size_t n) { return static_cast<u32>(2 * n - 1); }

/// The permutation of the evaluation domain: sigma_g(x)[j] = x[permutation[j]]. Throws Error(kInvalidArgument) unless g
/// is odd and < 2n.
std::vector<u32> automorphism_permutation(int log_n, u32 galois);

/// sigma_g(x) by its permutation.
Poly<Eval> permute(const Ring& ring, const Poly<Eval>& x, const std::vector<u32>& permutation);

}  // namespace tacet
