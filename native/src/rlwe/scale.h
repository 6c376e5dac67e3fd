// SPDX-License-Identifier: Apache-2.0
#pragma once
// The exact scale of a message: 2^a times a product of powers of chain primes.

#include <string>
#include <utility>
#include <vector>

#include "ring/ring.h"

namespace tacet {

/// A positive real as mantissa * 2^exponent, mantissa in [1, 2).
struct ScaleValue {
  double mantissa;
  int exponent;
};

/// 2^a * prod q_i^e_i, kept exactly; factors sorted by prime index, exponents nonzero. |a| <= 65536, |e_i| <= 2048;
/// operations that would leave these bounds throw Error(kInvalidArgument). Equality is equality of the representation,
/// which is equality of the number, since the primes are distinct and odd.
class Scale {
 public:
  using Factor = std::pair<u8, std::int16_t>;  // (index of chain prime, exponent)

  /// The scale 1.
  Scale() = default;
  static Scale power_of_two(int exponent);

  /// This times q_index^exponent.
  Scale times_prime(int index, int exponent = 1) const;
  Scale operator*(const Scale& other) const;
  Scale operator/(const Scale& other) const;
  bool operator==(const Scale& other) const { return log2_ == other.log2_ && factors_ == other.factors_; }
  bool operator!=(const Scale& other) const { return !(*this == other); }

  int power_of_two_exponent() const { return log2_; }
  const std::vector<Factor>& factors() const { return factors_; }

  /// log2 of the scale; throws Error(kInvalidArgument) if a factor's index is not in the ring's chain.
  double log2(const Ring& ring) const;
  /// The scale to double precision.
  ScaleValue value(const Ring& ring) const;
  /// For messages: "2^40 * q3^-1 (39.99998 bits)".
  std::string text(const Ring& ring) const;

 private:
  Scale combine(const Scale& other, int sign) const;

  int log2_ = 0;
  std::vector<Factor> factors_;
};

}  // namespace tacet
