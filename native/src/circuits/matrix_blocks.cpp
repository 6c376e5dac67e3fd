// SPDX-License-Identifier: Apache-2.0
#include "circuits/matrix_blocks.h"

#include <algorithm>
#include <iterator>
#include <map>

#include "kernels/matrix_product.h"

namespace tacet {
namespace {

/// What a block costs beside its products, in products of a coefficient: copying a column, and its call.
constexpr std::size_t kCopyCost = 2;
constexpr std::size_t kCallCost = 8;
/// Blocks are worth their overhead where they take at most this part of the whole matrix's products.
constexpr double kWorthwhile = 0.75;

std::size_t cost(std::size_t rows, std::size_t columns) {
  const std::size_t padded = (rows + kMatrixPanelRows - 1) / kMatrixPanelRows * kMatrixPanelRows;
  return (padded + kCopyCost) * columns + kCallCost;
}

/// The columns of a row's weights; the first one where there is none.
std::vector<u32> support(const double* row, std::size_t columns) {
  std::vector<u32> used;
  for (std::size_t c = 0; c < columns; ++c) {
    if (row[c] != 0) {
      used.push_back(static_cast<u32>(c));
    }
  }
  if (used.empty()) {
    used.push_back(0);
  }
  return used;
}

std::vector<u32> merged(const std::vector<u32>& a, const std::vector<u32>& b) {
  std::vector<u32> all;
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(all));
  return all;
}

std::vector<MatrixBlock> by_support(std::size_t rows, std::size_t columns, const double* weights) {
  std::map<std::vector<u32>, std::size_t> number;
  std::vector<MatrixBlock> blocks;
  for (std::size_t r = 0; r < rows; ++r) {
    std::vector<u32> used = support(weights + r * columns, columns);
    const auto found = number.emplace(std::move(used), blocks.size());
    if (found.second) {
      blocks.push_back({{}, found.first->first});
    }
    blocks[found.first->second].rows.push_back(static_cast<u32>(r));
  }
  return blocks;
}

MatrixBlock whole(std::size_t rows, std::size_t columns) {
  MatrixBlock block;
  for (std::size_t r = 0; r < rows; ++r) {
    block.rows.push_back(static_cast<u32>(r));
  }
  for (std::size_t c = 0; c < columns; ++c) {
    block.columns.push_back(static_cast<u32>(c));
  }
  return block;
}

}  // namespace

std::vector<MatrixBlock> matrix_blocks(std::size_t rows, std::size_t columns, const double* weights) {
  std::vector<MatrixBlock> blocks;
  std::size_t total = 0;
  for (MatrixBlock& next : by_support(rows, columns, weights)) {
    if (!blocks.empty()) {
      MatrixBlock& last = blocks.back();
      const std::vector<u32> both = merged(last.columns, next.columns);
      const std::size_t apart =
          cost(last.rows.size(), last.columns.size()) + cost(next.rows.size(), next.columns.size());
      if (cost(last.rows.size() + next.rows.size(), both.size()) <= apart) {
        last.rows = merged(last.rows, next.rows);
        last.columns = both;
        continue;
      }
    }
    blocks.push_back(std::move(next));
  }
  for (const MatrixBlock& block : blocks) {
    total += cost(block.rows.size(), block.columns.size());
  }
  if (static_cast<double>(total) > kWorthwhile * static_cast<double>(cost(rows, columns))) {
    return {whole(rows, columns)};
  }
  return blocks;
}

}  // namespace tacet
