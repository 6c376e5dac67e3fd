// SPDX-License-Identifier: Apache-2.0
// The encoder's transform, rounding and recombination, four numbers at a time.
#include "kernels/avx2.h"
#include "kernels/avx2_lanes.h"
#include "kernels/scalar.h"
#include "kernels/target.h"

#if TACET_X86
TACET_TARGET_BEGIN_AVX2
namespace tacet::avx2 {
namespace {

using Doubles = __m256d;
constexpr int kLogWidth = 2;

TACET_INLINE Doubles load_doubles(const double* p) { return _mm256_loadu_pd(p); }
TACET_INLINE void store_doubles(double* p, Doubles x) { _mm256_storeu_pd(p, x); }
TACET_INLINE Doubles splat_double(double x) { return _mm256_set1_pd(x); }

TACET_INLINE void transpose(Doubles* x) {
  const Doubles a0 = _mm256_unpacklo_pd(x[0], x[1]), a1 = _mm256_unpackhi_pd(x[0], x[1]);
  const Doubles a2 = _mm256_unpacklo_pd(x[2], x[3]), a3 = _mm256_unpackhi_pd(x[2], x[3]);
  x[0] = _mm256_permute2f128_pd(a0, a2, 0x20);
  x[1] = _mm256_permute2f128_pd(a1, a3, 0x20);
  x[2] = _mm256_permute2f128_pd(a0, a2, 0x31);
  x[3] = _mm256_permute2f128_pd(a1, a3, 0x31);
}

#include "kernels/slot_transform_lanes.inc"
#include "kernels/sparse_product_lanes.inc"

}  // namespace

void slots_to_coefficients(double* real, double* imaginary, const SlotTable& table) {
  if (table.log_slots < 2 * kLogWidth) return scalar::slots_to_coefficients(real, imaginary, table);
  long_stages<true>(real, imaginary, table.slots, table);
  permuted_short_stages<true>(real, imaginary, table);
}

void coefficients_to_slots(double* real, double* imaginary, const SlotTable& table) {
  if (table.log_slots < 2 * kLogWidth) return scalar::coefficients_to_slots(real, imaginary, table);
  permuted_short_stages<false>(real, imaginary, table);
  long_stages<false>(real, imaginary, table.slots, table);
}

u64 largest_magnitude(const double* x, std::size_t n) {
  const __m256i magnitude = integers(~(u64{1} << 63));
  __m256i most = _mm256_setzero_si256();
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const __m256i bits = _mm256_and_si256(load_integers(x + i), magnitude);
    most = _mm256_blendv_epi8(most, bits, _mm256_cmpgt_epi64(bits, most));
  }
  u64 largest = scalar::largest_magnitude(x + i, n - i), lanes[kLanes];
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(lanes), most);
  for (u64 lane : lanes) largest = lane > largest ? lane : largest;
  return largest;
}

void round_to_integers(i64* out, const double* x, double factor, std::size_t n) {
  const Doubles limit = splat_double(kTwo52 / 2), shift = splat_double(1.5 * kTwo52), sign = splat_double(-0.0);
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const Doubles y = load_doubles(x + i) * splat_double(factor);
    if (_mm256_movemask_pd(_mm256_cmp_pd(_mm256_andnot_pd(sign, y), limit, _CMP_LT_OQ)) == 0xf) {
      // below 2^51 the sum with 1.5 2^52 rounds to an integer, whose bits follow those of 1.5 2^52
      const __m256i bits = _mm256_sub_epi64(_mm256_castpd_si256(y + shift), _mm256_castpd_si256(shift));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i), bits);
    } else {
      scalar::round_to_integers(out + i, x + i, factor, kLanes);
    }
  }
  scalar::round_to_integers(out + i, x + i, factor, n - i);
}

void integer_residues(u64* out, const i64* x, std::size_t n, const Modulus& modulus) {
  const u64 q = modulus.value;
  const Constants c(q);
  const WideReduction reduce(q, c);
  const __m256i raise = integers(((u64{1} << 61) / q + 1) * q);  // makes all numbers positive
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store(out + i, reduce(_mm256_add_epi64(load_integers(x + i), raise), c));
  scalar::integer_residues(out + i, x + i, n - i, modulus);
}

namespace {

/// kVectors vectors from coefficient k on.
template <int kVectors>
TACET_INLINE void recombine_at(double* out, const u64* const* x, const MixedRadix& radix, const double* reciprocals,
                               std::size_t k) {
  Lanes digits[64][kVectors];
  for (std::size_t i = radix.count; i-- > 0;) {
    const u64 q = radix.moduli[i].value;
    const Constants c(q, reciprocals[i]);
    const Lanes half = splat(static_cast<double>(q / 2));
    Lanes t[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) t[v] = from_words(load(x[i] + k + static_cast<std::size_t>(v) * kLanes));
    for (std::size_t j = radix.count; --j > i;) {
      const Factor inverse = splat_factor(radix.inverses[i * radix.count + j], c);
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) {
        // Below 2^51 q_i at most, however small q_i is: the product is exact in two doubles, its quotient wrong by less
        // than 1, and the result at most 3/2 q_i.
        t[v] = multiply(sub(t[v], digits[j][v]), inverse, c);
      }
    }
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      const Lanes r = from_words(finish(t[v], c));
      digits[i][v] = sub(r, _mm256_and_pd(_mm256_cmp_pd(r, half, _CMP_GT_OQ), c.q));
    }
  }
  const Lanes unit = splat(radix.unit);
  Lanes sum[kVectors];
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) sum[v] = digits[0][v] * unit;
  for (std::size_t i = 1; i < radix.count; ++i) {
    const Lanes q = splat(static_cast<double>(radix.moduli[i].value));
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) sum[v] = sum[v] * q + digits[i][v] * unit;
  }
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) store_doubles(out + k + static_cast<std::size_t>(v) * kLanes, sum[v]);
}

}  // namespace

void recombine(double* out, const u64* const* x, const MixedRadix& radix, std::size_t n) {
  double reciprocals[64];
  for (std::size_t i = 0; i < radix.count; ++i) reciprocals[i] = 1.0 / static_cast<double>(radix.moduli[i].value);
  std::size_t k = 0;
  for (; k + 4 * kLanes <= n; k += 4 * kLanes) recombine_at<4>(out, x, radix, reciprocals, k);
  for (; k + kLanes <= n; k += kLanes) recombine_at<1>(out, x, radix, reciprocals, k);
  if (k < n) {
    const u64* rest[64];
    for (std::size_t i = 0; i < radix.count; ++i) rest[i] = x[i] + k;
    scalar::recombine(out + k, rest, radix, n - k);
  }
}

void sparse_product(double* out, std::size_t out_slots, const double* x, std::size_t in_slots, const SparseMapView& map,
                    std::size_t rows) {
  sparse_product_rows(out, out_slots, x, in_slots, map, rows);
}

void divide_scale(double* x, double divisor, double factor, std::size_t n) {
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    store_doubles(x + i, load_doubles(x + i) / splat_double(divisor) * splat_double(factor));
  scalar::divide_scale(x + i, divisor, factor, n - i);
}

}  // namespace tacet::avx2
TACET_TARGET_END
#endif  // TACET_X86
