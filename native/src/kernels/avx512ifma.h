// SPDX-License-Identifier: Apache-2.0
#pragma once
// The entries of the avx512ifma table; contracts in kernels.h. Callable only where cpu_runs_avx512ifma().

#include "kernels/kernels.h"

namespace tacet::avx512ifma {

void ntt_forward(u64* x, const NttTable& table);
void ntt_inverse(u64* x, const NttTable& table);

}  // namespace tacet::avx512ifma
