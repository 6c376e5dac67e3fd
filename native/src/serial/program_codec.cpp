// SPDX-License-Identifier: Apache-2.0
#include "serial/program_codec.h"

#include <algorithm>

#include "serial/scale_codec.h"
#include "util/error.h"

namespace tacet {

namespace {

constexpr u16 kProgramVersion = 1;
constexpr u16 kArrayVersion = 2;                  // types end with an array length; written only where there is an array
constexpr std::size_t kSmallestConstant = 7;      // one index: kind, count, index
constexpr std::size_t kSmallestDiagonal = 22;     // steps, entry count, one entry
constexpr std::size_t kSmallestInstruction = 12;  // opcode, layer, argument count, type with the scale 1

std::vector<double> read_numbers(ByteReader& reader, u64 count, const char* field) {
  reader.require(count, 8, field);
  std::vector<double> numbers(static_cast<std::size_t>(count));
  reader.f64s(numbers.data(), numbers.size(), field);
  return numbers;
}

u32 read_period(ByteReader& reader, std::size_t most, const char* what, const char* field) {
  const u32 period = reader.u32(field);
  if (period == 0 || (period & (period - 1)) != 0 || period > most) {
    fail(Code::kMalformed, "program: %s %u is not a power of two up to %zu %s", field, period, most, what);
  }
  return period;
}

u32 read_period(ByteReader& reader, const Context& context, const char* field) {
  return read_period(reader, context.slots(), "slots", field);
}

/// The checker looks at the values; here only what is allocated is bounded. Of an outline's diagonals the first entry is read.
SparseMap read_diagonals(ByteReader& reader, const Context& context, bool paired, bool outline) {
  SparseMap out;
  out.period = read_period(reader, context, "diagonals' period");
  if (paired) {
    out.pair = reader.u32("distance of a pair");
    if (out.pair == 0) fail(Code::kMalformed, "program: giant steps are paired at a distance of 0");
  }
  const u32 count = reader.u32("diagonals");
  reader.require(count, kSmallestDiagonal, "diagonals");
  out.diagonals.resize(count);
  for (SparseDiagonal& diagonal : out.diagonals) {
    diagonal.giant = reader.i32("giant step");
    diagonal.baby = reader.i32("baby step");
    const u32 entries = reader.u32("diagonal's entries");
    reader.require(entries, sizeof(u16) + sizeof(double), "diagonal's entries");
    const std::size_t wanted = outline ? std::min<std::size_t>(entries, 1) : entries, rest = entries - wanted;
    diagonal.slots.resize(wanted);
    reader.u16s(diagonal.slots.data(), wanted, "diagonal's slot");
    reader.bytes(rest * sizeof(u16), "diagonal's slot");
    diagonal.values = read_numbers(reader, wanted, "diagonal");
    reader.bytes(rest * sizeof(double), "diagonal");
  }
  return out;
}

Constant read_constant(ByteReader& reader, const Context& context, u32 id, bool outline) {
  const u8 kind = reader.u8("constant kind");
  switch (kind) {
    case 0: {
      VectorConstant vector;
      const u32 length = reader.u32("vector length");
      vector.period = read_period(reader, context.n(), "coefficients", "vector period");  // the checker knows whether it is slots
      if (length > vector.period) {
        fail(Code::kMalformed, "program: constant %u has %u numbers and period %u", id, length, vector.period);
      }
      vector.values = read_numbers(reader, length, "vector");
      return vector;
    }
    case 1: {
      MatrixConstant matrix;
      matrix.rows = reader.u32("matrix rows");
      matrix.columns = reader.u32("matrix columns");
      matrix.in_period = read_period(reader, context, "matrix input period");
      matrix.out_period = read_period(reader, context, "matrix output period");
      if (matrix.rows == 0 || matrix.columns == 0 || matrix.rows > matrix.out_period || matrix.columns > matrix.in_period) {
        fail(Code::kMalformed, "program: constant %u is %u x %u with periods %u (rows) and %u (columns)", id, matrix.rows,
             matrix.columns, matrix.out_period, matrix.in_period);
      }
      matrix.values = read_numbers(reader, static_cast<u64>(matrix.rows) * matrix.columns, "matrix");
      return matrix;
    }
    case 2: {
      PolynomialConstant polynomial;
      const u8 basis = reader.u8("polynomial basis");
      if (basis > 1) fail(Code::kMalformed, "program: constant %u has basis %u, known are 0 and 1", id, basis);
      polynomial.basis = static_cast<Basis>(basis);
      const u64 degree = reader.u16("polynomial degree");
      polynomial.coefficients = read_numbers(reader, degree + 1, "polynomial");
      return polynomial;
    }
    case 3: {
      AffineConstant affine;
      affine.rows = reader.u16("affine rows");
      affine.columns = reader.u16("affine columns");
      if (affine.rows == 0 || affine.rows > kMaxArrayLength || affine.columns == 0 || affine.columns > kMaxArrayLength) {
        fail(Code::kMalformed, "program: constant %u is an affine map from %u to %u, allowed are 1..%u", id, affine.columns,
             affine.rows, kMaxArrayLength);
      }
      affine.weights = read_numbers(reader, static_cast<u64>(affine.rows) * affine.columns, "affine weights");
      affine.bias = read_numbers(reader, affine.rows, "affine bias");
      return affine;
    }
    case 4: return read_diagonals(reader, context, false, outline);
    case 6: return read_diagonals(reader, context, true, outline);
    case 5: {
      IndexesConstant out;
      const u32 count = reader.u32("indexes");
      reader.require(count, sizeof(u16), "indexes");
      out.indexes.resize(count);
      reader.u16s(out.indexes.data(), out.indexes.size(), "index");
      return out;
    }
    default: fail(Code::kMalformed, "program: constant %u is of kind %u, known are 0..6", id, kind);
  }
}

void read_attributes(ByteReader& reader, const Context& context, Instruction& op, u8 attributes) {
  if (attributes & kHasIndex) op.index = reader.u16("index");
  if (attributes & kHasConstant) op.constant = reader.u32("constant");
  if (attributes & kHasScalar) op.scalar = reader.f64("scalar");
  if (attributes & kHasSteps) op.steps = reader.i32("steps");
  if (attributes & kHasStride) {
    op.stride = reader.u32("step");
    op.count = reader.u32("count");
  }
  if (attributes & kHasBabySteps) op.baby_steps = reader.u32("baby steps");
  if (attributes & kHasPlainScale) op.plain_scale = read_scale(reader, context.ring().chain_length(), "plain scale");
}

Instruction read_instruction(ByteReader& reader, const Context& context, u32 id, std::size_t layers, u16 version) {
  Instruction op;
  const u8 opcode = reader.u8("opcode");
  if (opcode >= kOpcodeCount) {
    fail(Code::kMalformed, "program: op %u has opcode %u, known are 0..%d", id, opcode, kOpcodeCount - 1);
  }
  op.opcode = static_cast<Opcode>(opcode);
  const OpInfo& info = op_info(op.opcode);
  op.layer = reader.u16("layer");
  if (op.layer >= layers) {
    fail(Code::kMalformed, "program: op %u (%s) is in layer %u of %zu", id, info.name, op.layer, layers);
  }
  const int count = reader.u8("argument count");
  if (info.implemented && count != info.arguments) {
    fail(Code::kMalformed, "program: op %u (%s) has %d arguments, takes %d", id, info.name, count, info.arguments);
  }
  for (int k = 0; k < count; ++k) {
    const u32 argument = reader.u32("argument");
    if (argument >= id) {
      fail(Code::kMalformed, "program: op %u (%s) uses value %u, which is not before it", id, info.name, argument);
    }
    op.arguments.push_back(argument);
  }
  read_attributes(reader, context, op, info.attributes);
  const u8 encoding = reader.u8("encoding");
  if (encoding > 2) fail(Code::kMalformed, "program: op %u has encoding %u, known are 0..2", id, encoding);
  op.type.encoding = static_cast<Encoding>(encoding);
  op.type.level = reader.u8("level");
  op.type.components = reader.u8("components");
  op.type.scale = read_scale(reader, context.ring().chain_length(), "scale");
  if (version >= kArrayVersion) op.type.length = reader.u16("array length");
  return op;
}

Program load(const Context& context, const u8* data, std::size_t size, bool outline) {
  const BlobView blob = open_blob(data, size, BlobKind::kProgram, &context.spec().hash);
  ByteReader reader = blob.reader();
  const u16 version = reader.u16("program version");
  if (version != kProgramVersion && version != kArrayVersion) {
    fail(Code::kMalformed, "program: version %u, this build reads %u and %u", version, kProgramVersion, kArrayVersion);
  }
  Program program;
  program.outline = outline;
  program.inputs = reader.u16("input count");
  program.outputs = reader.u16("output count");
  const u16 layers = reader.u16("layer count");
  reader.require(layers, 2, "layer count");
  for (u16 k = 0; k < layers; ++k) program.layers.push_back(reader.string("layer name"));
  const u32 constants = reader.u32("constant count");
  reader.require(constants, kSmallestConstant, "constant count");
  for (u32 id = 0; id < constants; ++id) program.constants.push_back(read_constant(reader, context, id, outline));
  const u32 operations = reader.u32("op count");
  reader.require(operations, kSmallestInstruction, "op count");
  program.instructions.reserve(operations);
  for (u32 id = 0; id < operations; ++id) {
    program.instructions.push_back(read_instruction(reader, context, id, program.layers.size(), version));
  }
  reader.expect_end();
  const auto is_array = [](const Instruction& op) { return op.type.length != 1; };
  if (version == kArrayVersion && std::none_of(program.instructions.begin(), program.instructions.end(), is_array)) {
    fail(Code::kMalformed, "program: version %u without an array is written as version %u", kArrayVersion, kProgramVersion);
  }
  return program;
}

}  // namespace

Program load_program(const Context& context, const u8* data, std::size_t size) { return load(context, data, size, false); }

Program load_outline(const Context& context, const u8* data, std::size_t size) { return load(context, data, size, true); }

}  // namespace tacet
