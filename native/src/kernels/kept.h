// SPDX-License-Identifier: Apache-2.0
#pragma once
// Residues of keys and diagonals, which are kept for long, in as few bytes as their modulus leaves.

#include <cstddef>

#include "math/modulus.h"

namespace tacet {

/// Bytes of a kept residue modulo q < 2^50, little-endian: 4, 5, 6 or 8. A computation reads each of them once, from memory, and waits
/// for that more than it computes.
inline std::size_t kept_bytes(const Modulus& q) {
  return q.value >> 32 == 0 ? 4 : q.value >> 40 == 0 ? 5 : q.value >> 48 == 0 ? 6 : 8;
}

/// 64-bit words that n kept residues take; n is a multiple of 8.
inline std::size_t kept_words(std::size_t n, const Modulus& q) { return n / sizeof(u64) * kept_bytes(q); }

/// Residue `index` of kept ones of so many bytes.
inline const void* kept_at(const void* kept, std::size_t index, std::size_t bytes) {
  return static_cast<const u8*>(kept) + index * bytes;
}

/// Keeps the low `bytes` bytes of each of n residues, from number `index` on.
void keep(void* kept, std::size_t index, const u64* residues, std::size_t n, std::size_t bytes);

/// A residue that is kept in kBytes bytes.
template <std::size_t kBytes>
struct Kept {
  u8 bytes[kBytes];
};

}  // namespace tacet
