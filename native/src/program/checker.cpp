// SPDX-License-Identifier: Apache-2.0
#include "program/checker.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

#include "circuits/linear_transform.h"
#include "circuits/matrix_product.h"
#include "ckks/rounding.h"
#include "ring/automorphism.h"
#include "rlwe/rerandomise.h"
#include "util/error.h"

namespace tacet {

namespace {

/// Largest magnitude up to which every integer is a double.
constexpr double kLargestExactInteger = 9007199254740992.0;

/// Checks one operation after those before it.
class OpChecker {
 public:
  OpChecker(const Context& context, const Program& program, u32 id)
      : context_(context), program_(program), id_(id), op_(program.instructions[id]), info_(op_info(op_.opcode)) {}

  void check() {
    if (!info_.implemented) {
      fail(Code::kUnsupported, "op %u: %s is not available in this version", id_, info_.name);
    }
    if (op_.layer >= program_.layers.size()) refuse("layer %u of %zu", op_.layer, program_.layers.size());
    if (static_cast<int>(op_.arguments.size()) != info_.arguments) {
      refuse("%zu arguments, takes %d", op_.arguments.size(), info_.arguments);
    }
    for (const u32 argument : op_.arguments) {
      if (argument >= id_) refuse("uses value %u, which is not before it", argument);
      if (program_.instructions[argument].opcode == Opcode::kOutput) refuse("uses value %u, which is an output", argument);
      if (program_.instructions[argument].type.encoding == Encoding::kExtracted && op_.opcode != Opcode::kOutput) {
        refuse("uses value %u, which is extracted: only an output takes it", argument);
      }
      if (program_.instructions[argument].opcode == Opcode::kComplex && op_.opcode != Opcode::kOutput) {
        refuse("uses value %u, whose slots are complex: only an output takes it", argument);
      }
    }
    if (op_.type.length == 0 || op_.type.length > kMaxArrayLength) {
      refuse("an array of %u, allowed are 1..%u", op_.type.length, kMaxArrayLength);
    }
    if (op_.arguments.size() == 2 && argument(0).length != argument(1).length) {
      refuse("arrays of %u and %u", argument(0).length, argument(1).length);
    }
    compare(bounded_result_type());
    const double bits = op_.type.scale.log2(context_.ring());
    const double modulus = context_.ring().log2_q(op_.type.level);
    if (bits > modulus) {
      refuse("scale of %.2f bits at level %d, whose modulus has %.2f", bits, op_.type.level, modulus);
    }
  }

 private:
  const ValueType& argument(std::size_t k) const { return program_.instructions[op_.arguments[k]].type; }

  template <class... Values>
  [[noreturn]] void refuse(const char* format, Values... values) const {
    char text[400];
    std::snprintf(text, sizeof text, format, values...);
    fail(Code::kMalformed, "op %u (%s): %s", id_, info_.name, text);
  }

  /// result_type(), where a scale that leaves its bounds or a scalar that does not fit its level is the program's fault and not the
  /// caller's.
  ValueType bounded_result_type() const {
    try {
      return result_type();
    } catch (const Error& error) {
      if (error.code != Code::kInvalidArgument) throw;
      refuse("%s", error.text.c_str());
    }
  }

  ValueType result_type() const {
    switch (op_.opcode) {
      case Opcode::kInput: return input();
      case Opcode::kOutput:
      case Opcode::kNegate: return argument(0);
      case Opcode::kAdd:
      case Opcode::kSub: return sum();
      case Opcode::kAddPlain: need_vector(); return argument(0);
      case Opcode::kAddScalar:
        need_slots();
        rounded_scalar(context_.ring(), "addScalar", op_.scalar, argument(0).scale, argument(0).level);
        return argument(0);
      case Opcode::kComplex: return complex();
      case Opcode::kMultiply: return product(argument(0), argument(1));
      case Opcode::kSquare: return product(argument(0), argument(0));
      case Opcode::kMultiplyPlain: return plain_product();
      case Opcode::kMultiplyScalar: return scalar_product();
      case Opcode::kConjugate:
        if (context_.real_slots()) {
          fail(Code::kUnsupported, "op %u: conjugate does not exist in ring type CONJUGATE_INVARIANT, its slots are real",
               id_);
        }
        [[fallthrough]];
      case Opcode::kRotate:
        need_slots();
        need_two_components();
        return argument(0);
      case Opcode::kRotateSum: return rotate_sum();
      case Opcode::kRotateMean: return rotate_mean();
      case Opcode::kLinearTransform: return linear_transform();
      case Opcode::kPolynomial: return polynomial();
      case Opcode::kMatrixProduct: return matrix_product();
      case Opcode::kRelinearize: return relinearized();
      case Opcode::kRescale: return rescaled();
      case Opcode::kDropLevel: return dropped();
      case Opcode::kExtract: return extracted();
      case Opcode::kFlood: return flooded();
      default: fail(Code::kInternal, "op %u: %s has no typing rule", id_, info_.name);
    }
  }

