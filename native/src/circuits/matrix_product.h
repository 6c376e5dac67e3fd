// SPDX-License-Identifier: Apache-2.0
#pragma once
// Plain matrix times a vector of ciphertexts: the linear layer of the throughput packing (one sample a slot, one feature a
// ciphertext). No rotation and no key.

#include <vector>

#include "circuits/matrix_blocks.h"
#include "ckks/evaluator.h"
#include "ckks/rounding.h"

namespace tacet {

/// y_r = sum over c of W[r][c] * x_c + b_r in every slot, encoded for one level and pair of scales. A weight becomes the integer
/// round(W * plain), a bias the integer round(b * input * plain): the sums are exact, the result's scale is input * plain.
///
/// Where the integers span few enough bits for a prime (see matrix_is_small()), the product by that prime takes one
/// multiplication a term instead of two. Zeros cost nothing where they leave blocks (see matrix_blocks()).
class MatrixProduct {
 public:
  /// weights: rows * columns numbers, row major; bias: rows numbers. 1 <= rows, 1 <= columns <= kMatrixMaxColumns. Throws
  /// Error(kInvalidArgument) with the numbers for shapes, levels, numbers that are not finite, and integers that reach half of
  /// q_0..q_level.
  static MatrixProduct encode(std::shared_ptr<const Context> context, std::size_t rows, std::size_t columns,
                              const double* weights, const double* bias, int level, const Scale& input, const Scale& plain);

  /// `x` holds columns() ciphertexts in slots at the encoded level and input scale, all of 2 or all of 3 components; the result
  /// has rows() of as many components at the same level. Throws Error(kInvalidArgument) naming the first that differs, and
  /// Error(kCancelled) between stripes of a few hundred coefficients. Beside the result it takes about half a megabyte a thread.
  std::vector<Ciphertext> apply(const std::vector<const Ciphertext*>& x) const;

  std::size_t rows() const { return rows_; }
  std::size_t columns() const { return columns_; }
  int level() const { return level_; }
  /// Products of coefficients of one component and prime, over the ring degree.
  std::size_t products() const;
  /// How many of the level+1 primes take one multiplication a term.
  int small_limbs() const;
  /// Bytes of the encoded weights.
  std::size_t bytes() const;
  /// The most that bytes() can be.
  static double largest_bytes(std::size_t rows, std::size_t columns, int level);

 private:
  struct Limb {
    bool small = false;
    u64 offset = 0;
  };
  struct Block {
    MatrixBlock place;
    Buffer small_words;                     // shared by the small limbs
    std::vector<Buffer> words;              // by limb, of the general form; empty where it is small
    std::vector<std::vector<u64>> addends;  // by limb, by row of the block
  };

  MatrixProduct() = default;
  void encode_block(Block& block, const std::vector<RoundedInteger>& integers, const std::vector<RoundedInteger>& biases, i64 base);
  void check(const std::vector<const Ciphertext*>& x) const;
  void multiply(const std::vector<const Ciphertext*>& x, std::vector<Ciphertext>& out, std::size_t component, int limb,
                std::size_t start, std::size_t width) const;
  void multiply_block(const Block& block, const std::vector<const Ciphertext*>& x, std::vector<Ciphertext>& out,
                      std::size_t component, int limb, std::size_t start, std::size_t width, u64* scratch) const;

  std::shared_ptr<const Context> context_;
  std::size_t rows_ = 0;
  std::size_t columns_ = 0;
  int level_ = 0;
  Scale input_;
  Scale result_;
  std::vector<Limb> limbs_;
  std::vector<Block> blocks_;
};

}  // namespace tacet
