// SPDX-License-Identifier: Apache-2.0
// Coefficients: products with a plaintext polynomial against exact integer convolution, and extraction.
#include <gtest/gtest.h>

#include "support/fixture.h"

namespace tacet {
namespace {

using testing::expect_error;
using testing::Lab;
using testing::public_seed;
using testing::secret_seed;
using testing::Shape;

using Integers = std::vector<i64>;

/// x w in Z[X]/(X^n + 1); the sums stay below 2^63.
Integers product(const Integers& x, const Integers& w) {
  const std::size_t n = x.size();
  Integers out(n, 0);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      const i64 term = x[i] * w[j];
      out[(i + j) % n] += i + j < n ? term : -term;
    }
  }
  return out;
}

class Coefficients : public ::testing::TestWithParam<Shape> {
 protected:
  std::size_t n() const { return lab.context->n(); }

  Integers random(i64 bound) {
    std::uniform_int_distribution<i64> numbers(-bound, bound);
    Integers out(n());
    for (i64& x : out) x = numbers(engine);
    return out;
  }

  Plaintext encoded(const Integers& x, int level) const {
    const std::vector<double> values(x.begin(), x.end());
    return lab.encoder.encode_coefficients(values.data(), values.size(), level, Scale());
  }

  Ciphertext encrypted(const Integers& x, int level) {
    const u8 id = lab.next_seed++;
    return encrypt_secret(lab.ring(), lab.secret, encoded(x, level), public_seed(id), secret_seed(id));
  }

  std::vector<double> decoded(const Ciphertext& ciphertext, const SecretKey& key, DecodeStats* stats = nullptr) const {
    std::vector<double> out(n());
    lab.encoder.decode_coefficients(tacet::decrypt(lab.ring(), key, ciphertext), out.data(), stats);
    return out;
  }

  std::vector<u32> some_indexes() {
    std::vector<u32> out;
    for (u32 k = 0; k < n(); ++k) {
      if (engine() % 3 == 0 || k + 1 == n()) out.push_back(k);
    }
    return out;
  }

  Lab lab{GetParam()};
  std::mt19937_64 engine{7};
};

std::vector<Shape> shapes() { return testing::in_both_rings({{4, 0, 40, 1, 0}, {6, 0, 40, 1, 0}, {5, 2, 40, 1, 0}, {11, 0, 40, 1, 0}}); }

INSTANTIATE_TEST_SUITE_P(Shapes, Coefficients, ::testing::ValuesIn(shapes()),
                         [](const auto& test) { return testing::name_of(test.param); });

/// An error below 64 in each of n coefficients, times weights up to 2^10: below n 2^16.
TEST_P(Coefficients, AProductWithIntegersIsTheConvolutionUpToTheNoise) {
  if (GetParam().ring != RingType::kStandard) return;  // another product of coefficients, which programs refuse
  for (int round = 0; round < 5; ++round) {
    const Integers x = random(i64{1} << 20), w = random(1 << 10);
    const Ciphertext encrypted_x = encrypted(x, lab.top());
    const Ciphertext result = lab.evaluator.multiply_plain(encrypted_x, encoded(w, lab.top()));
    const Integers expected = product(x, w);
    const std::vector<double> actual = decoded(result, lab.secret);
    for (std::size_t k = 0; k < n(); ++k) {
      ASSERT_LE(std::fabs(actual[k] - static_cast<double>(expected[k])), 65536.0 * static_cast<double>(n())) << k;
    }
  }
}

