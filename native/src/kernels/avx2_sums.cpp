// SPDX-License-Identifier: Apache-2.0
// Sums of products in double-precision lanes: each product is reduced to 3/4 q at most, and the sum after every eight,
// so that it stays below 8 q <= 2^53. (Three 32-bit multiplications of halves without reductions take more instructions
// a term, and three times as many at the end.) The overflow of a conversion needs the exact upper half of 114-bit
// products, by 32-bit multiplications.
#include "kernels/avx2.h"
#include "kernels/avx2_lanes.h"
#include "kernels/target.h"

#if TACET_X86
TACET_TARGET_BEGIN_AVX2
namespace tacet::avx2 {
namespace {

using Words = __m256i;
/// Products that may be added to a reduced sum.
constexpr std::size_t kTerms = 8;
/// Vectors whose sums are kept at a time; n is a multiple of 16 words.
constexpr std::size_t kVectors = 4;
constexpr std::size_t kStep = kVectors * kLanes;

TACET_INLINE Lanes load_number(const u64* p) { return from_words(load(p)); }
TACET_INLINE Lanes load_number(const Kept<8>* p) { return load_number(reinterpret_cast<const u64*>(p)); }
TACET_INLINE Lanes load_number(const Kept<4>* p) {
  return from_words(_mm256_castsi256_pd(_mm256_cvtepu32_epi64(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)))));
}
/// Four numbers of 5 or 6 bytes: two from the first 16 bytes, two from the last 16, in which they begin at byte kSkip.
template <std::size_t kBytes>
TACET_INLINE Lanes load_number(const Kept<kBytes>* p) {
  constexpr int kSkip = 16 - 2 * static_cast<int>(kBytes), k = static_cast<int>(kBytes);
  constexpr char kNone = -1, kLast = kBytes == 6 ? k - 1 : kNone, kLastOfTwo = kBytes == 6 ? 2 * k - 1 : kNone,
                 kLastAfter = kBytes == 6 ? kSkip + k - 1 : kNone, kLastOfTwoAfter = kBytes == 6 ? kSkip + 2 * k - 1 : kNone;
  const __m256i order = _mm256_setr_epi8(
      0, 1, 2, 3, 4, kLast, kNone, kNone, k, k + 1, k + 2, k + 3, k + 4, kLastOfTwo, kNone, kNone,
      kSkip, kSkip + 1, kSkip + 2, kSkip + 3, kSkip + 4, kLastAfter, kNone, kNone,
      kSkip + k, kSkip + k + 1, kSkip + k + 2, kSkip + k + 3, kSkip + k + 4, kLastOfTwoAfter, kNone, kNone);
  const u8* const bytes = p->bytes;
  const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
  const __m128i high = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + 4 * kBytes - 16));
  return from_words(_mm256_castsi256_pd(_mm256_shuffle_epi8(_mm256_set_m128i(high, low), order)));
}

template <class Right>
TACET_INLINE void sum(u64* out, const u64* const* a, const Right& right, std::size_t count, std::size_t n, u64 q) {
  const Constants c(q);
  for (std::size_t i = 0; i < n; i += kStep) {
    Lanes sums[kVectors];
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) sums[v] = _mm256_setzero_pd();
    for (std::size_t first = 0; first < count; first += kTerms) {
      const std::size_t end = count - first < kTerms ? count : first + kTerms;
#pragma GCC unroll 4
      for (std::size_t v = 0; v < kVectors; ++v) sums[v] = reduce(sums[v], c);
      for (std::size_t k = first; k < end; ++k) {
#pragma GCC unroll 4
        for (std::size_t v = 0; v < kVectors; ++v) {
          const std::size_t at = i + v * kLanes;
          sums[v] = tacet::avx2::add(sums[v], product(load_number(a[k] + at), right(k, at), c));
        }
      }
    }
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) store(out + i + v * kLanes, finish(sums[v], c));
  }
}

}  // namespace

void inner_product(u64* out, const u64* const* a, const u64* const* b, std::size_t count, std::size_t n,
                   const Modulus& q) {
  sum(
      out, a, [b](std::size_t k, std::size_t i) { return load_number(b[k] + i); }, count, n, q.value);
}

void linear_combination(u64* out, const u64* const* a, const u64* w, std::size_t count, std::size_t n,
                        const Modulus& q) {
  sum(
      out, a, [w](std::size_t k, std::size_t) { return splat(static_cast<double>(w[k])); }, count, n, q.value);
}

