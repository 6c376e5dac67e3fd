// SPDX-License-Identifier: Apache-2.0
#pragma once
// Building the constants of a transform.

#include "kernels/kernels.h"
#include "util/buffer.h"

namespace tacet {

/// Fills `table` for degree n = 2^log_n in `ring` and a prime q that is 1 modulo root_order(ring, n); its arrays live in the
/// returned buffer. The root psi is primitive_root(q, root_order / 2). Throws Error(kInvalidArgument) as primitive_root does.
Buffer build_ntt_table(NttTable& table, const Modulus& q, int log_n, RingType ring = RingType::kStandard);

/// As many words as build_ntt_table() returns for degree n.
std::size_t ntt_table_words(std::size_t n);

/// Fills `table` as build_ntt_table() does, over the words that it returned for the same arguments: they stay the caller's.
void view_ntt_table(NttTable& table, const Modulus& q, int log_n, RingType ring, const u64* words);

/// The table whose inverse transform also multiplies by `factor` < q, at no cost. Shares the arrays of `table`; its forward
/// transform is the same.
NttTable with_scaled_inverse(const NttTable& table, u64 factor);

}  // namespace tacet
