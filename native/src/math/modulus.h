// SPDX-License-Identifier: Apache-2.0
#pragma once
// Arithmetic modulo one prime below 2^50: Barrett reduction of 128-bit sums, Shoup multiplication by constants.

#include "util/types.h"

namespace tacet {

// Residues of secrets pass through these functions, so corrections are masks, never branches: compilers turn the conditional
// operator into a jump as they please.

/// x - q if x >= q, else x; for x < 2^63.
inline u64 subtract_if_at_least(u64 x, u64 q) {
  const u64 r = x - q;
  return r + (q & (0 - (r >> 63)));
}

/// An odd modulus q, 2 < q < 2^50, with its Barrett constant.
struct Modulus {
  Modulus() = default;
  /// Throws Error(kInvalidArgument) unless 2 < q < 2^50 and q is odd.
  explicit Modulus(u64 q);

  u64 value = 0;
  u64 barrett = 0;  ///< floor(2^(63+bits) / q), below 2^64
  int bits = 0;     ///< bit length of q

  /// x mod q in [0, q), for x < 2^(63+bits): a sum of up to 2^12 products of a value < 2^51 and one below q fits.
  /// Quotient estimate is at most 2 too small, so two conditional subtractions finish.
  u64 reduce(u128 x) const {
    const u64 head = static_cast<u64>(x >> (bits - 1));
    const u64 quotient = static_cast<u64>((static_cast<u128>(head) * barrett) >> 64);
    u64 r = static_cast<u64>(x) - quotient * value;
    r = subtract_if_at_least(r, 2 * value);
    return subtract_if_at_least(r, value);
  }
};

inline u64 add_mod(u64 a, u64 b, u64 q) { return subtract_if_at_least(a + b, q); }
inline u64 sub_mod(u64 a, u64 b, u64 q) {
  const u64 r = a - b;
  return r + (q & (0 - (r >> 63)));
}
inline u64 negate_mod(u64 a, u64 q) { return (q - a) & (0 - ((0 - a) >> 63)); }
/// a*b mod q for a < 2^63, b < q.
inline u64 mul_mod(u64 a, u64 b, const Modulus& m) { return m.reduce(static_cast<u128>(a) * b); }

/// floor(w * 2^64 / q) for w < q: the companion of w for Shoup multiplication.
inline u64 shoup(u64 w, u64 q) { return static_cast<u64>((static_cast<u128>(w) << 64) / q); }
/// As shoup(w, m.value), without a division: the estimate is at most 2 too small.
inline u64 shoup(u64 w, const Modulus& m) {
  const u64 estimate = static_cast<u64>((static_cast<u128>(w) * m.barrett) >> (m.bits - 1));
  const u64 rest = 0 - estimate * m.value;  // w 2^64 - estimate q, below 3q
  return estimate + (rest >= m.value) + (rest >= 2 * m.value);
}
/// x*w mod q in [0, 2q), for any 64-bit x and w < q.
inline u64 mul_shoup_lazy(u64 x, u64 w, u64 w_shoup, u64 q) {
  const u64 quotient = static_cast<u64>((static_cast<u128>(x) * w_shoup) >> 64);
  return x * w - quotient * q;
}
/// x*w mod q in [0, q), for any 64-bit x and w < q.
inline u64 mul_shoup(u64 x, u64 w, u64 w_shoup, u64 q) {
  return subtract_if_at_least(mul_shoup_lazy(x, w, w_shoup, q), q);
}

/// base^exponent mod q.
u64 pow_mod(u64 base, u64 exponent, const Modulus& m);
/// a^-1 mod q for prime q; throws Error(kInvalidArgument) for a = 0 mod q.
u64 inverse_mod(u64 a, const Modulus& m);
/// round-exact residue of mantissa * 2^exponent, an integer (exponent >= 0), in [0, q).
u64 residue_of(i64 mantissa, int exponent, const Modulus& m);

}  // namespace tacet
