// SPDX-License-Identifier: Apache-2.0
// The encoder's transform, rounding and recombination, eight numbers at a time.
#include "kernels/avx512ifma.h"
#include "kernels/avx512ifma_lanes.h"
#include "kernels/scalar.h"
#include "kernels/target.h"

#if TACET_X86
TACET_TARGET_BEGIN_AVX512IFMA
namespace tacet::avx512ifma {
namespace {

using Doubles = __m512d;
constexpr int kLogWidth = 3;

TACET_INLINE Doubles load_doubles(const double* p) { return _mm512_loadu_pd(p); }
TACET_INLINE void store_doubles(double* p, Doubles x) { _mm512_storeu_pd(p, x); }
TACET_INLINE Doubles splat_double(double x) { return _mm512_set1_pd(x); }

TACET_INLINE void transpose(Doubles* x) {
  Lanes bits[8];
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) bits[i] = _mm512_castpd_si512(x[i]);
  avx512ifma::transpose(bits);
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) x[i] = _mm512_castsi512_pd(bits[i]);
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
  const Lanes magnitude = splat(~(u64{1} << 63));
  Lanes most = zero();
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    most = _mm512_max_epu64(most, _mm512_and_si512(_mm512_castpd_si512(load_doubles(x + i)), magnitude));
  const u64 vectors = _mm512_reduce_max_epu64(most), rest = scalar::largest_magnitude(x + i, n - i);
  return vectors > rest ? vectors : rest;
}

void round_to_integers(i64* out, const double* x, double factor, std::size_t n) {
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    _mm512_storeu_si512(out + i, _mm512_cvtpd_epi64(load_doubles(x + i) * splat_double(factor)));
  scalar::round_to_integers(out + i, x + i, factor, n - i);
}

void integer_residues(u64* out, const i64* x, std::size_t n, const Modulus& modulus) {
  if (modulus.value <= kSmallestWide) return scalar::integer_residues(out, x, n, modulus);
  const u64 q = modulus.value;
  const Constants c(q);
  const WideReduction narrow(q);
  const Lanes two_q = splat(2 * q), raise = splat(((u64{1} << 61) / q + 1) * q);  // makes all numbers positive
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const Lanes r = _mm512_and_si512(narrow(add(_mm512_loadu_si512(x + i), raise), c), c.low52);
    store(out + i, subtract_if_at_least(subtract_if_at_least(r, two_q), c.q));
  }
  scalar::integer_residues(out + i, x + i, n - i, modulus);
}

namespace {

/// What the recombination needs of each prime. A digit is between -2^49 and 2^49; raised by the next multiple of q,
/// what is multiplied stays in [0, 2^52).
struct RadixConstants {
  u64 companion_of_one[64], raise[64];
  explicit TACET_INLINE RadixConstants(const MixedRadix& radix) {
    for (std::size_t i = 0; i < radix.count; ++i) {
      const u64 q = radix.moduli[i].value;
      companion_of_one[i] = (u64{1} << 52) / q;
      raise[i] = ((u64{1} << 49) / q + 1) * q;
    }
  }
};

/// kVectors vectors from coefficient k on.
template <int kVectors>
TACET_INLINE void recombine_at(double* out, const u64* const* x, const MixedRadix& radix,
                               const RadixConstants& constants, std::size_t k) {
  Lanes digits[64][kVectors];
  for (std::size_t i = radix.count; i-- > 0;) {
    const u64 q = radix.moduli[i].value;
    const Constants c(q, constants.companion_of_one[i]);
    const Lanes raise = splat(constants.raise[i]), half = splat(q / 2);
    Lanes t[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) t[v] = load(x[i] + k + static_cast<std::size_t>(v) * kLanes);
    for (std::size_t j = radix.count; --j > i;) {
      const std::size_t at = i * radix.count + j;
      const Factor inverse = splat_factor(radix.inverses[at], radix.inverses_shoup[at]);
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) t[v] = multiply(sub(add(t[v], raise), digits[j][v]), inverse, zero(), c);
    }
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      const Lanes r = finish(t[v], c);
      digits[i][v] = _mm512_mask_sub_epi64(r, _mm512_cmpgt_epu64_mask(r, half), r, c.q);
    }
  }
  const Doubles unit = splat_double(radix.unit);
  Doubles sum[kVectors];
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) sum[v] = _mm512_cvtepi64_pd(digits[0][v]) * unit;
  for (std::size_t i = 1; i < radix.count; ++i) {
    const Doubles q = splat_double(static_cast<double>(radix.moduli[i].value));
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) sum[v] = sum[v] * q + _mm512_cvtepi64_pd(digits[i][v]) * unit;
  }
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) store_doubles(out + k + static_cast<std::size_t>(v) * kLanes, sum[v]);
}

}  // namespace

void recombine(double* out, const u64* const* x, const MixedRadix& radix, std::size_t n) {
  const RadixConstants constants(radix);
  std::size_t k = 0;
  for (; k + 4 * kLanes <= n; k += 4 * kLanes) recombine_at<4>(out, x, radix, constants, k);
  for (; k + kLanes <= n; k += kLanes) recombine_at<1>(out, x, radix, constants, k);
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

}  // namespace tacet::avx512ifma
TACET_TARGET_END
#endif  // TACET_X86
