// SPDX-License-Identifier: Apache-2.0
#pragma once
// Arithmetic in eight 64-bit lanes whose low 52 bits count: the multiplications of AVX-512 IFMA read 52 bits of each factor.
//
// A "loose" lane holds a number modulo 2^52: whatever sums and differences left above bit 51 is ignored by the multiplications
// and cleared once at the end. So neither masks nor conditional subtractions are needed between stages; what must hold is that
// the number meant lies in [0, 2^52) wherever it is multiplied. 2^52 is at least 4q, and 16q for q < 2^48.

#include "kernels/target.h"

#if TACET_X86
#include <immintrin.h>

#include "kernels/kernels.h"

TACET_TARGET_BEGIN_AVX512IFMA
namespace tacet::avx512ifma {

using Lanes = __m512i;
constexpr std::size_t kLanes = 8;
constexpr u64 kLow52 = (u64{1} << 52) - 1;

TACET_INLINE Lanes load(const u64* p) { return _mm512_loadu_si512(p); }
TACET_INLINE Lanes load(const u32* p) { return _mm512_cvtepu32_epi64(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))); }
TACET_INLINE Lanes load(const Kept<8>* p) { return _mm512_loadu_si512(p); }
TACET_INLINE Lanes load(const Kept<4>* p) { return load(reinterpret_cast<const u32*>(p)); }
/// Eight words of 5 or 6 bytes: the pair of 32-bit numbers that each lies in, shifted to its first byte.
template <std::size_t kBytes>
TACET_INLINE Lanes load(const Kept<kBytes>* p) {
  constexpr long long k = kBytes;
  const Lanes pairs = _mm512_set_epi32(7 * k / 4 + 1, 7 * k / 4, 6 * k / 4 + 1, 6 * k / 4, 5 * k / 4 + 1, 5 * k / 4, 4 * k / 4 + 1, 4 * k / 4,
                                       3 * k / 4 + 1, 3 * k / 4, 2 * k / 4 + 1, 2 * k / 4, k / 4 + 1, k / 4, 1, 0);
  const Lanes shifts = _mm512_set_epi64(7 * k % 4 * 8, 6 * k % 4 * 8, 5 * k % 4 * 8, 4 * k % 4 * 8, 3 * k % 4 * 8, 2 * k % 4 * 8, k % 4 * 8, 0);
  const Lanes all = _mm512_maskz_loadu_epi32(static_cast<__mmask16>((1 << 2 * kBytes) - 1), p);
  return _mm512_and_si512(_mm512_srlv_epi64(_mm512_permutexvar_epi32(pairs, all), shifts),
                          _mm512_set1_epi64((1LL << 8 * kBytes) - 1));
}
TACET_INLINE void store(u64* p, Lanes x) { _mm512_storeu_si512(p, x); }
TACET_INLINE Lanes splat(u64 x) { return _mm512_set1_epi64(static_cast<long long>(x)); }
TACET_INLINE Lanes zero() { return _mm512_setzero_si512(); }
TACET_INLINE Lanes add(Lanes a, Lanes b) { return _mm512_add_epi64(a, b); }
TACET_INLINE Lanes sub(Lanes a, Lanes b) { return _mm512_sub_epi64(a, b); }
/// The lanes in reverse order.
TACET_INLINE Lanes reversed(Lanes x) { return _mm512_permutexvar_epi64(_mm512_set_epi64(0, 1, 2, 3, 4, 5, 6, 7), x); }
/// sum + the low 52 bits of a*b.
TACET_INLINE Lanes add_low(Lanes sum, Lanes a, Lanes b) { return _mm512_madd52lo_epu64(sum, a, b); }
/// sum + the bits of a*b from 52 on.
TACET_INLINE Lanes add_high(Lanes sum, Lanes a, Lanes b) { return _mm512_madd52hi_epu64(sum, a, b); }
/// x - m if x >= m, else x.
TACET_INLINE Lanes subtract_if_at_least(Lanes x, Lanes m) { return _mm512_min_epu64(x, sub(x, m)); }

/// Constants of one modulus q < 2^50.
struct Constants {
  Lanes minus_q;   ///< -q
  Lanes quotient;  ///< floor(2^52 / q), the companion of 1
  Lanes q;
  Lanes low52;  ///< 2^52 - 1

  explicit TACET_INLINE Constants(u64 modulus) : Constants(modulus, (u64{1} << 52) / modulus) {}
  TACET_INLINE Constants(u64 modulus, u64 companion_of_one)
      : minus_q(splat(0 - modulus)),
        quotient(splat(companion_of_one)),
        q(splat(modulus)),
        low52(splat(kLow52)) {}
};

/// A factor w < q and floor(w 2^52 / q), which is the 64-bit Shoup companion without its lowest 12 bits.
struct Factor {
  Lanes w;
  Lanes companion;
};
TACET_INLINE Factor splat_factor(u64 w, u64 shoup) { return {splat(w), splat(shoup >> 12)}; }

