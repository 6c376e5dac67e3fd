// SPDX-License-Identifier: Apache-2.0
#include "circuits/polynomial.h"

#include "support/fixture.h"

namespace tacet::testing {
namespace {

double clear_value(Basis basis, const std::vector<double>& c, double x) {
  double sum = 0;
  for (std::size_t i = 0; i < c.size(); ++i) {
    sum += c[i] * (basis == Basis::kMonomial ? std::pow(x, static_cast<double>(i))
                                             : std::cos(static_cast<double>(i) * std::acos(x)));
  }
  return sum;
}

std::vector<double> random_coefficients(std::size_t degree, unsigned seed) {
  std::mt19937_64 engine(seed);
  std::uniform_real_distribution<double> numbers(-1, 1);
  std::vector<double> out(degree + 1);
  for (double& c : out) c = numbers(engine) / std::sqrt(static_cast<double>(degree + 1));
  return out;
}

class Polynomial : public ::testing::TestWithParam<std::tuple<Basis, RingType>> {
 protected:
  static Lab* made(RingType ring) {
    Lab* lab = new Lab(Shape{11, 8, 40, 2, 2, ring});
    lab->add_key(0);
    return lab;
  }
  static Lab& lab() {
    static Lab* standard = made(RingType::kStandard);
    static Lab* conjugate_invariant = made(RingType::kConjugateInvariant);
    return *(std::get<1>(GetParam()) == RingType::kStandard ? standard : conjugate_invariant);
  }

