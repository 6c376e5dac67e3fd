// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ckks/context.h"
#include "program/program.h"
#include "serial/blob.h"

namespace tacet {

/// Reads a PROGRAM blob made under `context`'s parameters. The form is checked here (lengths, opcodes, argument
/// counts, backward references, canonical scales, finite numbers); check_program() proves the types. An operation that
/// is known by name only is read: the checker is who refuses it.
Program load_program(const Context& context, const u8* data, std::size_t size);

/// The same, but for the entries of sparse diagonals, of which only the first of each is read: for a host that has the encoded ones.
Program load_outline(const Context& context, const u8* data, std::size_t size);

}  // namespace tacet
