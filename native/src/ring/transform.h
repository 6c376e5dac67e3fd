// SPDX-License-Identifier: Apache-2.0
#pragma once
// Domain changes and limb-wise arithmetic of whole polynomials. Limbs run in parallel on the pool.

#include "ring/ring.h"

namespace tacet {

Poly<Eval> to_eval(const Ring& ring, Poly<Coeff> x);
Poly<Coeff> to_coeff(const Ring& ring, Poly<Eval> x);

/// A copy of the first q_limbs chain limbs, without special limbs.
Poly<Eval> first_limbs(const Ring& ring, const Poly<Eval>& a, int q_limbs);

/// a + b over the limbs of a; b must have at least a's chain limbs and the same special limbs.
Poly<Eval> add(const Ring& ring, const Poly<Eval>& a, const Poly<Eval>& b);
/// a - b, as add.
Poly<Eval> subtract(const Ring& ring, const Poly<Eval>& a, const Poly<Eval>& b);
Poly<Eval> negate(const Ring& ring, const Poly<Eval>& a);
/// a += b, as add.
template <class Domain>
void add_into(const Ring& ring, Poly<Domain>& a, const Poly<Domain>& b);
/// a -= b, as add.
template <class Domain>
void subtract_from(const Ring& ring, Poly<Domain>& a, const Poly<Domain>& b);
/// a * b on the first q_limbs chain limbs (no special limbs).
Poly<Eval> multiply(const Ring& ring, const Poly<Eval>& a, const Poly<Eval>& b, int q_limbs);
/// a * constant, given by its residues: one word per limb of a.
Poly<Eval> multiply_constants(const Ring& ring, const Poly<Eval>& a, const std::vector<u64>& residues);
/// sum over k of x[k] * constant k on the first q_limbs chain limbs, in one pass; constant k is given by its residues, one word per limb.
/// 1 to 4096 terms.
Poly<Eval> linear_combination(const Ring& ring, const std::vector<const Poly<Eval>*>& x,
                              const std::vector<std::vector<u64>>& residues, int q_limbs);
/// a *= X^(n/2), which is i in every slot. The standard ring only.
void multiply_by_i(const Ring& ring, Poly<Eval>& a);
/// Adds a constant polynomial (its residues: one word per limb) to a.
void add_constants(const Ring& ring, Poly<Eval>& a, const std::vector<u64>& residues);

}  // namespace tacet
