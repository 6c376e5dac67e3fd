// SPDX-License-Identifier: Apache-2.0
#pragma once
// The discrete Fourier transform between slots and coefficients.

#include <vector>

#include "util/types.h"

namespace tacet {

/// For N = 2^log_n and m = N/2 slots: the real polynomial a(X) of degree below N takes, at zeta^(5^j) with zeta = exp(i
/// pi / N), the value of slot j. Coefficients k and k + m travel as one complex number a_k + i a_{k+m}. Real and
/// imaginary parts are separate arrays.
class SlotTransform {
 public:
  explicit SlotTransform(int log_n);

  std::size_t slots() const { return slots_; }

  /// Coefficients to slots, in place.
  void to_slots(double* real, double* imaginary) const;
  /// Slots to coefficients, in place, including the division by m.
  void to_coefficients(double* real, double* imaginary) const;

 private:
  void permute_bits(double* real, double* imaginary) const;

  std::size_t slots_;
  int log_slots_;
  std::vector<double> cosines_;  // stage with half length h: entries h..2h-1 (h = 1, 2, 4, ..)
  std::vector<double> sines_;
};

}  // namespace tacet
