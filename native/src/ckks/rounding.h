// SPDX-License-Identifier: Apache-2.0
#pragma once
// From doubles to exact integers and their residues.

#include <vector>

#include "math/modulus.h"
#include "rlwe/scale.h"

namespace tacet {

/// The integer mantissa * 2^exponent, exponent >= 0.
struct RoundedInteger {
  i64 mantissa = 0;
  int exponent = 0;

  u64 residue(const Modulus& m) const { return residue_of(mantissa, exponent, m); }
  /// log2 of the magnitude, -infinity for 0.
  double log2() const;
};

/// The integer nearest to the finite x * 2^shift (ties to even); doubles of 2^62 and more are integers already and
/// taken exactly.
RoundedInteger round_to_integer(double x, int shift);

/// round(value * scale) for a finite value.
RoundedInteger round_scaled(double value, const ScaleValue& scale);

/// round(value * scale), the constant of `operation` on a ciphertext at `level`. Throws Error(kInvalidArgument) with the numbers unless
/// value is finite and the integer is smaller than half of q_0 ... q_level.
RoundedInteger rounded_scalar(const Ring& ring, const char* operation, double value, const Scale& scale, int level);

/// The residues of x modulo q_0..q_level, one word each.
std::vector<u64> residues(const Ring& ring, int level, const RoundedInteger& x);

}  // namespace tacet
