// SPDX-License-Identifier: Apache-2.0
#pragma once
// Answers that hide what they were computed with.

#include "rlwe/ciphertext.h"

namespace tacet {

/// The most bits of flooding.
inline constexpr int kMostFloodBits = 100;

/// Standard deviation of flooding with so many bits: 3.19 sqrt((4^bits - 1) / 3), in units of the last place.
double flood_deviation(int bits);

/// (c_0 + z_0 u + e_0 + f, c_1 + z_1 u + e_1) for a ciphertext c, an encryption z of zero, ternary u and errors e. To the holder of
/// the secret key, c_1 is then as good as uniform, since z_1 is the expansion of a seed and (z_1, z_1 u + e_1) an RLWE sample, and
/// c_0 + c_1 s is the message with noise of which f, rounded Gaussians of flood_deviation(bits), is by far the most.
///
/// f is the sum over i < bits of 2^i times a discrete Gaussian of deviation 3.19: the convolution theorem of Micciancio and Peikert
/// (eprint 2013/069, theorem 3.3) makes it one of the integers within 2^-38. Constant time.
///
/// `x` has two components; `zero` is seeded (a seed leaves no choice of z_1 to who sent it), of the same level and encoding.
/// 1 <= bits <= kMostFloodBits, and the noise must leave the modulus three bits: Error(kInvalidArgument) with the numbers otherwise.
/// `number` tells several calls with one seed apart, below 2^24.
Ciphertext rerandomise(const Ring& ring, const Ciphertext& x, const Ciphertext& zero, int bits, const SecretSeed& seed, u32 number);

/// Throws as rerandomise() would for flooding of so many bits at that level.
void check_flooding(const Ring& ring, int level, double bits);

}  // namespace tacet
