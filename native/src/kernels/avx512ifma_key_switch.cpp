// SPDX-License-Identifier: Apache-2.0
// The parts of a key switch in 52-bit lanes.
#include "kernels/avx512ifma.h"
#include "kernels/avx512ifma_lanes.h"
#include "kernels/avx512ifma_sum_reduction.h"
#include "kernels/target.h"

#if TACET_X86
TACET_TARGET_BEGIN_AVX512IFMA
namespace tacet::avx512ifma {
namespace {

constexpr std::size_t kVectors = 4;  // at a time: independent chains hide the latency of multiply-add
constexpr std::size_t kStep = kVectors * kLanes;

// ---- basis conversion ----

/// From [0, 5q) for four products, [0, 4q) for fewer, to [0, 2q): each product is in [0, 5/4 q), since its factor is below 2^50.
TACET_INLINE Lanes fold_products(Lanes x, std::size_t products, Lanes q) {
  if (products > 3) x = subtract_if_at_least(x, _mm512_slli_epi64(q, 2));
  return subtract_if_at_least(x, add(q, q));
}

/// kCount sources by their companions: one quotient for the whole sum. 52 bits hold 16q for q < 2^48, enough for four sources; for
/// larger q they hold 4q, enough for two.
template <std::size_t kCount>
void convert_by_quotient(u64* out, const u64* const* y, const ConversionWeights& weights, std::size_t n, const Modulus& q) {
  const Constants c(q.value);
  const Lanes two_q = add(c.q, c.q);
  const Lanes corrections = load(weights.corrections);
  for (std::size_t start = 0; start < n; start += kStep) {
    Lanes low[kVectors], quotient[kVectors], overflow[kVectors];
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) {
      low[v] = quotient[v] = zero();
      overflow[v] = _mm512_srli_epi64(load(y[0] + start + v * kLanes), 52);
    }
#pragma GCC unroll 4
    for (std::size_t k = 0; k < kCount; ++k) {
      const Lanes weight = splat(weights.weights[k]), companion = splat(weights.companions[k]);
#pragma GCC unroll 4
      for (std::size_t v = 0; v < kVectors; ++v) {
        const Lanes x = load(y[k] + start + v * kLanes);
        low[v] = add_low(low[v], x, weight);
        quotient[v] = add_high(quotient[v], x, companion);
      }
    }
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) {
      Lanes x = _mm512_and_si512(add_low(low[v], quotient[v], c.minus_q), c.low52);
      x = add(fold_products(x, kCount, c.q), _mm512_permutexvar_epi64(overflow[v], corrections));
      store(out + start + v * kLanes, subtract_if_at_least(subtract_if_at_least(x, two_q), c.q));
    }
  }
}

/// Any number of sources: exact sums, reduced once.
template <bool kFew>
void convert_exactly(u64* out, const u64* const* y, const ConversionWeights& weights, std::size_t n, const Modulus& q) {
  const SumReduction reduce(q);
  const Lanes overflow = splat(weights.weights[weights.count]);
  for (std::size_t start = 0; start < n; start += kStep) {
    Lanes low[kVectors], high[kVectors];
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) {
      const Lanes count = _mm512_srli_epi64(load(y[0] + start + v * kLanes), 52);
      low[v] = add_low(zero(), count, overflow);
      high[v] = add_high(zero(), count, overflow);
    }
    for (std::size_t k = 0; k < weights.count; ++k) {
      const Lanes weight = splat(weights.weights[k]);
#pragma GCC unroll 4
      for (std::size_t v = 0; v < kVectors; ++v) {
        const Lanes x = load(y[k] + start + v * kLanes);
        low[v] = add_low(low[v], x, weight);
        high[v] = add_high(high[v], x, weight);
      }
    }
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) {
      store(out + start + v * kLanes, kFew ? reduce.few_terms(high[v], low[v]) : reduce(high[v], low[v]));
    }
  }
}

// ---- inner products ----

template <class Word>
TACET_INLINE void accumulate(Lanes* low, Lanes* high, const Lanes* x, const Word* y) {
#pragma GCC unroll 4
  for (std::size_t v = 0; v < kVectors; ++v) {
    const Lanes factor = load(y + v * kLanes);
    low[v] = add_low(low[v], x[v], factor);
    high[v] = add_high(high[v], x[v], factor);
  }
}

