// SPDX-License-Identifier: Apache-2.0
// Keystream and samplers against definitions.
#include <cstring>
#include <vector>

#include "kernels/self_test.h"

namespace tacet::selftest {
namespace {

constexpr std::size_t kN = 67;  // whole vectors and a rest

/// The words of one block straight from the standard's text.
void reference_block(u32* out, const u32* state) {
  u32 x[16];
  std::memcpy(x, state, sizeof x);
  const auto quarter_round = [&](int a, int b, int c, int d) {
    const auto turn = [&](int to, int from, int by, int bits) {
      x[to] += x[from];
      x[by] ^= x[to];
      x[by] = x[by] << bits | x[by] >> (32 - bits);
    };
    turn(a, b, d, 16);
    turn(c, d, b, 12);
    turn(a, b, d, 8);
    turn(c, d, b, 7);
  };
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 4; ++i) quarter_round(i, 4 + i, 8 + i, 12 + i);
    for (int i = 0; i < 4; ++i) quarter_round(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4);
  }
  for (int i = 0; i < 16; ++i) out[i] = x[i] + state[i];
}

void test_keystream(const Kernels& table, u64 q) {
  constexpr std::size_t kBlocks = 19;
  u32 state[16];
  Words words{71};
  for (u32& word : state) word = static_cast<u32>(words.next());
  std::vector<u8> out(64 * kBlocks);
  table.chacha20(out.data(), state, kBlocks);
  for (std::size_t b = 0; b < kBlocks; ++b, ++state[12]) {
    u32 block[16];
    reference_block(block, state);
    for (std::size_t i = 0; i < 64; ++i)
      expect(out[64 * b + i] == static_cast<u8>(block[i / 4] >> (8 * (i % 4))), table, "chacha20", q);
  }
}

}  // namespace

void test_samplers(const Kernels& table, const Modulus& m) {
  const u64 q = m.value;
  test_keystream(table, q);
  Buffer words = words_below(~u64{0}, 72, kN);
  const u64 excess = (0 - q) % q;
  words.data()[9] = 0 - excess;       // skipped by uniform
  words.data()[10] = 0 - excess - 1;  // the last one kept
  words.data()[20] = ~u64{0};         // skipped by both

  std::vector<u64> residues;
  std::vector<int> ternary;
  for (std::size_t i = 0; i < kN; ++i) {
    const u64 word = words.data()[i];
    if (word < 0 - excess) residues.push_back(word % q);
    if (word != ~u64{0}) ternary.push_back(static_cast<int>(word % 3) - 1);
  }
  Buffer out(kN);
  expect(table.uniform(out.data(), kN, words.data(), kN, m) == residues.size(), table, "uniform", q);
  for (std::size_t i = 0; i < residues.size(); ++i) expect(out.data()[i] == residues[i], table, "uniform", q);
  std::vector<signed char> small(kN);
  expect(table.ternary(small.data(), kN, words.data(), kN) == ternary.size(), table, "ternary", q);
  for (std::size_t i = 0; i < ternary.size(); ++i) expect(small[i] == ternary[i], table, "ternary", q);

  const u64 bounds[] = {u64{1} << 60, u64{3} << 61, (u64{1} << 63) - 2, u64{1} << 63};
  words.data()[3] = bounds[0] << 1;
  words.data()[4] = (bounds[0] << 1) - 1;
  table.error(small.data(), words.data(), kN, bounds, 4);
  for (std::size_t i = 0; i < kN; ++i) {
    int magnitude = 0;
    for (u64 bound : bounds) magnitude += words.data()[i] >> 1 >= bound ? 1 : 0;
    expect(small[i] == (words.data()[i] % 2 == 1 ? -magnitude : magnitude), table, "error", q);
  }
  const Buffer packed = words_below(q, 73, kN);
  std::vector<u8> bytes((kN * static_cast<std::size_t>(m.bits) + 7) / 8);
  table.pack(bytes.data(), packed.data(), kN, m.bits);
  const auto bit = [&](std::size_t i) {
    return packed.data()[i / static_cast<std::size_t>(m.bits)] >> (i % static_cast<std::size_t>(m.bits)) & 1;
  };
  for (std::size_t i = 0; i < kN * static_cast<std::size_t>(m.bits); ++i)
    expect((bytes[i / 8] >> (i % 8) & 1u) == bit(i), table, "pack", q);
  const bool below = table.unpack(out.data(), bytes.data(), kN, m.bits, q);
  expect(below && !table.unpack(out.data(), bytes.data(), kN, m.bits, q - 1), table, "unpack", q);
  for (std::size_t i = 0; i < kN; ++i) expect(out.data()[i] == packed.data()[i], table, "unpack", q);

  for (std::size_t i = 0; i < kN; ++i) small[i] = static_cast<signed char>(static_cast<int>(i * 5 % 256) - 128);
  table.small_residues(out.data(), small.data(), kN, q);
  for (std::size_t i = 0; i < kN; ++i)
    expect(out.data()[i] == (small[i] < 0 ? q - static_cast<u64>(-small[i]) : static_cast<u64>(small[i])), table,
           "small_residues", q);
}

}  // namespace tacet::selftest
