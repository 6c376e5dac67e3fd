// SPDX-License-Identifier: Apache-2.0
// Matrix products of every table against definitions written with the % operator, over shapes and primes, at the edges of the
// ranges.
#include "kernels/matrix_product.h"

#include <cstring>
#include <random>

#include "kernels/kernels.h"
#include "support/fixture.h"
#include "util/buffer.h"

namespace tacet::testing {
namespace {

constexpr u64 kUntouched = ~u64{0};

/// One product: columns and weights made by functions of (index, index), results and what they should be.
struct Product {
  Product(std::size_t rows, std::size_t columns, std::size_t coefficients, u64 prime)
      : q(prime), n(coefficients), words(matrix_words(rows, columns), 0), addend(rows) {
    weights.rows = rows;
    weights.columns = columns;
    for (std::size_t c = 0; c < columns; ++c) x.emplace_back(n);
  }

  std::vector<Buffer> run(const Kernels& table, bool small) {
    std::vector<Buffer> rows;
    std::vector<u64*> out;
    for (std::size_t r = 0; r < weights.rows + kMatrixPanelRows; ++r) {  // the rows that fill up the last panel are not results
      rows.emplace_back(n);
      std::fill_n(rows.back().data(), n, kUntouched);
      out.push_back(rows.back().data());
    }
    std::vector<const u64*> in;
    for (const Buffer& column : x) in.push_back(column.data());
    weights.words = words.data();
    Buffer scratch(matrix_scratch_words(weights.columns, n));
    (small ? table.matrix_product_small : table.matrix_product)(out.data(), in.data(), weights, n, q, scratch.data());
    return rows;
  }

  u64 expected(std::size_t r, std::size_t i) const {
    u64 sum = weights.addend == nullptr ? 0 : weights.addend[r];
    for (std::size_t c = 0; c < weights.columns; ++c) {
      const u64 word = words[matrix_index(r, c, weights.columns)] % q.value;
      const u64 weight = (word + q.value - weights.offset) % q.value;
      sum = static_cast<u64>((static_cast<u128>(x[c].data()[i]) * weight + sum) % q.value);
    }
    return sum;
  }

