// SPDX-License-Identifier: Apache-2.0
#include "ring/sampler.h"

#include <cstring>

#include "reference/vectors.h"
#include "ring/chacha20.h"
#include "support/fixture.h"

namespace tacet::testing {
namespace {

PublicSeed counting_public_seed() {
  PublicSeed seed;
  for (u8 i = 0; i < 32; ++i) seed.bytes[i] = i;
  return seed;
}

SecretSeed counting_secret_seed() {
  u8 bytes[32];
  for (u8 i = 0; i < 32; ++i) bytes[i] = static_cast<u8>(100 + i);
  return SecretSeed(bytes);
}

std::string hex(const u8* bytes, std::size_t count) {
  std::string out;
  char two[3];
  for (std::size_t i = 0; i < count; ++i) {
    std::snprintf(two, sizeof two, "%02x", bytes[i]);
    out += two;
  }
  return out;
}

TEST(ChaCha20, GivesTheBlockOfRfc8439Section232) {
  u8 key[32];
  for (u8 i = 0; i < 32; ++i) key[i] = i;
  const u8 nonce[12] = {0, 0, 0, 9, 0, 0, 0, 0x4a, 0, 0, 0, 0};
  u8 block[64];
  ChaCha20(key, nonce, 1).read(block, sizeof block);
  EXPECT_EQ(
      "10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4e"
      "d2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e",
      hex(block, sizeof block));
}

TEST(ChaCha20, GivesTheKeystreamOfRfc8439AppendixA1) {
  const u8 key[32] = {};
  const u8 nonce[12] = {};
  u8 blocks[128];
  ChaCha20(key, nonce).read(blocks, sizeof blocks);
  EXPECT_EQ(
      "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
      "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586"
      "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"
      "29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f",
      hex(blocks, sizeof blocks));
}

TEST(ChaCha20, OneReadEqualsManyOfWholeGroups) {
  u8 key[32] = {1, 2, 3};
  const u8 nonce[12] = {4, 5, 6};
  std::vector<u8> whole(1024), parts(1024);
  ChaCha20(key, nonce).read(whole.data(), whole.size());
  ChaCha20 stream(key, nonce);
  stream.read(parts.data(), 256);
  stream.read(parts.data() + 256, 512);
  stream.read(parts.data() + 768, 256);
  EXPECT_EQ(whole, parts);
}

TEST(ChaCha20, RefusesToWrapItsCounter) {
  const u8 key[32] = {};
  const u8 nonce[12] = {};
  std::vector<u8> out(256);
  ChaCha20 stream(key, nonce, 0xfffffffe);
  expect_error(Code::kInternal, {"4294967294"}, [&] { stream.read(out.data(), out.size()); });
}

TEST(KnownAnswers, UniformExpansionAgreesWithTheReference) {
  std::vector<u64> out(vectors::uniform_values.size());
  expand_uniform(out.data(), out.size(), Modulus(vectors::uniform_prime), counting_public_seed(),
                 Purpose::kEvaluationKeyUniform, 2, 5);
  EXPECT_EQ(vectors::uniform_values, out);
}

TEST(KnownAnswers, UniformExpansionSkipsTheWordsThatWouldBias) {
  PublicSeed seed;
  seed.bytes.fill(static_cast<u8>(vectors::skip_seed_byte));
  ASSERT_GT(vectors::skip_count, 0u);
  std::vector<u64> out(2048);
  expand_uniform(out.data(), out.size(), Modulus(vectors::skip_prime), seed, Purpose::kCiphertextUniform, 0, 0);
  EXPECT_EQ(vectors::skip_last_values, std::vector<u64>(out.end() - 8, out.end()));
}

TEST(KnownAnswers, TernaryAndErrorStreamsAgreeWithTheReference) {
  std::vector<signed char> out(64);
  sample_ternary(out.data(), 64, counting_secret_seed(), Purpose::kSecretKey);
  EXPECT_EQ(vectors::ternary_values, std::vector<int>(out.begin(), out.end()));
  sample_error(out.data(), 64, counting_secret_seed(), Purpose::kError, 3);
  EXPECT_EQ(vectors::error_values, std::vector<int>(out.begin(), out.end()));
}

TEST(KnownAnswers, TheErrorTableIsTheOneComputedWithEightyDigits) {
  EXPECT_EQ(vectors::error_cumulative, error_table());
}

TEST(Sampler, ErrorsFollowTheDiscreteGaussianOfSigma319) {
  constexpr std::size_t kCount = 1 << 18;
  std::vector<signed char> out(kCount);
  sample_error(out.data(), kCount, counting_secret_seed(), Purpose::kError, 0);
  double sum = 0, squares = 0;
  std::vector<double> seen(64, 0);
  for (signed char e : out) {
    sum += e;
    squares += static_cast<double>(e) * e;
    seen[static_cast<std::size_t>(e + 32)] += 1;
  }
  EXPECT_LT(std::fabs(sum / kCount), 0.05);
  EXPECT_NEAR(3.19, std::sqrt(squares / kCount), 0.03);
  double total = 0, chi_squared = 0;
  for (int x = -40; x <= 40; ++x) total += std::exp(-x * x / (2 * 3.19 * 3.19));
  for (int x = -10; x <= 10; ++x) {
    const double expected = kCount * std::exp(-x * x / (2 * 3.19 * 3.19)) / total;
    const double difference = seen[static_cast<std::size_t>(x + 32)] - expected;
    chi_squared += difference * difference / expected;
  }
  EXPECT_LT(chi_squared, 50.0);  // 20 degrees of freedom: exceeded with probability 2e-4 by a right sampler
}

TEST(Sampler, TernaryIsBalanced) {
  constexpr std::size_t kCount = 1 << 16;
  std::vector<signed char> out(kCount);
  sample_ternary(out.data(), kCount, counting_secret_seed(), Purpose::kEncryptionRandomness);
  int counts[3] = {};
  for (signed char t : out) {
    ASSERT_LE(std::abs(t), 1);
    ++counts[t + 1];
  }
  for (int count : counts) EXPECT_NEAR(kCount / 3.0, count, 600);
}

TEST(Sampler, SmallCoefficientsBecomeResidues) {
  const signed char small[] = {0, 1, -1, 29, -29, 127, -128};
  u64 out[7];
  to_residues(out, small, 7, 1009);
  const u64 expected[] = {0, 1, 1008, 29, 980, 127, 881};
  for (int i = 0; i < 7; ++i) EXPECT_EQ(expected[i], out[i]);
}

TEST(Sampler, StreamsOfDifferentPurposeDigitAndLimbDiffer) {
  const Modulus q(vectors::uniform_prime);
  std::vector<std::vector<u64>> streams;
  const auto expand = [&](Purpose purpose, u32 digit, u32 limb) {
    std::vector<u64> out(8);
    expand_uniform(out.data(), 8, q, counting_public_seed(), purpose, digit, limb);
    for (const auto& other : streams) EXPECT_NE(other, out);
    streams.push_back(out);
  };
  expand(Purpose::kCiphertextUniform, 0, 0);
  expand(Purpose::kPublicKeyUniform, 0, 0);
  expand(Purpose::kEvaluationKeyUniform, 0, 0);
  expand(Purpose::kEvaluationKeyUniform, 1, 0);
  expand(Purpose::kEvaluationKeyUniform, 0, 1);
}

}  // namespace
}  // namespace tacet::testing
