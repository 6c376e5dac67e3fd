// SPDX-License-Identifier: Apache-2.0
#include "program/op_table.h"

#include "util/error.h"

namespace tacet {

namespace {

constexpr OpInfo kTable[kOpcodeCount] = {
    {"input", 0, kHasIndex, true},
    {"output", 1, kHasIndex, true},
    {"add", 2, 0, true},
    {"addPlain", 1, kHasConstant, true},
    {"addScalar", 1, kHasScalar, true},
    {"sub", 2, 0, true},
    {"negate", 1, 0, true},
    {"multiply", 2, 0, true},
    {"square", 1, 0, true},
    {"multiplyPlain", 1, kHasConstant | kHasPlainScale, true},
    {"multiplyScalar", 1, kHasScalar | kHasPlainScale, true},
    {"multiplyMonomial", 1, 0, false},
    {"rotate", 1, kHasSteps, true},
    {"rotateSum", 1, kHasStride, true},
    {"conjugate", 1, 0, true},
    {"linearTransform", 1, kHasConstant | kHasBabySteps | kHasPlainScale, true},
    {"polynomial", 1, kHasConstant, true},
    {"matrixProduct", 1, kHasConstant | kHasPlainScale, true},
    {"relinearize", 1, 0, true},
    {"rescale", 1, 0, true},
    {"modSwitch", 1, 0, false},
    {"dropLevel", 1, 0, true},
    {"ringSwitch", 1, 0, false},
    {"extract", 1, kHasConstant, true},
    {"maskRandom", 1, 0, false},
    {"flood", 2, kHasScalar, true},
    {"bootstrap", 1, 0, false},
    {"complex", 2, 0, true},
    {"rotateMean", 1, kHasStride, true},
};

}  // namespace

const OpInfo& op_info(Opcode opcode) {
  const int number = static_cast<int>(opcode);
  if (number < 0 || number >= kOpcodeCount) fail(Code::kInternal, "opcode %d is not in the op table", number);
  return kTable[number];
}

}  // namespace tacet
