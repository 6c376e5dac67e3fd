// SPDX-License-Identifier: Apache-2.0
#include "ring/automorphism.h"

#include "math/primes.h"
#include "util/error.h"
#include "util/thread_pool.h"

namespace tacet {

u32 galois_element(std::size_t n, i64 steps) {
  const i64 slots = static_cast<i64>(n / 2);
  i64 exponent = steps % slots;
  if (exponent < 0) exponent += slots;
  const u64 mask = 2 * n - 1;
  u64 result = 1;
  for (u64 base = 5; exponent != 0; exponent >>= 1) {
    if (exponent & 1) result = (result * base) & mask;
    base = (base * base) & mask;
  }
  return static_cast<u32>(result);
}

std::vector<u32> automorphism_permutation(int log_n, u32 galois) {
  const std::size_t n = std::size_t{1} << log_n;
  if (galois % 2 == 0 || galois >= 2 * n) {
    fail(Code::kInvalidArgument, "Galois element %u must be odd and below 2N = %zu", galois, 2 * n);
  }
  // sigma_g(x) at psi^(2 brv(j) + 1) is x at psi^(g (2 brv(j) + 1)).
  std::vector<u32> permutation(n);
  const u64 mask = 2 * n - 1;
  for (std::size_t j = 0; j < n; ++j) {
    const u64 exponent = (static_cast<u64>(galois) * (2 * bit_reverse(static_cast<u32>(j), log_n) + 1)) & mask;
    permutation[j] = bit_reverse(static_cast<u32>((exponent - 1) / 2), log_n);
  }
  return permutation;
}

Poly<Eval> permute(const Ring&, const Poly<Eval>& x, const std::vector<u32>& permutation) {
  Poly<Eval> out(x.n(), x.q_limbs(), x.p_limbs());
  pool().parallel_for(static_cast<std::size_t>(x.limbs()), [&](std::size_t i) {
    const int limb = static_cast<int>(i);
    kernels().gather(out.limb(limb), x.limb(limb), permutation.data(), x.n());
  });
  return out;
}

}  // namespace tacet
