// SPDX-License-Identifier: Apache-2.0
#include "program/fusion.h"

#include "program/executor.h"
#include "support/fixture.h"

namespace tacet {
namespace {

using testing::Lab;
using testing::Shape;

class FusionTest : public ::testing::TestWithParam<RingType> {
 protected:
  FusionTest() {
    program.layers = {"square"};
    program.inputs = 1;
  }

  u32 add(Opcode opcode, std::vector<u32> arguments, ValueType type) {
    Instruction op;
    op.opcode = opcode;
    op.arguments = std::move(arguments);
    op.type = std::move(type);
    program.instructions.push_back(std::move(op));
    return static_cast<u32>(program.instructions.size() - 1);
  }
  u32 input() { return add(Opcode::kInput, {}, type(3, 2, lab.scale)); }
  u32 multiply(u32 a, u32 b) { return add(Opcode::kMultiply, {a, b}, type(3, 3, lab.scale * lab.scale)); }
  u32 square(u32 a) { return add(Opcode::kSquare, {a}, type(3, 3, lab.scale * lab.scale)); }
  u32 relinearize(u32 a) { return add(Opcode::kRelinearize, {a}, type(3, 2, lab.scale * lab.scale)); }
  u32 rescale(u32 a) {
    ValueType result = program.instructions[a].type;
    result.scale = result.scale.times_prime(result.level, -1);
    --result.level;
    return add(Opcode::kRescale, {a}, result);
  }
  void output(u32 a) {
    const u32 id = add(Opcode::kOutput, {a}, program.instructions[a].type);
    program.instructions[id].index = static_cast<u32>(program.outputs++);
  }
  static ValueType type(int level, int components, const Scale& scale) {
    return {Encoding::kSlots, level, components, scale};
  }

  /// Runs the program on `x` and expects every output to be x^2.
  void expect_squares() {
    lab.add_key(0);
    const std::vector<double> x = lab.random(1);
    const Ciphertext given = lab.encrypt(x);
    const auto executable = ExecutableProgram::create(lab.context, program);
    const RunResult result = executable->run(lab.keys, {&given}, nullptr);
    for (const auto& value : result.outputs) {
      EXPECT_LT(lab.error(*value, [&](std::size_t j) { return x[j] * x[j]; }), 1e-7);
    }
  }

  Lab lab{Shape{5, 3, 40, 2, 2, GetParam()}};
  Program program;
};

INSTANTIATE_TEST_SUITE_P(Rings, FusionTest, ::testing::ValuesIn(testing::kBothRings),
                         [](const auto& test) { return testing::name_of(test.param); });

TEST_P(FusionTest, AProductIsRelinearizedAndRescaledInOne) {
  const u32 x = input();
  const u32 product = multiply(x, x), linear = relinearize(product), scaled = rescale(linear);
  output(scaled);
  const FusionPlan plan = plan_fusion(program);
  EXPECT_EQ(Fused::kAbsorbed, plan.kinds[product]);
  EXPECT_EQ(Fused::kAbsorbed, plan.kinds[linear]);
  EXPECT_EQ(Fused::kMultiplyRelinearizeRescale, plan.kinds[scaled]);
  EXPECT_EQ((std::vector<u32>{x, x}), plan.arguments[scaled]);
  expect_squares();
}

TEST_P(FusionTest, ASquareTakesItsArgumentTwice) {
  const u32 x = input();
  const u32 product = square(x), linear = relinearize(product);
  output(linear);
  const FusionPlan plan = plan_fusion(program);
  EXPECT_EQ(Fused::kMultiplyRelinearize, plan.kinds[linear]);
  EXPECT_EQ((std::vector<u32>{x, x}), plan.arguments[linear]);
  expect_squares();
}

TEST_P(FusionTest, ValuesThatAreUsedTwiceStay) {
  const u32 x = input();
  const u32 product = square(x), linear = relinearize(product), scaled = rescale(linear);
  output(product);
  output(linear);
  output(scaled);
  const FusionPlan plan = plan_fusion(program);
  for (const Fused kind : plan.kinds) EXPECT_EQ(Fused::kNo, kind);
  expect_squares();
}

TEST_P(FusionTest, ARelinearizationThatAloneUsesASumJoinsItsRescale) {
  const u32 x = input();
  const u32 product = square(x);
  const u32 doubled = add(Opcode::kAdd, {product, product}, program.instructions[product].type);
  const u32 halved = add(Opcode::kSub, {doubled, product}, program.instructions[product].type);
  const u32 linear = relinearize(halved), scaled = rescale(linear);
  output(scaled);
  const FusionPlan plan = plan_fusion(program);
  EXPECT_EQ(Fused::kNo, plan.kinds[product]);
  EXPECT_EQ(Fused::kAbsorbed, plan.kinds[linear]);
  EXPECT_EQ(Fused::kRelinearizeRescale, plan.kinds[scaled]);
  EXPECT_EQ((std::vector<u32>{halved}), plan.arguments[scaled]);
  expect_squares();
}

/// x 0.5 + (x rotated by 1) 0.25, and sums of that.
class RaisedTest : public FusionTest {
 protected:
  RaisedTest() {
    SparseMap map;
    map.diagonals = {{0, 0, {0}, {0.5}}, {0, 1, {0}, {0.25}}};
    program.constants = {map};
    for (const i64 step : {1, 4, 8}) lab.add_rotation(step);
  }

