// SPDX-License-Identifier: Apache-2.0
#include "reference/vectors.h"
#include "ring/transform.h"
#include "rlwe/encryption.h"
#include "rlwe/key_switch.h"
#include "rlwe/scale.h"
#include "rlwe/small_poly.h"
#include "support/fixture.h"
#include "support/memory_flags.h"

namespace tacet::testing {
namespace {

constexpr std::size_t kN = 16;

PublicSeed counting_public_seed() {
  PublicSeed seed;
  for (u8 i = 0; i < 32; ++i) seed.bytes[i] = i;
  return seed;
}

SecretSeed counting_from(u8 first) {
  u8 bytes[32];
  for (u8 i = 0; i < 32; ++i) bytes[i] = static_cast<u8>(first + i);
  return SecretSeed(bytes);
}

/// The toy parameters of the reference: n = 16, three chain primes, two special primes, digits of two.
struct Toy {
  explicit Toy(RingType type) : known(vectors::of(type)), ring(make_ring(type)) {}

  static Ring make_ring(RingType type, bool with_special = true) {
    const vectors::OfRing& v = vectors::of(type);
    return Ring(4, v.divide_chain, with_special ? v.divide_special : std::vector<u64>(), with_special ? 2 : 1, type);
  }

  const vectors::OfRing& known;
  Ring ring;
  SecretKey secret = SecretKey::from_seed(ring, counting_from(100));

  Plaintext message() const {
    Poly<Coeff> x(kN, 3);
    for (int limb = 0; limb < 3; ++limb) {
      for (std::size_t i = 0; i < kN; ++i) {
        x.limb(limb)[i] = residue_of(known.toy_message[i], 0, ring.modulus(limb));
      }
    }
    Plaintext out;
    out.level = 2;
    out.poly = to_eval(ring, std::move(x));
    return out;
  }

