// SPDX-License-Identifier: Apache-2.0
#pragma once
// Hybrid key switching (Han-Ki, eprint 2019/688) as one flow, tiled by limb: convert, transform, multiply by the key, divide.

#include <algorithm>

#include "ring/mod_switch.h"
#include "rlwe/keys.h"
#include "util/inline_vector.h"

namespace tacet {

/// Two polynomials with limbs q_0..q_level, p_0..: P times an encryption of digits * s' before modDown.
struct RaisedPair {
  Poly<Eval> c0;
  Poly<Eval> c1;
};

/// What a key switch adds to its result before it divides: c0 + c1 s, and the product (x0 + x1 s) (y0 + y1 s) without its s^2
/// part. Each may be null (x and y together); all have the decomposition's chain limbs.
struct Addend {
  const Poly<Eval>* c0 = nullptr;
  const Poly<Eval>* c1 = nullptr;
  const Poly<Eval>* x = nullptr;  ///< x0, x1
  const Poly<Eval>* y = nullptr;  ///< y0, y1
};

/// All digits modulo the modulus of one limb (chain limbs, then special ones), evaluation domain: what every key's product there
/// reads. Converted in parallel.
class LimbDigits {
 public:
  LimbDigits(const Decomposition& digits, int limb);
  std::size_t size() const { return digit_.size(); }
  const u64* const* data() const { return digit_.data(); }

 private:
  Buffer words_;
  InlineVector<const u64*> digit_;
};

/// How many of `count` limbs the threads do one by one: as many as they share evenly, if the ones that are left, done by all threads
/// together (first the digits, then limb_pieces() of the products), are ready sooner than by some of them.
std::size_t limbs_one_by_one(const Decomposition& digits, std::size_t count);
inline std::size_t limb_pieces(std::size_t n) { return std::clamp<std::size_t>(n / 1024, 1, 8); }

/// The two halves of P * addend + sum_j digit_j * key_j, passed through the key's automorphism. Throws Error(kMissingKey) at
/// construction if the key is for a lower level than the digits.
class GadgetProduct {
 public:
  GadgetProduct(const Ring& ring, const Decomposition& digits, const EvaluationKey& key, const Addend& addend);

  /// Writes words start .. start + count of a limb to each of out0 and out1, in [0, modulus); start is a multiple of 32.
  void words(int limb, const LimbDigits& digits, std::size_t start, std::size_t count, u64* out0, u64* out1) const;

  /// The row that gives words start.. of a limb, for a Galois key and without x and y; start is a multiple of 32. Refers to
  /// `digits`.
  PairTerms row(int limb, const LimbDigits& digits, std::size_t start) const;

 private:
  const Ring& ring_;
  const int q_limbs_;
  const EvaluationKey& key_;
  const Addend addend_;
};

/// addend + digits * s' for each key, by one gadget product and one division: by P, or with `rescale` by P * q_level (one rounding;
/// the result has one chain limb less). A Galois key's automorphism is applied to the result. A limb's digits serve all keys from
/// cache.
std::vector<RaisedPair> switch_keys(const Ring& ring, const Decomposition& digits,
                                    const std::vector<const EvaluationKey*>& keys, const Addend& addend, bool rescale = false);

/// The same for one key.
inline RaisedPair switch_key(const Ring& ring, const Decomposition& digits, const EvaluationKey& key, const Addend& addend,
                             bool rescale = false) {
  return std::move(switch_keys(ring, digits, {&key}, addend, rescale).front());
}

/// out = sigma(total) + plus in QP, sigma the key's automorphism: one gadget product of total's second half, which is `c1` times P, and no
/// division. `out` has all limbs; it may be `plus` and overlaps nothing else.
void rotate_and_add(const Ring& ring, const RaisedPair& total, const Poly<Eval>& c1, const RaisedPair& plus, const EvaluationKey& key,
                    RaisedPair& out);

/// The same, with total's second half divided by P for it.
void rotate_and_add(const Ring& ring, const RaisedPair& total, const RaisedPair& plus, const EvaluationKey& key, RaisedPair& out);

}  // namespace tacet
