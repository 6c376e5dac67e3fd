// SPDX-License-Identifier: Apache-2.0
// Matrix products by 32-bit multiplications: a residue and a weight of 50 bits are two halves of 25 each, and Karatsuba's three
// products of halves have an accumulator each. Small words need two products, of a residue's 32-bit halves.
#include "kernels/avx2.h"
#include "kernels/target.h"

#if TACET_X86
#include <immintrin.h>

TACET_TARGET_BEGIN_AVX2
namespace tacet::avx2 {
namespace {

using Words = __m256i;
constexpr std::size_t kWords = 4;  ///< in a vector
constexpr std::size_t kRows = kMatrixPanelRows;
constexpr int kHalf = 25;
constexpr u64 kHalfMask = (u64{1} << kHalf) - 1;
/// 32-bit numbers that a column of a panel expands to: low half, high half and their sum, one of each a row.
constexpr std::size_t kExpanded = 3 * kRows;

TACET_INLINE Words load_words(const u64* p) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }
TACET_INLINE void store_words(u64* p, Words x) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), x); }
TACET_INLINE Words add_words(Words a, Words b) { return _mm256_add_epi64(a, b); }
/// sum + the product of the low 32 bits of each lane.
TACET_INLINE Words multiply_add(Words sum, Words a, Words b) { return add_words(sum, _mm256_mul_epu32(a, b)); }
TACET_INLINE Words splat_word(u64 x) { return _mm256_set1_epi64x(static_cast<long long>(x)); }

/// Copies `width` coefficients from `at` on so that a vector's columns follow one another. Halves: the word's low half stays,
/// the high one moves to bit 32.
template <bool kHalves>
void pack(u64* tile, const u64* const* x, std::size_t columns, std::size_t at, std::size_t width) {
  const Words mask = splat_word(kHalfMask);
  for (std::size_t c = 0; c < columns; ++c) {
    for (std::size_t i = 0; i < width; i += kWords) {
      Words word = load_words(x[c] + at + i);
      if (kHalves) {
        const Words high = _mm256_slli_epi64(_mm256_srli_epi64(word, kHalf), 32);
        word = _mm256_or_si256(_mm256_and_si256(word, mask), high);
      }
      store_words(tile + i * columns + c * kWords, word);
    }
  }
}

void expand(u32* expanded, const u64* panel, std::size_t columns) {
  for (std::size_t c = 0; c < columns; ++c) {
    for (std::size_t r = 0; r < kRows; ++r) {
      const u32 low = static_cast<u32>(panel[c * kRows + r] & kHalfMask);
      const u32 high = static_cast<u32>(panel[c * kRows + r] >> kHalf);
      u32* to = expanded + c * kExpanded + r;
      to[0] = low;
      to[kRows] = high;
      to[2 * kRows] = low + high;
    }
  }
}

void put(u64* out, u128 sum, const u64* addend, std::size_t row, const Modulus& q) {
  const u64 x = q.reduce(sum);
  *out = addend == nullptr ? x : add_mod(x, addend[row], q.value);
}

/// Rows first.. of four coefficients. With halves of 25 bits and 4096 columns, sums of products of halves are below 2^62, that
/// of products of sums of halves is below 2^64, and its difference from the other two below 2^63.
void general(u64* const* out, const u64* tile, const u32* expanded, const MatrixWeights& w, std::size_t first, std::size_t i,
             const Modulus& q) {
  Words low[kRows], high[kRows], both[kRows];
#pragma GCC unroll 4
  for (std::size_t r = 0; r < kRows; ++r) low[r] = high[r] = both[r] = _mm256_setzero_si256();
  for (std::size_t c = 0; c < w.columns; ++c, tile += kWords, expanded += kExpanded) {
    const Words x0 = load_words(tile);
    const Words x1 = _mm256_srli_epi64(x0, 32);
    const Words x01 = add_words(x0, x1);  // the low 32 bits count
#pragma GCC unroll 4
    for (std::size_t r = 0; r < kRows; ++r) {
      low[r] = multiply_add(low[r], x0, _mm256_set1_epi32(static_cast<int>(expanded[r])));
      high[r] = multiply_add(high[r], x1, _mm256_set1_epi32(static_cast<int>(expanded[kRows + r])));
      both[r] = multiply_add(both[r], x01, _mm256_set1_epi32(static_cast<int>(expanded[2 * kRows + r])));
    }
  }
#pragma GCC unroll 4
  for (std::size_t r = 0; r < kRows; ++r) {
    if (first + r >= w.rows) return;
    alignas(32) u64 a[kWords], b[kWords], m[kWords];
    store_words(a, low[r]);
    store_words(b, high[r]);
    store_words(m, _mm256_sub_epi64(both[r], add_words(low[r], high[r])));
    for (std::size_t k = 0; k < kWords; ++k) {
      const u128 sum = a[k] + (static_cast<u128>(m[k]) << kHalf) + (static_cast<u128>(b[k]) << (2 * kHalf));
      put(out[first + r] + i + k, sum, w.addend, first + r, q);
    }
  }
}

