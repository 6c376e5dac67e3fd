// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace tacet {

/// Operations of programs; the numbers are the wire format's and never change.
enum class Opcode : std::uint8_t {
  kInput = 0,
  kOutput = 1,
  kAdd = 2,
  kAddPlain = 3,
  kAddScalar = 4,
  kSub = 5,
  kNegate = 6,
  kMultiply = 7,
  kSquare = 8,
  kMultiplyPlain = 9,
  kMultiplyScalar = 10,
  kMultiplyMonomial = 11,
  kRotate = 12,
  kRotateSum = 13,
  kConjugate = 14,
  kLinearTransform = 15,
  kPolynomial = 16,
  kMatrixProduct = 17,
  kRelinearize = 18,
  kRescale = 19,
  kModSwitch = 20,
  kDropLevel = 21,
  kRingSwitch = 22,
  kExtract = 23,
  kMaskRandom = 24,
  kFlood = 25,
  kBootstrap = 26,
  kComplex = 27,
  kRotateMean = 28,
};

inline constexpr int kOpcodeCount = 29;

/// Which attributes follow an operation's arguments on the wire, in the order of the bits from low to high.
enum AttributeBits : std::uint8_t {
  kHasIndex = 1,        // u16 index of the program's input or output
  kHasConstant = 2,     // u32 constant
  kHasScalar = 4,       // f64 scalar
  kHasSteps = 8,        // i32 steps
  kHasStride = 16,      // u32 step, u32 count
  kHasBabySteps = 32,   // u32 babySteps
  kHasPlainScale = 64,  // scale of the plain operand
};

/// What the format knows about an operation: its name in errors, its number of arguments, its attributes.
struct OpInfo {
  const char* name;
  int arguments;
  std::uint8_t attributes;
  bool implemented;
};

/// The row of `opcode`, which must be below kOpcodeCount.
const OpInfo& op_info(Opcode opcode);

}  // namespace tacet
