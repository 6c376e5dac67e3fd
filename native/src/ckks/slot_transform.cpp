// SPDX-License-Identifier: Apache-2.0
#include "ckks/slot_transform.h"

#include <cmath>
#include <utility>

#include "math/primes.h"

namespace tacet {

SlotTransform::SlotTransform(int log_n)
    : slots_(std::size_t{1} << (log_n - 1)), log_slots_(log_n - 1), cosines_(slots_), sines_(slots_) {
  const long double pi = std::acos(-1.0L);
  for (std::size_t half = 1; half < slots_; half *= 2) {
    // butterfly j of this stage turns by exp(2 pi i (5^j mod 8 half) / (8 half))
    const u64 order = 8 * half;
    u64 power = 1;
    for (std::size_t j = 0; j < half; ++j) {
      const long double angle = 2 * pi * static_cast<long double>(power) / static_cast<long double>(order);
      cosines_[half + j] = static_cast<double>(std::cos(angle));
      sines_[half + j] = static_cast<double>(std::sin(angle));
      power = power * 5 % order;
    }
  }
}

void SlotTransform::permute_bits(double* real, double* imaginary) const {
  for (std::size_t i = 0; i < slots_; ++i) {
    const std::size_t j = bit_reverse(static_cast<u32>(i), log_slots_);
    if (i < j) {
      std::swap(real[i], real[j]);
      std::swap(imaginary[i], imaginary[j]);
    }
  }
}

void SlotTransform::to_slots(double* real, double* imaginary) const {
  permute_bits(real, imaginary);
  for (std::size_t half = 1; half < slots_; half *= 2) {
    const double* c = cosines_.data() + half;
    const double* s = sines_.data() + half;
    for (std::size_t start = 0; start < slots_; start += 2 * half) {
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

void SlotTransform::to_coefficients(double* real, double* imaginary) const {
  for (std::size_t half = slots_ / 2; half >= 1; half /= 2) {
    const double* c = cosines_.data() + half;
    const double* s = sines_.data() + half;
    for (std::size_t start = 0; start < slots_; start += 2 * half) {
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
  permute_bits(real, imaginary);
  const double scale = 1.0 / static_cast<double>(slots_);  // a power of two: exact
  for (std::size_t i = 0; i < slots_; ++i) {
    real[i] *= scale;
    imaginary[i] *= scale;
  }
}

}  // namespace tacet
