// SPDX-License-Identifier: Apache-2.0
#include "ckks/rounding.h"

#include <cmath>

#include "util/error.h"

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

RoundedInteger rounded_scalar(const Ring& ring, const char* operation, double value, const Scale& scale, int level) {
  if (!std::isfinite(value)) {
    fail(Code::kInvalidArgument, "%s of a scalar that is %s", operation, std::isnan(value) ? "NaN" : "infinite");
  }
  const RoundedInteger rounded = round_scaled(value, scale.value(ring));
  const double bound = ring.log2_q(level) - 1;
  if (!(rounded.log2() < bound)) {
    fail(Code::kInvalidArgument, "%s: the scalar at scale %s has %.1f bits, level %d allows %.1f", operation,
         scale.text(ring).c_str(), rounded.log2(), level, bound);
  }
  return rounded;
}

std::vector<u64> residues(const Ring& ring, int level, const RoundedInteger& x) {
  std::vector<u64> out;
  for (int i = 0; i <= level; ++i) out.push_back(x.residue(ring.modulus(i)));
  return out;
}

}  // namespace tacet
