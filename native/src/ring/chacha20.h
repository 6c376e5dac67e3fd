// SPDX-License-Identifier: Apache-2.0
#pragma once
// ChaCha20 keystream (RFC 8439), by the kernel table in use.

#include "util/types.h"

namespace tacet {

/// The keystream of one (key, nonce) pair, block counter from `counter` on.
class ChaCha20 {
 public:
  ChaCha20(const u8 key[32], const u8 nonce[12], u32 counter = 0);
  ~ChaCha20();

  /// Writes the next `count` bytes of the keystream; count must be a multiple of 64 except in the last call.
  /// Throws Error(kInternal) when the 32-bit block counter would wrap.
  void read(u8* out, std::size_t count);

 private:
  u32 state_[16];
};

/// The keystream as little-endian 64-bit words, one buffer at a time; the buffer is zeroed at the end. The nonce is
/// u32 purpose | u32 digit | u32 limb, little endian.
class WordStream {
 public:
  static constexpr std::size_t kWords = 512;

  WordStream(const u8 key[32], u32 purpose, u32 digit, u32 limb);
  ~WordStream();
  /// The next kWords words; they are overwritten by the next call.
  const u64* next();

 private:
  ChaCha20 cipher_;
  alignas(64) u64 words_[kWords];
};

}  // namespace tacet
