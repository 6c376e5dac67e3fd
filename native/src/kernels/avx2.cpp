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
    t.unpack = avx2::unpack;
    t.largest_magnitude = avx2::largest_magnitude;
    t.slots_to_coefficients = avx2::slots_to_coefficients;
    t.coefficients_to_slots = avx2::coefficients_to_slots;
    t.round_to_integers = avx2::round_to_integers;
    t.integer_residues = avx2::integer_residues;
    t.recombine = avx2::recombine;
    t.divide_scale = avx2::divide_scale;
    return t;
  }();
  return cpu_runs_avx2() ? &table : nullptr;
#else
  return nullptr;
#endif
}

}  // namespace tacet
