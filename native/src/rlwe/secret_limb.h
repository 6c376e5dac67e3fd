// SPDX-License-Identifier: Apache-2.0
#pragma once
// Scratch for secret values.

#include "util/secret_memory.h"

namespace tacet {

/// n words of scratch for secret values: in locked memory as far as the limit goes, out of core dumps. When it goes it
/// is zeroed and its pages are kept for the next one, up to kKeptBytes in all: locking and unlocking pages takes longer
/// than most operations on them. Contents are zero at first. Not from the cache of buffers, whose memory is dumped.
class SecretLimb {
 public:
  static constexpr std::size_t kKeptBytes = std::size_t{4} << 20;

  explicit SecretLimb(std::size_t n);
  ~SecretLimb();
  SecretLimb(SecretLimb&& other) noexcept : words_(std::move(other.words_)) {}
  SecretLimb(const SecretLimb&) = delete;
  SecretLimb& operator=(const SecretLimb&) = delete;

  u64* data() { return reinterpret_cast<u64*>(words_.data()); }
  const u64* data() const { return reinterpret_cast<const u64*>(words_.data()); }

 private:
  SecretBytes words_;
};

/// Returns the kept pages to the operating system.
void release_secret_limbs();

}  // namespace tacet
