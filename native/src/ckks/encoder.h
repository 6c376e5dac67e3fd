// SPDX-License-Identifier: Apache-2.0
#pragma once
// Between vectors of numbers and plaintext polynomials.

#include <functional>

#include "ckks/context.h"
#include "ckks/numbers.h"
#include "rlwe/ciphertext.h"

namespace tacet {

/// What decode() saw of the coefficients.
struct DecodeStats {
  double max_coefficient_log2 = 0;  ///< log2 of the largest |coefficient|; -infinity if all are zero
  double modulus_log2 = 0;          ///< log2(q_0 * ... * q_level)
  /// max |coefficient| * 8 / (q_0 * ... * q_level): at most 1 in an honest answer (3 spare bits)
  double fraction = 0;
};

/// Canonical embedding: slot j is the value at zeta^(5^j), zeta = exp(2 pi i / root_order). Doubles inside, coefficients
/// rounded to exact integers.
///
/// In the conjugate-invariant ring the transform is that of the standard ring of degree 2N, in which the polynomials with real
/// slots are this ring's.
class Encoder {
 public:
  explicit Encoder(std::shared_ptr<const Context> context) : context_(std::move(context)) {}

  /// Writes the numbers into the encoder's own memory, `imaginary` only where the call says that there are imaginary parts: whoever
  /// has them elsewhere than in an array of doubles needs no copy of his own. Called once more where an error names a slot.
  using Source = std::function<void(double* real, double* imaginary)>;
  /// Takes what was decoded: slots() real and imaginary parts, or n coefficients and null. They are gone when it returns.
  using Sink = std::function<void(const double* real, const double* imaginary)>;

  /// `count` <= slots complex numbers (imaginary may be null), the rest zero. Throws Error(kInvalidArgument) naming
  /// slot and bound for NaN, infinity and overflow (a coefficient at or above q_0..q_level / 2), the count, the level, and an
  /// imaginary part other than 0 where slots are real.
  Plaintext encode(const double* real, const double* imaginary, std::size_t count, int level, const Scale& scale) const;
  Plaintext encode(const Source& source, bool with_imaginary, std::size_t count, int level, const Scale& scale) const;
  /// As encode(), for `count` <= n coefficients.
  Plaintext encode_coefficients(const double* values, std::size_t count, int level, const Scale& scale) const;
  Plaintext encode_coefficients(const Source& source, std::size_t count, int level, const Scale& scale) const;

  /// encode() with residues also modulo the special primes (for linear transforms).
  Poly<Eval> encode_raised(const double* real, const double* imaginary, std::size_t count, int level,
                           const Scale& scale) const;

  /// Writes slots() numbers to each of real and imaginary (either may be null); imaginary parts are 0 where slots are real.
  void decode(const Plaintext& plaintext, double* real, double* imaginary, DecodeStats* stats = nullptr) const;
  /// Writes n numbers.
  void decode_coefficients(const Plaintext& plaintext, double* values, DecodeStats* stats = nullptr) const;
  /// Decodes from the encoding that the plaintext has.
  void decode(const Plaintext& plaintext, const Sink& sink, DecodeStats* stats) const;

  const Context& context() const { return *context_; }

 private:
  Poly<Eval> from_coefficients(const Numbers<double>& coefficients, const ScaleValue& scale, double log2, int level,
                               bool with_special) const;
  Numbers<double> coefficients_of(const Plaintext& plaintext, DecodeStats* stats) const;
  Poly<Eval> encode_poly(const Source& source, bool with_imaginary, std::size_t count, int level, const Scale& scale,
                         bool with_special) const;

  std::shared_ptr<const Context> context_;
};

}  // namespace tacet