/// The factors of the nodes below `node` in heap order, kLog levels of them: f[1], f[2..3], f[4..7].
template <int kLog>
TACET_INLINE void load_factors(Factor* f, std::size_t node, const u64* roots, const u64* companions) {
#pragma GCC unroll 8
  for (int i = 1; i < 1 << kLog; ++i) {
    const int depth = i >= 4 ? 2 : i >= 2 ? 1 : 0;
    const std::size_t at = (node << depth) + static_cast<std::size_t>(i - (1 << depth));
    f[i] = {splat(roots[at]), splat(companions[at])};
  }
}

/// The factors of a block's last three levels, which are in the same order (NttTable).
TACET_INLINE void load_leaves(Factor* f, const u64* leaves) {
#pragma GCC unroll 7
  for (std::size_t i = 1; i < 8; ++i) {
    const u64* at = leaves + (i - 1) * kLanes;
    f[i] = {load(at), load(at + NttTable::kLeafWords / 2)};
  }
}

/// Asks for the leaves of blocks that come later. An operation reads the tables of one prime after the other, each from beyond the
/// second-level cache, faster than the hardware's own prefetching follows.
TACET_INLINE void prefetch_leaves(const u64* leaves, std::size_t blocks) {
  constexpr std::size_t kAhead = 24 * NttTable::kLeafWords, kLine = 8;
#pragma GCC unroll 28
  for (std::size_t i = 0; i < blocks * NttTable::kLeafWords; i += kLine) {
    _mm_prefetch(reinterpret_cast<const char*>(leaves + kAhead + i), _MM_HINT_T1);
  }
}

/// Element j of x[i] becomes element i of x[j].
TACET_INLINE void transpose(Lanes* x) {
  Lanes a[8];
#pragma GCC unroll 4
  for (int i = 0; i < 8; i += 2) {
    a[i] = _mm512_unpacklo_epi64(x[i], x[i + 1]);
    a[i + 1] = _mm512_unpackhi_epi64(x[i], x[i + 1]);
  }
#pragma GCC unroll 2
  for (int i = 0; i < 2; ++i) {  // column i of the pairs: rows 0-3 and 4-7
    const Lanes b0 = _mm512_shuffle_i64x2(a[i], a[2 + i], 0x44), b1 = _mm512_shuffle_i64x2(a[i], a[2 + i], 0xee);
    const Lanes c0 = _mm512_shuffle_i64x2(a[4 + i], a[6 + i], 0x44), c1 = _mm512_shuffle_i64x2(a[4 + i], a[6 + i], 0xee);
    x[i] = _mm512_shuffle_i64x2(b0, c0, 0x88);
    x[2 + i] = _mm512_shuffle_i64x2(b0, c0, 0xdd);
    x[4 + i] = _mm512_shuffle_i64x2(b1, c1, 0x88);
    x[6 + i] = _mm512_shuffle_i64x2(b1, c1, 0xdd);
  }
}

/// Loose x w - (floor(x companion / 2^52) + shift) q: in [0, 2q) for shift = 0 and any x in [0, 2^52) (the quotient is at most 1
/// too small), and in [-shift q, (2 - shift) q) in general.
TACET_INLINE Lanes multiply(Lanes x, const Factor& f, Lanes shift, const Constants& c) {
  const Lanes quotient = add_high(shift, x, f.companion);
  return add_low(add_low(zero(), x, f.w), quotient, c.minus_q);
}

/// The same for w = 1: x mod q in [-shift q, (2 - shift) q).
TACET_INLINE Lanes reduce_loosely(Lanes x, Lanes shift, const Constants& c) {
  return add_low(x, add_high(shift, x, c.quotient), c.minus_q);
}

/// From a loose number in [0, 4q) to one in [0, 2q) without bits above it.
TACET_INLINE Lanes finish_to_2q(Lanes x, const Constants& c) {
  return subtract_if_at_least(_mm512_and_si512(x, c.low52), add(c.q, c.q));
}

/// From a loose number in [0, 4q) to [0, q).
TACET_INLINE Lanes finish_4q(Lanes x, const Constants& c) { return subtract_if_at_least(finish_to_2q(x, c), c.q); }

/// From a loose number in [0, 2q) to [0, q).
TACET_INLINE Lanes finish(Lanes x, const Constants& c) {
  return subtract_if_at_least(_mm512_and_si512(x, c.low52), c.q);
}

/// Barrett reduction of any 64-bit x for q > 2^12: floor(x / 2^12) times floor(2^64 / q) / 2^52 is floor(x / q) or up to 2 less,
/// since either rounding and the 12 bits left out (below q) take less than 1 each.
struct WideReduction {
  Lanes quotient;
  explicit TACET_INLINE WideReduction(u64 q) : quotient(splat(~u64{0} / q)) {}  // q is odd: the floor of 2^64 / q too
  /// Loose x mod q in [0, 3q).
  TACET_INLINE Lanes operator()(Lanes x, const Constants& c) const {
    return add_low(x, add_high(zero(), _mm512_srli_epi64(x, 12), quotient), c.minus_q);
  }
};
constexpr u64 kSmallestWide = u64{1} << 12;

}  // namespace tacet::avx512ifma
TACET_TARGET_END
#endif  // TACET_X86
