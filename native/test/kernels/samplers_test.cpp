// SPDX-License-Identifier: Apache-2.0
// Keystream and samplers of every available table against the scalar one, over lengths and at the edges of acceptance.
#include <random>

#include "kernels/kernels.h"
#include "support/fixture.h"

namespace tacet::testing {
namespace {

std::vector<u64> random_words(std::size_t n, unsigned seed) {
  std::mt19937_64 engine(seed);
  std::vector<u64> out(n);
  for (u64& word : out) word = engine();
  return out;
}

class SamplerTable : public ::testing::TestWithParam<const Kernels*> {
 protected:
  const Kernels& table = *GetParam();
  const Kernels& scalar = scalar_kernels();
};

TEST_P(SamplerTable, TheKeystreamOfAnyNumberOfBlocksIsTheScalarOne) {
  std::mt19937_64 engine(1);
  for (std::size_t blocks = 0; blocks <= 40; ++blocks) {
    u32 state[16];
    for (u32& word : state) word = static_cast<u32>(engine());
    state[12] = static_cast<u32>(0xffffffff - blocks);
    std::vector<u8> out(64 * blocks + 1, 0xa5), expected(64 * blocks + 1, 0xa5);
    table.chacha20(out.data(), state, blocks);
    scalar.chacha20(expected.data(), state, blocks);
    ASSERT_EQ(expected, out) << blocks;
  }
}

TEST_P(SamplerTable, UniformResiduesAreTheRemaindersOfTheAcceptedWords) {
  for (u64 q : primes_of_both_rings({9, 12, 13, 30, 45, 48, 50}, 2)) {
    const Modulus m(q);
    const u64 limit = 0 - (0 - q) % q;
    for (std::size_t count = 0; count < 70; ++count) {
      std::vector<u64> words = random_words(count, static_cast<unsigned>(count));
      const u64 edges[] = {
          0, q - 1, q, limit - 1, limit, limit + 1, ~u64{0}, (u64{1} << 32) - 1, u64{1} << 32, ~u64{0} << 32};
      for (std::size_t i = 0; i < count; i += 3) words[i] = edges[i % std::size(edges)];
      for (std::size_t n : {std::size_t{0}, count / 2, count, count + 5}) {
        std::vector<u64> expected;
        for (std::size_t i = 0; i < count && expected.size() < n; ++i)
          if (words[i] < limit) expected.push_back(words[i] % q);
        std::vector<u64> out(n + 1, ~u64{0});
        ASSERT_EQ(expected.size(), table.uniform(out.data(), n, words.data(), count, m));
        expected.resize(n + 1, ~u64{0});
        ASSERT_EQ(expected, out) << "modulo " << q << ", " << count << " words, room for " << n;
      }
    }
  }
}

TEST_P(SamplerTable, TernaryIsTheRemainderByThreeWithoutTheLastWord) {
  for (std::size_t count = 0; count < 70; ++count) {
    std::vector<u64> words = random_words(count, static_cast<unsigned>(count));
    const u64 edges[] = {~u64{0},           ~u64{0} - 1, 0, 1, 2, 3, 0xffffffff, u64{1} << 32, 0xffffffff00000000,
                         0xfffffffeffffffff};
    for (std::size_t i = 0; i < count; i += 2) words[i] = edges[i / 2 % std::size(edges)];
    for (std::size_t n : {std::size_t{0}, count / 2, count, count + 5}) {
      std::vector<signed char> expected;
      for (std::size_t i = 0; i < count && expected.size() < n; ++i)
        if (words[i] != ~u64{0}) expected.push_back(static_cast<signed char>(static_cast<int>(words[i] % 3) - 1));
      std::vector<signed char> out(n + 1, 99);
      ASSERT_EQ(expected.size(), table.ternary(out.data(), n, words.data(), count));
      expected.resize(n + 1, 99);
      ASSERT_EQ(expected, out) << count << " words, room for " << n;
    }
  }
}

TEST_P(SamplerTable, ErrorsCountTheBoundsThatTheWordReaches) {
  std::mt19937_64 engine(3);
  for (std::size_t size : {0, 1, 29, 127}) {
    std::vector<u64> bounds(size);
    for (u64& bound : bounds) bound = engine() >> 1;
    if (size > 1) bounds.back() = u64{1} << 63;
    for (std::size_t n : {0, 1, 3, 31, 32, 33, 100}) {
      std::vector<u64> words = random_words(n, static_cast<unsigned>(n));
      for (std::size_t i = 0; i < n && size > 0; i += 3) words[i] = (bounds[i % size] << 1) - i % 2;
      std::vector<signed char> out(n + 1, 99);
      table.error(out.data(), words.data(), n, bounds.data(), size);
      for (std::size_t i = 0; i < n; ++i) {
        int magnitude = 0;
        for (u64 bound : bounds) magnitude += words[i] >> 1 >= bound ? 1 : 0;
        ASSERT_EQ(words[i] % 2 == 1 ? -magnitude : magnitude, out[i]);
      }
      ASSERT_EQ(99, out[n]);
    }
  }
}

TEST_P(SamplerTable, SmallCoefficientsBecomeResidues) {
  for (u64 q : {u64{257}, u64{1009}, (u64{1} << 50) - 27}) {
    for (std::size_t n : {0, 1, 7, 8, 13, 256}) {
      std::vector<signed char> small(n);
      for (std::size_t i = 0; i < n; ++i) small[i] = static_cast<signed char>(static_cast<int>(i) - 128);
      std::vector<u64> out(n + 1, 99);
      table.small_residues(out.data(), small.data(), n, q);
      for (std::size_t i = 0; i < n; ++i)
        ASSERT_EQ((static_cast<i64>(q) + small[i]) % static_cast<i64>(q), static_cast<i64>(out[i]));
      ASSERT_EQ(99u, out[n]);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(AllTables, SamplerTable, ::testing::ValuesIn(available_kernels()),
                         [](const auto& test) { return std::string(test.param->name); });

}  // namespace
}  // namespace tacet::testing
