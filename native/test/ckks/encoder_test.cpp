// SPDX-License-Identifier: Apache-2.0
#include "ckks/encoder.h"

#include <limits>

#include "ckks/rounding.h"
#include "ckks/slot_transform.h"
#include "reference/vectors.h"
#include "ring/transform.h"
#include "support/fixture.h"

namespace tacet::testing {
namespace {

class EncoderIn : public ::testing::TestWithParam<RingType> {
 protected:
  const RingType ring = GetParam();
  const bool standard = ring == RingType::kStandard;
};

INSTANTIATE_TEST_SUITE_P(Rings, EncoderIn, ::testing::ValuesIn(kBothRings),
                         [](const auto& test) { return name_of(test.param); });

TEST_P(EncoderIn, EncodingIsTheInverseOfTheCanonicalEmbedding) {
  const Lab lab(Shape{5, 1, 40, 1, 1, ring});
  const vectors::OfRing& known = vectors::of(ring);
  const Plaintext p =
      lab.encoder.encode(known.encode_real.data(), known.encode_imaginary.data(), lab.slots(), 1, Scale::power_of_two(30));
  const Poly<Coeff> coefficients = to_coeff(lab.ring(), p.poly);
  for (int limb = 0; limb < 2; ++limb) {
    for (std::size_t k = 0; k < 32; ++k) {
      EXPECT_EQ(residue_of(known.encode_coefficients_at_2_30[k], 0, lab.ring().modulus(limb)),
                coefficients.limb(limb)[k])
          << k;
    }
  }
}

TEST_P(EncoderIn, DecodesWhatItEncodedForAllDegreesAndLevels) {
  for (int log_n : {4, 6, 11, 13}) {
    const Lab lab(Shape{log_n, 3, 40, 1, 1, ring});
    const std::vector<double> x = lab.random(1), y = standard ? lab.random(2) : std::vector<double>(lab.slots(), 0.0);
    for (int level = 0; level <= 3; ++level) {
      std::vector<double> real(lab.slots()), imaginary(lab.slots());
      DecodeStats stats;
      lab.encoder.decode(lab.encoder.encode(x.data(), y.data(), x.size(), level, lab.scale), real.data(),
                         imaginary.data(), &stats);
      for (std::size_t i = 0; i < lab.slots(); ++i) {
        EXPECT_NEAR(x[i], real[i], 1e-9);
        EXPECT_NEAR(y[i], imaginary[i], 1e-9);
      }
      EXPECT_NEAR(lab.ring().log2_q(level), stats.modulus_log2, 1e-9);
      EXPECT_LT(stats.max_coefficient_log2, 41);
      EXPECT_GT(stats.max_coefficient_log2, 30);
    }
  }
}

TEST_P(EncoderIn, SlotJIsTheValueAtThePowerFiveToTheJ) {
  const Lab lab(Shape{5, 0, 40, 1, 0, ring});
  std::vector<double> coefficients(32, 0.0);
  coefficients[3] = 1;
  Plaintext p = lab.encoder.encode_coefficients(coefficients.data(), 32, 0, lab.scale);
  p.encoding = Encoding::kSlots;
  std::vector<double> real(lab.slots()), imaginary(lab.slots());
  lab.encoder.decode(p, real.data(), imaginary.data());
  const u64 order = root_order(ring, 32);
  u64 power = 1;
  for (std::size_t j = 0; j < lab.slots(); ++j, power = power * 5 % order) {
    const double angle = 6 * std::acos(-1.0) * static_cast<double>(power) / static_cast<double>(order);
    EXPECT_NEAR((standard ? 1 : 2) * std::cos(angle), real[j], 1e-10);  // X^3, or X^3 + X^-3
    EXPECT_NEAR(standard ? std::sin(angle) : 0, imaginary[j], 1e-10);
  }
}

TEST_P(EncoderIn, MissingValuesAreZero) {
  const Lab lab(Shape{6, 0, 40, 1, 0, ring});
  const double one[] = {1.0};
  std::vector<double> real(lab.slots());
  lab.encoder.decode(lab.encoder.encode(one, nullptr, 1, 0, lab.scale), real.data(), nullptr);
  EXPECT_NEAR(1, real[0], 1e-10);
  for (std::size_t i = 1; i < real.size(); ++i) EXPECT_NEAR(0, real[i], 1e-10);
}

TEST_P(EncoderIn, ScalesBeyond63BitsAreExact) {
  const Lab lab(Shape{6, 5, 45, 1, 1, ring});
  for (int bits : {62, 63, 80, 150}) {
    const std::vector<double> constant(lab.slots(), -1.5);
    const Plaintext p = lab.encoder.encode(constant.data(), nullptr, constant.size(), 5, Scale::power_of_two(bits));
    const Poly<Coeff> coefficients = to_coeff(lab.ring(), p.poly);
    for (int limb = 0; limb <= 5; ++limb) {
      EXPECT_EQ(residue_of(-3, bits - 1, lab.ring().modulus(limb)), coefficients.limb(limb)[0]);
    }
    std::vector<double> real(lab.slots());
    lab.encoder.decode(p, real.data(), nullptr);
    for (double x : real) EXPECT_NEAR(-1.5, x, 1e-12);
  }
}

TEST_P(EncoderIn, RationalScalesAreHonoured) {
  const Lab lab(Shape{6, 2, 40, 1, 1, ring});
  const Scale scale = Scale::power_of_two(10).times_prime(1, 1).times_prime(2, 1).times_prime(0, -1);
  const std::vector<double> x = lab.random(3);
  std::vector<double> real(lab.slots());
  lab.encoder.decode(lab.encoder.encode(x.data(), nullptr, x.size(), 2, scale), real.data(), nullptr);
  for (std::size_t i = 0; i < real.size(); ++i) EXPECT_NEAR(x[i], real[i], 1e-8);
}

TEST_P(EncoderIn, DecodesModuliBeyondTheRangeOfDoubles) {
  const Lab lab(Shape{5, 25, 50, 1, 0, ring});  // about 1300 bits
  const std::vector<double> x = lab.random(4);
  std::vector<double> real(lab.slots());
  DecodeStats stats;
  lab.encoder.decode(lab.encoder.encode(x.data(), nullptr, x.size(), 25, Scale::power_of_two(1200)), real.data(), nullptr,
                     &stats);
  for (std::size_t i = 0; i < real.size(); ++i) EXPECT_NEAR(x[i], real[i], 1e-12);
  EXPECT_GT(stats.modulus_log2, 1290);
  EXPECT_NEAR(1199, stats.max_coefficient_log2, 3);
}

TEST_P(EncoderIn, RefusesNanInfinityAndOverflowNamingTheSlotAndNeverTheValue) {
  const Lab lab(Shape{6, 1, 40, 1, 1, ring});
  std::vector<double> x(lab.slots(), 0.5);
  const auto encode = [&](int level, int bits) {
    lab.encoder.encode(x.data(), nullptr, x.size(), level, Scale::power_of_two(bits));
  };
  x[7] = std::nan("");
  expect_error(Code::kInvalidArgument, {"slot 7", "NaN"}, [&] { encode(1, 40); });
  x[7] = std::numeric_limits<double>::infinity();
  expect_error(Code::kInvalidArgument, {"slot 7", "infinite"}, [&] { encode(1, 40); });
  std::fill(x.begin(), x.end(), 512.25);
  x[9] = 600.75;
  expect_error(Code::kInvalidArgument, {"slot 9", "2^48.00", "level 0"}, [&] { encode(0, 40); });
  encode(1, 40);
  try {
    encode(0, 40);
  } catch (const Error& error) {
    EXPECT_EQ(std::string::npos, error.text.find("600"));
  }
}

TEST_P(EncoderIn, RefusesImaginaryPartsWhereSlotsAreRealNamingTheSlot) {
  const Lab lab(Shape{6, 1, 40, 1, 1, ring});
  const std::vector<double> x(lab.slots(), 0.5);
  std::vector<double> y(lab.slots(), 0.0);
  const auto encode = [&] { lab.encoder.encode(x.data(), y.data(), x.size(), 1, lab.scale); };
  encode();
  y[5] = -1e-300;
  if (standard) return encode();
  expect_error(Code::kInvalidArgument, {"slot 5", "imaginary", "CONJUGATE_INVARIANT"}, encode);
  y[5] = std::nan("");
  expect_error(Code::kInvalidArgument, {"slot 5", "NaN"}, encode);
}

TEST_P(EncoderIn, RefusesTooManyValuesAndLevelsOutsideTheChain) {
  const Lab lab(Shape{6, 1, 40, 1, 1, ring});
  const std::vector<double> x(lab.slots() + 1, 0.5);
  expect_error(Code::kInvalidArgument, standard ? std::vector<std::string>{"33 values", "32 slots"}
                                                : std::vector<std::string>{"65 values", "64 slots"},
               [&] { lab.encoder.encode(x.data(), nullptr, x.size(), 1, lab.scale); });
  expect_error(Code::kInvalidArgument, {"level 2", "0..1"},
               [&] { lab.encoder.encode(x.data(), nullptr, 3, 2, lab.scale); });
  expect_error(Code::kInvalidArgument, {"SLOTS", "COEFFICIENTS"}, [&] {
    std::vector<double> out(64);
    lab.encoder.decode_coefficients(lab.encoder.encode(x.data(), nullptr, 3, 1, lab.scale), out.data());
  });
}

TEST_P(EncoderIn, TheFractionTellsAnOverflowFromAnHonestAnswer) {
  Lab lab(Shape{6, 1, 40, 1, 1, ring});
  std::vector<double> x(lab.slots(), 0.5);
  DecodeStats stats;
  lab.decrypt(lab.encrypt(x, 0), &stats);
  EXPECT_LT(stats.fraction, 0.05);
  const SecretKey other = SecretKey::from_seed(lab.ring(), secret_seed(99));
  lab.encoder.decode(decrypt(lab.ring(), other, lab.encrypt(x, 0)), x.data(), nullptr, &stats);
  EXPECT_GT(stats.fraction, 1);
}

TEST(Rounding, IsToNearestWithTiesToEvenAndExactForBigDoubles) {
  EXPECT_EQ(2, round_to_integer(2.5, 0).mantissa);
  EXPECT_EQ(4, round_to_integer(3.5, 0).mantissa);
  EXPECT_EQ(-3, round_to_integer(-2.75, 0).mantissa);
  EXPECT_EQ(0, round_to_integer(0.0, 100).mantissa);
  EXPECT_EQ(11, round_to_integer(2.75, 2).mantissa);
  const RoundedInteger product = round_scaled(-std::numeric_limits<double>::max(), {1.75, 10});
  EXPECT_NEAR(1024 + 10 + std::log2(1.75), product.log2(), 1e-9);
  EXPECT_LT(product.mantissa, 0);
  EXPECT_EQ(-7, round_scaled(-1.0, {1.75, 2}).mantissa);
  EXPECT_EQ(0, round_scaled(std::numeric_limits<double>::denorm_min(), {1.5, 100}).mantissa);
  const RoundedInteger big = round_to_integer(-3.0, 100);
  EXPECT_EQ(residue_of(-3, 100, Modulus(7681)), big.residue(Modulus(7681)));
  EXPECT_NEAR(100 + std::log2(3.0), big.log2(), 1e-12);
}

}  // namespace
}  // namespace tacet::testing
