// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace tacet {

/// Bits of one packed residue modulo `q`: the bit length of q. Range of the result: 1..50 for 1 < q < 2^50.
int packed_bits(std::uint64_t q);

/// Bytes of `count` residues modulo `q`, each packed_bits(q) wide, the last byte padded with zero bits.
std::size_t packed_bytes(std::size_t count, std::uint64_t q);

/// Packs residues in [0, q), least significant bit first, into packed_bytes(count, q) bytes at `out`.
void pack_residues(const std::uint64_t* residues, std::size_t count, std::uint64_t q, std::uint8_t* out);

/// Unpacks `count` residues from packed_bytes(count, q) bytes at `in`, which may be unaligned. Raises
/// Code::kMalformed when a residue is >= q or a padding bit is set; `subject` and `limb` go into the message.
void unpack_residues(const std::uint8_t* in, std::size_t count, std::uint64_t q, std::uint64_t* residues,
                     const char* subject, std::size_t limb);

}  // namespace tacet
