// SPDX-License-Identifier: Apache-2.0
// The scalar kernel table: portable C++17, the oracle for every other table.
#include "kernels/fold.h"
#include "kernels/kernels.h"
#include "kernels/scalar.h"

namespace tacet {
namespace {

// Harvey's lazy butterflies ("Faster arithmetic for number-theoretic transforms", 2014): values stay in [0, 4q) on the
// way forward and in [0, 2q) on the way back, one conditional subtraction per butterfly.

/// (x, y) -> (x + w y, x - w y); in and out [0, 4q).
inline void forward_butterfly(u64& x, u64& y, u64 w, u64 w_shoup, u64 q) {
  const u64 two_q = 2 * q;
  const u64 a = subtract_if_at_least(x, two_q);
  const u64 b = mul_shoup_lazy(y, w, w_shoup, q);
  x = a + b;
  y = a + two_q - b;
}

/// (x, y) -> (x + y, w (x - y)); in and out [0, 2q).
inline void inverse_butterfly(u64& x, u64& y, u64 w, u64 w_shoup, u64 q) {
  const u64 two_q = 2 * q;
  const u64 sum = x + y;
  const u64 difference = x + two_q - y;
  x = subtract_if_at_least(sum, two_q);
  y = mul_shoup_lazy(difference, w, w_shoup, q);
}

inline u64 fold_4q(u64 x, u64 q) { return subtract_if_at_least(subtract_if_at_least(x, 2 * q), q); }

void ntt_forward(u64* x, const NttTable& table) {
  if (table.ring == RingType::kConjugateInvariant) fold(x, table);
  const u64 q = table.modulus.value;
  const std::size_t n = table.n;
  std::size_t t = n / 2;
  for (std::size_t m = 1; m < n / 2; m *= 2, t /= 2) {
    for (std::size_t i = 0; i < m; ++i) {
      const u64 w = table.roots[m + i];
      const u64 w_shoup = table.roots_shoup[m + i];
      u64* a = x + 2 * i * t;
      u64* b = a + t;
      for (std::size_t j = 0; j < t; ++j) forward_butterfly(a[j], b[j], w, w_shoup, q);
    }
  }
  for (std::size_t i = 0; i < n / 2; ++i) {  // last stage, neighbours, with the final reduction
    u64 a = x[2 * i];
    u64 b = x[2 * i + 1];
    forward_butterfly(a, b, table.roots[n / 2 + i], table.roots_shoup[n / 2 + i], q);
    x[2 * i] = fold_4q(a, q);
    x[2 * i + 1] = fold_4q(b, q);
  }
}

void ntt_inverse(u64* x, const NttTable& table) {
  const u64 q = table.modulus.value;
  const std::size_t n = table.n;
  std::size_t t = 1;
  for (std::size_t m = n / 2; m > 1; m /= 2, t *= 2) {
    for (std::size_t i = 0; i < m; ++i) {
      const u64 w = table.inverse_roots[m + i];
      const u64 w_shoup = table.inverse_roots_shoup[m + i];
      u64* a = x + 2 * i * t;
      u64* b = a + t;
      for (std::size_t j = 0; j < t; ++j) inverse_butterfly(a[j], b[j], w, w_shoup, q);
    }
  }
  for (std::size_t j = 0; j < n / 2; ++j) {  // last stage with 1/n folded in
    const u64 sum = x[j] + x[j + n / 2];
    const u64 difference = x[j] + 2 * q - x[j + n / 2];
    x[j] = mul_shoup(sum, table.n_inverse, table.n_inverse_shoup, q);
    x[j + n / 2] = mul_shoup(difference, table.n_inverse_root, table.n_inverse_root_shoup, q);
  }
  if (table.ring == RingType::kConjugateInvariant) unfold(x, table);
}

void add(u64* out, const u64* a, const u64* b, std::size_t n, u64 q) {
  for (std::size_t i = 0; i < n; ++i) out[i] = add_mod(a[i], b[i], q);
}

void subtract(u64* out, const u64* a, const u64* b, std::size_t n, u64 q) {
  for (std::size_t i = 0; i < n; ++i) out[i] = sub_mod(a[i], b[i], q);
}

void negate(u64* out, const u64* a, std::size_t n, u64 q) {
  for (std::size_t i = 0; i < n; ++i) out[i] = negate_mod(a[i], q);
}

void multiply(u64* out, const u64* a, const u64* b, std::size_t n, const Modulus& modulus) {
  const Modulus q = modulus;
  for (std::size_t i = 0; i < n; ++i) out[i] = mul_mod(a[i], b[i], q);
}

void multiply_add(u64* out, const u64* a, const u64* b, const u64* c, std::size_t n, const Modulus& modulus) {
  const Modulus q = modulus;
  for (std::size_t i = 0; i < n; ++i) out[i] = q.reduce(static_cast<u128>(a[i]) * b[i] + c[i]);
}

void subtract_product(u64* out, const u64* c, const u64* a, const u64* b, std::size_t n, const Modulus& modulus) {
  const Modulus q = modulus;
  for (std::size_t i = 0; i < n; ++i) out[i] = q.reduce(static_cast<u128>(a[i]) * (q.value - b[i]) + c[i]);
}

void multiply_constant(u64* out, const u64* a, u64 w, u64 w_shoup, std::size_t n, u64 q) {
  for (std::size_t i = 0; i < n; ++i) out[i] = mul_shoup(a[i], w, w_shoup, q);
}

void subtract_multiply_constant(u64* out, const u64* a, const u64* b, u64 w, u64 w_shoup, std::size_t n, u64 q) {
  for (std::size_t i = 0; i < n; ++i) out[i] = mul_shoup(a[i] + q - b[i], w, w_shoup, q);
}

void ntt_forward_quotient(u64* x, const u64* minuend, u64 w, u64 w_shoup, const NttTable& table) {
  ntt_forward(x, table);
  subtract_multiply_constant(x, minuend, x, w, w_shoup, table.n, table.modulus.value);
}

void reduce(u64* out, const u64* a, std::size_t n, const Modulus& modulus) {
  const Modulus q = modulus;
  for (std::size_t i = 0; i < n; ++i) out[i] = q.reduce(a[i]);
}

// The sums below run over blocks of coefficients so that the accumulators stay in cache while each operand streams by
// once.
constexpr std::size_t kBlock = 64;

void inner_product(u64* out, const u64* const* a, const u64* const* b, std::size_t count, std::size_t n,
                   const Modulus& modulus) {
  const Modulus q = modulus;
  const std::size_t block = n < kBlock ? n : kBlock;
  for (std::size_t start = 0; start < n; start += block) {
    u128 sums[kBlock];
    for (std::size_t i = 0; i < block; ++i) sums[i] = static_cast<u128>(a[0][start + i]) * b[0][start + i];
    for (std::size_t k = 1; k < count; ++k) {
      const u64* x = a[k] + start;
      const u64* y = b[k] + start;
      for (std::size_t i = 0; i < block; ++i) sums[i] += static_cast<u128>(x[i]) * y[i];
    }
    for (std::size_t i = 0; i < block; ++i) out[start + i] = q.reduce(sums[i]);
  }
}

void linear_combination(u64* out, const u64* const* a, const u64* c, std::size_t count, std::size_t n,
                        const Modulus& modulus) {
  const Modulus q = modulus;
  const std::size_t block = n < kBlock ? n : kBlock;
  for (std::size_t start = 0; start < n; start += block) {
    u128 sums[kBlock];
    for (std::size_t i = 0; i < block; ++i) sums[i] = static_cast<u128>(a[0][start + i]) * c[0];
    for (std::size_t k = 1; k < count; ++k) {
      const u64* x = a[k] + start;
      const u64 w = c[k];
      for (std::size_t i = 0; i < block; ++i) sums[i] += static_cast<u128>(x[i]) * w;
    }
    for (std::size_t i = 0; i < block; ++i) out[start + i] = q.reduce(sums[i]);
  }
}

void overflow_count(u64* out, const u64* const* a, const Modulus* q, std::size_t count, std::size_t n) {
  // a * barrett / 2^bits = a/q in units of 2^-63; kept to 2^-56 so that 128 terms fit in 64 bits.
  constexpr u64 kHalf = u64{1} << 55;
  for (std::size_t i = 0; i < n; ++i) {
    u64 sum = kHalf;
    for (std::size_t k = 0; k < count; ++k) {
      sum += static_cast<u64>((static_cast<u128>(a[k][i]) * q[k].barrett) >> (q[k].bits + 7));
    }
    out[i] = sum >> 56;
  }
}

void gather(u64* out, const u64* a, const u32* permutation, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) out[i] = a[permutation[i]];
}

}  // namespace

const Kernels& scalar_kernels() {
  static const Kernels table = {
      "scalar",
      ntt_forward,
      ntt_forward_quotient,
      ntt_inverse,
      add,
      subtract,
      negate,
      multiply,
      multiply_add,
      subtract_product,
      multiply_constant,
      subtract_multiply_constant,
      reduce,
      inner_product,
      linear_combination,
      overflow_count,
      scalar::matrix_product,
      scalar::matrix_product_small,
      gather,
      scalar::chacha20,
      scalar::uniform,
      scalar::ternary,
      scalar::error,
      scalar::small_residues,
      scalar::attach_overflow,
      scalar::convert_lazily,
      scalar::convert,
      scalar::inner_product_pairs,
      scalar::pack,
      scalar::unpack,
      scalar::largest_magnitude,
      scalar::slots_to_coefficients,
      scalar::coefficients_to_slots,
      scalar::round_to_integers,
      scalar::integer_residues,
      scalar::recombine,
      scalar::divide_scale,
      scalar::sparse_product,
  };
  return table;
}

}  // namespace tacet
