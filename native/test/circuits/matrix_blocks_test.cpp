// SPDX-License-Identifier: Apache-2.0
#include "circuits/matrix_blocks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace tacet {
namespace {

/// A convolution of `channels` maps with windows of `taps` x `taps` at stride `stride` over a square image, rows by
/// channel.
std::vector<double> convolution(std::size_t side, std::size_t taps, std::size_t stride, std::size_t channels,
                                std::size_t& rows) {
  const std::size_t out = (side - taps) / stride + 1;
  rows = channels * out * out;
  std::vector<double> weights(rows * side * side, 0.0);
  for (std::size_t r = 0; r < rows; ++r) {
    const std::size_t y = r / out % out * stride, x = r % out * stride;
    for (std::size_t t = 0; t < taps * taps; ++t) {
      weights[r * side * side + (y + t / taps) * side + x + t % taps] = 1 + static_cast<double>(t);
    }
  }
  return weights;
}

std::size_t products(const std::vector<MatrixBlock>& blocks) {
  std::size_t sum = 0;
  for (const MatrixBlock& block : blocks) {
    sum += block.rows.size() * block.columns.size();
  }
  return sum;
}

/// Each row is in one block, and every weight in the block of its row.
void expect_whole(const std::vector<MatrixBlock>& blocks, std::size_t rows, std::size_t columns,
                  const std::vector<double>& weights) {
  std::vector<int> seen(rows, 0);
  std::size_t held = 0, all = 0;
  for (const double w : weights) {
    all += w != 0;
  }
  for (const MatrixBlock& block : blocks) {
    EXPECT_TRUE(std::is_sorted(block.rows.begin(), block.rows.end()) &&
                std::is_sorted(block.columns.begin(), block.columns.end()));
    ASSERT_FALSE(block.rows.empty() || block.columns.empty());
    for (const u32 r : block.rows) {
      ++seen.at(r);
      for (const u32 c : block.columns) {
        held += weights.at(r * columns + c) != 0;
      }
    }
  }
  EXPECT_EQ(std::vector<int>(rows, 1), seen);
  EXPECT_EQ(all, held);
}

TEST(MatrixBlocks, ADenseMatrixIsOneBlock) {
  std::vector<double> weights(12 * 20, 1.0);
  EXPECT_EQ(1u, matrix_blocks(12, 20, weights.data()).size());
  weights[7] = weights[100] = 0;
  const std::vector<MatrixBlock> blocks = matrix_blocks(12, 20, weights.data());
  ASSERT_EQ(1u, blocks.size());
  EXPECT_EQ(12u, blocks[0].rows.size());
  EXPECT_EQ(20u, blocks[0].columns.size());
}

TEST(MatrixBlocks, ChannelsOfAPixelLieTogether) {
  std::size_t rows;
  const std::vector<double> weights = convolution(12, 2, 2, 8, rows);
  const std::vector<MatrixBlock> blocks = matrix_blocks(rows, 144, weights.data());
  expect_whole(blocks, rows, 144, weights);
  EXPECT_EQ(36u, blocks.size());
  for (const MatrixBlock& block : blocks) {
    EXPECT_EQ(8u, block.rows.size());
    EXPECT_EQ(4u, block.columns.size());
  }
  EXPECT_EQ(rows * 4, products(blocks));
}

TEST(MatrixBlocks, NeighboursOfOneMapShareTheirColumns) {
  std::size_t rows;
  const std::vector<double> weights = convolution(10, 3, 1, 1, rows);
  const std::vector<MatrixBlock> blocks = matrix_blocks(rows, 100, weights.data());
  expect_whole(blocks, rows, 100, weights);
  EXPECT_LT(blocks.size(), rows);  // 64 pixels alone would each fill a panel of four rows
  EXPECT_LT(products(blocks), rows * 100 / 4);
}

TEST(MatrixBlocks, RowsOfZerosAndRandomPatternsAreHeldWhole) {
  std::mt19937_64 engine(5);
  for (const double density : {0.0, 0.02, 0.2, 0.6}) {
    std::vector<double> weights(37 * 53, 0.0);
    for (double& w : weights) {
      w = std::uniform_real_distribution<double>(0, 1)(engine) < density ? 1.5 : 0;
    }
    expect_whole(matrix_blocks(37, 53, weights.data()), 37, 53, weights);
  }
}

}  // namespace
}  // namespace tacet
