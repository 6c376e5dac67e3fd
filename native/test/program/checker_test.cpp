// SPDX-License-Identifier: Apache-2.0
#include "program/checker.h"

#include <gtest/gtest.h>

#include <functional>

#include "support/fixture.h"

namespace tacet {
namespace {

using testing::expect_error;
using testing::Lab;
using testing::Shape;

/// A program under construction: every op declares the type that it is given.
struct Draft {
  explicit Draft(const Lab& from) : lab(from) {
    program.layers = {"input", "fc1"};
    program.constants = {VectorConstant{4, {1, 2, 3}}, MatrixConstant{2, 3, 4, 4, {1, 2, 3, 4, 5, 6}},
                         PolynomialConstant{Basis::kMonomial, {0, 1, 2, 3}}, PolynomialConstant{Basis::kMonomial, {1}},
                         AffineConstant{2, 3, {1, 2, 3, 4, 5, 6}, {7, 8}},
                         SparseMap{4, {{0, 5, {1, 3}, {0.5, 2}}, {7, 0, {0}, {1}}, {14, 5, {2}, {-1}}}}};
  }

  ValueType type(int level, int components = 2) const { return {Encoding::kSlots, level, components, lab.scale}; }
  ValueType squared(int level) const { return {Encoding::kSlots, level, 3, lab.scale * lab.scale}; }

  u32 add(Opcode opcode, std::vector<u32> arguments, ValueType result, const std::function<void(Instruction&)>& set = {}) {
    Instruction op;
    op.opcode = opcode;
    op.layer = 1;
    op.arguments = std::move(arguments);
    op.type = std::move(result);
    if (opcode == Opcode::kInput) op.index = static_cast<u32>(program.inputs++);
    if (opcode == Opcode::kOutput) op.index = static_cast<u32>(program.outputs++);
    if (set) set(op);
    program.instructions.push_back(op);
    return static_cast<u32>(program.instructions.size() - 1);
  }

  u32 input(int level) { return add(Opcode::kInput, {}, type(level)); }
  void output(u32 value) { add(Opcode::kOutput, {value}, ValueType(program.instructions[value].type)); }
  void check() const { check_program(*lab.context, program); }
  void refused(std::vector<std::string> parts, Code code = Code::kMalformed) const {
    expect_error(code, parts, [&] { check(); });
  }

