// SPDX-License-Identifier: Apache-2.0
#pragma once
// Polynomials of a ciphertext with exact scales.

#include "ckks/evaluator.h"

namespace tacet {

/// Numbers are part of the wire format.
enum class Basis : u8 { kMonomial = 0, kChebyshev = 1 };

/// Levels that a polynomial of that degree consumes: ceil(log2(degree+1)).
int polynomial_depth(std::size_t degree);

/// sum_i coefficients[i] * B_i(x), i <= degree, slot-wise; B_i = x^i or the Chebyshev polynomial T_i (x in [-1, 1]).
/// The result is at level - polynomial_depth(degree) with exactly the scale `target`. Relinearizes and rescales inside;
/// needs the relinearization key for degree >= 2. Degree >= 1. Throws Error(kInvalidArgument) with the numbers.
Ciphertext evaluate_polynomial(const Evaluator& evaluator, const Ciphertext& x, Basis basis, const double* coefficients,
                               std::size_t degree, const Scale& target);

/// Throws what evaluate_polynomial would throw for a ciphertext of this level and scale: Error(kInvalidArgument) with the numbers
/// where a scalar made of the coefficients does not fit its level.
void check_polynomial(const Context& context, int level, const Scale& scale, Basis basis, const double* coefficients,
                      std::size_t degree, const Scale& target);

}  // namespace tacet
