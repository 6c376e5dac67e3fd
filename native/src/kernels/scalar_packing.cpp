// SPDX-License-Identifier: Apache-2.0
// Packing of residues in the scalar table.
#include <cstring>

#include "kernels/scalar.h"

namespace tacet::scalar {
namespace {

void store_word(u8* p, u64 x) {
  for (int i = 0; i < 8; ++i) p[i] = static_cast<u8>(x >> (8 * i));
}

u64 load_word(const u8* p) {
  u64 x = 0;
  for (int i = 0; i < 8; ++i) x |= static_cast<u64>(p[i]) << (8 * i);
  return x;
}

}  // namespace

void pack(u8* out, const u64* x, std::size_t n, int bits) {
  u64 pending = 0;
  int held = 0;
  for (std::size_t i = 0; i < n; ++i) {
    pending |= x[i] << held;
    held += bits;
    if (held >= 64) {
      store_word(out, pending);
      out += 8;
      held -= 64;
      pending = held == 0 ? 0 : x[i] >> (bits - held);
    }
  }
  for (; held > 0; held -= 8, pending >>= 8) *out++ = static_cast<u8>(pending);
}

bool unpack(u64* out, const u8* in, std::size_t n, int bits, u64 q) {
  const std::size_t width = static_cast<std::size_t>(bits), size = (n * width + 7) / 8;
  const u64 mask = (u64{1} << bits) - 1;
  u64 outside = 0;  // the top bit tells that a residue was not below q
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t bit = i * width, byte = bit / 8;
    u64 word;
    if (byte + 8 <= size) {
      word = load_word(in + byte);
    } else {
      u8 last[8] = {};
      std::memcpy(last, in + byte, size - byte);
      word = load_word(last);
    }
    out[i] = word >> (bit % 8) & mask;  // 7 + 50 bits at most
    outside |= q - 1 - out[i];
  }
  return outside >> 63 == 0;
}

}  // namespace tacet::scalar
