// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <set>
#include <tuple>

#include "program/checker.h"
#include "program/executor.h"
#include "util/error.h"
#include "util/thread_pool.h"

namespace tacet {

namespace {

/// Two ops with equal keys use the same encoding: constant, slots or coefficients, level, baby steps, scale.
using EncodingKey = std::tuple<u32, Encoding, int, u32, int, std::vector<Scale::Factor>>;

EncodingKey key_of(const Instruction& op, const Scale& scale) {
  return {op.constant, op.type.encoding, op.type.level, op.baby_steps, scale.power_of_two_exponent(), scale.factors()};
}

/// The scale at which the constant of a sum or a product is encoded.
const Scale& plain_scale(const Instruction& op) { return op.opcode == Opcode::kAddPlain ? op.type.scale : op.plain_scale; }

/// The vector over all slots or coefficients: padded with zeros to its period and repeated.
std::vector<double> tiled(const VectorConstant& vector, std::size_t count) {
  std::vector<double> all(count, 0.0);
  for (std::size_t j = 0; j < count; ++j) {
    const std::size_t k = j % vector.period;
    if (k < vector.values.size()) all[j] = vector.values[k];
  }
  return all;
}

/// By index of the ops with `opcode`: how many ciphertexts come before it; last, how many there are.
std::vector<std::size_t> places(const Program& program, Opcode opcode, int count) {
  std::vector<std::size_t> at(static_cast<std::size_t>(count) + 1, 0);
  for (const Instruction& op : program.instructions) {
    if (op.opcode == opcode) at[op.index + 1] = op.type.length;
  }
  for (std::size_t k = 1; k < at.size(); ++k) at[k] += at[k - 1];
  return at;
}

double machine_memory() {
  const double pages = static_cast<double>(sysconf(_SC_PHYS_PAGES));
  const double page = static_cast<double>(sysconf(_SC_PAGESIZE));
  return pages > 0 && page > 0 ? pages * page : 1e18;
}

}  // namespace

ExecutableProgram::ExecutableProgram(std::shared_ptr<const Context> context, Program program)
    : context_(std::move(context)), program_(std::move(program)) {}

std::shared_ptr<const ExecutableProgram> ExecutableProgram::create(std::shared_ptr<const Context> context, Program program,
                                                                   const EncodedConstants& kept) {
  check_program(*context, program);
  const bool tight = encoded_bytes(*context, program, DiagonalForm::kResidues) > 0.25 * machine_memory();
  const DiagonalForm form = tight ? DiagonalForm::kIntegers : DiagonalForm::kResidues;
  const double bytes = encoded_bytes(*context, program, form);
  const double limit = 0.75 * machine_memory();
  if (bytes > limit) {
    fail(Code::kOutOfMemory, "the program's encoded constants need %.0f MiB, three quarters of this machine are %.0f MiB",
         bytes / 1048576, limit / 1048576);
  }
  std::shared_ptr<ExecutableProgram> made(new ExecutableProgram(std::move(context), std::move(program)));
  made->required_keys_ = tacet::required_keys(*made->context_, made->program_);
  made->form_ = form;
  made->fusion_ = plan_fusion(made->program_);
  made->input_at_ = places(made->program_, Opcode::kInput, made->program_.inputs);
  made->output_at_ = places(made->program_, Opcode::kOutput, made->program_.outputs);
  made->encode_constants(kept);
  return made;
}

EncodedConstants ExecutableProgram::encoded_constants() const {
  EncodedConstants all;
  std::set<const void*> seen;
  for (const auto& transform : transforms_) {
    if (transform != nullptr && seen.insert(transform.get()).second) all.diagonals.push_back(transform->words());
  }
  for (const auto& plain : plaintexts_) {
    if (plain == nullptr || !seen.insert(plain.get()).second) continue;
    all.plaintexts.push_back({plain->poly.limb(0), plain->poly.bytes() / sizeof(u64)});
  }
  return all;
}

LinearTransform ExecutableProgram::encode_transform(const Instruction& op, const DiagonalWords& kept) const {
  const Constant& constant = program_.constants[op.constant];
  if (const auto* sparse = std::get_if<SparseMap>(&constant)) {
    if (program_.outline && kept.data == nullptr) fail(Code::kInvalidArgument, "an outline of a program needs the encoded diagonals");
    return LinearTransform::encode(context_, *sparse, op.type.level, op.plain_scale, form_, kept);
  }
  const auto& m = std::get<MatrixConstant>(constant);
  return LinearTransform::encode(context_, m.rows, m.columns, m.in_period, m.out_period, m.values.data(), op.baby_steps,
                                 op.type.level, op.plain_scale, form_, kept);
}

Plaintext ExecutableProgram::encode_plain(const Instruction& op, const Encoder& encoder) const {
  const bool slots = op.type.encoding == Encoding::kSlots;
  const std::vector<double> all =
      tiled(std::get<VectorConstant>(program_.constants[op.constant]), slots ? context_->slots() : context_->n());
  const Scale& scale = plain_scale(op);
  return slots ? encoder.encode(all.data(), nullptr, all.size(), op.type.level, scale)
               : encoder.encode_coefficients(all.data(), all.size(), op.type.level, scale);
}

Plaintext ExecutableProgram::kept_plain(const Instruction& op, const EncodedConstants::Plain& kept) const {
  const std::size_t n = context_->n(), wanted = n * static_cast<std::size_t>(op.type.level + 1);
  if (kept.size != wanted) fail(Code::kMalformed, "%zu words of an encoded plaintext, it takes %zu", kept.size, wanted);
  return {op.type.encoding, op.type.level, plain_scale(op), {Buffer::borrow(kept.data, kept.size), n, op.type.level + 1, 0}};
}

void ExecutableProgram::encode_constants(const EncodedConstants& kept) {
  const std::size_t count = program_.instructions.size();
  plaintexts_.resize(count);
  transforms_.resize(count);
  products_.resize(count);
  std::map<EncodingKey, std::size_t> first_plain, first_transform;
  std::vector<std::size_t> work;
  std::map<std::size_t, std::size_t> number;  // by op id: which of the transforms or plaintexts
  for (std::size_t id = 0; id < count; ++id) {
    const Instruction& op = program_.instructions[id];
    if (op.opcode == Opcode::kAddPlain || op.opcode == Opcode::kMultiplyPlain) {
      number[id] = first_plain.size();
      if (first_plain.emplace(key_of(op, plain_scale(op)), id).second) work.push_back(id);
    } else if (op.opcode == Opcode::kLinearTransform) {
      number[id] = first_transform.size();
      if (first_transform.emplace(key_of(op, op.plain_scale), id).second) work.push_back(id);
    } else if (op.opcode == Opcode::kMatrixProduct) {
      work.push_back(id);
    }
  }
  if (!kept.empty() && (kept.diagonals.size() != first_transform.size() || kept.plaintexts.size() != first_plain.size())) {
    fail(Code::kMalformed, "encoded constants of %zu linear transforms and %zu plaintexts, the program has %zu and %zu",
         kept.diagonals.size(), kept.plaintexts.size(), first_transform.size(), first_plain.size());
  }
  const Encoder encoder(context_);
  pool().parallel_for(work.size(), [&](std::size_t k) {
    const std::size_t id = work[k];
    const Instruction& op = program_.instructions[id];
    try {
      if (op.opcode == Opcode::kLinearTransform) {
        const DiagonalWords words = kept.empty() ? DiagonalWords() : kept.diagonals[number.at(id)];
        transforms_[id] = std::make_shared<LinearTransform>(encode_transform(op, words));
      } else if (op.opcode == Opcode::kMatrixProduct) {
        const auto& a = std::get<AffineConstant>(program_.constants[op.constant]);
        products_[id] = std::make_shared<MatrixProduct>(
            MatrixProduct::encode(context_, a.rows, a.columns, a.weights.data(), a.bias.data(), op.type.level,
                                  program_.instructions[op.arguments[0]].type.scale, op.plain_scale));
      } else {
        plaintexts_[id] = std::make_shared<Plaintext>(kept.empty() ? encode_plain(op, encoder)
                                                                   : kept_plain(op, kept.plaintexts[number.at(id)]));
      }
    } catch (Error& error) {
      error.text = "op " + std::to_string(id) + " (" + op_info(op.opcode).name + ", layer " +
                   program_.layers[op.layer] + "): " + error.text;
      // a constant that cannot be encoded is a fault of the program, not of whoever loads it
      if (error.code == Code::kInvalidArgument) error.code = Code::kMalformed;
      throw;
    }
  });
  for (std::size_t id = 0; id < count; ++id) {
    const Instruction& op = program_.instructions[id];
    if (op.opcode == Opcode::kAddPlain || op.opcode == Opcode::kMultiplyPlain) {
      plaintexts_[id] = plaintexts_[first_plain.at(key_of(op, plain_scale(op)))];
    } else if (op.opcode == Opcode::kLinearTransform) {
      transforms_[id] = transforms_[first_transform.at(key_of(op, op.plain_scale))];
    }
  }
  for (Constant& constant : program_.constants) {
    if (auto* sparse = std::get_if<SparseMap>(&constant)) sparse->diagonals = std::vector<SparseDiagonal>();
  }
  for (const std::size_t id : work) {
    if (transforms_[id]) bytes_ += transforms_[id]->bytes();
    if (products_[id]) bytes_ += products_[id]->bytes();
    if (plaintexts_[id]) bytes_ += plaintexts_[id]->poly.bytes();
  }
}

}  // namespace tacet
