// SPDX-License-Identifier: Apache-2.0
#include "circuits/linear_transform.h"

#include <set>

#include "support/fixture.h"
#include "util/buffer.h"
#include "util/thread_pool.h"

namespace tacet::testing {
namespace {

struct Matrix {
  std::size_t rows, cols, in_period, out_period, baby_steps;
};

class LinearTransformOver : public ::testing::TestWithParam<std::tuple<Matrix, Shape>> {};

std::vector<double> random_values(std::size_t count, unsigned seed) {
  std::mt19937_64 engine(seed);
  std::uniform_real_distribution<double> numbers(-1, 1);
  std::vector<double> out(count);
  for (double& v : out) v = numbers(engine);
  return out;
}

TEST_P(LinearTransformOver, MultipliesTheMatrixByThePeriodicVector) {
  const Matrix m = std::get<0>(GetParam());
  Lab lab(std::get<1>(GetParam()));
  const std::vector<double> w = random_values(m.rows * m.cols, 5);
  const std::vector<double> x = random_values(m.in_period, 6);
  std::vector<double> tiled(lab.slots());
  for (std::size_t i = 0; i < tiled.size(); ++i) tiled[i] = x[i % m.in_period];
  std::set<i64> steps;
  for (i64 step : LinearTransform::rotations(m.in_period, m.out_period, m.baby_steps)) steps.insert(step);
  for (std::size_t step = m.out_period; step < m.in_period; step *= 2) steps.insert(static_cast<i64>(step));
  for (i64 step : steps) lab.add_rotation(step);

  const LinearTransform transform = LinearTransform::encode(lab.context, m.rows, m.cols, m.in_period, m.out_period,
                                                            w.data(), m.baby_steps, lab.top(), Scale::power_of_two(38));
  const Ciphertext z = transform.apply(lab.evaluator, lab.encrypt(tiled));
  EXPECT_EQ(lab.top(), z.level);
  EXPECT_TRUE(z.scale == lab.scale * Scale::power_of_two(38));
  const auto weight = [&](std::size_t row, std::size_t col) {
    return row < m.rows && col < m.cols ? w[row * m.cols + col] : 0.0;
  };
  const std::size_t diagonals = std::min(m.in_period, m.out_period);
  EXPECT_LT(lab.error(z,
                      [&](std::size_t j) {
                        double sum = 0;
                        for (std::size_t d = 0; d < diagonals; ++d) {
                          const std::size_t col = (j + d) % m.in_period;
                          sum += weight(j % m.out_period, col) * x[col];
                        }
                        return sum;
                      }),
            1e-5);
  if (m.out_period >= m.in_period) return;
  const Ciphertext y =
      lab.evaluator.rotate_sum(z, static_cast<i64>(m.out_period), static_cast<i64>(m.in_period / m.out_period));
  EXPECT_LT(lab.error(y,
                      [&](std::size_t j) {
                        double sum = 0;
                        for (std::size_t col = 0; col < m.in_period; ++col)
                          sum += weight(j % m.out_period, col) * x[col];
                        return sum;
                      }),
            1e-5);
}

INSTANTIATE_TEST_SUITE_P(
    MatricesAndShapes, LinearTransformOver,
    ::testing::Combine(::testing::Values(Matrix{16, 16, 16, 16, 4}, Matrix{13, 11, 16, 16, 5}, Matrix{3, 30, 32, 4, 2},
                                         Matrix{30, 3, 4, 32, 2}, Matrix{1, 7, 8, 1, 1}, Matrix{7, 1, 1, 8, 4},
                                         Matrix{8, 8, 8, 8, 1}, Matrix{8, 8, 8, 8, 64}, Matrix{20, 20, 1024, 32, 8}),
                       ::testing::ValuesIn(in_both_rings({Shape{11, 2, 40, 1, 1}, Shape{11, 3, 40, 2, 2},
                                                            Shape{11, 4, 40, 3, 3}, Shape{11, 5, 31, 3, 3}}))),
    [](const auto& test) {
      const Matrix& m = std::get<0>(test.param);
      return std::to_string(m.rows) + "x" + std::to_string(m.cols) + "_in" + std::to_string(m.in_period) + "_out" +
             std::to_string(m.out_period) + "_baby" + std::to_string(m.baby_steps) + "_" +
             name_of(std::get<1>(test.param));
    });

class LinearTransformIn : public ::testing::TestWithParam<RingType> {};

INSTANTIATE_TEST_SUITE_P(Rings, LinearTransformIn, ::testing::ValuesIn(kBothRings),
                         [](const auto& test) { return name_of(test.param); });

TEST_P(LinearTransformIn, AtALowerLevelUsesTheTopKeysTruncated) {
  Lab lab(Shape{11, 4, 31, 2, 2, GetParam()});
  for (i64 step : LinearTransform::rotations(8, 8, 3)) lab.add_rotation(step);
  const std::vector<double> w = random_values(64, 1);
  const LinearTransform transform = LinearTransform::encode(lab.context, 8, 8, 8, 8, w.data(), 3, 1, lab.scale);
  const std::vector<double> ones(lab.slots(), 1.0);
  EXPECT_LT(lab.error(transform.apply(lab.evaluator, lab.encrypt(ones, 1)),
                      [&](std::size_t j) {
                        double sum = 0;
                        for (std::size_t c = 0; c < 8; ++c) sum += w[(j % 8) * 8 + c];
                        return sum;
                      }),
            1e-5);
  expect_error(Code::kInvalidArgument, {"level 1", "at level 4"},
               [&] { transform.apply(lab.evaluator, lab.encrypt(ones)); });
}

TEST_P(LinearTransformIn, IntegersGiveTheSameBitsInLessMemory) {
  for (const Shape& shape : {Shape{11, 2, 40, 1, 1}, Shape{11, 4, 40, 2, 2}}) {
    Lab lab(shape.in(GetParam()));
    for (i64 step : LinearTransform::rotations(16, 16, 4)) lab.add_rotation(step);
    const std::vector<double> w = random_values(256, 3);
    const auto encode = [&](DiagonalForm form) {
      return LinearTransform::encode(lab.context, 16, 16, 16, 16, w.data(), 4, lab.top(), Scale::power_of_two(38), form);
    };
    const LinearTransform residues = encode(DiagonalForm::kResidues), integers = encode(DiagonalForm::kIntegers);
    ASSERT_EQ(DiagonalForm::kIntegers, integers.form());
    std::size_t bytes = 0;  // of one coefficient's residues
    for (int i = 0; i <= lab.top(); ++i) bytes += kept_bytes(lab.ring().modulus(i));
    for (int i = 0; i < lab.ring().special_count(); ++i) bytes += kept_bytes(lab.ring().modulus(lab.ring().chain_length() + i));
    EXPECT_EQ(residues.bytes() * sizeof(u64), bytes * integers.bytes());
    const Ciphertext x = lab.encrypt(lab.random(4));
    const Ciphertext a = residues.apply(lab.evaluator, x), b = integers.apply(lab.evaluator, x);
    for (std::size_t c = 0; c < 2; ++c) {
      for (int limb = 0; limb <= lab.top(); ++limb) {
        for (std::size_t i = 0; i < lab.context->n(); ++i) {
          ASSERT_EQ(a.components[c].limb(limb)[i], b.components[c].limb(limb)[i]);
        }
      }
    }
  }
}

TEST_P(LinearTransformIn, KeptWordsGiveTheSameBitsInEitherForm) {
  Lab lab(Shape{11, 2, 40, 1, 1, GetParam()});
  for (i64 step : LinearTransform::rotations(16, 16, 4)) lab.add_rotation(step);
  const std::vector<double> w = random_values(256, 3);
  for (DiagonalForm form : {DiagonalForm::kResidues, DiagonalForm::kIntegers}) {
    const auto encode = [&](const double* values, const DiagonalWords& kept) {
      return LinearTransform::encode(lab.context, 16, 16, 16, 16, values, 4, lab.top(), Scale::power_of_two(38), form, kept);
    };
    const LinearTransform encoded = encode(w.data(), {});
    const std::vector<double> unread(256, 0.0);  // the numbers come from the words alone
    const LinearTransform kept = encode(unread.data(), encoded.words());
    EXPECT_EQ(form, kept.form());
    EXPECT_EQ(encoded.words().data, kept.words().data);
    const Ciphertext x = lab.encrypt(random_values(lab.slots(), 4));
    const Ciphertext a = encoded.apply(lab.evaluator, x), b = kept.apply(lab.evaluator, x);
    for (std::size_t half = 0; half < 2; ++half) {
      for (int limb = 0; limb <= lab.top(); ++limb) {
        EXPECT_TRUE(std::equal(a.components[half].limb(limb), a.components[half].limb(limb) + lab.ring().n(),
                               b.components[half].limb(limb)));
      }
    }
    DiagonalWords cut = encoded.words();
    cut.size -= 1;
    expect_error(Code::kMalformed, {"words of encoded diagonals", "16 diagonals"}, [&] { encode(w.data(), cut); });
  }
}

#if !defined(TACET_SANITIZED)  // freed blocks are not kept under the address sanitizer
TEST_P(LinearTransformIn, ThatIsAppliedAgainTakesNoMemoryFromTheSystem) {
  Lab lab(Shape{11, 4, 40, 2, 2, GetParam()});
  for (i64 step : LinearTransform::rotations(16, 16, 4)) lab.add_rotation(step);
  const std::vector<double> w = random_values(256, 3);
  const LinearTransform transform =
      LinearTransform::encode(lab.context, 16, 16, 16, 16, w.data(), 4, lab.top(), Scale::power_of_two(38));
  const Ciphertext x = lab.encrypt(lab.random(4));
  for (int i = 0; i < 3; ++i) transform.apply(lab.evaluator, x);
  const u64 before = blocks_from_system();
  for (int i = 0; i < 20; ++i) transform.apply(lab.evaluator, x);
  EXPECT_LE(blocks_from_system() - before, 8 * pool().size());  // how the threads interleave may ask for a few more
}
#endif

TEST_P(LinearTransformIn, CoefficientsAboveTheFirstPrimeStayResidues) {
  Lab lab(Shape{11, 2, 40, 1, 1, GetParam()});
  const std::vector<double> w = random_values(16, 3);
  const LinearTransform transform = LinearTransform::encode(lab.context, 4, 4, 4, 4, w.data(), 2, 2,
                                                            Scale::power_of_two(60), DiagonalForm::kIntegers);
  EXPECT_EQ(DiagonalForm::kResidues, transform.form());
}

TEST(LinearTransformRotations, AreBabyStepsAndGiantStepsWhateverTheValues) {
  EXPECT_EQ((std::vector<i64>{1, 2, 3, 4, 8, 12}), LinearTransform::rotations(16, 16, 4));
  EXPECT_EQ((std::vector<i64>{1, 2, 3}), LinearTransform::rotations(4, 128, 8));
  EXPECT_EQ((std::vector<i64>{1, 2, 3}), LinearTransform::rotations(4, 4, 1));
  EXPECT_TRUE(LinearTransform::rotations(1, 64, 4).empty());
}

struct Map {
  const char* name;
  u32 period;
  std::vector<std::pair<i64, i64>> steps;  // giant, baby
  i64 pair = 0;
};

class SparseDiagonalsOver : public ::testing::TestWithParam<std::tuple<Map, Shape>> {};

/// `giants` giant steps three apart, with one baby step each.
Map spaced(const char* name, i64 giants) {
  Map map{name, 4, {}};
  for (i64 g = 0; g < giants; ++g) map.steps.emplace_back(3 * g - 30, g % 2);
  return map;
}

SparseMap random_diagonals(const Map& map) {
  std::mt19937_64 engine(map.steps.size());
  std::uniform_real_distribution<double> numbers(-1, 1);
  SparseMap out{map.period, {}, map.pair};
  for (const auto& [giant, baby] : map.steps) {
    SparseDiagonal diagonal{giant, baby, {}, {}};
    for (u32 slot = 0; slot < map.period; ++slot) {
      if (engine() % 3 != 0 && slot + 1 != map.period) continue;
      diagonal.slots.push_back(slot);
      diagonal.values.push_back(numbers(engine));
    }
    out.diagonals.push_back(diagonal);
  }
  return out;
}

void sum_their_shifted_products_in_both_forms(const Map& map, const Shape& shape) {
  Lab lab(shape);
  const SparseMap sparse = random_diagonals(map);
  std::set<i64> steps;
  for (i64 step : LinearTransform::rotations(sparse)) steps.insert(step);
  for (i64 step : steps) lab.add_rotation(step);
  if (map.pair != 0) lab.add_key(conjugation_element(lab.ring()));
  const std::vector<double> x = lab.random(6);
  std::vector<double> expected(x.size(), 0.0);
  for (const SparseDiagonal& diagonal : sparse.diagonals) {
    for (std::size_t i = 0; i < diagonal.slots.size(); ++i) {
      for (std::size_t j = diagonal.slots[i]; j < x.size(); j += map.period) {
        expected[j] += diagonal.values[i] * x[(j + static_cast<std::size_t>(diagonal.giant + diagonal.baby)) % x.size()];
      }
    }
  }
  for (const DiagonalForm form : {DiagonalForm::kResidues, DiagonalForm::kIntegers}) {
    const LinearTransform transform =
        LinearTransform::encode(lab.context, sparse, lab.top(), Scale::power_of_two(38), form);
    const Ciphertext z = transform.apply(lab.evaluator, lab.encrypt(x));
    EXPECT_TRUE(z.scale == lab.scale * Scale::power_of_two(38));
    EXPECT_LT(lab.error(z, [&](std::size_t j) { return expected[j]; }), 1e-5);
  }
}

TEST_P(SparseDiagonalsOver, SumTheirShiftedProductsInBothForms) {
  sum_their_shifted_products_in_both_forms(std::get<0>(GetParam()), std::get<1>(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(
    MapsAndShapes, SparseDiagonalsOver,
    ::testing::Combine(
        ::testing::Values(Map{"Unrotated", 8, {{0, 0}}}, Map{"OneBaby", 1024, {{0, 7}}}, Map{"OneGiant", 16, {{-5, 0}}},
                          Map{"Convolution", 256, {{-32, -1}, {-32, 0}, {-32, 1}, {0, -1}, {0, 1}, {32, -1}, {32, 0}, {32, 1}}},
                          Map{"Uneven", 64, {{3, 100}, {10, -100}, {10, 5}, {500, 0}}},
                          Map{"ManyGiants", 4, {{0, 0}, {2, 1}, {4, 0}, {6, 1}, {8, 0}, {10, 1}, {12, 0}, {14, 1}, {16, 0},
                                                {18, 1}, {20, 0}, {22, 1}}},
                          spaced("MoreGiantsThanAtOnce", 70), Map{"FarApart", 1024, {{-500, -1023}, {500, 1023}}}),
        ::testing::ValuesIn(in_both_rings({Shape{11, 2, 40, 1, 1}, Shape{11, 4, 40, 3, 3}}))),
    [](const auto& test) { return std::string(std::get<0>(test.param).name) + "_" + name_of(std::get<1>(test.param)); });

TEST(SparseDiagonals, TakeOneKeyForEachBabyStepAndEachDistanceOfGiantSteps) {
  const auto at = [](i64 giant, i64 baby) { return SparseDiagonal{giant, baby, {0}, {1.0}}; };
  const auto rotations = [](std::vector<SparseDiagonal> diagonals, i64 pair) {
    return LinearTransform::rotations(SparseMap{1, std::move(diagonals), pair});
  };
  EXPECT_EQ((std::vector<i64>{1, 3, 8, 8}), rotations({at(0, 0), at(0, 1), at(8, 3), at(16, 1)}, 0));
  EXPECT_EQ((std::vector<i64>{-2, -8, 16}), rotations({at(-8, -2), at(8, 0)}, 0));
  EXPECT_TRUE(rotations({at(0, 0)}, 0).empty());
  EXPECT_EQ((std::vector<i64>{1, 3, 16, 8}), rotations({at(0, 0), at(0, 1), at(8, 3), at(16, 1), at(24, 0)}, 8));
  EXPECT_EQ((std::vector<i64>{-8, 5}), rotations({at(-8, 0), at(-3, 0)}, 5));
}

TEST(SparseDiagonals, OfAPairAreOneWhereTheirBabyStepsAreEqual) {
  const auto at = [](i64 giant, i64 baby) { return SparseDiagonal{giant, baby, {0}, {1.0}}; };
  const std::vector<SparseDiagonal> all = {at(0, 0), at(0, 1), at(8, 1), at(8, 2), at(16, 0), at(20, 0)};
  EXPECT_EQ(6u, LinearTransform::encoded_count(SparseMap{1, all, 0}));
  EXPECT_EQ(5u, LinearTransform::encoded_count(SparseMap{1, all, 8}));
  EXPECT_EQ(5u, LinearTransform::encoded_count(SparseMap{1, all, 16}));
}

TEST(SparseDiagonals, InPairsAreTheSameMap) {
  const std::vector<std::pair<i64, i64>> steps = {{-20, 0}, {-20, 1}, {-10, 0}, {0, -1}, {0, 1}, {10, 1}, {20, 0}, {40, 3}};
  for (const i64 pair : {i64{10}, i64{20}, i64{60}, i64{7}}) {
    SCOPED_TRACE(pair);
    sum_their_shifted_products_in_both_forms(Map{"Pairs", 64, steps, pair}, Shape{11, 4, 40, 3, 3});
  }
  sum_their_shifted_products_in_both_forms(Map{"TwoOfOne", 1024, {{-500, 0}, {523, 0}}, 1023}, Shape{11, 2, 40, 1, 1});
}

TEST(SparseDiagonals, InPairsNeedAConjugation) {
  Lab lab(Shape{11, 1, 40, 1, 1});
  const SparseMap map{4, {{0, 0, {0}, {1}}, {8, 0, {1}, {1}}}, 8};
  lab.add_rotation(8);
  const LinearTransform transform = LinearTransform::encode(lab.context, map, 1, lab.scale);
  expect_error(Code::kMissingKey, {"level 1"}, [&] { transform.apply(lab.evaluator, lab.encrypt(lab.random(1))); });
  const Lab real(in_both_rings({Shape{11, 1, 40, 1, 1}}).back());
  expect_error(Code::kUnsupported, {"conjugate", "CONJUGATE_INVARIANT"},
               [&] { LinearTransform::encode(real.context, map, 1, real.scale); });
}

TEST_P(LinearTransformIn, DiagonalsOutOfOrderOutOfRangeOrEmptyAreRefusedWithTheNumbers) {
  const Lab lab(Shape{11, 1, 40, 1, 1, GetParam()});
  const std::size_t slots = lab.slots();
  const i64 steps = static_cast<i64>(slots), most = steps * 600 / 1024;
  const auto refused = [&](std::vector<std::string> parts, std::size_t period, const std::vector<SparseDiagonal>& diagonals,
                           i64 pair = 0) {
    expect_error(Code::kInvalidArgument, parts,
                 [&] { LinearTransform::encode(lab.context, SparseMap{static_cast<u32>(period), diagonals, pair}, 1, Scale::power_of_two(30)); });
  };
  refused({"distance of -1"}, 4, {{0, 0, {0}, {1}}}, -1);
  if (GetParam() == RingType::kStandard) {
    refused({"step of " + std::to_string(slots), std::to_string(slots) + " slots"}, 4, {{0, 0, {0}, {1}}}, steps);
  }
  refused({"without a diagonal"}, 4, {});
  refused({"period 12", std::to_string(slots)}, 12, {{0, 0, {0}, {1}}});
  refused({"period " + std::to_string(2 * slots), std::to_string(slots)}, 2 * slots, {{0, 0, {0}, {1}}});
  refused({"slot 4", "period 4"}, 4, {{0, 0, {1, 4}, {1, 1}}});
  refused({"slot 1 at place 1"}, 4, {{0, 0, {1, 1}, {1, 1}}});
  refused({"2 slots and 1 values"}, 4, {{0, 0, {1, 2}, {1}}});
  refused({"diagonal 1", "giant step 0", "baby step 0"}, 4, {{0, 0, {1}, {1}}, {0, 0, {1}, {1}}});
  refused({"step of " + std::to_string(slots), std::to_string(slots) + " slots"}, 4, {{0, steps, {1}, {1}}});
  refused({"step of " + std::to_string(2 * most), std::to_string(slots) + " slots"}, 4,
          {{-most, 0, {1}, {1}}, {most, 0, {1}, {1}}});
  SparseMap many;
  for (i64 baby = 0; baby < 4096; ++baby) many.diagonals.push_back({0, baby, {0}, {1}});
  const Lab large(Shape{14, 1, 40, 1, 1, GetParam()});
  expect_error(Code::kInvalidArgument, {"4096 baby steps", "4095"},
               [&] { LinearTransform::check_diagonals(*large.context, many); });
}

TEST_P(LinearTransformIn, ErrorsNameShapesPeriodsAndKeys) {
  Lab lab(Shape{11, 1, 40, 1, 1, GetParam()});
  const std::string slots = std::to_string(lab.slots()), twice = std::to_string(2 * lab.slots());
  const std::vector<double> w(64, 0.5);
  const auto encode = [&](std::size_t rows, std::size_t cols, std::size_t in, std::size_t out, std::size_t baby) {
    return LinearTransform::encode(lab.context, rows, cols, in, out, w.data(), baby, 1, lab.scale);
  };
  expect_error(Code::kInvalidArgument, {"12", "powers of two", slots}, [&] { encode(8, 8, 12, 8, 2); });
  expect_error(Code::kInvalidArgument, {twice, slots}, [&] { encode(8, 8, 2 * lab.slots(), 8, 2); });
  expect_error(Code::kInvalidArgument, {"8 x 8", "4"}, [&] { encode(8, 8, 8, 4, 2); });
  expect_error(Code::kInvalidArgument, {"0 baby steps"}, [&] { encode(8, 8, 8, 8, 0); });
  const Lab large(Shape{14, 1, 40, 1, 1, GetParam()});
  expect_error(Code::kInvalidArgument, {"8192 baby steps", "4095"},
               [&] { LinearTransform::encode(large.context, 1, 1, 8192, 8192, w.data(), 9000, 1, large.scale); });
  const LinearTransform transform = encode(8, 8, 8, 8, 2);
  expect_error(Code::kMissingKey, {"element 5", "level 1"},
               [&] { transform.apply(lab.evaluator, lab.encrypt(lab.random(1))); });
}

}  // namespace
}  // namespace tacet::testing
