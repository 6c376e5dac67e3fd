// SPDX-License-Identifier: Apache-2.0
#pragma once
// The plain factor of a matrix product, in the order in which every table reads it, and the shape of its tiles.

#include <algorithm>
#include <cstddef>

#include "math/modulus.h"
#include "util/types.h"

namespace tacet {

/// Rows that are read together.
inline constexpr std::size_t kMatrixPanelRows = 4;
/// Most columns: the terms that the accumulators hold without a reduction between.
inline constexpr std::size_t kMatrixMaxColumns = 4096;

/// A matrix of words for the kernels matrix_product and matrix_product_small. Panels of kMatrixPanelRows rows follow one
/// another; within a panel the columns do, each with one word a row; the last panel is filled up with rows of zeros.
struct MatrixWeights {
  const u64* words = nullptr;   ///< matrix_words(rows, columns) of them
  std::size_t rows = 0;         ///< at least 1
  std::size_t columns = 0;      ///< 1..kMatrixMaxColumns
  u64 offset = 0;               ///< what matrix_product_small subtracts from every word, modulo q; below q
  const u64* addend = nullptr;  ///< one residue below q a row, added to all of the row's results; null: nothing is
};

/// Words of the panels of a matrix.
inline std::size_t matrix_words(std::size_t rows, std::size_t columns) {
  return (rows + kMatrixPanelRows - 1) / kMatrixPanelRows * kMatrixPanelRows * columns;
}

/// Where the entry stands in the panels.
inline std::size_t matrix_index(std::size_t row, std::size_t column, std::size_t columns) {
  return (row / kMatrixPanelRows * columns + column) * kMatrixPanelRows + row % kMatrixPanelRows;
}

/// Whether words 0..largest fit the small product modulo q: a product of a word and a residue takes 52 bits, a word 32, and
/// kMatrixMaxColumns products and one residue more stay below 2^64.
inline bool matrix_is_small(u64 largest, u64 q) {
  return largest < (u64{1} << 32) && static_cast<u128>(largest + 1) * (q - 1) < (u64{1} << 52);
}

/// Coefficients that are multiplied together, a power of two from 16 to 64 that divides n (a power of two, at least 16): their
/// columns take half a megabyte, which leaves half of the smallest usual second-level cache to the rest.
inline std::size_t matrix_tile(std::size_t columns, std::size_t n) {
  std::size_t width = std::min<std::size_t>(n, 64);
  while (width > 16 && columns * width > (std::size_t{1} << 16)) width /= 2;
  return width;
}

/// Words of scratch for n coefficients: a tile of the encrypted factor in the table's own order, a panel of weights likewise,
/// and a vector.
inline std::size_t matrix_scratch_words(std::size_t columns, std::size_t n) {
  const std::size_t tile = matrix_tile(columns, n);
  return columns * (tile + 8) + tile;
}

}  // namespace tacet
