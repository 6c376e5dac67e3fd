// SPDX-License-Identifier: Apache-2.0
#include "ring/chacha20.h"

#include <cstring>

#include "util/error.h"
#include "util/secret_memory.h"

namespace tacet {
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

u32 load32(const u8* p) {
  return static_cast<u32>(p[0]) | static_cast<u32>(p[1]) << 8 | static_cast<u32>(p[2]) << 16 |
         static_cast<u32>(p[3]) << 24;
}

void store32(u8* p, u32 x) {
  p[0] = static_cast<u8>(x);
  p[1] = static_cast<u8>(x >> 8);
  p[2] = static_cast<u8>(x >> 16);
  p[3] = static_cast<u8>(x >> 24);
}

/// The next four blocks, 256 bytes.
void four_blocks(u8* out, const u32 state[16]) {
  Lanes start[16];
  for (int i = 0; i < 16; ++i) start[i] = Lanes{state[i], state[i], state[i], state[i]};
  start[12] += Lanes{0, 1, 2, 3};
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

ChaCha20::ChaCha20(const u8 key[32], const u8 nonce[12], u32 counter) {
  state_[0] = 0x61707865;  // "expand 32-byte k"
  state_[1] = 0x3320646e;
  state_[2] = 0x79622d32;
  state_[3] = 0x6b206574;
  for (int i = 0; i < 8; ++i) state_[4 + i] = load32(key + 4 * i);
  state_[12] = counter;
  for (int i = 0; i < 3; ++i) state_[13 + i] = load32(nonce + 4 * i);
}

ChaCha20::~ChaCha20() { secure_zero(state_, sizeof state_); }

void ChaCha20::read(u8* out, std::size_t count) {
  while (count > 0) {
    const u32 next = state_[12] + 4;
    if (next < state_[12]) fail(Code::kInternal, "ChaCha20 block counter exhausted at block %u", state_[12]);
    if (count >= 256) {
      four_blocks(out, state_);
      out += 256;
      count -= 256;
    } else {
      u8 last[256];
      four_blocks(last, state_);
      std::memcpy(out, last, count);
      secure_zero(last, sizeof last);
      count = 0;
    }
    state_[12] = next;
  }
}

namespace {

/// The nonce as bytes: u32 purpose | u32 digit | u32 limb, little endian.
struct Nonce {
  Nonce(u32 purpose, u32 digit, u32 limb) {
    store32(bytes, purpose);
    store32(bytes + 4, digit);
    store32(bytes + 8, limb);
  }
  u8 bytes[12];
};

}  // namespace

WordStream::WordStream(const u8 key[32], u32 purpose, u32 digit, u32 limb)
    : cipher_(key, Nonce(purpose, digit, limb).bytes) {}

WordStream::~WordStream() { secure_zero(words_, sizeof words_); }

void WordStream::refill() {
  u8 bytes[sizeof words_];
  cipher_.read(bytes, sizeof bytes);
  for (std::size_t i = 0; i < kWords; ++i) {
    words_[i] = static_cast<u64>(load32(bytes + 8 * i)) | static_cast<u64>(load32(bytes + 8 * i + 4)) << 32;
  }
  secure_zero(bytes, sizeof bytes);
  position_ = 0;
}

}  // namespace tacet
