// SPDX-License-Identifier: Apache-2.0
#pragma once
// Matrix-vector products by diagonals with baby and giant steps (Halevi-Shoup, eprint 2018/244), double hoisted (eprint
// 2020/1203).

#include <functional>
#include <vector>

#include "circuits/diagonals.h"
#include "ckks/evaluator.h"

namespace tacet {

/// One term of a sparse map: z[j] += values[i] * x[j + giant + baby] for every slot j that is slots[i] modulo the map's period.
struct SparseDiagonal {
  i64 giant = 0;
  i64 baby = 0;
  std::vector<u32> slots;  // ascending, below the period
  std::vector<double> values;
};

/// The sum of sparse diagonals, of slots that are real where `pair` is not 0.
///
/// Then giant steps that lie `pair` apart are one: with y = x + i (x rotated by pair), the real part of (v - i w) times a rotation of y
/// is v times that rotation of x and w times the one by `pair` more. So it takes half of the products and of the giant steps, for
/// one rotation before them and a conjugation after. Of all giant steps, ascending, one is the second of its pair if the step
/// that is `pair` less is a first one.
struct SparseMap {
  u32 period = 1;
  std::vector<SparseDiagonal> diagonals;
  i64 pair = 0;  ///< 0 or above; 0 in the conjugate-invariant ring
};

/// A linear map of slots, encoded for one level and plain scale, as generalized diagonals: rotations by baby steps from one
/// decomposition, inner products with the diagonals of each giant step, which are added up from the last to the first with a rotation
/// by their distance in between (Horner's rule): equally spaced giant steps take one key.
///
/// From a matrix W (rows x cols, row major), zero padded to out_period x in_period, encoded for one level and plain scale.
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
                                DiagonalForm form = DiagonalForm::kResidues, const DiagonalWords& kept = {});

  /// From sparse diagonals, ascending by giant and then baby step, none twice: at most 4095 distinct baby steps, every step,
  /// distance of neighbouring giant steps and `pair` less than the slots in size; the period is a power of two, at most the slots.
  /// Throws as above.
  static LinearTransform encode(std::shared_ptr<const Context> context, const SparseMap& map, int level, Scale plain,
                                DiagonalForm form = DiagonalForm::kResidues, const DiagonalWords& kept = {});

  /// The encoded diagonals; given to the same call of encode() as `kept`, they save the encoding.
  DiagonalWords words() const { return diagonals_.words(); }

  /// 2 components at the level it was encoded for. Needs the keys of rotations(), and where steps are paired that of conjugation.
  Ciphertext apply(const Evaluator& evaluator, const Ciphertext& x) const;

  /// The same times P, not yet divided by it: what follows may be done first (Evaluator::rotate_sum, Evaluator::lowered).
  RaisedPair apply_raised(const Evaluator& evaluator, const Ciphertext& x) const;

  /// Baby steps 1..min(n1, D)-1 and giant steps n1, 2*n1, .. < D: the rotations it needs, whatever the values are.
  static std::vector<i64> rotations(std::size_t in_period, std::size_t out_period, std::size_t baby_steps);

  /// Baby steps, then distances of neighbouring giant steps (the first from 0), of pairs only the first ones, then `pair`; 0 is
  /// left out.
  static std::vector<i64> rotations(const SparseMap& map);

  /// The diagonals that are encoded: those of a pair with equal baby steps are one.
  static std::size_t encoded_count(const SparseMap& map);

  /// Throws Error(kInvalidArgument) with the numbers where the second encode() would.
  static void check_diagonals(const Context& context, const SparseMap& map);

  int level() const { return level_; }
  const Scale& plain_scale() const { return plain_; }
  DiagonalForm form() const { return diagonals_.form(); }
  /// Bytes of the encoded diagonals.
  std::size_t bytes() const { return diagonals_.bytes(); }

 private:
  struct BabySteps;
  class BlockRows;

  /// The diagonals of one giant step stand one after another, each with the place of its baby step.
  struct Giant {
    i64 step = 0;
    std::size_t first = 0;
    std::vector<u32> babies;
  };
  /// Writes a diagonal's value for every slot, rotated by minus its giant step; the numbers are 0 before. `imaginary` is null where
  /// steps are not paired.
  using Fill = std::function<void(std::size_t diagonal, double* real, double* imaginary)>;

  LinearTransform() = default;

  static LinearTransform encode(std::shared_ptr<const Context> context, const std::vector<std::pair<i64, i64>>& steps, i64 pair,
                                const Fill& fill, int level, Scale plain, DiagonalForm form, const DiagonalWords& kept = {});

  BabySteps baby_steps(const Evaluator& evaluator, const Ciphertext& x) const;
  std::vector<RaisedPair> giant_sums(const Ring& ring, const BabySteps& babies, std::size_t first, std::size_t count) const;
  std::vector<i64> needed_rotations() const;

  std::size_t n_ = 0;
  std::vector<i64> babies_;
  std::vector<Giant> giants_;  // ascending
  i64 pair_ = 0;
  int level_ = 0;
  Scale plain_;
  std::shared_ptr<const Context> context_;  // whose ring the diagonals use
  Diagonals diagonals_;
};

}  // namespace tacet
