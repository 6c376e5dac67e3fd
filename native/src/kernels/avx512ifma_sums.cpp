// SPDX-License-Identifier: Apache-2.0
// Sums of products in 52-bit lanes: low and high halves in an accumulator each, reduced once.
#include "kernels/avx512ifma.h"
#include "kernels/avx512ifma_lanes.h"
#include "kernels/avx512ifma_sum_reduction.h"
#include "kernels/target.h"

#if TACET_X86
TACET_TARGET_BEGIN_AVX512IFMA
namespace tacet::avx512ifma {
namespace {

/// out[i] = sum of a[k][i] times right(k, i), kVectors vectors at a time from `start` on.
template <int kVectors, class Right>
TACET_INLINE void sum_at(u64* out, const u64* const* a, const Right& right, std::size_t count, std::size_t start,
                         const SumReduction& reduce) {
  Lanes high[kVectors], low[kVectors];
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) high[v] = low[v] = zero();
  for (std::size_t k = 0; k < count; ++k) {
    const u64* x = a[k] + start;
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      const std::size_t at = static_cast<std::size_t>(v) * kLanes;
      const Lanes left = load(x + at), factor = right(k, start + at);
      low[v] = add_low(low[v], left, factor);
      high[v] = add_high(high[v], left, factor);
    }
  }
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) store(out + start + static_cast<std::size_t>(v) * kLanes, reduce(high[v], low[v]));
}

/// n is a power of two, at least 16.
template <class Right>
TACET_INLINE void sum(u64* out, const u64* const* a, const Right& right, std::size_t count, std::size_t n,
                      const Modulus& q) {
  const SumReduction reduce(q);
  if (n < 4 * kLanes) return sum_at<2>(out, a, right, count, 0, reduce);
  for (std::size_t start = 0; start < n; start += 4 * kLanes) sum_at<4>(out, a, right, count, start, reduce);
}

struct Limbs {
  const u64* const* b;
  TACET_INLINE Lanes operator()(std::size_t k, std::size_t i) const { return load(b[k] + i); }
};

struct Weights {
  const u64* c;
  TACET_INLINE Lanes operator()(std::size_t k, std::size_t) const { return splat(c[k]); }
};

}  // namespace

void inner_product(u64* out, const u64* const* a, const u64* const* b, std::size_t count, std::size_t n,
                   const Modulus& q) {
  sum(out, a, Limbs{b}, count, n, q);
}

void linear_combination(u64* out, const u64* const* a, const u64* c, std::size_t count, std::size_t n,
                        const Modulus& q) {
  sum(out, a, Weights{c}, count, n, q);
}

void overflow_count(u64* out, const u64* const* a, const Modulus* q, std::size_t count, std::size_t n) {
  for (std::size_t i = 0; i < n; i += kLanes) {
    Lanes sum = splat(u64{1} << 55);
    for (std::size_t k = 0; k < count; ++k) {
      // floor(a barrett / 2^s), s = bits + 7, exactly: the product is low + middle 2^52 + high 2^104
      const Lanes x = load(a[k] + i);
      const Lanes barrett0 = splat(q[k].barrett), barrett1 = splat(q[k].barrett >> 52);
      const Lanes low = add_low(zero(), x, barrett0);
      const Lanes middle = add_low(add_high(zero(), x, barrett0), x, barrett1);
      const Lanes high = add_high(zero(), x, barrett1);
      const int s = q[k].bits + 7;
      const __m128i up = _mm_cvtsi32_si128(s < 52 ? 52 - s : 0), down = _mm_cvtsi32_si128(s < 52 ? 0 : s - 52);
      sum = add(sum, _mm512_srl_epi64(_mm512_sll_epi64(middle, up), down));
      sum = add(sum, _mm512_srl_epi64(low, _mm_cvtsi32_si128(s)));
      sum = add(sum, _mm512_sll_epi64(high, _mm_cvtsi32_si128(104 - s)));
    }
    store(out + i, _mm512_srli_epi64(sum, 56));
  }
}

}  // namespace tacet::avx512ifma
TACET_TARGET_END
#endif  // TACET_X86
