// SPDX-License-Identifier: Apache-2.0
#pragma once
// Exact centred conversion of residues from one set of primes to another.

#include <vector>

#include "kernels/kernels.h"

namespace tacet {

/// Constants to convert x, given modulo the source primes s_0..s_{k-1} (product S), to x' modulo any of the targets, where x' is
/// the representative of x in [-S/2, S/2]:  x' = sum_i y_i * (S/s_i) - v * S,  y_i = x * (S/s_i)^-1 mod s_i,  v = round(sum
/// y_i/s_i). Integer only (kernels attach_overflow, convert). When x is within k * 2^-55 * S of S/2, x' may be off by S.
///
/// The prepared form of x is the limbs y_0..y_{k-1} in coefficient form, with v in the bits of y_0 from 52 on.
class BasisConversion {
 public:
  /// source: the primes converted from; targets: the moduli converted to. The companions divide by the target.
  BasisConversion(std::vector<Modulus> source, const std::vector<Modulus>& targets);
  BasisConversion(const BasisConversion&) = delete;
  BasisConversion& operator=(const BasisConversion&) = delete;

  /// Number of source primes.
  std::size_t size() const { return source_.size(); }
  const std::vector<Modulus>& source() const { return source_; }
  /// (S/s_i)^-1 mod s_i: what turns x modulo s_i into y_i.
  u64 scale(std::size_t i) const { return scale_[i]; }
  /// Completes the prepared form from y_0..y_{k-1} of n words each, y_i in [0, s_i).
  void attach_overflow(u64* const* y, std::size_t n) const { kernels().attach_overflow(y, source_.data(), size(), n); }
  /// out = x' modulo target number t, in [0, target), from the prepared form.
  void convert(u64* out, const u64* const* y, std::size_t n, int t) const {
    const std::size_t at = static_cast<std::size_t>(t);
    kernels().convert(out, y, weights_[at], n, targets_[at]);
  }
  /// The same for a transform to come: congruent to x', in [0, 4 target). From one prime it takes no multiplication.
  void convert_lazily(u64* out, const u64* const* y, std::size_t n, int t) const {
    const std::size_t at = static_cast<std::size_t>(t);
    if (size() > 1 || source_[0].value > 3 * targets_[at].value) return convert(out, y, n, t);
    kernels().convert_lazily(out, y[0], weights_[at].corrections[1], n);
  }

 private:
  std::vector<Modulus> source_;
  std::vector<Modulus> targets_;
  std::vector<u64> scale_;
  std::vector<u64> words_;  ///< what weights_ points to
  std::vector<ConversionWeights> weights_;
};

}  // namespace tacet
