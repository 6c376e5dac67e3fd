// SPDX-License-Identifier: Apache-2.0
#include "serial/bit_packing.h"

#include "kernels/kernels.h"
#include "util/error.h"

namespace tacet {

int packed_bits(std::uint64_t q) {
  int bits = 0;
  for (; q != 0; q >>= 1) ++bits;
  return bits;
}

std::size_t packed_bytes(std::size_t count, std::uint64_t q) {
  return (count * static_cast<std::size_t>(packed_bits(q)) + 7) / 8;
}

void pack_residues(const std::uint64_t* residues, std::size_t count, std::uint64_t q, std::uint8_t* out) {
  kernels().pack(out, residues, count, packed_bits(q));
}

void unpack_residues(const std::uint8_t* in, std::size_t count, std::uint64_t q, std::uint64_t* residues,
                     const char* subject, std::size_t limb) {
  const std::size_t bits = static_cast<std::size_t>(packed_bits(q));
  if (!kernels().unpack(residues, in, count, packed_bits(q), q)) {
    std::size_t j = 0;
    while (residues[j] < q) ++j;
    fail(Code::kMalformed, "%s: residue %zu of limb %zu is not below its prime %llu", subject, j, limb,
         static_cast<unsigned long long>(q));
  }
  const std::size_t used = count * bits % 8;
  if (used != 0 && in[packed_bytes(count, q) - 1] >> used != 0) {
    fail(Code::kMalformed, "%s: the padding bits of limb %zu are not zero", subject, limb);
  }
}

}  // namespace tacet