  const Lab& lab;
  Program program;
};

class CheckerIn : public ::testing::TestWithParam<RingType> {
 protected:
  Lab lab{Shape{5, 3, 40, 2, 2, GetParam()}};
  Draft draft{lab};
};

INSTANTIATE_TEST_SUITE_P(Rings, CheckerIn, ::testing::ValuesIn(testing::kBothRings),
                         [](const auto& test) { return testing::name_of(test.param); });

TEST_P(CheckerIn, AcceptsEveryImplementedOpAndDerivesItsKeys) {
  const u32 x = draft.input(3);
  const u32 y = draft.add(Opcode::kNegate, {x}, draft.type(3));
  const u32 sum = draft.add(Opcode::kSub, {draft.add(Opcode::kAdd, {x, y}, draft.type(3)), x}, draft.type(3));
  const u32 shifted = draft.add(Opcode::kAddScalar, {draft.add(Opcode::kAddPlain, {sum}, draft.type(3))}, draft.type(3));
  const u32 wide = draft.add(Opcode::kMultiply, {shifted, x}, draft.squared(3));
  draft.add(Opcode::kSquare, {x}, draft.squared(3));
  ValueType product = draft.squared(3);
  product.components = 2;
  const u32 narrow = draft.add(Opcode::kRelinearize, {wide}, product);
  product.level = 2;
  product.scale = product.scale.times_prime(3, -1);
  const u32 rescaled = draft.add(Opcode::kRescale, {narrow}, product);
  const auto plain = [](Instruction& op) { op.plain_scale = Scale().times_prime(2); };
  ValueType scaled = product;
  scaled.scale = scaled.scale.times_prime(2);
  draft.add(Opcode::kMultiplyPlain, {rescaled}, scaled, plain);
  draft.add(Opcode::kMultiplyScalar, {rescaled}, scaled, plain);
  draft.add(Opcode::kLinearTransform, {rescaled}, scaled, [&](Instruction& op) {
    plain(op);
    op.constant = 1;
    op.baby_steps = 2;
  });
  ValueType array = draft.type(3);
  array.length = 3;
  const u32 features = draft.add(Opcode::kInput, {}, array);
  ValueType two = draft.type(3);
  two.length = 2;
  draft.add(Opcode::kMatrixProduct, {features}, two, [](Instruction& op) { op.constant = 4; });
  draft.add(Opcode::kRotate, {rescaled}, product, [](Instruction& op) { op.steps = -3; });
  draft.add(Opcode::kRotateSum, {rescaled}, product, [](Instruction& op) {
    op.stride = 4;
    op.count = 4;
  });
  const bool standard = GetParam() == RingType::kStandard;
  if (standard) draft.add(Opcode::kConjugate, {rescaled}, product);
  const u32 last = draft.add(Opcode::kPolynomial, {rescaled}, draft.type(0), [](Instruction& op) { op.constant = 2; });
  product.level = 1;
  draft.add(Opcode::kDropLevel, {rescaled}, product);
  draft.output(last);
  EXPECT_NO_THROW(draft.check());
  std::map<u32, int> expected = {
      {0, 3},           // relinearize at level 3, polynomial at level 2
      {5, 2}, {25, 2},  // baby step 1 and giant step 2 of four diagonals
      {galois_element(lab.ring(), -3), 2}, {galois_element(lab.ring(), 4), 2}, {galois_element(lab.ring(), 8), 2}};
  if (standard) expected[63] = 2;
  EXPECT_EQ(expected, required_keys(*lab.context, draft.program));
}

TEST_P(CheckerIn, RefusesEveryUnimplementedOpByName) {
  for (const Opcode opcode : {Opcode::kMultiplyMonomial, Opcode::kModSwitch, Opcode::kRingSwitch, Opcode::kMaskRandom, Opcode::kBootstrap}) {
    Draft one(lab);
    one.output(one.add(opcode, {one.input(3)}, one.type(3)));
    one.refused({"op 1", op_info(opcode).name, "not available"}, Code::kUnsupported);
  }
}

/// input, product with a vector, sum with a vector, extraction, output; all in coefficients.
struct CoefficientDraft {
  explicit CoefficientDraft(const Lab& lab) : draft(lab) {
    const u32 n = static_cast<u32>(lab.context->n());
    draft.program.constants = {VectorConstant{n, {1, 2, 3}}, IndexesConstant{{2, 7, n - 1}}, VectorConstant{n / 2, {1}}};
    ValueType in = draft.type(1);
    in.encoding = Encoding::kCoefficients;
    ValueType product = in;
    product.scale = product.scale.times_prime(1);
    x = draft.add(Opcode::kInput, {}, in);
    y = draft.add(Opcode::kMultiplyPlain, {x}, product, [](Instruction& op) { op.plain_scale = Scale().times_prime(1); });
    z = draft.add(Opcode::kAddPlain, {y}, product);
    product.encoding = Encoding::kExtracted;
    extracted = draft.add(Opcode::kExtract, {z}, product, [](Instruction& op) { op.constant = 1; });
    draft.output(extracted);
  }

  Instruction& at(u32 id) { return draft.program.instructions[id]; }

