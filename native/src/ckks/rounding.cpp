// SPDX-License-Identifier: Apache-2.0
#include "ckks/rounding.h"

#include <cmath>

namespace tacet {

double RoundedInteger::log2() const { return std::log2(std::fabs(static_cast<double>(mantissa))) + exponent; }

RoundedInteger round_to_integer(double x, int shift) {
  int exponent = 0;
  const double fraction = std::frexp(x, &exponent);  // |fraction| in [1/2, 1)
  exponent += shift;
  if (exponent <= 62) return {std::llrint(std::ldexp(fraction, exponent)), 0};
  return {static_cast<i64>(std::ldexp(fraction, 53)), exponent - 53};
}

RoundedInteger round_scaled(double value, const ScaleValue& scale) {
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);  // whose product with the mantissa stays finite
  return round_to_integer(fraction * scale.mantissa, exponent + scale.exponent);
}

std::vector<u64> residues(const Ring& ring, int level, const RoundedInteger& x) {
  std::vector<u64> out;
  for (int i = 0; i <= level; ++i) out.push_back(x.residue(ring.modulus(i)));
  return out;
}

}  // namespace tacet
