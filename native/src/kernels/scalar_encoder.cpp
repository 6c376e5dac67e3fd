// SPDX-License-Identifier: Apache-2.0
// The encoder's part of the scalar table.
#include <cmath>
#include <cstring>
#include <utility>

#include "kernels/scalar.h"
#include "math/primes.h"

namespace tacet::scalar {
namespace {

void permute_bits(double* real, double* imaginary, const SlotTable& table) {
  for (std::size_t i = 0; i < table.slots; ++i) {
    const std::size_t j = bit_reverse(static_cast<u32>(i), table.log_slots);
    if (i < j) {
      std::swap(real[i], real[j]);
      std::swap(imaginary[i], imaginary[j]);
    }
  }
}

}  // namespace

u64 largest_magnitude(const double* x, std::size_t n) {
  u64 most = 0;
  for (std::size_t i = 0; i < n; ++i) {
    u64 bits;
    std::memcpy(&bits, x + i, sizeof bits);
    bits &= ~(u64{1} << 63);
    most = bits > most ? bits : most;
  }
  return most;
}

void slots_to_coefficients(double* real, double* imaginary, const SlotTable& table) {
  for (std::size_t half = table.slots / 2; half >= 1; half /= 2) {
    const double* c = table.cosines + half;
    const double* s = table.sines + half;
    for (std::size_t start = 0; start < table.slots; start += 2 * half) {
      double* ar = real + start;
      double* ai = imaginary + start;
      double* br = ar + half;
      double* bi = ai + half;
      for (std::size_t j = 0; j < half; ++j) {
        const double dr = ar[j] - br[j];
        const double di = ai[j] - bi[j];
        ar[j] += br[j];
        ai[j] += bi[j];
        br[j] = dr * c[j] + di * s[j];  // by the conjugate
        bi[j] = di * c[j] - dr * s[j];
      }
    }
  }
  permute_bits(real, imaginary, table);
}

void coefficients_to_slots(double* real, double* imaginary, const SlotTable& table) {
  permute_bits(real, imaginary, table);
  for (std::size_t half = 1; half < table.slots; half *= 2) {
    const double* c = table.cosines + half;
    const double* s = table.sines + half;
    for (std::size_t start = 0; start < table.slots; start += 2 * half) {
      double* ar = real + start;
      double* ai = imaginary + start;
      double* br = ar + half;
      double* bi = ai + half;
      for (std::size_t j = 0; j < half; ++j) {
        const double tr = br[j] * c[j] - bi[j] * s[j];
        const double ti = br[j] * s[j] + bi[j] * c[j];
        br[j] = ar[j] - tr;
        bi[j] = ai[j] - ti;
        ar[j] += tr;
        ai[j] += ti;
      }
    }
  }
}

void round_to_integers(i64* out, const double* x, double factor, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) out[i] = std::llrint(x[i] * factor);
}

void integer_residues(u64* out, const i64* x, std::size_t n, const Modulus& modulus) {
  const Modulus q = modulus;
  for (std::size_t i = 0; i < n; ++i) {
    const u64 sign = static_cast<u64>(x[i] >> 63);
    const u64 r = q.reduce((static_cast<u64>(x[i]) ^ sign) - sign);
    out[i] = sign != 0 ? negate_mod(r, q.value) : r;
  }
}

void recombine(double* out, const u64* const* x, const MixedRadix& radix, std::size_t n) {
  i64 digits[64];
  for (std::size_t k = 0; k < n; ++k) {
    for (std::size_t i = radix.count; i-- > 0;) {
      const Modulus& q = radix.moduli[i];
      u64 t = x[i][k];
      for (std::size_t j = radix.count; --j > i;) {
        const u64 magnitude = q.reduce(static_cast<u64>(digits[j] < 0 ? -digits[j] : digits[j]));
        t = digits[j] < 0 ? add_mod(t, magnitude, q.value) : sub_mod(t, magnitude, q.value);
        t = mul_mod(t, radix.inverses[i * radix.count + j], q);
      }
      digits[i] = static_cast<i64>(t) - static_cast<i64>(t > q.value / 2 ? q.value : 0);
    }
    double sum = static_cast<double>(digits[0]) * radix.unit;
    for (std::size_t i = 1; i < radix.count; ++i)
      sum = sum * static_cast<double>(radix.moduli[i].value) + static_cast<double>(digits[i]) * radix.unit;
    out[k] = sum;
  }
}

void sparse_product(double* out, std::size_t out_slots, const double* x, std::size_t in_slots, const SparseMapView& map,
                    std::size_t rows) {
  for (std::size_t slot = 0; slot < out_slots; ++slot) {
    const std::size_t line = slot % map.period;
    double* const sum = out + slot * rows;
    for (std::size_t r = 0; r < rows; ++r) sum[r] = 0;
    for (std::size_t e = map.starts[line]; e < map.starts[line + 1]; ++e) {
      const double* from = x + (slot + map.offsets[e]) % in_slots * rows;
      for (std::size_t r = 0; r < rows; ++r) sum[r] += map.values[e] * from[r];
    }
  }
}

void divide_scale(double* x, double divisor, double factor, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) x[i] = x[i] / divisor * factor;
}

}  // namespace tacet::scalar