TEST_P(Coefficients, WhatIsExtractedDecryptsToTheSameNumbersAndTheRestToZeros) {
  for (int round = 0; round < 5; ++round) {
    const Ciphertext whole = encrypted(random(i64{1} << 30), lab.top());
    const std::vector<double> all = decoded(whole, lab.secret);
    const std::vector<u32> indexes = some_indexes();
    const Ciphertext extracted = lab.evaluator.extract(whole, indexes);
    EXPECT_EQ(1, extracted.size());
    EXPECT_FALSE(extracted.seed.has_value());
    DecodeStats stats;
    const std::vector<double> some = decoded(extracted, lab.secret, &stats);
    std::size_t next = 0;
    double largest = 0;
    for (std::size_t k = 0; k < n(); ++k) {
      const bool kept = next < indexes.size() && indexes[next] == k;
      ASSERT_EQ(kept ? all[k] : 0.0, some[k]) << k;
      if (kept) largest = std::fmax(largest, std::fabs(all[k]));
      next += kept ? 1 : 0;
    }
    EXPECT_NEAR(std::log2(largest), stats.max_coefficient_log2, 1e-9);  // of the kept ones alone
  }
}

TEST_P(Coefficients, AnotherKeyFillsTheModulus) {
  const Ciphertext extracted = lab.evaluator.extract(encrypted(random(1), lab.top()), some_indexes());
  const SecretKey other = SecretKey::from_seed(lab.ring(), secret_seed(99));
  DecodeStats stats;
  decoded(extracted, other, &stats);
  EXPECT_GT(stats.fraction, n() == 16 ? 0.5 : 1.0);
}

TEST_P(Coefficients, AnExtractedCiphertextCanOnlyBeDecrypted) {
  const Ciphertext whole = encrypted(random(100), lab.top());
  const Ciphertext extracted = lab.evaluator.extract(whole, {0, 3});
  const auto refused = [&](const auto& body) { expect_error(Code::kInvalidArgument, {"extracted", "only be decrypted"}, body); };
  refused([&] { lab.evaluator.add(extracted, extracted); });
  refused([&] { lab.evaluator.add(whole, extracted); });
  refused([&] { lab.evaluator.negate(extracted); });
  refused([&] { lab.evaluator.multiply_plain(extracted, encoded(random(1), lab.top())); });
  refused([&] { lab.evaluator.multiply_scalar(extracted, 2, Scale()); });
  refused([&] { lab.evaluator.drop_level(extracted, 0); });
  refused([&] { lab.evaluator.rotate(extracted, 1); });
  refused([&] { lab.evaluator.multiply(extracted, extracted); });
  refused([&] { lab.evaluator.extract(extracted, {0}); });
}

TEST_P(Coefficients, IndexesMustAscendInsideTheRingAndBeThere) {
  const Ciphertext whole = encrypted(random(100), lab.top());
  const u32 end = static_cast<u32>(n());
  for (const std::vector<u32>& bad : std::vector<std::vector<u32>>{{}, {end}, {1, 1}, {3, 2}}) {
    expect_error(Code::kInvalidArgument, {"extract", "ascend below " + std::to_string(n())}, [&] { lab.evaluator.extract(whole, bad); });
  }
  expect_error(Code::kInvalidArgument, {"extract", "slots"}, [&] { lab.evaluator.extract(lab.encrypt(lab.random(1)), {0}); });
  Ciphertext broken = lab.evaluator.extract(whole, {0, 1});
  broken.extracted.residues.pop_back();
  expect_error(Code::kInvalidArgument, {"extracted", "residues"}, [&] { tacet::decrypt(lab.ring(), lab.secret, broken); });
}

TEST_P(Coefficients, NumbersThatAreNoneAndThoseBeyondTheModulusAreNamed) {
  std::vector<double> values(n(), 0.25);
  values[2] = std::nan("");
  expect_error(Code::kInvalidArgument, {"coefficient 2", "NaN"},
               [&] { lab.encoder.encode_coefficients(values.data(), values.size(), 0, Scale()); });
  values[2] = std::ldexp(1.0, 49);
  expect_error(Code::kInvalidArgument, {"coefficient 2", "too large"},
               [&] { lab.encoder.encode_coefficients(values.data(), values.size(), 0, Scale()); });
}

}  // namespace
}  // namespace tacet
