// SPDX-License-Identifier: Apache-2.0
#include "kernels/avx2.h"

#include "kernels/cpu_features.h"
#include "kernels/target.h"

namespace tacet {

const Kernels* avx2_kernels() {
#if TACET_X86
  static const Kernels table = [] {
    Kernels t = scalar_kernels();
    t.name = "avx2";
    t.ntt_forward = avx2::ntt_forward;
    t.ntt_inverse = avx2::ntt_inverse;
    t.chacha20 = avx2::chacha20;
    t.uniform = avx2::uniform;
    t.ternary = avx2::ternary;
    t.error = avx2::error;
    t.small_residues = avx2::small_residues;
    t.matrix_product = avx2::matrix_product;
    t.matrix_product_small = avx2::matrix_product_small;
    return t;
  }();
  return cpu_runs_avx2() ? &table : nullptr;
#else
  return nullptr;
#endif
}

}  // namespace tacet
