// SPDX-License-Identifier: Apache-2.0
#pragma once
// The step between the coefficients of the conjugate-invariant ring and a polynomial modulo X^n - psi^n (see NttTable), as the
// scalar table does it, and tables that have no better one for the degree.

#include "kernels/kernels.h"

namespace tacet {

/// In place, before a forward transform: b_i = a_i + fold a_(n-i), b_0 = a_0. In and out [0, 4q).
void fold(u64* x, const NttTable& table);
/// In place, after an inverse transform, which has halved: a_i = b_i + unfold b_(n-i), a_0 = 2 b_0. In and out [0, q).
void unfold(u64* x, const NttTable& table);

}  // namespace tacet
