// SPDX-License-Identifier: Apache-2.0
#pragma once
// ChaCha20 keystream (RFC 8439).

#include "util/types.h"

namespace tacet {

/// The keystream of one (key, nonce) pair as little-endian 64-bit words, block counter from `counter` on.
class ChaCha20 {
 public:
  ChaCha20(const u8 key[32], const u8 nonce[12], u32 counter = 0);
  ~ChaCha20();

  /// Writes the next `count` bytes of the keystream; count must be a multiple of 256 except in the last call.
  /// Throws Error(kInternal) when the 32-bit block counter would wrap.
  void read(u8* out, std::size_t count);

 private:
  u32 state_[16];
};

/// Reads one 64-bit word at a time from the keystream.
class WordStream {
 public:
  WordStream(const u8 key[32], u32 purpose, u32 digit, u32 limb);
  ~WordStream();
  u64 next() {
    if (position_ == kWords) refill();
    return words_[position_++];
  }

 private:
  static constexpr std::size_t kWords = 128;
  void refill();

  ChaCha20 cipher_;
  u64 words_[kWords];
  std::size_t position_ = kWords;
};

}  // namespace tacet
