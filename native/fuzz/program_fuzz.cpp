// SPDX-License-Identifier: Apache-2.0
// PROGRAM bodies through reader and checker; a program that passes both has its constants encoded and runs: its outputs have the
// declared types, whatever the inputs' residues are.

#include <algorithm>
#include <map>
#include <random>

#include "fuzz_support.h"
#include "program/checker.h"
#include "program/executor.h"
#include "rlwe/encryption.h"
#include "serial/object_codec.h"
#include "serial/program_codec.h"

namespace {

using namespace tacet;

constexpr std::size_t kMostWork = 4000;  // operations on one ciphertext in one run

/// A key for each Galois element of the ring and for relinearization, at the top level.
std::shared_ptr<const EvaluationKeySet> all_keys(const Context& context) {
  const Ring& ring = context.ring();
  const u8 seed[32] = {3};
  const SecretKey secret = SecretKey::from_seed(ring, SecretSeed(seed));
  auto keys = std::make_shared<EvaluationKeySet>();
  for (u32 galois = 0; galois < 4 * ring.n(); ++galois) {
    if (galois != 0 && !is_galois_element(ring, galois)) continue;
    keys->add(std::make_shared<EvaluationKey>(
        expand(ring, make_evaluation_key(ring, secret, galois, context.max_level(), PublicSeed{}, SecretSeed(seed)))));
  }
  return keys;
}

const std::shared_ptr<const EvaluationKeySet>& keys_of(const Context& context) {
  static std::map<const Context*, std::shared_ptr<const EvaluationKeySet>> made;
  auto& keys = made[&context];
  if (keys == nullptr) keys = all_keys(context);
  return keys;
}

/// Some ciphertext of that type.
Ciphertext ciphertext_of(const Context& context, const ValueType& type, std::mt19937_64& engine) {
  Ciphertext out;
  out.encoding = type.encoding;
  out.level = type.level;
  out.scale = type.scale;
  for (int c = 0; c < type.components; ++c) {
    Poly<Eval> component(context.n(), type.level + 1);
    for (int limb = 0; limb <= type.level; ++limb) {
      const u64 q = context.ring().modulus(limb).value;
      for (std::size_t i = 0; i < context.n(); ++i) component.limb(limb)[i] = engine() % q;
    }
    out.components.push_back(std::move(component));
  }
  return out;
}

/// How many operations on one ciphertext a run takes, about.
std::size_t work_of(const Program& program) {
  std::size_t work = 0;
  for (const Instruction& op : program.instructions) {
    std::size_t each = 1;
    if (op.opcode == Opcode::kPolynomial) each = std::get<PolynomialConstant>(program.constants[op.constant]).coefficients.size();
    if (op.opcode == Opcode::kMatrixProduct) each = std::get<AffineConstant>(program.constants[op.constant]).columns;
    if (op.opcode == Opcode::kLinearTransform) each = 64;
    work += each * op.type.length;
  }
  return work;
}

void require_type(const Context& context, const ValueType& type, const Ciphertext& given) {
  const int components = type.encoding == Encoding::kExtracted ? type.components - 1 : type.components;
  if (given.encoding != type.encoding || given.level != type.level || given.scale != type.scale || given.size() != components) {
    fuzz::broken("an output of another type than declared");
  }
  std::vector<u8> bytes(ciphertext_size(context, given)), again(bytes.size());
  store_ciphertext(context, given, bytes.data(), bytes.size());
  store_ciphertext(context, load_ciphertext(context, bytes.data(), bytes.size()), again.data(), again.size());
  if (again != bytes) fuzz::broken("an output read and written differs");
}

void run(const ExecutableProgram& executable, u64 seed) {
  const Context& context = *executable.context();
  const Program& program = executable.program();
  if (work_of(program) > kMostWork) return;
  std::mt19937_64 engine(seed);
  std::map<u32, const Instruction*> by_input, by_output;
  for (const Instruction& op : program.instructions) {
    if (op.opcode == Opcode::kInput) by_input[op.index] = &op;
    if (op.opcode == Opcode::kOutput) by_output[op.index] = &op;
  }
  std::vector<Ciphertext> given;
  for (const auto& [index, op] : by_input) {
    for (u32 e = 0; e < op->type.length; ++e) given.push_back(ciphertext_of(context, op->type, engine));
  }
  std::vector<const Ciphertext*> inputs;
  for (const Ciphertext& ciphertext : given) inputs.push_back(&ciphertext);
  RunResult result;
  try {
    result = executable.run(keys_of(context), inputs, nullptr);
  } catch (const Error& error) {
    // a polynomial whose coefficients do not fit its scales is found as it is evaluated
    if (error.code != Code::kInvalidArgument || error.text.rfind("op ", 0) != 0) throw;
    return;
  }
  std::size_t at = 0;
  for (const auto& [index, op] : by_output) {
    for (u32 e = 0; e < op->type.length; ++e) require_type(context, op->type, *result.outputs.at(at++));
  }
  if (at != result.outputs.size()) fuzz::broken("another number of outputs than declared");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const auto& context : fuzz::contexts()) {
    const std::vector<u8> bytes = fuzz::wrap(*context, BlobKind::kProgram, data, size);
    fuzz::expect_typed_errors([&] {
      Program program = load_program(*context, bytes.data(), bytes.size());
      if (load_outline(*context, bytes.data(), bytes.size()).instructions.size() != program.instructions.size()) {
        fuzz::broken("an outline of other operations than the program's");
      }
      check_program(*context, program);
      required_keys(*context, program);
      run(*ExecutableProgram::create(context, std::move(program)), size);
    });
  }
  return 0;
}
