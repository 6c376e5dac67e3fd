// SPDX-License-Identifier: Apache-2.0
#include "program/executor.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <thread>

#include "support/fixture.h"

namespace tacet {
namespace {

using testing::expect_error;
using testing::Lab;
using testing::Shape;

Instruction instruction(Opcode opcode, std::vector<u32> arguments, ValueType type) {
  Instruction op;
  op.opcode = opcode;
  op.arguments = std::move(arguments);
  op.type = std::move(type);
  return op;
}

class ExecutorTest : public ::testing::TestWithParam<RingType> {
 protected:
  ValueType type(int level) const { return {Encoding::kSlots, level, 2, lab.scale}; }

  /// One input, `count` rotations of it by 1, 2, .., each an output.
  Program rotations(int count) const {
    Program program;
    program.layers = {"rotations"};
    program.inputs = 1;
    program.outputs = count;
    program.instructions.push_back(instruction(Opcode::kInput, {}, type(3)));
    for (int k = 1; k <= count; ++k) {
      program.instructions.push_back(instruction(Opcode::kRotate, {0}, type(3)));
      program.instructions.back().steps = k;
    }
    for (int k = 1; k <= count; ++k) {
      program.instructions.push_back(instruction(Opcode::kOutput, {static_cast<u32>(k)}, type(3)));
      program.instructions.back().index = static_cast<u32>(k - 1);
    }
    return program;
  }

  /// output(input + vector) in a layer named fc2.
  Program sum(VectorConstant vector, int level) const {
    Program program;
    program.layers = {"fc2"};
    program.inputs = program.outputs = 1;
    program.constants = {std::move(vector)};
    program.instructions = {instruction(Opcode::kInput, {}, type(level)), instruction(Opcode::kAddPlain, {0}, type(level)),
                            instruction(Opcode::kOutput, {1}, type(level))};
    return program;
  }

