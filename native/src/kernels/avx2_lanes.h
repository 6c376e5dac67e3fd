// SPDX-License-Identifier: Apache-2.0
#pragma once
// Modular arithmetic in four double-precision lanes that hold integers: AVX2 has no 64-bit multiplication, but fused
// multiply-add gives both halves of a product exactly (the method of FLINT's fft_small). The results are integers below 2^53 at
// every step, so they do not depend on rounding and agree with the scalar table bit for bit. Rounding is to nearest, the default.
//
// Magnitudes are in multiples of q < 2^50: 8q is at most 2^53.

#include "kernels/target.h"

#if TACET_X86
#include <immintrin.h>

#include "math/modulus.h"

TACET_TARGET_BEGIN_AVX2
namespace tacet::avx2 {

using Lanes = __m256d;
constexpr std::size_t kLanes = 4;

TACET_INLINE Lanes load(const u64* p) { return _mm256_loadu_pd(reinterpret_cast<const double*>(p)); }
TACET_INLINE void store(u64* p, Lanes x) { _mm256_storeu_pd(reinterpret_cast<double*>(p), x); }
TACET_INLINE Lanes splat(double x) { return _mm256_set1_pd(x); }
TACET_INLINE Lanes add(Lanes a, Lanes b) { return _mm256_add_pd(a, b); }
TACET_INLINE Lanes sub(Lanes a, Lanes b) { return _mm256_sub_pd(a, b); }
TACET_INLINE Lanes nearest(Lanes x) { return _mm256_round_pd(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }

/// The lanes in reverse order.
TACET_INLINE Lanes reversed(Lanes x) { return _mm256_permute4x64_pd(x, 0x1b); }

constexpr double kTwo52 = 4503599627370496.0;

/// Words below 2^52, whose bits `x` holds, as doubles: the word becomes the fraction of a number in [2^52, 2^53).
TACET_INLINE Lanes from_words(Lanes x) { return sub(_mm256_or_pd(x, splat(kTwo52)), splat(kTwo52)); }
/// The inverse, for integers in [0, 2^52).
TACET_INLINE Lanes to_words(Lanes x) { return _mm256_xor_pd(add(x, splat(kTwo52)), splat(kTwo52)); }

/// A modulus q < 2^50 and 1/q.
struct Constants {
  Lanes q, inverse;
  explicit TACET_INLINE Constants(u64 modulus) : Constants(modulus, 1.0 / static_cast<double>(modulus)) {}
  TACET_INLINE Constants(u64 modulus, double reciprocal) : q(splat(static_cast<double>(modulus))), inverse(splat(reciprocal)) {}
};

/// A factor w in [0, q) and w/q with a relative error below 2^-52.
struct Factor {
  Lanes w, quotient;
};
TACET_INLINE Factor factor(Lanes words, const Constants& c) {
  const Lanes w = from_words(words);
  return {w, _mm256_mul_pd(w, c.inverse)};
}
TACET_INLINE Factor splat_factor(u64 w, const Constants& c) {
  const Lanes x = splat(static_cast<double>(w));
  return {x, _mm256_mul_pd(x, c.inverse)};
}

/// x w mod q, x an integer below 2^52 in magnitude: at most 3/2 q and a little. For |x| <= Y q <= 4 q: at most 1/2 + 3/8 Y, since the quotient is wrong by at most 1/2 for rounding to an integer
/// and |x| 3 2^-53 for its own rounding errors.
TACET_INLINE Lanes multiply(Lanes x, const Factor& f, const Constants& c) {
  const Lanes quotient = nearest(_mm256_mul_pd(x, f.quotient));
  const Lanes high = _mm256_mul_pd(x, f.w);
  const Lanes low = _mm256_fmsub_pd(x, f.w, high);
  return add(_mm256_fnmadd_pd(quotient, c.q, high), low);
}

/// a b mod q for integers a, b of at most 2^51 and 2^50 whose product is below 2^52 q: the quotient's own rounding errors are at
/// most 1/2, or 1/4 for a product below 2^51 q, so the result is at most q and a little, or 3/4 q.
TACET_INLINE Lanes product(Lanes a, Lanes b, const Constants& c) {
  const Lanes high = _mm256_mul_pd(a, b);
  const Lanes low = _mm256_fmsub_pd(a, b, high);
  const Lanes quotient = nearest(_mm256_mul_pd(high, c.inverse));
  return add(_mm256_fnmadd_pd(quotient, c.q, high), low);
}

/// x mod q, at most 1/2 and a little, for |x| < 2^53.
TACET_INLINE Lanes reduce(Lanes x, const Constants& c) {
  return _mm256_fnmadd_pd(nearest(_mm256_mul_pd(x, c.inverse)), c.q, x);
}

/// The word in [0, q) for any |x| < 2^53.
TACET_INLINE Lanes finish(Lanes x, const Constants& c) {
  const Lanes r = reduce(x, c);
  const Lanes negative = _mm256_cmp_pd(r, _mm256_setzero_pd(), _CMP_LT_OQ);
  return to_words(add(r, _mm256_and_pd(negative, c.q)));
}

TACET_INLINE __m256i load_integers(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }
TACET_INLINE __m256i integers(u64 x) { return _mm256_set1_epi64x(static_cast<long long>(x)); }

/// Any 64-bit words modulo q: to [0, q), or loosely to a magnitude below 2^51.
struct WideReduction {
  Factor two32;  ///< 2^32 mod q
  explicit TACET_INLINE WideReduction(u64 q, const Constants& c) : two32(splat_factor((u64{1} << 32) % q, c)) {}
  /// The upper half times 2^32 mod q is exact whatever q (both halves of the product are, and the quotient is below 2^32), and at
  /// most q/2 and a little, so the sum is below 2^51.
  TACET_INLINE Lanes loosely(__m256i x, const Constants& c) const {
    const Lanes high = from_words(_mm256_castsi256_pd(_mm256_srli_epi64(x, 32)));
    const Lanes low = from_words(_mm256_castsi256_pd(_mm256_and_si256(x, integers(0xffffffff))));
    return add(multiply(high, two32, c), low);
  }
  TACET_INLINE Lanes operator()(__m256i x, const Constants& c) const { return finish(loosely(x, c), c); }
};

}  // namespace tacet::avx2
TACET_TARGET_END
#endif  // TACET_X86
