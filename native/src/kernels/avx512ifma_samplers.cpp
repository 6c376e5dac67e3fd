// SPDX-License-Identifier: Apache-2.0
// From keystream words to coefficients, eight at a time.
#include "kernels/avx512ifma.h"
#include "kernels/avx512ifma_lanes.h"
#include "kernels/scalar.h"
#include "kernels/target.h"

#if TACET_X86
TACET_TARGET_BEGIN_AVX512IFMA
namespace tacet::avx512ifma {
namespace {

TACET_INLINE void store_bytes(signed char* p, Lanes x) {
  _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm512_cvtepi64_epi8(x));
}

/// The words in groups of eight: `vector(i)` where eight words from i on are all kept, `single(i, count)` for the rest.
template <class Kept, class Vector, class Single>
TACET_INLINE std::size_t sample(std::size_t n, const u64* words, std::size_t count, const Kept& kept,
                                const Vector& vector, const Single& single) {
  std::size_t written = 0, i = 0;
  while (i + kLanes <= count && written + kLanes <= n) {
    const Lanes x = load(words + i);
    if (kept(x) == 0xff) {
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
  if (modulus.value <= kSmallestWide) return scalar::uniform(out, n, words, count, modulus);
  const u64 q = modulus.value;
  const Constants c(q);
  const WideReduction narrow(q);
  const Lanes two_q = splat(2 * q), largest = splat(0 - (0 - q) % q - 1);
  return sample(
      n, words, count, [&](Lanes x) { return _mm512_cmple_epu64_mask(x, largest); },
      [&](std::size_t at, Lanes x) {
        const Lanes r = _mm512_and_si512(narrow(x, c), c.low52);
        store(out + at, subtract_if_at_least(subtract_if_at_least(r, two_q), c.q));
      },
      [&](std::size_t at, const u64* from, std::size_t left) {
        return scalar::uniform(out + at, n - at, from, left, modulus);
      });
}

std::size_t ternary(signed char* out, std::size_t n, const u64* words, std::size_t count) {
  const Lanes all_ones = splat(~u64{0}), low32 = splat(0xffffffff);
  const Lanes third = splat(0x5555555555556);  // (2^52 + 2) / 3
  return sample(
      n, words, count, [&](Lanes x) { return _mm512_cmpneq_epu64_mask(x, all_ones); },
      [&](std::size_t at, Lanes x) {
        // 2^32 is 1 modulo 3; the sum of both halves is below 2^33, where the product's high half is the exact quotient
        const Lanes sum = add(_mm512_srli_epi64(x, 32), _mm512_and_si512(x, low32));
        const Lanes quotient = add_high(zero(), sum, third);
        const Lanes r = sub(sum, add(quotient, add(quotient, quotient)));
        store_bytes(out + at, sub(r, splat(1)));
      },
      [&](std::size_t at, const u64* from, std::size_t left) { return scalar::ternary(out + at, n - at, from, left); });
}

void error(signed char* out, const u64* words, std::size_t n, const u64* table, std::size_t size) {
  constexpr std::size_t kVectors = 4;
  std::size_t i = 0;
  for (; i + kVectors * kLanes <= n; i += kVectors * kLanes) {
    Lanes uniform[kVectors], magnitude[kVectors];
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) {
      uniform[v] = _mm512_srli_epi64(load(words + i + v * kLanes), 1);
      magnitude[v] = splat(size);
    }
    for (std::size_t k = 0; k < size; ++k) {  // less one for each entry above
      const Lanes bound = splat(table[k]);
#pragma GCC unroll 4
      for (std::size_t v = 0; v < kVectors; ++v)
        magnitude[v] = sub(magnitude[v], _mm512_srli_epi64(sub(uniform[v], bound), 63));
    }
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) {
      const Lanes mask = sub(zero(), _mm512_and_si512(load(words + i + v * kLanes), splat(1)));
      store_bytes(out + i + v * kLanes, sub(_mm512_xor_si512(magnitude[v], mask), mask));
    }
  }
  scalar::error(out + i, words + i, n - i, table, size);
}

void small_residues(u64* out, const signed char* small, std::size_t n, u64 q) {
  const Lanes modulus = splat(q);
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const Lanes x = _mm512_cvtepi8_epi64(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(small + i)));
    store(out + i, _mm512_min_epu64(x, add(x, modulus)));  // a negative x is a huge word
  }
  scalar::small_residues(out + i, small + i, n - i, q);
}

}  // namespace tacet::avx512ifma
TACET_TARGET_END
#endif  // TACET_X86
