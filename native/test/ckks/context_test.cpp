// SPDX-License-Identifier: Apache-2.0
#include "ckks/context.h"

#include "support/fixture.h"

namespace tacet::testing {
namespace {

/// `count` primes of `bits` bits in all, the last one special.
ParameterSpec spec_with(int log_n, int bits, int count, Security security, RingType ring = RingType::kStandard) {
  ParameterSpec spec;
  spec.ring_type = ring;
  spec.log_n = log_n;
  spec.log_scale = 30;
  spec.security = security;
  std::vector<u64> primes = primes_below(bits, count, log_n, ring);
  spec.p = {primes.back()};
  primes.pop_back();
  spec.q = primes;
  return spec;
}

TEST(SecurityTable, HoldsTheValuesOf2024463) {
  const int expected[6][4] = {{53, 36, 27, 40},     {106, 73, 56, 80},    {214, 147, 114, 161},
                              {430, 297, 230, 322}, {868, 597, 462, 644}, {1747, 1199, 929, 1289}};
  const Security levels[] = {Security::kClassical128, Security::kClassical192, Security::kClassical256,
                             Security::kQuantum128};
  for (int log_n = 11; log_n <= 16; ++log_n) {
    for (int level = 0; level < 4; ++level) EXPECT_EQ(expected[log_n - 11][level], max_log_qp(log_n, levels[level]));
  }
  EXPECT_EQ(0, max_log_qp(10, Security::kClassical128));
  EXPECT_EQ(0, max_log_qp(17, Security::kClassical128));
}

class ContextIn : public ::testing::TestWithParam<RingType> {};

INSTANTIATE_TEST_SUITE_P(Rings, ContextIn, ::testing::ValuesIn(kBothRings),
                         [](const auto& test) { return name_of(test.param); });

TEST_P(ContextIn, AModulusAtTheBoundIsAcceptedAndOneBitsMoreIsRefusedWithNumbers) {
  const auto spec = [](int log_n, int bits, int count, Security security) {
    return spec_with(log_n, bits, count, security, GetParam());
  };
  // 2^13: 214 bits. 5 primes below 2^42.8 fit; 218 bits, which the 2018 tables allow, do not.
  Context::create(spec(13, 42, 5, Security::kClassical128));
  ParameterSpec over = spec(13, 43, 4, Security::kClassical128);
  over.q.push_back(primes_below(46, 1, 13, GetParam()).front());
  expect_error(Code::kInvalidArgument, {"218.00", "214", "2^13", "128 bits"}, [&] { Context::create(over); });
  expect_error(Code::kInvalidArgument, {"147"},
               [&] { Context::create(spec(13, 42, 5, Security::kClassical192)); });
  expect_error(Code::kInvalidArgument, {"114"},
               [&] { Context::create(spec(13, 42, 5, Security::kClassical256)); });
  expect_error(Code::kInvalidArgument, {"161", "quantum"},
               [&] { Context::create(spec(13, 42, 5, Security::kQuantum128)); });
}

TEST_P(ContextIn, TheSecurityTableCountsTheSpecialPrimes) {
  ParameterSpec spec = spec_with(13, 42, 5, Security::kClassical128, GetParam());
  spec.p = primes_below(49, 1, 13, GetParam());
  expect_error(Code::kInvalidArgument, {"217.00", "214"}, [&] { Context::create(spec); });
}

TEST_P(ContextIn, OnlyUncheckedParametersPassTheTable) {
  ParameterSpec spec = spec_with(13, 50, 10, Security::kClassical128, GetParam());
  expect_error(Code::kInvalidArgument, {"500.00"}, [&] { Context::create(spec); });
  spec.security = Security::kUncheckedForTests;
  EXPECT_NEAR(500, Context::create(spec)->log2_qp(), 0.01);
}

TEST(Context, TheConjugateInvariantRingHasNRealSlotsAndTheTableOfItsDegree) {
  ParameterSpec spec = spec_with(13, 42, 4, Security::kClassical128, RingType::kConjugateInvariant);
  const auto context = Context::create(spec);
  EXPECT_EQ(8192u, context->n());
  EXPECT_EQ(8192u, context->slots());
  EXPECT_TRUE(context->real_slots());
  EXPECT_FALSE(Context::create(spec_with(13, 42, 4, Security::kClassical128))->real_slots());
  spec.q = spec_with(13, 42, 5, Security::kClassical128).q;
  expect_error(Code::kInvalidArgument, {"4N = 32768"}, [&] { Context::create(spec); });
  spec = spec_with(13, 45, 5, Security::kClassical128, RingType::kConjugateInvariant);
  expect_error(Code::kInvalidArgument, {"225.00", "214", "2^13"}, [&] { Context::create(spec); });
}

TEST_P(ContextIn, RefusesNumbersOutsideTheirBounds) {
  const auto refuse = [](const std::vector<std::string>& parts, auto change) {
    ParameterSpec spec = spec_with(13, 42, 4, Security::kClassical128, GetParam());
    change(spec);
    expect_error(Code::kInvalidArgument, parts, [&] { Context::create(spec); });
  };
  refuse({"degree is 10", "11..16"}, [](ParameterSpec& s) { s.log_n = 10; });
  refuse({"degree is 17"}, [](ParameterSpec& s) { s.log_n = 17; });
  refuse({"scale is 0"}, [](ParameterSpec& s) { s.log_scale = 0; });
  refuse({"chain primes is 0"}, [](ParameterSpec& s) { s.q.clear(); });
  refuse({"special primes is 17"}, [](ParameterSpec& s) { s.p.assign(17, 5); });
  refuse({"digit size is 4", "1..3"}, [](ParameterSpec& s) { s.digit_size = 4; });
  refuse({"digit size is 0"}, [](ParameterSpec& s) { s.digit_size = 0; });
  refuse({"not prime"}, [](ParameterSpec& s) { s.q[0] = 32769; });
  refuse({"twice"}, [](ParameterSpec& s) { s.q[0] = s.q[1]; });
  refuse({"ring type 2"}, [](ParameterSpec& s) { s.ring_type = static_cast<RingType>(2); });
  refuse({"security level 9"}, [](ParameterSpec& s) { s.security = static_cast<Security>(9); });
  refuse({"2^50"}, [](ParameterSpec& s) { s.q[0] = (u64{1} << 51) + 1; });
}

}  // namespace
}  // namespace tacet::testing
