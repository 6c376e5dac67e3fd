// SPDX-License-Identifier: Apache-2.0
#pragma once
// The entries of the avx2 table that are its own; contracts in kernels.h. Callable only where cpu_runs_avx2().

#include "kernels/kernels.h"

namespace tacet::avx2 {

void ntt_forward(u64* x, const NttTable& table);
void ntt_inverse(u64* x, const NttTable& table);

}  // namespace tacet::avx2
