// SPDX-License-Identifier: Apache-2.0
#include "kernels/ntt_tables.h"

#include "math/primes.h"

namespace tacet {

Buffer build_ntt_table(NttTable& table, const Modulus& q, int log_n) {
  const std::size_t n = std::size_t{1} << log_n;
  Buffer words(4 * n);
  u64* roots = words.data();
  u64* roots_shoup = roots + n;
  u64* inverse = roots + 2 * n;
  u64* inverse_shoup = roots + 3 * n;
  const u64 psi = primitive_root(q, n);
  const u64 psi_inverse = inverse_mod(psi, q);
  u64 power = 1;
  u64 inverse_power = 1;
  for (std::size_t i = 0; i < n; ++i) {
    const u32 at = bit_reverse(static_cast<u32>(i), log_n);
    roots[at] = power;
    roots_shoup[at] = shoup(power, q.value);
    inverse[at] = inverse_power;
    inverse_shoup[at] = shoup(inverse_power, q.value);
    power = mul_mod(power, psi, q);
    inverse_power = mul_mod(inverse_power, psi_inverse, q);
  }
  table.modulus = q;
  table.n = n;
  table.log_n = log_n;
  table.roots = roots;
  table.roots_shoup = roots_shoup;
  table.inverse_roots = inverse;
  table.inverse_roots_shoup = inverse_shoup;
  table.n_inverse = inverse_mod(n, q);
  table.n_inverse_shoup = shoup(table.n_inverse, q.value);
  table.n_inverse_root = mul_mod(table.n_inverse, inverse[1], q);
  table.n_inverse_root_shoup = shoup(table.n_inverse_root, q.value);
  return words;
}

NttTable with_scaled_inverse(const NttTable& table, u64 factor) {
  NttTable scaled = table;
  const Modulus& q = table.modulus;
  scaled.n_inverse = mul_mod(table.n_inverse, factor, q);
  scaled.n_inverse_shoup = shoup(scaled.n_inverse, q.value);
  scaled.n_inverse_root = mul_mod(table.n_inverse_root, factor, q);
  scaled.n_inverse_root_shoup = shoup(scaled.n_inverse_root, q.value);
  return scaled;
}

}  // namespace tacet
