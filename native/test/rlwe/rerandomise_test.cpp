// SPDX-License-Identifier: Apache-2.0
#include "rlwe/rerandomise.h"

#include "rlwe/encryption.h"
#include "rlwe/small_poly.h"
#include "support/fixture.h"

namespace tacet::testing {
namespace {

SecretSeed seed_of(u8 first) {
  u8 bytes[32];
  for (u8 i = 0; i < 32; ++i) bytes[i] = static_cast<u8>(first + i);
  return SecretSeed(bytes);
}

PublicSeed public_seed_of(u8 first) {
  PublicSeed seed;
  for (u8 i = 0; i < 32; ++i) seed.bytes[i] = static_cast<u8>(first + i);
  return seed;
}

/// A ring of two primes of 50 bits, a key, an encryption of a message and one of zero.
struct Lab {
  Ring ring{11, {1125899906826241ULL, 1125899906732033ULL}, {}, 1, RingType::kStandard};
  SecretKey secret = SecretKey::from_seed(ring, seed_of(1));
  Ciphertext x = encrypt(7);
  Ciphertext zero = encrypt(0);

  Ciphertext encrypt(u64 message) const {
    Plaintext plaintext;
    plaintext.encoding = Encoding::kCoefficients;
    plaintext.level = 1;
    Poly<Coeff> coefficients(ring.n(), 2);
    for (int limb = 0; limb < 2; ++limb) {
      for (std::size_t i = 0; i < ring.n(); ++i) coefficients.limb(limb)[i] = message * i;
    }
    plaintext.poly = to_eval(ring, std::move(coefficients));
    return encrypt_secret(ring, secret, plaintext, public_seed_of(static_cast<u8>(50 + message)), seed_of(static_cast<u8>(100 + message)));
  }

