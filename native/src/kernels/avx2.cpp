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
    t.ntt_forward_quotient = avx2::ntt_forward_quotient;
    t.ntt_inverse = avx2::ntt_inverse;
    t.add = avx2::add;
    t.subtract = avx2::subtract;
    t.negate = avx2::negate;
    t.multiply = avx2::multiply;
    t.multiply_add = avx2::multiply_add;
    t.subtract_product = avx2::subtract_product;
    t.multiply_constant = avx2::multiply_constant;
    t.subtract_multiply_constant = avx2::subtract_multiply_constant;
    t.reduce = avx2::reduce;
    t.inner_product = avx2::inner_product;
    t.linear_combination = avx2::linear_combination;
    t.overflow_count = avx2::overflow_count;
    t.attach_overflow = avx2::attach_overflow;
    t.convert_lazily = avx2::convert_lazily;
    t.convert = avx2::convert;
    t.inner_product_pairs = avx2::inner_product_pairs;
    t.chacha20 = avx2::chacha20;
    t.uniform = avx2::uniform;
    t.ternary = avx2::ternary;
    t.error = avx2::error;
    t.small_residues = avx2::small_residues;
    t.gather = avx2::gather;
    t.matrix_product = avx2::matrix_product;
    t.matrix_product_small = avx2::matrix_product_small;
    t.pack = avx2::pack;
    t.unpack = avx2::unpack;
    t.largest_magnitude = avx2::largest_magnitude;
    t.slots_to_coefficients = avx2::slots_to_coefficients;
    t.coefficients_to_slots = avx2::coefficients_to_slots;
    t.round_to_integers = avx2::round_to_integers;
    t.integer_residues = avx2::integer_residues;
    t.recombine = avx2::recombine;
    t.divide_scale = avx2::divide_scale;
    t.sparse_product = avx2::sparse_product;
    return t;
  }();
  return cpu_runs_avx2() ? &table : nullptr;
#else
  return nullptr;
#endif
}

}  // namespace tacet
