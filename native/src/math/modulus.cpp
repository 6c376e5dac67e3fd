// SPDX-License-Identifier: Apache-2.0
#include "math/modulus.h"

#include "util/error.h"

namespace tacet {

Modulus::Modulus(u64 q) : value(q) {
  if (q <= 2 || q % 2 == 0 || (q >> 50) != 0) {
    fail(Code::kInvalidArgument, "modulus %llu must be odd, above 2 and below 2^50",
         static_cast<unsigned long long>(q));
  }
  bits = 64 - __builtin_clzll(q);
  barrett = static_cast<u64>((static_cast<u128>(1) << (63 + bits)) / q);
}

u64 pow_mod(u64 base, u64 exponent, const Modulus& m) {
  u64 power = m.reduce(base);
  u64 result = 1;
  for (; exponent != 0; exponent >>= 1) {
    if (exponent & 1) result = mul_mod(result, power, m);
    power = mul_mod(power, power, m);
  }
  return result;
}

u64 inverse_mod(u64 a, const Modulus& m) {
  if (a % m.value == 0) {
    fail(Code::kInvalidArgument, "0 has no inverse modulo %llu", static_cast<unsigned long long>(m.value));
  }
  return pow_mod(a % m.value, m.value - 2, m);
}

u64 residue_of(i64 mantissa, int exponent, const Modulus& m) {
  const bool negative = mantissa < 0;
  const u64 magnitude = negative ? 0 - static_cast<u64>(mantissa) : static_cast<u64>(mantissa);
  u64 r = magnitude % m.value;
  if (exponent > 0) r = mul_mod(r, pow_mod(2, static_cast<u64>(exponent), m), m);
  return negative ? negate_mod(r, m.value) : r;
}

}  // namespace tacet