/// Vectors `start`.. of x: in a row, or where a permutation of aligned blocks puts them.
struct InOrder {
  explicit TACET_INLINE InOrder(const u32*, std::size_t start) : at_(start) {}
  TACET_INLINE Lanes operator()(const u64* x, std::size_t v) const { return load(x + at_ + v * kLanes); }
  std::size_t at_;
};
struct Permuted {
  TACET_INLINE Permuted(const u32* permutation, std::size_t start) {
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) {
      const u32* at = permutation + start + v * kLanes;
      from_[v] = *at & ~static_cast<u32>(kLanes - 1);
      order_[v] = _mm512_cvtepu32_epi64(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)));
    }
  }
  TACET_INLINE Lanes operator()(const u64* x, std::size_t v) const {
    return _mm512_permutexvar_epi64(order_[v], load(x + from_[v]));
  }
  std::size_t from_[kVectors];
  Lanes order_[kVectors];
};

template <class Order>
TACET_INLINE void start_sum(Lanes* low, Lanes* high, const u64* plus, std::size_t start, const u64* c, const Order& order,
                            Lanes w) {
#pragma GCC unroll 4
  for (std::size_t v = 0; v < kVectors; ++v) {
    low[v] = plus == nullptr ? zero() : load(plus + start + v * kLanes);
    high[v] = zero();
  }
  if (c == nullptr) return;
#pragma GCC unroll 4
  for (std::size_t v = 0; v < kVectors; ++v) {
    const Lanes x = order(c, v);
    low[v] = add_low(low[v], x, w);
    high[v] = add_high(high[v], x, w);
  }
}

/// Bytes that the terms' first factors and the key are asked for ahead: they come from memory in more streams than the hardware
/// follows.
constexpr std::size_t kAhead = 8192;
constexpr std::size_t kKeyAhead = 4096;

/// Asks for the line of word v kLanes of x, `ahead` bytes on.
template <std::size_t kBytes>
TACET_INLINE void prefetch(const Kept<kBytes>* x, std::size_t ahead, std::size_t v) {
  if (kBytes > 4 || v % 2 == 0) _mm_prefetch(reinterpret_cast<const char*>(x + v * kLanes) + ahead, _MM_HINT_T1);
}

/// A row of inner_product_pairs, for a key and first factors that are kept in so many bytes.
template <bool kFew, class Order, std::size_t kKeyBytes, std::size_t kBytes>
void pair(const PairTerms& terms, std::size_t n, const SumReduction& reduction) {
  const SumReduction reduce = reduction;
  const Lanes w = splat(terms.w);
  for (std::size_t start = 0; start < n; start += kStep) {
    const Order order(terms.permutation, start);
    Lanes low0[kVectors], high0[kVectors], low1[kVectors], high1[kVectors];
    start_sum(low0, high0, terms.plus0, start, terms.c0, order, w);
    start_sum(low1, high1, terms.plus1, start, terms.c1, order, w);
    const Kept<kKeyBytes>* key = static_cast<const Kept<kKeyBytes>*>(terms.key) + 2 * start * terms.key_digits;
    for (std::size_t k = 0; k < terms.digits; ++k, key += 2 * kStep) {
      Lanes x[kVectors];
#pragma GCC unroll 4
      for (std::size_t v = 0; v < kVectors; ++v) {
        prefetch(key, kKeyAhead, v);
        prefetch(key + kStep, kKeyAhead, v);
        x[v] = order(terms.digit[k], v);
      }
      accumulate(low0, high0, x, key);
      accumulate(low1, high1, x, key + kStep);
    }
    for (std::size_t k = 0; k < terms.count; ++k) {
      const Kept<kBytes>* const a = static_cast<const Kept<kBytes>*>(terms.a[k]) + start;
      Lanes x[kVectors];
#pragma GCC unroll 4
      for (std::size_t v = 0; v < kVectors; ++v) {
        prefetch(a, kAhead, v);
        x[v] = load(a + v * kLanes);
      }
      if (terms.b0[k] != nullptr) accumulate(low0, high0, x, terms.b0[k] + start);
      if (terms.b1[k] != nullptr) accumulate(low1, high1, x, terms.b1[k] + start);
    }
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) {
      store(terms.out0 + start + v * kLanes, kFew ? reduce.few_terms(high0[v], low0[v]) : reduce(high0[v], low0[v]));
      store(terms.out1 + start + v * kLanes, kFew ? reduce.few_terms(high1[v], low1[v]) : reduce(high1[v], low1[v]));
    }
  }
}

using Pair = void (*)(const PairTerms& terms, std::size_t n, const SumReduction& reduction);

