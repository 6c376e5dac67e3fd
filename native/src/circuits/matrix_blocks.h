// SPDX-License-Identifier: Apache-2.0
#pragma once
// Which parts of a matrix have to be multiplied: convolutions are matrices of few weights and many zeros.

#include <vector>

#include "util/types.h"

namespace tacet {

/// Some rows of a matrix, and columns outside of which all of them are zero. Both ascend and have at least one number.
struct MatrixBlock {
  std::vector<u32> rows;
  std::vector<u32> columns;
};

/// Splits a matrix of rows * columns weights, row major, into blocks that hold every weight other than zero, each row
/// in one block; a row of zeros has a block of its own or lies with others. Rows that use the same columns, such as the
/// channels of one pixel, lie together, neighbours that share enough columns too. A matrix that gains little by that is
/// one block.
std::vector<MatrixBlock> matrix_blocks(std::size_t rows, std::size_t columns, const double* weights);

}  // namespace tacet
