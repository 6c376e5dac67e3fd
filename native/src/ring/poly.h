// SPDX-License-Identifier: Apache-2.0
#pragma once
// Polynomials in residue number system form; the domain is part of the type.

#include <cstring>

#include "util/buffer.h"
#include "util/types.h"

namespace tacet {

/// Domain tag: coefficients in natural order, in the basis {X^i} or, in the conjugate-invariant ring, {1, X^i + X^-i}.
struct Coeff {};
/// Domain tag: values at powers of psi, bit-reversed order (see kernels.h).
struct Eval {};

/// A polynomial of degree below n, as contiguous limbs of n residues: first q_limbs limbs modulo q_0..q_{q_limbs-1},
/// then p_limbs limbs modulo the special primes p_0... Uninitialised on construction.
template <class Domain>
class Poly {
 public:
  Poly() = default;
  Poly(std::size_t n, int q_limbs, int p_limbs = 0)
      : words_(n * static_cast<std::size_t>(q_limbs + p_limbs)), n_(n), q_limbs_(q_limbs), p_limbs_(p_limbs) {}

  static Poly zero(std::size_t n, int q_limbs, int p_limbs = 0) {
    Poly p(n, q_limbs, p_limbs);
    p.clear();
    return p;
  }

  std::size_t n() const { return n_; }
  int q_limbs() const { return q_limbs_; }
  int p_limbs() const { return p_limbs_; }
  int limbs() const { return q_limbs_ + p_limbs_; }
  bool empty() const { return n_ == 0; }

  u64* limb(int i) { return words_.data() + static_cast<std::size_t>(i) * n_; }
  const u64* limb(int i) const { return words_.data() + static_cast<std::size_t>(i) * n_; }

  void clear() { std::memset(words_.data(), 0, words_.size() * sizeof(u64)); }

  std::size_t bytes() const { return words_.size() * sizeof(u64); }

  /// Hands the words over to the other domain without computing; for the transforms only.
  template <class Other>
  Poly<Other> relabelled() && {
    return Poly<Other>(std::move(words_), n_, q_limbs_, p_limbs_);
  }

  Poly(Buffer words, std::size_t n, int q_limbs, int p_limbs)
      : words_(std::move(words)), n_(n), q_limbs_(q_limbs), p_limbs_(p_limbs) {}

 private:
  Buffer words_;
  std::size_t n_ = 0;
  int q_limbs_ = 0;
  int p_limbs_ = 0;
};

}  // namespace tacet