/// Words, or what is kept like the key: null for another pair of widths.
template <bool kFew, class Order, std::size_t kKeyBytes>
Pair pair_with_key(const PairTerms& t) {
  if (t.count == 0 || t.a_bytes == kKeyBytes) return pair<kFew, Order, kKeyBytes, kKeyBytes>;
  return t.a_bytes == sizeof(u64) ? pair<kFew, Order, kKeyBytes, sizeof(u64)> : nullptr;
}

template <bool kFew, class Order>
Pair pair_of(const PairTerms& t) {
  switch (t.digits == 0 ? t.a_bytes : t.key_bytes) {
    case 4: return pair_with_key<kFew, Order, 4>(t);
    case 5: return pair_with_key<kFew, Order, 5>(t);
    case 6: return pair_with_key<kFew, Order, 6>(t);
    default: return pair_with_key<kFew, Order, 8>(t);
  }
}

}  // namespace

void attach_overflow(u64* const* y, const Modulus* q, std::size_t count, std::size_t n) {
  if (count == 1) {  // round(y/q) is 1 above q/2
    const Lanes half = splat(q[0].value / 2), one = splat(u64{1} << 52);
    for (std::size_t i = 0; i < n; i += kLanes) {
      const Lanes x = load(y[0] + i);
      store(y[0] + i, _mm512_mask_add_epi64(x, _mm512_cmpgt_epu64_mask(x, half), x, one));
    }
    return;
  }
  constexpr std::size_t kBlock = 512;
  alignas(64) u64 overflow[kBlock];
  for (std::size_t start = 0; start < n; start += kBlock) {
    const std::size_t block = n - start < kBlock ? n - start : kBlock;
    const u64* limbs[128];
    for (std::size_t k = 0; k < count; ++k) limbs[k] = y[k] + start;
    overflow_count(overflow, limbs, q, count, block);
    for (std::size_t i = 0; i < block; i += kLanes) {
      u64* x = y[0] + start + i;
      store(x, _mm512_or_si512(load(x), _mm512_slli_epi64(load(overflow + i), 52)));
    }
  }
}

void convert_lazily(u64* out, const u64* y, u64 overflow, std::size_t n) {
  const Lanes low52 = splat(kLow52), more = splat(overflow);
  for (std::size_t i = 0; i < n; i += kLanes) {
    const Lanes x = load(y + i), rest = _mm512_and_si512(x, low52);
    store(out + i, _mm512_mask_add_epi64(rest, _mm512_cmpneq_epi64_mask(x, rest), rest, more));
  }
}

void convert(u64* out, const u64* const* y, const ConversionWeights& weights, std::size_t n, const Modulus& q) {
  if (n < kStep) return scalar_kernels().convert(out, y, weights, n, q);
  const bool lazy = q.value < u64{1} << 48;
  if (weights.count == 1) return convert_by_quotient<1>(out, y, weights, n, q);
  if (weights.count == 2) return convert_by_quotient<2>(out, y, weights, n, q);
  if (weights.count == 3 && lazy) return convert_by_quotient<3>(out, y, weights, n, q);
  if (weights.count == 4 && lazy) return convert_by_quotient<4>(out, y, weights, n, q);
  // high halves of products are below 2^48: fifteen of them and the carry of the low halves stay below 2^52
  if (weights.count < 15) return convert_exactly<true>(out, y, weights, n, q);
  convert_exactly<false>(out, y, weights, n, q);
}

void inner_product_pairs(const PairTerms* terms, std::size_t rows, std::size_t n, const Modulus& q) {
  if (n < kStep) return scalar_kernels().inner_product_pairs(terms, rows, n, q);
  const SumReduction reduction(q);
  // high halves of products are below 2^(bits - 2): with the carry of the low halves so many of them stay below 2^52
  const std::size_t few = std::size_t{1} << (54 - q.bits);
  for (std::size_t row = 0; row < rows; ++row) {
    const PairTerms& t = terms[row];
    const bool in_order = t.permutation == nullptr;
    const Pair of_row = t.digits + t.count + 1 >= few ? (in_order ? pair_of<false, InOrder>(t) : pair_of<false, Permuted>(t))
                                                      : (in_order ? pair_of<true, InOrder>(t) : pair_of<true, Permuted>(t));
    of_row == nullptr ? scalar_kernels().inner_product_pairs(&t, 1, n, q) : of_row(t, n, reduction);
  }
}

}  // namespace tacet::avx512ifma
TACET_TARGET_END
#endif  // TACET_X86