  u32 transform(u32 a) {
    const u32 id = add(Opcode::kLinearTransform, {a}, type(3, 2, lab.scale.times_prime(3)));
    program.instructions[id].plain_scale = Scale().times_prime(3);
    return id;
  }
  u32 sum(u32 a, u32 step, u32 count) {
    const u32 id = add(Opcode::kRotateSum, {a}, program.instructions[a].type);
    program.instructions[id].stride = step;
    program.instructions[id].count = count;
    return id;
  }
  static double mapped(const std::vector<double>& x, std::size_t j) {
    return 0.5 * x[j % x.size()] + 0.25 * x[(j + 1) % x.size()];
  }
  /// Runs the program and expects output k to be the sum of `counts[k]` of what is mapped, 4 apart.
  void expect_sums(const std::vector<int>& counts) {
    const std::vector<double> x = lab.random(1);
    const Ciphertext given = lab.encrypt(x);
    const RunResult result = ExecutableProgram::create(lab.context, program)->run(lab.keys, {&given}, nullptr);
    ASSERT_EQ(counts.size(), result.outputs.size());
    for (std::size_t k = 0; k < counts.size(); ++k) {
      const ValueType& wanted = program.instructions[program.instructions.size() - counts.size() + k].type;
      EXPECT_EQ(wanted.level, result.outputs[k]->level);
      EXPECT_EQ(wanted.scale, result.outputs[k]->scale);
      EXPECT_LT(lab.error(*result.outputs[k], [&](std::size_t j) {
        double all = 0;
        for (int i = 0; i < counts[k]; ++i) all += mapped(x, j + 4 * static_cast<std::size_t>(i));
        return all;
      }), 1e-7);
    }
  }
};

INSTANTIATE_TEST_SUITE_P(Rings, RaisedTest, ::testing::ValuesIn(testing::kBothRings),
                         [](const auto& test) { return testing::name_of(test.param); });

TEST_P(RaisedTest, ALinearTransformItsRotateSumAndTheirRescaleAreOne) {
  const u32 map = transform(input()), added = sum(map, 4, 4), scaled = rescale(added);
  output(scaled);
  const FusionPlan plan = plan_fusion(program);
  EXPECT_EQ(Fused::kAbsorbed, plan.kinds[map]);
  EXPECT_EQ(Fused::kAbsorbed, plan.kinds[added]);
  EXPECT_EQ(Fused::kRaised, plan.kinds[scaled]);
  EXPECT_EQ((std::vector<u32>{map, added, scaled}), plan.parts[scaled]);
  EXPECT_EQ(program.instructions[map].arguments, plan.arguments[scaled]);
  expect_sums({4});
}

TEST_P(RaisedTest, EitherOfTheTwoMayBeMissing) {
  const u32 x = input();
  const u32 only_scaled = rescale(transform(x)), only_added = sum(sum(transform(x), 4, 2), 8, 2);
  output(only_scaled);
  output(only_added);
  const FusionPlan plan = plan_fusion(program);
  EXPECT_EQ(2u, plan.parts[only_scaled].size());
  EXPECT_EQ(3u, plan.parts[only_added].size());
  expect_sums({1, 4});
}

/// In this shape the slots are as many as a step: rotations by them are doublings.
TEST_P(RaisedTest, ASumOverAWholePeriodIsDoubled) {
  const u32 slots = static_cast<u32>(lab.context->slots());
  const u32 added = sum(transform(input()), slots / 2, 4), scaled = rescale(added);
  lab.add_rotation(static_cast<i64>(slots / 2));
  output(scaled);
  const std::vector<double> x = lab.random(1);
  const Ciphertext given = lab.encrypt(x);
  const RunResult result = ExecutableProgram::create(lab.context, program)->run(lab.keys, {&given}, nullptr);
  EXPECT_LT(lab.error(*result.outputs[0], [&](std::size_t j) { return 2 * (mapped(x, j) + mapped(x, j + slots / 2)); }), 1e-7);
}

TEST_P(RaisedTest, WhatIsUsedTwiceOrIsOfAnotherLayerIsLeftAsItIs) {
  const u32 twice = transform(input()), other = transform(twice - 1);
  const u32 added = sum(twice, 4, 2), of_other = rescale(other);
  program.layers.push_back("scale");
  program.instructions[of_other].layer = 1;
  output(added);
  output(twice);
  output(of_other);
  const FusionPlan plan = plan_fusion(program);
  for (const Fused kind : plan.kinds) EXPECT_EQ(Fused::kNo, kind);
  expect_sums({2, 1, 1});
}

}  // namespace
}  // namespace tacet
