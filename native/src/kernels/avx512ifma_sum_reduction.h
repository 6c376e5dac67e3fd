// SPDX-License-Identifier: Apache-2.0
#pragma once
// From the two accumulators of a sum of 52-bit products to its residue.

#include "kernels/avx512ifma_lanes.h"
#include "kernels/target.h"

#if TACET_X86
TACET_TARGET_BEGIN_AVX512IFMA
namespace tacet::avx512ifma {

/// Reduces high 2^52 + low for high < 2^61, low any 64-bit word.
struct SumReduction {
  Constants c;
  Factor by_52;   ///< 2^52 mod q
  Factor by_104;  ///< 2^104 mod q
  Lanes two_q, four_q;

  explicit TACET_INLINE SumReduction(const Modulus& m) : c(m.value) {
    const u64 q = m.value;
    const u64 w52 = (u64{1} << 52) % q;
    const u64 w104 = mul_mod(w52, w52, m);
    by_52 = splat_factor(w52, shoup(w52, q));
    by_104 = splat_factor(w104, shoup(w104, q));
    two_q = splat(2 * q);
    four_q = splat(4 * q);
  }

  TACET_INLINE Lanes operator()(Lanes high, Lanes low) const {
    high = tacet::avx512ifma::add(high, _mm512_srli_epi64(low, 52));
    const Lanes top = _mm512_srli_epi64(high, 52);
    const Lanes a = _mm512_and_si512(reduce_loosely(low, zero(), c), c.low52);  // the low 52 bits of low
    const Lanes b = _mm512_and_si512(multiply(high, by_52, zero(), c), c.low52);
    const Lanes d = _mm512_and_si512(multiply(top, by_104, zero(), c), c.low52);
    const Lanes sum = tacet::avx512ifma::add(tacet::avx512ifma::add(a, b), d);  // below 6q
    return subtract_if_at_least(subtract_if_at_least(subtract_if_at_least(sum, four_q), two_q), c.q);
  }

  /// The same for high + low/2^52 < 2^52.
  TACET_INLINE Lanes few_terms(Lanes high, Lanes low) const {
    high = tacet::avx512ifma::add(high, _mm512_srli_epi64(low, 52));
    const Lanes a = _mm512_and_si512(reduce_loosely(low, zero(), c), c.low52);
    const Lanes b = _mm512_and_si512(multiply(high, by_52, zero(), c), c.low52);
    return subtract_if_at_least(subtract_if_at_least(tacet::avx512ifma::add(a, b), two_q), c.q);
  }
};

}  // namespace tacet::avx512ifma
TACET_TARGET_END
#endif  // TACET_X86
