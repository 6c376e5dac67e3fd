// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>
#include <variant>
#include <vector>

#include "circuits/linear_transform.h"
#include "circuits/polynomial.h"
#include "program/op_table.h"
#include "rlwe/ciphertext.h"

namespace tacet {

/// Most ciphertexts of one value.
inline constexpr u32 kMaxArrayLength = 4096;
static_assert(kMaxArrayLength <= kMatrixMaxColumns, "a matrix product takes any array");

/// What a value of a program is: everything about a ciphertext but its residues. An array is `length` ciphertexts of one type;
/// an operation on arrays acts on each element by itself, unless its meaning says otherwise.
struct ValueType {
  Encoding encoding = Encoding::kSlots;
  int level = 0;
  int components = 2;
  Scale scale;
  u32 length = 1;
};

/// A vector of slots: `values` padded with zeros to `period` (a power of two) and repeated over all slots. In coefficients the period
/// is the ring degree.
struct VectorConstant {
  u32 period = 1;
  std::vector<double> values;
};

/// A matrix, row major; LinearTransform says what the periods mean.
struct MatrixConstant {
  u32 rows = 0;
  u32 columns = 0;
  u32 in_period = 1;
  u32 out_period = 1;
  std::vector<double> values;
};

/// Coefficients in order of degree; the degree is their number less one.
struct PolynomialConstant {
  Basis basis = Basis::kMonomial;
  std::vector<double> coefficients;
};

/// x -> weights * x + bias between arrays: `weights` row major, one bias a row.
struct AffineConstant {
  u32 rows = 0;
  u32 columns = 0;
  std::vector<double> weights;
  std::vector<double> bias;
};

/// Coefficients to extract, ascending.
struct IndexesConstant {
  std::vector<u32> indexes;
};

using Constant =
    std::variant<VectorConstant, MatrixConstant, PolynomialConstant, AffineConstant, SparseMap, IndexesConstant>;

/// One operation; its position in the program is the id of its value. Attributes that op_info() does not name are
/// left at their defaults.
struct Instruction {
  Opcode opcode = Opcode::kInput;
  u16 layer = 0;
  std::vector<u32> arguments;
  u32 index = 0;
  u32 constant = 0;
  double scalar = 0;
  std::int32_t steps = 0;
  u32 stride = 0;
  u32 count = 1;
  u32 baby_steps = 1;
  Scale plain_scale;
  ValueType type;
};

/// A list of operations in static single assignment form with the constants they use. Logical weights only: nothing
/// in it is encoded yet.
struct Program {
  int inputs = 0;
  int outputs = 0;
  std::vector<std::string> layers;
  std::vector<Constant> constants;
  std::vector<Instruction> instructions;
  bool outline = false;  ///< whether sparse diagonals have one entry each, whatever they are: encoded ones are at hand
};

}  // namespace tacet
