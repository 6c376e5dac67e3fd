// SPDX-License-Identifier: Apache-2.0
#pragma once
// Building the constants of a transform.

#include "kernels/kernels.h"
#include "util/buffer.h"

namespace tacet {

/// Fills `table` for degree n = 2^log_n and prime q = 1 mod 2n; its arrays live in the returned buffer. The root is
/// primitive_root(q, n). Throws Error(kInvalidArgument) as primitive_root does.
Buffer build_ntt_table(NttTable& table, const Modulus& q, int log_n);

/// The table whose inverse transform also multiplies by `factor` < q, at no cost. Shares the arrays of `table`; its forward
/// transform is the same.
NttTable with_scaled_inverse(const NttTable& table, u64 factor);

}  // namespace tacet
