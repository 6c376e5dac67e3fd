// SPDX-License-Identifier: Apache-2.0
#pragma once
// Changes of modulus: digit decomposition (modUp), division by P (modDown), division by the last chain prime (rescale).

#include <algorithm>
#include <vector>

#include "ring/ring.h"

namespace tacet {

/// Words from one limb to the next where many limbs are read side by side: at powers of two apart all would fall into one set of
/// the cache.
constexpr std::size_t limb_stride(std::size_t n) { return n + 72; }

/// What a division divides by: the special primes, the last chain prime, or all of them in one division with one rounding.
enum class Divisor { kSpecial, kLast, kSpecialAndLast };

/// The remainders of polynomials modulo a divisor, ready to be converted to the moduli that are left.
class Remainders {
 public:
  /// For `count` polynomials with q_limbs chain limbs. Words are uninitialised.
  Remainders(const Ring& ring, Divisor divisor, int q_limbs, std::size_t count);

  /// Number of primes of the divisor, and the ring index of number i.
  std::size_t size() const { return conversion_->indexes.size(); }
  int index(std::size_t i) const { return conversion_->indexes[i]; }
  /// Chain limbs of the quotient.
  int quotient_limbs() const { return quotient_limbs_; }

  /// The limb of polynomial `which` modulo prime number i. Write the residues here in the evaluation domain, call invert(which,
  /// i) for every prime of every polynomial, then finish().
  u64* limb(std::size_t which, std::size_t i) { return words_.data() + (which * size() + i) * limb_stride(ring_.n()); }
  void invert(std::size_t which, std::size_t i) { kernels().ntt_inverse(limb(which, i), conversion_->to_prepared[i]); }
  void finish();

  /// out = round(x / divisor) modulo chain prime `i`, where x is the dividend's limb there; both in the evaluation domain. out must
  /// not overlap x.
  void divide(u64* out, const u64* x, std::size_t which, int i) const;

 private:
  const Ring& ring_;
  const Divisor divisor_;
  const int quotient_limbs_;
  const Ring::Conversion* conversion_;
  const std::size_t count_;
  Buffer words_;  ///< limbs at limb_stride(n)
};

/// The digits of a polynomial x with chain limbs 0..level and no special limbs. Digit j is the centred representative of x modulo
/// its digit's primes, |digit j| <= (their product)/2, lifted to q_0..q_level, p_0... One inverse transform a chain limb; a digit is
/// converted to a modulus when it is asked for, or all are once and for all by lift().
class Decomposition {
 public:
  /// x must outlive this.
  Decomposition(const Ring& ring, const Poly<Eval>& x);
  Decomposition(const Decomposition&) = delete;
  Decomposition& operator=(const Decomposition&) = delete;

  std::size_t n() const { return ring_.n(); }
  int q_limbs() const { return x_.q_limbs(); }
  int p_limbs() const { return ring_.special_count(); }
  std::size_t digits() const { return static_cast<std::size_t>(ring_.digits(q_limbs() - 1)); }

  /// Digit j modulo the modulus of `limb` (chain limbs, then special ones), evaluation domain. The result is in `scratch` (n
  /// words), or in memory of this or of x.
  const u64* digit(std::size_t j, int limb, u64* scratch) const;
  /// Converts every digit to every modulus now, for several uses (hoisting).
  void lift();
  bool lifted() const { return lifted_.size() != 0; }

 private:
  /// The chain primes of digit j.
  int first(std::size_t j) const { return static_cast<int>(j) * ring_.digit_size(); }
  int size(std::size_t j) const { return std::min(ring_.digit_size(), q_limbs() - first(j)); }
  bool owns(std::size_t j, int limb) const { return limb >= first(j) && limb < first(j) + size(j); }
  const Ring::Conversion& conversion(std::size_t j) const {
    return ring_.digit_conversion(static_cast<int>(j), size(j));
  }
  void convert(u64* out, std::size_t j, int limb) const;
  u64* prepared(int limb) { return prepared_.data() + static_cast<std::size_t>(limb) * limb_stride(ring_.n()); }
  const u64* prepared(int limb) const {
    return prepared_.data() + static_cast<std::size_t>(limb) * limb_stride(ring_.n());
  }

  std::size_t lifted_at(std::size_t j, int limb) const {
    return (static_cast<std::size_t>(limb) * digits() + j) * limb_stride(ring_.n());
  }

  const Ring& ring_;
  const Poly<Eval>& x_;
  Buffer prepared_;  ///< the digits' prepared forms, one after the other, limbs at limb_stride(n)
  Buffer lifted_;    ///< all digits of a limb, limb after limb, at limb_stride(n); empty before lift()
};

/// round(x / P) of each: x has chain limbs and all special limbs; the results have the chain limbs. Rounds to nearest (centred
/// remainder). With no special primes returns copies.
std::vector<Poly<Eval>> mod_down(const Ring& ring, const std::vector<const Poly<Eval>*>& x);

/// round(x / (P q_level)) of each, by one division; level >= 1. With no special primes that is divide_by_last().
std::vector<Poly<Eval>> mod_down_and_rescale(const Ring& ring, const std::vector<const Poly<Eval>*>& x);

/// round(x / q_level) for x with chain limbs 0..level, level >= 1; the results have limbs 0..level-1.
std::vector<Poly<Eval>> divide_by_last(const Ring& ring, const std::vector<Poly<Eval>>& x);

}  // namespace tacet