  ValueType input() const {
    if (op_.type.level > context_.max_level()) {
      refuse("level %d, the chain ends at level %d", op_.type.level, context_.max_level());
    }
    if (op_.type.components != 2) refuse("%d components, inputs have 2", op_.type.components);
    if (op_.type.encoding == Encoding::kExtracted) refuse("inputs are not extracted");
    return op_.type;
  }

  ValueType sum() const {
    ValueType type = argument(0);
    const ValueType& other = argument(1);
    if (type.encoding != other.encoding) refuse("encodings differ");
    if (type.level != other.level) refuse("levels %d and %d", type.level, other.level);
    if (type.scale != other.scale) {
      refuse("scales %s and %s", text(type.scale).c_str(), text(other.scale).c_str());
    }
    type.components = std::max(type.components, other.components);
    return type;
  }

  ValueType complex() const {
    if (context_.real_slots()) {
      fail(Code::kUnsupported, "op %u: complex does not exist in ring type CONJUGATE_INVARIANT, its slots are real", id_);
    }
    need_slots();
    need_two_components();
    if (argument(1).components != 2) refuse("imaginary parts of %d components, takes 2", argument(1).components);
    return sum();
  }

  ValueType product(ValueType type, const ValueType& other) const {
    if (type.encoding != Encoding::kSlots || other.encoding != Encoding::kSlots) refuse("needs slots, has coefficients");
    if (type.components != 2 || other.components != 2) {
      refuse("%d and %d components, takes 2 and 2", type.components, other.components);
    }
    if (type.level != other.level) refuse("levels %d and %d", type.level, other.level);
    type.components = 3;
    type.scale = type.scale * other.scale;
    return type;
  }

  ValueType plain_product() const {
    need_vector();
    if (argument(0).encoding == Encoding::kCoefficients && context_.real_slots()) {
      fail(Code::kUnsupported, "op %u: multiplyPlain of coefficients is not available in ring type CONJUGATE_INVARIANT", id_);
    }
    return scaled();
  }

  ValueType extracted() const {
    need_two_components();
    if (argument(0).encoding != Encoding::kCoefficients) refuse("needs coefficients, has slots");
    const auto& indexes = constant<IndexesConstant>("indexes").indexes;
    if (!are_indexes(indexes, context_.n())) {
      refuse("%zu indexes, they must ascend below %zu and be at least one", indexes.size(), context_.n());
    }
    ValueType type = argument(0);
    type.encoding = Encoding::kExtracted;
    return type;
  }

  ValueType flooded() const {
    need_two_components();
    const Instruction& zero = program_.instructions[op_.arguments[1]];
    if (zero.opcode != Opcode::kInput) refuse("the encryption of zero is value %u, which is no input", op_.arguments[1]);
    if (argument(0).length != 1) refuse("an array of %u, floods one ciphertext", argument(0).length);
    if (argument(0).encoding != zero.type.encoding) refuse("encodings differ");
    if (argument(0).level != zero.type.level) refuse("levels %d and %d", argument(0).level, zero.type.level);
    check_flooding(context_.ring(), argument(0).level, op_.scalar);
    return argument(0);
  }

  ValueType scaled() const {
    ValueType type = argument(0);
    type.scale = type.scale * op_.plain_scale;
    return type;
  }

  ValueType scalar_product() const {
    if (op_.plain_scale == Scale() &&
        (op_.scalar != std::nearbyint(op_.scalar) || std::fabs(op_.scalar) > kLargestExactInteger)) {
      refuse("scalar %.17g at scale 1 is not an integer of at most 2^53", op_.scalar);
    }
    rounded_scalar(context_.ring(), "multiplyScalar", op_.scalar, op_.plain_scale, argument(0).level);
    return scaled();
  }

  ValueType rotate_sum() const {
    need_slots();
    need_two_components();
    if (op_.count == 0 || (op_.count & (op_.count - 1)) != 0 || op_.count > context_.slots()) {
      refuse("count %u is not a power of two up to %zu slots", op_.count, context_.slots());
    }
    return argument(0);
  }

  ValueType rotate_mean() const {
    need_slots();
    need_two_components();
    const std::size_t slots = context_.slots();
    if (op_.stride == 0 || slots % op_.stride != 0 || slots / op_.stride != op_.count) {
      refuse("%u rotations %u apart are not the %zu slots", op_.count, op_.stride, slots);
    }
    return argument(0);
  }

