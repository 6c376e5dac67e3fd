// SPDX-License-Identifier: Apache-2.0
#include "serial/bit_packing.h"

#include <cassert>
#include <cstring>

#include "util/error.h"

namespace tacet {

namespace {

/// Up to eight bytes at `at` as a little-endian word; bytes at or after `end` read as zero.
std::uint64_t load_word(const std::uint8_t* at, const std::uint8_t* end) {
  std::uint8_t bytes[8] = {};
  if (end - at >= 8) {
    std::memcpy(bytes, at, 8);
  } else {
    std::memcpy(bytes, at, static_cast<std::size_t>(end - at));
  }
  std::uint64_t word = 0;
  for (int i = 7; i >= 0; --i) word = word << 8 | bytes[i];
  return word;
}

}  // namespace

int packed_bits(std::uint64_t q) {
  int bits = 0;
  for (; q != 0; q >>= 1) ++bits;
  return bits;
}

std::size_t packed_bytes(std::size_t count, std::uint64_t q) {
  return (count * static_cast<std::size_t>(packed_bits(q)) + 7) / 8;
}

void pack_residues(const std::uint64_t* residues, std::size_t count, std::uint64_t q, std::uint8_t* out) {
  const int bits = packed_bits(q);
  std::uint64_t pending = 0;  // fewer than 8 bits between residues, so pending and one residue fit: 7 + 50 < 64
  int held = 0;
  for (std::size_t j = 0; j < count; ++j) {
    assert(residues[j] < q);
    pending |= residues[j] << held;
    held += bits;
    for (; held >= 8; held -= 8, pending >>= 8) *out++ = static_cast<std::uint8_t>(pending);
  }
  if (held > 0) *out = static_cast<std::uint8_t>(pending);
}

void unpack_residues(const std::uint8_t* in, std::size_t count, std::uint64_t q, std::uint64_t* residues,
                     const char* subject, std::size_t limb) {
  const std::size_t bits = static_cast<std::size_t>(packed_bits(q));
  const std::size_t size = packed_bytes(count, q);
  const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
  const std::uint8_t* end = in + size;
  bool outside = false;
  for (std::size_t j = 0; j < count; ++j) {
    const std::size_t bit = j * bits;
    const std::uint64_t residue = load_word(in + bit / 8, end) >> (bit % 8) & mask;
    outside |= residue >= q;
    residues[j] = residue;
  }
  if (outside) {
    std::size_t j = 0;
    while (residues[j] < q) ++j;
    fail(Code::kMalformed, "%s: residue %zu of limb %zu is not below its prime %llu", subject, j, limb,
         static_cast<unsigned long long>(q));
  }
  const std::size_t used = count * bits % 8;
  if (used != 0 && in[size - 1] >> used != 0) {
    fail(Code::kMalformed, "%s: the padding bits of limb %zu are not zero", subject, limb);
  }
}

}  // namespace tacet