  /// Largest |coefficient of the difference modulo q_0|.
  i64 distance(const Poly<Eval>& a, const Poly<Eval>& b) const {
    Poly<Eval> difference = first_limbs(ring, a, 1);
    subtract_from(ring, difference, b);
    const Poly<Coeff> coefficients = to_coeff(ring, std::move(difference));
    const i64 q = static_cast<i64>(ring.modulus(0).value);
    i64 worst = 0;
    for (std::size_t i = 0; i < kN; ++i) {
      const i64 c = static_cast<i64>(coefficients.limb(0)[i]);
      worst = std::max(worst, std::min(c, q - c));
    }
    return worst;
  }
};

std::vector<u64> words_of(const Poly<Eval>& x) {
  return std::vector<u64>(x.limb(0), x.limb(0) + x.n() * static_cast<std::size_t>(x.limbs()));
}

class ToyIn : public ::testing::TestWithParam<RingType> {
 protected:
  const Toy toy{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Rings, ToyIn, ::testing::ValuesIn(kBothRings),
                         [](const auto& test) { return name_of(test.param); });

TEST_P(ToyIn, ASecretKeyEncryptionHasTheReferenceBits) {
  const Ciphertext c = encrypt_secret(toy.ring, toy.secret, toy.message(), counting_public_seed(), counting_from(50));
  EXPECT_EQ(toy.known.toy_ciphertext_c0, words_of(c.components[0]));
  EXPECT_EQ(words_of(expand_ciphertext_uniform(toy.ring, 2, counting_public_seed())), words_of(c.components[1]));
  EXPECT_TRUE(c.seed.has_value());
}

TEST_P(ToyIn, ThePublicKeyAndItsEncryptionHaveTheReferenceBits) {
  const PublicKey key = make_public_key(toy.ring, toy.secret, counting_public_seed(), counting_from(50));
  EXPECT_EQ(toy.known.toy_public_key_b, words_of(key.b));
  const Ciphertext c = encrypt_public(toy.ring, key, toy.message(), counting_from(50));
  EXPECT_EQ(toy.known.toy_public_encryption_c0, words_of(c.components[0]));
  EXPECT_EQ(toy.known.toy_public_encryption_c1, words_of(c.components[1]));
  EXPECT_FALSE(c.seed.has_value());
  const PublicKey again = expand_public_key(toy.ring, key.seed, key.b);
  EXPECT_EQ(words_of(key.a), words_of(again.a));
}

TEST_P(ToyIn, EvaluationKeysHaveTheReferenceBits) {
  for (u32 galois : {0u, 5u}) {
    const SeededEvaluationKey key =
        make_evaluation_key(toy.ring, toy.secret, galois, 2, counting_public_seed(), counting_from(50));
    std::vector<u64> words;
    for (const Poly<Eval>& b : key.b) {
      const std::vector<u64> limbs = words_of(b);
      words.insert(words.end(), limbs.begin(), limbs.end());
    }
    EXPECT_EQ(galois == 0 ? toy.known.toy_relinearization_key_b : toy.known.toy_galois5_key_b, words);
  }
}

TEST_P(ToyIn, DecryptionGivesTheMessageUpToTheError) {
  const Plaintext message = toy.message();
  const Ciphertext secret = encrypt_secret(toy.ring, toy.secret, message, counting_public_seed(), counting_from(1));
  EXPECT_LE(toy.distance(decrypt(toy.ring, toy.secret, secret).poly, message.poly), 29);
  const PublicKey key = make_public_key(toy.ring, toy.secret, counting_public_seed(), counting_from(2));
  const Ciphertext open = encrypt_public(toy.ring, key, message, counting_from(3));
  const i64 noise = toy.distance(decrypt(toy.ring, toy.secret, open).poly, message.poly);
  EXPECT_GT(noise, 0);
  const i64 expansion = GetParam() == RingType::kStandard ? kN : 2 * kN;  // of a coefficient in a product
  EXPECT_LE(noise, 29 * (2 * expansion + 1));
}

TEST_P(ToyIn, AnotherKeyDecryptsToNoise) {
  const Plaintext message = toy.message();
  const Ciphertext c = encrypt_secret(toy.ring, toy.secret, message, counting_public_seed(), counting_from(1));
  const SecretKey other = SecretKey::from_seed(toy.ring, counting_from(7));
  EXPECT_GT(toy.distance(decrypt(toy.ring, other, c).poly, message.poly), i64{1} << 35);
}

TEST_P(ToyIn, EncryptionRefusesShapesThatDoNotFit) {
  Plaintext wrong = toy.message();
  wrong.level = 1;
  expect_error(Code::kInvalidArgument, {"3 limbs", "level 1"},
               [&] { encrypt_secret(toy.ring, toy.secret, wrong, counting_public_seed(), counting_from(1)); });
  wrong.level = 9;
  expect_error(Code::kInvalidArgument, {"level 9", "0..2"},
               [&] { encrypt_secret(toy.ring, toy.secret, wrong, counting_public_seed(), counting_from(1)); });
  Ciphertext c = encrypt_secret(toy.ring, toy.secret, toy.message(), counting_public_seed(), counting_from(1));
  c.components.resize(1);
  expect_error(Code::kInvalidArgument, {"1 components"}, [&] { decrypt(toy.ring, toy.secret, c); });
}

TEST_P(ToyIn, EvaluationKeysAreRefusedForNoElementLevelsOutsideTheChainAndWithoutSpecialPrimes) {
  const auto make = [&](u32 galois, int level) {
    make_evaluation_key(toy.ring, toy.secret, galois, level, counting_public_seed(), counting_from(1));
  };
  const bool standard = GetParam() == RingType::kStandard;
  expect_error(Code::kInvalidArgument, {"element 4"}, [&] { make(4, 2); });
  expect_error(Code::kInvalidArgument, standard ? std::vector<std::string>{"element 33", "odd", "2N = 32"}
                                                : std::vector<std::string>{"element 65", "1 modulo 4", "4N = 64"},
               [&] { make(standard ? 33 : 65, 2); });
  if (!standard) expect_error(Code::kInvalidArgument, {"element 63"}, [&] { make(63, 2); });
  expect_error(Code::kInvalidArgument, {"level 3", "0..2"}, [&] { make(5, 3); });
  const Ring bare = Toy::make_ring(GetParam(), false);
  const SecretKey secret = SecretKey::from_seed(bare, counting_from(1));
  expect_error(Code::kInvalidArgument, {"special primes"},
               [&] { make_evaluation_key(bare, secret, 5, 1, counting_public_seed(), counting_from(1)); });
}

TEST_P(ToyIn, ExpansionOfEvaluationKeysRefusesMissingDigitsAndWrongLimbs) {
  SeededEvaluationKey key = make_evaluation_key(toy.ring, toy.secret, 5, 2, counting_public_seed(), counting_from(1));
  SeededEvaluationKey short_key = key;
  short_key.b.pop_back();
  expect_error(Code::kInvalidArgument, {"has 1 digits", "need 2"}, [&] { expand(toy.ring, std::move(short_key)); });
  key.b[0] = Poly<Eval>(kN, 2, 2);
  expect_error(Code::kInvalidArgument, {"2+2 limbs", "3+2"}, [&] { expand(toy.ring, std::move(key)); });
}

TEST_P(ToyIn, TheSetOfKeysPicksTheLowestLevelThatSufficesAndNamesWhatIsMissing) {
  EvaluationKeySet set;
  for (int level : {0, 2}) {
    set.add(std::make_shared<EvaluationKey>(expand(
        toy.ring, make_evaluation_key(toy.ring, toy.secret, 5, level, counting_public_seed(), counting_from(1)))));
  }
  EXPECT_EQ(0, set.find(5, 0).level);
  EXPECT_EQ(2, set.find(5, 1).level);
  EXPECT_EQ(2, set.find(5, 2).level);
  EXPECT_TRUE(set.contains(5, 1));
  EXPECT_FALSE(set.contains(25, 0));
  EXPECT_GT(set.bytes(), 0u);
  expect_error(Code::kMissingKey, {"element 5", "level 3", "up to level 2"}, [&] { set.find(5, 3); });
  expect_error(Code::kMissingKey, {"element 25", "level 1", "2 keys"}, [&] { set.find(25, 1); });
  expect_error(Code::kMissingKey, {"relinearization", "level 0"}, [&] { set.find(0, 0); });
}

TEST(Scale, IsExactAndCanonical) {
  const Scale s = Scale::power_of_two(40).times_prime(3, 2).times_prime(1, -1);
  EXPECT_TRUE(s == Scale::power_of_two(40).times_prime(1, -1).times_prime(3).times_prime(3));
  EXPECT_TRUE(s * s / s == s);
  EXPECT_TRUE((s / s) == Scale());
  EXPECT_TRUE((s / s).factors().empty());
  EXPECT_TRUE(s != Scale::power_of_two(40));
}

TEST_P(ToyIn, AScaleHasTheValueOfItsFactorsAlsoBeyondTheRangeOfDoubles) {
  const double q1 = static_cast<double>(toy.ring.modulus(1).value);
  const ScaleValue value = Scale::power_of_two(3).times_prime(1).value(toy.ring);
  EXPECT_DOUBLE_EQ(8 * q1, std::ldexp(value.mantissa, value.exponent));
  const Scale huge = Scale::power_of_two(60000).times_prime(0, 2000);
  EXPECT_NEAR(60000 + 2000 * std::log2(static_cast<double>(toy.ring.modulus(0).value)), huge.log2(toy.ring), 1e-6);
  EXPECT_NEAR(huge.value(toy.ring).exponent, huge.log2(toy.ring), 1.0);
  expect_error(Code::kInvalidArgument, {"prime 7", "3 primes"}, [&] { Scale().times_prime(7).log2(toy.ring); });
}

TEST(Scale, RefusesExponentsOutsideItsBounds) {
  expect_error(Code::kInvalidArgument, {"2^65537"}, [] { Scale::power_of_two(65537); });
  expect_error(Code::kInvalidArgument, {"2049"}, [] { Scale().times_prime(0, 2049); });
  expect_error(Code::kInvalidArgument, {"4096"}, [] { Scale().times_prime(0, 2048) * Scale().times_prime(0, 2048); });
}

#ifdef __linux__
TEST_P(ToyIn, TheKeyAndTheScratchOfItsUseStayOutOfCoreDumps) {
  SecretLimb limb(1024);
  for (const void* secret : {static_cast<const void*>(toy.secret.seed()), static_cast<const void*>(toy.secret.ternary()),
                             static_cast<const void*>(toy.secret.limb(0)), static_cast<const void*>(limb.data())}) {
    const std::string flags = flags_of(secret);
    EXPECT_NE(flags.find(" dd "), std::string::npos) << flags;
  }
#ifndef TACET_SANITIZED  // AddressSanitizer replaces mlock with a function that does nothing and succeeds
  if (toy.secret.fully_locked()) {
    EXPECT_NE(flags_of(toy.secret.limb(0)).find(" lo "), std::string::npos);
  }
#endif
  const std::vector<u64> plain(1024);
  EXPECT_EQ(flags_of(plain.data()).find(" dd "), std::string::npos);
}
#endif

TEST(Secrets, ScratchIsZeroAgainWhenItsPagesAreUsedAgain) {
  release_secret_limbs();
  const u64* first = nullptr;
  {
    SecretLimb limb(1024);
    first = limb.data();
    std::fill_n(limb.data(), 1024, 0x5ec2e7);
  }
  SecretLimb again(1024), other(1024);
  EXPECT_EQ(first, again.data());
  EXPECT_NE(first, other.data());
  for (std::size_t i = 0; i < 1024; ++i) ASSERT_EQ(0u, again.data()[i] | other.data()[i]);
  SecretLimb moved(std::move(again));
  EXPECT_EQ(first, moved.data());
  { const SecretLimb beyond(SecretLimb::kKeptBytes / sizeof(u64) + 512); }
  release_secret_limbs();
}

}  // namespace
}  // namespace tacet::testing