  Lab lab{Shape{5, 3, 40, 2, 2, GetParam()}};
  std::vector<double> x = lab.random(1);
};

/// To the last bit.
void expect_same(const Ciphertext& a, const Ciphertext& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t c = 0; c < a.components.size(); ++c) {
    ASSERT_EQ(a.components[c].bytes(), b.components[c].bytes());
    EXPECT_EQ(0, std::memcmp(a.components[c].limb(0), b.components[c].limb(0), a.components[c].bytes()));
  }
}

INSTANTIATE_TEST_SUITE_P(Rings, ExecutorTest, ::testing::ValuesIn(testing::kBothRings),
                         [](const auto& test) { return testing::name_of(test.param); });

TEST_P(ExecutorTest, RotationsOfOneValueShareTheirDecompositionAndComeOutRight) {
  for (int k = 1; k <= 5; ++k) lab.add_rotation(k);
  const auto program = ExecutableProgram::create(lab.context, rotations(5));
  const Ciphertext input = lab.encrypt(x);
  const RunResult result = program->run(lab.keys, {&input}, nullptr);
  ASSERT_EQ(5u, result.outputs.size());
  for (std::size_t k = 1; k <= 5; ++k) {
    EXPECT_LT(lab.error(*result.outputs[k - 1], [&](std::size_t j) { return x[(j + k) % x.size()]; }), 1e-7);
  }
  ASSERT_EQ(1u, result.layer_nanos.size());
  EXPECT_GT(result.layer_nanos[0], 0u);
}

TEST_P(ExecutorTest, KeptConstantsAreThoseThatWereEncoded) {
  for (int k = 1; k < 4; ++k) lab.add_rotation(k);
  // x A + b, then x A + b + b: two sums with one plaintext
  Program program;
  program.layers = {"fc"};
  program.inputs = program.outputs = 1;
  program.constants = {MatrixConstant{4, 4, 4, 4, {1, 2, 3, 4, 0, 1, 0, 0, -1, 0, 1, 0, 0.5, 0, 0, 1}}, VectorConstant{4, {1, -2, 3}}};
  ValueType product = type(3);
  product.scale = lab.scale.times_prime(3);
  program.instructions = {instruction(Opcode::kInput, {}, type(3)), instruction(Opcode::kLinearTransform, {0}, product),
                          instruction(Opcode::kAddPlain, {1}, product), instruction(Opcode::kAddPlain, {2}, product),
                          instruction(Opcode::kOutput, {3}, product)};
  program.instructions[1].baby_steps = 4;
  program.instructions[1].plain_scale = Scale().times_prime(3);
  program.instructions[2].constant = program.instructions[3].constant = 1;

  const auto encoded = ExecutableProgram::create(lab.context, program);
  EncodedConstants constants = encoded->encoded_constants();
  ASSERT_EQ(1u, constants.diagonals.size());
  ASSERT_EQ(1u, constants.plaintexts.size());
  Program unread = program;  // the numbers are not looked at again
  for (double& value : std::get<MatrixConstant>(unread.constants[0]).values) value = 7;
  std::get<VectorConstant>(unread.constants[1]).values = {9};
  const auto kept = ExecutableProgram::create(lab.context, unread, constants);
  const Ciphertext input = lab.encrypt(x);
  const RunResult a = encoded->run(lab.keys, {&input}, nullptr), b = kept->run(lab.keys, {&input}, nullptr);
  expect_same(*a.outputs[0], *b.outputs[0]);
  EXPECT_EQ(encoded->bytes(), kept->bytes());

  constants.plaintexts[0].size -= 1;
  expect_error(Code::kMalformed, {"op 2", "words of an encoded plaintext"},
               [&] { ExecutableProgram::create(lab.context, program, constants); });
  constants.plaintexts.clear();
  expect_error(Code::kMalformed, {"1 linear transforms and 0 plaintexts", "1 and 1"},
               [&] { ExecutableProgram::create(lab.context, program, constants); });
}

TEST_P(ExecutorTest, AnOutlineRunsWithTheEncodedDiagonalsAndNotWithout) {
  lab.add_rotation(1);
  Program program;
  program.layers = {"fc"};
  program.inputs = program.outputs = 1;
  SparseMap map;
  map.period = 4;
  map.diagonals = {{0, 0, {0, 2}, {1, -2}}, {0, 1, {1, 2, 3}, {0.5, 3, -1}}};
  program.constants = {map};
  ValueType product = type(3);
  product.scale = lab.scale.times_prime(3);
  program.instructions = {instruction(Opcode::kInput, {}, type(3)), instruction(Opcode::kLinearTransform, {0}, product),
                          instruction(Opcode::kOutput, {1}, product)};
  program.instructions[1].plain_scale = Scale().times_prime(3);
  const auto whole = ExecutableProgram::create(lab.context, program);

  Program outline = program;
  outline.outline = true;
  for (SparseDiagonal& diagonal : std::get<SparseMap>(outline.constants[0]).diagonals) {
    diagonal.slots.resize(1);
    diagonal.values = {7};
  }
  expect_error(Code::kMalformed, {"op 1", "an outline of a program needs the encoded diagonals"},
               [&] { ExecutableProgram::create(lab.context, outline); });
  const auto kept = ExecutableProgram::create(lab.context, outline, whole->encoded_constants());
  const Ciphertext input = lab.encrypt(x);
  const RunResult a = whole->run(lab.keys, {&input}, nullptr), b = kept->run(lab.keys, {&input}, nullptr);
  expect_same(*a.outputs[0], *b.outputs[0]);
}

/// square(x + y) for arrays, relinearized and rescaled, then a matrix product, rescaled; the array x is an output as well.
TEST_P(ExecutorTest, ArraysGoThroughElementByElementAndMeetInTheMatrixProduct) {
  lab.add_key(0);
  Program program;
  program.layers = {"square", "fc"};
  program.inputs = program.outputs = 2;
  program.constants = {AffineConstant{2, 3, {1, -2, 0.5, 0.25, 3, -1}, {0.125, -4}}};
  const auto push = [&](Opcode opcode, std::vector<u32> arguments, ValueType result) {
    program.instructions.push_back(instruction(opcode, std::move(arguments), std::move(result)));
    return static_cast<u32>(program.instructions.size() - 1);
  };
  ValueType in = type(3);
  in.length = 3;
  ValueType squared = in, relinear, level2, product, out;
  squared.components = 3;
  squared.scale = in.scale * in.scale;
  relinear = squared;
  relinear.components = 2;
  level2 = relinear;
  level2.level = 2;
  level2.scale = level2.scale.times_prime(3, -1);
  product = level2;
  product.scale = level2.scale.times_prime(2);
  product.length = 2;
  out = product;
  out.level = 1;
  out.scale = level2.scale;
  const u32 a = push(Opcode::kInput, {}, in), b = push(Opcode::kInput, {}, in);
  program.instructions[b].index = 1;
  const u32 sum = push(Opcode::kAdd, {a, b}, in), square = push(Opcode::kSquare, {sum}, squared);
  const u32 low = push(Opcode::kRescale, {push(Opcode::kRelinearize, {square}, relinear)}, level2);
  const u32 matrix = push(Opcode::kMatrixProduct, {low}, product);
  program.instructions[matrix].plain_scale = Scale().times_prime(2);
  program.instructions[matrix].layer = 1;
  program.instructions[push(Opcode::kOutput, {push(Opcode::kRescale, {matrix}, out)}, out)].index = 1;
  push(Opcode::kOutput, {a}, in);

  const auto executable = ExecutableProgram::create(lab.context, program);
  EXPECT_GT(executable->bytes(), 0u);
  std::vector<std::vector<double>> slots;
  std::vector<Ciphertext> features;
  for (unsigned k = 0; k < 6; ++k) {
    slots.push_back(lab.random(k + 1));
    features.push_back(lab.encrypt(slots.back()));
  }
  std::vector<const Ciphertext*> inputs;
  for (const Ciphertext& feature : features) inputs.push_back(&feature);
  const RunResult result = executable->run(lab.keys, inputs, nullptr);
  ASSERT_EQ(5u, result.outputs.size());
  for (std::size_t e = 0; e < 3; ++e) {
    EXPECT_LT(lab.error(*result.outputs[e], [&](std::size_t j) { return slots[e][j]; }), 1e-7);
  }
  const auto& w = std::get<AffineConstant>(program.constants[0]);
  for (std::size_t r = 0; r < 2; ++r) {
    EXPECT_LT(lab.error(*result.outputs[3 + r],
                        [&](std::size_t j) {
                          double y = w.bias[r];
                          for (std::size_t e = 0; e < 3; ++e) y += w.weights[3 * r + e] * std::pow(slots[e][j] + slots[e + 3][j], 2);
                          return y;
                        }),
              1e-5);
  }

  inputs.pop_back();
  expect_error(Code::kInvalidArgument, {"5 inputs", "takes 6"}, [&] { executable->run(lab.keys, inputs, nullptr); });
  const Ciphertext wrong = lab.encrypt(slots[0], 1);
  inputs.push_back(&wrong);
  expect_error(Code::kInvalidArgument, {"input 1, element 2", "level 1"}, [&] { executable->run(lab.keys, inputs, nullptr); });
  const CancelFlag flag{1};
  inputs.back() = &features[5];
  expect_error(Code::kCancelled, {"square"}, [&] { executable->run(lab.keys, inputs, &flag); });
}

TEST_P(ExecutorTest, AnAffineMapThatOverflowsNamesItsOpAndLayer) {
  Program program = sum({4, {0}}, 1);
  program.constants[0] = AffineConstant{1, 1, {1e30}, {0}};
  ValueType result = type(1);
  result.scale = result.scale * lab.scale;
  program.instructions[1] = instruction(Opcode::kMatrixProduct, {0}, result);
  program.instructions[1].plain_scale = lab.scale;
  program.instructions[2].type = result;
  expect_error(Code::kMalformed, {"op 1", "matrixProduct", "fc2", "weight of row 0"},
               [&] { ExecutableProgram::create(lab.context, program); });
}

TEST_P(ExecutorTest, AnOutputThatIsAnInputOutlivesIt) {
  Program same = rotations(1);
  same.instructions[2].arguments = {0};
  lab.add_rotation(1);
  const auto program = ExecutableProgram::create(lab.context, same);
  std::shared_ptr<const Ciphertext> output;
  {
    const Ciphertext input = lab.encrypt(x);
    output = program->run(lab.keys, {&input}, nullptr).outputs[0];
  }
  EXPECT_LT(lab.error(*output, [&](std::size_t j) { return x[j]; }), 1e-7);
}

TEST_P(ExecutorTest, AVectorIsPaddedToItsPeriodAndTiled) {
  const auto executable = ExecutableProgram::create(lab.context, sum({4, {1, 2, 3}}, 3));
  EXPECT_EQ(lab.context->n() * 4 * sizeof(u64), executable->bytes());
  const Ciphertext input = lab.encrypt(x);
  const RunResult result = executable->run(nullptr, {&input}, nullptr);
  const double added[] = {1, 2, 3, 0};
  EXPECT_LT(lab.error(*result.outputs[0], [&](std::size_t j) { return x[j] + added[j % 4]; }), 1e-7);
}

TEST_P(ExecutorTest, AConstantThatOverflowsNamesItsOpAndLayer) {
  const Program overflowing = sum({4, {1e30}}, 0);
  expect_error(Code::kMalformed, {"op 1", "addPlain", "fc2"}, [&] { ExecutableProgram::create(lab.context, overflowing); });
}

TEST_P(ExecutorTest, ConstantsThatDoNotFitInMemoryAreRefusedBeforeAnythingIsAllocated) {
  const Lab large(Shape{16, 1, 40, 1, 1, GetParam()});
  Program program;
  program.layers = {"wide"};
  program.inputs = program.outputs = 1;
  program.constants = {MatrixConstant{1, 1, 32768, 32768, {1}}};
  ValueType result = type(1);
  program.instructions = {instruction(Opcode::kInput, {}, result)};
  result.scale = result.scale * Scale::power_of_two(20);
  for (int k = 0; k < 64; ++k) {  // 64 times 48 GiB
    program.instructions.push_back(instruction(Opcode::kLinearTransform, {0}, result));
    program.instructions.back().baby_steps = 181;
    program.instructions.back().plain_scale = Scale::power_of_two(20);
  }
  program.instructions.push_back(instruction(Opcode::kOutput, {1}, result));
  expect_error(Code::kOutOfMemory, {"MiB"}, [&] { ExecutableProgram::create(large.context, program); });
}

TEST_P(ExecutorTest, ASetFlagCancelsBeforeTheNextOperation) {
  lab.add_rotation(1);
  lab.add_rotation(2);
  const auto program = ExecutableProgram::create(lab.context, rotations(2));
  const Ciphertext input = lab.encrypt(x);
  const CancelFlag flag{1};
  expect_error(Code::kCancelled, {"0 of 5 operations", "rotations"}, [&] { program->run(lab.keys, {&input}, &flag); });
}

TEST_P(ExecutorTest, AFlagSetWhileAnOperationRunsStopsItInside) {
  Lab keyed(Shape{13, 1, 40, 1, 1, GetParam()});
  Program program;
  program.layers = {"wide"};
  program.inputs = program.outputs = 1;
  program.constants = {MatrixConstant{1, 1, 256, 256, {1}}};
  ValueType result{Encoding::kSlots, 1, 2, keyed.scale};
  program.instructions = {instruction(Opcode::kInput, {}, result)};
  result.scale = result.scale * Scale::power_of_two(20);
  program.instructions.push_back(instruction(Opcode::kLinearTransform, {0}, result));
  program.instructions.back().baby_steps = 1;
  program.instructions.back().plain_scale = Scale::power_of_two(20);
  program.instructions.push_back(instruction(Opcode::kOutput, {1}, result));
  // one key under every giant step's element: what comes out does not matter, only when it stops
  auto key = std::make_shared<const EvaluationKey>(expand(
      keyed.ring(), make_evaluation_key(keyed.ring(), keyed.secret, 5, 1, testing::public_seed(1), testing::secret_seed(2))));
  for (i64 giant = 1; giant < 256; ++giant) {
    EvaluationKey renamed = *key;
    renamed.galois = galois_element(keyed.ring(), giant);
    keyed.keys->add(std::make_shared<const EvaluationKey>(std::move(renamed)));
  }
  const auto executable = ExecutableProgram::create(keyed.context, program);
  const Ciphertext input = keyed.encrypt(keyed.random(1));
  // When the flag is set the machine decides, so it is set later and later: before, inside or after the transform.
  bool inside = false;
  for (int attempt = 0; attempt < 60 && !inside; ++attempt) {
    CancelFlag flag{0};
    std::thread canceller([&flag, attempt] {
      std::this_thread::sleep_for(std::chrono::milliseconds(2 + attempt % 20 * 3));
      flag = 1;
    });
    try {
      executable->run(keyed.keys, {&input}, &flag);
    } catch (const Error& error) {
      EXPECT_EQ(Code::kCancelled, error.code);
      inside = std::string(error.what()).find("cancelled after 1 of 3 operations") != std::string::npos &&
               std::string(error.what()).find("op 1 (linearTransform, layer wide)") != std::string::npos;
    }
    canceller.join();
  }
  EXPECT_TRUE(inside);
}

TEST_P(ExecutorTest, InputsAndKeysAreCheckedBeforeAnythingRuns) {
  const auto program = ExecutableProgram::create(lab.context, rotations(1));
  const Ciphertext low = lab.encrypt(x, 1);
  expect_error(Code::kInvalidArgument, {"input 0", "level 1", "level 3"}, [&] { program->run(nullptr, {&low}, nullptr); });
  expect_error(Code::kInvalidArgument, {"2 inputs", "takes 1"}, [&] { program->run(nullptr, {&low, &low}, nullptr); });
  const Ciphertext input = lab.encrypt(x);
  expect_error(Code::kMissingKey, {"5", "3"}, [&] { program->run(nullptr, {&input}, nullptr); });
}

/// W x + b for two rows of seven features, rows in the coefficients from the last to the first, as one product.
TEST(ExecutorOnCoefficients, ALinearMapIsOneProductWithoutKeys) {
  Lab lab(Shape{6, 0, 20, 1, 0});
  const u32 n = 64, block = 7;
  const std::vector<double> weights = {1, -2, 3, 0.5, 0.25, -1, 2, -0.5, 4, 1, 1, -3, 0.125, 2}, bias = {10, -20};
  VectorConstant reversed{n, std::vector<double>(2 * block)}, added{n, std::vector<double>(2 * block)};
  for (std::size_t row = 0; row < 2; ++row) {
    for (std::size_t i = 0; i < block; ++i) reversed.values[row * block + block - 1 - i] = weights[row * block + i];
    added.values[row * block + block - 1] = bias[row];
  }
  const u32 zero = 3 * block - 1;  // behind everything that the product reaches
  Program program;
  program.layers = {"linear"};
  program.inputs = program.outputs = 1;
  program.constants = {reversed, added, IndexesConstant{{block - 1, 2 * block - 1, zero, n - 1}}};
  ValueType in{Encoding::kCoefficients, 0, 2, Scale::power_of_two(30)}, out = in;
  out.scale = Scale::power_of_two(36);
  ValueType extracted = out;
  extracted.encoding = Encoding::kExtracted;
  program.instructions = {instruction(Opcode::kInput, {}, in), instruction(Opcode::kMultiplyPlain, {0}, out),
                          instruction(Opcode::kAddPlain, {1}, out), instruction(Opcode::kExtract, {2}, extracted),
                          instruction(Opcode::kOutput, {3}, extracted)};
  program.instructions[1].plain_scale = Scale::power_of_two(6);
  program.instructions[2].constant = 1;
  program.instructions[3].constant = 2;
  const auto executable = ExecutableProgram::create(lab.context, program);
  EXPECT_TRUE(executable->keys().empty());
  const std::vector<double> x = {0.5, -1, 0.25, 1, -0.125, 0.75, -0.5};
  const Plaintext plaintext = lab.encoder.encode_coefficients(x.data(), x.size(), 0, in.scale);
  const Ciphertext input = encrypt_secret(lab.ring(), lab.secret, plaintext, testing::public_seed(3), testing::secret_seed(3));
  const RunResult result = executable->run(nullptr, {&input}, nullptr);
  std::vector<double> y(n);
  DecodeStats stats;
  lab.encoder.decode_coefficients(decrypt(lab.ring(), lab.secret, *result.outputs[0]), y.data(), &stats);
  for (std::size_t row = 0; row < 2; ++row) {
    double expected = bias[row];
    for (std::size_t i = 0; i < block; ++i) expected += weights[row * block + i] * x[i];
    EXPECT_NEAR(expected, y[(row + 1) * block - 1], 1e-6);
  }
  EXPECT_NEAR(0, y[zero], 1e-6);
  EXPECT_NEAR(0, y[n - 1], 1e-6);
  EXPECT_NEAR(0, y[0], 0);  // not extracted
  EXPECT_LE(stats.fraction, 1);
  const Ciphertext slots = lab.encrypt(lab.random(1));
  expect_error(Code::kInvalidArgument, {"input 0", "encoding 0", "encoding 1"}, [&] { executable->run(nullptr, {&slots}, nullptr); });
  const Ciphertext answer = *result.outputs[0];
  expect_error(Code::kInvalidArgument, {"input 0", "encoding 2"}, [&] { executable->run(nullptr, {&answer}, nullptr); });
}

}  // namespace
}  // namespace tacet