  const Basis basis = std::get<0>(GetParam());
};

TEST_P(Polynomial, HasTheDeclaredLevelAndExactScaleAndValueAtEveryDegreeUpTo40) {
  Lab& l = lab();
  const std::vector<double> x = l.random(1);
  const Ciphertext input = l.encrypt(x);
  for (std::size_t degree = 1; degree <= 40; ++degree) {
    const std::vector<double> c = random_coefficients(degree, static_cast<unsigned>(degree));
    const Scale target = Scale::power_of_two(39).times_prime(1).times_prime(2, -1);
    const Ciphertext y = evaluate_polynomial(l.evaluator, input, basis, c.data(), degree, target);
    EXPECT_EQ(l.top() - polynomial_depth(degree), y.level) << degree;
    EXPECT_TRUE(target == y.scale) << degree;
    EXPECT_EQ(2, y.size());
    EXPECT_LT(l.error(y, [&](std::size_t i) { return clear_value(basis, c, x[i]); }), 2e-6) << "degree " << degree;
  }
}

TEST_P(Polynomial, RunsAtDegrees63And127) {
  Lab& l = lab();
  const std::vector<double> x = l.random(2);
  const Ciphertext input = l.encrypt(x);
  for (std::size_t degree : {std::size_t{63}, std::size_t{127}}) {
    const std::vector<double> c = random_coefficients(degree, 7);
    const Ciphertext y = evaluate_polynomial(l.evaluator, input, basis, c.data(), degree, l.scale);
    EXPECT_LT(l.error(y, [&](std::size_t i) { return clear_value(basis, c, x[i]); }), 1e-5) << "degree " << degree;
  }
}

TEST_P(Polynomial, TakesSparseOddAndConstantCoefficients) {
  Lab& l = lab();
  const std::vector<double> x = l.random(3);
  const Ciphertext input = l.encrypt(x);
  const std::vector<std::vector<double>> cases = {
      {0.5, 0, 0, 0},
      {0, 0, 0, 0, 0},
      {0, 0, 0, 0, 0.25},
      {0, 0.5, 0, -0.25, 0, 0.125, 0, 0.0625},
      {0.1, 0, 0, 0, 0, 0, 0, 0, 1},
      {0, 0, 1},
      {0.3, -0.7},
      {0, 0, 0, 0, 0.5, 0.5, 0, 0, 0, 0},
  };
  for (const std::vector<double>& c : cases) {
    const Ciphertext y = evaluate_polynomial(l.evaluator, input, basis, c.data(), c.size() - 1, l.scale);
    EXPECT_EQ(l.top() - polynomial_depth(c.size() - 1), y.level);
    EXPECT_LT(l.error(y, [&](std::size_t i) { return clear_value(basis, c, x[i]); }), 1e-6);
  }
}

TEST_P(Polynomial, TheCheckRefusesWhatTheEvaluationWould) {
  Lab& l = lab();
  const Ciphertext input = l.encrypt(l.random(9));
  int refused = 0, allowed = 0;
  for (const std::size_t degree : {1, 2, 5}) {
    const int level = polynomial_depth(degree);  // the least one: the fewest bits
    const Ciphertext x = l.evaluator.drop_level(input, level);
    for (std::size_t large = 0; large <= degree; ++large) {
      for (const double magnitude : {1.0, 1e5, 1e12, 1e18, 1e25, 1e33}) {
        std::vector<double> c = random_coefficients(degree, 11);
        c[large] = magnitude;
        std::string evaluated, checked;
        try {
          evaluate_polynomial(l.evaluator, x, basis, c.data(), degree, l.scale);
        } catch (const Error& error) {
          evaluated = error.text;
        }
        try {
          check_polynomial(*l.context, level, x.scale, basis, c.data(), degree, l.scale);
        } catch (const Error& error) {
          checked = error.text;
        }
        EXPECT_EQ(evaluated, checked) << "degree " << degree << ", coefficient " << large << " is " << magnitude;
        ++(evaluated.empty() ? allowed : refused);
      }
    }
  }
  EXPECT_GT(allowed, 10);
  EXPECT_GT(refused, 10);
}

INSTANTIATE_TEST_SUITE_P(BasesAndRings, Polynomial,
                         ::testing::Combine(::testing::Values(Basis::kMonomial, Basis::kChebyshev),
                                            ::testing::ValuesIn(kBothRings)),
                         [](const auto& test) {
                           const bool monomial = std::get<0>(test.param) == Basis::kMonomial;
                           return (monomial ? "Monomial_" : "Chebyshev_") + name_of(std::get<1>(test.param));
                         });

class PolynomialErrors : public ::testing::TestWithParam<RingType> {
 protected:
  Lab l{Shape{11, 2, 40, 1, 1, GetParam()}};
  Ciphertext input = l.encrypt(l.random(1));
};

INSTANTIATE_TEST_SUITE_P(Rings, PolynomialErrors, ::testing::ValuesIn(kBothRings),
                         [](const auto& test) { return name_of(test.param); });

TEST_P(PolynomialErrors, ALevelThatIsTooLowIsRefusedWithBothNumbers) {
  const std::vector<double> c(9, 0.1);
  expect_error(Code::kInvalidArgument, {"degree 8", "level 4", "has 2"},
               [&] { evaluate_polynomial(l.evaluator, input, Basis::kMonomial, c.data(), 8, l.scale); });
}

TEST_P(PolynomialErrors, AMissingRelinearizationKeyIsNamedWithItsLevel) {
  const std::vector<double> c(3, 0.1);
  expect_error(Code::kMissingKey, {"relinearization", "level 2"},
               [&] { evaluate_polynomial(l.evaluator, input, Basis::kMonomial, c.data(), 2, l.scale); });
}

TEST_P(PolynomialErrors, CoefficientsMustBeFinite) {
  const std::vector<double> c = {0, 1, std::nan("")};
  expect_error(Code::kInvalidArgument, {"coefficient 2"},
               [&] { evaluate_polynomial(l.evaluator, input, Basis::kChebyshev, c.data(), 2, l.scale); });
}

TEST(PolynomialDepth, IsTheCeilingOfLog2OfDegreePlusOne) {
  EXPECT_EQ(1, polynomial_depth(1));
  EXPECT_EQ(2, polynomial_depth(2));
  EXPECT_EQ(2, polynomial_depth(3));
  EXPECT_EQ(3, polynomial_depth(4));
  EXPECT_EQ(6, polynomial_depth(63));
  EXPECT_EQ(7, polynomial_depth(64));
}

}  // namespace
}  // namespace tacet::testing
