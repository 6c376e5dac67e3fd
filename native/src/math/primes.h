// SPDX-License-Identifier: Apache-2.0
#pragma once
// Primality and roots of unity.

#include "math/modulus.h"

namespace tacet {

/// Deterministic Miller-Rabin for all 64-bit n (the first twelve prime bases).
bool is_prime(u64 n);

/// The canonical primitive 2n-th root of unity psi modulo the prime q = 1 mod 2n (n a power of two):
/// psi = g^((q-1)/2n) for the smallest g >= 2 for which that power has order exactly 2n, that is psi^n = -1.
/// The wire format depends on this choice. Throws Error(kInvalidArgument) if q is not 1 mod 2n.
u64 primitive_root(const Modulus& m, u64 n);

/// The lowest `bits` bits of x (0..32) in reverse order.
inline u32 bit_reverse(u32 x, int bits) {
  u64 r = __builtin_bswap32(x);
  r = (r & 0x0f0f0f0f) << 4 | (r >> 4 & 0x0f0f0f0f);
  r = (r & 0x33333333) << 2 | (r >> 2 & 0x33333333);
  r = (r & 0x55555555) << 1 | (r >> 1 & 0x55555555);
  return static_cast<u32>(r >> (32 - bits));
}

}  // namespace tacet
