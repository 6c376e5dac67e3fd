// SPDX-License-Identifier: Apache-2.0
#include "kernels/avx512ifma.h"

#include "kernels/cpu_features.h"
#include "kernels/target.h"

namespace tacet {

const Kernels* avx512ifma_kernels() {
#if TACET_X86
  static const Kernels table = [] {
    Kernels t = scalar_kernels();
    t.name = "avx512ifma";
    t.ntt_forward = avx512ifma::ntt_forward;
    t.ntt_inverse = avx512ifma::ntt_inverse;
    return t;
  }();
  return cpu_runs_avx512ifma() ? &table : nullptr;
#else
  return nullptr;
#endif
}

}  // namespace tacet
