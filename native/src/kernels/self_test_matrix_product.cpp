// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "kernels/self_test.h"

namespace tacet::selftest {
/// Two panels and a row more, in both forms, at the largest words.
void test_matrix_products(const Kernels& table, const Modulus& m) {
  constexpr std::size_t kN = 64, kRows = 2 * kMatrixPanelRows + 1, kColumns = 7;
  const u64 q = m.value;
  u64 largest = 1;
  while (matrix_is_small(2 * largest + 1, q)) largest = 2 * largest + 1;
  std::vector<Buffer> xs, outs;
  std::vector<const u64*> x;
  std::vector<u64*> out;
  for (std::size_t c = 0; c < kColumns; ++c) xs.push_back(words_below(q, 60 + c, kN));
  for (std::size_t r = 0; r < kRows; ++r) outs.emplace_back(kN);
  for (const Buffer& column : xs) x.push_back(column.data());
  for (Buffer& row : outs) out.push_back(row.data());
  const Buffer addend = words_below(q, 80, kN);
  Buffer scratch(matrix_scratch_words(kColumns, kN));
  for (const bool small : {false, true}) {
    Buffer words = words_below(small ? largest + 1 : q, 81, matrix_words(kRows, kColumns));
    const MatrixWeights w{words.data(), kRows, kColumns, small ? q / 3 : 0, addend.data()};
    (small ? table.matrix_product_small : table.matrix_product)(out.data(), x.data(), w, kN, m, scratch.data());
    for (std::size_t r = 0; r < kRows; ++r) {
      u64 weights[kColumns];
      for (std::size_t c = 0; c < kColumns; ++c) {
        weights[c] = (words.data()[matrix_index(r, c, kColumns)] % q + q - w.offset) % q;
      }
      for (std::size_t i = 0; i < kN; ++i) {
        u128 sum = addend.data()[r];
        for (std::size_t c = 0; c < kColumns; ++c) sum += static_cast<u128>(x[c][i]) * weights[c];
        expect(out[r][i] == static_cast<u64>(sum % q), table, small ? "matrix_product_small" : "matrix_product", q);
      }
    }
  }
}

}  // namespace tacet::selftest