  ValueType linear_transform() const {
    need_slots();
    need_two_components();
    if (op_.constant < program_.constants.size()) {
      if (const auto* sparse = std::get_if<SparseMap>(&program_.constants[op_.constant])) {
        if (op_.baby_steps != 1) refuse("%u baby steps, diagonals have their own and take 1 here", op_.baby_steps);
        LinearTransform::check_diagonals(context_, *sparse);
        return scaled();
      }
    }
    constant<MatrixConstant>("a matrix or diagonals");
    if (op_.baby_steps == 0 || op_.baby_steps > context_.slots()) {
      refuse("%u baby steps, allowed are 1..%zu", op_.baby_steps, context_.slots());
    }
    return scaled();
  }

  ValueType polynomial() const {
    need_slots();
    need_two_components();
    const auto& constant_polynomial = constant<PolynomialConstant>("a polynomial");
    const std::size_t degree = constant_polynomial.coefficients.size() - 1;
    if (degree == 0) refuse("degree 0, takes 1 or more");
    const int depth = polynomial_depth(degree);
    ValueType type = argument(0);
    if (type.level < depth) refuse("degree %zu needs level %d, has %d", degree, depth, type.level);
    check_polynomial(context_, type.level, type.scale, constant_polynomial.basis, constant_polynomial.coefficients.data(), degree,
                     op_.type.scale);
    type.level -= depth;
    type.scale = op_.type.scale;
    return type;
  }

  ValueType matrix_product() const {
    need_slots();
    const auto& affine = constant<AffineConstant>("an affine map");
    ValueType type = scaled();
    if (affine.columns != type.length) refuse("%u columns for an array of %u", affine.columns, type.length);
    type.length = affine.rows;
    return type;
  }

  ValueType relinearized() const {
    ValueType type = argument(0);
    if (type.components != 3) refuse("%d components, takes 3", type.components);
    type.components = 2;
    return type;
  }

  ValueType rescaled() const {
    ValueType type = argument(0);
    if (type.level < 1) refuse("level 0, needs level 1 or more");
    type.scale = type.scale.times_prime(type.level, -1);
    --type.level;
    return type;
  }

  ValueType dropped() const {
    ValueType type = argument(0);
    if (op_.type.level > type.level) refuse("from level %d up to level %d", type.level, op_.type.level);
    type.level = op_.type.level;
    return type;
  }

  void need_slots() const {
    if (argument(0).encoding != Encoding::kSlots) refuse("needs slots, has coefficients");
  }

  /// A vector that fits the argument's encoding.
  void need_vector() const {
    const auto& vector = constant<VectorConstant>("a vector");
    const bool slots = argument(0).encoding == Encoding::kSlots;
    if (slots && vector.period > context_.slots()) refuse("vector period %u, there are %zu slots", vector.period, context_.slots());
    if (!slots && vector.period != context_.n()) {
      refuse("vector period %u, in coefficients it is the ring degree %zu", vector.period, context_.n());
    }
  }

  void need_two_components() const {
    if (argument(0).components != 2) refuse("%d components, takes 2", argument(0).components);
  }

  template <class Kind>
  const Kind& constant(const char* kind) const {
    if (op_.constant >= program_.constants.size()) {
      refuse("constant %u of %zu", op_.constant, program_.constants.size());
    }
    const Kind* found = std::get_if<Kind>(&program_.constants[op_.constant]);
    if (found == nullptr) refuse("constant %u is not %s", op_.constant, kind);
    return *found;
  }

  void compare(const ValueType& expected) const {
    if (op_.type.encoding != expected.encoding) refuse("declared encoding differs from its argument's");
    if (op_.type.level != expected.level) refuse("declared level %d, computed %d", op_.type.level, expected.level);
    if (op_.type.components != expected.components) {
      refuse("declared %d components, computed %d", op_.type.components, expected.components);
    }
    if (op_.type.length != expected.length) {
      refuse("declared array of %u, computed %u", op_.type.length, expected.length);
    }
    if (op_.type.scale != expected.scale) {
      refuse("declared scale %s, computed %s", text(op_.type.scale).c_str(), text(expected.scale).c_str());
    }
  }

  std::string text(const Scale& scale) const { return scale.text(context_.ring()); }

