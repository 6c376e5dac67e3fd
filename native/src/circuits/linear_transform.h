// SPDX-License-Identifier: Apache-2.0
#pragma once
// Matrix-vector products by diagonals with baby and giant steps (Halevi-Shoup, eprint 2018/244), double hoisted (eprint
// 2020/1203).

#include <vector>

#include "circuits/diagonals.h"
#include "ckks/evaluator.h"

namespace tacet {

/// A matrix W (rows x cols, row major), zero padded to out_period x in_period, encoded for one level and plain scale.
/// x repeats with in_period over the slots. With D = min(in_period, out_period) the result is
///   z[j] = sum_{d<D} W[j mod out_period][(j+d) mod in_period] * x[j+d]   for every slot j
/// at the same level with scale * plain. If out_period < in_period, W x is the sum of z rotated by multiples of
/// out_period (Evaluator::rotate_sum(z, out_period, in_period/out_period)), which is not part of this operation.
class LinearTransform {
 public:
  /// Periods are powers of two, at most slots; rows <= out_period, cols <= in_period; 1 <= baby_steps. Throws
  /// Error(kInvalidArgument) with the numbers. A matrix that does not fit kIntegers is kept as residues.
  static LinearTransform encode(std::shared_ptr<const Context> context, std::size_t rows, std::size_t cols,
                                std::size_t in_period, std::size_t out_period, const double* values,
                                std::size_t baby_steps, int level, Scale plain,
                                DiagonalForm form = DiagonalForm::kResidues);

  /// 2 components at the level it was encoded for. Needs the keys of rotations().
  Ciphertext apply(const Evaluator& evaluator, const Ciphertext& x) const;

  /// Baby steps 1..min(n1, D)-1 and giant steps n1, 2*n1, .. < D: the rotations it needs, whatever the values are.
  static std::vector<i64> rotations(std::size_t in_period, std::size_t out_period, std::size_t baby_steps);

  int level() const { return level_; }
  const Scale& plain_scale() const { return plain_; }
  DiagonalForm form() const { return diagonals_.form(); }
  /// Bytes of the encoded diagonals.
  std::size_t bytes() const { return diagonals_.bytes(); }

 private:
  class BabySteps;

  LinearTransform() = default;

  std::size_t giants() const { return (diagonal_count_ + baby_steps_ - 1) / baby_steps_; }
  BabySteps baby_steps(const Evaluator& evaluator, const Ciphertext& x) const;
  std::vector<RaisedPair> giant_sums(const Ring& ring, const BabySteps& babies, std::size_t first, std::size_t count) const;

  void sum_block(const Ring& ring, const BabySteps& babies, const u64* const* diagonals, std::size_t count, int limb,
                 std::size_t block, RaisedPair& sum) const;

  std::size_t n_ = 0;
  std::size_t diagonal_count_ = 0;
  std::size_t baby_steps_ = 1;
  int level_ = 0;
  Scale plain_;
  std::shared_ptr<const Context> context_;  // whose ring the diagonals use
  Diagonals diagonals_;                     // diagonal d = giant + baby is rotated by -giant
};

}  // namespace tacet
