// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>

#include "ckks/context.h"
#include "circuits/diagonals.h"
#include "program/program.h"
#include "rlwe/keys.h"

namespace tacet {

/// Proves that every operation's arguments, attributes and declared result type fit together under `context`:
/// encodings, levels, exact scales, components, constants, and that inputs and outputs are each there once.
///
/// Violations are Code::kMalformed and name the op and both sides ("op 17 (add): levels 3 and 2"); an operation that
/// this build knows by name only is Code::kUnsupported with its name.
void check_program(const Context& context, const Program& program);

/// The evaluation keys that a checked program needs: Galois element (0 for relinearization) -> highest level of use.
/// It depends on shapes only, never on values.
std::map<u32, int> required_keys(const Context& context, const Program& program);

/// Raises Code::kMissingKey naming the first element and level of `required` that `keys` does not cover.
void check_keys(const std::map<u32, int>& required, const EvaluationKeySet& keys);

/// Bytes that the program's constants take once encoded.
double encoded_bytes(const Context& context, const Program& program, DiagonalForm form);

}  // namespace tacet
