// SPDX-License-Identifier: Apache-2.0
#include "ckks/evaluator.h"

#include <algorithm>
#include <limits>

#include "support/fixture.h"
#include "support/memory_flags.h"
#include "util/buffer.h"
#include "util/thread_pool.h"

namespace tacet::testing {
namespace {

/// Scale 2^40, unit inputs: fresh noise is below 2^-24 of a slot at these degrees, a key switch adds less than 2^-22.
constexpr double kBound = 1e-6;

class EvaluatorOver : public ::testing::TestWithParam<Shape> {
 protected:
  EvaluatorOver() : lab(GetParam()), x(lab.random(1)), y(lab.random(2)), cx(lab.encrypt(x)), cy(lab.encrypt(y)) {}

  double at(const std::vector<double>& v, std::size_t i, i64 steps) const {
    const i64 m = static_cast<i64>(lab.slots());
    return v[static_cast<std::size_t>(((static_cast<i64>(i) + steps) % m + m) % m)];
  }

  Lab lab;
  std::vector<double> x, y;
  Ciphertext cx, cy;
};

TEST_P(EvaluatorOver, AddsSubtractsAndNegates) {
  EXPECT_LT(lab.error(lab.evaluator.add(cx, cy), [&](std::size_t i) { return x[i] + y[i]; }), kBound);
  EXPECT_LT(lab.error(lab.evaluator.subtract(cx, cy), [&](std::size_t i) { return x[i] - y[i]; }), kBound);
  EXPECT_LT(lab.error(lab.evaluator.negate(cx), [&](std::size_t i) { return -x[i]; }), kBound);
  EXPECT_FALSE(lab.evaluator.negate(cx).seed.has_value());
}

TEST_P(EvaluatorOver, TakesPlaintextsAndScalars) {
  const Plaintext p = lab.encoder.encode(y.data(), nullptr, y.size(), lab.top(), lab.scale);
  EXPECT_LT(lab.error(lab.evaluator.add_plain(cx, p), [&](std::size_t i) { return x[i] + y[i]; }), kBound);
  const Ciphertext product = lab.evaluator.multiply_plain(cx, p);
  EXPECT_TRUE(product.scale == lab.scale * lab.scale);
  EXPECT_LT(lab.error(product, [&](std::size_t i) { return x[i] * y[i]; }), kBound);
  EXPECT_LT(lab.error(lab.evaluator.add_scalar(cx, -0.75), [&](std::size_t i) { return x[i] - 0.75; }), kBound);
  EXPECT_LT(lab.error(lab.evaluator.multiply_scalar(cx, -0.3, Scale::power_of_two(30)),
                      [&](std::size_t i) { return -0.3 * x[i]; }),
            kBound);
  const Ciphertext tripled = lab.evaluator.multiply_scalar(cx, 3, Scale());
  EXPECT_TRUE(tripled.scale == cx.scale);
  EXPECT_LT(lab.error(tripled, [&](std::size_t i) { return 3 * x[i]; }), kBound);
}

bool same_words(const Ciphertext& a, const Ciphertext& b) {
  bool same = a.level == b.level && a.scale == b.scale && a.size() == b.size();
  for (std::size_t k = 0; same && k < a.components.size(); ++k) {
    const Poly<Eval>&one = a.components[k], &other = b.components[k];
    same = one.limbs() == other.limbs() && std::equal(one.limb(0), one.limb(one.limbs()), other.limb(0));
  }
  return same;
}

TEST_P(EvaluatorOver, ALinearCombinationHasTheWordsOfItsSteps) {
  const Evaluator& e = lab.evaluator;
  const int level = lab.top() - 1;
  const Scale plain = Scale::power_of_two(30), wanted = cx.scale * plain;
  const Ciphertext low_y = e.drop_level(cy, level);
  const Ciphertext steps = e.add(e.multiply_scalar(e.drop_level(cx, level), 0.375, plain), e.multiply_scalar(low_y, -1.25, plain));
  EXPECT_TRUE(same_words(steps, e.linear_combination({{&cx, 0.375}, {&low_y, -1.25}}, level, wanted)));
  EXPECT_TRUE(same_words(e.add(steps, steps), e.linear_combination({{&cx, 0.375}, {&cy, -1.25}}, level, wanted, &steps)));
  Ciphertext product = e.multiply(low_y, low_y);
  product.scale = wanted;
  EXPECT_TRUE(same_words(e.add(steps, product), e.linear_combination({{&cx, 0.375}, {&cy, -1.25}}, level, wanted, &product)));
  EXPECT_FALSE(e.linear_combination({{&cx, 1.0}}, lab.top(), wanted).seed.has_value());
}

TEST_P(EvaluatorOver, AProductWithAnAddendHasTheWordsOfItsSteps) {
  const Evaluator& e = lab.evaluator;
  const Ciphertext product = e.multiply(cx, cy), two = e.multiply_scalar(cx, 0.5, cy.scale);
  EXPECT_TRUE(same_words(e.add(product, two), e.multiply(cx, cy, &two)));
  EXPECT_TRUE(same_words(e.add(product, product), e.multiply(cx, cy, &product)));
}

TEST_P(EvaluatorOver, LinearCombinationsAndAddendsRefuseWhatDoesNotFit) {
  const Evaluator& e = lab.evaluator;
  const Scale wanted = cx.scale * Scale::power_of_two(30);
  const int top = lab.top();
  const Ciphertext low = e.drop_level(cx, top - 1), product = e.multiply(cx, cy);
  expect_error(Code::kInvalidArgument, {"0 terms", "4095"}, [&] { e.linear_combination({}, top, wanted); });
  expect_error(Code::kInvalidArgument, {"from level " + std::to_string(top - 1) + " to level " + std::to_string(top)},
               [&] { e.linear_combination({{&low, 1.0}}, top, wanted); });
  expect_error(Code::kInvalidArgument, {"3; relinearize first"}, [&] { e.linear_combination({{&product, 1.0}}, top, wanted); });
  expect_error(Code::kInvalidArgument, {"levels"}, [&] { e.linear_combination({{&cx, 1.0}}, top, cx.scale, &low); });
  expect_error(Code::kInvalidArgument, {"scales"}, [&] { e.linear_combination({{&cx, 1.0}}, top, wanted, &cx); });
  expect_error(Code::kInvalidArgument, {"NaN"}, [&] { e.linear_combination({{&cx, std::nan("")}}, top, wanted); });
  expect_error(Code::kInvalidArgument, {"scales"}, [&] { e.multiply(cx, cy, &cx); });
  expect_error(Code::kInvalidArgument, {"levels"}, [&] { e.multiply(cx, cy, &low); });
}

TEST_P(EvaluatorOver, MultipliesRelinearizesAndRescales) {
  lab.add_key(0);
  const Ciphertext three = lab.evaluator.multiply(cx, cy);
  EXPECT_EQ(3, three.size());
  EXPECT_LT(lab.error(three, [&](std::size_t i) { return x[i] * y[i]; }), kBound);
  const Ciphertext two = lab.evaluator.relinearize(three);
  EXPECT_EQ(2, two.size());
  EXPECT_LT(lab.error(two, [&](std::size_t i) { return x[i] * y[i]; }), kBound);
  const Ciphertext rescaled = lab.evaluator.rescale(two);
  EXPECT_EQ(lab.top() - 1, rescaled.level);
  EXPECT_TRUE(rescaled.scale == lab.scale * lab.scale / Scale().times_prime(lab.top()));
  EXPECT_LT(lab.error(rescaled, [&](std::size_t i) { return x[i] * y[i]; }), kBound);
  const Ciphertext late =
      lab.evaluator.relinearize(lab.evaluator.rescale(three));  // the key is truncated to the lower level
  // The rounding of the third component comes times s^2, which at a real slot has mean 2N * 2/3 (a square of a normal number)
  // and at a complex one N * 2/3 (the sum of two, rarely large).
  const double third = GetParam().ring == RingType::kStandard ? kBound : 8 * kBound;
  EXPECT_LT(lab.error(late, [&](std::size_t i) { return x[i] * y[i]; }), third);
  EXPECT_LT(lab.error(lab.evaluator.square(cx), [&](std::size_t i) { return x[i] * x[i]; }), kBound);
}

TEST_P(EvaluatorOver, FusedProductsEqualTheirPartsUpToTheRounding) {
  lab.add_key(0);
  const auto product = [&](std::size_t i) { return x[i] * y[i]; };
  const Ciphertext three = lab.evaluator.multiply(cx, cy);
  const Ciphertext linear = lab.evaluator.multiply_relinearize(cx, cy);
  const Ciphertext steps = lab.evaluator.relinearize(three);
  ASSERT_EQ(2, linear.size());
  for (std::size_t c = 0; c < 2; ++c) {  // the same integers in another order: the same bits
    for (int limb = 0; limb <= lab.top(); ++limb) {
      for (std::size_t i = 0; i < lab.context->n(); ++i) {
        ASSERT_EQ(steps.components[c].limb(limb)[i], linear.components[c].limb(limb)[i]);
      }
    }
  }
  const Ciphertext apart = lab.evaluator.rescale(steps);
  const double apart_error = lab.error(apart, product);
  for (const Ciphertext& whole :
       {lab.evaluator.multiply_relinearize_rescale(cx, cy), lab.evaluator.relinearize_rescale(three)}) {
    EXPECT_EQ(2, whole.size());
    EXPECT_EQ(apart.level, whole.level);
    EXPECT_TRUE(apart.scale == whole.scale);
    EXPECT_LT(lab.error(whole, product), 1.5 * apart_error + 1e-10);
  }
  EXPECT_LT(lab.error(lab.evaluator.relinearize_rescale(steps), product), kBound);  // two components: a rescale
}

#if !defined(TACET_SANITIZED)  // freed blocks are not kept under the address sanitizer
TEST_P(EvaluatorOver, AnOperationThatRunsAgainTakesNoMemoryFromTheSystem) {
  lab.add_key(0);
  lab.add_rotation(1);
  lab.add_rotation(2);
  const auto work = [&] {
    lab.evaluator.rotate(cx, 1);
    lab.evaluator.rotate_hoisted(cx, {1, 2});
    lab.evaluator.rescale(lab.evaluator.multiply_relinearize_rescale(cx, cy));
  };
  for (int i = 0; i < 3; ++i) work();
  const u64 before = blocks_from_system();
  // as many blocks as the threads may have held at once were kept; how they interleave may ask for a few more
  for (int i = 0; i < 20; ++i) work();
  EXPECT_LE(blocks_from_system() - before, 8 * pool().size());
}
#endif

TEST_P(EvaluatorOver, AFusedProductTakesAnAddendBeforeItsRescale) {
  lab.add_key(0);
  const Ciphertext wide = lab.evaluator.multiply_scalar(cx, -3, lab.scale);
  const Ciphertext sum = lab.evaluator.multiply_relinearize_rescale(cx, cy, &wide);
  EXPECT_LT(lab.error(sum, [&](std::size_t i) { return x[i] * y[i] - 3 * x[i]; }), kBound);
}

TEST_P(EvaluatorOver, AddsThreeComponentsToTwo) {
  const Ciphertext product = lab.evaluator.multiply(cx, cy);
  Ciphertext wide = lab.evaluator.multiply_scalar(cx, 1, lab.scale);
  EXPECT_LT(lab.error(lab.evaluator.add(product, wide), [&](std::size_t i) { return x[i] * y[i] + x[i]; }), kBound);
  EXPECT_LT(lab.error(lab.evaluator.subtract(wide, product), [&](std::size_t i) { return x[i] - x[i] * y[i]; }),
            kBound);
}

TEST_P(EvaluatorOver, RotatesAtEveryLevelWithTheTopKey) {
  lab.add_rotation(3);
  for (int level = 0; level <= lab.top(); ++level) {
    const Ciphertext rotated = lab.evaluator.rotate(lab.evaluator.drop_level(cx, level), 3);
    EXPECT_EQ(level, rotated.level);
    EXPECT_LT(lab.error(rotated, [&](std::size_t i) { return at(x, i, 3); }), kBound) << "level " << level;
  }
}

TEST_P(EvaluatorOver, HoistedRotationsEqualSingleOnesAndZeroNeedsNoKey) {
  lab.add_rotation(1);
  lab.add_rotation(-5);
  const std::vector<Ciphertext> all = lab.evaluator.rotate_hoisted(cx, {0, 1, -5, 1 + static_cast<i64>(lab.slots())});
  const i64 steps[] = {0, 1, -5, 1};
  for (std::size_t k = 0; k < all.size(); ++k) {
    EXPECT_LT(lab.error(all[k], [&](std::size_t i) { return at(x, i, steps[k]); }), kBound);
  }
}

TEST_P(EvaluatorOver, SumsRotations) {
  lab.add_rotation(2);
  lab.add_rotation(4);
  lab.add_rotation(8);
  const Ciphertext sum = lab.evaluator.rotate_sum(cx, 2, 8);
  EXPECT_LT(lab.error(sum,
                      [&](std::size_t i) {
                        double total = 0;
                        for (i64 k = 0; k < 8; ++k) total += at(x, i, 2 * k);
                        return total;
                      }),
            8 * kBound);
}

TEST_P(EvaluatorOver, SumsOneRotationAndThoseThatComeRoundToWhereTheyBegan) {
  const i64 slots = static_cast<i64>(lab.slots());
  for (const i64 step : {slots / 4, slots / 2}) lab.add_rotation(step);
  struct Case {
    i64 step, count;
  };
  for (const Case& c : {Case{slots / 2, 2}, Case{slots / 4, 4}, Case{slots / 4, 8}, Case{slots / 2, 4}, Case{0, 4}, Case{3, 1}}) {
    const Ciphertext sum = lab.evaluator.rotate_sum(cx, c.step, c.count);
    EXPECT_EQ(cx.level, sum.level);
    EXPECT_TRUE(cx.scale == sum.scale);
    const auto expected = [&](std::size_t i) {
      double total = 0;
      for (i64 k = 0; k < c.count; ++k) total += at(x, i, c.step * k);
      return total;
    };
    EXPECT_LT(lab.error(sum, expected), static_cast<double>(c.count) * kBound) << c.count << " terms " << c.step << " apart";
  }
}

TEST_P(EvaluatorOver, TheMeanOfACopyOfEachClassIsExactAndCancelsTheRest) {
  const i64 slots = static_cast<i64>(lab.slots()), step = 4, count = slots / step;
  for (i64 distance = step; distance < slots; distance *= 2) lab.add_rotation(distance);
  const Ciphertext mean = lab.evaluator.rotate_mean(cx, step, count);
  EXPECT_EQ(cx.level, mean.level);
  EXPECT_TRUE(cx.scale == mean.scale);
  const auto expected = [&](std::size_t i) {
    double total = 0;
    for (i64 k = 0; k < count; ++k) total += at(x, i, k * step);
    return total / static_cast<double>(count);
  };
  EXPECT_LT(lab.error(mean, expected), kBound);
  EXPECT_LT(lab.error(lab.evaluator.rotate_mean(cx, slots, 1), [&](std::size_t i) { return at(x, i, 0); }), kBound);
}

TEST_P(EvaluatorOver, ConjugatesWhereSlotsAreComplex) {
  if (GetParam().ring != RingType::kStandard) {
    expect_error(Code::kUnsupported, {"conjugate", "CONJUGATE_INVARIANT"}, [&] { lab.evaluator.conjugate(cx); });
    return;
  }
  lab.add_key(conjugation_element(lab.ring()));
  const Plaintext complex = lab.encoder.encode(x.data(), y.data(), x.size(), lab.top(), lab.scale);
  const Ciphertext c = encrypt_secret(lab.ring(), lab.secret, complex, public_seed(200), secret_seed(200));
  std::vector<double> real(lab.slots()), imaginary(lab.slots());
  lab.encoder.decode(decrypt(lab.ring(), lab.secret, lab.evaluator.conjugate(c)), real.data(), imaginary.data());
  for (std::size_t i = 0; i < lab.slots(); ++i) {
    ASSERT_NEAR(x[i], real[i], kBound);
    ASSERT_NEAR(-y[i], imaginary[i], kBound);
  }
}

TEST_P(EvaluatorOver, WorksOnPublicKeyEncryptions) {
  lab.add_key(0);
  const PublicKey key = make_public_key(lab.ring(), lab.secret, public_seed(201), secret_seed(201));
  const Plaintext p = lab.encoder.encode(x.data(), nullptr, x.size(), lab.top(), lab.scale);
  const Ciphertext c = encrypt_public(lab.ring(), key, p, secret_seed(202));
  const Ciphertext square = lab.evaluator.rescale(lab.evaluator.relinearize(lab.evaluator.square(c)));
  EXPECT_LT(lab.error(square, [&](std::size_t i) { return x[i] * x[i]; }), kBound);
}

INSTANTIATE_TEST_SUITE_P(Shapes, EvaluatorOver,
                         ::testing::ValuesIn(in_both_rings({Shape{11, 2, 40, 1, 1}, Shape{12, 3, 40, 1, 1},
                                                            Shape{12, 4, 40, 2, 2}, Shape{12, 5, 40, 3, 3},
                                                            Shape{11, 5, 40, 2, 3}, Shape{11, 3, 40, 4, 4}})),
                         [](const auto& test) { return name_of(test.param); });

class KeySwitching : public ::testing::TestWithParam<RingType> {};

INSTANTIATE_TEST_SUITE_P(Rings, KeySwitching, ::testing::ValuesIn(kBothRings),
                         [](const auto& test) { return name_of(test.param); });

TEST_P(KeySwitching, WithADigitAboveThePIsCorrectUpToTheLargerNoise) {
  Lab lab(Shape{11, 3, 40, 2, 1, GetParam()});  // digits of 89 and 80 bits, P of 50: noise of about 2^38 * sqrt(N) in a coefficient
  lab.add_rotation(1);
  const std::vector<double> x = lab.random(1);
  const Scale large = Scale::power_of_two(75);
  const Ciphertext c = encrypt_secret(lab.ring(), lab.secret, lab.encoder.encode(x.data(), nullptr, x.size(), 3, large),
                                      public_seed(1), secret_seed(1));
  const Ciphertext rotated = lab.evaluator.rotate(c, 1);
  EXPECT_LT(lab.error(rotated, [&](std::size_t i) { return x[(i + 1) % lab.slots()]; }), 1e-4);
}

TEST_P(KeySwitching, WithKeysMadeForALowerLevelIsRightThereAndBelow) {
  Lab lab(Shape{11, 4, 40, 2, 2, GetParam()});
  lab.add_key(galois_element(lab.ring(), 1), 2);
  lab.add_key(0, 2);
  const std::vector<double> x = lab.random(1);
  for (int level : {2, 1}) {
    const Ciphertext c = lab.encrypt(x, level);
    EXPECT_LT(lab.error(lab.evaluator.rotate(c, 1), [&](std::size_t i) { return x[(i + 1) % lab.slots()]; }), kBound);
    const Ciphertext square = lab.evaluator.relinearize(lab.evaluator.square(c));
    EXPECT_LT(lab.error(square, [&](std::size_t i) { return x[i] * x[i]; }), kBound);
  }
}

TEST_P(KeySwitching, WithPrimesBelowTwoToThe32KeepsThemInHalfOfTheWords) {
  for (const Shape& shape : {Shape{11, 3, 31, 2, 2}, Shape{5, 3, 31, 1, 1}}) {
    Lab lab(shape.in(GetParam()));
    const int key_level = 2;
    const EvaluationKey key = expand(lab.ring(), make_evaluation_key(lab.ring(), lab.secret, 0, key_level, public_seed(1), secret_seed(2)));
    const std::size_t limb = 2 * key.digits * lab.context->n();  // the first prime and the special ones are wide
    EXPECT_EQ(limb * static_cast<std::size_t>(1 + lab.ring().special_count()) + limb / 2 * key_level, key.words.size());
    lab.add_rotation(1);
    lab.add_key(0, key_level);
    const std::vector<double> x = lab.random(1);
    for (int level : {3, 2, 1}) {
      const Ciphertext c = lab.encrypt(x, level);
      EXPECT_LT(lab.error(lab.evaluator.rotate(c, 1), [&](std::size_t i) { return x[(i + 1) % lab.slots()]; }), 1e-4);
      if (level > key_level) continue;
      const Ciphertext square = lab.evaluator.relinearize(lab.evaluator.square(c));
      EXPECT_LT(lab.error(square, [&](std::size_t i) { return x[i] * x[i]; }), 1e-4);
    }
  }
}

#if defined(__linux__) && !defined(TACET_SANITIZED)  // the address sanitizer has blocks of its own
TEST_P(KeySwitching, ReadsExpandedKeysFromHugePages) {
  Lab lab(Shape{14, 2, 40, 1, 1, GetParam()});
  const EvaluationKey key =
      expand(lab.ring(), make_evaluation_key(lab.ring(), lab.secret, 5, 2, public_seed(1), secret_seed(2)));
  ASSERT_GT(key.bytes(), std::size_t{2} << 20);
  if (takes_huge_pages()) {
    EXPECT_NE(std::string::npos, flags_of(key.limb(1)).find(" hg "));
  }
}
#endif

class EvaluatorRefuses : public ::testing::TestWithParam<RingType> {
 protected:
  Lab lab{Shape{11, 2, 40, 1, 1, GetParam()}};
  Ciphertext top = lab.encrypt(lab.random(1));
  Ciphertext lower = lab.evaluator.drop_level(top, 1);
};

INSTANTIATE_TEST_SUITE_P(Rings, EvaluatorRefuses, ::testing::ValuesIn(kBothRings),
                         [](const auto& test) { return name_of(test.param); });

TEST_P(EvaluatorRefuses, UnequalLevelsAndScalesWithBothValues) {
  expect_error(Code::kInvalidArgument, {"add", "2 and 1"}, [&] { lab.evaluator.add(top, lower); });
  expect_error(Code::kInvalidArgument, {"multiply", "2 and 1"}, [&] { lab.evaluator.multiply(top, lower); });
  const Ciphertext scaled = lab.evaluator.multiply_scalar(top, 1, Scale::power_of_two(3));
  expect_error(Code::kInvalidArgument, {"2^40", "2^43", "equal"}, [&] { lab.evaluator.add(top, scaled); });
  expect_error(Code::kInvalidArgument, {"2^40", "2^43"}, [&] { lab.evaluator.subtract(top, scaled); });
  const double one[] = {1.0};
  const Plaintext p = lab.encoder.encode(one, nullptr, 1, 2, Scale::power_of_two(41));
  expect_error(Code::kInvalidArgument, {"2^40", "2^41"}, [&] { lab.evaluator.add_plain(top, p); });
  const Plaintext low = lab.encoder.encode(one, nullptr, 1, 1, lab.scale);
  expect_error(Code::kInvalidArgument, {"level 2", "level 1"}, [&] { lab.evaluator.multiply_plain(top, low); });
}

TEST_P(EvaluatorRefuses, ThreeComponentsWhereTwoAreNeeded) {
  const Ciphertext three = lab.evaluator.square(top);
  expect_error(Code::kInvalidArgument, {"rotate", "has 3", "relinearize"}, [&] { lab.evaluator.rotate(three, 1); });
  expect_error(Code::kInvalidArgument, {"multiply", "has 3"}, [&] { lab.evaluator.multiply(three, top); });
  if (GetParam() == RingType::kStandard) {
    expect_error(Code::kInvalidArgument, {"conjugate", "has 3"}, [&] { lab.evaluator.conjugate(three); });
  }
}

TEST_P(EvaluatorRefuses, MissingKeysByElementAndLevel) {
  expect_error(Code::kMissingKey, {"element 5", "level 2"}, [&] { lab.evaluator.rotate(top, 1); });
  expect_error(Code::kMissingKey, {"relinearization", "level 2"},
               [&] { lab.evaluator.relinearize(lab.evaluator.square(top)); });
  lab.add_key(galois_element(lab.ring(), 1), 1);
  lab.evaluator.rotate(lower, 1);
  expect_error(Code::kMissingKey, {"level 2", "up to level 1"}, [&] { lab.evaluator.rotate(top, 1); });
  const Evaluator keyless(lab.context, nullptr);
  expect_error(Code::kMissingKey, {"no key set"}, [&] { keyless.rotate(top, 1); });
}

TEST_P(EvaluatorRefuses, RescaleAtLevelZeroAndRaisingALevel) {
  const Ciphertext bottom = lab.evaluator.drop_level(top, 0);
  expect_error(Code::kInvalidArgument, {"multiply and rescale", "level 0"},
               [&] { lab.evaluator.multiply_relinearize_rescale(bottom, bottom); });
  expect_error(Code::kInvalidArgument, {"relinearize and rescale", "level 0"},
               [&] { lab.evaluator.relinearize_rescale(lab.evaluator.square(bottom)); });
  expect_error(Code::kInvalidArgument, {"multiply and rescale", "2^80", "2^40", "equal"},
               [&] { lab.evaluator.multiply_relinearize_rescale(top, top, &top); });
  expect_error(Code::kInvalidArgument, {"level 0"}, [&] { lab.evaluator.rescale(bottom); });
  expect_error(Code::kInvalidArgument, {"level 1 to level 2"}, [&] { lab.evaluator.drop_level(lower, 2); });
}

TEST_P(EvaluatorRefuses, ScalarsThatAreNotFiniteNotIntegersOrTooLarge) {
  expect_error(Code::kInvalidArgument, {"NaN"}, [&] { lab.evaluator.add_scalar(top, std::nan("")); });
  expect_error(Code::kInvalidArgument, {"integer"}, [&] { lab.evaluator.multiply_scalar(top, 0.5, Scale()); });
  const double most = std::numeric_limits<double>::max();
  const Scale odd = Scale().times_prime(2, 3);
  for (const double number : {1e30, most, -most}) {
    expect_error(Code::kInvalidArgument, {"level 2", "128"}, [&] { lab.evaluator.add_scalar(top, number); });
    expect_error(Code::kInvalidArgument, {"level 2", "128"}, [&] { lab.evaluator.multiply_scalar(top, number, odd); });
  }
  expect_error(Code::kInvalidArgument, {"infinite"},
               [&] { lab.evaluator.multiply_scalar(top, std::numeric_limits<double>::infinity(), lab.scale); });
}

TEST_P(EvaluatorRefuses, CiphertextsOfOtherParameters) {
  Lab other(Shape{12, 2, 40, 1, 1, GetParam()});
  const Ciphertext foreign = other.encrypt(other.random(1));
  expect_error(Code::kInvalidArgument, {"4096", "2048"}, [&] { lab.evaluator.add(top, foreign); });
  expect_error(Code::kInvalidArgument, {"4096", "2048"}, [&] { lab.evaluator.rotate(foreign, 1); });
}

TEST_P(EvaluatorRefuses, AMeanOfRotationsThatAreNotAllSlots) {
  const i64 slots = static_cast<i64>(lab.slots());
  for (const i64 step : {i64{0}, i64{3}, i64{-4}, slots / 2}) {
    expect_error(Code::kInvalidArgument, {"rotateMean of 4 rotations"}, [&] { lab.evaluator.rotate_mean(top, step, 4); });
  }
}

TEST_P(EvaluatorRefuses, ARotateSumOfAnotherCountThanAPowerOfTwoUpToTheSlots) {
  expect_error(Code::kInvalidArgument, {"6 terms"}, [&] { lab.evaluator.rotate_sum(top, 1, 6); });
  const i64 slots = static_cast<i64>(lab.slots());
  for (const i64 count : {2 * slots, i64{1} << 62, i64{0}, i64{-1}, INT64_MIN}) {
    expect_error(Code::kInvalidArgument, {std::to_string(count) + " terms", std::to_string(slots) + " slots"},
                 [&] { lab.evaluator.rotate_sum(top, 1, count); });
  }
}

}  // namespace
}  // namespace tacet::testing
