// SPDX-License-Identifier: Apache-2.0
#include "ckks/slot_transform.h"

#include <cmath>

namespace tacet {

SlotTransform::SlotTransform(int log_n)
    : cosines_(std::size_t{1} << (log_n - 1)),
      sines_(cosines_.size()),
      table_{cosines_.size(), log_n - 1, cosines_.data(), sines_.data()} {
  double* cosines = cosines_.data();
  double* sines = sines_.data();
  cosines[0] = 1;  // no butterfly
  sines[0] = 0;
  const long double pi = std::acos(-1.0L);
  for (std::size_t half = 1; half < slots(); half *= 2) {
    // butterfly j of this stage turns by exp(2 pi i (5^j mod 8 half) / (8 half))
    const u64 order = 8 * half;
    u64 power = 1;
    for (std::size_t j = 0; j < half; ++j) {
      const long double angle = 2 * pi * static_cast<long double>(power) / static_cast<long double>(order);
      cosines[half + j] = static_cast<double>(std::cos(angle));
      sines[half + j] = static_cast<double>(std::sin(angle));
      power = power * 5 % order;
    }
  }
}

}  // namespace tacet
