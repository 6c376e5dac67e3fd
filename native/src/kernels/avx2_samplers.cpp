// SPDX-License-Identifier: Apache-2.0
// From keystream words to coefficients, four at a time.
#include <cstring>

#include "kernels/avx2.h"
#include "kernels/avx2_lanes.h"
#include "kernels/scalar.h"
#include "kernels/target.h"

#if TACET_X86
TACET_TARGET_BEGIN_AVX2
namespace tacet::avx2 {
namespace {

TACET_INLINE void store_bytes(signed char* p, __m256i x) {
  const __m256i lowest = _mm256_set_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 8, 0, -1, -1, -1, -1, -1, -1,
                                         -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 8, 0);
  const __m256i halves = _mm256_shuffle_epi8(x, lowest);
  const int bytes =
      _mm_cvtsi128_si32(_mm_or_si128(_mm256_castsi256_si128(halves), _mm256_extracti128_si256(halves, 1)));
  std::memcpy(p, &bytes, sizeof bytes);
}

/// The words in groups of four: `vector` where four words are all kept, `single` for the rest.
template <class Kept, class Vector, class Single>
TACET_INLINE std::size_t sample(std::size_t n, const u64* words, std::size_t count, const Kept& kept,
                                const Vector& vector, const Single& single) {
  std::size_t written = 0, i = 0;
  while (i + kLanes <= count && written + kLanes <= n) {
    const __m256i x = load_integers(words + i);
    if (kept(x)) {
      vector(written, x);
      written += kLanes;
    } else {
      written += single(written, words + i, kLanes);
    }
    i += kLanes;
  }
  return written + single(written, words + i, count - i);
}

}  // namespace

std::size_t uniform(u64* out, std::size_t n, const u64* words, std::size_t count, const Modulus& modulus) {
  const u64 q = modulus.value;
  const Constants c(q);
  const u64 sign = u64{1} << 63;
  const __m256i flip = integers(sign), largest = integers((0 - (0 - q) % q - 1) ^ sign);
  const WideReduction reduce(q, c);
  return sample(
      n, words, count,
      [&](__m256i x) {
        return _mm256_testz_si256(_mm256_cmpgt_epi64(_mm256_xor_si256(x, flip), largest), integers(~u64{0})) != 0;
      },
      [&](std::size_t at, __m256i x) { store(out + at, reduce(x, c)); },
      [&](std::size_t at, const u64* from, std::size_t left) {
        return scalar::uniform(out + at, n - at, from, left, modulus);
      });
}

std::size_t ternary(signed char* out, std::size_t n, const u64* words, std::size_t count) {
  const __m256i low32 = integers(0xffffffff), low16 = integers(0xffff), third = integers(0x55555556), one = integers(1);
  return sample(
      n, words, count,
      [&](__m256i x) { return _mm256_testz_si256(_mm256_cmpeq_epi64(x, integers(~u64{0})), integers(~u64{0})) != 0; },
      [&](std::size_t at, __m256i x) {
        // 2^32 and 2^16 are 1 modulo 3; the folded sum is below 2^18, where the upper half of the product is the exact
        // quotient
        __m256i sum = _mm256_add_epi64(_mm256_srli_epi64(x, 32), _mm256_and_si256(x, low32));
        sum = _mm256_add_epi64(_mm256_srli_epi64(sum, 16), _mm256_and_si256(sum, low16));
        const __m256i quotient = _mm256_srli_epi64(_mm256_mul_epu32(sum, third), 32);
        const __m256i r = _mm256_sub_epi64(sum, _mm256_add_epi64(quotient, _mm256_add_epi64(quotient, quotient)));
        store_bytes(out + at, _mm256_sub_epi64(r, one));
      },
      [&](std::size_t at, const u64* from, std::size_t left) { return scalar::ternary(out + at, n - at, from, left); });
}

void error(signed char* out, const u64* words, std::size_t n, const u64* table, std::size_t size) {
  constexpr std::size_t kVectors = 4;
  std::size_t i = 0;
  for (; i + kVectors * kLanes <= n; i += kVectors * kLanes) {
    __m256i uniform[kVectors], magnitude[kVectors];
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) {
      uniform[v] = _mm256_srli_epi64(load_integers(words + i + v * kLanes), 1);
      magnitude[v] = integers(size);
    }
    for (std::size_t k = 0; k < size; ++k) {  // less one for each entry above
      const __m256i bound = integers(table[k]);
#pragma GCC unroll 4
      for (std::size_t v = 0; v < kVectors; ++v)
        magnitude[v] = _mm256_sub_epi64(magnitude[v], _mm256_srli_epi64(_mm256_sub_epi64(uniform[v], bound), 63));
    }
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) {
      const __m256i odd = _mm256_and_si256(load_integers(words + i + v * kLanes), integers(1));
      const __m256i mask = _mm256_sub_epi64(_mm256_setzero_si256(), odd);
      store_bytes(out + i + v * kLanes, _mm256_sub_epi64(_mm256_xor_si256(magnitude[v], mask), mask));
    }
  }
  scalar::error(out + i, words + i, n - i, table, size);
}

void small_residues(u64* out, const signed char* small, std::size_t n, u64 q) {
  const __m256i modulus = integers(q);
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    int bytes;
    std::memcpy(&bytes, small + i, sizeof bytes);
    const __m256i x = _mm256_cvtepi8_epi64(_mm_cvtsi32_si128(bytes));
    const __m256i negative = _mm256_cmpgt_epi64(_mm256_setzero_si256(), x);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i), _mm256_add_epi64(x, _mm256_and_si256(negative, modulus)));
  }
  scalar::small_residues(out + i, small + i, n - i, q);
}

}  // namespace tacet::avx2
TACET_TARGET_END
#endif  // TACET_X86