  /// Coefficients modulo q_0 of what is decrypted less the decryption of x, in (-q_0/2, q_0/2).
  std::vector<double> moved(const Ciphertext& y) const {
    Poly<Eval> difference = first_limbs(ring, decrypt(ring, secret, y).poly, 1);
    subtract_from(ring, difference, decrypt(ring, secret, x).poly);
    const Poly<Coeff> coefficients = to_coeff(ring, std::move(difference));
    std::vector<double> out;
    for (std::size_t i = 0; i < ring.n(); ++i) {
      const u64 c = coefficients.limb(0)[i], q = ring.modulus(0).value;
      out.push_back(c > q / 2 ? -static_cast<double>(q - c) : static_cast<double>(c));
    }
    return out;
  }
};

TEST(Rerandomise, AddsAMultipleOfTheEncryptionOfZeroErrorsAndTheSumOfScaledGaussians) {
  const Lab lab;
  const SecretSeed seed = seed_of(9);
  const std::size_t n = lab.ring.n();
  const u32 number = 3;
  const int bits = 20;
  const Ciphertext y = rerandomise(lab.ring, lab.x, lab.zero, bits, seed, number);
  const SmallPoly u = SmallPoly::ternary(n, seed, Purpose::kEncryptionRandomness, number);
  const SmallPoly errors[2] = {SmallPoly::error(n, seed, Purpose::kError, number), SmallPoly::error(n, seed, Purpose::kSecondError, number)};
  std::vector<i64> flood(n, 0);
  for (int i = 0; i < bits; ++i) {
    const SmallPoly layer = SmallPoly::error(n, seed, Purpose::kFlooding, 256 * number + static_cast<u32>(i));
    for (std::size_t j = 0; j < n; ++j) flood[j] += static_cast<i64>(layer.data()[j]) * (i64{1} << i);
  }
  for (std::size_t c = 0; c < 2; ++c) {
    Poly<Coeff> added(n, 2);
    Poly<Eval> factor(n, 2);
    for (int limb = 0; limb < 2; ++limb) {
      const i64 q = static_cast<i64>(lab.ring.modulus(limb).value);
      u.to_limb(factor.limb(limb), lab.ring, limb);
      for (std::size_t j = 0; j < n; ++j) {
        const i64 value = errors[c].data()[j] + (c == 0 ? flood[j] : 0);
        added.limb(limb)[j] = static_cast<u64>(value < 0 ? value + q : value);
      }
    }
    Poly<Eval> expected = multiply(lab.ring, lab.zero.components[c], factor, 2);
    add_into(lab.ring, expected, lab.x.components[c]);
    add_into(lab.ring, expected, to_eval(lab.ring, std::move(added)));
    for (int limb = 0; limb < 2; ++limb) {
      EXPECT_EQ(std::vector<u64>(expected.limb(limb), expected.limb(limb) + n),
                std::vector<u64>(y.components[c].limb(limb), y.components[c].limb(limb) + n));
    }
  }
  EXPECT_FALSE(y.seed);
}

TEST(Rerandomise, NoiseHasTheDeviationItsMomentsAndItsTails) {
  const Lab lab;
  const SecretSeed seed = seed_of(5);
  for (const int bits : {12, 40}) {
    const double deviation = flood_deviation(bits);
    double sum = 0, squares = 0, fourth = 0, beyond = 0, count = 0;
    for (u32 number = 0; number < 8; ++number) {
      for (const double value : lab.moved(rerandomise(lab.ring, lab.x, lab.zero, bits, seed, number))) {
        const double z = value / deviation;
        sum += z;
        squares += z * z;
        fourth += z * z * z * z;
        beyond += std::fabs(z) > 2 ? 1 : 0;
        ++count;
      }
    }
    EXPECT_LT(std::fabs(sum / count), 4 / std::sqrt(count));
    EXPECT_NEAR(1, squares / count, 4 * std::sqrt(2 / count));
    EXPECT_NEAR(3, fourth / count, 4 * std::sqrt(96 / count));
    EXPECT_NEAR(0.0455, beyond / count, 4 * std::sqrt(0.0455 / count));
  }
}

TEST(Rerandomise, RunsAndNumbersDiffer) {
  const Lab lab;
  const auto c1 = [&](u8 seed, u32 number) {
    const Ciphertext y = rerandomise(lab.ring, lab.x, lab.zero, 10, seed_of(seed), number);
    return std::vector<u64>(y.components[1].limb(0), y.components[1].limb(0) + lab.ring.n());
  };
  EXPECT_EQ(c1(1, 1), c1(1, 1));
  EXPECT_NE(c1(1, 1), c1(1, 2));
  EXPECT_NE(c1(1, 1), c1(2, 1));
}

TEST(Rerandomise, WhatDoesNotFitIsRefusedWithTheNumbers) {
  const Lab lab;
  const SecretSeed seed = seed_of(5);
  const auto refused = [&](std::vector<std::string> parts, const Ciphertext& x, const Ciphertext& zero, int bits) {
    expect_error(Code::kInvalidArgument, parts, [&] { rerandomise(lab.ring, x, zero, bits, seed, 0); });
  };
  Ciphertext chosen = lab.zero;
  chosen.seed.reset();
  refused({"seeded"}, lab.x, chosen, 10);
  Ciphertext slots = lab.zero;
  slots.encoding = Encoding::kSlots;
  refused({"encoding 1", "encoding 0"}, lab.x, slots, 10);
  Ciphertext three = lab.x;
  three.components.push_back(three.components[0]);
  refused({"2 components", "3"}, three, lab.zero, 10);
  refused({"0 bits", "1..100"}, lab.x, lab.zero, 0);
  refused({"101 bits"}, lab.x, lab.zero, 101);
  refused({"95 bits at level 1", "93.0 bits"}, lab.x, lab.zero, 95);
  expect_error(Code::kInvalidArgument, {"10.5 bits"}, [&] { check_flooding(lab.ring, 1, 10.5); });
}

}  // namespace
}  // namespace tacet::testing