namespace {

/// Words [i, i + 2 kLanes) of x, in `words`, where they are not in a row.
TACET_INLINE const u64* permuted_words(u64* words, const u64* x, const u32* permutation, std::size_t i) {
  if (permutation == nullptr) return x + i;
  for (std::size_t j = 0; j < 2 * kLanes; ++j) words[j] = x[permutation[i + j]];
  return words;
}

/// Adds the term left * right of two vectors to the sums of each half, which are reduced before every kTerms-th of them.
template <class Left, class Right>
TACET_INLINE void add_term(Lanes (&sums)[2][2], std::size_t number, const Left* left, const Right* right0, const Right* right1,
                           const Constants& c) {
  const Right* const right[2] = {right0, right1};
#pragma GCC unroll 2
  for (std::size_t v = 0; v < 2; ++v) {
    const Lanes a = load_number(left + v * kLanes);
#pragma GCC unroll 2
    for (std::size_t h = 0; h < 2; ++h) {
      Lanes& sum = sums[h][v];
      if (number % kTerms == 0) sum = reduce(sum, c);
      if (right[h] != nullptr) sum = tacet::avx2::add(sum, product(a, load_number(right[h] + v * kLanes), c));
    }
  }
}

/// A row of inner_product_pairs, for a key and first factors that are kept in so many bytes.
template <std::size_t kKeyBytes, std::size_t kBytes>
void pair(const PairTerms& terms, std::size_t n, const Constants& c) {
  const Lanes w = splat(static_cast<double>(terms.w));
  const std::size_t block_words = key_block(n);  // at least two vectors
  alignas(32) u64 words[2 * kLanes];
  for (std::size_t i = 0; i < n; i += 2 * kLanes) {
    Lanes sums[2][2];  // half, vector
#pragma GCC unroll 2
    for (std::size_t h = 0; h < 2; ++h) {
      const u64* plus = h == 0 ? terms.plus0 : terms.plus1;
      const u64* addend = h == 0 ? terms.c0 : terms.c1;
      if (addend != nullptr) addend = permuted_words(words, addend, terms.permutation, i);
#pragma GCC unroll 2
      for (std::size_t v = 0; v < 2; ++v) {
        Lanes& sum = sums[h][v];
        sum = plus == nullptr ? _mm256_setzero_pd() : reduce(load_number(plus + i + v * kLanes), c);
        if (addend != nullptr) sum = tacet::avx2::add(sum, product(load_number(addend + v * kLanes), w, c));
      }
    }
    const std::size_t block = i / block_words, inside = i % block_words;
    const Kept<kKeyBytes>* const key =
        terms.digits == 0 ? nullptr : static_cast<const Kept<kKeyBytes>*>(terms.key) + 2 * block * block_words * terms.key_digits + inside;
    for (std::size_t k = 0; k < terms.digits; ++k) {
      const u64* left = permuted_words(words, terms.digit[k], terms.permutation, i);
      add_term(sums, k, left, key + 2 * k * block_words, key + (2 * k + 1) * block_words, c);
    }
    for (std::size_t k = 0; k < terms.count; ++k) {
      const u64* const b0 = terms.b0[k] == nullptr ? nullptr : terms.b0[k] + i;
      const u64* const b1 = terms.b1[k] == nullptr ? nullptr : terms.b1[k] + i;
      add_term(sums, terms.digits + k, static_cast<const Kept<kBytes>*>(terms.a[k]) + i, b0, b1, c);
    }
#pragma GCC unroll 2
    for (std::size_t v = 0; v < 2; ++v) {
      store(terms.out0 + i + v * kLanes, finish(sums[0][v], c));
      store(terms.out1 + i + v * kLanes, finish(sums[1][v], c));
    }
  }
}

using Pair = void (*)(const PairTerms& terms, std::size_t n, const Constants& c);

/// Words, or what is kept like the key: null for another pair of widths.
template <std::size_t kKeyBytes>
Pair pair_with_key(const PairTerms& t) {
  if (t.count == 0 || t.a_bytes == kKeyBytes) return pair<kKeyBytes, kKeyBytes>;
  return t.a_bytes == sizeof(u64) ? pair<kKeyBytes, sizeof(u64)> : nullptr;
}

Pair pair_of(const PairTerms& t) {
  switch (t.digits == 0 ? t.a_bytes : t.key_bytes) {
    case 4: return pair_with_key<4>(t);
    case 5: return pair_with_key<5>(t);
    case 6: return pair_with_key<6>(t);
    default: return pair_with_key<8>(t);
  }
}

}  // namespace

void inner_product_pairs(const PairTerms* terms, std::size_t rows, std::size_t n, const Modulus& q) {
  const Constants c(q.value);
  for (std::size_t row = 0; row < rows; ++row) {
    const PairTerms& t = terms[row];
    const Pair of_row = pair_of(t);
    of_row == nullptr ? scalar_kernels().inner_product_pairs(&t, 1, n, q) : of_row(t, n, c);
  }
}

void convert(u64* out, const u64* const* y, const ConversionWeights& weights, std::size_t n, const Modulus& q) {
  const Constants c(q.value);
  const Words low52 = integers((u64{1} << 52) - 1);
  const auto weight = [&weights](std::size_t k) { return splat(static_cast<double>(weights.weights[k])); };
  for (std::size_t i = 0; i < n; i += 2 * kLanes) {
    Lanes sums[2];
#pragma GCC unroll 2
    for (std::size_t v = 0; v < 2; ++v) {
      const Words first = load_integers(y[0] + i + v * kLanes);
      const Lanes low = from_words(_mm256_castsi256_pd(_mm256_and_si256(first, low52)));
      const Lanes overflow = from_words(_mm256_castsi256_pd(_mm256_srli_epi64(first, 52)));
      sums[v] = tacet::avx2::add(product(low, weight(0), c), product(overflow, weight(weights.count), c));
    }
    for (std::size_t k = 1; k < weights.count; ++k) {
#pragma GCC unroll 2
      for (std::size_t v = 0; v < 2; ++v) {
        if (k % kTerms == 0) sums[v] = reduce(sums[v], c);
        sums[v] = tacet::avx2::add(sums[v], product(load_number(y[k] + i + v * kLanes), weight(k), c));
      }
    }
#pragma GCC unroll 2
    for (std::size_t v = 0; v < 2; ++v) store(out + i + v * kLanes, finish(sums[v], c));
  }
}