  Modulus q;
  std::size_t n;
  std::vector<u64> words;
  std::vector<u64> addend;
  std::vector<Buffer> x;
  MatrixWeights weights;
};

u64 largest_small(u64 q) {
  const u64 by_product = ((u64{1} << 52) - 1) / (q - 1) - 1;
  return std::min(by_product, (u64{1} << 32) - 1);
}

class MatrixProductTable : public ::testing::TestWithParam<const Kernels*> {};

TEST_P(MatrixProductTable, ProductsOfAllShapesAgreeWithTheRemainder) {
  std::mt19937_64 engine(7);
  for (u64 q : primes_of_both_rings({20, 33, 40, 50}, 5)) {
    for (bool small : {false, true}) {
      for (std::size_t rows : {1, 2, 4, 5, 8, 9, 13}) {
        for (std::size_t columns : {1, 2, 17, 300}) {
          for (std::size_t n : {16, 32, 256}) {
            if (columns == 300 && n == 256 && rows != 13) continue;
            Product product(rows, columns, n, q);
            const u64 bound = small ? largest_small(q) + 1 : q;
            for (Buffer& column : product.x) {
              for (std::size_t i = 0; i < n; ++i) column.data()[i] = engine() % q;
            }
            for (std::size_t r = 0; r < rows; ++r) {
              product.addend[r] = engine() % q;
              for (std::size_t c = 0; c < columns; ++c) product.words[matrix_index(r, c, columns)] = engine() % bound;
            }
            if (rows % 2 == 1) product.weights.addend = product.addend.data();
            if (small) product.weights.offset = engine() % q;
            const std::vector<Buffer> out = product.run(*GetParam(), small);
            for (std::size_t r = 0; r < rows; ++r) {
              for (std::size_t i = 0; i < n; ++i) {
                ASSERT_EQ(product.expected(r, i), out[r].data()[i])
                    << rows << " x " << columns << ", row " << r << ", coefficient " << i << ", modulo " << q << (small ? ", small" : "");
              }
            }
          }
        }
      }
    }
  }
}

TEST_P(MatrixProductTable, TheMostColumnsAtTheirLargestDoNotOverflow) {
  for (u64 q : primes_of_both_rings({20, 32, 33, 40, 46, 50}, 5)) {
    for (bool small : {false, true}) {
      Product product(2, kMatrixMaxColumns, 16, q);
      const u64 largest = small ? largest_small(q) : q - 1;
      for (std::size_t c = 0; c < kMatrixMaxColumns; ++c) {
        std::fill_n(product.x[c].data(), 16, q - 1);
        product.words[matrix_index(0, c, kMatrixMaxColumns)] = largest;
        product.words[matrix_index(1, c, kMatrixMaxColumns)] = c == 0 ? 0 : largest;
      }
      product.addend = {q - 1, 1};
      product.weights.addend = product.addend.data();
      for (u64 offset : {u64{0}, u64{1}, q - 1}) {
        product.weights.offset = small ? offset : 0;
        const std::vector<Buffer> out = product.run(*GetParam(), small);
        for (std::size_t r : {0, 1}) ASSERT_EQ(product.expected(r, 0), out[r].data()[0]) << "modulo " << q << ", offset " << offset;
      }
    }
  }
}

TEST_P(MatrixProductTable, RowsThatFillUpAPanelAreNotWritten) {
  for (std::size_t rows : {1, 3, 5, 8}) {
    Product product(rows, 3, 16, primes_below(40, 1, 5).front());
    for (std::size_t i = 0; i < product.words.size(); ++i) product.words[i] = i;
    for (Buffer& column : product.x) std::fill_n(column.data(), 16, 3);
    for (bool small : {false, true}) {
      const std::vector<Buffer> out = product.run(*GetParam(), small);
      for (std::size_t r = 0; r < out.size(); ++r) {
        EXPECT_EQ(r < rows ? product.expected(r, 15) : kUntouched, out[r].data()[15]) << "row " << r << " of " << rows;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(AllTables, MatrixProductTable, ::testing::ValuesIn(available_kernels()),
                         [](const auto& test) { return std::string(test.param->name); });

TEST(MatrixProduct, TablesGiveTheSameBits) {
  std::mt19937_64 engine(11);
  for (u64 q : primes_of_both_rings({45, 50}, 10)) {
    for (bool small : {false, true}) {
      Product product(37, 129, 1024, q);
      for (Buffer& column : product.x) {
        for (std::size_t i = 0; i < 1024; ++i) column.data()[i] = engine() % q;
      }
      for (u64& word : product.words) word = engine() % (small ? largest_small(q) + 1 : q);
      product.weights.offset = small ? 5 : 0;
      const std::vector<Buffer> expected = product.run(scalar_kernels(), small);
      for (const Kernels* table : available_kernels()) {
        const std::vector<Buffer> out = product.run(*table, small);
        for (std::size_t r = 0; r < 37; ++r) {
          ASSERT_EQ(0, std::memcmp(expected[r].data(), out[r].data(), 1024 * sizeof(u64))) << table->name << ", row " << r;
        }
      }
    }
  }
}

TEST(MatrixProduct, SmallnessIsTheStatedBound) {
  EXPECT_TRUE(matrix_is_small((u64{1} << 32) - 1, 12289));
  EXPECT_FALSE(matrix_is_small(u64{1} << 32, 12289));
  for (u64 q : primes_below(45, 3, 5)) {
    EXPECT_TRUE(matrix_is_small(largest_small(q), q));
    EXPECT_FALSE(matrix_is_small(largest_small(q) + 1, q));
  }
  EXPECT_TRUE(matrix_is_small(2, primes_below(50, 1, 5).front()));  // ternary weights at the widest prime
}

}  // namespace
}  // namespace tacet::testing