/// The same for small words; kHigh: the modulus has more than 32 bits. The sum of all products is below 2^64, so both parts are
/// below that as well.
template <bool kHigh>
void small(u64* const* out, const u64* tile, const MatrixWeights& w, std::size_t first, std::size_t i, const u64* correction,
           const Modulus& q) {
  Words low[kRows], high[kRows];
#pragma GCC unroll 4
  for (std::size_t r = 0; r < kRows; ++r) {
    low[r] = load_words(correction);
    high[r] = _mm256_setzero_si256();
  }
  const u64* weight = w.words + first * w.columns;
  for (std::size_t c = 0; c < w.columns; ++c, tile += kWords, weight += kRows) {
    const Words x0 = load_words(tile);
    const Words x1 = _mm256_srli_epi64(x0, 32);
#pragma GCC unroll 4
    for (std::size_t r = 0; r < kRows; ++r) {
      const Words factor = splat_word(weight[r]);
      low[r] = multiply_add(low[r], x0, factor);
      if (kHigh) high[r] = multiply_add(high[r], x1, factor);
    }
  }
#pragma GCC unroll 4
  for (std::size_t r = 0; r < kRows; ++r) {
    if (first + r >= w.rows) return;
    alignas(32) u64 sums[kWords];
    store_words(sums, add_words(low[r], _mm256_slli_epi64(high[r], 32)));
    for (std::size_t k = 0; k < kWords; ++k) put(out[first + r] + i + k, sums[k], w.addend, first + r, q);
  }
}

/// -offset times the sum of the columns, modulo q, for each coefficient.
void correct(u64* correction, const u64* tile, const MatrixWeights& w, std::size_t width, const Modulus& q) {
  const u64 negated = negate_mod(w.offset, q.value);
  for (std::size_t i = 0; i < width; i += kWords) {
    Words sum = _mm256_setzero_si256();
    for (std::size_t c = 0; c < w.columns; ++c) sum = add_words(sum, load_words(tile + i * w.columns + c * kWords));
    store_words(correction + i, sum);
    for (std::size_t k = i; k < i + kWords; ++k) correction[k] = mul_mod(correction[k], negated, q);
  }
}

template <bool kHigh>
void all_small(u64* const* out, const u64* const* x, const MatrixWeights& w, std::size_t n, const Modulus& q, u64* scratch) {
  const std::size_t width = matrix_tile(w.columns, n);
  u64* correction = scratch + w.columns * width;
  for (std::size_t at = 0; at < n; at += width) {
    pack<false>(scratch, x, w.columns, at, width);
    correct(correction, scratch, w, width, q);
    for (std::size_t first = 0; first < w.rows; first += kRows) {
      for (std::size_t i = 0; i < width; i += kWords) {
        small<kHigh>(out, scratch + i * w.columns, w, first, at + i, correction + i, q);
      }
    }
  }
}

}  // namespace

void matrix_product(u64* const* out, const u64* const* x, const MatrixWeights& w, std::size_t n, const Modulus& q,
                    u64* scratch) {
  const std::size_t width = matrix_tile(w.columns, n);
  u32* expanded = reinterpret_cast<u32*>(scratch + w.columns * width);
  for (std::size_t at = 0; at < n; at += width) {
    pack<true>(scratch, x, w.columns, at, width);
    for (std::size_t first = 0; first < w.rows; first += kRows) {
      expand(expanded, w.words + first * w.columns, w.columns);
      for (std::size_t i = 0; i < width; i += kWords) general(out, scratch + i * w.columns, expanded, w, first, at + i, q);
    }
  }
}

void matrix_product_small(u64* const* out, const u64* const* x, const MatrixWeights& w, std::size_t n, const Modulus& q,
                          u64* scratch) {
  q.bits > 32 ? all_small<true>(out, x, w, n, q, scratch) : all_small<false>(out, x, w, n, q, scratch);
}

}  // namespace tacet::avx2
TACET_TARGET_END
#endif  // TACET_X86