  Draft draft;
  u32 x, y, z, extracted;
};

TEST(CheckerInComplexSlots, CoefficientsAreMultipliedAddedToAndExtractedWithoutKeys) {
  const Lab lab(Shape{5, 3, 40, 2, 2});
  CoefficientDraft good(lab);
  EXPECT_NO_THROW(good.draft.check());
  EXPECT_TRUE(required_keys(*lab.context, good.draft.program).empty());
}

TEST(CheckerInComplexSlots, CoefficientsAreHeldToTheirRules) {
  const Lab lab(Shape{5, 3, 40, 2, 2});
  const auto refused = [&](const std::function<void(CoefficientDraft&)>& change, std::vector<std::string> parts) {
    CoefficientDraft bad(lab);
    change(bad);
    bad.draft.refused(std::move(parts));
  };
  refused([](auto& d) { d.at(d.y).constant = 2; }, {"op 1 (multiplyPlain)", "period 16", "ring degree 32"});
  refused([](auto& d) { d.at(d.z).constant = 2; }, {"op 2 (addPlain)", "period 16", "ring degree 32"});
  refused([](auto& d) { d.at(d.y).constant = 1; }, {"op 1 (multiplyPlain)", "not a vector"});
  refused([](auto& d) { d.at(d.extracted).constant = 0; }, {"op 3 (extract)", "not indexes"});
  refused([](auto& d) { d.at(d.extracted).constant = 9; }, {"op 3 (extract)", "constant 9 of 3"});
  refused([](auto& d) { d.at(d.extracted).type.encoding = Encoding::kCoefficients; }, {"op 3 (extract)", "encoding"});
  refused([](auto& d) { d.at(d.x).type.encoding = Encoding::kExtracted; }, {"op 0 (input)", "not extracted"});
  for (const std::vector<u32>& indexes : std::vector<std::vector<u32>>{{}, {32}, {4, 4}, {5, 1}}) {
    refused([&](auto& d) { d.draft.program.constants[1] = IndexesConstant{indexes}; }, {"op 3 (extract)", "ascend below 32"});
  }
  refused([](auto& d) { d.draft.output(d.draft.add(Opcode::kNegate, {d.extracted}, ValueType(d.at(d.extracted).type))); },
          {"op 5 (negate)", "value 3", "extracted"});
  refused([](auto& d) { d.draft.output(d.draft.add(Opcode::kExtract, {d.draft.input(1)}, d.draft.type(1))); },
          {"op 6 (extract)", "needs coefficients"});
  refused([](auto& d) { d.draft.output(d.draft.add(Opcode::kRotate, {d.x}, ValueType(d.at(d.x).type))); }, {"op 5 (rotate)", "needs slots"});
  Draft slots(lab);
  slots.program.constants[0] = VectorConstant{32, {1}};
  slots.output(slots.add(Opcode::kAddPlain, {slots.input(1)}, slots.type(1)));
  slots.refused({"op 1 (addPlain)", "period 32", "16 slots"});
}

TEST(CheckerInRealSlots, CoefficientsAreExtractedAndNotMultiplied) {
  const Lab lab(Shape{5, 3, 40, 2, 2, RingType::kConjugateInvariant});
  CoefficientDraft draft(lab);
  draft.draft.refused({"op 1", "multiplyPlain of coefficients", "CONJUGATE_INVARIANT"}, Code::kUnsupported);
}

TEST_P(CheckerIn, DiagonalsNeedTheKeysOfTheirOwnSteps) {
  ValueType scaled = draft.type(3);
  scaled.scale = scaled.scale.times_prime(3);
  draft.output(draft.add(Opcode::kLinearTransform, {draft.input(3)}, scaled, [](Instruction& op) {
    op.constant = 5;
    op.plain_scale = Scale().times_prime(3);
  }));
  EXPECT_NO_THROW(draft.check());
  const std::map<u32, int> expected = {{galois_element(lab.ring(), 5), 3}, {galois_element(lab.ring(), 7), 3}};
  EXPECT_EQ(expected, required_keys(*lab.context, draft.program));
  const double residues = 32 * (3 * 5 + 3 * 8);  // of a diagonal: three primes of 40 bits, three of 49 and 50
  EXPECT_EQ(3 * residues, encoded_bytes(*lab.context, draft.program, DiagonalForm::kResidues));
  draft.program.instructions[1].baby_steps = 2;
  draft.refused({"op 1 (linearTransform)", "2 baby steps"});
  draft.program.instructions[1].baby_steps = 1;
  draft.program.constants[5] = SparseMap{4, {{0, 40, {0}, {1}}}};
  draft.refused({"op 1 (linearTransform)", "step of 40"});
  draft.program.constants[5] = SparseMap{4, {{0, 0, {0}, {1}}, {7, 0, {1}, {1}}, {7, 1, {1}, {1}}}, 7};
  if (GetParam() == RingType::kConjugateInvariant) return draft.refused({"conjugate does not exist"}, Code::kUnsupported);
  EXPECT_NO_THROW(draft.check());
  const std::map<u32, int> paired = {
      {galois_element(lab.ring(), 1), 3}, {galois_element(lab.ring(), 7), 3}, {conjugation_element(lab.ring()), 3}};
  EXPECT_EQ(paired, required_keys(*lab.context, draft.program));
  EXPECT_EQ(2 * residues, encoded_bytes(*lab.context, draft.program, DiagonalForm::kResidues));
}

TEST_P(CheckerIn, NamesBothLevelsOfASum) {
  const u32 high = draft.input(3);
  draft.output(draft.add(Opcode::kAdd, {high, draft.input(2)}, draft.type(3)));
  draft.refused({"op 2 (add)", "levels 3 and 2"});
}

TEST_P(CheckerIn, NamesBothScalesOfASum) {
  ValueType other = draft.type(3);
  other.scale = Scale::power_of_two(39);
  const u32 x = draft.input(3);
  draft.output(draft.add(Opcode::kSub, {x, draft.add(Opcode::kInput, {}, other)}, draft.type(3)));
  draft.refused({"op 2 (sub)", "2^40", "2^39"});
}

TEST_P(CheckerIn, RefusesRescaleAtLevelZero) {
  draft.output(draft.add(Opcode::kRescale, {draft.input(0)}, draft.type(0)));
  draft.refused({"op 1 (rescale)", "level 0"});
}

TEST_P(CheckerIn, RefusesRotationOfThreeComponents) {
  const u32 product = draft.add(Opcode::kSquare, {draft.input(3)}, draft.squared(3));
  draft.output(draft.add(Opcode::kRotate, {product}, draft.squared(3)));
  draft.refused({"op 2 (rotate)", "3 components"});
}

TEST_P(CheckerIn, RefusesADeclaredTypeThatIsNotTheComputedOne) {
  draft.output(draft.add(Opcode::kNegate, {draft.input(3)}, draft.type(2)));
  draft.refused({"op 1 (negate)", "declared level 2", "computed 3"});
}

TEST(CheckerInRealSlots, RefusesConjugateByName) {
  const Lab lab(Shape{5, 3, 40, 2, 2, RingType::kConjugateInvariant});
  Draft draft(lab);
  draft.output(draft.add(Opcode::kConjugate, {draft.input(3)}, draft.type(3)));
  draft.refused({"op 1", "conjugate", "CONJUGATE_INVARIANT", "real"}, Code::kUnsupported);
}

TEST_P(CheckerIn, RefusesAScaleAboveItsModulus) {
  draft.output(draft.add(Opcode::kSquare, {draft.input(0)}, draft.squared(0)));
  draft.refused({"op 1 (square)", "80.00 bits", "level 0"});
}

TEST_P(CheckerIn, RefusesAScaleThatLeavesItsBounds) {
  ValueType tiny = draft.type(3);
  tiny.scale = Scale::power_of_two(-65000);
  const u32 x = draft.add(Opcode::kInput, {}, tiny);
  const auto plain = [](Instruction& op) { op.plain_scale = Scale::power_of_two(-65000); };
  draft.output(draft.add(Opcode::kMultiplyPlain, {x}, tiny, plain));
  draft.refused({"op 1 (multiplyPlain)", "130000"});
}

TEST_P(CheckerIn, RefusesAPolynomialThatIsTooDeepOrConstant) {
  draft.output(draft.add(Opcode::kPolynomial, {draft.input(1)}, draft.type(0), [](Instruction& op) { op.constant = 2; }));
  draft.refused({"op 1 (polynomial)", "degree 3 needs level 2, has 1"});
  Draft constant(lab);
  const auto degree_zero = [](Instruction& op) { op.constant = 3; };
  constant.output(constant.add(Opcode::kPolynomial, {constant.input(1)}, constant.type(1), degree_zero));
  constant.refused({"degree 0"});
}

TEST_P(CheckerIn, RefusesConstantsThatAreNotThereOrOfAnotherKind) {
  draft.output(draft.add(Opcode::kAddPlain, {draft.input(3)}, draft.type(3), [](Instruction& op) { op.constant = 9; }));
  draft.refused({"op 1 (addPlain)", "constant 9 of 6"});
  Draft kind(lab);
  kind.output(kind.add(Opcode::kAddPlain, {kind.input(3)}, kind.type(3), [](Instruction& op) { op.constant = 1; }));
  kind.refused({"constant 1 is not a vector"});
}

TEST_P(CheckerIn, RefusesArraysOfLengthsThatDoNotFit) {
  const auto array = [&](u32 length) {
    ValueType type = draft.type(3);
    type.length = length;
    return type;
  };
  draft.add(Opcode::kInput, {}, array(3));
  draft.add(Opcode::kInput, {}, array(2));
  const auto refuses = [&](Opcode opcode, std::vector<u32> arguments, ValueType result, std::vector<std::string> parts) {
    Draft one = draft;
    one.add(opcode, std::move(arguments), std::move(result), [](Instruction& op) {
      op.constant = op.opcode == Opcode::kMatrixProduct ? 4 : 0;
      op.plain_scale = Scale();
    });
    one.output(0);
    one.refused(std::move(parts));
  };
  refuses(Opcode::kAdd, {0, 1}, array(3), {"op 2 (add)", "arrays of 3 and 2"});
  refuses(Opcode::kNegate, {0}, array(2), {"op 2 (negate)", "array of 2", "computed 3"});
  refuses(Opcode::kInput, {}, array(0), {"array of 0", "1..4096"});
  refuses(Opcode::kInput, {}, array(4097), {"array of 4097", "1..4096"});
  refuses(Opcode::kMatrixProduct, {1}, array(2), {"3 columns for an array of 2"});
  refuses(Opcode::kMatrixProduct, {0}, array(3), {"array of 3", "computed 2"});
  ValueType scaled = array(2);
  scaled.scale = scaled.scale * lab.scale;
  refuses(Opcode::kMatrixProduct, {0}, scaled, {"declared scale"});
  Draft plain = draft;
  plain.add(Opcode::kMatrixProduct, {0}, array(2), [](Instruction& op) { op.constant = 1; });
  plain.output(0);
  plain.refused({"constant 1 is not an affine map"});
}

TEST_P(CheckerIn, RefusesScalarsThatTheScaleOneCannotHold) {
  draft.output(draft.add(Opcode::kMultiplyScalar, {draft.input(3)}, draft.type(3), [](Instruction& op) { op.scalar = 0.5; }));
  draft.refused({"op 1 (multiplyScalar)", "integer"});
}

TEST_P(CheckerIn, RefusesScalarsThatTheLevelCannotHold) {
  const auto large = [&](Instruction& op) {
    op.scalar = 1e30;
    op.plain_scale = lab.scale;
  };
  for (const int level : {3, 1}) {  // 1e30 at 2^40 has 140 bits, two primes have 80, four 160
    Draft sum(lab), product(lab);
    sum.output(sum.add(Opcode::kAddScalar, {sum.input(level)}, sum.type(level), large));
    ValueType scaled = product.type(level);
    scaled.scale = lab.scale * lab.scale;
    product.output(product.add(Opcode::kMultiplyScalar, {product.input(level)}, scaled, large));
    if (level == 3) {
      EXPECT_NO_THROW(sum.check());
      EXPECT_NO_THROW(product.check());
    } else {
      sum.refused({"op 1 (addScalar)", "139.7 bits", "level 1 allows"});
      product.refused({"op 1 (multiplyScalar)", "139.7 bits", "level 1 allows"});
    }
  }
  Draft unknown(lab);
  unknown.output(unknown.add(Opcode::kAddScalar, {unknown.input(3)}, unknown.type(3), [](Instruction& op) { op.scalar = NAN; }));
  unknown.refused({"op 1 (addScalar)", "NaN"});
}

TEST_P(CheckerIn, RefusesPolynomialsWithCoefficientsThatTheirLevelsCannotHold) {
  for (const std::vector<double>& coefficients : {std::vector<double>{0, 0, 0, 1e30}, {1e30, 1, 1, 1}}) {
    draft.program.constants.push_back(PolynomialConstant{Basis::kChebyshev, coefficients});
    Draft one = draft;
    one.output(one.add(Opcode::kPolynomial, {one.input(2)}, one.type(0), [&](Instruction& op) {
      op.constant = static_cast<u32>(one.program.constants.size() - 1);
    }));
    one.refused({"op 1 (polynomial)", "scalar at scale", "bits"});
  }
}

TEST_P(CheckerIn, RefusesCountsThatAreNoPowersOfTwo) {
  Draft mean = draft;
  draft.output(draft.add(Opcode::kRotateSum, {draft.input(3)}, draft.type(3), [](Instruction& op) { op.count = 3; }));
  draft.refused({"op 1 (rotateSum)", "count 3"});
  mean.output(mean.add(Opcode::kRotateMean, {mean.input(3)}, mean.type(3), [](Instruction& op) {
    op.stride = 3;
    op.count = 4;
  }));
  mean.refused({"op 1 (rotateMean)", "4 rotations 3 apart are not the"});
}

TEST_P(CheckerIn, RefusesMissingAndRepeatedInputsAndOutputs) {
  draft.refused({"no outputs"});
  draft.output(draft.input(3));
  draft.program.inputs = 2;
  draft.refused({"declares 2 inputs, has 1"});
  Draft repeated(lab);
  repeated.input(3);
  repeated.output(repeated.add(Opcode::kInput, {}, repeated.type(3), [](Instruction& op) { op.index = 0; }));
  repeated.refused({"op 1 (input)", "index 0", "twice"});
}

TEST_P(CheckerIn, RefusesKeySwitchingWithoutSpecialPrimes) {
  const Lab bare(Shape{5, 3, 40, 1, 0, GetParam()});
  Draft one(bare);
  one.output(one.add(Opcode::kRotate, {one.input(3)}, one.type(3), [](Instruction& op) { op.steps = 1; }));
  one.refused({"special primes"});
}

TEST_P(CheckerIn, NamesTheElementAndLevelOfAMissingKey) {
  EvaluationKeySet none;
  expect_error(Code::kMissingKey, {"25", "2"}, [&] { check_keys({{25, 2}}, none); });
}

}  // namespace
}  // namespace tacet
