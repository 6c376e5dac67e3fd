// SPDX-License-Identifier: Apache-2.0
// Packing of residues in every available table: bytes by definition, for every width, and nothing outside them is
// touched.
#include <random>

#include "kernels/kernels.h"
#include "support/fixture.h"

namespace tacet::testing {
namespace {

class PackingTable : public ::testing::TestWithParam<const Kernels*> {
 protected:
  const Kernels& table = *GetParam();
};

std::vector<u8> packed(const std::vector<u64>& x, int bits) {
  std::vector<u8> out((x.size() * static_cast<std::size_t>(bits) + 7) / 8);
  for (std::size_t bit = 0; bit < x.size() * static_cast<std::size_t>(bits); ++bit) {
    const u64 value = x[bit / static_cast<std::size_t>(bits)] >> (bit % static_cast<std::size_t>(bits)) & 1;
    out[bit / 8] = static_cast<u8>(out[bit / 8] | value << (bit % 8));
  }
  return out;
}

TEST_P(PackingTable, ResiduesOfEveryWidthPackByDefinitionAndComeBack) {
  std::mt19937_64 engine(1);
  for (int bits = 1; bits <= 50; ++bits) {
    const u64 most = (u64{1} << bits) - 1;
    for (std::size_t n : {0, 1, 2, 7, 8, 9, 16, 31, 64, 67, 255, 256, 257, 1000, 1024}) {
      std::vector<u64> x(n);
      for (u64& v : x) v = engine() % 3 == 0 ? most : engine() & most;
      const std::vector<u8> expected = packed(x, bits);
      std::vector<u8> bytes(expected.size() + 1, 0xa5);
      table.pack(bytes.data(), x.data(), n, bits);
      ASSERT_EQ(0xa5, bytes.back()) << bits << " bits, " << n;
      bytes.pop_back();
      ASSERT_EQ(expected, bytes) << bits << " bits, " << n;

      // a copy of the exact size and at odd addresses: reading past the end is an error under the address sanitizer
      for (std::size_t offset : {0, 1, 5}) {
        std::vector<u8> moved(offset + bytes.size());
        std::copy(bytes.begin(), bytes.end(), moved.begin() + static_cast<std::ptrdiff_t>(offset));
        std::vector<u64> out(n + 1, 77);
        ASSERT_TRUE(table.unpack(out.data(), moved.data() + offset, n, bits, most + 1));
        ASSERT_EQ(77u, out.back());
        out.pop_back();
        ASSERT_EQ(x, out) << bits << " bits, " << n;
      }
    }
  }
}

TEST_P(PackingTable, OneResidueThatIsNotBelowThePrimeIsNoticedWhereverItIs) {
  const u64 q = (u64{1} << 45) - 229;
  const std::size_t n = 67;
  for (std::size_t at = 0; at < n; ++at) {
    std::vector<u64> x(n, q - 1), out(n);
    std::vector<u8> bytes = packed(x, 45);
    EXPECT_TRUE(table.unpack(out.data(), bytes.data(), n, 45, q));
    x[at] = at % 2 == 0 ? q : (u64{1} << 45) - 1;
    bytes = packed(x, 45);
    EXPECT_FALSE(table.unpack(out.data(), bytes.data(), n, 45, q)) << at;
    EXPECT_EQ(x, out);
  }
}

INSTANTIATE_TEST_SUITE_P(AllTables, PackingTable, ::testing::ValuesIn(available_kernels()),
                         [](const auto& test) { return std::string(test.param->name); });

}  // namespace
}  // namespace tacet::testing