  const Context& context_;
  const Program& program_;
  const u32 id_;
  const Instruction& op_;
  const OpInfo& info_;
};

std::vector<i64> transform_rotations(const Program& program, const Instruction& op) {
  const Constant& constant = program.constants[op.constant];
  if (const auto* sparse = std::get_if<SparseMap>(&constant)) return LinearTransform::rotations(*sparse);
  const auto& matrix = std::get<MatrixConstant>(constant);
  return LinearTransform::rotations(matrix.in_period, matrix.out_period, op.baby_steps);
}

bool is_paired(const Program& program, const Instruction& op) {
  const auto* sparse = std::get_if<SparseMap>(&program.constants[op.constant]);
  return sparse != nullptr && sparse->pair != 0;
}

std::size_t diagonal_count(const Constant& constant) {
  if (const auto* sparse = std::get_if<SparseMap>(&constant)) return LinearTransform::encoded_count(*sparse);
  const auto& matrix = std::get<MatrixConstant>(constant);
  return std::min(matrix.in_period, matrix.out_period);
}

/// Fails unless the indexes of the ops with `opcode` are 0..count-1, each once.
void check_indexes(const Program& program, Opcode opcode, int count) {
  std::vector<bool> seen(static_cast<std::size_t>(count), false);
  int found = 0;
  for (std::size_t id = 0; id < program.instructions.size(); ++id) {
    const Instruction& op = program.instructions[id];
    if (op.opcode != opcode) continue;
    if (op.index >= seen.size() || seen[op.index]) {
      fail(Code::kMalformed, "op %zu (%s): index %u of %d, or used twice", id, op_info(opcode).name, op.index, count);
    }
    seen[op.index] = true;
    ++found;
  }
  if (found != count) {
    fail(Code::kMalformed, "program: declares %d %ss, has %d", count, op_info(opcode).name, found);
  }
}

}  // namespace

void check_program(const Context& context, const Program& program) {
  if (program.outputs == 0) fail(Code::kMalformed, "program: no outputs");
  for (std::size_t id = 0; id < program.instructions.size(); ++id) {
    OpChecker(context, program, static_cast<u32>(id)).check();
  }
  check_indexes(program, Opcode::kInput, program.inputs);
  check_indexes(program, Opcode::kOutput, program.outputs);
  if (context.ring().special_count() == 0 && !required_keys(context, program).empty()) {
    fail(Code::kMalformed, "program: needs evaluation keys, the parameters have no special primes");
  }
}

std::map<u32, int> required_keys(const Context& context, const Program& program) {
  std::map<u32, int> keys;
  const auto need = [&](u32 galois, int level) {
    const auto entry = keys.emplace(galois, level).first;
    entry->second = std::max(entry->second, level);
  };
  const auto need_rotation = [&](i64 steps, int level) {
    const u32 galois = galois_element(context.ring(), steps);
    if (galois != 1) need(galois, level);
  };
  for (const Instruction& op : program.instructions) {
    if (op.arguments.empty()) continue;
    const int level = program.instructions[op.arguments[0]].type.level;
    switch (op.opcode) {
      case Opcode::kRotate: need_rotation(op.steps, level); break;
      case Opcode::kRotateSum:
      case Opcode::kRotateMean:
        for (i64 i = 1; i < static_cast<i64>(op.count); i *= 2) need_rotation(i * op.stride, level);
        break;
      case Opcode::kConjugate: need(conjugation_element(context.ring()), level); break;
      case Opcode::kLinearTransform:
        for (const i64 steps : transform_rotations(program, op)) need_rotation(steps, level);
        if (is_paired(program, op)) need(conjugation_element(context.ring()), level);
        break;
      case Opcode::kRelinearize: need(0, level); break;
      case Opcode::kPolynomial:
        if (std::get<PolynomialConstant>(program.constants[op.constant]).coefficients.size() > 2) need(0, level);
        break;
      default: break;
    }
  }
  return keys;
}

void check_keys(const std::map<u32, int>& required, const EvaluationKeySet& keys) {
  for (const auto& [galois, level] : required) keys.find(galois, level);
}

/// 64-bit words that a diagonal at a level takes as residues.
std::size_t kept_words(const Ring& ring, int level) {
  std::size_t words = 0;
  for (int limb = 0; limb <= level + ring.special_count(); ++limb) {
    words += tacet::kept_words(ring.n(), ring.modulus(ring.index_of(limb, level + 1)));
  }
  return words;
}

double encoded_bytes(const Context& context, const Program& program, DiagonalForm form) {
  double bytes = 0;
  for (const Instruction& op : program.instructions) {
    const double limb = static_cast<double>(context.n()) * sizeof(u64);
    const double limbs = op.type.level + 1;
    if (op.opcode == Opcode::kAddPlain || op.opcode == Opcode::kMultiplyPlain) bytes += limb * limbs;
    if (op.opcode == Opcode::kMatrixProduct) {
      const auto& affine = std::get<AffineConstant>(program.constants[op.constant]);
      bytes += MatrixProduct::largest_bytes(affine.rows, affine.columns, op.type.level);
    }
    if (op.opcode == Opcode::kLinearTransform) {
      const double residues = sizeof(u64) * static_cast<double>(kept_words(context.ring(), op.type.level));
      bytes += (form == DiagonalForm::kIntegers ? limb : residues) * static_cast<double>(diagonal_count(program.constants[op.constant]));
    }
  }
  return bytes;
}

}  // namespace tacet
