// SPDX-License-Identifier: Apache-2.0
#pragma once
// Exact centred conversion of residues from one set of primes to another.

#include <vector>

#include "math/modulus.h"

namespace tacet {

/// Constants to convert x, given modulo the source primes s_0..s_{k-1} (product S), to x' modulo any modulus of the
/// ring, where x' is the representative of x in [-S/2, S/2]:  x' = sum_i y_i * (S/s_i) - v * S,  y_i = x * (S/s_i)^-1
/// mod s_i,  v = round(sum y_i/s_i). Integer only (kernels overflow_count, linear_combination). When x is within k *
/// 2^-55 * S of S/2, x' may be off by S.
struct BasisConversion {
  /// source: the primes converted from; targets: every modulus of the ring, by ring index.
  BasisConversion(std::vector<Modulus> source, const std::vector<Modulus>& targets);

  std::vector<Modulus> source;
  std::vector<u64> scale;  ///< (S/s_i)^-1 mod s_i
  std::vector<u64> scale_shoup;
  /// weights[t] = { S/s_0 mod t, ..., S/s_{k-1} mod t, -S mod t } for each target t
  std::vector<std::vector<u64>> weights;

  std::size_t size() const { return source.size(); }

  /// scratch must hold size()+1 limbs of n words: y_0.., v. In: x[i] limb modulo source[i], in [0, s_i).
  void prepare(u64* const* scratch, const u64* const* x, std::size_t n) const;
  /// out = x' mod target in [0, target), from the scratch that prepare() filled.
  void convert(u64* out, const u64* const* scratch, std::size_t n, int target_index, const Modulus& target) const;
};

}  // namespace tacet
