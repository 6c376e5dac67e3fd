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

}  // namespace
}  // namespace tacet
