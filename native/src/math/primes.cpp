// SPDX-License-Identifier: Apache-2.0
#include "math/primes.h"

#include "util/error.h"

namespace tacet {
namespace {

u64 mul_mod_64(u64 a, u64 b, u64 n) { return static_cast<u64>(static_cast<u128>(a) * b % n); }

u64 pow_mod_64(u64 base, u64 exponent, u64 n) {
  u64 result = 1 % n;
  for (base %= n; exponent != 0; exponent >>= 1) {
    if (exponent & 1) result = mul_mod_64(result, base, n);
    base = mul_mod_64(base, base, n);
  }
  return result;
}

}  // namespace

bool is_prime(u64 n) {
  constexpr u64 kBases[] = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37};
  if (n < 2) return false;
  for (u64 p : kBases) {
    if (n % p == 0) return n == p;
  }
  u64 odd = n - 1;
  int twos = 0;
  while (odd % 2 == 0) {
    odd /= 2;
    ++twos;
  }
  for (u64 base : kBases) {
    u64 x = pow_mod_64(base, odd, n);
    if (x == 1 || x == n - 1) continue;
    bool composite = true;
    for (int i = 1; i < twos && composite; ++i) {
      x = mul_mod_64(x, x, n);
      composite = x != n - 1;
    }
    if (composite) return false;
  }
  return true;
}

u64 primitive_root(const Modulus& m, u64 n) {
  const u64 q = m.value;
  if ((q - 1) % (2 * n) != 0) {
    fail(Code::kInvalidArgument, "prime %llu is not 1 modulo %llu", static_cast<unsigned long long>(q),
         static_cast<unsigned long long>(2 * n));
  }
  const u64 exponent = (q - 1) / (2 * n);
  for (u64 g = 2; g < q; ++g) {
    const u64 psi = pow_mod(g, exponent, m);
    if (pow_mod(psi, n, m) == q - 1) return psi;
  }
  fail(Code::kInvalidArgument, "%llu is not a prime: it has no root of unity of order %llu",
       static_cast<unsigned long long>(q), static_cast<unsigned long long>(2 * n));
}

}  // namespace tacet
