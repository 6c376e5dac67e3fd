// SPDX-License-Identifier: Apache-2.0
// Keystream and samplers of the scalar table.
#include <cstring>

#include "kernels/scalar.h"
#include "util/secret_memory.h"

namespace tacet::scalar {
namespace {

// Four blocks side by side, one lane each: GCC and Clang map the vector type to SSE2 or NEON, which every target has.
typedef u32 Lanes __attribute__((vector_size(16)));

inline Lanes rotate_left(Lanes x, int bits) { return (x << bits) | (x >> (32 - bits)); }

inline void quarter_round(Lanes& a, Lanes& b, Lanes& c, Lanes& d) {
  a += b;
  d = rotate_left(d ^ a, 16);
  c += d;
  b = rotate_left(b ^ c, 12);
  a += b;
  d = rotate_left(d ^ a, 8);
  c += d;
  b = rotate_left(b ^ c, 7);
}

void store32(u8* p, u32 x) {
  p[0] = static_cast<u8>(x);
  p[1] = static_cast<u8>(x >> 8);
  p[2] = static_cast<u8>(x >> 16);
  p[3] = static_cast<u8>(x >> 24);
}

/// Four blocks from the counter state[12] + skipped on.
void four_blocks(u8* out, const u32* state, u32 skipped) {
  Lanes start[16];
  for (int i = 0; i < 16; ++i) start[i] = Lanes{state[i], state[i], state[i], state[i]};
  start[12] += Lanes{0, 1, 2, 3} + skipped;
  Lanes x[16];
  std::memcpy(x, start, sizeof x);
  for (int round = 0; round < 10; ++round) {
    quarter_round(x[0], x[4], x[8], x[12]);
    quarter_round(x[1], x[5], x[9], x[13]);
    quarter_round(x[2], x[6], x[10], x[14]);
    quarter_round(x[3], x[7], x[11], x[15]);
    quarter_round(x[0], x[5], x[10], x[15]);
    quarter_round(x[1], x[6], x[11], x[12]);
    quarter_round(x[2], x[7], x[8], x[13]);
    quarter_round(x[3], x[4], x[9], x[14]);
  }
  for (int i = 0; i < 16; ++i) {
    x[i] += start[i];
    for (int block = 0; block < 4; ++block) store32(out + 64 * block + 4 * i, x[i][block]);
  }
}

}  // namespace

void chacha20(u8* out, const u32* state, std::size_t blocks) {
  std::size_t done = 0;
  for (; done + 4 <= blocks; done += 4) four_blocks(out + 64 * done, state, static_cast<u32>(done));
  if (done < blocks) {
    u8 last[256];
    four_blocks(last, state, static_cast<u32>(done));
    std::memcpy(out + 64 * done, last, 64 * (blocks - done));
    secure_zero(last, sizeof last);
  }
}

std::size_t uniform(u64* out, std::size_t n, const u64* words, std::size_t count, const Modulus& modulus) {
  const Modulus q = modulus;
  const u64 excess = (0 - q.value) % q.value;  // 2^64 mod q
  const u64 largest = 0 - excess - 1;          // q floor(2^64/q) - 1
  std::size_t written = 0;
  for (std::size_t i = 0; i < count && written < n; ++i) {
    if (words[i] <= largest) out[written++] = q.reduce(words[i]);
  }
  return written;
}

std::size_t ternary(signed char* out, std::size_t n, const u64* words, std::size_t count) {
  std::size_t written = 0;
  for (std::size_t i = 0; i < count && written < n; ++i) {
    const u64 word = words[i];
    if (word == ~u64{0}) continue;
    // word mod 3 by multiplication with 2^65/3, never by a division, whose time may depend on the word
    const u64 quotient = static_cast<u64>((static_cast<u128>(word) * 0xaaaaaaaaaaaaaaabULL) >> 65);
    out[written++] = static_cast<signed char>(static_cast<int>(word - 3 * quotient) - 1);
  }
  return written;
}

void error(signed char* out, const u64* words, std::size_t n, const u64* table, std::size_t size) {
  for (std::size_t i = 0; i < n; ++i) {
    const u64 uniform = words[i] >> 1;
    // both sides are at most 2^63, so the top bit of the difference is the comparison
    u64 magnitude = 0;
    for (std::size_t k = 0; k < size; ++k) magnitude += ((uniform - table[k]) >> 63) ^ 1;
    const u64 mask = 0 - (words[i] & 1);
    out[i] = static_cast<signed char>(static_cast<i64>((magnitude ^ mask) - mask));
  }
}

void small_residues(u64* out, const signed char* small, std::size_t n, u64 q) {
  for (std::size_t i = 0; i < n; ++i) {
    const i64 x = small[i];
    out[i] = static_cast<u64>(x) + (q & static_cast<u64>(x >> 63));
  }
}

}  // namespace tacet::scalar
