// SPDX-License-Identifier: Apache-2.0
#pragma once
// Integer names used all over the engine. Residues are u64 below their modulus (< 2^50), products are u128.

#include <cstddef>
#include <cstdint>

namespace tacet {

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using i64 = std::int64_t;
__extension__ typedef unsigned __int128 u128;
__extension__ typedef __int128 i128;

}  // namespace tacet
