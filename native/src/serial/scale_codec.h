// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rlwe/scale.h"
#include "serial/byte_reader.h"
#include "serial/byte_writer.h"

namespace tacet {

/// Reads `i32 a | u8 count | count x (u8 prime index, i16 exponent)` = 2^a * prod q_i^e_i.
///
/// Only the canonical form is accepted: indices ascending and below `chain_length`, exponents nonzero and at most
/// 2048 in magnitude, |a| <= 65536. Anything else is Code::kMalformed.
Scale read_scale(ByteReader& reader, int chain_length, const char* field);

void write_scale(ByteWriter& writer, const Scale& scale);

/// Bytes that write_scale() writes.
std::size_t scale_size(const Scale& scale);

}  // namespace tacet
