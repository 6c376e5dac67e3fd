// SPDX-License-Identifier: Apache-2.0
#pragma once
// Hybrid key switching (Han-Ki, eprint 2019/688): gadget product in QP, hoisting.

#include "ring/mod_switch.h"
#include "rlwe/keys.h"

namespace tacet {

/// Two polynomials with limbs q_0..q_level, p_0..: P times an encryption of digits * s' before modDown.
struct RaisedPair {
  Poly<Eval> c0;
  Poly<Eval> c1;
};

/// sum_j digits[j] * key[j] over QP, reduced once per coefficient. The digits come from decompose() at a level <=
/// key.level.
RaisedPair gadget_product(const Ring& ring, const std::vector<Poly<Eval>>& digits, const EvaluationKey& key);

/// (mod_down(c0), mod_down(c1)).
std::pair<Poly<Eval>, Poly<Eval>> mod_down(const Ring& ring, RaisedPair pair);

}  // namespace tacet