namespace {

constexpr int kHalfBits = 25;
constexpr u64 kHalfMask = (u64{1} << kHalfBits) - 1;

/// The smallest modulus, in bits, for which floor(a barrett / 2^(bits + 7)) comes from the upper parts of the product
/// below.
constexpr int kSmallestBits = 18;

/// The rounded sums of fractions of four coefficients from i on, as in overflow_count.
TACET_INLINE Words overflow_at(const u64* const* a, const Modulus* q, std::size_t count, std::size_t i) {
  const Words mask = integers(kHalfMask);
  Words sum = integers(u64{1} << 55);
  for (std::size_t k = 0; k < count; ++k) {
    // a = a1 2^25 + a0 and barrett = b2 2^50 + b1 2^25 + b0 give digits t3, t2, t1 of 25 bits, t3 with all that is left
    const u64 barrett = q[k].barrett;
    const Words b0 = integers(barrett & kHalfMask), b1 = integers(barrett >> 25 & kHalfMask),
                b2 = integers(barrett >> 50);
    const Words x = load_integers(a[k] + i), low = _mm256_and_si256(x, mask), high = _mm256_srli_epi64(x, kHalfBits);
    const Words t0 = _mm256_mul_epu32(low, b0);
    const Words t1 = _mm256_add_epi64(_mm256_add_epi64(_mm256_mul_epu32(low, b1), _mm256_mul_epu32(high, b0)),
                                      _mm256_srli_epi64(t0, kHalfBits));
    const Words t2 = _mm256_add_epi64(_mm256_add_epi64(_mm256_mul_epu32(low, b2), _mm256_mul_epu32(high, b1)),
                                      _mm256_srli_epi64(t1, kHalfBits));
    const Words t3 = _mm256_add_epi64(_mm256_mul_epu32(high, b2), _mm256_srli_epi64(t2, kHalfBits));
    const int s = q[k].bits + 7;  // 25..57
    sum = _mm256_add_epi64(sum, _mm256_sll_epi64(t3, _mm_cvtsi32_si128(75 - s)));
    const Words digit2 = _mm256_and_si256(t2, mask);
    if (s >= 50) {
      sum = _mm256_add_epi64(sum, _mm256_srl_epi64(digit2, _mm_cvtsi32_si128(s - 50)));
    } else {
      sum = _mm256_add_epi64(sum, _mm256_sll_epi64(digit2, _mm_cvtsi32_si128(50 - s)));
      sum = _mm256_add_epi64(sum, _mm256_srl_epi64(_mm256_and_si256(t1, mask), _mm_cvtsi32_si128(s - 25)));
    }
  }
  return _mm256_srli_epi64(sum, 56);
}

bool all_wide(const Modulus* q, std::size_t count) {
  for (std::size_t k = 0; k < count; ++k) {
    if (q[k].bits < kSmallestBits) return false;
  }
  return true;
}

}  // namespace

void overflow_count(u64* out, const u64* const* a, const Modulus* q, std::size_t count, std::size_t n) {
  if (!all_wide(q, count)) return scalar_kernels().overflow_count(out, a, q, count, n);
  for (std::size_t i = 0; i < n; i += kLanes)
    _mm256_storeu_si256(reinterpret_cast<Words*>(out + i), overflow_at(a, q, count, i));
}

void attach_overflow(u64* const* y, const Modulus* q, std::size_t count, std::size_t n) {
  if (!all_wide(q, count)) return scalar_kernels().attach_overflow(y, q, count, n);
  for (std::size_t i = 0; i < n; i += kLanes) {
    const Words overflow = _mm256_slli_epi64(overflow_at(y, q, count, i), 52);
    _mm256_storeu_si256(reinterpret_cast<Words*>(y[0] + i), _mm256_or_si256(load_integers(y[0] + i), overflow));
  }
}

void convert_lazily(u64* out, const u64* y, u64 overflow, std::size_t n) {
  const Words low52 = integers((u64{1} << 52) - 1), one = integers(1), more = integers(overflow);
  for (std::size_t i = 0; i < n; i += kLanes) {
    const Words x = load_integers(y + i);
    const Words odd = _mm256_cmpeq_epi64(_mm256_and_si256(_mm256_srli_epi64(x, 52), one), one);
    _mm256_storeu_si256(reinterpret_cast<Words*>(out + i), _mm256_add_epi64(_mm256_and_si256(x, low52), _mm256_and_si256(odd, more)));
  }
}

}  // namespace tacet::avx2
TACET_TARGET_END
#endif  // TACET_X86
