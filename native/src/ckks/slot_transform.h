// SPDX-License-Identifier: Apache-2.0
#pragma once
// The discrete Fourier transform between slots and coefficients.

#include "ckks/numbers.h"
#include "kernels/kernels.h"

namespace tacet {

/// For N = 2^log_n and m = N/2 slots: the real polynomial a(X) of degree below N takes, at zeta^(5^j) with zeta = exp(i
/// pi / N), the value of slot j. Coefficients k and k + m travel as one complex number a_k + i a_{k+m}. Real and
/// imaginary parts are separate arrays.
class SlotTransform {
 public:
  explicit SlotTransform(int log_n);
  SlotTransform(const SlotTransform&) = delete;
  SlotTransform& operator=(const SlotTransform&) = delete;

  std::size_t slots() const { return table_.slots; }
  int log_slots() const { return table_.log_slots; }

  /// Coefficients to slots, in place.
  void to_slots(double* real, double* imaginary) const { kernels().coefficients_to_slots(real, imaginary, table_); }
  /// Slots to m times the coefficients, in place. The division by m = 2^log_slots is exact and left to the caller's scaling.
  void to_coefficients(double* real, double* imaginary) const { kernels().slots_to_coefficients(real, imaginary, table_); }

 private:
  Numbers<double> cosines_;  // stage with half length h: entries h..2h-1 (h = 1, 2, 4, ..)
  Numbers<double> sines_;
  SlotTable table_;
};

}  // namespace tacet
