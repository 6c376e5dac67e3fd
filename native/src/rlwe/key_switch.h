// SPDX-License-Identifier: Apache-2.0
#pragma once
// Hybrid key switching (Han-Ki, eprint 2019/688) as one flow, tiled by limb: convert, transform, multiply by the key, divide.

#include "ring/mod_switch.h"
#include "rlwe/keys.h"

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

/// The two halves of one limb of: P * addend + sum_j digit_j * key_j. Throws Error(kMissingKey) at construction if the key is for
/// a lower level than the digits.
class GadgetProduct {
 public:
  GadgetProduct(const Ring& ring, const Decomposition& digits, const EvaluationKey& key, const Addend& addend);

  /// Writes n words to each of out0 and out1, in [0, modulus).
  void limb(int limb, u64* out0, u64* out1) const;

 private:
  const Ring& ring_;
  const Decomposition& digits_;
  const EvaluationKey& key_;
  const Addend addend_;
};

/// addend + digits * s', by one gadget product and one division: by P, or with `rescale` by P * q_level (one rounding; the result
/// has one chain limb less). A Galois key's automorphism is applied to the result.
RaisedPair switch_key(const Ring& ring, const Decomposition& digits, const EvaluationKey& key, const Addend& addend,
                      bool rescale = false);

}  // namespace tacet
