// SPDX-License-Identifier: Apache-2.0
#include "kernels/avx512ifma.h"

#include "kernels/cpu_features.h"
#include "kernels/target.h"

namespace tacet {

const Kernels* avx512ifma_kernels() {
#if TACET_X86
  static const Kernels table = {
      "avx512ifma",
      avx512ifma::ntt_forward,
      avx512ifma::ntt_forward_quotient,
      avx512ifma::ntt_inverse,
      avx512ifma::add,
      avx512ifma::subtract,
      avx512ifma::negate,
      avx512ifma::multiply,
      avx512ifma::multiply_add,
      avx512ifma::subtract_product,
      avx512ifma::multiply_constant,
      avx512ifma::subtract_multiply_constant,
      avx512ifma::reduce,
      avx512ifma::inner_product,
      avx512ifma::linear_combination,
      avx512ifma::overflow_count,
      avx512ifma::matrix_product,
      avx512ifma::matrix_product_small,
      avx512ifma::gather,
      avx512ifma::chacha20,
      avx512ifma::uniform,
      avx512ifma::ternary,
      avx512ifma::error,
      avx512ifma::small_residues,
      avx512ifma::attach_overflow,
      avx512ifma::convert_lazily,
      avx512ifma::convert,
      avx512ifma::inner_product_pairs,
      avx512ifma::pack,
      avx512ifma::unpack,
      avx512ifma::largest_magnitude,
      avx512ifma::slots_to_coefficients,
      avx512ifma::coefficients_to_slots,
      avx512ifma::round_to_integers,
      avx512ifma::integer_residues,
      avx512ifma::recombine,
      avx512ifma::divide_scale,
      avx512ifma::sparse_product,
  };
  return cpu_runs_avx512ifma() ? &table : nullptr;
#else
  return nullptr;
#endif
}

}  // namespace tacet
