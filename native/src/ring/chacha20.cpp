// SPDX-License-Identifier: Apache-2.0
#include "ring/chacha20.h"

#include <cstring>

#include "kernels/kernels.h"
#include "util/error.h"
#include "util/secret_memory.h"

namespace tacet {
namespace {

constexpr std::size_t kBlock = 64;

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

struct Nonce {
  Nonce(u32 purpose, u32 digit, u32 limb) {
    store32(bytes, purpose);
    store32(bytes + 4, digit);
    store32(bytes + 8, limb);
  }
  u8 bytes[12];
};

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
  const std::size_t whole = count / kBlock, rest = count % kBlock;
  if (whole + (rest != 0 ? 1 : 0) > ~u32{0} - state_[12])
    fail(Code::kInternal, "ChaCha20 block counter exhausted at block %u", state_[12]);
  kernels().chacha20(out, state_, whole);
  state_[12] += static_cast<u32>(whole);
  if (rest != 0) {
    u8 last[kBlock];
    kernels().chacha20(last, state_, 1);
    std::memcpy(out + whole * kBlock, last, rest);
    secure_zero(last, sizeof last);
    ++state_[12];
  }
}

WordStream::WordStream(const u8 key[32], u32 purpose, u32 digit, u32 limb)
    : cipher_(key, Nonce(purpose, digit, limb).bytes) {}

WordStream::~WordStream() { secure_zero(words_, sizeof words_); }

const u64* WordStream::next() {
  u8* bytes = reinterpret_cast<u8*>(words_);
  cipher_.read(bytes, sizeof words_);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  for (u64& word : words_) word = __builtin_bswap64(word);
#endif
  return words_;
}

}  // namespace tacet
